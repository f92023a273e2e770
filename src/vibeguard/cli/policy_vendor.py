"""`vibeguard policy vendor`: copy policy files into the repository and pin what `extends` names by its sha256."""

from __future__ import annotations

import hashlib
import os

from vibeguard.check.policy_files import MOST_BYTES, OnDisk, open_policy
from vibeguard.cli.output import put, put_json
from vibeguard.errors import CONFIG, IO, USAGE, VibeguardError
from vibeguard.policy.load import load
from vibeguard.policy.source import PolicySource
from vibeguard.policy.vendoring import pinned
from vibeguard.report.escape import visible

FOLDER = "policies"


def run(sources: list[str], into: str, format_: str) -> int:
    """Copy, pin, check the result, and only then write."""
    opened = open_policy("")
    copies: dict[str, bytes] = {}
    for source in sources:
        if "://" in source:
            raise VibeguardError(
                USAGE, "vibeguard opens no connection", where=source, hint="download it, then name the file"
            )
        name = os.path.basename(source)
        if not name.endswith((".yaml", ".yml")):
            raise VibeguardError(USAGE, "a policy file ends in .yaml", where=source)
        copies[f"{into.strip('/')}/{name}" if into.strip("/") else name] = _read(source)
    text = pinned(opened.source, lambda path: copies.get(path) or opened.read(path), tuple(copies))
    # What would be written must load as a whole before anything is.
    load(PolicySource(opened.source.path, text), lambda path: copies.get(path) or opened.read(path), opened.listing)
    for path, raw in copies.items():
        _write(opened, path, raw)
    if text != opened.source.text:
        _write(opened, opened.source.path, text)
    rows = [{"path": path, "sha256": hashlib.sha256(raw).hexdigest()} for path, raw in copies.items()]
    if format_ != "text":
        put_json(
            {
                "schema": "vibeguard/policy-vendor/v1",
                "policy": opened.source.path,
                "copied": rows,
                "changed": text != opened.source.text,
            }
        )
        return 0
    for row in rows:
        put(f"copied {visible(row['path'])} ({row['sha256'][:12]})\n")
    changed = "pins what it extends" if text != opened.source.text else "was pinned already"
    put(f"{visible(opened.source.path)} {changed}; review the diff and commit it\n")
    return 0


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise VibeguardError(IO, f"cannot read: {error.strerror}", where=path) from None
    if len(raw) > MOST_BYTES:
        raise VibeguardError(CONFIG, "too large for a policy", where=path)
    return raw


def _write(opened: OnDisk, path: str, raw: bytes) -> None:
    full = os.path.join(opened.top, path)
    temporary = f"{full}.vibeguard-tmp"
    try:
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(temporary, "wb") as file:
            file.write(raw)
        os.replace(temporary, full)
    except OSError as error:
        raise VibeguardError(IO, f"cannot write: {error.strerror}", where=path) from None
