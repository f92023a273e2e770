"""Facts of blobs: scanned, and kept by blob from one run to the next."""

from __future__ import annotations

import time
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence

from vibeguard.dependents.facts import MAX_BYTES, Facts, encode_facts
from vibeguard.dependents.languages import LANGUAGES, load
from vibeguard.dependents.store import FACTS, DamagedError, Sections, Store
from vibeguard.repository.command import Git
from vibeguard.repository.objects import ABSENT, Objects, read_objects

Progress = Callable[[int, int], None]
Blob = tuple[str, str]  # (object id, language): the same bytes can be two languages'

_BATCH = 512  # blobs between two looks at the clock
_HEAD = 8192  # bytes in which a NUL tells that a file is no text; git looks as far


class FactStore:
    """Facts by blob, in one file: sorted ids, offsets, records. Records are read when the first one is asked for."""

    def __init__(self, store: Store | None) -> None:
        self._store = store
        self._sections: Sections | None = store.open(FACTS, "facts") if store is not None else None
        self._index = b""
        self._width = 0
        self._offsets: array[int] = array("Q")
        self._records: bytes | None = None

    @property
    def loaded(self) -> bool:
        """Whether the records are in memory already."""
        return self._records is not None

    def _load(self) -> None:
        if self._records is not None:
            return
        self._records = b""
        if self._sections is None:
            return
        try:
            offsets = array("Q")
            offsets.frombytes(self._sections.section("offsets"))
            index, records = self._sections.section("index"), self._sections.section("records")
        except (DamagedError, ValueError):
            self._sections = None
            return
        count = len(offsets) - 1
        if count < 1 or len(index) % count or offsets[-1] != len(records):
            self._sections = None
            return
        self._index, self._offsets, self._records, self._width = index, offsets, records, len(index) // count

    def get(self, blob: Blob) -> str | None:
        """The record of a blob, None where the store has none."""
        self._load()
        key = _key(blob)
        width = self._width
        if len(key) != width or not self._records:
            return None
        low = bisect_left(range(len(self._offsets) - 1), key, key=lambda at: self._index[at * width : (at + 1) * width])
        if self._index[low * width : (low + 1) * width] != key:
            return None
        return self._records[self._offsets[low] : self._offsets[low + 1]].decode("utf-8", "surrogateescape")

    def save(self, records: dict[Blob, str], *, keep_others: bool = False) -> None:
        """Keep these records, and of the old ones those that fit beside them.

        Args:
            keep_others: keep all the old ones: these records are not a whole tree's.
        """
        if self._store is None or not records:
            return
        self._load()
        # What is not here now may be fetched later: that is no fact about the blob.
        wanted = {
            _key(blob): record.encode("utf-8", "surrogateescape")
            for blob, record in records.items()
            if record != NOT_HERE
        }
        widths = {len(key) for key in wanted}
        if len(widths) != 1:
            return
        if self._width in widths and self._records:
            # Blobs of other branches are kept up to the size of the present tree's.
            room = len(self._offsets) if keep_others else max(1000, len(wanted))
            for at in range(len(self._offsets) - 1):
                key = self._index[at * self._width : (at + 1) * self._width]
                if key not in wanted:
                    if room <= 0:
                        break
                    room -= 1
                    wanted[key] = self._records[self._offsets[at] : self._offsets[at + 1]]
        offsets = array("Q", [0])
        keys = sorted(wanted)
        total = 0
        for key in keys:
            total += len(wanted[key])
            offsets.append(total)
        self._store.write(
            FACTS,
            "facts",
            {
                "index": b"".join(keys),
                "offsets": offsets.tobytes(),
                "records": b"".join([wanted[key] for key in keys]),
            },
        )


def _key(blob: Blob) -> bytes:
    return bytes.fromhex(blob[0]) + bytes((LANGUAGES.index(blob[1]),))


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
    for blob, content in zip(blobs, contents_of(git, [oid for oid, _ in blobs], objects), strict=True):
        records[blob] = NOT_HERE if content is None else encode_facts(scanned(scanners[blob[1]], content))
        if len(records) % _BATCH == 0 and len(records) < len(blobs):
            if progress is not None:
                progress(len(records), len(blobs))
            if deadline is not None and time.monotonic() > deadline:
                raise TooSlowError(records)
    return records


def contents_of(git: Git, ids: list[str], objects: Objects | None = None) -> Iterator[bytes | None]:
    """Contents in the order asked; None for a blob that is not here."""
    if objects is not None:
        yield from map(objects.blob, ids)
        return
    for found in read_objects(git, ids, absent_ok=True):
        yield None if found.type == ABSENT else found.content


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
