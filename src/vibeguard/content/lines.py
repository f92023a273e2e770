"""The changed lines of a file as two texts that can be searched at once.

One regular expression over all added lines is a call into C; one for each line of a diff of 100 MB is a minute.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator

from vibeguard.model import FileChange, FileFacts, Finding, Hunk

TEXT_LIMIT = 200  # characters of a finding
FAR = 5000  # characters of a line that are searched; code with longer lines is opaque as `minified`
FINDINGS_LIMIT = 100  # of one kind in one file; what is above is counted in words


class Side:
    """The added, or the removed, lines of one file: their numbers, and their texts joined by newlines.

    No named tuple, as `ChangedFile` is none: the two would cost every hook 1.4 ms, for types that leave no room.
    """

    __slots__ = ("numbers", "text")

    def __init__(self, numbers: tuple[int, ...], text: str) -> None:
        self.numbers = numbers
        self.text = text

    def lines(self) -> list[str]:
        return self.text.split("\n") if self.numbers else []

    def lines_with(self, words: tuple[str, ...]) -> Iterator[tuple[int, str]]:
        """Lines that hold one of these words, with their places; of long ones the first :data:`FAR` characters.

        The words are looked for in the whole text first, at memory speed: most texts hold none of them.
        """
        present = [word for word in words if word in self.text]
        if present:
            for place, line in enumerate(self.text.split("\n")):
                if any(word in line for word in present):
                    yield place, line[:FAR]

    def matches(self, pattern: re.Pattern[str]) -> Iterator[tuple[int, int, re.Match[str]]]:
        """Every match with the place of its line in `numbers` and its column, from 0.

        The pattern must not match a newline. Linear: the text between two matches is looked at once.
        """
        place = seen = line_start = 0
        for match in pattern.finditer(self.text):
            start = match.start()
            newline = self.text.rfind("\n", seen, start)
            if newline >= 0:
                place += self.text.count("\n", seen, start)
                line_start = newline + 1
            seen = start
            yield place, start - line_start, match

    def hunk_of(self, hunks: tuple[Hunk, ...], *, added: bool) -> Callable[[int], int]:
        """Tells for a place of this side in which of the file's hunks it lies."""
        ends: list[int] = []
        for hunk in hunks:
            ends.append((ends[-1] if ends else 0) + len(hunk.added if added else hunk.removed))
        return lambda place: bisect_right(ends, place)


_NOTHING = Side((), "")


class ChangedFile:
    """One file of the change with its facts and its changed lines, both sides of its hunks joined."""

    __slots__ = ("added", "facts", "file", "hunks", "path", "removed")

    def __init__(self, file: FileChange, facts: FileFacts, hunks: tuple[Hunk, ...]) -> None:
        self.file = file
        self.path = file.path
        self.facts = facts
        self.hunks = hunks
        self.added = _side(hunk.added for hunk in hunks)
        self.removed = _side(hunk.removed for hunk in hunks)


def _side(runs: Iterable[tuple[tuple[int, str], ...]]) -> Side:
    lines = [line for run in runs for line in run]
    if not lines:
        return _NOTHING
    return Side(tuple(number for number, _ in lines), "\n".join(text for _, text in lines))


def plain(line: str) -> str:
    """A line without what re-indenting changes: blanks at both ends, and runs of them."""
    return " ".join(line.split())


def shown(text: str) -> str:
    """A quotation of at most :data:`TEXT_LIMIT` characters; raw, since renderers escape."""
    return text if len(text) <= TEXT_LIMIT else text[: TEXT_LIMIT - 1] + "…"


def capped(findings: list[Finding]) -> list[Finding]:
    """At most :data:`FINDINGS_LIMIT` findings of a kind in a file; the last one then says how many more there are."""
    counts: dict[tuple[str, str | None], int] = {}
    kept = []
    for finding in findings:
        key = (finding.kind, finding.path)
        counts[key] = counts.get(key, 0) + 1
        if counts[key] <= FINDINGS_LIMIT:
            kept.append(finding._replace(text=shown(finding.text)))
    for (kind, path), count in counts.items():
        if count > FINDINGS_LIMIT:
            kept.append(Finding(kind, path, None, f"{count - FINDINGS_LIMIT} more in this file"))
    return kept
