"""Whatever comes, goes or is emptied: a graph that is brought up to date is the one that is built anew.

On every trap of every language, file by file. What a language's `offers` or `wanted` lack, or a configuration file that
is not known as one, shows here.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from vibeguard.dependents.columns import Columns
from vibeguard.dependents.facts import Facts
from vibeguard.dependents.languages import load
from vibeguard.dependents.layers import Layer
from vibeguard.dependents.scanning import scanned
from vibeguard.dependents.snapshot import assembled

CASES: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parents[2] / "data" / "dependents" / "traps.yaml").read_text(encoding="utf-8")
)

Links = dict[str, tuple[frozenset[Any], frozenset[Any]]]


class Memory:
    """Contents by object id, an object's id being its content."""

    def scan(self, blobs: Iterable[tuple[str, str]]) -> None:
        """Nothing has to be fetched."""

    def facts(self, blob: tuple[str, str]) -> Facts:
        return scanned(load(blob[1]).scan, self.read(blob[0]))

    def read(self, oid: str) -> bytes:
        return oid.encode()


NOTHING = assembled("none", Columns({}).sections({}, (), {}))
MEMORY = Memory()


def built(tree: dict[str, str]) -> Layer:
    assert NOTHING is not None
    return Layer(NOTHING).step(tree, MEMORY)


def links(layer: Layer) -> Links:
    return {
        path: (frozenset(found.edges), frozenset(found.unresolved))
        for path, found in layer.links.items()
        if path in layer.files
    }


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_one_file_at_a_time(case: dict[str, Any]) -> None:
    files: dict[str, str] = case["files"]
    # A file that concerns nothing, so that no tree is empty.
    files = {"README": "", **files}

    whole = built(files)
    for path, content in files.items():
        if path == "README":
            continue
        rest = {name: text for name, text in files.items() if name != path}
        without = whole.step({path: None}, MEMORY)
        assert links(without) == links(built(rest)), f"without {path}"
        assert links(without.step({path: content}, MEMORY)) == links(whole), f"with {path} again"
        if content:
            emptied = whole.step({path: ""}, MEMORY)
            assert links(emptied) == links(built({**files, path: ""})), f"with nothing in {path}"
            assert links(emptied.step({path: content}, MEMORY)) == links(whole), f"with {path} as it was"


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
@settings(max_examples=10)
@given(data=st.data())
def test_from_any_of_its_trees_to_another(case: dict[str, Any], data: st.DataObject) -> None:
    files: dict[str, str] = case["files"]
    contents = st.sampled_from(sorted(set(files.values()))) | st.just("") | st.none()
    trees = [
        {
            path: found
            for path, content in files.items()
            if (found := data.draw(st.just(content) | contents, label=path)) is not None
        }
        for _ in range(2)
    ]
    before, after = ({"README": "", **tree} for tree in trees)
    changed = {path: after.get(path) for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert links(built(before).step(changed, MEMORY)) == links(built(after))


def test_a_class_that_a_gradle_script_runs_leaves_a_file_of_another_name() -> None:
    before = {"build.gradle": "main = 'o.A'\n", "src/o/Other.kt": "package o\nclass A\n", "src/o/A.kt": ""}
    after = {**before, "src/o/Other.kt": "package p\nclass B\n"}
    assert [edge.target for edge in built(before).links["build.gradle"].edges] == ["src/o/Other.kt"]
    assert links(built(before).step({"src/o/Other.kt": after["src/o/Other.kt"]}, MEMORY)) == links(built(after))
