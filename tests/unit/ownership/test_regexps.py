"""Go's regular expressions against Python's, where both mean the same, and where Go is on its own."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibeguard.ownership.regexps import Regexp, RegexpError

ATOMS = (
    "a",
    "b",
    "c",
    ".",
    "[ab]",
    "[^a]",
    "[a-c]",
    "\\d",
    "\\w",
    "\\.",
    "/",
    "^",
    "$",
    "\\b",
    "(?:a|b)",
    "(a|bc)",
    "",
)


def random_expression(chance: random.Random, depth: int = 0) -> str:
    text = ""
    for _ in range(chance.randint(1, 4)):
        if depth < 2 and chance.random() < 0.3:
            other = chance.choice(("", "|" + random_expression(chance, depth + 1)))
            atom = f"({random_expression(chance, depth + 1)}{other})"
        else:
            atom = chance.choice(ATOMS)
        count = chance.choice(("", "", "", "*", "+", "?", "{1,2}", "{2}", "{1,}", "*?"))
        text += atom if atom in {"", "^", "$", "\\b"} else atom + count
    return text


@pytest.mark.parametrize("seed", range(4))
def test_expressions_that_mean_the_same_to_python_match_the_same(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(600):
        text = random_expression(chance)
        ours, theirs = Regexp(text), re.compile(text.replace("$", "\\Z"))
        for _ in range(8):
            subject = "".join(chance.choice("abcx./-1A\n") for _ in range(chance.randint(0, 7)))
            assert ours.search(subject) == bool(theirs.search(subject)), (text, subject)


@pytest.mark.parametrize(
    ("expression", "matches", "misses"),
    [
        ("^[[:alpha:]]+$", ["abc"], ["a1", ""]),
        ("^[^[:^digit:]]$", ["1"], ["a"]),
        ("\\pL", ["é"], ["1"]),
        ("^\\p{Lu}\\P{Lu}$", ["Aa"], ["AA"]),
        ("^\\p{^Lu}$", ["a"], ["A"]),
        ("(?i)^readme$", ["README", "readme"], ["readm"]),
        ("a(?i:b)c", ["aBc"], ["aBC"]),
        ("(?i)[a-c]", ["B"], ["D"]),
        ("(?s)a.b", ["a\nb"], []),
        ("a.b", ["axb"], ["a\nb"]),
        ("(?m)^b$", ["a\nb\nc"], ["ab"]),
        ("^b$", ["b"], ["a\nb", "b\n"]),
        ("\\Qa.b\\E+", ["a.bb"], ["axb"]),
        ("(?P<name>a)(?<other>b)", ["ab"], ["a"]),
        ("\\x41\\x{42}\\103\\04", ["ABC\x04"], []),
        ("a{,2}", ["a{,2}"], ["aa"]),
        ("a{2", ["a{2"], ["aa"]),
        ("[]a]", ["]", "a"], ["b"]),
        ("[^]a]", ["b"], ["]"]),
        ("[a-]", ["-", "a"], ["b"]),
        ("\\Bb", ["ab"], ["b"]),
        ("\\Aa\\z", ["a"], ["a\n"]),
        ("", [""], []),
        ("a||b", ["x"], []),
    ],
)
def test_what_go_alone_reads_means_what_it_means_to_go(expression: str, matches: list[str], misses: list[str]) -> None:
    regexp = Regexp(expression)
    assert all(regexp.search(text) for text in matches)
    assert not any(regexp.search(text) for text in misses)


@pytest.mark.parametrize(
    "expression",
    [
        *("(", ")", "a(?=b)", "(?<=a)b", "(?!a)", "\\1", "(?P=n)", "*", "a**", "a{2}{3}", "[b-a]", "[a", "[[:x:]]"),
        *("a{1001}", "a{2,1}", "\\", "\\8", "\\p{Greek}", "\\xzz", "(?z)", "(?P<a b>x)"),
        *("(" * 5000, "((a{1000}){1000}){1000}", "((){1000}){1000}", "(?i"),
    ],
)
def test_what_go_would_refuse_or_what_is_too_large_is_an_error_at_once(expression: str) -> None:
    with pytest.raises(RegexpError):
        Regexp(expression)


@given(st.text(alphabet="ab|()[]{}*+?^$\\.-,1:PQEdwpL<>iss", max_size=12), st.text(alphabet="ab1.\n", max_size=6))
def test_no_text_makes_the_parser_fail_otherwise(expression: str, subject: str) -> None:
    try:
        regexp = Regexp(expression)
    except RegexpError:
        return
    assert regexp.search(subject) in {True, False}
