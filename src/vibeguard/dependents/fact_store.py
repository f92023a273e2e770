"""Facts of blobs, kept by blob from one run to the next."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import accumulate, chain, islice

from vibeguard.dependents.languages import LANGUAGES
from vibeguard.dependents.scanning import NOT_HERE, Blob
from vibeguard.dependents.store import FACTS, DamagedError, Sections, Store, digest_of

_END = 8  # bytes of a bucket's end in the table
_ROW = _END + 32  # bytes of a row of the table: the bucket's end, its digest
_RECORDS = 64  # in a bucket, on average: some 20 KB
_HEAD = 1 + 4  # bytes at the start of a bucket: how long its keys are, how many there are
_PLACE = 4  # bytes of a record's end


class FactStore:
    """Facts by blob, in one file of buckets: a few records cost a few small reads, however large the tree.

    Records are in the order of their keys. A key's first four bytes say in which bucket it is, and the table has the
    end of each bucket and its digest.
    """

    def __init__(self, store: Store | None) -> None:
        self._store = store
        self._sections: Sections | None = store.open(FACTS, "facts") if store is not None else None
        self._buckets: dict[int, _Bucket] = {}  # those that were asked for; empty where damaged

    @cached_property
    def _table(self) -> bytes:
        try:
            found = self._sections.section("table") if self._sections is not None else b""
        except DamagedError:
            return b""
        return found if len(found) % _ROW == 0 else b""

    def _bucket(self, number: int) -> _Bucket:
        found = self._buckets.get(number)
        if found is None:
            start, end = (self._end(before) for before in (number - 1, number))
            digest = self._table[number * _ROW + _END : (number + 1) * _ROW]
            try:
                assert self._sections is not None
                found = _Bucket(self._sections.piece("records", start, end, digest))
            except DamagedError:
                found = _Bucket(bytes(_HEAD))
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
        found = self._bucket(_bucket_of(key, buckets)).find(key)
        return None if found is None else found.decode("utf-8", "surrogateescape")

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
        old = chain.from_iterable(self._bucket(number).items() for number in range(len(self._table) // _ROW))
        others = ((key, record) for key, record in old if len(key) in widths and key not in wanted)
        wanted.update(list(islice(others, room)))
        self._store.write(FACTS, "facts", _packed(wanted))


class _Bucket:
    """Records by key, as they are written: head, keys, where each record ends, records."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._width = raw[0]
        self._count = int.from_bytes(raw[1:_HEAD], "little")
        self._ends = _HEAD + self._count * self._width
        self._records = self._ends + self._count * _PLACE

    def _key(self, at: int) -> bytes:
        return self._raw[_HEAD + at * self._width : _HEAD + (at + 1) * self._width]

    def _record(self, at: int) -> bytes:
        return self._raw[self._end(at - 1) : self._end(at)]

    def _end(self, at: int) -> int:
        """Where the record at this place ends."""
        start = self._ends + at * _PLACE
        return self._records + (int.from_bytes(self._raw[start : start + _PLACE], "little") if at >= 0 else 0)

    def find(self, key: bytes) -> bytes | None:
        """The record of a key, None where there is none."""
        at = bisect_left(range(self._count), key, key=self._key)
        return self._record(at) if at < self._count and self._key(at) == key else None

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Every key with its record."""
        return ((self._key(at), self._record(at)) for at in range(self._count))


def _key(blob: Blob) -> bytes:
    return bytes.fromhex(blob[0]) + bytes((LANGUAGES.index(blob[1]),))


def _bucket_of(key: bytes, buckets: int) -> int:
    return int.from_bytes(key[:4], "big") * buckets >> 32


def _packed(records: Mapping[bytes, bytes]) -> dict[str, bytes]:
    """The sections of a store of these records by key; all keys are of one length."""
    buckets = len(records) // _RECORDS + 1
    keys: list[list[bytes]] = [[] for _ in range(buckets)]
    for key in sorted(records):
        keys[_bucket_of(key, buckets)].append(key)
    written = []
    table = []
    end = 0
    for held in keys:
        bodies = [records[key] for key in held]
        ends = [place.to_bytes(_PLACE, "little") for place in accumulate(map(len, bodies))]
        head = bytes((len(held[0]) if held else 0,)) + len(held).to_bytes(_HEAD - 1, "little")
        bucket = b"".join((head, *held, *ends, *bodies))
        written.append(bucket)
        end += len(bucket)
        table.append(end.to_bytes(_END, "little") + digest_of(bucket))
    return {"table": b"".join(table), "records": b"".join(written)}
