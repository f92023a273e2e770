"""Ruby: require, require_relative, load, autoload; in a Rails application also constants, by Zeitwerk's naming.

Cannot see: requires with computed names, constants built at run time or found through ancestors, class names in
strings, inflections that an application adds. A constant that another file autoloads leads through that file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from string import ascii_uppercase

from vibeguard.dependents.facts import Facts, Import
from vibeguard.dependents.languages.ruby_project import offers as offers  # noqa: PLC0414
from vibeguard.dependents.languages.ruby_project import resolve as resolve  # noqa: PLC0414
from vibeguard.dependents.languages.ruby_project import underscore
from vibeguard.dependents.languages.text import (
    Lines,
    heredocs,
    may_search_heredocs,
    text,
    without,
)
from vibeguard.model import EdgeKind
from vibeguard.patterns import compiled

# A constant leads to the file that its name spells, whatever that file says.
BY_NAME = False

# Every token starts with a literal: the engine skips to the next one several times as fast as it tries each line. Most
# strings escape nothing, so that is tried first; names are full of underscores, so those before END stay.
_BLOCK = rb"=begin\b(?<=^=begin)(?s:.*?)(?:^=end[^\n]*+|\Z)"
_COMMENTS = rb"#[^\n]*+(?:\n *+#[^\n]*+)*+"  # on lines in a row
_DOUBLE = rb"\"[^\"\\\n]*+(?:\"|(?:[^\"\\\n]++|\\(?s:.?))*+(?:\"|(?=\n)|\Z))"
_SINGLE = rb"'[^'\\]*+(?:'|(?:[^'\\]++|\\(?s:.?))*+(?:'|\Z))"
_DATA = rb"END__(?<=^__END__)(?s:.*)\Z"
_PERCENT = (
    rb"%[wWiIqQ](?:\[[^\]]*+(?:\]|\Z)|\((?:[^()]++|\([^()]*+\))*+\)|\{(?:[^{}]++|\{[^{}]*+\})*+\})"
    rb"|%\((?:[^()]++|\((?:[^()]++|\([^()]*+\))*+\))*+\)"
)
_TOKENS = (_DOUBLE, _COMMENTS, _SINGLE, _PERCENT, _BLOCK, _DATA)
# A heredoc as one token: fast, but one that nothing closes is looked for to the end of the file.
_WHOLE_HEREDOC = rb"<<[~-](['\"]?)([A-Z_]++)\1[^\n]*+(?:\n(?![ \t]*+\2\r?+$)[^\n]*+)*+\n[ \t]*+\2(?=\r?+$)"
_HEREDOC = rb"<<[~-](['\"]?)(?P<tag>[A-Z_]++)\1"
_HEREDOC_END = rb"^[ \t]*+([A-Z_]++)\r?$"
_FEW = 100_000_000  # half as many heredocs, times bytes, may be searched

# A constant starts with any of 26 letters, and one letter is searched for ten times as fast as one of many.
_ONE_CAPITAL = bytes.maketrans(ascii_uppercase.encode(), b"A" * 26)

MAX_NESTING = 20
MAX_SHORT = 1000  # autoloads without a path that are placed exactly
MAX_LINES_ABOVE = 400  # among which the modules around an autoload are looked for


@cache
def _masker() -> re.Pattern[bytes]:
    return compiled(b"|".join((*_TOKENS, _WHOLE_HEREDOC)), re.M)


@cache
def _with_heredocs() -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    return compiled(b"|".join((*_TOKENS, _HEREDOC)), re.M), compiled(_HEREDOC_END, re.M)


@cache
def _pattern(name: str) -> re.Pattern[bytes]:
    return compiled(
        {
            "require": rb"^([ \t]*+)(?:[^\n#\"']*?[ \t;(&|])?"
            rb"\b(require_relative|require_dependency|require|load|autoload)\b[ \t(]*+(?::(\w++)[ \t]*+(?:,[ \t]*+)?)?"
            rb"(?:([\"'])(#\{__dir__\}/[^\"'\n#]*+|[^\"'\n#]*+)\4(?![ \t]*+[+%])"
            rb"|(File\.expand_path\([ \t]*+[\"']([^\"'\n#]++)[\"'],[ \t]*+(__FILE__|__dir__)"
            rb"|File\.join\([ \t]*+__dir__,[ \t]*+[\"']([^\"'\n#]++)[\"'][ \t]*+\)|[^\s\"']))?",
            # Most lines hold no definition, which the first byte tells; blanks are mostly spaces, one byte.
            "definition": rb"\n *+(?=[A-Zcm\t])[ \t]*+()(?:(?:module|class)[ \t]++(?:::)?([A-Z][\w:]*+)"
            rb"|([A-Z]\w*+)[ \t]*+(?:\|\|)?=(?![=~>]))",
            # Verbs where one can start a command; the first byte of a pattern is better a rare one.
            "requires": rb"quire(?<=require)(?<![^\n \t;(&|]require)(?:_relative|_dependency)?+\b",
            "loads": rb"load\b(?:(?<=autoload)(?<![^\n \t;(&|]autoload)|(?<![^\n \t;(&|]load))",
            "outer": rb"([ \t]*+)(?:(?:module|class)[ \t]++([A-Z][\w:]*+)|autoload_under[ \t(]++[\"']([\w/]++)|[^\s#])",
            "absolute": rb"::(?<![\w:.@$)\]}?!]::)([A-Z]\w*+(?:::[A-Z]\w*+)*+)",
            "interpolated": rb"#\{([^{}\"'A-Z]*+[A-Z][^{}\"']*+)\}",
            # With all capitals the same.
            "constant": rb"A(?<![\w:.@$].)\w*+(?:::A\w*+)*+(?![\w?!:]|[ \t]*+=[^=>~])",
        }[name],
        re.M,
    )


def _tokens(content: bytes, *, whole: bool) -> Iterator[tuple[int, int]]:
    if whole:
        return (match.span() for match in _masker().finditer(content))
    return heredocs(content, *_with_heredocs())


def scan(content: bytes) -> Facts:
    """Requires by their kind of path, and the constants that the file names with the modules it is in."""
    # One byte is counted twice as fast as two.
    whole = content.count(b"<") * len(content) < _FEW or may_search_heredocs(content)
    code = _masker().sub(b" ", content) if whole else without(content, _tokens(content, whole=False))
    require = _pattern("require")
    candidates = [match for start in _lines(content) if (match := require.match(content, start)) is not None]
    found = _imports(content, _in_code(candidates, _tokens(content, whole=whole))) if candidates else []
    constants = _constants(code)
    shown = _pattern("interpolated").findall(content)
    if shown:
        constants |= _constants(b"\n".join(shown))
    constants.update([b"::" + name for name in _pattern("absolute").findall(code)])
    mentions = text(b"\n".join(sorted(constants))).split("\n") if constants else []
    return Facts(tuple(found), tuple(dict.fromkeys(_definitions(code))), tuple(mentions))


def _constants(code: bytes) -> set[bytes]:
    capitals = code.translate(_ONE_CAPITAL)
    return {code[match.start() : match.end()] for match in _pattern("constant").finditer(capitals)}


def _lines(content: bytes) -> list[int]:
    """Where the lines that may require something start, in order, each once."""
    places = [match.start() for match in _pattern("requires").finditer(content)]
    loads = [match.start() for match in _pattern("loads").finditer(content)]
    if loads:
        places = sorted(places + loads)
    found: list[int] = []
    looked = 0
    for at in places:
        # Looked for from the last place on: lines can have megabytes.
        newline = content.rfind(b"\n", looked, at)
        looked = at
        if newline >= 0 or not found:
            found.append(newline + 1)
    return found


def _in_code(candidates: list[re.Match[bytes]], tokens: Iterator[tuple[int, int]]) -> Iterator[re.Match[bytes]]:
    """The candidates whose verb is in no token."""
    waiting = iter(candidates)
    match = next(waiting)
    at = match.start(2)
    for start, end in tokens:
        while at < end:
            if at < start:
                yield match
            following = next(waiting, None)
            if following is None:
                return
            match = following
            at = match.start(2)
    yield match
    yield from waiting


def _imports(content: bytes, requires: Iterator[re.Match[bytes]]) -> list[Import]:
    found: list[Import] = []
    lines = Lines(content)
    short = 0
    spaces: _Spaces = {}
    for match in requires:
        verb, symbol, literal = match.group(2), match.group(3), match.group(5)
        line = lines.at(match.start(2))
        kind: EdgeKind = "lazy" if verb == b"autoload" or match.group(1) else "import"
        names = (text(symbol),) if symbol else ()
        relative = match.group(7) or match.group(9)
        if relative is not None:
            path = text(relative)
            if match.group(8) == b"__FILE__":
                path = path.removeprefix("../")  # the first step leaves the file itself
            found.append(Import(f"relative {path}", kind, names, line))
        elif literal is not None and literal.startswith(b"#{__dir__}/"):
            found.append(Import(f"relative {text(literal[11:])}", kind, names, line))
        elif literal is not None:
            how = "relative" if verb == b"require_relative" else "path"
            found.append(Import(f"{how} {text(literal)}", kind, names, line))
        elif symbol is not None and verb == b"autoload":
            short += 1
            space = _space(content, match.start(2), spaces) if short <= MAX_SHORT else ""
            found.append(Import(f"autoload {space}", kind, names, line))
        elif match.group(6) is not None and match.group(6)[:1] not in b"=.,)}]:":
            found.append(Import("", "string", (), line))
    return found


_Spaces = dict[tuple[int, int], tuple[int, list[str]]]  # by (start of line, indentation): lines above, what is around


def _space(content: bytes, position: int, known: _Spaces) -> str:
    """The modules and `autoload_under` around a position, as a path: the nearest lines above that are indented less.

    Autoloads come in rows, so the way up mostly ends one line above, at what is `known`.
    """
    found: list[str] = []
    start = content.rfind(b"\n", 0, position) + 1
    indent = position - start
    first = (start, indent)
    steps = 0
    while start and indent and steps < MAX_LINES_ABOVE:
        reached = known.get((start, indent))
        if reached is not None and steps + reached[0] <= MAX_LINES_ABOVE:
            steps += reached[0]
            found += reached[1]
            start = 0
            break
        steps += 1
        start = content.rfind(b"\n", 0, start - 1) + 1
        line = _pattern("outer").match(content, start)
        if line is not None and len(line.group(1)) < indent:
            indent = len(line.group(1))
            if line.group(2):
                found.append(underscore(text(line.group(2)).rstrip(":")))
            elif line.group(3):
                found.append(text(line.group(3)))
    if start == 0 or indent == 0:
        known[first] = (steps, found)
    return "/".join(reversed(found))


def _definitions(code: bytes) -> list[str]:
    """Modules, classes and constants with the lexical scopes they stand in: "A B::C" is `class B::C` in `module A`.

    What stands in what is read off the indentation.
    """
    found: list[str] = []
    around: list[tuple[int, str]] = []
    for match in _pattern("definition").finditer(b"\n" + code):
        indent = match.start(1) - match.start()
        while around and around[-1][0] >= indent:
            around.pop()
        scope, constant = match.group(2, 3)
        name = text(scope or constant).rstrip(":")
        if around:
            name = f"{around[-1][1]} {name}"
        found.append(name)
        if scope is not None and len(around) < MAX_NESTING:
            around.append((indent, name))
    return found
