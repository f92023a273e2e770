"""Who depends on what changed: the graph of a change, and the questions it answers.

The stored graph belongs to one tree. What a change adds to it is worked out on the fly: changed files are scanned and
resolved anew, and so is every file whose links an added, deleted or renamed file could alter. Edges into deleted
files are those of the tree before the change: who used them still does.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from operator import itemgetter
from typing import TypeVar

from vibeguard.dependents.facts import GRADES, KIND_WEIGHTS, KINDS, WEIGHTS, Edge, Links
from vibeguard.dependents.languages import linked_language, unsupported_language
from vibeguard.dependents.packages import Packages, declared
from vibeguard.dependents.snapshot import Snapshot
from vibeguard.dependents.store import DamagedError
from vibeguard.model import Dependent, Dependents, EdgeKind, Reach
from vibeguard.repository.objects import ABSENT
from vibeguard.tuples import NamedTuple

T = TypeVar("T")


class Overlay(NamedTuple):
    """What differs from the stored graph: the links of these files are the ones here."""

    links: Mapping[str, Links]
    ghosts: tuple[tuple[str, Edge], ...] = ()  # (source, edge) into files that the change deletes
    added: tuple[str, ...] = ()
    deleted: frozenset[str] = frozenset()
    unread: Mapping[str, str] = {}
    # Changed files whose own links were left for later, with what of theirs leads nowhere: (specifier, line).
    pending: Mapping[str, tuple[tuple[str, int], ...]] = {}


# Files that exist to pass the names of others on.
_PASSING_ON = ("__init__.", "index.", "mod.rs", "lib.rs")
NO_OVERLAY = Overlay({})


class _Details:
    """What is worked out when it is asked for, once; equal to another that comes to the same."""

    def __init__(self, work: Callable[[], tuple[Dependent, ...]]) -> None:
        self._work = work
        self._found: tuple[Dependent, ...] | None = None

    def __call__(self) -> tuple[Dependent, ...]:
        if self._found is None:
            self._found = self._work()
        return self._found

    def __eq__(self, other: object) -> bool:
        return self() == other() if isinstance(other, _Details) else NotImplemented

    def __hash__(self) -> int:
        return hash(self())


def _picked(numbers: Sequence[int], column: array[int]) -> Sequence[int]:
    """What a column has for these numbers."""
    found: Sequence[int]
    found = itemgetter(*numbers)(column) if len(numbers) > 1 else [column[number] for number in numbers]
    return found


class Graph:
    """The dependency graph after a change. Answers are kept, so asking again costs nothing."""

    def __init__(
        self,
        snapshot: Snapshot | None,
        overlay: Overlay = NO_OVERLAY,
        *,
        tree: str | None = None,
        unknown: str = "",
        unbuilt: str | None = None,
        notices: tuple[str, ...] = (),
        settle: Callable[[], Overlay] | None = None,
        rebuild: Callable[[], Graph] | None = None,
    ) -> None:
        """Args:
        unbuilt: the tree whose graph was not ready in time, where that is why this one is unknown.
        rebuild: makes the same graph without the stores; called when a part that is read late proves damaged.
        settle: works out the links of pending files; called when a question needs them. Who depends on all changed
            files does not: what a changed file imports starts at a file that is in the answer already.
        """
        self.tree = tree
        self.unknown = unknown
        self.unbuilt = unbuilt
        self.notices = notices
        self._snapshot = snapshot
        self._settle = settle
        self._rebuild = rebuild
        self._lay(overlay)

    def _lay(self, overlay: Overlay) -> None:
        snapshot = self._snapshot
        self._overlay = overlay
        self._packages: Packages | None = None
        self._answers: dict[tuple[str, ...], Dependents] = {}
        self._by_name: dict[str, dict[str, list[str]]] = {}
        paths = snapshot.paths if snapshot is not None else []
        self._stored = len(paths)
        self._new = {path: self._stored + place for place, path in enumerate(overlay.added)}
        # Stored edges of these sources are not in force.
        self._replaced = {number for path in overlay.links if (number := self._number(path)) is not None}
        self._replaced |= {number for path in overlay.deleted if (number := self._number(path)) is not None}
        self._extra: dict[int, list[tuple[int, Edge]]] = {}
        for source, edge in self._overlay_edges():
            target, number = self._number(edge.target), self._number(source)
            if target is not None and number is not None:
                self._extra.setdefault(target, []).append((number, edge))

    def _overlay_edges(self) -> Iterator[tuple[str, Edge]]:
        for source in sorted(self._overlay.links):
            for edge in self._overlay.links[source].edges:
                yield source, edge
        yield from self._overlay.ghosts

    def _number(self, path: str) -> int | None:
        found = self._snapshot.number(path) if self._snapshot is not None else None
        return self._new.get(path) if found is None else found

    def _path(self, number: int) -> str:
        if number < self._stored and self._snapshot is not None:
            return self._snapshot.paths[number]
        return self._overlay.added[number - self._stored]

    # -- questions

    def dependents(self, paths: Iterable[str]) -> Dependents:
        """Every file that depends on one of these, directly or through others; nearest first, then by path."""
        changed = tuple(sorted(set(paths)))
        return self._whole(lambda: self._answer(changed))

    def _whole(self, ask: Callable[[], T]) -> T:
        """An answer from whole stores: a damaged one is left, and the graph built without it."""
        try:
            return ask()
        except DamagedError:
            if self._rebuild is None:
                raise
            built = self._rebuild()
            self._snapshot, self._settle, self._rebuild = built._snapshot, built._settle, None
            self.unknown, self.notices = built.unknown, built.notices
            self._lay(built._overlay)
            return ask()

    def _answer(self, changed: tuple[str, ...]) -> Dependents:
        if self._overlay.pending and not self._overlay.pending.keys() <= set(changed):
            self._settled()
        known = self._answers.get(changed)
        if known is None:
            known = self._answers[changed] = self._dependents(changed)
        return known

    def named_by(self, names: Mapping[str, frozenset[str]]) -> set[str]:
        """Files whose imports name one of these names of these files, also through files that pass them on (barrels,
        `__init__`).

        An import of everything ("*") counts: it may use the names.
        """
        return self._whole(lambda: self._named_by(names))

    def _named_by(self, names: Mapping[str, frozenset[str]]) -> set[str]:
        found: set[str] = set()
        # An import of everything hands all names on as one: a ring of such imports costs one look a file.
        queue = list(names.items())
        seen = set(queue)
        while queue:
            path, held = queue.pop()
            importers = self._importers(path)
            everything = importers.get("*", [])
            found.update(everything)
            further = [(source, held) for source in everything]
            few, many = sorted((held, importers), key=len)
            for name in few:
                if name in many:
                    found.update(importers[name])
                    one = frozenset((name,))
                    further += [
                        (source, one) for source in importers[name] if source.rpartition("/")[2].startswith(_PASSING_ON)
                    ]
            for step in further:
                if step not in seen:
                    seen.add(step)
                    queue.append(step)
        return found

    def _importers(self, path: str) -> dict[str, list[str]]:
        """The files with an edge to this one by each name that the edges carry."""
        known = self._by_name.get(path)
        if known is not None:
            return known
        found = self._by_name[path] = {}
        number = self._number(path)
        if number is None:
            return found
        for source, edge in self._extra.get(number, ()):
            for name in edge.names:
                found.setdefault(name, []).append(self._path(source))
        if self._snapshot is not None and number < self._stored:
            # Most edges into a hub carry one of few lists of names.
            by_list: dict[int, list[str]] = {}
            for at, listed in self._snapshot.lists_into(number):
                source = self._snapshot.sources[at]
                if source not in self._replaced:
                    by_list.setdefault(listed, []).append(self._snapshot.paths[source])
            for listed, sources in by_list.items():
                for name in self._snapshot.listed(listed):
                    found.setdefault(name, []).extend(sources)
        return found

    def _settled(self) -> None:
        if self._overlay.pending and self._settle is not None:
            self._lay(self._settle())

    def package_of(self, path: str) -> str:
        """The folder of the package that a path belongs to: the nearest with a manifest, else the top-level one."""
        if self._packages is None:
            folders = self._whole(lambda: self._snapshot.packages() if self._snapshot is not None else set())
            # A manifest that the change deletes still says what its folder was.
            self._packages = Packages(folders | declared(self._overlay.added))
        return self._packages.of(path)

    def _dependents(self, changed: tuple[str, ...]) -> Dependents:
        unknown = self.unknown
        languages = tuple(sorted({name for path in changed if (name := unsupported_language(path)) is not None}))
        if not unknown and (absent := self._absent()):
            files = "1 file" if absent == 1 else f"{absent} files"
            unknown = f"the content of {files} is not in this clone, so what they import is not known"
        if unknown:
            languages = ()
        elif languages:
            unknown = f"no import graph for {', '.join(languages)}"
        elif alone := {
            path: name
            for path in changed
            if (name := linked_language(path)) is not None and not self._is_imported(path)
        }:
            what = f"{next(iter(alone))} defines" if len(alone) == 1 else f"{len(alone)} files define"
            unknown = f"which files call what {what} is not known"
            languages = tuple(sorted(set(alone.values())))
        snapshot = self._snapshot
        path_of = self._path if self._new or snapshot is None else snapshot.paths.__getitem__
        found = tuple(
            Reach(distance, weight, tuple(map(path_of, numbers)))
            for distance, weight, numbers in self._reach(self._seeds(changed))
        )
        details = _Details(lambda: self._whole(lambda: self._details(changed)))
        unresolved: list[tuple[str, str, int]] = []
        for path in changed:
            links = self._overlay.links.get(path)
            if path in self._overlay.pending:
                unresolved += [(path, specifier, line) for specifier, line in self._overlay.pending[path]]
            elif links is not None:
                unresolved += [(path, specifier, line) for specifier, line in links.unresolved]
        known = (self._overlay.links, self._overlay.deleted, self._overlay.pending)
        silent = [path for path in changed if not any(path in part for part in known)]
        if silent and self._snapshot is not None:
            asked = set(silent)
            unresolved += [item for item in self._snapshot.unresolved() if item[0] in asked]
        return Dependents(
            changed, found, tuple(sorted(unresolved)), unknown, self.tree, self.notices, languages, details
        )

    def _is_imported(self, path: str) -> bool:
        number, snapshot = self._number(path), self._snapshot
        if number is None:
            return False
        if number in self._extra or snapshot is None or number >= self._stored:
            return number in self._extra
        return any(snapshot.sources[at] not in self._replaced for at in snapshot.into(number))

    def _seeds(self, changed: Iterable[str]) -> list[int]:
        return [number for path in changed if (number := self._number(path)) is not None]

    def _reach(self, seeds: Iterable[int]) -> list[tuple[int, float, list[int]]]:
        """(distance, weight, files by path) of what depends on the seeds: nearest first, then heaviest.

        Breadth first over the edges into each file; among shortest paths the heaviest counts. Files of one distance
        and weight go together, and edges of one grade stand together: whole slices are joined, not edges looked at.
        """
        snapshot, extra, stored = self._snapshot, self._extra, self._stored
        starts, sources = (snapshot.starts, snapshot.sources) if snapshot is not None else (array("I"), array("I"))
        # By grade: where its edges into each file begin, and, last, where those of all grades end.
        bounds = [starts[grade::GRADES] for grade in range(GRADES)] + [starts[GRADES::GRADES]]
        seen = set(seeds)
        void = self._replaced  # stored edges of these are not in force
        found: list[tuple[int, float, list[int]]] = []
        frontier = [(1.0, list(seen))]
        distance = 0
        while frontier:
            distance += 1
            slices: dict[float, list[array[int]]] = {}
            laid: dict[float, set[int]] = {}
            for carried, numbers in frontier:
                held = [number for number in numbers if number < stored] if self._new else numbers
                cuts = [_picked(held, column) for column in bounds]
                for weight, begins, ends in zip(WEIGHTS, cuts, cuts[1:], strict=False):
                    slices.setdefault(carried * weight, []).extend(
                        [sources[start:end] for start, end in zip(begins, ends, strict=True) if start != end]
                    )
                for number in numbers if extra else ():
                    for far, edge in extra.get(number, ()):
                        laid.setdefault(carried * KIND_WEIGHTS[edge.kind], set()).add(far)
            frontier = []
            for product in sorted({*slices, *laid}, reverse=True):
                reached = set().union(*slices.get(product, ()))
                reached -= void
                reached |= laid.get(product, set())
                reached -= seen
                if reached:
                    seen |= reached
                    numbers = sorted(reached, key=self._path if self._new else None)
                    frontier.append((product, numbers))
                    found.append((distance, product, numbers))
        return found

    def _details(self, changed: tuple[str, ...]) -> tuple[Dependent, ...]:
        """How each dependent is reached: by the first path, in the order of the files, that has its distance and
        weight."""
        seeds = self._seeds(changed)
        at = {number: (distance, weight) for distance, weight, numbers in self._reach(seeds) for number in numbers}
        known: dict[int, Dependent] = {}
        nearer = dict.fromkeys(sorted(seeds, key=self._path), 1.0)
        distance = 0
        names_of = self._snapshot.names_of() if self._snapshot is not None else None
        while nearer:
            distance += 1
            for near, carried in nearer.items():
                via = self._path(near)
                for far, kind, names in self._edges_from(near, names_of):
                    if far not in known and at.get(far) == (distance, carried * KIND_WEIGHTS[kind]):
                        known[far] = Dependent(self._path(far), distance, via, kind, names(), at[far][1])
            here = [number for number, (level, _) in at.items() if level == distance]
            nearer = {number: at[number][1] for number in sorted(here, key=self._path)}
        return tuple(sorted(known.values(), key=lambda item: (item.distance, item.path)))

    def _edges_from(
        self, near: int, names_of: Callable[[int], tuple[str, ...]] | None
    ) -> Iterator[tuple[int, EdgeKind, Callable[[], tuple[str, ...]]]]:
        """(file, kind, names) of what depends on a file directly."""
        snapshot = self._snapshot
        if snapshot is not None and names_of is not None and near < self._stored:
            for place in snapshot.into(near):
                if snapshot.sources[place] not in self._replaced:
                    yield snapshot.sources[place], KINDS[snapshot.kinds[place]], partial(names_of, place)
        for far, edge in self._extra.get(near, ()):
            yield far, edge.kind, partial(tuple, edge.names)

    def edges(self) -> list[tuple[str, Edge]]:
        """(source, edge) for every edge in force after the change."""
        return self._whole(lambda: list(self._edges()))

    def _edges(self) -> Iterator[tuple[str, Edge]]:
        self._settled()
        if self._snapshot is not None:
            for source, edge in self._snapshot.edges():
                if self._snapshot.number(source) not in self._replaced:
                    yield source, edge
        for source in sorted(self._overlay.links):
            for edge in self._overlay.links[source].edges:
                yield source, edge

    def unresolved(self) -> list[tuple[str, str, int]]:
        """(importing path, specifier, line) of every import that should lead into the repository and does not."""
        return self._whole(lambda: list(self._unresolved()))

    def _unresolved(self) -> Iterator[tuple[str, str, int]]:
        self._settled()
        if self._snapshot is not None:
            for item in self._snapshot.unresolved():
                if self._number(item[0]) not in self._replaced:
                    yield item
        for source in sorted(self._overlay.links):
            for specifier, line in self._overlay.links[source].unresolved:
                yield source, specifier, line

    def unread(self) -> dict[str, str]:
        """Files whose content could not be scanned, and why."""
        return self._whole(self._unread)

    def _absent(self) -> int:
        """Files whose blobs are not here, as in a partial clone."""
        kept = self._snapshot.unread() if self._snapshot is not None else {}
        return sum(why == ABSENT for why in {**kept, **self._overlay.unread}.values())

    def _unread(self) -> dict[str, str]:
        self._settled()
        found = self._snapshot.unread() if self._snapshot is not None else {}
        for path in [*self._overlay.links, *self._overlay.deleted]:
            found.pop(path, None)
        return {**found, **self._overlay.unread}

    def paths(self) -> Iterator[str]:
        """Every file of the tree after the change."""
        if self._snapshot is not None:
            yield from (path for path in self._snapshot.paths if path not in self._overlay.deleted)
        yield from (path for path in self._overlay.added if path not in self._overlay.deleted)
