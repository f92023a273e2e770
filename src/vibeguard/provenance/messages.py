"""Two readers of a commit message: what git itself calls a trailer, and every line that may be meant as one.

The strict reader serves whatever could help a change through (required trailers, claims of approval). The lenient one
serves AI evidence, which can only raise what is asked, and therefore also reads what no git parser lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from vibeguard.provenance.folding import fold
from vibeguard.provenance.lazy import Lazy
from vibeguard.tuples import NamedTuple

# ---------------------------------------------------------------------------------------------------------- strict

_SPACE = b" \t\r\n"  # what git's own ctype table calls space
_CUT_LINE = b"# ------------------------ >8 ------------------------"
_GIT_PREFIXES = (b"Signed-off-by: ", b"(cherry picked from commit ")
_TOKEN = re.compile(rb"[A-Za-z0-9-]+[ \t]*:")


class Trailer(NamedTuple):
    """A trailer as git lists it; `line` is where it begins in the message, from 1. Folded values are one line."""

    key: str
    value: str
    line: int = 0


def strict_trailers(message: bytes) -> tuple[Trailer, ...]:
    """The trailers of a stored message, by git's own rules (`git interpret-trailers --parse --no-divider`).

    Git reads up to a NUL. Its rules, from trailer.c: the last paragraph, never the first one; all of its lines are
    trailers, or one was written by git itself (`Signed-off-by: `, `(cherry picked from commit `) and at least a quarter
    are trailers; a line that begins with a blank continues the value above it. Comments, scissors and an old
    `Conflicts:` block at the end are not part of the message. The user's `trailer.*` settings do not count: the same
    message must mean the same everywhere.
    """
    text = message.partition(b"\0")[0]
    if not text:
        return ()
    lines = text.removesuffix(b"\n").split(b"\n")
    end = _end_of_message(lines, complete=text.endswith(b"\n"))
    entries: list[tuple[int, list[bytes]]] = []
    continues = False
    for index in range(_start_of_trailers(lines, end), end):
        line = lines[index]
        if continues and line[:1] in (b"", b" ", b"\t", b"\r"):
            entries[-1][1].append(line)
            continue
        continues = _TOKEN.match(line) is not None
        if continues:
            entries.append((index, [line]))
    return tuple(_trailer(index, parts) for index, parts in entries)


def _trailer(index: int, parts: list[bytes]) -> Trailer:
    key, _, first = parts[0].partition(b":")
    value = b" ".join([first, *(part.lstrip(_SPACE) for part in parts[1:])]).strip(_SPACE)
    return Trailer(_decoded(key.strip(_SPACE)), _decoded(value), index + 1)


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _blank(line: bytes) -> bool:
    return not line.strip(_SPACE)


def _end_of_message(lines: list[bytes], *, complete: bool) -> int:
    """How many lines remain without comments, blank lines, an old conflicts block and scissors at the end.

    Scissors and `Conflicts:` count only with a newline behind them: `complete` says that the last line has one.
    """
    whole = lines if complete else lines[:-1]
    cutoff = whole.index(_CUT_LINE) if _CUT_LINE in whole else len(lines)
    run = 0  # first line of the run that may be ignored; git uses 0 for "none", and so do we, oddity included
    in_conflicts = False
    for index in range(cutoff):
        line = lines[index]
        if line == b"" or line.startswith(b"#"):
            run = run or index
        elif line == b"Conflicts:" and (complete or index + 1 < len(lines)):
            in_conflicts = True
            run = run or index
        elif in_conflicts and line.startswith(b"\t"):
            continue
        elif run:
            run, in_conflicts = 0, False
    return run or cutoff


def _start_of_trailers(lines: list[bytes], end: int) -> int:
    """The index of the first line of the trailer block, or `end` when there is none."""
    title = 0
    while title < end and (lines[title].startswith(b"#") or not _blank(lines[title])):
        title += 1
    only_blank, recognised = True, False
    trailers = others = continuations = 0
    for index in range(end - 1, title - 1, -1):
        line = lines[index]
        if line.startswith(b"#"):
            others, continuations = others + continuations, 0
        elif _blank(line):
            if only_blank:
                continue
            others += continuations
            if (recognised and trailers * 3 >= others) or (trailers and not others):
                return index + 1
            return end
        else:
            only_blank = False
            if line.startswith(_GIT_PREFIXES):
                trailers, continuations, recognised = trailers + 1, 0, True
            elif line[:1] in (b" ", b"\t", b"\r"):
                continuations += 1
            elif _TOKEN.match(line):
                trailers, continuations = trailers + 1, 0
            else:
                others, continuations = others + 1 + continuations, 0
    return end


# --------------------------------------------------------------------------------------------------------- lenient


class Line(NamedTuple):
    """A line as it may have been meant: decoration, markup and odd characters are gone.

    Attributes:
        number: line of the stored message, from 1 (several when literal `\\n` were written).
        text: what is left; letters that look like Latin ones are Latin.
        raw: the line as it was.
        odd: characters were replaced or dropped inside letters, which nobody does by accident.
        subject: it is the first line of the message.
        key: in lower case with `-` between words, "" when the line is no `key: value`.
        value: what follows the colon.
        example: it follows directly on a sentence that ends with a colon.
    """

    number: int
    text: str
    raw: str
    odd: bool
    subject: bool
    key: str = ""
    value: str = ""
    example: bool = False


_BULLET = Lazy(r"\s*(?:[-*•+]|\d+[.)])\s")
_BREAKS = Lazy(r"(?:\\r)?\\n|[\x00\r\x0b\x0c\x85\u2028\u2029]")
_TAGS = Lazy(r"</?(?:p|br|b|i|em|strong|div|li|ul|pre|code|span|sub|sup|small)\s*/?>", re.IGNORECASE)
_LEADING = Lazy(r"(?:[^\w>`+\-#@/\\$%{\[<]|_|[-+](?=\s)|--+)+")
_KEY = Lazy(r"([A-Za-z][A-Za-z0-9]*(?:[ _-]+[A-Za-z0-9]+){0,5}|AI)\s*[:\uff1a=]\s*(.*)", re.DOTALL)
_NO_COLON = Lazy(r"(co[-_ ]?author(?:ed)?[-_ ]by|assisted[-_]by)\s+(\S.*@.*)", re.IGNORECASE | re.DOTALL)
_MIDDLE = Lazy(
    r"(?:(?<=[.!?)\]])\s+|(?<=\w>)\s+|(?<=\S)\s{2,})(?=(?:co[-_ ]?authored[-_ ]?by|assisted[-_]by|signed-off-by)\s*:)",
    re.IGNORECASE,
)
_CO_AUTHOR = Lazy(r"co-?authors?(?:ed)?(?:-(?:by|with))?")
_ENTITIES = (
    ("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#39;", "'"), ("&apos;", "'"), ("&#60;", "<"), ("&#62;", ">"),
    ("&#x3c;", "<"), ("&#x3e;", ">"), ("&#x3C;", "<"), ("&#x3E;", ">"), ("&#64;", "@"), ("&nbsp;", " "), ("&amp;", "&"),
)  # fmt: skip

# What a revert quotes of the message that it takes back stands behind such a line.
_ORIGINAL = Lazy(r"\s*(?:the )?original (?:commit|change|message|pr|pull request)[^:]{0,60}:\s*", re.IGNORECASE)

# Bounds for hostile messages; no tool writes a longer mark, and no real message came near the others.
MAX_LINE = 65_536  # characters of one line of the message, which may be all of it, with literal `\\n`
MAX_MARK = 1_000  # characters of what may be one mark
MAX_END = 1 << 20  # bytes that are read of either end of a longer message


def decode(message: bytes, encoding: str | None = None) -> str:
    """The message as text. UTF-16 is recognised by its header, its mark or its NULs; what is not UTF-8 stays bytes."""
    name = (encoding or "").lower().replace("_", "-")
    half = message[1:400:2]
    if name.startswith(("utf-16", "utf16", "ucs-2")) or message.startswith((b"\xff\xfe", b"\xfe\xff")):
        codec = "utf-16-be" if name.endswith("be") or message.startswith(b"\xfe\xff") else "utf-16-le"
        if not name.endswith(("be", "le")) and message[:1] == b"\0":
            codec = "utf-16-be"
        return message.decode(codec, "replace").removeprefix("\ufeff")
    if half and half.count(0) * 2 > len(half):
        return message.decode("utf-16-le", "replace")
    if message[0:400:2].count(0) * 2 > len(half) > 4:
        return message.decode("utf-16-be", "replace")
    return message.decode("utf-8", "surrogateescape")


def lenient_lines(text: str, begin: int = 1) -> list[Line]:
    """Every line that may carry a mark, with the key and the value it may be meant to have.

    Left out is what somebody else said: lines quoted with `>`, fenced code, lines of a diff, what a revert names in its
    subject or quotes as the original message, and indented or quoted examples under a sentence that ends with a colon.

    Args:
        text: the message, or its end.
        begin: the number of its first line.
    """
    found: list[Line] = []
    quotation = _Quotation()
    first = begin == 1
    is_revert = False
    for number, physical in _unfenced(text, begin):
        if first:
            is_revert = physical.startswith(('Revert "', "Reapply ", "Revert '"))
        if is_revert and _ORIGINAL.fullmatch(physical[:200]):
            break
        if not (first and is_revert):
            for raw in _BREAKS.split(_middles(physical[:MAX_LINE])):
                line = _line(number, raw[:MAX_MARK], subject=first)
                if quotation.holds(raw) or line is None:
                    continue
                if raw[:1] in " \t" and not line.key and "@" in line.text and found and _is_open(found[-1]):
                    found[-1] = found[-1]._replace(value=f"{found[-1].value} {line.text}".strip())
                else:
                    found.append(line._replace(example=quotation.announced))
        first = False
    return found


def _unfenced(text: str, begin: int) -> Iterator[tuple[int, str]]:
    """The lines outside fenced code, with their numbers; a fence that is never closed is none."""
    fences = text.count("\n```") + text.startswith("```")
    fenced = False
    for number, line in enumerate(text.split("\n"), begin):
        if not line or line.isspace():
            continue
        if line.lstrip().startswith("```"):
            fenced = not fenced and fences > 1
            fences -= 1
            yield number, line  # it says nothing, but ends what came before it
        elif not fenced:
            yield number, line


class _Quotation:
    """What stands under a sentence that ends with a colon: further in, it is quoted; else the next line may be."""

    def __init__(self) -> None:
        self._indent = -1  # of the sentence; -1 outside
        self._next = False  # the sentence was the line before
        self.announced = False

    def holds(self, raw: str) -> bool:
        """Whether this line is part of a quotation. `announced` says that it is the one which a sentence announces."""
        indent = len(raw) - len(raw.lstrip(" \t\"'“"))
        if self._indent >= 0 and _BULLET.match(raw):
            self._indent = -1  # a list was introduced, not a quotation
        elif 0 <= self._indent < indent:
            self._next = False
            return True
        # One word and a colon is an empty trailer, not an introduction to what follows.
        introduces = raw.rstrip().endswith(":") and (" " in raw.strip() or "-" not in raw)
        self.announced = self._next and self._indent == indent and not introduces
        self._next = introduces and not raw.startswith("Squashed commit")
        self._indent = indent if self._next else -1
        return False


def _is_open(line: Line) -> bool:
    """A trailer whose address may stand on the next line, as git folds long values."""
    return line.key.endswith("-by") and "@" not in line.value


def _middles(line: str) -> str:
    """Breaks a flattened message before a trailer that follows the end of a sentence."""
    return _MIDDLE.sub("\\\\n", line) if ":" in line else line


def _line(number: int, raw: str, *, subject: bool) -> Line | None:
    text, odd = fold(raw)
    if "&" in text:
        for entity, mark in _ENTITIES:
            text = text.replace(entity, mark)
    if "<" in text:
        text = _TAGS.sub("", text)
    text = text.strip()
    match = _LEADING.match(text)
    if match is not None:
        text = text[match.end() :]
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    # A quotation, code, a line of a diff.
    if not text or text[0] in ">`" or (text[0] in "+-" and text[1:2] not in (" ", "")):
        return None
    if text.startswith("**") or text.endswith(("*", "_", '"', "'", "`", "|", "│", "\\", ";")):
        text = text.strip("*_ ").rstrip("*_\"'`|│\\; ")
    match = _KEY.match(text) or _NO_COLON.match(text)
    if match is None:
        return Line(number, text, raw, odd, subject)
    key = re.sub(r"[ _-]+", "-", match[1]).lower()
    if _CO_AUTHOR.fullmatch(key):
        key = "co-authored-by"
    return Line(number, text, raw, odd, subject, key, match[2].strip(" *_"))
