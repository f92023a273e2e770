"""Masking: the comments and strings of C-like languages become blanks, so that plain patterns see code alone."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cache

from vibeguard.patterns import compiled

# Alternatives that a language can put together; each matches one whole token and never backtracks.
LINE_COMMENT = rb"//[^\n]*+"
BLOCK_COMMENT = rb"/\*(?:[^*]++|\*(?!/))*+(?:\*/|\Z)"
HASH_COMMENT = rb"#[^\n]*+"
STRING = rb"\"(?:[^\"\\\n]++|\\(?s:.?))*+(?:\"|(?=\n)|\Z)"
CHARACTER = rb"'(?:[^'\\\n]|\\(?s:.?)[^'\n]{0,8}+)'"
LONG_STRING = rb"\"\"\"(?:[^\"\\]++|\\(?s:.?)|\"(?!\"\"))*+(?:\"\"\"|\Z)"

# The same in marked code, see `mask_marked`: behind the mark of their start; other slashes and quotes have theirs.
MARKED_LINE_COMMENT = rb"/\x01/[^\n]*+"
MARKED_BLOCK_COMMENT = rb"/\*[^*]*+(?:\*(?!\x01/)[^*]*+)*+(?:\*\x01/|\Z)"
MARKED_STRING = rb"\"[^\"\\\n]*+(?:\\\x01?+(?s:.?)[^\"\\\n]*+)*+(?:\"|(?=\n)|\Z)"
MARKED_CHARACTER = rb"'(?:\x01?+[^'\\\n\x01]|\\(?:\x01?+(?s:.))?(?:\x01?+[^'\n\x01]){0,8}+)\x01'"
MARKED_LONG_STRING = rb"\"\x01\"\x01\"(?:[^\"\\]++|\\\x01?+(?s:.?)|\"(?!\x01\"\x01\"))*+(?:\"\x01\"\x01\"|\Z)"
_MARK = b"\x01"


@cache
def masker(*tokens: bytes) -> re.Pattern[bytes]:
    """A pattern of all these tokens, in the order of precedence."""
    return compiled(b"|".join(tokens))


def mask(content: bytes, tokens: re.Pattern[bytes]) -> bytes:
    """The content with every token as one blank: no callback, so it runs at the speed of the pattern.

    Lines move; :class:`Places` finds where something stood.
    """
    return tokens.sub(b" ", content)


@cache
def _marked_masker(*tokens: bytes) -> re.Pattern[bytes]:
    return compiled(_MARK + rb"(?:" + b"|".join(tokens) + rb")")


def mask_marked(content: bytes, starts: bytes, marked: tuple[bytes, ...], tokens: tuple[bytes, ...]) -> bytes:
    """As :func:`mask`, faster in some languages where several characters can start a token.

    A mark goes before each of them, to which the engine skips faster than to a choice. That pays where the characters
    are few: Ruby with its seven starts would take a fifth longer.

    Args:
        starts: what can start a token.
        marked: the tokens in marked code.
        tokens: the same in code without marks, for content that has such a byte already.
    """
    if _MARK in content:
        return mask(content, masker(*tokens))
    for start in starts:
        character = bytes((start,))
        content = content.replace(character, _MARK + character)
    return _marked_masker(*marked).sub(b" ", content).replace(_MARK, b"")


def mask_comments(content: bytes, tokens: re.Pattern[bytes]) -> bytes:
    """Every token but those that start with a quote as blanks; lines stay where they are. For short stretches."""

    def blank(match: re.Match[bytes]) -> bytes:
        found = match.group()
        return found if found[:1] in b"\"'`" else b" " + b"\n" * found.count(b"\n")

    return tokens.sub(blank, content)


_BEARABLE = 50_000_000  # bytes


def may_search_heredocs(content: bytes) -> bool:
    """Whether a pattern may look for the end of every heredoc: not where nothing closing them could take minutes."""
    return content.count(b"<<") * len(content) < _BEARABLE


def heredocs(content: bytes, tokens: re.Pattern[bytes], lines: re.Pattern[bytes]) -> Iterator[tuple[int, int]]:
    """(start, end) of every token; one that opens a heredoc (group "tag") goes on to the line that closes it.

    Which line that is, is looked up: to search for it from every opening that nothing closes would never end.

    Args:
        lines: what closes a heredoc; its group is the tag.
    """
    tags = {opening.group("tag") for opening in tokens.finditer(content)}
    closing: dict[bytes, list[int]] = {tag: [] for tag in tags if tag is not None}
    for line in lines.finditer(content) if closing else ():
        if line.group(1) in closing:
            closing[line.group(1)].append(line.end(1))
    position = 0
    while (match := tokens.search(content, position)) is not None:
        position = match.end()
        tag = match.group("tag")
        if tag is not None:
            ends = closing.get(tag, [])
            at = bisect_right(ends, position)
            position = ends[at] if at < len(ends) else position
        yield match.start(), position


def without(content: bytes, tokens: Iterable[tuple[int, int]]) -> bytes:
    """As :func:`mask`, for tokens that no single pattern can find."""
    pieces = []
    position = 0
    for start, end in tokens:
        pieces.append(content[position:start])
        position = end
    pieces.append(content[position:])
    return b" ".join(pieces)


def without_comments(content: bytes, tokens: Iterable[tuple[int, int]]) -> bytes:
    """As :func:`mask_comments`, likewise."""
    pieces = []
    position = 0
    for start, end in tokens:
        pieces.append(content[position:start])
        token = content[start:end]
        pieces.append(token if token[:1] in b"\"'`" else b" " + b"\n" * token.count(b"\n"))
        position = end
    pieces.append(content[position:])
    return b"".join(pieces)


def text(raw: bytes) -> str:
    """Bytes of a source file as text; what is not UTF-8 stays as lone surrogates."""
    return raw.decode("utf-8", "surrogateescape")


# What can be part of a dotted name; everything else separates names.
_DOTTED = bytes(byte if (chr(byte).isalnum() and byte < 0x80) or byte in b"_." else 0x20 for byte in range(256))


def dotted_names(code: bytes) -> set[bytes]:
    """Every dotted name of masked code once: a fifth (Go) to two fifths (Java) of the code."""
    return set(code.translate(_DOTTED).split())


def positions(words: Iterable[bytes], content: bytes) -> list[int]:
    """Where these words start, in order. Each is searched alone: a literal is found ten times as fast as a choice."""
    found = [match.start() for word in words if word in content for match in _literal(word).finditer(content)]
    found.sort()
    return found


@cache
def _literal(word: bytes) -> re.Pattern[bytes]:
    return compiled(re.escape(word))


def lines_with(words: Iterable[bytes], content: bytes) -> list[int]:
    """Where the lines that hold one of these words start, in order, each once."""
    found: list[int] = []
    looked = start = 0
    for at in positions(words, content):
        # Looked for from the last word on: lines can have megabytes.
        newline = content.rfind(b"\n", looked, at)
        looked = at
        if newline >= 0 or not found:
            start = newline + 1
            found.append(start)
    return found


class Lines:
    """Line numbers for rising positions, counted once."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0
        self._line = 1

    def at(self, position: int) -> int:
        """The line of a position that is not before the last one asked for."""
        self._line += self._content.count(b"\n", self._at, position)
        self._at = position
        return self._line


class Places:
    """Lines of pieces of masked code in the original content; pieces are asked for in their order.

    A piece that a comment splits is not found and gets the line of the one before it.
    """

    _NEAR = 10_000  # bytes
    _MISSES = 50

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0
        self._line = 1
        self._misses = 0

    def line(self, piece: bytes) -> int:
        """The line on which the next occurrence of these bytes starts."""
        # After many pieces that are nowhere, only what is near is looked at: each of them costs the whole content.
        end = len(self._content) if self._misses < self._MISSES else self._at + self._NEAR
        found = self._content.find(piece, self._at, end)
        if found >= 0:
            self._line += self._content.count(b"\n", self._at, found)
            self._at = found
        else:
            self._misses += 1
        return self._line
