"""Signed statements of approval: an in-toto Statement v1 over a commit, its tree and its diff id.

`vibeguard approve` writes one, signs it in a namespace of its own and files it under the diff id. It counts when the
allowed signers *of the base* name that key for that person: the change cannot bring its own. A statement shows that
somebody with the key signed this decision about this diff; it cannot show that a person read it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Literal

from vibeguard.errors import INPUT, LIMIT, VibeguardError
from vibeguard.model import Approval, Waiver
from vibeguard.tuples import NamedTuple

REF = "refs/vibeguard/approvals"
NAMESPACE = "vibeguard-approval@v1"
ALLOWED_SIGNERS = ".vibeguard/allowed_signers"  # of the base

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://vibeguard.dev/approval/v1"
MOST_BYTES = 64 * 1024  # of one statement
MOST_STATEMENTS = 500  # on one diff; each costs about 30 ms

Decision = Literal["approved", "changes-requested", "dismissed", "overridden"]
_DECISIONS: tuple[Decision, ...] = ("approved", "changes-requested", "dismissed", "overridden")


class Statement(NamedTuple):
    """What somebody decided about a diff."""

    who: str  # the principal in the allowed signers
    decision: Decision
    commit: str
    tree: str
    base: str
    diff_id: str
    at: str  # RFC 3339, by the signer's clock
    target: str = ""  # full name of the branch it goes to; "" when the signer did not say
    rules: tuple[str, ...] = ()  # ids; () is every rule
    reason: str = ""  # of an override
    ticket: str = ""


class _Judged(NamedTuple):
    """What statements are held against."""

    diff_id: str
    allowed: bytes | None
    target: str | None


def encode(statement: Statement) -> bytes:
    """The bytes that are signed: one line of JSON, keys sorted."""
    predicate = {
        "approver": statement.who,
        "decision": statement.decision,
        "base": statement.base,
        "target": statement.target,
        "diffId": statement.diff_id,
        "rules": list(statement.rules),
        "at": statement.at,
    }
    if statement.decision == "overridden":
        predicate |= {"reason": statement.reason, "ticket": statement.ticket}
    document = {
        "_type": STATEMENT_TYPE,
        "subject": [
            {"name": "commit", "digest": {"gitCommit": statement.commit}},
            {"name": "tree", "digest": {"gitTree": statement.tree}},
        ],
        "predicateType": PREDICATE_TYPE,
        "predicate": predicate,
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode() + b"\n"


def decode(raw: bytes, where: str) -> Statement:
    """A statement from its signed bytes.

    Raises:
        VibeguardError: INPUT for anything but a statement of approval.
    """
    if len(raw) > MOST_BYTES:
        raise VibeguardError(INPUT, "larger than any statement", where=where)
    try:
        document = json.loads(raw)
        if document["_type"] != STATEMENT_TYPE or document["predicateType"] != PREDICATE_TYPE:
            raise VibeguardError(INPUT, "not a statement of approval", where=where)
        digests = {name: value for subject in document["subject"] for name, value in subject["digest"].items()}
        predicate = document["predicate"]
        statement = Statement(
            who=_text(predicate["approver"]),
            decision=predicate["decision"],
            commit=_hex(digests["gitCommit"]),
            tree=_hex(digests["gitTree"]),
            base=_hex(predicate["base"]),
            diff_id=_hex(predicate["diffId"]),
            at=_text(predicate["at"]),
            target=_text(predicate["target"]),
            rules=tuple(_text(rule) for rule in predicate["rules"]),
            reason=_text(predicate.get("reason", "")),
            ticket=_text(predicate.get("ticket", "")),
        )
        datetime.fromisoformat(statement.at)
    except VibeguardError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise VibeguardError(INPUT, "not a statement of approval", where=where) from None
    if statement.decision not in _DECISIONS or not statement.who:
        raise VibeguardError(INPUT, "not a statement of approval", where=where)
    return statement


def paths(raw: bytes, diff_id: str) -> tuple[str, str]:
    """Where a statement and its signature are kept: named by content, so that nobody's replaces another's."""
    name = hashlib.sha256(raw).hexdigest()[:32]
    return f"{diff_id}/{name}.json", f"{diff_id}/{name}.sig"


def verified(
    files: Mapping[str, bytes], diff_id: str, allowed: bytes | None, target: str | None
) -> tuple[Approval, ...]:
    """The approvals among the files of a diff id; those that are none say why.

    Args:
        files: path to content, as kept under :data:`REF`.
        diff_id: of the change that is judged. A statement filed under it but signed for another is a replay.
        allowed: the base's allowed signers; None where the base has none.
        target: full name of the branch that the change goes to, where it is known.

    Raises:
        VibeguardError: GIT when ssh-keygen cannot be run: that is no reason to pass over an approval or an objection.
    """
    judged = _Judged(diff_id, allowed, target)
    return tuple(
        _approval(checked)
        for checked in _checked(files, judged)
        if checked.statement is None or checked.statement.decision != "overridden"
    )


def waivers(files: Mapping[str, bytes], diff_id: str, allowed: bytes | None, target: str | None) -> tuple[Waiver, ...]:
    """The signed overrides (break-glass) among the files of a diff id. Arguments and errors as :func:`verified`."""
    return tuple(
        Waiver(
            who=statement.who,
            reason=statement.reason,
            ticket=statement.ticket,
            commit=statement.commit,
            at=statement.at,
            channel="statement",
            rules=statement.rules,
            assurance="re-authenticated" if checked.touched else "authenticated",
            identities=(checked.key_print,) if checked.key_print else (),
            invalid=checked.refused,
        )
        for checked in _checked(files, _Judged(diff_id, allowed, target))
        if (statement := checked.statement) is not None and statement.decision == "overridden"
    )


class _Checked(NamedTuple):
    """A statement with the verdict on its signature; `statement` is None where it cannot be read."""

    path: str
    statement: Statement | None
    refused: str = ""
    key_print: str = ""
    touched: bool = False


def _checked(files: Mapping[str, bytes], judged: _Judged) -> Iterator[_Checked]:
    names = sorted(path for path in files if path.startswith(f"{judged.diff_id}/") and path.endswith(".json"))
    for path in names[:MOST_STATEMENTS]:
        yield _check(path, files[path], files.get(path.removesuffix(".json") + ".sig"), judged)
    if len(names) > MOST_STATEMENTS:
        # Passing over the rest could pass over an objection.
        raise VibeguardError(LIMIT, f"more than {MOST_STATEMENTS} statements about one diff", where=REF)


def _check(path: str, raw: bytes, signature: bytes | None, judged: _Judged) -> _Checked:
    # Nothing that checks signatures is loaded where nobody signed.
    from vibeguard.repository.signatures import verify  # noqa: PLC0415

    try:
        statement = decode(raw, path)
    except VibeguardError as error:
        return _Checked(path, None, error.message)
    if signature is None:
        return _Checked(path, statement, "the statement is not signed")
    if judged.allowed is None:
        return _Checked(path, statement, f"the base has no {ALLOWED_SIGNERS}, so nobody's signature counts")
    found = verify(raw, signature, identity=statement.who, namespace=NAMESPACE, allowed=judged.allowed)
    refused = found.refused
    if not refused and statement.diff_id != judged.diff_id:
        refused = "the statement is about another diff"
    if not refused and statement.target and judged.target and statement.target != judged.target:
        refused = f"approved for {statement.target}, not for {judged.target}"
    return _Checked(path, statement, refused, found.key_print, found.touched)


def _approval(checked: _Checked) -> Approval:
    statement, evidence = checked.statement, f"{REF}:{checked.path}"
    if statement is None or checked.refused:
        who = checked.path if statement is None else statement.who
        return Approval(who, "approved", "statement", assurance="claimed", evidence=evidence, invalid=checked.refused)
    assert statement.decision != "overridden"
    return Approval(
        who=statement.who,
        state=statement.decision,
        channel="statement",
        commit=statement.commit,
        diff_id=statement.diff_id,
        at=statement.at,
        assurance="re-authenticated" if checked.touched else "authenticated",
        evidence=evidence,
        identities=(checked.key_print,) if checked.key_print else (),
        rules=statement.rules,
    )


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 4096:
        raise TypeError
    return value


def _hex(value: Any) -> str:
    if not isinstance(value, str) or len(value) not in (40, 64) or value.strip("0123456789abcdef"):
        raise TypeError
    return value
