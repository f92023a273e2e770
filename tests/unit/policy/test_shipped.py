"""The policies that ship: each has tests in which every rule of its own applies, and in which it does not."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vibeguard.check.policy_tests import run_cases
from vibeguard.errors import CONFIG, VibeguardError
from vibeguard.policy.builtin import PREFIX, folder, list_builtins, read_builtin
from vibeguard.policy.lint import lint
from vibeguard.policy.load import PolicySource, load
from vibeguard.policy.testing import read_cases

NAMES = [name.removeprefix(PREFIX) for name in list_builtins()]
EXPECTED_LINT = {"nobody", "always-unknown"}  # roles to be named, and facts of rooms that are not finished


def loaded(name: str) -> PolicySource:
    text = read_builtin(name)
    assert text is not None
    return PolicySource(PREFIX + name, text)


def test_six_policies_ship() -> None:
    assert NAMES == ["starter", "strict", "senior-signoff", "declare", "no-ai", "regulated"]


@pytest.mark.parametrize("name", NAMES)
def test_its_tests_hold_and_cover_every_rule_both_ways(name: str) -> None:
    policy = load(loaded(name))
    with open(os.path.join(folder(), "tests", f"{name}.yaml"), "rb") as file:
        read = read_cases(PolicySource(f"policies/tests/{name}.yaml", file.read()), policy)
    outcomes = run_cases(read.policy, read.cases, now=1_800_000_000)
    assert [(outcome.case.name, outcome.differences) for outcome in outcomes if outcome.differences] == []
    for rule in policy.rules:
        if rule.place.path != PREFIX + name:
            continue
        seen = {result.outcome for outcome in outcomes for result in outcome.verdict.rules if result.id == rule.id}
        assert seen & {"warn", "needs", "blocked"}, f"{rule.id} never applies"
        assert "pass" in seen, f"{rule.id} always applies"
        assert rule.description and rule.message


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_to_be_remarked_but_what_is_left_to_name(name: str) -> None:
    assert {problem.code for problem in lint(load(loaded(name)), now=1_800_000_000)} <= EXPECTED_LINT


@pytest.mark.parametrize("name", NAMES)
def test_it_begins_with_what_is_always_true(name: str) -> None:
    header = loaded("starter").text.split(b"version: 1")[0]
    assert loaded(name).text.startswith(header)


PIECES = ["- name: a\n", "  given: ", "  expect: {verdict: pass}\n", "{ai.detected: true}\n", "reviews: [{by: amy}]\n", "tests:\n", "policy: x\n", "- ", "{", "}",
          "[", "]", ":", "\n", "  ", "'", "~", "at: 2027\n", "waivers: [{by: x}]\n", "hours_ago: 9\n", "%", "<<", "*a", "teams: {a: b}\n"]  # fmt: skip


@given(
    st.binary(max_size=100) | st.lists(st.sampled_from(PIECES), max_size=25).map(lambda parts: "".join(parts).encode())
)
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_tests_or_our_error(raw: bytes) -> None:
    policy = load(loaded("starter"))
    try:
        run_cases(policy, read_cases(PolicySource("t.yaml", raw), policy).cases, now=0)
    except VibeguardError as error:
        assert error.kind == CONFIG
