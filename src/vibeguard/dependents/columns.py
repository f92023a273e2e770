"""The edges of a tree in columns, gathered file by file, and how they become the sections of a stored graph."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Mapping, Sequence
from itertools import accumulate
from zlib import crc32

from vibeguard.dependents.facts import GRADES, KIND_CODES, KIND_GRADES, Links
from vibeguard.dependents.packages import declared

SEPARATOR = "\x1f"
_SPARE_LISTS = 1000
# What a process sends of its columns: see `Columns.packed`.
Packed = tuple[bytes, bytes, bytes, bytes, bytes, list[str], list[str], dict[str, str]]


def key_hash(language: str, key: str) -> int:
    """The number under which a wanted key is stored; two keys with one number only cost an extra look."""
    return crc32(f"{language}:{key}".encode("utf-8", "surrogatepass"))


class Columns:
    """One row an edge, in any order, and what leads nowhere. Files go by their number among the tree's sorted paths."""

    def __init__(self, numbers: Mapping[str, int]) -> None:
        self.numbers = numbers
        self.ends = array("Q")  # (target * GRADES + grade) << 32 | source
        self.kinds = bytearray()
        self.names = array("I")  # numbers in `lists`
        self.lines = array("I")
        self.wanted = array("Q")  # hash of the key << 32 | importer
        self.lists: dict[str, int] = {"": 0}  # names joined
        self.unresolved: list[str] = []
        self.unread: dict[str, str] = {}
        self._hashes: dict[str, dict[str, int]] = {}

    def add(self, path: str, language: str, links: Links) -> None:
        """The links of one file."""
        numbers, lists = self.numbers, self.lists
        source = numbers[path]
        if links.edges:
            self.ends.extend(
                [(numbers[edge[0]] * GRADES + KIND_GRADES[edge[1]]) << 32 | source for edge in links.edges]
            )
            self.kinds += bytes([KIND_CODES[edge[1]] for edge in links.edges])
            self.lines.extend([edge[3] for edge in links.edges])
            self.names.extend(
                [lists.setdefault(SEPARATOR.join(edge[2]), len(lists)) if edge[2] else 0 for edge in links.edges]
            )
        if links.unresolved:
            self.unresolved += [
                f"{source}{SEPARATOR}{specifier}{SEPARATOR}{line}" for specifier, line in links.unresolved
            ]
        hashes = self._hashes.setdefault(language, {})
        for key in links.wanted:
            if key not in hashes:
                hashes[key] = key_hash(language, key) << 32
        self.wanted.extend([hashes[key] | source for key in links.wanted])

    def packed(self) -> Packed:
        """Everything as what `marshal` can write."""
        return (
            self.ends.tobytes(),
            bytes(self.kinds),
            self.names.tobytes(),
            self.lines.tobytes(),
            self.wanted.tobytes(),
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
        self.wanted.frombytes(wanted)
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
        self._drop_unused_lists()
        order = sorted(range(len(self.ends)), key=self.ends.__getitem__)
        ends = [self.ends[at] for at in order]
        counts = [0] * (len(oids) * GRADES + 1)
        for end in ends:
            counts[(end >> 32) + 1] += 1
        wanted = sorted(self.wanted)
        opaque = [f"{self.numbers[path]}{SEPARATOR}{why}" for path, why in sorted(self.unread.items())]
        return {
            "languages": "\0".join(languages).encode(),
            "paths": _joined(oids),
            "starts": array("I", accumulate(counts)).tobytes(),
            "sources": array("I", [end & 0xFFFFFFFF for end in ends]).tobytes(),
            "kinds": bytes([self.kinds[at] for at in order]),
            "names": array("I", [self.names[at] for at in order]).tobytes(),
            "lines": array("I", [self.lines[at] for at in order]).tobytes(),
            "name-lists": _joined(self.lists),
            "ids": bytes.fromhex("".join(oids.values())),
            "unresolved": _joined(sorted(self.unresolved)),
            "unread": _joined(opaque),
            "packages": _joined(sorted(declared(oids))),
            "settings": _pack_settings(settings),
            "wanted-keys": array("I", [item >> 32 for item in wanted]).tobytes(),
            "wanted-by": array("I", [item & 0xFFFFFFFF for item in wanted]).tobytes(),
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
