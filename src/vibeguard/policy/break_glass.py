"""Break-glass: which waivers count, which rules they lift, until when, and what is owed afterwards."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from vibeguard.model import NotCounted, Override, RuleResult, Waiver
from vibeguard.policy import patterns
from vibeguard.policy.evaluate import Entitled
from vibeguard.policy.rules import BreakGlass, Policy

CLOCK_SKEW = 300  # seconds that the clock of a signer or a forge may be ahead of ours


def waive(
    policy: Policy, results: Sequence[RuleResult], waivers: Sequence[Waiver], *, head: str | None, now: float,
    entitled: Entitled,
) -> tuple[list[RuleResult], tuple[Override, ...], tuple[NotCounted, ...]]:  # fmt: skip
    """The results with waived rules let through, the overrides that did it, and why the other waivers did not count.

    A waived rule keeps what it would have been. A rule that holds nothing back is not waived.
    """
    held = {result.id for result in results if result.outcome in ("needs", "blocked")}
    lifted: dict[str, str] = {}
    overrides: list[Override] = []
    refused: list[NotCounted] = []
    for waiver in waivers:
        whys = []
        for glass in policy.break_glass:
            why = why_not(waiver, glass, head=head, now=now, entitled=entitled)
            if why:
                whys.append(why)
                continue
            named = set(waiver.rules) or set(glass.waives)
            rules = tuple(rule for rule in glass.waives if rule in named and rule in held)
            lifted.update(dict.fromkeys(rules, waiver.who))
            if rules:
                overrides.append(_override(waiver, glass, rules))
        if not policy.break_glass:
            whys = ["the policy has no `break_glass`"]
        if len(whys) == max(len(policy.break_glass), 1):
            refused.append(NotCounted(waiver.who, whys[0]))
        elif unknown := sorted(set(waiver.rules) - {rule for glass in policy.break_glass for rule in glass.waives}):
            refused.append(NotCounted(waiver.who, f"break-glass does not waive {', '.join(unknown)}"))
    changed = [
        result._replace(outcome="pass", would_be=result.outcome, waived_by=lifted[result.id])
        if result.id in lifted else result
        for result in results
    ]  # fmt: skip
    return changed, tuple(overrides), tuple(refused)


def why_not(waiver: Waiver, glass: BreakGlass, *, head: str | None, now: float, entitled: Entitled) -> str:
    """Why a waiver does not count; "" when it does."""
    if waiver.invalid:
        return waiver.invalid
    if waiver.assurance == "claimed":
        return f"claimed by {waiver.channel}, not authenticated"
    if head is None or waiver.commit is None or waiver.commit.lower() != head.lower():
        stated = waiver.commit[:10] if waiver.commit else "a commit that is not known"
        return f"stated on {stated}, not on {head[:10] if head else 'a commit'}"
    stated_at = _moment(waiver.at)
    if stated_at is None or stated_at > now + CLOCK_SKEW:
        return "when it was stated is not known" if stated_at is None else "stated in the future"
    if now >= stated_at + glass.lasts:
        return f"it ended at {_written(stated_at + glass.lasts)}"
    if len(" ".join(waiver.reason.split())) < max(glass.reason_length, 1):
        return f"the reason must have at least {max(glass.reason_length, 1)} characters"
    if glass.ticket is not None and not patterns.matches(glass.ticket, waiver.ticket):
        return f"the ticket must match {glass.ticket}"
    return entitled(waiver, glass.who)


def _override(waiver: Waiver, glass: BreakGlass, rules: tuple[str, ...]) -> Override:
    stated = _moment(waiver.at) or 0.0
    return Override(
        rules=rules,
        who=waiver.who,
        reason=waiver.reason,
        ticket=waiver.ticket,
        commit=waiver.commit or "",
        channel=waiver.channel,
        stated=_written(stated),
        ends=_written(stated + glass.lasts),
        owed=glass.afterwards,
        due=_written(stated + glass.due) if glass.afterwards is not None else "",
        otherwise=glass.otherwise,
    )


def _moment(at: str) -> float | None:
    try:
        moment = datetime.datetime.fromisoformat(at)
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=datetime.UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _written(moment: float) -> str:
    return datetime.datetime.fromtimestamp(moment, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
