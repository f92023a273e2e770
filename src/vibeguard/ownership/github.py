"""GitHub's CODEOWNERS: the last matching line wins, and a line without owners takes ownership away.

Patterns look like those of gitignore and are not: no `!`, no `[ ]` ranges, `folder/*` names direct children only,
and a line that GitHub cannot read is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vibeguard.model import Finding, OwnerEntry
from vibeguard.ownership.globs import ONE, glob_of
from vibeguard.ownership.matcher import BELOW, DEEP, HERE, HERE_AND_BELOW, Index, Segment
from vibeguard.ownership.rules import Rule
from vibeguard.ownership.text import Lines

LOCATIONS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
# "CODEOWNERS files must be under 3 MB": at the limit GitHub does not load the file.
LIMIT_BYTES = 3 * 1024 * 1024


class Codeowners:
    """A parsed file of this dialect, ready for look-ups."""

    def __init__(self, content: bytes, file: str) -> None:
        text = Lines(content, file)
        self.unusable = text.unusable
        problems = list(text.problems)
        rules: list[Rule] = []
        index = Index()
        known_owners: dict[str, bool] = {}
        globs: dict[str, Segment] = {}
        for at, line in enumerate(text.lines, 1):
            rule_text = line.partition("#")[0] if "#" in line else line
            words = text.words(rule_text) if "\\" not in rule_text else _escaped_words(rule_text, text)
            if not words:
                continue
            pattern = words[0]
            owners = tuple(words[1:])
            problem = _problem_of_pattern(pattern, line)
            if problem is None:
                for owner in owners:
                    good = known_owners.get(owner)
                    if good is None:
                        good = known_owners[owner] = is_owner(owner)
                    if not good:
                        problem = "bad-owner", f"{owner} is no @user, @organisation/team or e-mail address"
                        break
            if problem is not None:
                problems.append(Finding(problem[0], file, at, f"the line is passed over: {problem[1]}"))
                continue
            if len(owners) > 1:
                owners = tuple(dict.fromkeys(owners))
            number = len(rules)
            rules.append(Rule(number, at, 1 + len(line) - len(line.lstrip()), pattern, owners))
            index.add(number, *compile_pattern(pattern, globs))
        self.rules: Sequence[Rule] = rules
        self.problems = tuple(problems)
        self._index = index
        self._groups = [() if not rule.owners else tuple(sorted(rule.owners)) for rule in rules]

    def rule(self, path: str) -> Rule | None:
        """The rule that decides a path, or None where no line matches."""
        number = self._index.best(path)
        return self.rules[number] if number >= 0 else None

    def entries(self, path: str) -> tuple[OwnerEntry, ...]:
        rule = self.rule(path)
        return () if rule is None else (OwnerEntry(rule.owners, rule.line, pattern=rule.pattern),)

    def why(self, entries: tuple[OwnerEntry, ...]) -> str:
        if not entries:
            return "no line matches"
        entry = entries[0]
        if not entry.owners:
            return f"line {entry.line} is the last match and names nobody: {entry.pattern}"
        return f"line {entry.line} is the last match: {entry.pattern}"

    def group(self, path: str) -> tuple[str, ...]:
        number = self._index.best(path)
        return self._groups[number] if number >= 0 else ()


def _escaped_words(line: str, text: Lines) -> list[str]:
    """The words of a line that holds backslashes: one before a blank keeps the pattern together."""
    line = line.lstrip(" \t")
    end = 0
    while end < len(line) and line[end] not in " \t":
        end += 2 if line[end] == "\\" else 1
    return [line[:end], *text.words(line[end:])] if line else []


def _problem_of_pattern(pattern: str, line: str) -> tuple[str, str] | None:
    if pattern.startswith("!"):
        return "negation", "GitHub knows no `!` patterns"
    if "***" in pattern:
        return "triple-star", "`***` is no pattern; `**` is any number of folders"
    if "\\" in pattern and pattern.endswith("\\") and not pattern.endswith("\\\\"):
        if "\\#" in line:
            return "escaped-hash", "a `#` cannot be escaped on GitHub; it begins a comment"
        return "trailing-backslash", "nothing follows the backslash at the pattern's end"
    return None


def is_owner(text: str) -> bool:
    """Whether GitHub could read this as an owner: `@user`, `@organisation/team` or an e-mail address."""
    if text.startswith("@"):
        user, slash, team = text[1:].partition("/")
        return _is_name(user) and (not slash or _is_name(team))
    local, at, domain = text.partition("@")
    return bool(at and local) and "." in domain.strip(".") and _is_name(domain.replace(".", ""))


def _is_name(text: str) -> bool:
    return text.isascii() and text.replace("-", "").replace("_", "").isalnum()


def compile_pattern(pattern: str, globs: dict[str, Segment] | None = None) -> tuple[tuple[Segment, ...], int]:
    """The segments and the reach of a pattern. `globs` remembers segments that were seen before."""
    if globs is None:
        globs = {}
    if pattern == "/":
        return (), HERE  # matches nothing
    parts = pattern.split("/")
    if not parts[0]:
        parts = parts[1:]
    elif pattern.find("/") in (-1, len(pattern) - 1):
        parts = ["**", *parts]
    reach = HERE_AND_BELOW
    if not parts[-1]:
        reach = BELOW
        # `**/` is whatever lies in some folder.
        parts = ["**", "*"] if all(part == "**" for part in parts[:-1]) else parts[:-1]
    while parts and parts[-1] == "**":
        parts = parts[:-1]
        reach = BELOW
    if reach == HERE_AND_BELOW and parts[-1] == "*":
        reach = HERE
    return tuple(_segments(parts, globs)), reach


def _segments(parts: Sequence[str], globs: dict[str, Segment]) -> Iterator[Segment]:
    deep = False
    for part in parts:
        if part == "**":
            if not deep:
                yield DEEP
            deep = True
            continue
        deep = False
        if "*" in part or "?" in part or "\\" in part:
            segment = globs.get(part)
            if segment is None:
                segment = globs[part] = _segment(part)
            yield segment
        else:
            yield part


def _segment(part: str) -> Segment:
    """A segment with `*`, `?` or backslashes; a plain string when nothing but escapes was there."""
    pieces = [""]
    characters = iter(part)
    for char in characters:
        if char == "*":
            if pieces[-1] or len(pieces) == 1:
                pieces.append("")
        elif char == "?":
            pieces[-1] += ONE
        elif char == "\\":
            pieces[-1] += next(characters, "")
        else:
            pieces[-1] += char
    return pieces[0] if len(pieces) == 1 and ONE not in pieces[0] else glob_of(pieces)
