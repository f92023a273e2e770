"""`json-v1`: the machine-readable report. Keys are only ever added within a version; not known is null, never 0.

One object on stdout, ASCII only. A byte of a path that is not UTF-8 is a lone surrogate escape (`\\udcff`), so that
paths round-trip. The JSON Schema is `schemas/check.v1.json` beside this module.
"""

from __future__ import annotations

import json
from typing import Any

from vibeguard import __version__
from vibeguard.check.result import RANK, Report
from vibeguard.errors import VibeguardError
from vibeguard.model import (
    BlastRadius,
    Change,
    Commit,
    Evidence,
    Factor,
    FileChange,
    Finding,
    Identity,
    Override,
    Provenance,
    Reason,
    Requirement,
    Risk,
    RuleResult,
    Share,
)
from vibeguard.report import Options

SCHEMA = "vibeguard/check/v1"


def render(reports: tuple[Report, ...], options: Options) -> str:  # noqa: ARG001 - every format has this signature
    """One object; for a push of several refs the strictest one, with all of them under `changes`."""
    strictest = max(reports, key=lambda report: RANK[report.verdict])
    document = as_object(strictest)
    if len(reports) > 1:
        document["changes"] = [as_object(report) for report in reports]
    return json.dumps(document, ensure_ascii=True, allow_nan=False) + "\n"


def as_object(report: Report) -> dict[str, Any]:
    """The report as plain dictionaries and lists."""
    change = report.change
    return {
        "schema": SCHEMA,
        "tool": {"name": "vibeguard", "version": __version__},
        "verdict": report.verdict,
        "exit_code": report.exit_code,
        "stage": report.stage,
        "base": change.base if change else None,
        "head": change.head if change else None,
        "ref": change.ref if change else None,
        "policy": {
            "files": [
                {"path": file.path, "from_commit": file.from_commit, "sha256": file.sha256} for file in report.policy
            ]
        },
        "change": _change(report, change) if change else None,
        "findings": [finding(item) for item in report.findings],
        "provenance": provenance(report.provenance) if report.provenance else None,
        "blast": _blast(report.blast) if report.blast else None,
        "risk": _risk(report.risk) if report.risk else None,
        "rules": [_rule(rule) for rule in report.rules],
        "overrides": [override(item) for item in report.overrides],
        "waivers_not_counted": [{"who": item.who, "why": item.why} for item in report.waivers_not_counted],
        "notices": list(report.notices),
        "error": error(report.error) if report.error else None,
        "timings_ms": dict(report.timings_ms or {}),
    }


def override(item: Override) -> dict[str, Any]:
    """A waiver that counted, with what is owed afterwards."""
    owed = item.owed
    return {
        "rules": list(item.rules),
        "who": item.who,
        "reason": item.reason,
        "ticket": item.ticket,
        "commit": item.commit,
        "channel": item.channel,
        "stated": item.stated,
        "ends": item.ends,
        "owed": None if owed is None else {"count": owed.wanted, "by": owed.by, "names": list(owed.names)},
        "due": item.due or None,
        "otherwise": item.otherwise,
    }


def error(problem: VibeguardError) -> dict[str, Any]:
    """An error as every command's JSON carries it."""
    return {
        "kind": problem.kind,
        "message": problem.message,
        "hint": problem.hint,
        "where": problem.where,
        "details": list(problem.details),
    }


def _change(report: Report, change: Change) -> dict[str, Any]:
    counted = [file for file in change.files if file.added is not None]
    return {
        "files": [_file(report, file) for file in change.files],
        "added": sum(file.added or 0 for file in counted) if len(counted) == len(change.files) else None,
        "deleted": sum(file.deleted or 0 for file in counted) if len(counted) == len(change.files) else None,
        "commits": [_commit(commit) for commit in change.commits],
    }


def _file(report: Report, file: FileChange) -> dict[str, Any]:
    facts = report.content.files.get(file.path) if report.content else None
    owner = report.owners.get(file.path) if report.owners is not None else None
    return {
        "path": file.path,
        "old_path": file.renamed_from,
        "status": file.status,
        "mode_before": file.mode_before,
        "mode_after": file.mode_after,
        "added": file.added,
        "deleted": file.deleted,
        "size_before": file.size_before,
        "size_after": file.size_after,
        "kind": sorted(facts.kinds) if facts else [],
        "language": facts.language if facts else None,
        "opaque": (facts.opaque or None) if facts else (file.unread or None),
        "owners": list(owner.owners) if owner else ([] if report.owners is not None else None),
    }


def _identity(identity: Identity) -> dict[str, str]:
    return {"name": identity.name, "email": identity.email}


def _commit(commit: Commit) -> dict[str, Any]:
    return {
        "id": commit.id,
        "author": _identity(commit.author),
        "committer": _identity(commit.committer),
        "subject": commit.subject,
    }


def finding(item: Finding) -> dict[str, Any]:
    """A finding as every command's JSON carries it."""
    return {"kind": item.kind, "path": item.path, "commit": item.commit, "line": item.line, "text": item.text}


def provenance(item: Provenance) -> dict[str, Any]:
    """Provenance of a change or of one commit."""
    return {
        "role": item.role,
        "confidence": item.confidence,
        "no_human_author": item.no_human_author,
        "declared": item.declared,
        "wrote_sign_off": item.wrote_sign_off,
        "tools": list(item.tools),
        "driver": list(item.driver),
        "share": share(item.share),
        "evidence": [evidence(entry) for entry in item.evidence],
    }


def share(item: Share | None) -> dict[str, Any] | None:
    """A share as a range of fractions, with what it rests on."""
    return {"low": item.low, "high": item.high, "rests_on": item.rests_on} if item else None


def evidence(item: Evidence) -> dict[str, Any]:
    """One piece of evidence."""
    return {
        "channel": item.channel,
        "tool": item.tool,
        "strength": item.strength,
        "commit": item.commit,
        "line": item.line,
        "text": item.text,
    }


def _factor(item: Factor) -> dict[str, Any]:
    return {
        "name": item.name,
        "points": round(item.points, 2),
        "because": item.because,
        "unknown": item.unknown or None,
    }


def _blast(blast: BlastRadius) -> dict[str, Any]:
    return {
        "score": blast.score,
        "level": blast.level,
        "dependents": {
            "direct": blast.direct,
            "within_2": blast.within_2,
            "all": blast.all,
            "unknown": blast.unresolved,
        },
        "owners": list(blast.owners),
        "unowned_files": list(blast.unowned_files),
        "packages": blast.packages,
        "factors": [_factor(factor) for factor in blast.factors],
        "unknowns": list(blast.unknowns),
    }


def _risk(risk: Risk) -> dict[str, Any]:
    return {
        "score": risk.score,
        "percentile": risk.percentile,
        "level": risk.level,
        "factors": [_factor(factor) for factor in risk.factors],
    }


def _rule(rule: RuleResult) -> dict[str, Any]:
    return {
        "id": rule.id,
        "source": {"path": rule.place.path, "line": rule.place.line, "column": rule.place.column},
        "outcome": rule.outcome,
        "mode": rule.mode,
        "message": rule.message,
        "description": rule.description,
        "reasons": [_reason(reason) for reason in rule.reasons],
        "requirements": [_requirement(requirement) for requirement in rule.requirements],
        "ways": list(rule.ways),
        "would_be": rule.would_be,
    }


def _reason(reason: Reason) -> dict[str, Any]:
    return {
        "fact": reason.fact,
        "wanted": reason.wanted,
        "actual": reason.actual,
        "held": reason.held,
        "line": reason.line,
        "evidence": list(reason.evidence),
        "children": [_reason(child) for child in reason.children],
    }


def _requirement(requirement: Requirement) -> dict[str, Any]:
    return {
        "kind": requirement.kind,
        "count": requirement.wanted,
        "have": requirement.have,
        "from": requirement.who,
        "missing": requirement.missing,
        "satisfied": requirement.satisfied,
        "unknown": requirement.unknown or None,
        "suggested": list(requirement.suggested),
        "not_counted": [{"who": item.who, "why": item.why} for item in requirement.not_counted],
        "counted": list(requirement.counted),
        "shows": requirement.shows or None,
    }
