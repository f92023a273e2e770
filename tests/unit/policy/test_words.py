"""Patterns, windows, sentences and lint."""

from __future__ import annotations

import datetime
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.policy.given import judge, policy, rule
from vibeguard.policy import patterns
from vibeguard.policy.difference import differences
from vibeguard.policy.lint import lint
from vibeguard.policy.reading import read_break_glass, read_policy

# -- settings


def test_a_difference_names_the_permission_to_build_in_the_background() -> None:
    plain = rule("then: warn")
    allowing = rule("then: warn", more="dependents: {build_in_background: true}")
    assert [item[:2] for item in differences(plain, allowing)] == [("added", "graphs built in the background")]
    assert [item[:2] for item in differences(allowing, plain)] == [("removed", "graphs built in the background")]


# -- patterns


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("RISK-[0-9]+", "RISK-12", True),
        ("RISK-[0-9]+", "RISK-", False),
        ("RISK-[0-9]+", "xRISK-12", False),
        ("RISK-[0-9]+", "RISK-12\n", False),
        ("a|bc", "bc", True),
        ("(?:a|b){2,3}", "abab", False),
        ("a{0}b?", "", True),
        (r"\d{4}-\d\d", "2027-01", True),
        (r"\d", "٣", False),
        ("[^a-c]x", "dx", True),
        ("[]a]", "]", True),
        ("[a-]", "-", True),
        (".*", "any thing", True),
        (".", "\n", False),
        (r"\.\*", ".*", True),
    ],
)
def test_a_pattern_matches_the_whole_text(pattern: str, text: str, expected: bool) -> None:
    assert patterns.matches(pattern, text) is expected


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+", "(.*/)*", "(a*)*b", "a**", "a+?", "(?=a)", "(?!a)", "(?<=a)", "(?P<n>a)", "(?i)a", r"\1", r"\b", "^a", "a$", "(a",
     "a)", "[a", "[z-a]", "a{2,1}", "a{200}", "a{x}", "*a", "a\\", "((a{100}){100}){100}", "(" * 30 + "a" + ")" * 30, "a" * 501],
)  # fmt: skip
def test_what_is_not_in_the_subset_is_refused(pattern: str) -> None:
    with pytest.raises(patterns.PatternError):
        patterns.parse(pattern)


def test_no_pattern_that_is_accepted_is_slow() -> None:
    started = time.process_time()
    for pattern in (".*a" * 12, "(?:a?){50}a{50}", "(?:a|b|ab)*c", "[a-z]*" * 20 + "!"):
        patterns.matches(pattern, "ab" * 2000)
    assert time.process_time() - started < 10  # backtracking engines need longer than the age of the universe


@given(
    st.lists(st.sampled_from(["a", "b", "[ab]", "(a|b)", "c?", "(ab)*", "b{1,2}", ".", "a+"]), max_size=5).map("".join),
    st.text("abc", max_size=7),
)
@settings(max_examples=400, deadline=None)
def test_the_matcher_agrees_with_python(pattern: str, text: str) -> None:
    try:
        patterns.parse(pattern)
    except patterns.PatternError:
        return
    assert patterns.matches(pattern, text) is (re.fullmatch(pattern, text) is not None)


@given(st.text(max_size=30), st.text(max_size=20))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_pattern_or_refused(pattern: str, text: str) -> None:
    try:
        patterns.parse(pattern)
    except patterns.PatternError:
        return
    patterns.matches(pattern, text)


# -- windows


WINDOWS = """windows:
  freeze: {first_day: "2026-11-24", last_day: "2026-12-02", timezone: America/Los_Angeles}
  night: {weekdays: [friday], hours: "22:00 to 06:00", timezone: Europe/Berlin}
rules: [{id: freeze, when: {time.window: freeze}, then: block}, {id: night, when: {time.window: night}, then: warn}]
"""


@pytest.mark.parametrize(
    ("moment", "freeze", "night"),
    [
        ("2026-11-24T07:59:59+00:00", "pass", "pass"),  # still the 23rd in Los Angeles
        ("2026-11-24T08:00:00+00:00", "blocked", "pass"),
        ("2026-12-03T07:59:59+00:00", "blocked", "pass"),
        ("2026-12-03T08:00:00+00:00", "pass", "pass"),
        ("2026-07-03T20:00:00+00:00", "pass", "warn"),  # Friday, 22:00 in Berlin's summer
        ("2026-07-04T03:59:59+00:00", "pass", "warn"),  # Saturday, 05:59: the night that began on Friday
        ("2026-07-04T04:00:00+00:00", "pass", "pass"),
        ("2026-07-04T20:00:00+00:00", "pass", "pass"),  # Saturday night
    ],
)
def test_a_window_is_open_by_its_own_time_zone(moment: str, freeze: str, night: str) -> None:
    verdict = judge(policy("version: 1\n" + WINDOWS), now=datetime.datetime.fromisoformat(moment).timestamp())
    assert [result.outcome for result in verdict.rules] == [freeze, night]


# -- sentences


def test_a_rule_is_read_with_every_default() -> None:
    of = policy(
        "version: 1\npeople: {roles: {senior: [amy, bob]}, if_no_owner: [senior]}\ntags: {money: ['src/ledger/**']}\nrules:\n"
        "  - id: a\n    only_looking_at: {tags: [money], kinds: [code]}\n    when: {any: [{ai.detected: true}, {not: {blast.score: at most 3}}]}\n"
        "    unless: {change.files: {only: ['docs/**']}}\n    if_unknown: skip\n    stages: [push, ci]\n    enforce_from: '2030-01-01'\n"
        "    then: {require_review: [{count: 2, by: owners, valid_for: this-commit, distinct: true}], require_trailer: {name: T, matching: 'A+'}}\n"
    )
    assert read_policy(of)[0].sentences == (
        "Looking only at changed files that are tagged money (src/ledger/**) and are code, when an AI took part in the change "
        "or it is not so that the blast radius score is at most 3, unless the changed files are all among docs/**, then two "
        "approvals are needed from people among whom is an owner of every owned file in view; where nobody owns it, of senior "
        "each of whom is neither author, contributor, driver of an agent nor bot, for exactly this commit, by people who serve "
        "no other demand and the trailer T whose whole value matches A+ is needed on every commit.",
        "If it cannot be known whether an AI took part in the change, what the blast radius score is or what the changed files "
        "are, and that would decide, the rule is silent.",
        "Until 2030-01-01 (UTC) it only warns.",
        "It speaks only at push and in CI; before CI a missing review is only a notice.",
    )


def test_break_glass_is_read_in_one_sentence() -> None:
    of = policy(
        "version: 1\npeople: {roles: {on-call: [cara]}}\nrules: [{id: a, then: block}]\nbreak_glass: {who: {roles: [on-call]}, "
        "must_state: {reason: at least 20 characters}, waives: [a], waiver_lasts: 90 minutes, afterwards: {require_review: {}, due: 2 days}}"
    )
    assert read_break_glass(of.break_glass[0], of) == (
        "An on-call (cara), neither author nor contributor, may waive a for one commit by stating a reason of at least 20 "
        "characters; the waiver ends 90 minutes after it was stated; one approval is owed from another person who is neither "
        "author, contributor, driver of an agent nor bot, for exactly this diff, within 2 days."
    )


# -- lint


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("rules: [{id: a, when: {blast.score: at least 5, all: [{blast.score: less than 5}]}, then: warn}]", "never-matches"),
        ("rules: [{id: a, when: {all: [{ai.detected: true}, {ai.detected: false}]}, then: warn}]", "never-matches"),
        ("rules: [{id: a, when: {all: [{branch.target: main}, {branch.target: dev}]}, then: warn}]", "never-matches"),
        ("rules: [{id: a, when: {ai.lines: less than 0}, then: warn}]", "never-matches"),
        ("rules: [{id: a, unless: {ai.lines: at least 0}, then: warn}]", "never-matches"),
        ("rules: [{id: a, when: {blast.score: at least 5}, then: block}, {id: b, when: {blast.score: at least 9}, then: block}]", "covered"),
        ("rules: [{id: a, then: {require_review: {count: 2}}}, {id: b, when: {ai.detected: true}, then: {require_review: {}}}]", "covered"),
        ("rules: [{id: a, then: {require_review: {may_include: [bots]}}}]", "own-approval"),
        ("people: {roles: {r: to-be-named}}\nrules: [{id: a, then: {require_review: {by: {roles: [r]}}}}]", "nobody"),
        ("people: {roles: {r: [amy]}}\nrules: [{id: a, then: {require_review: {count: 2, by: {roles: [r]}}}}]", "too-few-people"),
        ("rules: [{id: a, then: {require_review: {by: {users: [amy]}}}}]", "own-change"),
        ("people: {roles: {r: [amy]}}\nrules: [{id: a, then: warn}]", "unused-role"),
        ("windows: {w: {last_day: '2020-01-01', timezone: UTC}}\nrules: [{id: a, when: {time.window: w}, then: warn}]", "past"),
        ("windows: {w: {weekdays: [monday], timezone: UTC}}\nrules: [{id: a, then: warn}]", "unused-window"),
        ("rules: [{id: a, when: {ai.detected: true}, then: block}, {id: b, when: {any: [{ai.lines: at least 5}, {ai.tools: x}]}, then: block}]", "rests-on-ai"),
        ("rules: [{id: a, then: block}]", "policy-unguarded"),
        ("rules: [{id: a, when: {change.files: '*.py'}, then: block}]", "matches-nothing"),
        ("rules: [{id: a, only_looking_at: {paths: SRC/**}, then: block}]", "matches-nothing"),
        ("tags: {t: [srcs/**]}\nrules: [{id: a, when: {change.tags: t}, then: block}]", "matches-nothing"),
    ],
)  # fmt: skip
def test_lint_sees(text: str, code: str) -> None:
    found = lint(policy("version: 1\n" + text), tracked=["src/a.py"], now=1_800_000_000)
    assert code in {problem.code for problem in found}, found
    assert all(problem.level == "warning" for problem in found)


def test_lint_has_nothing_to_say_of_a_sound_policy() -> None:
    text = (
        "version: 1\npeople: {roles: {senior: [amy, bob, cara]}}\nrules:\n  - {id: a, when: {blast.level: at least high}, then: {require_review: {by: {roles: [senior]}}}}\n"
        "  - {id: b, when: {ai.detected: true, blast.level: at least moderate}, then: {require_review: {}}}\n  - {id: c, when: {change.touches_policy: true}, then: {require_review: {}}}"
    )
    assert lint(policy(text), tracked=["src/a.py"], now=1_800_000_000) == ()


def test_5_000_rules_are_linted_in_reasonable_time() -> None:
    rules = ", ".join(
        f"{{id: r{i}, when: {{change.files: 'src/m{i}/**', ai.detected: true}}, then: warn}}" for i in range(1000)
    )
    started = time.process_time()
    lint(policy(f"version: 1\nrules: [{rules}]"), tracked=[f"src/m{i}/a.py" for i in range(1000)])
    assert time.process_time() - started < 20


# -- differences


def test_what_moved_is_no_difference_and_what_changed_is_one() -> None:
    one = rule("when: {ai.detected: true}\nthen: warn", more="tags: {t: [a]}")
    same = rule("then: warn\nwhen:\n  ai.detected: true", more="# moved\ntags:\n  t:\n    - a")
    assert differences(one, same) == ()
    other = rule("when: {ai.detected: true}\nthen: block\nmessage: no", more="tags: {t: [b], u: [c]}")
    assert [(item.kind, item.what) for item in differences(one, other)] == [
        ("changed", "rule one"), ("changed", "tag t"), ("added", "tag u"),
    ]  # fmt: skip
    assert [(item.kind, item.what) for item in differences(other, one)][-1] == ("removed", "tag u")
