"""Reviews through `vibeguard check`: what satisfies a rule, and each way to seem to."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Ran, Repo
from tests.functional.test_check import judged
from tests.unit.reviews.keys import Key, make_key
from vibeguard.repository.signatures import sign
from vibeguard.reviews.statements import REF

Script = Callable[..., Ran]

POLICY = """\
version: 1
name: reviews
people:
  roles:
    senior: [amy, bob]
    on-call: [cara]
    agents: ["*[bot]", helper]
  identities:
    amy: [amy@acme.com]
    cara: [cara@acme.com]
    zoe: [zoe@acme.com, zoe-private]
rules:
  - id: four-eyes
    when: {change.files: ["src/**"]}
    then: {require_review: {count: 1, by: {roles: [senior]}}}
break_glass:
  who: {roles: [on-call]}
  must_state: {reason: at least 20 characters, ticket: "INC-[0-9]+"}
  waives: [four-eyes]
  covers: this-commit
  waiver_lasts: 4 hours
  afterwards: {require_review: {count: 2, by: {roles: [senior]}}, due: 2 days, otherwise: block-merges-until-reviewed}
"""
ZOE = ("Zoe", "zoe@acme.com")


@pytest.fixture
def amy(tmp_path: Path) -> Key:
    return make_key(tmp_path, "amy")


@pytest.fixture
def cara(tmp_path: Path) -> Key:
    return make_key(tmp_path, "cara")


@pytest.fixture
def ready(repo: Repo, amy: Key, cara: Key) -> Repo:
    """main asks for a senior's review of src/; zoe wrote a branch."""
    signers = f"amy@acme.com {amy.public}\ncara@acme.com {cara.public}\n"
    files = {".vibeguard.yaml": POLICY, ".vibeguard/allowed_signers": signers, "src/a.py": "if x:\n    pass\n"}
    repo.commit("first", files)
    repo.git("checkout", "-q", "-b", "topic")
    repo.commit("change", {"src/a.py": "if x:\n    pay()\n"}, author=ZOE, committer=ZOE)
    return repo


def asked(report: dict[str, Any], rule: str = "four-eyes") -> dict[str, Any]:
    found = next(item for item in report["rules"] if item["id"] == rule)
    requirement: dict[str, Any] = found["requirements"][0]
    return requirement


def why(report: dict[str, Any]) -> dict[str, str]:
    return {item["who"]: item["why"] for item in asked(report)["not_counted"]}


def with_reviews(script: Script, repo: Repo, *reviews: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Judge topic with these reviews in a file outside the repository; the head is filled in."""
    file = repo.path.parent / "reviews.json"
    file.write_text(json.dumps([{"state": "approved", "commit": repo.head} | review for review in reviews]))
    return judged(script, repo, "--base", "main", "--reviews", str(file))


def signed(script: Script, repo: Repo, key: Key, who: str, *more: str) -> Ran:
    ran = script("vibeguard", "approve", "main", "--key", key.file, "--as", who, *more, cwd=repo.path)
    repo.accept_changes()
    assert ran.code == 0, ran.err
    return ran


def test_a_missing_review_is_asked_for_with_names(ready: Repo, script: Script) -> None:
    code, report = judged(script, ready, "--base", "main")
    assert (code, report["verdict"]) == (3, "needs")
    assert asked(report)["missing"] == "0 of 1 review by a senior (amy, bob)"


def test_a_seniors_approval_of_the_head_passes_and_says_what_it_shows(ready: Repo, script: Script) -> None:
    code, report = with_reviews(script, ready, {"who": "Amy"})
    assert (code, report["verdict"]) == (0, "pass")
    requirement = asked(report)
    assert requirement["counted"] == ["Amy"]
    assert requirement["shows"].endswith("it cannot show that a person read it.")
    text = script(
        "vibeguard", "check", "--base", "main", "--reviews", str(ready.path.parent / "reviews.json"), cwd=ready.path
    )
    assert "cannot show that a person read it" in text.out


@pytest.mark.parametrize(
    ("review", "reason"),
    [
        ({"who": "zoe"}, "author of the change"),
        ({"who": "zoe-private"}, "author of the change"),
        ({"who": "helper"}, "not a person"),
        ({"who": "amy", "bot": True}, "not a person"),
        ({"who": "amy", "commit": "1" * 40}, "approved 1111111, not this diff"),
        ({"who": "amy", "assurance": "claimed"}, "claimed by"),
        ({"who": "amy", "can_push": False}, "cannot push"),
        ({"who": "dan"}, "is not a senior"),
        ({"who": None}, "nobody can say whose account it was"),
        ({"who": "amy", "state": "commented"}, "commented, which approves nothing"),
        ({"who": "amy", "state": "dismissed"}, "the approval was dismissed"),
    ],
)
def test_an_approval_that_must_not_count_does_not_and_says_why(
    ready: Repo, script: Script, review: dict[str, Any], reason: str
) -> None:
    code, report = with_reviews(script, ready, review)
    assert code == 3
    assert reason in next(iter(why(report).values()))


def test_forged_trailers_are_shown_as_claims(ready: Repo, script: Script) -> None:
    ready.commit("more\n\nReviewed-by: Amy <amy@acme.com>\nApproved-by: bob\n", {"src/b.py": ""}, author=ZOE)
    code, report = judged(script, ready, "--base", "main")
    assert code == 3
    assert why(report) == {
        "Amy <amy@acme.com>": f"claimed by the trailer Reviewed-by in {ready.head[:10]}, not counted",
        "bob": f"claimed by the trailer Approved-by in {ready.head[:10]}, not counted",
    }


def test_a_committer_and_a_co_author_do_not_approve_their_own_work(ready: Repo, script: Script) -> None:
    ready.commit(
        "help\n\nCo-authored-by: Amy <amy@acme.com>\n", {"src/b.py": "b"}, author=ZOE, committer=("Bob", "bob")
    )
    code, report = with_reviews(script, ready, {"who": "amy"}, {"who": "bob"})
    assert code == 3
    assert set(why(report).values()) == {"committed to the change, or is named as its co-author"}


def test_a_dismissal_does_not_bring_the_older_approval_back(ready: Repo, script: Script) -> None:
    code, _ = with_reviews(
        script,
        ready,
        {"who": "amy", "state": "dismissed", "at": "2026-11-22T10:00:00Z"},
        {"who": "amy", "at": "2026-11-21T10:00:00Z"},
    )
    assert code == 3


def test_an_objection_holds_until_it_is_changed(ready: Repo, script: Script) -> None:
    code, report = with_reviews(script, ready, {"who": "amy"}, {"who": "bob", "state": "changes-requested"})
    assert code == 3
    assert "bob asks for changes" in asked(report)["missing"]
    again = {"who": "bob", "state": "approved"}
    assert with_reviews(script, ready, {"who": "bob", "state": "changes-requested"}, {"who": "amy"}, again)[0] == 0


def test_an_indentation_change_after_the_approval_makes_it_stale(ready: Repo, script: Script) -> None:
    approved = ready.head
    ready.commit("indent", {"src/a.py": "if x:\n    pass\n  pay()\n"}, author=ZOE)
    code, report = with_reviews(script, ready, {"who": "amy", "commit": approved})
    assert code == 3
    assert why(report)["amy"] == f"approved {approved[:7]}, not this diff"


def test_a_rebase_over_other_files_keeps_an_approval_that_names_only_its_commit(ready: Repo, script: Script) -> None:
    approved = ready.head
    ready.git("checkout", "-q", "main")
    ready.commit("elsewhere", {"docs.md": "x"})
    ready.git("checkout", "-q", "topic")
    ready.git("rebase", "-q", "main")
    assert ready.head != approved
    assert with_reviews(script, ready, {"who": "amy", "commit": approved})[0] == 0


# ------------------------------------------------------------------------------------------------ signed statements


def test_a_signed_statement_satisfies_and_survives_a_new_message(ready: Repo, script: Script, amy: Key) -> None:
    signed(script, ready, amy, "amy@acme.com")
    code, report = judged(script, ready, "--base", "main")
    assert code == 0
    assert "signed with the key of amy@acme.com" in asked(report)["shows"]
    ready.git("commit", "-q", "--amend", "-m", "another message")
    assert judged(script, ready, "--base", "main")[0] == 0


def test_a_statement_for_another_rule_does_not_satisfy_this_one(ready: Repo, script: Script, amy: Key) -> None:
    signed(script, ready, amy, "amy@acme.com", "--rule", "something-else")
    assert judged(script, ready, "--base", "main")[0] == 3


def test_signers_policy_and_owners_that_the_change_weakens_are_not_believed(
    ready: Repo, script: Script, tmp_path: Path
) -> None:
    mallory = make_key(tmp_path, "mallory")
    weaker = {
        ".vibeguard/allowed_signers": f"amy@acme.com {mallory.public}\n",
        ".vibeguard.yaml": POLICY.replace("[amy, bob]", "[amy, bob, mallory]"),
    }
    ready.commit("let me in", weaker, author=("Mallory", "mallory@evil.example"))
    signed(script, ready, mallory, "amy@acme.com")
    code, report = with_reviews(script, ready, {"who": "mallory"})
    assert code == 3
    assert why(report)["mallory"] in {"author of the change", "is not a senior"}
    assert "do not name this key" in why(report)["amy@acme.com"]


def test_a_fake_signing_program_in_the_configuration_changes_nothing(
    ready: Repo, script: Script, tmp_path: Path
) -> None:
    fake = tmp_path / "fake"
    fake.write_text(f"#!/bin/sh\ntouch {tmp_path}/canary\necho 'Good \"x\" signature for amy@acme.com'\n")
    fake.chmod(0o755)
    ready.git("config", "gpg.ssh.program", str(fake))
    ready.git("config", "gpg.format", "ssh")
    signed(script, ready, make_key(tmp_path, "mallory"), "amy@acme.com")
    assert judged(script, ready, "--base", "main")[0] == 3
    assert not (tmp_path / "canary").exists()


def test_a_signature_made_for_commits_is_no_approval(ready: Repo, script: Script, amy: Key) -> None:
    signed(script, ready, amy, "amy@acme.com")
    (path,) = [name for name in ready.git("ls-tree", "-r", "--name-only", REF).split() if name.endswith(".json")]
    raw = ready._git(b"show", f"{REF}:{path}".encode())
    blobs = {name: ready.git("hash-object", "-w", "--stdin", stdin=content) for name, content in {
        path: raw, path.replace(".json", ".sig"): sign(raw, amy.file, "git", folder="/")
    }.items()}  # fmt: skip
    folder = path.partition("/")[0]
    inner = "".join(f"100644 blob {blob}\t{name.partition('/')[2]}\n" for name, blob in blobs.items())
    tree = ready.git("mktree", stdin=inner.encode())
    root = ready.git("mktree", stdin=f"040000 tree {tree}\t{folder}\n".encode())
    ready.git("update-ref", REF, ready.git("commit-tree", root, "-m", "forged"))
    code, report = judged(script, ready, "--base", "main")
    assert code == 3
    assert "another purpose" in why(report)["amy@acme.com"]


def test_a_statement_replayed_on_another_change_is_refused(ready: Repo, script: Script, amy: Key) -> None:
    signed(script, ready, amy, "amy@acme.com")
    ready.commit("more", {"src/b.py": "b"}, author=ZOE)
    code, report = judged(script, ready, "--base", "main")
    assert code == 3
    assert asked(report)["not_counted"] == []


def test_an_expired_key_does_not_count(ready: Repo, script: Script, amy: Key) -> None:
    ready.git("checkout", "-q", "main")
    ready.commit("expire", {".vibeguard/allowed_signers": f'amy@acme.com valid-before="20200101" {amy.public}\n'})
    ready.git("checkout", "-q", "topic")
    signed(script, ready, amy, "amy@acme.com")
    code, report = judged(script, ready, "--base", "main")
    assert code == 3
    assert why(report)["amy@acme.com"] == "the key is no longer valid"


def test_owners_that_the_change_appoints_itself_are_not_asked(repo: Repo, script: Script) -> None:
    policy = POLICY.replace("{count: 1, by: {roles: [senior]}}", "{by: owners}", 1)
    repo.commit("first", {".vibeguard.yaml": policy, "CODEOWNERS": "/src/ @amy\n", "src/a.py": "a\n"})
    repo.git("checkout", "-q", "-b", "topic")
    repo.commit("take over", {"src/a.py": "b\n", "CODEOWNERS": "/src/ @mallory\n"}, author=ZOE, committer=ZOE)
    code, report = with_reviews(script, repo, {"who": "mallory"})
    assert code == 3
    assert "no owner yet for src/a.py" in asked(report)["missing"]
    assert asked(report)["suggested"] == ["amy"]
    assert with_reviews(script, repo, {"who": "amy"})[0] == 0


# --------------------------------------------------------------------------------------------------- break-glass

REASON = ("--reason", "the ledger is down, paired on the call", "--ticket", "INC-1042")


def test_an_override_by_somebody_on_call_lets_it_through_in_red_and_names_what_is_owed(
    ready: Repo, script: Script, cara: Key
) -> None:
    signed(script, ready, cara, "cara@acme.com", "--decision", "override", "--rule", "four-eyes", *REASON)
    code, report = judged(script, ready, "--base", "main")
    assert (code, report["verdict"]) == (0, "overridden")
    (override,) = report["overrides"]
    assert (override["who"], override["rules"], override["ticket"]) == ("cara@acme.com", ["four-eyes"], "INC-1042")
    assert override["owed"] == {"count": 2, "by": "roles", "names": ["senior"]}
    text = script("vibeguard", "check", "--base", "main", cwd=ready.path)
    assert "OVERRIDDEN" in text.out
    assert "waived  four-eyes by cara@acme.com until" in text.out
    assert "owed: 2 reviews by senior" in text.out


@pytest.mark.parametrize(
    ("who", "arguments", "reason"),
    [
        ("amy", REASON, "may not break the glass"),
        ("cara", ("--reason", "too short", "--ticket", "INC-1"), "at least 20 characters"),
        ("cara", (*REASON[:3], "none"), "the ticket must match"),
    ],
)
def test_an_override_that_must_not_count_says_why(
    ready: Repo, script: Script, amy: Key, cara: Key, who: str, arguments: tuple[str, ...], reason: str
) -> None:
    key = {"amy": amy, "cara": cara}[who]
    signed(script, ready, key, f"{who}@acme.com", "--decision", "override", "--rule", "four-eyes", *arguments)
    code, report = judged(script, ready, "--base", "main")
    assert (code, report["overrides"]) == (3, [])
    assert reason in report["waivers_not_counted"][0]["why"]


def test_the_authors_own_override_and_one_of_an_older_commit_do_not_count(
    ready: Repo, script: Script, cara: Key
) -> None:
    signed(script, ready, cara, "cara@acme.com", "--decision", "override", "--rule", "four-eyes", *REASON)
    ready.git("commit", "-q", "--amend", "-m", "same diff, another commit")
    code, report = judged(script, ready, "--base", "main")
    assert code == 3
    assert "stated on" in report["waivers_not_counted"][0]["why"]
    ready.commit("mine", {"src/c.py": ""}, author=("Cara", "cara@acme.com"))
    signed(script, ready, cara, "cara@acme.com", "--decision", "override", "--rule", "four-eyes", *REASON)
    code, report = judged(script, ready, "--base", "main")
    assert code == 3
    assert report["waivers_not_counted"][0]["why"] == "took part in the change"
