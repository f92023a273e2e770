from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vibeguard.errors import VibeguardError
from vibeguard.reviews.file import MAX_BYTES, read, read_all

HEAD = "3f2c1ab" + "0" * 33
FULL = {
    "who": "amy",
    "state": "approved",
    "commit": HEAD,
    "diff_id": "d" * 64,
    "at": "2026-11-22T09:30:00Z",
    "bot": False,
    "assurance": "authenticated",
    "evidence": "https://review.example/1",
    "identities": ["amy@acme.com"],
    "can_push": True,
}
SCHEMA = json.loads(files("vibeguard.reviews").joinpath("reviews.v1.json").read_text("utf-8"))


def encoded(value: Any) -> bytes:
    return json.dumps(value).encode()


def refusal(raw: bytes) -> VibeguardError:
    with pytest.raises(VibeguardError) as caught:
        read(raw, "reviews.json")
    assert caught.value.kind in {"INPUT", "LIMIT"}
    return caught.value


def test_every_published_field_is_read() -> None:
    (approval,) = read(encoded([FULL]), "reviews.json")
    assert (approval.who, approval.state, approval.channel) == ("amy", "approved", "file")
    assert (approval.commit, approval.diff_id, approval.at) == (HEAD, "d" * 64, "2026-11-22T09:30:00Z")
    assert (approval.is_bot, approval.assurance, approval.can_push) == (False, "authenticated", True)
    assert (approval.evidence, approval.identities) == ("https://review.example/1", ("amy@acme.com",))


def test_two_fields_are_enough_and_the_place_is_the_evidence() -> None:
    (approval,) = read(b'[{"who": "amy", "state": "APPROVED"}]', "r.json")
    assert (approval.state, approval.commit, approval.evidence) == ("approved", None, "r.json [0]")


def test_the_forges_spelling_of_states_is_understood_and_pending_is_nothing() -> None:
    states = ["CHANGES_REQUESTED", "changes-requested", "DISMISSED", "COMMENTED", "PENDING"]
    found = read(encoded([{"who": "amy", "state": state} for state in states]), "r.json")
    assert [approval.state for approval in found] == [
        "changes-requested",
        "changes-requested",
        "dismissed",
        "commented",
    ]


def test_a_file_is_believed_up_to_authenticated() -> None:
    found = read(encoded([{**FULL, "assurance": name} for name in ("claimed", "re-authenticated")]), "r.json")
    assert [approval.assurance for approval in found] == ["claimed", "authenticated"]


def test_an_object_may_carry_teams_besides_reviews() -> None:
    found = read_all(
        encoded({"schema": "vibeguard/reviews/v1", "reviews": [FULL], "teams": {"acme/pay": ["amy"]}}), "r"
    )
    assert found.teams == {"acme/pay": ("amy",)}
    assert len(found.approvals) == 1


WAIVER = {
    "who": "cara",
    "reason": "the ledger is down",
    "ticket": "INC-7",
    "commit": HEAD,
    "at": "2026-11-22T09:30:00Z",
}


def test_break_glass_may_stand_beside_the_reviews() -> None:
    document = {"reviews": [], "waivers": [{**WAIVER, "rules": ["four-eyes"]}]}
    jsonschema.validate(document, SCHEMA)
    (waiver,) = read_all(encoded(document), "r").waivers
    assert (waiver.who, waiver.ticket, waiver.commit, waiver.rules) == ("cara", "INC-7", HEAD, ("four-eyes",))


@pytest.mark.parametrize("name", ["who", "reason", "commit", "at"])
def test_a_waiver_states_who_why_for_what_and_when(name: str) -> None:
    raw = encoded({"reviews": [], "waivers": [{**WAIVER, name: ""}]})
    assert f"waivers[0]: `{name}` is missing" in str(refusal(raw))


def test_a_deleted_account_is_kept_without_a_name() -> None:
    (approval,) = read(encoded([{"who": None, "state": "approved"}]), "r.json")
    assert approval.who == ""


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "reviews.json:1:1: not JSON"),
        (b'[\n{"who": "amy" "at"}]', "reviews.json:2:15: not JSON"),
        (b"\xff[]", "byte 0 is not UTF-8"),
        (b"NaN", "NaN is not JSON"),
        (b'"amy"', "expected a list of reviews, got text"),
        (b"{}", "`reviews` is missing"),
        (b'{"schema": "vibeguard/reviews/v9", "reviews": []}', "`schema` is 'vibeguard/reviews/v9'"),
        (b"[1]", "[0]: expected a review, got a number"),
        (b'[{"state": "approved"}]', "[0]: `who` is missing"),
        (b'[{"who": "amy"}]', "[0]: `state` is missing"),
        (b'[{"who": "amy", "state": "aproved"}]', "[0].state: 'aproved' is no state"),
        (b'[{"who": "amy", "state": null}]', "[0].state: None is no state"),
        (b'[{"who": 1, "state": "approved"}]', "[0].who: expected text, got a number"),
        (b'[{"who": "amy", "state": "approved", "comit": "1"}]', "[0]: `comit` is not known here"),
        (b'[{"who": "amy", "state": "approved", "commit": "HEAD"}]', "'HEAD' is no commit id"),
        (b'[{"who": "amy", "state": "approved", "bot": "no"}]', "[0].bot: expected true or false, got text"),
        (b'[{"who": "amy", "state": "approved", "at": "yesterday"}]', "'yesterday' is no time"),
        (b'[{"who": "amy", "state": "approved", "identities": "a"}]', "[0].identities: expected a list of names"),
        (b'[{"who": "amy", "who": "bob", "state": "approved"}]', "the key `who` stands twice"),
        (b'{"reviews": [], "teams": []}', "teams: expected an object, got a list"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[" + b"1" * 5000 + b"]", "a number is too long"),
    ],
)
def test_what_is_not_the_published_shape_is_refused_with_its_place(raw: bytes, words: str) -> None:
    assert words in str(refusal(raw))


def test_a_misspelt_key_gets_a_suggestion() -> None:
    assert refusal(b'[{"who": "amy", "state": "approved", "comit": "1"}]').hint == "did you mean `commit`?"


def test_a_file_beyond_the_limit_is_not_parsed() -> None:
    assert refusal(b" " * (MAX_BYTES + 1)).kind == "LIMIT"


@given(st.binary(max_size=300))
def test_any_bytes_are_reviews_or_our_error(raw: bytes) -> None:
    try:
        read(raw, "r.json")
    except VibeguardError as error:
        assert error.kind == "INPUT"


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2),
    max_leaves=4,
)
_REVIEWS = st.lists(
    st.dictionaries(st.sampled_from([*FULL, "other"]), _VALUES, max_size=4).map(
        lambda extra: {"who": "amy", "state": "approved", **extra}
    ),
    max_size=3,
)


@example([{"who": "amy", "state": "approved", "commit": ""}])
@example([{"who": "amy", "state": "approved", "assurance": ""}])
@given(_REVIEWS)
def test_whatever_is_read_is_also_valid_by_the_published_schema(reviews: list[dict[str, Any]]) -> None:
    try:
        read(encoded(reviews), "r.json")
    except VibeguardError:
        return
    jsonschema.validate(reviews, SCHEMA)


def test_the_published_schema_is_a_schema_and_takes_the_full_shape() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate([FULL], SCHEMA)
    jsonschema.validate({"schema": "vibeguard/reviews/v1", "reviews": [FULL], "teams": {"acme/pay": ["amy"]}}, SCHEMA)
