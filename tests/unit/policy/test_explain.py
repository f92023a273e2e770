"""Ways to pass: each was seen to work by the evaluator itself."""

from __future__ import annotations

from typing import Any

from tests.unit.policy.given import NOON, Given, policy, unmet
from vibeguard.model import Requirement
from vibeguard.policy.evaluate import evaluate
from vibeguard.policy.explain import Question, with_ways
from vibeguard.policy.rules import Policy

PATHS = ["src/ledger/post.py", "src/app.py", "docs/a.md"]


def level(only: Any) -> str:
    return "high" if only is None or "src/ledger/post.py" in only else "moderate"


def score(only: Any) -> int:
    return 60 if level(only) == "high" else 31


def ways(of: Policy, facts: dict[str, Any], paths: list[str], fulfil: Any = unmet) -> dict[str, tuple[str, ...]]:
    source = Given(facts, paths=paths)
    question = Question(of, source, "ci", fulfil, NOON)
    verdict = with_ways(question, evaluate(of, source, stage="ci", fulfil=fulfil, now=NOON))
    return {result.id: result.ways for result in verdict.rules}


def test_the_missing_approval_and_the_file_that_matters_are_named() -> None:
    def suggested(demand: Any, only: Any, beside: Any) -> Requirement:
        return unmet(demand, only, beside)._replace(suggested=("amy", "bob"))

    of = policy("rules: [{id: a, when: {blast.level: at least high}, then: {require_review: {count: 2}}}]")
    assert ways(of, {"blast.level": level, "blast.score": score}, PATHS, suggested) == {
        "a": ("amy and bob approve", "move src/ledger/post.py to its own change: the rest is moderate (31)")
    }


def test_a_group_that_contains_a_smaller_way_is_not_named_again() -> None:
    of = policy("tags: {money: ['src/ledger/**']}\nrules: [{id: a, when: {change.tags: money}, then: block}]")
    assert ways(of, {}, PATHS) == {"a": ("move src/ledger/post.py to its own change",)}
    assert ways(of, {}, ["src/ledger/a", "src/ledger/b", "docs/c"]) == {"a": ("move src/ledger/ to its own change",)}


def test_no_way_is_promised_where_none_works() -> None:
    of = policy("rules: [{id: a, then: block}, {id: b, when: {ai.detected: true}, then: warn}]")
    assert ways(of, {"ai.detected": True}, PATHS) == {"a": (), "b": ()}


def test_an_exempting_condition_over_all_files_is_a_way() -> None:
    of = policy("rules: [{id: a, unless: {change.files: {only: ['docs/**']}}, then: {require_review: {}}}]")
    assert ways(of, {}, ["docs/a", "docs/b", "src/x"])["a"][1:] == ("move src/x to its own change",)


def test_a_change_of_one_file_has_nothing_to_move() -> None:
    of = policy("rules: [{id: a, when: {blast.level: at least high}, then: {require_review: {}}}]")
    assert ways(of, {"blast.level": level}, PATHS[:1]) == {"a": ("somebody approves",)}
