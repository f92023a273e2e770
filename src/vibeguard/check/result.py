"""What leaves the use case: the verdict with everything it rests on, and the exit code that follows from it."""

from __future__ import annotations

from collections.abc import Mapping

from vibeguard.errors import VibeguardError
from vibeguard.model import (
    BlastRadius,
    Change,
    Content,
    Dependents,
    Finding,
    NotCounted,
    Override,
    Owner,
    PolicyFile,
    Provenance,
    Risk,
    RuleResult,
    Stage,
    VerdictName,
)
from vibeguard.tuples import NamedTuple

PASS = 0
BLOCKED = 1
COULD_NOT_DECIDE = 2
NEEDS = 3

NOTHING_STAGED = "nothing is staged"
NOTHING_CHANGES = "nothing changes"

RANK: dict[VerdictName, int] = {"pass": 0, "warn": 1, "overridden": 2, "needs": 3, "blocked": 4, "error": 5}


class Report(NamedTuple):
    """One judged change. Fields are None where they were not needed for this verdict or could not be known."""

    verdict: VerdictName
    exit_code: int
    stage: Stage
    change: Change | None = None
    content: Content | None = None
    provenance: Provenance | None = None
    owners: Mapping[str, Owner] | None = None  # of the changed paths
    dependents: Dependents | None = None
    blast: BlastRadius | None = None
    risk: Risk | None = None
    rules: tuple[RuleResult, ...] = ()
    policy: tuple[PolicyFile, ...] = ()
    policy_words: str = ""  # which policy judged, and from where, in words
    findings: tuple[Finding, ...] = ()
    notices: tuple[str, ...] = ()
    error: VibeguardError | None = None
    timings_ms: Mapping[str, float] | None = None
    overrides: tuple[Override, ...] = ()
    waivers_not_counted: tuple[NotCounted, ...] = ()


def exit_code(verdict: VerdictName, stage: Stage, rules: tuple[RuleResult, ...]) -> int:
    """The process's exit code for a verdict: the one place that decides it.

    Before CI a missing review or check cannot exist yet, so it is a notice there (0); a missing trailer or test
    change can be mended at once and stops (3). Break-glass and warnings let the change through.
    """
    if verdict in ("pass", "warn", "overridden"):
        return PASS
    if verdict == "blocked":
        return BLOCKED
    if verdict == "error":
        return COULD_NOT_DECIDE
    if stage == "ci":
        return NEEDS
    mendable_now = any(
        requirement.kind in ("trailer", "tests") and not requirement.satisfied
        for rule in rules
        if rule.outcome == "needs"
        for requirement in rule.requirements
    )
    return NEEDS if mendable_now else PASS


def failed(error: VibeguardError, stage: Stage, change: Change | None = None) -> Report:
    """The report of a change that could not be judged."""
    return Report("error", COULD_NOT_DECIDE, stage, change=change, error=error)


def overall_exit_code(reports: tuple[Report, ...]) -> int:
    """The exit code for several judged changes: an undecided one outweighs whatever else was found."""
    strictness = (PASS, NEEDS, BLOCKED, COULD_NOT_DECIDE)
    return max((report.exit_code for report in reports), key=strictness.index, default=PASS)
