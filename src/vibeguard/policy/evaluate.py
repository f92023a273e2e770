"""Policy and facts in, a verdict that keeps the whole tree of reasons out.

Every rule that matches counts, the strictest outcome is the verdict, and order never matters. Conditions have three
truth values (Kleene); what an unknown one means is the rule's `if_unknown`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Literal

from vibeguard.model import (
    ChecksDemand,
    Demand,
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
from vibeguard.policy.asking import Asked, FactSource, View
from vibeguard.policy.reasons import condition_reason, scope_reason
from vibeguard.policy.rules import Mode, Policy, Rule
from vibeguard.tuples import NamedTuple

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
    asked = Asked(policy, facts, now, given)
    day = _day(now)
    judged = [_judge(rule, asked, stage, day) for rule in policy.rules]
    # What is asked for counts together: with `distinct`, who serves one demand serves no other.
    beside = tuple(
        (demand, each.view)
        for each in judged
        if not each.outcome and each.cap != "record-only"
        for demand in each.rule.demands
        if not _comes_later(demand, stage)
    )
    known: dict[tuple[object, ...], Requirement] = {}

    def fulfilled(demand: Demand, view: View, beside: Beside) -> Requirement:
        key = (type(demand), demand, view)  # an empty TestsDemand equals any other empty tuple
        requirement = known.get(key)
        if requirement is None:
            requirement = known[key] = fulfil(demand, view, beside)
        return requirement

    notices = list(policy.notices)
    results: list[RuleResult] = []
    applied = False
    for each in judged:
        if each.outcome:
            results.append(_result(each, each.outcome))
            continue
        applied = True
        together = beside
        if each.cap == "record-only":
            together = tuple((demand, each.view) for demand in each.rule.demands)
        result, later = _act(each, asked, stage, fulfilled, together)
        results.append(result)
        notices += later
    if not applied:
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
    """A rule with its conditions decided: `outcome` is "" while what it does is still to be asked."""

    rule: Rule
    outcome: Outcome | Literal[""]
    mode: Mode
    reasons: tuple[Reason, ...]
    view: View
    cap: Mode


def _judge(rule: Rule, asked: Asked, stage: Stage, day: str) -> _Judged:
    """The conditions of one rule."""
    mode: Mode = rule.mode
    if mode == "enforce" and rule.enforce_from and day < rule.enforce_from:
        mode = "warn"
    if stage not in rule.stages:
        return _Judged(rule, "skipped", mode, (), None, mode)
    view: View = None
    reasons: tuple[Reason, ...] = ()
    if rule.scope is not None:
        view = asked.view(rule.scope)
        held = view is None or bool(view)
        reasons = (scope_reason(rule.scope, asked, view, held=held),)
        if not held:
            return _Judged(rule, "pass", mode, reasons, view, mode)
    met: bool | None = True
    lifted: bool | None = False
    if rule.when is not None:
        reason = condition_reason("when", rule.when, asked, view)
        met = reason.held
        reasons += (reason,)
    # Where `when` does not hold, no exemption matters: what it asks (a history, say) is not paid for.
    if rule.unless is not None and met is not False:
        reason = condition_reason("unless", rule.unless, asked, view)
        lifted = reason.held
        reasons += (reason,)
    if met is False or lifted is True:
        return _Judged(rule, "pass", mode, reasons, view, mode)
    cap: Mode = mode
    if met is None or lifted is None:
        if_unknown = rule.if_unknown or ("enforce" if stage == "ci" else "warn")
        if if_unknown == "skip":
            return _Judged(rule, "unknown", mode, reasons, view, mode)
        if if_unknown == "warn" and cap == "enforce":
            cap = "warn"
    return _Judged(rule, "", mode, reasons, view, cap)


def _comes_later(demand: Demand, stage: Stage) -> bool:
    """Whether there is nothing yet that could hold what is asked for: no message, no checks."""
    return stage != "ci" and (
        isinstance(demand, ChecksDemand) or (stage == "commit" and isinstance(demand, TrailerDemand))
    )


def _act(
    judged: _Judged, asked: Asked, stage: Stage, fulfilled: Fulfil, beside: Beside
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
    message = _message(rule, asked, view) if outcome != "pass" else ""
    return _result(judged, capped, message, tuple(requirements), outcome if outcome != capped else None), later


def _result(
    judged: _Judged,
    outcome: Outcome,
    message: str = "",
    requirements: tuple[Requirement, ...] = (),
    would_be: Outcome | None = None,
) -> RuleResult:
    rule, _, mode, reasons, _, _ = judged
    return RuleResult(
        rule.id, rule.place, outcome, mode, message, reasons, requirements, (), rule.description, rule.ask, rule.docs,
        would_be,
    )  # fmt: skip


def _message(rule: Rule, asked: Asked, view: View) -> str:
    """The message with values in the places of facts, in one pass: a value is never read as a place."""
    if "{" not in rule.message:
        return rule.message
    first, *rest = rule.message.split("{")
    parts = [first]
    for part in rest:
        name, _, text = part.partition("}")
        answer = asked.answer(name, view)
        parts += ("unknown" if answer.unknown else answer.actual, text)
    return "".join(parts)


def _day(now: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(now))
