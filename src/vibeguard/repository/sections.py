"""A patch as it streams in: one `diff --git` section at a time, with bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from vibeguard.tuples import NamedTuple

_MARK = b"\ndiff --git "
_HUNK = b"\n@@ -"


class Section(NamedTuple):
    """One file's patch. `patch` is None where it was longer than the limit; its lines were counted all the same."""

    patch: bytes | None
    size: int
    added: int
    deleted: int


def sections(read: Callable[[], bytes], begun: bytes, limit: int) -> Iterator[Section]:
    """The sections of a stream.

    Lines of content always begin with ` `, `+`, `-` or `\\`, and git quotes newlines in paths: so a line that begins
    with `diff --git ` begins a section.

    Args:
        read: gives the next bytes, none at the end.
        begun: what was read already.
        limit: bytes of one section that are kept.
    """
    held = begun
    while True:
        start = 0
        while (end := held.find(_MARK, start)) >= 0:
            yield _section(held[start : end + 1])
            start = end + 1
        held = held[start:]
        blocks = [held]
        size = len(held)
        # A long section is gathered in pieces that double, so that its bytes are joined and searched log(n) times.
        wanted = max(1 << 16, min(size, limit + 1 - size))
        while wanted > 0 and (block := read()):
            blocks.append(block)
            wanted -= len(block)
        held = b"".join(blocks)
        if wanted > 0 and held.find(_MARK) < 0:
            if held:
                yield _section(held)
            return
        if len(held) > limit and held.find(_MARK) < 0:
            section, held, ended = _skip(held, read)
            yield section
            if ended:
                return


def _skip(held: bytes, read: Callable[[], bytes]) -> tuple[Section, bytes, bool]:
    """The rest of a section that is too long: counted and forgotten. Also what follows it, and whether nothing did."""
    # A section this long is past its header, so that each line tells by its first byte what it is.
    added, deleted = count_lines(held)
    size = len(held)
    keep = len(_MARK) - 1
    held = held[-keep:]
    while block := read():
        window = held + block
        end = window.find(_MARK)
        stop = len(window) if end < 0 else end + 1
        # The first bytes of the window were counted already; a mark over its edge begins inside of them.
        added += window.count(b"\n+", keep - 1, stop)
        deleted += window.count(b"\n-", keep - 1, stop)
        if end >= 0:
            return Section(None, size + stop - keep, added, deleted), window[end + 1 :], False
        size += len(block)
        held = window[-keep:]
    return Section(None, size, added, deleted), b"", True


def _section(patch: bytes) -> Section:
    return Section(patch, len(patch), *count_lines(patch))


def count_lines(section: bytes) -> tuple[int, int]:
    """Added and deleted lines of one section: behind the first hunk header every line says itself what it is."""
    begin = section.find(_HUNK)
    if begin < 0:
        return 0, 0
    return section.count(b"\n+", begin), section.count(b"\n-", begin)
