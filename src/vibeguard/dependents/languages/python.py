"""Python imports: statements, literal `import_module` calls, and the `__init__` files that run on the way.

Cannot see: names built at run time, `sys.path` edits, import hooks, entry points, strings that frameworks import.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from vibeguard.dependents.facts import Facts, Import
from vibeguard.dependents.languages.python_project import offers as offers  # noqa: PLC0414
from vibeguard.dependents.languages.python_project import resolve as resolve  # noqa: PLC0414
from vibeguard.dependents.languages.text import Lines
from vibeguard.model import EdgeKind

# Imports lead to files by their paths alone.
BY_NAME = False


# Most statements start a line and hold nothing but names: one pattern tells them, and it starts with what the engine
# can skip to. Everything else is left to the next ones.
_PLAIN = re.compile(
    rb"\n(?:from[ ]([.\w]++)[ ]import[ ](?:\(([\w,\s]++)\)|([\w, ]++))|import[ ]([A-Za-z_][\w.]*+))[ ]*+(?=[\n\r#]|\Z)"
)
# The word alone is found at a gigabyte a second; what is around it is looked at only then.
_WORD = re.compile(rb"import(?=[ \t(*\\])")
# A statement can start a line or follow ";" or ":". Where it stands inside a string or a comment is checked after.
_CANDIDATE = re.compile(
    rb"(?:^|[;:])[ \t\f]*+(?:"
    # Word by word: nothing of it is read twice, however long it is.
    rb"(?:from(?![\w\x80-\xff])((?:[. \t]++|\\\r?\n|(?!import(?![\w\x80-\xff]))[\w\x80-\xff]++)*+)"
    rb"import(?![\w\x80-\xff])"
    rb"[ \t]*+(\([^()]*+\)?|(?:[^\n;#\\]|\\\r?\n|\\)*+))"
    rb"|import(?![\w\x80-\xff])[ \t]*+((?:[^\n;#\\]|\\\r?\n|\\)*+)"
    rb")",
    re.M,
)
# Code up to the next long string, then that string; possessive, so that memory does not grow with the file.
_LONG_STRING = re.compile(
    rb"((?:[^\"'#]++|#[^\n]*+|\"(?!\"\")(?:[^\"\\\n]++|\\(?s:.))*+\"?|'(?!'')(?:[^'\\\n]++|\\(?s:.))*+'?)*+)"
    rb"(?:\"\"\"(?:[^\"\\]++|\\(?s:.)|\"(?!\"\"))*+(?:\"\"\"|\Z)|'''(?:[^'\\]++|\\(?s:.)|'(?!''))*+(?:'''|\Z))?"
)
_SHORT = re.compile(rb"#[^\n]*+|\"(?:[^\"\\\n]++|\\.)*+\"?|'(?:[^'\\\n]++|\\.)*+'?")
_BLOCK = re.compile(
    rb"\n([ \t]*+)(?:(async[ \t]++def|def)\b|((?:el)?if)\b([^\n]*+)"
    rb"|(?:class|else|try|except|finally|with|for|while|match|case|async)\b)"
)
_OUTERMOST = re.compile(
    rb"\n(?:def|class|async|if|elif|else|try|except|finally|with|for|while|match|case)(?![\w\x80-\xff])"
)
_CALL = re.compile(
    rb"(?<![\w\x80-\xff])(?:import_module|__import__)[ \t]*+\([ \t\r\n]*+"
    rb"(?:[rbuRBU]?([\"'])([\w.\x80-\xff]++)\1[ \t\r\n]*+([,)])|([^\"' \t\r\n)]))"
)
_TYPE_CHECKING = re.compile(rb"^[ \t]*+\(?[ \t]*+(?:\w++\.)*+TYPE_CHECKING\b")
_NAME = re.compile(r"[^\W\d]\w*")


def scan(content: bytes) -> Facts:
    """The imports of a module, with kind, names and line."""
    if b"import" not in content:
        return Facts()
    candidates = _candidates(content)
    calls = list(_CALL.finditer(content)) if b"import_module" in content or b"__import__" in content else []
    if not candidates and not calls:
        return Facts()
    end = max(match.end() for match in (candidates[-1:] + calls[-1:]))
    strings = list(_long_strings(content, end))
    blocks: _Blocks | None = None
    quotes = _Quotes(content)
    line, line_start, counted = 1, 0, 0
    found: list[Import] = []
    at = 0
    for match in candidates:
        start = match.start()
        while at < len(strings) and strings[at][1] <= start:
            at += 1
        if at < len(strings) and strings[at][0] < start:
            continue
        if match.re is _PLAIN:
            line += content.count(b"\n", counted, start + 1)
            counted = start + 1
            what = _plain(match.group())
            if what is not None:
                found.append(Import(what[0], "import", what[1], line))
            continue
        if content[start : start + 1] in b":;" and quotes.around(start):
            continue
        position = match.start(3) if match.start(3) >= 0 else match.start(1)
        newlines = content.count(b"\n", counted, position)
        if newlines:
            line += newlines
            line_start = content.rfind(b"\n", counted, position) + 1
        counted = position
        kind: EdgeKind = "import"
        head = content[line_start : line_start + 1]
        if head in b" \t\f" or content[start : start + 1] == b":":
            if blocks is None:
                blocks = _Blocks(content, end, strings)
            kind = _kind(content, line_start, blocks.above(line_start))
        _statement(match, kind, line, found)
    found += _calls(content, calls, strings)
    return Facts(tuple(found))


def _calls(content: bytes, calls: list[re.Match[bytes]], strings: list[tuple[int, int]]) -> Iterator[Import]:
    """Imports by a function's literal argument; those with another argument are known to be there."""
    lines = Lines(content)
    quotes = _Quotes(content)
    for match in calls:
        if _inside(match.start(), strings) or quotes.around(match.start()):
            continue
        line = lines.at(match.start())
        literal = match.group(2)
        if literal is None:
            yield Import("", "string", (), line)
        elif literal.startswith(b"."):
            # Relative to an argument; only the usual `__package__` and `__name__` can be followed.
            yield Import(_text(literal) if match.group(3) == b"," else "", "string", (), line)
        else:
            yield Import(_text(literal), "string", (), line)


def _candidates(content: bytes) -> list[re.Match[bytes]]:
    """What may be import statements, in order: plain ones, and what else holds the word.

    Nothing is searched twice: lines can have megabytes.
    """
    all_plain = list(_PLAIN.finditer(content))
    if len(all_plain) == content.count(b"import"):
        return all_plain
    plain = iter(all_plain)
    following = next(plain, None)
    found: list[re.Match[bytes]] = []
    done = looked = start = 0
    line_end = -1
    for word in _WORD.finditer(content):
        position = word.start()
        if position < done:
            continue
        while following is not None and following.end() <= position:
            following = next(plain, None)
        if following is not None and following.start() < position:
            found.append(following)
            done = following.end()
            continue
        if position >= line_end:
            newline = content.rfind(b"\n", looked, position)
            start = newline + 1 if newline >= 0 else start
            while start > max(1, done) and content[start - 2 if content[start - 2] != 13 else start - 3] == 92:
                start = content.rfind(b"\n", done, start - 1) + 1 or done
            line_end = content.find(b"\n", position) + 1 or len(content)
        looked = position
        match = _CANDIDATE.search(content, max(start, done), line_end)
        while match is not None and match.end() <= position:
            match = _CANDIDATE.search(content, match.end(), line_end)
        if match is None:
            done = line_end
            continue
        # The statement itself may go on over the line's end.
        match = _CANDIDATE.match(content, match.start()) or match
        found.append(match)
        done = match.end()
    return found


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _long_strings(content: bytes, end: int) -> Iterator[tuple[int, int]]:
    """(start, end) of each triple-quoted string that starts before `end`."""
    position = double = single = 0
    while True:
        if 0 <= double <= position:
            double = content.find(b'"""', position, end)
        if 0 <= single <= position:
            single = content.find(b"'''", position, end)
        quotes = [at for at in (double, single) if at >= 0]
        if not quotes:
            return
        # Whether the quotes open a string depends on their line alone, unless the one before goes on over its end.
        line = content.rfind(b"\n", position, min(quotes)) + 1
        if line and content[line - 2 : line - 1] not in b"\\\r":
            position = line
        match = _LONG_STRING.match(content, position)
        if match is None or match.end() == position:
            return
        if match.end(1) < match.end():
            yield match.end(1), match.end()
        position = match.end()


def _inside(position: int, strings: list[tuple[int, int]]) -> bool:
    if not strings:
        return False
    at = bisect_right(strings, (position, sys.maxsize)) - 1
    return at >= 0 and position < strings[at][1]


class _Quotes:
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
            self._tokens = _SHORT.finditer(self._content, start, self._line_end)
            self._token = next(self._tokens, None)
            self._looked = self._line_end
        while self._token is not None and self._token.end() <= position:
            self._token = next(self._tokens, None)
        return self._token is not None and self._token.start() <= position


class _Block(NamedTuple):
    """A line that opens a block."""

    start: int
    width: int  # of its indentation
    what: str  # "def", "types" or ""
    around: int  # the last block before it that is indented less, -1 for none


class _Blocks:
    """The lines that open blocks, looked for within the outermost block of each line that is asked about."""

    def __init__(self, content: bytes, end: int, strings: list[tuple[int, int]]) -> None:
        # A newline in front of everything: the engine skips from one to the next. What it shifts, the newline's own
        # place takes back.
        self._code = b"\n" + content[:end]
        self._strings = strings
        starts = [match.start() for match in _OUTERMOST.finditer(self._code)]
        self._outermost = [start for start in starts if not _inside(start, strings)]
        self._found: list[_Block] = []
        self._from = self._done = -1

    def above(self, line_start: int) -> list[_Block]:
        """Those from the outermost around a line down to the line itself. Lines are asked about in their order."""
        at = bisect_right(self._outermost, line_start) - 1
        if at < 0:
            return []
        if self._outermost[at] != self._from:
            self._found = []
            self._from = self._done = self._outermost[at]
        end = self._code.find(b"\n", line_start + 1)
        end = end if end >= 0 else len(self._code)
        found = self._found
        for match in _BLOCK.finditer(self._code, self._done, end):
            if _inside(match.start(), self._strings):
                continue
            what = "def" if match.group(2) else ""
            if match.group(3) and _TYPE_CHECKING.match(match.group(4)):
                what = "types"
            width = _width(match.group(1))
            around = len(found) - 1
            while around >= 0 and found[around].width >= width:
                around = found[around].around
            found.append(_Block(match.start(), width, what, around))
        self._done = max(self._done, end)
        return found


def _width(indent: bytes) -> int:
    return len(indent.expandtabs(8)) if b"\t" in indent else len(indent)


def _kind(content: bytes, line_start: int, blocks: list[_Block]) -> EdgeKind:
    """The kind that the enclosing blocks give: lazy in a function, type-only under TYPE_CHECKING."""
    indent_end = line_start
    while content[indent_end : indent_end + 1] in (b" ", b"\t", b"\f"):
        indent_end += 1
    width = _width(content[line_start:indent_end].replace(b"\f", b""))
    at = bisect_right(blocks, line_start, key=itemgetter(0)) - 1
    kind: EdgeKind = "import"
    # A statement behind ":" on a block's own line is inside that block.
    if at >= 0 and blocks[at].start == line_start:
        width += 1
    while at >= 0 and width > 0:
        block = blocks[at]
        if block.width < width:
            width = block.width
            if block.what == "types":
                return "type-only"
            if block.what == "def":
                kind = "lazy"
        at = block.around
    return kind


def _statement(match: re.Match[bytes], kind: EdgeKind, line: int, found: list[Import]) -> None:
    if match.group(3) is not None:
        for part in _clean(match.group(3)).split(","):
            module = part.split(" as ")[0].strip().replace(" ", "")
            if module and all(_NAME.fullmatch(piece) for piece in module.split(".")):
                found.append(Import(module, kind, (), line))
        return
    module = "".join(_clean(match.group(1)).split())
    names = []
    for part in _clean(match.group(2)).strip("( )").split(","):
        name = part.strip().split(" ")[0].strip()
        if name == "*" or _NAME.fullmatch(name):
            names.append(name)
    if module and names and all(_NAME.fullmatch(piece) for piece in module.lstrip(".").split(".") if module.strip(".")):
        found.append(Import(module, kind, tuple(names), line))


@lru_cache(8192)
def _plain(statement: bytes) -> tuple[str, tuple[str, ...]] | None:
    """Module and names of a plain statement, None when it is none. Three of four are written in other files too."""
    match = _PLAIN.match(statement)
    assert match is not None
    module, bracketed, listed, imported = match.groups()
    if imported is not None:
        name = imported.decode("ascii")
        return (name, ()) if all(map(str.isidentifier, name.split("."))) else None
    name = module.decode("ascii")
    if listed is None:
        listed = b" ".join(bracketed.split())
    # What follows a name is `as` and what it is called here.
    parts = [part.lstrip().partition(" ")[0] for part in listed.decode("ascii").split(",")]
    names = tuple(part for part in parts if part.isidentifier())
    stem = name.lstrip(".")
    return (name, names) if names and (not stem or all(map(str.isidentifier, stem.split(".")))) else None


def _clean(raw: bytes) -> str:
    if b"#" in raw:
        raw = re.sub(rb"#[^\n]*", b"", raw)
    text = _text(raw)
    if "\n" in text or "\t" in text or "\\" in text:
        text = " ".join(text.replace("\\", " ").split())
    return text.strip()
