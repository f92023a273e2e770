"""A graph built anew: every file scanned and resolved, by two processes where there is much to do.

Files whose links follow from their own facts and the tree's paths are resolved as they are scanned, and their facts
are let go. Languages whose links depend on what other files define (`BY_NAME`) wait until all their files are scanned.
"""

from __future__ import annotations

import gc
import marshal
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, chain, pairwise
from operator import itemgetter

from vibeguard.dependents.columns import Columns
from vibeguard.dependents.facts import Facts, decode_facts, encode_facts
from vibeguard.dependents.languages import Language, configuring, language_of, load
from vibeguard.dependents.project import Project
from vibeguard.dependents.scanning import NOT_HERE, Blob, Progress, TooSlowError, contents_of, scanned
from vibeguard.dependents.store import DamagedError
from vibeguard.errors import VibeguardError
from vibeguard.repository.command import Git
from vibeguard.repository.objects import Objects
from vibeguard.tuples import NamedTuple

_FORK_FROM = 1500  # blobs; below this a second process costs more than it saves
_FORK_TO_RESOLVE_FROM = 2000  # the same for resolving alone
# Of the blobs, in the pieces that two processes take; with last ones of .04 one waited a fortieth of the time.
_ONE_END = (0.26, 0.11, 0.06, 0.04, 0.02, 0.01)
_SHARES = (*_ONE_END, *_ONE_END[::-1])
_BATCH = 256  # blobs between two looks at the clock
_BATCH_BYTES = 4 << 20  # the clock is looked at after as many, too: a fifth of a second's work


class Built(NamedTuple):
    """A graph as the store keeps it, and the records of its blobs."""

    sections: dict[str, bytes]
    records: dict[Blob, str]


class _Part:
    """What one process works out."""

    def __init__(self, numbers: Mapping[str, int]) -> None:
        self.records: dict[Blob, str] = {}
        self.columns = Columns(numbers)
        self.settings: dict[str, bytes] = {}
        self.project: Project | None = None  # with what resolvers remember


_Pass = Callable[["_Building", "_Part", Sequence[Blob]], Iterator[int]]


class Task(NamedTuple):
    """What a build needs beside the tree."""

    git: Git
    known: Callable[[Blob], str | None] | None = None  # the kept record of a blob; None where nothing is to be kept
    here: frozenset[str] | None = None  # the ids of the objects that a partial clone has; None when all are there
    deadline: float | None = None  # on `time.monotonic()`'s clock
    progress: Progress | None = None


def build(task: Task, blobs: Mapping[str, str]) -> Built:
    """The graph of a tree, given as object id by path of every regular file.

    Raises:
        TooSlowError: the deadline passed first.
        VibeguardError: git failed.
        DamagedError: a kept record is none.
    """
    collects = gc.isenabled()
    gc.disable()  # millions of small tuples and not one cycle: looking for some costs resolving half as much again
    try:
        return _Building(task, blobs).run()
    finally:
        if collects:
            # What is left, mostly kept by scanners for the next file, counts as old: it is no garbage to look for.
            gc.freeze()
            gc.unfreeze()
            gc.enable()


class _Building:
    def __init__(self, task: Task, blobs: Mapping[str, str]) -> None:
        self.git, self.known, self.here, self.deadline, self.progress = task
        self.oids = {path: blobs[path] for path in sorted(blobs)}
        self.paths: dict[Blob, list[str]] = {}
        for path, oid in self.oids.items():
            language = language_of(path)
            if language is not None:
                self.paths.setdefault((oid, language), []).append(path)
        self.languages: dict[str, Language] = {name: load(name) for name in sorted({name for _, name in self.paths})}
        self.whole = _Part({path: number for number, path in enumerate(self.oids)})
        self.files = frozenset(self.oids)
        self._settings: dict[str, bytes | None] = {}  # files that resolvers may ask for, read before they do
        self._objects: Objects | None = None
        self._inherited: Objects | None = None
        self._decoded: dict[Blob, Facts] = {}

    def run(self) -> Built:
        blobs = list(self.paths)
        by_name = [blob for blob in blobs if self.languages[blob[1]].BY_NAME]
        try:
            self._read_settings()
            self._in_two(_Building.scan, blobs, _FORK_FROM)
            if self.progress is not None:
                self.progress(len(blobs), len(blobs))
            self._in_two(_Building.resolve, by_name, _FORK_TO_RESOLVE_FROM)
        finally:
            if self._objects is not None:
                self._objects.__exit__(None, None, None)
            if self.whole.project is not None:
                # It holds us, and much of it itself: the collector would take a twentieth of the build to see that.
                self.whole.project.kept.clear()
                self.whole.project = None
        whole = self.whole
        sections = whole.columns.sections(self.oids, list(self.languages), whole.settings)
        return Built(sections, whole.records)

    # -- the two passes; each yields how many blobs it has done, from time to time and only while some are left: work
    # that is done before anybody looks at the clock was done in time

    def scan(self, part: _Part, blobs: Sequence[Blob]) -> Iterator[int]:
        """Records of all blobs, and the links of those that can be resolved by themselves."""
        project = part.project = part.project or self._project(part)
        missing: list[Blob] = []
        for seen, blob in enumerate(blobs):
            if seen % _BATCH == 0:
                yield seen - len(missing)
            record = self.known(blob) if self.known is not None else None
            if record is None and self._is_here(blob[0]):
                missing.append(blob)
                continue
            part.records[blob] = record = record or NOT_HERE
            if not self.languages[blob[1]].BY_NAME:
                self._link(part, project, blob, _decoded(record))
        done = len(blobs) - len(missing)
        size = 0
        for blob, content in zip(missing, contents_of(self.git, [oid for oid, _ in missing]), strict=True):
            if done % _BATCH == 0 or size > _BATCH_BYTES:
                size = 0
                yield done
            language = self.languages[blob[1]]
            if content is None:
                part.records[blob], facts = NOT_HERE, _decoded(NOT_HERE)
            else:
                facts = scanned(language.scan, content)
                if language.BY_NAME:
                    # The parent needs a child's as a record, its own as they are.
                    self._decoded[blob] = facts
                if self.known is not None or (language.BY_NAME and part is not self.whole):
                    part.records[blob] = encode_facts(facts)
                size += len(content)
            if not language.BY_NAME:
                self._link(part, project, blob, facts)
            done += 1

    def resolve(self, part: _Part, blobs: Sequence[Blob]) -> Iterator[int]:
        """The links of blobs whose records are all there."""
        project = part.project = part.project or self._project(part)
        for done, blob in enumerate(blobs):
            if done % _BATCH == 0:
                yield 0
            self._link(part, project, blob, self._facts(blob))

    def _link(self, part: _Part, project: Project, blob: Blob, facts: Facts) -> None:
        language = blob[1]
        for path in self.paths[blob]:
            if facts.opaque:
                part.columns.unread[path] = facts.opaque
            else:
                part.columns.add(path, language, self.languages[language].resolve(facts, path, project))

    def _read_settings(self) -> None:
        """Read what resolvers are likely to ask for in one stream: asked for one by one, each is a wait for git."""
        wanted = [path for path in configuring(self.oids) if self._is_here(self.oids[path])]
        self._settings.update(zip(wanted, contents_of(self.git, [self.oids[path] for path in wanted]), strict=True))

    def _is_here(self, oid: str) -> bool:
        return self.here is None or oid in self.here

    def _project(self, part: _Part) -> Project:
        def read(path: str) -> bytes | None:
            if path not in part.settings:
                found = self._settings[path] if path in self._settings else self._read(path)
                if found is None:
                    return None
                part.settings[path] = found
            return part.settings[path]

        def facts(path: str) -> Facts:
            oid, language = self.oids.get(path), language_of(path)
            return Facts() if oid is None or language is None else self._facts((oid, language))

        project = Project(self.files, read, facts)
        project.ordered = list(self.oids)  # sorted already
        return project

    def _read(self, path: str) -> bytes | None:
        oid = self.oids.get(path)
        if oid is None or not self._is_here(oid):
            return None
        if self._objects is None:
            self._objects = Objects(self.git)
        return self._objects.blob(oid)

    def _facts(self, blob: Blob) -> Facts:
        found = self._decoded.get(blob)
        if found is None:
            found = self._decoded[blob] = _decoded(self.whole.records[blob])
        return found

    # -- two processes

    def _in_two(self, work: _Pass, blobs: Sequence[Blob], enough: int) -> None:
        """Do a pass over these blobs, about half of them in a child if there are enough.

        We take pieces from one end, the child from the other, until there are no more: neighbours import the same, so
        each remembers what it needs, and neither waits long for the other. What the child sends is taken whole or not
        at all; what one that failed took is done by us. It is forked, not spawned: that needs no second interpreter
        start (10 ms) and no second import of the scanners.
        """
        if len(blobs) < enough or not hasattr(os, "fork") or (os.cpu_count() or 1) < 2:
            self._here(work, blobs)
            return
        pieces = _pieces(blobs)
        claims, writing = os.pipe()
        os.write(writing, bytes(len(pieces)))
        os.close(writing)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            self._child(work, _claimed(pieces[::-1], claims), writing)
        os.close(writing)
        try:
            late: TooSlowError | None = None
            ours = done = 0
            try:
                for piece in _claimed(pieces, claims):
                    self._here(work, piece, done, 2)
                    ours += 1
                    done += len(piece)
                self.whole.columns.sort_early()  # as the child does now with its own
            except TooSlowError as slow:
                late = slow
            with open(reading, "rb") as pipe:
                reading = -1
                raw = pipe.read()
        finally:
            os.close(claims)
            if reading >= 0:
                os.close(reading)
                os.kill(child, 9)
            os.waitpid(child, 0)
        whole = self._take(raw)
        if late is not None or (not whole and self._is_late()):
            raise TooSlowError(self.whole.records)
        for piece in () if whole else pieces[ours:]:
            self._here(work, piece)

    def _here(self, work: _Pass, blobs: Sequence[Blob], before: int = 0, shares: int = 1) -> None:
        """Do a pass over these blobs in this process, one of so many, which has done others before."""
        for done in work(self, self.whole, blobs):
            if self.progress is not None and before + done:
                self.progress(min(shares * (before + done), len(self.paths)), len(self.paths))
            if self._is_late():
                raise TooSlowError(self.whole.records)

    def _is_late(self) -> bool:
        return self.deadline is not None and time.monotonic() > self.deadline

    def _child(self, work: _Pass, pieces: Iterable[Sequence[Blob]], writing: int) -> None:
        """Work, write what was found, and leave without any of the parent's clean-up."""
        status = 1
        try:
            # The parent's pipe is not ours to use, nor to let go: closing it would end the parent's git.
            self._inherited, self._objects = self._objects, None
            part = _Part(self.whole.columns.numbers)
            whole = True
            for _ in chain.from_iterable(work(self, part, piece) for piece in pieces):
                if self._is_late():
                    whole = False
                    break
            with open(writing, "wb") as pipe:
                # Read by the process that we were forked from; nothing of this kind is ever kept.
                pipe.write(marshal.dumps((whole, part.records, part.settings, part.columns.packed())))
            status = 0
        except (VibeguardError, DamagedError, OSError, MemoryError, ValueError, KeyboardInterrupt):
            pass
        finally:
            os._exit(status)

    def _take(self, raw: bytes) -> bool:
        """Take what a child sent; whether that is all of its share."""
        try:
            whole, records, settings, packed = marshal.loads(raw)  # noqa: S302 - a pipe from our own child
        except (EOFError, ValueError, TypeError):
            return False
        self.whole.records.update(records)
        if whole:
            self.whole.settings.update(settings)
            self.whole.columns.merge(packed)
        return bool(whole)


def _pieces(blobs: Sequence[Blob]) -> list[Sequence[Blob]]:
    """What two processes take in turns, language by language: large at both ends, small where they meet."""
    ordered = sorted(blobs, key=itemgetter(1))  # of one language in the order of their paths
    ends = [round(share * len(ordered)) for share in accumulate(_SHARES)]
    return [ordered[start:end] for start, end in pairwise([0, *ends])]


def _claimed(pieces: Iterable[Sequence[Blob]], claims: int) -> Iterator[Sequence[Blob]]:
    """The pieces from one end, as long as this process gets a byte for the next one: there are as many as pieces."""
    for piece in pieces:
        if not os.read(claims, 1):
            return
        yield piece


def _decoded(record: str) -> Facts:
    """The facts of a record.

    Raises:
        DamagedError: it is none.
    """
    try:
        return decode_facts(record)
    except (ValueError, IndexError):
        raise DamagedError("facts") from None
