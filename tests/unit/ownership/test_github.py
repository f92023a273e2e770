"""GitHub's CODEOWNERS, by facts first and by what bad files do after."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.ownership.facts import codeowners, facts, tree
from vibeguard.ownership import load
from vibeguard.ownership.github import is_owner
from vibeguard.ownership.lookup import LIMITS

FACTS = facts("github")


@pytest.mark.parametrize("fact", FACTS["patterns"], ids=lambda fact: fact["pattern"])
def test_a_pattern_matches_what_github_says(fact: dict[str, Any]) -> None:
    owned = codeowners(f"{fact['pattern']} @owner")
    assert not owned.problems
    for path in fact["matches"]:
        assert owned.of(path).owners == ("@owner",), path
    for path in fact["misses"]:
        assert owned.of(path).owners == (), path


@pytest.mark.parametrize("fact", FACTS["files"], ids=lambda fact: fact["id"])
def test_a_file_says_of_a_path_what_github_says(fact: dict[str, Any]) -> None:
    owned = codeowners(*fact["lines"])
    for lookup in fact["lookups"]:
        owner = owned.of(lookup["path"])
        assert (list(owner.owners), owner.line) == (lookup["owners"], lookup["line"])
        assert owned.group_of(lookup["path"]) == tuple(sorted(lookup["owners"]))
    assert [{"line": problem.line, "kind": problem.kind} for problem in owned.problems] == fact["problems"]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("!x @b", "negation"),
        ("a/***/b @b", "triple-star"),
        ("*** @b", "triple-star"),
        ("x missing-at-sign", "bad-owner"),
        ("x @good docs@", "bad-owner"),
        ("x @org/team/more", "bad-owner"),
        ("x @", "bad-owner"),
        ("\\#x @b", "escaped-hash"),
        ("x\\", "trailing-backslash"),
    ],
)
def test_a_line_that_github_cannot_read_is_passed_over_and_reported(line: str, kind: str) -> None:
    owned = codeowners("* @a", "", line)
    assert [(problem.kind, problem.path, problem.line) for problem in owned.problems] == [(kind, "CODEOWNERS", 3)]
    assert owned.of("x").owners == ("@a",)
    assert owned.of("a/x/b").line == 1


def test_an_owner_less_line_takes_ownership_away_and_says_which_line_did() -> None:
    owner = codeowners("* @a", "/docs/").of("docs/x")
    assert (owner.owners, owner.line) == ((), 2)
    assert "line 2" in owner.why


def test_a_comment_may_begin_anywhere() -> None:
    owned = codeowners("a @a#comment", "b#comment @b", "# c @c")
    assert owned.of("a").owners == ("@a",)
    assert (owned.of("b").owners, owned.of("b").line) == ((), 2)
    assert owned.of("c").line is None


def test_blanks_of_other_scripts_are_part_of_a_name() -> None:
    assert codeowners("a\u00a0b @a").of("a\u00a0b").owners == ("@a",)
    assert codeowners("a\x0cb @a").of("a\x0cb").owners == ("@a",)


def test_a_file_with_windows_line_ends_and_a_byte_order_mark_is_read() -> None:
    owned = load(tree(CODEOWNERS=b"\xef\xbb\xbf*.js @a\r\n/docs/ @b\r\n").get)
    assert owned.of("x.js").owners == ("@a",)
    assert owned.of("docs/x").owners == ("@b",)
    assert [(problem.kind, problem.line) for problem in owned.problems] == [("byte-order-mark", 1)]


def test_a_line_that_is_not_utf8_matches_by_its_bytes_and_is_reported() -> None:
    owned = load(tree(CODEOWNERS=b"* @a\n/caf\xe9/ @b\n").get)
    assert owned.of(b"caf\xe9/x".decode("utf-8", "surrogateescape")).owners == ("@b",)
    assert [(problem.kind, problem.line) for problem in owned.problems] == [("not-utf-8", 2)]


@pytest.mark.parametrize(
    "path", ["a\nb", ":a", "-a", "!a", "#a", "~a", "@a", "a\tb", "a\\b", "[/foo]", "a/" * 300 + "b"]
)
def test_odd_paths_are_matched_as_they_are(path: str) -> None:
    assert codeowners("* @a").of(path).owners == ("@a",)
    assert codeowners("*\\\\b @a").of("a\\b").owners == ("@a",)
    assert codeowners("a?b @a").of("a\nb").owners == ("@a",)


def test_a_file_at_githubs_limit_is_not_in_force_and_one_below_is() -> None:
    line = b"* @a\n"
    below = line + b"#" * (LIMITS["github"] - len(line) - 1)
    assert load(tree(CODEOWNERS=below).get).of("x").owners == ("@a",)
    owned = load(tree(CODEOWNERS=below + b"#").get)
    assert owned.exists
    assert owned.of("x").owners == ()
    assert [problem.kind for problem in owned.problems] == ["unusable-file"]
    assert "3,145,728" in owned.of("x").why


def test_a_binary_file_is_reported_and_not_guessed_at() -> None:
    owned = load(tree(CODEOWNERS="* @a\n".encode("utf-16")).get)
    assert owned.unusable
    assert owned.of("x").owners == ()


@pytest.mark.parametrize("text", ["@a", "@a-b", "@a_b", "@org/team", "@org/team_x", "a@b.co", "a.b+c@d-e.example"])
def test_an_owner_is_a_user_a_team_or_an_address(text: str) -> None:
    assert is_owner(text)


@pytest.mark.parametrize("text", ["a", "@", "@/", "@a/", "@/b", "@a/b/c", "a@", "@a.b", "a@b", "a@b@c.d", "@é", "@@a"])
def test_anything_else_is_no_owner(text: str) -> None:
    assert not is_owner(text)


@given(st.binary(max_size=200), st.text(min_size=1, max_size=20))
def test_no_bytes_make_the_reader_fail(content: bytes, path: str) -> None:
    owned = load(tree(CODEOWNERS=content).get)
    owner = owned.of(path)
    assert owned.group_of(path) == tuple(sorted(owner.owners))
    assert len(owned.rules) + len(owned.problems) >= 0
    for rule in owned.rules:
        assert content.decode("utf-8", "surrogateescape").split("\n")[rule.line - 1].find(rule.pattern) >= 0


_PART = st.sampled_from(["a", "b", "c.py", "*", "*.py", "a*", "**"])
_PATTERN = st.tuples(st.sampled_from(["", "/"]), st.lists(_PART, min_size=1, max_size=3), st.sampled_from(["", "/"]))
_PATH = st.lists(st.sampled_from(["a", "b", "ab", "c.py"]), min_size=1, max_size=4).map("/".join)


@given(st.lists(_PATTERN, max_size=6), st.lists(_PATH, max_size=12))
def test_counted_together_paths_have_the_groups_that_each_has(
    patterns: list[tuple[str, list[str], str]], paths: list[str]
) -> None:
    lines = [f"{head}{'/'.join(parts)}{tail} @o{number}" for number, (head, parts, tail) in enumerate(patterns)]
    owned = codeowners("\n".join(lines))
    assert owned.count_groups(paths) == Counter(owned.group_of(path) for path in set(paths))
