"""Java and Kotlin: imports, the types of the own package, which need none, and names written out in full.

A third of the edges of a Java project have no import statement: classes of one package name each other directly.

Cannot see: reflection, dependency injection by name, generated sources, Kotlin packages whose folders leave out the
part that all share (`org.x.a` in `kotlin/a/`; Kotlin allows any folder), and files of which only members are used (the
value that a call returns, an inherited field): what type an expression has, only a compiler knows.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import cache
from operator import itemgetter

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
            "import": rb"\n" + _IMPORT,
            "crowded": rb"[\n;]" + _IMPORT,  # several on one line; a choice to start with is slow
            # Kotlin's functions and properties up to their parameters or type.
            "fun": rb"fun(?<!\wfun)[ \t]++([^(){}=\n]{1,500}+)\(",
            "val": rb"val(?<!\wval)[ \t]++([^(){}:=\n]++)",
            "var": rb"var(?<!\wvar)[ \t]++([^(){}:=\n]++)",
            "call": rb"\b(?<!\.)[a-z]\w*+(?=[ \t]*+[({])",
            "template": rb"\$\{([^\n}]++)",
            "member": rb"\.[a-z]\w*+(?=[ \t]*+[({])",
        }[name],
        re.M,
    )


_TYPES = ("class", "interface", "enum", "record", "object", "typealias")


@cache
def _type(keyword: str) -> re.Pattern[bytes]:
    """One pattern a keyword: the engine skips to a literal ten times as fast as to a choice of them."""
    return re.compile(f"{keyword}(?<!\\w{keyword})\\s++([A-Za-z_$][\\w$]*+)".encode())


@cache
def _word() -> re.Pattern[str]:
    return re.compile(r" ([A-Z]\w*+)", re.A)


@cache
def _written_out() -> re.Pattern[str]:
    # Behind a single name, what is all capitals is a constant of an object.
    return re.compile(r" ([a-z_]\w*+\.(?:(?:[a-z_]\w*+\.)++[A-Z]\w*+|[A-Z]\w*?[a-z]\w*+))", re.A)


_KEYWORDS = frozenset(b"if for while switch catch return synchronized super this new assert when try throw".split())
_FEW = 100  # names; more are looked up in one pass
# Every file means the language's own by them, also where the package has a function of such a name.
_COMMON = frozenset(("String", "Object", "Override"))


def scan(content: bytes) -> Facts:
    """Package, imports, the top-level names it defines and the names it mentions."""
    code = b"\n" + mask(content, masker(LINE_COMMENT, BLOCK_COMMENT, LONG_STRING, STRING, CHARACTER))
    found = _pattern("package").search(code)
    package = text(found.group(1)).replace("`", "") if found is not None else ""
    imports = []
    places = Places(content)
    end = 0
    for match in _pattern("crowded" if b"; import" in code or b";import" in code else "import").finditer(code):
        specifier = text(match.group(2)).replace("`", "")
        alias = (text(match.group(3)),) if match.group(3) else ()
        imports.append(
            Import(("static " if match.group(1) else "") + specifier, "import", alias, places.line(match.group(2)))
        )
        end = match.end()
    # Annotations of a package stand before it.
    code = (code[: found.start()] if found is not None else b"") + code[end:]
    names = dotted_names(code)
    types = [match for keyword in _TYPES if f" {keyword} " in names for match in _type(keyword).finditer(code)]
    defines = {text(match.group(1)) for match in _outside_braces(code, types)}
    # A type inside of this file hides the package's of the same name.
    mentions = set(_word().findall(names)) - _COMMON - {text(match.group(1)) for match in types}
    if " fun " in names or " val " in names:
        others = [match for keyword in ("fun", "val", "var") for match in _pattern(keyword).finditer(code)]
        top = _outside_braces(code, others, (b"{}", b"()"))
        defines |= {name for match in top for name in _names(match.group(1))}
        calls = set(_pattern("call").findall(code)) - _KEYWORDS
        calls.update(_pattern("member").findall(code))
        # Code in strings, which masking takes away.
        for piece in _pattern("template").findall(content):
            mentions.update(_word().findall(dotted_names(piece)))
        # A function inside of this file hides the package's too.
        mentions |= {word.decode() for word in calls} - {name for match in others for name in _names(match.group(1))}
    imports += [Import(_INLINE + name, "import", (), line) for name, line in _lines_of(names, content)]
    imports.sort(key=lambda item: item.line)
    return Facts(tuple(imports), tuple(sorted(defines)), tuple(sorted(mentions - defines)), package)


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


def _outside_braces(
    code: bytes, matches: Iterable[re.Match[bytes]], pairs: tuple[bytes, ...] = (b"{}",)
) -> Iterator[re.Match[bytes]]:
    """Those that stand in no block, nor between other brackets.

    Counting between the matches costs less than a pattern that sees every brace. Where not all of them close, as in a
    template of several lines that masking took apart, what starts its line counts.
    """
    if any(code.count(pair[:1]) != code.count(pair[1:]) for pair in pairs):
        looked = line = 0
        for match in sorted(matches, key=re.Match.start):
            # Looked for from the last match on: lines can have megabytes.
            line = max(line, code.rfind(b"\n", looked, match.start()) + 1)
            looked = match.start()
            if code[line] not in b" \t":
                yield match
        return
    depth = start = 0
    for match in sorted(matches, key=re.Match.start):
        here = match.start()
        for pair in pairs:
            depth += code.count(pair[:1], start, here) - code.count(pair[1:], start, here)
        start = here
        if depth <= 0:
            yield match


def _names(declared: bytes) -> tuple[str, ...]:
    """The name in `<T> List<T>.name` or `name by`: the last word before a delegate; of an extension also with a dot."""
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


def _nearest(paths: list[str], importer: str) -> list[str]:
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


def resolve(facts: Facts, importer: str, project: Project) -> Links:
    """The files that define what this file imports and what it mentions of its own package."""
    edges: list[Edge] = []
    unresolved: list[tuple[str, int]] = []
    wanted = {facts.package}
    own = _types(facts.package, project)
    # What decides for a plain name, in this order: the import that names it, the own package, a star import.
    plain = set(facts.mentions)
    for item in facts.imports:
        if not item.specifier.endswith("*") and not item.specifier.startswith(_INLINE):
            plain.discard(item.names[0] if item.names else item.specifier.rpartition(".")[2])
    for item in facts.imports:
        inline = item.specifier.startswith(_INLINE)
        parts = item.specifier.rpartition(" ")[2].split(".")
        if parts[-1] == "*":
            package = ".".join(parts[:-1])
            wanted.add(package)
            types = _types(package, project)
            for name in sorted(name for name in plain & types.keys() if name not in own):
                named = (name.lstrip("."),)
                edges += [Edge(path, "import", named, item.line) for path in _nearest(types[name], importer)]
            if types:
                continue
            # `import a.b.C.*` opens a type.
            parts = parts[:-1]
        hit, inside = _find(parts, importer, project, wanted)
        names = (parts[-1],) if len(parts) > 1 else ()
        edges += [Edge(path, "import", names, item.line) for path in hit]
        if inside and not hit and not inline:
            unresolved.append((item.specifier, item.line))
    for name in sorted(plain & own.keys()):
        edges += [Edge(path, "same-package", (name.lstrip("."),)) for path in _nearest(own[name], importer)]
    return Links(one_edge_a_target(edges, importer), tuple(unresolved), frozenset(wanted))


def _find(parts: list[str], importer: str, project: Project, wanted: set[str]) -> tuple[list[str], bool]:
    """Files that define a qualified name, its outer types, or its owner; and whether its package is here at all."""
    inside = False
    for count in range(len(parts) - 1, max(0, len(parts) - 4), -1):
        package = ".".join(parts[:count])
        wanted.add(package)
        types = _types(package, project)
        if types:
            inside = True
            if parts[count] in types:
                return _nearest(types[parts[count]], importer), True
    return [], inside
