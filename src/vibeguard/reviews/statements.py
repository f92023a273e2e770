"""Signed statements of approval: an in-toto Statement v1 over a commit, its tree and its diff id.

`vibeguard approve` writes one, signs it in a namespace of its own and files it under the diff id. It counts when the
allowed signers *of the base* name that key for that person: the change cannot bring its own. A statement shows that
somebody with the key signed this decision about this diff; it cannot show that a person read it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from vibeguard.errors import INPUT, VibeguardError
from vibeguard.model import Approval

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
    found = []
    names = sorted(path for path in files if path.startswith(f"{diff_id}/") and path.endswith(".json"))
    for number, path in enumerate(names):
        if number >= MOST_STATEMENTS:
            found.append(_invalid(path, f"only {MOST_STATEMENTS} statements on a diff are looked at"))
            break
        signature = files.get(path.removesuffix(".json") + ".sig")
        found.append(_approval(path, files[path], signature, _Judged(diff_id, allowed, target)))
    return tuple(found)


def _approval(path: str, raw: bytes, signature: bytes | None, judged: _Judged) -> Approval:
    # Nothing that checks signatures is loaded where nobody signed.
    from vibeguard.repository.signatures import verify  # noqa: PLC0415

    try:
        statement = decode(raw, path)
    except VibeguardError as error:
        return _invalid(path, error.message)
    if signature is None:
        return _invalid(path, "the statement is not signed", statement.who)
    if judged.allowed is None:
        return _invalid(path, f"the base has no {ALLOWED_SIGNERS}, so nobody's signature counts", statement.who)
    checked = verify(raw, signature, identity=statement.who, namespace=NAMESPACE, allowed=judged.allowed)
    if checked.refused:
        return _invalid(path, checked.refused, statement.who)
    if statement.diff_id != judged.diff_id:
        return _invalid(path, "the statement is about another diff", statement.who)
    if statement.target and judged.target and statement.target != judged.target:
        return _invalid(path, f"approved for {statement.target}, not for {judged.target}", statement.who)
    if statement.decision == "overridden":
        return _invalid(path, "an override, not a review", statement.who)
    return Approval(
        who=statement.who,
        state=statement.decision,
        channel="statement",
        commit=statement.commit,
        diff_id=statement.diff_id,
        at=statement.at,
        assurance="re-authenticated" if checked.touched else "authenticated",
        evidence=f"{REF}:{path}",
        identities=(checked.key_print,) if checked.key_print else (),
        rules=statement.rules,
    )


def _invalid(path: str, why: str, who: str = "") -> Approval:
    return Approval(who or path, "approved", "statement", assurance="claimed", evidence=f"{REF}:{path}", invalid=why)


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 4096:
        raise TypeError
    return value


def _hex(value: Any) -> str:
    if not isinstance(value, str) or len(value) not in (40, 64) or value.strip("0123456789abcdef"):
        raise TypeError
    return value


def folders(files: Sequence[str]) -> tuple[str, ...]:
    """The diff ids that have statements."""
    return tuple(dict.fromkeys(path.partition("/")[0] for path in files))
