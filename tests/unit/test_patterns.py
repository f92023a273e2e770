"""Patterns with possessive groups mean the same on Pythons whose engine has a defect there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import vibeguard
from vibeguard.patterns import compiled, mended

SOURCE = Path(vibeguard.__file__).parent


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("(?:ab?c)++", "aca", "ac"),
        ("(?:ab?c)*+", "aca", "ac"),
        ("(?:ab?c)?+", "a", ""),
        ("(?:ab?c){1,3}+", "aca", "ac"),
        ("(?:(?!C).)++", "ABC", "AB"),
        ("(?:a(?!b))*+ab", "aaab", "aaab"),
        ("(?:a(?!b))?+ab", "ab", "ab"),
        (r"(?:[^/\[]++|\[(?:[^\]]++){1,9}+\])*+", "x[y]z[never", "x[y]z"),
        (r'(?:[^"]++|"(?:[^"\n]++)*+")*+', 'a"b"c"d', 'a"b"c'),
    ],
)
def test_a_try_that_fails_half_way_takes_nothing(pattern: str, text: str, found: str) -> None:
    for match in (compiled(pattern).match(text), re.compile(mended(pattern)).match(text)):
        assert match is not None
        assert match.group() == found
    in_bytes = compiled(pattern.encode()).match(text.encode())
    assert in_bytes is not None
    assert in_bytes.group() == found.encode()


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("a*+[b)]++(?:c)*", "a*+[b)]++(?:c)*"),
        (r"\)*+\\(?:a|b)*+", r"\)*+\\(?:a|b|(?!))*+"),
        (r"[])*+](?:a){2,}+", r"[])*+](?:a|(?!)){2,}+"),
        (r"[^]\])*+](x)?+", r"[^]\])*+](x|(?!))?+"),
        (r"(?:(?:a)++b){1,3}+(?=c)", r"(?:(?:a|(?!))++b|(?!)){1,3}+(?=c)"),
    ],
)
def test_only_possessive_groups_are_mended(pattern: str, expected: str) -> None:
    assert mended(pattern) == expected


# A possessive group as it is written, and as the atomic group that it stands for, in which there is no such defect.
both = st.recursive(
    st.sampled_from(["a", "b", "[ab]", "[^a]", "a?", "b++", "(?=a)", "(?!b)", "[)]*+"]).map(lambda atom: (atom, atom)),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(
            lambda parts: ("".join(part[0] for part in parts), "".join(part[1] for part in parts))
        ),
        st.lists(inner, min_size=2, max_size=3).map(
            lambda parts: (f"(?:{'|'.join(p[0] for p in parts)})", f"(?:{'|'.join(p[1] for p in parts)})")
        ),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{1,2}"])).map(
            lambda of: (f"(?:{of[0][0]}){of[1]}+", f"(?>(?:{of[0][1]}){of[1]})")
        ),
    ),
    max_leaves=6,
)


@given(both, st.text("ab)", max_size=8))
def test_a_possessive_group_is_an_atomic_one(patterns: tuple[str, str], text: str) -> None:
    possessive, atomic = patterns
    expected = [match.span() for match in re.finditer(atomic, text)]
    assert [match.span() for match in compiled(possessive).finditer(text)] == expected
    assert [match.span() for match in re.finditer(mended(possessive), text)] == expected


def test_no_possessive_group_is_compiled_by_the_engine_itself() -> None:
    possessive = re.compile(r"(?<!\\)\)(?:[*+?]|\{[0-9,]+\})\+")
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_bytes())
        texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
        written = any(
            possessive.search(text if isinstance(text, str) else text.decode("latin-1"))
            for text in texts
            if isinstance(text, (str, bytes))
        )
        # Scanners put their patterns together of each other's parts.
        if path == SOURCE / "patterns.py" or not (written or path.parent.name == "languages"):
            continue
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if not (isinstance(node.func.value, ast.Name) and node.func.value.id == "re"):
                continue
            plain = node.args and isinstance(node.args[0], ast.Constant) and not possessive.search(ast.unparse(node))
            if node.func.attr == "compile" or (node.func.attr not in ("escape", "Match", "Pattern") and not plain):
                found.append(f"{path.relative_to(SOURCE)}:{node.lineno}")
    assert found == []
