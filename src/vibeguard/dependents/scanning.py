"""Facts of blobs, scanned from their contents."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from vibeguard.dependents.facts import MAX_BYTES, Facts, encode_facts
from vibeguard.dependents.languages import load
from vibeguard.repository.command import Git
from vibeguard.repository.objects import ABSENT, Objects, read_contents

Progress = Callable[[int, int], None]
Blob = tuple[str, str]  # (object id, language): the same bytes can be two languages'

_BATCH = 512  # blobs between two looks at the clock
_HEAD = 8192  # bytes in which a NUL tells that a file is no text; git looks as far


class TooSlowError(Exception):
    """The time limit passed; `records` are what was scanned by then."""

    def __init__(self, records: dict[Blob, str]) -> None:
        super().__init__()
        self.records = records


NOT_HERE = encode_facts(Facts(opaque=ABSENT))  # the record of a blob that is not in this clone

# Up to this many blobs are asked of the process that is running anyway; more are streamed from one of their own.
FEW_BLOBS = 64


def scan_blobs(
    git: Git,
    blobs: Sequence[Blob],
    *,
    deadline: float | None = None,
    progress: Progress | None = None,
    objects: Objects | None = None,
) -> dict[Blob, str]:
    """Records of all these blobs, read from git and scanned.

    Args:
        deadline: on `time.monotonic()`'s clock.

    Raises:
        TooSlowError: the deadline passed first.
        VibeguardError: git failed, as it does in a partial clone for a blob that was not fetched.
    """
    if blobs and deadline is not None and time.monotonic() > deadline:
        raise TooSlowError({})
    scanners = {language: load(language).scan for language in {language for _, language in blobs}}
    records: dict[Blob, str] = {}
    for blob, content in zip(blobs, _contents(git, [oid for oid, _ in blobs], objects), strict=True):
        records[blob] = NOT_HERE if content is None else encode_facts(scanned(scanners[blob[1]], content))
        if len(records) % _BATCH == 0 and len(records) < len(blobs):
            if progress is not None:
                progress(len(records), len(blobs))
            if deadline is not None and time.monotonic() > deadline:
                raise TooSlowError(records)
    return records


def _contents(git: Git, ids: list[str], objects: Objects | None) -> Iterator[bytes | None]:
    """Contents in the order asked; None for a blob that is not here."""
    return map(objects.blob, ids) if objects is not None else read_contents(git, ids)


def scanned(scan: Callable[[bytes], Facts], content: bytes) -> Facts:
    """What a scanner says of a content; `opaque` says why where that is nothing: too long, no text, or beyond it."""
    if len(content) > MAX_BYTES:
        return Facts(opaque="oversized")
    if content.find(b"\0", 0, _HEAD) >= 0:
        return Facts(opaque="binary")
    try:
        # A byte order mark is no part of the first line.
        return scan(content.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError, OverflowError, MemoryError):
        return Facts(opaque="unreadable")
