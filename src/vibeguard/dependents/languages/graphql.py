"""GraphQL: files that import each other, and types that are extended in another file than their own.

Cannot see: code generated from them, which other types a field uses, schemas put together by programs.
"""

from __future__ import annotations

import re
from functools import cache

from vibeguard.dependents.facts import Edge, Facts, Import, Links, one_edge_a_target
from vibeguard.dependents.languages.text import LONG_STRING, Lines, masker, text
from vibeguard.dependents.project import Project, join
from vibeguard.patterns import compiled

# Who extends a type depends on the file that defines it.
BY_NAME = True


@cache
def _pattern(name: str) -> re.Pattern[bytes]:
    return compiled(
        {
            "import": rb"^[ \t]*+#[ \t]*+import[ \t]++(?:[^\n\"']*?from[ \t]++)?[\"']([^\"'\n]++)[\"']",
            "type": rb"^[ \t]*+(extend[ \t]++)?(?:type|interface|input|enum|union|scalar)[ \t]++(\w++)",
        }[name],
        re.M,
    )


def scan(content: bytes) -> Facts:
    """Imports; types that are defined, and those that are extended."""
    lines = Lines(content)
    found = [
        Import(text(match.group(1)), "import", (), lines.at(match.start()))
        for match in _pattern("import").finditer(content)
    ]
    # A long string is a description, and may hold anything.
    bare = masker(LONG_STRING).sub(b" ", content) if b'"""' in content else content
    defines: set[str] = set()
    extends: set[str] = set()
    for extended, name in _pattern("type").findall(bare):
        (extends if extended else defines).add(text(name))
    return Facts(tuple(found), tuple(sorted(defines)), tuple(sorted(extends - defines)))


def offers(path: str, project: Project) -> set[str]:
    """A file is looked for under its name, and under the types that it defines."""
    if not path.endswith((".graphql", ".gql")):
        return set()
    return {path.rpartition("/")[2], *(f"type {name}" for name in project.facts(path).defines)}


def _defined(project: Project) -> dict[str, list[str]]:
    """Files by the types that they define."""
    kept: dict[str, list[str]] | None = project.kept.get("graphql.types")
    if kept is None:
        kept = {}
        for path in sorted(path for path in project.files if path.endswith((".graphql", ".gql"))):
            for name in project.facts(path).defines:
                kept.setdefault(name, []).append(path)
        project.kept["graphql.types"] = kept
    return kept


def resolve(facts: Facts, importer: str, project: Project) -> Links:
    """The files that are imported, and those that define what is extended: the only one, or the nearest."""
    edges: list[Edge] = []
    unresolved: list[tuple[str, int]] = []
    folder = importer.rpartition("/")[0]
    wanted = {item.specifier.rpartition("/")[2] for item in facts.imports}
    for item in facts.imports:
        path = join(folder, item.specifier)
        if path is not None and path in project.files:
            edges.append(Edge(path, "import", (), item.line))
        else:
            unresolved.append((item.specifier, item.line))
    for name in facts.mentions:
        wanted.add(f"type {name}")
        near = _nearest(importer, _defined(project).get(name, []))
        if near is not None:
            edges.append(Edge(near, "same-package", (name,)))
    return Links(one_edge_a_target(edges, importer), tuple(unresolved), frozenset(wanted))


def _nearest(importer: str, paths: list[str]) -> str | None:
    """The path that shares most folders with the importer; None when several do."""
    own = importer.split("/")[:-1]

    def shared(path: str) -> int:
        count = 0
        for one, other in zip(own, path.split("/")[:-1], strict=False):
            if one != other:
                break
            count += 1
        return count

    best = max(map(shared, paths), default=0)
    closest = [path for path in paths if shared(path) == best]
    return closest[0] if len(closest) == 1 else None
