from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from tests.conftest import Repo
from vibeguard.errors import VibeguardError
from vibeguard.repository.command import Git, find_git, git_environment
from vibeguard.repository.objects import Objects, list_index, list_tree, read_blobs


def test_objects_are_read_by_any_name_and_missing_ones_are_none(repo: Repo) -> None:
    head = repo.commit("first", {"a b.txt": "one\n", "empty": ""})
    with Objects(Git(str(repo.path))) as objects:
        commit = objects.read("HEAD^{commit}")
        assert commit is not None
        assert (commit.id, commit.type) == (head, "commit")
        assert objects.blob("HEAD:a b.txt") == b"one\n"
        assert objects.blob("HEAD:empty") == b""
        assert objects.blob("HEAD:nowhere at all") is None
        assert objects.blob("HEAD^{commit}") is None
        assert objects.read("HEAD:a\nb") is None


def test_many_blobs_are_streamed_in_the_order_asked(repo: Repo) -> None:
    repo.commit("first", {f"{number}.txt": f"{number}\n" for number in range(20)})
    git = Git(str(repo.path))
    entries = list_tree(git, repo.head)
    assert [content for _, content in read_blobs(git, [entry.id for entry in entries])] == [
        f"{entry.path.removesuffix('.txt')}\n".encode() for entry in entries
    ]
    assert [entry.path for entry in list_index(git)] == [entry.path for entry in entries]


def test_a_missing_blob_is_an_error_and_not_an_empty_file(repo: Repo) -> None:
    with pytest.raises(VibeguardError, match="is missing"):
        list(read_blobs(Git(str(repo.path)), ["1" * 40]))


def test_paths_that_are_not_utf8_or_hold_a_newline_survive(repo: Repo) -> None:
    repo.write(b"caf\xe9", "x").write(b"new\nline", "y").stage()
    assert {entry.path for entry in list_index(Git(str(repo.path)))} == {os.fsdecode(b"caf\xe9"), "new\nline"}


def test_git_is_never_taken_from_the_current_folder(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.pathsep.join(["", ".", "/nowhere"]))
    with pytest.raises(VibeguardError, match="git not found on PATH"):
        find_git()


def test_git_gets_neither_external_programs_nor_traces_from_the_environment() -> None:
    kept = git_environment({"GIT_EXTERNAL_DIFF": "/x", "GIT_TRACE": "1", "GIT_INDEX_FILE": "i", "PATH": "/bin"})
    assert "GIT_EXTERNAL_DIFF" not in kept
    assert "GIT_TRACE" not in kept
    assert (kept["GIT_INDEX_FILE"], kept["PATH"]) == ("i", "/bin")


def test_a_folder_that_is_no_repository_is_named(make_repo: Callable[..., Repo], tmp_path: os.PathLike[str]) -> None:
    with pytest.raises(VibeguardError, match="not a git repository") as caught:
        Git(os.fspath(tmp_path)).run("rev-parse", "--show-toplevel")
    assert caught.value.kind == "REPO"
