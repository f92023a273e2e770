"""JUnit XML, as Jenkins, GitLab and most other CI services read it: one test case a rule."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from vibeguard.check.result import Report
from vibeguard.model import RuleResult
from vibeguard.report import Options
from vibeguard.report.escape import visible
from vibeguard.report.problems import problems
from vibeguard.report.summary import headline


def render(reports: tuple[Report, ...], options: Options) -> str:  # noqa: ARG001 - every format has this signature
    """One suite a judged change. All text is printable: XML 1.0 has no way to write most control characters."""
    suites = [_suite(report) for report in reports]
    return '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n' + "".join(suites) + "</testsuites>\n"


def _suite(report: Report) -> str:
    said = {problem.id: problem for problem in problems(report) if problem.source == "rule"}
    cases = []
    failures = errors = skipped = 0
    for rule in report.rules:
        problem = said.get(visible(rule.id))
        inner = ""
        if rule.outcome in ("blocked", "needs") and problem is not None:
            failures += 1
            inner = _outcome("failure", rule.outcome, problem.message)
        elif rule.outcome == "unknown" and problem is not None:
            errors += 1
            inner = _outcome("error", rule.outcome, problem.message)
        elif rule.outcome == "skipped":
            skipped += 1
            inner = "<skipped/>"
        elif problem is not None:
            inner = f"<system-out>{escape(problem.message)}</system-out>"
        cases.append(_case(rule, inner))
    for problem in problems(report):
        if problem.source == "error":
            errors += 1
            inner = _outcome("error", problem.id, problem.message)
            cases.append(f'  <testcase classname="vibeguard" name="decides">{inner}</testcase>\n')
    name = quoteattr("vibeguard" + (f" {visible(report.change.ref)}" if report.change and report.change.ref else ""))
    counts = f'tests="{len(cases)}" failures="{failures}" errors="{errors}" skipped="{skipped}"'
    words = "".join(span.text for span in headline(report)) if report.error is None else "could not decide"
    return (
        f" <testsuite name={name} {counts}>\n"
        + "".join(cases)
        + f"  <system-out>{escape(words)}</system-out>\n </testsuite>\n"
    )


def _case(rule: RuleResult, inner: str) -> str:
    place = quoteattr(visible(rule.place.path))
    return f"  <testcase classname={place} name={quoteattr(visible(rule.id))}>{inner}</testcase>\n"


def _outcome(element: str, kind: str, message: str) -> str:
    first = quoteattr(message.split("\n", 1)[0])
    return f"<{element} type={quoteattr(kind)} message={first}>{escape(message)}</{element}>"
