"""Files that cannot be judged line by line, and why."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.content.changes import NONE, Made
from vibeguard.content.examine import classify_change, examine
from vibeguard.content.opaque import REASONS
from vibeguard.model import Change, FileChange

OID = "a" * 64
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{OID}\nsize 12345\n"


def notebook(outputs: list[object]) -> str:
    return json.dumps({"cells": [{"cell_type": "code", "outputs": outputs, "source": ["1"]}]}, indent=1)


OPAQUE: list[tuple[str, str | bytes, str, str]] = [
    ("tool.py", b"\x7fELF\x02\x01\x01\0\0", "executable", "an ELF executable, by its name python"),
    ("tool.py", b"MZ\x90\0\x03\0\0\0", "executable", "a Windows executable"),
    ("a.json", b"PK\x03\x04rest", "archive", "a ZIP archive"),
    ("a.txt", b"\x1f\x8b\x08rest", "archive", "gzip"),
    ("model.bin", b"\0\1\2", "binary", "binary content"),
    ("a.py", b"x = 1\n" * 3000 + b"\0", "binary", "binary content"),
    ("a.txt", "héllo".encode("utf-16"), "utf-16", "UTF-16"),
    ("a.txt", "hello".encode("utf-16-le"), "binary", "binary content"),
    ("model.bin", POINTER, "lfs", "a Git LFS pointer to 12345 bytes (sha256 aaaaaaaaaaaa)"),
    ("data.csv", POINTER.replace("size 12345", "size many"), "lfs", "a malformed Git LFS pointer"),
    ("data.csv", POINTER.replace(OID, "abc"), "lfs", "a malformed Git LFS pointer"),
    ("data.csv", POINTER + "x" * 2000, "lfs", "a malformed Git LFS pointer"),
    ("a.ipynb", notebook([{"data": {"image/png": "iVBOR"}}]), "notebook", "a notebook with outputs"),
    ("a.js", "x=1;" * 2000 + "\n", "minified", "a line of 8000 characters"),
    ("a.min.js", "x=1\n", "minified", "too long"),
    ("vars.yml", "$ANSIBLE_VAULT;1.1;AES256\n6162\n", "encrypted", "Ansible Vault"),
    ("doc.txt", b"%PDF-1.4 text", "binary", "a PDF document"),
    ("big.txt", "x\n" * (6 << 20), "oversized", "12 MiB"),
]


@pytest.mark.parametrize(("path", "content", "reason", "words"), OPAQUE)
def test_opaque_content_is_told_from_text_by_its_bytes(
    path: str, content: str | bytes, reason: str, words: str
) -> None:
    # as git gives it: no lines are needed for the decision
    raw = content.encode() if isinstance(content, str) else content
    file = FileChange(path, "A", "000000", "100644", NONE, "a" * 40)
    made = Made({}, {path: content}) if len(raw) < 100_000 else None
    hunks = made.hunks if made else lambda _: ()
    examined = examine(Change("staged", None, None, (file,)), hunks, lambda _: raw)
    assert examined.files[path].opaque == reason
    (finding,) = [finding for finding in examined.findings if finding.kind == "opaque"]
    assert words in finding.text


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("a.py", "x = 1\n"),
        ("a.ipynb", notebook([])),
        ("lib.a", "text after all\n"),
        ("data.json", '{"x": "' + "y" * 20_000 + '"}\n'),
        ("MZ.md", "MZ is how it begins\n"),
        ("a.md", "version https://example.com/spec\n"),
        ("empty.bin", ""),
        ("a.py", "# caf\u00e9\n"),
    ],
)
def test_text_is_not_opaque_whatever_it_is_called(path: str, content: str) -> None:
    examined = Made({}, {path: content, "other": "x"}).examined()
    assert examined.files[path].opaque == ""
    assert "binary" not in examined.files[path].kinds
    assert [finding for finding in examined.findings if finding.path == path] == []


def test_a_submodule_is_opaque_and_says_from_where_to_where_it_moves() -> None:
    file = FileChange("lib", "M", "160000", "160000", "a" * 40, "b" * 40)
    change = Change("staged", None, None, (file,))
    examined = examine(change, lambda _: (), lambda _: None)
    for content in (classify_change(change), examined):
        assert content.findings[0].text.endswith("moved from aaaaaaaaaaaa to bbbbbbbbbbbb")
    assert examined.files["lib"].kinds == {"submodule"}
    assert examined.files["lib"].opaque == "submodule"


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("/etc/passwd", "absolute path"),
        ("../../etc/passwd", "out of the repository"),
        ("a/../../../x", "out of the repository"),
        ("C:\\Windows", "absolute path"),
        ("x\ndiff --git a/x b/x\n@@ -1 +1 @@\n+y", "no path"),
        ("x" * 5000, "no path"),
        ("../.git/config", "points into .git"),
    ],
)
def test_a_symlink_that_leads_astray_is_reported_and_not_followed(target: str, words: str) -> None:
    examined = Made({}, {"src/link.py": target}, {"src/link.py": "120000"}).examined()
    (finding,) = examined.findings
    assert finding.kind == "symlink"
    assert words in finding.text
    assert len(finding.text) <= 200


def test_a_symlink_within_the_repository_is_nothing_to_report() -> None:
    assert Made({}, {"src/link.py": "../lib/a.py"}, {"src/link.py": "120000"}).examined().findings == ()


def test_a_file_that_becomes_a_symlink_is_reported() -> None:
    file = FileChange("CODEOWNERS", "T", "100644", "120000", "a" * 40, "b" * 40)
    examined = examine(Change("staged", None, None, (file,)), lambda _: (), {"b" * 40: b"docs/x"}.get)
    assert [(f.kind, f.text) for f in examined.findings] == [("symlink", "a file becomes a symbolic link")]
    assert examined.files["CODEOWNERS"].kinds == {"policy"}


@given(st.binary(max_size=300), st.sampled_from(["a.py", "a.ipynb", "a.min.js", "x", "a.bin", "a.json"]))
def test_any_content_is_judged_with_a_known_reason(content: bytes, path: str) -> None:
    facts = Made({}, {path: content, "z": "z"}).examined().files.get(path)
    assert facts is None or facts.opaque == "" or facts.opaque in REASONS
