"""Layers: what a file may change of the files that it extends."""

from __future__ import annotations

import hashlib

import pytest

from tests.unit.policy.given import judge, policy
from vibeguard import model
from vibeguard.errors import VibeguardError
from vibeguard.model import ReviewDemand
from vibeguard.policy.load import PolicySource, load

BASE = """version: 1
people: {roles: {senior: [amy, bob], on-call: [cara, dan]}}
tags: {money: ["src/ledger/**"]}
rules:
  - id: pair
    mode: warn
    if_unknown: skip
    enforce_from: "2027-06-01"
    stages: [push, ci]
    when:
      blast.score: at least 50
      change.kinds: [code]
      ai.lines: at most 10
    unless: {author.roles: [senior]}
    then:
      require_review: {count: 1, by: {roles: [senior, on-call]}}
      require_test_changes: true
  - {id: plain, then: {require_review: {count: 2, valid_for: this-commit, assurance: re-authenticated, distinct: true}}}
break_glass:
  who: {roles: [on-call, senior]}
  must_state: {reason: at least 20 characters}
  waives: [pair, plain]
  waiver_lasts: 4 hours
  afterwards: {require_review: {count: 2}, due: 2 days, otherwise: block-merges-until-reviewed}
"""


def lower(body: str) -> str:
    return "version: 1\nextends: base.yaml\n" + body


def refused(body: str) -> list[str]:
    with pytest.raises(VibeguardError) as caught:
        policy(lower(body), base=BASE)
    return list(caught.value.details)


def test_what_a_tightening_does_not_name_is_kept() -> None:
    plain = policy(lower(""), base=BASE).find_rule("pair")
    rule = policy(lower("tighten: {pair: {then: {require_review: {count: 2}}}}"), base=BASE).find_rule("pair")
    assert plain is not None and rule is not None
    assert rule.demands == (
        ReviewDemand(2, "roles", ("senior", "on-call"), rule="pair"),
        model.TestsDemand(),
    )
    assert rule._replace(demands=plain.demands, tightened=()) == plain


@pytest.mark.parametrize(
    "change",
    [
        "pair: {mode: enforce}",
        "pair: {if_unknown: warn}",
        "pair: {if_unknown: enforce}",
        'pair: {enforce_from: "2027-01-01"}',
        "pair: {enforce_from: none}",
        "pair: {stages: [commit, push, ci]}",
        "pair: {when: {blast.score: at least 40}}",
        "pair: {when: {ai.lines: at most 20, change.kinds: [code, schema]}}",
        "pair: {unless: none}",
        "pair: {unless: {author.familiarity: at least high}}",
        "pair: {then: {require_review: {count: 2, by: {roles: [senior]}, valid_for: this-commit}}}",
        "pair: {then: {require_review: {assurance: re-authenticated, distinct: true}}}",
        "break_glass: {waives: [pair], waiver_lasts: 2 hours, who: {roles: [on-call]}}",
        "break_glass: {must_state: {reason: at least 40 characters, ticket: 'INC-[0-9]+'}}",
        "break_glass: {afterwards: {require_review: {count: 3}, due: 1 day, otherwise: block-merges-until-reviewed}}",
    ],
)
def test_a_lower_layer_may_tighten(change: str) -> None:
    before, after = policy(lower(""), base=BASE), policy(lower(f"tighten: {{{change}}}"), base=BASE)
    assert (before.rules, before.break_glass) != (after.rules, after.break_glass)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("pair: {mode: record-only}", "`mode: record-only` after warn"),
        ("plain: {if_unknown: warn}", "`if_unknown: warn` after enforce in CI"),
        ("plain: {if_unknown: skip}", "`if_unknown: skip`"),
        ('pair: {enforce_from: "2028-01-01"}', "after 2027-06-01"),
        ('plain: {enforce_from: "2027-01-01"}', "after enforcing now"),
        ("pair: {stages: [ci]}", "leaving out stage push"),
        ("pair: {when: {blast.score: at least 60}}", "`blast.score: at least 60` after `at least 50`"),
        ("pair: {when: {blast.score: at most 60}}", "`blast.score: at most 60`"),
        ("pair: {when: {ai.lines: at most 5}}", "`ai.lines: at most 5`"),
        ("pair: {when: {change.kinds: [test]}}", "`change.kinds: test`"),
        ("pair: {when: {ai.detected: true}}", "`ai.detected`, which is not in its `when`"),
        ("plain: {when: {ai.detected: true}}", "adding conditions"),
        ("plain: {unless: {ai.detected: true}}", "adding an `unless`"),
        ("plain: {then: {require_review: {count: 1}}}", "`count: 1` after 2"),
        ("plain: {then: {require_review: {valid_for: this-diff}}}", "`valid_for: this-diff` after this-commit"),
        ("plain: {then: {require_review: {assurance: authenticated}}}", "`assurance: authenticated`"),
        ("plain: {then: {require_review: {distinct: false}}}", "`distinct: false`"),
        ("plain: {then: {require_review: {may_include: [bots]}}}", "`may_include: bots`"),
        ("pair: {then: {require_review: {by: any-owner}}}", "`by` any-owner after roles [senior, on-call]"),
        ("pair: {then: {require_review: [{count: 2}, {count: 2}]}}", "asks for 1 review, not 2"),
        ("break_glass: {waiver_lasts: 5 hours}", "a longer `waiver_lasts`"),
        ("break_glass: {who: {users: [eve]}}", "`who` users [eve]"),
        ("break_glass: {must_state: {reason: at least 10 characters}}", "a shorter `reason`"),
        ("break_glass: {afterwards: {require_review: {count: 1}, due: 2 days}}", "a weaker review afterwards"),
    ],
)
def test_a_loosening_is_an_error_that_names_both_places(change: str, words: str) -> None:
    blocks = [block for block in refused(f"tighten: {{{change}}}") if "error[loosening]" in block]
    assert blocks
    assert blocks[0].startswith(".vibeguard.yaml:3:") and words in blocks[0]
    assert "base.yaml:" in blocks[0].split("\n")[0]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("tighten: {pear: {mode: enforce}}", "unknown-rule"),
        ("rules: [{id: mine, then: warn}]\ntighten: {mine: {mode: enforce}}", "unknown-rule"),
        ("tighten: {pair: {message: x}}", "unknown-key"),
        ("rules: [{id: pair, then: warn}]", "duplicate-id"),
        ("tags: {money: ['x/**']}", "redefined"),
        ("people: {roles: {senior: [eve]}}", "redefined"),
        (
            "rules: [{id: mine, then: block}]\nbreak_glass: {who: {roles: [senior]}, must_state: {reason: at least 9 characters}, waives: [pair], waiver_lasts: 1 hour}",
            "unknown-rule",
        ),
    ],
)
def test_what_a_layer_above_defined_stays(body: str, code: str) -> None:
    assert any(f"error[{code}]" in block for block in refused(body)), refused(body)


def test_a_base_may_leave_a_role_to_be_named_below() -> None:
    base = "version: 1\npeople: {roles: {senior: to-be-named}}\nrules: [{id: a, then: {require_review: {by: {roles: [senior]}}}}]"
    named = policy(lower("people: {roles: {senior: [amy]}}"), base=base)
    assert named.people.roles["senior"] == ("amy",) and not named.notices
    unnamed = policy(lower(""), base=base)
    assert unnamed.people.roles["senior"] == () and "role `senior` names nobody yet" in unnamed.notices[0]
    assert judge(unnamed).verdict == "needs"


def test_more_agents_may_be_named_in_any_layer() -> None:
    base = "version: 1\npeople: {roles: {agents: ['*[bot]']}}\nrules: [{id: a, then: warn}]"
    assert policy(lower("people: {roles: {agents: [ci]}}"), base=base).people.agents == ("*[bot]", "ci")


def test_a_glob_in_extends_pools_files_in_their_order() -> None:
    one, two = ("version: 1\nrules: [{id: one, then: warn}]", "version: 1\nrules: [{id: two, then: warn}]")
    of = policy("version: 1\nextends: ['policies/*.yaml']", policies__b=two, policies__a=one)
    assert [rule.id for rule in of.rules] == ["one", "two"]
    assert [file.path for file in of.files] == [".vibeguard.yaml", "policies/a.yaml", "policies/b.yaml"]


def test_a_pinned_file_that_changed_is_refused() -> None:
    good = hashlib.sha256(BASE.encode()).hexdigest()
    assert policy(f"version: 1\nextends: [{{path: base.yaml, sha256: {good}}}]", base=BASE).rules
    with pytest.raises(VibeguardError) as caught:
        policy(f"version: 1\nextends: [{{path: base.yaml, sha256: {good}}}]", base=BASE + "#")
    assert "error[wrong-pin]" in caught.value.details[0]


def test_files_that_extend_each_other_are_refused() -> None:
    with pytest.raises(VibeguardError) as caught:
        policy("version: 1\nextends: a.yaml", a="version: 1\nextends: b.yaml", b="version: 1\nextends: a.yaml")
    assert any("extends itself" in block for block in caught.value.details)


def test_errors_of_every_file_are_reported_at_their_place() -> None:
    with pytest.raises(VibeguardError) as caught:
        policy("version: 1\nextends: a.yaml\nrules: [{id: x, then: wam}]", a="version: 1\nrules: [{id: y, then: blok}]")
    assert [block.split(":")[0] for block in caught.value.details] == [".vibeguard.yaml", "a.yaml"]


def test_extras_of_a_laptop_can_only_tighten() -> None:
    entry = PolicySource(".vibeguard.yaml", b"version: 1\nrules: [{id: a, mode: warn, then: block}]")
    extra = PolicySource("extra.yaml", b"version: 1\ntighten: {a: {mode: enforce}}\nrules: [{id: b, then: warn}]")
    of = load(entry, extras=[extra])
    assert [(rule.id, rule.mode) for rule in of.rules] == [("a", "enforce"), ("b", "enforce")]
    loose = PolicySource("extra.yaml", b"version: 1\ntighten: {a: {mode: record-only}}")
    with pytest.raises(VibeguardError):
        load(entry, extras=[loose])


def test_a_tightened_condition_says_where_it_is_stated() -> None:
    of = policy(
        lower("tighten: {pair: {when: {blast.score: at least 40}, unless: {author.familiarity: at least high}}}"),
        base=BASE,
    )
    facts = {
        "blast.score": 45,
        "change.kinds": ("code",),
        "ai.lines": 0,
        "author.roles": ("senior",),
        "author.familiarity": "low",
    }
    result = judge(of, facts).rules[1 if of.rules[0].id != "pair" else 0]
    assert result.outcome == "warn"
    assert "stated in .vibeguard.yaml" in str(result.reasons)


def test_the_order_of_files_never_matters() -> None:
    files = {"policies/a.yaml": "version: 1\nrules: [{id: one, then: warn}]", "policies/b.yaml": BASE}
    tree = {path: text.encode() for path, text in files.items()}
    first = load(PolicySource("p.yaml", b"version: 1\nextends: [policies/a.yaml, policies/b.yaml]"), tree.get)
    second = load(PolicySource("p.yaml", b"version: 1\nextends: [policies/b.yaml, policies/a.yaml]"), tree.get)
    assert {rule.id: rule for rule in first.rules} == {rule.id: rule for rule in second.rules}
    assert judge(first).verdict == judge(second).verdict


def test_two_files_that_do_not_extend_each_other_cannot_tighten_the_same_field() -> None:
    one = "version: 1\nextends: base.yaml\ntighten: {pair: {then: {require_review: {count: 2}}}}"
    two = "version: 1\nextends: base.yaml\ntighten: {pair: {then: {require_review: {count: 3}}}}"
    for order in ("[one.yaml, two.yaml]", "[two.yaml, one.yaml]"):
        with pytest.raises(VibeguardError) as caught:
            policy(f"version: 1\nextends: {order}", base=BASE, one=one, two=two)
        assert "error[tightened-twice]" in caught.value.details[0]
    other = "version: 1\nextends: base.yaml\ntighten: {pair: {mode: enforce}}"
    rules = [
        policy(f"version: 1\nextends: {order}", base=BASE, one=one, two=other).find_rule("pair")
        for order in ("[one.yaml, two.yaml]", "[two.yaml, one.yaml]")
    ]
    assert rules[0] is not None and rules[0].demands == rules[1].demands and rules[0].mode == rules[1].mode == "enforce"  # type: ignore[union-attr]
    below = "version: 1\nextends: one.yaml\ntighten: {pair: {then: {require_review: {count: 3}}}}"
    chained = policy(below, base=BASE, one=one).find_rule("pair")
    assert chained is not None and chained.demands[0].wanted == 3  # type: ignore[union-attr]


BACKGROUND = "dependents: {build_in_background: %s}\n"
ALLOWED, REFUSED = BACKGROUND % "true", BACKGROUND % "false"


@pytest.mark.parametrize(
    ("above", "below", "allowed"),
    [("", "", False), (ALLOWED, "", True), ("", ALLOWED, True), (ALLOWED, REFUSED, False), (REFUSED, REFUSED, False)],
)
def test_a_layer_below_may_refuse_processes_in_the_background(above: str, below: str, allowed: bool) -> None:
    for name in ("aaa", "zzz"):
        of = policy(f"version: 1\nextends: {name}.yaml\n{below}", **{name: BASE + above})
        assert of.build_in_background is allowed


def test_a_layer_below_cannot_allow_processes_that_one_above_refuses() -> None:
    with pytest.raises(VibeguardError) as caught:
        policy(lower(ALLOWED), base=BASE + REFUSED)
    assert ".vibeguard.yaml:3:35: error[loosening]" in caught.value.details[0]


def test_of_two_layers_that_do_not_know_each_other_both_must_allow_it() -> None:
    one = f"version: 1\n{ALLOWED}rules: [{{id: first, then: warn}}]"
    two = f"version: 1\n{REFUSED}rules: [{{id: second, then: warn}}]"
    for order in ("[one.yaml, two.yaml]", "[two.yaml, one.yaml]"):
        assert policy(f"version: 1\nextends: {order}", one=one, two=two).build_in_background is False


@pytest.mark.parametrize("value", ["yes", "1", "'true'", "[true]", "", "maybe"])
def test_only_true_and_false_say_whether_it_is_allowed(value: str) -> None:
    with pytest.raises(VibeguardError) as caught:
        policy(BASE + BACKGROUND % value)
    assert "error[wrong-type]" in caught.value.details[0]
