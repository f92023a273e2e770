"""The newest commits before a change and the files of each: what the habits of a repository are read from.

The answer depends on the commit before the change alone, so it is the same at every stage and on every machine with
enough history. A hook cannot pay for it on each commit: 1,000 commits cost git 50 to 100 ms (repositories of 5,000 to
50,000 files). So the files of each commit, which never change, are kept below the stores' folder: then a hook reads
them, and asks git for what came since.
"""

from __future__ import annotations

import os

from vibeguard.dependents.store import DamagedError, Store
from vibeguard.errors import VibeguardError
from vibeguard.repository.locate import Location
from vibeguard.repository.objects import Objects
from vibeguard.repository.touched import paths_by_commit
from vibeguard.tuples import NamedTuple

MOST = 1000  # commits, merges with them
MOST_FILES = 30  # code-maat's limit: a sweep over more files says nothing about pairs of them
_CHAIN = 20  # commits that are looked for one by one before git lists them all
_NAME, _KEY = "recent", "recent 1"


class Recent(NamedTuple):
    """The files of each commit that says something about pairs, newest first."""

    steps: tuple[tuple[str, ...], ...]
    unknown: str = ""  # why they are not known


def recent(location: Location, objects: Objects, tip: str | None, *, keep: bool = True) -> Recent:
    """The newest commits up to and with `tip`; none before a first commit.

    Left out are merges, the root (an import of everything) and commits of more than `MOST_FILES` files.

    Args:
        keep: whether to read and write what is kept. It does not change the answer.
    """
    if tip is None:
        return Recent(())
    # A shallow clone lies about parents at its edge: nothing it says is kept.
    store = Store(location.common_dir) if keep and not location.shallow else None
    order, known = _load(store)
    try:
        ids, single = _chained(objects, tip, order) or _listed(location, tip)
        if location.shallow and not _edge(location).isdisjoint(ids):
            return Recent((), f"the clone is shallow: fewer than {MOST} commits of history are here")
        unread = frozenset(oid for oid in ids if oid not in known and oid in single)
        found = paths_by_commit(location.git, tuple(unread))
    except VibeguardError as error:
        return Recent((), f"the history could not be read: {error.message}")
    for oid in ids:
        if oid not in known:
            # The reader takes what could be an id for both: here it is none.
            paths = found.get(oid, frozenset()) - unread
            known[oid] = tuple(sorted(paths)) if len(paths) <= MOST_FILES else ()
    if store is not None and ids != order:
        _save(store, ids, known)
    return Recent(tuple(known[oid] for oid in ids if known[oid]))


def _chained(objects: Objects, tip: str, order: list[str]) -> tuple[list[str], frozenset[str]] | None:
    """The same as `_listed`, from what is kept of an ancestor, when a short line of commits without merges leads there.

    Then it is what git would list: in a line there is one order.
    """
    chain: list[str] = []
    while order and len(chain) <= _CHAIN:
        if tip == order[0]:
            return [*chain, *order[: MOST - len(chain)]], frozenset(chain)
        commit = objects.read(tip)
        head = commit.content.partition(b"\n\n")[0] if commit is not None and commit.type == "commit" else b""
        parents = [line[7:].decode("ascii", "replace") for line in head.split(b"\n") if line.startswith(b"parent ")]
        if len(parents) != 1:
            return None
        chain.append(tip)
        tip = parents[0]
    return None


def _listed(location: Location, tip: str) -> tuple[list[str], frozenset[str]]:
    """(all ids, newest first; those with one parent), as git lists them."""
    raw = location.git.run("rev-list", "--parents", f"--max-count={MOST}", tip, "--").stdout.decode("ascii")
    rows = [line.split(" ") for line in raw.splitlines()]
    return [row[0] for row in rows], frozenset(row[0] for row in rows if len(row) == 2)


def _edge(location: Location) -> set[str]:
    try:
        with open(os.path.join(location.common_dir, "shallow"), encoding="ascii") as file:
            return set(file.read().split())
    except (OSError, ValueError):
        return set()


def _load(store: Store | None) -> tuple[list[str], dict[str, tuple[str, ...]]]:
    """(ids in the order of the tip they were listed for, files by id)."""
    kept = store.open(_NAME, _KEY) if store is not None else None
    if kept is None:
        return [], {}
    try:
        text = kept.section("commits").decode("utf-8", "surrogateescape")
    except DamagedError:
        return [], {}
    finally:
        kept.close()
    # No path is empty or holds NUL: two of them end a commit.
    rows = [tuple(record.split("\0")) for record in text.split("\0\0")] if text else []
    return [row[0] for row in rows], {row[0]: row[1:] for row in rows}


def _save(store: Store, ids: list[str], known: dict[str, tuple[str, ...]]) -> None:
    text = "\0\0".join("\0".join((oid, *known[oid])) for oid in ids)
    store.write(_NAME, _KEY, {"commits": text.encode("utf-8", "surrogateescape")})
