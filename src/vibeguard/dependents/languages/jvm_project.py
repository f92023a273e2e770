"""Where Java's and Kotlin's names lead: the files that can be of a package, and of equal names the nearest ones."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from vibeguard.dependents.facts import Edge, Facts, Links, one_edge_a_target
from vibeguard.dependents.project import Project
from vibeguard.tuples import NamedTuple

_SUFFIXES = (".java", ".kt")  # a script (.kts) runs by itself: nobody uses what it defines
_KOTLIN = ".kt"
_LANGUAGES = ("/java", "/kotlin")
# Source sets of Kotlin for several platforms, each of which may define a name once more (`expect` and `actual`).
_PLATFORMS = frozenset(
    "common jvm android js native wasm wasmJs wasmWasi web apple ios macos tvos watchos linux mingw posix".split()
)
# Begin what a Kotlin file of several platforms declares without a body, and what gives it one on some of them.
EXPECT, ACTUAL = "expect ", "actual "
INLINE = "inline "  # begins the specifier of a name that is written out in full where it is used


def offers(path: str, project: Project) -> set[str]:
    """A file may be looked for in every package that its folders can spell, from the last one upwards, and a Kotlin
    file in the one that it names."""
    if not path.endswith(_SUFFIXES):
        return set()
    parts = path.split("/")[:-1]
    found = {".".join(parts[start:]) for start in range(len(parts))} | {""}
    if path.endswith(_KOTLIN):
        found.add(project.facts(path).package)
    return found


def _folders(package: str, project: Project) -> tuple[str, ...]:
    """Folders whose files can be of this package: those that end in its path."""
    # Turned around, those that end alike stand together.
    index: list[str] | None = project.kept.get("jvm.folders")
    if index is None:
        folders = {path.rpartition("/")[0] for path in project.files if path.endswith(_SUFFIXES)}
        index = project.kept["jvm.folders"] = sorted(map(_turned, folders))
    wanted = _turned(package.replace(".", "/"))
    start, end = bisect_left(index, wanted), bisect_left(index, f"{wanted[:-1]}0")  # "0" comes after "/"
    return tuple(sorted(_turned(folder[:-1])[:-1] for folder in index[start:end]))


def _elsewhere(project: Project) -> dict[str, list[str]]:
    """By package, the Kotlin files whose folders do not spell it: all that share a root may leave it out."""
    kept: dict[str, list[str]] | None = project.kept.get("jvm.elsewhere")
    if kept is None:
        kept = project.kept["jvm.elsewhere"] = {}
        for path in sorted([path for path in project.files if path.endswith(_KOTLIN)]):
            package = project.facts(path).package
            if package and not f"/{path.rpartition('/')[0]}".endswith(f"/{package.replace('.', '/')}"):
                kept.setdefault(package, []).append(path)
    return kept


def _turned(folder: str) -> str:
    """`c/b/a/` of `a/b/c`."""
    return "/".join(folder.split("/")[::-1]) + "/"


def types_of(package: str, project: Project) -> dict[str, list[str]]:
    """Files of a package by the names they define, neighbours in the tree next to each other."""
    key = f"jvm.package {package}"
    kept: dict[str, list[str]] | None = project.kept.get(key)
    if kept is None:
        kept = {}
        here = [
            f"{folder}/{name}" if folder else name
            for folder in _folders(package, project)
            for name in sorted(project.folders.get(folder, ()))
            if name.endswith(_SUFFIXES)
        ]
        for path in here + _elsewhere(project).get(package, []):
            facts = project.facts(path)
            if facts.package == package:
                for defined in facts.defines:
                    kept.setdefault(defined, []).append(path)
        for paths in kept.values():
            if len(paths) > 1:
                paths.sort(key=_parts)
        project.kept[key] = kept
    return kept


def types_without_package(folders: tuple[str, ...], project: Project) -> dict[str, list[str]]:
    """As :func:`types_of`, of the files directly in these folders that are in no package."""
    key = f"jvm.in no package {folders}"
    kept: dict[str, list[str]] | None = project.kept.get(key)
    if kept is None:
        kept = {}
        for folder in folders:
            for name in project.folders.get(folder, ()):
                path = f"{folder}/{name}" if folder else name
                if name.endswith(_SUFFIXES):
                    facts = project.facts(path)
                    for defined in facts.defines if facts.package == "" else ():
                        kept.setdefault(defined, []).append(path)
        for paths in kept.values():
            paths.sort(key=_parts)
        project.kept[key] = kept
    return kept


def seen_without_package(importer: str, project: Project) -> tuple[str, ...]:
    """The folders whose types a file in no package sees: its own, and where its module's source sets start."""
    folder = importer.rpartition("/")[0]
    module, mark, _ = f"/{folder}/".partition("/src/")
    return tuple(sorted({folder, *source_sets(project).get(module[1:], ())})) if mark else (folder,)


def source_sets(project: Project) -> dict[str, list[str]]:
    """By module, the folders in which its packages start: `<module>/src/main/java`."""
    kept: dict[str, list[str]] | None = project.kept.get("jvm.source sets")
    if kept is None:
        kept = project.kept["jvm.source sets"] = {}
        for folder in project.folders:
            if folder.endswith(_LANGUAGES):
                module, _, source = folder.rpartition("/")[0].rpartition("/")[0].rpartition("/")
                if source == "src":
                    kept.setdefault(module, []).append(folder)
    return kept


def _parts(path: str) -> list[str]:
    return path.split("/")


def nearest(paths: Sequence[str], importer: str) -> Sequence[str]:
    """Of files that define the same name, those of the importer's module; tests see their module's main sources.

    Args:
        paths: in the order of their parts, so that those next to where the importer would stand share most with it.
    """
    if len(paths) < 2:
        return paths
    own = _parts(importer)
    place = bisect_left(paths, own, key=_parts)
    best = max(_shared(path, own) for path in paths[max(0, place - 1) : place + 1])
    start = bisect_left(paths, own[:best], key=_parts)
    found = []
    for at in range(start, len(paths)):
        if _shared(paths[at], own) < best:
            break
        found.append(paths[at])
    if len(found) > 1 and (platform := _platform(importer)) not in ("", "common"):
        # Not what is compiled for other platforms.
        found = [path for path in found if _platform(path) in (platform, "common", "")] or found
    return sorted(found, key=lambda path: path.rpartition("/"))


def _platform(path: str) -> str:
    """What a Kotlin file is compiled for, by its source set: `js` below `js/` and `jsMain/`; "" where none is named."""
    if not path.endswith(_KOTLIN):
        return ""
    names = (part.removesuffix("Main").removesuffix("Test") for part in path.split("/")[:-1])
    return next((name for name in names if name in _PLATFORMS), "")


def _shared(path: str, own: list[str]) -> int:
    """How many parts a path has in common with another, from the root on."""
    count = 0
    for one, other in zip(path.split("/"), own, strict=False):
        if one != other:
            break
        count += 1
    return count


class _Meaning(NamedTuple):
    """What an import means to whoever has it."""

    asked: list[str]  # the packages that were looked into
    last: str | None  # the name that it gives to the file, None where that is none or many
    names: tuple[str, ...] = ()  # what is used of the files
    paths: Sequence[str] = ()  # the files that define it, its outer types, or its owner
    inside: bool = False  # whether its package is here though nothing defines it
    opened: dict[str, list[str]] | None = None  # of a star import of a package


def _meaning(specifier: str, project: Project) -> _Meaning:
    parts = specifier.rpartition(" ")[2].split(".")
    asked: list[str] = []
    last = None if specifier.endswith("*") or specifier.startswith(INLINE) else specifier.rpartition(".")[2]
    if parts[-1] == "*":
        parts.pop()
        asked.append(".".join(parts))
        opened = types_of(asked[0], project)
        if opened:
            return _Meaning(asked, last, opened=opened)
        # `import a.b.C.*` opens a type.
    names = (parts[-1],) if len(parts) > 1 else ()
    inside = False
    for count in range(len(parts) - 1, max(0, len(parts) - 4), -1):
        asked.append(".".join(parts[:count]))
        types = types_of(asked[-1], project)
        if types:
            inside = True
            if parts[count] in types:
                return _Meaning(asked, last, names, types[parts[count]])
    return _Meaning(asked, last, names, inside=inside)


def resolve(facts: Facts, importer: str, project: Project) -> Links:
    """The files that define what this file imports and what it mentions of its own package."""
    if facts.package:
        return linked(facts, importer, project, types_of(facts.package, project))
    return linked(facts, importer, project, types_without_package(seen_without_package(importer, project), project))


def linked(facts: Facts, importer: str, project: Project, own: dict[str, list[str]]) -> Links:
    """As :func:`resolve`; `own` are the files by the names that need no import."""
    edges: list[Edge] = []
    unresolved: list[tuple[str, int]] = []
    wanted = {facts.package}
    kept: dict[str, _Meaning] = project.kept.setdefault("jvm.meanings", {})
    # What decides for a plain name, in this order: the import that names it, the own package, a star import.
    plain = set(facts.mentions)
    meanings = []
    for specifier, _, alias, _ in facts.imports:
        meaning = kept.get(specifier)
        if meaning is None:
            meaning = kept[specifier] = _meaning(specifier, project)
        meanings.append(meaning)
        if meaning.last is not None:
            plain.discard(alias[0] if alias else meaning.last)
    for (specifier, _, _, line), (asked, _, names, paths, inside, opened) in zip(facts.imports, meanings, strict=True):
        wanted.update(asked)
        if paths:
            edges += [Edge(path, "import", names, line) for path in nearest(paths, importer)]
        elif opened is not None:
            for name in sorted(name for name in plain & opened.keys() if name not in own):
                named = (name.lstrip("."),)
                edges += [Edge(path, "import", named, line) for path in nearest(opened[name], importer)]
        elif inside and not specifier.startswith(INLINE):
            unresolved.append((specifier, line))
    # They are sorted, and "!" comes after " ".
    start, end = bisect_left(facts.mentions, EXPECT), bisect_left(facts.mentions, EXPECT.replace(" ", "!"))
    for name in facts.mentions[start:end]:
        # Whoever uses the declaration runs what stands in for it.
        expected = name.removeprefix(EXPECT)
        actual = nearest(own.get(ACTUAL + expected, ()), importer)
        edges += [Edge(path, "same-package", (expected,)) for path in actual]
    for name in sorted(plain & own.keys()):
        edges += [Edge(path, "same-package", (name.lstrip("."),)) for path in nearest(own[name], importer)]
    return Links(one_edge_a_target(edges, importer), tuple(unresolved), frozenset(wanted))
