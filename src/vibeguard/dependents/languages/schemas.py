"""Protocol buffers: files that import each other.

Cannot see: code generated from them, include paths of the compiler other than the customary ones.
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

# Paths lead to files by themselves.
BY_NAME = False

_ROOTS = ("", "proto", "protos", "src", "api", "third_party", "src/main/proto")


@cache
def _pattern() -> re.Pattern[bytes]:
    return compiled(
        rb"^[ \t]*+import[ \t]++(?:public[ \t]++|weak[ \t]++)?\"([^\"\n]++)\"[ \t]*+;",
        re.M,
    )


def scan(content: bytes) -> Facts:
    """Imports of a .proto file."""
    code = mask_comments(content, masker(LINE_COMMENT, BLOCK_COMMENT, STRING)) if b"/*" in content else content
    lines = Lines(code)
    return Facts(
        tuple(Import(text(match.group(1)), "import", (), lines.at(match.end())) for match in _pattern().finditer(code))
    )


def offers(path: str, _project: Project) -> set[str]:
    """A file is looked for under its name."""
    return {path.rpartition("/")[2]}


def resolve(facts: Facts, importer: str, project: Project) -> Links:
    """The files that are imported: from the roots above the importer, as the compiler would be told."""
    edges: list[Edge] = []
    unresolved: list[tuple[str, int]] = []
    wanted: set[str] = set()
    folder = importer.rpartition("/")[0]
    for item in facts.imports:
        where = item.specifier
        wanted.add(where.rpartition("/")[2])
        candidates = [
            join("/".join(part for part in (above, root) if part), where)
            for above in (folder, *parents(folder))
            for root in _ROOTS
        ]
        hit = next((one for one in candidates if one is not None and one in project.files), None)
        if hit is not None:
            edges.append(Edge(hit, "import", (), item.line))
        elif not where.startswith("google/"):
            unresolved.append((where, item.line))
    return Links(one_edge_a_target(edges, importer), tuple(unresolved), frozenset(wanted))
