"""Statements of verdicts: written by check and ci, signed or not, and every way in which one does not hold."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Ran, Repo
from tests.functional.schemas import fits
from tests.functional.test_reviews import amy, cara, ready
from tests.unit.reviews.keys import Key, make_key

__all__ = ["amy", "cara", "ready"]
Script = Callable[..., Ran]


def attested(script: Script, repo: Repo, file: Path, *more: str, command: str = "check") -> Ran:
    return script("vibeguard", command, "--base", "main", "--attest", str(file), *more, cwd=repo.path)


@pytest.mark.parametrize("command", ["check", "ci"])
def test_a_signed_statement_of_a_verdict_holds_with_its_commit_policy_and_facts(
    ready: Repo,
    script: Script,
    amy: Key,
    tmp_path: Path,
    command: str,
) -> None:
    file = tmp_path / "verdict.json"
    assert attested(script, ready, file, "--attest-key", amy.file, command=command).code == 3
    statement = json.loads(file.read_text())
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["subject"][0]["digest"]["gitCommit"] == ready.head
    assert statement["subject"][1]["digest"]["gitTree"] == ready.git("rev-parse", "HEAD^{tree}")
    assert (statement["predicate"]["verdict"], statement["predicate"]["rules"]["four-eyes"]) == ("needs", "needs")
    ran = script("vibeguard", "verify", str(file), "--as", "amy@acme.com", "--recheck", cwd=ready.path)
    assert ran.code == 0, ran.out + ran.err
    assert "✓ signature: by amy@acme.com, key SHA256:" in ran.out
    assert "✓ facts: the same" in ran.out
    assert "not that the facts were true" in ran.out


def test_an_unsigned_statement_says_that_anybody_can_have_written_it(
    ready: Repo, script: Script, tmp_path: Path
) -> None:
    file = tmp_path / "verdict.json"
    attested(script, ready, file)
    ran = script("vibeguard", "verify", str(file), "--format", "json", cwd=ready.path)
    found = json.loads(ran.out)
    fits("verify", found)
    assert (ran.code, found["holds"], found["checks"][0]["held"]) == (0, True, None)
    assert script("vibeguard", "verify", str(file), "--as", "amy@acme.com", cwd=ready.path).code == 1


def test_a_changed_statement_another_signer_and_another_tree_do_not_hold(
    ready: Repo,
    script: Script,
    amy: Key,
    tmp_path: Path,
) -> None:
    file = tmp_path / "verdict.json"
    attested(script, ready, file, "--attest-key", amy.file)
    whole = file.read_text()

    def refused(*more: str) -> str:
        ran = script("vibeguard", "verify", str(file), *more, cwd=ready.path)
        assert ran.code == 1, ran.out + ran.err
        return ran.out

    file.write_text(whole.replace('"verdict":"needs"', '"verdict":"pass"'))
    assert "changed after it was signed" in refused("--as", "amy@acme.com")
    file.write_text(whole)
    assert "do not name this key" in refused("--as", "cara@acme.com")
    mallory = make_key(tmp_path, "mallory")
    attested(script, ready, file, "--attest-key", mallory.file)
    assert "do not name this key" in refused("--as", "amy@acme.com")
    (tmp_path / "verdict.json.sig").unlink()
    tree = ready.git("rev-parse", "HEAD^{tree}")
    file.write_text(whole.replace(tree, "1" * 40))
    assert "has another tree" in refused()
    file.write_text(whole.replace(ready.head, "1" * 40))
    assert "is not here" in refused()
    digest = json.loads(whole)["predicate"]["facts"]["digest"]["sha256"]
    file.write_text(whole.replace(digest, "0" * 64))
    assert "they are found to be others now" in refused("--recheck")


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b"[" * 9000, b"\xff"])
def test_what_is_no_statement_is_refused(ready: Repo, script: Script, tmp_path: Path, raw: bytes) -> None:
    file = tmp_path / "verdict.json"
    file.write_bytes(raw)
    ran = script("vibeguard", "verify", str(file), cwd=ready.path)
    assert (ran.code, "not a statement of a verdict" in ran.err) == (2, True)


def test_a_staged_change_has_no_commit_to_attest(ready: Repo, script: Script, tmp_path: Path) -> None:
    ready.stage({"src/z.py": ""})
    ran = script("vibeguard", "check", "--attest", str(tmp_path / "x"), cwd=ready.path)
    assert (ran.code, "only a commit can be attested" in ran.err) == (2, True)
