"""What a rule asks for, held against what is there: reviews, trailers, test changes, passed checks."""

from __future__ import annotations

from collections.abc import Sequence

from vibeguard.check.gather import Files, Gathered
from vibeguard.model import (
    ChecksDemand,
    Commit,
    Demand,
    Requirement,
    ReviewDemand,
    TrailerDemand,
)
from vibeguard.policy import patterns
from vibeguard.provenance.messages import strict_trailers

Beside = Sequence[tuple[Demand, Files]]


class Answers:
    """Tells for each demand how much of it is there, what is missing, and from whom.

    Reviews are counted together, since somebody may serve one demand only (`distinct`): once for all that stand beside
    each other.
    """

    def __init__(self, gathered: Gathered) -> None:
        self._gathered = gathered
        # By identity: the evaluator hands the same sequence in with every demand, and it can be long.
        self._counted: dict[int, tuple[Beside, dict[tuple[Demand, Files], Requirement]]] = {}

    def __call__(self, demand: Demand, only: Files, beside: Beside) -> Requirement:
        if isinstance(demand, ReviewDemand):
            if id(beside) not in self._counted:
                asked = tuple(item for item in beside if isinstance(item[0], ReviewDemand)) or ((demand, only),)
                counted = dict(zip(asked, _reviews(self._gathered, asked), strict=True))
                self._counted[id(beside)] = (beside, counted)
            return self._counted[id(beside)][1][demand, only]
        if isinstance(demand, TrailerDemand):
            return _trailer(self._gathered, demand, only)
        if isinstance(demand, ChecksDemand):
            return _checks(self._gathered, demand)
        return _tests(self._gathered, only)


def _reviews(gathered: Gathered, asked: Beside) -> tuple[Requirement, ...]:
    from vibeguard.reviews.count import count_together  # noqa: PLC0415 - most changes ask for no review

    behind = gathered.authorship
    heard = gathered.testimony
    return count_together(
        [(demand, gathered.owned(only)) for demand, only in asked if isinstance(demand, ReviewDemand)],
        heard.approvals,
        gathered.policy.people,
        head=gathered.change.head,
        diff=heard.diff,
        authors=behind.authors,
        contributors=behind.contributors,
        drivers=gathered.provenance.driver,
        members=gathered.given.teams,
    )


def _trailer(gathered: Gathered, demand: TrailerDemand, only: Files) -> Requirement:
    change = gathered.change
    pattern = f" matching {demand.matching}" if demand.matching else ""
    who = f"trailer {demand.name}{pattern} on {demand.on.replace('-', ' ')}"
    if change.message is not None and not change.commits:
        found = _has(change.message, demand)
        missing = "" if found else f"the message lacks the trailer {demand.name}:{pattern or ' …'}"
        if not found and demand.on == "commits-with-ai" and not gathered.provenance.detected:
            found, missing = True, ""
        return Requirement("trailer", 1, int(found), who, missing, satisfied=found)
    if not change.commits:
        # Before commit-msg there is nothing that could carry a trailer; that hook and CI ask for it.
        return Requirement("trailer", 1, 0, who, "", satisfied=True, unknown="there is no message yet")
    asked = _asked(gathered, demand, only)
    lacking = [commit for commit in asked if not _has(commit.message, demand)]
    if demand.on == "any-commit":
        found = len(lacking) < len(asked) or not asked
        missing = "" if found else f"no commit has the trailer {demand.name}:{pattern or ' …'}"
        return Requirement("trailer", 1, int(found), who, missing, satisfied=found)
    ids = ", ".join(commit.id[:10] for commit in lacking[:3]) + (
        f" and {len(lacking) - 3} more" if len(lacking) > 3 else ""
    )
    missing = f"{ids} lack{'s' * (len(lacking) == 1)} the trailer {demand.name}:{pattern or ' …'}" if lacking else ""
    return Requirement("trailer", len(asked), len(asked) - len(lacking), who, missing, satisfied=not lacking)


def _asked(gathered: Gathered, demand: TrailerDemand, only: Files) -> tuple[Commit, ...]:
    """The commits that must carry it: those that touch a file in view, with AI where only these are meant.

    Merges bring no message of their own and are left out, as DCO checkers do.
    """
    marked = {item.commit for item in gathered.provenance.commits if item.detected}
    return tuple(
        commit
        for commit in gathered.commits_touching(only)
        if len(commit.parents) < 2 and (demand.on != "commits-with-ai" or commit.id in marked)
    )


def _has(message: bytes, demand: TrailerDemand) -> bool:
    name = demand.name.casefold()
    values = [item.value.strip() for item in strict_trailers(message) if item.key.casefold() == name]
    return any(value and (demand.matching is None or patterns.matches(demand.matching, value)) for value in values)


def _tests(gathered: Gathered, only: Files) -> Requirement:
    touched = gathered.content_of(only).tests_touched
    return Requirement(
        "tests",
        1,
        int(bool(touched)),
        "a change to a test file",
        "" if touched else "no test file is added or changed",
        satisfied=bool(touched),
    )


def _checks(gathered: Gathered, demand: ChecksDemand) -> Requirement:
    passed = gathered.given.checks
    who = f"check{'s' * (len(demand.names) != 1)} {', '.join(demand.names)}"
    if passed is None:
        return Requirement(
            "checks",
            len(demand.names),
            0,
            who,
            f"{who} must pass",
            unknown="which checks passed was not given (--facts)",
        )
    lacking = [name for name in demand.names if name not in passed]
    missing = f"not passed: {', '.join(lacking)}" if lacking else ""
    return Requirement(
        "checks", len(demand.names), len(demand.names) - len(lacking), who, missing, satisfied=not lacking
    )
