from __future__ import annotations

import os

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.conftest import Repo
from vibeguard.errors import VibeguardError
from vibeguard.model import Change
from vibeguard.repository import change
from vibeguard.repository.hunks import hunks
from vibeguard.repository.locate import locate
from vibeguard.repository.objects import Objects
from vibeguard.repository.patch import parse_patch

PLAIN = b"--- old/x.py\t2026-01-01 00:00:00\n+++ new/x.py\t2026-01-02 00:00:00\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n"


def summary(found: Change) -> list[tuple[str, str, int | None, int | None, str | None]]:
    return [(file.path, file.status, file.added, file.deleted, file.renamed_from) for file in found.files]


@pytest.mark.parametrize("options", [[], ["--no-prefix"], ["-M"], ["-c", "diff.mnemonicPrefix=true"], ["-U0"]])
def test_what_git_prints_is_read_as_git_means_it(repo: Repo, options: list[str]) -> None:
    first = repo.commit(
        "first",
        {
            "a.txt": "1\n2\n3\n",
            "b/x y.txt": "1\n",
            "b/gone": "quite different\n",
            'caf\u00e9 "q"': "1\n",
            "x b/y.py": "1\n",
        },
    )
    repo.git("rm", "-q", "b/gone")
    os.chmod(repo.path / "a.txt", 0o755)
    repo.accept_changes()
    second = repo.commit(
        "second",
        {
            "a.txt": "1\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n3",
            "b/x y.txt": "2\n",
            "new": "\n\nx\n",
            "a/new": "3\n",
            "empty": "",
            'caf\u00e9 "q"': "2\n",
            "x b/y.py": "2\n",
            "tab\tnew\nline": "unlike\n",
        },
    )
    front = options if options[:1] == ["-c"] else []
    raw = repo.git(*front, "diff", *([] if front else options), first, second) + "\n"
    location = locate(str(repo.path))
    with Objects(location.git) as objects:
        expected = change.between(location, objects, first, second)
    found = parse_patch(raw.encode("utf-8", "surrogateescape"))
    assert sorted(summary(found)) == sorted(summary(expected))
    by_path = {file.path: file for file in expected.files}
    for file in found.files:
        assert [hunk.added for hunk in hunks(file)] == [hunk.added for hunk in hunks(by_path[file.path])]


def test_a_rename_is_a_deletion_and_an_addition(repo: Repo) -> None:
    first = repo.commit("first", {"old name": "1\n2\n3\n4\n5\n"})
    repo.git("mv", "old name", "new name")
    second = repo.commit("second", {"new name": "1\n2\n3\n4\n6\n"})
    found = parse_patch(repo.git("diff", "-M", first, second).encode() + b"\n")
    assert summary(found) == [("old name", "D", None, None, None), ("new name", "A", 1, 1, "old name")]


def test_a_plain_diff_is_read_too() -> None:
    found = parse_patch(PLAIN)
    assert summary(found) == [("new/x.py", "M", 1, 1, None)]
    assert (found.files[0].blob_after, found.files[0].mode_after, found.base) == ("", "", None)


def test_a_patch_with_windows_line_ends_means_the_same() -> None:
    raw = b"diff --git a/x y b/x y\nindex 1..2 100644\n--- a/x y\n+++ b/x y\n@@ -1,3 +1,3 @@\n a\n\n-b\n+c\n"
    one, other = (parse_patch(text) for text in (raw, raw.replace(b"\n", b"\r\n")))
    assert summary(one) == summary(other) == [("x y", "M", 1, 1, None)]
    assert hunks(other.files[0])[0].added == ((3, "c\r"),)


def test_mails_bring_their_commits(repo: Repo) -> None:
    first = repo.commit("first", {"a.txt": "1\n"})
    second = repo.commit(
        "Gr\u00fc\u00dfe\n\nbody\n\nAssisted-by: Tool\n", {"a.txt": "2\n"}, author=("Zo\u00eb", "zoe@example.com")
    )
    third = repo.commit("third", {"a.txt": "3\n"})
    found = parse_patch(repo.git("format-patch", "--stdout", f"{first}..{third}").encode() + b"\n")
    assert [commit.id for commit in found.commits] == [second, third]
    assert found.commits[0].author == ("Zo\u00eb", "zoe@example.com")
    assert found.commits[0].message == "Gr\u00fc\u00dfe\n\nbody\n\nAssisted-by: Tool\n".encode()
    assert len(found.files) == 2


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"hello\n", "no diff found"),
        (b"@@ -1 +1 @@\n-a\n+b\n", "line 1: a hunk without a file"),
        (b"--- a/x\n+++ b/x\n@@ -1,3 +1 @@\n-a\n+b\n", "ends inside a hunk"),
        (b"--- a/x\n+++ b/x\n@@ -1,3 +1 @@\nxyz\n", "line 4: a line of a hunk"),
        (b"--- a/x\n+++ b/x\n@@ -1,1 +1,2 @@\n-a\n-a\n", "other lines than"),
        (b"diff --cc x\n", "combined diff"),
        (b"diff --git a/x b/x\n--- a/x\n+++ b/x\nwhat\n", "line 4: a hunk header"),
        (b"diff --git a/x b/y\n", "no path in"),
        (PLAIN.replace(b"-1,2", b"-1," + b"9" * 5000), "line 3: a hunk header"),
    ],
)
def test_a_malformed_patch_is_named_by_its_line(raw: bytes, words: str) -> None:
    with pytest.raises(VibeguardError, match=words) as caught:
        parse_patch(raw)
    assert caught.value.kind == "INPUT"


def test_an_empty_patch_is_an_empty_change_that_says_so() -> None:
    assert parse_patch(b"").notices == ("the patch is empty",)


def test_binary_files_are_listed() -> None:
    found = parse_patch(
        b"diff --git a/x.png b/x.png\nindex 1111111..2222222 100644\nBinary files a/x.png and b/x.png differ\n"
        b"diff --git a/y.png b/y.png\nnew file mode 100644\nindex 0000000..2222222\n"
        b"GIT binary patch\nliteral 3\nKcmZ\n\n"
    )
    assert [(file.path, file.status, file.unread) for file in found.files] == [
        ("x.png", "M", "binary"),
        ("y.png", "A", "binary"),
    ]


LINES = st.sampled_from(
    b"diff --git a/x b/x|--- a/x|+++ b/x|@@ -1 +1 @@|-a|+b| c||\\ No newline|rename from x|rename to y|"
    b"new file mode 100644|"
    b'+++ "b/\\303\\251"|--- /dev/null|From: x|---|@@ -0,0 +1,2 @@'.split(b"|")
)


@given(st.one_of(st.binary(max_size=300), st.lists(LINES, max_size=20).map(b"\n".join)))
@example(b"From " + b"0" * 40 + b" Mon Sep 17 00:00:00 2001\nFrom: =?utf-8?q?=ff?= <a@b\nSubject: =?x?y?z?=\n\n---\n")
def test_any_bytes_are_a_change_or_our_own_error(raw: bytes) -> None:
    try:
        found = parse_patch(raw)
    except VibeguardError as error:
        assert error.kind == "INPUT"
    else:
        for file in found.files:
            hunks(file)
