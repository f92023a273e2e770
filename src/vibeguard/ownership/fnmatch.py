"""GitLab's path patterns: Ruby's `File.fnmatch` with PATHNAME and DOTMATCH, after GitLab's normalising.

Another language than GitHub's: `docs` is a file of that name only, `[ab].py` is a range, `/docs/**` is one level.
Held against Ruby 3.1 itself on 720,000 random pairs of pattern and path; a sample of them is test data.
"""

from __future__ import annotations

import re

from vibeguard.ownership.globs import ONE, OneOf, Piece, glob_of
from vibeguard.ownership.matcher import BELOW, DEEP, HERE, Index, Segment


def normalised(pattern: str) -> str:
    """A pattern as GitLab hands it to `File.fnmatch`: from the root, with what a folder's slash stands for."""
    if pattern.startswith("\\#"):
        pattern = pattern[1:]
    if "\\" in pattern:
        pattern = re.sub(r"\\\s+", " ", pattern, flags=re.ASCII)
    if pattern == "*":
        return "/**/*"
    if not pattern.startswith("/"):
        pattern = f"/**/{pattern}"
    return f"{pattern}**/*" if pattern.endswith("/") else pattern


def add_pattern(index: Index, number: int, normal: str, known: dict[str, Segment]) -> bool:
    """Add one normalised pattern to an index; False when it can match nothing, for want of a `]`."""
    body = normal[4:] if normal.startswith("/**/") else normal[1:]
    folder = body.removesuffix("/**/*")
    if folder and not any(char in folder for char in "*?[\\"):
        reach = HERE if folder == body else BELOW
        if len(body) == len(normal) - 1:
            index.add_path(number, folder, reach)
        elif "/" not in folder:
            index.add_name(number, folder, reach)
        else:
            index.add(number, (DEEP, *folder.split("/")), reach)
        return True
    segments = _segments(normal, known)
    if segments is None:
        return False
    index.add(number, segments, HERE)
    return True


def _segments(normal: str, known: dict[str, Segment]) -> tuple[Segment, ...] | None:
    segments: list[Segment] = []
    at = 1
    while at <= len(normal):
        if normal.startswith("**/", at):
            if not segments or segments[-1] is not DEEP:
                segments.append(DEEP)
            at += 3
            continue
        end, pieces = _pieces(normal, at)
        if pieces is None:
            return None
        text = normal[at:end]
        if text == "\\":  # an escaped slash: nothing stands before it
            return ()
        segment = known.get(text)
        if segment is None:
            literal = pieces[0] if len(pieces) == 1 else None
            segment = literal if isinstance(literal, str) and ONE not in literal else glob_of(pieces)
            known[text] = segment
        segments.append(segment)
        at = end + 1
    return tuple(segments)


def _pieces(normal: str, at: int) -> tuple[int, list[Piece] | None]:
    """One segment from `at` on: where its slash stands, and its pieces between stars (None: no `]` for a `[`)."""
    pieces: list[list[str | OneOf]] = [[]]
    while at < len(normal) and normal[at] != "/":
        char = normal[at]
        at += 1
        if char == "*":
            if pieces[-1] or len(pieces) == 1:
                pieces.append([])
        elif char == "?":
            pieces[-1].append(ONE)
        elif char == "[":
            end, one_of = _class(normal, at)
            if one_of is None:
                return at, None
            pieces[-1].append(one_of)
            at = end
        elif char == "\\":  # at the pattern's end it stands for nothing
            if normal[at : at + 1] == "/":
                break
            pieces[-1] += normal[at : at + 1]
            at += 1
        else:
            pieces[-1].append(char)
    return at, [_piece(units) for units in pieces]


def _piece(units: list[str | OneOf]) -> Piece:
    texts = [unit for unit in units if isinstance(unit, str)]
    return "".join(texts) if len(texts) == len(units) else tuple(units)


def _class(normal: str, at: int) -> tuple[int, OneOf | None]:
    """A bracket expression from behind its `[`: where it ends, and its characters. `[]` is empty, `[!]` anything."""
    negated = normal[at : at + 1] in ("!", "^")
    at += negated
    ranges: list[tuple[str, str]] = []
    while at < len(normal):
        if normal[at] == "]":
            return at + 1, OneOf(ranges, negated=negated)
        if normal[at] == "\\":
            at += 1
        low = high = normal[at : at + 1]
        at += 1
        if normal[at : at + 1] == "-" and normal[at + 1 : at + 2] not in ("]", ""):
            at += 1
            if normal[at] == "\\":
                at += 1
            high = normal[at : at + 1]
            at += 1
        ranges.append((low, high))
    return at, None
