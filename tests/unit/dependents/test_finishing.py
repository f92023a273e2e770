"""Whose turn it is to build a graph in the background, and what the file says when that did not work out."""

from __future__ import annotations

import fcntl
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Repo
from vibeguard.dependents import finishing
from vibeguard.dependents.finishing import RETRY_SECONDS, Turn, finish, is_under_way, take_turn
from vibeguard.dependents.store import Store

NOW = 1_800_000_000.0


class Place:
    def __init__(self, repo: Repo) -> None:
        repo.commit("first", {"hub.py": "A = 1\n", "near.py": "import hub\n"})
        self.common_dir = str(repo.path / ".git")
        self.tree = repo.git("rev-parse", "HEAD^{tree}")
        self.file = Path(self.common_dir, "vibeguard", "v1", finishing.TURN)

    def take(self, now: float = NOW) -> Turn:
        return take_turn(self.common_dir, self.tree, now)

    def finish(self, turn: Turn) -> bool:
        done = finish(self.common_dir, self.tree, turn.file, NOW)
        os.close(turn.file)
        return done


@pytest.fixture
def place(repo: Repo) -> Place:
    return Place(repo)


def test_one_at_a_time_has_the_turn(place: Place) -> None:
    first = place.take()
    assert (first.state, place.take().state) == ("free", "taken")
    assert place.file.read_text() == f"{place.tree} {os.getpid()} {int(NOW)}\n"
    assert place.finish(first)
    assert place.file.read_bytes() == b""
    assert place.take() == Turn("taken")  # it is built: nobody needs to start anything


@pytest.mark.parametrize("harm", ["foreign version", "flipped bit"])
def test_a_graph_that_cannot_be_used_does_not_count_as_built(place: Place, harm: str) -> None:
    assert place.finish(place.take())
    graph = place.file.with_name(f"graph-{place.tree}")
    raw = bytearray(graph.read_bytes())
    if harm == "foreign version":
        raw = bytearray(raw.replace(b"vibeguard-store 1", b"vibeguard-store 0"))
    else:
        raw[raw.index(b"hub.py")] ^= 1
    graph.write_bytes(raw)
    turn = place.take()
    assert turn.state == "free"
    assert place.finish(turn)
    assert place.take() == Turn("taken")


def test_a_build_is_under_way_while_somebody_has_the_turn(place: Place) -> None:
    assert not is_under_way(place.common_dir)
    turn = place.take()
    assert is_under_way(place.common_dir)
    os.close(turn.file)
    assert place.file.read_bytes()
    assert not is_under_way(place.common_dir)


@pytest.mark.parametrize("what", ["empty", "folder", "pipe", "link"])
def test_what_is_no_turn_is_nobodys(place: Place, what: str) -> None:
    place.file.parent.mkdir(parents=True)
    if what == "folder":
        place.file.mkdir()
    elif what == "pipe":
        os.mkfifo(place.file)
        with open(os.open(place.file, os.O_RDWR), "wb"):  # somebody may write to it, and does not
            assert not is_under_way(place.common_dir)
        return
    elif what == "link":
        place.file.symlink_to("/dev/zero")
    else:
        with open(place.file, "wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            assert not is_under_way(place.common_dir)
        return
    assert not is_under_way(place.common_dir)


def test_who_ended_without_finishing_is_waited_for_an_hour(place: Place) -> None:
    os.close(place.take().file)
    waiting = place.take(NOW + 60)
    assert (waiting.state, waiting.why[-9:]) == ("waits", "in 59 min")
    after = place.take(NOW + RETRY_SECONDS)
    assert after.state == "free"
    assert place.finish(after)


def test_a_clock_that_was_set_back_is_no_reason_to_wait(place: Place) -> None:
    os.close(place.take(NOW + 10_000_000).file)
    assert place.take().state == "free"


def test_a_graph_that_cannot_be_kept_is_not_finished(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(store: Store, *_: object) -> bool:
        store.note = "the cache could not be written: No space left on device"
        return False

    turn = place.take()
    monkeypatch.setattr(Store, "write", full)
    assert not place.finish(turn)
    assert place.take(NOW + 60).state == "waits"


def test_a_build_that_takes_too_long_is_not_finished(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    turn = place.take()
    monkeypatch.setattr(finishing, "TIME_LIMIT", 0.0)
    assert not place.finish(turn)
    assert place.take(NOW + 60).state == "waits"


def test_a_tree_that_is_not_there_is_not_finished(place: Place) -> None:
    place.tree = "0" * 40
    assert not place.finish(place.take())


def test_without_a_folder_to_write_to_there_is_no_turn(place: Place, tmp_path: Path) -> None:
    os.symlink(tmp_path, Path(place.common_dir, "vibeguard"))
    turn = place.take()
    assert (turn.state, turn.why) == ("none", "the cache folder is not a folder of yours: not used")


def test_a_system_without_file_locks_has_no_turns(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    assert place.take() == Turn("none", "this system has no file locks")


@given(st.binary() | st.text().map(lambda text: f"tree 1 {text}".encode()))
def test_whatever_the_file_says_the_wait_is_never_longer_than_an_hour(raw: bytes) -> None:
    age = finishing._age(raw, NOW)
    assert age is None or age >= 0
