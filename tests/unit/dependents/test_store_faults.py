"""Every way to harm a store, to the last byte: the answer is the one without a store."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import Repo
from tests.unit.dependents.test_graph import staged_change
from vibeguard.dependents import store as store_room
from vibeguard.dependents.opening import open_graph
from vibeguard.dependents.store import DamagedError, Sections, Store
from vibeguard.repository.locate import locate
from vibeguard.repository.objects import Objects

TINY = {"a.py": "A = 1\n", "b.py": "from a import A\nfrom . import gone\n", "c.py": "import b\n"}


class Asked:
    """One staged change, asked again and again."""

    def __init__(self, repo: Repo) -> None:
        repo.commit("first", TINY)
        repo.stage({"a.py": "A = 2\n"})
        self.location = locate(str(repo.path))
        self.change = staged_change(repo)
        self.folder = Path(self.location.common_dir, "vibeguard", "v1")
        self.wanted = self.answer(use_store=False)

    def answer(self, *, use_store: bool = True) -> object:
        with Objects(self.location.git) as objects:
            graph = open_graph(
                self.location.git, self.location.common_dir, self.change, use_store=use_store, objects=objects
            )
            return graph.dependents(["a.py"]).details(), sorted(graph.edges()), sorted(graph.unresolved())

    def stores(self) -> tuple[Path, Path]:
        """The facts and the graph, as they are written."""
        for old in self.folder.iterdir() if self.folder.is_dir() else ():
            old.unlink()
        assert self.answer() == self.wanted
        (graph,) = self.folder.glob("graph-*")
        return self.folder / "facts", graph


@pytest.fixture
def asked(repo: Repo) -> Asked:
    return Asked(repo)


def harmed(asked: Asked, which: str, versions: Callable[[bytes], Iterator[bytes]]) -> int:
    """Put each version in the place of a store and ask; returns how many there were."""
    facts, graph = asked.stores()
    victim = graph if which == "graph" else facts
    whole = victim.read_bytes()
    count = 0
    for version in versions(whole):
        victim.write_bytes(version)
        if which == "facts":
            graph.unlink(missing_ok=True)  # else nobody would look at more than those of the changed file
        assert asked.answer() == asked.wanted, (which, count)
        count += 1
    return count


@pytest.mark.parametrize("which", ["facts", "facts of what changed", "graph"])
def test_a_store_cut_off_at_any_byte_changes_no_answer(asked: Asked, which: str) -> None:
    assert harmed(asked, which, lambda whole: (whole[:length] for length in range(len(whole)))) > 200


@pytest.mark.parametrize("which", ["facts", "facts of what changed", "graph"])
def test_a_store_with_any_byte_flipped_changes_no_answer(asked: Asked, which: str) -> None:
    def flipped(whole: bytes) -> Iterator[bytes]:
        for at in range(len(whole)):
            yield whole[:at] + bytes((whole[at] ^ (1 << at % 8 if at % 3 else 0xFF),)) + whole[at + 1 :]

    assert harmed(asked, which, flipped) > 200


def test_every_bit_of_a_store_is_under_a_digest(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    parts = {"one": b"first part", "two": b"second"}
    assert store.write("facts", "key", parts)
    path = tmp_path / "vibeguard" / "v1" / "facts"
    whole = path.read_bytes()
    for bit in range(8 * len(whole)):
        harmed_bytes = bytearray(whole)
        harmed_bytes[bit // 8] ^= 1 << bit % 8
        path.write_bytes(harmed_bytes)
        try:
            sections = Sections(str(path), "key")
            found = {name: sections.section(name) for name in parts}
        except DamagedError:
            continue
        pytest.fail(f"bit {bit} was flipped and {found} believed")


@pytest.mark.parametrize("kind", ["pipe", "folder", "link", "dangling link", "empty", "of another user"])
def test_what_stands_in_a_stores_place_is_not_read_and_not_waited_for(asked: Asked, tmp_path: Path, kind: str) -> None:
    for path in asked.stores():
        whole = path.read_bytes()
        path.unlink()
        if kind == "pipe":
            os.mkfifo(path)
        elif kind == "folder":
            path.mkdir()
        elif kind == "link":
            (tmp_path / path.name).write_bytes(whole)
            path.symlink_to(tmp_path / path.name)
        elif kind == "dangling link":
            path.symlink_to(tmp_path / "nowhere")
        elif kind == "empty":
            path.touch()
        else:
            path.write_bytes(whole)
            try:
                os.chown(path, 12345, 12345)
            except PermissionError:
                pytest.skip("only root can give a file away")
    assert asked.answer() == asked.wanted
    assert not (tmp_path / "nowhere").exists()
    assert asked.answer() == asked.wanted


def test_stores_of_another_version_or_byte_order_are_built_anew(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("__version__", "0.0.0"), ("VERSION", 0)):
        with monkeypatch.context() as other:
            other.setattr(store_room, name, value)
            asked.stores()
        assert asked.answer() == asked.wanted
    _, graph = asked.stores()
    opened = Store(asked.location.common_dir).open(graph.name, graph.name.removeprefix("graph-"))
    assert opened is not None
    parts = {name: opened.section(name) for name in opened._table}
    parts["order"] = b"big" if sys.byteorder == "little" else b"little"
    Store(asked.location.common_dir).write(graph.name, graph.name.removeprefix("graph-"), parts)
    assert asked.answer() == asked.wanted


def test_what_proved_damaged_is_replaced_by_the_next_run(asked: Asked) -> None:
    _, graph = asked.stores()
    whole = graph.read_bytes()
    graph.write_bytes(whole[:-8] + bytes(8))  # in a part that is read late
    assert asked.answer() == asked.wanted
    assert asked.answer() == asked.wanted
    assert graph.read_bytes() == whole


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


def test_a_disk_that_is_full_after_any_number_of_bytes_costs_the_store_alone(asked: Asked) -> None:
    largest = max(path.stat().st_size for path in asked.stores())
    for size in range(0, largest + 40, 37):
        for path in asked.folder.iterdir():
            path.unlink()
        with largest_file(size):
            assert asked.answer() == asked.wanted
        assert not list(asked.folder.glob("*.tmp"))
        assert asked.answer() == asked.wanted


def test_a_small_full_file_system_costs_the_store_alone(asked: Asked) -> None:
    asked.stores()
    for path in asked.folder.iterdir():
        path.unlink()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4k", "none", str(asked.folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("this user may not mount a file system")
    try:
        (asked.folder / "filler").write_bytes(b"x" * 4096)
        assert asked.answer() == asked.wanted
        assert [path.name for path in asked.folder.iterdir()] == ["filler"]
    finally:
        subprocess.run(["umount", str(asked.folder)], check=True)


def test_together_the_stores_stay_below_the_cap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_room, "_MAX_BYTES", 3000)
    store = Store(str(tmp_path))
    folder = tmp_path / "vibeguard" / "v1"
    for number in range(4):
        assert store.write(f"graph-{number}", "key", {"a": bytes(1000)})
        os.utime(folder / f"graph-{number}", (number + 1, number + 1))
    store.write("facts", "key", {"a": bytes(500)})
    assert sorted(path.name for path in folder.iterdir()) == ["facts", "graph-2", "graph-3"]
    assert sum(path.stat().st_size for path in folder.iterdir()) < 3000
    assert not store.write("graph-9", "key", {"a": bytes(4000)})
    assert store.note.startswith("the cache would be larger")


def dying(repo: Repo, what: str, rounds: int) -> list[int]:
    files = {f"pkg/m{number}.py": f"from .hub import A{number}\n" for number in range(30)}
    repo.commit("first", {"pkg/__init__.py": "", "pkg/hub.py": "A = 1\n", **files})
    for number in range(3):
        repo.commit("later", {f"pkg/m{number}.py": "from . import gone\n", f"pkg/n{number}.py": "import pkg.hub\n"})
    done = subprocess.run(
        [sys.executable, "-m", "tests.unit.dependents.dying", str(repo.path), what, str(rounds), "7"],
        capture_output=True,
        check=True,
        text=True,
        timeout=600,
    )
    return [int(word) for word in done.stdout.split()]


ROUNDS = int(os.environ.get("VIBEGUARD_KILLS", "150"))


def test_killed_at_any_moment_leaves_nothing_that_is_believed(repo: Repo) -> None:
    wrong, killed = dying(repo, "die", ROUNDS)
    assert wrong == 0
    # On a busy machine many are done before the blow falls.
    assert killed > ROUNDS // 10
    folder = repo.path / ".git" / "vibeguard" / "v1"
    for path in folder.glob("*.tmp"):
        os.utime(path, (1, 1))
    (folder / "graph-9.1-1.tmp").write_bytes(b"half")
    os.utime(folder / "graph-9.1-1.tmp", (1, 1))
    Store(str(repo.path / ".git")).write("facts", "key", {"a": b"x"})
    assert not list(folder.glob("*.tmp"))


def test_eight_at_once_agree_in_every_round(repo: Repo) -> None:
    assert dying(repo, "together", 20) == [0, 160]
