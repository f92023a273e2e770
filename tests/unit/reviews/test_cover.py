from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibeguard.reviews import cover
from vibeguard.reviews.cover import share, smallest_cover

_GROUPS = st.lists(st.frozensets(st.sampled_from("abcdefgh"), max_size=5), max_size=5)


@given(_GROUPS)
def test_the_cover_covers_and_none_is_smaller(groups: list[frozenset[str]]) -> None:
    chosen = smallest_cover(groups)
    open_groups = [group for group in groups if group]
    assert all(group.intersection(chosen) for group in open_groups)
    names = sorted(frozenset[str]().union(*groups))
    for fewer in combinations(names, max(0, len(chosen) - 1)):
        assert not open_groups or not all(group.intersection(fewer) for group in open_groups)


@given(_GROUPS)
def test_the_greedy_cover_covers_too(groups: list[frozenset[str]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cover, "_TRIES", 0)
        chosen = smallest_cover(groups)
    assert all(group.intersection(chosen) for group in groups if group)


def test_who_is_wanted_anyway_is_counted_first() -> None:
    assert smallest_cover([frozenset("ab"), frozenset("bc")], ["a"]) in (("a", "b"), ("a", "c"))


_DEMANDS = st.lists(
    st.tuples(st.frozensets(st.sampled_from("abcdef")), st.integers(1, 3), st.booleans()), min_size=1, max_size=4
)


def _shared(demands: list[tuple[frozenset[str], int, bool]]) -> list[frozenset[str]]:
    return share(
        [group for group, _, _ in demands],
        [distinct for _, _, distinct in demands],
        lambda number, chosen: len(chosen) >= demands[number][1],
    )


@pytest.mark.parametrize("tries", [0, 1, 1_000])
@given(demands=_DEMANDS)
def test_nobody_who_serves_a_distinct_demand_serves_another_however_long_is_searched(
    tries: int, demands: list[tuple[frozenset[str], int, bool]]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cover, "_ASSIGNMENTS", tries)
        result = _shared(demands)
    for number, (group, _, distinct) in enumerate(demands):
        assert result[number] <= group
        for other, serving in enumerate(result):
            if distinct and other != number:
                assert not result[number] & serving


@given(_DEMANDS)
def test_as_many_demands_are_met_as_any_assignment_meets(demands: list[tuple[frozenset[str], int, bool]]) -> None:
    met = sum(len(serving) >= wanted for serving, (_, wanted, _) in zip(_shared(demands), demands, strict=True))
    assert met == _best(demands, 0, frozenset())


def _best(demands: list[tuple[frozenset[str], int, bool]], position: int, taken: frozenset[str]) -> int:
    """By trying everything: distinct demands take exactly what they want or nothing, the others get the rest."""
    alone = [item for item in demands if item[2]]
    if position == len(alone):
        rest = [item for item in demands if not item[2]]
        return sum(len(group - taken) >= wanted for group, wanted, _ in rest)
    group, wanted, _ = alone[position]
    best = _best(demands, position + 1, taken)
    for chosen in combinations(sorted(group - taken), wanted):
        best = max(best, 1 + _best(demands, position + 1, taken | frozenset(chosen)))
    return best


def test_many_people_and_large_demands_are_shared_out_without_trying_everything() -> None:
    people = frozenset(f"person-{number}" for number in range(40))
    result = share([people] * 6, [True] * 6, lambda _, chosen: len(chosen) >= 30)
    assert sum(len(serving) >= 30 for serving in result) == 1
