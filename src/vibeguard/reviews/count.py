"""Counting approvals: a pure function from what a rule demands and who decided what, to what is still missing.

The rules: everything listed; only decisions; the latest of each person before it is judged; on this diff or this
commit; by people who may, and not by author, contributors, drivers of agents or bots; objections hold; nobody counts
twice. Every approval that did not count keeps its reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from vibeguard.model import Approval, NotCounted, People, Requirement, ReviewDemand
from vibeguard.reviews.cover import share
from vibeguard.reviews.eligible import Group, Owned, Parties, groups_of, is_bot, may_serve, parties
from vibeguard.reviews.identities import Persons, key
from vibeguard.reviews.missing import Tally, asked_of, in_words, missing, still_needed
from vibeguard.reviews.shown import shows
from vibeguard.tuples import NamedTuple

_ASSURANCES = ("claimed", "authenticated", "re-authenticated")


class _Judged(NamedTuple):
    """What the approvals are held against."""

    people: People
    involved: Parties
    head: str | None
    diff: str


def count(
    demand: ReviewDemand,
    approvals: Sequence[Approval],
    people: People,
    *,
    head: str | None,
    diff: str,
    authors: Sequence[str],
    contributors: Sequence[str] = (),
    drivers: Sequence[str] = (),
    owned: Owned | None = None,
    members: Mapping[str, tuple[str, ...]] | None = None,
) -> Requirement:
    """How much of one demand is there, what is missing, from whom, and why the rest did not count.

    Args:
        demand: what the rule asks for.
        approvals: every decision from every channel, oldest first where times are missing.
        people: who is who at the base.
        head: the commit that is judged; None for a staged change, which no `this-commit` approval can be about.
        diff: its diff id (`vibeguard.reviews.diffid`).
        authors: names of who wrote it (logins, addresses, "Name <address>"); they never count.
        contributors: committers and co-authors; they count only with `may_include: [contributors]`.
        drivers: who drove an agent that wrote commits; they never count.
        owned: for `by: owners` and `any-owner` every path in view with its owners; () where nobody owns it.
        members: the people of each team; a team that is missing here is not known.
    """
    return count_together(
        [(demand, owned or {})],
        approvals,
        people,
        head=head,
        diff=diff,
        authors=authors,
        contributors=contributors,
        drivers=drivers,
        members=members,
    )[0]


def count_together(
    demands: Sequence[tuple[ReviewDemand, Owned]],
    approvals: Sequence[Approval],
    people: People,
    *,
    head: str | None,
    diff: str,
    authors: Sequence[str],
    contributors: Sequence[str] = (),
    drivers: Sequence[str] = (),
    members: Mapping[str, tuple[str, ...]] | None = None,
) -> tuple[Requirement, ...]:
    """The same for the demands of all rules at once: who serves one with `distinct: true` serves no other."""
    sure = [approval for approval in approvals if approval.assurance != "claimed" and not approval.invalid]
    persons = Persons(people, ((approval.who, *approval.identities) for approval in sure if approval.who))
    involved = parties(persons, authors, contributors, drivers)
    judged = _Judged(people, involved, head, diff)
    tallies = [
        _tally(
            demand,
            groups_of(demand, owned, people, persons, members),
            *_latest([approval for approval in approvals if _is_meant_for(approval, demand)], persons),
            judged,
        )
        for demand, owned in demands
    ]
    serving = share(
        [frozenset(tally.counted) for tally in tallies],
        [tally.demand.distinct for tally in tallies],
        lambda number, chosen: _is_enough(tallies[number], chosen),
    )
    return tuple(_requirement(tally, chosen, judged) for tally, chosen in zip(tallies, serving, strict=True))


def _is_meant_for(approval: Approval, demand: ReviewDemand) -> bool:
    """An approval of some rules is silent on all others, also on one whose id is not known."""
    return not approval.rules or demand.rule in approval.rules


def _latest(approvals: Sequence[Approval], persons: Persons) -> tuple[dict[str, Approval], tuple[NotCounted, ...]]:
    """The latest decision of each person, and what was never a decision. A dismissal is one: it ends an approval."""
    decisions: dict[str, list[Approval]] = {}
    remarks: dict[str, Approval] = {}
    dropped: list[NotCounted] = []
    for approval in approvals:
        if approval.invalid:
            dropped.append(NotCounted(approval.who, approval.invalid))
        elif not key(approval.who):
            dropped.append(NotCounted("deleted account", "nobody can say whose account it was"))
        elif approval.assurance == "claimed":
            if approval.state == "approved":
                dropped.append(NotCounted(approval.who, f"claimed by {approval.evidence or 'a trailer'}, not counted"))
        elif approval.state == "commented":
            remarks[persons.of(approval.who)] = approval
        else:
            decisions.setdefault(persons.of(approval.who), []).append(approval)
    dropped += [
        NotCounted(approval.who, "commented, which approves nothing")
        for person, approval in remarks.items()
        if person not in decisions
    ]
    return {person: _last(made) for person, made in decisions.items()}, tuple(dropped)


def _last(made: Sequence[Approval]) -> Approval:
    """By time where every decision has one; else by the order in which the channel lists them, oldest first."""
    times = [_instant(approval.at) for approval in made]
    if None in times:
        return made[-1]
    return max(zip(times, range(len(made)), made, strict=True), key=lambda entry: entry[:2])[2]


def _instant(at: str) -> float | None:
    try:
        moment = datetime.fromisoformat(at)
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _tally(
    demand: ReviewDemand,
    groups: tuple[Group, ...],
    latest: Mapping[str, Approval],
    dropped: tuple[NotCounted, ...],
    judged: _Judged,
) -> Tally:
    counted: dict[str, Approval] = {}
    maybe: dict[str, str] = {}
    holding: dict[str, str] = {}
    maybe_holding: dict[str, str] = {}
    refused: list[NotCounted] = []
    for person, approval in latest.items():
        asked = may_serve(groups, person)
        if approval.state == "changes-requested":
            # An objection needs less than an approval: neither its commit matters nor who worked on the change.
            if asked is False or approval.can_push is False or _is_refused_bot(demand, approval, judged.people):
                refused.append(NotCounted(approval.who, f"asks for changes, but is not {in_words(demand)}"))
            else:
                (holding if asked else maybe_holding)[person] = approval.who
                refused.append(NotCounted(approval.who, "asks for changes"))
            continue
        why = _why_not(demand, approval, person, judged, asked=asked)
        if why:
            refused.append(NotCounted(approval.who, why))
        elif asked is None:
            maybe[person] = approval.who
            teams = ", ".join(dict.fromkeys(team for group in groups for team in group.unknown_teams))
            refused.append(NotCounted(approval.who, f"whether they belong to {teams} is not known"))
        else:
            counted[person] = approval
    return Tally(demand, groups, counted, maybe, holding, maybe_holding, (*refused, *dropped))


def _is_refused_bot(demand: ReviewDemand, approval: Approval, people: People) -> bool:
    if "bots" in demand.may_include:
        return False
    return approval.is_bot or is_bot((approval.who, *approval.identities), people)


def _why_not(demand: ReviewDemand, approval: Approval, person: str, judged: _Judged, *, asked: bool | None) -> str:
    """Why one decision is no approval for this demand; "" when it is one, if the person may give it."""
    if approval.state == "dismissed":
        return "the approval was dismissed"
    if _is_refused_bot(demand, approval, judged.people):
        return "not a person"
    if person in judged.involved.authors:
        return "author of the change"
    if person in judged.involved.drivers:
        return "drove the agent that wrote the change"
    if person in judged.involved.contributors and "contributors" not in demand.may_include:
        return "committed to the change, or is named as its co-author"
    if approval.can_push is False:
        return "cannot push to the repository"
    if asked is False:
        return f"is not {in_words(demand)}"
    if _ASSURANCES.index(approval.assurance) < _ASSURANCES.index(demand.assurance):
        return f"{approval.assurance}, where {demand.assurance} is asked for"
    return _why_stale(demand, approval, judged.head, judged.diff)


def _why_stale(demand: ReviewDemand, approval: Approval, head: str | None, diff: str) -> str:
    if demand.valid_for == "any-version":
        return ""
    if head is not None and approval.commit is not None and approval.commit.lower() == head.lower():
        return ""
    if demand.valid_for == "this-diff" and approval.diff_id is not None and approval.diff_id == diff:
        return ""
    if approval.commit is None and approval.diff_id is None:
        return "approved a version that is not known"
    version = approval.commit[:7] if approval.commit else "another diff"
    wanted = (head[:7] if head else "the staged change") if demand.valid_for == "this-commit" else "this diff"
    return f"approved {version}, not {wanted}"


def _is_enough(tally: Tally, chosen: frozenset[str]) -> bool:
    """Whether these people are enough, and each group has one of them."""
    return len(chosen) >= tally.demand.wanted and all(
        any(may_serve((group,), person) for person in chosen) for group in tally.groups
    )


def _requirement(tally: Tally, chosen: frozenset[str], judged: _Judged) -> Requirement:
    people, involved = judged.people, judged.involved
    demand = tally.demand
    enough = _is_enough(tally, chosen)
    satisfied = enough and not tally.holding and not tally.maybe_holding
    needed = still_needed(tally, chosen, people, involved)
    lent = tuple(
        NotCounted(approval.who, "their approval serves another rule, and one of the two asks for people of its own")
        for person, approval in tally.counted.items()
        if person not in chosen
    )
    return Requirement(
        kind="review",
        wanted=demand.wanted if satisfied else max(demand.wanted, len(chosen) + needed.people),
        have=len(chosen),
        who=asked_of(tally, people, involved),
        missing="" if satisfied else missing(tally, chosen, needed, people, involved),
        not_counted=(*tally.refused, *lent),
        satisfied=satisfied,
        unknown="" if satisfied else _unknown(tally, chosen, enough=enough),
        suggested=() if satisfied else needed.suggested,
        counted=tuple(approval.who for person, approval in tally.counted.items() if person in chosen),
        shows=shows([approval for person, approval in tally.counted.items() if person in chosen], judged.head),
    )


def _unknown(tally: Tally, chosen: frozenset[str], *, enough: bool) -> str:
    """Why it could not be decided: somebody whose membership is not known would make the difference."""
    if tally.holding:
        return ""
    matters = bool(tally.maybe_holding) if enough else _is_enough_with_all(tally, chosen)
    if not matters:
        return ""
    teams = dict.fromkeys(team for group in tally.groups for team in group.unknown_teams)
    return f"the members of {', '.join(teams)} are not known"


def _is_enough_with_all(tally: Tally, chosen: frozenset[str]) -> bool:
    everybody = chosen | set(tally.maybe)
    return len(everybody) >= tally.demand.wanted and all(
        any(may_serve((group,), person) is not False for person in everybody) for group in tally.groups
    )
