"""Where Ruby's requires and constants lead: load paths, Rails applications and engines, Zeitwerk's spelling."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from vibeguard.dependents.facts import Edge, Facts, Links, one_edge_a_target
from vibeguard.dependents.languages.text import text
from vibeguard.dependents.project import Project, join, parents
from vibeguard.patterns import compiled
from vibeguard.tuples import NamedTuple


def offers(path: str, _project: Project) -> set[str]:
    """A file is looked for under its name without suffix."""
    return {path.rpartition("/")[2].partition(".")[0]}


@lru_cache(maxsize=100_000)
def underscore(name: str) -> str:
    """A constant as Zeitwerk spells its file: `HTTPServer::XMLThing` is http_server/xml_thing."""
    name = name.replace("::", "/")
    name = re.sub(r"([A-Z\d]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z\d])([A-Z])", r"\1_\2", name).lower()


class _Application(NamedTuple):
    """What Zeitwerk loads for the files below the folder of an application, an engine or a gem."""

    home: str
    files: dict[str, str]  # by the path below their autoload root, without suffix
    spaces: frozenset[str]  # folders below autoload roots: modules, with or without a file


def _roots(project: Project) -> tuple[tuple[str, ...], tuple[_Application, ...]]:
    """Load path folders of the repository; and what Zeitwerk loads for whom, the deepest folders first."""
    kept: tuple[tuple[str, ...], tuple[_Application, ...]] | None = project.kept.get("ruby.roots")
    if kept is None:
        libraries = sorted(folder for folder in project.folders if folder == "lib" or folder.endswith("/lib"))
        apps, others, brought = _autoloaded_roots(project)
        applications = [_application(home, found, project) for home, found in apps.items()]
        if others:
            shared = _application("", brought, project)
            applications += [shared._replace(home=home) for home in others]
        applications.sort(key=lambda application: -len(application.home))
        kept = project.kept["ruby.roots"] = (tuple(libraries), tuple(applications))
    return kept


def _autoloaded_roots(project: Project) -> tuple[dict[str, list[str]], list[str], list[str]]:
    """Autoload roots by the folder of each application; the folders of engines and gems in none; the roots of those."""
    folders = project.folders
    apps = [folder for folder in folders if "app/" in folder]
    roots: dict[str, list[str]] = {}
    for marker in project.named("application.rb"):
        if marker == "config/application.rb" or marker.endswith("/config/application.rb"):
            home = marker.removesuffix("config/application.rb").rstrip("/")
            roots[home] = [folder for folder in apps if _is_root(folder, home)]
            roots[home] += [name for name in _named_roots(project.read(marker) or b"", home) if name in folders]
    others: dict[str, list[str]] = {}
    for path in project.named("engine.rb"):
        above, lib, _ = f"/{path}".rpartition("/lib/")
        if lib and above[1:] not in roots:
            others[above[1:]] = [folder for folder in apps if _is_root(folder, above[1:])]
    for path in project.files:
        if path.endswith(".gemspec"):
            home = path.rpartition("/")[0]
            library = f"{home}/lib".lstrip("/")
            if library in folders and _ZEITWERK.search(project.read(path) or b"") is not None:
                others.setdefault(home, []).append(library)
    # What an engine or such a gem brings, all others can load.
    brought = {folder for found in others.values() for folder in found}
    inside = tuple([f"{home}/" if home else "" for home in roots])
    homes = [home for home, found in others.items() if found and not f"{home}/".startswith(inside)]
    return {home: sorted(brought.union(found)) for home, found in roots.items()}, homes, sorted(brought)


# Such a gem has its `lib` loaded as an application has its `app/*`.
_ZEITWERK = compiled(rb"\badd_(?:runtime_)?dependency[ \t(]*+[\"']zeitwerk[\"']")


def _is_root(folder: str, home: str) -> bool:
    """`app/*` and `app/*/concerns` below an application or engine."""
    above = f"{home}/app/" if home else "app/"
    if not folder.startswith(above):
        return False
    first, _, rest = folder[len(above) :].partition("/")
    return rest in ("", "concerns") and first not in ("assets", "javascript", "views")


def _named_roots(content: bytes, home: str) -> Iterator[str]:
    """Further roots that config/application.rb names."""
    if b"autoload_lib" in content:
        yield f"{home}/lib" if home else "lib"
    for line in re.findall(rb"\b(?:autoload|eager_load)_paths\b[^\n]*+", content):
        for name in re.findall(rb"[\"'/]([\w][\w/]*+)[\"']", line):
            yield f"{home}/{text(name)}" if home else text(name)


def _application(home: str, roots: list[str], project: Project) -> _Application:
    files: dict[str, str] = {}
    spaces: set[str] = set()
    inside = set(roots)
    below = tuple([f"{root}/" for root in inside])
    paths: list[tuple[str, str]] = []
    for folder, names in project.folders.items():
        if f"{folder}/".startswith(below) or "" in inside:
            root = next(above for above in (folder, *parents(folder)) if above in inside)
            paths += [(f"{folder}/{name}" if folder else name, root) for name in names if name.endswith(".rb")]
    # Of equal names the application's own counts.
    own = f"{home}/" if home else ""
    for path, root in sorted(paths, key=lambda found: (not found[0].startswith(own), found)):
        name = path[len(root) + 1 : -3] if root else path[:-3]
        files.setdefault(name, path)
        while "/" in name:
            name = name.rpartition("/")[0]
            spaces.add(name)
    return _Application(home, files, frozenset(spaces))


def resolve(facts: Facts, importer: str, project: Project) -> Links:
    """The files that are required, and where Zeitwerk loads files those that constants load."""
    files = project.files
    edges: list[Edge] = []
    unresolved: list[tuple[str, int]] = []
    wanted: set[str] = set()
    libraries, applications = _roots(project)
    folder = importer.rpartition("/")[0]
    for item in facts.imports:
        how, _, path = item.specifier.partition(" ")
        if not how:
            unresolved.append(("require(…)", item.line))
            continue
        if how == "autoload":
            # ActiveSupport's: the name below the file's own path.
            path = _autoloaded(importer.removesuffix(".rb").rpartition("/")[2], path, underscore(item.names[0]))
            how = "relative"
        wanted.add(path.rpartition("/")[2].partition(".")[0])
        if how == "relative" or path.startswith(("./", "../")):
            target = _ruby(join(folder, path), files)
            if target is None:
                unresolved.append((path, item.line))
        else:
            target = _required(path, folder, libraries, project)
        if target is not None:
            edges.append(Edge(target, item.kind, item.names or ("*",), item.line))
    home = next((one for one in applications if not one.home or importer.startswith(one.home + "/")), None)
    if home is not None:
        own, scopes = _scopes(facts.defines)
        for constant in facts.mentions:
            parts = constant.removeprefix("::").split("::")
            wanted.update(underscore(part) for part in parts)
            around = [""] if constant.startswith("::") else scopes
            edges += [Edge(path, "lazy", (name,)) for path, name in _loaded(parts, own, around, home)]
    return Links(one_edge_a_target(edges, importer), tuple(unresolved), frozenset(wanted))


def _autoloaded(own: str, space: str, name: str) -> str:
    """The path below the importer's folder: what of the modules around is below the file's own, then the name."""
    parts = [part for part in space.split("/") if part]
    below = parts[len(parts) - parts[::-1].index(own) :] if own in parts else []
    return "/".join([own, *below, name])


def _ruby(path: str | None, files: set[str] | frozenset[str]) -> str | None:
    if path is None:
        return None
    return path + ".rb" if path + ".rb" in files else path if path in files else None


def _required(path: str, folder: str, libraries: tuple[str, ...], project: Project) -> str | None:
    """By load path: the `lib` of the nearest gem above, then the only `lib` that has it; tests see their own folder."""
    # Most of what is not found has a name that no file has.
    named: dict[str, bool] = project.kept.setdefault("ruby.named", {})
    name = path.rpartition("/")[2]
    if name not in named:
        named[name] = bool(project.named(f"{name}.rb") or project.named(name))
    if not named[name]:
        return None
    # The files of a folder require much the same.
    known: dict[tuple[str, str], str | None] = project.kept.setdefault("ruby.required", {})
    key = (folder, path)
    if key not in known:
        known[key] = _searched(path, folder, libraries, project.files)
    return known[key]


def _searched(path: str, folder: str, libraries: tuple[str, ...], files: set[str] | frozenset[str]) -> str | None:
    """As :func:`_required`, in what exists."""
    for above in (folder, *parents(folder)):
        base = f"{above}/" if above else ""
        for root in (f"{base}lib/", f"{base}test/", f"{base}spec/", base):
            found = _ruby(root + path, files)
            if found is not None:
                return found
    everywhere = [found for root in libraries if (found := _ruby(f"{root}/{path}", files)) is not None]
    return everywhere[0] if len(everywhere) == 1 else None


def _scopes(defines: tuple[str, ...]) -> tuple[set[str], list[str]]:
    """The full names of what a file defines, and the lexical scopes of its code, the innermost first."""
    own: set[str] = set()
    scopes: set[tuple[int, str]] = set()
    for chain in defines:
        full = ""
        for depth, name in enumerate(chain.split(" "), 1):
            full = f"{full}::{name}" if full else name
            scopes.add((-depth, full))
        own.add(full)
    return own, [full for _, full in sorted(scopes)] + [""]


def _loaded(parts: list[str], own: set[str], scopes: list[str], home: _Application) -> Iterator[tuple[str, str]]:
    """(file, constant) of all that is loaded on the way along a constant path; the innermost scope decides."""
    for scope in scopes:
        full = f"{scope}::{parts[0]}" if scope else parts[0]
        spelled = underscore(full)
        if full not in own and spelled not in home.files and spelled not in home.spaces:
            continue
        for part in (None, *parts[1:]):
            if part is not None:
                full = f"{full}::{part}"
            path = home.files.get(underscore(full))
            if path is not None and full not in own:
                yield path, full.rpartition("::")[2]
        return
