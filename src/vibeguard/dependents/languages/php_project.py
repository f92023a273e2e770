"""Where PHP's names lead: Composer's autoload rules, what the files define that it loads, and literal includes.

The sections "autoload" and "autoload-dev" of every composer.json count: psr-4, psr-0, classmap and files.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain

from vibeguard.dependents.facts import Edge, Facts, Links, one_edge_a_target
from vibeguard.dependents.project import Project, join
from vibeguard.model import EdgeKind
from vibeguard.tuples import NamedTuple


def offers(path: str, project: Project) -> set[str]:
    """A file is looked for under its name, and under what it defines."""
    if not path.endswith(".php"):
        return set()
    return {path.rpartition("/")[2], *(name.rpartition("\\")[2] for name in project.facts(path).defines)}


class _Rule(NamedTuple):
    """One line of a composer.json's autoload section."""

    prefix: str
    folder: str
    is_psr0: bool
    home: str  # the folder of the composer.json


class _Autoload(NamedTuple):
    """What composer loads, of the whole repository."""

    rules: dict[str, list[_Rule]]  # by prefix
    lengths: tuple[int, ...]  # of the prefixes, longest first
    defined: dict[str, tuple[str, ...]]  # files by the qualified name of what they define, where no path spells it
    by_name: bool  # whether classes are among them


def _autoload_of(project: Project) -> _Autoload:
    """What composer loads, read once a project."""
    kept: _Autoload | None = project.kept.get("php.autoload")
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
        for path in project.ordered:
            if path.endswith(".php") and (
                everywhere or path in loaded or path in mapped or (folders and path.startswith(folders))
            ):
                facts = project.facts(path)
                for name in facts.defines:
                    qualified = name[1:] if name[:1] == "\\" else f"{facts.package}\\{name}" if facts.package else name
                    defined.setdefault(qualified, []).append(path)
        kept = _Autoload(
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


def _class_file(name: str, importer: str, project: Project) -> tuple[str | None, bool]:
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
    autoload = _autoload_of(project)
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


def resolve(facts: Facts, importer: str, project: Project) -> Links:
    """The files of the classes and functions this file names, and of its includes."""
    edges: list[Edge] = []
    unresolved: list[tuple[str, int]] = []
    wanted: set[str] = set()
    folder = importer.rpartition("/")[0]
    autoload = _autoload_of(project)

    def find(name: str, kind: EdgeKind, line: int = 0) -> bool | None:
        """Adds the edges to what is named; None where nothing is found and nothing should be."""
        last = name.rpartition("\\")[2]
        inside = False
        if last[:1].isupper():
            wanted.add(last + ".php")
            found, inside = _class_file(name, importer, project)
            if found is not None:
                edges.append(Edge(found, kind, (last,), line))
                return True
        paths = autoload.defined.get(name)
        if paths is not None:
            edges.extend(Edge(path, kind, (last,), line) for path in paths)
            return True
        return False if inside else None

    for item in facts.imports:
        how, _, name = item.specifier.partition(" ")
        if how == "file":
            wanted.add(name.rpartition("/")[2])
            path = join(folder, name)
            if path is None or name.startswith("/"):
                continue  # outside of the repository
            if path in project.files:
                edges.append(Edge(path, "import", ("*",), item.line))
            elif "vendor/" not in name:
                unresolved.append((name, item.line))
            continue
        wanted.add(item.names[0])
        # `use A\B` can open a namespace, and a `use` for a docblock may name what is not there.
        if find(name, item.kind, item.line) is False and item.kind == "import" and how == "use":
            unresolved.append((name, item.line))
    for name in facts.mentions:
        last = name.rpartition("\\")[2]
        if autoload.by_name or not last[:1].isupper():
            wanted.add(last)
        if name[:1] == "\\":
            find(name[1:], "import")
        elif not facts.package:
            find(name, "import" if "\\" in name else "same-package")
        elif not find(f"{facts.package}\\{name}", "import" if "\\" in name else "same-package") and _is_function(name):
            edges += [Edge(path, "import", (name,)) for path in autoload.defined.get(name, ())]
    return Links(one_edge_a_target(edges, importer), tuple(unresolved), frozenset(wanted))


def _is_function(name: str) -> bool:
    """Whether a name that the own namespace lacks falls back to the global one: functions and constants do."""
    return "\\" not in name and (not name[:1].isupper() or name.isupper())
