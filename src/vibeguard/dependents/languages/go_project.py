"""Where Go's imports lead: modules, the folders that replace them, `vendor`, and which files of a package count."""

from __future__ import annotations

import re
from functools import cache

from vibeguard.dependents.facts import Edge, Facts, Links, one_edge_a_target
from vibeguard.dependents.languages.text import text
from vibeguard.dependents.project import Project, join, parents
from vibeguard.patterns import compiled


def offers(path: str, _project: Project) -> set[str]:
    """A file belongs to its folder's package."""
    return {path.rpartition("/")[0]} if path.endswith(".go") else set()


def _modules(project: Project) -> dict[str, str]:
    """Folder of each module of the repository by module path."""
    kept: dict[str, str] | None = project.kept.get("go.modules")
    if kept is None:
        kept = {}
        for path in project.named("go.mod"):
            found = re.search(rb"^[ \t]*module[ \t]+\"?([^\s\"]+)", project.read(path) or b"", re.M)
            if found is not None and "/testdata/" not in f"/{path}" and "/vendor/" not in f"/{path}":
                kept.setdefault(text(found.group(1)), path.rpartition("/")[0])
        project.kept["go.modules"] = kept
    return kept


@cache
def _replace() -> re.Pattern[bytes]:
    """To a folder: `replace module [version] => ../folder`, alone or in a block."""
    return compiled(
        rb"^[ \t]*+(?:replace[ \t]++)?([^\s=>()/][^\s=>]*+)(?:[ \t]++v[^\s=]++)?"
        rb"[ \t]*+=>[ \t]*+(\.{1,2}(?:/\S*+)?)",
        re.M,
    )


def _replacements(project: Project) -> dict[str, dict[str, str]]:
    """By path of a go.mod or go.work: the folders that it says other modules are."""
    kept: dict[str, dict[str, str]] | None = project.kept.get("go.replacements")
    if kept is None:
        kept = {}
        for path in (*project.named("go.mod"), *project.named("go.work")):
            content = project.read(path) or b""
            for module, where in _replace().findall(content) if b"=>" in content else ():
                folder = join(path.rpartition("/")[0], text(where))
                if folder is not None:
                    kept.setdefault(path, {})[text(module)] = folder
        project.kept["go.replacements"] = kept
    return kept


def _replaced(folder: str, project: Project) -> dict[str, str]:
    """What the nearest go.mod and go.work of a folder replace by folders; the go.work has the last word."""
    every = _replacements(project)
    if not every:
        return {}
    memo: dict[str, dict[str, str]] = project.kept.setdefault("go.replaced", {})
    if folder not in memo:
        found: dict[str, str] = {}
        for name in ("go.mod", "go.work"):
            above = (f"{home}/{name}" if home else name for home in (folder, *parents(folder)))
            nearest = next((path for path in above if path in project.files), "")
            found |= every.get(nearest, {})
        memo[folder] = found
    return memo[folder]


def _folder(path: str, own: str, project: Project) -> str | None:
    """The folder that an import path means to the files of another, None when it is not of this repository."""
    if path.startswith("."):
        return join(own, path)
    modules = _modules(project)
    replaced = _replaced(own, project)
    prefix, rest = path, ""
    while prefix:
        if prefix in modules or prefix in replaced:
            home = replaced[prefix] if prefix in replaced else modules[prefix]
            return "/".join(part for part in (home, rest) if part)
        prefix, _, last = prefix.rpartition("/")
        rest = f"{last}/{rest}" if rest else last
    for home in (own, *parents(own)):
        vendored = f"{home}/vendor/{path}" if home else f"vendor/{path}"
        if vendored in project.folders:
            return vendored
    return None


def _package(folder: str, project: Project) -> tuple[list[str], list[str]]:
    """The Go files of a folder, and those of them that other packages can import."""
    packages: dict[str, tuple[list[str], list[str]]] = project.kept.setdefault("go.packages", {})
    kept = packages.get(folder)
    if kept is None:
        names = sorted(name for name in project.folders.get(folder, ()) if name.endswith(".go"))
        files = [f"{folder}/{name}" if folder else name for name in names]
        kept = packages[folder] = (files, [file for file in files if not file.endswith("_test.go")])
    return kept


_Defined = tuple[dict[str, list[tuple[str, str]]], dict[str, list[str]], dict[str, list[tuple[str, str]]]]


def _defined(folder: str, project: Project) -> _Defined:
    """By name: (package, path) of the files of a folder that define it, those that can be imported, and (package, path)
    of those that only give methods to it."""
    every: dict[str, _Defined] = project.kept.setdefault("go.defined", {})
    kept = every.get(folder)
    if kept is None:
        kept = every[folder] = ({}, {}, {})
        for path in _package(folder, project)[0]:
            facts = project.facts(path)
            is_test = path.endswith("_test.go")
            for name in sorted(set(facts.defines).intersection(facts.mentions)):
                # The name of a receiver: what a file declares itself it does not mention.
                kept[2].setdefault(name, []).append((facts.package, path))
            for name in facts.defines:
                kept[0].setdefault(name, []).append((facts.package, path))
                if not is_test:
                    kept[1].setdefault(name, []).append(path)
    return kept


def resolve(facts: Facts, importer: str, project: Project) -> Links:
    """The files that define what this file uses, of its own package and of those it imports."""
    edges: list[Edge] = []
    unresolved: list[tuple[str, int]] = []
    own = importer.rpartition("/")[0]
    wanted = {own}
    folders: dict[str, str | None] = project.kept.setdefault("go.folders", {}).setdefault(own, {})
    for path, _, used, line in facts.imports:
        if path not in folders:
            folders[path] = _folder(path, own, project)
        target = folders[path]
        if target is None:
            continue  # outside the repository
        wanted.add(target)
        files = _package(target, project)[1]
        if not files:
            unresolved.append((path, line))
            continue
        hits: dict[str, list[str]] = {}
        if used and "*" not in used:
            importable = _defined(target, project)[1]
            for name in used:
                for file in importable.get(name, ()):
                    hits.setdefault(file, []).append(name)
        if hits:
            edges += [Edge(file, "import", tuple(names), line) for file, names in hits.items()]
        else:
            edges += [Edge(file, "import", used, line) for file in files]
    is_test = importer.endswith("_test.go")
    mentioned: dict[str, list[str]] = {}
    defined, _, extended = _defined(own, project)
    mentions = [(name, defined[name]) for name in facts.mentions if name in defined]
    # Methods of a type are called where it is declared, too.
    declared = extended.keys() & set(facts.defines).difference(facts.mentions) if extended else ()
    mentions += [(name, extended[name]) for name in sorted(declared)]
    for name, files_with in mentions:
        for package, file in files_with:
            if package == facts.package and file != importer and (is_test or not file.endswith("_test.go")):
                mentioned.setdefault(file, []).append(name)
    edges += [Edge(file, "same-package", tuple(names)) for file, names in mentioned.items()]
    return Links(one_edge_a_target(edges, importer), tuple(unresolved), frozenset(wanted))
