"""A file of the work tree counts for a blob only where it is that blob, byte for byte."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Repo
from vibeguard.repository import checkout
from vibeguard.repository.checkout import Checkout
from vibeguard.repository.command import Git
from vibeguard.repository.objects import list_index, object_id

LIMIT = checkout._MAX_BYTES


def staged(repo: Repo) -> dict[str, str]:
    """Object id by path."""
    return {entry.path: entry.id for entry in list_index(Git(str(repo.path)))}


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_files_that_are_what_git_has_are_read(make_repo: Callable[..., Repo], object_format: str) -> None:
    repo = make_repo(object_format=object_format)
    files = {"a.py": b"import b\n", "deep/er/b.py": b"\xff\0\r\n", "empty": b"", os.fsdecode(b"caf\xe9"): b"x"}
    repo.stage(files)
    ids = staged(repo)
    assert {len(oid) for oid in ids.values()} == {64 if object_format == "sha256" else 40}
    found = Checkout(str(repo.path))
    assert {path: found.read(oid, path) for path, oid in ids.items()} == files


def test_whatever_else_is_there_is_not(repo: Repo) -> None:
    names = ["edited", "ends", "link", "folder", "gone", "pipe", "below/file", "large", "late"]
    repo.stage({**{name: f"{name}\n" for name in names}, "same": "same\n"})
    ids = staged(repo)
    for name in names:
        (repo.path / name).unlink()
    (repo.path / "edited").write_bytes(b"EDITED\n")
    (repo.path / "ends").write_bytes(b"ends\r\n")
    # The same bytes, but behind a link: nothing is read through one that took the file's place.
    (repo.path / "other").write_bytes(b"link\n")
    (repo.path / "link").symlink_to("other")
    (repo.path / "folder").mkdir()
    os.mkfifo(repo.path / "pipe")
    (repo.path / "below").rmdir()
    (repo.path / "below").write_bytes(b"below/file\n")
    with open(repo.path / "large", "wb") as file:
        file.truncate(LIMIT + 1)
    repo.accept_changes()
    found = Checkout(str(repo.path))
    assert {name: found.read(ids[name], name) for name in names} == dict.fromkeys(names)
    assert found.read(ids["same"], "same") == b"same\n"
    assert Checkout(None).read(ids["same"], "same") is None


def test_a_pipe_in_a_files_place_is_not_even_opened(repo: Repo) -> None:
    """Who waits for a reader of it goes on waiting, and what they write is not taken away."""
    repo.stage({"pipe": "x"})
    (repo.path / "pipe").unlink()
    os.mkfifo(repo.path / "pipe")
    repo.accept_changes()
    with subprocess.Popen(["/bin/sh", "-c", "echo x > pipe"], cwd=repo.path) as writer:
        with pytest.raises(subprocess.TimeoutExpired):
            writer.wait(0.2)
        assert Checkout(str(repo.path)).read(staged(repo)["pipe"], "pipe") is None
        with pytest.raises(subprocess.TimeoutExpired):
            writer.wait(0.2)
        assert (repo.path / "pipe").read_bytes() == b"x\n"


def test_a_file_that_shrinks_or_grows_meanwhile_is_another_content(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.stage({"a": "x" * 100})
    oid = staged(repo)["a"]
    lstat = os.lstat

    def then(content: bytes) -> Callable[[str], os.stat_result]:
        def told(path: str) -> os.stat_result:
            found = lstat(path)
            with open(path, "wb") as file:
                file.write(content)
            return found

        return told

    for content in (b"x" * 99, b"x" * 101, b"x" * 100_000, b""):
        monkeypatch.setattr(os, "lstat", then(content))
        assert Checkout(str(repo.path)).read(oid, "a") is None
        monkeypatch.undo()
        repo.accept_changes()
        repo.write("a", b"x" * 100)


def test_names_that_the_system_cannot_write_are_nowhere(repo: Repo) -> None:
    found = Checkout(str(repo.path))
    assert found.read("0" * 40, "a\0b") is None
    assert found.read("0" * 40, "\ud800") is None
    assert found.read("0" * 40, "x" * 5000) is None


@given(st.binary(max_size=200))
def test_ids_differ_with_the_content(content: bytes) -> None:
    for digits in (40, 64):
        assert object_id(b"blob", content, digits) != object_id(b"blob", content + b"x", digits)


def test_ids_are_gits() -> None:
    assert object_id(b"blob", b"", 40) == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    assert object_id(b"blob", b"", 64) == "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813"
    assert object_id(b"tree", b"", 40) == "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def test_a_work_tree_of_another_commit_is_given_up(repo: Repo) -> None:
    names = [f"{number}.py" for number in range(400)]
    repo.stage({name: name for name in names})
    ids = staged(repo)
    for name in names[: checkout._STRANGERS]:
        (repo.path / name).write_bytes(b"edited")
    repo.accept_changes()
    found = Checkout(str(repo.path))
    assert [found.read(ids[name], name) for name in names] == [
        None if number < checkout._STRANGERS else name.encode() for number, name in enumerate(names)
    ]
    assert not found.is_useless
    for name in names:
        (repo.path / name).write_bytes(b"edited")
    repo.accept_changes()
    found = Checkout(str(repo.path))
    tried = 0
    while not found.is_useless:
        assert found.read(ids[names[tried]], names[tried]) is None
        tried += 1
    assert checkout._STRANGERS < tried < 2 * checkout._STRANGERS


def test_a_slow_work_tree_is_given_up(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.stage({"a.py": "x"})
    oid = staged(repo)["a.py"]
    ticks = iter(range(1000))
    found = Checkout(str(repo.path))
    for _ in range(100):
        assert found.read(oid, "a.py") == b"x"
    monkeypatch.setattr(time, "perf_counter", lambda: next(ticks) * 0.1)  # a tenth of a second each
    assert found.read(oid, "a.py") == b"x"
    assert found.is_useless
