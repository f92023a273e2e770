"""The record, from a broken glass to the review that was owed for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Ran, Repo
from tests.functional.schemas import fits
from tests.functional.test_check import judged
from tests.functional.test_reviews import REASON, amy, cara, ready, signed
from tests.unit.reviews.keys import Key

__all__ = ["amy", "cara", "ready"]
Script = Callable[..., Ran]


def as_json(script: Script, *arguments: str, cwd: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(script("vibeguard", "audit", *arguments, "--format", "json", cwd=cwd).out)
    return found


def overridden(script: Script, repo: Repo, cara: Key) -> None:
    signed(script, repo, cara, "cara@acme.com", "--decision", "override", "--rule", "four-eyes", *REASON)
    ran = script("vibeguard", "ci", "--base", "main", "--audit", "ref", cwd=repo.path)
    repo.accept_changes()
    assert ran.code == 0, ran.out + ran.err
    assert "recorded; last hash " in ran.err


def test_an_override_is_recorded_owed_settled_and_then_gone(
    ready: Repo,
    script: Script,
    cara: Key,
    tmp_path: Path,
) -> None:
    overridden(script, ready, cara)
    report = script("vibeguard", "audit", cwd=ready.path)
    assert report.code == 0
    assert f"owed     2 reviews by senior of {ready.head[:10]}" in report.out
    assert script("vibeguard", "audit", "settle", cwd=ready.path).code == 3
    reviews = tmp_path / "later.json"
    given = [{"who": who, "state": "approved", "commit": ready.head} for who in ("amy", "bob")]
    reviews.write_text(json.dumps(given[:1]))
    assert script("vibeguard", "audit", "settle", "--reviews", str(reviews), cwd=ready.path).code == 3
    reviews.write_text(json.dumps(given))
    settled = script("vibeguard", "audit", "settle", ready.head[:10], "--reviews", str(reviews), cwd=ready.path)
    ready.accept_changes()
    assert (settled.code, settled.out) == (0, f"✓ settled {ready.head[:10]}: amy, bob\n")
    found = json.loads(script("vibeguard", "audit", "report", "--format", "json", cwd=ready.path).out)
    assert (found["schema"], found["follow_ups"], found["records"]) == ("vibeguard/audit/v1", [], 2)
    verified = script("vibeguard", "audit", "verify", "--anchor", found["last_hash"], cwd=ready.path)
    assert verified.code == 0
    assert "✓ 2 records, unbroken, with the anchor" in verified.out
    assert "not tamper-proof" in verified.out


def late(repo: Repo) -> None:
    """Let two years pass over the record of refs/vibeguard/audit: it is written anew with older times."""
    from vibeguard.evidence.audit import append_to_file  # noqa: PLC0415

    raw = repo._git(b"show", b"refs/vibeguard/audit:audit.jsonl")
    entries = [json.loads(line.replace(b"2026-", b"2024-")) for line in raw.splitlines()]
    file = repo.path.parent / "old.jsonl"
    for entry in entries:
        kept = {name: value for name, value in entry.items() if name not in ("v", "n", "prev", "time", "tool")}
        append_to_file(str(file), [kept], now=1_700_000_000.0)
    blob = repo.git("hash-object", "-w", str(file))
    tree = repo.git("mktree", stdin=f"100644 blob {blob}\taudit.jsonl\n".encode())
    repo.git("update-ref", "refs/vibeguard/audit", repo.git("commit-tree", tree, "-m", "old"))


def test_an_overdue_follow_up_exits_1_and_holds_the_next_change(
    ready: Repo,
    script: Script,
    cara: Key,
) -> None:
    overridden(script, ready, cara)
    late(ready)
    report = script("vibeguard", "audit", "report", cwd=ready.path)
    assert (report.code, "OVERDUE" in report.out) == (1, True)
    found = json.loads(script("vibeguard", "audit", "report", "--format", "json", cwd=ready.path).out)
    fits("audit", found)
    assert [item["overdue"] for item in found["follow_ups"]] == [True]
    assert script("vibeguard", "audit", cwd=ready.path).code == 1
    ready.git("checkout", "-q", "-b", "next", "main")
    ready.commit("docs", {"README.md": "x"})
    code, report_of_next = judged(script, ready, "--base", "main")
    assert (code, report_of_next["verdict"]) == (1, "blocked")
    (rule,) = [rule for rule in report_of_next["rules"] if rule["id"] == "follow-up-overdue"]
    assert "vibeguard audit settle" in rule["message"]


def test_a_record_in_a_file_is_verified_and_reported_as_table_json_and_page(
    ready: Repo,
    script: Script,
    tmp_path: Path,
) -> None:
    file = tmp_path / "audit.jsonl"
    checked = script("vibeguard", "check", "--base", "main", "--format", "json", cwd=ready.path)
    for _ in range(2):
        ran = script(
            "vibeguard", "audit", "record", "-", "--file", str(file), cwd=ready.path, stdin=checked.out.encode()
        )
        assert ran.code == 0, ran.err
    assert script("vibeguard", "audit", "verify", "--file", str(file), cwd=tmp_path).code == 0
    table = script("vibeguard", "audit", "report", "--file", str(file), cwd=tmp_path)
    assert table.code == 0
    assert "0 of 1" in table.out
    page = tmp_path / "audit.html"
    html = ("--format", "html", "--output", str(page))
    assert script("vibeguard", "audit", "report", "--file", str(file), *html, cwd=tmp_path).code == 0
    assert "<svg" in page.read_text()
    raw = file.read_bytes()
    file.write_bytes(raw.replace(b'"verdict":"needs"', b'"verdict":"pass"', 1))
    broken = script("vibeguard", "audit", "verify", "--file", str(file), cwd=tmp_path)
    assert (broken.code, "broken at line 2" in broken.out) == (1, True)
    assert script("vibeguard", "audit", "report", "--file", str(file), cwd=tmp_path).code == 2
    fits("audit-verify", as_json(script, "verify", "--file", str(file), cwd=tmp_path))
    file.write_bytes(raw)
    fits("audit-verify", as_json(script, "verify", "--file", str(file), "--anchor", "0" * 64, cwd=tmp_path))
    rewritten = script("vibeguard", "audit", "verify", "--file", str(file), "--anchor", "0" * 64, cwd=tmp_path)
    assert (rewritten.code, "does not hold" in rewritten.out) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("report",), "there is no record"),
        (("report", "--file", "nowhere"), "the record cannot be read"),
        (("report", "--format", "pdf"), "no such format: pdf"),
        (("record", "nowhere"), "cannot read the report"),
    ],
)
def test_what_is_not_there_is_said_in_one_line(
    ready: Repo,
    script: Script,
    arguments: tuple[str, ...],
    words: str,
) -> None:
    ran = script("vibeguard", "audit", *arguments, cwd=ready.path)
    assert (ran.code, words in ran.err) == (2, True)
