"""One table of facts: nothing that is made from it can drift."""

from __future__ import annotations

import os

import pytest

from tests.unit.policy.given import NOON, judge, rule
from vibeguard.content import kinds
from vibeguard.model import CONFIDENCES, LEVELS, Share
from vibeguard.policy import facts
from vibeguard.policy.facts import FACTS, FactSpec, fact_names, find_fact
from vibeguard.policy.facts_page import as_markdown, as_text
from vibeguard.policy.schema import policy_schema

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

WRITTEN = {
    "yes-no": ("true", True, False),
    "number": ("at least 3", 3, 2),
    "percent": ("at least 50%", Share(0.2, 0.6), 49.5),
    "text": ("yes-it-is", "yes-it-is", "other"),
    "set": ("yes-it-is", ("a", "yes-it-is"), ("other",)),
    "paths": ("src/**", ("src/a.py",), ("docs/a.md",)),
}
NAMES = "people: {roles: {yes-it-is: [amy]}}\ntags: {yes-it-is: ['x/**']}\nwindows: {yes-it-is: {weekdays: monday, timezone: UTC}}"


def example(spec: FactSpec) -> tuple[str, object, object]:
    """How a condition on the fact is written, a value for which it holds, and one for which it does not."""
    if spec.type == "level":
        return f"at least {spec.values[1]}", spec.values[1], spec.values[0]
    if spec.values:
        yes, no = spec.values[0], spec.values[1]
        return yes, yes if spec.type == "text" else (yes,), no if spec.type == "text" else (no,)
    return WRITTEN[spec.type]


@pytest.mark.parametrize("name", fact_names())
def test_every_fact_is_checked_evaluated_and_in_the_schema(name: str) -> None:
    spec = find_fact(name)
    assert spec is not None
    written, yes, no = example(spec)
    of = rule(f"when: {{{name}: {written}}}\nthen: block", more=NAMES)
    if name in facts.DERIVED or name == "change.files":
        assert name in of.wanted_facts("ci")
    else:
        assert judge(of, {name: yes}, now=NOON).rules[0].outcome == "blocked"
        assert judge(of, {name: no}, now=NOON).rules[0].outcome == "pass"
    assert name in policy_schema()["$defs"]["condition"]["properties"]


@pytest.mark.parametrize("name", FACTS)
def test_every_fact_is_on_the_page_and_in_the_list(name: str) -> None:
    assert f"| `{name}`" in as_markdown()
    assert name in as_text()
    assert FACTS[name].phrase and FACTS[name].description


def test_the_documentation_page_is_the_generated_one() -> None:
    with open(os.path.join(ROOT, "docs", "facts.md"), encoding="utf-8") as file:
        assert file.read() == as_markdown()


def test_the_schema_knows_no_fact_that_the_table_does_not() -> None:
    assert policy_schema()["$defs"]["condition"]["properties"].keys() == {"all", "any", "not", *fact_names()}


def test_words_of_the_table_are_those_of_the_rooms() -> None:
    assert set(facts.KINDS) == set(kinds.KINDS)
    assert facts.LEVEL == LEVELS
    assert facts.CONFIDENCE == CONFIDENCES
