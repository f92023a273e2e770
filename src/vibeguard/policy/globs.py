"""Globs over paths: `*` and `?` stay within a segment, `**` is any number of segments, all else is literal.

A glob is a whole path from the root, case-sensitive. `**/auth/**` also matches at the root, and `src/**` also matches
an entry that is called `src` itself (a submodule or a symlink in the folder's place). A newline is a character like
any other.

Matching never backtracks over more than the last wildcard, so it is at worst (length of the glob × length of the
path): no pattern is expensive. :class:`PathIndex` answers many globs over the same paths without trying each pair.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from vibeguard.tuples import NamedTuple

LONGEST = 1000  # characters of one glob; no path that git accepts needs more

_ANY_SEGMENTS = "**"


class GlobError(ValueError):
    """A glob that could be read in two ways, or not at all. `hint` says what to write."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class Glob(NamedTuple):
    """A parsed glob. Each segment is `**`, a literal, or a tuple of parts between stars."""

    segments: tuple[str | tuple[str, ...], ...]
    literal: bool  # no wildcard at all
    deep: bool  # has a `**`


def parse(pattern: str) -> Glob:
    """Parse a glob; raises :class:`GlobError`."""
    if not pattern:
        raise GlobError("an empty glob matches nothing", "write `**` for every file")
    if len(pattern) > LONGEST:
        raise GlobError(f"a glob of {len(pattern)} characters", f"the limit is {LONGEST}")
    if pattern != pattern.strip():
        raise GlobError("a glob that begins or ends with a space", "remove the space")
    if pattern[0] == "!":
        raise GlobError("a glob cannot begin with `!`", "exclude with `none_of`, or in `unless`")
    if pattern[0] == "/":
        raise GlobError("a glob begins at the root by itself", f"write `{pattern.lstrip('/') or '**'}`")
    if pattern.endswith("/"):
        raise GlobError("a glob that ends with `/` matches no file", f"write `{pattern}**`")
    segments: list[str | tuple[str, ...]] = []
    for raw in pattern.split("/"):
        if raw == "**":
            if not segments or segments[-1] != _ANY_SEGMENTS:
                segments.append(_ANY_SEGMENTS)
        elif raw in ("", ".", ".."):
            raise GlobError(f"`{raw}` cannot stand between slashes", "write the path as git shows it")
        else:
            segments.append(_segment(raw))
    deep = _ANY_SEGMENTS in segments
    return Glob(tuple(segments), not deep and all(isinstance(item, str) for item in segments), deep)


# One policy at the 1 MB limit holds fewer distinct globs than this.
compiled = lru_cache(maxsize=65536)(parse)


def matches(glob: Glob, path: str) -> bool:
    """Whether the whole path fits the glob."""
    if glob.literal:
        return path == "/".join(glob.segments)  # type: ignore[arg-type]  # literal: all segments are str
    return _walk(glob.segments, path.split("/"))


@lru_cache(maxsize=4096)
def _word_parts(pattern: str) -> tuple[str, ...]:
    return tuple(pattern.split("*"))


def word_matches(pattern: str, word: str) -> bool:
    """Globs over names (logins, teams, tools, checks): `*` is any characters, `?` one, brackets are literal."""
    if "*" not in pattern and "?" not in pattern:
        return pattern == word
    return _fits(_word_parts(pattern), word)


class PathIndex:
    """Some paths, arranged so that a glob looks only at those that can match."""

    def __init__(self, paths: Sequence[str]) -> None:
        self.paths = tuple(dict.fromkeys(paths))
        self._split: dict[str, list[str]] | None = None
        self._below: dict[str, list[str]] = {}
        self._segment: dict[str, list[str]] = {}
        self._suffix: dict[str, list[str]] = {}
        self._known = frozenset(self.paths)

    def select(self, glob: Glob) -> Sequence[str]:
        """The paths that match, in their order."""
        if glob.literal:
            whole = "/".join(glob.segments)  # type: ignore[arg-type]  # literal: all segments are str
            return (whole,) if whole in self._known else ()
        segments = glob.segments
        if segments == (_ANY_SEGMENTS,):
            return self.paths
        if self._split is None:
            self._split = self._arrange()
        split = self._split
        return [path for path in self._candidates(segments) if _walk(segments, split[path])]

    def _arrange(self) -> dict[str, list[str]]:
        split = {}
        for path in self.paths:
            parts = split[path] = path.split("/")
            below = ""
            for part in parts:
                below = f"{below}/{part}" if below else part
                self._below.setdefault(below, []).append(path)
            for part in set(parts):
                self._segment.setdefault(part, []).append(path)
            self._suffix.setdefault(parts[-1].rpartition(".")[2], []).append(path)
        return split

    def _candidates(self, segments: tuple[str | tuple[str, ...], ...]) -> Sequence[str]:
        prefix: list[str] = []
        for segment in segments:
            if segment == _ANY_SEGMENTS or not isinstance(segment, str):
                break
            prefix.append(segment)
        if prefix:
            return self._below.get("/".join(prefix), ())
        for segment in segments:
            if isinstance(segment, str) and segment != _ANY_SEGMENTS:
                return self._segment.get(segment, ())
        last = segments[-1]
        if isinstance(last, tuple) and "?" not in last[-1]:
            _, dot, suffix = last[-1].rpartition(".")
            if dot:
                return self._suffix.get(suffix, ())
        return self.paths


def _segment(raw: str) -> str | tuple[str, ...]:
    """A literal, or the parts between stars (`?` stands in them for one character; an escaped one is impossible)."""
    parts = [""]
    wild = False
    position = 0
    while position < len(raw):
        char = raw[position]
        if char == "\\":
            position += 1
            if position == len(raw):
                raise GlobError("a glob cannot end with a backslash", "separate folders with `/`")
            char = raw[position]
            if char in "*?\\":
                raise GlobError(f"`\\{char}` is not supported", "write `?` for that one character")
            if char not in "[]{}":
                raise GlobError("a backslash stands only before `[ ] { }`", "separate folders with `/`")
            parts[-1] += char
        elif char in "[]":
            raise GlobError(
                "brackets mean different things in different tools",
                "write `?` for any character, or `\\[` for a bracket in a name",
            )
        elif char in "{}":
            raise GlobError("braces are not expanded", "write a list with one glob for each, or `\\{` for a brace")
        elif char == "*":
            if raw[position : position + 2] == "**":
                raise GlobError("`**` stands alone between slashes", "write `**/` before a name, `/**` after a folder")
            wild = True
            parts.append("")
        else:
            wild = wild or char == "?"
            parts[-1] += char
        position += 1
    return tuple(parts) if wild else parts[0]


def _walk(pattern: Sequence[str | tuple[str, ...]], parts: Sequence[str]) -> bool:
    """Match segments; on a mismatch only the last `**` takes one segment more."""
    here = there = 0
    star = -1
    kept = 0
    while there < len(parts):
        if here < len(pattern):
            segment = pattern[here]
            if segment == _ANY_SEGMENTS:
                star, kept = here, there
                here += 1
                continue
            if segment == parts[there] if isinstance(segment, str) else _fits(segment, parts[there]):
                here += 1
                there += 1
                continue
        if star < 0:
            return False
        kept += 1
        here, there = star + 1, kept
    return all(segment == _ANY_SEGMENTS for segment in pattern[here:])


def _fits(parts: tuple[str, ...], text: str) -> bool:
    """Match one segment: first and last part are anchored, those between are found from the left."""
    if len(parts) == 1:
        return len(text) == len(parts[0]) and _same(parts[0], text)
    first, last = parts[0], parts[-1]
    end = len(text) - len(last)
    if end < len(first) or not _same(first, text[: len(first)]) or not _same(last, text[end:]):
        return False
    start = len(first)
    for part in parts[1:-1]:
        start = _find(part, text, start, end)
        if start < 0:
            return False
        start += len(part)
    return True


def _same(part: str, text: str) -> bool:
    if "?" not in part:
        return part == text
    return all(char in ("?", other) for char, other in zip(part, text, strict=True))


def _find(part: str, text: str, start: int, end: int) -> int:
    if "?" not in part:
        return text.find(part, start, end)
    for at in range(start, end - len(part) + 1):
        if _same(part, text[at : at + len(part)]):
            return at
    return -1
