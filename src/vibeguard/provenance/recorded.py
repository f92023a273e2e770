"""A change with what recorders left about it: evidence where records meet its lines, and the share of those lines."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence

from vibeguard.model import Change, Commit, Evidence, Provenance, Share
from vibeguard.provenance.catalogue import Catalogue
from vibeguard.provenance.detect import combine, role_of, tools_of
from vibeguard.provenance.intervals import Runs, count, intersect, runs
from vibeguard.provenance.notes import LineRecord
from vibeguard.provenance.records import Records, read_records
from vibeguard.provenance.share import (
    MAX_COMMITS,
    RECORDED,
    added_by,
    is_whole,
    of_range,
    of_staged,
    pairs_of,
    share_of,
)
from vibeguard.provenance.spans import Patches, read_spans
from vibeguard.provenance.traces import meeting
from vibeguard.repository.locate import Location
from vibeguard.repository.objects import Objects
from vibeguard.tuples import NamedTuple

_TOO_LARGE = "the range is too large to carry lines through it: the share of AI lines is not known"
_INVOLVED = ("authored", "assisted")


class Marks(NamedTuple):
    """What is known without records: of each commit, of the message, and around them (environment and branch)."""

    commits: tuple[Provenance, ...]
    message: Provenance | None
    around: tuple[Evidence, ...]


def with_records(
    change: Change,
    marks: Marks,
    catalogue: Catalogue,
    *,
    location: Location,
    objects: Objects,
    excluded: Callable[[], Container[str]] = tuple,
) -> Provenance:
    """The change's provenance with records and share; for the arguments see `detect.of_change`."""
    commits, message, around = marks
    records = read_records(location, objects, change, catalogue)
    by_commit: dict[str, tuple[LineRecord, ...]] = {}
    patches = Patches({}, complete=False)
    if change.commits and (any(commit.detected for commit in commits) or not records.empty):
        if len(change.commits) <= MAX_COMMITS:
            patches = read_spans(location.git, pairs_of(change))
        if patches.problem:
            records = records._replace(notices=(*records.notices, patches.problem))
        commits, by_commit = of_each(change.commits, commits, records, patches)
    staged = [
        item for record in records.staged for item in _evidence(record, None, meets=_meets_staged(record, change))
    ]
    parts = [*commits, *([message] if message is not None else [])]
    combined = combine(parts, [*around, *staged], commits=commits)
    combined = combined._replace(
        findings=tuple(dict.fromkeys((*combined.findings, *records.findings))),
        notices=tuple(dict.fromkeys((*combined.notices, *records.notices))),
    )
    if not combined.detected:
        return combined
    general = tuple(item for item in combined.evidence if item.commit is None)
    if change.commits and not is_whole(general):
        if not patches.complete:
            return combined._replace(notices=(*combined.notices, _TOO_LARGE))
        files = of_range(change, {item.commit or "": item for item in commits}, by_commit, patches)
    else:
        files = of_staged(change, records.staged, whole=is_whole(general))
    left_out = excluded()
    files = tuple(file for file in files if file.path not in left_out)
    return combined._replace(
        files=files, share=share_of(files, rests_on=rests_on(combined)), lines=sum(file.low for file in files)
    )


def of_each(
    commits: Sequence[Commit], parts: Sequence[Provenance], records: Records, patches: Patches
) -> tuple[tuple[Provenance, ...], dict[str, tuple[LineRecord, ...]]]:
    """Each commit with what was recorded about it, as far as that meets the lines which it adds, and its share."""
    found = []
    by_commit: dict[str, tuple[LineRecord, ...]] = {}
    for commit, part in zip(commits, parts, strict=True):
        touched = added_by(commit, patches)
        about = list(records.of.get(commit.id, ()))
        trace = meeting(records.traces, (commit.id, *commit.parents), touched, exact=commit.id)
        if trace is not None:
            about.append(trace)
        if about:
            by_commit[commit.id] = tuple(about)
        # What cannot be compared counts as if it met the diff: a damaged repository must not relax anything.
        compared = all((commit.id, parent) in patches.of for parent in commit.parents or ("",))
        evidence = [
            item
            for record in about
            for item in _evidence(record, commit.id, meets=not compared or _meets(record, touched))
        ]
        marked = _with(part, evidence)
        if compared:
            found.append(_shared(marked, about, touched, records.agents.get(commit.id, 0.0)))
        else:
            found.append(marked._replace(share=Share(0.0, 1.0, rests_on(marked))) if marked.detected else marked)
    return tuple(found), by_commit


def _with(part: Provenance, evidence: Sequence[Evidence]) -> Provenance:
    """The same commit with more evidence."""
    if not evidence:
        return part
    together = (*part.evidence, *evidence)
    role, confidence = role_of(together, [part.role])
    return part._replace(role=role, confidence=confidence, evidence=together, tools=tools_of(together))


def _shared(part: Provenance, about: Sequence[LineRecord], touched: Mapping[str, Runs], least: float) -> Provenance:
    """The same commit with its share of the lines that it adds; `least` is what an aggregate says."""
    total = sum(count(lines) for lines in touched.values())
    if not total or not part.detected:
        return part
    recorded = sum(
        count(runs(run for record in about for run in intersect(lines, record.lines.get(path, ()))))
        for path, lines in touched.items()
    )
    vague = is_whole(part.evidence) or any(not record.whole.isdisjoint(touched) for record in about)
    low = max(recorded / total, least)
    return part._replace(share=Share(low, 1.0 if vague else low, rests_on(part)), lines=recorded)


def _meets(record: LineRecord, touched: Mapping[str, Runs]) -> bool:
    """Whether a record speaks of a line that the commit adds: most recorded lines are not in its diff."""
    return not record.whole.isdisjoint(touched) or any(
        intersect(touched[path], lines) for path, lines in record.lines.items() if path in touched
    )


def _meets_staged(record: LineRecord, change: Change) -> bool:
    """Positions in the working log were checked against the staged content: the path decides."""
    paths = set(change.paths)
    return not paths.isdisjoint(record.lines) or not paths.isdisjoint(record.whole)


def _evidence(record: LineRecord, commit: str | None, *, meets: bool) -> list[Evidence]:
    """One piece for each tool that a record names. A session that left no line of this change is only possible."""
    lines = sum(count(found) for found in record.lines.values())
    files = len(set(record.lines) | record.whole)
    where = "1 file" if files == 1 else f"{files} files"
    words = f"{lines} lines in {where} recorded" if record.lines else f"{where} recorded"
    if not files:
        words = "a session recorded, without lines"
    return [Evidence(record.channel, tool, "likely" if meets else "possible", words, commit) for tool in record.tools]


def rests_on(part: Provenance) -> str:
    """What a share rests on, in words."""
    strong = [item for item in part.evidence if item.strength in ("likely", "certain") and item.role in _INVOLVED]
    recorded = {item.commit for item in strong if item.channel in RECORDED}
    whole = {item.commit for item in strong if item.channel not in RECORDED}
    words = []
    if recorded:
        words.append("records of lines" if recorded == {None} else f"records of lines in {_commits(len(recorded))}")
    if whole - {None}:
        words.append(f"marks of {_commits(len(whole - {None}))} as a whole")
    if None in whole:
        words.append("a mark of the change as a whole")
    return ", ".join(words)


def _commits(number: int) -> str:
    return "1 commit" if number == 1 else f"{number} commits"
