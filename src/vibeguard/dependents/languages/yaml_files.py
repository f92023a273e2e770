"""YAML that names other files: GitHub workflows and actions, GitLab includes, OpenAPI references, compose files.

What matters is written on one line in all of them, so no YAML is parsed.

Cannot see: includes of other repositories, anchors across files, paths put together from variables.
"""

from __future__ import annotations

import re
from functools import cache

from vibeguard.dependents.facts import Edge, Facts, Import, Links, one_edge_a_target
from vibeguard.dependents.languages.text import Lines, text, unreadable
from vibeguard.dependents.project import Project, join

# Paths lead to files by themselves.
BY_NAME = False


@cache
def _pattern() -> re.Pattern[bytes]:
    return re.compile(
        rb"^[ \t-]*+(?:"
        rb"uses[ \t]*+:[ \t]*+[\"']?\./([^\"'\s#@]++)"
        rb"|(?:local|include)[ \t]*+:[ \t]*+[\"']?(/?[^\"'\s#\[\]{}]{1,300}\.ya?ml)"
        rb"|[\"']?\$ref[\"']?[ \t]*+:[ \t]*+[\"']?([^\"'\s#]++)"
        rb"|(dockerfile|env_file)[ \t]*+:[ \t]*+[\"']?([^\"'\s#\[]++)"
        rb")",
        re.M,
    )


def scan(content: bytes) -> Facts:
    """References with how they are meant: from the root, or from the file."""
    refused = unreadable(content)
    if refused is not None:
        return refused
    lines = Lines(content)
    found = []
    for match in _pattern().finditer(content):
        line = lines.at(match.end())
        if match.group(1) is not None:
            specifier = "uses " + text(match.group(1))
        elif match.group(2) is not None:
            specifier = "include " + text(match.group(2)).lstrip("/")
        elif match.group(3) is not None:
            specifier = "ref " + text(match.group(3))
        else:
            specifier = "beside " + text(match.group(5))
        if "://" not in specifier and "$" not in specifier:
            found.append(Import(specifier, "import", (), line))
    return Facts(tuple(found))


def offers(path: str, _project: Project) -> set[str]:
    """A file is named in full, from the root or from where it is named; its name is enough to look again."""
    folder, _, name = path.rpartition("/")
    return {name, folder.rpartition("/")[2]}


def resolve(facts: Facts, importer: str, project: Project) -> Links:
    """The files that are named."""
    edges: list[Edge] = []
    unresolved: list[tuple[str, int]] = []
    wanted: set[str] = set()
    folder = importer.rpartition("/")[0]
    for item in facts.imports:
        how, _, where = item.specifier.partition(" ")
        path = join("", where) if how in ("uses", "include") else join(folder, where)
        wanted.add(where.rstrip("/").rpartition("/")[2])
        candidates = [path]
        if how == "uses" and path is not None:
            candidates += [f"{path}/action.yml", f"{path}/action.yaml", f"{path}/Dockerfile"]
        hit = next((one for one in candidates if one is not None and one in project.files), None)
        if hit is not None:
            edges.append(Edge(hit, "import", (), item.line))
        elif how != "beside":
            unresolved.append((where, item.line))
    return Links(one_edge_a_target(edges, importer), tuple(unresolved), frozenset(wanted))
