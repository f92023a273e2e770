from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Ran, Repo
from tests.functional.schemas import fits
from tests.unit.reviews.keys import Key, make_key

Script = Callable[..., Ran]


@pytest.fixture
def amy(tmp_path: Path) -> Key:
    return make_key(tmp_path, "amy")


@pytest.fixture
def ready(repo: Repo, amy: Key) -> Repo:
    """main names amy as a signer; a branch adds a file."""
    repo.commit("first", {"a.py": "a = 1\n", ".vibeguard/allowed_signers": f"amy@acme.com {amy.public}\n"})
    repo.git("checkout", "-q", "-b", "topic")
    repo.commit("add b", {"b.py": "b = 1\n"})
    return repo


def approve(script: Script, repo: Repo, amy: Key, *more: str, range_: str = "main") -> Ran:
    ran = script("vibeguard", "approve", range_, "--key", amy.file, "--as", "amy@acme.com", *more, cwd=repo.path)
    repo.accept_changes()
    return ran


def test_an_approval_is_signed_kept_under_its_diff_and_says_what_it_cannot_show(
    ready: Repo, script: Script, amy: Key
) -> None:
    ran = approve(script, ready, amy)
    assert ran.code == 0, ran.err
    assert f"approved {ready.head[:10]} as amy@acme.com, for every rule: 1 file" in ran.out
    assert "cannot show that a person read it" in ran.out
    assert "vibeguard approvals push" in ran.out
    assert "will not count" not in ran.out
    listed = script("vibeguard", "approvals", "list", cwd=ready.path)
    assert f"approved          {ready.head[:10]}" in listed.out
    checked = script("vibeguard", "approvals", "verify", "main", cwd=ready.path)
    assert checked.code == 0
    assert f"✓ approved  amy@acme.com on {ready.head[:10]}" in checked.out


def test_json_names_everything_that_was_signed(ready: Repo, script: Script, amy: Key) -> None:
    ran = approve(script, ready, amy, "--rule", "money", "--format", "json")
    found = json.loads(ran.out)
    assert found["schema"] == "vibeguard/approve/v1"
    assert (found["commit"], found["rules"], found["counts"]) == (ready.head, ["money"], True)
    assert found["target"] == "refs/heads/main"
    assert found["path"].startswith(found["diff_id"])
    fits("approve", found)
    verified = json.loads(script("vibeguard", "approvals", "verify", "main", "--format", "json", cwd=ready.path).out)
    fits("approvals", verified)
    fits("approvals", json.loads(script("vibeguard", "approvals", "list", "--format", "json", cwd=ready.path).out))
    assert [row["error"] for row in verified["statements"]] == [None]
    assert verified["statements"][0]["key"] == found["key"]


def test_signers_that_the_change_itself_brings_do_not_count(ready: Repo, script: Script, tmp_path: Path) -> None:
    mallory = make_key(tmp_path, "mallory")
    ready.commit("let me in", {".vibeguard/allowed_signers": f"amy@acme.com {mallory.public}\n"})
    ran = approve(script, ready, mallory)
    assert "note: it will not count: the base's allowed signers do not name this key" in ran.out
    assert script("vibeguard", "approvals", "verify", "main", cwd=ready.path).code == 1


def test_the_authors_own_signature_is_taken_and_said_not_to_count(ready: Repo, script: Script, amy: Key) -> None:
    ready.commit("mine", {"c.py": ""}, author=("Amy", "amy@acme.com"))
    assert "nobody approves their own work" in approve(script, ready, amy).out


def test_a_rebase_over_other_files_keeps_the_approval_and_an_indentation_change_does_not(
    ready: Repo, script: Script, amy: Key
) -> None:
    approve(script, ready, amy)
    ready.git("checkout", "-q", "main")
    ready.commit("elsewhere", {"z.py": "z = 1\n"})
    ready.git("checkout", "-q", "topic")
    ready.git("rebase", "-q", "main")
    verified = script("vibeguard", "approvals", "verify", "main", cwd=ready.path)
    assert "✓ approved" in verified.out
    ready.commit("indent", {"b.py": "  b = 1\n"})
    verified = script("vibeguard", "approvals", "verify", "main", cwd=ready.path)
    assert verified.out.startswith("no statements about diff")


def test_the_keys_of_gits_own_settings_are_used(ready: Repo, script: Script, amy: Key) -> None:
    ready.git("config", "user.signingkey", amy.file)
    ready.git("config", "user.email", "amy@acme.com")
    ready.git("config", "gpg.ssh.program", "/bin/false")
    ran = script("vibeguard", "approve", "main", cwd=ready.path)
    ready.accept_changes()
    assert ran.code == 0, ran.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("main",), "no key to sign with"),
        (("main", "--key", "nowhere"), "the key cannot sign"),
        (("--range=--output=x",), "No such option"),
        (("nowhere", "--key", "k"), "no such commit: nowhere"),
        (("HEAD", "--key", "k"), "nothing to approve"),
        (("main", "--decision", "yes"), "no such decision: yes"),
        (("main", "--decision", "override"), "names its rules and its reason"),
        (("main", "--format", "xml"), "no such format: xml"),
    ],
)
def test_what_cannot_be_approved_is_said_in_one_line(
    ready: Repo, script: Script, arguments: tuple[str, ...], words: str
) -> None:
    ran = script("vibeguard", "approve", *arguments, cwd=ready.path)
    assert ran.code == 2
    assert words in ran.err
    assert ran.out == ""


def test_without_a_remote_the_change_is_compared_with_main(ready: Repo, script: Script, amy: Key) -> None:
    assert approve(script, ready, amy, range_="").code == 0
    assert "✓ approved" in script("vibeguard", "approvals", "verify", cwd=ready.path).out
    ready.git("checkout", "-q", "main")
    ran = script("vibeguard", "approve", "--key", amy.file, cwd=ready.path)
    assert (ran.code, "no branch to compare with is known" in ran.err) == (2, True)


def test_statements_travel_by_push_and_fetch_only(
    make_repo: Callable[..., Repo], ready: Repo, script: Script, amy: Key
) -> None:
    hub = make_repo("hub", bare=True)
    ready.git("remote", "add", "origin", str(hub.path))
    ready.git("push", "-q", "origin", "main", "topic")
    hub.accept_changes()
    approve(script, ready, amy)
    hub.check_untouched()
    assert script("vibeguard", "approvals", "push", cwd=ready.path).code == 0
    hub.accept_changes()
    other = make_repo("other")
    other.git("remote", "add", "origin", str(hub.path))
    other.git("fetch", "-q", "origin")
    other.git("checkout", "-q", "topic")
    assert script("vibeguard", "approvals", "fetch", cwd=other.path).out == "new statements from origin\n"
    other.accept_changes()
    assert script("vibeguard", "approvals", "fetch", cwd=other.path).out == "nothing new from origin\n"
    other.accept_changes()
    verified = script("vibeguard", "approvals", "verify", "origin/main", cwd=other.path)
    assert (verified.code, "✓ approved" in verified.out) == (0, True)
