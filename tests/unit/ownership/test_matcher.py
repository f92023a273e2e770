"""The index against a slow reading of the same patterns: one regular expression for each rule."""

from __future__ import annotations

import random
import re

import pytest

from tests.unit.ownership.facts import codeowners

NAMES = ("a", "b", "ab", "foo", "bar", "a.js", "b.js", "foo.js", "x.test.js", "[a]", ".hid", "a b", "é", "foo_bar")
PARTS = (*NAMES, "*", "**", "*.js", "f*", "*o", "a?", "*a*b*", "foo*", "*.test.js", "?", "*b*", "\\*", "f\\oo", "a*o")


def slow(pattern: str) -> re.Pattern[str]:
    """A pattern of GitHub's as one regular expression, put together segment by segment."""
    if pattern == "/":
        return re.compile("(?!)")
    parts = pattern.split("/")
    if not parts[0]:
        parts = parts[1:]
    elif len([part for part in parts if part]) == 1:
        parts = ["**", *parts]
    reach = "(?:/.+)?"
    if not parts[-1]:
        parts, reach = parts[:-1], "/.+"
        if parts in (["**"], ["**", "**"]):
            parts = ["**", "*"]
    while parts and parts[-1] == "**":
        parts, reach = parts[:-1], "/.+"
    if not parts:
        return re.compile(".+", re.DOTALL)
    if parts[-1] == "*" and reach == "(?:/.+)?":
        reach = ""
    regexp = ""
    for at, part in enumerate(parts):
        if part == "**":
            regexp += "(?:[^/]+/)*"
            continue
        characters = iter(part)
        for char in characters:
            if char == "\\":
                regexp += re.escape(next(characters))
            else:
                regexp += {"*": "[^/]+" if part == "*" else "[^/]*", "?": "[^/]"}.get(char, re.escape(char))
        regexp += "/" if at < len(parts) - 1 else ""
    return re.compile(regexp + reach, re.DOTALL)


@pytest.mark.parametrize("seed", range(8))
def test_the_index_agrees_with_one_regular_expression_for_each_rule(seed: int) -> None:
    chance = random.Random(seed)

    def pattern() -> str:
        inner = "/".join(chance.choice(PARTS) for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 4))))
        return chance.choice(("", "/")) + inner.replace(" ", "\\ ") + chance.choice(("", "", "/"))

    for _ in range(32):
        patterns = [pattern() for _ in range(chance.randint(1, 25))]
        owned = codeowners(*(f"{text} @u{number}" for number, text in enumerate(patterns)))
        assert not owned.problems
        expressions = [slow(text) for text in patterns]
        for _ in range(500):
            path = "/".join(chance.choice(NAMES) for _ in range(chance.choice((1, 2, 2, 3, 3, 4, 5))))
            wanted = max((at for at, one in enumerate(expressions, 1) if one.fullmatch(path)), default=None)
            assert owned.of(path).line == wanted, (path, patterns)
