"""The resolved graph of one tree as flat arrays, edges sorted by target: who depends on a file is a slice.

Paths are sorted; a file's number is its place among them. The parts that every question needs are loaded at once,
the others when they are asked for.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import accumulate
from zlib import crc32

from vibeguard.dependents.facts import KIND_CODES, KINDS, Edge, Links
from vibeguard.dependents.packages import declared
from vibeguard.dependents.store import DamagedError, Sections, Store

SEPARATOR = "\x1f"


def _array(code: str, raw: bytes) -> array[int]:
    found = array(code)
    try:
        found.frombytes(raw)
    except ValueError:
        raise DamagedError("array") from None
    return found


def key_hash(language: str, key: str) -> int:
    """The number under which a wanted key is stored; two keys with one number only cost an extra look."""
    return crc32(f"{language}:{key}".encode("utf-8", "surrogatepass"))


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
        self.starts = starts  # edges into file n are those from starts[n] to starts[n + 1]
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

    def names(self, edge: int) -> tuple[str, ...]:
        """The names that an edge carries."""
        text = self._text("name-lists")[self._numbers("names", "I")[edge]]
        return tuple(text.split(SEPARATOR)) if text else ()

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

    def wanted(self) -> tuple[array[int], array[int]]:
        """(hash of the key, importer) of every wanted key, by key."""
        return self._numbers("wanted-keys", "I"), self._numbers("wanted-by", "I")

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
        found: set[int] = set()
        for wanted in hashes:
            at = bisect_left(keys, wanted)
            while at < len(keys) and keys[at] == wanted:
                found.add(importers[at])
                at += 1
        return found

    def edges(self) -> Iterator[tuple[str, Edge]]:
        """(source, edge) for every edge, by target."""
        paths = self.paths
        for target in range(len(paths)):
            for at in range(self.starts[target], self.starts[target + 1]):
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


def build(
    tree: str,
    blobs: Mapping[str, str],
    links: Mapping[str, tuple[str, Links]],
    unread: Mapping[str, str],
    settings: Mapping[str, bytes] | None = None,
) -> tuple[Snapshot, dict[str, bytes]]:
    """The snapshot of a tree, and its sections for the store.

    Args:
        blobs: object id by path, of every regular file.
        links: (language, links) by path, of every file that was scanned.
        unread: why a file could not be scanned, by path.
        settings: content by path of the configuration files that resolvers asked for.
    """
    paths = sorted(blobs)
    numbers = {path: number for number, path in enumerate(paths)}
    rows: list[tuple[int, int, int, int, int]] = []
    lists: dict[tuple[str, ...], int] = {(): 0}
    unresolved: list[str] = []
    wanted: list[int] = []
    for path in sorted(links):
        language, found = links[path]
        source = numbers[path]
        rows += [
            (numbers[edge.target], source, KIND_CODES[edge.kind], lists.setdefault(edge.names, len(lists)), edge.line)
            for edge in found.edges
        ]
        unresolved += [f"{source}{SEPARATOR}{specifier}{SEPARATOR}{line}" for specifier, line in found.unresolved]
        wanted += [key_hash(language, key) << 32 | source for key in found.wanted]
    rows.sort()
    wanted.sort()
    counts = [0] * (len(paths) + 1)
    for row in rows:
        counts[row[0] + 1] += 1
    starts = array("I", accumulate(counts))
    sources = array("I", [row[1] for row in rows])
    kinds = bytes([row[2] for row in rows])
    opaque = [f"{numbers[path]}{SEPARATOR}{why}" for path, why in sorted(unread.items())]
    languages = tuple(sorted({language for language, _ in links.values()}))
    sections = {
        "languages": "\0".join(languages).encode(),
        "paths": "\0".join(paths).encode("utf-8", "surrogateescape"),
        "starts": starts.tobytes(),
        "sources": sources.tobytes(),
        "kinds": kinds,
        "names": array("I", [row[3] for row in rows]).tobytes(),
        "lines": array("I", [row[4] for row in rows]).tobytes(),
        "name-lists": "\0".join(SEPARATOR.join(names) for names in lists).encode("utf-8", "surrogateescape"),
        "ids": b"".join([bytes.fromhex(blobs[path]) for path in paths]),
        "unresolved": "\0".join(unresolved).encode("utf-8", "surrogateescape"),
        "unread": "\0".join(opaque).encode("utf-8", "surrogateescape"),
        "packages": "\0".join(sorted(declared(paths))).encode("utf-8", "surrogateescape"),
        "settings": pack_settings(settings or {}),
        "wanted-keys": array("I", [item >> 32 for item in wanted]).tobytes(),
        "wanted-by": array("I", [item & 0xFFFFFFFF for item in wanted]).tobytes(),
        "order": sys.byteorder.encode(),
    }  # fmt: skip
    return Snapshot(tree, paths, starts, sources, kinds, languages, sections), sections


def pack_settings(settings: Mapping[str, bytes]) -> bytes:
    """Paths and contents in turn; a content with NUL is no configuration that a resolver can read, and is left out."""
    return b"\0".join(
        part
        for path, content in sorted(settings.items())
        if b"\0" not in content
        for part in (path.encode("utf-8", "surrogateescape"), content)
    )


def load(store: Store, tree: str) -> Snapshot | None:
    """The kept graph of a tree, None where there is none or it is damaged."""
    sections = store.open(f"graph-{tree}", tree)
    if sections is None:
        return None
    try:
        if sections.section("order") != sys.byteorder.encode():
            return None
        raw = sections.section("paths")
        paths = raw.decode("utf-8", "surrogateescape").split("\0") if raw else []
        starts, sources = _array("I", sections.section("starts")), _array("I", sections.section("sources"))
        kinds = sections.section("kinds")
        languages = tuple(sections.section("languages").decode("ascii").split("\0")) if paths else ()
    except DamagedError:
        return None
    if len(starts) != len(paths) + 1 or starts[-1] != len(sources) or len(kinds) != len(sources):
        return None
    return Snapshot(tree, paths, starts, sources, kinds, tuple(filter(None, languages)), sections)
