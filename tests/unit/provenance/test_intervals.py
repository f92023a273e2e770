from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from vibeguard.provenance.intervals import Runs, Span, added, carried, count, intersect, runs, union

pairs = st.lists(st.tuples(st.integers(-3, 40), st.integers(-3, 40)), max_size=12)


def numbers(lines: Runs) -> set[int]:
    return {number for first, last in lines for number in range(first, last + 1)}


@given(pairs)
def test_runs_are_sorted_disjoint_and_hold_the_same_lines(given_pairs: list[tuple[int, int]]) -> None:
    found = runs(given_pairs)
    assert numbers(found) == {n for first, last in given_pairs for n in range(max(first, 1), last + 1)}
    assert all(one[1] + 1 < other[0] for one, other in pairwise(found))
    assert count(found) == len(numbers(found))


@given(pairs, pairs)
def test_union_and_intersection_are_those_of_sets(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    assert numbers(intersect(runs(one), runs(other))) == numbers(runs(one)) & numbers(runs(other))
    assert numbers(union(runs(one), runs(other))) == numbers(runs(one)) | numbers(runs(other))


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 4)), max_size=6), pairs)
def test_lines_are_carried_where_a_diff_puts_them(
    edits: list[tuple[int, int, int]], given_pairs: list[tuple[int, int]]
) -> None:
    """The oracle builds both files as lists of marks and looks where each mark went."""
    old = list(range(1, 60))
    new: list[int] = []
    spans = []
    at = 0
    for between, removed, inserted in edits:
        kept = between + 1  # hunks of a diff without context never touch
        new += old[at : at + kept]
        at += kept
        if not removed and not inserted:
            continue
        spans.append(Span(at + 1 if removed else at, removed, len(new) + 1 if inserted else len(new), inserted))
        new += [0] * inserted
        at += removed
    new += old[at:]
    lines = runs(given_pairs)
    assert numbers(carried(lines, spans)) == {place for place, mark in enumerate(new, 1) if mark in numbers(lines)} | {
        n + len(new) - len(old) for n in numbers(lines) if n > len(old)
    }
    assert numbers(added(spans)) == {place for place, mark in enumerate(new, 1) if mark == 0}


def test_two_billion_lines_are_two_numbers() -> None:
    assert runs([(1, 2_000_000_000)]) == ((1, 2_000_000_000),)
    assert count(intersect(runs([(1, 10**18)]), ((5, 6),))) == 2
    assert carried(runs([(1, 10**18)]), [Span(5, 0, 6, 2)])[0] == (1, 5)
