"""Where records of lines are kept, read for one change: notes, the working log, trace files, checkpoints.

A constant number of git processes, whatever the number of commits; nothing but the records themselves is read.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Mapping, Sequence

from vibeguard.errors import LIMIT, VibeguardError
from vibeguard.model import Change, Commit, FileChange, Finding
from vibeguard.provenance import notes, traces
from vibeguard.provenance.catalogue import Catalogue
from vibeguard.provenance.messages import decode, lenient_lines
from vibeguard.provenance.notes import LineRecord, parse_note, parse_working_log
from vibeguard.provenance.spans import added_lines
from vibeguard.repository.locate import Location
from vibeguard.repository.objects import Objects, list_tree, read_objects
from vibeguard.tuples import NamedTuple

# Up to this many commits, each note is asked for under the names it may have; above, the notes' tree is listed.
_FEW = 300
MAX_FILE = 16 << 20  # bytes of a working log or trace file in the work tree
_PROBLEM = "provenance-record"


class Records(NamedTuple):
    """What recorders left about a change.

    Attributes:
        of: by commit.
        staged: about what is staged.
        agents: by commit, the agent's part of the lines as an aggregate says (0.0 to 1.0).
        traces: trace records; which commit they are about shows when its paths are known.
    """

    of: Mapping[str, tuple[LineRecord, ...]] = {}
    staged: tuple[LineRecord, ...] = ()
    agents: Mapping[str, float] = {}
    traces: tuple[traces.Trace, ...] = ()
    findings: tuple[Finding, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        return not (self.of or self.staged or self.agents or self.traces)


def read_records(location: Location, objects: Objects, change: Change, catalogue: Catalogue) -> Records:
    """Everything that was recorded about the commits of a change, or about what is staged."""
    if change.source == "staged":
        return _of_staged(location, objects, change, catalogue)
    return of_commits(location, objects, change.commits, catalogue, head=change.head)


def of_commits(
    location: Location, objects: Objects, commits: Sequence[Commit], catalogue: Catalogue, *, head: str | None = None
) -> Records:
    """What was recorded about these commits."""
    findings: list[Finding] = []
    found: dict[str, list[LineRecord]] = {}
    for commit, note in _notes_of(location, notes.REF, commits, notes.MAX_NOTE, findings):
        record = parse_note(note, catalogue)
        found.setdefault(commit, []).append(record)
        if record.problem:
            findings.append(_finding(notes.REF, record.problem, commit))
    kept: list[traces.Trace] = []
    for commit, note in _notes_of(location, traces.NOTES, commits, traces.MAX_TRACES, findings):
        parsed, problem = traces.parse_traces(note, catalogue)
        # A note hangs on its commit, whatever revision the record names.
        kept.extend(trace._replace(revision=commit) for trace in parsed)
        if problem:
            findings.append(_finding(traces.NOTES, problem, commit))
    if head is not None:
        raw = _small(objects, f"{head}:{traces.FILE}")
        if raw is not None:
            kept.extend(_traces_of(raw, catalogue, findings))
    return Records(
        {commit: tuple(records) for commit, records in found.items()},
        agents=dict(_checkpoints(objects, commits)),
        traces=tuple(kept),
        findings=tuple(findings),
        notices=_missing(location, objects),
    )


def _of_staged(location: Location, objects: Objects, change: Change, catalogue: Catalogue) -> Records:
    findings: list[Finding] = []
    records: list[LineRecord] = []
    head = change.base or "initial"
    for folder in dict.fromkeys((location.git_dir, location.common_dir)):
        log = read_file(os.path.join(folder, "ai", "working_logs", head, "checkpoints.jsonl"))
        if log:
            record = parse_working_log(log, _digests(objects, change.files), catalogue)
            records.append(record)
            if record.problem:
                findings.append(_finding("working log", record.problem, None))
    raw = read_file(os.path.join(location.top or "", *traces.FILE.split("/"))) if location.top else b""
    if raw:
        parsed = _traces_of(raw, catalogue, findings)
        touched = {file.path: added_lines(file) for file in change.files}
        about = traces.meeting(parsed, (change.base,) if change.base else (), touched)
        if about is not None:
            records.append(about)
    return Records(staged=tuple(records), findings=tuple(findings))


def _digests(objects: Objects, files: Iterable[FileChange]) -> dict[str, str]:
    found = {}
    for file in files:
        if file.exists_after and not file.is_submodule:
            content = _small(objects, file.blob_after)
            if content is not None:
                found[file.path] = hashlib.sha256(content).hexdigest()
    return found


def _traces_of(raw: bytes, catalogue: Catalogue, findings: list[Finding]) -> tuple[traces.Trace, ...]:
    parsed, problem = traces.parse_traces(raw, catalogue)
    if problem:
        findings.append(_finding(traces.FILE, problem, None))
    return parsed


def _finding(where: str, problem: str, commit: str | None) -> Finding:
    return Finding(_PROBLEM, None, None, f"a record of AI lines in {where} cannot be fully read: {problem}", commit)


def _missing(location: Location, objects: Objects) -> tuple[str, ...]:
    """Where git-ai is in use here but its notes were not fetched, their absence says nothing."""
    if os.path.isdir(os.path.join(location.common_dir, "ai")) and objects.read(f"{notes.REF}^{{tree}}") is None:
        return (f"no {notes.REF} here; where lines are recorded with git-ai: git fetch origin {notes.REF}:{notes.REF}",)
    return ()


def _notes_of(
    location: Location, ref: str, commits: Sequence[Commit], limit: int, findings: list[Finding]
) -> Iterable[tuple[str, bytes]]:
    """The notes of these commits under one ref; a ref that is no commit is a finding, as is a note above the limit."""
    if not commits:
        return
    names = [ref, f"{ref}^{{tree}}"]
    few = len(commits) <= _FEW
    candidates = [(commit.id, f"{ref}:{name}") for commit in commits for name in _names(commit.id)] if few else []
    top, tree, *answers = _check(location, [*names, *(name for _, name in candidates)])
    if top is None:
        return
    if tree is None:
        findings.append(_finding(ref, f"it is a {top.type}, not notes", None))
        return
    blobs = {commit: answer for (commit, _), answer in zip(candidates, answers, strict=True) if answer is not None}
    if not few:
        ids = {commit.id for commit in commits}
        listed = ((entry.path.replace("/", ""), entry.id) for entry in list_tree(location.git, tree.id))
        found = {name: blob for name, blob in listed if name in ids}
        checked = _check(location, list(found.values()))
        blobs = {commit: answer for commit, answer in zip(found, checked, strict=True) if answer is not None}
    wanted: dict[str, list[str]] = {}
    for commit, blob in blobs.items():
        if blob.type != "blob":
            continue
        if blob.size > limit:
            findings.append(_finding(ref, f"larger than {limit >> 20} MiB", commit))
        else:
            wanted.setdefault(blob.id, []).append(commit)
    for note in read_objects(location.git, wanted):
        for commit in wanted[note.id]:
            yield commit, note.content


class _Known(NamedTuple):
    id: str
    type: str
    size: int


def _names(oid: str) -> tuple[str, str, str]:
    """Under which names the note of a commit may be: notes trees fan out by two digits at a time, as they grow."""
    return oid, f"{oid[:2]}/{oid[2:]}", f"{oid[:2]}/{oid[2:4]}/{oid[4:]}"


def _check(location: Location, names: Sequence[str]) -> list[_Known | None]:
    """What stands behind each name, without its content; None where there is nothing."""
    asked = "".join(f"{name}\n" for name in names).encode()
    if not asked:
        return []
    found: list[_Known | None] = []
    for answer in location.git.run("cat-file", "--batch-check", stdin=asked).stdout.splitlines():
        fields = answer.split(b" ")
        known = len(fields) == 3 and fields[2].isdigit()
        found.append(_Known(fields[0].decode(), fields[1].decode(), int(fields[2])) if known else None)
    return found


def _checkpoints(objects: Objects, commits: Iterable[Commit]) -> Iterable[tuple[str, float]]:
    """What Entire says of the commits that name one of its checkpoints."""
    for commit in commits:
        if b"entire-checkpoint" not in commit.message.lower():
            continue
        for line in lenient_lines(decode(commit.message, commit.encoding)):
            value = line.value.strip().lower()
            if line.key != "entire-checkpoint" or len(value) != 12 or not value.isalnum():
                continue
            for name in traces.checkpoint_paths(value):
                metadata = _small(objects, name)
                part = traces.agent_percentage(metadata) if metadata is not None else None
                if part is not None:
                    yield commit.id, part
                    break


def _small(objects: Objects, name: str) -> bytes | None:
    """The content of a blob, None for what is missing or larger than any record is read."""
    try:
        return objects.blob(name, limit=MAX_FILE)
    except VibeguardError as error:
        if error.kind != LIMIT:
            raise
        return None


def read_file(path: str) -> bytes:
    """A regular file of the user's own, never through a link; empty where there is none, or it is too large."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return b""
    with open(handle, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            return b""
        return file.read(MAX_FILE + 1)
