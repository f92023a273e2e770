"""Runs of line numbers: sorted, disjoint, both ends included. A range of two billion lines is two numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vibeguard.tuples import NamedTuple

Run = tuple[int, int]
Runs = tuple[Run, ...]

MAX_LINE = 1 << 31  # no file has more lines; larger numbers in records are cut off here
MAX_RUNS = 200_000  # of one record; what is beyond is not read


class Span(NamedTuple):
    """What one hunk replaces: `before` lines from `at` of the old file by `after` lines from `to` of the new one."""

    at: int
    before: int
    to: int
    after: int


def runs(pairs: Iterable[Run]) -> Runs:
    """The union of any pairs, in any order, overlapping or not; pairs that are no range are left out."""
    ordered = sorted((max(first, 1), min(last, MAX_LINE)) for first, last in pairs if first <= last and last >= 1)
    found: list[Run] = []
    for first, last in ordered:
        if found and first <= found[-1][1] + 1:
            if last > found[-1][1]:
                found[-1] = (found[-1][0], last)
        else:
            found.append((first, last))
    return tuple(found)


def intersect(one: Runs, other: Runs) -> Runs:
    """The lines in both."""
    found: list[Run] = []
    left = right = 0
    while left < len(one) and right < len(other):
        first = max(one[left][0], other[right][0])
        last = min(one[left][1], other[right][1])
        if first <= last:
            found.append((first, last))
        if one[left][1] < other[right][1]:
            left += 1
        else:
            right += 1
    return tuple(found)


def union(one: Runs, other: Runs) -> Runs:
    """The lines in either."""
    return runs((*one, *other)) if one and other else one or other


def count(lines: Runs) -> int:
    """How many lines there are."""
    return sum(last - first + 1 for first, last in lines)


def added(spans: Sequence[Span]) -> Runs:
    """The lines of the new file that a diff adds."""
    return runs((span.to, span.to + span.after - 1) for span in spans if span.after)


def carried(lines: Runs, spans: Sequence[Span]) -> Runs:
    """Where lines of the old file stand in the new one; those that the diff removes are gone. Spans are in order."""
    if not spans or not lines:
        return lines
    found: list[Run] = []
    shift = 0
    at = 0
    pending = list(reversed(lines))
    for span in spans:
        # A hunk that removes nothing stands behind line `at`, one that removes lines begins with it.
        begin = span.at if span.before else span.at + 1
        while pending and pending[-1][0] < begin:
            first, last = pending.pop()
            if last < begin:
                found.append((first + shift, last + shift))
            else:
                found.append((first + shift, begin - 1 + shift))
                pending.append((begin, last))
        at = begin + span.before
        while pending and pending[-1][0] < at:
            first, last = pending.pop()
            if last >= at:
                pending.append((at, last))
        shift = span.to + span.after - at if span.after else span.to + 1 - at
    found.extend((first + shift, last + shift) for first, last in reversed(pending))
    return runs(found)
