"""GitLab's CODEOWNERS: sections that count apart, exclusions, default owners, roles.

Owners on a line are alternatives; each section that has a line for a path asks for its own approval.
"""

from __future__ import annotations

import re

from vibeguard.model import Finding, OwnerEntry
from vibeguard.ownership.fnmatch import add_pattern, normalised
from vibeguard.ownership.matcher import Index, Segment
from vibeguard.ownership.rules import Rule
from vibeguard.ownership.text import Lines

# GitLab's own name for what stands before the first header; a section that is called so is the same one.
_UNNAMED = "codeowners"
_ROLES = frozenset(("developer", "developers", "maintainer", "maintainers", "owner", "owners"))
_MOST_DIGITS = 6  # of an approval count; more are no count that anybody means


class Header:
    """A section's header line: `^[Name][2] @default`.

    Attributes:
        name: as it is written; "" when it is missing.
        optional: the line begins with `^`.
        approvals: as it is written; None when it is left out or no number.
        default_owners: owners of the lines below that name none.
        problems: (kind, what is wrong), in the order of the line.
    """

    def __init__(self, match: re.Match[str]) -> None:
        caret, self.name, approvals, rest = match.groups()
        self.optional = bool(caret)
        self.approvals = (
            int(approvals) if approvals and approvals.isdigit() and len(approvals) <= _MOST_DIGITS else None
        )
        self.problems: list[tuple[str, str]] = []
        if not self.name.strip():
            self.problems.append(("missing-name", "the section has no name"))
        if approvals is not None and not self.approvals:
            self.problems.append(("bad-approvals", f"[{approvals}] counts as one approval"))
        elif self.approvals is not None and self.optional:
            self.problems.append(("approvals-on-optional", "an optional section asks for approvals"))
        # GitLab reads default owners up to the first character that no name can hold.
        owners, bad = owners_of(_DEFAULTS.match(rest).group().split()) if rest else ((), ())  # type: ignore[union-attr]
        self.default_owners = owners
        self.problems.extend(("bad-owner", f"{word} is no owner; it is left out") for word in bad)


_HEADER = re.compile(r"(\^?)\[([^\]]*)\](?:\[([^\]]*)\])?(\s.*|)", re.ASCII | re.DOTALL)
_DEFAULTS = re.compile(r"[@\w.\-/\s+]*")
# A mention ends where no name can go on: `@ada,` in a comment is ada.
_MENTION = re.compile(r"@[A-Za-z0-9_][A-Za-z0-9_.\-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.\-]*)*")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]*\w")


def header_of(line: str) -> Header | None:
    """The header that a line is, or None when it is none (and so an entry)."""
    match = _HEADER.fullmatch(line.strip()) if line.lstrip().startswith(("[", "^[")) else None
    return None if match is None else Header(match)


def owners_of(words: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The owners among some words, each once, and the words that are none. Owners after `#` count on GitLab."""
    owners: dict[str, None] = {}
    bad = []
    comment = False
    for word in words:
        comment = comment or word.startswith("#")
        owner = _owner(word)
        if owner:
            owners[owner] = None
        elif not comment:
            bad.append(word)
    return tuple(owners), tuple(bad)


def _owner(word: str) -> str:
    if word.startswith("@@"):
        role = word[2:].rstrip(",.;:)")
        return f"@@{role}" if role.lower() in _ROLES else ""
    match = (_MENTION if word.startswith("@") else _ADDRESS).match(word)
    return "" if match is None else match.group().rstrip(".")


class _Section:
    """One section: its name as it was first written, and whether all of its headers say that it is optional."""

    __slots__ = ("name", "number", "optional", "positions", "shown")

    def __init__(self, number: int, name: str | None) -> None:
        self.number = number
        self.name = name
        self.optional: bool | None = None
        self.positions: dict[str, int] = {}  # of its entries, by their normalised pattern
        self.shown = f" of [{name}]" if name is not None else ""


class _Scope:
    """Entries (or exclusions) of all sections, found together: the last one of each section that matches."""

    __slots__ = ("entries", "index", "sections")

    def __init__(self) -> None:
        self.entries: list[Rule] = []
        self.sections: list[int] = []  # by entry
        self.index = Index(self.sections)

    def append(self, rule: Rule, section: _Section) -> int:
        self.entries.append(rule)
        self.sections.append(section.number)
        return len(self.entries) - 1

    def found(self, path: str) -> dict[int, Rule]:
        """By section."""
        return {self.sections[number]: self.entries[number] for number in self.index.each(path)}


class Codeowners:
    """A parsed file of this dialect, ready for look-ups."""

    def __init__(self, content: bytes, file: str) -> None:
        text = Lines(content, file)
        self.unusable = text.unusable
        self._file = file
        self._problems = list(text.problems)
        self._known: dict[str, Segment] = {}
        self._header: Header | None = None  # of the lines that are being read
        self._section = _Section(0, None)
        self._sections: dict[str, _Section] = {_UNNAMED: self._section}
        self._entries = _Scope()
        self._exclusions = _Scope()
        self._groups: dict[tuple[str, ...], tuple[str, ...]] = {}
        self.rules: list[Rule] = []
        for at, line in enumerate(text.lines, 1):
            stripped = line.strip(" \t\r\x0b\x0c")
            if stripped and stripped[0] != "#" and not self._enter(stripped, at):
                self._add(stripped, at, 1 + line.index(stripped))
        self.problems = tuple(sorted(self._problems, key=lambda problem: problem.line or 0))

    def _report(self, kind: str, line: int, text: str) -> None:
        self._problems.append(Finding(kind, self._file, line, text))

    def _enter(self, line: str, at: int) -> bool:
        """Begin the section whose header a line is; False for an entry."""
        if not line.startswith(("[", "^[")):
            return False
        header = header_of(line)
        if header is None:
            if "]" not in line:
                self._report("not-a-header", at, "the header has no `]` and is read as an entry of the section above")
            return False
        for kind, words in header.problems:
            self._report(kind, at, words)
        section = self._sections.setdefault(header.name.casefold(), _Section(len(self._sections), header.name))
        if section.name is not None:
            # One header without `^` makes the whole section required.
            section.optional = header.optional if section.optional is None else section.optional and header.optional
        self._header, self._section = header, section
        return True

    def _add(self, line: str, at: int, column: int) -> None:
        end = _end_of_pattern(line)
        pattern = line[:end]
        exclusion = pattern.startswith("!")
        if pattern == "!":
            self._report("empty-pattern", at, "nothing follows the `!`; the line is passed over")
            return
        header, section = self._header, self._section
        owners = () if exclusion else self._owners(line[end:].split(), at)
        approvals = max(1, header.approvals or 1) if header is not None else 1
        rule = Rule(
            len(self.rules), at, column, pattern, owners, section.name, approvals=approvals, exclusion=exclusion
        )
        self.rules.append(rule)
        normal = normalised(pattern[1:] if exclusion else pattern)
        if not exclusion and normal in section.positions:
            # A pattern that comes again takes the place of the first.
            self._entries.entries[section.positions[normal]] = rule
            return
        scope = self._exclusions if exclusion else self._entries
        position = scope.append(rule, section)
        if not exclusion:
            section.positions[normal] = position
        if not add_pattern(scope.index, position, normal, self._known):
            self._report("unclosed-bracket", at, "`[` is not closed: the pattern matches nothing")

    def _owners(self, words: list[str], at: int) -> tuple[str, ...]:
        owners, bad = owners_of(words)
        for word in bad:
            self._report("bad-owner", at, f"{word} is no owner; it is left out")
        if not words and self._header is not None:
            owners = self._header.default_owners
        if not owners:
            self._report("no-owners", at, "the entry has no owner: GitLab counts it as approved by itself")
        return owners

    def decide(self, path: str) -> tuple[tuple[OwnerEntry, ...], str]:
        entries = []
        words = []
        found, excluded = self._entries.found(path), self._exclusions.found(path)
        for section in self._sections.values():
            # An exclusion counts wherever it stands in its section, and nothing can undo it.
            out = excluded.get(section.number)
            rule = found.get(section.number)
            if out is not None:
                words.append(f"line {out.line}{section.shown} takes it out: {out.pattern}")
            elif rule is not None:
                optional = bool(section.optional)
                entries.append(OwnerEntry(rule.owners, rule.line, section.name, optional, rule.approvals, rule.pattern))
                names = "" if rule.owners else " and names nobody"
                words.append(f"line {rule.line}{section.shown} is the last match{names}: {rule.pattern}")
        return tuple(entries), "; ".join(words) or "no line matches"

    def group(self, path: str) -> tuple[str, ...]:
        found = self._entries.found(path)
        if self._exclusions.entries:
            for section in self._exclusions.found(path):
                found.pop(section, None)
        owners = tuple(owner for rule in found.values() for owner in rule.owners)
        group = self._groups.get(owners)
        if group is None:
            group = self._groups[owners] = tuple(sorted(set(owners)))
        return group


def _end_of_pattern(line: str) -> int:
    """Where the pattern ends: at the first blank that has no backslash before it."""
    match = re.search(r"(?<!\\)\s", line, re.ASCII)
    return len(line) if match is None else match.start()
