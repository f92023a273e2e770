"""Which packages of a repository a Python project declares that it needs: uv and poetry workspaces.

Asked only where two packages of the repository bring a module of the same name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from vibeguard.dependents.project import Project, join, parents


def manifest_of(folder: str, project: Project) -> str | None:
    """The nearest pyproject.toml of a folder."""
    for home in (folder, *parents(folder)):
        path = f"{home}/pyproject.toml" if home else "pyproject.toml"
        if path in project.files:
            return path
    return None


def declared(path: str, project: Project) -> tuple[str, ...]:
    """Folders of the repository's packages that this pyproject.toml depends on, by name or by path."""
    home = path.rpartition("/")[0]
    known: dict[str, tuple[str, ...]] = project.kept.setdefault("python.needed", {})
    if path not in known:
        homes = _homes(project)
        found: list[str] = []
        for name, folder in _dependencies(project.toml(path)):
            where = join(home, folder) if folder else None
            found += [where] if where is not None else homes.get(name, [])
        known[path] = tuple(dict.fromkeys(found))
    return known[path]


def _homes(project: Project) -> dict[str, list[str]]:
    """Folders of packages by the name that their pyproject.toml gives them."""
    kept: dict[str, list[str]] | None = project.kept.get("python.homes")
    if kept is None:
        kept = {}
        for path in project.named("pyproject.toml"):
            table = project.toml(path)
            name = _table(table, "project").get("name") or _table(table, "tool", "poetry").get("name")
            if isinstance(name, str):
                kept.setdefault(_normal(name), []).append(path.rpartition("/")[0])
        project.kept["python.homes"] = kept
    return kept


def _dependencies(table: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(normalised name, path or "") of what a pyproject.toml depends on."""
    lists: list[object] = [_table(table, "project").get("dependencies")]
    lists += _table(table, "project", "optional-dependencies").values()
    lists += _table(table, "dependency-groups").values()
    for requirements in lists:
        for requirement in requirements if isinstance(requirements, list) else ():
            found = re.match(r"\s*([\w.-]+)", requirement) if isinstance(requirement, str) else None
            if found is not None:
                yield _normal(found.group(1)), ""
    tables = [_table(table, "tool", "uv", "sources"), _table(table, "tool", "poetry", "dependencies")]
    groups = _table(table, "tool", "poetry", "group")
    tables += [_table(groups, name, "dependencies") for name in groups]
    for sources in tables:
        for name, source in sources.items():
            for one in source if isinstance(source, list) else (source,):
                where = one.get("path") if isinstance(one, dict) else None
                yield _normal(name), where if isinstance(where, str) else ""


def _normal(name: str) -> str:
    """PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _table(table: dict[str, Any], *keys: str) -> dict[str, Any]:
    for key in keys:
        found = table.get(key)
        table = found if isinstance(found, dict) else {}
    return table


def within(roots: Iterable[str], homes: Iterable[str]) -> list[str]:
    """Those of the source roots that lie in one of these folders."""
    kept = tuple(homes)
    return [root for root in roots if any(root == home or root.startswith(f"{home}/") for home in kept if home)]
