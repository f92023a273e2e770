"""Signed statements, and every way to bring one that must not count."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.reviews.keys import Key, SoftToken, make_key
from vibeguard.errors import VibeguardError
from vibeguard.model import Approval, People, ReviewDemand
from vibeguard.repository.signatures import sign
from vibeguard.reviews.count import count
from vibeguard.reviews.statements import NAMESPACE, Statement, decode, encode, paths, verified, waivers

DIFF = "d" * 64
STATEMENT = Statement(
    who="amy@acme.com",
    decision="approved",
    commit="3f2c1ab" + "0" * 33,
    tree="4" * 40,
    base="1" * 40,
    diff_id=DIFF,
    at="2026-11-22T09:30:00Z",
    target="refs/heads/main",
)
MAIN = "refs/heads/main"


@pytest.fixture(scope="module")
def amy(tmp_path_factory: pytest.TempPathFactory) -> Key:
    return make_key(tmp_path_factory.mktemp("keys"), "amy")


def filed(key: Key, *, under: str = DIFF, purpose: str = NAMESPACE, **changes: Any) -> dict[str, bytes]:
    raw = encode(STATEMENT._replace(**changes))
    path, signature = paths(raw, under)
    return {path: raw, signature: sign(raw, key.file, purpose, folder="/")}


def allowed(key: Key, options: str = "") -> bytes:
    return f"amy@acme.com {options} {key.public}\n".encode()


def only(approvals: tuple[Approval, ...]) -> Approval:
    (approval,) = approvals
    return approval


def test_a_good_statement_is_an_approval_of_its_commit_and_diff(amy: Key) -> None:
    found = only(verified(filed(amy, rules=("money",)), DIFF, allowed(amy, f'namespaces="{NAMESPACE}"'), MAIN))
    assert (found.who, found.state, found.invalid) == ("amy@acme.com", "approved", "")
    assert (found.commit, found.diff_id, found.rules) == (STATEMENT.commit, DIFF, ("money",))
    assert found.assurance == "authenticated"
    assert found.identities[0].startswith("SHA256:")


def test_a_statement_for_one_rule_counts_for_that_rule_alone(amy: Key) -> None:
    found = verified(filed(amy, rules=("money",)), DIFF, allowed(amy), MAIN)
    people = People({}, {})
    for rule, satisfied in (("money", True), ("other", False), ("", False)):
        demand = ReviewDemand(rule=rule)
        assert count(demand, found, people, head=None, diff=DIFF, authors=()).satisfied is satisfied


def test_an_objection_and_a_withdrawal_are_decisions_too(amy: Key) -> None:
    for decision in ("changes-requested", "dismissed"):
        assert only(verified(filed(amy, decision=decision), DIFF, allowed(amy), MAIN)).state == decision


def test_an_override_is_no_review_and_a_review_no_override(amy: Key) -> None:
    files = filed(amy, decision="overridden", reason="the ledger is down", ticket="INC-1", rules=("money",))
    assert verified(files, DIFF, allowed(amy), MAIN) == ()
    (waiver,) = waivers(files, DIFF, allowed(amy), MAIN)
    assert (waiver.who, waiver.reason, waiver.ticket, waiver.rules) == (
        "amy@acme.com",
        "the ledger is down",
        "INC-1",
        ("money",),
    )
    assert (waiver.commit, waiver.invalid, waiver.assurance) == (STATEMENT.commit, "", "authenticated")
    assert waivers(filed(amy), DIFF, allowed(amy), MAIN) == ()
    (refused,) = waivers(files, DIFF, None, MAIN)
    assert "the base has no" in refused.invalid


def tampered(files: dict[str, bytes]) -> dict[str, bytes]:
    return {
        path: raw.replace(b"approved", b"Approved", 1) if path.endswith("json") else raw for path, raw in files.items()
    }


def unsigned(files: dict[str, bytes]) -> dict[str, bytes]:
    return {path: raw for path, raw in files.items() if path.endswith("json")}


@pytest.mark.parametrize(
    ("changes", "options", "why"),
    [
        ({"purpose": "git"}, "", "another purpose"),
        ({}, 'namespaces="git"', "another purpose"),
        ({}, 'valid-before="20200101"', "no longer valid"),
        ({"who": "bob@acme.com"}, "", "do not name this key for this person"),
        ({"under": DIFF, "diff_id": "e" * 64}, "", "about another diff"),
        ({"target": "refs/heads/release"}, "", "approved for refs/heads/release, not for refs/heads/main"),
    ],
)
def test_a_statement_that_must_not_count_says_why(amy: Key, changes: dict[str, Any], options: str, why: str) -> None:
    found = only(verified(filed(amy, **changes), DIFF, allowed(amy, options), MAIN))
    assert why in found.invalid
    requirement = count(ReviewDemand(), [found], People({}, {}), head=STATEMENT.commit, diff=DIFF, authors=())
    assert not requirement.satisfied
    assert why in requirement.not_counted[0].why


def test_a_changed_an_unsigned_and_a_strangers_statement_are_refused(amy: Key, tmp_path: Path) -> None:
    mallory = make_key(tmp_path, "mallory")
    assert only(verified(tampered(filed(amy)), DIFF, allowed(amy), MAIN)).invalid
    assert only(verified(unsigned(filed(amy)), DIFF, allowed(amy), MAIN)).invalid == "the statement is not signed"
    assert "do not name this key" in only(verified(filed(mallory), DIFF, allowed(amy), MAIN)).invalid


def test_without_allowed_signers_at_the_base_nobody_counts(amy: Key) -> None:
    assert "the base has no .vibeguard/allowed_signers" in only(verified(filed(amy), DIFF, None, MAIN)).invalid


def test_a_replay_under_another_diff_id_is_refused(amy: Key) -> None:
    other = "e" * 64
    assert "about another diff" in only(verified(filed(amy, under=other), other, allowed(amy), MAIN)).invalid
    assert verified(filed(amy), other, allowed(amy), MAIN) == ()


def test_a_touched_hardware_key_re_authenticates() -> None:
    token = SoftToken()
    raw = encode(STATEMENT)
    path, place = paths(raw, DIFF)
    signers = f"amy@acme.com {token.public}\n".encode()
    found = only(verified({path: raw, place: token.sign(raw, NAMESPACE, touched=True)}, DIFF, signers, MAIN))
    assert (found.invalid, found.assurance) == ("", "re-authenticated")


def test_encoding_and_decoding_are_inverse_and_stable() -> None:
    raw = encode(STATEMENT)
    assert decode(raw, "x") == STATEMENT
    assert raw.count(b"\n") == 1
    assert b"in-toto.io/Statement/v1" in raw


@given(st.binary(max_size=200) | st.text(max_size=50).map(lambda text: encode(STATEMENT._replace(who=text))))
def test_any_bytes_are_a_statement_or_our_error(raw: bytes) -> None:
    try:
        assert encode(decode(raw, "x")) == raw
    except VibeguardError as error:
        assert error.kind == "INPUT"


def test_a_deeply_nested_statement_is_refused() -> None:
    with pytest.raises(VibeguardError, match="not a statement"):
        decode(b"[" * 50_000, "x")
