"""`vibeguard owners --history`: who knows some files, as people and scripts read it."""

from __future__ import annotations

from typing import Any

from vibeguard.errors import USAGE, VibeguardError
from vibeguard.model import Fact, People
from vibeguard.ownership.history import YEARS, History
from vibeguard.ownership.knowledge import BusFactor, Suggestion, bus_factor, familiarity, reviewers
from vibeguard.ownership.sources import Source
from vibeguard.policy.rules import Policy
from vibeguard.report.escape import visible
from vibeguard.repository.commits import parse_identity
from vibeguard.reviews.eligible import is_bot
from vibeguard.reviews.identities import Persons
from vibeguard.tuples import NamedTuple

_SHOWN = 5


class Known(NamedTuple):
    """What the history of some files tells."""

    history: History
    reviewers: tuple[Suggestion, ...]
    bus_factor: BusFactor
    author: str | None  # who is about to commit; None when no change is asked about
    familiarity: Fact | None


def known_of(source: Source, paths: list[str], policy: Policy | None, *, staged: bool) -> Known:
    """What the history up to the commit in force tells; of a staged change the author is left out of the reviewers.

    Raises:
        VibeguardError: USAGE without a repository or a commit.
    """
    found = source.history(paths)
    if found is None:
        raise VibeguardError(USAGE, "no history to ask", hint="--history needs a repository with a commit")
    history, mailmap = found
    people = policy.people if policy is not None else People({}, {})
    persons = Persons(people)
    author = None
    if staged and source.location is not None:
        raw = source.location.git.run("var", "GIT_AUTHOR_IDENT", ok=(0, 128))
        author = parse_identity(raw.stdout.strip()) if raw.status == 0 else None
    person = persons.of(author.email) if author is not None else ""

    def excluded(name: str, email: str) -> bool:
        return bool(person and persons.of(email) == person) or is_bot((name, email), people)

    return Known(
        history,
        reviewers(history, mailmap, excluded=excluded),
        bus_factor(history, mailmap),
        f"{author.name} <{author.email}>" if author is not None else None,
        familiarity(history, lambda email: persons.of(email) == person) if person else None,
    )


def as_object(known: Known) -> dict[str, Any]:
    """For JSON."""
    author = None
    if known.familiarity is not None:
        fact = known.familiarity
        author = {
            "name": known.author,
            "familiarity": fact.value,
            "unknown": fact.unknown or None,
            "evidence": list(fact.evidence),
        }
    return {
        "commit": known.history.commit,
        "reviewers": [one._asdict() for one in known.reviewers],
        "bus_factor": known.bus_factor.people,
        "alone": [{"path": path, "who": who} for path, who in known.bus_factor.alone],
        "author": author,
        "limits": list(known.history.limits),
    }


def as_text(known: Known) -> str:
    """For people."""
    lines = [f"by history ({YEARS} years up to {known.history.commit[:10]}; no ownership file says this):"]
    lines += [f"  {visible(one.name)} <{visible(one.email)}>: {visible(one.why)}" for one in known.reviewers]
    if not known.reviewers:
        lines.append("  nobody else changed these files")
    if known.bus_factor.people is not None:
        alone = [f"{visible(path)} ({visible(who)})" for path, who in known.bus_factor.alone]
        more = f" and {len(alone) - _SHOWN} more" if len(alone) > _SHOWN else ""
        rest = f"; most of the work is one person's in {', '.join(alone[:_SHOWN])}{more}" if alone else ""
        lines.append(f"  bus factor {known.bus_factor.people}{rest}")
    if known.familiarity is not None:
        fact = known.familiarity
        words = fact.unknown if fact.value is None else f"{fact.value}: {fact.evidence[0]}"
        lines.append(f"  your familiarity: {visible(words)}")
    lines += [f"  note: {visible(limit)}" for limit in known.history.limits]
    return "\n".join(lines) + "\n"
