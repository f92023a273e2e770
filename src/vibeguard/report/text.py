"""The report for people: one line when all is well, at most twelve for a verdict, the whole tree when asked."""

from __future__ import annotations

from vibeguard.check.result import Report
from vibeguard.report import Options
from vibeguard.report.escape import visible
from vibeguard.report.spans import Line, Span, plain
from vibeguard.report.summary import facts, headline, hint, notices, overrides, rule_lines, shown, ways

MOST_LINES = 12  # of a verdict without --explain
MOST_RULES = 4


def render(reports: tuple[Report, ...], options: Options) -> str:
    """The plain text."""
    return plain(lines(reports, options))


def lines(reports: tuple[Report, ...], options: Options) -> list[Line]:
    """The report as styled lines, without their newlines."""
    made: list[Line] = []
    for report in reports:
        if made:
            made.append(())
        made.extend(_report(report, options))
    return made


def _report(report: Report, options: Options) -> list[Line]:
    if report.error is not None:
        return _error(report)
    asking = [rule for rule in report.rules if rule.outcome in ("blocked", "needs", "warn")]
    asking.sort(key=lambda rule: ("blocked", "needs", "warn").index(rule.outcome))
    if report.verdict == "pass" and not asking and not options.explain:
        return [headline(report), *shown(report), *notices(report, 3)]
    made = [headline(report), *overrides(report), *facts(report)]
    if options.explain:
        # Only needed for the long form; the hook's short one need not pay for it.
        from vibeguard.report.explained import evidence, explained  # noqa: PLC0415

        made.append(())
        made.extend(evidence(report))
        for rule in report.rules:
            made.append(())
            made.extend(explained(rule))
        made.append(())
        made.extend(shown(report, len(report.rules)))
        made.extend(notices(report, len(report.notices)))
        return [*made, hint(report, options)]
    told = asking[:MOST_RULES]
    for rule in told:
        made.extend(rule_lines(rule, alone=len(asking) == 1))
    if len(asking) > len(told):
        made.append((Span(f"  and {len(asking) - len(told)} more rules: --explain shows them", "dim"),))
    made.extend(shown(report))
    if len(asking) > 1 and asking[0].ways:
        made.append(ways(asking[0]))
    made.extend(notices(report, max(0, MOST_LINES - len(made) - 1)))
    return [*made[: MOST_LINES - 1], hint(report, options)]


def _error(report: Report) -> list[Line]:
    assert report.error is not None
    error = report.error
    place = f"{visible(error.where)}: " if error.where else ""
    made: list[Line] = [(Span(f"{place}error[{error.kind}]", "error"), Span(f": {visible(error.message)}"))]
    made.extend((Span(visible(line)),) for detail in error.details for line in detail.split("\n"))
    if error.hint:
        made.append((Span(f"  hint: {visible(error.hint)}", "dim"),))
    return made
