"""GitLab's CODEOWNERS, by facts first: patterns, sections, exclusions, headers, and what is reported."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.ownership.facts import codeowners, facts, tree
from vibeguard.ownership import load
from vibeguard.ownership.fnmatch import add_pattern, normalised
from vibeguard.ownership.gitlab import header_of, owners_of
from vibeguard.ownership.matcher import Index

FACTS = facts("gitlab")
EXECUTED = facts("gitlab-fnmatch")


@pytest.mark.parametrize("fact", FACTS["patterns"], ids=lambda fact: fact["pattern"])
def test_a_pattern_matches_what_gitlab_says(fact: dict[str, Any]) -> None:
    assert normalised(fact["pattern"]) == fact["normalized"]
    owned = codeowners(f"{fact['pattern']} @owner", dialect="gitlab")
    for path in fact["matches"]:
        assert owned.of(path).owners == ("@owner",), path
    for path in fact["misses"]:
        assert owned.of(path).owners == (), path


def test_random_patterns_match_what_ruby_says() -> None:
    for fact in EXECUTED["patterns"]:
        index = Index()
        add_pattern(index, 0, normalised(fact["pattern"]), {})
        for path in fact["matches"]:
            assert index.best(path) == 0, (fact["pattern"], path)
        for path in fact["misses"]:
            assert index.best(path) == -1, (fact["pattern"], path)


@pytest.mark.parametrize("fact", FACTS["files"], ids=lambda fact: fact["id"])
def test_a_file_says_of_a_path_what_gitlab_says(fact: dict[str, Any]) -> None:
    owned = codeowners(*fact["lines"], dialect="gitlab")
    for lookup in fact["lookups"]:
        owner = owned.of(lookup["path"])
        found = [
            {"section": entry.section, "owners": list(entry.owners)}
            | {key: getattr(entry, key) for key in wanted if key in {"approvals", "optional"}}
            for entry, wanted in zip(owner.entries, lookup["entries"], strict=True)
        ]
        assert found == lookup["entries"]
        everybody = [name for entry in lookup["entries"] for name in entry["owners"]]
        assert list(owner.owners) == list(dict.fromkeys(everybody))
        assert owned.group_of(lookup["path"]) == tuple(sorted(set(everybody)))


@pytest.mark.parametrize("fact", FACTS["section_headers"], ids=lambda fact: fact["line"])
def test_a_header_is_read_as_gitlab_reads_it(fact: dict[str, Any]) -> None:
    header = header_of(fact["line"])
    if fact["problem"] == "not-a-header":
        assert header is None
    else:
        assert header is not None
        assert (header.name, header.optional) == (fact["name"], fact["optional"])
        assert (header.approvals, list(header.default_owners)) == (fact["approvals"], fact["default_owners"])
    problems = codeowners(fact["line"], dialect="gitlab").problems
    kinds: list[str | None] = [problem.kind for problem in problems]
    assert (kinds[:1] or [None]) == [fact["problem"]]
    assert all(problem.line == 1 for problem in problems)


@pytest.mark.parametrize(
    ("line", "name", "approvals", "owners"),
    [
        ("[Two Words][3]\t@a  @b", "Two Words", 3, ("@a", "@b")),
        (
            "[Doc] @group/sub/deep ada@example.com @@maintainers",
            "Doc",
            None,
            ("@group/sub/deep", "ada@example.com", "@@maintainers"),
        ),
        ("[Doc] @a # and @b", "Doc", None, ("@a",)),
        ("[Doc][0]", "Doc", 0, ()),
        ("[Doc][99999999999999999999]", "Doc", None, ()),
        ("[Doc][]", "Doc", None, ()),
    ],
)
def test_headers_keep_their_names_counts_and_owners(
    line: str, name: str, approvals: int | None, owners: tuple[str, ...]
) -> None:
    header = header_of(line)
    assert header is not None
    assert (header.name, header.approvals, header.default_owners) == (name, approvals, owners)


@pytest.mark.parametrize("line", ["[ab].py @a", "[a-z]*.rb @a", "^readme @a", "[a]b @a"])
def test_a_range_at_the_front_of_a_pattern_is_no_header(line: str) -> None:
    owned = codeowners(line, dialect="gitlab")
    assert [rule.pattern for rule in owned.rules] == [line.split(maxsplit=1)[0]]
    assert owned.problems == ()


@pytest.mark.parametrize(
    ("lines", "kinds"),
    [
        (["* @a nobody"], [("bad-owner", 1)]),
        (["* nobody"], [("bad-owner", 1), ("no-owners", 1)]),
        (["docs/"], [("no-owners", 1)]),
        (["[Doc]", "docs/"], [("no-owners", 2)]),
        (["[Doc] @a", "docs/"], []),
        (["* @@guest"], [("bad-owner", 1), ("no-owners", 1)]),
        (["! @a"], [("empty-pattern", 1)]),
        (["a[b @a"], [("unclosed-bracket", 1)]),
        (["[Doc][x]", "* @a"], [("bad-approvals", 1)]),
        (["[Doc][0]", "* @a"], [("bad-approvals", 1)]),
        (["# only", "", "  # comments"], []),
        (["!docs/ # not ours"], []),
    ],
)
def test_what_gitlab_drops_is_reported_with_its_line(lines: list[str], kinds: list[tuple[str, int]]) -> None:
    owned = codeowners(*lines, dialect="gitlab")
    assert [(problem.kind, problem.line) for problem in owned.problems] == kinds


def test_an_entry_without_owners_is_still_the_one_that_decides() -> None:
    owner = codeowners("* @a", "docs/", dialect="gitlab").of("docs/x")
    assert (owner.owners, owner.line) == ((), 2)
    assert "names nobody" in owner.why


def test_a_section_is_optional_only_if_all_its_headers_say_so() -> None:
    owned = codeowners("^[Doc]", "*.md @a", "[doc]", "*.txt @b", "^[Go]", "*.go @c", "^[go]", dialect="gitlab")
    assert [entry.optional for entry in owned.of("x.md").entries] == [False]
    assert [(entry.section, entry.optional) for entry in owned.of("x.go").entries] == [("Go", True)]


def test_default_owners_and_counts_are_those_of_the_header_above() -> None:
    owned = codeowners("[Doc][2] @a", "*.md", "[DOC] @b", "*.txt", "x.txt @c", dialect="gitlab")
    assert [(entry.owners, entry.approvals) for entry in owned.of("x.md").entries] == [(("@a",), 2)]
    assert [(entry.owners, entry.approvals) for entry in owned.of("y.txt").entries] == [(("@b",), 1)]
    assert [entry.owners for entry in owned.of("x.txt").entries] == [("@c",)]


def test_an_exclusion_is_named_as_the_reason() -> None:
    owner = codeowners("* @a", "!*.lock", dialect="gitlab").of("x.lock")
    assert owner.entries == ()
    assert owner.why == "line 2 takes it out: !*.lock"


def test_owners_in_a_comment_count_and_its_words_are_not_reported() -> None:
    assert owners_of(["@a", "#", "ask", "@b,", "or", "c@example.com."]) == (("@a", "@b", "c@example.com"), ())


@given(st.binary(max_size=200), st.text(min_size=1, max_size=20))
def test_no_bytes_make_the_reader_fail(content: bytes, path: str) -> None:
    owned = load(tree(CODEOWNERS=content).get, dialect="gitlab")
    owner = owned.of(path)
    assert set(owned.group_of(path)) == set(owner.owners)


LINES = st.lists(
    st.text(alphabet="ab*?[]!\\/^-# @.x{}", min_size=1, max_size=14).map(lambda text: text.replace("\n", "")),
    max_size=6,
)


@given(LINES)
def test_no_lines_make_the_reader_fail(lines: list[str]) -> None:
    owned = codeowners(*lines, dialect="gitlab")
    for path in ("a", "a/b", "b/a.x", "[a]", "x y"):
        assert set(owned.group_of(path)) == set(owned.of(path).owners)


def slow(pattern: str) -> re.Pattern[str]:
    """A pattern of GitLab's, without classes, as one regular expression."""
    normal = normalised(pattern)
    regexp = ""
    parts = normal[1:].split("/")
    for at, part in enumerate(parts):
        last = at == len(parts) - 1
        if part == "**" and not last:
            regexp += "(?:[^/]+/)*"
            continue
        regexp += "".join({"*": "[^/]*", "?": "[^/]"}.get(char, re.escape(char)) for char in part)
        regexp += "" if last else "/"
    return re.compile(regexp, re.DOTALL)


NAMES = ("a", "b", "ab", "docs", "a.js", "b.js", ".hid", "x.test.js", "é")
PARTS = (*NAMES, "*", "**", "*.js", "a*", "*b", "a?", "*.test.js", "?", "*s")


@pytest.mark.parametrize("seed", range(6))
def test_sections_agree_with_one_regular_expression_for_each_rule(seed: int) -> None:
    chance = random.Random(seed)

    def pattern() -> str:
        inner = "/".join(chance.choice(PARTS) for _ in range(chance.choice((1, 1, 2, 2, 3))))
        return chance.choice(("", "/")) + inner + chance.choice(("", "", "/"))

    for _ in range(25):
        names = ["", *(f"S{number}" for number in range(chance.randint(0, 3)))]
        sections = {name: [(pattern(), chance.random() < 0.1) for _ in range(chance.randint(1, 8))] for name in names}
        lines = []
        wanted: dict[str, tuple[dict[str, int], list[str]]] = {}
        for name, patterns in sections.items():
            if name:
                lines.append(f"[{name}]")
            kept: dict[str, int] = {}
            out = []
            for text, exclusion in patterns:
                lines.append(f"!{text}" if exclusion else f"{text} @u{len(lines) + 1}")
                if exclusion:
                    out.append(text)
                else:
                    kept[normalised(text)] = len(lines)
            wanted[name] = (kept, out)
        owned = codeowners(*lines, dialect="gitlab")
        for _ in range(150):
            path = "/".join(chance.choice(NAMES) for _ in range(chance.choice((1, 2, 2, 3, 4))))
            expected = []
            for kept, out in wanted.values():
                if any(slow(text).fullmatch(path) for text in out):
                    continue
                matching = [line for text, line in kept.items() if slow(text).fullmatch(path)]
                expected += matching[-1:]
            assert [entry.line for entry in owned.of(path).entries] == expected, (path, lines)
