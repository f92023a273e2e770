"""Provenance over a whole history: one pass in plain Python, with the same few git processes however long it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from vibeguard.model import Commit, Provenance, Share
from vibeguard.provenance.catalogue import Catalogue
from vibeguard.provenance.detect import of_commit
from vibeguard.provenance.notes import REF
from vibeguard.provenance.recorded import of_each, rests_on
from vibeguard.provenance.records import Records, of_commits
from vibeguard.provenance.spans import read_spans
from vibeguard.provenance.traces import NOTES
from vibeguard.repository.commits import parse_commit
from vibeguard.repository.locate import Location
from vibeguard.repository.objects import Objects, list_tree, read_objects
from vibeguard.tuples import NamedTuple

# Commits with records of lines, whose lines are compared with their diffs; the newest ones come first.
MAX_COMPARED = 20_000
_STEP = 1_000  # commits between two reports of progress

Progress = Callable[[int, int], None]


class Entry(NamedTuple):
    """One commit of a history and what it says; the subject is kept where there is something to show."""

    found: Provenance
    subject: str = ""
    time: int = 0


class History(NamedTuple):
    """Every commit asked about, newest first."""

    entries: tuple[Entry, ...]
    notices: tuple[str, ...] = ()


def read_history(
    location: Location,
    objects: Objects,
    ids: Sequence[str],
    catalogue: Catalogue,
    *,
    head: str | None = None,
    progress: Progress | None = None,
) -> History:
    """What these commits (full ids) say, with records of lines where there are any.

    Raises:
        VibeguardError: GIT when git fails or an object is missing.
    """
    noted = _noted(location, objects)
    entries: list[Entry] = []
    recorded: list[tuple[int, Commit]] = []
    for number, found in enumerate(read_objects(location.git, ids)):
        commit = parse_commit(found.id, found.content)
        entry = Entry(_with_share(of_commit(commit, catalogue)))
        if commit.id in noted or any(item.tool == "entire" for item in entry.found.evidence):
            recorded.append((number, commit))
        if entry.found.role != "unknown" or entry.found.findings:
            entry = Entry(entry.found, commit.subject, commit.time)
        entries.append(entry)
        if progress is not None and number % _STEP == 0:
            progress(number, len(ids))
    compared = recorded[:MAX_COMPARED]
    notices: tuple[str, ...] = ()
    if compared:
        records = of_commits(location, objects, [commit for _, commit in compared], catalogue, head=head)
        parts, unread = _with_records(location, compared, entries, records)
        for (number, commit), part in zip(compared, parts, strict=True):
            entries[number] = Entry(part, commit.subject, commit.time)
        notices = (*records.notices, *unread)
    if len(recorded) > len(compared):
        notices = (*notices, f"records of {len(recorded) - len(compared)} older commits were not read")
    return History(tuple(entries), notices)


def _with_share(part: Provenance) -> Provenance:
    """A mark of the whole commit: any part of its lines may be an AI's, and no diff is needed to say so."""
    return part._replace(share=Share(0.0, 1.0, rests_on(part))) if part.detected else part


def _noted(location: Location, objects: Objects) -> set[str]:
    """The commits that have a note of a recorder."""
    found: set[str] = set()
    for ref in (REF, NOTES):
        tree = objects.read(f"{ref}^{{tree}}")
        if tree is not None:
            found.update(entry.path.replace("/", "") for entry in list_tree(location.git, tree.id))
    return found


def _with_records(
    location: Location, compared: Sequence[tuple[int, Commit]], entries: Sequence[Entry], records: Records
) -> tuple[tuple[Provenance, ...], tuple[str, ...]]:
    commits = [commit for _, commit in compared]
    pairs = [(commit.id, parent) for commit in commits for parent in commit.parents or ("",)]
    patches = read_spans(location.git, pairs)
    parts, _ = of_each(commits, [entries[number].found for number, _ in compared], records, patches)
    too_large = "the diffs are too large to compare all records of lines with them"
    notices = () if patches.complete else (patches.problem or too_large,)
    by_commit = {finding.commit: finding for finding in records.findings}
    return tuple(
        part._replace(findings=(*part.findings, by_commit[part.commit])) if part.commit in by_commit else part
        for part in parts
    ), notices


class Totals(NamedTuple):
    """Counts over commits. `ai` are those with at least likely involvement in writing."""

    commits: int
    ai: int
    roles: dict[str, int]
    confidence: dict[str, int]
    tools: dict[str, int]
    channels: dict[str, int]
    undeclared: int
    no_human_author: int
    wrote_sign_off: int
    declared_none: int
    share: Share | None = None


def totals(parts: Iterable[Provenance], share: Share | None = None) -> Totals:
    """The counts of these commits; tools and channels of those with AI, most frequent first."""
    number = ai = undeclared = no_human = signed = none = 0
    roles: Counter[str] = Counter()
    confidence: Counter[str] = Counter()
    tools: Counter[str] = Counter()
    channels: Counter[str] = Counter()
    for part in parts:
        number += 1
        roles[part.role] += 1
        confidence[part.confidence] += 1
        signed += part.wrote_sign_off
        none += any(item.role == "declared-none" for item in part.evidence)
        if part.detected:
            ai += 1
            undeclared += part.declared is False
            no_human += part.no_human_author is True
            tools.update(part.tools)
            channels.update({item.channel for item in part.evidence if item.role in ("authored", "assisted")})
    return Totals(
        number, ai, dict(roles.most_common()), dict(confidence.most_common()), dict(tools.most_common()),
        dict(channels.most_common()), undeclared, no_human, signed, none, share,
    )  # fmt: skip


def asks(part: Provenance) -> tuple[str, ...]:
    """What a policy would ask about this commit, in words."""
    words = []
    if part.detected and part.declared is False:
        words.append("AI not declared")
    if part.detected and part.no_human_author:
        words.append("no human author")
    if part.wrote_sign_off:
        words.append("an AI signed off")
    words += [finding.text for finding in part.findings]
    return tuple(words)
