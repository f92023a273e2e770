"""Dockerfiles: the files that COPY and ADD take into an image.

A folder stands for the files in it, with the kind "string": most of them are data to the build. The whole context
(`COPY . .`) says nothing about any one file and is left out.

Cannot see: build arguments in paths, other contexts than the Dockerfile's folder and the root, .dockerignore.
"""

from __future__ import annotations

import json
import re
import shlex
from bisect import bisect_left
from fnmatch import translate
from functools import cache

from vibeguard.dependents.facts import Edge, Facts, Import, Links, one_edge_a_target
from vibeguard.dependents.languages.text import Lines, text
from vibeguard.dependents.project import Project, join, parents
from vibeguard.patterns import compiled

# Paths lead to files by themselves.
BY_NAME = False

_MOST = 500  # files of a copied folder
_LONGEST = 50_000  # characters of one instruction; a shell's words are split slowly


@cache
def _copy() -> re.Pattern[bytes]:
    return compiled(rb"^[ \t]*+(?:COPY|ADD)[ \t]++((?:[^\n\\]|\\\r?\n|\\)++)", re.M | re.I)


@cache
def _flags() -> re.Pattern[str]:
    return compiled(r"(?:--\S*+\s*+)*+")


def scan(content: bytes) -> Facts:
    """Source paths of COPY and ADD that come from the build context."""
    found = []
    lines = Lines(content)
    for match in _copy().finditer(content):
        line = lines.at(match.start(1))
        found += [Import(source, "import", (), line) for source in _sources(text(match.group(1)))]
    return Facts(tuple(found))


def _sources(arguments: str) -> list[str]:
    arguments = arguments.replace("\\\r\n", " ").replace("\\\n", " ").strip()
    flags = _flags().match(arguments)
    assert flags is not None
    if "--from" in flags.group() or len(arguments) > _LONGEST:
        return []
    arguments = arguments[flags.end() :]
    try:
        words = json.loads(arguments) if arguments.startswith("[") else shlex.split(arguments)
    except (ValueError, RecursionError):
        return []
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        return []
    return [word for word in words[:-1] if "$" not in word and "://" not in word and not word.startswith("<<")]


def offers(path: str, _project: Project) -> set[str]:
    """A file is copied under its own name or with any folder above it; patterns look for everything."""
    return {path.rpartition("/")[2], *parents(path), "*"}


def resolve(facts: Facts, importer: str, project: Project) -> Links:
    """The files that are copied."""
    edges: list[Edge] = []
    unresolved: list[tuple[str, int]] = []
    wanted: set[str] = set()
    home = importer.rpartition("/")[0]
    for item in facts.imports:
        source = item.specifier.strip("/")
        if source in ("", "."):
            continue
        hits: list[str] = []
        is_folder = False
        for context in dict.fromkeys((home, "")):
            path = join(context, source)
            if not path:
                continue
            wanted |= {path, path.rpartition("/")[2]}
            if any(sign in source for sign in "*?["):
                wanted.add("*")
                hits = _fitting(path, project)
            elif path in project.files:
                hits = [path]
            elif path in project.folders:
                hits = _below(path, project)
                is_folder = True
            if hits:
                break
        edges += [Edge(path, "string" if is_folder else "import", (), item.line) for path in hits]
        if not hits:
            unresolved.append((item.specifier, item.line))
    return Links(one_edge_a_target(edges, importer), tuple(unresolved), frozenset(wanted))


def _fitting(path: str, project: Project) -> list[str]:
    """The first files, by path, that a pattern stands for."""
    key = f"docker.pattern {path}"
    kept: list[str] | None = project.kept.get(key)
    if kept is None:
        pattern = compiled(translate(path))
        folder = path.rpartition("/")[0]
        found = (f"{folder}/{name}" if folder else name for name in project.folders.get(folder, ()))
        kept = project.kept[key] = sorted(filter(pattern.fullmatch, found))[:_MOST]
    return kept


def _below(folder: str, project: Project) -> list[str]:
    """The first files below a folder, by path."""
    ordered = project.ordered
    # "0" comes after "/".
    start, end = bisect_left(ordered, f"{folder}/"), bisect_left(ordered, f"{folder}0")
    return ordered[start : min(end, start + _MOST)]
