"""Comments and strings on a line, strings over several, and searches over joined lines."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibeguard.content import syntax
from vibeguard.content.lines import ChangedFile, Side, plain
from vibeguard.model import FileChange, FileFacts, Hunk


@pytest.mark.parametrize(
    ("line", "language", "column"),
    [
        ("x = 1  # why", "python", 7),
        ("x = '# no'  # why", "python", 12),
        ('x = "a\\"b # no"', "python", None),
        ("<p>Don't</p> {/* why */}", "tsx", 14),
        ("fn f<'a>(x: &'a str) // why", "rust", 21),
        ("  * in the middle of a block", "java", 2),
        ("url = 'http://x'  -- why", "sql", 18),
        ("a `# no` // why", "go", 9),
        ("; why", "clojure", 0),
        ("x", None, None),
        ("", "python", None),
    ],
)
def test_a_comment_begins_outside_of_strings(line: str, language: str | None, column: int | None) -> None:
    assert syntax.comment_start(line, language) == column


def test_a_column_in_a_string_is_told_from_one_behind_it() -> None:
    line = "f('@Suppress', x) @Suppress"
    assert syntax.in_string(line, 3, "java")
    assert not syntax.in_string(line, 18, "java")


@pytest.mark.parametrize(
    ("text", "language", "inside"),
    [
        ('a\n"""x\ny\n"""\nb = """c"""\n', "python", {3, 4}),
        ("a = '''\n# \"\"\"\n'''\n\"\"\"\n", "python", {2, 3, 5}),
        ('# it\'s """\nx\n', "python", set()),
        ("`a\nb \\` c\n`\nd\n", "javascript", {2, 3}),
        ("// `\nx\n", "typescript", set()),
        ("/* ` */\nx\n", "typescript", set()),
        ('"""\nx\n"""\n', "java", set()),
    ],
)
def test_lines_within_strings_of_several_lines_are_known(text: str, language: str, inside: set[int]) -> None:
    assert syntax.lines_in_long_strings(text, language) == inside


_text = st.text(alphabet="'\"`\\#/*-\n x", max_size=60)


@given(_text, st.sampled_from(["python", "javascript", "go", "sql", None]))
def test_any_text_is_looked_at_without_error(text: str, language: str | None) -> None:
    lines = text.split("\n")
    assert syntax.lines_in_long_strings(text, language) <= set(range(2, len(lines) + 1))
    for line in lines:
        start = syntax.comment_start(line, language)
        assert start is None or 0 <= start < len(line)
        for column in range(0 if line.lstrip().startswith("*") else len(line)):  # such a line is a comment as a whole
            assert not (syntax.in_string(line, column, language) and start is not None and column >= start)


@given(st.lists(st.text(alphabet="ab c", max_size=6), max_size=12))
def test_a_search_over_all_lines_finds_what_a_search_of_each_line_finds(lines: list[str]) -> None:
    side = Side(tuple(range(1, len(lines) + 1)), "\n".join(lines))
    pattern = re.compile("a+")
    each = [(place, match.start()) for place, line in enumerate(lines) for match in pattern.finditer(line)]
    assert [(place, column) for place, column, _ in side.matches(pattern)] == each
    assert [place for place, _ in side.lines_with(("a",))] == [place for place, line in enumerate(lines) if "a" in line]
    assert side.lines() == lines


def test_a_place_knows_its_hunk() -> None:
    hunks = (
        Hunk(1, 0, 1, 2, ((1, "a"), (2, "b")), ()),
        Hunk(5, 1, 7, 0, (), ((5, "x"),)),
        Hunk(9, 0, 9, 1, ((9, "c"),), ()),
    )
    changed = ChangedFile(FileChange("a", "M", "100644", "100644", "0", "1"), FileFacts("a", frozenset()), hunks)
    hunk_of = changed.added.hunk_of(hunks, added=True)
    assert [hunk_of(place) for place in range(3)] == [0, 0, 2]
    assert changed.removed.numbers == (5,)


def test_reindenting_does_not_change_a_plain_line() -> None:
    assert plain("\t a   b ") == plain("a b") == "a b"
