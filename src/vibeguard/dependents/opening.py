"""From a repository to its graph: the stored one brought up to date, or a new one built."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from functools import cached_property

from vibeguard.dependents.fact_store import FactStore
from vibeguard.dependents.facts import Facts, decode_facts
from vibeguard.dependents.graph import Graph, Overlay
from vibeguard.dependents.layers import Layer
from vibeguard.dependents.patching import patched
from vibeguard.dependents.scanning import FEW_BLOBS, NOT_HERE, Blob, Progress, TooSlowError, scan_blobs
from vibeguard.dependents.snapshot import assembled, empty, load
from vibeguard.dependents.store import DamagedError, Store
from vibeguard.errors import VibeguardError
from vibeguard.model import Change
from vibeguard.repository.command import Git
from vibeguard.repository.objects import REGULAR, Objects, is_partial, list_files, local_ids

BUILDING = "dependents unknown, building"
IN_BACKGROUND = f"{BUILDING} in the background"
HOW_TO_FINISH = "the import graph is not built yet; each run goes on with it, and `vibeguard graph stats` finishes it"
NEXT_TIME = "the import graph is being built in the background; a run after that knows the dependents"
# Files whose links differ from the kept graph's: from the first number on a graph with them is kept for the next run,
# from the second one it is built anew.
_PATCH_FROM = 24
_REBUILD_FROM = 2000
# Seconds for what the change itself adds once the graph before it is there: a build that ended just in time, and was
# then written, is not to be called unknown.
_FOR_THE_CHANGE = 1.0


def open_graph(
    git: Git,
    common_dir: str,
    change: Change,
    *,
    top: str | None = None,
    use_store: bool = True,
    time_limit: float | None = None,
    progress: Progress | None = None,
    objects: Objects | None = None,
) -> Graph:
    """The graph of the tree after a change, with the edges that led to what it deletes.

    Args:
        common_dir: the repository's common git folder; the stores live below it.
        top: the work tree's root; its files are read instead of git's objects where they are the same to the last bit.
        use_store: read and write the stores; without them everything is built anew.
        time_limit: seconds for scanning and resolving; when they pass, the graph is unknown and says so, and what was
            scanned is kept, so that the next run goes on from there.
        progress: called with (files scanned, files to scan).
        objects: a running `cat-file --batch` to ask for few blobs, instead of one of our own.

    Raises:
        VibeguardError: git failed, or an object is missing.
    """
    deadline = None if time_limit is None else time.monotonic() + time_limit
    store = Store(common_dir) if use_store else None
    try:
        return _open(_Session(git, common_dir, store, deadline, progress, objects, top), change)
    except DamagedError:
        # A part that was read late did not match its digest, and never will.
        assert store is not None
        store.discard()
        return _open(_Session(git, common_dir, None, deadline, progress, objects, top), change)


def _open(session: _Session, change: Change) -> Graph:
    try:
        with session:
            return session.graph(change)
    except TooSlowError as slow:
        if slow.records or session.scanned:
            session.facts_store.save({**session.records, **slow.records}, keep_others=True)
        notices = (*session.notices(), HOW_TO_FINISH)
        unbuilt = None if session.has_base else change.base_tree
        return Graph(None, tree=change.head_tree, unknown=BUILDING, unbuilt=unbuilt, notices=notices)


class _Session:
    """One opening: the stores, the running git, and what has been read so far."""

    def __init__(  # noqa: PLR0917
        self,
        git: Git,
        common_dir: str,
        store: Store | None,
        deadline: float | None,
        progress: Progress | None,
        objects: Objects | None,
        top: str | None = None,
    ) -> None:
        self.git = git
        self.common_dir = common_dir
        self.top = top
        self.store = store
        self.deadline = deadline
        self.patience = None if deadline is None else deadline - time.monotonic()  # seconds
        self.progress = progress
        self.facts_store = FactStore(store)
        self.records: dict[Blob, str] = {}
        self.scanned = False  # whether some of them are not in the store
        self.has_base = False
        self._objects = objects
        self._own_objects = objects is None
        self._decoded: dict[Blob, Facts] = {}

    def __enter__(self) -> _Session:
        return self

    def __exit__(self, *_: object) -> None:
        if self._objects is not None and self._own_objects:
            self._objects.__exit__(None, None, None)

    def notices(self) -> tuple[str, ...]:
        """What the user may want to know about the stores."""
        return (self.store.note,) if self.store is not None and self.store.note else ()

    # -- contents

    @cached_property
    def here(self) -> frozenset[str] | None:
        """The objects of a partial clone, since git dies of every other one; None for a whole clone."""
        return local_ids(self.git) if is_partial(self.common_dir) else None

    def read(self, oid: str) -> bytes | None:
        """The content of one blob; configuration files only."""
        if self.here is not None and oid not in self.here:
            return None
        if self._objects is None:
            self._objects = Objects(self.git)
        return self._objects.blob(oid)

    def scan(self, blobs: Iterable[Blob]) -> None:
        """See to it that the records of these blobs are at hand."""
        missing = []
        for blob in dict.fromkeys(blobs):
            if blob not in self.records:
                record = self.facts_store.get(blob)
                if record is None:
                    missing.append(blob)
                else:
                    self.records[blob] = record
        if missing and self.here is not None:
            self.records.update((blob, NOT_HERE) for blob in missing if blob[0] not in self.here)
            missing = [blob for blob in missing if blob[0] in self.here]
        if missing:
            few = self._objects if len(missing) <= FEW_BLOBS else None
            self.records.update(
                scan_blobs(self.git, missing, deadline=self.deadline, progress=self.progress, objects=few)
            )
            self.scanned = True

    def hurry(self) -> None:
        """Called now and then by long work.

        Raises:
            TooSlowError: the time is up.
        """
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise TooSlowError({})

    def facts(self, blob: Blob) -> Facts:
        """The facts of one blob.

        Raises:
            DamagedError: the stored record is no record.
        """
        known = self._decoded.get(blob)
        if known is not None:
            return known
        if blob not in self.records:
            self.scan([blob])
        # Every file that is resolved comes by here: resolving a huge tree takes as long as scanning it.
        self.hurry()
        try:
            found = self._decoded[blob] = decode_facts(self.records[blob])
            return found
        except (ValueError, IndexError):
            raise DamagedError("facts") from None

    # -- graphs

    def graph(self, change: Change) -> Graph:
        """The graph after a change."""
        base = self.base(change.base_tree)
        self.has_base = True
        if self.deadline is not None:
            self.deadline = max(self.deadline, time.monotonic() + _FOR_THE_CHANGE)
        after = base.step(
            {file.path: file.blob_after if file.mode_after in REGULAR else None for file in change.files},
            self,
            lazily=True,
        )
        gone = sorted(path for path in base.existing(change.paths) if not after.existing((path,)))
        ghosts = tuple((source, edge) for path in gone for source, edge in base.edges_into(path))
        ghosts += after.lost(base, change.paths)

        def settle() -> Overlay:
            with _Session(self.git, self.common_dir, self.store, None, None, None) as session:
                return after.settled(session).overlay(ghosts)

        def rebuild() -> Graph:
            if self.store is not None:
                self.store.discard()
            limit = None if self.patience is None else time.monotonic() + self.patience
            return _open(_Session(self.git, self.common_dir, None, limit, None, None, self.top), change)

        return Graph(
            after.snapshot,
            after.overlay(ghosts),
            tree=change.head_tree,
            notices=self.notices(),
            settle=settle,
            rebuild=rebuild if self.store is not None else None,
        )

    def base(self, tree: str | None) -> Layer:
        """The graph of the tree before the change: kept, brought up to date from a kept one, or built."""
        if tree is None:
            return Layer(empty())
        trees = self.store.graphs() if self.store is not None else []
        if self.store is not None and tree in trees:
            snapshot = load(self.store, tree)
            if snapshot is not None:
                return Layer(snapshot)
        if self.store is not None and trees:
            newest = trees[0]
            snapshot = load(self.store, newest)
            blobs = self.difference(newest, tree) if snapshot is not None else None
            if snapshot is not None and blobs is not None and len(blobs) < _REBUILD_FROM:
                layer, stale = Layer(snapshot).laid(blobs, self)
                if len(stale) < _REBUILD_FROM:
                    layer.resolve(stale, self)
                    if len(layer.links) >= _PATCH_FROM:
                        return self.patched(layer, tree)
                    self.store.touch(f"graph-{newest}")
                    return layer
        return self.built(tree)

    def difference(self, old: str, new: str) -> Mapping[str, str | None] | None:
        """Object ids by path of what differs between two trees; None when the old one is no longer there."""
        try:
            raw = self.git.run("diff-tree", "-r", "--raw", "-z", "--no-renames", "--no-abbrev", old, new).stdout
        except VibeguardError:
            return None
        parts = raw.split(b"\0")
        found: dict[str, str | None] = {}
        for facts, path in zip(parts[::2], parts[1::2], strict=False):
            _, mode, _, oid, _ = facts.decode().split(" ")
            found[path.decode("utf-8", "surrogateescape")] = oid if mode in REGULAR else None
        return found

    def patched(self, layer: Layer, tree: str) -> Layer:
        """The same graph without differences, kept for the next run."""
        links = {path: (language, layer.links[path]) for path, language in layer.languages()}
        return self.keep(tree, patched(layer.snapshot, layer.blobs, links, layer.unread, layer.settings))

    def built(self, tree: str) -> Layer:
        """The graph of a tree, built and kept. Symlinks and submodules hold no imports and are no targets."""
        blobs = list_files(self.git, tree)
        from vibeguard.dependents.building import Task, build  # noqa: PLC0415 - a cold start alone needs it

        known = self.facts_store.get if self.store is not None else None
        built = build(Task(self.git, known, self.here, self.deadline, self.progress, self.top), blobs)
        self.facts_store.save(built.records)
        return self.keep(tree, built.sections)

    def keep(self, tree: str, sections: dict[str, bytes]) -> Layer:
        """The graph of these sections, written for the next run."""
        if self.store is not None:
            self.store.write(f"graph-{tree}", tree, sections)
        snapshot = assembled(tree, sections)
        assert snapshot is not None
        return Layer(snapshot)
