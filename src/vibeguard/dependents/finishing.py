"""A graph that a hook could not wait for, finished by another process: whose turn it is, and the work itself.

One such process at a time works for a repository. The turn is a lock on an open file, which the system takes back
however its holder ends, so that none is ever stale. The file says who has, or had, the turn; when it is free and
still says so, that build did not finish, and the next one waits.
"""

from __future__ import annotations

import os
import stat
from typing import Literal

from vibeguard.dependents.opening import open_graph
from vibeguard.dependents.snapshot import load
from vibeguard.dependents.store import Store
from vibeguard.errors import VibeguardError
from vibeguard.model import Change
from vibeguard.repository.command import Git
from vibeguard.tuples import NamedTuple

TURN = "building"  # the file's name in the folder of the stores
RETRY_SECONDS = 3600  # after a build that did not finish: what was in its way is likely still there
TIME_LIMIT = 900.0  # seconds for one build; what was scanned by then is kept
_MOST = 4096  # bytes of the file that are read
_FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


class Turn(NamedTuple):
    """Whether a process may be started.

    `state`: "free" (and now the caller's: `file` is the locked descriptor), "taken" by a process that builds or just
    did, "waits" after one that did not finish, or "none" where no turn can be had.
    """

    state: Literal["free", "taken", "waits", "none"]
    why: str = ""
    file: int = -1


def take_turn(common_dir: str, tree: str, now: float) -> Turn:
    """Take the turn to build the graph of a tree, unless another process has it. Never waits.

    Args:
        now: seconds since the epoch.
    """
    try:
        import fcntl  # noqa: PLC0415 - only a build in the background locks, and Windows has none
    except ImportError:
        return Turn("none", "this system has no file locks")
    store = Store(common_dir)
    if load(store, tree) is not None:  # one that is damaged, or of another version, has to be built
        return Turn("taken")
    file = store.opened(TURN)
    if file is None:
        return Turn("none", store.note)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        age = _age(os.pread(file, _MOST, 0), now)
        if age is not None and age < RETRY_SECONDS:
            words = f"the last build in the background did not finish; the next one may start in {_minutes(age)} min"
            return _given_back(file, Turn("waits", words))
        _write(file, tree, now)
    except BlockingIOError:
        return _given_back(file, Turn("taken"))
    except OSError as error:
        return _given_back(file, Turn("none", f"the cache could not be locked: {error.strerror or error}"))
    return Turn("free", file=file)


def is_under_way(common_dir: str) -> bool:
    """Whether a process is building a graph of this repository. Never waits, and makes no file."""
    try:
        import fcntl  # noqa: PLC0415 - see take_turn

        file = os.open(os.path.join(Store(common_dir).folder, TURN), os.O_RDONLY | _FLAGS)
    except (ImportError, OSError):
        return False
    try:
        # An empty one is nobody's: not even for a moment is it locked against who wants the turn.
        if not os.read(file, 1):
            return False
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return stat.S_ISREG(os.fstat(file).st_mode)  # a pipe that has nothing to say is no lock
    except OSError:
        return False
    finally:
        os.close(file)
    return False


def _given_back(file: int, turn: Turn) -> Turn:
    os.close(file)
    return turn


def _minutes(age: float) -> int:
    return max(1, round((RETRY_SECONDS - age) / 60))


def _age(raw: bytes, now: float) -> float | None:
    """Seconds since the build that did not finish was begun; None when there is none, or nobody can tell."""
    words = raw.decode("ascii", "replace").split()
    try:
        begun = float(words[2])
    except (IndexError, ValueError):
        return None
    return now - begun if begun <= now else None


def _write(file: int, tree: str, now: float) -> None:
    """Write who has the turn: tree, process, seconds since the epoch.

    Raises:
        OSError: it cannot be written.
    """
    line = f"{tree} {os.getpid()} {int(now)}\n".encode("ascii")
    os.ftruncate(file, 0)
    os.pwrite(file, line, 0)


def finish(common_dir: str, tree: str, file: int, now: float) -> bool:
    """Build the graph of a tree and keep it. Whether it is kept now; the file says so too.

    Args:
        file: the locked descriptor of :func:`take_turn`, inherited.

    Raises:
        OSError: the file of the turn cannot be written.
    """
    _write(file, tree, now)
    git = Git(common_dir).detached(common_dir, None)
    change = Change("range", None, None, (), base_tree=tree, head_tree=tree)
    try:
        graph = open_graph(git, common_dir, change, time_limit=TIME_LIMIT)
    except VibeguardError:
        return False
    if graph.unknown or graph.notices:  # too slow, or there is no room to keep it
        return False
    os.ftruncate(file, 0)
    return True
