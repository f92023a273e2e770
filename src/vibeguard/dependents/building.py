"""A graph built anew: every file scanned and resolved, by two processes where there is much to do.

Files whose links follow from their own facts and the tree's paths are resolved as they are scanned, and their facts
are let go. Languages whose links depend on what other files define (`BY_NAME`) wait until all their files are scanned:
where they are few enough for one process (`_MOST_TOGETHER`), it takes them all and resolves them itself.
"""

from __future__ import annotations

import gc
import marshal
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from operator import itemgetter

from vibeguard.dependents.columns import Columns
from vibeguard.dependents.facts import Facts, decode_facts, encode_facts
from vibeguard.dependents.languages import Language, configuring, language_of, load
from vibeguard.dependents.project import Project
from vibeguard.dependents.scanning import NOT_HERE, Blob, Progress, TooSlowError, scanned
from vibeguard.dependents.store import DamagedError
from vibeguard.errors import VibeguardError
from vibeguard.repository.checkout import Checkout
from vibeguard.repository.command import Git
from vibeguard.repository.objects import Objects, read_contents
from vibeguard.tuples import NamedTuple

_FORK_FROM = 1500  # blobs; below this a second process costs more than it saves
_FORK_TO_RESOLVE_FROM = 2000  # the same for resolving alone
_UNITS = 100  # of which two processes take some at a time; as many as a byte can count
_LAST = 1  # of them is left to the parent, for as long as the child takes to send what it found
_MOST_TOGETHER = 0.25  # of the blobs, in one process; those of such languages are more work than others
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
        self.resolved = False  # also what waited for the facts of other files


_Pass = Callable[["_Building", "_Part", Sequence[Blob]], Iterator[int]]


class Task(NamedTuple):
    """What a build needs beside the tree."""

    git: Git
    known: Callable[[Blob], str | None] | None = None  # the kept record of a blob; None where nothing is to be kept
    here: frozenset[str] | None = None  # the ids of the objects that a partial clone has; None when all are there
    deadline: float | None = None  # on `time.monotonic()`'s clock
    progress: Progress | None = None
    top: str | None = None  # the work tree's root, whose files are read where they are what git has


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
        self.git, self.known, self.here, self.deadline, self.progress, top = task
        self.checkout = Checkout(top)
        self.oids = {path: blobs[path] for path in sorted(blobs)}
        self.paths: dict[Blob, list[str]] = {}
        for path, oid in self.oids.items():
            language = language_of(path)
            if language is not None:
                self.paths.setdefault((oid, language), []).append(path)
        self.languages: dict[str, Language] = {name: load(name) for name in sorted({name for _, name in self.paths})}
        self.whole = _Part({path: number for number, path in enumerate(self.oids)})
        self.files = frozenset(self.oids)
        self.by_name = [blob for blob in self.paths if self.languages[blob[1]].BY_NAME]
        self._settings: dict[str, bytes | None] = {}  # files that resolvers may ask for, read before they do
        self._objects: Objects | None = None
        self._inherited: Objects | None = None
        self._decoded: dict[Blob, Facts] = {}

    def run(self) -> Built:
        try:
            self._read_settings()
            self._in_two(_Building.scan, list(self.paths), _FORK_FROM)
            if self.progress is not None:
                self.progress(len(self.paths), len(self.paths))
            if not self.whole.resolved:
                self._in_two(_Building.resolve, self.by_name, _FORK_TO_RESOLVE_FROM)
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
        """Records of all blobs, and the links of those that can be resolved by themselves or wait for these alone."""
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
        contents = self._contents((blob[0], self.paths[blob][0]) for blob in missing)
        for blob, content in zip(missing, contents, strict=True):
            if done % _BATCH == 0 or size > _BATCH_BYTES:
                size = 0
                yield done
            language = self.languages[blob[1]]
            if content is None:
                part.records[blob], facts = NOT_HERE, _decoded(NOT_HERE)
            else:
                facts = scanned(language.scan, content)
                if language.BY_NAME:
                    self._decoded[blob] = facts
                if self.known is not None:
                    part.records[blob] = encode_facts(facts)
                size += len(content)
            if not language.BY_NAME:
                self._link(part, project, blob, facts)
            done += 1
        for _ in self._wait(part, [blob for blob in blobs if self.languages[blob[1]].BY_NAME]):
            yield len(blobs)

    def _wait(self, part: _Part, blobs: Sequence[Blob]) -> Iterator[int]:
        """The links of scanned blobs that wait for each other's facts, if these are all; else their facts are kept."""
        if len(blobs) == len(self.by_name):
            yield from self.resolve(part, blobs)
            part.resolved = True
        elif part is not self.whole:
            # The parent, which will need them, has its own as they are.
            for blob in blobs:
                if blob not in part.records:
                    part.records[blob] = encode_facts(self._decoded[blob])

    def resolve(self, part: _Part, blobs: Sequence[Blob]) -> Iterator[int]:
        """The links of blobs whose facts, and those of all that they may ask for, are there."""
        project = part.project = part.project or self._project(part)
        for done, blob in enumerate(blobs):
            if done and done % _BATCH == 0:
                yield 0
            self._link(part, project, blob, self._facts(part, blob))

    def _link(self, part: _Part, project: Project, blob: Blob, facts: Facts) -> None:
        language = blob[1]
        for path in self.paths[blob]:
            if facts.opaque:
                part.columns.unread[path] = facts.opaque
            else:
                part.columns.add(path, language, self.languages[language].resolve(facts, path, project))

    def _read_settings(self) -> None:
        """Read at once what resolvers are likely to ask for: one by one, each process would wait for git each time."""
        wanted = [path for path in configuring(self.oids) if self._is_here(self.oids[path])]
        self._settings.update(zip(wanted, self._contents((self.oids[path], path) for path in wanted), strict=True))

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
            return Facts() if oid is None or language is None else self._facts(part, (oid, language))

        project = Project(self.files, read, facts)
        project.ordered = list(self.oids)  # sorted already
        return project

    def _read(self, path: str) -> bytes | None:
        oid = self.oids.get(path)
        if oid is None or not self._is_here(oid):
            return None
        return self._blob(oid, path)

    def _contents(self, files: Iterable[tuple[str, str]]) -> Iterator[bytes | None]:
        """Contents of blobs, given as (object id, a path of it), in this order; None for one that is not here."""
        wanted = list(files)
        for number, (oid, path) in enumerate(wanted):
            if self.checkout.is_useless:
                yield from read_contents(self.git, [oid for oid, _ in wanted[number:]])
                return
            yield self._blob(oid, path)

    def _blob(self, oid: str, path: str) -> bytes | None:
        content = self.checkout.read(oid, path)
        if content is None:
            if self._objects is None:
                self._objects = Objects(self.git)
            content = self._objects.blob(oid)
        return content

    def _facts(self, part: _Part, blob: Blob) -> Facts:
        found = self._decoded.get(blob)
        if found is None:
            record = part.records.get(blob)
            found = self._decoded[blob] = _decoded(self.whole.records[blob] if record is None else record)
        return found

    # -- two processes

    def _in_two(self, work: _Pass, blobs: Sequence[Blob], enough: int) -> None:
        """Do a pass over these blobs, about half of them in a child if there are enough.

        We take pieces from one end, the child from the other, until there are no more: neighbours import the same, so
        each remembers what it needs. The child begins with those that wait for each other's facts, if they are few
        enough for one process. What it sends is taken whole or not at all; what one that failed took is done by us. It
        is forked, not spawned: that needs no second interpreter start (10 ms) and no second import of the scanners.
        """
        if len(blobs) < enough or not hasattr(os, "fork") or (os.cpu_count() or 1) < 2:
            self._here(work, blobs)
            return
        ordered = sorted(blobs, key=itemgetter(1))  # of one language in the order of their paths
        together: list[Blob] = []
        if len(self.by_name) < _MOST_TOGETHER * len(blobs):
            together = [blob for blob in ordered if self.languages[blob[1]].BY_NAME]
            ordered = [blob for blob in ordered if not self.languages[blob[1]].BY_NAME]
        claims, writing = os.pipe()
        os.write(writing, bytes(range(_UNITS - _LAST, 0, -1)))
        os.close(writing)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            pieces = (ordered[start:end] for start, end in _claimed(len(ordered), claims, backwards=True))
            self._child(work, chain([together] if together else [], pieces), writing)
        os.close(writing)
        try:
            late: TooSlowError | None = None
            done = 0
            try:
                for start, end in _claimed(len(ordered), claims):
                    self._here(work, ordered[start:end], done, 2)
                    done = end
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
        if not whole:
            self._here(work, [*ordered[done:], *together])

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
                pipe.write(marshal.dumps((whole, part.resolved, part.records, part.settings, part.columns.packed())))
            status = 0
        except (VibeguardError, DamagedError, OSError, MemoryError, ValueError, KeyboardInterrupt):
            pass
        finally:
            os._exit(status)

    def _take(self, raw: bytes) -> bool:
        """Take what a child sent; whether that is all of its share."""
        try:
            whole, resolved, records, settings, packed = marshal.loads(raw)  # noqa: S302 - a pipe from our own child
        except (EOFError, ValueError, TypeError):
            return False
        self.whole.records.update(records)
        if whole:
            self.whole.resolved |= resolved
            self.whole.settings.update(settings)
            self.whole.columns.merge(packed)
        return bool(whole)


def _claimed(size: int, claims: int, *, backwards: bool = False) -> Iterator[tuple[int, int]]:
    """(start, end) of what this process may take next of so many blobs, from their end if it is the child, backwards.

    A quarter of what is left at a time, so that in the end neither waits long for the other.

    Args:
        claims: a pipe with a byte for each unit of the blobs, that says how many are left.
    """
    taken = 0
    while left := os.read(claims, 1):
        before, taken = taken, taken + 1
        if left[0] >= 8:
            taken += len(os.read(claims, left[0] // 4 - 1))
        start, end = (_UNITS - taken, _UNITS - before) if backwards else (before, taken)
        yield size * start // _UNITS, size * end // _UNITS
    if not backwards:
        yield size * taken // _UNITS, size * (taken + _LAST) // _UNITS


def _decoded(record: str) -> Facts:
    """The facts of a record.

    Raises:
        DamagedError: it is none.
    """
    try:
        return decode_facts(record)
    except (ValueError, IndexError):
        raise DamagedError("facts") from None
