"""Whether one test holds of one value: true, false, or not known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isnan
from typing import Any

from vibeguard.model import Share
from vibeguard.policy import globs
from vibeguard.policy.facts import FactSpec, has_paths
from vibeguard.policy.rules import Test

MOST_SHOWN = 5  # members of a set that are written out


def compare(
    test: Test, value: Any, spec: FactSpec, *, asks_more: bool, index: globs.PathIndex | None = None
) -> bool | None:
    """Whether the test holds of a known value; None when the value has not the fact's type.

    A share that is known as a range is compared at the end that asks for more: `asks_more` says that a true test
    makes the rule apply (it stands in `when`, or under a `not` in `unless`). `index` has the paths of a fact of paths.
    """
    operator = test.operator
    if operator in _NUMERIC:
        ends = _ends(value, spec)
        return None if ends is None else _NUMERIC[operator](ends[0], ends[1], test.values, asks_more)
    if operator == "is":
        return value is test.values[0] if isinstance(value, bool) else None
    if isinstance(value, str):
        value = (value,)
    elif not isinstance(value, tuple | frozenset | list | set):
        if operator == "some" and isinstance(value, int | float) and not isinstance(value, bool):
            return (value > 0) is test.values[0]
        return None
    if operator == "some":
        return bool(value) is test.values[0]
    if has_paths(spec):
        return _paths(test, globs.PathIndex(tuple(value)) if index is None else index)
    return _words(test, value, without_case=spec.without_case)


def matched(test: Test, index: globs.PathIndex) -> Sequence[str]:
    """The paths that a test on paths is about, for its evidence."""
    found: dict[str, None] = {}
    for pattern in test.values:
        found.update(dict.fromkeys(index.select(globs.compiled(str(pattern)))))
    return tuple(found)


# -- numbers, percentages, levels, and how many members a set has


def _ends(value: Any, spec: FactSpec) -> tuple[float, float] | None:
    """Both ends of a value as numbers: percentages from 0 to 100, a level as its index."""
    kind = type(value)
    if kind is int or kind is float:
        return None if isnan(value) else (value, value)  # nothing holds of it, so it is not known
    if kind is Share:
        return round(value.low * 100, 9), round(value.high * 100, 9)
    if kind is str:
        if spec.type != "level" or value not in spec.values:
            return None
        at = spec.values.index(value)
        return at, at
    if kind is tuple or kind is frozenset or kind is list:
        return len(value), len(value)
    if value is None and spec.type == "percent":
        return 0, 0  # no evidence compares as 0
    return None


def _between(low: float, high: float, least: float, most: float, asks_more: bool) -> bool:  # noqa: FBT001
    return high >= least and low <= most if asks_more else low >= least and high <= most


_NUMERIC: dict[str, Callable[[float, float, Any, bool], bool]] = {
    "at least": lambda low, high, wanted, more: (high if more else low) >= wanted[0],
    "more than": lambda low, high, wanted, more: (high if more else low) > wanted[0],
    "at most": lambda low, high, wanted, more: (low if more else high) <= wanted[0],
    "less than": lambda low, high, wanted, more: (low if more else high) < wanted[0],
    "between": lambda low, high, wanted, more: _between(low, high, wanted[0], wanted[1], more),
    "exactly": lambda low, high, wanted, more: _between(low, high, wanted[0], wanted[0], more),
}


# -- sets, texts and paths


def _paths(test: Test, index: globs.PathIndex) -> bool:
    select, patterns = index.select, [globs.compiled(str(pattern)) for pattern in test.values]
    if test.operator == "any_of":
        return any(select(pattern) for pattern in patterns)
    if test.operator == "all_of":
        return all(select(pattern) for pattern in patterns)
    if test.operator == "none_of":
        return not any(select(pattern) for pattern in patterns)
    covered: set[str] = set()
    for pattern in patterns:
        covered.update(select(pattern))
    return len(covered) == len(index.paths)


def _words(test: Test, value: Any, *, without_case: bool) -> bool:
    members: list[str] = [word.lower() for word in value] if without_case else list(value)
    patterns = [str(word).lower() if without_case else str(word) for word in test.values]
    operator = test.operator
    if operator in ("any_of", "none_of") and not set(patterns).isdisjoint(members):
        return operator == "any_of"
    fits = globs.word_matches
    if operator == "any_of":
        return any(fits(pattern, word) for pattern in patterns for word in members)
    if operator == "all_of":
        return all(any(fits(pattern, word) for word in members) for pattern in patterns)
    if operator == "none_of":
        return not any(fits(pattern, word) for pattern in patterns for word in members)
    return all(any(fits(pattern, word) for pattern in patterns) for word in members)


# -- words for values


def describe(value: Any, spec: FactSpec) -> str:
    """A value as a reader would write it."""
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, Share):
        low, high = _figure(value.low * 100), _figure(value.high * 100)
        return f"{low}%" if low == high else f"{low}–{high}%"
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return f"{_figure(value)}%" if spec.type == "percent" else _figure(value)
    if value is None:
        return "0%" if spec.type == "percent" else "unknown"
    if not value:
        return "none"
    members = list(value)
    if len(members) <= MOST_SHOWN:
        return ", ".join(members)
    return f"{', '.join(members[:MOST_SHOWN])} and {len(members) - MOST_SHOWN} more"


def _figure(number: float) -> str:
    if isinstance(number, int) or number == int(number):
        return str(int(number))
    return f"{number:.2f}".rstrip("0").rstrip(".")
