"""Choosing people: the smallest set that covers every group, and who serves which rule when none may serve two."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

# Beyond these many sets tried the first good one found is kept: a suggestion may be larger than the smallest, and of
# rules with `distinct: true` one may be left open that another assignment had closed. It never closes one wrongly.
_TRIES = 20_000


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
    chosen: list[str] = []
    left = set(range(groups))
    while left:
        best = max(reach, key=lambda name: len(reach[name] & left))
        chosen.append(best)
        left -= reach[best]
    return tuple(chosen)


def share(
    candidates: Sequence[frozenset[str]], distinct: Sequence[bool], enough: Callable[[int, frozenset[str]], bool]
) -> list[frozenset[str]]:
    """Who counts for which demand, so that a person who serves a `distinct` one serves no other; as many as can be met.

    Args:
        candidates: for each demand the people whose approval counts for it.
        distinct: for each demand whether its people must serve it alone.
        enough: whether these people meet the demand of that number.

    Returns:
        For each demand the people left to it; all of its candidates when no demand is distinct.
    """
    alone = [number for number, is_distinct in enumerate(distinct) if is_distinct]
    if not alone or len(candidates) == 1:
        return list(candidates)
    uses = {name: sum(name in group for group in candidates) for group in candidates for name in group}
    best: tuple[int, list[frozenset[str]]] = (-1, list(candidates))
    tries = 0

    def settle(given: Mapping[int, frozenset[str]]) -> None:
        nonlocal best
        taken = frozenset[str]().union(*given.values())
        result = [given.get(number, group - taken) for number, group in enumerate(candidates)]
        met = sum(enough(number, group) for number, group in enumerate(result))
        if met > best[0]:
            best = (met, result)

    def choose(position: int, given: dict[int, frozenset[str]]) -> None:
        nonlocal tries
        if position == len(alone):
            settle(given)
            return
        number = alone[position]
        taken = frozenset[str]().union(*given.values())
        free = sorted(candidates[number] - taken, key=lambda name: (uses[name], name))
        if enough(number, frozenset(free)):
            for size in range(1, len(free) + 1):
                found = False
                for chosen in combinations(free, size):
                    tries += 1
                    if tries > _TRIES or best[0] == len(candidates):
                        return
                    if enough(number, frozenset(chosen)):
                        found = True
                        choose(position + 1, {**given, number: frozenset(chosen)})
                if found:
                    break
        # Leaving it open may be what closes two others.
        choose(position + 1, {**given, number: frozenset()})

    choose(0, {})
    # A distinct demand that stays open still shows the approvals that nobody else needs.
    result = list(best[1])
    taken = frozenset[str]().union(*(result[number] for number in alone))
    for number in alone:
        if not result[number]:
            others = frozenset[str]().union(*(group for other, group in enumerate(result) if other != number))
            result[number] = candidates[number] - taken - others
    return result
