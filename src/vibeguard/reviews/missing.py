"""What is still missing from a demand, in words, and the smallest set of people who could give it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vibeguard.model import Approval, NotCounted, People, ReviewDemand
from vibeguard.reviews.cover import smallest_cover
from vibeguard.reviews.eligible import Group, Parties, is_bot, may_serve
from vibeguard.tuples import NamedTuple

_NAMES_SHOWN = 8
_PATHS_SHOWN = 3


class Tally(NamedTuple):
    """One demand, judged by itself: before people are shared out between demands."""

    demand: ReviewDemand
    groups: tuple[Group, ...]
    counted: Mapping[str, Approval]  # by person
    maybe: Mapping[str, str]  # person to the name shown; would count if a team's members were known
    holding: Mapping[str, str]  # who asks for changes
    maybe_holding: Mapping[str, str]
    refused: tuple[NotCounted, ...]


class Needed(NamedTuple):
    """Who could give what is missing. `people` is how many at least, `suggested` a smallest set as far as known."""

    people: int
    suggested: tuple[str, ...]
    uncovered: tuple[Group, ...]


def still_needed(tally: Tally, chosen: frozenset[str], people: People, involved: Parties) -> Needed:
    """The smallest set of further people; teams stand for themselves where their members are not known."""
    uncovered = tuple(group for group in tally.groups if not any(may_serve((group,), person) for person in chosen))
    names = {person: name for group in tally.groups for person, name in candidates(group, tally, people, involved)}
    teams = {team: team for group in tally.groups for team in group.unknown_teams}
    for person in chosen:
        names.pop(person, None)
    holding = [person for person in tally.holding if person in names]
    found = smallest_cover(
        [
            frozenset(person for person in (*group.persons, *group.unknown_teams) if person in names or person in teams)
            for group in uncovered
        ],
        holding,
    )
    short = tally.demand.wanted - len(chosen) - len(found)
    spare = [person for person in names if person not in found]
    chosen_too = spare[: max(0, short)]
    shown = {**teams, **names, **tally.holding}
    suggested = tuple(shown[person] for person in (*found, *chosen_too))
    if not suggested and short > 0:
        suggested = tuple(teams)[:1]
    # Who holds the rule open has to change their mind, which is not a review more than was asked for.
    more = len([person for person in found if person not in tally.holding])
    least = max(more, tally.demand.wanted - len(chosen), len(uncovered) and 1)
    return Needed(least, suggested, uncovered)


def candidates(group: Group, tally: Tally, people: People, involved: Parties) -> Sequence[tuple[str, str]]:
    """The people of a group who may approve this change, with the names shown."""
    barred = involved.authors | involved.drivers
    if "contributors" not in tally.demand.may_include:
        barred |= involved.contributors
    return [
        (person, name)
        for person, name in group.persons.items()
        if person not in barred and ("bots" in tally.demand.may_include or not is_bot((person, name), people))
    ]


def in_words(demand: ReviewDemand) -> str:
    """Whom the demand asks, in the singular: "a senior", "an owner of the files"."""
    match demand.by:
        case "anyone":
            return "somebody who may push"
        case "owners" | "any-owner":
            return "an owner of the files"
        case "roles":
            words = " or ".join(demand.names)
            return f"{'an' if words[:1] in 'aeiou' else 'a'} {words}"
        case "teams":
            return f"a member of {' or '.join(demand.names)}"
        case "users":
            return " or ".join(demand.names)


def asked_of(tally: Tally, people: People, involved: Parties) -> str:
    """From whom, with names: "a senior (amy, bob)"; people whose own change it is are left out."""
    demand = tally.demand
    names = dict.fromkeys(
        name
        for group in tally.groups
        for name in (*(name for _, name in candidates(group, tally, people, involved)), *group.unknown_teams)
    )
    listed = _some(tuple(names), _NAMES_SHOWN)
    open_to_all = any(group.anyone for group in tally.groups)
    match demand.by:
        case "anyone":
            words = "somebody who did not work on the change"
        case "owners" if open_to_all:
            words = f"an owner of each file ({', '.join(filter(None, (listed, 'anybody for files without owner')))})"
        case "any-owner" if open_to_all:
            words = "somebody who did not work on the change, as nobody owns the files"
        case "owners":
            words = f"an owner of each file ({listed or 'nobody who may'})"
        case "any-owner":
            words = f"an owner of one of the files ({listed or 'nobody who may'})"
        case "users":
            words = listed or f"{in_words(demand)} (nobody who may)"
        case "roles" | "teams":
            words = f"{in_words(demand)} ({listed or 'nobody who may'})"
    included = " and ".join(demand.may_include)
    return f"{words}; {included} may count" if included else words


def missing(tally: Tally, chosen: frozenset[str], needed: Needed, people: People, involved: Parties) -> str:
    """What is missing, in one line: "1 of 2 reviews by a senior (amy, bob)", then what stands in the way."""
    demand = tally.demand
    wanted = max(demand.wanted, len(chosen) + needed.people)
    parts = []
    if wanted > len(chosen):
        words = f"{len(chosen)} of {wanted} review{'s' if wanted > 1 else ''} by {asked_of(tally, people, involved)}"
        fresh = ", on this commit" if demand.valid_for == "this-commit" else ""
        sure = ", re-authenticated" if demand.assurance == "re-authenticated" else ""
        parts.append(words + fresh + sure)
    if demand.by == "owners" and needed.uncovered and len(tally.groups) > 1:
        paths = [path for group in needed.uncovered for path in group.paths]
        if paths:
            parts.append(f"no owner yet for {_some(paths, _PATHS_SHOWN)}")
    if tally.maybe_holding:
        names = list(tally.maybe_holding.values())
        verb = "asks" if len(names) == 1 else "ask"
        parts.append(f"{_some(names, _NAMES_SHOWN)} {verb} for changes, and may be asked for a review")
    if tally.holding:
        names = list(tally.holding.values())
        parts.append(f"{_some(names, _NAMES_SHOWN)} {'asks' if len(names) == 1 else 'ask'} for changes")
    return "; ".join(parts)


def _some(names: Sequence[str], limit: int) -> str:
    shown = ", ".join(names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"
