"""A rule in full: the tree of its conditions, what was seen and not counted, and the ways to pass."""

from __future__ import annotations

from vibeguard.check.result import Report
from vibeguard.model import Reason, RuleResult
from vibeguard.report.escape import visible
from vibeguard.report.spans import Line, Span
from vibeguard.report.summary import lacking


def evidence(report: Report) -> list[Line]:
    """What the facts above rest on: every mark of an AI, every factor of the blast radius, every finding."""
    made: list[Line] = []
    if report.provenance is not None and report.provenance.evidence:
        made.append((Span("AI, by what evidence", "bold"),))
        for item in report.provenance.evidence[:20]:
            place = f"  {item.commit[:10]}" if item.commit else ""
            place += f" line {item.line}" if item.line else ""
            made.append(
                (
                    Span(f"    {item.tool} ({item.strength})  {item.channel}: {visible(item.text, 120)}"),
                    Span(place, "dim"),
                )
            )
    if report.blast is not None:
        made.append((Span("blast radius, by factor", "bold"),))
        made.extend(
            (Span(f"    {factor.name:12} +{factor.points:<5.1f} {visible(factor.because, 200)}"),)
            for factor in report.blast.factors
        )
        made.extend((Span(f"    not known: {visible(unknown, 200)}", "dim"),) for unknown in report.blast.unknowns)
    if report.findings:
        made.append((Span("in the change", "bold"),))
        for finding in report.findings[:40]:
            place = visible(finding.path or finding.commit or "") + (f":{finding.line}" if finding.line else "")
            made.append((Span(f"    {finding.kind}  {visible(finding.text, 160)}"), Span(f"  {place}", "dim")))
    return made


def explained(rule: RuleResult) -> list[Line]:
    """Every condition with what was wanted and what was found, down to the line."""
    made: list[Line] = [
        (
            Span(f"{rule.outcome:8}", rule.outcome),
            Span(visible(rule.id), "bold"),
            Span(f"  ({visible(rule.place.path)}:{rule.place.line})", "dim"),
            Span(f"  {rule.mode}" if rule.mode != "enforce" else ""),
        )
    ]
    if rule.description:
        made.append((Span(f"    {visible(rule.description)}"),))
    if rule.message and rule.outcome not in ("skipped", "pass"):
        made.append((Span(f"    {visible(rule.message)}"),))
    for reason in rule.reasons:
        made.extend(_reason(reason, 1))
    for requirement in rule.requirements:
        state = "✓" if requirement.satisfied else "✗"
        count = f"{requirement.have} of {requirement.wanted}"
        made.append((Span(f"    {state} {requirement.kind}: {count}, {visible(requirement.who)}"),))
        if not requirement.satisfied:
            made.append((Span(f"      {lacking(requirement)}"),))
    refused = [item for requirement in rule.requirements for item in requirement.not_counted]
    if refused:
        made.append(
            (
                Span(
                    "    seen, not counted:  "
                    + " · ".join(f"{visible(item.who)} ({visible(item.why)})" for item in refused)
                ),
            )
        )
    if rule.ways:
        made.append(
            (
                Span(
                    "    ways to pass:  "
                    + "   ".join(f"{number}) {visible(way)}" for number, way in enumerate(rule.ways, 1))
                ),
            )
        )
    if rule.outcome in ("needs", "blocked", "warn") and (rule.ask or rule.docs):
        asked = [f"ask {visible(rule.ask)}"] if rule.ask else []
        made.append((Span("    " + " · ".join([*asked, *([visible(rule.docs)] if rule.docs else [])])),))
    return made


def _reason(reason: Reason, depth: int) -> list[Line]:
    mark = {True: "✓", False: "✗", None: "?"}[reason.held]
    indent = "    " + "  " * (depth - 1)
    line = f"  line {reason.line}" if reason.line else ""
    if reason.children:
        made: list[Line] = [(Span(f"{indent}{mark} {reason.fact}"), Span(line, "dim"))]
        for child in reason.children:
            made.extend(_reason(child, depth + 1))
        return made
    evidence = "; ".join(visible(item, 120) for item in reason.evidence[:3])
    wanted = f"  wanted {visible(reason.wanted, 80)}" if reason.wanted else ""
    return [
        (
            Span(f"{indent}{mark} {visible(reason.fact)}  {visible(reason.actual, 80)}"),
            Span(wanted, "dim"),
            Span(f"  {evidence}" if evidence else ""),
            Span(line, "dim"),
        )
    ]
