"""A stored graph brought to another tree: the columns that stay are carried over, the links that differ are put in.

Building anew resolves every file; this costs a pass over arrays, about a tenth.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Mapping
from itertools import accumulate, chain, repeat

from vibeguard.dependents.facts import KIND_CODES, Links
from vibeguard.dependents.packages import declared
from vibeguard.dependents.snapshot import SEPARATOR, Snapshot, key_hash, pack_settings

_SPARE_LISTS = 1000


def patched(  # noqa: PLR0917
    old: Snapshot,
    tree: str,
    blobs: Mapping[str, str | None],
    links: Mapping[str, tuple[str, Links]],
    unread: Mapping[str, str],
    settings: Mapping[str, bytes],
) -> tuple[Snapshot, dict[str, bytes]]:
    """The snapshot of a tree that differs from `old` by these object ids (None: gone), and its sections.

    Args:
        links: (language, links) of every file whose links are others than in `old`.
        unread: why files among those could not be scanned.
        settings: content by path of configuration files that were read since.
    """
    oids = {path: old.blob(number) for number, path in enumerate(old.paths)}
    for path, oid in blobs.items():
        if oid is None:
            oids.pop(path, None)
        else:
            oids[path] = oid
    paths = sorted(oids)
    numbers = {path: number for number, path in enumerate(paths)}
    moved = [numbers.get(path, -1) for path in old.paths]
    stays = bytearray(b"\1") * len(old.paths)
    for number, path in enumerate(old.paths):
        if path in links or moved[number] < 0:
            stays[number] = 0

    lists = {names: number for number, names in enumerate(old.name_lists())}
    rows = _carried(old, moved, stays)
    unresolved = [
        f"{numbers[source]}{SEPARATOR}{specifier}{SEPARATOR}{line}"
        for source, specifier, line in old.unresolved()
        if source in numbers and source not in links
    ]
    wanted = [key << 32 | moved[source] for key, source in zip(*old.wanted(), strict=True) if stays[source]]
    for path, (language, found) in links.items():
        source = numbers[path]
        for edge in found.edges:
            names = lists.setdefault(SEPARATOR.join(edge.names), len(lists))
            rows.append((numbers[edge.target], source, KIND_CODES[edge.kind], names, edge.line))
        unresolved += [f"{source}{SEPARATOR}{specifier}{SEPARATOR}{line}" for specifier, line in found.unresolved]
        wanted += [key_hash(language, key) << 32 | source for key in found.wanted]
    used = {row[3] for row in rows}
    if len(lists) > 2 * len(used) + _SPARE_LISTS:
        # What no edge carries any more would pile up, patch after patch.
        numbered = {"": 0}
        renumbered = {}
        for listed, number in lists.items():
            if number in used:
                renumbered[number] = numbered.setdefault(listed, len(numbered))
        rows = [(*row[:3], renumbered[row[3]], row[4]) for row in rows]
        lists = numbered
    rows.sort()
    wanted.sort()
    counts = [0] * (len(paths) + 1)
    for row in rows:
        counts[row[0] + 1] += 1
    columns = list(zip(*rows, strict=True)) if rows else [(), (), (), (), ()]
    starts, sources, kinds = array("I", accumulate(counts)), array("I", columns[1]), bytes(columns[2])
    opaque = {path: why for path, why in old.unread().items() if path in numbers and path not in links} | dict(unread)
    languages = tuple(sorted({*old.languages, *(language for language, _ in links.values())}))
    kept = {path: content for path, content in old.settings().items() if path not in blobs and path in numbers}
    sections = {
        "languages": "\0".join(languages).encode(),
        "paths": _joined(paths),
        "starts": starts.tobytes(),
        "sources": sources.tobytes(),
        "kinds": kinds,
        "names": array("I", columns[3]).tobytes(),
        "lines": array("I", columns[4]).tobytes(),
        "name-lists": _joined(list(lists)),
        "ids": b"".join([bytes.fromhex(oids[path]) for path in paths]),
        "unresolved": _joined(unresolved),
        "unread": _joined([f"{numbers[path]}{SEPARATOR}{why}" for path, why in sorted(opaque.items())]),
        "packages": _joined(sorted(declared(paths))),
        "settings": pack_settings({**kept, **settings}),
        "wanted-keys": array("I", [item >> 32 for item in wanted]).tobytes(),
        "wanted-by": array("I", [item & 0xFFFFFFFF for item in wanted]).tobytes(),
        "order": sys.byteorder.encode(),
    }
    return Snapshot(tree, paths, starts, sources, kinds, languages, sections), sections


def _joined(texts: list[str]) -> bytes:
    return "\0".join(texts).encode("utf-8", "surrogateescape")


def _carried(old: Snapshot, moved: list[int], stays: bytearray) -> list[tuple[int, int, int, int, int]]:
    """The edges whose source keeps its links, with the new numbers."""
    sizes = [end - start for start, end in zip(old.starts, old.starts[1:], strict=False)]
    targets = chain.from_iterable(map(repeat, range(len(sizes)), sizes))
    names, lines = old.columns()
    return [
        (moved[target], moved[source], kind, listed, line)
        for target, source, kind, listed, line in zip(targets, old.sources, old.kinds, names, lines, strict=True)
        if stays[source] and moved[target] >= 0
    ]
