"""Python imports: statements, literal `import_module` calls, and the `__init__` files that run on the way.

Cannot see: names built at run time, `sys.path` edits, import hooks, entry points, strings that frameworks import.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import accumulate, islice
from operator import itemgetter

from vibeguard.dependents.facts import Facts, Import
from vibeguard.dependents.languages.python_project import offers as offers  # noqa: PLC0414
from vibeguard.dependents.languages.python_project import resolve as resolve  # noqa: PLC0414
from vibeguard.dependents.languages.python_surroundings import Blocks, Quotes, inside, long_strings
from vibeguard.dependents.languages.text import Lines
from vibeguard.model import EdgeKind
from vibeguard.patterns import compiled

# Imports lead to files by their paths alone.
BY_NAME = False


# A statement of nothing but names, as most of them are.
_NAMES = (
    rb"(?:from[ ][.\w]++[ ]import[ ](?:\([\w,\s]++\)|[\w, ]++|\*)|import[ ][A-Za-z_][\w.]*+(?:[ ]as[ ]\w++)?+)[ ]*+"
)


@cache
def _plain_statements() -> re.Pattern[bytes]:
    """Those that start a line: begins with what the engine can skip to. Everything else is left to the next ones."""
    return compiled(rb"(\n" + _NAMES + rb")(?=[\n\r#]|\Z)")


@cache
def _indented_statement() -> re.Pattern[bytes]:
    return compiled(rb"[ \t\f]*+(" + _NAMES + rb")(?=\r?\n|#|\Z)")


@cache
def _word() -> re.Pattern[bytes]:
    """The word alone is found at a gigabyte a second; what is around it is looked at only then."""
    return compiled(rb"import(?=[ \t(*\\])")


@cache
def _candidate() -> re.Pattern[bytes]:
    """A statement can start a line or follow ";" or ":". Whether a string or a comment holds it is checked after."""
    return compiled(
        rb"(?:^|[;:])[ \t\f]*+(?:"
        # Word by word: nothing of it is read twice, however long it is.
        rb"(?:from(?![\w\x80-\xff])((?:[. \t]++|\\\r?\n|(?!import(?![\w\x80-\xff]))[\w\x80-\xff]++)*+)"
        rb"import(?![\w\x80-\xff])"
        rb"[ \t]*+(\([^()]*+\)?|(?:[^\n;#\\]|\\\r?\n|\\)*+))"
        rb"|import(?![\w\x80-\xff])[ \t]*+((?:[^\n;#\\]|\\\r?\n|\\)*+)"
        rb")",
        re.M,
    )


@cache
def _call() -> re.Pattern[bytes]:
    return compiled(
        rb"(?<![\w\x80-\xff])(?:import_module|__import__)[ \t]*+\([ \t\r\n]*+"
        rb"(?:[rbuRBU]?([\"'])([\w.\x80-\xff]++)\1[ \t\r\n]*+([,)])|([^\"' \t\r\n)]))"
    )


@cache
def _name() -> re.Pattern[str]:
    return compiled(r"[^\W\d]\w*")


def scan(content: bytes) -> Facts:
    """The imports of a module, with kind, names and line."""
    if b"import" not in content:
        return Facts()
    # No statement begins behind the last such word, and a plain one goes on to its bracket or its line's end.
    end = content.find(b")", content.rfind(b"import"))
    end = content.find(b"\n", end) + 1 if end >= 0 else 0
    # A newline in front: then every line follows one.
    code = b"\n" + (content[:end] if end else content)
    pieces = _plain_statements().split(code)
    plain = pieces[1::2]
    between = b"".join(pieces[::2])
    end = len(code) - len(pieces[-1])
    others: list[_Other] = []
    calls: list[re.Match[bytes]] = []
    if b"import" in between:
        code = b"\n" + content
        others = _others(code, pieces, plain)
        if b"import_module" in between or b"__import__" in between:
            calls = list(_call().finditer(code))
        end = max([end, *(other[1] for other in others[-1:]), *(call.end() for call in calls[-1:])])
    strings = list(long_strings(code, end)) if end else []
    if strings and plain:
        starts = list(accumulate(map(len, pieces)))[:-1:2]
        for opening, closing in strings:
            for at in range(bisect_right(starts, opening), bisect_left(starts, closing)):
                plain[at] = b""
    lines = accumulate([piece.count(b"\n") for piece in pieces], initial=1)
    new = tuple.__new__  # the class's own takes twice as long
    found = [
        new(Import, (module, "import", names, line))
        for (module, names), line in zip(map(_plain, plain), islice(lines, 1, None, 2), strict=False)
        if module
    ]
    if others:
        found += _read(code, others, strings, end)
        found.sort(key=itemgetter(3))
    if calls:
        found += _calls(code, calls, strings)
    return Facts(tuple(found))


# What may be an import statement and is no plain one: where it starts and ends, a place on the line that counts, and
# either a plain statement that something is around or a match.
_Other = tuple[int, int, int, bytes, "re.Match[bytes] | None"]


def _others(code: bytes, pieces: list[bytes], plain: list[bytes]) -> list[_Other]:
    """What may be import statements and is not plain, in order. Plain ones that are part of one of these are emptied.

    Nothing is searched twice: lines can have megabytes.

    Args:
        pieces: the code, with plain statements at the odd places.
    """
    found: list[_Other] = []
    done = looked = start = line_end = base = border = 0
    for at, piece in enumerate(pieces):
        base, border = border, border + len(piece)
        if at % 2:
            if done > base and max(word.start() for word in _word().finditer(code, base, border)) < done:
                plain[at // 2] = b""
            continue
        done = max(done, base)
        for word in _word().finditer(code, base, border) if b"import" in piece else ():
            position = word.start()
            if position < done:
                continue
            if position >= line_end:
                start = newline = code.rfind(b"\n", looked, position) + 1
                line_end = code.find(b"\n", position) + 1 or len(code)
                while start > max(2, done) and code[start - 2 if code[start - 2] != 13 else start - 3] == 92:
                    start = code.rfind(b"\n", done, start - 1) + 1 or done
                if start == newline >= done:
                    looked = position
                    # Most are plain, but for what is around them; most other lines hold nothing like one.
                    match = _indented_statement().match(code, start)
                    if match is not None and match.end() > position:
                        done = match.end()
                        found.append((start, done, start, b"\n" + match.group(1), None))
                        continue
                    rest = code[start:line_end]
                    if b":" not in rest and b";" not in rest and not rest.lstrip().startswith((b"from", b"import")):
                        done = line_end
                        continue
            looked = position
            match = _candidate().search(code, max(start, done), line_end)
            while match is not None and match.end() <= position:
                match = _candidate().search(code, match.end(), line_end)
            if match is None:
                done = line_end
                continue
            # The statement itself may go on over the line's end.
            match = _candidate().match(code, match.start()) or match
            done = match.end()
            found.append((match.start(), done, match.start(1 if match.start(3) < 0 else 3), b"", match))
    return found


def _read(code: bytes, others: list[_Other], strings: list[tuple[int, int]], end: int) -> Iterator[Import]:
    """The imports of these statements."""
    blocks: Blocks | None = None
    quotes = Quotes(code)
    line = newline = counted = at = 0
    for start, _, position, statement, match in others:
        while at < len(strings) and strings[at][1] <= start:
            at += 1
        if at < len(strings) and strings[at][0] < start:
            continue
        first = code[start : start + 1]
        if first in b":;" and quotes.around(start):
            continue
        newlines = code.count(b"\n", counted, position)
        if newlines:
            line += newlines
            newline = code.rfind(b"\n", counted, position)
        counted = position
        kind: EdgeKind = "import"
        if first == b":" or code[newline + 1 : newline + 2] in b" \t\f":
            blocks = blocks or Blocks(code, end, strings)
            kind = blocks.kind(newline, start)
        if match is not None:
            yield from _statement(match, kind, line)
        else:
            module, names = _plain(statement)
            if module:
                yield Import(module, kind, names, line)


def _calls(code: bytes, calls: list[re.Match[bytes]], strings: list[tuple[int, int]]) -> Iterator[Import]:
    """Imports by a function's literal argument; those with another argument are known to be there."""
    lines = Lines(code)
    quotes = Quotes(code)
    for match in calls:
        if inside(match.start(), strings) or quotes.around(match.start()):
            continue
        line = lines.at(match.start()) - 1
        literal = match.group(2)
        if literal is None:
            yield Import("", "string", (), line)
        elif literal.startswith(b"."):
            # Relative to an argument; only the usual `__package__` and `__name__` can be followed.
            yield Import(_text(literal) if match.group(3) == b"," else "", "string", (), line)
        else:
            yield Import(_text(literal), "string", (), line)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _statement(match: re.Match[bytes], kind: EdgeKind, line: int) -> Iterator[Import]:
    is_name = _name().fullmatch
    if match.group(3) is not None:
        for part in _clean(match.group(3)).split(","):
            module = part.split(" as ")[0].strip().replace(" ", "")
            if module and all(map(is_name, module.split("."))):
                yield Import(module, kind, (), line)
        return
    module = "".join(_clean(match.group(1)).split())
    names = []
    for part in _clean(match.group(2)).strip("( )").split(","):
        name = part.strip().split(" ")[0].strip()
        if name == "*" or is_name(name):
            names.append(name)
    if module and names and (not module.strip(".") or all(map(is_name, module.lstrip(".").split(".")))):
        yield Import(module, kind, tuple(names), line)


@lru_cache(8192)
def _plain(statement: bytes) -> tuple[str, tuple[str, ...]]:
    """Module and names of a plain statement, no module when it is none. Three of four are in other files too."""
    text = statement.decode("ascii")
    if text.startswith("\nimport"):
        module = text.split()[1]
        return (module, ()) if _is_module(module) else ("", ())
    module, _, listed = text[6:].partition(" import ")
    if not _is_module(module):
        return "", ()
    names = listed.strip("(), ").split(", ")
    if not all(map(str.isidentifier, names)):
        # What follows a name is `as` and what it is called here.
        names = [name.strip("() ").partition(" ")[0] for name in " ".join(listed.split()).split(",")]
        names = [name for name in names if name.isidentifier() or name == "*"]
    return (module, tuple(names)) if names else ("", ())


@lru_cache(2048)
def _is_module(name: str) -> bool:
    """Whether names are what the dots of this stand between or, once, in front of."""
    stem = name.lstrip(".")
    return all(map(str.isidentifier, stem.split("."))) if stem else bool(name)


def _clean(raw: bytes) -> str:
    if b"#" in raw:
        raw = re.sub(rb"#[^\n]*", b"", raw)
    text = _text(raw)
    if "\n" in text or "\t" in text or "\\" in text:
        text = " ".join(text.replace("\\", " ").split())
    return text.strip()
