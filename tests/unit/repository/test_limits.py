"""What is too much is said, and named; what is not too much is still read."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.conftest import Repo
from tests.unit.repository.reading import reading, summary
from vibeguard.errors import VibeguardError
from vibeguard.model import Change
from vibeguard.repository import change
from vibeguard.repository.difference import Limits


def staged_within(repo: Repo, limits: Limits) -> Change:
    with reading(repo) as (location, objects):
        return change.staged(location, objects, limits=limits)


def test_more_files_than_the_limit_are_read_by_name(repo: Repo) -> None:
    repo.stage({f"{number}.txt": "1\n" for number in range(5)})
    found = staged_within(repo, Limits(files=4))
    assert len(found.files) == 5
    assert {(file.added, file.patch, file.unread) for file in found.files} == {(None, None, "too-many-files")}
    assert found.notices == ("more than 4 files differ: 5 of 5 files were read by name only",)
    assert staged_within(repo, Limits(files=5)).notices == ()


def test_beyond_the_total_limit_names_and_sizes_stay(repo: Repo) -> None:
    repo.stage({f"{number}.txt": "x" * 1000 + "\n" for number in range(5)})
    found = staged_within(repo, Limits(total=3000))
    assert [file.unread for file in found.files] == ["", "", "oversized", "oversized", "oversized"]
    assert found.notices == ("the patches pass 3000 bytes: 3 of 5 files were read by name and size only",)
    assert [(file.size_before, file.size_after) for file in found.files[1:3]] == [(None, None), (None, 1001)]
    repo.commit("all")
    repo.stage({f"{number}.txt": "y" * 2000 + "\n" for number in range(2)})
    assert {(file.size_before, file.size_after) for file in staged_within(repo, Limits(total=10)).files} == {
        (1001, 2001)
    }


def test_one_file_that_is_too_long_is_counted_and_the_others_are_read(repo: Repo) -> None:
    repo.stage({"a": "1\n", "b": "line\n" * 100_000, "c": "1\n", "d": "x" * 900_000})
    found = staged_within(repo, Limits(one=100_000))
    assert summary(found) == [("a", "A", 1, 0), ("b", "A", 100_000, 0), ("c", "A", 1, 0), ("d", "A", 1, 0)]
    assert [file.unread for file in found.files] == ["", "oversized", "", "oversized"]
    assert [file.patch is None for file in found.files] == [False, True, False, True]


def test_one_file_that_git_takes_too_long_for_is_named_and_the_others_are_read(repo: Repo) -> None:
    """Few different lines in random order are the worst case of git's diff: minutes, for these."""
    shuffled = random.Random(1)
    before, after = ("".join(f"{shuffled.randrange(50)}\n" for _ in range(400_000)) for _ in range(2))
    repo.commit("first", {"a": "1\n", "m": before, "z": "1\n"})
    repo.stage({"a": "2\n", "l": "new\n", "m": after, "n": "new\n", "z": "2\n"})
    found = staged_within(repo, Limits(seconds_one=0.5, seconds=30))
    assert summary(found) == [
        ("a", "M", 1, 1),
        ("l", "A", 1, 0),
        ("m", "M", None, None),
        ("n", "A", 1, 0),
        ("z", "M", 1, 1),
    ]
    assert found.files[2].unread == "slow"
    assert found.notices == ("git takes more than 0.5 s for the lines of m: not read",)
    short = staged_within(repo, Limits(seconds_one=0.5, seconds=0.3))
    assert [file.path for file in short.files] == ["a", "l", "m", "n", "z"]
    assert {file.unread for file in short.files} >= {"slow"}
    assert any("were read by name and size only" in notice for notice in short.notices)


def test_an_object_larger_than_its_reader_wants_is_refused_and_the_next_is_read(repo: Repo) -> None:
    repo.commit("first", {"large": "x" * 1_000_000, "small": "1\n"})
    with reading(repo) as (_, objects):
        with pytest.raises(VibeguardError, match="more than the limit of 1000") as caught:
            objects.blob("HEAD:large", limit=1000)
        assert caught.value.kind == "LIMIT"
        assert objects.blob("HEAD:small", limit=1000) == b"1\n"


@pytest.mark.parametrize("files", [1, 30])
def test_a_tiny_change_costs_three_git_processes(
    repo: Repo, files: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit("first", {f"{number}.txt": "1\n" for number in range(files)})
    repo.stage({f"{number}.txt": "2\n" for number in range(files)})
    log = tmp_path / "log"
    (tmp_path / "bin").mkdir()
    from vibeguard.repository.command import find_git  # noqa: PLC0415

    (tmp_path / "bin/git").write_text(f'#!/bin/sh\necho run >> "{log}"\nexec {find_git()} "$@"\n', encoding="utf-8")
    (tmp_path / "bin/git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with reading(repo) as (location, objects):
        assert len(change.staged(location, objects).files) == files
        assert objects.blob("HEAD:0.txt") == b"1\n"
    assert log.read_text(encoding="utf-8").count("run") == 3
