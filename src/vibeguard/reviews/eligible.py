"""Who may serve a demand: the people it names, and those who never count because the change is theirs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from vibeguard.model import People, ReviewDemand
from vibeguard.reviews.identities import Persons, is_team, key, matches, members_of
from vibeguard.tuples import NamedTuple

Owned = Mapping[str, tuple[str, ...]]


class Group(NamedTuple):
    """People of whom one must be among the approvers. `paths` are the files that they answer for."""

    entries: tuple[str, ...]  # as written: logins, teams, addresses
    persons: Mapping[str, str]  # person to the name shown
    unknown_teams: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    anyone: bool = False


class Parties(NamedTuple):
    """The people behind a change, as keys of persons."""

    authors: frozenset[str]
    contributors: frozenset[str]
    drivers: frozenset[str]


def parties(persons: Persons, authors: Iterable[str], contributors: Iterable[str], drivers: Iterable[str]) -> Parties:
    return Parties(persons.all_of(authors), persons.all_of(contributors), persons.all_of(drivers))


def is_bot(names: Iterable[str], people: People) -> bool:
    """Whether one of the names is listed as an agent at the base."""
    return any(matches(pattern, key(name)) for name in names for pattern in people.agents)


def may_serve(groups: Sequence[Group], person: str) -> bool | None:
    """Whether a person is in one of the groups; None when that rests on a team whose members are not known."""
    if any(group.anyone or person in group.persons for group in groups):
        return True
    return None if any(group.unknown_teams for group in groups) else False


def groups_of(
    demand: ReviewDemand,
    owned: Owned,
    people: People,
    persons: Persons,
    members: Mapping[str, tuple[str, ...]] | None,
) -> tuple[Group, ...]:
    """The groups that a demand names; `by: owners` has one for each distinct set of owners, the others have one."""

    def group(entries: Sequence[str], paths: Sequence[str] = ()) -> Group:
        return _group(entries, paths, persons, members, teams_only=demand.by == "teams")

    match demand.by:
        case "anyone":
            return (Group((), {}, anyone=True),)
        case "roles":
            return (group([entry for role in demand.names for entry in people.roles.get(role, ())]),)
        case "teams" | "users":
            return (group(demand.names),)
        case "owners" | "any-owner":
            fallback = _if_no_owner(people)
            if demand.by == "any-owner" or not owned:
                entries = [owner for owners in owned.values() for owner in owners]
                if not entries:
                    return (
                        group(fallback, list(owned)) if fallback else Group((), {}, paths=tuple(owned), anyone=True),
                    )
                return (group(entries, list(owned)),)
            sets: dict[frozenset[str], tuple[tuple[str, ...], list[str]]] = {}
            for path, owners in owned.items():
                sets.setdefault(frozenset(map(key, owners)), (owners, []))[1].append(path)
            return tuple(
                group(owners or fallback, paths)
                if owners or fallback
                else Group((), {}, paths=tuple(paths), anyone=True)
                for owners, paths in sets.values()
            )


def _if_no_owner(people: People) -> tuple[str, ...]:
    """`people.if_no_owner` with its roles replaced by who holds them."""
    return tuple(entry for name in people.if_no_owner for entry in people.roles.get(name, (name,)))


def _group(
    entries: Sequence[str],
    paths: Sequence[str],
    persons: Persons,
    members: Mapping[str, tuple[str, ...]] | None,
    *,
    teams_only: bool,
) -> Group:
    found: dict[str, str] = {}
    unknown: list[str] = []
    for entry in entries:
        team = members_of(entry, members)
        if team is not None:
            names: Sequence[str] = team
        elif teams_only or is_team(entry):
            unknown.append(entry.removeprefix("@"))
            continue
        else:
            names = (entry,)
        for name in names:
            if person := persons.of(name):
                found.setdefault(person, name.strip().removeprefix("@"))
    shown = tuple(dict.fromkeys(entry.strip().removeprefix("@") for entry in entries))
    return Group(shown, found, tuple(dict.fromkeys(unknown)), tuple(paths))
