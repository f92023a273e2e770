"""C, C++, Objective-C and CUDA includes.

A quoted include is looked for beside the includer, then in the include folders; an angled one in the include folders
alone. Neither ever falls back to a base name: that one mistake makes hundreds of false edges in a single project.
Include folders are those that build files name literally, and the customary ones above the includer.

A header leads on to the source beside it that implements it (kind "same-package"): who includes the header runs that
source.

Cannot see: include paths that a build computes, macros as include names, conditional compilation, symbols.
"""

from __future__ import annotations

import re
from functools import cache

from vibeguard.dependents.facts import Edge, Facts, Import, Links, one_edge_a_target
from vibeguard.dependents.languages.text import (
    BLOCK_COMMENT,
    LINE_COMMENT,
    STRING,
    Lines,
    mask_comments,
    masker,
    text,
)
from vibeguard.dependents.project import Project, join, parents
from vibeguard.patterns import compiled

# Includes lead to files by their paths alone.
BY_NAME = False

_SOURCES = (".c", ".cc", ".cpp", ".cxx", ".m", ".mm", ".cu")
_HEADERS = (".h", ".hh", ".hpp", ".hxx", ".cuh")
_HERE = (
    "$(srcdir)/",
    "$(top_srcdir)/",
    "$(CURDIR)/",
    "${CMAKE_CURRENT_SOURCE_DIR}/",
    "${PROJECT_SOURCE_DIR}/",
    "${CMAKE_SOURCE_DIR}/",
)
_CUSTOMARY = ("include", "inc", "src")
_BUILD_FILES = ("Makefile", "makefile", "GNUmakefile", "Makefile.am", "CMakeLists.txt", "meson.build", "configure.ac")


@cache
def _pattern(name: str) -> re.Pattern[bytes]:
    return compiled(
        {
            "include": rb"#[ \t]*+i(?:nclude(?:_next)?|mport)[ \t]*+(?=[\"<])",
            "path": rb"\"([^\"\n]++)\"|<([^>\n]++)>",
            "flag": rb"-(?:I|isystem|iquote)[ \t]*+([\w./$(){}+-]++)",
            "cmake": rb"(?i:include_directories)\s*\(([^)]*+)\)",
            "meson": rb"include_directories\s*\(([^)]*+)\)",
        }[name],
        re.M,
    )


def scan(content: bytes) -> Facts:
    """The includes outside comments; angled ones keep their brackets."""
    matches = _includes(content)
    if not matches:
        return Facts()
    end = matches[-1].end()
    code = content
    if content.find(b"/*", 0, end) >= 0:
        code = mask_comments(content[:end], masker(LINE_COMMENT, BLOCK_COMMENT, STRING))
        matches = _includes(code)
    lines = Lines(code)
    imports = []
    for match in matches:
        quoted, angled = match.groups()
        specifier = f"<{text(angled)}>" if quoted is None else text(quoted)
        imports.append(Import(specifier, "import", (), lines.at(match.end())))
    return Facts(tuple(imports))


def _includes(code: bytes) -> list[re.Match[bytes]]:
    """The paths of the directives that start a line.

    That pattern does not ask for the start of a line itself, for then the engine could not skip to the next "#"; nor
    does it take the path, for where it starts no line the path may be looked for to the end of the file.
    """
    path = _pattern("path").match
    found = []
    looked = 0
    for head in _pattern("include").finditer(code):
        newline = code.rfind(b"\n", looked, head.start())
        # A second one on a line does not start it.
        if (newline >= 0 or looked == 0) and not code[newline + 1 : head.start()].strip(b" \t"):
            match = path(code, head.end())
            if match is not None:
                found.append(match)
        looked = head.end()
    return found


def offers(path: str, _project: Project) -> set[str]:
    """A header is looked for under its name, a source under its stem (by the header beside it); folders too."""
    found = {path.rpartition("/")[2]}
    if path.endswith(_SOURCES):
        found.add(path.rpartition(".")[0])
    return found


def _roots(project: Project) -> dict[str, tuple[str, ...]]:
    """Include folders that the build files of each folder name."""
    kept: dict[str, tuple[str, ...]] | None = project.kept.get("c.roots")
    if kept is None:
        kept = {}
        for name in _BUILD_FILES:
            for path in project.named(name):
                content = project.read(path)
                if content is None or len(content) > 1_000_000:
                    continue
                folder = path.rpartition("/")[0]
                found = [
                    where
                    for raw in _folders_in(content, name)
                    if (where := join(folder, raw)) is not None and where in project.folders
                ]
                if found:
                    kept[folder] = (*kept.get(folder, ()), *dict.fromkeys(found))
        project.kept["c.roots"] = kept
    return kept


def _folders_in(content: bytes, name: str) -> list[str]:
    raw = _pattern("flag").findall(content)
    if name == "CMakeLists.txt":
        for arguments in _pattern("cmake").findall(content):
            raw += re.sub(rb"#[^\n]*", b"", arguments).replace(b'"', b" ").split()
    elif name == "meson.build":
        for arguments in _pattern("meson").findall(content):
            raw += re.findall(rb"'([^'\n]*)'", arguments)
    found = []
    for item in raw:
        word = text(item)
        for here in _HERE:
            word = word.removeprefix(here)
        if "$" not in word and not word.startswith("/"):
            found.append(word)
    return found


def _search(importer: str, project: Project) -> tuple[str, ...]:
    """Include folders of the files of one folder, nearest first."""
    folder = importer.rpartition("/")[0]
    key = f"c.search {folder}"
    kept: tuple[str, ...] | None = project.kept.get(key)
    if kept is None:
        roots = _roots(project)
        found: list[str] = []
        for above in (folder, *parents(folder)) if folder else ("",):
            found += roots.get(above, ())
        for above in (folder, *parents(folder)) if folder else ("",):
            if above != folder:
                found.append(above)
            found += [f"{above}/{name}" if above else name for name in _CUSTOMARY]
        kept = project.kept[key] = tuple(dict.fromkeys(item for item in found if item in project.folders))
    return kept


def _found(folder: str, project: Project) -> dict[str, str | None]:
    """What the includes of the files of a folder led to; of one folder, for files are resolved folder by folder."""
    kept: tuple[str, dict[str, str | None]] | None = project.kept.get("c.found")
    if kept is None or kept[0] != folder:
        kept = project.kept["c.found"] = (folder, {})
    return kept[1]


def resolve(facts: Facts, importer: str, project: Project) -> Links:
    """The files that are included, and the source that implements a header."""
    edges: list[Edge] = []
    unresolved: list[tuple[str, int]] = []
    wanted: set[str] = set()
    folder = importer.rpartition("/")[0]
    files = project.files
    found = _found(folder, project)
    for item in facts.imports:
        specifier = item.specifier
        name = specifier.strip("<>")
        wanted.add(name.rpartition("/")[2])
        if specifier not in found:
            places = _search(importer, project)
            if not specifier.startswith("<"):
                places = (folder, *places)
            found[specifier] = next((path for place in places if (path := join(place, name)) in files), None)
        target = found[specifier]
        if target is not None:
            edges.append(Edge(target, "import", ("*",), item.line))
        elif not specifier.startswith("<"):
            unresolved.append((name, item.line))
    if importer.endswith(_HEADERS):
        stem = importer.rpartition(".")[0]
        wanted.add(stem)
        edges += [Edge(stem + suffix, "same-package") for suffix in _SOURCES if stem + suffix in files]
    return Links(one_edge_a_target(edges, importer), tuple(unresolved), frozenset(wanted))
