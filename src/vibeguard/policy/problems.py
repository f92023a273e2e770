"""What is wrong with a policy: every problem with its place, its line, a caret and what to write instead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vibeguard.errors import CONFIG, VibeguardError
from vibeguard.tuples import NamedTuple

MOST_SHOWN = 100  # problems of one policy; the rest is counted
MOST_FOUND = 300  # in one file; then reading stops, so that a hostile file cannot buy time with its own mistakes
_WIDEST = 200  # characters of a source line that are shown


class Problem(NamedTuple):
    """One thing that is wrong. Line and column from 1; 0 where the whole file is meant."""

    path: str
    line: int
    column: int
    code: str
    message: str
    hint: str = ""
    source: str = ""  # the line itself
    level: str = "error"  # or "warning", from lint


def render(problem: Problem) -> str:
    """The problem as people read it, over several lines; nothing from the file is escaped here."""
    place = f"{problem.path}:{problem.line}:{problem.column}" if problem.line else problem.path
    lines = [f"{place}: {problem.level}[{problem.code}]: {problem.message}"]
    if problem.line:
        source, column = problem.source, problem.column
        if column > _WIDEST - 20:  # a very long line: show what stands around the place
            cut = column - 60
            source, column = "…" + source[cut:], column - cut + 1
        if len(source) > _WIDEST:
            source = source[:_WIDEST] + "…"
        lines.append(f"{problem.line:6} | {source}")
        lines.append("       | " + "".join("\t" if char == "\t" else " " for char in source[: column - 1]) + "^")
    if problem.hint:
        lines.append(f"       hint: {problem.hint}")
    return "\n".join(lines)


class TooManyError(Exception):
    """A file has so many problems that it is not read on."""

    def __init__(self, found: Sequence[Problem]) -> None:
        super().__init__(f"{len(found)} problems")
        self.found = found


class Problems:
    """Collects what is wrong with one file while it is read."""

    def __init__(self, path: str, lines: Sequence[str]) -> None:
        self.path = path
        self.lines = lines
        self.found: list[Problem] = []
        self.muted: set[int] = set()  # lines that the YAML reader already complained about

    def add(self, line: int, column: int, code: str, message: str, hint: str = "") -> None:
        """Add one; raises :class:`TooManyError` when there are enough."""
        if line in self.muted:
            return
        source = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        self.found.append(Problem(self.path, line, column, code, message, hint, source))
        if len(self.found) >= MOST_FOUND:
            raise TooManyError(self.found)


def failure(problems: Iterable[Problem], what: str = "the policy") -> VibeguardError:
    """All problems as the one error that a caller meets."""
    ordered = sorted(dict.fromkeys(problems), key=lambda problem: (problem.path, problem.line, problem.column))
    count = len(ordered)
    first = ordered[0]
    message = f"{what} cannot be used: {count} error{'s' if count > 1 else ''}"
    if count == 1:
        message = f"{what} cannot be used: {first.message}"
    shown = [render(problem) for problem in ordered[:MOST_SHOWN]]
    if count > MOST_SHOWN:
        shown.append(f"and {count - MOST_SHOWN} more")
    where = f"{first.path}:{first.line}:{first.column}" if first.line and count == 1 else first.path
    error = VibeguardError(CONFIG, message, where=where, details=tuple(shown))
    error.problems = tuple(ordered)  # type: ignore[attr-defined]  # for `policy check --format json`
    return error


def closest(word: str, choices: Iterable[str]) -> str:
    """The choice that was most likely meant; "" when none is near."""
    import difflib  # 3 ms, and only where something is wrong  # noqa: PLC0415

    best, best_score = "", 0.0
    lowered = word.lower().replace("-", "_")
    for choice in choices:
        other = choice.lower().replace("-", "_")
        score = difflib.SequenceMatcher(None, lowered, other).ratio()
        # The same namespace and the same beginning: `ai.shares` means `ai.share_of_added_lines`.
        room, _, name = lowered.rpartition(".")
        other_room, _, other_name = other.rpartition(".")
        common = _common(name, other_name)
        if room == other_room and common >= 3 and common >= len(name) - 2:
            score = max(score, 0.8 + common / 1000)
        elif room and name == other_name:  # the right name in the wrong namespace
            score = max(score, 0.85)
        elif not room and lowered == other_name and other_room:
            score = max(score, 0.9)
        if score > best_score:
            best, best_score = choice, score
    return best if best_score >= 0.66 else ""


def did_you_mean(word: str, choices: Iterable[str], otherwise: str = "") -> str:
    """A hint that names the nearest choice, or `otherwise`; words of other tools are known by what they mean here."""
    choices = tuple(choices)
    near = closest(word, choices)
    if not near:
        other = closest(word, [name for name, meant in ELSEWHERE.items() if set(meant) & set(choices)])
        near = next((meant for meant in ELSEWHERE.get(other, ()) if meant in choices), "")
    return f"did you mean `{near}`?" if near else otherwise


# How other policy languages call what has another name here; the first that is possible in its place is meant.
ELSEWHERE: dict[str, tuple[str, ...]] = {
    "action": ("then",), "actions": ("then",), "do": ("then",), "effect": ("then",), "enforce": ("then",),
    "if": ("when",), "condition": ("when",), "conditions": ("when",), "match": ("when",), "matches": ("when",),
    "except": ("unless",), "exclude": ("unless",), "exempt": ("unless",), "skip_if": ("unless",),
    "scope": ("only_looking_at",), "files": ("only_looking_at", "paths"), "for": ("only_looking_at",),
    "path": ("only_looking_at",), "severity": ("mode",), "level": ("mode",), "name": ("id",), "title": ("description",),
    "summary": ("description",), "text": ("message",), "link": ("docs",), "url": ("docs",), "contact": ("ask",),
    "include": ("extends",), "includes": ("extends",), "import": ("extends",), "inherit": ("extends",),
    "roles": ("people",), "users": ("people",), "teams": ("people",), "groups": ("people",), "labels": ("tags",),
    "override": ("tighten",), "overrides": ("tighten",), "exceptions": ("break_glass",), "bypass": ("break_glass",),
    "deny": ("block",), "fail": ("block",), "reject": ("block",), "error": ("block",), "forbid": ("block",),
    "stop": ("block",), "notify": ("warn",), "notice": ("warn",), "info": ("warn",), "review": ("require_review",),
    "approve": ("require_review",), "approval": ("require_review",), "approvals": ("require_review", "count"),
    "reviewers": ("require_review", "by"), "approvers": ("require_review", "by"), "trailer": ("require_trailer",),
    "tests": ("require_test_changes",), "checks": ("require_checks",), "status": ("require_checks",),
    "from": ("by",), "who": ("by",), "min": ("count",), "minimum": ("count",), "required": ("count",),
    "fresh": ("valid_for",), "stale": ("valid_for",), "pattern": ("matching",), "regex": ("matching",),
}  # fmt: skip


def _common(one: str, other: str) -> int:
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count
