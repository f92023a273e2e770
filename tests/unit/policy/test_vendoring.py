"""Pins: only the entries of `extends` change."""

from __future__ import annotations

import hashlib

import pytest

from vibeguard.errors import VibeguardError
from vibeguard.policy.load import load
from vibeguard.policy.source import PolicySource
from vibeguard.policy.vendoring import pinned

FILES = {
    "policies/a.yaml": b"version: 1\nrules: [{id: a, then: warn}]\n",
    "policies/b.yaml": b"version: 1\nrules: [{id: b, then: warn}]\n",
}
A, B = (hashlib.sha256(FILES[f"policies/{name}.yaml"]).hexdigest() for name in "ab")
PIN_A, PIN_B = f"{{path: policies/a.yaml, sha256: {A}}}", f"{{path: policies/b.yaml, sha256: {B}}}"


@pytest.mark.parametrize(
    ("before", "added", "after"),
    [
        ("extends: policies/a.yaml # mine", [], f"extends: {PIN_A} # mine"),
        ("extends: policies/a.yaml", ["policies/b.yaml"], f"extends: [{PIN_B}, {PIN_A}]"),
        ("extends: builtin:starter", ["policies/b.yaml"], f"extends: [{PIN_B}, builtin:starter]"),
        ("extends: [builtin:starter, 'policies/a.yaml']  # two", [], f"extends: [builtin:starter, {{path: 'policies/a.yaml', sha256: {A}}}]  # two"),
        ("extends: [builtin:starter]", ["policies/a.yaml", "policies/b.yaml"], f"extends: [{PIN_A}, {PIN_B}, builtin:starter]"),
        ("extends:\n  - builtin:starter\n  - policies/a.yaml", ["policies/b.yaml"], f"extends:\n  - {PIN_B}\n  - builtin:starter\n  - {PIN_A}"),
        ("extends:\n  - path: policies/a.yaml\n    sha256: " + "0" * 64, [], f"extends:\n  - path: policies/a.yaml\n    sha256: {A}"),
        ("extends:\n  - path: policies/a.yaml\n  - builtin:starter", [], f"extends:\n  - path: policies/a.yaml\n    sha256: {A}\n  - builtin:starter"),
        ("extends: [{path: policies/a.yaml}]", [], f"extends: [{PIN_A}]"),
        ("rules: []", ["policies/a.yaml"], f"extends: [{PIN_A}]\nrules: []"),
        ("extends: ['policies/*.yaml']", [], "extends: ['policies/*.yaml']"),
    ],
)  # fmt: skip
def test_a_file_is_pinned_where_it_is_named(before: str, added: list[str], after: str) -> None:
    head = "# a comment\nversion: 1\n"
    entry = PolicySource("p.yaml", (head + before + "\nname: x\n").encode())
    assert pinned(entry, FILES.get, added).decode() == head + after + "\nname: x\n"
    text = pinned(entry, FILES.get, added)
    assert pinned(entry._replace(text=text), FILES.get, added) == text
    assert load(entry._replace(text=text), FILES.get, lambda _: tuple(FILES)).files


def test_a_file_that_is_not_there_is_named_with_its_place() -> None:
    with pytest.raises(VibeguardError) as caught:
        pinned(PolicySource("p.yaml", b"version: 1\nextends: policies/none.yaml\n"), FILES.get)
    assert str(caught.value) == "p.yaml:2:10: there is no file policies/none.yaml"
