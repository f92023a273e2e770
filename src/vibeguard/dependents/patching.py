"""A stored graph brought to another tree: the columns that stay are carried over, the links that differ are put in.

Building anew resolves every file; this costs a pass over arrays, about a tenth.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from itertools import chain, compress, repeat

from vibeguard.dependents.columns import SEPARATOR, Columns
from vibeguard.dependents.facts import GRADES, Links
from vibeguard.dependents.snapshot import Snapshot


def patched(
    old: Snapshot,
    blobs: Mapping[str, str | None],
    links: Mapping[str, tuple[str, Links]],
    unread: Mapping[str, str],
    settings: Mapping[str, bytes],
) -> dict[str, bytes]:
    """The sections of a tree that differs from `old`'s by these object ids (None: gone).

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
    oids = {path: oids[path] for path in sorted(oids)}
    numbers = {path: number for number, path in enumerate(oids)}
    columns = Columns(numbers)
    columns.lists.update({names: number for number, names in enumerate(old.name_lists())})
    moved = array("q", [numbers.get(path, -1) for path in old.paths])
    stays = bytes([path not in links and moved[number] >= 0 for number, path in enumerate(old.paths)])
    _carry(old, moved, stays, columns)
    columns.unresolved = [
        f"{numbers[source]}{SEPARATOR}{specifier}{SEPARATOR}{line}"
        for source, specifier, line in old.unresolved()
        if source in numbers and source not in links
    ]
    columns.unread = {path: why for path, why in old.unread().items() if path in numbers and path not in links}
    columns.unread.update(unread)
    for path, (language, found) in links.items():
        columns.add(path, language, found)
    languages = sorted({*old.languages, *(language for language, _ in links.values())})
    kept = {path: content for path, content in old.settings().items() if path not in blobs and path in numbers}
    return columns.sections(oids, languages, {**kept, **settings})


def _carry(old: Snapshot, moved: array[int], stays: bytes, columns: Columns) -> None:
    """The edges and wanted keys of the files that keep their links, with the new numbers."""
    sizes = [end - start for start, end in zip(old.starts, old.starts[1:], strict=False)]
    rows = array("I", chain.from_iterable(map(repeat, range(len(sizes)), sizes)))  # of every edge: see `Columns.ends`
    keep = bytes([stays[source] and moved[row // GRADES] >= 0 for row, source in zip(rows, old.sources, strict=True)])
    columns.ends.extend(
        (moved[row // GRADES] * GRADES + row % GRADES) << 32 | moved[source]
        for row, source in compress(zip(rows, old.sources, strict=True), keep)
    )
    names, lines = old.columns()
    columns.kinds += bytes(compress(old.kinds, keep))
    columns.names.extend(compress(names, keep))
    columns.lines.extend(compress(lines, keep))
    for key, importers in old.wanted():
        kept = [moved[source] for source in importers if stays[source]]
        if kept:
            columns.wanted[key] = kept
