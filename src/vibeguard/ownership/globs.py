"""One segment of a path pattern that holds wildcards, and the test whether it matches a name.

No regular expressions: `*a*a*a*b` would make one backtrack for minutes on a long name. The leftmost place of each
literal piece is always good enough, so that a test costs the name's length times the number of pieces.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

# Stands for any one character inside a piece. No path holds it, and files that hold it are not read.
ONE = "\0"


class Glob(NamedTuple):
    """A segment with wildcards: the literal text it begins and ends with, and a test for the rest.

    `rest` is None where the two and the length decide (one `*` between them).
    """

    prefix: str
    suffix: str
    least: int  # characters that a name must have
    rest: Callable[[str], bool] | None = None


ANY_NAME = Glob("", "", 0)


def glob_of(pieces: Sequence[str]) -> Glob:
    """The glob of literal pieces with a `*` between each two; :data:`ONE` in a piece is any one character."""
    prefix = pieces[0].partition(ONE)[0]
    suffix = pieces[-1].rpartition(ONE)[2]
    least = sum(map(len, pieces))
    if len(pieces) == 2 and prefix == pieces[0] and suffix == pieces[1]:
        return Glob(prefix, suffix, least)
    return Glob(prefix, suffix, least, _test(pieces))


def _test(pieces: Sequence[str]) -> Callable[[str], bool]:
    first, middle, last = pieces[0], pieces[1:-1], pieces[-1]
    if len(pieces) == 1:
        return lambda name: len(name) == len(first) and _stands_at(first, name, 0)

    def matches(name: str) -> bool:
        start, stop = len(first), len(name) - len(last)
        if stop < start or not _stands_at(first, name, 0) or not _stands_at(last, name, stop):
            return False
        for piece in middle:
            at = _find(piece, name, start, stop)
            if at < 0:
                return False
            start = at + len(piece)
        return True

    return matches


def _stands_at(piece: str, name: str, at: int) -> bool:
    if ONE not in piece:
        return name.startswith(piece, at)
    return len(name) - at >= len(piece) and all(
        wanted in (ONE, found) for wanted, found in zip(piece, name[at : at + len(piece)], strict=True)
    )


def _find(piece: str, name: str, start: int, stop: int) -> int:
    if ONE not in piece:
        return name.find(piece, start, stop)
    return next((at for at in range(start, stop - len(piece) + 1) if _stands_at(piece, name, at)), -1)
