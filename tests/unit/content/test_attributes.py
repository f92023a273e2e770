"""Edits of .gitattributes and .gitmodules that hide changes or lead elsewhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.content.changes import Made, told


def attributes(line: str, path: str = ".gitattributes") -> list[str]:
    return [text for *_, text in told({path: "* text=auto\n"}, {path: f"* text=auto\n{line}\n"}, "attributes")]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("src/*.py -diff", "shown as binary"),
        ("*.py binary", "shown as binary"),
        ("secret.py linguist-generated", "fold its changes away"),
        ("secret.py linguist-generated=true", "fold its changes away"),
        ("*.go linguist-vendored", "somebody else's"),
        ("*.c filter=evil", "rewrites its content"),
        ("*.c diff=evil", "another program"),
        ("*.c working-tree-encoding=UTF-16", "another encoding"),
        ("*.csv filter=lfs diff=lfs merge=lfs -text", "outside of the repository"),
    ],
)
def test_an_attribute_that_hides_changes_is_reported(line: str, words: str) -> None:
    (text,) = attributes(line)
    assert words in text
    assert attributes(line, "src/.gitattributes") == [text]


@pytest.mark.parametrize(
    "line",
    [
        "*.png binary",
        "*.sh text eol=lf",
        "*.py diff=python",
        "# *.py -diff",
        "x linguist-generated=false",
        "",
        "*.psd filter=lfs diff=lfs merge=lfs -text",
    ],
)
def test_harmless_attributes_are_not_reported(line: str) -> None:
    assert attributes(line) == []


def test_a_moved_attribute_is_not_new() -> None:
    before = "*.py -diff\n* text\n"
    assert told({".gitattributes": before}, {".gitattributes": "* text\n*.py   -diff\n"}, "attributes") == []


def test_edits_of_gitmodules_say_where_submodules_come_from_without_passwords() -> None:
    text = (
        '[submodule "lib"]\n\tpath = lib\n\turl = https://zoe:hunter2@example.com/lib.git\n'
        "\tignore = all\n\tupdate = !touch x\n\tshallow = true\n"
    )
    found = [text for *_, text in told({}, {".gitmodules": text}, "submodule")]
    assert found == [
        "a submodule stands at lib",
        "a submodule is fetched from https://…@example.com/lib.git",
        "changes of a submodule are hidden from git diff and git status (ignore = all)",
        "a submodule is updated by !touch x, which runs a command",
    ]


@given(st.sampled_from([".gitattributes", ".gitmodules"]), st.binary(max_size=200))
def test_any_bytes_are_read_and_findings_have_lines(path: str, content: bytes) -> None:
    for finding in Made({}, {path: content, "z": "z"}).examined().findings:
        assert finding.line is None or finding.line >= 1
