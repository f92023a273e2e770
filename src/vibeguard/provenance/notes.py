"""git-ai's records of lines: the notes under `refs/notes/ai` (authorship/3.0.0) and the working log of a change.

Real notes break the specification, and all of them are claims that nobody signed: what they say of AI is evidence when
it meets the diff, what they say of people relaxes nothing. Prompts and transcripts are never read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from vibeguard.provenance.catalogue import UNNAMED, Catalogue
from vibeguard.provenance.intervals import MAX_RUNS, Run, Runs, runs
from vibeguard.tuples import NamedTuple

REF = "refs/notes/ai"
MAX_NOTE = 16 << 20  # bytes; the largest of 12,000 real notes had 3.2 MB

# The names that git-ai gives to agents, where they are no ids of the catalogue.
_TOOLS = {"claude": "claude-code", "github-copilot": "copilot", "droid": "factory-droid", "continue-cli": "continue"}
_TOOLS |= {"continue_cli": "continue", "roo": "roo-code", "kilo": "kilo-code", "ai_tab": UNNAMED, "mock_ai": UNNAMED}
_HUMAN_WORDS = ("human", "known_human", "unknown", "untracked")


class LineRecord(NamedTuple):
    """What a record says of the lines of one commit or of the staged change, as far as it speaks of AI.

    Attributes:
        lines: by path, in the file after the commit.
        tools: ids of the catalogue, in the order of their first lines; also of sessions that left no lines.
        channel: "note", "working-log", "trace" or "checkpoint".
        whole: paths of which only the file as a whole is known.
        problem: what is wrong with it; "" when nothing is.
    """

    lines: Mapping[str, Runs]
    tools: tuple[str, ...]
    channel: str
    whole: frozenset[str] = frozenset()
    problem: str = ""


def parse_note(note: bytes, catalogue: Catalogue) -> LineRecord:
    """One authorship note. Never raises; what cannot be read is `problem`."""
    if len(note) > MAX_NOTE:
        return LineRecord({}, (), "note", problem=f"larger than {MAX_NOTE >> 20} MiB")
    attestations, divider, metadata = (b"\n" + note).partition(b"\n---\n")
    problem = "" if divider else "no line `---`"
    agents: dict[str, str] = {}
    document: Any = None
    if metadata.strip():
        document = load_json(metadata)
        if not isinstance(document, dict):
            problem = problem or "its metadata is no JSON object"
    if isinstance(document, dict):
        for kind in ("sessions", "prompts"):
            agents.update(_agents(document.get(kind), catalogue))
    ranges: dict[str, list[Run]] = {}
    tools: dict[str, None] = {}
    path = ""
    kept = 0
    for line in attestations.split(b"\n"):
        if not line.strip():
            continue
        if not line.startswith((b" ", b"\t")):
            path = safe_path(_unquoted(line)) or ""
            problem = problem or ("" if path else "a path that leaves the repository")
            continue
        key, _, spec = line.strip().decode("utf-8", "replace").partition(" ")
        tool = _tool_of_key(key, agents)
        if not path or tool is None:
            continue
        found, broken = _ranges(spec)
        problem = problem or ("ranges that are none" if broken else "")
        kept += len(found)
        if kept > MAX_RUNS:
            problem = f"more than {MAX_RUNS} ranges"
            break
        if found:
            ranges.setdefault(path, []).extend(found)
            tools.setdefault(tool)
    for tool in agents.values():
        tools.setdefault(tool)
    lines = {path: runs(found) for path, found in ranges.items()}
    return LineRecord({path: found for path, found in lines.items() if found}, tuple(tools), "note", problem=problem)


def parse_working_log(log: bytes, digests: Mapping[str, str], catalogue: Catalogue) -> LineRecord:
    """The working log of a change that is about to be committed: `checkpoints.jsonl`, one object a line.

    The last entry of a path says what its lines are. Its positions hold when the digest (sha256 of the content) is
    that of the staged file; otherwise only the file as a whole is known.

    Args:
        log: the file's content.
        digests: by path, of what is staged.
        catalogue: whose ids the tools get.
    """
    checkpoints, problem = _checkpoints(log)
    latest: dict[str, tuple[str, list[dict[str, Any]]]] = {}
    agents: dict[str, str] = {}
    last_agent = UNNAMED
    for checkpoint in checkpoints:
        agent = _agent(checkpoint, catalogue) if _plain(checkpoint.get("kind")) in ("aiagent", "aitab") else ""
        last_agent = agent or last_agent
        for entry in _objects(checkpoint.get("entries")):
            path = safe_path(str(entry.get("file", "")))
            if path is None:
                problem = problem or "a path that leaves the repository"
                continue
            attributions = _objects(entry.get("line_attributions"))
            latest[path] = (str(entry.get("blob_sha", "")), attributions)
            if agent:
                for attribution in attributions:
                    agents.setdefault(str(attribution.get("author_id", "")), agent)
    lines: dict[str, Runs] = {}
    whole: set[str] = set()
    tools: dict[str, None] = {}
    for path, (digest, attributions) in latest.items():
        pairs = []
        for attribution in attributions[:MAX_RUNS]:
            author = str(attribution.get("author_id", ""))
            first, last = attribution.get("start_line"), attribution.get("end_line")
            if _is_human(author) or not isinstance(first, int) or not isinstance(last, int):
                continue
            pairs.append((first, last))
            tools.setdefault(agents.get(author, last_agent))
        if not pairs:
            continue
        if digest and digest == digests.get(path):
            lines[path] = runs(pairs)
        elif path in digests:
            whole.add(path)
    return LineRecord(lines, tuple(tools), "working-log", frozenset(whole), problem)


def _checkpoints(log: bytes) -> tuple[list[dict[str, Any]], str]:
    problem = f"larger than {MAX_NOTE >> 20} MiB" if len(log) > MAX_NOTE else ""
    parsed = [load_json(line) for line in log[:MAX_NOTE].split(b"\n") if line.strip()]
    found = _objects(parsed)
    return found, problem or ("a line that is no JSON object" if len(found) < len(parsed) else "")


def load_json(raw: bytes) -> Any:
    """The value, or None for what is no JSON, nests too deep to be a record, or holds absurd numbers."""
    try:
        return json.loads(raw.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None


def safe_path(path: str) -> str | None:
    """A path inside the repository as git writes it, or None: absolute ones and `..` are nobody's files."""
    if path.startswith("./"):
        path = path[2:]
    parts = path.split("/")
    if not path or path.startswith(("/", "~", "\\")) or ".." in parts or "\0" in path or path[1:3] in (":\\", ":/"):
        return None
    return path


def tool_named(name: str, catalogue: Catalogue) -> str:
    """The catalogue's id for what a record calls its agent."""
    text = name.strip().lower()[:100]
    for candidate in (text, text.replace("_", "-"), text.replace("_", " "), text.replace("-", " ")):
        if candidate in _TOOLS:
            return _TOOLS[candidate]
        if candidate in catalogue.tools:
            return candidate
        if candidate in catalogue.names:
            return catalogue.names[candidate][0]
    return UNNAMED


def _unquoted(line: bytes) -> str:
    text = line.rstrip(b"\r").decode("utf-8", "surrogateescape")
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _plain(value: Any) -> str:
    return str(value).replace("_", "").lower()


def _agent(record: Mapping[str, Any], catalogue: Catalogue) -> str:
    agent = record.get("agent_id")
    return tool_named(str(agent.get("tool", "")), catalogue) if isinstance(agent, dict) else ""


def _agents(records: Any, catalogue: Catalogue) -> Iterable[tuple[str, str]]:
    """The tool of each session or prompt."""
    if not isinstance(records, dict):
        return
    for key, record in records.items():
        if isinstance(record, dict) and not _is_human(key):
            yield key, _agent(record, catalogue) or UNNAMED


def _is_human(key: str) -> bool:
    return not key or key.startswith("h_") or key.lower() in _HUMAN_WORDS


def _tool_of_key(key: str, agents: Mapping[str, str]) -> str | None:
    """The tool that an attestation names; None for people. Keys that the metadata lacks are still an AI's."""
    session = key.partition("::")[0]
    if _is_human(session):
        return None
    return agents.get(session) or agents.get(key) or UNNAMED


def _ranges(spec: str) -> tuple[list[Run], bool]:
    """The pairs of `1-4,9,12-13` in any order, and whether something in it was none."""
    found: list[Run] = []
    broken = False
    for part in spec.replace(" ", "").split(",", MAX_RUNS + 1)[: MAX_RUNS + 1]:
        first, dash, last = part.partition("-")
        last = last if dash else first
        if first.isdecimal() and last.isdecimal() and first.isascii() and len(first) < 20 and len(last) < 20:
            found.append((int(first), int(last)))
        elif part:
            broken = True
    return found, broken
