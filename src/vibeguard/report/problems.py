"""What the formats for machines list: each rule that speaks, each finding, and the error when nothing was decided."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Literal

from vibeguard.check.result import PASS, Report
from vibeguard.model import RuleResult
from vibeguard.report.escape import visible
from vibeguard.report.summary import lacking
from vibeguard.tuples import NamedTuple

Level = Literal["error", "warning", "note"]


class Problem(NamedTuple):
    """One thing to show beside the change. All text is safe to print; the path is the real one."""

    level: Level
    id: str  # of the rule or kind of finding
    message: str  # lines joined by "\n"
    path: str | None = None
    line: int | None = None
    docs: str = ""
    source: Literal["rule", "finding", "error"] = "rule"

    @property
    def fingerprint(self) -> str:
        """Stays the same when the line moves, so that services recognise a problem they have shown before."""
        text = "\0".join((self.source, self.id, self.path or "", self.message if self.source == "finding" else ""))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def problems(report: Report) -> tuple[Problem, ...]:
    """Errors first, in the order in which rules and findings come."""
    found = [*_error(report), *_rules(report), *_findings(report)]
    ranks: dict[Level, int] = {"error": 0, "warning": 1, "note": 2}
    return tuple(sorted(found, key=lambda problem: ranks[problem.level]))


def anchor(report: Report) -> str:
    """A file of the change that problems without a place are shown at: services drop those that have none."""
    files = report.change.files if report.change is not None else ()
    return next((file.path for file in files if file.exists_after and not file.is_submodule), ".vibeguard.yaml")


def _error(report: Report) -> Iterator[Problem]:
    if report.error is None:
        return
    hint = f"\nhint: {visible(report.error.hint)}" if report.error.hint else ""
    place = f"{visible(report.error.where)}: " if report.error.where else ""
    details = "".join("\n" + visible(line) for detail in report.error.details for line in detail.split("\n"))
    message = f"could not decide: {place}{visible(report.error.message)}{details}{hint}"
    yield Problem("error", report.error.kind.lower(), message, source="error")


def _rules(report: Report) -> Iterator[Problem]:
    stops = report.exit_code != PASS
    for override in report.overrides:
        said = f"waived by {override.who} until {override.ends}: {override.reason}"
        owed = f"; a review is owed by {override.due}" if override.due else ""
        for name in override.rules:
            yield Problem("warning", visible(name), visible(said + owed))
    for rule in report.rules:
        if rule.outcome not in ("blocked", "needs", "warn", "unknown"):
            continue
        level: Level = "error" if stops and rule.outcome in ("blocked", "needs") else "warning"
        yield Problem(level, visible(rule.id), _words(rule), docs=rule.docs)


def _words(rule: RuleResult) -> str:
    said = visible(rule.message or rule.description)
    lines = [f"{rule.outcome}: {said}" if said else rule.outcome]
    for requirement in rule.requirements:
        if not requirement.satisfied:
            lines.append(lacking(requirement))
            lines += [f"not counted: {visible(item.who)} ({visible(item.why)})" for item in requirement.not_counted]
    lines += [f"{number}) {visible(way)}" for number, way in enumerate(rule.ways, 1)]
    lines.append(f"{visible(rule.place.path)}:{rule.place.line}")
    return "\n".join(lines)


def _findings(report: Report) -> Iterator[Problem]:
    for finding in report.findings:
        yield Problem(
            "warning", visible(finding.kind), visible(finding.text), finding.path, finding.line, source="finding"
        )
