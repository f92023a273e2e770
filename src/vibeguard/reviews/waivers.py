"""Break-glass statements: what somebody wrote to waive rules for one commit. Whether it counts, policy decides.

On a forge it is a review or a comment that begins with `/vibeguard override`; offline a signed statement. A comment
belongs to no commit, so it names one; an edited comment is none.

    /vibeguard override senior-signoff
    reason: the ledger is down and the fix was paired on the incident call
    ticket: INC-1042
    commit: 3f2c1ab
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vibeguard.model import People, ReviewDemand, Waiver
from vibeguard.reviews.eligible import groups_of, is_bot, may_serve, parties
from vibeguard.reviews.identities import Persons, key

_COMMAND = "/vibeguard override"
_SHORTEST = 7  # hex digits that name a commit
_MOST_TEXT = 10_000  # characters of a comment that are looked at


def parse(body: str) -> dict[str, str] | None:
    """The fields of an override (`rules`, `reason`, `ticket`, `commit`); None for any other text."""
    lines = body[:_MOST_TEXT].replace("\r\n", "\n").split("\n")
    first = lines[0].strip()
    rules = first.removeprefix(_COMMAND)
    if rules == first or (rules and not rules[0].isspace()):
        return None
    found = {"rules": " ".join(rules.replace(",", " ").split()), "reason": "", "ticket": "", "commit": ""}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        name = name.strip().lower()
        if colon and name in ("reason", "ticket", "commit") and not found[name]:
            found[name] = value.strip().strip("`")
    return found


def from_text(
    body: str, *, who: str, at: str, channel: str, commit: str | None, head: str | None, is_bot: bool = False
) -> Waiver | None:
    """The waiver that a review (which has a commit) or a comment (which has none) states; None for other text."""
    said = parse(body)
    if said is None:
        return None
    named = said["commit"].lower()
    if commit is None and head is not None and len(named) >= _SHORTEST and head.lower().startswith(named):
        commit = head
    return Waiver(
        who=who or "deleted account",
        reason=said["reason"],
        ticket=said["ticket"],
        commit=commit,
        at=at,
        channel=channel,
        rules=tuple(said["rules"].split()),
        invalid="" if who and not is_bot else "nobody can say whose account it was" if not who else "not a person",
    )


def entitled(
    waiver: Waiver,
    who: ReviewDemand,
    people: People,
    *,
    authors: Sequence[str],
    contributors: Sequence[str] = (),
    drivers: Sequence[str] = (),
    members: Mapping[str, tuple[str, ...]] | None = None,
) -> str:
    """Why somebody may not break the glass; "" when they may. Nobody waives what their own work is asked for."""
    persons = Persons(people, [(waiver.who, *waiver.identities)])
    person = persons.of(waiver.who)
    involved = parties(persons, authors, contributors, drivers)
    if is_bot((waiver.who, *waiver.identities), people):
        return "not a person"
    if person in involved.authors | involved.contributors | involved.drivers:
        return "took part in the change"
    asked = may_serve(groups_of(who, {}, people, persons, members), person)
    if asked is None:
        return "whether they may break the glass is not known: a team's members are not"
    return "" if asked and key(waiver.who) else "may not break the glass"
