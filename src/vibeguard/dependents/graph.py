"""Who depends on what changed: the graph of a change, and the questions it answers.

The stored graph belongs to one tree. What a change adds to it is worked out on the fly: changed files are scanned and
resolved anew, and so is every file whose links an added, deleted or renamed file could alter. Edges into deleted
files are those of the tree before the change: who used them still does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from vibeguard.dependents.facts import KIND_WEIGHTS, KINDS, Edge, Links
from vibeguard.dependents.languages import unsupported_language
from vibeguard.dependents.packages import Packages
from vibeguard.dependents.snapshot import Snapshot
from vibeguard.model import Dependent, Dependents


class Overlay(NamedTuple):
    """What differs from the stored graph: the links of these files are the ones here."""

    links: Mapping[str, Links]
    ghosts: tuple[tuple[str, Edge], ...] = ()  # (source, edge) into files that the change deletes
    added: tuple[str, ...] = ()
    deleted: frozenset[str] = frozenset()
    unread: Mapping[str, str] = {}


NO_OVERLAY = Overlay({})


class Graph:
    """The dependency graph after a change. Answers are kept, so asking again costs nothing."""

    def __init__(
        self,
        snapshot: Snapshot | None,
        overlay: Overlay = NO_OVERLAY,
        *,
        tree: str | None = None,
        unknown: str = "",
        notices: tuple[str, ...] = (),
    ) -> None:
        self.tree = tree
        self.unknown = unknown
        self.notices = notices
        self._snapshot = snapshot
        self._overlay = overlay
        self._packages = Packages(lambda path: self._number(path) is not None)
        self._answers: dict[tuple[str, ...], Dependents] = {}
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
        known = self._answers.get(changed)
        if known is None:
            known = self._answers[changed] = self._dependents(changed)
        return known

    def package_of(self, path: str) -> str:
        """The folder of the package that a path belongs to: the nearest with a manifest, else the top-level one."""
        return self._packages.of(path)

    def _dependents(self, changed: tuple[str, ...]) -> Dependents:
        unknown = self.unknown
        languages = tuple(sorted({name for path in changed if (name := unsupported_language(path)) is not None}))
        if unknown:
            languages = ()
        elif languages:
            unknown = f"no import graph for {', '.join(languages)}"
        found = self._reach({number for path in changed if (number := self._number(path)) is not None})
        unresolved: list[tuple[str, str, int]] = []
        for path in changed:
            links = self._overlay.links.get(path)
            if links is not None:
                unresolved += [(path, specifier, line) for specifier, line in links.unresolved]
        silent = [path for path in changed if path not in self._overlay.links and path not in self._overlay.deleted]
        if silent and self._snapshot is not None:
            asked = set(silent)
            unresolved += [item for item in self._snapshot.unresolved() if item[0] in asked]
        return Dependents(changed, found, tuple(sorted(unresolved)), unknown, self.tree, self.notices, languages)

    def _reach(self, seeds: set[int]) -> tuple[Dependent, ...]:
        """Breadth first over the edges into each file; among shortest paths the heaviest counts."""
        snapshot, extra, replaced = self._snapshot, self._extra, self._replaced
        starts, sources, kinds = (
            (snapshot.starts, snapshot.sources, snapshot.kinds) if snapshot is not None else ((), (), b"")
        )
        weights = [KIND_WEIGHTS[kind] for kind in KINDS]
        distance = dict.fromkeys(seeds, 0)
        weight = dict.fromkeys(seeds, 1.0)
        via: dict[int, tuple[int, int, Edge | None]] = {}  # file: (file nearer to the change, its edge)
        frontier = sorted(seeds, key=self._path)
        level = 0
        levels: list[list[int]] = []
        while frontier:
            level += 1
            reached: list[int] = []
            for near in frontier:
                carried = weight[near]
                if near < self._stored:
                    for at in range(starts[near], starts[near + 1]):
                        far = sources[at]
                        known = distance.get(far)
                        if known is None:
                            if far in replaced:
                                continue
                            distance[far] = level
                            weight[far] = carried * weights[kinds[at]]
                            via[far] = (near, at, None)
                            reached.append(far)
                        elif known == level and carried * weights[kinds[at]] > weight[far] and far not in replaced:
                            weight[far] = carried * weights[kinds[at]]
                            via[far] = (near, at, None)
                for far, edge in extra.get(near, ()):
                    known = distance.get(far)
                    product = carried * KIND_WEIGHTS[edge.kind]
                    if known is None:
                        distance[far] = level
                        reached.append(far)
                    elif known != level or product <= weight[far]:
                        continue
                    weight[far] = product
                    via[far] = (near, -1, edge)
            reached.sort(key=self._path if self._new else None)
            levels.append(reached)
            frontier = reached
        return tuple(
            self._dependent(far, level, weight[far], via[far])
            for level, reached in enumerate(levels, 1)
            for far in reached
        )

    def _dependent(self, far: int, distance: int, weight: float, via: tuple[int, int, Edge | None]) -> Dependent:
        near, at, edge = via
        if edge is not None:
            return Dependent(self._path(far), distance, self._path(near), edge.kind, edge.names, weight)
        snapshot = self._snapshot
        assert snapshot is not None
        return Dependent(
            self._path(far), distance, snapshot.paths[near], KINDS[snapshot.kinds[at]], snapshot.names(at), weight
        )

    def edges(self) -> Iterator[tuple[str, Edge]]:
        """(source, edge) for every edge in force after the change."""
        if self._snapshot is not None:
            for source, edge in self._snapshot.edges():
                number = self._snapshot.number(source)
                if number not in self._replaced:
                    yield source, edge
        for source in sorted(self._overlay.links):
            for edge in self._overlay.links[source].edges:
                yield source, edge

    def unresolved(self) -> Iterator[tuple[str, str, int]]:
        """(importing path, specifier, line) of every import that should lead into the repository and does not."""
        if self._snapshot is not None:
            for item in self._snapshot.unresolved():
                if self._number(item[0]) not in self._replaced:
                    yield item
        for source in sorted(self._overlay.links):
            for specifier, line in self._overlay.links[source].unresolved:
                yield source, specifier, line

    def unread(self) -> dict[str, str]:
        """Files whose content could not be scanned, and why."""
        found = self._snapshot.unread() if self._snapshot is not None else {}
        for path in [*self._overlay.links, *self._overlay.deleted]:
            found.pop(path, None)
        return {**found, **self._overlay.unread}

    def paths(self) -> Iterator[str]:
        """Every file of the tree after the change."""
        if self._snapshot is not None:
            yield from (path for path in self._snapshot.paths if path not in self._overlay.deleted)
        yield from (path for path in self._overlay.added if path not in self._overlay.deleted)
