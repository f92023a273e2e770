"""GitHub's CODEOWNERS: the last matching line wins, and a line without owners takes ownership away.

Patterns look like those of gitignore and are not: no `!`, no `[ ]` ranges, `folder/*` names direct children only,
and a line that GitHub cannot read is passed over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from vibeguard.model import Finding, OwnerEntry
from vibeguard.ownership.globs import ONE, glob_of
from vibeguard.ownership.matcher import BELOW, DEEP, HERE, HERE_AND_BELOW, Index, Segment
from vibeguard.ownership.text import Lines

if TYPE_CHECKING:
    from vibeguard.ownership.rules import Rule


class Codeowners:
    """A parsed file of this dialect, ready for look-ups."""

    def __init__(self, content: bytes, file: str) -> None:
        text = Lines(content, file)
        self.unusable = text.unusable
        self._rules: list[tuple[int, int, str, tuple[str, ...]]] = []  # line, column, pattern, owners
        self._index = Index()
        self._groups: dict[tuple[str, ...], tuple[str, ...]] = {}
        problems = list(text.problems)
        good_owners: set[str] = set()
        segments: dict[str, Segment] = {}
        for at, line in enumerate(text.lines, 1):
            rule = line[: line.index("#")] if "#" in line else line
            words = _escaped_words(rule, text) if "\\" in rule else text.words(rule)
            if not words:
                continue
            pattern = words[0]
            owners = tuple(words[1:])
            problem = _problem_of_pattern(pattern, line)
            if problem is None and not good_owners.issuperset(owners):
                problem = _problem_of_owners(owners, good_owners)
            if problem is not None:
                problems.append(Finding(problem[0], file, at, f"the line is passed over: {problem[1]}"))
                continue
            if len(owners) > 1:
                owners = tuple(dict.fromkeys(owners))
            add_pattern(self._index, len(self._rules), pattern, segments)
            self._rules.append((at, 1 + line.index(pattern), pattern, owners))
        self.problems = tuple(problems)

    @property
    def rules(self) -> list[Rule]:
        """The rules as nouns: only linting asks for them, so no hook pays for that class and these objects."""
        from vibeguard.ownership.rules import Rule  # noqa: PLC0415

        return [Rule(number, *rule) for number, rule in enumerate(self._rules)]

    def decide(self, path: str) -> tuple[tuple[OwnerEntry, ...], str]:
        number = self._index.best(path)
        if number < 0:
            return (), "no line matches"
        line, _, pattern, owners = self._rules[number]
        names = "" if owners else " and names nobody"
        return (OwnerEntry(owners, line, pattern=pattern),), f"line {line} is the last match{names}: {pattern}"

    def group(self, path: str) -> tuple[str, ...]:
        return self._group(self._index.best(path))

    def count(self, paths: Iterable[str]) -> Counter[tuple[str, ...]]:
        counts: Counter[tuple[str, ...]] = Counter()
        for number, files in self._index.count(paths).items():
            counts[self._group(number)] += files
        return counts

    def _group(self, number: int) -> tuple[str, ...]:
        if number < 0:
            return ()
        owners = self._rules[number][3]
        group = self._groups.get(owners)
        if group is None:
            group = self._groups[owners] = tuple(sorted(owners))
        return group


def _escaped_words(rule: str, text: Lines) -> list[str]:
    """The words of a line that holds backslashes: one before a blank keeps the pattern together."""
    rule = rule.lstrip(" \t")
    end = 0
    while end < len(rule) and rule[end] not in " \t":
        end += 2 if rule[end] == "\\" else 1
    return [rule[:end], *text.words(rule[end:])] if rule else []


def _problem_of_pattern(pattern: str, line: str) -> tuple[str, str] | None:
    if pattern[0] == "!":
        return "negation", "GitHub knows no `!` patterns"
    if "***" in pattern:
        return "triple-star", "`***` is no pattern; `**` is any number of folders"
    if pattern[-1] == "\\" and (len(pattern) - len(pattern.rstrip("\\"))) % 2:
        if line[line.index(pattern) + len(pattern) :].startswith("#"):
            return "escaped-hash", "a `#` cannot be escaped on GitHub; it begins a comment"
        return "trailing-backslash", "nothing follows the backslash at the pattern's end"
    return None


def _problem_of_owners(owners: Sequence[str], good: set[str]) -> tuple[str, str] | None:
    for owner in owners:
        if owner not in good:
            if not is_owner(owner):
                return "bad-owner", f"{owner} is no @user, @organisation/team or e-mail address"
            good.add(owner)
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


def add_pattern(index: Index, number: int, pattern: str, known: dict[str, Segment]) -> None:
    """Add one pattern to an index. `known` keeps segments with wildcards that were seen before."""
    if "*" in pattern or "?" in pattern or "\\" in pattern:
        index.add(number, *_compiled(pattern, known))
        return
    path = pattern[1:] if pattern[0] == "/" else pattern
    reach = HERE_AND_BELOW
    if path[-1:] == "/":
        path = path[:-1]
        reach = BELOW
    if not path:
        return  # "/" matches nothing
    if pattern[0] == "/" or "/" in path:
        index.add_path(number, path, reach)
    else:
        index.add_name(number, path, reach)


def _compiled(pattern: str, known: dict[str, Segment]) -> tuple[tuple[Segment, ...], int]:
    """The segments and the reach of a pattern with wildcards."""
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
    return tuple(_segments(parts, known)), reach


def _segments(parts: Sequence[str], known: dict[str, Segment]) -> Iterator[Segment]:
    deep = False
    for part in parts:
        if part == "**":
            if not deep:
                yield DEEP
            deep = True
            continue
        deep = False
        if "*" in part or "?" in part or "\\" in part:
            segment = known.get(part)
            if segment is None:
                segment = known[part] = _segment(part)
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
