"""Where C#'s names lead: an index of all types by namespace, and of equal ones those that a file's project sees."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vibeguard.dependents.facts import Edge, Facts, Links, one_edge_a_target
from vibeguard.dependents.languages.csharp_project import project_files, project_folder, read_project, referenced
from vibeguard.dependents.project import Project
from vibeguard.model import EdgeKind
from vibeguard.tuples import NamedTuple


def offers(path: str, project: Project) -> set[str]:
    """The names a file defines, and a word for the namespaces it opens for others."""
    if not path.endswith(".cs"):
        return set()
    return {"*" if name[0] == "*" else plain(name) for name in project.facts(path).defines}


def plain(name: str) -> str:
    """The last identifier of a name."""
    return name.rstrip("<").rpartition(".")[2].removeprefix("::")


class _Index(NamedTuple):
    """What the repository defines."""

    types: dict[str, dict[str, list[str]]]  # files by namespace or outer type, then by name
    names: frozenset[str]  # of all these types: most names that files mention are none of them
    extensions: dict[str, dict[str, list[str]]]  # files by the name of an extension method, then by namespace
    spaces: frozenset[str]  # namespaces, with those around them
    opened: dict[str, tuple[str, ...]]  # global usings by the folder of the project
    places: dict[str, int]  # of the folders of projects: their bits
    seen: dict[str, int]  # bits of the folders of the projects that a project's folder references, itself included


def _index(project: Project) -> _Index:
    kept: _Index | None = project.kept.get("csharp.index")
    if kept is not None:
        return kept
    types: dict[str, dict[str, list[str]]] = {}
    extensions: dict[str, dict[str, list[str]]] = {}
    spaces: set[str] = set()
    opened: dict[str, list[str]] = {}
    for path in sorted([path for path in project.files if path.endswith(".cs")]):
        facts = project.facts(path)
        for name in facts.defines:
            if name[0] == "*":
                opened.setdefault(project_folder(path, project), []).append(name[1:])
                continue
            if name[0] == "(":
                space, _, method = name[1:].rpartition(".")
                extensions.setdefault(method, {}).setdefault(space, []).append(path)
                continue
            full = name[2:] if name.startswith("::") else f"{facts.package}.{name}" if facts.package else name
            space, _, last = full.rpartition(".")
            types.setdefault(space, {}).setdefault(last, []).append(path)
        space = facts.package
        while space and space not in spaces:
            spaces.add(space)
            space = space.rpartition(".")[0]
    spaces.update(types)
    references: dict[str, set[str]] = {}
    for path in project_files(project):
        folder = path.rpartition("/")[0]
        found, usings = read_project(path, project)
        references.setdefault(folder, set()).update(found)
        opened.setdefault(folder, []).extend(usings)
    places, seen = referenced(references)
    kept = _Index(
        types,
        frozenset([name for named in types.values() for name in named]),
        extensions,
        frozenset(spaces),
        {folder: tuple(names) for folder, names in opened.items()},
        places,
        seen,
    )
    project.kept["csharp.index"] = kept
    return kept


_NONE: dict[str, list[str]] = {}


def resolve(facts: Facts, importer: str, project: Project) -> Links:
    """The files that define the types this file names."""
    index = _index(project)
    home = project_folder(importer, project)
    edges: list[Edge] = []
    wanted = {"*"}
    around = list(_enclosing(facts.package))
    for name in facts.defines:
        if name.startswith("::"):
            around += [space for space in _enclosing(name[2:].rpartition(".")[0]) if space not in around]
    # Types that the file's own ones are parts of, or that are nested in their other parts.
    inner = [f"{facts.package}.{name}".lstrip(".") for name in facts.defines if name[0] not in "*:("]
    opened: dict[str, int] = {}
    for item in facts.imports:
        if item.specifier.startswith("type "):
            space, _, last = item.specifier[5:].rpartition(".")
            wanted.add(plain(last))
            found = _visible(index.types.get(space, {}).get(last, ()), home, index, project)
            edges += [Edge(path, "import", (plain(last),), item.line) for path in found]
    usings = [
        *((item.specifier, item.line) for item in facts.imports),
        *((name, 0) for name in index.opened.get(home, ())),
    ]
    for specifier, line in usings:
        if specifier.startswith("type "):
            opened.setdefault(specifier[5:], line)
        else:
            # It may be written as seen from the namespace it stands in.
            for outer in (*around, ""):
                space = f"{outer}.{specifier}" if outer else specifier
                if space in index.spaces:
                    opened.setdefault(space, line)
                    break

    scopes = (*inner, *around, "")
    names = index.names

    def find(name: str) -> list[tuple[str, str, int, list[str]]]:
        """(space, name, line of its using, files) of the types a simple name can mean: the innermost scope decides."""
        for space in scopes:
            paths = index.types.get(space, {}).get(name)
            if paths:
                return [(space, name, 0, paths)]
        return [
            (space, name, line, paths)
            for space, line in opened.items()
            if (paths := index.types.get(space, {}).get(name))
        ]

    def edge(path: str, space: str, name: str, line: int) -> Edge:
        kind: EdgeKind = "same-package" if space == facts.package else "import"
        return Edge(path, kind, (name,), line)

    for mention in facts.mentions:
        if mention[0] == ".":
            # What type it is called on only a compiler knows: every method of that name that is in scope counts.
            method = mention[1:]
            wanted.add(method)
            for space, paths in index.extensions.get(method, _NONE).items():
                if space in around or space in opened or not space:
                    line = opened.get(space, 0)
                    edges += [edge(path, space, method, line) for path in _visible(paths, home, index, project)]
            continue
        first, _, rest = mention.partition(".")
        wanted.add(first.rstrip("<"))
        types = find(first) if first in names else []
        if rest:
            wanted.add(plain(mention))
            types = types or list(_qualified(mention, around, index))
        elif not types:
            attribute = first + "Attribute"
            wanted.add(attribute)
            types = find(attribute) if attribute in names else []
        for space, name, line, paths in types:
            edges += [edge(path, space, plain(name), line) for path in _visible(paths, home, index, project)]
    return Links(one_edge_a_target(edges, importer), (), frozenset(wanted))


def _enclosing(space: str) -> Iterator[str]:
    while space:
        yield space
        space = space.rpartition(".")[0]


def _qualified(mention: str, around: list[str], index: _Index) -> Iterator[tuple[str, str, int, list[str]]]:
    """The type of a name that starts with a namespace, in full or as seen from one around."""
    parts = mention.split(".")
    for outer in (*around, ""):
        space = f"{outer}.{parts[0]}" if outer else parts[0]
        if space not in index.spaces:
            continue
        for part in parts[1:]:
            paths = index.types.get(space, {}).get(part)
            if paths:
                yield space, part, 0, paths
                return
            space = f"{space}.{part}"


def _visible(paths: Iterable[str], home: str, index: _Index, project: Project) -> Iterable[str]:
    """Those of the files that the project compiles or references; shared ones, outside of every project, are."""
    seen = index.seen.get(home)
    if seen is None:
        return paths
    places = index.places
    return [path for path in paths if (at := places.get(project_folder(path, project))) is None or seen >> at & 1]
