"""Stores are a convenience: whatever happens to them, the answer is the same."""

from __future__ import annotations

import os
import random
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Repo
from tests.unit.dependents.test_graph import FILES, answer, graph_of, shown, staged_change
from vibeguard.dependents.store import Store

ASK = """
import sys
from vibeguard.dependents.opening import open_graph
from vibeguard.repository.change import staged
from vibeguard.repository.locate import locate
from vibeguard.repository.objects import Objects
location = locate(sys.argv[1])
with Objects(location.git) as objects:
    change = staged(location, objects)
found = open_graph(location.git, location.common_dir, change).dependents(change.paths)
print(sorted((item.path, item.distance, item.names) for item in found.details()), found.unknown)
"""


@pytest.fixture
def changed(repo: Repo) -> Repo:
    repo.commit("first", FILES)
    repo.stage({"pkg/hub.py": "A = 2\nimport nothing_here\nfrom . import gone\n"})
    return repo


def stores(repo: Repo) -> list[Path]:
    return sorted((repo.path / ".git" / "vibeguard" / "v1").iterdir())


def everything(repo: Repo) -> object:
    """All that a graph can be asked."""
    change = staged_change(repo)
    graph = graph_of(repo, change)
    parts = (graph.dependents(change.paths), graph.dependents(("pkg/near.py",)), sorted(graph.edges()))
    return (*parts, sorted(graph.unresolved()), graph.package_of("pkg/far.py"), sorted(graph.paths()), graph.unread())


def test_stores_cut_off_anywhere_give_the_same_answer(changed: Repo) -> None:
    wanted = everything(changed)
    for store in stores(changed):
        whole = store.read_bytes()
        step = max(1, len(whole) // 60)
        for length in [*range(0, len(whole), step), len(whole) - 1]:
            store.write_bytes(whole[:length])
            assert everything(changed) == wanted, (store.name, length)
            store.write_bytes(whole)


def test_stores_with_flipped_bits_give_the_same_answer(changed: Repo) -> None:
    wanted = everything(changed)
    chance = random.Random(7)
    for store in stores(changed):
        whole = store.read_bytes()
        for _ in range(60):
            at = chance.randrange(len(whole))
            store.write_bytes(whole[:at] + bytes((whole[at] ^ (1 << chance.randrange(8)),)) + whole[at + 1 :])
            assert everything(changed) == wanted, (store.name, at)
            store.write_bytes(whole)


@pytest.mark.parametrize("content", [b"", b"\0" * 5000, b"SQLite format 3\0", b"\x80\x04]q\0.", b"vibeguard-store 1\n"])
def test_stores_of_something_else_are_not_read(changed: Repo, content: bytes) -> None:
    wanted = everything(changed)
    for store in stores(changed):
        store.write_bytes(content)
    assert everything(changed) == wanted


def test_a_store_of_another_tree_under_this_name_is_not_believed(changed: Repo) -> None:
    answer(changed)
    (graph,) = (store for store in stores(changed) if store.name.startswith("graph-"))
    changed.commit("second", {"pkg/near.py": "", "pkg/other.py": "from .hub import A\n"})
    graph.rename(graph.with_name("graph-" + changed.git("rev-parse", "HEAD^{tree}")))
    changed.stage({"pkg/hub.py": "A = 5\n"})
    assert set(shown(answer(changed))) == {"pkg/other.py", "pkg/typed.py"}


@pytest.mark.parametrize("kind", ["file", "link", "folder of others", "read-only"])
def test_a_cache_folder_that_is_not_ours_to_use_is_left_alone(changed: Repo, tmp_path: Path, kind: str) -> None:
    folder = changed.path / ".git" / "vibeguard"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    if kind == "file":
        folder.write_text("mine")
    elif kind == "link":
        folder.symlink_to(elsewhere)
    elif kind == "folder of others":
        folder.mkdir()
        try:
            os.chown(folder, 12345, 12345)
        except PermissionError:
            pytest.skip("only root can give a folder away")
    else:
        folder.mkdir()
        folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    changed.accept_changes()
    assert set(shown(answer(changed))) == {"pkg/near.py", "pkg/far.py", "pkg/typed.py", "tests/test_far.py"}
    assert list(elsewhere.iterdir()) == []
    if kind in ("file", "link"):
        change = staged_change(changed)
        assert graph_of(changed, change).notices == ("the cache folder is not a folder of yours: not used",)
    folder.unlink() if kind in ("file", "link") else folder.chmod(0o755)
    if kind == "folder of others":
        os.chown(folder, os.geteuid(), os.getegid())
    changed.accept_changes()


def test_eight_at_once_agree(changed: Repo) -> None:
    running = [
        subprocess.Popen([sys.executable, "-c", ASK, str(changed.path)], stdout=subprocess.PIPE) for _ in range(8)
    ]
    answers = {process.communicate(timeout=120)[0] for process in running}
    assert len(answers) == 1
    assert b"pkg/near.py" in answers.pop()
    assert not [store for store in stores(changed) if store.name.endswith(".tmp")]


def test_a_killed_writer_leaves_nothing_that_is_believed(changed: Repo) -> None:
    wanted = everything(changed)
    chance = random.Random(3)
    for _ in range(12):
        for store in stores(changed):
            store.unlink()
        process = subprocess.Popen([sys.executable, "-c", ASK, str(changed.path)], stdout=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.02, 0.35))
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert everything(changed) == wanted


def test_a_full_disk_costs_the_cache_and_nothing_else(changed: Repo) -> None:
    # Room for git's list of requests, and for no store.
    limited = "import resource, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    limited += "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
    done = subprocess.run(
        [sys.executable, "-c", limited + ASK, str(changed.path)], capture_output=True, check=False, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "pkg/near.py" in done.stdout
    assert not [store.name for store in stores(changed) if store.name.startswith("graph-")]
    assert not [store.name for store in stores(changed) if store.name.endswith(".tmp")]


def test_old_graphs_and_dead_writers_files_are_swept(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    for number in range(7):
        assert store.write(f"graph-{number}", "key", {"a": b"x"})
        os.utime(tmp_path / "vibeguard" / "v1" / f"graph-{number}", (number + 1, number + 1))
    dead = tmp_path / "vibeguard" / "v1" / "graph-9.1-2.tmp"
    dead.write_bytes(b"half")
    os.utime(dead, (1, 1))
    store.write("facts", "key", {"a": b"x"})
    names = {path.name for path in (tmp_path / "vibeguard" / "v1").iterdir()}
    assert names == {"facts", "graph-3", "graph-4", "graph-5", "graph-6"}
    opened = store.open("facts", "key")
    assert opened is not None
    assert opened.section("a") == b"x"
    assert store.open("facts", "another key") is None


def test_everything_asked_twice_is_the_same(changed: Repo, make_repo: Callable[..., Repo]) -> None:
    assert everything(changed) == everything(changed)
