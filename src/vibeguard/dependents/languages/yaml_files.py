"""YAML and JSON that name other files: GitHub workflows and actions, GitLab includes, OpenAPI and JSON Schema, compose.

What matters is written in few shapes in all of them, so neither is parsed. Of JSON only schemas are read, told by name.

Cannot see: includes of other repositories, anchors across files, paths put together from variables.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cache

from vibeguard.dependents.facts import Edge, Facts, Import, Links, one_edge_a_target
from vibeguard.dependents.languages.text import Lines, lines_with, text
from vibeguard.dependents.project import Project, fits, join
from vibeguard.patterns import compiled

# Paths lead to files by themselves.
BY_NAME = False

_WORDS = (b"uses", b"local", b"include", b"env_file")  # one of them is in each match of the pattern "line"


@cache
def _pattern(name: str) -> re.Pattern[bytes]:
    return compiled(
        {
            "line": rb"^[ \t-]*+(?:"
            rb"uses[ \t]*+:[ \t]*+[\"']?\./([^\"'\s#@]++)"
            rb"|(?:local|include)[ \t]*+:[ \t]*+[\"']?(/?[^\"'\s#\[\]{}]{1,300}\.ya?ml)"
            rb"|env_file[ \t]*+:[ \t]*+[\"']?([^\"'\s#\[]++)"
            rb")",
            # `include:` with a list of paths, as GitLab and compose have it at the top level.
            "includes": rb"^include[ \t]*+:[ \t]*+(?:(\[[^\]]*+\])"
            rb"|(?:#[^\n]*+)?\r?\n((?:[ \t]*+(?:[-#][^\n]*+)?\n)*+))",
            "include": rb"(?:^[ \t]*+-|[\[,])[ \t\r\n]*+[\"']?"
            rb"(/?[^\"'\s#:\[\]{},]{1,300}\.ya?ml)[\"']?[ \t\r]*+(?=[,\]#\n]|\Z)",
            "ref": rb"\$ref[\"']?[ \t]*+:[ \t]*+[\"']?([^\"'\s#,}\]]++)",
            # A service of a compose file: what it is built from, extended from, and takes its environment from.
            "build": rb"^([ \t]*+)build[ \t]*+:[ \t]*+(?:[\"']?(\.[^\"'\s#]*+)|\r?\n((?:\1[ \t]++[^\n]*+(?:\n|\Z))++))",
            "extends": rb"^[ \t]++extends[ \t]*+:(?:[ \t]*+\{[^}\n]*?|[ \t]*+\r?\n(?:[ \t]++service[^\n]*+\n)?[ \t]++)"
            rb"file[ \t]*+:[ \t]*+[\"']?([^\"'\s#,}]++)",
            "env_files": rb"^[ \t]++env_file[ \t]*+:[ \t]*+\r?\n((?:[ \t]++-[^\n]*+(?:\n|\Z))++)",
            "item": rb"^[ \t]++-[ \t]*+(?:path[ \t]*+:[ \t]*+)?[\"']?([^\"'\s#:]++)",
            "context": rb"^[ \t]++context[ \t]*+:[ \t]*+[\"']?([^\"'\s#]++)",
            "dockerfile": rb"^[ \t-]*+dockerfile[ \t]*+:[ \t]*+[\"']?([^\"'\s#\[]++)",
        }[name],
        re.M,
    )


def scan(content: bytes) -> Facts:
    """References with how they are meant: from the root, or from the file."""
    found = sorted(set(_references(content)))
    lines = Lines(content)
    return Facts(
        tuple(
            Import(specifier, "import", (), lines.at(position))
            for position, specifier in found
            if "://" not in specifier and "$" not in specifier
        )
    )


def _references(content: bytes) -> Iterator[tuple[int, str]]:
    """(position, how and path) of everything that names a file."""
    is_json = content.lstrip()[:1] == b"{"
    if b"$" in content and b"$ref" in content:
        for match in _refs(content, comments=not is_json):
            yield match.start(), "ref " + text(match.group(1))
    if is_json:
        return
    words = [word for word in _WORDS if word in content]
    for match in _matches("line", words, content):
        if match.group(1) is not None:
            yield match.end(), "uses " + text(match.group(1))
        elif match.group(2) is not None:
            yield match.end(), "include " + text(match.group(2)).lstrip("/")
        else:
            yield match.end(), "beside " + text(match.group(3))
    if b"include" in words:
        for match in _matches("includes", (b"include",), content):
            block = 1 if match.group(1) is not None else 2
            for item in _pattern("include").finditer(content, match.start(block), match.end(block)):
                yield item.end(1), "include " + text(item.group(1)).lstrip("/")
    yield from _builds(content)
    for match in _matches("extends", (b"extends",), content):
        yield match.end(), "beside " + text(match.group(1))
    if b"env_file" in words:
        for match in _matches("env_files", (b"env_file",), content):
            for item in _pattern("item").finditer(content, match.start(1), match.end(1)):
                yield item.end(), "beside " + text(item.group(1))


def _matches(name: str, words: Iterable[bytes], content: bytes) -> Iterator[re.Match[bytes]]:
    """The matches of a pattern that starts a line, for which there is one of these words on it.

    The words are found far faster than the pattern is tried on each line.
    """
    pattern = _pattern(name)
    end = 0
    for start in lines_with(words, content):
        if start >= end and (match := pattern.match(content, start)) is not None:
            yield match
            end = match.end()


def _refs(content: bytes, *, comments: bool) -> Iterator[re.Match[bytes]]:
    """The references; where there are comments, those that stand in none."""
    looked = 0
    commented = False
    for match in _pattern("ref").finditer(content):
        if comments:
            # Looked for from the last reference on: lines can have megabytes.
            newline = content.rfind(b"\n", looked, match.start())
            before = content[max(newline + 1, looked) : match.start()]
            if newline >= 0 or looked == 0:
                commented = before.lstrip()[:1] == b"#"
            commented = commented or b" #" in before
            looked = match.end()
        if not commented:
            yield match


def _builds(content: bytes) -> Iterator[tuple[int, str]]:
    """Dockerfiles: of a compose file's build section from its context, else from the file that names them."""
    inside: list[tuple[int, int]] = []
    for match in _matches("build", (b"build",), content):
        folder, file = match.group(2), None
        if folder is None:
            start, end = match.span(3)
            inside.append((start, end))
            context = _pattern("context").search(content, start, end)
            named = _pattern("dockerfile").search(content, start, end)
            folder = context.group(1) if context is not None else b"."
            file = named.group(1) if named is not None else None
            if context is None and named is None:
                continue
        yield match.start(), f"beside {text(folder)}/{text(file or b'Dockerfile')}"
    for match in _matches("dockerfile", (b"dockerfile",), content):
        at = bisect_right(inside, (match.start(), len(content))) - 1
        if at < 0 or match.start() >= inside[at][1]:
            yield match.start(), "beside " + text(match.group(1))


def offers(path: str, _project: Project) -> set[str]:
    """A file is named in full, from the root or from where it is named; its name is enough to look again.

    For patterns, so are the names of its folders.
    """
    return set(path.split("/"))


def resolve(facts: Facts, importer: str, project: Project) -> Links:
    """The files that are named."""
    edges: list[Edge] = []
    unresolved: list[tuple[str, int]] = []
    wanted: set[str] = set()
    folder = importer.rpartition("/")[0]
    for item in facts.imports:
        how, _, where = item.specifier.partition(" ")
        if how == "include" and "*" in where:
            head = where.partition("*")[0].rpartition("/")[0]
            wanted.add(head.rpartition("/")[2])
            hits = [path for path in project.files if path.startswith(head) and fits(path, where) and path != importer]
            edges += [Edge(path, "import", (), item.line) for path in sorted(hits)]
            continue
        path = join("", where) if how in ("uses", "include") else join(folder, where)
        wanted.add(where.rstrip("/").rpartition("/")[2])
        candidates = [path]
        if how == "uses" and path is not None:
            candidates += [f"{path}/action.yml", f"{path}/action.yaml", f"{path}/Dockerfile"]
        elif how == "include":
            candidates.append(join(folder, where))  # as compose means it
        hit = next((one for one in candidates if one is not None and one in project.files), None)
        if hit is not None:
            edges.append(Edge(hit, "import", (), item.line))
        elif how in ("uses", "include") or (how == "ref" and where.endswith((".json", ".yaml", ".yml"))):
            unresolved.append((where, item.line))
    return Links(one_edge_a_target(edges, importer), tuple(unresolved), frozenset(wanted))
