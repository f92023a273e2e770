"""`vibeguard approvals`: the signed statements that this repository knows."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from vibeguard.cli.approve import CANNOT_SHOW
from vibeguard.cli.output import put, put_json
from vibeguard.errors import USAGE, VibeguardError
from vibeguard.model import Approval, Waiver
from vibeguard.report.escape import visible
from vibeguard.repository.locate import locate
from vibeguard.repository.objects import Objects
from vibeguard.repository.records import read_files
from vibeguard.reviews.statements import REF, decode, verified, waivers
from vibeguard.reviews.subject import allowed_signers, reviewed

app = typer.Typer(
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
    help="List, check, send and get signed approvals.",
)

_OVERRIDE = "override"
_RANGE = typer.Argument(metavar="[RANGE]", help="A..B, A...B, or a target branch; the remote's default branch.")
_FORMAT = typer.Option("--format", metavar="text|json", help="How to print it.")
_REMOTE = typer.Argument(metavar="[REMOTE]", help="Where to.")


@app.command("list")
def list_(format_: Annotated[str, _FORMAT] = "text") -> int:
    """All statements that are here, by what they say; nothing is checked."""
    _require_format(format_)
    rows: list[dict[str, Any]] = []
    for path, raw in sorted(read_files(locate("."), REF).items()):
        if not path.endswith(".json"):
            continue
        try:
            statement = decode(raw, path)
        except VibeguardError as error:
            rows.append({"path": path, "error": error.message})
            continue
        rows.append(
            {
                "path": path,
                "who": statement.who,
                "decision": statement.decision,
                "commit": statement.commit,
                "diff_id": statement.diff_id,
                "rules": list(statement.rules),
                "at": statement.at,
                "error": None,
            }
        )
    if format_ != "text":
        put_json({"schema": "vibeguard/approvals/v1", "ref": REF, "statements": rows})
        return 0
    for row in rows:
        if row["error"]:
            put(f"{visible(row['path'])}  {visible(row['error'])}\n")
        else:
            rules = ", ".join(map(visible, row["rules"])) or "every rule"
            put(
                f"{row['decision']:17} {row['commit'][:10]}  diff {row['diff_id'][:12]}  "
                f"{visible(row['who'])}  {visible(row['at'])}  {rules}\n"
            )
    put("" if rows else "no statements here; vibeguard approvals fetch gets those of a remote\n")
    return 0


@app.command()
def verify(range_: Annotated[str, _RANGE] = "", format_: Annotated[str, _FORMAT] = "text") -> int:
    """Check the statements about one change against the base's allowed signers; exit 1 when one is not good."""
    _require_format(format_)
    location = locate(".")
    with Objects(location.git) as objects:
        subject = reviewed(location, objects, range_)
        allowed = allowed_signers(objects, subject.believed)
    files = read_files(location, REF, (subject.diff,))
    found = (
        *verified(files, subject.diff, allowed, subject.target),
        *map(_as_approval, waivers(files, subject.diff, allowed, subject.target)),
    )
    if format_ != "text":
        put_json(
            {
                "schema": "vibeguard/approvals/v1",
                "ref": REF,
                "diff_id": subject.diff,
                "head": subject.change.head,
                "statements": [_row(approval) for approval in found],
            }
        )
    else:
        for approval in found:
            decision = "overridden" if approval.channel == _OVERRIDE else approval.state
            state = f"✗ {visible(approval.invalid)}" if approval.invalid else f"✓ {decision}"
            on = f" on {approval.commit[:10]}" if approval.commit else ""
            put(f"{state}  {visible(approval.who)}{on}  {visible(approval.evidence)}\n")
        put(f"{CANNOT_SHOW}\n" if found else f"no statements about diff {subject.diff[:12]}\n")
    return 1 if any(approval.invalid for approval in found) else 0


@app.command()
def push(remote: Annotated[str, _REMOTE] = "origin") -> int:
    """Send the statements to a remote. This is the only command of vibeguard's that writes to a network."""
    from vibeguard.repository import exchange  # noqa: PLC0415 - nothing else needs a network

    exchange.push(locate("."), remote, REF)
    put(f"sent {REF} to {visible(remote)}\n")
    return 0


@app.command()
def fetch(remote: Annotated[str, _REMOTE] = "origin") -> int:
    """Get a remote's statements and add them to those that are here."""
    from vibeguard.repository import exchange  # noqa: PLC0415 - nothing else needs a network

    new = exchange.fetch(locate("."), remote, REF)
    put(f"{'new statements' if new else 'nothing new'} from {visible(remote)}\n")
    return 0


def _as_approval(waiver: Waiver) -> Approval:
    """An override in the same row as the others; whether it waives anything is the policy's to say."""
    return Approval(
        waiver.who,
        "commented",
        _OVERRIDE,
        commit=waiver.commit,
        at=waiver.at,
        assurance=waiver.assurance,
        evidence=f"{REF}:",
        identities=waiver.identities,
        rules=waiver.rules,
        invalid=waiver.invalid,
    )


def _row(approval: Approval) -> dict[str, Any]:
    return {
        "path": approval.evidence.partition(":")[2],
        "who": approval.who,
        "decision": "overridden" if approval.channel == _OVERRIDE else approval.state,
        "commit": approval.commit,
        "assurance": approval.assurance,
        "rules": list(approval.rules),
        "at": approval.at or None,
        "key": next(iter(approval.identities), None),
        "error": approval.invalid or None,
    }


def _require_format(name: str) -> None:
    if name not in ("text", "json", "json-v1"):
        raise VibeguardError(USAGE, f"no such format: {name}", hint="text or json")
