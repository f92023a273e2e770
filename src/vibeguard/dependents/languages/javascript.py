"""JavaScript and TypeScript imports: import, export … from, require, import(), reference paths.

Cannot see: specifiers built at run time, bundler aliases written as programs, globals, what a package outside the
repository imports back.
"""

from __future__ import annotations

import re

from vibeguard.dependents.facts import Edge, Facts, Import, Links, one_edge_a_target
from vibeguard.dependents.languages.javascript_project import offers as offers  # noqa: PLC0414
from vibeguard.dependents.languages.javascript_project import resolver, stem
from vibeguard.dependents.languages.text import Lines, positions
from vibeguard.dependents.project import Project
from vibeguard.model import EdgeKind

# Imports lead to files by their paths alone.
BY_NAME = False

# Bounded: every word that may begin an import is tried, and none may read the rest of a hostile file.
_ONE_COMMENT = rb"//[^\n]{0,1000}+\n|/\*[^*]{0,2000}+(?:\*(?!/)[^*]{0,1000}+){0,60}+\*/"
_COMMENT = rb"(?:\s++|" + _ONE_COMMENT + rb"){0,40}+"
# group 1: "import" or "export"; 2: type; 3: clause; 4/5: specifier with quotes; 6: require/import call and 7/8 its
# literal; 9: anything else as its argument
_CANDIDATE = re.compile(
    rb"(?<![\w$.])(?:"
    rb"(import|export)(?![\w$])"
    + _COMMENT
    + rb"(?:(type)(?=[\s{*])(?!\s+from\b(?!\s+from\b))(?!\s*,)"
    + _COMMENT
    + rb")?"
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
    rb"([\"'])((?:[^\"'\\\n]|(?!\4)[\"'])*+)\4"
    rb"|(require|import)(?:\.resolve)?(?:<[^()<>\n]{0,200}+>)?[ \t\r\n]*+\("
    + _COMMENT
    + rb"(?:([\"'`])((?:[^\"'`\\\n$]|(?!\7)[\"'`])*+)\7[\s,]*+[){]?|([^\s\"')]))"
    rb"|new\s++URL\(\s*+([\"'])(\.[^\"'\\\n]*+)\10\s*+,\s*+import\.meta\.url"
    rb")"
)
_REFERENCE = re.compile(rb"^[ \t]*+///[ \t]*+<reference[ \t]++path=[\"']([^\"'\n]++)[\"']", re.M)
# Code that is neither string, comment nor regular expression, then one of those; possessive throughout.
_SKIP = re.compile(
    rb"[^\"'`/]++"
    rb"|//[^\n]*+"
    rb"|/\*(?:[^*]++|\*(?!/))*+(?:\*/|\Z)"
    rb"|\"(?:[^\"\\\n]++|\\(?s:.))*+\"?"
    rb"|'(?:[^'\\\n]++|\\(?s:.))*+'?"
    rb"|(?:(?<=[=(,:\[!&|?{};+\n])|(?<=[=(,:\[!&|?{};+>] )|(?<=return )|(?<=typeof ))"
    # Bounded: text that only looks like one must not be read to the line's end again and again.
    rb"/(?![/*])(?:[^/\\\[\n]{1,200}+|\\.|\[(?:[^\]\\\n]{1,30}+|\\.){0,40}+\]){1,60}+/"
    rb"|/"
)
_NAME = re.compile(r"[^\W\d]|[$_]")


def scan(content: bytes) -> Facts:
    """The imports of a module, with kind, names and line."""
    candidates = _candidates(content)
    found: list[Import] = []
    if candidates:
        masks = _masks(content, candidates[-1].start())
        inside = 0
        line, line_start, counted = 1, 0, 0
        for match in candidates:
            start = match.start()
            while inside < len(masks) and masks[inside][1] <= start:
                inside += 1
            if inside < len(masks) and masks[inside][0] <= start:
                continue
            newlines = content.count(b"\n", counted, start)
            if newlines:
                line += newlines
                line_start = content.rfind(b"\n", counted, start) + 1
            counted = start
            item = _import(match, line, indented=content[line_start : line_start + 1] in (b" ", b"\t"))
            if item is not None:
                found.append(item)
    if b"///" in content:
        lines = Lines(content)
        for match in _REFERENCE.finditer(content):
            specifier = _text(match.group(1))
            if not specifier.startswith("."):
                specifier = "./" + specifier
            found.append(Import(specifier, "type-only", (), lines.at(match.start())))
    return Facts(tuple(found))


def _candidates(content: bytes) -> list[re.Match[bytes]]:
    """What may be imports, in order."""
    found: list[re.Match[bytes]] = []
    # `export` matters with a `from` alone, `new URL(…)` with the module's own address.
    words = (
        b"import",
        b"require",
        b"export" if b"from" in content else b"",
        b"new" if b"import.meta" in content else b"",
    )
    done = 0
    for position in positions(filter(None, words), content):
        if position >= done and (match := _CANDIDATE.match(content, position)) is not None:
            found.append(match)
            done = match.end()
    return found


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _masks(content: bytes, end: int) -> list[tuple[int, int]]:
    """(start, end) of strings, comments and templates that start before `end`, in order."""
    masks = []
    position = 0
    templates: list[int] = []  # depth of braces inside each open `${`
    while position < end:
        byte = content[position : position + 1]
        if byte == b"`" or (templates and byte == b"}" and templates[-1] == 0):
            if byte == b"}":
                templates.pop()
            start = position
            position, opened = _template(content, position + 1)
            masks.append((start, position))
            if opened:
                templates.append(0)
            continue
        if templates:
            match = _IN_TEMPLATE.match(content, position)
            if byte == b"{":
                templates[-1] += 1
            elif byte == b"}":
                templates[-1] -= 1
        else:
            match = None
        match = match or _SKIP.match(content, position)
        if match is None:
            position += 1
            continue
        if byte in b"\"'" or (byte == b"/" and match.end() - position > 1):
            masks.append((position, match.end()))
        position = match.end()
    return masks


_IN_TEMPLATE = re.compile(rb"[^\"'`/{}]++|[{}]")
_TEMPLATE = re.compile(rb"(?:[^`\\$]++|\\(?s:.)|\$(?!\{))*+(`|\$\{|\Z)")


def _template(content: bytes, position: int) -> tuple[int, bool]:
    """Where the literal part of a template ends, and whether code follows it."""
    match = _TEMPLATE.match(content, position)
    if match is None:
        return len(content), False
    return match.end(), match.group(1) == b"${"


def _import(match: re.Match[bytes], line: int, *, indented: bool) -> Import | None:
    keyword, type_word, clause, specifier = match.group(1), match.group(2), match.group(3), match.group(5)
    if specifier is not None:
        if keyword == b"export" and not clause:
            return None
        names, all_types = _names(clause or b"", exporting=keyword == b"export")
        kind: EdgeKind = "type-only" if type_word or all_types else "import"
        return Import(_text(specifier), kind, names, line)
    if match.group(6) is not None:
        literal = match.group(8)
        if literal is None:
            # `import(variable)` leads somewhere that cannot be seen; `require(variable)` too.
            return Import("", "string", (), line)
        kind = "lazy" if indented or match.group(6) == b"import" else "import"
        return Import(_text(literal), kind, (), line)
    return Import(_text(match.group(11)), "string", (), line)


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
    elif not exporting:
        default = head.replace("from", " ").replace(",", " ").split()
        if default:
            names.append("default")
    for part in rest.partition("}")[0].split(","):
        words = part.split()
        if not words:
            continue
        if words[0] == "type" and len(words) > 1 and words[1] != "as":
            types += 1
            words = words[1:]
        if _NAME.match(words[0]):
            names.append(words[0])
    return tuple(names), bool(brace and names and types == len(names))


def resolve(facts: Facts, importer: str, project: Project) -> Links:
    """The files a module names."""
    modules = resolver(project)
    edges: list[Edge] = []
    unresolved: list[tuple[str, int]] = []
    wanted: set[str] = set()
    for item in facts.imports:
        if not item.specifier:
            unresolved.append(("import(…)", item.line))
            continue
        wanted.add(stem(item.specifier))
        found = modules.find(item.specifier, importer, wanted)
        if found is None:
            continue  # outside the repository
        if not found:
            unresolved.append((item.specifier, item.line))
            continue
        edges.append(Edge(found, item.kind, item.names, item.line))
    return Links(one_edge_a_target(edges, importer), tuple(unresolved), frozenset(wanted))
