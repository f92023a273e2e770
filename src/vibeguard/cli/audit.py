"""`vibeguard audit`: the record of verdicts, overrides and follow-ups; an overdue follow-up exits 1."""

from __future__ import annotations

import json
import os
import time
from typing import Annotated, Any

import typer

from vibeguard.cli.given_files import read_given
from vibeguard.cli.output import put, put_json
from vibeguard.errors import INPUT, USAGE, VibeguardError
from vibeguard.evidence.audit import (
    Summary,
    append_to_file,
    append_to_ref,
    load,
    of_settlement,
    of_verdict,
    summed_up,
)
from vibeguard.report.escape import visible
from vibeguard.repository.locate import locate
from vibeguard.reviews.ledger import REF, Broken, FollowUp, Record, open_follow_ups, read

app = typer.Typer(
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="The record of verdicts, overrides and follow-ups. Without a command: the report.",
)

ANCHOR = (
    "Tamper-evident once this hash is anchored where writers of the record cannot reach (a CI log, a signed tag); "
    "not tamper-proof."
)
_FILE = typer.Option("--file", metavar="FILE", help=f"The record (default: {REF}).")
_FORMAT = typer.Option("--format", metavar="text|json|html", help="How to print it.")
_OUTPUT = typer.Option("--output", metavar="FILE", help="Write it to a file.")
_REMOTE = typer.Argument(metavar="[REMOTE]")


@app.callback(invoke_without_command=True)
def audit(context: typer.Context) -> int:
    """Show the report where no command is named."""
    return report() if context.invoked_subcommand is None else 0


@app.command()
def report(
    file: Annotated[str, _FILE] = "", format_: Annotated[str, _FORMAT] = "text", output: Annotated[str, _OUTPUT] = ""
) -> int:
    """AI share, blast levels, reviews asked and given, and what is owed, a week; exit 1 when something is overdue."""
    if format_ not in ("text", "json", "json-v1", "html"):
        raise VibeguardError(USAGE, f"no such format: {format_}", hint="text, json or html")
    summary = summed_up(_whole(file), now=time.time())
    if format_ == "html":
        from vibeguard.report import audit_html  # noqa: PLC0415 - one format of three

        put(audit_html.render(summary), output or None)
    elif format_ == "text":
        from vibeguard.report import audit_text  # noqa: PLC0415 - likewise

        put(audit_text.render(summary), output or None)
    else:
        put_json(_document(summary), output or None)
    return 1 if summary.overdue else 0


@app.command()
def verify(
    file: Annotated[str, _FILE] = "",
    anchor: Annotated[str, typer.Option("--anchor", metavar="HASH", help="A hash that was kept elsewhere.")] = "",
    format_: Annotated[str, typer.Option("--format", metavar="text|json", help="How to print it.")] = "text",
) -> int:
    """Check that no line was changed, moved or taken out; exit 1 when one was."""
    records, broken = _read(file)
    last = records[-1].hash if records else None
    missed = bool(anchor) and all(record.hash != anchor.lower() for record in records)
    if format_ != "text":
        put_json(
            {
                "schema": "vibeguard/audit-verify/v1",
                "records": len(records),
                "last_hash": last,
                "broken": None if broken is None else {"line": broken.line, "why": broken.why},
                "anchored": None if not anchor else not missed,
            }
        )
    elif broken is not None:
        put(f"✗ broken at line {broken.line}: {broken.why}; {len(records)} records before it stand\n")
    elif missed:
        put(f"✗ the chain does not hold {visible(anchor, 80)}: it was rewritten, or is another record\n")
    else:
        held = ", with the anchor" if anchor else ""
        put(f"✓ {len(records)} records, unbroken{held}; last hash {last}\n  {ANCHOR}\n")
    return 1 if broken is not None or missed else 0


@app.command()
def record(
    document: Annotated[
        str, typer.Argument(metavar="REPORT", help="From `vibeguard check --format json`; - is stdin.")
    ],
    file: Annotated[str, _FILE] = "",
) -> int:
    """Add a verdict to the record."""
    where, raw = read_given(document, "report")
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        raise VibeguardError(INPUT, "not JSON", where=where) from None
    if not isinstance(found, dict):
        raise VibeguardError(INPUT, "not a report of `vibeguard check --format json`", where=where)
    reports = found.get("changes") or [found]
    put(f"recorded; last hash {add([of_verdict(item) for item in reports], file)}\n")
    return 0


@app.command()
def settle(
    commit: Annotated[
        str, typer.Argument(metavar="[COMMIT]", help="Whose follow-up (default: all that are open).")
    ] = "",
    reviews: Annotated[str, typer.Option("--reviews", metavar="FILE", help="Approvals, as JSON.")] = "",
    file: Annotated[str, _FILE] = "",
) -> int:
    """Count the reviews that are owed and record those that have been given; exit 3 when some are still missing."""
    wanted = [item for item in open_follow_ups(_whole(file)) if item.head.startswith(commit)]
    if not wanted:
        put("nothing is owed\n")
        return 0
    given = read_given(reviews, "reviews file") if reviews else None
    missing = 0
    for item in wanted:
        from vibeguard.check.follow_up import counted  # noqa: PLC0415 - only where something is owed

        requirement = counted(item, folder=os.getcwd(), reviews=given, now=time.time())
        if requirement.satisfied:
            add([of_settlement(item, requirement.counted)], file)
            put(f"✓ settled {visible(item.head[:10])}: {', '.join(map(visible, requirement.counted))}\n")
        else:
            missing += 1
            put(f"… {visible(item.head[:10])} still lacks {visible(requirement.missing)}, due {visible(item.due)}\n")
    return 3 if missing else 0


@app.command()
def push(remote: Annotated[str, _REMOTE] = "origin") -> int:
    """Send the record to a remote."""
    from vibeguard.repository import exchange  # noqa: PLC0415 - nothing else needs a network

    exchange.push(locate("."), remote, REF)
    put(f"sent {REF} to {visible(remote)}\n")
    return 0


@app.command()
def fetch(remote: Annotated[str, _REMOTE] = "origin") -> int:
    """Get a remote's record."""
    from vibeguard.repository import exchange  # noqa: PLC0415 - nothing else needs a network

    new = exchange.fetch(locate("."), remote, REF)
    put(f"{'new records' if new else 'nothing new'} from {visible(remote)}\n")
    return 0


def add(entries: list[dict[str, Any]], file: str) -> str:
    """Add entries to the file, or to the ref where none is named; the hash of the last line."""
    if file:
        return append_to_file(file, entries, now=time.time())
    return append_to_ref(locate("."), entries, now=time.time())


def _read(file: str) -> tuple[tuple[Record, ...], Broken | None]:
    return read(load(None if file else locate("."), file))


def _whole(file: str) -> tuple[Record, ...]:
    records, broken = _read(file)
    if broken is not None:
        raise VibeguardError(
            INPUT,
            f"the record is broken: {broken.why}",
            where=f"{file or REF}:{broken.line}",
            hint="vibeguard audit verify",
        )
    return records


def _document(summary: Summary) -> dict[str, Any]:
    overdue = set(summary.overdue)
    return {
        "schema": "vibeguard/audit/v1",
        "records": summary.records,
        "last_hash": summary.last_hash,
        "weeks": [
            {
                "week": week.name,
                "changes": week.changes,
                "with_ai": week.with_ai,
                "added": week.added,
                "ai_lines": {"low": round(week.ai_low, 1), "high": round(week.ai_high, 1)},
                "blast": dict(week.blast),
                "reviews": {"asked": week.asked, "given": week.given},
                "verdicts": dict(week.verdicts),
                "overrides": week.overrides,
            }
            for week in summary.weeks
        ],
        "follow_ups": [_follow_up(item, overdue=item in overdue) for item in summary.open],
    }


def _follow_up(item: FollowUp, *, overdue: bool) -> dict[str, Any]:
    return {
        "head": item.head,
        "ref": item.ref or None,
        "rules": list(item.rules),
        "waived_by": item.who,
        "due": item.due,
        "count": item.wanted,
        "by": item.by,
        "names": list(item.names),
        "otherwise": item.otherwise,
        "overdue": overdue,
    }
