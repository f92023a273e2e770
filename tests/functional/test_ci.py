"""`vibeguard ci` with recorded events, on clones as CI services make them, against a forge on loopback."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.conftest import Ran, Repo
from tests.functional.test_reviews import POLICY, ZOE
from tests.unit.reviews.forge_server import (
    Forge,
    GitHubState,
    GitLabState,
    Reply,
    account,
    by,
    comment,
    commit,
    review,
    serving,
)

Script = Callable[..., Ran]
EVENTS = Path(__file__).parents[1] / "data" / "ci"


class Lab(NamedTuple):
    """A repository on a server, and a clone in which the job runs."""

    hub: Repo
    clone: Repo
    base: str
    head: str
    folder: Path

    def event(self, name: str, event: str) -> dict[str, str]:
        """The variables of a run with this recorded event."""
        raw = (EVENTS / f"{name}.json").read_text("utf-8").replace("@HEAD@", self.head).replace("@BASE@", self.base)
        file = self.folder / "event.json"
        file.write_text(raw)
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": event,
            "GITHUB_EVENT_PATH": str(file),
            "GITHUB_REPOSITORY": "acme/pay",
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            "GITHUB_OUTPUT": str(self.folder / "output"),
        }


@pytest.fixture
def lab(make_repo: Callable[..., Repo], tmp_path: Path) -> Lab:
    hub = make_repo("hub")
    base = hub.commit("first", {".vibeguard.yaml": POLICY, "src/a.py": "a = 1\n"})
    hub.git("checkout", "-q", "-b", "topic")
    head = hub.commit("change", {"src/a.py": "a = 2\n"}, author=ZOE, committer=ZOE)
    hub.git("checkout", "-q", "main")
    clone = make_repo("clone")
    clone.git("remote", "add", "origin", str(hub.path))
    clone.git("fetch", "-q", "origin")
    clone.git("checkout", "-q", "--detach", head)
    return Lab(hub, clone, base, head, tmp_path)


def ci(script: Script, lab: Lab, env: dict[str, str], *arguments: str) -> Ran:
    return script("vibeguard", "ci", *arguments, cwd=lab.clone.path, env=env)


def as_json(script: Script, lab: Lab, env: dict[str, str], *arguments: str) -> tuple[int, dict[str, Any]]:
    ran = ci(script, lab, env, *arguments, "--format", "json")
    report: dict[str, Any] = json.loads(ran.out)
    assert report["exit_code"] == ran.code or "changes" in report
    return ran.code, report


@pytest.fixture
def hub() -> Iterator[tuple[Forge, GitHubState]]:
    state = GitHubState()
    with serving(Forge(state)) as forge:
        yield forge, state


def with_forge(lab: Lab, hub: tuple[Forge, GitHubState], name: str = "pull_request", event: str = "") -> dict[str, str]:
    forge, state = hub
    state.head = lab.head
    return {**lab.event(name, event or name), "GITHUB_API_URL": forge.url, "GITHUB_TOKEN": "s3cr3t"}


# ------------------------------------------------------------------------------------------------ without a forge


def test_a_pull_request_without_a_token_is_judged_and_says_that_approvals_were_not_read(
    lab: Lab, script: Script
) -> None:
    ran = ci(script, lab, lab.event("pull_request_target", "pull_request_target"))
    assert ran.code == 3
    assert ran.out.startswith("::error title=vibeguard%3A four-eyes::needs")
    assert "no token in VIBEGUARD_TOKEN or GITHUB_TOKEN or GH_TOKEN" in ran.out
    assert "from a fork" in ran.out
    assert (lab.folder / "output").read_text().splitlines()[:2] == ["verdict=needs", "exit-code=3"]
    summary = (lab.folder / "summary").read_text()
    assert "needs a review" in summary
    assert "four\\-eyes" in summary or "four-eyes" in summary


def test_the_policy_is_the_bases_although_the_change_weakens_it(lab: Lab, script: Script) -> None:
    lab.clone.commit("weaken", {".vibeguard.yaml": "version: 1\nname: none\nrules: []\n"}, author=ZOE)
    changed = lab._replace(head=lab.clone.head)
    code, report = as_json(script, changed, changed.event("pull_request", "pull_request"))
    assert (code, report["verdict"]) in {(3, "needs"), (1, "blocked")}
    assert any(rule["id"] == "four-eyes" and rule["outcome"] == "needs" for rule in report["rules"])


@pytest.mark.parametrize(
    ("name", "event"), [("push", "push"), ("merge_group", "merge_group"), ("push_new_branch", "push")]
)
def test_pushes_and_merge_groups_are_ranges(lab: Lab, script: Script, name: str, event: str) -> None:
    code, report = as_json(script, lab, lab.event(name, event))
    assert (code, report["base"], report["head"]) == (3, lab.base, lab.head)


@pytest.mark.parametrize("name", ["push_deleted", "workflow_dispatch"])
def test_an_event_without_a_change_passes_and_says_so(lab: Lab, script: Script, name: str) -> None:
    ran = ci(script, lab, lab.event(name, name.partition("_deleted")[0]))
    assert (ran.code, ran.out.startswith("nothing to judge:")) == (0, True)


def test_a_clone_without_the_base_could_not_decide_and_names_the_fix(
    lab: Lab, script: Script, make_repo: Callable[..., Repo]
) -> None:
    bare = make_repo("bare-job")
    bare.git("fetch", "-q", "--depth=1", f"file://{lab.hub.path}", "topic")
    bare.git("checkout", "-q", "--detach", "FETCH_HEAD")
    code, report = as_json(script, lab._replace(clone=bare), lab.event("pull_request", "pull_request"))
    assert code == 2
    assert report["error"]["kind"] == "REPO"
    assert "the base is not here: refs/remotes/origin/main nor" in report["error"]["message"]
    assert "fetch-depth: 0" in report["error"]["hint"]


def test_a_shallow_clone_with_the_base_could_not_decide_and_names_the_fix(
    lab: Lab, script: Script, make_repo: Callable[..., Repo]
) -> None:
    lab.hub.commit("main moves on", {"z.py": ""})
    job = make_repo("job")
    job.git("remote", "add", "origin", f"file://{lab.hub.path}")
    job.git("fetch", "-q", "--depth=1", "origin", "+refs/heads/*:refs/remotes/origin/*")
    job.git("checkout", "-q", "--detach", lab.head)
    ran = ci(script, lab._replace(clone=job), lab.event("pull_request", "pull_request"))
    assert ran.code == 2
    assert "too shallow" in ran.out
    assert "fetch-depth: 0" in ran.out
    assert "verdict=error" in (lab.folder / "output").read_text()


def test_a_head_that_is_not_here_could_not_decide(lab: Lab, script: Script) -> None:
    code, report = as_json(script, lab, lab._replace(head="7" * 40).event("pull_request", "pull_request"))
    assert (code, report["error"]["message"]) == (2, "commit 777777777777 is not here")


def test_plain_variables_and_options_are_enough(lab: Lab, script: Script) -> None:
    assert as_json(script, lab, {"VIBEGUARD_BASE": "origin/main"})[0] == 3
    assert as_json(script, lab, {}, "--base", "origin/main", "--head", "HEAD")[0] == 3
    ran = ci(script, lab, {})
    assert ran.code == 2
    assert "no CI service is recognised" in ran.err


def test_gerrit_takes_reviews_from_a_file(lab: Lab, script: Script) -> None:
    file = lab.folder / "reviews.json"
    file.write_text(json.dumps([{"who": "amy", "state": "approved", "commit": lab.head}]))
    env = {"GERRIT_BRANCH": "main", "GERRIT_PATCHSET_REVISION": lab.head}
    assert as_json(script, lab, env)[0] == 3
    assert as_json(script, lab, env, "--reviews", str(file))[0] == 0


def test_further_formats_are_written_to_files(lab: Lab, script: Script) -> None:
    sarif, quality = lab.folder / "a.sarif", lab.folder / "quality.json"
    ran = ci(script, lab, {"VIBEGUARD_BASE": "origin/main"}, "--also", f"sarif={sarif}", "--also", f"gitlab={quality}")
    assert ran.code == 3
    assert json.loads(sarif.read_text())["version"] == "2.1.0"
    assert json.loads(quality.read_text())[0]["check_name"] == "four-eyes"
    assert ci(script, lab, {"VIBEGUARD_BASE": "origin/main"}, "--also", "sarif").code == 2


# --------------------------------------------------------------------------------------------------- with a forge


def test_a_pull_request_with_an_approval_on_github_passes(
    lab: Lab, script: Script, hub: tuple[Forge, GitHubState]
) -> None:
    forge, state = hub
    state.reviews = [review("amy", commit={"oid": lab.head}), review("helper")]
    ran = ci(script, lab, with_forge(lab, hub))
    assert ran.code == 0, ran.out + ran.err
    assert "authenticated by GitHub as amy on " + lab.head[:7] in ran.out
    assert "it cannot show that a person read it" in ran.out
    assert "s3cr3t" not in ran.out + ran.err
    assert len(forge.calls) <= 3


def test_the_author_by_the_forge_never_counts(lab: Lab, script: Script, hub: tuple[Forge, GitHubState]) -> None:
    hub[1].author = "amy"
    hub[1].reviews = [review("amy", commit={"oid": lab.head})]
    assert ci(script, lab, with_forge(lab, hub)).code == 3


def test_a_contributors_login_is_known_by_the_address_of_their_commit(
    lab: Lab, script: Script, hub: tuple[Forge, GitHubState]
) -> None:
    lab.clone.commit("help", {"src/b.py": ""}, author=("B", "private@home.example"))
    more = lab._replace(head=lab.clone.head)
    env = with_forge(more, hub)
    hub[1].reviews = [review("bob", commit={"oid": more.head})]
    assert ci(script, more, env).code == 0
    hub[1].commits = [commit(by("bob", "private@home.example"))]
    code, report = as_json(script, more, env)
    assert code == 3
    assert report["rules"][0]["requirements"][0]["not_counted"] == [{"who": "bob", "why": "author of the change"}]


def test_a_forge_that_does_not_answer_leaves_it_undecided(
    lab: Lab, script: Script, hub: tuple[Forge, GitHubState]
) -> None:
    hub[0].always = Reply(500, {"message": "oops"})
    code, report = as_json(script, lab, with_forge(lab, hub))
    assert code == 2
    assert "GitHub did not say who approved (500)" in report["error"]["message"]


def test_a_forge_that_does_not_answer_does_not_matter_where_no_review_is_asked(
    lab: Lab, script: Script, hub: tuple[Forge, GitHubState]
) -> None:
    hub[0].always = Reply(500, {"message": "oops"})
    lab.clone.git("checkout", "-q", "--detach", lab.base)
    lab.clone.commit("docs", {"README.md": "x"}, author=ZOE)
    other = lab._replace(head=lab.clone.head)
    code, report = as_json(script, other, with_forge(other, hub))
    assert code == 0
    assert any("no rule asked for a review" in notice for notice in report["notices"])


def test_a_second_request_on_the_same_head_must_pass_as_well(
    lab: Lab, script: Script, hub: tuple[Forge, GitHubState]
) -> None:
    _, state = hub
    lab.hub.git("checkout", "-q", "-b", "weak", "main")
    lab.hub.commit("weak", {".vibeguard.yaml": "version: 1\nname: none\nrules: []\n"})
    lab.clone.git("fetch", "-q", "origin")
    event = lab.event("pull_request", "pull_request")
    file = Path(event["GITHUB_EVENT_PATH"])
    file.write_text(file.read_text().replace('"ref": "main"', '"ref": "weak"'))
    state.base, state.head = "weak", lab.head
    env = {**event, "GITHUB_API_URL": hub[0].url, "GITHUB_TOKEN": "s3cr3t"}
    assert as_json(script, lab, env)[0] in {0, 2}
    state.others = [state.other(8, "main", headRefOid=lab.head)]
    code, report = as_json(script, lab, env)
    assert code in {2, 3}
    assert len(report["changes"]) == 2
    assert any("has the same head" in notice for notice in report["changes"][1]["notices"])


def test_a_merge_queue_keeps_an_approval_of_the_requests_head_when_the_diff_is_the_same(
    lab: Lab, script: Script, hub: tuple[Forge, GitHubState]
) -> None:
    _, state = hub
    policy = POLICY.replace("by: {roles: [senior]}}}", "by: {roles: [senior]}, valid_for: this-commit}}", 1)
    main = lab.hub.commit("stricter", {".vibeguard.yaml": policy})
    lab.clone.git("fetch", "-q", "origin")
    lab.clone.git("checkout", "-q", "--detach", main)
    lab.clone.git("merge", "-q", "--no-ff", "-m", "queue", lab.head)
    queued = lab._replace(base=main, head=lab.clone.head)
    env = with_forge(queued, hub, "merge_group")
    state.head = lab.head
    state.reviews = [review("amy", commit={"oid": lab.head})]
    code, report = as_json(script, queued, env)
    assert code == 0, report
    state.reviews = [review("amy", commit={"oid": lab.base})]
    assert as_json(script, queued, env)[0] == 3


def test_break_glass_by_a_comment_on_the_head_lets_it_through(
    lab: Lab, script: Script, hub: tuple[Forge, GitHubState]
) -> None:
    from datetime import UTC, datetime  # noqa: PLC0415

    _, state = hub
    now = datetime.now(UTC).isoformat(timespec="seconds")
    words = "/vibeguard override four-eyes\nreason: the ledger is down, paired on the call\nticket: INC-7\ncommit: "
    state.comments = [comment("cara", words + lab.head[:10], createdAt=now)]
    code, report = as_json(script, lab, with_forge(lab, hub))
    assert (code, report["verdict"]) == (0, "overridden")
    state.comments = [comment("cara", words + lab.head[:10], createdAt=now, lastEditedAt=now)]
    assert as_json(script, lab, with_forge(lab, hub))[0] == 3


def test_a_merge_request_with_an_approval_on_gitlab_passes(lab: Lab, script: Script) -> None:
    state = GitLabState()
    state.sha, state.approved, state.levels = lab.head, [account(1, "amy")], {1: 40}
    with serving(Forge(state)) as forge:
        env = {
            "GITLAB_CI": "true",
            "CI_PIPELINE_SOURCE": "merge_request_event",
            "CI_COMMIT_SHA": lab.head,
            "CI_PROJECT_ID": "42",
            "CI_SERVER_URL": forge.url,
            "CI_MERGE_REQUEST_IID": "7",
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
            "VIBEGUARD_TOKEN": "s3cr3t",
        }
        ran = ci(script, lab, env)
        assert ran.code == 0, ran.out + ran.err
        assert "authenticated by GitLab as amy" in ran.out
        state.settings = None
        code, report = as_json(script, lab, env)
    assert code == 3
    assert any("keeps approvals over pushes" in notice for notice in report["notices"])


def test_hostile_names_cannot_write_outputs_or_commands(lab: Lab, script: Script) -> None:
    lab.clone.commit("odd", {"src/a\n::error::x\nverdict=pass%": "x"}, author=ZOE)
    odd = lab._replace(head=lab.clone.head)
    ran = ci(script, odd, odd.event("pull_request", "pull_request"))
    assert ran.code == 3
    assert not [line for line in ran.out.splitlines() if line.startswith("::error::")]
    assert [line for line in (lab.folder / "output").read_text().splitlines() if line.startswith("verdict")] == [
        "verdict=needs"
    ]
    assert os.path.getsize(lab.folder / "summary") < 1024 * 1024
