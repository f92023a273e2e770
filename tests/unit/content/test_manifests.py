"""New dependencies: what is new, what only moved or was bumped, and manifests that cannot be read."""

from __future__ import annotations

import os
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.content.changes import Made, told
from vibeguard.content.manifests import compare
from vibeguard.content.structured import Unreadable

with open(os.path.join(os.path.dirname(__file__), "manifests.yaml"), encoding="utf-8") as _file:
    CASES = yaml.safe_load(_file)


@pytest.mark.parametrize("case", CASES, ids=[f"{number}-{case['path']}" for number, case in enumerate(CASES)])
def test_each_manifest_tells_new_names_from_new_versions(case: dict[str, Any]) -> None:
    examined = Made({case["path"]: case["before"]}, {case["path"]: case["after"]}).examined()
    assert examined.new_dependencies == tuple(case["new"])
    found = [finding for finding in examined.findings if finding.kind == "new-dependency"]
    assert len(found) == len(case["new"])
    assert case["line"] in [finding.line for finding in found]


@pytest.mark.parametrize("case", CASES, ids=[f"{number}-{case['path']}" for number, case in enumerate(CASES)])
def test_a_manifest_that_is_deleted_or_unchanged_names_nothing_new(case: dict[str, str]) -> None:
    assert Made({case["path"]: case["after"]}, {case["path"]: None}).examined().new_dependencies == ()
    assert Made({case["path"]: case["after"]}, {case["path"]: case["after"] + "\n"}).examined().new_dependencies == ()


def test_a_dependency_that_moves_to_another_manifest_is_not_new() -> None:
    before = {"requirements.txt": "requests==2\nnumpy\n", "setup.cfg": "[options]\nname = x\n"}
    after = {"requirements.txt": "numpy\n", "setup.cfg": "[options]\nname = x\ninstall_requires =\n  Requests\n"}
    assert Made(before, after).examined().new_dependencies == ()
    assert Made(before, {**after, "requirements.txt": None}).examined().new_dependencies == ()


def test_the_finding_names_ecosystem_and_place() -> None:
    assert told({}, {"package.json": '{\n"dependencies": {\n"left-pad": "1"}}\n'}, "new-dependency") == [
        ("package.json", 3, "left-pad (npm), in dependencies")
    ]


def test_a_change_without_manifests_has_no_new_dependencies() -> None:
    assert Made({}, {"a.py": "import requests\n"}).examined().new_dependencies == ()


BROKEN = [
    ("pyproject.toml", "[project\n"),
    ("pyproject.toml", b"\xff\xfe\0"[:2] + b"x"),
    ("pyproject.toml", "x = " + "[" * 5000),
    ("pyproject.toml", "x" + ".x" * 100_000 + " = 1\n"),
    ("package.json", "{"),
    ("package.json", '{"dependencies": ' + "[" * 50_000),
    ("package.json", '{"x": ' + "9" * 5000 + "}"),
    ("environment.yml", "a: b: c"),
    ("environment.yml", "[" * 100_000),
    ("environment.yml", "a: \tb\n\t- c"),
    ("pom.xml", "<project>"),
    ("pom.xml", '<!DOCTYPE x [<!ENTITY a "b">]><project>&a;</project>'),
    ("pom.xml", "<a>" * 200 + "</a>" * 200),
    ("setup.py", "def ("),
    ("setup.py", "x = " + "(" * 3000),
    ("setup.cfg", "no section\n"),
    ("package.json", '{"x": "' + "y" * (1 << 20) + '"}'),
]


@pytest.mark.parametrize(("path", "content"), BROKEN)
def test_a_manifest_that_cannot_be_parsed_leaves_new_dependencies_unknown(path: str, content: str | bytes) -> None:
    examined = Made({}, {path: content, "requirements.txt": "numpy\n"}).examined()
    if examined.files[path].opaque:  # bytes that are no text at all
        return
    assert examined.new_dependencies is None
    assert [f.path for f in examined.findings if f.kind == "unreadable"] == [path]
    assert "numpy" in str([f.text for f in examined.findings if f.kind == "new-dependency"])


def test_a_yaml_bomb_of_references_and_merges_is_read_in_no_time() -> None:
    bomb = "a0: &a0 {x: y}\n" + "".join(
        f"a{n}: &a{n}\n  <<: [" + ", ".join([f"*a{n - 1}"] * 9) + "]\n" for n in range(1, 30)
    )
    text = bomb + "dependencies: [numpy, *a29, &me [*me]]\n"
    assert Made({}, {"environment.yml": text}).examined().new_dependencies == ("numpy",)


def test_an_old_version_that_cannot_be_parsed_makes_all_names_new() -> None:
    assert Made(
        {"package.json": "{"}, {"package.json": '{"dependencies": {"a": "1"}}'}
    ).examined().new_dependencies == ("a",)


def test_a_manifest_without_content_leaves_new_dependencies_unknown() -> None:
    made = Made({}, {"package.json": '{"dependencies": {"a": "1"}}'})
    made.blobs.clear()
    assert made.examined().new_dependencies is None


LOCKS = [
    (
        "package-lock.json",
        '    "node_modules/a": {\n      "version": "1"\n',
        '    "node_modules/@x/b": {\n',
        "newly locked: @x/b",
    ),
    ("yarn.lock", "a@^1:\n  version 1\n", '"@x/b@^2":\n  version 2\n', "newly locked: @x/b"),
    ("pnpm-lock.yaml", "  a@1.0.0:\n", "  '@x/b@2.0.0':\n", "newly locked: @x/b"),
    ("poetry.lock", '[[package]]\nname = "a"\n', '[[package]]\nname = "b"\n', "newly locked: b"),
    ("Cargo.lock", '[[package]]\nname = "a"\n', '[[package]]\nname = "b"\n', "newly locked: b"),
    (
        "go.sum",
        "example.com/a v1.0.0 h1:x\n",
        "example.com/b v1.0.0 h1:x\nexample.com/a v1.1.0 h1:y\n",
        "newly locked: example.com/b",
    ),
    ("Gemfile.lock", "    a (1.0)\n", "    b (2.0)\n", "newly locked: b"),
    ("composer.lock", '            "name": "a/a",\n', '            "name": "b/b",\n', "newly locked: b/b"),
]


@pytest.mark.parametrize(("path", "before", "added", "words"), LOCKS)
def test_a_lock_file_tells_names_that_it_did_not_hold_before(path: str, before: str, added: str, words: str) -> None:
    assert [text for *_, text in told({path: before}, {path: before + added}, "locked-dependency")] == [words]
    assert told({path: before}, {path: before.replace("1", "3")}, "locked-dependency") == []


_manifests = st.sampled_from(
    sorted(
        {case["path"] for case in CASES}
        | {"deno.json", "conanfile.txt", "elm.json", "DESCRIPTION", "build.sbt", ".circleci/config.yml", "go.sum"}
    )
)


@given(_manifests, st.binary(max_size=200))
def test_any_bytes_are_parsed_or_refused(path: str, content: bytes) -> None:
    examined = Made({}, {path: content, "z": "z"}).examined()
    unreadable = [finding.path for finding in examined.findings if finding.kind == "unreadable"]
    assert (examined.new_dependencies is None) == bool(unreadable)


@given(_manifests, st.data())
def test_mutilated_manifests_are_parsed_or_refused(path: str, data: st.DataObject) -> None:
    text = next((case["after"] for case in CASES if case["path"] == path), "{}")
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    middle = data.draw(st.text(max_size=5))
    Made({path: text}, {path: text[:start] + middle + text[end:], "z": "z"}).examined()


@given(st.sampled_from(sorted(compare._BY_NAME)), st.text(max_size=100))
def test_parsers_raise_nothing_but_that_they_cannot_read(name: str, text: str) -> None:
    try:
        found = compare._BY_NAME[name].parse(text.encode("utf-8", "surrogatepass"))
    except Unreadable:
        return
    assert all(key and value for key, value in found.items())
