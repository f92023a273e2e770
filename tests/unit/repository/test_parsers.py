"""Properties of the parsers: whatever the bytes, a result or our own error; what was written is what is read."""

from __future__ import annotations

import difflib
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import Repo
from tests.unit.repository.reading import between, staged
from vibeguard.errors import VibeguardError
from vibeguard.model import FileChange, Hunk
from vibeguard.repository.commits import parse_commit, parse_identity
from vibeguard.repository.hunks import hunks, read_with_unidiff, scan
from vibeguard.repository.raw import parse_raw
from vibeguard.repository.sections import count_lines, sections

OID = st.text("0123456789abcdef", min_size=40, max_size=40)
MODE = st.sampled_from(["000000", "100644", "100755", "120000", "160000"])
PATH = st.binary(min_size=1, max_size=20).map(lambda raw: raw.replace(b"\0", b"?"))
RECORD = st.tuples(MODE, MODE, OID, OID, st.sampled_from("AMDTU"), PATH)
LINE = st.text(st.characters(exclude_characters="\n", codec="utf-8"), max_size=12)


@given(st.lists(RECORD, max_size=8))
def test_records_are_read_as_they_were_written(records: list[tuple[str, str, str, str, str, bytes]]) -> None:
    raw = b"".join(f":{a} {b} {c} {d} {e}\0".encode() + path + b"\0" for a, b, c, d, e, path in records)
    assert [
        (file.mode_before, file.mode_after, file.blob_before, file.blob_after, file.status, os.fsencode(file.path))
        for file in parse_raw(raw)
    ] == records


@given(st.binary(max_size=200))
def test_any_bytes_are_records_or_our_error(raw: bytes) -> None:
    try:
        parse_raw(raw)
    except VibeguardError as error:
        assert error.kind == "GIT"


@st.composite
def patches(draw: st.DrawFn) -> tuple[bytes, int, int]:
    """One file's patch made of two random texts, with its counts."""
    before, after = draw(st.lists(LINE, max_size=12)), draw(st.lists(LINE, max_size=12))
    body = [
        line if line.endswith("\n") else line + "\n"
        for line in difflib.unified_diff([f"{line}\n" for line in before], [f"{line}\n" for line in after], n=1)
    ][2:]
    added = sum(line.startswith("+") for line in body)
    deleted = sum(line.startswith("-") for line in body)
    header = "diff --git a/x b/x\nindex 1..2 100644\n" + ("--- a/x\n+++ b/x\n" if body else "")
    return (header + "".join(body)).encode(), added, deleted


@given(st.lists(patches(), max_size=5), st.integers(1, 50), st.integers(1, 400))
def test_sections_are_the_same_however_the_stream_is_cut(
    parts: list[tuple[bytes, int, int]], size: int, limit: int
) -> None:
    whole = b"".join(patch for patch, _, _ in parts)
    blocks = iter([whole[at : at + size] for at in range(0, len(whole), size)])
    found = list(sections(lambda: next(blocks, b""), b"", limit))
    assert [(one.size, one.added, one.deleted) for one in found] == [(len(p), a, d) for p, a, d in parts]
    for section, (patch, _, _) in zip(found, parts, strict=True):
        assert section.patch in (patch, None)
        assert section.patch == patch or len(patch) > limit


@given(patches())
def test_the_scanner_and_unidiff_agree(part: tuple[bytes, int, int]) -> None:
    patch, added, deleted = part
    assert count_lines(patch) == (added, deleted)
    body = patch.find(b"\n@@ -") + 1
    if body:
        assert scan(patch[body:]) == read_with_unidiff(patch[body:])


@pytest.mark.parametrize(
    "content", ["a\rb", "a\x0cb\x0bc\x1cd\x1ee\x85", "\u2028\u2029", "--- a/x", "+++ b/x", "@@ -1 +1 @@", ""]
)
def test_both_readers_split_lines_at_newlines_only(repo: Repo, content: str) -> None:
    first = repo.commit("first", {"f": f"x\n{content}\ny\n"})
    second = repo.commit("second", {"f": f"x\ny\n{content}\n{content}"})
    (file,) = between(repo, first, second).files
    assert file.patch is not None
    body = file.patch[file.patch.find(b"\n@@ -") + 1 :]
    assert scan(body) == read_with_unidiff(body) == list(hunks(file))


@given(st.binary(max_size=200))
def test_any_bytes_are_hunks_or_our_error(raw: bytes) -> None:
    file = FileChange("x", "M", "100644", "100644", "1", "2", patch=b"diff --git a/x b/x\n@@ -1 +1 @@\n" + raw)
    for read in (scan, read_with_unidiff, lambda _: hunks(file)):
        try:
            found = read(b"@@ -1,2 +1 @@\n" + raw)
        except VibeguardError as error:
            assert error.kind == "GIT"
        else:
            assert all(isinstance(hunk, Hunk) for hunk in found)


HEADER = st.sampled_from(
    b"tree 1|parent 2|author A <a@b> 1 +0000|author|committer <> x|encoding x|gpgsig ---| continued||mergetag object|"
    b"author A <a@b> 99999999999999999999 +0000".split(b"|")
)


@given(st.one_of(st.binary(max_size=300), st.lists(HEADER, max_size=9).map(b"\n".join)))
def test_any_bytes_are_a_commit_or_our_error(raw: bytes) -> None:
    try:
        commit = parse_commit("1" * 40, raw)
    except VibeguardError as error:
        assert error.kind == "GIT"
    else:
        assert commit.subject is not None


@given(LINE, LINE)
def test_identities_follow_git_s_form(name: str, address: str) -> None:
    plain = name.replace("<", "").replace(">", "").strip(), address.replace("<", "").replace(">", "").strip()
    raw = f"{plain[0]} <{plain[1]}> 1700000000 +0100".encode()
    name_bytes, address_bytes = (part.encode().strip() for part in plain)
    found = parse_identity(raw)
    assert (os.fsencode(found.name), os.fsencode(found.email)) == (name_bytes, address_bytes)


@pytest.mark.parametrize(
    "raw",
    [
        b"subject\n\nbody\0after the nul\n",
        b"\n\n  leading blank\n",
        b"",
        b"no newline",
        b"caf\xe9\r\n\r\nbody\r",
    ],
)
def test_messages_are_read_whole_from_the_raw_object(repo: Repo, raw: bytes) -> None:
    tree = repo.git("hash-object", "-t", "tree", "-w", "--stdin", stdin=b"")
    head = repo.commit("first", {"a": "1\n"})
    text = f"tree {tree}\nparent {head}\nauthor A U Thor <> 1 +0000\n"
    text += "committer <c@d> 99999999999 +9999\nencoding x-nope\n\n"
    oid = repo.git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", stdin=text.encode() + raw)
    (commit,) = between(repo, head, oid).commits
    assert (commit.message, commit.encoding, commit.author.name, commit.committer.email) == (
        raw,
        "x-nope",
        "A U Thor",
        "c@d",
    )


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.binary(max_size=30), min_size=1, max_size=4), st.lists(st.binary(max_size=30), min_size=1, max_size=4)
)
def test_git_s_own_counts_are_ours(before: list[bytes], after: list[bytes]) -> None:
    """Compared with numstat, on files that git takes for text."""
    import tempfile  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        repo = Repo(Path(folder) / "r")
        repo.commit("first", {f"{at}": body.replace(b"\0", b"") for at, body in enumerate(before)})
        repo.stage({f"{at}": body.replace(b"\0", b"") for at, body in enumerate(after)})
        counted = {
            path: (int(added), int(deleted))
            for added, deleted, path in (
                line.split("\t")
                for line in repo.git("diff", "--cached", "--numstat", "--no-renames").split("\n")
                if line
            )
        }
        assert {file.path: (file.added, file.deleted) for file in staged(repo).files} == counted
