"""Policy and facts in, a verdict that keeps the whole tree of reasons out.

Every rule that matches counts, the strictest outcome is the verdict, and order never matters. Conditions have three
truth values (Kleene); what an unknown one means is the rule's `if_unknown`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple, Protocol

from vibeguard.model import (
    ChecksDemand,
    Demand,
    Fact,
    NotCounted,
    Outcome,
    Override,
    Reason,
    Requirement,
    ReviewDemand,
    RuleResult,
    Stage,
    TrailerDemand,
    Verdict,
    VerdictName,
    Waiver,
)
from vibeguard.policy import globs
from vibeguard.policy.facts import DERIVED, FactSpec, find_fact
from vibeguard.policy.rules import Condition, Mode, Policy, Rule, Scope, Test, placeholders
from vibeguard.policy.truth import MOST_SHOWN, compare, describe, matched

View = frozenset[str] | None  # the files that a rule looks at; None: all of them
Beside = Sequence[tuple[Demand, View]]
Fulfil = Callable[[Demand, View, Beside], Requirement]
"""What of a demand is there: (the demand, the files it is about, everything that the applying rules demand, this one
included, so that `distinct` can be kept; the same sequence in every call but those for record-only rules)."""

Entitled = Callable[[Waiver, ReviewDemand], str]
"""Why somebody may not break the glass, given who may; "" when they may: no author, no contributor, no bot."""


def _nobody(_waiver: Waiver, _who: ReviewDemand) -> str:
    return "nothing here can tell who may break the glass"


NO_RULE_APPLIED = "no rule applied"

_RANK: dict[str, int] = {"skipped": 0, "pass": 0, "unknown": 0, "warn": 1, "needs": 2, "blocked": 3}
_VERDICT: tuple[VerdictName, ...] = ("pass", "warn", "needs", "blocked")


class FactSource(Protocol):
    """What the evaluator asks about a change. An exception from it is never caught: nothing was decided then."""

    def paths(self) -> Sequence[str]:
        """Every changed path; both of a rename."""
        ...

    def owners(self, path: str) -> tuple[str, ...]:
        """Owners of one changed path; none when nobody owns it."""
        ...

    def fact(self, name: str, only: frozenset[str] | None) -> Fact:
        """The value of a fact, about these files alone when `only` is given. `only` is never empty."""
        ...


class _Answer(NamedTuple):
    """A fact as the rules see it."""

    value: Any
    unknown: str
    actual: str
    evidence: tuple[str, ...]
    spec: FactSpec


class _Facts:
    """Asks each fact once for each set of files."""

    def __init__(self, policy: Policy, source: FactSource, now: float, given: frozenset[str]) -> None:
        self.policy = policy
        self.source = source
        self.now = now
        self.given = given
        self.paths = tuple(source.paths())
        self._answers: dict[tuple[str, View], _Answer] = {}
        self._indexes: dict[tuple[str, View], globs.PathIndex] = {}
        self._views: dict[tuple[Any, ...], View] = {}
        self._specs: dict[str, FactSpec] = {}
        self._tagged: dict[str, frozenset[str]] | None = None
        self._all = globs.PathIndex(self.paths)

    def answer(self, name: str, view: View) -> _Answer:
        spec = self._specs.get(name)
        if spec is None:
            found = find_fact(name, self.policy.facts)
            assert found is not None, f"a checked policy asks for {name}"
            spec = self._specs[name] = found
        if not spec.scoped:
            view = None
        key = (name, view)
        answer = self._answers.get(key)
        if answer is None:
            fact = self._ask(name, view)
            unknown = fact.unknown
            if fact.value is None and not unknown and spec.type != "percent":
                unknown = "it has no value"
            actual = f"unknown: {unknown}" if unknown else describe(fact.value, spec)
            answer = self._answers[key] = _Answer(fact.value, unknown, actual, fact.evidence, spec)
        return answer

    def waiting(self) -> list[str]:
        """Facts that were asked for and that no room finds out yet."""
        return sorted(
            {name for (name, _), answer in self._answers.items() if answer.unknown and not answer.spec.available}
        )

    def _ask(self, name: str, view: View) -> Fact:
        if name in DERIVED and name not in self.given:
            if name == "change.tags":
                tagged = self.tagged
                return Fact(tuple(tag for tag, paths in tagged.items() if paths and (view is None or paths & view)))
            from vibeguard.policy.windows import open_windows  # noqa: PLC0415  # policies with windows only

            return open_windows(self.policy.windows, self.now)
        return self.source.fact(name, view)

    @property
    def tagged(self) -> dict[str, frozenset[str]]:
        """Each tag's changed files."""
        if self._tagged is None:
            self._tagged = {tag: self._matching(patterns) for tag, patterns in self.policy.tags.items()}
        return self._tagged

    def index(self, name: str, view: View) -> globs.PathIndex:
        """The paths of a fact, arranged for globs."""
        key = (name, view)
        index = self._indexes.get(key)
        if index is None:
            value = self.answer(name, view).value
            index = globs.PathIndex((value,) if isinstance(value, str) else tuple(value or ()))
            self._indexes[key] = index
        return index

    def view(self, scope: Scope) -> View:
        """The files that a scope leaves in view; None when that is all of them, empty when it is none."""
        key = scope[:-1]
        if key not in self._views:
            kept = frozenset(self.paths)
            if scope.paths:
                kept &= self._matching(scope.paths)
            if scope.tags:
                kept &= frozenset().union(*(self.tagged.get(tag, frozenset()) for tag in scope.tags))
            if scope.owners:
                kept = frozenset(path for path in kept if self._owned(path, scope.owners))
            if scope.kinds:
                kept = frozenset(path for path in kept if self._is("change.kinds", path, scope.kinds))
            if scope.languages:
                kept = frozenset(path for path in kept if self._is("change.languages", path, scope.languages))
            self._views[key] = None if kept and len(kept) == len(self._all.paths) else kept
        return self._views[key]

    def _matching(self, patterns: Sequence[str]) -> frozenset[str]:
        found: set[str] = set()
        for pattern in patterns:
            found.update(self._all.select(globs.compiled(pattern)))
        return frozenset(found)

    def _owned(self, path: str, wanted: tuple[str, ...]) -> bool:
        owners = [owner.lstrip("@").lower() for owner in self.source.owners(path)]
        return any(globs.word_matches(name.lstrip("@").lower(), owner) for name in wanted for owner in owners)

    def _is(self, fact: str, path: str, wanted: tuple[str, ...]) -> bool:
        answer = self.answer(fact, frozenset((path,)))
        if answer.unknown:
            return True  # what is not known may be in view: looking at less would ask for less
        lowered = {word.lower() for word in wanted}
        return any(word.lower() in lowered for word in answer.value)


def evaluate(
    policy: Policy,
    facts: FactSource,
    *,
    stage: Stage,
    fulfil: Fulfil,
    now: float,
    given: frozenset[str] = frozenset(),
    waivers: Sequence[Waiver] = (),
    entitled: Entitled = _nobody,
    head: str | None = None,
) -> Verdict:
    """The verdict of a policy on a change.

    `now` is seconds since the epoch. `given` names facts of `facts.DERIVED` that the source answers itself. `waivers`
    are break-glass statements about the commit `head`, and `entitled` says why somebody may not make one.

    At commit and push a missing review is outcome `needs` like elsewhere; which exit code that has is not decided
    here.
    """
    asked = _Facts(policy, facts, now, given)
    day = _day(now)
    judged = [_judge(rule, asked, stage, day) for rule in policy.rules]
    # What is asked for counts together: with `distinct`, who serves one demand serves no other.
    beside = tuple(
        (demand, each.view)
        for each in judged
        if each.applies and each.cap != "record-only"
        for demand in each.rule.demands
        if not _comes_later(demand, stage)
    )
    known: dict[tuple[object, ...], Requirement] = {}

    def fulfilled(demand: Demand, view: View, beside: Beside) -> Requirement:
        key = (type(demand), demand, view)  # an empty TestsDemand equals any other empty tuple
        if key not in known:
            known[key] = fulfil(demand, view, beside)
        return known[key]

    notices = list(policy.notices)
    results: list[RuleResult] = []
    for each in judged:
        if not each.applies:
            results.append(each.result)
            continue
        own = tuple((demand, each.view) for demand in each.rule.demands)
        result, later = _act(each, asked, stage, fulfilled, own if each.cap == "record-only" else beside)
        results.append(result)
        notices += later
    if not any(each.applies for each in judged):
        notices.append(NO_RULE_APPLIED)
    notices += [f"nothing finds out `{name}` yet, so it is unknown in every change" for name in asked.waiting()]
    overrides: tuple[Override, ...] = ()
    refused: tuple[NotCounted, ...] = ()
    if waivers:
        from vibeguard.policy.break_glass import waive  # noqa: PLC0415  # hardly ever needed

        results, overrides, refused = waive(policy, results, waivers, head=head, now=now, entitled=entitled)
    verdict: VerdictName = _VERDICT[max((_RANK[result.outcome] for result in results), default=0)]
    if overrides and verdict in ("pass", "warn"):
        verdict = "overridden"
    return Verdict(verdict, tuple(results), tuple(dict.fromkeys(notices)), overrides, refused)


class _Judged(NamedTuple):
    """Whether a rule applies, to which files, and how far it may go."""

    rule: Rule
    result: RuleResult
    applies: bool
    view: View = None
    cap: Mode = "enforce"


def _judge(rule: Rule, asked: _Facts, stage: Stage, day: str) -> _Judged:
    """The conditions of one rule."""
    mode: Mode = rule.mode
    if mode == "enforce" and rule.enforce_from and day < rule.enforce_from:
        mode = "warn"
    if stage not in rule.stages:
        return _Judged(rule, _result(rule, "skipped", mode, ()), applies=False)
    view: View = None
    reasons: list[Reason] = []
    if rule.scope is not None:
        view = asked.view(rule.scope)
        held = view is None or bool(view)
        reasons.append(_scope_reason(rule.scope, asked, view, held=held))
        if not held:
            return _Judged(rule, _result(rule, "pass", mode, tuple(reasons)), applies=False)
    met: bool | None = True
    if rule.when is not None:
        reason = _reason(rule.when, asked, view, asks_more=True)
        met = reason.held
        reasons.append(_top("when", rule.when, reason))
    lifted: bool | None = False
    if rule.unless is not None:
        reason = _reason(rule.unless, asked, view, asks_more=False)
        lifted = reason.held
        reasons.append(_top("unless", rule.unless, reason))
    if met is False or lifted is True:
        return _Judged(rule, _result(rule, "pass", mode, tuple(reasons)), applies=False)
    cap: Mode = mode
    if met is None or lifted is None:
        if_unknown = rule.if_unknown or ("enforce" if stage == "ci" else "warn")
        if if_unknown == "skip":
            return _Judged(rule, _result(rule, "unknown", mode, tuple(reasons)), applies=False)
        if if_unknown == "warn" and cap == "enforce":
            cap = "warn"
    return _Judged(rule, _result(rule, "pass", mode, tuple(reasons)), applies=True, view=view, cap=cap)


def _comes_later(demand: Demand, stage: Stage) -> bool:
    """Whether there is nothing yet that could hold what is asked for: no message, no checks."""
    return (isinstance(demand, TrailerDemand) and stage == "commit") or (
        isinstance(demand, ChecksDemand) and stage != "ci"
    )


def _act(
    judged: _Judged, asked: _Facts, stage: Stage, fulfilled: Fulfil, beside: Beside
) -> tuple[RuleResult, list[str]]:
    """What a rule that applies does, and what it will ask for at a later stage."""
    rule, view, cap = judged.rule, judged.view, judged.cap
    outcome: Outcome = "blocked" if rule.block else "warn" if rule.warn else "pass"
    requirements = []
    later = []
    for demand in rule.demands:
        if _comes_later(demand, stage):
            if isinstance(demand, TrailerDemand):
                later.append(f"rule `{rule.id}` will ask for the trailer {demand.name} in the message")
            elif isinstance(demand, ChecksDemand):
                later.append(f"rule `{rule.id}` will ask for the checks {', '.join(demand.names)} in CI")
            continue
        requirement = fulfilled(demand, view, beside)
        requirements.append(requirement)
        if not requirement.satisfied and outcome != "blocked":
            outcome = "needs"
    capped = outcome
    if cap == "record-only":
        capped, later = "pass", []
    elif cap == "warn" and _RANK[outcome] > _RANK["warn"]:
        capped = "warn"
    result = judged.result._replace(
        outcome=capped,
        message=_message(rule, asked, view) if outcome != "pass" else "",
        requirements=tuple(requirements),
        would_be=outcome if outcome != capped else None,
    )
    return result, later


def _result(rule: Rule, outcome: Outcome, mode: Mode, reasons: tuple[Reason, ...]) -> RuleResult:
    return RuleResult(
        rule.id, rule.place, outcome, mode, "", reasons, (), (), rule.description, rule.ask, rule.docs, None
    )


def _message(rule: Rule, asked: _Facts, view: View) -> str:
    message = rule.message
    for name in placeholders(message):
        answer = asked.answer(name, view)
        message = message.replace(f"{{{name}}}", "unknown" if answer.unknown else answer.actual)
    return message


# -- conditions


def _reason(condition: Condition, asked: _Facts, view: View, *, asks_more: bool) -> Reason:
    """The tree of one condition, each node with its truth value."""
    if isinstance(condition, Test):
        return _test_reason(condition, asked, view, asks_more=asks_more)
    kind = condition.kind
    if kind == "not":
        child = _reason(condition.children[0], asked, view, asks_more=not asks_more)
        held = None if child.held is None else not child.held
        return Reason("not", "", "", held, condition.line, (), (child,))
    children = tuple(_reason(child, asked, view, asks_more=asks_more) for child in condition.children)
    values = [child.held for child in children]
    decisive = kind == "any"  # the value that decides alone
    held = decisive if decisive in values else None if None in values else not decisive
    return Reason(kind, "", "", held, condition.line, (), children)


def _test_reason(test: Test, asked: _Facts, view: View, *, asks_more: bool) -> Reason:
    answer = asked.answer(test.fact, view)
    if answer.unknown:
        return Reason(test.fact, test.wanted, answer.actual, None, test.line, answer.evidence)
    spec = answer.spec
    held = compare(test, answer.value, spec, asks_more=asks_more, index=lambda: asked.index(test.fact, view))
    evidence = answer.evidence
    if spec.type == "paths" and held and test.operator in ("any_of", "all_of"):
        evidence = tuple(matched(test, asked.index(test.fact, view))[:MOST_SHOWN]) + evidence
    if test.file:
        evidence = (*evidence, f"stated in {test.file}")
    actual = answer.actual if held is not None else f"unknown: {answer.actual} is not a {spec.type}"
    return Reason(test.fact, test.wanted, actual, held, test.line, evidence)


def _top(kind: Literal["when", "unless"], condition: Condition, reason: Reason) -> Reason:
    """`when` and `unless` as inner nodes; the AND of a mapping is not shown twice."""
    children = reason.children if reason.fact == "all" else (reason,)
    return Reason(kind, "", "", reason.held, condition.line, (), children)


def _scope_reason(scope: Scope, asked: _Facts, view: View, *, held: bool) -> Reason:
    wanted = "; ".join(
        f"{name} [{', '.join(words)}]" for name, words in zip(scope._fields, scope[:-1], strict=False) if words
    )
    total = len(asked.paths)
    count = total if view is None else len(view)
    files = "file" if total == 1 else "files"
    return Reason(
        "only_looking_at",
        wanted,
        f"{count or 'none'} of {total} {files}",
        held,
        scope.line,
        tuple(sorted(view)[:MOST_SHOWN]) if view else (),
    )


def _day(now: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(now))
