"""JavaScript and TypeScript imports: import, export … from, require, import(), reference paths.

Cannot see: specifiers built at run time, bundler aliases written as programs, globals, what a package outside the
repository imports back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import pairwise

from vibeguard.dependents.facts import Edge, Facts, Import, Links, one_edge_a_target
from vibeguard.dependents.languages.javascript_project import offers as offers  # noqa: PLC0414
from vibeguard.dependents.languages.javascript_project import resolver
from vibeguard.dependents.languages.text import Lines
from vibeguard.dependents.project import Project
from vibeguard.model import EdgeKind
from vibeguard.patterns import compiled

# Imports lead to files by their paths alone.
BY_NAME = False

# Bounded: every word that may begin an import is tried, and none may read the rest of a hostile file.
_ONE_COMMENT = rb"//[^\n]{0,1000}+\n|/\*[^*]{0,2000}+(?:\*(?!/)[^*]{0,1000}+){0,60}+\*/"
_COMMENT = rb"(?:\s++|" + _ONE_COMMENT + rb"){0,40}+"
# What follows `import` and `export`: group 1: type; 2: clause; 3/4: specifier with quotes.
_STATEMENT = (
    rb"(?![\w$])" + _COMMENT + rb"(?:(type)(?=[\s{*])(?!\s+from\b(?!\s+from\b))(?!\s*,)" + _COMMENT + rb")?"
    rb"((?:[\w$\x80-\xff]++"
    + _COMMENT
    + rb",?"
    + _COMMENT
    + rb")?(?:\*"
    + _COMMENT
    + rb"(?:as\s++[\w$\x80-\xff]++"
    + _COMMENT
    + rb")?|\{(?:[^{}/]{1,20000}+|"
    + _ONE_COMMENT
    + rb"){0,300}+\}"
    + _COMMENT
    + rb")?"
    rb"(?:(?<=[\s}*/])from(?![\w$])" + _COMMENT + rb"|(?<=\})from" + _COMMENT + rb"))?"
    rb"([\"'])((?:[^\"'\\\n]|(?!\3)[\"'])*+)\3"
)
# What follows `require` and `import` as functions; "literal" or anything else as the argument.
_CALL = (
    rb"(?:\.resolve)?(?:<[^()<>\n]{0,200}+>)?[ \t\r\n]*+\("
    + _COMMENT
    + rb"(?:(?P<quote>[\"'`])(?P<literal>(?:[^\"'`\\\n$]|(?!(?P=quote))[\"'`])*+)(?P=quote)[\s,]*+[){]?"
    rb"|(?P<other>[^\s\"')]))"
)
_FOLLOWING = {
    b"import": _STATEMENT + rb"|" + _CALL + rb"|\.meta\.url",
    b"export": _STATEMENT,
    b"require": _CALL,
    b"new": rb"\s++URL\(\s*+([\"'])(\.[^\"'\\\n]*+)\1\s*+,\s*+import\.meta\.url",
}


@cache
def _candidate(word: bytes) -> re.Pattern[bytes]:
    """What may be an import. It starts with the word, which the engine skips to: what is before it is checked after."""
    return compiled(word + rb"(?<![\w$.]" + word + rb")(?:" + _FOLLOWING[word] + rb")")


@cache
def _string_follows() -> re.Pattern[bytes]:
    return compiled(rb"\s*+[\"'/]")


_REFERENCE = compiled(rb"^[ \t]*+///[ \t]*+<reference[ \t]++path=[\"']([^\"'\n]++)[\"']", re.M)
_BEFORE_REGEX = (rb"[=(,:\[!&|?{};+\n]/", rb"[=(,:\[!&|?{};+>] /", rb"return /", rb"typeof /")
_REGEX = (
    rb"/(?:" + b"|".join(rb"(?<=" + before + rb")" for before in _BEFORE_REGEX) + rb")"
    # Bounded: text that only looks like one must not be read to the line's end again and again.
    rb"(?![/*])(?:[^/\\\[\n]{1,200}+|\\.|\[(?:[^\]\\\n]{1,30}+|\\.){0,40}+\]){1,60}+/"
)
# A template's start, a string, a comment or a regular expression. Each starts with one of four bytes, so that the
# engine can skip to them, and is possessive throughout.
_MASK = (
    rb"`"
    rb"|\"(?:[^\"\\\n]++|\\(?s:.))*+\"?"
    rb"|'(?:[^'\\\n]++|\\(?s:.))*+'?"
    rb"|//[^\n]*+"
    rb"|/\*(?:[^*]++|\*(?!/))*+(?:\*/|\Z)"
    rb"|" + _REGEX
)


@cache
def _plain() -> re.Pattern[bytes]:
    """Code, and what a mask is, as far as all of it is whole and no template holds code."""
    return compiled(
        rb"(?:[^\"'`/]++"
        rb"|\"(?:[^\"\\\n]++|\\(?s:.))*+(?:\"|(?=\n))"
        rb"|'(?:[^'\\\n]++|\\(?s:.))*+(?:'|(?=\n))"
        rb"|//[^\n]*+(?=\n)"
        rb"|`(?:[^`\\$]++|\\(?s:.)|\$(?!\{))*+`"
        rb"|/\*(?:[^*]++|\*(?!/))*+\*/"
        rb"|/(?![/*])" + b"".join(rb"(?<!" + before + rb")" for before in _BEFORE_REGEX) + rb"|" + _REGEX + rb")*+"
    )


@cache
def _mask() -> re.Pattern[bytes]:
    return compiled(_MASK)


@cache
def _mask_in_template() -> re.Pattern[bytes]:
    return compiled(rb"\{|\}|" + _MASK)


_NAME = compiled(r"[^\W\d]|[$_]")


def scan(content: bytes) -> Facts:
    """The imports of a module, with kind, names and line."""
    found: list[Import] = []
    candidates = _candidates(content)
    line, line_start, counted = 1, 0, 0
    for match in _in_code(content, candidates) if candidates else ():
        start = match.start()
        newlines = content.count(b"\n", counted, start)
        if newlines:
            line += newlines
            line_start = content.rfind(b"\n", counted, start) + 1
        counted = start
        item = _import(match, line, indented=content[line_start : line_start + 1] in (b" ", b"\t"))
        if item is not None:
            found.append(item)
    if b"<reference" in content:
        lines = Lines(content)
        for match in _REFERENCE.finditer(content):
            specifier = _text(match.group(1))
            if not specifier.startswith("."):
                specifier = "./" + specifier
            found.append(Import(specifier, "type-only", (), lines.at(match.start())))
    return Facts(tuple(found))


def _candidates(content: bytes) -> list[re.Match[bytes]]:
    """What may be imports, in order; none starts within another."""
    every = list(_candidate(b"import").finditer(content))
    imports = [match for match in every if match.lastindex is not None]  # not the module's own address
    words = []
    if b"require" in content:
        words.append(b"require")
    # `export` matters with a `from` and its string alone, `new URL(…)` with the module's own address.
    last = content.rfind(b"from")
    while last >= 0 and _string_follows().match(content, last + 4) is None:
        last = content.rfind(b"from", 0, last)
    if content.find(b"export", 0, max(0, last)) >= 0:
        words.append(b"export")
    if len(every) > len(imports):
        words.append(b"new")
    if not words:
        return imports
    found = [*imports, *(match for word in words for match in _candidate(word).finditer(content))]
    found.sort(key=re.Match.start)
    if all(match.end() <= after.start() for match, after in pairwise(found)):
        return found
    # What is within another may hide what is behind that one: one after the other.
    following = [match for word in (b"import", *words) if (match := _next(_candidate(word), content, 0)) is not None]
    found = []
    while following:
        done = min(following, key=re.Match.start)
        found.append(done)
        following = [
            after
            for match in following
            if (after := match if match.start() >= done.end() else _next(match.re, content, done.end())) is not None
        ]
    return found


def _next(pattern: re.Pattern[bytes], content: bytes, start: int) -> re.Match[bytes] | None:
    """The first candidate from a position on, None when there is none."""
    match = pattern.search(content, start)
    while match is not None and match.lastindex is None:
        match = pattern.search(content, match.end())
    return match


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _in_code(content: bytes, candidates: list[re.Match[bytes]]) -> Iterator[re.Match[bytes]]:
    """The candidates that are in no string, comment, template or regular expression."""
    position = 0
    masks: Iterator[tuple[int, int, bool]] | None = None
    mask: tuple[int, int, bool] | None = None
    for match in candidates:
        start = match.start()
        while True:
            if masks is None:
                # In most files one step leads from one import to the next, and none is in anything.
                code = _plain().match(content, position, start)
                position = code.end() if code is not None else position
                if position == start:
                    yield match
                    break
                masks = _masks(content, position)
                mask = next(masks, None)
            # A mask that is still ahead is kept: what is before it is not searched again for the next candidate.
            while mask is not None and mask[1] <= start and not mask[2]:
                mask = next(masks, None)
            if mask is None or mask[0] > start:
                yield match
                break
            if mask[1] > start:
                break
            position, masks = mask[1], None


def _masks(content: bytes, position: int) -> Iterator[tuple[int, int, bool]]:
    """Strings, comments, templates and regular expressions from a place in code on, in order.

    Each as its start, its end, and whether what follows is in no template.
    """
    templates: list[int] = []  # depth of braces inside each open `${`
    while True:
        for token in (_mask_in_template() if templates else _mask()).finditer(content, position):
            start, end = token.span()
            byte = content[start]
            if byte == _BACKTICK or (byte == _CLOSING and templates[-1] == 0):
                if byte == _CLOSING:
                    templates.pop()
                position, opened = _template(content, start + 1)
                if opened:
                    templates.append(0)
                yield start, position, not templates
                break
            if byte == _OPENING:
                templates[-1] += 1
            elif byte == _CLOSING:
                templates[-1] -= 1
            else:
                yield start, end, not templates
        else:
            return


_BACKTICK, _OPENING, _CLOSING = b"`{}"
_EXPORT, _NEW, _REQUIRE = b"enr"
_TEMPLATE = compiled(rb"(?:[^`\\$]++|\\(?s:.)|\$(?!\{))*+(`|\$\{|\Z)")


def _template(content: bytes, position: int) -> tuple[int, bool]:
    """Where the literal part of a template ends, and whether code follows it."""
    match = _TEMPLATE.match(content, position)
    if match is None:
        return len(content), False
    return match.end(), match.group(1) == b"${"


def _import(match: re.Match[bytes], line: int, *, indented: bool) -> Import | None:
    first = match.string[match.start()]
    if first == _NEW:
        return Import(_text(match[2]), "string", (), line)
    if first != _REQUIRE and (specifier := match[4]) is not None:
        type_word, clause = match.group(1, 2)
        if first == _EXPORT and not clause:
            return None
        names, all_types = _names(clause or b"", exporting=first == _EXPORT)
        kind: EdgeKind = "type-only" if type_word or all_types else "import"
        return Import(_text(specifier), kind, names, line)
    literal = match["literal"]
    if literal is None:
        # `import(variable)` leads somewhere that cannot be seen; `require(variable)` too.
        return Import("", "string", (), line)
    kind = "import" if first == _REQUIRE and not indented else "lazy"
    return Import(_text(literal), kind, (), line)


@lru_cache(2048)
def _names(clause: bytes, *, exporting: bool) -> tuple[tuple[str, ...], bool]:
    """Imported names in the exporting file's spelling, and whether all of them are types."""
    if b"/" in clause:
        clause = re.sub(rb"//[^\n]*+|/\*.*?\*/", b" ", clause, flags=re.S)
    text = _text(clause)
    names: list[str] = []
    types = 0
    head, brace, rest = text.partition("{")
    if "*" in head:
        names.append("*")
    elif not exporting and head:
        default = head.replace("from", " ").replace(",", " ").split()
        if default:
            names.append("default")
    if not brace:
        return tuple(names), False
    parts = [part for part in map(str.strip, rest.partition("}")[0].split(",")) if part]
    if all(map(str.isidentifier, parts)) and text.isascii():
        names += parts
        return tuple(names), False
    for part in parts:
        words = part.split()
        if words[0] == "type" and len(words) > 1 and words[1] != "as":
            types += 1
            words = words[1:]
        if _NAME.match(words[0]):
            names.append(words[0])
    return tuple(names), bool(names and types == len(names))


def resolve(facts: Facts, importer: str, project: Project) -> Links:
    """The files a module names."""
    modules = resolver(project)
    folder = importer.rpartition("/")[0]
    known = modules.known(folder)
    edges: list[Edge] = []
    unresolved: list[tuple[str, int]] = []
    wanted: list[set[str]] = []
    for specifier, kind, names, line in facts.imports:
        if not specifier:
            unresolved.append(("import(…)", line))
            continue
        found, keys = known.get(specifier) or modules.find(specifier, folder)
        wanted.append(keys)
        if found:
            edges.append(Edge(found, kind, names, line))
        elif found is not None:  # else outside the repository
            unresolved.append((specifier, line))
    return Links(one_edge_a_target(edges, importer), tuple(unresolved), frozenset().union(*wanted))
