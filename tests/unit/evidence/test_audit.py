from __future__ import annotations

import json
import multiprocessing
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Repo
from tests.unit.report.sample import BLOCKED, PASSED, UNDECIDED
from vibeguard.errors import VibeguardError
from vibeguard.evidence.audit import append_to_file, append_to_ref, load, of_verdict, summed_up
from vibeguard.report import audit_html, audit_text
from vibeguard.report.json import as_object
from vibeguard.repository.locate import locate
from vibeguard.reviews.ledger import FIRST, read

NOW = 1795338000.0  # 2026-11-22T09:00:00Z


def entry(head: str = "h", **changes: Any) -> dict[str, Any]:
    return {**of_verdict(as_object(BLOCKED)), "head": head, **changes}


def test_a_verdict_is_kept_in_figures_and_names_without_contents() -> None:
    found = of_verdict(as_object(BLOCKED))
    assert (found["verdict"], found["blast"]) == ("blocked", {"score": 60, "level": "high"})
    assert found["rules"]["senior-signoff"] == "needs"
    assert found["asked"] == [
        {"rule": "senior-signoff", "kind": "review", "count": 2, "have": 1, "satisfied": False, "counted": []}
    ]
    assert "post.py" not in json.dumps(found)
    for report in (PASSED, UNDECIDED):
        assert of_verdict(as_object(report))["verdict"] == report.verdict


@pytest.mark.parametrize("report", [{}, {"schema": "vibeguard/check/v1"}, {"schema": "x"}])
def test_what_is_no_report_is_refused(report: dict[str, Any]) -> None:
    with pytest.raises(VibeguardError, match="not a report"):
        of_verdict(report)


def test_records_are_chained_in_a_file_and_in_a_ref(tmp_path: Path, repo: Repo) -> None:
    repo.commit("first", {"a": ""})
    location = locate(str(repo.path))
    file = str(tmp_path / "audit.jsonl")
    for number in range(3):
        in_file = append_to_file(file, [entry(str(number))], now=NOW + number)
        in_ref = append_to_ref(location, [entry(str(number))], now=NOW + number)
    repo.accept_changes()
    assert in_file == in_ref
    assert load(None, file) == load(location, "")
    records, broken = read(load(None, file))
    assert broken is None
    assert [record.fields["prev"] for record in records] == [FIRST, *(record.hash for record in records[:-1])]


def test_nothing_is_added_to_a_broken_record(tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    append_to_file(str(file), [entry()], now=NOW)
    file.write_bytes(file.read_bytes() + b"half")
    before = file.read_bytes()
    with pytest.raises(VibeguardError, match="broken, so nothing is added"):
        append_to_file(str(file), [entry()], now=NOW)
    assert file.read_bytes() == before


def _write(arguments: tuple[str, int]) -> None:
    file, number = arguments
    for step in range(5):
        append_to_file(file, [entry(f"{number}.{step}")], now=NOW)


def test_writers_at_the_same_time_keep_one_chain(tmp_path: Path) -> None:
    file = str(tmp_path / "audit.jsonl")
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.map(_write, [(file, number) for number in range(4)])
    records, broken = read(load(None, file))
    assert (broken, len(records)) == (None, 20)


def test_weeks_count_a_change_once_as_it_was_judged_last(tmp_path: Path) -> None:
    file = str(tmp_path / "audit.jsonl")
    ai = {"role": "assisted", "confidence": "certain", "tools": ["x"], "share": {"low": 0.5, "high": 1.0}}
    append_to_file(file, [entry("one", ai=ai, added=100), entry("two", ai=None, added=100)], now=NOW)
    passed = entry("one", ai=ai, added=100, verdict="pass", blast={"score": 1, "level": "low"})
    append_to_file(file, [passed, entry("three", ai=None, blast=None, added=None)], now=NOW + 86400 * 7)
    summary = summed_up(read(load(None, file))[0], now=NOW)
    first, second = summary.weeks
    assert (first.name, second.name) == ("2026-W47", "2026-W48")
    assert (first.changes, second.changes) == (1, 2)
    assert (second.with_ai, second.added, second.ai_low, second.ai_high) == (1, 100, 50.0, 100.0)
    assert (second.verdicts["pass"], second.blast["low"], first.blast["high"]) == (1, 1, 1)
    assert (first.asked, first.given) == (2, 1)


def test_the_table_and_the_page_show_weeks_and_what_is_owed(tmp_path: Path) -> None:
    file = str(tmp_path / "audit.jsonl")
    override = {
        "rules": ["four-eyes"],
        "who": "<b>cara\n",
        "owed": {"count": 2, "by": "roles", "names": ["senior"]},
        "due": "2026-11-24T09:00:00Z",
        "otherwise": "block-merges-until-reviewed",
    }
    append_to_file(file, [entry("abcdef0123456789", overrides=[override])], now=NOW)
    late = summed_up(read(load(None, file))[0], now=NOW + 86400 * 9)
    table, page = audit_text.render(late), audit_html.render(late)
    assert "2026-W47" in table
    assert "OVERDUE  2 reviews by senior of abcdef0123, due 2026-11-24T09:00:00Z: <b>cara\\n waived four-eyes" in table
    assert "&lt;b&gt;cara\\n" in page
    assert "<b>cara" not in page
    assert "<script" not in page
    assert "http" not in page.replace("http://www.w3.org", "")
    soon = summed_up(read(load(None, file))[0], now=NOW)
    assert soon.overdue == ()
    assert "owed     2 reviews" in audit_text.render(soon)


def test_an_empty_record_is_said_to_be_empty() -> None:
    nothing = summed_up((), now=NOW)
    assert "nothing is recorded yet" in audit_text.render(nothing)
    assert "nothing is recorded yet" in audit_html.render(nothing)


def test_a_record_that_vibeguard_never_wrote_is_an_error() -> None:
    from tests.unit.reviews.test_ledger import chain  # noqa: PLC0415

    with pytest.raises(VibeguardError, match="never wrote"):
        summed_up(read(chain({"ai": 3, "added": "x"}))[0], now=NOW)
