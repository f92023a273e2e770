"""What an organisation knows and hands in: its own facts, passed checks, team members, reviews.

The file of `--facts` is one JSON object: `{"x": {"change-window": true}, "checks": {"passed": ["contract-tests"]},
"teams": {"acme/pay": ["amy"]}}`. Nothing in it can lower what a rule asks unless the policy itself says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vibeguard.errors import INPUT, VibeguardError
from vibeguard.model import Approval, Fact, Waiver
from vibeguard.tuples import NamedTuple

_KEYS = ("x", "checks", "teams")


class Given(NamedTuple):
    """Facts and approvals from outside the repository."""

    own_facts: Mapping[str, Any] = {}
    checks: tuple[str, ...] | None = None
    teams: Mapping[str, tuple[str, ...]] | None = None
    approvals: tuple[Approval, ...] = ()
    waivers: tuple[Waiver, ...] = ()

    def own(self, name: str) -> Fact:
        """A fact `x.NAME` of the organisation's."""
        value = self.own_facts.get(name.removeprefix("x."))
        if value is None:
            return Fact(None, f"{name} was not given (--facts)")
        return Fact(tuple(value) if isinstance(value, list) else value, evidence=("given by --facts",))

    def checks_passed(self) -> Fact:
        """`checks.passed`: unknown where nobody said which checks ran."""
        if self.checks is None:
            return Fact(None, "which checks passed was not given (--facts)")
        return Fact(self.checks, evidence=("given by --facts",))


def read_facts(where: str, raw: bytes) -> Given:
    """Parse a facts file.

    Raises:
        VibeguardError: INPUT when it is not such an object, naming the key that is wrong.
    """
    import json  # noqa: PLC0415 - only where a facts file is given

    try:
        document = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise VibeguardError(INPUT, f"not JSON: {str(error)[:120]}", where=where, hint=_SHAPE) from None
    if not isinstance(document, dict):
        raise VibeguardError(INPUT, "expected a JSON object", where=where, hint=_SHAPE)
    for key in document:
        if key not in _KEYS:
            raise VibeguardError(INPUT, f"unknown key {key!r}", where=where, hint=f"known: {', '.join(_KEYS)}")
    own = document.get("x", {})
    if not isinstance(own, dict) or not all(_is_value(value) for value in own.values()):
        raise VibeguardError(INPUT, "`x` holds names with a boolean, a number, a text or a list of texts", where=where)
    checks = document.get("checks", {})
    if not isinstance(checks, dict) or set(checks) - {"passed"} or not _is_texts(checks.get("passed", [])):
        raise VibeguardError(INPUT, "`checks` is {passed: [names]}", where=where)
    teams = document.get("teams")
    if teams is not None and not (isinstance(teams, dict) and all(_is_texts(people) for people in teams.values())):
        raise VibeguardError(INPUT, "`teams` holds lists of people by team", where=where)
    return Given(
        own,
        tuple(checks["passed"]) if "passed" in checks else None,
        {team: tuple(people) for team, people in teams.items()} if teams is not None else None,
    )


_SHAPE = 'for example {"x": {"ticket-open": true}, "checks": {"passed": ["contract-tests"]}}'


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_value(value: object) -> bool:
    return isinstance(value, (bool, int, float, str)) or _is_texts(value)
