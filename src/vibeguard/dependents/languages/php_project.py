"""Composer's side of PHP: which file its autoload rules give for a class, and what the files define that it loads.

The sections "autoload" and "autoload-dev" of every composer.json count: psr-4, psr-0, classmap and files.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from vibeguard.dependents.project import Project, join


class _Rule(NamedTuple):
    """One line of a composer.json's autoload section."""

    prefix: str
    folder: str
    is_psr0: bool
    home: str  # the folder of the composer.json


class Autoload(NamedTuple):
    """What composer loads, of the whole repository."""

    rules: dict[str, list[_Rule]]  # by prefix
    lengths: tuple[int, ...]  # of the prefixes, longest first
    defined: dict[str, tuple[str, ...]]  # files by the qualified name of what they define, where no path spells it
    by_name: bool  # whether classes are among them


def autoload_of(project: Project) -> Autoload:
    """What composer loads, read once a project."""
    kept: Autoload | None = project.kept.get("php.autoload")
    if kept is None:
        rules: list[_Rule] = []
        mapped: list[str] = []
        loaded: set[str] = set()
        for path in project.named("composer.json"):
            home = path.rpartition("/")[0]
            for section in _sections(project.read(path)):
                for standard in ("psr-4", "psr-0"):
                    mapping = section.get(standard)
                    for prefix, folders in mapping.items() if isinstance(mapping, dict) else ():
                        rules += [
                            _Rule(prefix.strip("\\"), where, standard == "psr-0", home)
                            for where in _joined(home, folders)
                        ]
                mapped += _joined(home, section.get("classmap"))
                loaded.update(_joined(home, section.get("files")))
        by_prefix: dict[str, list[_Rule]] = {}
        for rule in sorted(set(rules)):
            by_prefix.setdefault(rule.prefix, []).append(rule)
        everywhere = not rules and not mapped
        folders = tuple(folder + "/" if folder else "" for folder in mapped)
        defined: dict[str, list[str]] = {}
        for path in sorted(project.files):
            if path.endswith(".php") and (
                everywhere or path in loaded or path in mapped or (folders and path.startswith(folders))
            ):
                facts = project.facts(path)
                for name in facts.defines:
                    qualified = name[1:] if name[:1] == "\\" else f"{facts.package}\\{name}" if facts.package else name
                    defined.setdefault(qualified, []).append(path)
        kept = Autoload(
            by_prefix,
            tuple(sorted({len(prefix) for prefix in by_prefix}, reverse=True)),
            {name: tuple(paths) for name, paths in defined.items() if len(paths) == 1 or not everywhere},
            everywhere or bool(mapped),
        )
        project.kept["php.autoload"] = kept
    return kept


def _sections(content: bytes | None) -> Iterator[dict[str, object]]:
    try:
        found = json.loads(content or b"{}")
    except (ValueError, RecursionError):
        return
    for name in ("autoload", "autoload-dev"):
        section = found.get(name) if isinstance(found, dict) else None
        if isinstance(section, dict):
            yield section


def _joined(home: str, folders: object) -> list[str]:
    listed = folders if isinstance(folders, list) else [folders]
    return [where for one in listed if isinstance(one, str) and (where := join(home, one)) is not None]


MAX_KNOWN = 50_000  # classes: files that are near each other name the same ones


def class_file(name: str, importer: str, project: Project) -> tuple[str | None, bool]:
    """The file of a class, and whether its namespace belongs to this repository."""
    known: dict[str, tuple[list[tuple[str, str]], bool]] = project.kept.setdefault("php.classes", {})
    found = known.get(name)
    if found is None:
        if len(known) >= MAX_KNOWN:
            known.clear()
        found = known[name] = _class_files(name, project)
    hits, inside = found
    if len(hits) <= 1:
        return (hits[0][1] if hits else None), inside or bool(hits)
    # Fixtures and packages may map the same namespace: the nearest composer.json around the importer decides.
    return max(hits, key=lambda hit: len(hit[0]) if importer.startswith(hit[0]) else -1)[1], True


def _class_files(name: str, project: Project) -> tuple[list[tuple[str, str]], bool]:
    """The files that rules give for a class, each behind the folder of its composer.json; whether a rule names it."""
    inside = False
    hits: list[tuple[str, str]] = []
    autoload = autoload_of(project)
    # Looked up by length: a repository of many packages has a rule for each.
    prefixes = dict.fromkeys([name[:length] for length in autoload.lengths])
    for rule in chain.from_iterable([autoload.rules[prefix] for prefix in prefixes if prefix in autoload.rules]):
        prefix = rule.prefix
        if prefix and not (name.startswith(prefix) if rule.is_psr0 else name.startswith(prefix + "\\")):
            continue
        if rule.is_psr0:
            space, separator, last = name.rpartition("\\")
            rest = space.replace("\\", "/") + ("/" if separator else "") + last.replace("_", "/")
        else:
            rest = (name[len(prefix) + 1 :] if prefix else name).replace("\\", "/")
        path = f"{rule.folder}/{rest}.php" if rule.folder else f"{rest}.php"
        inside = inside or bool(prefix)
        if path in project.files:
            hits.append((f"{rule.home}/" if rule.home else "", path))
    # Most rules that agree on a class agree on its file.
    return hits if len({path for _, path in hits}) > 1 else hits[:1], inside
