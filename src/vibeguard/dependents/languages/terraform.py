"""Terraform and OpenTofu: local modules, files that are read, and names within a module.

All files of a folder are one module: they name each other's variables, locals, resources and outputs.

Cannot see: modules of registries, remote state, values.
"""

from __future__ import annotations

import re
from functools import cache

from vibeguard.dependents.facts import Edge, Facts, Import, Links, one_edge_a_target
from vibeguard.dependents.languages.text import (
    BLOCK_COMMENT,
    HASH_COMMENT,
    LINE_COMMENT,
    STRING,
    Lines,
    masker,
    text,
)
from vibeguard.dependents.languages.text import mask_comments as without_comments
from vibeguard.dependents.project import Project, join
from vibeguard.patterns import compiled

# What another file of the module defines can change where this file's edges lead.
BY_NAME = True


@cache
def _pattern(name: str) -> re.Pattern[bytes]:
    return compiled(
        {
            "source": rb"^[ \t]*+source[ \t]*+=[ \t]*+\"(\.{1,2}/[^\"\n]*+)\"",
            "file": rb"\b(?:file|templatefile|filebase64|filemd5|filesha256)\(\s*+"
            rb"\"(?:\$\{path\.module\}/)?([^\"$\n]++)\"",
            "define": rb"^(variable|module|output|resource|data)[ \t]++\"?([\w-]++)\"?"
            rb"(?:[ \t]++\"?([\w-]++)\"?)?[ \t]*+\{",
            "locals": rb"^locals[ \t]*+\{((?:[^{}]|\{[^{}]*+\})*+)\}",
            "local": rb"^[ \t]++([\w-]++)[ \t]*+=",
            "mention": rb"\b(?:var|local|module|data\.[\w-]++|[a-z][a-z0-9]*+_[\w]++)\.[\w-]++",
        }[name],
        re.M,
    )


def scan(content: bytes) -> Facts:
    """Module sources and read files; names defined and mentioned, as an expression writes them."""
    code = without_comments(content, masker(HASH_COMMENT, LINE_COMMENT, BLOCK_COMMENT, STRING))
    lines = Lines(code)
    found = [
        Import("module " + text(match.group(1)), "import", (), lines.at(match.start(1)))
        for match in _pattern("source").finditer(code)
    ]
    lines = Lines(code)
    found += [
        Import("file " + text(match.group(1)), "import", (), lines.at(match.start(1)))
        for match in _pattern("file").finditer(code)
    ]
    defines = set()
    for kind, first, second in _pattern("define").findall(code):
        if kind == b"variable":
            defines.add(f"var.{text(first)}")
        elif kind in (b"module", b"output"):
            defines.add(f"{text(kind)}.{text(first)}")
        else:
            defines.add(f"{'data.' if kind == b'data' else ''}{text(first)}.{text(second)}")
    for block in _pattern("locals").findall(code):
        defines |= {f"local.{text(name)}" for name in _pattern("local").findall(block)}
    mentions = {text(name) for name in set(_pattern("mention").findall(code))}
    return Facts(tuple(found), tuple(sorted(defines)), tuple(sorted(mentions - defines)))


def offers(path: str, _project: Project) -> set[str]:
    """A file belongs to its folder's module, and may be read by its name."""
    return {path.rpartition("/")[0], "file " + path.rpartition("/")[2]}


def _module(folder: str, project: Project) -> list[str]:
    """The files of a module, by path."""
    key = f"terraform.module {folder}"
    kept: list[str] | None = project.kept.get(key)
    if kept is None:
        names = sorted(name for name in project.folders.get(folder, ()) if name.endswith((".tf", ".tofu")))
        kept = project.kept[key] = [f"{folder}/{name}" if folder else name for name in names]
    return kept


def _defining(folder: str, project: Project) -> dict[str, list[str]]:
    """The files of a module by the names they define."""
    key = f"terraform.names {folder}"
    kept: dict[str, list[str]] | None = project.kept.get(key)
    if kept is None:
        kept = project.kept[key] = {}
        for path in _module(folder, project):
            for name in project.facts(path).defines:
                kept.setdefault(name, []).append(path)
    return kept


def resolve(facts: Facts, importer: str, project: Project) -> Links:
    """The files of the modules it calls, those it reads, and those of its own module that define what it names."""
    edges: list[Edge] = []
    unresolved: list[tuple[str, int]] = []
    own = importer.rpartition("/")[0]
    wanted = {own}
    for item in facts.imports:
        how, _, where = item.specifier.partition(" ")
        path = join(own, where)
        if how == "module":
            hits = _module(path, project) if path is not None else []
            wanted.add(path or "")
        else:
            hits = [path] if path in project.files and path is not None else []
            wanted.add("file " + where.rpartition("/")[2])
        edges += [Edge(hit, "import", (), item.line) for hit in hits]
        if not hits:
            unresolved.append((where, item.line))
    used: dict[str, list[str]] = {}
    for name in sorted(facts.mentions):
        for path in _defining(own, project).get(name, ()):
            used.setdefault(path, []).append(name)
    edges += [Edge(path, "same-package", tuple(used[path])) for path in sorted(used)]
    return Links(one_edge_a_target(edges, importer), tuple(unresolved), frozenset(wanted))
