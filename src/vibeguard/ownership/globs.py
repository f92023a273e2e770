"""One segment of a path pattern that holds wildcards, and the test whether it matches a name.

No regular expressions: `*a*a*a*b` would make one backtrack for minutes on a long name. The leftmost place of each
literal piece is always good enough, so that a test costs the name's length times the pattern's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

# Stands for any one character inside a piece. No path holds it, and files that hold it are not read.
ONE = "\0"


class OneOf:
    """A character class: `[abc]`, `[a-z]`, `[!x]`."""

    __slots__ = ("negated", "ranges")

    def __init__(self, ranges: Sequence[tuple[str, str]], *, negated: bool) -> None:
        self.ranges = tuple(ranges)
        self.negated = negated

    def has(self, char: str) -> bool:
        # Both ends belong to a range, even to one that runs backwards.
        return any(low <= char <= high or char in (low, high) for low, high in self.ranges) != self.negated


# What stands between two `*`: literal text with ONE in it, or, where there are classes, one unit for each character.
Piece = str | tuple[str | OneOf, ...]


class Glob:
    """A segment with wildcards: the literal text it begins and ends with, and a test for the rest.

    A plain class, since a named tuple would cost every hook 0.2 ms more. Two globs are the same only if they are one
    object: front ends keep one for each text.

    Attributes:
        prefix: what a name must begin with.
        suffix: what it must end with.
        least: characters that it must have.
        rest: None where these three decide (one `*` between prefix and suffix).
    """

    __slots__ = ("least", "prefix", "rest", "suffix")

    def __init__(self, prefix: str, suffix: str, least: int, rest: Callable[[str], bool] | None = None) -> None:
        self.prefix = prefix
        self.suffix = suffix
        self.least = least
        self.rest = rest


ANY_NAME = Glob("", "", 0)


def glob_of(pieces: Sequence[Piece]) -> Glob:
    """The glob of pieces with a `*` between each two."""
    first, last = pieces[0], pieces[-1]
    prefix = first.partition(ONE)[0] if isinstance(first, str) else ""
    suffix = last.rpartition(ONE)[2] if isinstance(last, str) else ""
    least = sum(map(len, pieces))
    if len(pieces) == 2 and not least:
        return ANY_NAME
    if len(pieces) == 2 and prefix == first and suffix == last:
        return Glob(prefix, suffix, least)
    return Glob(prefix, suffix, least, _test(pieces))


def _test(pieces: Sequence[Piece]) -> Callable[[str], bool]:
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


def _stands_at(piece: Piece, name: str, at: int) -> bool:
    if isinstance(piece, str) and ONE not in piece:
        return name.startswith(piece, at)
    return len(name) - at >= len(piece) and all(
        unit in (ONE, char) if isinstance(unit, str) else unit.has(char)
        for unit, char in zip(piece, name[at : at + len(piece)], strict=True)
    )


def _find(piece: Piece, name: str, start: int, stop: int) -> int:
    if isinstance(piece, str) and ONE not in piece:
        return name.find(piece, start, stop)
    return next((at for at in range(start, stop - len(piece) + 1) if _stands_at(piece, name, at)), -1)
