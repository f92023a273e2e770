"""Formats read under limits: what they hold, and what is refused."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from vibeguard.content import structured
from vibeguard.content.structured import Unreadable

_keys = st.text(alphabet="abc.d-", min_size=1, max_size=5)
_values = st.recursive(
    st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=3),
    max_leaves=12,
)


@given(_values)
def test_yaml_of_strings_comes_back_as_it_went_in(value: object) -> None:
    text = yaml.safe_dump(value, allow_unicode=True, default_style='"')
    assert structured.yaml(text.encode()) == [value]


@given(_values)
def test_json_with_comments_is_json_without_them(value: object) -> None:
    text = json.dumps(value, indent=1).replace("\n", ' // a " comment\n').replace("[", "[ /* [ */ ", 1)
    if "[" not in str(value):
        assert structured.json(text.encode(), comments=True) == value
    assert structured.json(json.dumps(value).encode(), comments=True) == value


def test_trailing_commas_and_strings_that_look_like_comments_survive() -> None:
    text = '{"a": ["// no", "/* no */", "\\"", ], /* x */ "b": 1, // y\n}'
    assert structured.json(text.encode(), comments=True) == {"a": ["// no", "/* no */", '"'], "b": 1}


def test_yaml_reads_scalars_as_text_aliases_as_what_they_share_and_merge_keys_as_keys() -> None:
    text = "a: &x {n: no}\nb: *x\nc: {<<: *x}\nd: &me [*me]\ne: !!python/object:os.system x\n---\n- 1\n"
    shared = {"n": "no"}
    assert structured.yaml(text.encode()) == [
        {"a": shared, "b": shared, "c": {"<<": shared}, "d": [None], "e": "x"},
        ["1"],
    ]


@pytest.mark.parametrize(
    ("read", "content"),
    [
        (structured.yaml, b"[" * 60 + b"]" * 60),
        (structured.yaml, b"- a\n" * 200_000),
        (structured.yaml, b"\xff"),
        (structured.toml, b"a = 1\na = 2"),
        (structured.toml, b"a = " + b"[" * 100_000),
        (structured.json, b"{"),
        (structured.json, b"[" * 100_000),
        (structured.ini, b"no section"),
        (structured.ini, b"x" * (2 << 20)),
    ],
    ids=range(9),
)
def test_what_cannot_be_read_is_said_in_one_line(read: object, content: bytes) -> None:
    with pytest.raises(Unreadable) as error:
        read(content)  # type: ignore[operator]
    assert str(error.value)
    assert "\n" not in str(error.value)


@given(st.binary(max_size=100), st.sampled_from([structured.yaml, structured.toml, structured.json, structured.ini]))
def test_any_bytes_are_read_or_refused(content: bytes, read: object) -> None:
    try:
        read(content)  # type: ignore[operator]
    except Unreadable as error:
        assert "\n" not in str(error)


def test_flattening_names_leaves_by_path_and_entries_by_what_they_are_about() -> None:
    value = {"a": {"b": 1, "c": [1, 2]}, "d": [{"module": "x", "on": True}, {"on": False}]}
    assert structured.flat(value) == {"a.b": 1, "a.c": [1, 2], "d.x.module": "x", "d.x.on": True, "d.1.on": False}


def test_flattening_shared_references_ends() -> None:
    node: dict[str, object] = {"x": 1}
    for _ in range(60):
        node = {str(n): node for n in range(9)}
    assert len(structured.flat(node)) <= 2 * structured.ENTRIES
