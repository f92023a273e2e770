"""`vibeguard approve`: sign a statement that this diff is approved, where no forge does it or none may be trusted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from vibeguard.cli.output import put, put_json
from vibeguard.errors import USAGE, VibeguardError
from vibeguard.report.escape import visible
from vibeguard.repository.locate import Location, locate
from vibeguard.repository.objects import Objects
from vibeguard.repository.records import add_files
from vibeguard.repository.signatures import key_print, sign, verify
from vibeguard.reviews.identities import key
from vibeguard.reviews.statements import ALLOWED_SIGNERS, NAMESPACE, REF, Decision, Statement, encode, paths
from vibeguard.reviews.subject import Reviewed, allowed_signers, reviewed

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)

_DECISIONS: dict[str, Decision] = {
    "approve": "approved",
    "request-changes": "changes-requested",
    "withdraw": "dismissed",
    "override": "overridden",
}
CANNOT_SHOW = "It cannot show that a person read it, nor that nobody else could use the key."


@app.command(epilog="The statement stays on this machine until `vibeguard approvals push`.")
def approve(
    range_: Annotated[
        str, typer.Argument(metavar="[RANGE]", help="A..B, A...B, or a target branch; the remote's default branch.")
    ] = "",
    rule: Annotated[
        list[str] | None, typer.Option("--rule", metavar="ID", help="Only for this rule; repeatable.")
    ] = None,
    decision: Annotated[
        str, typer.Option("--decision", metavar="|".join(_DECISIONS), help="What to say of the change.")
    ] = "approve",
    key_file: Annotated[
        str, typer.Option("--key", metavar="FILE", help="The SSH key to sign with (default: git's user.signingkey).")
    ] = "",
    who: Annotated[
        str, typer.Option("--as", metavar="NAME", help="Your name in the allowed signers (default: git's user.email).")
    ] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why, for an override.")] = "",
    ticket: Annotated[str, typer.Option("--ticket", help="The incident, for an override.")] = "",
    format_: Annotated[str, typer.Option("--format", metavar="text|json", help="How to print it.")] = "text",
) -> int:
    """Sign that you approve a change, so that a rule that asks for a review can count it."""
    if decision not in _DECISIONS:
        raise VibeguardError(USAGE, f"no such decision: {decision}", hint=f"one of {', '.join(_DECISIONS)}")
    if decision == "override" and not (reason and rule):
        raise VibeguardError(USAGE, "an override names its rules and its reason", hint="--rule ID --reason TEXT")
    if format_ not in ("text", "json", "json-v1"):
        raise VibeguardError(USAGE, f"no such format: {format_}", hint="text or json")
    location = locate(".")
    with Objects(location.git) as objects:
        subject = reviewed(location, objects, range_)
        allowed = allowed_signers(objects, subject.believed)
    who = who or _setting(location, "user.email")
    if not who:
        raise VibeguardError(USAGE, "who approves is not known", hint="--as you@example.com, or set git's user.email")
    assert subject.change.head is not None and subject.change.head_tree is not None
    statement = Statement(
        who=who,
        decision=_DECISIONS[decision],
        commit=subject.change.head,
        tree=subject.change.head_tree,
        base=subject.change.base or location.zero,
        diff_id=subject.diff,
        at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        target=subject.target,
        rules=tuple(rule or ()),
        reason=reason,
        ticket=ticket,
    )
    raw = encode(statement)
    signature, print_ = _signed(location, raw, key_file)
    path, signature_path = paths(raw, subject.diff)
    add_files(location, REF, {path: raw, signature_path: signature}, f"{statement.decision} {statement.commit[:10]}")
    why_not = _why_not(subject, statement, raw, signature, allowed)
    if format_ != "text":
        put_json(_document(statement, path, print_, why_not))
        return 0
    put(_words(subject, statement, print_, why_not))
    return 0


def _signed(location: Location, raw: bytes, key_file: str) -> tuple[bytes, str]:
    """The signature, and the print of the key that made it."""
    import os  # noqa: PLC0415 - beside its only use
    from tempfile import TemporaryDirectory  # noqa: PLC0415 - likewise

    folder = os.getcwd()
    chosen = key_file or _setting(location, "user.signingkey")
    if not chosen:
        raise VibeguardError(
            USAGE, "no key to sign with", hint="--key ~/.ssh/id_ed25519, or git config user.signingkey FILE"
        )
    literal = chosen.removeprefix("key::")
    if literal.startswith(("ssh-", "sk-ssh-", "ecdsa-", "sk-ecdsa-")):
        # git also takes the public key itself; the private one is then in the agent.
        with TemporaryDirectory(prefix="vibeguard-") as place:
            public = os.path.join(place, "key.pub")
            with open(public, "w", encoding="utf-8") as file:
                file.write(literal + "\n")
            return sign(raw, public, NAMESPACE, folder=folder), key_print(public, folder=folder)
    chosen = os.path.expanduser(chosen)
    return sign(raw, chosen, NAMESPACE, folder=folder), key_print(chosen, folder=folder)


def _setting(location: Location, name: str) -> str:
    done = location.git.run("config", "--get", name, ok=(0, 1))
    return done.stdout.decode("utf-8", "surrogateescape").strip()


def _why_not(subject: Reviewed, statement: Statement, raw: bytes, signature: bytes, allowed: bytes | None) -> str:
    """Why CI would not count it, as far as that can be known here; "" when nothing speaks against it."""
    if allowed is None:
        return f"the base has no {ALLOWED_SIGNERS}"
    checked = verify(raw, signature, identity=statement.who, namespace=NAMESPACE, allowed=allowed)
    if checked.refused:
        return checked.refused
    mine = key(statement.who)
    for commit in subject.change.commits:
        if mine in (key(commit.author.email), key(commit.committer.email)):
            return "you took part in the change, and nobody approves their own work"
    return ""


def _words(subject: Reviewed, statement: Statement, print_: str, why_not: str) -> str:
    files = len(subject.change.files)
    rules = f"for {', '.join(map(visible, statement.rules))}" if statement.rules else "for every rule"
    lines = [
        f"{statement.decision} {statement.commit[:10]} as {visible(statement.who)}, {rules}: "
        f"{files} file{'s' * (files != 1)}, diff {statement.diff_id[:12]}",
        f"  kept in {REF}; others see it after: vibeguard approvals push",
        f"  This shows that the key {print_} signed for exactly this diff. {CANNOT_SHOW}",
    ]
    if why_not:
        lines.append(f"  note: it will not count: {visible(why_not)}")
    return "\n".join(lines) + "\n"


def _document(statement: Statement, path: str, print_: str, why_not: str) -> dict[str, object]:
    return {
        "schema": "vibeguard/approve/v1",
        "who": statement.who,
        "decision": statement.decision,
        "commit": statement.commit,
        "tree": statement.tree,
        "base": statement.base,
        "target": statement.target or None,
        "diff_id": statement.diff_id,
        "rules": list(statement.rules),
        "at": statement.at,
        "key": print_,
        "ref": REF,
        "path": path,
        "counts": not why_not,
        "why_not": why_not or None,
    }
