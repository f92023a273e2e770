"""Other recorders: Agent Trace 0.1 (files and ranges) and Entire (an aggregate for each checkpoint).

Both are claims. A trace counts for a commit when it names it, or its parent (as the tools in fact write it), and a
path that the commit touches. Nothing of a conversation is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from vibeguard.provenance.catalogue import UNNAMED, Catalogue
from vibeguard.provenance.intervals import MAX_RUNS, Run, Runs, runs
from vibeguard.provenance.notes import LineRecord, load_json, safe_path, tool_named
from vibeguard.tuples import NamedTuple

FILE = ".agent-trace/traces.jsonl"
NOTES = "refs/notes/agent-trace"
MAX_TRACES = 16 << 20  # bytes that are read of one file or note
CHECKPOINTS = ("refs/heads/entire/checkpoints/v1", "refs/remotes/origin/entire/checkpoints/v1")


class Trace(NamedTuple):
    """One trace record: which revision it speaks of, and which lines an AI wrote in which files."""

    revision: str
    tool: str
    lines: Mapping[str, Runs]


def parse_traces(raw: bytes, catalogue: Catalogue) -> tuple[tuple[Trace, ...], str]:
    """The records of a file (one object a line) or a note (one object), and what is wrong with them."""
    problem = f"larger than {MAX_TRACES >> 20} MiB" if len(raw) > MAX_TRACES else ""
    raw = raw[:MAX_TRACES]
    whole = load_json(raw)
    records: Iterable[Any] = [whole] if isinstance(whole, dict) else whole if isinstance(whole, list) else ()
    if whole is None:
        parsed = [load_json(line) for line in raw.split(b"\n") if line.strip()]
        if any(not isinstance(record, dict) for record in parsed):
            problem = problem or "a line that is no JSON object"
        records = parsed
    found = []
    for record in records:
        if isinstance(record, dict):
            trace, wrong = _trace(record, catalogue)
            problem = problem or wrong
            if trace is not None:
                found.append(trace)
    return tuple(found), problem


def _trace(record: Mapping[str, Any], catalogue: Catalogue) -> tuple[Trace | None, str]:
    vcs, tool = record.get("vcs"), record.get("tool")
    revision = str(vcs.get("revision", "")) if isinstance(vcs, dict) else ""
    name = str(tool.get("name", "")) if isinstance(tool, dict) else ""
    files = record.get("files")
    if not isinstance(files, list):
        return None, "a record without files"
    problem = ""
    lines: dict[str, Runs] = {}
    for file in files:
        path = safe_path(str(file.get("path", ""))) if isinstance(file, dict) else None
        if path is None:
            problem = problem or "a path that leaves the repository"
            continue
        pairs = list(_pairs(file.get("conversations")))
        if pairs:
            lines[path] = runs(pairs[:MAX_RUNS])
    return (Trace(revision, tool_named(name, catalogue) if name else UNNAMED, lines) if lines else None), problem


def _pairs(conversations: Any) -> Iterable[Run]:
    """The ranges that an AI wrote, alone or with a person."""
    for conversation in conversations if isinstance(conversations, list) else ():
        if not isinstance(conversation, dict):
            continue
        general = _contributor(conversation)
        ranges = conversation.get("ranges")
        for span in ranges if isinstance(ranges, list) else ():
            if not isinstance(span, dict) or (_contributor(span) or general or "ai") not in ("ai", "mixed"):
                continue
            first, last = span.get("start_line"), span.get("end_line")
            if isinstance(first, int) and isinstance(last, int) and 1 <= first <= last:
                yield (first, last)


def _contributor(record: Mapping[str, Any]) -> str:
    contributor = record.get("contributor")
    return str(contributor.get("type", "")).lower() if isinstance(contributor, dict) else ""


def meeting(
    traces: Iterable[Trace], revisions: tuple[str, ...], touched: Mapping[str, Runs], *, exact: str = ""
) -> LineRecord | None:
    """What traces say of a change that touches these lines; None when no trace is about it.

    Args:
        traces: all records.
        revisions: the commit and its parents.
        touched: added lines by path.
        exact: the revision at which positions hold: the commit itself. For a parent they drift, and only the file
            as a whole is known.
    """
    lines: dict[str, Runs] = {}
    whole: set[str] = set()
    tools: dict[str, None] = {}
    for trace in traces:
        if trace.revision not in revisions:
            continue
        for path, found in trace.lines.items():
            if path not in touched:
                continue
            tools.setdefault(trace.tool)
            if exact and trace.revision == exact:
                lines[path] = runs((*lines.get(path, ()), *found))
            else:
                whole.add(path)
    return LineRecord(lines, tuple(tools), "trace", frozenset(whole)) if tools else None


def checkpoint_paths(checkpoint: str) -> tuple[str, ...]:
    """Where the metadata of an Entire checkpoint may be: names that `cat-file` takes."""
    return tuple(f"{ref}:{checkpoint[:2]}/{checkpoint[2:]}/metadata.json" for ref in CHECKPOINTS)


def agent_percentage(metadata: bytes) -> float | None:
    """The agent's part of the lines by Entire's own account, 0.0 to 1.0; None when it says nothing."""
    document = load_json(metadata[:MAX_TRACES])
    attribution = document.get("initial_attribution") if isinstance(document, dict) else None
    value = attribution.get("agent_percentage") if isinstance(attribution, dict) else None
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 100:
        return value / 100
    return None
