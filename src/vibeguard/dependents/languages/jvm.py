"""Java and Kotlin: imports, the types of the own package, which need none, and names written out in full.

A third of the edges of a Java project have no import statement: classes of one package name each other directly.

Cannot see: reflection, dependency injection by name, generated sources, Kotlin packages whose folders leave out the
part that all share (`org.x.a` in `kotlin/a/`; Kotlin allows any folder), and files of which only members are used (the
value that a call returns, an inherited field): what type an expression has, only a compiler knows.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from operator import itemgetter
from typing import NamedTuple

from vibeguard.dependents.facts import Edge, Facts, Import, Links, one_edge_a_target
from vibeguard.dependents.languages.text import (
    BLOCK_COMMENT,
    CHARACTER,
    LINE_COMMENT,
    LONG_STRING,
    STRING,
    Lines,
    Places,
    dotted_names,
    mask,
    masker,
    text,
)
from vibeguard.dependents.project import Project

# What another file of the package defines can change where this file's edges lead.
BY_NAME = True

_SUFFIXES = (".java", ".kt", ".kts")
_INLINE = "inline "  # begins the specifier of a name that is written out in full where it is used


_IMPORT = (
    rb"[ \t]*+import[ \t]++(static[ \t]++)?"
    rb"([\w$`\x80-\xff]++(?:\.[\w$`\x80-\xff]++)*+(?:\.\*)?)(?:[ \t]++as[ \t]++(\w++))?"
)


@cache
def _pattern(name: str) -> re.Pattern[bytes]:
    return re.compile(
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


# Before each character that can start a token: the engine skips to one ten times as fast as to a choice.
_MARK = b"\x01"


@cache
def _marked_tokens() -> re.Pattern[bytes]:
    """The tokens of :func:`masked` in marked code: each of their slashes and quotes has its mark."""
    return re.compile(
        rb"\x01(?:/\x01/[^\n]*+"
        rb"|/\*[^*]*+(?:\*(?!\x01/)[^*]*+)*+(?:\*\x01/|\Z)"
        rb"|\"\x01\"\x01\"(?:[^\"\\]++|\\\x01?+(?s:.?)|\"(?!\x01\"\x01\"))*+(?:\"\x01\"\x01\"|\Z)"
        rb"|\"[^\"\\\n]*+(?:\\\x01?+(?s:.?)[^\"\\\n]*+)*+(?:\"|(?=\n)|\Z)"
        rb"|'(?:\x01?+[^'\\\n\x01]|\\(?:\x01?+(?s:.))?(?:\x01?+[^'\n\x01]){0,8}+)\x01')"
    )


def _masked(content: bytes) -> bytes:
    """The content without comments, strings and characters, each of which is one blank."""
    if _MARK in content:
        return mask(content, masker(LINE_COMMENT, BLOCK_COMMENT, LONG_STRING, STRING, CHARACTER))
    marked = content.replace(b"/", b"\x01/").replace(b'"', b'\x01"').replace(b"'", b"\x01'")
    return _marked_tokens().sub(b" ", marked).replace(_MARK, b"")


@cache
def _word() -> re.Pattern[str]:
    return re.compile(r" ([A-Z]\w*+)", re.A)


@cache
def _written_out() -> re.Pattern[str]:
    # Behind a single name, what is all capitals is a constant of an object.
    return re.compile(r" ([a-z_]\w*+\.(?:(?:[a-z_]\w*+\.)++[A-Z]\w*+|[A-Z]\w*?[a-z]\w*+))", re.A)


@cache
def _qualified() -> re.Pattern[str]:
    """Whether there can be any such name, in the names backwards: there the engine skips from dot to dot."""
    return re.compile(r"\.(?<=[A-Z]\.)[\w.]*+(?<=[a-z_]) ", re.A)


_TYPES = (b"class", b"interface", b"enum", b"record", b"object", b"typealias")


@cache
def _type(keyword: bytes) -> re.Pattern[bytes]:
    """One pattern a keyword: the engine skips to a literal ten times as fast as to a choice of them."""
    return re.compile(keyword + rb"(?<!\w" + keyword + rb")\s++([A-Za-z_$][\w$]*+)")


_KEYWORDS = frozenset(b"if for while switch catch return synchronized super this new assert when try throw".split())
_FEW = 100  # names; more are looked up in one pass
# Every file means the language's own by them, also where the package has a function of such a name.
_COMMON = frozenset(("String", "Object", "Override"))
_ONE_BRACKET = bytes.maketrans(b"{}", b"()")


def scan(content: bytes) -> Facts:
    """Package, imports, the top-level names it defines and the names it mentions."""
    code = b"\n" + _masked(content)
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
    defines = {text(match.group(1)) for match in _outside_braces(code, types)}
    names = f" {b'  '.join(words).decode('ascii')} "
    mentions = set(_word().findall(names)) - _COMMON
    # A type inside of this file hides the package's of the same name.
    mentions.difference_update([text(match.group(1)) for match in types])
    if b"fun" in words or b"val" in words:
        others = [match for keyword in ("fun", "val", "var") for match in _pattern(keyword).finditer(code)]
        flat = code.translate(_ONE_BRACKET)
        top = _outside_braces(code, others, flat)
        defines.update([name for match in top for name in _names(match.group(1))])
        turned = set(_pattern("called").findall(flat[::-1]))
        calls = set(b" ".join(turned)[::-1].split()) - _KEYWORDS
        # Code in strings, which masking takes away.
        for piece in _pattern("template").findall(content):
            mentions.update(_word().findall(f" {b'  '.join(dotted_names(piece)).decode('ascii')}"))
        # A function inside of this file hides the package's too.
        hidden = {name for declared in {match.group(1) for match in others} for name in _names(declared)}
        mentions.update(set(b" ".join(calls).decode("ascii").split()) - hidden)
    if _qualified().search(names[::-1]) is not None:
        imports += [Import(_INLINE + name, "import", (), line) for name, line in _lines_of(names, content)]
        imports.sort(key=lambda item: item.line)
    return Facts(tuple(imports), tuple(sorted(defines)), tuple(sorted(mentions - defines)), package)


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
        for match in re.compile(rb"[A-Za-z_][\w.]*+").finditer(content):
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


# ------------------------------------------------------------------------------------------------------ resolution


def offers(path: str, _project: Project) -> set[str]:
    """A file may be looked for in every package that its folders can spell, from the last one upwards."""
    if not path.endswith(_SUFFIXES):
        return set()
    parts = path.split("/")[:-1]
    return {".".join(parts[start:]) for start in range(len(parts))} | {""}


def _folders(package: str, project: Project) -> tuple[str, ...]:
    """Folders whose files can be of this package: those that end in its path."""
    # Turned around, those that end alike stand together.
    index: list[str] | None = project.kept.get("jvm.folders")
    if index is None:
        folders = {path.rpartition("/")[0] for path in project.files if path.endswith(_SUFFIXES)}
        index = project.kept["jvm.folders"] = sorted(map(_turned, folders))
    wanted = _turned(package.replace(".", "/"))
    start, end = bisect_left(index, wanted), bisect_left(index, f"{wanted[:-1]}0")  # "0" comes after "/"
    return tuple(sorted(_turned(folder[:-1])[:-1] for folder in index[start:end]))


def _turned(folder: str) -> str:
    """`c/b/a/` of `a/b/c`."""
    return "/".join(folder.split("/")[::-1]) + "/"


def _types(package: str, project: Project) -> dict[str, list[str]]:
    """Files of a package by the names they define, neighbours in the tree next to each other."""
    key = f"jvm.package {package}"
    kept: dict[str, list[str]] | None = project.kept.get(key)
    if kept is None:
        kept = {}
        for folder in _folders(package, project):
            for name in sorted(project.folders.get(folder, ())):
                if name.endswith(_SUFFIXES):
                    path = f"{folder}/{name}" if folder else name
                    facts = project.facts(path)
                    if facts.package == package:
                        for defined in facts.defines:
                            kept.setdefault(defined, []).append(path)
        for paths in kept.values():
            if len(paths) > 1:
                paths.sort(key=_parts)
        project.kept[key] = kept
    return kept


def _parts(path: str) -> list[str]:
    return path.split("/")


def _nearest(paths: Sequence[str], importer: str) -> Sequence[str]:
    """Of files that define the same name, those of the importer's module; tests see their module's main sources.

    Args:
        paths: in the order of their parts, so that those next to where the importer would stand share most with it.
    """
    if len(paths) < 2:
        return paths
    own = _parts(importer)
    place = bisect_left(paths, own, key=_parts)
    best = max(_shared(path, own) for path in paths[max(0, place - 1) : place + 1])
    start = bisect_left(paths, own[:best], key=_parts)
    found = []
    for at in range(start, len(paths)):
        if _shared(paths[at], own) < best:
            break
        found.append(paths[at])
    return sorted(found, key=lambda path: path.rpartition("/"))


def _shared(path: str, own: list[str]) -> int:
    """How many parts a path has in common with another, from the root on."""
    count = 0
    for one, other in zip(path.split("/"), own, strict=False):
        if one != other:
            break
        count += 1
    return count


class _Meaning(NamedTuple):
    """What an import means to whoever has it."""

    asked: list[str]  # the packages that were looked into
    last: str | None  # the name that it gives to the file, None where that is none or many
    names: tuple[str, ...] = ()  # what is used of the files
    paths: Sequence[str] = ()  # the files that define it, its outer types, or its owner
    inside: bool = False  # whether its package is here though nothing defines it
    opened: dict[str, list[str]] | None = None  # of a star import of a package


def _meaning(specifier: str, project: Project) -> _Meaning:
    parts = specifier.rpartition(" ")[2].split(".")
    asked: list[str] = []
    last = None if specifier.endswith("*") or specifier.startswith(_INLINE) else specifier.rpartition(".")[2]
    if parts[-1] == "*":
        parts.pop()
        asked.append(".".join(parts))
        opened = _types(asked[0], project)
        if opened:
            return _Meaning(asked, last, opened=opened)
        # `import a.b.C.*` opens a type.
    names = (parts[-1],) if len(parts) > 1 else ()
    inside = False
    for count in range(len(parts) - 1, max(0, len(parts) - 4), -1):
        asked.append(".".join(parts[:count]))
        types = _types(asked[-1], project)
        if types:
            inside = True
            if parts[count] in types:
                return _Meaning(asked, last, names, types[parts[count]])
    return _Meaning(asked, last, names, inside=inside)


def resolve(facts: Facts, importer: str, project: Project) -> Links:
    """The files that define what this file imports and what it mentions of its own package."""
    edges: list[Edge] = []
    unresolved: list[tuple[str, int]] = []
    wanted = {facts.package}
    own = _types(facts.package, project)
    kept: dict[str, _Meaning] = project.kept.setdefault("jvm.meanings", {})
    # What decides for a plain name, in this order: the import that names it, the own package, a star import.
    plain = set(facts.mentions)
    meanings = []
    for specifier, _, alias, _ in facts.imports:
        meaning = kept.get(specifier)
        if meaning is None:
            meaning = kept[specifier] = _meaning(specifier, project)
        meanings.append(meaning)
        if meaning.last is not None:
            plain.discard(alias[0] if alias else meaning.last)
    for (specifier, _, _, line), (asked, _, names, paths, inside, opened) in zip(facts.imports, meanings, strict=True):
        wanted.update(asked)
        if paths:
            edges += [Edge(path, "import", names, line) for path in _nearest(paths, importer)]
        elif opened is not None:
            for name in sorted(name for name in plain & opened.keys() if name not in own):
                named = (name.lstrip("."),)
                edges += [Edge(path, "import", named, line) for path in _nearest(opened[name], importer)]
        elif inside and not specifier.startswith(_INLINE):
            unresolved.append((specifier, line))
    for name in sorted(plain & own.keys()):
        edges += [Edge(path, "same-package", (name.lstrip("."),)) for path in _nearest(own[name], importer)]
    return Links(one_edge_a_target(edges, importer), tuple(unresolved), frozenset(wanted))
