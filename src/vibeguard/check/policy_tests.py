"""Running the tests of a policy: the same evaluator and the same counting of reviews as in a real judgement."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from vibeguard.model import (
    Approval,
    ChecksDemand,
    Demand,
    Requirement,
    ReviewDemand,
    TrailerDemand,
    Verdict,
    Waiver,
)
from vibeguard.policy import patterns
from vibeguard.policy.asking import View
from vibeguard.policy.evaluate import Beside, evaluate
from vibeguard.policy.rules import Policy
from vibeguard.policy.testing import Case, CaseFacts, GivenReview, GivenWaiver, compare
from vibeguard.reviews.count import count_together
from vibeguard.reviews.waivers import entitled
from vibeguard.tuples import NamedTuple

HEAD, EARLIER = "head", "earlier"


class Outcome(NamedTuple):
    """What became of one case; no differences means that it holds."""

    case: Case
    verdict: Verdict
    differences: tuple[str, ...]


def run_cases(policy: Policy, cases: Sequence[Case], now: float) -> tuple[Outcome, ...]:
    """Every case, judged. `now` is for those that do not say when they are."""
    found = []
    for case in cases:
        verdict = judge_case(policy, case, now)
        found.append(Outcome(case, verdict, compare(case, verdict)))
    return tuple(found)


def judge_case(policy: Policy, case: Case, now: float) -> Verdict:
    facts = CaseFacts(case)
    answers = _Answers(policy, case, facts)
    moment = now if case.at is None else case.at
    return evaluate(
        policy,
        facts,
        stage=case.stage,
        fulfil=answers,
        now=moment,
        given=facts.derived,
        waivers=[_waiver(waiver, moment) for waiver in case.waivers],
        entitled=answers.why_not_entitled,
        head=HEAD,
    )


class _Answers:
    """How much of each demand a case gives."""

    def __init__(self, policy: Policy, case: Case, facts: CaseFacts) -> None:
        self.policy = policy
        self.case = case
        self.facts = facts

    def __call__(self, demand: Demand, only: View, beside: Beside) -> Requirement:
        if isinstance(demand, ReviewDemand):
            asked = [item for item in beside if isinstance(item[0], ReviewDemand)]
            return self._reviews(asked)[asked.index((demand, only))]
        if isinstance(demand, TrailerDemand):
            return self._trailer(demand)
        if isinstance(demand, ChecksDemand):
            return self._checks(demand)
        return self._tests()

    def why_not_entitled(self, waiver: Waiver, who: ReviewDemand) -> str:
        return entitled(
            waiver,
            who,
            self.policy.people,
            authors=self._authors(),
            contributors=_who(self.case.reviews, "contributor"),
            drivers=_who(self.case.reviews, "driver"),
            members=self.case.teams or None,
        )

    def _authors(self) -> tuple[str, ...]:
        author = self._known("author.user")
        return (*((str(author),) if author else ()), *_who(self.case.reviews, "author"))

    def _reviews(self, asked: Beside) -> tuple[Requirement, ...]:
        case = self.case
        return count_together(
            [(demand, self._owned(only)) for demand, only in asked if isinstance(demand, ReviewDemand)],
            [_approval(review) for review in case.reviews],
            self.policy.people,
            head=HEAD,
            diff=HEAD,
            authors=self._authors(),
            contributors=_who(case.reviews, "contributor"),
            drivers=_who(case.reviews, "driver"),
            members=case.teams or None,
        )

    def _owned(self, only: View) -> dict[str, tuple[str, ...]]:
        return {path: self.facts.owners(path) for path in self.facts.paths() if only is None or path in only}

    def _known(self, fact: str) -> object:
        return self.case.given[fact].value if fact in self.case.given else None

    def _trailer(self, demand: TrailerDemand) -> Requirement:
        values = [value for name, value in self.case.trailers if name.casefold() == demand.name.casefold()]
        there = any(demand.matching is None or patterns.matches(demand.matching, value) for value in values)
        spared = demand.on == "commits-with-ai" and self._known("ai.detected") is False
        return _single("trailer", f"trailer {demand.name}", there=there or spared)

    def _checks(self, demand: ChecksDemand) -> Requirement:
        passed = self._known("checks.passed")
        there = isinstance(passed, tuple) and set(demand.names) <= set(passed)
        return _single("checks", f"checks {', '.join(demand.names)}", there=there)

    def _tests(self) -> Requirement:
        return _single("tests", "a change to a test file", there=self._known("change.tests_touched") is True)


def _single(kind: str, who: str, *, there: bool) -> Requirement:
    missing = "" if there else f"{who} is not given"
    return Requirement(kind, 1, int(there), who, missing, satisfied=there)  # type: ignore[arg-type]


def _approval(review: GivenReview) -> Approval:
    version = EARLIER if review.earlier else HEAD
    return Approval(
        review.by,
        review.state,  # type: ignore[arg-type]  # one of its words
        "test",
        commit=version,
        diff_id=version,
        is_bot=review.is_bot,
        assurance=review.assurance,  # type: ignore[arg-type]
    )


def _waiver(given: GivenWaiver, now: float) -> Waiver:
    stated = datetime.datetime.fromtimestamp(now - 3600 * given.hours_ago, datetime.UTC)
    return Waiver(
        given.by,
        given.reason,
        given.ticket,
        EARLIER if given.earlier else HEAD,
        stated.isoformat(),
        "test",
        given.rules,
    )


def _who(reviews: Sequence[GivenReview], role: str) -> tuple[str, ...]:
    return tuple(review.by for review in reviews if review.is_ == role)
