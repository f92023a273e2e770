"""What package.json files and workspaces of npm, yarn, pnpm and lerna say about the packages of a repository."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from vibeguard.dependents.project import Project, fits, join
from vibeguard.patterns import compiled

_FIELDS = ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies")
_BY_PATH = ("file", "link", "portal")
# The items of the list under `packages:`; pnpm's file holds little else.
_PNPM = compiled(rb"^packages[ \t]*:[ \t]*(\[[^\]]*\]|(?:\r?\n[ \t]*(?:-[^\n]*|#[^\n]*|(?=\n)))*)", re.M)
_ITEM = compiled(rb"(?:^[ \t]*-[ \t]*|[\[,][ \t\r\n]*)(?:\"([^\"\n]*)\"|'([^'\n]*)'|([^\"'\s#,\[\]]+))", re.M)
_CONDITIONS = tuple("source development types typescript import module node browser default require".split())


def renamed(home: str, manifest: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Dependencies whose name is not the package's own: ("path", folder) or ("name", real name) by their name."""
    found: dict[str, tuple[str, str]] = {}
    for field in _FIELDS:
        table = manifest.get(field)
        for name, wanted in table.items() if isinstance(table, dict) else ():
            if not isinstance(wanted, str):
                continue
            protocol, _, where = wanted.partition(":")
            if protocol in _BY_PATH or (protocol == "workspace" and where.startswith(".")):
                folder = join(home, where)
                if folder is not None:
                    found.setdefault(name, ("path", folder))
            elif protocol == "workspace" and (real := where.rpartition("@")[0]):
                found.setdefault(name, ("name", real))
    return found


def workspaces(project: Project, read: Callable[[str], dict[str, Any]]) -> Callable[[str], bool]:
    """Whether a folder is listed by a workspace, or is the root of one."""
    taken: list[str] = []
    left: list[str] = []
    for name in ("package.json", "lerna.json", "pnpm-workspace.yaml"):
        for path in project.named(name):
            if "node_modules/" in path:
                continue
            home = path.rpartition("/")[0]
            listed = _pnpm(project.read(path) or b"") if name.endswith(".yaml") else _listed(read(path))
            for item in listed:
                folder = join(home, item.removeprefix("!"))
                if folder is not None:
                    (left if item.startswith("!") else taken).append(folder)
            if listed:
                taken.append(home)
    return lambda folder: any(fits(folder, one) for one in taken) and not any(fits(folder, one) for one in left)


def _listed(manifest: dict[str, Any]) -> list[str]:
    found = manifest.get("workspaces", manifest.get("packages"))
    if isinstance(found, dict):
        found = found.get("packages")
    return [item for item in found if isinstance(item, str)] if isinstance(found, list) else []


def _pnpm(content: bytes) -> list[str]:
    block = _PNPM.search(content)
    items = _ITEM.findall(block.group(1)) if block is not None else []
    return [b"".join(parts).decode("utf-8", "surrogateescape") for parts in items]


def conditions(exports: Any, wanted: str) -> list[str]:
    """Targets of `exports` or `imports` for a subpath, all conditions, in the order in which sources are preferred."""
    if isinstance(exports, dict) and any(key.startswith((".", "#")) for key in exports):
        if wanted in exports:
            return _flat(exports[wanted], "", 0)
        best: tuple[int, Any, str] | None = None
        for pattern, target in exports.items():
            prefix, star, suffix = pattern.partition("*")
            if not star and pattern.endswith("/"):
                prefix, star, suffix = pattern, "*", ""
            if star and wanted.startswith(prefix) and wanted.endswith(suffix) and len(wanted) > len(prefix + suffix):
                if best is None or len(prefix) > best[0]:
                    best = (len(prefix), target, wanted[len(prefix) : len(wanted) - len(suffix)])
        return _flat(best[1], best[2], 0) if best is not None else []
    return _flat(exports, "", 0) if wanted == "." else []


def _flat(target: Any, star: str, depth: int) -> list[str]:
    if isinstance(target, str):
        return [target.replace("*", star)]
    if depth > 8:
        return []
    if isinstance(target, list):
        return [path for item in target for path in _flat(item, star, depth + 1)]
    if isinstance(target, dict):
        known = [name for name in _CONDITIONS if name in target]
        return [path for name in [*known, *(key for key in target if key not in known)]
                for path in _flat(target[name], star, depth + 1)]  # fmt: skip
    return []
