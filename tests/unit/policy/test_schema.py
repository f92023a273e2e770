"""The generated JSON Schema and the checker agree on every example and on every broken file."""

from __future__ import annotations

import json
import os
import re
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.policy import test_load
from tests.unit.policy.test_evaluate import ROLES
from tests.unit.policy.test_layers import BASE
from vibeguard.errors import VibeguardError
from vibeguard.policy import schema
from vibeguard.policy.builtin import folder
from vibeguard.policy.load import PolicySource, load
from vibeguard.policy.nodes import Node, read_nodes
from vibeguard.policy.schema import BEYOND, policy_schema

VALIDATOR = jsonschema.Draft202012Validator(policy_schema())


def instance(node: Node) -> Any:
    """What an editor's YAML 1.2 reader makes of a node."""
    if node.kind == "mapping":
        return {key.text: instance(value) for key, value in node.items}
    if node.kind == "list":
        return [instance(item) for item in node.items]
    if node.empty:
        return None
    if node.plain and node.text in ("true", "false"):
        return node.text == "true"
    if node.plain and node.text.isascii() and node.text.isdigit() and len(node.text) < 20:
        return int(node.text) if node.text == "0" or node.text[0] != "0" else node.text
    return node.text


def agree(text: str) -> None:
    """The schema accepts what the checker accepts, and refuses what it refuses for a reason a schema can see."""
    codes: set[str] = set()
    tree = {"base.yaml": BASE.encode(), "policies/a.yaml": b"version: 1\nrules: [{id: other, then: warn}]\n"}
    try:
        load(PolicySource("p.yaml", text.encode("utf-8", "surrogateescape")), tree.get, lambda _: tuple(tree))
    except VibeguardError as error:
        codes = {problem.code for problem in error.problems}  # type: ignore[attr-defined]
    root, problems = read_nodes(text.encode("utf-8", "surrogateescape"), "p.yaml")
    if root is None or any(problem.code in BEYOND | {"key"} for problem in problems.found):
        return  # no editor would have a value to validate
    complaints = [str(error.message)[:200] for error in VALIDATOR.iter_errors(instance(root))]
    if not codes:
        assert not complaints, (text, complaints)
    elif not codes <= BEYOND:
        assert complaints, (text, codes)


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(policy_schema())


@pytest.mark.parametrize("name", sorted(name for name in os.listdir(folder()) if name.endswith(".yaml")))
def test_they_agree_on_every_shipped_policy(name: str) -> None:
    with open(os.path.join(folder(), name), encoding="utf-8") as file:
        agree(file.read())


@pytest.mark.parametrize("case", test_load.CASES, ids=lambda case: case[1])
def test_they_agree_on_every_broken_file(case: tuple[str, str, str]) -> None:
    agree(case[0])


@pytest.mark.parametrize("case", test_load.RULES, ids=lambda case: case[0][:40])
def test_they_agree_on_every_broken_rule(case: tuple[str, str, str, str]) -> None:
    then = "" if case[0].startswith("then") else "\nthen: warn"
    lines = "".join(f"    {line}\n" for line in (case[0] + then).split("\n"))
    agree(f"version: 1\n{ROLES}\nrules:\n  - id: one\n{lines}")


GOOD = [
    BASE,
    "version: 1\nextends: [base.yaml, 'policies/*.yaml']\ntighten: {pair: {unless: none, stages: [commit, push, ci], then: {require_review: {count: 3}}}}",
    "version: 1\nextends: base.yaml\ntighten: {pair: {enforce_from: none, mode: enforce}, break_glass: {waives: pair}}",
    "version: '1'\nfacts: {x.coverage: {type: percent, description: lines covered}, x.risk: {type: level, levels: [low, high]}}\n"
    "rules: [{id: a, when: {x.coverage: at most 80%, x.risk: at least high}, then: warn}]",
    "version: 1\nwindows: {night: {hours: 22:00 to 06:00, weekdays: [friday], timezone: Europe/Berlin}}\n"
    "rules: [{id: a, when: {time.window: night}, then: [warn, {require_checks: t}]}]",
    "version: 1\nprotected_refs: [main, 'release/*']\non_error: {commit: warn}\nownership: {dialect: gitlab}\ndependents: {build_in_background: true}\n"
    "provenance: {declare_with: 'Assisted-by: X', tools: {our-bot: [bot@example.com]}}\nrules: [{id: a, then: require_review}]",
    "version: 1\nrules: [{id: a, when: {change.new_dependencies: true, change.opaque_files: at least 2, author.user: {none_of: [amy]}}, then: {warn: true, block: true}}]",
    "version: 1\nrules: [{id: a, when: {not: {any: {ai.detected: true, ai.lines: between 1 and 5}}}, then: {require_trailer: [A, {name: B, on: any-commit}]}}]",
]  # fmt: skip


@pytest.mark.parametrize("text", GOOD)
def test_they_agree_on_good_policies(text: str) -> None:
    load(
        PolicySource("p.yaml", text.encode()),
        {"base.yaml": BASE.encode(), "policies/a.yaml": b"version: 1\nrules: [{id: other, then: warn}]\n"}.get,
        lambda _: ("policies/a.yaml",),
    )
    agree(text)


MUTABLE = [text for text in GOOD if "x.coverage" not in text]  # types of own facts are beyond a schema
WORDS = ["ai.detected", "blast.level", "change.files", "true", "at least high", "at least 3", "50%", "count", "by", "owners", "roles",
         "x", "warn", "block", "require_review", "all", "any", "none", "ci", "when", "unless", "then", "mode", "stages", "id", "[]", "{}",
         "1", "0", "~", "version", "people", "tags", "defaults", "if_unknown", "enforce", "skip", "only_looking_at", "paths", "a/**"]  # fmt: skip


@given(st.integers(0, 10_000), st.sampled_from(WORDS), st.sampled_from(["replace", "delete", "double"]))
@settings(max_examples=300, deadline=None)
def test_they_agree_on_mutations_of_a_policy(at: int, word: str, how: str) -> None:
    pieces = re.split(r"(\b[a-z_.-]+\b|[{}\[\],:]|[0-9]+)", MUTABLE[at % len(MUTABLE)])
    place = at % len(pieces)
    pieces[place] = {"replace": word, "delete": "", "double": pieces[place] * 2}[how]
    agree("".join(pieces))


def test_the_shipped_schema_is_the_generated_one() -> None:
    path = os.path.join(os.path.dirname(schema.__file__), "policy.v1.json")
    with open(path, encoding="utf-8") as file:
        assert json.load(file) == policy_schema(), "run: vibeguard policy schema > src/vibeguard/policy/policy.v1.json"
