"""`vibeguard verify`: is a statement of a verdict what it claims to be?"""

from __future__ import annotations

import os
import time
from typing import Annotated

import typer

from vibeguard.check.request import Request
from vibeguard.cli.given_files import read_given
from vibeguard.cli.output import put, put_json
from vibeguard.errors import USAGE, VibeguardError
from vibeguard.model import Stage
from vibeguard.report.attestation import NAMESPACE, Attested, decode, facts_digest, policy_digest
from vibeguard.report.escape import visible
from vibeguard.repository.locate import locate
from vibeguard.repository.objects import Objects
from vibeguard.repository.refs import read_commit
from vibeguard.repository.signatures import verify as verify_signature
from vibeguard.repository.tree import Tree
from vibeguard.reviews.statements import ALLOWED_SIGNERS

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)

CANNOT_SHOW = "A good statement shows who says so, not that the facts were true: --recheck finds them out again."

_STAGES: dict[str, Stage] = {"push": "push", "ci": "ci"}  # at which a commit can be judged

# What was looked at, whether it held (None: not looked at), and what was found.
_Check = tuple[str, bool | None, str]


@app.command(epilog="Exit codes: 0 everything that was looked at holds, 1 something does not, 2 could not decide.")
def verify(
    file: Annotated[str, typer.Argument(metavar="FILE", help="From `vibeguard check --attest FILE`.")],
    who: Annotated[str, typer.Option("--as", metavar="NAME", help="Who must have signed it.")] = "",
    signers: Annotated[
        str, typer.Option("--signers", metavar="FILE", help=f"Allowed signers (default: the base's {ALLOWED_SIGNERS}).")
    ] = "",
    recheck: Annotated[bool, typer.Option("--recheck", help="Find out policy and facts again, and compare.")] = False,
    format_: Annotated[str, typer.Option("--format", metavar="text|json", help="How to print it.")] = "text",
) -> int:
    """Check a statement's signature, its commit and tree, and on demand its policy and facts."""
    if format_ not in ("text", "json", "json-v1"):
        raise VibeguardError(USAGE, f"no such format: {format_}", hint="text or json")
    where, raw = read_given(file, "statement")
    found = decode(raw, where)
    checks = [_signature(file, raw, found, who, signers), _commit(found)]
    if recheck:
        checks += _recheck(found)
    failed = any(held is False for _, held, _ in checks)
    if format_ != "text":
        put_json(
            {
                "schema": "vibeguard/verify/v1",
                "file": file,
                "commit": found.commit,
                "tree": found.tree,
                "verdict": found.verdict,
                "at": found.at,
                "checks": [{"what": what, "held": held, "found": words} for what, held, words in checks],
                "holds": not failed,
            }
        )
        return 1 if failed else 0
    put(f"{visible(found.verdict)} for {found.commit[:10]}, said at {visible(found.at)}\n")
    for what, held, words in checks:
        put(f"  {'?' if held is None else '✓' if held else '✗'} {what}: {visible(words)}\n")
    put(f"  {CANNOT_SHOW}\n")
    return 1 if failed else 0


def _signature(file: str, raw: bytes, found: Attested, who: str, signers: str) -> _Check:
    try:
        signature = read_given(f"{file}.sig", "signature")[1] if os.path.exists(f"{file}.sig") else b""
    except VibeguardError as error:
        return "signature", False, error.message
    if not signature:
        # Nobody vouches for it; that matters to those who ask who did.
        return "signature", False if who or signers else None, "not signed: anybody can have written this"
    if not who:
        raise VibeguardError(USAGE, "the statement is signed: say by whom it must be", hint="--as NAME")
    allowed = read_given(signers, "allowed signers")[1] if signers else _allowed(found)
    if allowed is None:
        return "signature", False, f"the base has no {ALLOWED_SIGNERS}; name one: --signers FILE"
    checked = verify_signature(raw, signature, identity=who, namespace=NAMESPACE, allowed=allowed)
    return "signature", not checked.refused, checked.refused or f"by {who}, key {checked.key_print}"


def _allowed(found: Attested) -> bytes | None:
    location = locate(".")
    with Objects(location.git) as objects:
        believed = read_commit(objects, found.believed) if found.believed else None
        return Tree(objects, believed.tree).blob(ALLOWED_SIGNERS) if believed is not None else None


def _commit(found: Attested) -> _Check:
    location = locate(".")
    with Objects(location.git) as objects:
        commit = read_commit(objects, found.commit)
    if commit is None:
        return "commit", False, f"{found.commit[:10]} is not here"
    same = commit.tree == found.tree
    return "commit", same, f"{commit.id[:10]} has {'this' if same else 'another'} tree"


def _recheck(found: Attested) -> list[_Check]:
    from vibeguard.check.use_case import judge  # noqa: PLC0415 - the whole of vibeguard, only when asked for

    if not found.believed:
        raise VibeguardError(USAGE, "the statement does not say whose policy judged", hint="leave out --recheck")
    request = Request(
        folder=os.getcwd(),
        stage=_STAGES.get(found.stage, "ci"),
        # Its own base decides again: the same commit was believed, whatever its name was.
        subject="base" if found.base != found.believed else "range",
        base=found.believed,
        ends=(found.believed, found.commit),
        head=found.commit,
        environ=os.environ,
        now=time.time(),
        full=True,
        patient=True,
    )
    (report,) = judge(request)
    policy, facts = policy_digest(report) == found.policy_digest, facts_digest(report) == found.facts_digest
    return [
        ("policy", policy, "the same files" if policy else "other files judge now"),
        ("facts", facts, "the same" if facts else "they are found to be others now"),
    ]
