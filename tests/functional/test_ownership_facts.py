"""What rules learn about owners and about who knows the code, through `vibeguard check`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Ran, Repo

Script = Callable[..., Ran]
AMY, BOB = ("Amy", "amy@acme.com"), ("Bob", "bob@acme.com")

PEOPLE = """people:
  identities: {amy: [amy@acme.com], bob: [bob@acme.com], zoe: [zoe@acme.com]}
  roles: {backstop: [zoe]}
  if_no_owner: [backstop]
"""


def policy(rule: str, more: str = "") -> str:
    return f"version: 1\n{PEOPLE}{more}rules:\n  - id: r\n{rule}"


def check(repo: Repo, script: Script, *more: str) -> Any:
    ran = script("vibeguard", "check", "--range", "main..topic", "--format", "json", *more, cwd=repo.path)
    assert ran.code in {0, 1, 3}, ran.err
    return json.loads(ran.out)


def topic(repo: Repo, files: dict[str, str], author: tuple[str, str] = AMY) -> None:
    repo.git("checkout", "-q", "-b", "topic")
    repo.commit("a change", files, author=author, committer=author)


def outcome(report: Any) -> str:
    (rule,) = report["rules"]
    assert isinstance(rule["outcome"], str)
    return rule["outcome"]


@pytest.mark.parametrize(
    ("codeowners", "wanted"),
    [
        ("* @amy\n", "all"),
        ("* @bob\n/a @amy\n", "some"),
        ("* @bob\n", "none"),
        ("", "none"),
        # A team may hold the author, but one file is surely hers and one is surely not.
        ("/a @amy\n/b @bob\n/c @acme/team\n", "some"),
    ],
)
def test_how_much_of_the_change_its_author_owns(repo: Repo, script: Script, codeowners: str, wanted: str) -> None:
    rule = f"    when: {{author.owns: {wanted}}}\n    then: block\n"
    repo.commit("first", {".vibeguard.yaml": policy(rule), "CODEOWNERS": codeowners})
    topic(repo, {"a": "1\n", "b": "1\n", "c": "1\n"})
    assert outcome(check(repo, script)) == "blocked"


def test_a_team_whose_members_are_not_known_leaves_it_unknown(repo: Repo, script: Script) -> None:
    rule = "    when: {author.owns: none}\n    then: block\n    if_unknown: skip\n"
    repo.commit("first", {".vibeguard.yaml": policy(rule), "CODEOWNERS": "* @acme/team\n"})
    topic(repo, {"a": "1\n"})
    report = check(repo, script, "--explain")
    assert outcome(report) == "unknown" or outcome(report) == "skipped"
    assert "whether the author belongs to @acme/team is not known" in json.dumps(report)


def test_owners_come_from_the_base_and_never_from_the_change(repo: Repo, script: Script) -> None:
    rule = "    when: {change.touches_policy: true}\n    then: {require_review: {by: owners}}\n"
    repo.commit("first", {".vibeguard.yaml": policy(rule), "CODEOWNERS": "* @bob\n"})
    topic(repo, {".github/CODEOWNERS": "* @amy\n", "a": "1\n"})
    report = check(repo, script)
    assert {file["path"]: file["owners"] for file in report["change"]["files"]} == {
        ".github/CODEOWNERS": ["@bob"],
        "a": ["@bob"],
    }
    assert outcome(report) == "needs"
    assert "bob" in json.dumps(report["rules"][0]["requirements"])


def test_each_section_of_gitlab_asks_for_its_own_owner_and_optional_ones_ask_nobody(repo: Repo, script: Script) -> None:
    rule = "    when: {change.file_count: at least 1}\n    then: {require_review: {by: owners}}\n"
    lines = "* @bob\n[Docs]\n*.md @cara\n^[Style]\n*.md @dan\n"
    files = {".vibeguard.yaml": policy(rule, "ownership: {dialect: gitlab}\n"), "CODEOWNERS": lines}
    repo.commit("first", files)
    topic(repo, {"a.md": "1\n"})
    (requirement,) = check(repo, script)["rules"][0]["requirements"]
    assert set(requirement["suggested"]) == {"bob", "cara"}


def test_files_that_nobody_owns_are_for_whom_the_policy_names(repo: Repo, script: Script) -> None:
    rule = '    when: {blast.unowned_files: ["a"]}\n    then: {require_review: {by: owners}}\n'
    repo.commit("first", {".vibeguard.yaml": policy(rule), "CODEOWNERS": "* @bob\n/a\n"})
    topic(repo, {"a": "1\n"})
    report = check(repo, script)
    assert report["blast"]["unowned_files"] == ["a"]
    (requirement,) = report["rules"][0]["requirements"]
    assert requirement["suggested"] == ["zoe"]


def test_the_authors_familiarity_comes_from_what_was_merged_before(repo: Repo, script: Script) -> None:
    rule = "    when: {author.familiarity: exactly high}\n    then: block\n"
    repo.commit("first", {".vibeguard.yaml": policy(rule)})
    for number in range(5):
        repo.commit("work", {"a": f"{number}\n"}, author=AMY, committer=AMY)
    topic(repo, {"a": "amy\n"})
    report = check(repo, script, "--explain")
    assert outcome(report) == "blocked"
    assert "5 commits to 1 of 1 file" in json.dumps(report)
    repo.git("checkout", "-q", "-b", "other", "main")
    repo.git("branch", "-q", "-D", "topic")
    topic(repo, {"a": "bob\n"}, author=BOB)
    assert outcome(check(repo, script)) in {"pass", "skipped"}


def test_a_line_of_the_ownership_file_that_is_passed_over_is_a_notice(repo: Repo, script: Script) -> None:
    rule = "    when: {change.file_count: at least 1}\n    then: warn\n"
    repo.commit("first", {".vibeguard.yaml": policy(rule), "CODEOWNERS": "* @bob\n!x @amy\n"})
    topic(repo, {"x": "1\n"})
    report = check(repo, script)
    assert any(notice.startswith("CODEOWNERS:2: the line is passed over") for notice in report["notices"])
    assert report["change"]["files"][0]["owners"] == ["@bob"]
