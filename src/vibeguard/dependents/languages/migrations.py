"""SQL migrations: each one builds on the one before it in its folder.

Which is before follows the number that the names start with (0001_, V1.2__, 20240131120000_).

Cannot see: which tables a migration touches, migrations written in code, branches of the order.
"""

from __future__ import annotations

import re
from bisect import bisect_left

from vibeguard.dependents.facts import Edge, Facts, Links
from vibeguard.dependents.project import Project

# The order is a matter of names alone.
BY_NAME = False

# Characters, as file systems have it. Python refuses to read numbers of thousands of digits.
_LONGEST = 255


def scan(_content: bytes) -> Facts:
    """Nothing: a migration's place is in its name."""
    return Facts()


def version(name: str) -> tuple[int, ...] | None:
    """The number that a migration's file name starts with, None for one without."""
    if len(name) > _LONGEST:
        return None
    found = re.match(r"[VU]?(\d+(?:[._]\d+)*)(?:_|-|\.|$)", name)
    return tuple(int(part) for part in re.findall(r"\d+", found.group(1))) if found is not None else None


def offers(path: str, _project: Project) -> set[str]:
    """A file is one of its folder's migrations."""
    return {path.rpartition("/")[0]} if path.endswith(".sql") else set()


def _ordered(folder: str, project: Project) -> list[tuple[tuple[int, ...], str]]:
    """(version, name) of a folder's migrations, in order."""
    key = f"migrations.folder {folder}"
    kept: list[tuple[tuple[int, ...], str]] | None = project.kept.get(key)
    if kept is None:
        kept = project.kept[key] = sorted(
            (number, name)
            for name in project.folders.get(folder, ())
            if name.endswith(".sql") and not name.endswith(".down.sql") and (number := version(name)) is not None
        )
    return kept


def resolve(_facts: Facts, importer: str, project: Project) -> Links:
    """The migration before this one."""
    folder, _, name = importer.rpartition("/")
    own = version(name)
    if own is None or name.endswith(".down.sql"):
        return Links(wanted=frozenset((folder,)))
    order = _ordered(folder, project)
    place = bisect_left(order, (own,))
    edges: tuple[Edge, ...] = ()
    if place:
        before = order[place - 1][1]
        edges = (Edge(f"{folder}/{before}" if folder else before, "same-package"),)
    return Links(edges, (), frozenset((folder,)))
