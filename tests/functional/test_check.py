"""`vibeguard check` from one end to the other, on real repositories."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import vibeguard.report
from tests.conftest import PERSON, Ran, Repo

Script = Callable[..., Ran]
SCHEMA = json.loads((Path(vibeguard.report.__file__).parent / "schemas" / "check.v1.json").read_text())
CLAUDE = "Co-Authored-By: Claude <noreply@anthropic.com>"

POLICY = """\
version: 1
name: test
people:
  roles:
    senior: [amy, bob]
  identities:
    zoe: [zoe@example.com]
tags:
  money: ["ledger/**"]
rules:
  - id: senior-signoff
    description: An AI-assisted change to money is approved by a senior.
    only_looking_at: {tags: [money]}
    when: {ai.detected: true}
    then:
      require_review: {count: 1, by: {roles: [senior]}}
    message: "{ai.tools} took part; {blast.dependents} files depend on what changed."
  - id: no-keys
    when: {change.files: ["**/*.pem"]}
    then: block
"""


def judged(
    script: Script, repo: Repo, *arguments: str, env: dict[str, str] | None = None
) -> tuple[int, dict[str, Any]]:
    """Exit code and report of `vibeguard check ARGUMENTS --format json`, which must fit its schema."""
    ran = script("vibeguard", "check", *arguments, "--format", "json", cwd=repo.path, env=env)
    assert ran.out.isascii()
    report: dict[str, Any] = json.loads(ran.out)
    Draft202012Validator(SCHEMA).validate(report)
    assert report["exit_code"] == ran.code
    return ran.code, report


def shop(repo: Repo) -> Repo:
    """A ledger with owners, dependents and a policy."""
    repo.commit(
        "start",
        {
            ".vibeguard.yaml": POLICY,
            ".github/CODEOWNERS": "* @all\n/ledger/ @finance @amy\n",
            "ledger/__init__.py": "",
            "ledger/post.py": "def post():\n    return 1\n",
            "web.py": "from ledger import post\n",
            "app.py": "import web\n",
            "tests/test_post.py": "from ledger.post import post\n",
        },
    )
    return repo


def test_an_ordinary_staged_change_passes_in_one_line(repo: Repo, script: Script) -> None:
    shop(repo).stage({"web.py": "from ledger import post\n\nX = 1\n"})
    ran = script("vibeguard", "check", cwd=repo.path)
    assert ran.code == 0, ran
    assert ran.out.startswith("✓ pass (no rule applied) · 1 file +2 −0 → main · blast low ")
    assert "no AI declared" in ran.out
    assert "human" not in ran.out
    assert len(ran.out.splitlines()) == 1


def test_a_range_with_an_ai_marked_commit_needs_a_senior(repo: Repo, script: Script) -> None:
    shop(repo)
    repo.git("checkout", "-q", "-b", "feature")
    marked = repo.commit(
        f"Post twice\n\n{CLAUDE}\n",
        {"ledger/post.py": "def post():\n    return 2\n"},
        author=("Zoe", "zoe@example.com"),
    )
    code, report = judged(script, repo, "--base", "main")
    assert code == 3
    assert report["verdict"] == "needs"
    rule = report["rules"][0]
    assert (rule["id"], rule["outcome"]) == ("senior-signoff", "needs")
    assert rule["source"] == {"path": ".vibeguard.yaml", "line": 11, "column": 9}
    assert rule["requirements"][0]["count"] == 1
    assert set(rule["requirements"][0]["suggested"]) <= {"amy", "bob"}
    assert "claude" in rule["message"]
    evidence = report["provenance"]["evidence"][0]
    assert (evidence["commit"], evidence["line"], evidence["strength"]) == (marked, 3, "certain")
    file = report["change"]["files"][0]
    assert file["owners"] == ["@finance", "@amy"]
    assert (file["added"], file["deleted"], file["language"]) == (1, 1, "python")
    assert report["blast"]["dependents"]["direct"] == 2
    assert report["blast"]["dependents"]["all"] == 3
    text = script("vibeguard", "check", "--base", "main", cwd=repo.path)
    assert text.code == 3
    assert len(text.out.splitlines()) <= 12
    assert "amy" in text.out


def test_an_approval_on_this_commit_satisfies_the_rule_and_one_by_the_author_does_not(
    repo: Repo, script: Script, tmp_path: Path
) -> None:
    shop(repo)
    repo.git("checkout", "-q", "-b", "feature")
    head = repo.commit(f"Post twice\n\n{CLAUDE}\n", {"ledger/post.py": "P = 2\n"}, author=("Bob", "bob@example.com"))
    reviews = tmp_path / "reviews.json"

    def with_review(who: str, **more: object) -> tuple[int, dict[str, Any]]:
        reviews.write_text(json.dumps({"reviews": [{"who": who, "state": "approved", "commit": head, **more}]}))
        return judged(script, repo, "--base", "main", "--reviews", str(reviews))

    assert with_review("amy")[0] == 0
    for who, why in (("zed", "not"), ("amy", "not a person")):
        code, report = with_review(who, **({"bot": True} if who == "amy" else {}))
        assert code == 3
        refused = report["rules"][0]["requirements"][0]["not_counted"]
        assert [item["who"] for item in refused] == [who]
        assert why in refused[0]["why"]


def test_a_block_rule_blocks_with_exit_1_wherever_it_is_judged(repo: Repo, script: Script) -> None:
    shop(repo).stage({"deploy/key.pem": "x\n"})
    assert judged(script, repo)[0] == 1
    ran = script("vibeguard-hook", "pre-commit", cwd=repo.path)
    assert ran.code == 1
    assert "blocked by no-keys" in ran.err
    assert ran.out == ""
    repo.git("checkout", "-q", "-b", "feature")
    repo.commit("key")
    assert judged(script, repo, "--range", "main..feature")[0] == 1


def test_the_policy_of_the_base_judges_and_an_edit_of_it_does_not(repo: Repo, script: Script) -> None:
    base = shop(repo).head
    repo.git("checkout", "-q", "-b", "feature")
    repo.commit("loosen", {".vibeguard.yaml": "version: 1\nname: nothing\nrules: []\n", "key.pem": "x\n"})
    code, report = judged(script, repo, "--base", "main")
    assert code == 1
    assert report["policy"]["files"][0]["from_commit"] == base
    repo.git("checkout", "-q", "main")
    repo.stage({".vibeguard.yaml": "version: 1\nname: nothing\nrules: []\n", "key.pem": "x\n"})
    assert judged(script, repo)[0] == 1


def test_a_policy_edit_that_does_not_load_blocks(repo: Repo, script: Script) -> None:
    shop(repo).stage(
        {".vibeguard.yaml": "version: 1\nname: x\nrules:\n  - id: a\n    when: {ai.shares: true}\n    then: warn\n"}
    )
    code, report = judged(script, repo)
    assert code == 1
    assert "ai.shares" in json.dumps(report["rules"])


def test_without_a_policy_the_starter_applies_and_is_named(repo: Repo, script: Script) -> None:
    repo.commit("start", {"a.py": "A = 1\n"})
    repo.stage({"a.py": "A = 2\n"})
    code, report = judged(script, repo)
    assert code == 0
    assert report["policy"]["files"][0]["path"] == "builtin:starter"
    assert any("builtin:starter" in notice for notice in report["notices"])


def test_a_policy_that_only_lies_in_the_work_tree_is_not_in_force_and_said(repo: Repo, script: Script) -> None:
    repo.commit("start", {"a.py": "A = 1\n"})
    repo.write(".vibeguard.yaml", POLICY).write("a.py", "A = 2\n")
    repo.git("add", "a.py")
    _, report = judged(script, repo)
    assert any("--policy .vibeguard.yaml" in notice for notice in report["notices"])
    code, tried = judged(script, repo, "--policy", ".vibeguard.yaml")
    assert code == 0
    assert [rule["id"] for rule in tried["rules"]] == ["senior-signoff", "no-keys"]


@pytest.mark.parametrize(
    ("policy", "where", "words"),
    [
        ("version: 1\nname: x\nname: y\nrules: []\n", ":3:1:", "duplicate"),
        (
            "version: 1\nname: x\nrules:\n  - id: a\n    when:\n      ai.shares: true\n    then: warn\n",
            ":6:7:",
            "did you mean",
        ),
        ("", "", "empty"),
        ("- a\n", ":1:1", "mapping"),
    ],
)
def test_a_broken_policy_in_force_is_exit_2_with_its_place(
    repo: Repo, script: Script, policy: str, where: str, words: str
) -> None:
    repo.commit("start", {".vibeguard.yaml": policy, "a.py": "A = 1\n"})
    repo.stage({"a.py": "A = 2\n"})
    ran = script("vibeguard", "check", cwd=repo.path)
    assert ran.code == 2
    assert f".vibeguard.yaml{where}" in ran.err
    assert words in ran.err
    code, report = judged(script, repo)
    assert code == 2
    assert (report["verdict"], report["error"]["kind"]) == ("error", "CONFIG")


def test_an_unborn_branch_is_compared_with_nothing(repo: Repo, script: Script) -> None:
    repo.stage({"a.py": "A = 1\n"})
    code, report = judged(script, repo)
    assert code == 0
    assert report["base"] is None
    assert [file["status"] for file in report["change"]["files"]] == ["A"]


def test_nothing_staged_passes_and_says_so(repo: Repo, script: Script) -> None:
    repo.commit("start", {"a.py": "A = 1\n"})
    ran = script("vibeguard", "check", cwd=repo.path)
    assert ran.code == 0
    assert "nothing is staged" in ran.out


def test_conflicts_are_named_and_not_judged(repo: Repo, script: Script) -> None:
    repo.commit("start", {"a.py": "A = 1\n"})
    repo.git("checkout", "-q", "-b", "other")
    repo.commit("other", {"a.py": "A = 2\n"})
    repo.git("checkout", "-q", "main")
    repo.commit("main", {"a.py": "A = 3\n"})
    repo.git("merge", "other", ok=False)
    ran = script("vibeguard", "check", cwd=repo.path)
    assert ran.code == 2
    assert "resolve conflicts first: a.py" in ran.err


def test_odd_paths_are_judged_and_shown_escaped(repo: Repo, script: Script) -> None:
    names = [b"caf\xe9.pem", b"new\nline.pem", b"[/red].pem", b"\x1b[31m.pem", "\u202etxt.pem".encode()]
    repo.commit("start", {".vibeguard.yaml": POLICY})
    for name in names:
        repo.write(name, "x\n")
    repo.stage()
    code, report = judged(script, repo)
    assert code == 1
    assert {os.fsencode(file["path"]) for file in report["change"]["files"]} == set(names)
    for force in ({}, {"FORCE_COLOR": "1"}):
        ran = script("vibeguard", "check", "--explain", cwd=repo.path, env=force)
        assert ran.code == 1
        assert "\x1b[31m.pem" not in ran.out
        assert "\u202e" not in ran.out


def test_a_shallow_clone_without_the_base_could_not_decide(
    make_repo: Callable[..., Repo], script: Script, tmp_path: Path
) -> None:
    origin = make_repo("origin")
    for number in range(4):
        origin.commit(f"{number}", {"a.py": f"A = {number}\n"})
    origin.git("branch", "old", "HEAD~3")
    clone = tmp_path / "clone"
    subprocess.run(
        ["git", "clone", "-q", "--depth", "1", "--no-single-branch", f"file://{origin.path}", str(clone)], check=True
    )
    ran = script("vibeguard", "check", "--base", "origin/old", cwd=clone)
    assert ran.code == 2
    assert "history too shallow" in ran.err
    assert "git fetch --unshallow" in ran.err


def test_the_message_is_judged_as_git_would_store_it(repo: Repo, script: Script, tmp_path: Path) -> None:
    shop(repo).stage({"ledger/post.py": "P = 2\n"})
    message = tmp_path / "MSG"
    message.write_text(f"Post\n\n{CLAUDE}\n# a comment\n")
    code, report = judged(script, repo, "--message", str(message))
    assert (report["verdict"], report["stage"]) == ("needs", "commit-msg")
    assert code == 0, "a review cannot exist before the commit does: at the hooks it is a notice"
    assert message.read_text().endswith("# a comment\n")
    ran = script("vibeguard-hook", "commit-msg", str(message), cwd=repo.path)
    assert ran.code == 0
    assert "needs a review" in ran.err


def test_a_hook_sees_the_agent_in_the_environment_and_ci_does_not(repo: Repo, script: Script) -> None:
    shop(repo).stage({"ledger/post.py": "P = 2\n"})
    agent = {"CLAUDECODE": "1"}
    _, at_commit = judged(script, repo, env=agent)
    assert at_commit["provenance"]["confidence"] == "likely"
    assert "CLAUDECODE" in at_commit["provenance"]["evidence"][0]["text"]
    _, in_ci = judged(script, repo, "--at", "ci", env=agent)
    assert in_ci["provenance"]["role"] == "unknown"


def test_the_same_change_gets_the_same_verdict_staged_and_committed(repo: Repo, script: Script) -> None:
    shop(repo).stage({"ledger/post.py": "P = 2\n", "ledger/new.py": "from .post import P\n"})
    _, staged = judged(script, repo, "--at", "ci")
    repo.git("checkout", "-q", "-b", "feature")
    repo.commit("the same")
    _, committed = judged(script, repo, "--base", "main")
    for key in ("verdict", "exit_code", "blast", "findings"):
        assert staged[key] == committed[key], key
    assert staged["change"]["files"] == committed["change"]["files"]


def test_pre_push_judges_every_pushed_ref(make_repo: Callable[..., Repo], script: Script) -> None:
    remote = make_repo("remote.git", bare=True)
    repo = shop(make_repo("work"))
    repo.git("remote", "add", "origin", str(remote.path))
    repo.git("push", "-q", "-u", "origin", "main")
    repo.git("remote", "set-head", "origin", "main")
    remote.accept_changes()
    before = repo.head
    good = repo.commit("good", {"web.py": "W = 1\n"})
    repo.git("checkout", "-q", "-b", "bad")
    bad = repo.commit("bad", {"key.pem": "x\n"})
    lines = f"refs/heads/main {good} refs/heads/main {before}\nrefs/heads/bad {bad} refs/heads/bad {'0' * 40}\n"
    ran = script("vibeguard-hook", "pre-push", "origin", "url", cwd=repo.path, stdin=lines.encode())
    assert ran.code == 1, ran
    assert "pass" in ran.err
    assert "blocked by no-keys" in ran.err
    assert script("vibeguard-hook", "pre-push", "origin", "url", cwd=repo.path, stdin=b"").code == 0
    malformed = script("vibeguard-hook", "pre-push", "origin", "url", cwd=repo.path, stdin=b"refs/heads/x 123\n")
    assert malformed.code == 2
    assert "malformed pre-push input line 1" in malformed.err


def test_explain_shows_every_rule_with_what_was_wanted_and_found(repo: Repo, script: Script) -> None:
    shop(repo)
    repo.git("checkout", "-q", "-b", "feature")
    repo.commit(f"Post\n\n{CLAUDE}\n", {"ledger/post.py": "P = 2\n"}, author=PERSON)
    ran = script("vibeguard", "check", "--base", "main", "--explain", cwd=repo.path)
    assert ran.code == 3
    assert "senior-signoff" in ran.out
    assert "no-keys" in ran.out
    assert "ai.detected" in ran.out
    assert "line 14" in ran.out


def test_a_scoped_rule_asks_its_trailer_only_of_commits_that_touch_its_files(repo: Repo, script: Script) -> None:
    rule = "  - id: ticket\n    only_looking_at: {tags: [money]}\n    then: {require_trailer: Ticket}\n"
    shop(repo)
    repo.commit("policy", {".vibeguard.yaml": POLICY + rule})
    repo.git("checkout", "-q", "-b", "feature")
    repo.commit("elsewhere", {"web.py": "W = 2\n"})
    lacking = repo.commit("money", {"ledger/post.py": "P = 3\n"})
    code, report = judged(script, repo, "--base", "main")
    assert code == 3
    requirement = next(rule for rule in report["rules"] if rule["id"] == "ticket")["requirements"][0]
    assert (requirement["count"], requirement["have"]) == (1, 0)
    assert lacking[:10] in requirement["missing"]
    repo.git("commit", "-q", "--amend", "-m", "money\n\nTicket: PAY-1")
    assert judged(script, repo, "--base", "main")[0] == 0


def test_ai_evidence_counts_for_the_files_that_its_commit_touches(repo: Repo, script: Script) -> None:
    shop(repo)
    repo.git("checkout", "-q", "-b", "feature")
    repo.commit(f"elsewhere\n\n{CLAUDE}\n", {"web.py": "W = 2\n"})
    repo.commit("money, by hand", {"ledger/post.py": "P = 3\n"})
    code, report = judged(script, repo, "--base", "main")
    assert report["provenance"]["role"] == "assisted"
    assert code == 0, "the commit that touches the ledger declares no AI"


def test_a_patch_from_elsewhere_is_judged_by_what_it_tells(repo: Repo, script: Script, tmp_path: Path) -> None:
    shop(repo)
    repo.git("checkout", "-q", "-b", "feature")
    repo.commit(f"Post twice\n\n{CLAUDE}\n", {"ledger/post.py": "P = 2\n"})
    diff, mails = tmp_path / "diff", tmp_path / "mails"
    diff.write_text(repo.git("diff", "main..feature") + "\n")
    mails.write_text(repo.git("format-patch", "--stdout", "main..feature") + "\n")
    repo.git("checkout", "-q", "main")
    code, report = judged(script, repo, "--patch", str(mails))
    assert (code, report["verdict"]) == (3, "needs")
    assert report["blast"]["dependents"]["all"] == 3
    _, bare = judged(script, repo, "--patch", str(diff))
    rule = bare["rules"][0]
    assert rule["outcome"] == "needs", "what cannot be known counts against the change in CI"
    assert "says nothing about who wrote it" in json.dumps(rule["reasons"])
    piped = script("vibeguard", "check", "--patch", "-", cwd=repo.path, stdin=b"nonsense\n")
    assert piped.code == 2


def test_deleting_a_protected_branch_is_blocked(make_repo: Callable[..., Repo], script: Script) -> None:
    remote = make_repo("remote.git", bare=True)
    repo = make_repo("work")
    head = repo.commit("start", {".vibeguard.yaml": POLICY + "protected_refs: [main, 'release/*']\n"})
    repo.git("remote", "add", "origin", str(remote.path))
    repo.git("push", "-q", "-u", "origin", "main")
    remote.accept_changes()
    for name, code in (("main", 1), ("release/1", 1), ("topic", 0)):
        line = f"(delete) {'0' * 40} refs/heads/{name} {head}\n"
        assert script("vibeguard-hook", "pre-push", "origin", "url", cwd=repo.path, stdin=line.encode()).code == code


def test_an_agent_that_commits_under_its_own_name_shows_before_the_commit(repo: Repo, script: Script) -> None:
    shop(repo).stage({"ledger/post.py": "P = 2\n"})
    agent = {"GIT_AUTHOR_NAME": "Claude", "GIT_AUTHOR_EMAIL": "noreply@anthropic.com"}
    _, report = judged(script, repo, env=agent)
    assert (report["provenance"]["role"], report["provenance"]["evidence"][0]["channel"]) == ("authored", "author")
    person = {"GIT_AUTHOR_NAME": "Claude Monet", "GIT_AUTHOR_EMAIL": "claude@example.com"}
    _, report = judged(script, repo, env=person)
    assert report["provenance"]["role"] == "unknown"


def test_files_that_a_partial_clone_lacks_make_dependents_unknown_and_never_zero(
    make_repo: Callable[..., Repo], script: Script, tmp_path: Path
) -> None:
    origin = make_repo("origin")
    origin.commit(
        "start", {"hub.py": "H = 1\n", "a.py": "import hub\n", "far/b.py": "import hub\n#\n", "far/package.json": "{}"}
    )
    origin.git("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    commands = [
        ["git", "clone", "-q", "--filter=blob:none", "--sparse", f"file://{origin.path}", str(clone)],
        [
            "git",
            "-C",
            str(clone),
            "-c",
            "user.name=A",
            "-c",
            "user.email=a@example.com",
            "commit",
            "-q",
            "--allow-empty",
            "-m",
            "x",
        ],
    ]
    for command in commands:
        subprocess.run(command, check=True, capture_output=True)
    (clone / "hub.py").write_text("H = 2\n")
    subprocess.run(["git", "-C", str(clone), "add", "hub.py"], check=True)
    ran = script("vibeguard", "check", "--format", "json", cwd=clone)
    report = json.loads(ran.out)
    assert ran.code == 0, ran
    assert any("not in this clone" in unknown for unknown in report["blast"]["unknowns"])
    assert report["blast"]["score"] >= 40
    subprocess.run(["git", "-C", str(clone), "sparse-checkout", "disable"], check=True, capture_output=True)
    (clone / ".git/vibeguard/v1").rename(tmp_path / "kept elsewhere")
    whole = json.loads(script("vibeguard", "check", "--format", "json", cwd=clone).out)
    assert whole["blast"]["dependents"]["all"] == 2
