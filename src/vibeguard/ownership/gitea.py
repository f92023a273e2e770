"""CODEOWNERS of Gitea and Forgejo: Go regular expressions over whole paths, and every rule that matches counts.

`!expression` owns what does not match. A backslash keeps the next character from meaning anything to the line
(a blank, `#`), so one for the expression is written twice.
"""

from __future__ import annotations

from vibeguard.model import Finding, OwnerEntry
from vibeguard.ownership.regexps import Regexp, RegexpError
from vibeguard.ownership.rules import Rule
from vibeguard.ownership.text import Lines


class Codeowners:
    """A parsed file of this dialect, ready for look-ups."""

    def __init__(self, content: bytes, file: str) -> None:
        text = Lines(content, file)
        self.unusable = text.unusable
        self.rules: list[Rule] = []
        self._tests: list[tuple[Regexp, bool]] = []
        problems = list(text.problems)
        for at, line in enumerate(text.lines, 1):
            words = words_of(line)
            if not words:
                continue
            pattern = words[0]
            if len(words) < 2:
                problems.append(Finding("no-owners", file, at, f"the line is passed over: {pattern} has no owner"))
                continue
            owners, bad = _owners(words[1:])
            problems.extend(Finding("bad-owner", file, at, f"{word} is no owner; it is left out") for word in bad)
            if not owners:
                problems.append(Finding("no-owners", file, at, "the line is passed over: none of its owners is one"))
                continue
            negative = pattern.startswith("!")
            # A path has no slash at its front; current versions of Gitea take it off the expression.
            expression = pattern.removeprefix("!").removeprefix("/")
            try:
                # As the forge does it: an alternation at the top is not held together by the two anchors.
                test = Regexp(f"^{expression}$")
            except RegexpError as error:
                problems.append(Finding("bad-regexp", file, at, f"the line is passed over: {error}: {pattern}"))
                continue
            column = 1 + len(line) - len(line.lstrip())
            self.rules.append(Rule(len(self.rules), at, column, pattern, owners))
            self._tests.append((test, negative))
        self.problems = tuple(problems)

    def _matching(self, path: str) -> list[Rule]:
        return [
            rule
            for rule, (test, negative) in zip(self.rules, self._tests, strict=True)
            if test.search(path) != negative
        ]

    def decide(self, path: str) -> tuple[tuple[OwnerEntry, ...], str]:
        rules = self._matching(path)
        if not rules:
            return (), "no line matches"
        entries = tuple(OwnerEntry(rule.owners, rule.line, pattern=rule.pattern) for rule in rules)
        return entries, "; ".join(f"line {rule.line} matches: {rule.pattern}" for rule in rules)

    def group(self, path: str) -> tuple[str, ...]:
        return tuple(sorted({owner for rule in self._matching(path) for owner in rule.owners}))


def words_of(line: str) -> list[str]:
    """The words of a line: a backslash makes the next character ordinary and goes away, `#` ends the line."""
    words: list[str] = []
    word = ""
    escaped = False
    for char in line.strip():
        if escaped:
            word += char
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == "#":
            break
        elif char in " \t":
            if word:
                words.append(word)
            word = ""
        else:
            word += char
    return [*words, word] if word else words


def _owners(words: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Owners with their `@` (which may be left out in the file), and the words that are none."""
    owners: dict[str, None] = {}
    bad = []
    for word in words:
        name = word.removeprefix("@")
        parts = name.split("/")
        if len(parts) <= 2 and all(parts) and "@" not in name:
            owners[f"@{name}"] = None
        else:
            bad.append(word)
    return tuple(owners), tuple(bad)
