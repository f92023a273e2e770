"""What is legal and wrong: each finding with its line, and how to mend it."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

import vibeguard.ownership
from tests.unit.ownership.facts import codeowners, tree
from vibeguard.ownership import load
from vibeguard.ownership.lint import MENDS, Advice, lint
from vibeguard.ownership.lookup import LIMITS
from vibeguard.ownership.tracked import Tracked

FILES = ("README.md", "docs/a.md", "docs/deep/b.md", "lib/Core/x.py", "src/a.py", "src/gen/b.py", "src/gen/c.js")


def advice(*lines: str, dialect: str = "github", files: Sequence[str] | None = FILES) -> tuple[Advice, ...]:
    owned = codeowners(*lines, dialect=dialect)
    return lint(owned, files, content="\n".join(lines).encode())


def kinds(*lines: str, dialect: str = "github") -> list[tuple[str, int | None]]:
    return [(one.kind, one.line) for one in advice(*lines, dialect=dialect)]


def test_a_sound_file_has_no_findings() -> None:
    assert kinds("* @all", "/docs/ @a", "*.py @b", "/src/gen/ @c", "README.md @d # hi @e") == []
    assert kinds("* @all", "/docs/ @a", "[Python] @b", "*.py", "!/src/gen/", dialect="gitlab") == []


def test_a_star_where_the_whole_folder_was_meant() -> None:
    (one,) = advice("/docs/* @a")
    assert (one.kind, one.line, one.column) == ("direct-children-only", 1, 1)
    assert "docs/deep/b.md" in one.text
    assert one.mend == "write /docs/ if everything below is meant"
    assert kinds("src/* @a") == [("direct-children-only", 1)]
    assert kinds("/docs/ @a", "/docs/* @a") == []  # the same owners below
    assert kinds("/src/gen/* @a") == []  # nothing below
    assert kinds("/docs/** @a") == []


def test_on_gitlab_two_stars_at_the_end_are_one_level_too() -> None:
    assert kinds("/docs/** @a", dialect="gitlab") == [("direct-children-only", 1)]
    assert kinds("docs/* @a", dialect="gitlab") == [("direct-children-only", 1)]
    assert kinds("/docs/**/* @a", dialect="gitlab") == []


@pytest.mark.parametrize(
    ("pattern", "dialect", "mend"),
    [
        ("/nowhere/y.py", "github", "take the line out"),
        ("/lib/core/", "github", "did you mean /lib/Core/?"),
        ("/lib/gen/", "github", "did you mean /src/gen/?"),
        ("/old/b.md", "github", "did you mean /docs/deep/b.md?"),
        ("*.{py,js}", "github", "{ }"),
        ("[ab].md", "github", "[ ]"),
        ("/src/*.js", "github", "/src/**/*.js would match src/gen/c.js"),
        ("/docs", "gitlab", "write /docs/ for everything"),
        ("gen", "gitlab", "write gen/ for everything"),
        ("*.{py,js}", "gitlab", "{ }"),
    ],
)
def test_a_pattern_that_matches_no_tracked_file_with_what_may_be_meant(pattern: str, dialect: str, mend: str) -> None:
    (one,) = advice("* @a", f"{pattern} @b", dialect=dialect)
    assert (one.kind, one.line) == ("matches-nothing", 2)
    assert mend in one.mend


def test_a_folder_that_is_named_with_its_slash_too_needs_no_other_line() -> None:
    (one,) = advice("/docs/ @a", "/docs @a", dialect="gitlab")
    assert (one.kind, one.line, one.mend) == (
        "matches-nothing",
        2,
        "take the line out: another one names the folder already",
    )


def test_a_broad_late_line_that_undoes_earlier_ones() -> None:
    (one,) = advice("/docs/ @a", "*.py @b", "/src/gen/ @c", "* @all")
    assert (one.kind, one.line) == ("undoes-earlier", 4)
    assert "lines 1, 2, 3" in one.text
    assert kinds("/docs/ @a", "/docs/deep/ @b", "/docs/deep/ @c", "*.py @d") == [("duplicate-pattern", 2)]


def test_a_default_that_later_lines_cover_is_as_it_should_be() -> None:
    assert kinds("/docs/ @a", "/docs/a.md @b", "/docs/deep/ @c") == []
    assert kinds("/lib/ @a", "/lib/Core/ @b") == []  # the folder has one subfolder, for now
    assert kinds("*.js @a", "/src/gen/c.js @b") == []
    assert kinds("/lib/Core/ @a", "/lib/ @b") == [("undoes-earlier", 2)]
    assert kinds("/src/gen/c.js @a", "*.js @b") == [("undoes-earlier", 2)]


def test_lines_of_one_section_do_not_undo_those_of_another() -> None:
    assert kinds("/docs/ @a", "[All]", "* @b", dialect="gitlab") == []
    assert kinds("[Docs]", "/docs/ @a", "* @b", dialect="gitlab") == [("undoes-earlier", 3)]
    assert kinds("[D]", "* @b", "[E]", "*.py @a", "[d]", "/docs/ @c", dialect="gitlab") == []


def test_the_same_pattern_twice() -> None:
    (one,) = advice("*.py @a", "* @x", "*.py @b")
    assert (one.kind, one.line) == ("duplicate-pattern", 1)
    found = advice("*.py @a", "/src/ @x", "*.py @b", dialect="gitlab")
    assert found[0].kind == "duplicate-pattern"
    assert "at the place of this one" in found[0].text


def test_rules_without_owners() -> None:
    (one,) = advice("* @a", "/src/gen/")
    assert (one.kind, one.line) == ("no-owners", 2)
    assert "src/gen/b.py, src/gen/c.js" in one.text
    assert kinds("*.py", "* @a", dialect="gitlab") == [("no-owners", 1), ("undoes-earlier", 2)]


def test_owners_after_a_hash_on_gitlab_and_a_hash_in_a_pattern_on_github() -> None:
    (one,) = advice("* @a # ask @b", dialect="gitlab")
    assert (one.kind, one.line, one.column) == ("owner-in-comment", 1, 6)
    assert one.mend == "put the comment on a line of its own"
    assert kinds("* @a # no owners here", dialect="gitlab") == []
    assert [one.kind for one in advice("src#x @a")] == ["hash-in-pattern", "no-owners"]


def test_what_the_reader_passed_over_comes_with_a_mend() -> None:
    found = advice("* @a", "!x @b", "a/***/b @b", "x y", "\\#x @a", dialect="github")
    assert [(one.kind, one.line) for one in found] == [
        ("negation", 2),
        ("triple-star", 3),
        ("bad-owner", 4),
        ("escaped-hash", 5),
    ]
    assert all(one.mend for one in found)


def test_sensitive_files_that_nobody_owns_with_the_line_that_took_them_away() -> None:
    owned = codeowners("* @a", "/src/gen/")
    found = lint(owned, FILES, sensitive={"tag money": ["src/gen/b.py", "src/a.py"], "ci": ["README.md"]})
    one = next(one for one in found if one.kind == "sensitive-unowned")
    assert (one.line, one.text) == (2, "nobody owns src/gen/b.py (tag money)")
    assert sum(one.kind == "sensitive-unowned" for one in found) == 1


def test_a_file_that_is_nearly_too_large_and_one_that_is_never_read() -> None:
    content = b"* @a\n".ljust(int(LIMITS["github"] * 0.95), b"#")
    owned = load(tree(CODEOWNERS=content).get)
    found = lint(owned, FILES, content=content, others=("docs/CODEOWNERS",))
    assert [one.kind for one in found] == ["near-limit", "unread-file"]


def test_every_owners_file_of_the_tree_is_looked_at() -> None:
    files = tree(**{"OWNERS": "approvers: [a]\n", "docs/deep/OWNERS": "approvers: x\n"})
    found = lint(load(files.get, dialect="kubernetes"), FILES)
    assert [(one.kind, one.path, one.line) for one in found] == [("bad-list", "docs/deep/OWNERS", 1)]


def test_without_a_repository_nothing_is_said_about_matches() -> None:
    assert advice("/nowhere @a", "!x @b", files=None)[0].kind == "negation"


def test_the_tracked_files_answer_what_is_below_and_what_is_meant() -> None:
    tracked = Tracked(["a/b", "a/b/c", "a-b/c", "a0", "x/B/c"])
    assert tracked.below("a") == ["a/b", "a/b/c"]
    assert tracked.is_folder("B", anywhere=True)
    assert not tracked.is_folder("B", anywhere=False)
    assert tracked.meant_by("nowhere") == ""


def test_every_kind_of_finding_has_a_mend_and_stands_in_the_documents() -> None:
    folder = os.path.dirname(vibeguard.ownership.__file__)
    found = set(MENDS)
    for name in os.listdir(folder):
        if name.endswith(".py"):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                found.update(re.findall(r"(?:Finding|Advice|_report)\(\s*\"([a-z-0-9]+)\"", file.read()))
    with open(
        os.path.join(os.path.dirname(__file__), "..", "..", "..", "docs", "ownership.md"), encoding="utf-8"
    ) as page:
        documented = set(re.findall(r"`([a-z-0-9]+)`", page.read()))
    assert len(found) > 25
    assert found <= documented


LINES = st.lists(st.text(alphabet="ab*?[]!\\/^-# @.x{}", min_size=1, max_size=14), max_size=8)
PATHS = st.lists(st.text(alphabet="ab/x.[]#", min_size=1, max_size=8), max_size=8)


@given(LINES, PATHS, st.sampled_from(["github", "gitlab", "gitea"]))
def test_no_file_makes_the_lint_fail(lines: list[str], files: list[str], dialect: str) -> None:
    for one in advice(*lines, dialect=dialect, files=files):
        assert one.text
        assert one.line is None or 1 <= one.line <= len(lines)
