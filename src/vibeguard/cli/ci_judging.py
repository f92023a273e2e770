"""Judging what a CI run is about: the right base, the forge's reviews, and every open request on the same commit."""

from __future__ import annotations

import os

from vibeguard.check.request import Request
from vibeguard.check.result import Report, failed
from vibeguard.check.use_case import judge
from vibeguard.errors import IO, REPO, VibeguardError
from vibeguard.hooks.ci_environment import CiRun
from vibeguard.repository.locate import Location, locate
from vibeguard.repository.objects import Objects
from vibeguard.repository.refs import read_commit, resolve
from vibeguard.reviews.forge import OpenRequest, Teams, Told

_MOST_OTHERS = 5  # further requests on the same head that are judged too


def judged(run: CiRun, given: Request, *, ask: bool) -> tuple[tuple[Report, ...], Request]:
    """One report for the change, and one for every other open request on the same head; and what was asked.

    Raises:
        VibeguardError: whatever keeps it from being decided.
    """
    location = locate(given.folder)
    with Objects(location.git) as objects:
        request = _request(run, given, location, objects)
        head = request.ends[1] if request.ends is not None else request.head
        head_commit = resolve(location, objects, head).id
    told, teams, unheard = _told(run, head_commit) if ask else (None, None, None)
    if told is not None:
        request = _with(request, told, teams, run)
    notices = (_words(run, request), *(told.notices if told is not None else ()))
    (report,) = _with_fix(run, request)
    if unheard is not None and _rests_on_reviews(report):
        raise unheard
    if unheard is not None:
        notices += (f"{unheard.message}; no rule asked for a review",)
    if told is None and unheard is None and _lacks_review(report) and run.number is not None and ask:
        notices += (f"approvals on the request were not read: no token in {' or '.join(run.tokens) or 'the run'}",)
    report = report._replace(notices=(*report.notices, *notices))
    others = told.others if told is not None and run.ends is None else ()
    return (report, *_judged_too(run, given, others, head_commit)), request


def _request(run: CiRun, given: Request, location: Location, objects: Objects) -> Request:
    """The question, with names that are known to mean a commit here.

    Raises:
        VibeguardError: REPO with the service's own way to get the whole history, when base or head is missing.
    """
    if run.ends is not None:
        for end in run.ends:
            _require(run, objects, end)
        return given._replace(subject="range", ends=run.ends, target=run.target or None, author=run.author)
    base = next((name for name in run.bases if name and _is_here(location, objects, name)), None)
    if base is None:
        raise VibeguardError(REPO, f"the base is not here: {' nor '.join(filter(None, run.bases))}", hint=run.fix)
    if run.head != "HEAD":
        _require(run, objects, run.head)
    return given._replace(subject="base", base=base, head=run.head, target=run.target or None, author=run.author)


def _is_here(location: Location, objects: Objects, name: str) -> bool:
    try:
        resolve(location, objects, name)
    except VibeguardError:
        return False
    return True


def _require(run: CiRun, objects: Objects, name: str) -> None:
    if len(name) in (40, 64) and read_commit(objects, name) is None:
        raise VibeguardError(REPO, f"commit {name[:12]} is not here", hint=run.fix)


def _with_fix(run: CiRun, request: Request) -> tuple[Report, ...]:
    try:
        return judge(request)
    except VibeguardError as error:
        if error.kind == REPO and "shallow" in f"{error.message} {error.hint}":
            raise VibeguardError(error.kind, error.message, where=error.where, hint=run.fix) from None
        raise


# ------------------------------------------------------------------------------------------------------- the forge


def _told(run: CiRun, head: str) -> tuple[Told | None, Teams | None, VibeguardError | None]:
    """What the forge says, or why it said nothing although it was asked."""
    token = next((os.environ[name] for name in run.tokens if os.environ.get(name)), "")
    if not run.forge or run.number is None or not token:
        return None, None, None
    try:
        return *_asked(run, run.number, head, token), None
    except VibeguardError as error:
        return None, None, error


def _asked(run: CiRun, number: int, head: str, token: str) -> tuple[Told, Teams]:
    if run.forge == "gitlab":
        from vibeguard.reviews import gitlab  # noqa: PLC0415 - only on GitLab, with a token

        return gitlab.read(run.project, number, head, token=token, api=run.api, comments=True)
    from vibeguard.reviews import github  # noqa: PLC0415 - only on GitHub, with a token

    return github.read(run.project, number, head, token=token, api=run.api, comments=True)


def _with(request: Request, told: Told, teams: Teams | None, run: CiRun) -> Request:
    return request._replace(
        approvals=told.approvals,
        waivers=told.waivers,
        teams=teams,
        author=told.author or request.author,
        target=told.target or request.target,
        stands_for=told.head if run.ends is not None else None,
    )


def _judged_too(run: CiRun, given: Request, others: tuple[OpenRequest, ...], head: str) -> tuple[Report, ...]:
    """A status belongs to the commit: every other open request on the same head must pass as well."""
    reports: list[Report] = []
    for other in others[:_MOST_OTHERS]:
        theirs = run._replace(
            number=other.number, target=other.target, bases=(f"refs/remotes/origin/{other.target}",), head=head
        )
        try:
            found = _judged_one(theirs, given, head)
        except VibeguardError as error:
            found = failed(error, "ci")
        notice = f"request {other.number} has the same head and goes to {other.target}: it is judged too"
        reports.append(found._replace(notices=(*found.notices, notice)))
    if len(others) > _MOST_OTHERS:
        many = VibeguardError(REPO, f"{len(others)} other open requests have the same head", hint="close some of them")
        reports.append(failed(many, "ci"))
    return tuple(reports)


def _judged_one(run: CiRun, given: Request, head: str) -> Report:
    location = locate(given.folder)
    with Objects(location.git) as objects:
        request = _request(run, given, location, objects)
    told, teams, unheard = _told(run, head)
    if told is None:
        raise unheard or VibeguardError(IO, "the forge did not say who approved", hint="run the job again")
    (report,) = _with_fix(run, _with(request, told, teams, run))
    return report


def _rests_on_reviews(report: Report) -> bool:
    return any(requirement.kind == "review" for rule in report.rules for requirement in rule.requirements)


def _lacks_review(report: Report) -> bool:
    return any(
        requirement.kind == "review" and not requirement.satisfied
        for rule in report.rules
        for requirement in rule.requirements
    )


def _words(run: CiRun, request: Request) -> str:
    what = (
        f"{request.ends[0][:10]}..{request.ends[1][:10]}" if request.ends else f"{request.base}...{request.head[:10]}"
    )
    number = f" {run.number}" if run.number is not None else ""
    fork = ", from a fork" if run.fork else ""
    return f"{run.system} {run.event}{number}{fork}: {what} is judged"
