"""What must hold of every policy and every change: strictness only grows, and order never matters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.policy.given import NOON, judge, met, policy, unmet
from vibeguard.model import Share

RANK = {"pass": 0, "warn": 1, "needs": 2, "blocked": 3}
LEVELS = ["low", "moderate", "high", "critical"]

tests = st.sampled_from(
    ["ai.detected: true", "blast.level: at least high", "blast.level: at least moderate", "blast.score: at least 40",
     "ai.share_of_added_lines: at least 50%", "ai.lines: more than 10", "blast.dependents: at least 5",
     "ai.confidence: at least possible", "change.tests_weakened: true", "risk.score: at least 70"]
)  # fmt: skip
conditions = st.recursive(
    tests.map(lambda test: f"{{{test}}}"),
    lambda inner: st.tuples(st.sampled_from(["all", "any"]), st.lists(inner, min_size=1, max_size=3)).map(
        lambda pair: f"{{{pair[0]}: [{', '.join(pair[1])}]}}"
    ),
    max_leaves=5,
)
negative = conditions.map(lambda condition: f"{{not: {condition}}}")
actions = st.sampled_from(
    ["warn", "block", "{require_review: {}}", "{require_review: {count: 2}}", "require_test_changes"]
)
modes = st.sampled_from(["enforce", "warn", "record-only"])
unknown = st.sampled_from(["", ", if_unknown: enforce", ", if_unknown: warn", ", if_unknown: skip"])
# `unless` on what raises a score would be a rule that asks less of more: its conditions are about less of it.
rules = st.tuples(conditions, st.none() | negative, actions, modes, unknown)


def written(number: int, rule: Any) -> str:
    when, unless, then, mode, if_unknown = rule
    exempt = f", unless: {unless}" if unless else ""
    return f"{{id: r{number}, when: {when}{exempt}, then: {then}, mode: {mode}{if_unknown}}}"


def of(some: list[Any], first: int = 0) -> str:
    return "version: 1\nrules: [" + ", ".join(written(first + at, rule) for at, rule in enumerate(some)) + "]"


facts = st.fixed_dictionaries(
    {},
    optional={
        "ai.detected": st.booleans(),
        "ai.confidence": st.sampled_from(["none", "possible", "likely", "certain"]),
        "ai.share_of_added_lines": st.tuples(st.integers(0, 100), st.integers(0, 100)).map(
            lambda pair: Share(min(pair) / 100, max(pair) / 100)
        ),
        "ai.lines": st.integers(0, 30),
        "blast.level": st.sampled_from(LEVELS),
        "blast.score": st.integers(0, 100),
        "blast.dependents": st.integers(0, 10),
        "change.tests_weakened": st.booleans(),
        "risk.score": st.integers(0, 100),
    },
)


def rank(text: str, given: dict[str, Any], **files: str) -> int:
    return RANK[judge(policy(text, **files), given).verdict]


@given(st.lists(rules, min_size=1, max_size=4), rules, facts)
@settings(max_examples=150, deadline=None)
def test_adding_a_rule_never_lowers_the_verdict(some: list[Any], more: Any, given: dict[str, Any]) -> None:
    assert rank(of([*some, more]), given) >= rank(of(some), given)


@given(st.lists(rules, min_size=1, max_size=3), st.lists(rules, min_size=1, max_size=3), facts)
@settings(max_examples=100, deadline=None)
def test_adding_a_layer_never_lowers_the_verdict(some: list[Any], base: list[Any], given: dict[str, Any]) -> None:
    alone, above = of(some), of(base, first=50)
    joined = alone.replace("version: 1\n", "version: 1\nextends: base.yaml\n", 1)
    assert rank(joined, given, base=above) >= max(rank(alone, given), rank(above, given))


RAISED: dict[str, Callable[[Any], Any]] = {
    "ai.detected": lambda _: True,
    "ai.confidence": lambda _: "certain",
    "ai.share_of_added_lines": lambda share: Share(share.low, 1.0),
    "ai.lines": lambda lines: lines + 20,
    "blast.level": lambda level: LEVELS[min(LEVELS.index(level) + 1, 3)],
    "blast.score": lambda score: min(score + 30, 100),
    "blast.dependents": lambda count: count + 5,
    "change.tests_weakened": lambda _: True,
    "risk.score": lambda score: min(score + 30, 100),
}


@given(st.lists(rules, min_size=1, max_size=4), facts, st.sampled_from(sorted(RAISED)))
@settings(max_examples=300, deadline=None)
def test_a_sign_of_ai_or_more_risk_never_lowers_the_verdict(some: list[Any], given: dict[str, Any], name: str) -> None:
    if name in given:
        text = of(some)
        assert rank(text, {**given, name: RAISED[name](given[name])}) >= rank(text, given)


@given(st.lists(rules, min_size=2, max_size=5), facts, st.randoms())
@settings(max_examples=100, deadline=None)
def test_the_order_of_rules_never_matters(some: list[Any], given: dict[str, Any], random: Any) -> None:
    numbered = [written(at, rule) for at, rule in enumerate(some)]
    shuffled = list(numbered)
    random.shuffle(shuffled)

    def outcomes(order: list[str], fulfil: Any) -> tuple[str, dict[str, str]]:
        verdict = judge(policy(f"version: 1\nrules: [{', '.join(order)}]"), given, fulfil=fulfil)
        return verdict.verdict, {result.id: result.outcome for result in verdict.rules}

    for fulfil in (unmet, met):
        assert outcomes(numbered, fulfil) == outcomes(shuffled, fulfil)


@given(rules, facts, st.permutations(["id: a", "KEYS"]))
@settings(max_examples=50, deadline=None)
def test_the_order_of_keys_never_matters(rule: Any, given: dict[str, Any], _: Any) -> None:
    when, unless, then, mode, if_unknown = rule
    keys = ["id: a", f"when: {when}", *([f"unless: {unless}"] if unless else []), f"then: {then}", f"mode: {mode}"]
    keys += [if_unknown.removeprefix(", ")] if if_unknown else []
    forward, backward = (", ".join(order) for order in (keys, keys[::-1]))
    assert rank(f"version: 1\nrules: [{{{forward}}}]", given) == rank(f"rules: [{{{backward}}}]\nversion: 1", given)


@given(st.lists(rules, min_size=1, max_size=4), facts)
@settings(max_examples=100, deadline=None)
def test_the_same_question_has_the_same_answer(some: list[Any], given: dict[str, Any]) -> None:
    one = policy(of(some))
    assert judge(one, given, now=NOON) == judge(one, given, now=NOON)
