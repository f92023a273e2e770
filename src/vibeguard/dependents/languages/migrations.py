"""SQL migrations: each one builds on the one before it in its folder.

Which is before follows the number that the names start with (0001_, V1.2__, 20240131120000_).

Cannot see: which tables a migration touches, migrations written in code, branches of the order.
"""

from __future__ import annotations

import re

from vibeguard.dependents.facts import Edge, Facts, Links
from vibeguard.dependents.project import Project

# The order is a matter of names alone.
BY_NAME = False


def scan(_content: bytes) -> Facts:
    """Nothing: a migration's place is in its name."""
    return Facts()


def version(name: str) -> tuple[int, ...] | None:
    """The number that a migration's file name starts with, None for one without."""
    found = re.match(r"[VU]?(\d+(?:[._]\d+)*)(?:_|-|\.|$)", name)
    return tuple(int(part) for part in re.findall(r"\d+", found.group(1))) if found is not None else None


def offers(path: str, _project: Project) -> set[str]:
    """A file is one of its folder's migrations."""
    return {path.rpartition("/")[0]} if path.endswith(".sql") else set()


def resolve(_facts: Facts, importer: str, project: Project) -> Links:
    """The migration before this one."""
    folder, _, name = importer.rpartition("/")
    own = version(name)
    if own is None or name.endswith(".down.sql"):
        return Links(wanted=frozenset((folder,)))
    earlier = sorted(
        (number, other)
        for other in project.folders.get(folder, ())
        if other.endswith(".sql")
        and not other.endswith(".down.sql")
        and (number := version(other)) is not None
        and number < own
    )
    edges: tuple[Edge, ...] = ()
    if earlier:
        before = earlier[-1][1]
        edges = (Edge(f"{folder}/{before}" if folder else before, "same-package"),)
    return Links(edges, (), frozenset((folder,)))
