"""SARIF 2.1.0 for code scanning (OASIS standard; GitHub's limits: 25 runs, 25,000 results, 10 MB zipped)."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from vibeguard import __version__
from vibeguard.check.result import Report
from vibeguard.report import Options
from vibeguard.report.problems import Problem, anchor, problems

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
MOST = 25_000


def render(reports: tuple[Report, ...], options: Options) -> str:  # noqa: ARG001 - every format has this signature
    """One run for each judged change."""
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(report) for report in reports]}
    return json.dumps(log, ensure_ascii=True, allow_nan=False, indent=1) + "\n"


def _run(report: Report) -> dict[str, Any]:
    found = problems(report)[:MOST]
    ids = list(dict.fromkeys(problem.id for problem in found))
    place = anchor(report)
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "vibeguard",
                "semanticVersion": __version__,
                "rules": [_rule(name, next(item for item in found if item.id == name)) for name in ids],
            }
        },
        "invocations": [{"executionSuccessful": report.error is None, "exitCode": report.exit_code}],
        "columnKind": "unicodeCodePoints",
        "results": [_result(problem, ids.index(problem.id), place) for problem in found],
    }
    if report.change is not None and report.change.head is not None:
        run["properties"] = {"base": report.change.base, "head": report.change.head, "verdict": report.verdict}
    return run


def _rule(name: str, problem: Problem) -> dict[str, Any]:
    rule: dict[str, Any] = {"id": name, "shortDescription": {"text": name.replace("-", " ")}}
    if problem.docs.startswith("https://"):
        rule["helpUri"] = problem.docs
    return rule


def _result(problem: Problem, index: int, place: str) -> dict[str, Any]:
    path = problem.path if problem.path is not None else place
    return {
        "ruleId": problem.id,
        "ruleIndex": index,
        "level": problem.level,
        "message": {"text": problem.message},
        "locations": [
            {
                "physicalLocation": {
                    # A URI by RFC 3986: every byte that is not unreserved is percent-encoded.
                    "artifactLocation": {
                        "uri": quote(path.encode("utf-8", "surrogateescape")),
                        "uriBaseId": "%SRCROOT%",
                    },
                    "region": {"startLine": problem.line or 1},
                }
            }
        ],
        "partialFingerprints": {"vibeguard/v1": problem.fingerprint},
    }
