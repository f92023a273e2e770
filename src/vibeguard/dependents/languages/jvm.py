"""Java and Kotlin: imports, the types of the own package, which need none, and names written out in full.

A third of the edges of a Java project have no import statement: classes of one package name each other directly.

Cannot see: reflection, dependency injection by name, generated sources, and files of which only members are used (the
value that a call returns, an inherited field): what type an expression has, only a compiler knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from operator import itemgetter

from vibeguard.dependents.facts import Facts, Import
from vibeguard.dependents.languages.jvm_project import ACTUAL, EXPECT, INLINE
from vibeguard.dependents.languages.jvm_project import offers as offers  # noqa: PLC0414
from vibeguard.dependents.languages.jvm_project import resolve as resolve  # noqa: PLC0414
from vibeguard.dependents.languages.text import (
    BLOCK_COMMENT,
    CHARACTER,
    LINE_COMMENT,
    LONG_STRING,
    MARKED_BLOCK_COMMENT,
    MARKED_CHARACTER,
    MARKED_LINE_COMMENT,
    MARKED_LONG_STRING,
    MARKED_STRING,
    STRING,
    Lines,
    Places,
    dotted_names,
    mask_marked,
    text,
)
from vibeguard.patterns import compiled

# What another file of the package defines can change where this file's edges lead.
BY_NAME = True

_TOKENS = (LINE_COMMENT, BLOCK_COMMENT, LONG_STRING, STRING, CHARACTER)
_MARKED_TOKENS = (MARKED_LINE_COMMENT, MARKED_BLOCK_COMMENT, MARKED_LONG_STRING, MARKED_STRING, MARKED_CHARACTER)

_IMPORT = (
    rb"[ \t]*+import[ \t]++(static[ \t]++)?"
    rb"([\w$`\x80-\xff]++(?:\.[\w$`\x80-\xff]++)*+(?:\.\*)?)(?:[ \t]++as[ \t]++(\w++))?"
)


@cache
def _pattern(name: str) -> re.Pattern[bytes]:
    return compiled(
        {
            "package": rb"^[ \t]*+package[ \t]++([\w.`\x80-\xff]++)",
            "line": _IMPORT,
            "import": rb"\n" + _IMPORT,
            "crowded": rb"[\n;]" + _IMPORT,  # several on one line; a choice to start with is slow
            "run": rb"(?:\s*+import[ \t][^\n]*+)*+",
            # Kotlin's functions and properties up to their parameters or type.
            "fun": rb"fun(?<!\wfun)[ \t]++([^(){}=\n]{1,500}+)\(",
            "val": rb"val(?<!\wval)[ \t]++([^(){}:=\n]++)",
            "var": rb"var(?<!\wvar)[ \t]++([^(){}:=\n]++)",
            # Backwards, in code with one sort of brackets: what is called, and the dot before it.
            "called": rb"\([ \t]*+(\w++(?<=[a-z])\.?+)",
            "template": rb"\$\{([^\n}]++)",
        }[name],
        re.M,
    )


@cache
def _word() -> re.Pattern[str]:
    return compiled(r" ([A-Z]\w*+)", re.A)


@cache
def _written_out() -> re.Pattern[str]:
    # Behind a single name, what is all capitals is a constant of an object.
    return compiled(r" ([a-z_]\w*+\.(?:(?:[a-z_]\w*+\.)++[A-Z]\w*+|[A-Z]\w*?[a-z]\w*+))", re.A)


@cache
def _qualified() -> re.Pattern[str]:
    """Whether there can be any such name, in the names backwards: there the engine skips from dot to dot."""
    return compiled(r"\.(?<=[A-Z]\.)[\w.]*+(?<=[a-z_]) ", re.A)


_TYPES = (b"class", b"interface", b"enum", b"record", b"object", b"typealias")


@cache
def _type(keyword: bytes) -> re.Pattern[bytes]:
    """One pattern a keyword: the engine skips to a literal ten times as fast as to a choice of them."""
    return compiled(keyword + rb"(?<!\w" + keyword + rb")\s++([A-Za-z_$][\w$]*+)")


_KEYWORDS = frozenset(b"if for while switch catch return synchronized super this new assert when try throw".split())
_FEW = 100  # names; more are looked up in one pass
# Every file means the language's own by them, also where the package has a function of such a name.
_COMMON = frozenset(("String", "Object", "Override"))
_ONE_BRACKET = bytes.maketrans(b"{}", b"()")


def scan(content: bytes) -> Facts:
    """Package, imports, the top-level names it defines and the names it mentions."""
    code = b"\n" + mask_marked(content, b"/\"'", _MARKED_TOKENS, _TOKENS)
    found = _pattern("package").search(code)
    package = text(found.group(1)).replace("`", "") if found is not None else ""
    # Annotations of a package stand before it.
    head = code[: found.start()] if found is not None else b""
    run = _run_of_imports(code, content)
    imports, end = run or _imports(code, content)
    rest = head + code[end:]
    words = dotted_names(rest)
    if run is not None and b"import" in words:
        imports, end = _imports(code, content)
        rest = head + code[end:]
        words = dotted_names(rest)
    code = rest
    types = [match for keyword in _TYPES if keyword in words for match in _type(keyword).finditer(code)]
    top = _outside_braces(code, types)
    defines = {text(match.group(1)) for match in top}
    names = f" {b'  '.join(words).decode('ascii')} "
    mentions = set(_word().findall(names)) - _COMMON
    # A type inside of this file hides the package's of the same name.
    mentions.difference_update([text(match.group(1)) for match in types])
    if b"fun" in words or b"val" in words:
        others = [match for keyword in ("fun", "val", "var") for match in _pattern(keyword).finditer(code)]
        flat = code.translate(_ONE_BRACKET)
        functions = _outside_braces(code, others, flat)
        defines.update([name for match in functions for name in _names(match.group(1))])
        top += functions
        turned = set(_pattern("called").findall(flat[::-1]))
        calls = set(b" ".join(turned)[::-1].split()) - _KEYWORDS
        # Code in strings, which masking takes away.
        for piece in _pattern("template").findall(content):
            mentions.update(_word().findall(f" {b'  '.join(dotted_names(piece)).decode('ascii')}"))
        # A function inside of this file hides the package's too.
        hidden = {name for declared in {match.group(1) for match in others} for name in _names(declared)}
        mentions.update(set(b" ".join(calls).decode("ascii").split()) - hidden)
    if b"expect" in words or b"actual" in words:
        mentions |= _modified(code, top, EXPECT)
        defines |= _modified(code, top, ACTUAL)
    if _qualified().search(names[::-1]) is not None:
        imports += [Import(INLINE + name, "import", (), line) for name, line in _lines_of(names, content)]
        imports.sort(key=lambda item: item.line)
    return Facts(tuple(imports), tuple(sorted(defines)), tuple(sorted(mentions - defines)), package)


def _modified(code: bytes, declared: list[re.Match[bytes]], modifier: str) -> set[str]:
    """What is declared with this modifier on the same line, as `<modifier> <name>`."""
    found = set()
    for match in declared:
        line = code.rfind(b"\n", max(0, match.start() - _SHORT), match.start()) + 1
        if line and f" {modifier}".encode() in b" " + code[line : match.start()]:
            found.update([modifier + name for name in _names(match.group(1))[:1]])
    return found


def _imports(code: bytes, content: bytes) -> tuple[list[Import], int]:
    """Every import wherever it stands, and where the last one ends."""
    found = []
    places = Places(content)
    end = 0
    for match in _pattern("crowded" if b"; import" in code or b";import" in code else "import").finditer(code):
        specifier = text(match.group(2)).replace("`", "")
        alias = (text(match.group(3)),) if match.group(3) else ()
        found.append(
            Import(("static " if match.group(1) else "") + specifier, "import", alias, places.line(match.group(2)))
        )
        end = match.end()
    return found, end


_SHORT = 200  # bytes of a line that is worth keeping


# The files of a project import the same again and again.
@lru_cache(maxsize=8192)
def _parsed(line: bytes) -> tuple[str, tuple[str, ...], bytes, int] | None:
    """Of a line that is one import: specifier, alias, how the specifier is written, and where the import ends."""
    match = _pattern("line").match(line)
    # A single word can be a part of `import`, of which there may be another.
    if match is None or b"." not in match.group(2) or b"import" in line[match.end() :]:
        return None
    specifier = ("static " if match.group(1) else "") + text(match.group(2)).replace("`", "")
    return specifier, (text(match.group(3)),) if match.group(3) else (), match.group(2), match.end()


def _run_of_imports(code: bytes, content: bytes) -> tuple[list[Import], int] | None:
    """As :func:`_imports` where they stand as nearly always: one a line, one below the other, nothing in between.

    None where it is not so, or where another place of the content would count as theirs. This says nothing about
    imports behind those.
    """
    first = code.find(b"import")
    if first < 0:
        return [], 0
    start = code.rfind(b"\n", 0, first) + 1
    run = _pattern("run").match(code, start)
    region = run.group() if run is not None else b""
    lines = region.split(b"\n")
    if max(map(len, lines)) > _SHORT or (top := _parsed(lines[0])) is None:
        return None
    at = content.find(top[2]) - lines[0].find(top[2])
    if at < 0 or content[at : at + len(region)] != region:
        return None
    found: list[Import] = []
    before = b""
    for number, (line, parsed) in enumerate(
        zip(lines, map(_parsed, lines), strict=True), content.count(b"\n", 0, at) + 1
    ):
        if parsed is not None:
            specifier, alias, written, end = parsed
            # One that is in the line before is found there.
            if written in before:
                return None
            found.append(Import(specifier, "import", alias, number))
            before = line
        elif line.strip():
            return None
    return found, start + len(region) - len(before) + end


def _lines_of(names: str, content: bytes) -> Iterator[tuple[str, int]]:
    """The names that are written out in full, with the line where each stands first."""
    found = {name.encode(): 0 for name in _written_out().findall(names)}
    if len(found) < _FEW:
        found = {name: content.find(name) for name in found}
    else:
        for match in compiled(rb"[A-Za-z_][\w.]*+").finditer(content):
            if found.get(match.group()) == 0:
                found[match.group()] = match.start()
    lines = Lines(content)
    for name, position in sorted(found.items(), key=itemgetter(1, 0)):
        yield text(name), lines.at(max(0, position))


def _outside_braces(code: bytes, matches: list[re.Match[bytes]], flat: bytes = b"") -> list[re.Match[bytes]]:
    """Those that stand in no block, nor between other brackets.

    Counting between the matches costs less than a pattern that sees every brace. Where not all of them close, as in a
    template of several lines that masking took apart, what starts its line counts.

    Args:
        flat: the code with parentheses for braces where both count.
    """
    if not matches:
        return []
    matches = sorted(matches, key=re.Match.start)
    found = []
    if code.count(b"{") != code.count(b"}") or (flat and code.count(b"(") != code.count(b")")):
        looked = line = 0
        for match in matches:
            # Looked for from the last match on: lines can have megabytes.
            line = max(line, code.rfind(b"\n", looked, match.start()) + 1)
            looked = match.start()
            if code[line] not in b" \t":
                found.append(match)
        return found
    counted, opening, closing = (flat, b"(", b")") if flat else (code, b"{", b"}")
    depth = start = 0
    for match in matches:
        here = match.start()
        depth += counted.count(opening, start, here) - counted.count(closing, start, here)
        start = here
        if depth <= 0:
            found.append(match)
    return found


def _names(declared: bytes) -> tuple[str, ...]:
    """The name in `<T> List<T>.name` or `name by`: the last word before a delegate; of an extension also with a dot."""
    if declared.strip().isalnum():
        return (declared.strip().decode("ascii"),)
    before, _, last = text(declared).partition(" by ")[0].replace("`", "").rpartition(".")
    words = last.split()
    if not words:
        return ()
    return (words[-1], f".{words[-1]}") if before else (words[-1].rpartition(">")[2],)
