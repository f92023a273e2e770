"""Break-glass: a state of its own, and only for what the policy names."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.policy.given import NOON, judge, policy
from vibeguard.model import ReviewDemand, Waiver

POLICY = """version: 1
people: {roles: {on-call: [cara], senior: [amy, bob]}}
rules:
  - {id: seniors, then: {require_review: {by: {roles: [senior]}}}}
  - {id: never, when: {change.kinds: secrets}, then: block}
  - {id: held, when: {ai.detected: true}, then: block}
break_glass:
  who: {roles: [on-call]}
  must_state: {reason: at least 20 characters, ticket: "INC-[0-9]+"}
  waives: [seniors, held]
  covers: this-commit
  waiver_lasts: 4 hours
  afterwards: {require_review: {count: 2, by: {roles: [senior]}}, due: 2 days, otherwise: block-merges-until-reviewed}
"""
GOOD = Waiver("cara", "the shop is down for everybody", "INC-12", "abc123", "2027-01-15T07:00:00Z", "github")
CALM = {"change.kinds": ("code",), "ai.detected": False}


def entitled(waiver: Waiver, who: ReviewDemand) -> str:
    assert who.by == "roles" and who.names == ("on-call",)
    return "" if waiver.who == "cara" else "is not on-call"


def broken(*waivers: Waiver, facts: dict[str, Any] | None = None, **more: Any) -> Any:
    given = {"head": "ABC123", "now": NOON, **more}
    return judge(policy(POLICY), facts or CALM, waivers=waivers, entitled=entitled, **given)


def test_a_waiver_that_counts_overrides_and_leaves_a_review_owed() -> None:
    verdict = broken(GOOD)
    assert verdict.verdict == "overridden"
    (override,) = verdict.overrides
    assert (override.rules, override.who, override.ticket) == (("seniors",), "cara", "INC-12")
    assert (override.stated, override.ends, override.due) == (
        "2027-01-15T07:00:00Z",
        "2027-01-15T11:00:00Z",
        "2027-01-17T07:00:00Z",
    )
    assert (
        override.owed == ReviewDemand(2, "roles", ("senior",)) and override.otherwise == "block-merges-until-reviewed"
    )
    seniors = verdict.rules[0]
    assert (seniors.outcome, seniors.would_be, seniors.waived_by) == ("pass", "needs", "cara")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"who": "eve"}, "is not on-call"),
        ({"reason": "urgent"}, "the reason must have at least 20 characters"),
        ({"reason": "x" + " " * 40}, "the reason must have at least 20 characters"),
        ({"ticket": "INC-12; drop"}, "the ticket must match"),
        ({"ticket": ""}, "the ticket must match"),
        ({"commit": "def456"}, "stated on def456, not on ABC123"),
        ({"commit": None}, "stated on a commit that is not known"),
        ({"at": "2027-01-15T03:59:59Z"}, "it ended at 2027-01-15T07:59:59Z"),
        ({"at": "2027-01-15T09:00:00Z"}, "stated in the future"),
        ({"at": ""}, "when it was stated is not known"),
        ({"assurance": "claimed"}, "not authenticated"),
        ({"invalid": "bad signature"}, "bad signature"),
    ],
)
def test_a_waiver_that_lacks_something_changes_nothing_and_says_why(change: dict[str, Any], why: str) -> None:
    verdict = broken(GOOD._replace(**change))
    assert verdict.verdict == "needs" and not verdict.overrides
    assert why in verdict.waivers_not_counted[0].why


def test_only_rules_that_are_named_are_waived() -> None:
    everything = {"change.kinds": ("secrets",), "ai.detected": True}
    verdict = broken(GOOD, facts=everything)
    assert verdict.verdict == "blocked"
    assert {result.id: result.outcome for result in verdict.rules} == {
        "seniors": "pass",
        "never": "blocked",
        "held": "pass",
    }
    narrow = broken(GOOD._replace(rules=("held",)), facts={**CALM, "ai.detected": True})
    assert narrow.verdict == "needs" and narrow.overrides[0].rules == ("held",)
    beyond = broken(GOOD._replace(rules=("never",)), facts=everything)
    assert beyond.verdict == "blocked" and "does not waive never" in beyond.waivers_not_counted[0].why


def test_without_a_section_nobody_breaks_the_glass() -> None:
    of = policy("rules: [{id: a, then: block}]")
    verdict = judge(of, waivers=(GOOD,), head="abc123")
    assert verdict.verdict == "blocked" and "no `break_glass`" in verdict.waivers_not_counted[0].why


def test_a_waiver_that_waives_nothing_is_no_override() -> None:
    of = policy(POLICY.replace("then: {require_review: {by: {roles: [senior]}}}", "then: warn"))
    assert judge(of, CALM, waivers=(GOOD,), entitled=entitled, head="abc123").verdict == "warn"
