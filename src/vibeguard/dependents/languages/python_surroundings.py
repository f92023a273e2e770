"""What a Python statement stands in: long strings, short ones and comments, and the blocks that give it its kind."""

from __future__ import annotations

import re
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import cache

from vibeguard.model import EdgeKind
from vibeguard.patterns import compiled


@cache
def _long_string() -> re.Pattern[bytes]:
    """Code up to the next long string, then that string; possessive, so that memory does not grow with the file."""
    return compiled(
        rb"((?:[^\"'#]++|#[^\n]*+|\"(?!\"\")(?:[^\"\\\n]++|\\(?s:.))*+\"?|'(?!'')(?:[^'\\\n]++|\\(?s:.))*+'?)*+)"
        rb"(?:\"\"\"(?:[^\"\\]++|\\(?s:.)|\"(?!\"\"))*+(?:\"\"\"|\Z)|'''(?:[^'\\]++|\\(?s:.)|'(?!''))*+(?:'''|\Z))?"
    )


@cache
def _short() -> re.Pattern[bytes]:
    return compiled(rb"#[^\n]*+|\"(?:[^\"\\\n]++|\\.)*+\"?|'(?:[^'\\\n]++|\\.)*+'?")


# A letter that none of the words starts with ends most attempts at once.
@cache
def _block() -> re.Pattern[bytes]:
    return compiled(
        rb"\n([ \t]*+)(?=[acdefimtw])(?:(async[ \t]++def|def)\b|((?:el)?if)\b([^\n]*+)"
        rb"|(?:class|else|try|except|finally|with|for|while|match|case|async)\b)"
    )


@cache
def _outermost() -> re.Pattern[bytes]:
    return compiled(
        rb"\n(?=[acdefimtw])(?:def|class|async|if|elif|else|try|except|finally|with|for|while|match|case)"
        rb"(?![\w\x80-\xff])"
    )


@cache
def _indent() -> re.Pattern[bytes]:
    return compiled(rb"[ \t\f]*+")


@cache
def _type_checking() -> re.Pattern[bytes]:
    return compiled(rb"^[ \t]*+\(?[ \t]*+(?:\w++\.)*+TYPE_CHECKING\b")


def long_strings(content: bytes, end: int) -> Iterator[tuple[int, int]]:
    """(start, end) of each triple-quoted string that starts before `end`."""
    position = double = single = 0
    while True:
        if 0 <= double <= position:
            double = content.find(b'"""', position, end)
        if 0 <= single <= position:
            single = content.find(b"'''", position, end)
        if double < 0 and single < 0:
            return
        opening = double if single < 0 or 0 <= double < single else single
        # Whether the quotes open a string depends on their line alone, unless the one before goes on over its end.
        line = content.rfind(b"\n", position, opening) + 1
        if line and content[line - 2 : line - 1] not in b"\\\r":
            position = line
        before = content[position:opening]
        if b'"' not in before and b"'" not in before and b"#" not in before:
            # Where nothing is escaped, the next quotes close it.
            closing = content.find(b'"""' if opening == double else b"'''", opening + 3)
            if closing >= 0 and content.find(b"\\", opening, closing) < 0:
                position = closing + 3
                yield opening, position
                continue
        match = _long_string().match(content, position)
        if match is None or match.end() == position:
            return
        if match.end(1) < match.end():
            yield match.end(1), match.end()
        position = match.end()


def inside(position: int, strings: list[tuple[int, int]]) -> bool:
    if not strings:
        return False
    at = bisect_right(strings, (position, sys.maxsize)) - 1
    return at >= 0 and position < strings[at][1]


class Quotes:
    """Short strings and comments, line by line, for rising positions; each line is read once."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._line_end = 0
        self._looked = 0
        self._tokens: Iterator[re.Match[bytes]] = iter(())
        self._token: re.Match[bytes] | None = None

    def around(self, position: int) -> bool:
        """Whether a position is inside a short string or a comment of its line."""
        if position >= self._line_end:
            start = self._content.rfind(b"\n", self._looked, position) + 1 or self._looked
            self._line_end = self._content.find(b"\n", position) + 1 or len(self._content)
            self._tokens = _short().finditer(self._content, start, self._line_end)
            self._token = next(self._tokens, None)
            self._looked = self._line_end
        while self._token is not None and self._token.end() <= position:
            self._token = next(self._tokens, None)
        return self._token is not None and self._token.start() <= position


class Blocks:
    """The blocks around a line, looked for from the outermost one on. Lines are asked about in their order."""

    def __init__(self, code: bytes, end: int, strings: list[tuple[int, int]]) -> None:
        self._code = code
        self._strings = strings
        starts = [match.start() for match in _outermost().finditer(code, 0, end)]
        self._outermost = [start for start in starts if not inside(start, strings)]
        self._open: list[tuple[int, str]] = []  # width of the indentation, and "def", "types" or ""
        self._from = self._done = -1
        self._line = self._width = -1

    def kind(self, newline: int, start: int) -> EdgeKind:
        """The kind that they give to a statement: lazy in a function, type-only under TYPE_CHECKING.

        Args:
            newline: in front of its line.
            start: where it starts on that line.
        """
        at = bisect_right(self._outermost, newline) - 1
        if at < 0:
            return "import"
        if self._outermost[at] != self._from:
            self._open.clear()
            self._from = self._done = self._outermost[at]
        self._read(start)
        if newline != self._line:
            self._line = newline
            indent = _indent().match(self._code, newline + 1)
            assert indent is not None  # it can be empty
            self._width = _width(indent.group().replace(b"\f", b""))
            # A statement behind ":" on a block's own line is inside that block.
            if start > newline + 1 and _block().match(self._code, newline) and not inside(newline, self._strings):
                self._width += 1
        width = self._width
        kind: EdgeKind = "import"
        for around, what in reversed(self._open):
            if width <= 0:
                break
            if around < width:
                width = around
                if what == "types":
                    return "type-only"
                if what == "def":
                    kind = "lazy"
        return kind

    def _read(self, end: int) -> None:
        """Open and close what does so before `end`."""
        blocks = self._open
        at = bisect_left(self._strings, (self._done, 0))
        position = self._done
        while position < end:
            string = self._strings[at] if at < len(self._strings) else (end, end)
            at += 1
            for indent, define, condition, rest in _block().findall(self._code, position, min(string[0], end)):
                width = _width(indent)
                while blocks and blocks[-1][0] >= width:
                    blocks.pop()
                types = condition and _type_checking().match(rest)
                blocks.append((width, "def" if define else "types" if types else ""))
            position = string[1]
        self._done = max(self._done, end)


def _width(indent: bytes) -> int:
    return len(indent.expandtabs(8)) if b"\t" in indent else len(indent)
