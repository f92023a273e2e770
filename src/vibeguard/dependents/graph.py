"""Who depends on what changed: the graph of a change, and the questions it answers.

The stored graph belongs to one tree. What a change adds to it is worked out on the fly: changed files are scanned and
resolved anew, and so is every file whose links an added, deleted or renamed file could alter. Edges into deleted
files are those of the tree before the change: who used them still does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, TypeVar

from vibeguard.dependents.facts import KIND_WEIGHTS, KINDS, Edge, Links
from vibeguard.dependents.languages import unsupported_language
from vibeguard.dependents.packages import Packages, declared
from vibeguard.dependents.snapshot import Snapshot
from vibeguard.dependents.store import DamagedError
from vibeguard.model import Dependent, Dependents
from vibeguard.repository.objects import ABSENT

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
        settle: Callable[[], Overlay] | None = None,
        rebuild: Callable[[], Graph] | None = None,
    ) -> None:
        """Args:
        rebuild: makes the same graph without the stores; called when a part that is read late proves damaged.
        settle: works out the links of pending files; called when a question needs them. Who depends on all changed
            files does not: what a changed file imports starts at a file that is in the answer already.
        """
        self.tree = tree
        self.unknown = unknown
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
            self._lay(built._overlay)
            return ask()

    def _answer(self, changed: tuple[str, ...]) -> Dependents:
        if self._overlay.pending and not self._overlay.pending.keys() <= set(changed):
            self._settled()
        known = self._answers.get(changed)
        if known is None:
            known = self._answers[changed] = self._dependents(changed)
        return known

    def named_by(self, path: str, name: str) -> set[str]:
        """Files whose imports name this name of a file, also through files that pass it on (barrels, `__init__`).

        An import of everything ("*") counts: it may use the name.
        """
        return self._whole(lambda: self._named_by(path, name))

    def _named_by(self, path: str, name: str) -> set[str]:
        found: set[str] = set()
        queue = [path]
        seen = {path}
        while queue:
            for source, names in self._edges_into(queue.pop()):
                if name not in names and "*" not in names:
                    continue
                found.add(source)
                file = source.rpartition("/")[2]
                if source not in seen and ("*" in names or file.startswith(_PASSING_ON)):
                    seen.add(source)
                    queue.append(source)
        return found

    def _edges_into(self, path: str) -> list[tuple[str, tuple[str, ...]]]:
        """(source, names) of the edges into a file."""
        number = self._number(path)
        if number is None:
            return []
        found = [(self._path(source), edge.names) for source, edge in self._extra.get(number, ())]
        if self._snapshot is not None and number < self._stored:
            starts = self._snapshot.starts
            for at in range(starts[number], starts[number + 1]):
                source = self._snapshot.sources[at]
                if source not in self._replaced:
                    found.append((self._path(source), self._snapshot.names(at)))
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
        found = self._reach({number for path in changed if (number := self._number(path)) is not None})
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
        return Dependents(changed, found, tuple(sorted(unresolved)), unknown, self.tree, self.notices, languages)

    def _reach(self, seeds: set[int]) -> tuple[Dependent, ...]:
        """Breadth first over the edges into each file; among shortest paths the heaviest counts."""
        snapshot, extra = self._snapshot, self._extra
        starts, sources, kinds = (
            (snapshot.starts, snapshot.sources, snapshot.kinds) if snapshot is not None else ((), (), b"")
        )
        weights = [KIND_WEIGHTS[kind] for kind in KINDS]
        total = self._stored + len(self._new)
        # Lists by number, for dictionaries cost twice as much: distance 0 is "not reached", seeds and sources whose
        # stored edges are void have -1.
        distance = [0] * total
        weight = [1.0] * total
        near_of = [0] * total
        edge_of = [0] * total  # place of the stored edge; -1 for one of the overlay
        laid: dict[int, Edge] = {}
        for number in seeds:
            distance[number] = -1
        void = {number for number in self._replaced if distance[number] == 0}
        for number in void:
            distance[number] = -2
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
                        known = distance[far]
                        if known == 0:
                            distance[far] = level
                            weight[far] = carried * weights[kinds[at]]
                            near_of[far] = near
                            edge_of[far] = at
                            reached.append(far)
                        elif known == level and far not in void and carried * weights[kinds[at]] > weight[far]:
                            weight[far] = carried * weights[kinds[at]]
                            near_of[far] = near
                            edge_of[far] = at
                for far, edge in extra.get(near, ()):
                    known = distance[far]
                    product = carried * KIND_WEIGHTS[edge.kind]
                    if known in (0, -2):
                        distance[far] = level
                        reached.append(far)
                    elif known != level or product <= weight[far]:
                        continue
                    weight[far] = product
                    near_of[far] = near
                    edge_of[far] = -1
                    laid[far] = edge
            reached.sort(key=self._path if self._new else None)
            levels.append(reached)
            frontier = reached
        return self._listed(levels, near_of, edge_of, laid, weight)

    def _listed(
        self,
        levels: list[list[int]],
        near_of: list[int],
        edge_of: list[int],
        laid: dict[int, Edge],
        weight: list[float],
    ) -> tuple[Dependent, ...]:
        """What was reached as nouns."""
        snapshot = self._snapshot
        path = self._path if self._new or snapshot is None else snapshot.paths.__getitem__
        make = Dependent._make
        found = []
        names_of = snapshot.names_of() if snapshot is not None and any(levels) else None
        for level, reached in enumerate(levels, 1):
            for far in reached:
                at = edge_of[far]
                if at < 0 or snapshot is None or names_of is None:
                    kind, names = laid[far].kind, laid[far].names
                else:
                    kind, names = KINDS[snapshot.kinds[at]], names_of(at)
                found.append(make((path(far), level, path(near_of[far]), kind, names, weight[far])))
        return tuple(found)

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
