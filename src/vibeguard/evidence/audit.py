"""Writing the record and summing it up: who was asked, who answered, how far changes reached, and what is owed.

A record holds what a verdict rested on, in figures and names of rules; no file contents, no messages, no prompts.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from vibeguard import __version__
from vibeguard.errors import INPUT, IO, VibeguardError
from vibeguard.model import LEVELS, Level
from vibeguard.repository.locate import Location
from vibeguard.repository.records import read_files, replace_file
from vibeguard.reviews.ledger import FILE, FIRST, FORMAT, REF, FollowUp, Record, digest, moment, open_follow_ups, read
from vibeguard.tuples import NamedTuple

_TRIES = 8  # other jobs write at the same time
MOST_BYTES = 256 * 1024 * 1024  # of a record that is a file


# ------------------------------------------------------------------------------------------------------- writing


def of_verdict(report: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of one judged change, from its `check` JSON.

    Raises:
        VibeguardError: INPUT when it is no such report.
    """
    if report.get("schema") != "vibeguard/check/v1":
        raise VibeguardError(INPUT, "not a report of `vibeguard check --format json`", hint="schema vibeguard/check/v1")
    change, blast, ai = report.get("change") or {}, report.get("blast"), report.get("provenance")
    try:
        return {
            "kind": "verdict",
            "verdict": str(report["verdict"]),
            "exit_code": int(report["exit_code"]),
            "stage": str(report["stage"]),
            "base": report.get("base"),
            "head": report.get("head"),
            "ref": report.get("ref"),
            "policy": [{"path": file["path"], "sha256": file["sha256"]} for file in report["policy"]["files"]],
            "rules": {rule["id"]: rule["outcome"] for rule in report["rules"] if rule["outcome"] != "skipped"},
            "asked": [_asked(rule["id"], item) for rule in report["rules"] for item in rule["requirements"]],
            "files": len(change.get("files") or ()),
            "added": change.get("added"),
            "ai": None
            if ai is None
            else {"role": ai["role"], "confidence": ai["confidence"], "tools": ai["tools"], "share": ai["share"]},
            "blast": None if blast is None else {"score": blast["score"], "level": blast["level"]},
            "overrides": list(report.get("overrides") or ()),
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        raise VibeguardError(INPUT, "not a report of `vibeguard check --format json`") from None


def _asked(rule: str, requirement: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "rule": rule,
        "kind": requirement["kind"],
        "count": requirement["count"],
        "have": requirement["have"],
        "satisfied": bool(requirement.get("satisfied")),
        "counted": list(requirement.get("counted") or ()),
    }


def of_settlement(follow_up: FollowUp, counted: Sequence[str]) -> dict[str, Any]:
    """That a review which was owed has been given, and by whom."""
    return {
        "kind": "follow-up",
        "head": follow_up.head,
        "ref": follow_up.ref or None,
        "rules": list(follow_up.rules),
        "counted": list(counted),
    }


def append_to_ref(location: Location, entries: Sequence[Mapping[str, Any]], *, now: float) -> str:
    """Add records to `refs/vibeguard/audit`; returns the hash of the last line.

    Raises:
        VibeguardError: INPUT when the record there is broken; IO when others keep writing.
    """
    for _ in range(_TRIES):
        old = read_files(location, REF).get(FILE)
        new, last = _extended(old or b"", entries, now, REF)
        if replace_file(location, REF, FILE, old=old, new=new, subject=f"{len(entries)} records"):
            return last
    raise VibeguardError(IO, f"{REF} is being written to by somebody else", hint="try again")


def append_to_file(path: str, entries: Sequence[Mapping[str, Any]], *, now: float) -> str:
    """Add records to a file, alone while it writes; returns the hash of the last line. Raises as `append_to_ref`."""
    try:
        with open(path, "a+b") as file:
            _lock(file.fileno())
            file.seek(0)
            old = file.read(MOST_BYTES)
            new, last = _extended(old, entries, now, path)
            file.write(new[len(old) :])
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise VibeguardError(IO, f"the record cannot be written: {error.strerror}", where=path) from None
    return last


def _lock(descriptor: int) -> None:
    try:
        import fcntl  # noqa: PLC0415 - not on Windows, where two writers at once are left to the chain to show
    except ImportError:
        return
    fcntl.flock(descriptor, fcntl.LOCK_EX)


def _extended(old: bytes, entries: Sequence[Mapping[str, Any]], now: float, where: str) -> tuple[bytes, str]:
    records, broken = read(old)
    if broken is not None:
        raise VibeguardError(
            INPUT,
            f"the record is broken, so nothing is added to it: {broken.why}",
            where=f"{where}:{broken.line}",
            hint="keep it as evidence, and start a new one under another name",
        )
    last = records[-1].hash if records else FIRST
    time = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    lines = []
    for number, entry in enumerate(entries, len(records)):
        head = {"v": FORMAT, "n": number, "prev": last, "time": time, "tool": f"vibeguard {__version__}"}
        line = json.dumps({**head, **entry}, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode()
        lines.append(line + b"\n")
        last = digest(line)
    return old + b"".join(lines), last


def load(location: Location | None, path: str) -> bytes:
    """The record in a file, or under the ref where no file is named.

    Raises:
        VibeguardError: IO when there is none.
    """
    if path:
        try:
            with open(path, "rb") as file:
                return file.read(MOST_BYTES)
        except OSError as error:
            raise VibeguardError(IO, f"the record cannot be read: {error.strerror}", where=path) from None
    assert location is not None
    raw = read_files(location, REF).get(FILE)
    if raw is None:
        raise VibeguardError(
            IO, "there is no record", where=REF, hint="vibeguard audit fetch, or vibeguard ci --audit ref writes one"
        )
    return raw


# ------------------------------------------------------------------------------------------------------ summing up


class Week(NamedTuple):
    """What was judged in one ISO week. A change that was judged again counts once, as it was judged last."""

    name: str  # 2026-W47
    changes: int
    with_ai: int  # AI evidence at least likely; the others are "none declared"
    added: int  # lines
    ai_low: float  # attributed added lines, by the low and the high end of each share
    ai_high: float
    blast: Mapping[Level, int]
    asked: int  # reviews, by people asked for
    given: int
    verdicts: Mapping[str, int]
    overrides: int


class Summary(NamedTuple):
    """The record in figures."""

    weeks: tuple[Week, ...]
    open: tuple[FollowUp, ...]
    overdue: tuple[FollowUp, ...]
    records: int
    last_hash: str


def summed_up(records: tuple[Record, ...], *, now: float) -> Summary:
    """Per week of the last time that a change was judged.

    Raises:
        VibeguardError: INPUT when a record of the chain holds something that vibeguard never wrote.
    """
    try:
        return _summary(records, now)
    except (TypeError, AttributeError, ValueError):
        raise VibeguardError(INPUT, "a record holds what vibeguard never wrote") from None


def _summary(records: tuple[Record, ...], now: float) -> Summary:
    last: dict[tuple[str, str], Record] = {}
    for record in records:
        if record.kind == "verdict":
            key = (str(record.fields.get("head") or record.number), str(record.fields.get("ref")))
            last.pop(key, None)
            last[key] = record
    weeks: dict[str, list[Record]] = {}
    for record in last.values():
        weeks.setdefault(_week(record.time), []).append(record)
    owed = open_follow_ups(records)
    return Summary(
        tuple(_summed(name, weeks[name]) for name in sorted(weeks)),
        owed,
        tuple(item for item in owed if item.is_overdue(now)),
        len(records),
        records[-1].hash if records else FIRST,
    )


def _week(time: str) -> str:
    year, week, _ = datetime.fromtimestamp(moment(time) or 0.0, UTC).isocalendar()
    return f"{year}-W{week:02}"


def _summed(name: str, records: Sequence[Record]) -> Week:
    found = [record.fields for record in records]
    ai = [item.get("ai") or {} for item in found]
    added = [item.get("added") or 0 for item in found]
    shares = [(entry.get("share") or {}) for entry in ai]
    reviews = [entry for item in found for entry in item.get("asked") or () if entry.get("kind") == "review"]
    return Week(
        name=name,
        changes=len(found),
        with_ai=sum(entry.get("confidence") in ("likely", "certain") for entry in ai),
        added=sum(added),
        ai_low=sum(share.get("low", 0.0) * lines for share, lines in zip(shares, added, strict=True)),
        ai_high=sum(share.get("high", 0.0) * lines for share, lines in zip(shares, added, strict=True)),
        blast={level: sum((item.get("blast") or {}).get("level") == level for item in found) for level in LEVELS},
        asked=sum(entry.get("count", 0) for entry in reviews),
        given=sum(min(entry.get("have", 0), entry.get("count", 0)) for entry in reviews),
        verdicts={
            verdict: sum(item.get("verdict") == verdict for item in found)
            for verdict in ("pass", "warn", "needs", "blocked", "overridden", "error")
        },
        overrides=sum(len(item.get("overrides") or ()) for item in found),
    )
