"""Facts of blobs, kept by blob from one run to the next."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import accumulate, islice

from vibeguard.dependents.languages import LANGUAGES
from vibeguard.dependents.scanning import NOT_HERE, Blob
from vibeguard.dependents.store import FACTS, DamagedError, Sections, Store, digest_of

_END = 8  # bytes of a bucket's end in the table
_ROW = _END + 32  # bytes of a row of the table: the bucket's end, its digest
_COUNTED = 1 + 4  # bytes at the start of a bucket: how long its keys are, how many there are; keys and ends follow
_END_OF_RECORD = 4  # bytes
_RECORDS = 64  # in a bucket, on average: some 20 KB


class FactStore:
    """Facts by blob, in one file of buckets: a few records cost a few small reads, however large the tree.

    Records are in the order of their keys. A key's first four bytes say in which bucket it is, and the table has the
    end of each bucket and its digest.
    """

    def __init__(self, store: Store | None) -> None:
        self._store = store
        self._sections: Sections | None = store.open(FACTS, "facts") if store is not None else None
        self._buckets: dict[int, bytes] = {}  # those that were asked for; nothing for a damaged one

    @cached_property
    def _table(self) -> bytes:
        try:
            found = self._sections.section("table") if self._sections is not None else b""
        except DamagedError:
            return b""
        return found if len(found) % _ROW == 0 else b""

    def _bucket(self, number: int) -> bytes:
        found = self._buckets.get(number)
        if found is None:
            start, end = (self._end(before) for before in (number - 1, number))
            digest = self._table[number * _ROW + _END : (number + 1) * _ROW]
            try:
                assert self._sections is not None
                found = self._sections.piece("records", start, end, digest)
            except DamagedError:
                found = b""
            self._buckets[number] = found
        return found

    def _end(self, number: int) -> int:
        """Where a bucket ends."""
        return int.from_bytes(self._table[number * _ROW : number * _ROW + _END], "little") if number >= 0 else 0

    def get(self, blob: Blob) -> str | None:
        """The record of a blob, None where the store has none."""
        buckets = len(self._table) // _ROW
        if not buckets:
            return None
        key = _key(blob)
        bucket = self._bucket(_bucket_of(key, buckets))
        width = len(key)
        if not bucket or bucket[0] != width:
            return None
        count = int.from_bytes(bucket[1:_COUNTED], "little")
        at = bisect_left(range(count), key, key=lambda at: bucket[_COUNTED + at * width : _COUNTED + (at + 1) * width])
        if at == count or bucket[_COUNTED + at * width : _COUNTED + (at + 1) * width] != key:
            return None
        return _record(bucket, count, width, at).decode("utf-8", "surrogateescape")

    def _all(self) -> Iterator[tuple[bytes, bytes]]:
        """Every key and record, in their order."""
        for number in range(len(self._table) // _ROW):
            bucket = self._bucket(number)
            width, count = (bucket[0], int.from_bytes(bucket[1:_COUNTED], "little")) if bucket else (0, 0)
            for at in range(count):
                key = bucket[_COUNTED + at * width : _COUNTED + (at + 1) * width]
                yield key, _record(bucket, count, width, at)

    def save(self, records: dict[Blob, str], *, keep_others: bool = False) -> None:
        """Keep these records, and of the old ones those that fit beside them.

        Args:
            keep_others: keep all the old ones: these records are not a whole tree's.
        """
        if self._store is None or not records:
            return
        # What is not here now may be fetched later: that is no fact about the blob.
        wanted = {
            _key(blob): record.encode("utf-8", "surrogateescape")
            for blob, record in records.items()
            if record != NOT_HERE
        }
        widths = {len(key) for key in wanted}
        if len(widths) != 1:
            return
        # Blobs of other branches are kept up to the size of the present tree's.
        room = None if keep_others else max(1000, len(wanted))
        others = ((key, record) for key, record in self._all() if len(key) in widths and key not in wanted)
        wanted.update(list(islice(others, room)))
        self._store.write(FACTS, "facts", _packed(wanted))


def _key(blob: Blob) -> bytes:
    return bytes.fromhex(blob[0]) + bytes((LANGUAGES.index(blob[1]),))


def _bucket_of(key: bytes, buckets: int) -> int:
    return int.from_bytes(key[:4], "big") * buckets >> 32


def _record(bucket: bytes, count: int, width: int, at: int) -> bytes:
    """The record at a place of a bucket of so many keys of this width."""
    ends = _COUNTED + count * width
    start, end = (
        int.from_bytes(bucket[ends + place * _END_OF_RECORD : ends + (place + 1) * _END_OF_RECORD], "little")
        if place >= 0
        else 0
        for place in (at - 1, at)
    )
    first = ends + count * _END_OF_RECORD
    return bucket[first + start : first + end]


def _packed(records: Mapping[bytes, bytes]) -> dict[str, bytes]:
    """The sections of a store of these records by key."""
    buckets = len(records) // _RECORDS + 1
    keys: list[list[bytes]] = [[] for _ in range(buckets)]
    for key in sorted(records):
        keys[_bucket_of(key, buckets)].append(key)
    written = []
    table = []
    end = 0
    for held in keys:
        bodies = [records[key] for key in held]
        ends = [place.to_bytes(_END_OF_RECORD, "little") for place in accumulate(map(len, bodies))]
        width = len(held[0]) if held else 0
        bucket = b"".join((bytes((width,)), len(held).to_bytes(4, "little"), *held, *ends, *bodies))
        written.append(bucket)
        end += len(bucket)
        table.append(end.to_bytes(_END, "little") + digest_of(bucket))
    return {"table": b"".join(table), "records": b"".join(written)}
