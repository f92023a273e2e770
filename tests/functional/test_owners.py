"""`vibeguard owners` and `vibeguard owners lint`, as people and scripts run them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import vibeguard.report
from tests.conftest import Ran, Repo

Script = Callable[..., Ran]

RULE = "rules: [{id: large, when: {change.file_count: more than 50}, then: warn}]\n"
CODEOWNERS = "* @org/all\n/docs/* @ada\n/src/ @d # hi\n!x @y\n*.lock\n"
FILES = {"docs/a": "", "docs/deep/b": "", "src/a.py": "", "x.lock": ""}


@pytest.fixture
def owned(repo: Repo) -> Repo:
    repo.commit("first", {".github/CODEOWNERS": CODEOWNERS, **FILES})
    return repo


def valid(ran: Ran, name: str) -> Any:
    assert ran.code in {0, 1}, ran.err
    assert ran.out.isascii()
    document = json.loads(ran.out)
    folder = os.path.join(os.path.dirname(vibeguard.report.__file__), "schemas")
    with open(os.path.join(folder, f"{name}.v1.json"), encoding="utf-8") as file:
        jsonschema.validate(document, json.load(file))
    return document


def test_a_path_is_explained_by_its_owners_its_line_and_the_pattern(owned: Repo, script: Script) -> None:
    ran = script("vibeguard", "owners", "docs/a", "docs/deep/b", "x.lock", "nowhere", cwd=owned.path)
    assert ran.code == 0
    assert [line.split() for line in ran.out.splitlines()] == [
        ["docs/a", "@ada", ".github/CODEOWNERS:2", "/docs/*"],
        ["docs/deep/b", "@org/all", ".github/CODEOWNERS:1", "*"],
        ["x.lock", "nobody", ".github/CODEOWNERS:5", "*.lock"],
        ["nowhere", "@org/all", ".github/CODEOWNERS:1", "*"],
    ]
    assert ".github/CODEOWNERS:4" in ran.err
    assert "[negation]" in ran.err


def test_json_follows_its_schema_and_says_which_commit_it_read(owned: Repo, script: Script) -> None:
    found = valid(script("vibeguard", "owners", "--format", "json", "x.lock", cwd=owned.path), "owners")
    assert (found["schema"], found["dialect"], found["file"]) == ("vibeguard/owners/v1", "github", ".github/CODEOWNERS")
    assert found["commit"] == owned.head
    assert found["paths"] == [
        {
            "path": "x.lock",
            "owners": [],
            "line": 5,
            "section": None,
            "entries": [
                {
                    "file": ".github/CODEOWNERS",
                    "line": 5,
                    "section": None,
                    "pattern": "*.lock",
                    "owners": [],
                    "optional": False,
                    "approvals": 1,
                }
            ],
            "why": "line 5 is the last match and names nobody: *.lock",
        }
    ]
    assert [(problem["kind"], problem["line"]) for problem in found["problems"]] == [("negation", 4)]


def test_paths_are_those_of_the_folder_one_stands_in_and_folders_stand_for_their_files(
    owned: Repo, script: Script
) -> None:
    ran = script("vibeguard", "owners", "a", ".", "../src", cwd=owned.path / "docs")
    assert [line.split()[0] for line in ran.out.splitlines()] == ["docs/a", "docs/deep/b", "src/a.py"]
    ran = script("vibeguard", "owners", str(owned.path / "src" / "a.py"), cwd=owned.path / "docs")
    assert ran.out.split()[0] == "src/a.py"
    ran = script("vibeguard", "owners", "../..", cwd=owned.path / "docs")
    assert ran.code == 2
    assert "outside the repository" in ran.err


def test_changed_means_staged_and_all_means_tracked(owned: Repo, script: Script) -> None:
    assert script("vibeguard", "owners", "--changed", cwd=owned.path).out == ""
    owned.stage({"src/a.py": "1\n", "new": "1\n"})
    owned.write("untracked", "")
    ran = script("vibeguard", "owners", "--changed", cwd=owned.path)
    assert [line.split()[:2] for line in ran.out.splitlines()] == [["new", "@org/all"], ["src/a.py", "@d"]]
    every = valid(script("vibeguard", "owners", "--all", "--format", "json", cwd=owned.path), "owners")
    assert [row["path"] for row in every["paths"]] == sorted([*FILES, ".github/CODEOWNERS", "new"])


def test_odd_paths_round_trip_in_json_and_are_escaped_in_text(repo: Repo, script: Script) -> None:
    repo.commit("first", {"CODEOWNERS": "* @a\n"})
    odd = [b"new\nline", b"caf\xe9", b":colon", b"[red]x", b"\x1b[31m"]
    for path in odd:
        repo.write(path, "")
    repo.stage()
    ran = script("vibeguard", "owners", "--changed", cwd=repo.path)
    assert ran.code == 0
    assert len(ran.out.splitlines()) == len(odd)
    assert "new\\nline" in ran.out
    assert "\x1b" not in ran.out
    found = valid(script("vibeguard", "owners", "--changed", "--format", "json", cwd=repo.path), "owners")
    assert {row["path"].encode("utf-8", "surrogateescape") for row in found["paths"]} == set(odd)
    found = valid(script("vibeguard", "owners", "--format", "json", "--", ":colon", "-x", cwd=repo.path), "owners")
    assert [(row["path"], row["owners"]) for row in found["paths"]] == [(":colon", ["@a"]), ("-x", ["@a"])]


def test_an_edit_that_is_not_committed_is_not_in_force_and_that_is_said(owned: Repo, script: Script) -> None:
    owned.write(".github/CODEOWNERS", "* @mallory\n").stage()
    ran = script("vibeguard", "owners", "src/a.py", cwd=owned.path)
    assert "@d" in ran.out
    assert "@mallory" not in ran.out
    assert "not the one in the work tree" in ran.err
    ran = script("vibeguard", "owners", "--file", ".github/CODEOWNERS", "src/a.py", cwd=owned.path)
    assert "@mallory" in ran.out


def test_the_remotes_default_branch_goes_before_head(
    owned: Repo, make_repo: Callable[..., Repo], script: Script
) -> None:
    clone = make_repo("clone")
    clone.git("remote", "add", "origin", str(owned.path))
    clone.git("fetch", "-q", "origin")
    clone.git("checkout", "-q", "-B", "topic", "origin/main")
    clone.commit("take it over", {".github/CODEOWNERS": "* @mallory\n"})
    ran = script("vibeguard", "owners", "src/a.py", cwd=clone.path)
    assert ran.out.split()[1] == "@d"
    assert ".github/CODEOWNERS of origin/main is in force" in ran.err
    ran = script("vibeguard", "owners", "src/a.py", "--at", "HEAD", cwd=clone.path)
    assert ran.out.split()[1] == "@mallory"
    ran = script("vibeguard", "owners", "src/a.py", "--at", "nowhere", cwd=clone.path)
    assert ran.code == 2


def test_the_policy_says_the_dialect_unless_the_command_line_does(repo: Repo, script: Script) -> None:
    policy = "version: 1\nownership: {dialect: gitlab}\n" + RULE
    repo.commit("first", {"CODEOWNERS": "docs @a\n", "docs/x": "", ".vibeguard.yaml": policy})
    found = valid(script("vibeguard", "owners", "docs/x", "--format", "json", cwd=repo.path), "owners")
    assert (found["dialect"], found["paths"][0]["owners"]) == ("gitlab", [])
    ran = script("vibeguard", "owners", "docs/x", "--dialect", "github", "--format", "json", cwd=repo.path)
    assert valid(ran, "owners")["paths"][0]["owners"] == ["@a"]


def test_a_policy_that_cannot_be_read_is_said_and_does_not_stop_the_answer(owned: Repo, script: Script) -> None:
    owned.commit("second", {".vibeguard.yaml": "version: 1\n"})
    ran = script("vibeguard", "owners", "src/a.py", cwd=owned.path)
    assert (ran.code, ran.out.split()[1]) == (0, "@d")
    assert ".vibeguard.yaml is not considered" in ran.err


def test_the_remotes_host_tells_the_dialect_of_a_file_in_a_shared_place(repo: Repo, script: Script) -> None:
    repo.commit("first", {"CODEOWNERS": "[Docs][2]\ndocs/ @a\n^[Opt]\n* @b\n"})
    repo.git("remote", "add", "origin", "git@gitlab.com:acme/x.git")
    found = valid(script("vibeguard", "owners", "docs/x", "--format", "json", cwd=repo.path), "owners")
    assert found["dialect"] == "gitlab"
    entries = found["paths"][0]["entries"]
    assert [(entry["section"], entry["approvals"], entry["optional"]) for entry in entries] == [
        ("Docs", 2, False),
        ("Opt", 1, True),
    ]
    ran = script("vibeguard", "owners", "docs/x", cwd=repo.path)
    assert ran.out.splitlines()[0].split() == ["docs/x", "@a", "CODEOWNERS:2", "docs/", "[Docs]", "2", "approvals"]
    assert ran.out.splitlines()[1].split() == ["@b", "CODEOWNERS:4", "*", "[Opt]", "optional"]


def test_a_file_is_asked_outside_a_repository_and_its_place_tells_the_dialect(tmp_path: Path, script: Script) -> None:
    folder = tmp_path / ".gitlab"
    folder.mkdir()
    (folder / "CODEOWNERS").write_text("docs @a\n")
    ran = script(
        "vibeguard", "owners", "--file", ".gitlab/CODEOWNERS", "docs", "docs/x", "--format", "json", cwd=tmp_path
    )
    found = valid(ran, "owners")
    assert (found["dialect"], [row["owners"] for row in found["paths"]]) == ("gitlab", [["@a"], []])
    ran = script(
        *("vibeguard", "owners", "--file", ".gitlab/CODEOWNERS", "--dialect", "github", "docs/x"), cwd=tmp_path
    )
    assert ran.out.split()[1] == "@a"
    assert script("vibeguard", "owners", "lint", "--file", ".gitlab/CODEOWNERS", cwd=tmp_path).code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["owners", "x"], "not a git repository"),
        (["owners", "lint"], "not a git repository"),
        (["owners", "--file", "nowhere", "x"], "nowhere"),
        (["owners", "--file", ".", "x"], "error[IO]"),
        (["owners", "--file", "nowhere", "--all"], "nowhere"),
    ],
)
def test_what_cannot_be_read_is_one_line_and_exit_2(
    arguments: list[str], words: str, tmp_path: Path, script: Script
) -> None:
    ran = script("vibeguard", *arguments, cwd=tmp_path)
    assert ran.code == 2
    assert words in ran.err
    assert ran.out == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["x", "--all"],
        ["--changed", "--all"],
        ["--format", "yaml", "x"],
        ["--dialect", "sourcehut", "x"],
        ["--at", "--output=f", "x"],
        ["--file", "CODEOWNERS", "--at", "HEAD", "x"],
        ["--no-such", "x"],
        ["of"],
    ],
)
def test_a_wrong_command_line_is_exit_2(arguments: list[str], owned: Repo, script: Script) -> None:
    ran = script("vibeguard", "owners", *arguments, cwd=owned.path)
    assert ran.code == 2
    assert "error[" in ran.err


def test_lint_says_what_is_wrong_where_and_how_to_mend_it(owned: Repo, script: Script) -> None:
    ran = script("vibeguard", "owners", "lint", cwd=owned.path)
    assert ran.code == 0
    assert ".github/CODEOWNERS:2:1: /docs/* stops at the files directly in the folder: docs/deep/b" in ran.out
    assert "    hint: write /docs/ if everything below is meant" in ran.out
    assert "4 findings" not in ran.out
    assert script("vibeguard", "owners", "lint", "--strict", cwd=owned.path).code == 1
    found = valid(script("vibeguard", "owners", "lint", "--format", "json", cwd=owned.path), "owners-lint")
    assert [(one["kind"], one["line"]) for one in found["findings"]] == [
        ("direct-children-only", 2),
        ("negation", 4),
        ("no-owners", 5),
    ]
    assert all(one["mend"] for one in found["findings"])


def test_lint_reads_the_work_tree_and_a_commit_when_asked(owned: Repo, script: Script) -> None:
    owned.write(".github/CODEOWNERS", "* @a\n")
    assert script("vibeguard", "owners", "lint", "--strict", cwd=owned.path).code == 0
    assert script("vibeguard", "owners", "lint", "--strict", "--at", "HEAD", cwd=owned.path).code == 1


def test_lint_names_sensitive_files_and_tags_that_nobody_owns(repo: Repo, script: Script) -> None:
    policy = 'version: 1\ntags: {money: ["ledger/**"]}\n' + RULE
    files = {"ledger/post.py": "", ".github/workflows/ci.yml": "", "a.py": "", ".vibeguard.yaml": policy}
    repo.commit("first", {"CODEOWNERS": "/a.py @a\n", **files})
    found = valid(script("vibeguard", "owners", "lint", "--format", "json", cwd=repo.path), "owners-lint")
    texts = [one["text"] for one in found["findings"] if one["kind"] == "sensitive-unowned"]
    assert any("ledger/post.py" in text and "tag money" in text for text in texts)
    assert any(".github/workflows/ci.yml" in text and "(ci)" in text for text in texts)
    assert any(".vibeguard.yaml" in text and "(policy)" in text for text in texts)


def test_a_repository_without_commit_or_without_file_is_answered_and_not_an_error(repo: Repo, script: Script) -> None:
    ran = script("vibeguard", "owners", "x", cwd=repo.path)
    assert (ran.code, ran.out.split()[:2]) == (0, ["x", "nobody"])
    assert "no commit yet" in ran.err
    repo.commit("first", {"x": ""})
    ran = script("vibeguard", "owners", "x", cwd=repo.path)
    assert "there is no ownership file" in ran.out
    found = valid(script("vibeguard", "owners", "x", "--format", "json", cwd=repo.path), "owners")
    assert (found["file"], found["paths"][0]["owners"], found["paths"][0]["line"]) == (None, [], None)
    assert script("vibeguard", "owners", "lint", cwd=repo.path).code == 0


def test_a_link_is_reported_and_never_followed(repo: Repo, script: Script, tmp_path: Path) -> None:
    (tmp_path / "evil").write_text("* @evil\n")
    os.symlink(tmp_path / "evil", repo.path / "CODEOWNERS")
    repo.accept_changes()
    repo.commit("first", {"x": ""})
    for command in (["owners", "x"], ["owners", "lint"]):
        ran = script("vibeguard", *command, cwd=repo.path)
        assert ran.code == 0
        assert "@evil" not in ran.out
        assert "symbolic link" in ran.err + ran.out


def test_a_bare_repository_is_asked_by_its_commits(repo: Repo, make_repo: Callable[..., Repo], script: Script) -> None:
    repo.commit("first", {"CODEOWNERS": "* @a\n", "x": ""})
    bare = make_repo("bare", bare=True)
    repo.git("push", "-q", str(bare.path), "main")
    bare.accept_changes()
    ran = script("vibeguard", "owners", "--all", cwd=bare.path)
    assert [line.split()[:2] for line in ran.out.splitlines()] == [["CODEOWNERS", "@a"], ["x", "@a"]]


def test_who_knows_the_files_is_told_from_history_without_whose_change_it_is(repo: Repo, script: Script) -> None:
    amy, bob = ("Amy", "amy@acme.com"), ("Bob", "bob@acme.com")
    for number in range(4):
        repo.commit("work", {"a": f"{number}\n"}, author=amy, committer=amy)
    repo.commit("work", {"a": "x\n"}, author=bob, committer=bob)
    ran = script("vibeguard", "owners", "a", "--history", cwd=repo.path)
    assert ran.code == 0
    assert "Amy <amy@acme.com>: 4 commits to a, 80% of the work on these files" in ran.out
    assert "bus factor 1; most of the work is one person's in a (Amy)" in ran.out
    repo.git("config", "user.email", "amy@acme.com")
    repo.stage({"a": "mine\n"})
    ran = script("vibeguard", "owners", "--changed", "--history", "--format", "json", cwd=repo.path)
    history = valid(ran, "owners")["history"]
    assert [one["name"] for one in history["reviewers"]] == ["Bob"]
    assert (history["bus_factor"], history["author"]["familiarity"]) == (1, "moderate")
    assert script("vibeguard", "owners", "--file", "a", "--history", "a", cwd=repo.path.parent).code == 2


def test_a_smallest_set_of_owners_covers_the_staged_files(repo: Repo, script: Script) -> None:
    people = "people: {roles: {backstop: [zoe]}, if_no_owner: [backstop]}\n"
    lines = "* @a @b\n/x @b @c\n/y @d\n/z\n"
    repo.commit("first", {"CODEOWNERS": lines, ".vibeguard.yaml": "version: 1\n" + people + RULE})
    repo.stage({"x": "1\n", "w": "1\n", "y": "1\n", "z": "1\n"})
    ran = script("vibeguard", "owners", "--changed", "--format", "json", cwd=repo.path)
    assert sorted(valid(ran, "owners")["cover"]) == ["@b", "@d", "zoe"]
    assert "asked at least: " in script("vibeguard", "owners", "--changed", cwd=repo.path).err
