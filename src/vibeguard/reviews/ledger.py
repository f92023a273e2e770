"""Reading the record: an append-only list of verdicts, overrides and follow-ups, each line bound to the one before.

One JSON object a line; `prev` is the SHA-256 of the line before, without its newline. An edit in the middle breaks the
chain. It is tamper-evident once its last hash is anchored somewhere that its writers cannot reach (a CI log, a signed
tag), and not tamper-proof: who can write here can write a new chain from the start.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from vibeguard.tuples import NamedTuple

REF = "refs/vibeguard/audit"
FILE = "audit.jsonl"
FIRST = "0" * 64  # `prev` of the first line
FORMAT = 1
MOST_LINE = 1024 * 1024  # bytes


class Record(NamedTuple):
    """One line of the record. `fields` is the whole object."""

    number: int  # from 0
    hash: str  # of this line
    kind: str  # verdict, follow-up
    time: str  # RFC 3339, UTC
    fields: dict[str, Any]


class Broken(NamedTuple):
    """Where the chain breaks; everything from there on is unproven."""

    line: int  # from 1
    why: str


class FollowUp(NamedTuple):
    """A review that is owed since somebody broke the glass."""

    head: str
    base: str
    ref: str
    rules: tuple[str, ...]
    who: str  # who broke the glass
    due: str  # RFC 3339
    wanted: int
    by: str
    names: tuple[str, ...]
    otherwise: str

    def is_overdue(self, now: float) -> bool:
        due = moment(self.due)
        return due is None or now >= due


def digest(line: bytes) -> str:
    """The hash that the next line carries."""
    return hashlib.sha256(line).hexdigest()


def read(raw: bytes) -> tuple[tuple[Record, ...], Broken | None]:
    """The records up to the first line that does not belong, and why it does not."""
    records: list[Record] = []
    before = FIRST
    lines = raw.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    elif raw:
        # A writer that died left half a line. What is whole stands.
        lines[-1] = b"\0"
    for number, line in enumerate(lines):
        found = _record(line, number, before)
        if isinstance(found, str):
            return tuple(records), Broken(number + 1, found)
        records.append(found)
        before = found.hash
    return tuple(records), None


def _record(line: bytes, number: int, before: str) -> Record | str:
    if line == b"\0":
        return "the line is not finished"
    if len(line) > MOST_LINE:
        return "the line is too long"
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return "not JSON"
    if not isinstance(fields, dict) or fields.get("v") != FORMAT:
        return "not a record of this version"
    if fields.get("n") != number:
        return f"line {number} is missing or out of order" if fields.get("n") != number else ""
    if fields.get("prev") != before:
        return "it does not follow from the line before: one of the two was changed"
    kind, time = fields.get("kind"), fields.get("time")
    if kind not in ("verdict", "follow-up") or not isinstance(time, str) or moment(time) is None:
        return "not a record"
    return Record(number, digest(line), kind, time, fields)


def open_follow_ups(records: tuple[Record, ...]) -> tuple[FollowUp, ...]:
    """The reviews that are owed and that no later record settles."""
    owed: dict[tuple[str, str], FollowUp] = {}
    for record in records:
        if record.kind == "verdict":
            for item in _owed(record.fields):
                owed.setdefault((item.head, item.who), item)
        else:
            for key in [key for key in owed if key[0] == record.fields.get("head")]:
                del owed[key]
    return tuple(owed.values())


def _owed(fields: dict[str, Any]) -> Iterator[FollowUp]:
    for item in fields.get("overrides") or ():
        owed = item.get("owed") if isinstance(item, dict) else None
        if isinstance(owed, dict) and item.get("due"):
            yield FollowUp(
                head=str(fields.get("head") or ""),
                base=str(fields.get("base") or ""),
                ref=str(fields.get("ref") or ""),
                rules=tuple(map(str, item.get("rules") or ())),
                who=str(item.get("who") or ""),
                due=str(item["due"]),
                wanted=owed["count"] if isinstance(owed.get("count"), int) else 1,
                by=str(owed.get("by") or "anyone"),
                names=tuple(map(str, owed.get("names") or ())),
                otherwise=str(item.get("otherwise") or "report"),
            )


def moment(time: str) -> float | None:
    """Seconds since the epoch; None for what is no time."""
    try:
        found = datetime.fromisoformat(time)
        return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
