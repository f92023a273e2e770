"""Reviewdog's rdjson (Diagnostic Result): for any service that reviewdog can comment on."""

from __future__ import annotations

import json
from typing import Any

from vibeguard.check.result import Report
from vibeguard.report import Options
from vibeguard.report.escape import visible
from vibeguard.report.problems import Problem, anchor, problems

_SEVERITIES = {"error": "ERROR", "warning": "WARNING", "note": "INFO"}


def render(reports: tuple[Report, ...], options: Options) -> str:  # noqa: ARG001 - every format has this signature
    """One object with the diagnostics of all judged changes."""
    document = {
        "source": {"name": "vibeguard"},
        "diagnostics": [_diagnostic(problem, anchor(report)) for report in reports for problem in problems(report)],
    }
    return json.dumps(document, ensure_ascii=True, indent=1) + "\n"


def _diagnostic(problem: Problem, place: str) -> dict[str, Any]:
    location: dict[str, Any] = {"path": visible(problem.path if problem.path is not None else place)}
    if problem.line is not None:
        location["range"] = {"start": {"line": problem.line}}
    code: dict[str, str] = {"value": problem.id}
    if problem.docs.startswith("https://"):
        code["url"] = problem.docs
    return {
        "message": problem.message,
        "location": location,
        "severity": _SEVERITIES[problem.level],
        "code": code,
    }
