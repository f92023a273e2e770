"""The edges of a tree in columns, gathered file by file, and how they become the sections of a stored graph."""

from __future__ import annotations

import sys
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import accumulate, chain
from operator import itemgetter
from zlib import crc32

from vibeguard.dependents.facts import GRADES, KIND_CODES, KIND_GRADES, Links
from vibeguard.dependents.packages import declared

SEPARATOR = "\x1f"
_SPARE_LISTS = 1000
_AT_ONCE = 512  # files
# What a process sends of its columns: see `Columns.packed`.
Packed = tuple[bytes, bytes, bytes, bytes, dict[int, list[int]], list[str], list[str], dict[str, str]]


def key_hash(language: str, key: str) -> int:
    """The number under which a wanted key is stored; two keys with one number only cost an extra look.

    Of 30 bits, one digit of CPython's: such numbers are sorted in two thirds of the time of those of 32.
    """
    return crc32(f"{language}:{key}".encode("utf-8", "surrogatepass")) >> 2


class _Seekers(dict[str, list[int]]):
    """By key of a language: who looks for it, the list that `Columns.wanted` has under the key's number."""

    def __init__(self, language: str, wanted: dict[int, list[int]]) -> None:
        super().__init__()
        self._language = language
        self._wanted = wanted

    def __missing__(self, key: str) -> list[int]:
        found = self[key] = self._wanted.setdefault(key_hash(self._language, key), [])
        return found


class _Lists(dict[tuple[str, ...], int]):
    """By list of names: its number in `Columns.lists`."""

    def __init__(self, lists: dict[str, int]) -> None:
        super().__init__()
        self._lists = lists

    def __missing__(self, names: tuple[str, ...]) -> int:
        number = self[names] = self._lists.setdefault(SEPARATOR.join(names), len(self._lists))
        return number


class Columns:
    """One row an edge, in any order, and what leads nowhere. Files go by their number among the tree's sorted paths."""

    def __init__(self, numbers: Mapping[str, int]) -> None:
        self.numbers = numbers
        self.ends = array("Q")  # (target * GRADES + grade) << 32 | source
        self.kinds = bytearray()
        self.names = array("I")  # numbers in `lists`
        self.lines = array("I")
        self.wanted: dict[int, list[int]] = {}  # the importers that look for it, by hash of the key
        self.lists: dict[str, int] = {"": 0}  # names joined
        self.unresolved: list[str] = []
        self.unread: dict[str, str] = {}
        self._waiting: list[tuple[int, str, Links]] = []
        self._listed = _Lists(self.lists)  # the same by the names themselves
        self._seekers: dict[str, _Seekers] = {}

    def add(self, path: str, language: str, links: Links) -> None:
        """The links of one file."""
        source = self.numbers[path]
        if links.unresolved:
            self.unresolved += [
                f"{source}{SEPARATOR}{specifier}{SEPARATOR}{line}" for specifier, line in links.unresolved
            ]
        self._waiting.append((source, language, links))
        if len(self._waiting) == _AT_ONCE:
            self._enter()

    def _enter(self) -> None:
        """Put the links that wait into the columns: of many files at once, for each step costs more than its rows."""
        waiting, self._waiting = self._waiting, []
        edges = [edge for _, _, links in waiting for edge in links.edges]
        if edges:
            targets, kinds, names, lines = zip(*edges, strict=True)
            sources = [source for source, _, links in waiting for _ in links.edges]
            numbers = map(self.numbers.__getitem__, targets)
            grades = map(KIND_GRADES.__getitem__, kinds)
            self.ends.extend(
                [
                    (number * GRADES + grade) << 32 | source
                    for number, grade, source in zip(numbers, grades, sources, strict=True)
                ]
            )
            self.kinds += bytes(map(KIND_CODES.__getitem__, kinds))
            self.names.extend(map(self._listed.__getitem__, names))
            self.lines.extend(lines)
        for source, language, links in waiting:
            seekers = self._seekers.get(language)
            if seekers is None:
                seekers = self._seekers[language] = _Seekers(language, self.wanted)
            for importers in map(seekers.__getitem__, links.wanted):
                importers.append(source)

    def _sort(self) -> None:
        """Bring the rows into the order in which they are kept."""
        ends = self.ends.tolist()
        order = sorted(range(len(ends)), key=ends.__getitem__)
        if len(order) > 1:  # of less, a getter makes no tuple
            sort = itemgetter(*order)
            self.ends = array("Q", sort(ends))
            self.kinds = bytearray(sort(self.kinds))
            self.names = array("I", sort(self.names))
            self.lines = array("I", sort(self.lines))

    def packed(self) -> Packed:
        """Everything as what `marshal` can write."""
        self._enter()
        return (
            self.ends.tobytes(),
            bytes(self.kinds),
            self.names.tobytes(),
            self.lines.tobytes(),
            self.wanted,
            list(self.lists),
            self.unresolved,
            self.unread,
        )

    def merge(self, packed: Packed) -> None:
        """Rows that another process gathered over the same numbers."""
        ends, kinds, names, lines, wanted, lists, unresolved, unread = packed
        moved = [self.lists.setdefault(joined, len(self.lists)) for joined in lists]
        numbers = array("I")
        numbers.frombytes(names)
        self.ends.frombytes(ends)
        self.kinds += kinds
        self.names.extend(map(moved.__getitem__, numbers))
        self.lines.frombytes(lines)
        for key, importers in wanted.items():
            known = self.wanted.setdefault(key, importers)
            if known is not importers:
                known += importers
        self.unresolved += unresolved
        self.unread.update(unread)

    def sections(
        self, oids: Mapping[str, str], languages: Sequence[str], settings: Mapping[str, bytes]
    ) -> dict[str, bytes]:
        """What the store keeps: edges sorted by target, then by grade (heaviest first), then by source.

        Args:
            oids: object id by path, of every regular file, in the order of the numbers.
            languages: every language that has a file here.
            settings: content by path of the configuration files that resolvers asked for.
        """
        self._enter()
        self._sort()
        self._drop_unused_lists()
        counts = [0] * (len(oids) * GRADES + 1)
        rows, sources = _halves(self.ends)
        keys = sorted(self.wanted)
        importers = [self.wanted[key] for key in keys]
        for numbers in importers:
            numbers.sort()
        for row, edges in Counter(rows).items():
            counts[row + 1] = edges
        opaque = [f"{self.numbers[path]}{SEPARATOR}{why}" for path, why in sorted(self.unread.items())]
        return {
            "languages": "\0".join(languages).encode(),
            "paths": _joined(oids),
            "starts": array("I", accumulate(counts)).tobytes(),
            "sources": sources.tobytes(),
            "kinds": bytes(self.kinds),
            "names": self.names.tobytes(),
            "lines": self.lines.tobytes(),
            "name-lists": _joined(self.lists),
            "ids": bytes.fromhex("".join(oids.values())),
            "unresolved": _joined(sorted(self.unresolved)),
            "unread": _joined(opaque),
            "packages": _joined(sorted(declared(oids))),
            "settings": _pack_settings(settings),
            "wanted-keys": array("I", keys).tobytes(),
            "wanted-ends": array("I", accumulate(map(len, importers))).tobytes(),
            "wanted-by": array("I", chain.from_iterable(importers)).tobytes(),
            "order": sys.byteorder.encode(),
        }

    def _drop_unused_lists(self) -> None:
        """What no edge carries any more would pile up, patch after patch."""
        if len(self.lists) <= _SPARE_LISTS:
            return
        used = set(self.names) | {0}
        if len(self.lists) <= 2 * len(used) + _SPARE_LISTS:
            return
        kept = [(joined, number) for joined, number in self.lists.items() if number in used]
        moved = {number: place for place, (_, number) in enumerate(kept)}
        self.names = array("I", [moved[number] for number in self.names])
        self.lists = {joined: place for place, (joined, _) in enumerate(kept)}
        self._listed = _Lists(self.lists)


def _halves(numbers: array[int]) -> tuple[array[int], array[int]]:
    """The upper and the lower 32 bits of each number."""
    words = array("I", numbers.tobytes())
    low = 0 if sys.byteorder == "little" else 1
    return words[1 - low :: 2], words[low::2]


def _joined(texts: object) -> bytes:
    return "\0".join(texts).encode("utf-8", "surrogateescape")  # type: ignore[arg-type]


def _pack_settings(settings: Mapping[str, bytes]) -> bytes:
    """Paths and contents in turn; a content with NUL is no configuration that a resolver can read, and is left out."""
    return b"\0".join(
        part
        for path, content in sorted(settings.items())
        if b"\0" not in content
        for part in (path.encode("utf-8", "surrogateescape"), content)
    )
