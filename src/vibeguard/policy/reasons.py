"""Conditions to trees of reasons: what was wanted, what was found, and whether it held (Kleene's three values).

200 rules of five tests build 1,800 nodes, which is what an evaluation spends its time on: each is made in one step by
`tuple.__new__` (0.13 µs, where calling the named tuple costs 0.30); a test that several rules share is decided once.
"""

from __future__ import annotations

from typing import Literal

from vibeguard.model import Reason
from vibeguard.policy.asking import Asked, Truth, View
from vibeguard.policy.facts import has_paths
from vibeguard.policy.rules import Condition, Scope, Test
from vibeguard.policy.truth import MOST_SHOWN, compare, matched

_new = tuple.__new__


def condition_reason(kind: Literal["when", "unless"], condition: Condition, asked: Asked, view: View) -> Reason:
    """`when` or `unless` as a tree; the AND of its mapping is not shown twice."""
    reason = _reason(condition, asked, view, kind == "when")
    children = reason.children if reason.fact == "all" else (reason,)
    return _new(Reason, (kind, "", "", reason.held, condition.line, (), children))


def scope_reason(scope: Scope, asked: Asked, view: View, *, held: bool) -> Reason:
    """What `only_looking_at` leaves in view."""
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


def _reason(condition: Condition, asked: Asked, view: View, asks_more: bool) -> Reason:  # noqa: FBT001
    """One node. `asks_more`: a true value makes the rule apply, a share is compared at that end."""
    if type(condition) is Test:
        fact, operator, values, wanted, line, _, file = condition
        key = (fact, operator, values, asks_more, view)
        truth = asked.truths.get(key)
        if truth is None:
            truth = asked.truths[key] = _truth(condition, asked, view, asks_more)
        held, actual, evidence = truth
        if file:
            evidence = (*evidence, f"stated in {file}")
        return _new(Reason, (fact, wanted, actual, held, line, evidence, ()))
    kind, children, line = condition  # type: ignore[misc]  # a group, by the line above
    if kind == "not":
        child = _reason(children[0], asked, view, not asks_more)
        return Reason("not", "", "", None if child.held is None else not child.held, line, (), (child,))
    reasons = tuple([_reason(child, asked, view, asks_more) for child in children])
    decisive = kind == "any"  # the value that decides alone
    held = not decisive
    for reason in reasons:
        if reason[3] is decisive:
            held = decisive
            break
        if reason[3] is None:
            held = None
    return _new(Reason, (kind, "", "", held, line, (), reasons))


def _truth(test: Test, asked: Asked, view: View, asks_more: bool) -> Truth:  # noqa: FBT001
    """Whether a test holds, the value in words, and the evidence: the same for every rule that has this test."""
    answer = asked.answer(test.fact, view)
    spec, evidence, actual = answer.spec, answer.evidence, answer.actual
    if answer.unknown:
        return None, actual, evidence
    if has_paths(spec):
        index = asked.index(test.fact, view)
        held = compare(test, answer.value, spec, asks_more=asks_more, index=index)
        if held and spec.type == "paths" and test.operator in ("any_of", "all_of"):
            evidence = (*matched(test, index)[:MOST_SHOWN], *evidence)
    else:
        held = compare(test, answer.value, spec, asks_more=asks_more)
    return held, actual if held is not None else f"unknown: {actual} is not a {spec.type}", evidence
