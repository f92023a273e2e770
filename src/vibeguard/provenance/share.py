"""How much of what a change adds an AI wrote: at least, at most, and what that rests on.

Lines that a record attributes are the lower end. The upper end adds every line of a commit of which only the whole is
known (a co-author trailer, an author), for all of them may be an AI's. A line in no record is unknown, not human.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from vibeguard.model import Change, Commit, Evidence, FileLines, Provenance, Share
from vibeguard.provenance.intervals import Runs, added, carried, count, intersect, union
from vibeguard.provenance.notes import LineRecord
from vibeguard.provenance.spans import Pair, Patches, Spans, added_lines
from vibeguard.tuples import NamedTuple

RECORDED = ("note", "trace", "working-log")  # channels that speak of lines, not of a whole commit
MAX_COMMITS = 2_000  # of one range that lines are carried through


class Lines(NamedTuple):
    """Lines of one file at one commit that records attribute to an AI, and those that may be one's."""

    recorded: Runs = ()
    possible: Runs = ()


State = dict[str, Lines]


def pairs_of(change: Change) -> list[Pair]:
    """The differences that are needed: each commit against its parents, and the whole change."""
    pairs = [(commit.id, parent) for commit in change.commits for parent in commit.parents or ("",)]
    if change.base_tree and change.head_tree:
        pairs.append((change.base_tree, change.head_tree))
    return pairs


def added_by(commit: Commit, patches: Patches) -> Mapping[str, Runs]:
    """The lines that are new in a commit: in none of its parents."""
    differences = [patches.of.get((commit.id, parent), {}) for parent in commit.parents or ("",)]
    found: dict[str, Runs] = {}
    for path, spans in differences[0].items():
        lines = added(spans)
        for other in differences[1:]:
            lines = intersect(lines, added(other[path])) if path in other else ()
        if lines:
            found[path] = lines
    return found


def of_range(
    change: Change, parts: Mapping[str, Provenance], records: Mapping[str, Sequence[LineRecord]], patches: Patches
) -> tuple[FileLines, ...]:
    """The lines of a range that are still there at its head, by file."""
    states: dict[str, State] = {}
    for commit in change.commits:
        state = _merged([_from_parent(commit.id, parent, states, patches) for parent in commit.parents or ("",)])
        part = parts.get(commit.id)
        whole = part is not None and is_whole(part.evidence)
        about = records.get(commit.id, ())
        if whole or about:
            for path, lines in added_by(commit, patches).items():
                known = state.get(path, Lines())
                recorded = known.recorded
                possible = union(known.possible, lines) if whole else known.possible
                for record in about:
                    recorded = union(recorded, intersect(lines, record.lines.get(path, ())))
                    if path in record.whole:
                        possible = union(possible, lines)
                if recorded or possible:
                    state[path] = Lines(recorded, possible)
        states[commit.id] = state
    final = states.get(change.head or "", {})
    difference = patches.of.get((change.base_tree or "", change.head_tree or ""), {})
    read = {file.path for file in change.files if not file.unread and not file.is_submodule}
    found = []
    for path, spans in difference.items():
        lines = added(spans)
        if path in read and lines:
            known = final.get(path, Lines())
            recorded = intersect(known.recorded, lines)
            found.append(
                FileLines(path, count(lines), count(recorded), count(union(recorded, intersect(known.possible, lines))))
            )
    return tuple(found)


def of_staged(change: Change, records: Iterable[LineRecord], *, whole: bool) -> tuple[FileLines, ...]:
    """The lines of a staged change, or of any whose commits are not known, by file."""
    records = tuple(records)
    found = []
    for file in change.files:
        lines = added_lines(file)
        if not lines:
            continue
        recorded: Runs = ()
        for record in records:
            recorded = union(recorded, intersect(lines, record.lines.get(file.path, ())))
        everything = whole or any(file.path in record.whole for record in records)
        found.append(FileLines(file.path, count(lines), count(recorded), count(lines if everything else recorded)))
    return tuple(found)


def share_of(files: Iterable[FileLines], *, rests_on: str = "") -> Share | None:
    """The share over these files, and what it rests on in words; None when none of them adds a line."""
    counted = tuple(files)
    total = sum(file.added for file in counted)
    if not total:
        return None
    return Share(sum(file.low for file in counted) / total, sum(file.high for file in counted) / total, rests_on)


def is_whole(evidence: Iterable[Evidence]) -> bool:
    """True when evidence speaks of a commit or a change as a whole: any of its lines may be an AI's."""
    return any(
        item.strength in ("likely", "certain")
        and item.role in ("authored", "assisted")
        and item.channel not in RECORDED
        for item in evidence
    )


def _from_parent(commit: str, parent: str, states: Mapping[str, State], patches: Patches) -> State:
    known = states.get(parent)
    if not known:
        return {}
    state = dict(known)
    spans: Spans = patches.of.get((commit, parent), {})
    for path, replaced in spans.items():
        lines = state.pop(path, None)
        if lines is not None:
            moved = Lines(carried(lines.recorded, replaced), carried(lines.possible, replaced))
            if moved.recorded or moved.possible:
                state[path] = moved
    return state


def _merged(states: Sequence[State]) -> State:
    merged = states[0]
    for other in states[1:]:
        for path, lines in other.items():
            known = merged.get(path, Lines())
            merged[path] = Lines(union(known.recorded, lines.recorded), union(known.possible, lines.possible))
    return merged
