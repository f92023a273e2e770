"""Gitea's and Forgejo's CODEOWNERS: regular expressions, all of which count."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.ownership.facts import codeowners, facts, tree
from vibeguard.ownership import load
from vibeguard.ownership.gitea import words_of


@pytest.mark.parametrize("fact", facts("gitea")["patterns"], ids=lambda fact: fact["pattern"])
@pytest.mark.parametrize("escaped", [False, True])
def test_a_pattern_matches_what_gitea_says(fact: dict[str, Any], escaped: bool) -> None:
    pattern = fact["pattern"].replace("\\", "\\\\") if escaped else fact["pattern"]
    owned = codeowners(f"{pattern} @owner", dialect="gitea")
    for path in fact["matches"]:
        assert owned.of(path).owners == ("@owner",), path
    for path in fact["misses"]:
        assert owned.of(path).owners == (), path


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", []),
        ("# comment", []),
        ("!.* @u @o/t", ["!.*", "@u", "@o/t"]),
        ("a\\\\.js\t@u #c", ["a\\.js", "@u"]),
        ("\\#path @u", ["#path", "@u"]),
        ("a\\ b/ @u", ["a b/", "@u"]),
        ("a @u#c", ["a", "@u"]),
    ],
)
def test_backslashes_belong_to_the_line_before_they_belong_to_the_expression(line: str, words: list[str]) -> None:
    assert words_of(line) == words


def test_every_rule_that_matches_counts_and_the_first_line_stands_for_the_path() -> None:
    owner = codeowners(".* @a", "docs/.* @b @a", "!docs/.* @c", dialect="gitea").of("docs/x")
    assert owner.owners == ("@a", "@b")
    assert [entry.line for entry in owner.entries] == [1, 2]
    assert owner.line == 1
    assert codeowners(".* @a", "!docs/.* @c", dialect="gitea").of("src/x").owners == ("@a", "@c")


def test_a_slash_at_the_front_is_the_root() -> None:
    owned = codeowners("/docs/.* @a", "!/docs/.* @b", dialect="forgejo")
    assert owned.of("docs/x").owners == ("@a",)
    assert owned.of("x/docs/x").owners == ("@b",)


def test_an_alternation_at_the_top_is_not_held_by_the_anchors_as_on_the_forge() -> None:
    owned = codeowners("a|b @a", dialect="gitea")
    assert owned.of("a/x").owners == ("@a",)
    assert owned.of("x/b").owners == ("@a",)
    assert owned.of("x/a").owners == ()


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("(a @u", "bad-regexp"),
        ("a(?=b) @u", "bad-regexp"),
        ("(a)\\\\1 @u", "bad-regexp"),
        ("a", "no-owners"),
        ("a @o/t/u", "bad-owner"),
        ("a x@y.example", "bad-owner"),
    ],
)
def test_a_line_that_gitea_cannot_use_is_passed_over_and_reported(line: str, kind: str) -> None:
    owned = codeowners(".* @a", line, dialect="gitea")
    assert owned.problems[0].kind == kind
    assert {problem.line for problem in owned.problems} == {2}
    assert owned.of("a").owners == ("@a",)


def test_an_expression_that_makes_others_hang_is_answered_at_once() -> None:
    owned = codeowners("(a+)+$ @a", "(.*a){12}x @b", "(x+x+)+y @c", dialect="gitea")
    assert owned.of("a" * 4000 + "b").owners == ()


@given(st.binary(max_size=120), st.text(min_size=1, max_size=20))
def test_no_bytes_make_the_reader_fail(content: bytes, path: str) -> None:
    owned = load(tree(CODEOWNERS=content).get, dialect="gitea")
    assert set(owned.group_of(path)) == set(owned.of(path).owners)
