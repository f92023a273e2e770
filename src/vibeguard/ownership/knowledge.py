"""Who really knows some files, by their history: the only ownership where no ownership file exists.

It is a reading of who committed what and when, and is said to be that. Ages are counted back from the commit that is
asked about, not from today, so that the same inputs give the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from vibeguard.model import Fact
from vibeguard.ownership.history import YEARS, History
from vibeguard.ownership.mailmap import Mailmap
from vibeguard.tuples import NamedTuple

_DAY = 86_400
HALF_LIFE = 365  # days in which a commit counts half; set by hand
MAJORITY = 0.5  # of the weighed commits that a bus factor accounts for
_MOST_SUGGESTED = 5
_SHOWN = 3


class Rung(NamedTuple):
    """What a level of familiarity asks for; all four must hold. Set by hand."""

    level: str
    commits: int
    files: float  # share of the files in view that one's commits touched
    work: float  # share of the weighed commits to them
    days: int  # since the last of them


RUNGS = (Rung("high", 5, 0.5, 0.2, 365), Rung("moderate", 2, 0.25, 0.05, 730), Rung("low", 1, 0.0, 0.0, YEARS * 365))


class Suggestion(NamedTuple):
    """Somebody who knows the files, and why they are named."""

    name: str
    email: str
    commits: int
    files: int
    days: int  # since the last commit to them
    share: float  # of the weighed commits, 0.0 to 1.0
    why: str


class BusFactor(NamedTuple):
    """How few people account for most of the work on the files.

    `people` is of all files together, None without history; `alone` are files that one person accounts for.
    """

    people: int | None
    alone: tuple[tuple[str, str], ...] = ()  # (file, that person's name)


class _Work(NamedTuple):
    """One person's part in the history."""

    commits: int
    subjects: frozenset[int]
    weight: float
    by_subject: Mapping[int, float]
    last: int
    name: str
    email: str


def familiarity(history: History, is_author: Callable[[str], bool]) -> Fact:
    """`author.familiarity`: none, low, moderate or high, with the rule and the figures in words.

    Args:
        history: of the files in view.
        is_author: whether an address in a commit is the author's. Joining the names of one person is the caller's
            business; `.mailmap` has no part in it, since a change of it could make anybody familiar.
    """
    if not history.subjects:
        return Fact("none", evidence=("the change has no file with a history",))
    shallow = next((limit for limit in history.limits if "shallow" in limit), "")
    if shallow:
        return Fact(None, f"{shallow}: git fetch --unshallow (in CI: fetch-depth: 0)")
    people = _people(history, lambda _, email: "author" if is_author(email) else email.lower())
    mine = people.get("author")
    if mine is None:
        return Fact("none", evidence=(f"no commit to these files in the {YEARS} years before", *history.limits))
    total = sum(work.weight for work in people.values())
    files = len(mine.subjects) / len(history.subjects)
    share = mine.weight / total if total else 0.0
    days = _days(history, mine.last)
    figures = (
        f"{_count(mine.commits, 'commit')} to {len(mine.subjects)} of {_count(len(history.subjects), 'file')}, "
        f"{share:.0%} of the work on them, the last {days} days before the base"
    )
    for rung in RUNGS:
        if mine.commits >= rung.commits and files >= rung.files and share >= rung.work and days <= rung.days:
            return Fact(rung.level, evidence=(figures, _in_words(rung), *history.limits))
    return Fact("low", evidence=(figures, _in_words(RUNGS[-1]), *history.limits))


def _in_words(rung: Rung) -> str:
    if rung.level == "low":
        return f"low: at least one commit to one of the files in the {YEARS} years before"
    return (
        f"{rung.level}: at least {rung.commits} commits, to {rung.files:.0%} of the files, with {rung.work:.0%} of the "
        f"work on them (a commit counts half after {HALF_LIFE} days), the last within {rung.days} days"
    )


def reviewers(
    history: History,
    mailmap: Mailmap,
    *,
    excluded: Callable[[str, str], bool] = lambda name, email: False,  # noqa: ARG005
    limit: int = _MOST_SUGGESTED,
) -> tuple[Suggestion, ...]:
    """People who know the files best, best first, with reasons. `excluded` takes a name and an address out."""
    people = _people(history, lambda name, email: mailmap.proper(name, email)[1].lower(), mailmap)
    total = sum(work.weight for work in people.values())
    ranked = sorted(people.values(), key=lambda work: (-work.weight, work.email))
    found = []
    for work in ranked:
        if excluded(work.name, work.email) or work.email.lower().endswith("[bot]@users.noreply.github.com"):
            continue
        share = work.weight / total if total else 0.0
        days = _days(history, work.last)
        why = (
            f"{_count(work.commits, 'commit')} to {_places(history, work)}, {share:.0%} of the work on these files, "
            f"the last {days} days before"
        )
        found.append(Suggestion(work.name, work.email, work.commits, len(work.subjects), days, share, why))
        if len(found) == limit:
            break
    return tuple(found)


def bus_factor(history: History, mailmap: Mailmap) -> BusFactor:
    """How many people account for half of the work, and which files rest on one."""
    people = _people(history, lambda name, email: mailmap.proper(name, email)[1].lower(), mailmap)
    if not people:
        return BusFactor(None)
    alone = []
    for number, subject in enumerate(history.subjects):
        on_it = {who: work.by_subject[number] for who, work in people.items() if number in work.by_subject}
        if on_it and not subject.endswith("/"):
            who, weight = max(on_it.items(), key=lambda item: item[1])
            if weight > MAJORITY * sum(on_it.values()):
                alone.append((subject, people[who].name))
    return BusFactor(_fewest([work.weight for work in people.values()]), tuple(alone))


def _fewest(weights: Sequence[float]) -> int:
    wanted = MAJORITY * sum(weights)
    reached = 0.0
    for count, weight in enumerate(sorted(weights, reverse=True), 1):
        reached += weight
        if reached > wanted:
            return count
    return len(weights)


def _people(history: History, who: Callable[[str, str], str], mailmap: Mailmap | None = None) -> dict[str, _Work]:
    """Each person's part. A commit to several files counts once for each of them."""
    found: dict[str, _Work] = {}
    for touch in history.touches:
        person = who(touch.name, touch.email)
        # A clock that ran ahead is no reason to weigh more.
        weight = 0.5 ** (max(0.0, (history.until - touch.time) / _DAY) / HALF_LIFE)
        known = found.get(person)
        name, email = mailmap.proper(touch.name, touch.email) if mailmap is not None else (touch.name, touch.email)
        by_subject = dict(known.by_subject) if known is not None else {}
        for number in touch.subjects:
            by_subject[number] = by_subject.get(number, 0.0) + weight
        found[person] = _Work(
            (known.commits if known is not None else 0) + 1,
            (known.subjects if known is not None else frozenset()) | frozenset(touch.subjects),
            (known.weight if known is not None else 0.0) + weight * len(touch.subjects),
            by_subject,
            max(touch.time, known.last) if known is not None else touch.time,
            known.name if known is not None else name,  # the newest spelling
            known.email if known is not None else email,
        )
    return found


def _days(history: History, last: int) -> int:
    return max(0, (history.until - last) // _DAY)


def _places(history: History, work: _Work) -> str:
    most = sorted(work.by_subject, key=lambda number: (-work.by_subject[number], number))
    names = [history.subjects[number] for number in most]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
