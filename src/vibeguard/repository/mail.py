"""Commits as `git format-patch` mails them: author, subject and message, above the diff."""

from __future__ import annotations

import re
from email import policy
from email.parser import BytesHeaderParser

from vibeguard.model import Commit, Identity

# The line that git begins each mail with; the id is that of the commit, the date is always the same.
_FROM = re.compile(rb"^From ([0-9a-f]{40}|[0-9a-f]{64}) Mon Sep 17 00:00:00 2001\r?\n", re.MULTILINE)
_TAG = re.compile(r"^\s*(?:\[[^\]]*\]\s*)+")
MAX_HEADER = 256 << 10  # bytes


def parse_mails(raw: bytes) -> tuple[Commit, ...]:
    """The commits of a mailbox in its order; none where there is no mail. Their trees and parents are not known."""
    starts = list(_FROM.finditer(raw))
    commits = []
    for at, start in enumerate(starts):
        end = starts[at + 1].start() if at + 1 < len(starts) else len(raw)
        commits.append(_parse_mail(start[1].decode(), raw[start.end() : end]))
    return tuple(commits)


def _parse_mail(oid: str, mail: bytes) -> Commit:
    mail = mail.replace(b"\r\n", b"\n") if b"\r\n" in mail[:1024] else mail
    head, _, rest = mail.partition(b"\n\n")
    headers = BytesHeaderParser(policy=policy.compat32).parsebytes(head[:MAX_HEADER] + b"\n\n")
    author = _identity(_decoded(headers.get("From", "")))
    body = rest
    # git puts an author who is not the sender into the body.
    if body.startswith(b"From: "):
        line, _, body = body.partition(b"\n")
        author = _identity(line[6:].decode("utf-8", "surrogateescape"))
        body = body.lstrip(b"\n")
    ends = [where for where in (body.find(b"\n---\n"), body.find(b"\ndiff --git ")) if where >= 0]
    if body.startswith(b"---\n"):
        ends = [-1]
    text = body[: min(ends) + 1] if ends else body
    subject = _TAG.sub("", _decoded(headers.get("Subject", ""))).encode("utf-8", "surrogateescape")
    message = subject + b"\n" + (b"\n" + text.strip(b"\n") + b"\n" if text.strip() else b"")
    return Commit(oid, "", (), author, Identity("", ""), message)


def _decoded(value: object) -> str:
    """A header's text: encoded words decoded, folded lines joined; what cannot be decoded stays as it is."""
    from email.header import decode_header  # noqa: PLC0415 - only for patches from elsewhere

    text = re.sub(r"\r?\n[ \t]+", " ", str(value))
    try:
        parts = decode_header(text)
    except Exception:  # noqa: BLE001 - the library raises of its own and others on damaged words
        return text
    joined = ""
    for part, charset in parts:
        if isinstance(part, str):
            joined += part
            continue
        try:
            joined += part.decode(charset or "ascii", "surrogateescape")
        except (LookupError, UnicodeError):
            joined += part.decode("utf-8", "surrogateescape")
    return joined


def _identity(text: str) -> Identity:
    name, bracket, rest = text.rpartition("<")
    if not bracket:
        return Identity(text.strip(), "")
    return Identity(name.strip().strip('"'), rest.partition(">")[0].strip())
