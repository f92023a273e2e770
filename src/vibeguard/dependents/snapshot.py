"""The resolved graph of one tree as flat arrays, edges sorted by target: who depends on a file is a slice.

Paths are sorted; a file's number is its place among them. The parts that every question needs are loaded at once,
the others when they are asked for.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping

from vibeguard.dependents.columns import SEPARATOR
from vibeguard.dependents.facts import GRADES, KINDS, Edge
from vibeguard.dependents.store import DamagedError, Sections, Store


def _array(code: str, raw: bytes) -> array[int]:
    found = array(code)
    try:
        found.frombytes(raw)
    except ValueError:
        raise DamagedError("array") from None
    return found


class Snapshot:
    """All files and edges of one tree."""

    def __init__(  # noqa: PLR0917
        self,
        tree: str,
        paths: list[str],
        starts: array[int],
        sources: array[int],
        kinds: bytes,
        languages: tuple[str, ...],
        later: Mapping[str, bytes] | Sections,
    ) -> None:
        self.tree = tree
        self.paths = paths
        # Edges of grade g into file n are those from starts[n * GRADES + g] to the next one.
        self.starts = starts
        self.sources = sources
        self.kinds = kinds
        self.languages = languages
        self._later = later
        self._parts: dict[str, bytes] = {}
        self._arrays: dict[str, array[int]] = {}
        self._texts: dict[str, list[str]] = {}

    # -- questions

    def number(self, path: str) -> int | None:
        """The file's number, None where the tree has no such file."""
        at = bisect_left(self.paths, path)
        return at if at < len(self.paths) and self.paths[at] == path else None

    def into(self, number: int) -> range:
        """The edges into a file."""
        return range(self.starts[number * GRADES], self.starts[(number + 1) * GRADES])

    def names(self, edge: int) -> tuple[str, ...]:
        """The names that an edge carries."""
        return self.listed(self._numbers("names", "I")[edge])

    def listed(self, number: int) -> tuple[str, ...]:
        """The names of a list, by its number."""
        text = self._text("name-lists")[number]
        return tuple(text.split(SEPARATOR)) if text else ()

    def lists_into(self, number: int) -> Iterator[tuple[int, int]]:
        """(edge, number of the list of names it carries) of the edges into a file."""
        edges = self.into(number)
        return zip(edges, self._numbers("names", "I")[edges.start : edges.stop], strict=True)

    def names_of(self) -> Callable[[int], tuple[str, ...]]:
        """`names` for many edges: few lists of names are carried by most."""
        text, numbers = self._text("name-lists"), self._numbers("names", "I")
        known: dict[int, tuple[str, ...]] = {0: ()}

        def names(edge: int) -> tuple[str, ...]:
            number = numbers[edge]
            found = known.get(number)
            if found is None:
                found = known[number] = tuple(text[number].split(SEPARATOR))
            return found

        return names

    def line(self, edge: int) -> int:
        """The line of an edge's import in its source, 0 where it has none."""
        return self._numbers("lines", "I")[edge]

    def blob(self, number: int) -> str:
        """The object id of a file."""
        ids = self._part("ids")
        width = len(ids) // len(self.paths)
        return ids[number * width : (number + 1) * width].hex()

    def packages(self) -> set[str]:
        """Folders that hold a package's manifest."""
        return set(filter(None, self._text("packages")))

    def settings(self) -> dict[str, bytes]:
        """Content by path of the configuration files that resolvers asked for."""
        parts = self._part("settings").split(b"\0")
        return {
            path.decode("utf-8", "surrogateescape"): content
            for path, content in zip(parts[::2], parts[1::2], strict=False)
        }

    def unresolved(self) -> Iterator[tuple[str, str, int]]:
        """(importing path, specifier, line) of every import that leads nowhere."""
        for text in self._text("unresolved"):
            if text:
                source, specifier, line = text.split(SEPARATOR)
                yield self.paths[int(source)], specifier, int(line)

    def name_lists(self) -> list[str]:
        """Every list of names that an edge carries, joined."""
        return self._text("name-lists")

    def columns(self) -> tuple[array[int], array[int]]:
        """(number of the name list, line) of every edge."""
        return self._numbers("names", "I"), self._numbers("lines", "I")

    def wanted(self) -> Iterator[tuple[int, array[int]]]:
        """(hash of the key, importers) of every wanted key, rising."""
        ends, importers = self._numbers("wanted-ends", "I"), self._numbers("wanted-by", "I")
        start = 0
        for key, end in zip(self._numbers("wanted-keys", "I"), ends, strict=True):
            yield key, importers[start:end]
            start = end

    def unread(self) -> dict[str, str]:
        """Files whose content could not be scanned, and why."""
        found = {}
        for text in self._text("unread"):
            if text:
                number, _, why = text.partition(SEPARATOR)
                found[self.paths[int(number)]] = why
        return found

    def wanting(self, hashes: Iterable[int]) -> set[int]:
        """The files whose links may change when one of these keys comes or goes."""
        keys, importers = self._numbers("wanted-keys", "I"), self._numbers("wanted-by", "I")
        ends = self._numbers("wanted-ends", "I")
        found: set[int] = set()
        for wanted in hashes:
            at = bisect_left(keys, wanted)
            if at < len(keys) and keys[at] == wanted:
                found.update(importers[ends[at - 1] if at else 0 : ends[at]])
        return found

    def edges(self) -> Iterator[tuple[str, Edge]]:
        """(source, edge) for every edge, by target."""
        paths = self.paths
        for target in range(len(paths)):
            for at in self.into(target):
                yield (
                    paths[self.sources[at]],
                    Edge(paths[target], KINDS[self.kinds[at]], self.names(at), self.line(at)),
                )

    # -- parts

    def _part(self, name: str) -> bytes:
        if not isinstance(self._later, Sections):
            return self._later[name]
        found = self._parts.get(name)
        if found is None:
            found = self._parts[name] = self._later.section(name)
        return found

    def _numbers(self, name: str, code: str) -> array[int]:
        found = self._arrays.get(name)
        if found is None:
            found = self._arrays[name] = _array(code, self._part(name))
        return found

    def _text(self, name: str) -> list[str]:
        found = self._texts.get(name)
        if found is None:
            found = self._texts[name] = self._part(name).decode("utf-8", "surrogateescape").split("\0")
        return found


def assembled(tree: str, sections: Mapping[str, bytes] | Sections) -> Snapshot | None:
    """The graph of these sections (see `Columns.sections`), None when they do not fit each other."""
    read = sections.section if isinstance(sections, Sections) else sections.__getitem__
    try:
        if read("order") != sys.byteorder.encode():
            return None
        raw = read("paths")
        paths = raw.decode("utf-8", "surrogateescape").split("\0") if raw else []
        starts, sources = _array("I", read("starts")), _array("I", read("sources"))
        kinds = read("kinds")
        languages = tuple(read("languages").decode("ascii").split("\0")) if paths else ()
    except DamagedError:
        return None
    if len(starts) != len(paths) * GRADES + 1 or starts[-1] != len(sources) or len(kinds) != len(sources):
        return None
    return Snapshot(tree, paths, starts, sources, kinds, tuple(filter(None, languages)), sections)


def load(store: Store, tree: str) -> Snapshot | None:
    """The kept graph of a tree, None where there is none or it is damaged."""
    sections = store.open(f"graph-{tree}", tree)
    return None if sections is None else assembled(tree, sections)


def empty() -> Snapshot:
    """The graph of a tree without files."""
    return Snapshot("", [], array("I", [0]), array("I"), b"", (), {})
