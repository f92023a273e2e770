"""A file of reviews (`--reviews FILE`), for forges that have no channel of their own: Gerrit, Phabricator, in-house.

The shape is published as `reviews.v1.json`. What the file says is as true as its issuer, and is believed up to
`authenticated`: no file can show that somebody proved anew who they are.
"""

from __future__ import annotations

import difflib
import json
from datetime import datetime
from typing import Any, Literal, NoReturn

from vibeguard.errors import INPUT, LIMIT, VibeguardError
from vibeguard.model import Approval, Waiver
from vibeguard.tuples import NamedTuple

SCHEMA = "vibeguard/reviews/v1"
MAX_BYTES = 10_000_000  # some 30,000 reviews; the busiest pull requests have hundreds

_STATES: dict[str, Literal["approved", "changes-requested", "dismissed", "commented"] | None] = {
    "approved": "approved",
    "changes-requested": "changes-requested",
    "dismissed": "dismissed",
    "commented": "commented",
    "pending": None,
}
_ASSURANCES = ("claimed", "authenticated", "re-authenticated")
_FIELDS = ("who", "state", "commit", "diff_id", "at", "bot", "assurance", "evidence", "identities", "can_push")
_WAIVER_FIELDS = ("who", "reason", "ticket", "commit", "at", "rules", "identities")


class ReviewsFile(NamedTuple):
    """What a file of reviews says. `teams` is None where it says nothing about teams."""

    approvals: tuple[Approval, ...]
    teams: dict[str, tuple[str, ...]] | None = None
    waivers: tuple[Waiver, ...] = ()


def read(raw: bytes, where: str) -> tuple[Approval, ...]:
    """The reviews of a file, in its order; pending ones are passed over.

    Args:
        raw: its content.
        where: its name, for messages.

    Raises:
        VibeguardError: INPUT with the place for anything that is not the published shape; LIMIT beyond 10 MB.
    """
    return read_all(raw, where).approvals


def read_all(raw: bytes, where: str) -> ReviewsFile:
    """The same with the teams and the break-glass statements that the file knows. Raises as :func:`read`."""
    data = _parse(raw, where)
    teams: dict[str, tuple[str, ...]] | None = None
    waivers: tuple[Waiver, ...] = ()
    prefix = ""
    if isinstance(data, dict):
        _known_keys(data, ("schema", "reviews", "teams", "waivers"), where, "the file")
        if data.get("schema", SCHEMA) != SCHEMA:
            _fail(where, f"`schema` is {data['schema']!r}", f"this version reads {SCHEMA}")
        if "teams" in data:
            teams = _teams(data["teams"], where)
        if "waivers" in data:
            waivers = _waivers(data["waivers"], where)
        if "reviews" not in data:
            _fail(where, "`reviews` is missing", "a list of reviews is expected; see reviews.v1.json")
        data, prefix = data["reviews"], "reviews"
    if not isinstance(data, list):
        _fail(where, f"expected a list of reviews, got {_kind(data)}", "the shape is published as reviews.v1.json")
    reviews = [_review(item, where, f"{prefix}[{number}]") for number, item in enumerate(data)]
    return ReviewsFile(tuple(review for review in reviews if review is not None), teams, waivers)


def _parse(raw: bytes, where: str) -> Any:
    if len(raw) > MAX_BYTES:
        raise VibeguardError(LIMIT, f"larger than {MAX_BYTES // 1_000_000} MB", where=where)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        _fail(where, f"byte {error.start} is not UTF-8", "reviews files are JSON in UTF-8")

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in items:
            if name in found:
                _fail(where, f"the key `{name}` stands twice in one object", "keep one of them")
            found[name] = value
        return found

    def no_number(name: str) -> NoReturn:
        _fail(where, f"{name} is not JSON")

    try:
        return json.loads(text, object_pairs_hook=pairs, parse_constant=no_number)
    except json.JSONDecodeError as error:
        _fail(f"{where}:{error.lineno}:{error.colno}", f"not JSON: {error.msg}")
    except RecursionError:
        _fail(where, "nested too deeply")
    except ValueError:  # a number of more than 4,300 digits
        _fail(where, "a number is too long")


def _review(item: Any, where: str, place: str) -> Approval | None:
    if not isinstance(item, dict):
        _fail(where, f"{place}: expected a review, got {_kind(item)}", "see reviews.v1.json")
    _known_keys(item, _FIELDS, where, place)

    if "state" not in item:
        _fail(where, f"{place}: `state` is missing", f"one of {', '.join(_STATES)}")
    if "who" not in item:
        _fail(where, f"{place}: `who` is missing", "a login or an address; null for a deleted account")
    state = _text(item, "state", where, place).lower().replace("_", "-")
    if state not in _STATES:
        close = difflib.get_close_matches(state, _STATES, 1)
        hint = f"did you mean `{close[0]}`?" if close else f"one of {', '.join(_STATES)}"
        _fail(where, f"{place}.state: {item['state']!r} is no state of a review", hint)
    assurance = "authenticated" if item.get("assurance") is None else _text(item, "assurance", where, place)
    if assurance not in _ASSURANCES:
        _fail(where, f"{place}.assurance: {assurance!r} is not one of {', '.join(_ASSURANCES)}")
    commit = _text(item, "commit", where, place)
    if commit.strip("0123456789abcdefABCDEF") or item.get("commit") == "":
        _fail(where, f"{place}.commit: {commit!r} is no commit id", "give the full id, 40 or 64 hex digits")
    at = _text(item, "at", where, place)
    if at and not _is_moment(at):
        _fail(where, f"{place}.at: {at!r} is no time", "RFC 3339, such as 2026-11-22T09:30:00Z")
    approval = Approval(
        who=_text(item, "who", where, place).strip(),
        state=_STATES[state] or "commented",
        channel="file",
        commit=commit or None,
        diff_id=_text(item, "diff_id", where, place) or None,
        at=at,
        is_bot=_flag(item, "bot", where, place) or False,
        assurance="claimed" if assurance == "claimed" else "authenticated",
        evidence=_text(item, "evidence", where, place) or f"{where} {place}",
        identities=_texts(item.get("identities", []), where, f"{place}.identities"),
        can_push=_flag(item, "can_push", where, place),
    )
    return None if state == "pending" else approval


def _teams(value: Any, where: str) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        _fail(where, f"teams: expected an object, got {_kind(value)}", 'such as {"acme/pay": ["amy", "bob"]}')
    return {team: _texts(members, where, f"teams.{team}") for team, members in value.items()}


def _waivers(value: Any, where: str) -> tuple[Waiver, ...]:
    if not isinstance(value, list):
        _fail(where, f"waivers: expected a list, got {_kind(value)}")
    found = []
    for number, item in enumerate(value):
        place = f"waivers[{number}]"
        if not isinstance(item, dict):
            _fail(where, f"{place}: expected a waiver, got {_kind(item)}", "see reviews.v1.json")
        _known_keys(item, _WAIVER_FIELDS, where, place)
        for name in ("who", "reason", "commit", "at"):
            if not _text(item, name, where, place).strip():
                _fail(where, f"{place}: `{name}` is missing")
        if not _is_moment(item["at"]):
            _fail(where, f"{place}.at: {item['at']!r} is no time", "RFC 3339, such as 2026-11-22T09:30:00Z")
        found.append(
            Waiver(
                who=item["who"].strip(),
                reason=item["reason"],
                ticket=_text(item, "ticket", where, place),
                commit=item["commit"],
                at=item["at"],
                channel="file",
                rules=_texts(item.get("rules", []), where, f"{place}.rules"),
                identities=_texts(item.get("identities", []), where, f"{place}.identities"),
            )
        )
    return tuple(found)


def _text(item: dict[str, Any], name: str, where: str, place: str) -> str:
    value = item.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        _fail(where, f"{place}.{name}: expected text, got {_kind(value)}")
    return value


def _flag(item: dict[str, Any], name: str, where: str, place: str) -> bool | None:
    value = item.get(name)
    if value is not None and not isinstance(value, bool):
        _fail(where, f"{place}.{name}: expected true or false, got {_kind(value)}")
    return value


def _texts(value: Any, where: str, place: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        _fail(where, f"{place}: expected a list of names, got {_kind(value)}")
    return tuple(value)


def _known_keys(item: dict[str, Any], known: tuple[str, ...], where: str, place: str) -> None:
    for name in item:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean `{close[0]}`?" if close else f"known are {', '.join(known)}"
            _fail(where, f"{place}: `{name}` is not known here", hint)


def _is_moment(at: str) -> bool:
    try:
        datetime.fromisoformat(at)
    except ValueError:
        return False
    return True


def _kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "an object"


def _fail(where: str, message: str, hint: str = "") -> NoReturn:
    raise VibeguardError(INPUT, message, where=where, hint=hint)
