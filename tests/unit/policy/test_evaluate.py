"""What a policy says about a change."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.policy.given import Given, judge, met, policy, rule, unmet
from vibeguard.model import Fact, Requirement, Share
from vibeguard.policy.evaluate import NO_RULE_APPLIED, evaluate
from vibeguard.policy.load import PolicySource, load

ROLES = "people: {roles: {senior: [amy]}}\ntags: {money: ['src/ledger/**']}"


def outcome(body: str, facts: dict[str, Any] | None = None, **more: Any) -> str:
    return judge(rule(body, more=ROLES), facts, **more).rules[0].outcome


@pytest.mark.parametrize(
    ("condition", "facts", "held"),
    [
        ("{ai.detected: true}", {"ai.detected": True}, True),
        ("{ai.detected: false}", {"ai.detected": True}, False),
        ("{blast.level: at least high}", {"blast.level": "high"}, True),
        ("{blast.level: at least high}", {"blast.level": "moderate"}, False),
        ("{blast.level: at most moderate}", {"blast.level": "low"}, True),
        ("{blast.level: exactly high}", {"blast.level": "critical"}, False),
        ("{ai.confidence: at least likely}", {"ai.confidence": "possible"}, False),
        ("{blast.score: at least 50}", {"blast.score": 50}, True),
        ("{blast.score: more than 50}", {"blast.score": 50}, False),
        ("{blast.score: less than 50}", {"blast.score": 49}, True),
        ("{blast.score: between 10 and 20}", {"blast.score": 20}, True),
        ("{blast.score: exactly 7}", {"blast.score": 7}, True),
        ("{ai.share_of_added_lines: at least 50%}", {"ai.share_of_added_lines": 50}, True),
        ("{ai.share_of_added_lines: at least 29%}", {"ai.share_of_added_lines": Share(0.29, 0.29)}, True),
        ("{ai.share_of_added_lines: at least 50%}", {"ai.share_of_added_lines": Share(0.2, 0.9)}, True),
        ("{ai.share_of_added_lines: at most 30%}", {"ai.share_of_added_lines": Share(0.2, 0.9)}, True),
        ("{ai.share_of_added_lines: at least 1%}", {"ai.share_of_added_lines": None}, False),
        ("{branch.target: [main, 'release/*']}", {"branch.target": "release/1"}, True),
        ("{branch.target: main}", {"branch.target": "maine"}, False),
        ("{ai.tools: claude-code}", {"ai.tools": ("claude-code", "copilot")}, True),
        ("{ai.tools: {all_of: [claude-code, cursor]}}", {"ai.tools": ("claude-code", "copilot")}, False),
        ("{ai.tools: {none_of: [cursor]}}", {"ai.tools": ("claude-code", "copilot")}, True),
        ("{ai.tools: {only: ['c*']}}", {"ai.tools": ("claude-code", "copilot")}, True),
        ("{ai.tools: {only: [copilot]}}", {"ai.tools": ("claude-code", "copilot")}, False),
        ("{author.user: Amy}", {"author.user": "amy"}, True),
        ("{change.new_dependencies: at least 2}", {"change.new_dependencies": ("left-pad",)}, False),
        ("{change.new_dependencies: true}", {"change.new_dependencies": ("left-pad",)}, True),
        ("{change.opaque_files: false}", {"change.opaque_files": ()}, True),
        ("{change.files: 'src/**'}", {}, True),
        ("{change.files: {only: ['docs/**']}}", {}, False),
        ("{change.files: {none_of: ['docs/**']}}", {}, True),
        ("{any: {ai.detected: true, blast.level: at least high}}", {"ai.detected": False, "blast.level": "high"}, True),
        ("{any: [{ai.detected: true}, {blast.level: at least high}]}", {"ai.detected": True, "blast.level": "low"}, True),
        ("{all: [{ai.detected: true}, {blast.level: at least high}]}", {"ai.detected": True, "blast.level": "low"}, False),
        ("{not: {ai.detected: true}}", {"ai.detected": False}, True),
        ("{not: {ai.detected: true, ai.declared: true}}", {"ai.detected": True, "ai.declared": False}, True),
    ],
)  # fmt: skip
def test_a_condition_holds_or_not(condition: str, facts: dict[str, Any], held: bool) -> None:
    assert outcome(f"when: {condition}\nthen: block", facts) == ("blocked" if held else "pass")


def test_a_share_in_unless_is_compared_at_the_end_that_asks_for_more() -> None:
    body = "unless: {ai.share_of_added_lines: at most 30%}\nthen: block"
    assert outcome(body, {"ai.share_of_added_lines": Share(0.2, 0.9)}) == "blocked"
    assert outcome(body, {"ai.share_of_added_lines": Share(0.2, 0.3)}) == "pass"
    under_not = "when: {not: {ai.share_of_added_lines: at most 30%}}\nthen: block"
    assert outcome(under_not, {"ai.share_of_added_lines": Share(0.2, 0.9)}) == "blocked"


@pytest.mark.parametrize(
    ("body", "facts", "stage", "expected"),
    [
        ("when: {ai.detected: true}\nthen: block", {}, "ci", "blocked"),
        ("when: {ai.detected: true}\nthen: block", {}, "commit", "warn"),
        ("when: {ai.detected: true}\nthen: block\nif_unknown: skip", {}, "ci", "unknown"),
        ("when: {ai.detected: true}\nthen: block\nif_unknown: warn", {}, "ci", "warn"),
        ("when: {ai.detected: true}\nthen: block\nif_unknown: enforce", {}, "commit", "blocked"),
        ("unless: {ai.detected: true}\nthen: block", {}, "ci", "blocked"),
        ("unless: {ai.detected: true}\nthen: block\nif_unknown: skip", {}, "ci", "unknown"),
        ("when: {ai.detected: true, ai.declared: true}\nthen: block", {"ai.declared": False}, "ci", "pass"),
        ("when: {any: [{ai.detected: true}, {ai.declared: true}]}\nthen: block\nif_unknown: skip", {"ai.declared": True},
         "ci", "blocked"),
        ("when: {not: {ai.detected: true}}\nthen: block\nif_unknown: skip", {}, "ci", "unknown"),
        ("when: {ai.detected: true}\nthen: block", {"ai.detected": "a text"}, "ci", "blocked"),
    ],
)  # fmt: skip
def test_what_is_not_known_means_what_the_rule_says(
    body: str, facts: dict[str, Any], stage: Any, expected: str
) -> None:
    assert outcome(body, facts, stage=stage) == expected


def test_the_default_of_a_file_is_for_the_rules_of_that_file() -> None:
    text = "version: 1\ndefaults: {if_unknown: skip}\nextends: [o.yaml]\nrules: [{id: mine, when: {ai.detected: true}, then: block}]"
    other = "version: 1\nrules: [{id: theirs, when: {ai.detected: true}, then: block}]"
    assert {result.id: result.outcome for result in judge(policy(text, o=other)).rules} == {
        "mine": "unknown",
        "theirs": "blocked",
    }


def test_a_scope_narrows_every_fact_and_demand_to_the_files_in_view() -> None:
    seen: list[Any] = []

    def fulfil(demand: Any, only: Any, beside: Any) -> Any:
        seen.append(only)
        return unmet(demand, only, beside)

    of = rule(
        "only_looking_at: {tags: [money]}\nwhen: {ai.share_of_added_lines: at least 10%}\nthen: {require_review: {}}",
        more=ROLES,
    )
    facts = {"ai.share_of_added_lines": lambda only: 80 if only == {"src/ledger/a.py"} else 5}
    verdict = judge(of, facts, fulfil=fulfil, paths=["src/ledger/a.py", "docs/b.md"])
    assert verdict.rules[0].outcome == "needs"
    assert seen == [frozenset({"src/ledger/a.py"})]
    assert judge(of, facts, paths=["docs/b.md"]).rules[0].outcome == "pass"


def test_a_scope_may_be_by_path_owner_kind_and_language() -> None:
    owners = {"a.py": ("@Acme/Pay",), "b.py": ("@acme/web",)}
    for scope, facts in [
        ("paths: ['a.*']", {}),
        ("owners: [acme/pay]", {}),
        ("kinds: [code]", {"change.kinds": lambda only: ("code",) if only == {"a.py"} else ("docs",)}),
    ]:
        of = rule(f"only_looking_at: {{{scope}}}\nthen: warn")
        verdict = judge(of, facts, paths=["a.py", "b.py"], owners=owners)
        assert verdict.rules[0].reasons[0].evidence == ("a.py",), scope
        assert verdict.rules[0].outcome == "warn"


def test_a_file_whose_kind_is_not_known_stays_in_view() -> None:
    assert outcome("only_looking_at: {kinds: [migration]}\nthen: block") == "blocked"


def test_a_fact_that_cannot_be_scoped_is_asked_for_once() -> None:
    source = Given({"author.user": "zoe", "ai.detected": True}, paths=["src/ledger/a.py", "b"])
    of = policy(ROLES + "\nrules:\n" + "".join(
        f"  - {{id: r{i}, only_looking_at: {{tags: [money]}}, when: {{author.user: zoe, ai.detected: true}}, then: warn}}\n" for i in range(3)))  # fmt: skip
    evaluate(of, source, stage="ci", fulfil=unmet, now=0)
    assert source.asked == [("author.user", None), ("ai.detected", frozenset({"src/ledger/a.py"}))]


def test_tags_come_from_the_policy_itself() -> None:
    assert outcome("when: {change.tags: money}\nthen: block", paths=["src/ledger/x"]) == "blocked"
    assert outcome("when: {change.tags: money}\nthen: block", paths=["src/other/x"]) == "pass"


def test_modes_and_days_cap_what_a_rule_does() -> None:
    assert outcome("mode: warn\nthen: block") == "warn"
    assert outcome("mode: record-only\nthen: block") == "pass"
    assert judge(rule("mode: record-only\nthen: block")).rules[0].would_be == "blocked"
    assert outcome('enforce_from: "2027-01-15"\nthen: block') == "blocked"
    assert outcome('enforce_from: "2027-01-16"\nthen: block') == "warn"
    assert outcome("stages: [push]\nthen: block") == "skipped"
    assert judge(rule("mode: record-only\nthen: block")).verdict == "pass"


def test_the_strictest_rule_decides_and_requirements_add_up() -> None:
    of = policy(
        "rules: [{id: a, then: warn}, {id: b, then: {require_review: {count: 2}, require_trailer: T}}, {id: c, then: {require_checks: [t]}}]"
    )
    verdict = judge(of)
    assert verdict.verdict == "needs"
    assert [len(result.requirements) for result in verdict.rules] == [0, 2, 1]
    assert judge(of, fulfil=met).verdict == "warn"
    blocking = policy("rules: [{id: a, then: [block, {require_review: {}}]}, {id: b, then: warn}]")
    assert judge(blocking, fulfil=met).verdict == "blocked"


def test_a_trailer_is_not_asked_for_before_there_is_a_message() -> None:
    of = rule("then: {require_trailer: Risk-Ticket, require_checks: [contract]}")
    early = judge(of, stage="commit")
    assert early.verdict == "pass"
    assert any("Risk-Ticket" in notice for notice in early.notices) and any(
        "contract" in notice for notice in early.notices
    )
    assert judge(of, stage="commit-msg").verdict == "needs"
    assert judge(of, stage="ci").verdict == "needs"


def test_nothing_matched_is_said() -> None:
    verdict = judge(rule("when: {ai.detected: true}\nthen: block"), {"ai.detected": False})
    assert verdict.verdict == "pass" and NO_RULE_APPLIED in verdict.notices


def test_the_whole_tree_of_reasons_is_kept_with_lines_and_evidence() -> None:
    of = rule(
        "when:\n  ai.detected: true\n  any:\n    - blast.level: at least high\n    - change.files: 'src/**'\nthen: warn"
    )
    result = judge(of, {"ai.detected": Fact(value=True, evidence=("trailer 3f2c1ab",)), "blast.level": "low"}).rules[0]
    when = result.reasons[0]
    assert (when.fact, when.held, len(when.children)) == ("when", True, 2)
    assert when.children[0].evidence == ("trailer 3f2c1ab",) and when.children[0].line == 6
    either = when.children[1]
    assert (either.fact, either.held) == ("any", True)
    assert [(child.fact, child.wanted, child.actual, child.held) for child in either.children] == [
        ("blast.level", "at least high", "low", False), ("change.files", "src/**", "src/app.py", True),
    ]  # fmt: skip


def test_a_message_holds_the_values_of_facts_and_nothing_else() -> None:
    of = rule("then: warn\nmessage: '{ai.share_of_added_lines} by {ai.tools}; {blast.dependents} depend'")
    facts = {"ai.share_of_added_lines": Share(0.4, 0.83), "ai.tools": ("claude-code", "cursor")}
    assert judge(of, facts).rules[0].message == "40–83% by claude-code, cursor; unknown depend"


def test_what_is_wanted_can_be_known_before_anything_is_asked() -> None:
    of = policy(
        "rules: [{id: a, stages: [ci], when: {ai.detected: true}, then: warn}, {id: b, when: {blast.level: at least high}, message: '{ai.tools}', then: {require_review: {by: owners}}}]"
    )
    assert of.wanted_facts("commit") == {"blast.level", "ai.tools", "owners"}
    assert of.wanted_facts("ci") == {"ai.detected", "blast.level", "ai.tools", "owners"}


def test_an_exception_in_a_fact_is_never_a_pass() -> None:
    def broken(only: Any) -> Any:
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        judge(rule("when: {ai.detected: true}\nthen: block\nif_unknown: skip"), {"ai.detected": broken})


def test_an_exemption_is_not_asked_about_where_the_rule_does_not_apply() -> None:
    policy = load(
        PolicySource(
            "p.yaml",
            b"version: 1\nname: p\nrules:\n  - id: r\n    when: {ai.detected: true}\n"
            b"    unless: {author.familiarity: at least high}\n    then: block\n",
        )
    )
    asked: list[str] = []

    class Source:
        def paths(self) -> list[str]:
            return ["a.py"]

        def owners(self, path: str) -> tuple[str, ...]:
            return ()

        def fact(self, name: str, only: frozenset[str] | None) -> Fact:
            asked.append(name)
            return Fact(value=False)

    def nothing(*_: object) -> Requirement:
        raise AssertionError("nothing is asked for")

    assert evaluate(policy, Source(), stage="ci", fulfil=nothing, now=0.0).verdict == "pass"
    assert asked == ["ai.detected"]
