from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibeguard.reviews.ledger import FIRST, digest, open_follow_ups, read

OVERRIDE = {
    "rules": ["four-eyes"],
    "who": "cara",
    "owed": {"count": 2, "by": "roles", "names": ["senior"]},
    "due": "2026-11-24T09:00:00Z",
    "otherwise": "block-merges-until-reviewed",
}


def chain(*entries: dict[str, Any]) -> bytes:
    raw, before = b"", FIRST
    for number, entry in enumerate(entries):
        fields = {"v": 1, "n": number, "prev": before, "time": "2026-11-22T09:00:00Z", "kind": "verdict", **entry}
        line = json.dumps(fields).encode()
        raw += line + b"\n"
        before = digest(line)
    return raw


def test_a_whole_chain_is_read() -> None:
    records, broken = read(chain({}, {"verdict": "pass"}, {}))
    assert broken is None
    assert [record.number for record in records] == [0, 1, 2]
    assert read(b"") == ((), None)


LINES = chain({"a": 1}, {"a": 2}, {"a": 3}).splitlines(keepends=True)


@pytest.mark.parametrize(
    ("raw", "line", "why"),
    [
        (LINES[0] + LINES[1].replace(b'"a": 2', b'"a": 9') + LINES[2], 3, "does not follow"),
        (LINES[0] + LINES[2], 2, "missing or out of order"),
        (LINES[1] + LINES[2], 1, "missing or out of order"),
        (LINES[0] + LINES[0], 2, "out of order"),
        (b"".join(LINES)[:-5], 3, "not finished"),
        (LINES[0] + b"{}\n", 2, "not a record of this version"),
        (LINES[0] + b"\n" + LINES[1], 2, "not JSON"),
        (b"\xff\n", 1, "not JSON"),
        (b"[" * 5000 + b"\n", 1, "not JSON"),
    ],
)
def test_an_edit_a_gap_and_half_a_line_break_the_chain_where_they_are(raw: bytes, line: int, why: str) -> None:
    records, broken = read(raw)
    assert broken is not None
    assert (broken.line, len(records)) == (line, line - 1)
    assert why in broken.why


@given(st.binary(max_size=300))
def test_any_bytes_are_records_or_a_break(raw: bytes) -> None:
    records, broken = read(raw)
    assert broken is not None or len(records) == len(raw.splitlines())


@given(st.data())
def test_no_byte_can_be_changed_without_breaking_the_chain_or_changing_its_last_hash(data: st.DataObject) -> None:
    raw = chain({"a": 1}, {"a": 2}, {"a": 3})
    at = data.draw(st.integers(0, len(raw) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != raw[at]))
    changed = raw[:at] + bytes([other]) + raw[at + 1 :]
    records, broken = read(changed)
    assert broken is not None or records[-1].hash != read(raw)[0][-1].hash


def test_a_follow_up_is_open_until_it_is_settled_and_overdue_from_its_due_time_on() -> None:
    records, _ = read(chain({"head": "h", "base": "b", "ref": "refs/heads/main", "overrides": [OVERRIDE]}))
    (owed,) = open_follow_ups(records)
    assert (owed.head, owed.who, owed.wanted, owed.names) == ("h", "cara", 2, ("senior",))
    due = 1795510800.0  # 2026-11-24T09:00:00Z
    assert not owed.is_overdue(due - 1)
    assert owed.is_overdue(due)
    again = {"head": "h", "base": "b", "overrides": [OVERRIDE]}
    settled, _ = read(chain(again, again, {"kind": "follow-up", "head": "h"}))
    assert open_follow_ups(settled) == ()


def test_an_override_that_owes_nothing_leaves_nothing_open() -> None:
    records, _ = read(chain({"head": "h", "overrides": [{**OVERRIDE, "owed": None}, 3, {}]}))
    assert open_follow_ups(records) == ()
