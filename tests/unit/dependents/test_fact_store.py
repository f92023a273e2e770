"""Records of blobs come back as they were kept, and no others."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from vibeguard.dependents.fact_store import FactStore
from vibeguard.dependents.languages import LANGUAGES
from vibeguard.dependents.scanning import NOT_HERE, Blob
from vibeguard.dependents.store import Store


def oid(number: int, width: int = 40) -> str:
    """Spread over all ids, as hashes are."""
    return f"{number * 0x9E3779B97F4A7C15 % 2**64:016x}{number:0{width - 16}x}"


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.tuples(st.integers(0, 2**40), st.sampled_from(LANGUAGES)), st.text(max_size=30), max_size=300),
    st.lists(st.tuples(st.integers(0, 2**40), st.sampled_from(LANGUAGES)), max_size=20),
    st.sampled_from([40, 64]),
)
def test_what_is_kept_is_found_and_nothing_else(
    records: dict[tuple[int, str], str], others: list[tuple[int, str]], width: int
) -> None:

    kept = {(oid(number, width), language): record for (number, language), record in records.items()}
    with tempfile.TemporaryDirectory() as folder:
        FactStore(Store(folder)).save(kept)
        opened = FactStore(Store(folder))
        for number, language in (*records, *others):
            blob = (oid(number, width), language)
            assert opened.get(blob) == kept.get(blob)
            assert opened.get((oid(number, 104 - width), language)) is None


def many(first: int, count: int) -> dict[Blob, str]:
    return {
        (oid(number), "python"): f"record {number} \udcff\n" * (number % 5) for number in range(first, first + count)
    }


def test_a_tree_of_many_buckets_is_kept_whole(tmp_path: Path) -> None:
    kept = many(0, 5000)
    FactStore(Store(str(tmp_path))).save({**kept, (oid(7000), "go"): NOT_HERE})
    opened = FactStore(Store(str(tmp_path)))
    assert {blob: opened.get(blob) for blob in kept} == kept
    assert opened.get((oid(7000), "go")) is None
    assert opened.get((oid(3), "go")) is None


def test_what_other_branches_need_is_kept_up_to_the_size_of_this_tree(tmp_path: Path) -> None:
    old, new = many(0, 3000), many(5000, 1200)
    FactStore(Store(str(tmp_path))).save(old)
    FactStore(Store(str(tmp_path))).save(new)
    opened = FactStore(Store(str(tmp_path)))
    assert {blob: opened.get(blob) for blob in new} == new
    assert sum(opened.get(blob) == record for blob, record in old.items()) == 1200
    FactStore(Store(str(tmp_path))).save(many(9000, 1), keep_others=True)
    opened = FactStore(Store(str(tmp_path)))
    assert sum(opened.get(blob) is not None for blob in (*old, *new)) == 2400


def test_few_records_are_read_without_the_others(tmp_path: Path) -> None:
    kept = many(0, 5000)
    FactStore(Store(str(tmp_path))).save(kept)
    path = tmp_path / "vibeguard" / "v1" / "facts"
    whole = path.read_bytes()
    # The second half of the file, where the later ids are, is lost to the disk.
    path.write_bytes(whole[: len(whole) // 2] + bytes(len(whole) - len(whole) // 2))
    opened = FactStore(Store(str(tmp_path)))
    found = {blob: opened.get(blob) for blob in kept}
    assert {blob: kept[blob] for blob, record in found.items() if record is not None} == {
        blob: record for blob, record in found.items() if record is not None
    }
    assert 2000 < sum(record is not None for record in found.values()) < 3000
