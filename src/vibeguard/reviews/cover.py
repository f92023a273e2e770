"""Choosing people: the smallest set that covers every group, and who serves which rule when none may serve two."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from heapq import heapify, heappop, heappush
from itertools import chain, combinations

# Beyond these many sets tried the first good one found is kept: a suggestion may be larger than the smallest, and of
# rules with `distinct: true` one may be left open that another assignment had closed. It never closes one wrongly.
_TRIES = 20_000
_ASSIGNMENTS = 1_000  # each tried with every demand


def smallest_cover(groups: Sequence[frozenset[str]], preferred: Sequence[str] = ()) -> tuple[str, ...]:
    """A smallest set that holds a member of every group that has any; ties go to the order of appearance.

    Args:
        groups: who could serve each of them.
        preferred: names that are wanted in any case, and counted first.
    """
    open_groups = [group for group in groups if group and not group.intersection(preferred)]
    reach: dict[str, set[int]] = {}
    for number, group in enumerate(open_groups):
        for name in sorted(group):
            reach.setdefault(name, set()).add(number)
    greedy = _greedy(reach, len(open_groups))
    names = sorted(reach, key=lambda name: -len(reach[name]))
    tries = 0
    for size in range(1, len(greedy)):
        for chosen in combinations(names, size):
            tries += 1
            if tries > _TRIES:
                return (*preferred, *greedy)
            if len(set[int]().union(*(reach[name] for name in chosen))) == len(open_groups):
                return (*preferred, *chosen)
    return (*preferred, *greedy)


def _greedy(reach: Mapping[str, set[int]], groups: int) -> tuple[str, ...]:
    """Again and again the name that covers most of what is left; counts are brought up to date when they are met."""
    chosen: list[str] = []
    left = set(range(groups))
    heap = [(-len(covered), number, name) for number, (name, covered) in enumerate(reach.items())]
    heapify(heap)
    while left:
        known, number, name = heappop(heap)
        now = len(reach[name] & left)
        if now == -known:
            chosen.append(name)
            left -= reach[name]
        elif now:
            heappush(heap, (-now, number, name))
    return tuple(chosen)


def share(
    candidates: Sequence[frozenset[str]], distinct: Sequence[bool], enough: Callable[[int, frozenset[str]], bool]
) -> list[frozenset[str]]:
    """Who counts for which demand, so that a person who serves a `distinct` one serves no other; as many as can be met.

    Args:
        candidates: for each demand the people whose approval counts for it.
        distinct: for each demand whether its people must serve it alone.
        enough: whether these people meet the demand of that number; with more people it never stops being so.

    Returns:
        For each demand the people left to it; all of its candidates when no demand is distinct.
    """
    alone = [number for number, is_distinct in enumerate(distinct) if is_distinct]
    if not alone or len(candidates) == 1:
        return list(candidates)
    uses = {name: sum(name in group for group in candidates) for group in candidates for name in group}
    tries = 0
    best: tuple[int, dict[int, frozenset[str]]] = (-1, {})

    def rarest(names: frozenset[str]) -> list[str]:
        return sorted(names, key=lambda name: (uses[name], name))

    def settle(given: dict[int, frozenset[str]]) -> None:
        nonlocal best
        taken = frozenset[str]().union(*given.values())
        met = sum(enough(number, given.get(number, group - taken)) for number, group in enumerate(candidates))
        if met > best[0]:
            best = (met, given)

    def choose(position: int, given: dict[int, frozenset[str]]) -> None:
        nonlocal tries
        if position == len(alone):
            settle(given)
            return
        number = alone[position]
        free = candidates[number] - frozenset[str]().union(*given.values())
        fewest = _fewest(rarest(free), lambda names: enough(number, names))
        if fewest is not None:
            # First what takes the people whom nobody else wants; then every other set of that size.
            for chosen in chain((fewest,), map(frozenset[str], combinations(rarest(free), len(fewest)))):
                # Once it has been tried long enough only the first way is gone to its end: one always is.
                if best[0] == len(candidates) or (tries > _ASSIGNMENTS and best[0] >= 0):
                    return
                tries += 1
                if enough(number, chosen):
                    choose(position + 1, {**given, number: chosen})
        # Leaving it open may be what closes two others.
        choose(position + 1, {**given, number: frozenset()})

    choose(0, {})
    given = dict(best[1])
    taken = frozenset[str]().union(*given.values())
    result = [given.get(number, group - taken) for number, group in enumerate(candidates)]
    # A distinct demand that stays open still shows the approvals that nobody else needs.
    for number in alone:
        if not result[number]:
            others = frozenset[str]().union(*(group for other, group in enumerate(result) if other != number))
            result[number] = candidates[number] - others
    return result


def _fewest(names: Sequence[str], enough: Callable[[frozenset[str]], bool]) -> frozenset[str] | None:
    """A set of these names that is enough and from which none can be left out; None when all are not enough."""
    kept = frozenset(names)
    if not enough(kept):
        return None
    for name in reversed(names):
        fewer = kept - {name}
        if enough(fewer):
            kept = fewer
    return kept
