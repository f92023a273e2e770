"""Gradle's scripts, in Groovy and Kotlin: applied scripts, projects, included builds, convention plugins, catalogs.

A plugin that the repository makes itself leads to the script or class that it is; names lead to the sources of
`buildSrc` and of included builds.

Cannot see: paths and plugins named at run time, plugins from elsewhere, what `subprojects { … }` does to a project,
settings that a plugin of the settings makes.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from functools import cache

from vibeguard.dependents.facts import Edge, Facts, Import, Links, one_edge_a_target
from vibeguard.dependents.languages import jvm
from vibeguard.dependents.languages.jvm_project import (
    linked,
    nearest,
    seen_without_package,
    source_sets,
    types_of,
    types_without_package,
)
from vibeguard.dependents.languages.text import (
    BLOCK_COMMENT,
    LINE_COMMENT,
    LONG_STRING,
    STRING,
    Lines,
    mask_comments,
    masker,
    text,
    without,
)
from vibeguard.dependents.project import Project, join, parents
from vibeguard.patterns import compiled
from vibeguard.tuples import NamedTuple

# A class of a build's own sources, or a plugin's registration, can change where a script leads.
BY_NAME = True

_SINGLE = rb"'(?:[^'\\\n]++|\\(?s:.?))*+(?:'|(?=\n)|\Z)"
_LONG_SINGLE = rb"'''(?:[^'\\]++|\\(?s:.?)|'(?!''))*+(?:'''|\Z)"
_WORD = rb"[ \t]*+\(?+[ \t]*+[\"']([^\"'\n]++)[\"']"  # a string behind a function's name
_GIVEN = rb"[ \t]*+[:=][ \t]*+"  # between an argument's name and what it is, in either language
# What the scripts of a repository call its root.
_ROOT = compiled(
    r"\$(?:\{(?:project\.)?root(?:Dir|Project\.projectDir)\}|(?:project\.)?root(?:Dir|Project\.projectDir))/"
)
_HERE = compiled(r"\$(?:\{(?:project\.)?projectDir\}|(?:project\.)?projectDir)/")
_SCRIPTS = (".gradle.kts", ".gradle")
_SETTINGS = ("settings.gradle.kts", "settings.gradle")
_CATALOG = ".versions.toml"
_PROJECT = compiled(rb":?[\w.-]+(?::[\w.-]+)*")
_MAIN = "/src/main/"
_DEEPEST = 30  # folders that an accessor can name
_MOST_BUILDS = 100  # that one build may include
_CLASSES = (".kt", ".java", ".groovy")  # the endings of files with a class of their name
_PLUGINS = "plugins"  # what whoever applies plugins looks for


@cache
def _pattern(name: str) -> re.Pattern[bytes]:
    return compiled(
        {
            "plugin": rb"(?:\bid" + _WORD + rb"|\bplugin" + _GIVEN + rb"[\"']([\w.-]++)[\"']|`([\w.-]++)`"
            rb"|\balias[ \t]*+\([ \t]*+(\w++\.plugins\.[\w.]++))",
            "apply": rb"\bapply\b[ \t]*+\(?+[ \t]*+from" + _GIVEN + rb"(rootProject\.)?+(?:file[ \t]*+\(?+)?+"
            rb"[ \t]*+[\"']([^\"'\n]++)[\"']",
            "project": rb"\bproject[ \t]*+\([ \t]*+(?:path" + _GIVEN + rb")?+[\"'](:[^\"'\n]*+)[\"']",
            "accessor": rb"\bprojects((?:\.\w++)++)",
            "include": rb"\binclude(Build)?+(?:[ \t]++|[ \t]*+\(\s*+)"
            rb"((?:[\"'][^\"'\n]++[\"'](?:[ \t]*+,\s*+)?+)++)",
            "string": rb"[\"']([^\"'\n]++)[\"']",
            "moved": rb"\bproject[ \t]*+\([ \t]*+[\"'](:[^\"'\n]++)[\"'][ \t]*+\)\.projectDir[ \t]*+=[^\"'\n]{0,60}+"
            rb"[\"']([^\"'\n]++)[\"']",
            "renamed": rb"\bproject[ \t]*+\([ \t]*+[\"'](:[^\"'\n]++)[\"'][ \t]*+\)\.name"
            + _GIVEN
            + rb"[\"']([^\"'\n]++)[\"']",
            # The whole of a string: what it names is run or loaded.
            "class": rb"[\"']((?:[a-z_]\w*+\.)++[A-Z]\w*+)[\"']",
            "catalog": rb"\b([a-z]\w*+)(?<=[lL]ibs)\.",
            "catalog file": rb"\bfiles?[ \t]*+\([ \t]*+[\"']([^\"'\n]++\.versions\.toml)[\"']",
            # One plugin of `gradlePlugin { plugins { … } }`, in either order.
            "registers": rb"\bid(?:" + _GIVEN + rb"|\.set\()(?:[\"']([\w.-]++)[\"']|(\w++\.plugins\.[\w.]++))"
            rb"[^{}]{0,400}?\bimplementationClass(?:" + _GIVEN + rb"|\.set\()[\"']([\w.$]++)[\"']"
            rb"|\bimplementationClass(?:" + _GIVEN + rb"|\.set\()[\"']([\w.$]++)[\"']"
            rb"[^{}]{0,400}?\bid(?:" + _GIVEN + rb"|\.set\()(?:[\"']([\w.-]++)[\"']|(\w++\.plugins\.[\w.]++))",
        }[name]
    )


def scan(content: bytes) -> Facts:
    """What a script names, each with its sort; imports and mentions as Kotlin's; its plugins as :func:`_registered`.

    An import of Java's or Kotlin's is "name …".
    """
    code = _Code(content)
    found = [
        Import(specifier, "import", (), line)
        for find in (_plugins, _applied, _projects, _included, _catalogs)
        for specifier, line in find(code)
    ]
    found += [Import(f"class {name}", "string", (), line) for name, line in code.strings()]
    names = jvm.scan(code.without_single())
    found += [item._replace(specifier=f"name {item.specifier}") for item in names.imports]
    found.sort(key=lambda item: item.line)
    return Facts(tuple(dict.fromkeys(found)), tuple(sorted(set(_registered(code)))), names.mentions, names.package)


class _Code:
    """A script without comments; what is looked for starts outside of strings."""

    def __init__(self, content: bytes) -> None:
        tokens = masker(LINE_COMMENT, BLOCK_COMMENT, LONG_STRING, STRING, _LONG_SINGLE, _SINGLE)
        self._text = mask_comments(content, tokens)
        strings = list(tokens.finditer(self._text))
        self._single = [match.span() for match in strings if match.group().startswith(b"'")]
        self._starts = [match.start() for match in strings]
        self._ends = [match.end() for match in strings]

    def without_single(self) -> bytes:
        """The same without strings in single quotes, which are none of Java's characters."""
        return without(self._text, self._single)

    def strings(self) -> Iterator[tuple[str, int]]:
        """What the strings are that name a class in full, with their lines."""
        lines = Lines(self._text)
        for start, end in zip(self._starts, self._ends, strict=True):
            match = _pattern("class").fullmatch(self._text, start, end)
            if match is not None:
                yield text(match.group(1)), lines.at(start)

    def find(self, name: str) -> Iterator[tuple[re.Match[bytes], int]]:
        """What fits a pattern, with its line."""
        lines = Lines(self._text)
        for match in _pattern(name).finditer(self._text):
            before = bisect_left(self._starts, match.start())
            if not before or self._ends[before - 1] <= match.start():
                yield match, lines.at(match.start())


_Found = Iterator[tuple[str, int]]


def _plugins(code: _Code) -> _Found:
    for match, line in code.find("plugin"):
        by_id, applied, quoted, alias = match.groups()
        name = _alias(text(alias)) if alias else text(by_id or applied or quoted)
        if "$" not in name:
            yield f"plugin {name}", line


def _applied(code: _Code) -> _Found:
    for match, line in code.find("apply"):
        where = _ROOT.sub("//", text(match.group(2)), count=1)
        if match.group(1):
            where = f"//{where.removeprefix('//')}"
        yield f"from {_HERE.sub('', where, count=1)}", line


def _projects(code: _Code) -> _Found:
    for match, line in code.find("project"):
        yield f"project {text(match.group(1))}", line
    for match, line in code.find("accessor"):
        yield f"accessor {text(match.group(1))[1:]}", line


def _included(code: _Code) -> _Found:
    for match, line in code.find("include"):
        for name in _pattern("string").findall(match.group(2)):
            if match.group(1):
                yield f"build {text(name)}", line
            elif _PROJECT.fullmatch(name) is not None:
                yield f"include :{text(name).removeprefix(':')}", line


def _catalogs(code: _Code) -> _Found:
    seen: set[bytes] = set()
    for match, line in code.find("catalog"):
        if match.group(1) not in seen:
            seen.add(match.group(1))
            yield f"catalog {text(match.group(1))}", line
    for match, line in code.find("catalog file"):
        yield f"from {text(match.group(1))}", line


def _registered(code: _Code) -> Iterator[str]:
    """Plugins that a build makes of its classes, as "*plugin class id": all who apply plugins are concerned."""
    for match, _ in code.find("registers"):
        by_id, alias, implementation = match.group(1, 2, 3) if match.group(3) else match.group(5, 6, 4)
        yield f"*plugin {text(implementation)} {_alias(text(alias)) if alias else text(by_id)}"


def _alias(accessor: str) -> str:
    """`libs.plugins.a.b` of what may go on with calls."""
    found: list[str] = []
    for part in accessor.split("."):
        if part in ("get", "asProvider"):
            break
        found.append(part)
    return ".".join(found)


# ------------------------------------------------------------------------------------------------------ resolution


class _Build(NamedTuple):
    """One build: what a settings script makes of the folders below it."""

    root: str
    builds: tuple[str, ...]  # folders of the builds whose classes and plugins its scripts see
    moved: dict[str, str]  # by path of a project that is not where this says: its folder


def offers(path: str, project: Project) -> set[str]:
    """Under its name and its folder's; a script of plugins for all who apply some, a class for its build's scripts."""
    folder, _, name = path.rpartition("/")
    found = {name, *_keys(folder)}
    if name.endswith(_SCRIPTS):
        if _MAIN in path or project.facts(path).defines:
            found.add(_PLUGINS)
    elif name.endswith(_CLASSES):
        found |= jvm.offers(path, project) | {f"class {name.partition('.')[0]}"}
        if _MAIN in path:
            found.update([f"build {above}" for above in parents(folder)])
    return found


def _keys(folder: str) -> set[str]:
    """How a project of this folder is looked for."""
    name = folder.rpartition("/")[2]
    return {f"{name}/", f".{_camel(name)}"}


def resolve(facts: Facts, importer: str, project: Project) -> Links:
    """The scripts, catalogs and classes that a script leads to."""
    build = _build_of(importer, project)
    folders = _sources(build, project).union(seen_without_package(importer, project))
    own = types_without_package(tuple(sorted(folders)), project)
    if facts.package:
        own = {**own, **types_of(facts.package, project)}
    names = [
        item._replace(specifier=item.specifier.removeprefix("name "))
        for item in facts.imports
        if item.specifier.startswith("name ")
    ]
    links = linked(facts._replace(imports=tuple(names)), importer, project, own)
    edges, unresolved = list(links.edges), list(links.unresolved)
    # What needs no import is looked for by the build that it is in.
    wanted = {*links.wanted, *(f"build {home}" for home in build.builds)} - {""}
    if _MAIN in importer:
        wanted.add(f"build {importer.partition(_MAIN)[0]}")
    here = _Here(importer, build, project, wanted)
    for item in facts.imports:
        sort, _, what = item.specifier.partition(" ")
        if sort == "name":
            continue
        hits = _FOLLOW[sort](here, what)
        if hits is None:
            unresolved.append((what, item.line))
        else:
            named = (what,) if sort == "plugin" else ()
            edges += [Edge(hit, item.kind, named, item.line) for hit in hits]
    return Links(one_edge_a_target(edges, importer), tuple(unresolved), frozenset(wanted))


class _Here:
    """Where one script's references lead: files, none where they lead elsewhere, None where one should be here."""

    def __init__(self, importer: str, build: _Build, project: Project, wanted: set[str]) -> None:
        self._folder, _, self._name = importer.rpartition("/")
        self._importer = importer
        self._builds = [build]  # its own first
        if _MAIN in importer and build.root:
            # A script that is a plugin works on the projects of who applies it.
            self._builds.append(_build_of(build.root, project))
        self._project = project
        self._wanted = wanted

    def script(self, where: str) -> Sequence[str] | None:
        """A script or a catalog by its path: "//" is the root, else it is relative to the script or to the root."""
        self._wanted.add(where.rpartition("/")[2])
        if "://" in where:
            return ()
        homes = [build.root for build in self._builds]
        if not where.startswith("//"):
            homes.insert(0, self._folder)
        paths = [path for home in homes if (path := join(home, where)) is not None]
        return [path for path in paths if path in self._project.files][:1] or None

    def project(self, path: str) -> Sequence[str] | None:
        """The build script of a project; none where it has a folder alone."""
        if "$" in path:
            return ()
        there = False
        for build in self._builds:
            usual = build.moved.get(path) or join(build.root, path.replace(":", "/").lstrip("/"))
            # A plugin of the settings can have put it anywhere.
            for folder in (usual, _only(path.rpartition(":")[2], build, self._project)):
                if folder is None:
                    continue
                self._wanted |= _keys(folder)
                found = _script_in(folder, self._project)
                if found:
                    return found
                there |= folder in self._project.folders
        return () if there else None

    def included(self, path: str) -> Sequence[str] | None:
        """A project of the settings; in other scripts the word says which files to copy."""
        return self.project(path) if self._name.endswith(_SETTINGS) else ()

    def accessor(self, path: str) -> Sequence[str]:
        """`projects.core.data`, and what may be asked of it."""
        parts = path.split(".")[:_DEEPEST]
        self._wanted |= {f".{part}" for part in parts}
        for build in self._builds:
            known = _accessors(build, self._project)
            for count in range(len(parts), 0, -1):
                found = known.get(".".join(parts[:count]))
                if found is not None:
                    return _script_in(found, self._project)
            found = _only(parts[0], build, self._project)
            if found is not None:
                return _script_in(found, self._project)
        return ()

    def build(self, where: str) -> Sequence[str]:
        """The scripts of an included build."""
        folder = join(self._builds[0].root, where)
        if folder is None:
            return ()
        self._wanted |= _keys(folder)
        return [*_script_in(folder, self._project), *_settings_in(folder, self._project)]

    def catalog(self, name: str) -> Sequence[str]:
        """The versions that `libs.…` stands for."""
        paths = [_catalog(build.root, name) for build in self._builds]
        self._wanted.add(paths[0].rpartition("/")[2])
        return [path for path in paths if path in self._project.files][:1]

    def plugin(self, name: str) -> Sequence[str]:
        """A script or a class of the repository."""
        self._wanted.add(_PLUGINS)
        ids = [name]
        head, mark, alias = name.partition(".plugins.")
        if mark:
            for path in self.catalog(head):
                ids += _aliases(path, self._project).get(alias, ())
        found = [path for one in ids for path in _plugin(one, self._project)]
        return [path for path in dict.fromkeys(found) if path != self._importer]

    def named(self, name: str) -> Sequence[str]:
        """A class by its full name; of Kotlin's functions at the top, the one that their file is compiled to."""
        package, _, own = name.rpartition(".")
        self._wanted |= {package, f"class {own}", f"class {own.removesuffix('Kt')}"}
        found = nearest(types_of(package, self._project).get(own, ()), self._importer)
        if not found and own.endswith("Kt"):
            files = self._project.named(f"{own.removesuffix('Kt')}.kt")
            here = [path for path in files if self._project.facts(path).package == package]
            found = nearest(sorted(here, key=lambda path: path.split("/")), self._importer)
        return found


_FOLLOW: dict[str, Callable[[_Here, str], Sequence[str] | None]] = {
    "from": _Here.script,
    "project": _Here.project,
    "include": _Here.included,
    "accessor": _Here.accessor,
    "build": _Here.build,
    "catalog": _Here.catalog,
    "plugin": _Here.plugin,
    "class": _Here.named,
}


def _build_of(importer: str, project: Project) -> _Build:
    """The build of the nearest settings above a script."""
    root = next((folder for folder in parents(importer) if _settings_in(folder, project)), "")
    kept: dict[str, _Build] = project.kept.setdefault("gradle.builds", {})
    if root not in kept:
        builds = [f"{root}/buildSrc".lstrip("/")]
        moved: dict[str, str] = {}
        for path in _settings_in(root, project):
            code = _Code(project.read(path) or b"")
            for sort, _, where in (found.partition(" ") for found, _ in _included(code)):
                folder = join(root, where) if sort == "build" else None
                if folder:
                    builds.append(folder)
            for match, _ in code.find("moved"):
                folder = join(root, _HERE.sub("", _ROOT.sub("", text(match.group(2)))))
                if folder is not None:
                    moved[text(match.group(1))] = folder
            for match, _ in code.find("renamed"):
                before = text(match.group(1))
                folder = moved.get(before) or join(root, before.replace(":", "/").lstrip("/"))
                if folder is not None:
                    moved[f"{before.rpartition(':')[0]}:{text(match.group(2))}"] = folder
        kept[root] = _Build(root, tuple(builds[:_MOST_BUILDS]), moved)
    return kept[root]


def _sources(build: _Build, project: Project) -> set[str]:
    """The folders in which the packages start that all scripts of a build see."""
    key = f"gradle.sources {build.root}"
    kept: set[str] | None = project.kept.get(key)
    if kept is None:
        homes = tuple(f"{home}/" for home in build.builds)
        kept = project.kept[key] = {
            folder
            for module, folders in source_sets(project).items()
            if f"{module}/".startswith(homes)
            for folder in folders
            if _MAIN in f"{folder}/"
        }
    return kept


def _settings_in(folder: str, project: Project) -> list[str]:
    return [path for name in _SETTINGS if (path := f"{folder}/{name}".lstrip("/")) in project.files]


def _script_in(folder: str, project: Project) -> list[str]:
    """A project's build script, by its usual name or by the project's."""
    own = folder.rpartition("/")[2]
    names = ("build.gradle.kts", "build.gradle", f"{own}.gradle.kts", f"{own}.gradle")
    return [path for name in names if (path := f"{folder}/{name}".lstrip("/")) in project.files][:1]


def _accessors(build: _Build, project: Project) -> dict[str, str]:
    """By what `projects.…` calls it, the folder of each project of a build."""
    key = f"gradle.accessors {build.root}"
    kept: dict[str, str] | None = project.kept.get(key)
    if kept is None:
        start = f"{build.root}/" if build.root else ""
        folders = {path.rpartition("/")[0] for path in project.files if path.endswith(_SCRIPTS)}
        places = {folder[len(start) :]: folder for folder in folders if folder.startswith(start)}
        places.update((path.replace(":", "/").lstrip("/"), folder) for path, folder in build.moved.items())
        kept = {".".join(map(_camel, place.split("/"))): folder for place, folder in sorted(places.items()) if place}
        project.kept[key] = kept
    return kept


def _only(name: str, build: _Build, project: Project) -> str | None:
    """The folder of this name that has a build script, if there is one alone in a build."""
    key = f"gradle.named {build.root}"
    kept: dict[str, list[str]] | None = project.kept.get(key)
    if kept is None:
        kept = project.kept[key] = {}
        for folder in _accessors(build, project).values():
            kept.setdefault(_camel(folder.rpartition("/")[2]), []).append(folder)
    found = set(kept.get(_camel(name), ()))
    return found.pop() if len(found) == 1 else None


def _camel(name: str) -> str:
    """`coreData` of core-data, as Gradle's accessors are written."""
    first, *rest = re.split(r"[-_. ]+", name)
    return first + "".join([part[:1].upper() + part[1:] for part in rest])


def _catalog(root: str, name: str) -> str:
    return f"{root}/gradle/{name}{_CATALOG}".lstrip("/")


def _aliases(catalog: str, project: Project) -> dict[str, list[str]]:
    """The ids of a catalog's plugins by their accessors."""
    key = f"gradle.catalog {catalog}"
    kept: dict[str, list[str]] | None = project.kept.get(key)
    if kept is None:
        kept = project.kept[key] = {}
        plugins = project.toml(catalog).get("plugins")
        for alias, entry in plugins.items() if isinstance(plugins, dict) else ():
            # Either "id:version" or a table.
            plugin = entry.get("id") if isinstance(entry, dict) else entry
            if isinstance(plugin, str):
                kept.setdefault(re.sub("[-_]", ".", alias), []).append(plugin.partition(":")[0])
    return kept


def _class_of(name: str, script: str, project: Project) -> list[str]:
    """The files below a script's folder that have the name of a class; of its package, if there are such."""
    package, _, own = name.rpartition(".")
    home = f"{script.rpartition('/')[0]}/".lstrip("/")
    files = [path for ending in _CLASSES for path in project.named(f"{own}{ending}") if path.startswith(home)]
    folder = f"/{package}/".replace(".", "/").replace("//", "/")
    return [path for path in files if f"/{path.rpartition('/')[0]}/".endswith(folder)] or files


def _plugin(name: str, project: Project) -> list[str]:
    """The scripts that a plugin is, or its class and the script that makes it a plugin."""
    # Of every plugin the scripts that are it, and those that register it with its class.
    kept: dict[str, dict[tuple[str, str], None]] | None = project.kept.get("gradle.plugins")
    if kept is None:
        kept = project.kept["gradle.plugins"] = {}
        for path in sorted([path for path in project.files if path.endswith(_SCRIPTS)]):
            facts = project.facts(path)
            if _MAIN in path:
                stem = path.rpartition("/")[2].removesuffix(".kts").removesuffix(".gradle").removesuffix(".settings")
                kept.setdefault(f"{facts.package}.{stem}".lstrip("."), {})["", path] = None
            for defined in facts.defines:
                _, implementation, plugin = defined.split(" ", 2)
                kept.setdefault(plugin, {})[implementation, path] = None
    found: list[str] = []
    for implementation, path in kept.get(name, ()):
        found += [*(_class_of(implementation, path, project) if implementation else ()), path]
    return found
