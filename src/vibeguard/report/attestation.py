"""A verdict as an in-toto Statement v1: about which commit and tree, by which policy, on which facts.

It shows that somebody with the key says that vibeguard came to this verdict. It cannot show that the facts were true,
that nothing ran beside it, or that the commit was merged; `vibeguard verify --recheck` finds out the facts again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from vibeguard import __version__
from vibeguard.check.result import Report
from vibeguard.errors import INPUT, USAGE, VibeguardError
from vibeguard.report.json import as_object
from vibeguard.tuples import NamedTuple

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://vibeguard.dev/verdict/v1"
NAMESPACE = "vibeguard-verdict@v1"  # of signatures
MOST_BYTES = 1024 * 1024

_FACTS = ("change", "findings", "provenance", "blast", "risk")


class Attested(NamedTuple):
    """What a statement says."""

    commit: str
    tree: str
    base: str
    believed: str  # commit whose policy judged
    stage: str
    verdict: str
    policy_digest: str
    facts_digest: str
    at: str
    rules: Mapping[str, str]


def encode(report: Report, *, believed: str, at: str) -> bytes:
    """The statement of one judged change; one line of JSON, keys sorted.

    Raises:
        VibeguardError: USAGE for a change that is no commit yet, or that was not judged.
    """
    change = report.change
    if change is None or change.head is None or change.head_tree is None:
        raise VibeguardError(USAGE, "only a commit can be attested", hint="judge a range: --range A..B, or --base REF")
    document = {
        "_type": STATEMENT_TYPE,
        "subject": [
            {"name": "commit", "digest": {"gitCommit": change.head}},
            {"name": "tree", "digest": {"gitTree": change.head_tree}},
        ],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "tool": {"name": "vibeguard", "version": __version__},
            "at": at,
            "stage": report.stage,
            "base": change.base or "",
            "target": change.ref or "",
            "believed": believed,
            "policy": {
                "digest": {"sha256": policy_digest(report)},
                "files": [{"path": file.path, "sha256": file.sha256} for file in report.policy],
            },
            "facts": {"digest": {"sha256": facts_digest(report)}},
            "verdict": report.verdict,
            "exitCode": report.exit_code,
            "rules": {rule.id: rule.outcome for rule in report.rules},
            "reviews": [
                {"rule": rule.id, "count": item.wanted, "counted": list(item.counted)}
                for rule in report.rules
                for item in rule.requirements
                if item.kind == "review"
            ],
            "overrides": [{"who": item.who, "rules": list(item.rules)} for item in report.overrides],
        },
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode() + b"\n"


def policy_digest(report: Report) -> str:
    """SHA-256 over the path and digest of every policy file that took part."""
    lines = sorted(f"{file.sha256}  {file.path}\n" for file in report.policy)
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def facts_digest(report: Report) -> str:
    """SHA-256 over the facts as the JSON report gives them: change, findings, provenance, blast radius and risk."""
    document = as_object(report)
    facts = {name: document[name] for name in _FACTS}
    return hashlib.sha256(json.dumps(facts, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def decode(raw: bytes, where: str) -> Attested:
    """A statement from its bytes.

    Raises:
        VibeguardError: INPUT for anything but a statement of a verdict.
    """
    refused = VibeguardError(INPUT, "not a statement of a verdict", where=where)
    if len(raw) > MOST_BYTES:
        raise refused
    try:
        document = json.loads(raw)
        predicate = document["predicate"]
        if document["_type"] != STATEMENT_TYPE or document["predicateType"] != PREDICATE_TYPE:
            raise refused
        digests = {name: value for subject in document["subject"] for name, value in subject["digest"].items()}
        found = Attested(
            commit=_text(digests["gitCommit"]),
            tree=_text(digests["gitTree"]),
            base=_text(predicate["base"]),
            believed=_text(predicate["believed"]),
            stage=_text(predicate["stage"]),
            verdict=_text(predicate["verdict"]),
            policy_digest=_text(predicate["policy"]["digest"]["sha256"]),
            facts_digest=_text(predicate["facts"]["digest"]["sha256"]),
            at=_text(predicate["at"]),
            rules={_text(name): _text(outcome) for name, outcome in predicate["rules"].items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise refused from None
    for oid in (found.commit, found.tree, found.base or found.commit, found.believed or found.commit):
        if len(oid) not in (40, 64) or oid.strip("0123456789abcdef"):
            raise refused
    return found


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
