"""Globs over paths."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vibeguard.policy import globs

MATCHES = [
    ("src/app.py", "src/app.py", True),
    ("src/app.py", "src/App.py", False),
    ("*.py", "app.py", True),
    ("*.py", "src/app.py", False),
    ("**/*.py", "app.py", True),
    ("**/*.py", "a/b/app.py", True),
    ("src/*", "src/app.py", True),
    ("src/*", "src/a/app.py", False),
    ("src/**", "src/a/app.py", True),
    ("src/**", "src", True),
    ("src/**", "srcs/app.py", False),
    ("**/auth/**", "auth/login.py", True),
    ("**/auth/**", "a/b/auth/c/login.py", True),
    ("**/auth/**", "author/login.py", False),
    ("**/auth/**", "Auth/login.py", False),
    ("**", "any/thing", True),
    ("a/**/z", "a/z", True),
    ("a/**/z", "a/b/c/z", True),
    ("a/**/b/**/z", "a/b/b/c/z", True),
    ("docs/*.md", "docs/x.md\n", False),
    ("docs/*.md", "docs/x\ny.md", True),
    ("a?c", "abc", True),
    ("a?c", "a/c", False),
    ("*a*b*", "xxaxxbxx", True),
    ("*a*b*", "xxbxxaxx", False),
    ("a*a", "a", False),
    ("release/*", "release/1.0", True),
    (r"app/\[id\]/page.tsx", "app/[id]/page.tsx", True),
    ("caf\udce9/**", "caf\udce9/menu", True),
]


@pytest.mark.parametrize(("pattern", "path", "expected"), MATCHES)
def test_a_glob_matches_a_whole_path(pattern: str, path: str, expected: bool) -> None:
    glob = globs.parse(pattern)
    assert globs.matches(glob, path) is expected
    assert bool(globs.PathIndex(["other/file", path]).select(glob)) is (expected or pattern == "**")


@pytest.mark.parametrize(
    "pattern", ["", "/", "/src", "src/", "!x", " x", "x ", "a//b", "a/../b", "./a", "[ab].py", "[!", "{a,b}", "a**b", "a\\"]
)  # fmt: skip
def test_a_glob_that_reads_in_two_ways_is_refused_with_help(pattern: str) -> None:
    with pytest.raises(globs.GlobError) as caught:
        globs.parse(pattern)
    assert caught.value.hint


def reference(pattern: str) -> re.Pattern[str]:
    """The same language as a regular expression, built in the plainest way."""
    parts = pattern.split("/")
    out = ""
    for at, part in enumerate(parts):
        last = at == len(parts) - 1
        below = not last and all(rest == "**" for rest in parts[at + 1 :])
        if part == "**":
            out += "(?:[^/]+(?:/|$))*"
        else:
            out += re.escape(part).replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
            if below:
                out += "(?:/.*)?"
                break
            out += "" if last else "/"
    return re.compile(out, re.DOTALL)


segments = st.sampled_from(["a", "b", "ab", "**", "*", "a*", "*b", "?", "a?", "*a*", "."])
names = st.sampled_from(["a", "b", "ab", "aab", "ba", "c"])


@given(st.lists(segments.filter(lambda s: s != "."), min_size=1, max_size=5), st.lists(names, min_size=1, max_size=5))
@settings(max_examples=500, deadline=None)
def test_the_matcher_agrees_with_a_plain_regular_expression(pattern: list[str], path: list[str]) -> None:
    text, whole = "/".join(pattern), "/".join(path)
    expected = reference(text).fullmatch(whole) is not None
    glob = globs.parse(text)
    assert globs.matches(glob, whole) is expected
    assert (whole in globs.PathIndex([whole, "q/r"]).select(glob)) is expected


def test_no_pattern_is_expensive() -> None:
    started = time.process_time()
    for pattern in ("**/" * 100 + "x", "*a" * 200, "**/*a*/" * 50 + "z", "*" + "?a*" * 100):
        glob = globs.parse(pattern)
        globs.matches(glob, "a/" * 300 + "a" * 300)
        globs.matches(glob, "a" * 4000)
    assert time.process_time() - started < 5  # catastrophic ones take hours; this takes milliseconds


@given(st.text(max_size=40), st.text(max_size=40))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_glob_or_refused(pattern: str, path: str) -> None:
    try:
        glob = globs.parse(pattern)
    except globs.GlobError:
        return
    globs.matches(glob, path)
