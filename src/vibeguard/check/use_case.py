"""A change goes in, a verdict that explains itself comes out."""

from __future__ import annotations

import time
from functools import partial

from vibeguard.check.demands import Answers
from vibeguard.check.gather import Case, Gathered
from vibeguard.check.given import Given, read_facts
from vibeguard.check.request import Request
from vibeguard.check.result import NOTHING_CHANGES, NOTHING_STAGED, Report, exit_code, failed
from vibeguard.check.rulebook import Rulebook, broken_head_policy, protected_ref, rulebook
from vibeguard.check.trust import trusted
from vibeguard.errors import VibeguardError
from vibeguard.model import Change, ReviewDemand, RuleResult, Verdict, Waiver
from vibeguard.policy.evaluate import Entitled, evaluate
from vibeguard.repository import change as changes
from vibeguard.repository.locate import Location, locate
from vibeguard.repository.message import read_message, stored_message
from vibeguard.repository.objects import Objects
from vibeguard.repository.push import pushed_changes, read_push
from vibeguard.repository.tree import Tree


def judge(request: Request) -> tuple[Report, ...]:
    """One report for each change that was asked about: one, or as many as refs are pushed.

    Raises:
        VibeguardError: whatever keeps vibeguard from deciding, unless the policy of the base lets a hook go on
            (`on_error`), in which case the report says so.
    """
    begun = time.perf_counter()
    location = locate(request.folder)
    given = given_by(request)
    with Objects(location.git) as objects:
        found = _changes(request, location, objects)
        read_ms = (time.perf_counter() - begun) * 1000
        return tuple(
            _judge(request, location, objects, change, given)._replace(timings_ms=_timings(begun, read_ms))
            for change in found
        )


def _timings(begun: float, read_ms: float) -> dict[str, float]:
    """Wall milliseconds: until the change was read, and until this verdict."""
    return {"read": round(read_ms, 1), "all": round((time.perf_counter() - begun) * 1000, 1)}


def given_by(request: Request) -> Given:
    """What was handed in: facts, reviews, and what a forge told."""
    given = read_facts(*request.facts) if request.facts is not None else Given()
    if request.reviews is not None:
        from vibeguard.reviews.file import read_all  # noqa: PLC0415 - only where a reviews file is given

        where, raw = request.reviews
        told = read_all(raw, where)
        given = given._replace(
            approvals=told.approvals,
            waivers=told.waivers,
            teams=given.teams if told.teams is None else told.teams,
        )
    return given._replace(
        approvals=request.approvals + given.approvals,
        waivers=request.waivers + given.waivers,
        teams=request.teams if given.teams is None else given.teams,
    )


def _changes(request: Request, location: Location, objects: Objects) -> tuple[Change, ...]:
    if request.subject == "push":
        refs, notices = read_push(request.pushed or b"", request.environ, location, objects)
        remote = request.remote or request.environ.get("PRE_COMMIT_REMOTE_NAME")
        pushed = pushed_changes(location, objects, refs, remote=remote)
        return tuple(item.change._replace(notices=notices + item.change.notices) for item in pushed)
    if request.subject == "range":
        assert request.ends is not None
        change = changes.between(location, objects, *request.ends)
    elif request.subject == "base":
        assert request.base is not None
        change = changes.since_merge_base(location, objects, request.base, request.head)
    elif request.subject == "staged":
        change = changes.staged(location, objects)
    else:
        from vibeguard.repository.patch import parse_patch  # noqa: PLC0415 - only where a patch is given

        change = parse_patch(request.patch or b"")
    if request.message_file is not None:
        change = change._replace(message=stored_message(read_message(request.message_file), location))
    return (change,)


def _judge(request: Request, location: Location, objects: Objects, change: Change, given: Given) -> Report:
    believed = trusted(request, location, objects, change)
    tree = Tree(objects, believed.commit.tree) if believed.commit is not None else None
    book = rulebook(request, location, believed, tree, change)
    try:
        case = Case(request, location, objects, change, book.policy, believed, tree, given)
        return _by(book, Gathered(case))
    except VibeguardError as error:
        # Only the base's own policy may let a hook go on, only hooks, and never without a word.
        if request.stage != "ci" and book.policy.on_error.get(request.stage) == "warn":
            notice = f"could not decide ({error}); the policy lets {request.stage} go on, CI decides"
            return failed(error, request.stage, change)._replace(
                verdict="warn", exit_code=0, error=None, notices=(notice,), policy_words=book.words
            )
        raise


def _by(book: Rulebook, gathered: Gathered) -> Report:
    request, change = gathered.request, gathered.change
    verdict = _evaluated(book, gathered)
    rules = verdict.rules
    name = verdict.verdict
    always = (broken_head_policy(gathered.location, gathered.objects, change), protected_ref(book.policy, change))
    for rule in always:
        if rule is not None:
            rules, name = (*rules, rule), "blocked"
    held = _held(book, gathered)
    if held is not None:
        rules, name = (*rules, held), "blocked"
    notices = (*change.notices, *book.notices, *verdict.notices, *gathered.notices)
    if not change.files and change.source != "push":
        notices = (NOTHING_STAGED if request.subject == "staged" else NOTHING_CHANGES, *notices)
    return Report(
        verdict=name,
        exit_code=exit_code(name, request.stage, rules),
        stage=request.stage,
        change=change,
        content=gathered.content,
        provenance=gathered.provenance,
        owners={path: gathered.ownership.of(path) for path in change.paths},
        dependents=gathered.dependents(),
        blast=gathered.blast(),
        # History is read for whoever waits; a hook reads it when a rule asks.
        risk=gathered.risk() if request.patient and change.files else None,
        rules=rules,
        policy=book.policy.files,
        policy_words=book.words,
        findings=gathered.findings,
        notices=tuple(dict.fromkeys(notices)),
        overrides=verdict.overrides,
        waivers_not_counted=verdict.waivers_not_counted,
    )


def _held(book: Rulebook, gathered: Gathered) -> RuleResult | None:
    """What an overdue review of an earlier change holds back."""
    if gathered.request.stage != "ci" or not book.policy.break_glass:
        return None
    from vibeguard.check.follow_up import overdue  # noqa: PLC0415 - few policies have a break-glass

    return overdue(gathered.location, gathered.objects, book.policy, gathered.change, gathered.request.now)


def _evaluated(book: Rulebook, gathered: Gathered) -> Verdict:
    request = gathered.request
    entitled: Entitled = _nobody
    if book.policy.break_glass:
        from vibeguard.check.testimony import why_not_entitled  # noqa: PLC0415 - few policies have a break-glass

        entitled = partial(why_not_entitled, gathered)
    answers = Answers(gathered)
    verdict = evaluate(
        book.policy,
        gathered,
        stage=request.stage,
        fulfil=answers,
        now=request.now,
        waivers=gathered.testimony.waivers if book.policy.break_glass else gathered.given.waivers,
        entitled=entitled,
        head=gathered.change.head,
    )
    if not request.full or verdict.verdict not in ("needs", "blocked"):
        return verdict
    from vibeguard.policy.explain import Question, with_ways  # noqa: PLC0415 - the short report does not try them all

    question = Question(book.policy, gathered, request.stage, answers, request.now, gathered.change.head)
    return with_ways(question, verdict)


def _nobody(_waiver: Waiver, _who: ReviewDemand) -> str:
    return "the policy has no break_glass"
