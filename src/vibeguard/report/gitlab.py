"""GitLab Code Quality: a list of issues, each with a path, a line and a fingerprint that stays."""

from __future__ import annotations

import json
from typing import Any

from vibeguard.check.result import Report
from vibeguard.report import Options
from vibeguard.report.escape import visible
from vibeguard.report.problems import anchor, problems

_SEVERITIES = {"error": "blocker", "warning": "minor", "note": "info"}


def render(reports: tuple[Report, ...], options: Options) -> str:  # noqa: ARG001 - every format has this signature
    """A JSON array. The same problem of two pushed refs is listed once: fingerprints must be unique."""
    issues: dict[str, dict[str, Any]] = {}
    for report in reports:
        for problem in problems(report):
            path = problem.path if problem.path is not None else anchor(report)
            fingerprint = problem.fingerprint
            number = 1
            while fingerprint in issues and issues[fingerprint]["description"] != problem.message:
                number += 1
                fingerprint = f"{problem.fingerprint[:-4]}{number:04x}"
            issues[fingerprint] = {
                "description": problem.message,
                "check_name": problem.id,
                "fingerprint": fingerprint,
                "severity": _SEVERITIES[problem.level],
                "location": {"path": visible(path), "lines": {"begin": problem.line or 1}},
            }
    return json.dumps(list(issues.values()), ensure_ascii=True, indent=1) + "\n"
