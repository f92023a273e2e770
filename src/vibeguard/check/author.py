"""Who made the change: as a person of the policy, with roles, and with everybody else who took part."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from vibeguard.model import Change, Fact, Identity, Owner, People
from vibeguard.reviews.eligible import is_bot
from vibeguard.reviews.identities import Persons, is_team, key, members_of
from vibeguard.tuples import NamedTuple

if TYPE_CHECKING:
    from vibeguard.ownership.history import History


class Authorship(NamedTuple):
    """The names behind a change, as commits and the forge give them ("Name <address>" or a login)."""

    author: str  # the one that the change is put down to; "" when nobody is known
    authors: tuple[str, ...]
    contributors: tuple[str, ...]  # committers and co-authors


def authorship(
    change: Change, *, forge_author: str | None, local: Identity | None, co_authors: tuple[str, ...]
) -> Authorship:
    """From the forge's word on who opened the request, else the last commit's author, else who is about to commit."""
    authors = tuple(dict.fromkeys(_shown(commit.author) for commit in change.commits))
    committers = tuple(dict.fromkeys(_shown(commit.committer) for commit in change.commits))
    if local is not None and not change.commits:
        authors = (_shown(local),)
    named = forge_author or (authors[-1] if authors else "")
    everyone = (forge_author, *authors) if forge_author else authors
    return Authorship(named, everyone, tuple(dict.fromkeys((*committers, *co_authors))))


def _shown(identity: Identity) -> str:
    return f"{identity.name} <{identity.email}>"


def fact(
    name: str,
    author: str,
    people: People,
    members: Mapping[str, tuple[str, ...]] | None,
    *,
    owners: Callable[[], Sequence[Owner]],
    history: Callable[[], History | None],
) -> Fact:
    """One `author.` fact.

    `members` are the teams that are known; `owners` those of the paths in view, and `history` what was merged before
    to them, are found out only for the facts that rest on them.
    """
    if not author:
        return Fact(None, "nobody is named as the author yet")
    match name:
        case "author.user":
            return _user(author, people)
        case "author.teams":
            return _teams(author, members, people)
        case "author.roles":
            return _roles(author, people, members)
        case "author.is_bot":
            return _bot(author, people)
        case "author.owns":
            return _owns(author, owners(), people, members)
        case "author.familiarity":
            return _familiarity(author, history(), people)
        case _:
            return Fact(None, f"{name} is not measured yet")


def _user(author: str, people: People) -> Fact:
    """`author.user`: the login that the policy joins the address to, else the login or address itself."""
    persons = Persons(people)
    person = persons.of(author)
    for login in people.identities:
        if persons.of(login) == person:
            return Fact(login, evidence=(author,))
    return Fact(key(author), evidence=(author,))


def _roles(author: str, people: People, members: Mapping[str, tuple[str, ...]] | None) -> Fact:
    """`author.roles`: roles that name the author; unknown beyond them while a role's team has unknown members."""
    persons = Persons(people)
    person = persons.of(author)
    held: list[str] = []
    unknown: list[str] = []
    for role, names in people.roles.items():
        of_teams = {name: members_of(name, members) for name in names if is_team(name)}
        everyone = [name for name in names if not is_team(name)]
        everyone += [member for found in of_teams.values() for member in found or ()]
        if person in persons.all_of(everyone):
            held.append(role)
        else:
            unknown += [team for team, found in of_teams.items() if found is None]
    why = f"the members of {', '.join(dict.fromkeys(unknown))} are not known" if unknown else ""
    return Fact(tuple(held), why, (author,))


def _teams(author: str, members: Mapping[str, tuple[str, ...]] | None, people: People) -> Fact:
    """`author.teams`: known only where somebody said who is in which team."""
    if members is None:
        return Fact(None, "team membership is not known here")
    persons = Persons(people)
    person = persons.of(author)
    return Fact(tuple(team for team, names in members.items() if person in persons.all_of(names)), evidence=(author,))


def _owns(author: str, owners: Sequence[Owner], people: People, members: Mapping[str, tuple[str, ...]] | None) -> Fact:
    """`author.owns`: whether the author is among the owners of all, some or none of the files."""
    from vibeguard.ownership.asked import owns  # noqa: PLC0415 - few rules ask

    persons = Persons(people)
    person = persons.of(author)

    def is_author(name: str) -> bool | None:
        team = members_of(name, members)
        if team is None and is_team(name):
            return None
        return person in persons.all_of((name,) if team is None else team)

    return owns(owners, is_author)


def _familiarity(author: str, history: History | None, people: People) -> Fact:
    """`author.familiarity`: how well the author knows the files, by what was merged before."""
    if history is None:
        return Fact(None, "there is no history yet")
    from vibeguard.ownership.knowledge import familiarity  # noqa: PLC0415 - few rules ask

    persons = Persons(people)
    person = persons.of(author)
    return familiarity(history, lambda address: persons.of(address) == person)


def _bot(author: str, people: People) -> Fact:
    """`author.is_bot`: listed under `people.roles.agents`, or an account that the forge marks as one."""
    name = key(author)
    return Fact(name.endswith("[bot]") or is_bot((author,), people), evidence=(author,))
