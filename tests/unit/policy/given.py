"""Facts that a test states, and demands that nobody has met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vibeguard.model import Demand, Fact, Requirement, ReviewDemand, Stage, TestsDemand, TrailerDemand, Verdict
from vibeguard.policy.evaluate import Beside, evaluate
from vibeguard.policy.load import PolicySource, load
from vibeguard.policy.rules import Policy

NOON = 1_800_000_000  # 2027-01-15T08:00:00Z


class Given:
    """A fact source: what is not stated is unknown. A value may be a function of the files in view."""

    def __init__(
        self,
        facts: Mapping[str, Any] | None = None,
        paths: Sequence[str] = ("src/app.py",),
        owners: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self.facts = facts or {}
        self._paths = paths
        self._owners = owners or {}
        self.asked: list[tuple[str, frozenset[str] | None]] = []

    def paths(self) -> Sequence[str]:
        return self._paths

    def owners(self, path: str) -> tuple[str, ...]:
        return self._owners.get(path, ())

    def fact(self, name: str, only: frozenset[str] | None) -> Fact:
        self.asked.append((name, only))
        if name == "change.files":
            return Fact(tuple(path for path in self._paths if only is None or path in only))
        if name not in self.facts:
            return Fact(None, "not given")
        value = self.facts[name]
        value = value(only) if callable(value) else value
        return value if isinstance(value, Fact) else Fact(value)


def unmet(demand: Demand, only: frozenset[str] | None, beside: Beside) -> Requirement:
    """Nothing that was asked for is there."""
    kind = {ReviewDemand: "review", TrailerDemand: "trailer", TestsDemand: "tests"}.get(type(demand), "checks")
    wanted = demand.wanted if isinstance(demand, ReviewDemand) else 1
    return Requirement(kind, wanted, 0, "somebody", "all of it")  # type: ignore[arg-type]


def met(demand: Demand, only: frozenset[str] | None, beside: Beside) -> Requirement:
    """All that was asked for is there."""
    return unmet(demand, only, beside)._replace(have=1, missing="", satisfied=True)


def policy(text: str, **files: str) -> Policy:
    """The policy of a text that may leave `version: 1` out; other files by name, `__` for a slash."""
    if "version:" not in text:
        text = "version: 1\n" + text
    tree = {name.replace("__", "/") + ".yaml": body.encode() for name, body in files.items()}
    return load(PolicySource(".vibeguard.yaml", text.encode()), tree.get, lambda _: tuple(tree))


def rule(body: str, *, more: str = "") -> Policy:
    """A policy of one rule called `one`, whose other keys are given, one a line."""
    lines = "".join(f"    {line}\n" for line in body.strip("\n").split("\n"))
    return policy(f"version: 1\n{more}\nrules:\n  - id: one\n{lines}")


def judge(
    of: Policy,
    facts: Mapping[str, Any] | None = None,
    *,
    stage: Stage = "ci",
    fulfil: Any = unmet,
    now: float = NOON,
    **source: Any,
) -> Verdict:
    about = {key: source.pop(key) for key in ("waivers", "entitled", "head", "given") if key in source}
    return evaluate(of, Given(facts, **source), stage=stage, fulfil=fulfil, now=now, **about)
