"""Where a Python import leads: source roots, packages, namespace packages, stubs, the `__init__` files on the way."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import cached_property

from vibeguard.dependents.facts import Edge, Facts, Links, one_edge_a_target
from vibeguard.dependents.languages import PYTHON_ROOTS
from vibeguard.dependents.languages.python_members import declared, manifest_of, within
from vibeguard.dependents.project import Project
from vibeguard.tuples import NamedTuple

# Suffixes in the order the interpreter prefers them; a stub speaks for an extension module that is not in git.
_SUFFIXES = (".py", ".pyi", ".pyx")
_STDLIB = frozenset(sys.stdlib_module_names)


def offers(path: str, project: Project) -> set[str]:
    """A module is looked for under its own name, a package under its folder's; new folders offer theirs too."""
    folder, _, name = path.rpartition("/")
    stem = name.partition(".")[0]
    found = {folder.rpartition("/")[2] if stem == "__init__" else stem}
    # The first or last module of a folder makes or ends a namespace package, and with it those above.
    while folder and sum(1 for other in _modules(project).get(folder, ()) if other != name) == 0:
        found.add(folder.rpartition("/")[2])
        name = folder.rpartition("/")[2]
        folder = folder.rpartition("/")[0]
    return found


class _Tree:
    """What exists for Python in one tree: modules by folder, source roots."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.files = project.files
        self.modules = _modules(project)
        self.folders: dict[str, _Folder] = {}
        # By source roots and manifest, then by absolute specifier.
        self.places: dict[tuple[tuple[str, ...], str | None], dict[str, _Place]] = {}
        self.everywhere = _top_packages(project)

    @cached_property
    def _targets(self) -> dict[str, str]:
        """The file of each module or package by its path without suffix."""
        modules: dict[str, str] = {}
        packages: dict[str, str] = {}
        for folder, names in self.modules.items():
            for suffix in reversed(_SUFFIXES):
                if "__init__" + suffix in names:
                    packages[folder] = f"{folder}/__init__{suffix}" if folder else f"__init__{suffix}"
                for name in names:
                    if name.endswith(suffix):
                        path = f"{folder}/{name}" if folder else name
                        modules[path.removesuffix(suffix)] = path
        return modules | packages

    def module(self, path: str) -> str | None:
        """The file of the module or package at this path without suffix."""
        return self._targets.get(path)

    def is_package(self, path: str) -> bool:
        return path + "/__init__.py" in self.files or path + "/__init__.pyi" in self.files


def _modules(project: Project) -> dict[str, list[str]]:
    """Names below each folder that hold Python, directly or deeper."""
    kept: dict[str, list[str]] | None = project.kept.get("python.modules")
    if kept is None:
        kept = {}
        for path in project.files:
            if path.endswith(_SUFFIXES):
                name: str
                folder, _, name = path.rpartition("/")
                while True:
                    names = kept.get(folder)
                    if names is not None:
                        names.append(name)
                        break
                    kept[folder] = [name]
                    if not folder:
                        break
                    folder, _, name = folder.rpartition("/")
        project.kept["python.modules"] = kept
    return kept


def _top_packages(project: Project) -> dict[str, list[str]]:
    """Each importable top-level package or module of a source root, with the roots that hold it."""
    modules = _modules(project)
    found: dict[str, list[str]] = {}
    for folder in modules:
        if folder and folder + "/__init__.py" in project.files:
            parent, _, name = folder.rpartition("/")
            if parent + "/__init__.py" not in project.files or (not parent and "__init__.py" not in project.files):
                found.setdefault(name, []).append(parent)
    for folder in modules:
        for marker in ("pyproject.toml", "setup.py", "setup.cfg"):
            if (f"{folder}/{marker}" if folder else marker) in project.files:
                for source in (f"{folder}/src" if folder else "src", folder):
                    for name in modules.get(source, ()):
                        stem = name.partition(".")[0]
                        if source not in found.setdefault(stem, []):
                            found[stem].append(source)
                break
    return found


def _tree(project: Project) -> _Tree:
    kept: _Tree | None = project.kept.get("python")
    if kept is None:
        kept = project.kept["python"] = _Tree(project)
    return kept


def _own_roots(folder: str, tree: _Tree) -> tuple[str, ...]:
    """Where an absolute import of a file here may start, nearest first: its package's root, then the folders above."""
    root = folder
    while root and tree.is_package(root):
        root = root.rpartition("/")[0]
    found = []
    while True:
        found.append(root)
        for source in PYTHON_ROOTS:
            below = f"{root}/{source}" if root else source
            if below in tree.modules and not tree.is_package(below):
                found.append(below)
        if not root:
            break
        root = root.rpartition("/")[0]
    return tuple(dict.fromkeys(found))


class _Place(NamedTuple):
    """Where a specifier leads from the files of a folder."""

    state: str  # "outside" the repository, "nowhere" in it, or "" when the rest says where
    wanted: tuple[str, ...]  # the keys that decide it
    path: str = ""  # without suffix
    target: str | None = None  # the module's file; None for a namespace package
    stub: str | None = None  # the one beside that file
    has_submodules: bool = False


class _Folder:
    """What the files of one folder have in common."""

    def __init__(self, folder: str, tree: _Tree) -> None:
        self.folder = folder
        self.parents: list[Edge] = []  # the `__init__` files that run before any of them
        self.wanted: set[str] = set()
        package = folder
        while package and tree.is_package(package):
            self.wanted.add(package.rpartition("/")[2])
            parent = _package_file(package, tree)
            if parent is not None:
                self.parents.append(Edge(parent, "implicit-parent"))
            package = package.rpartition("/")[0]
        self.wanted.add(package.rpartition("/")[2])
        self.roots = _own_roots(folder, tree)
        self.manifest = manifest_of(folder, tree.project)
        # Where specifiers lead from here. Most folders have the same roots, and most files import the same modules.
        self.absolute = tree.places.setdefault((self.roots, self.manifest), {})
        self.relative: dict[str, _Place] = {}


def _folder(path: str, tree: _Tree) -> _Folder:
    folder = path.rpartition("/")[0]
    found = tree.folders.get(folder)
    if found is None:
        found = tree.folders[folder] = _Folder(folder, tree)
    return found


def _find(specifier: str, home: _Folder, tree: _Tree) -> _Place:
    stripped = specifier.lstrip(".")
    level = len(specifier) - len(stripped)
    parts = stripped.split(".") if stripped else []
    if level:
        root: str | None = home.folder
        for _ in range(level - 1):
            root = None if not root else root.rpartition("/")[0]
        if root is None:
            return _Place("nowhere", ())
    else:
        root = _find_root(stripped, home, tree)
        if root is None:
            return _Place("outside", (parts[0],))
    path = "/".join([root, *parts] if root else parts)
    target = tree.module(path) if parts else _package_file(path, tree)
    # The names of a plain module cannot be modules of their own.
    has_submodules = target is None or target.rpartition("/")[2].startswith("__init__.")
    stub = target + "i" if target is not None and target.endswith(".py") and target + "i" in tree.files else None
    return _Place("", tuple(parts or [root.rpartition("/")[2]]), path, target, stub, has_submodules)


def _find_root(module: str, home: _Folder, tree: _Tree) -> str | None:
    """The source root that holds the module's first component as this importer sees it, None when it is elsewhere."""
    top = module.partition(".")[0]
    namespaces = []
    for root in home.roots:
        path = f"{root}/{top}" if root else top
        if tree.module(path) is not None:
            return root
        if path in tree.modules:
            namespaces.append(root)
    if top in _STDLIB:
        return None
    # Namespace packages are merged from all roots: the one that holds the whole path is meant.
    whole = module.replace(".", "/")
    for root in namespaces:
        path = f"{root}/{whole}" if root else whole
        if tree.module(path) is not None or path in tree.modules:
            return root
    elsewhere = [root for root in tree.everywhere.get(top, ()) if _holds(root, whole, tree)]
    if len(elsewhere) > 1:
        elsewhere = within(elsewhere, declared(home.manifest, tree.project)) if home.manifest is not None else []
    if len(elsewhere) == 1:
        return elsewhere[0]
    return namespaces[0] if namespaces else None


def _holds(root: str, whole: str, tree: _Tree) -> bool:
    path = f"{root}/{whole}" if root else whole
    return tree.module(path) is not None or path in tree.modules or tree.module(path.rpartition("/")[0]) is not None


def resolve(facts: Facts, importer: str, project: Project) -> Links:
    """The files that run when this module is imported, and those it names."""
    tree = _tree(project)
    home = _folder(importer, tree)
    edges = list(home.parents)
    unresolved: list[tuple[str, int]] = []
    wanted: list[Iterable[str]] = [home.wanted]
    absolute, relative = home.absolute, home.relative
    new = tuple.__new__  # the class's own takes twice as long
    for specifier, kind, names, line in facts.imports:
        if not specifier:
            unresolved.append(("import_module(…)", line))
            continue
        known = relative if specifier[0] == "." else absolute
        place = known.get(specifier)
        if place is None:
            place = known[specifier] = _find(specifier, home, tree)
        state, keys, path, target, stub, has_submodules = place
        wanted.append(keys)
        if state:
            if state == "nowhere":
                unresolved.append((specifier, line))
            continue
        # The `__init__` files on the way are not edges of this importer: what it imports has them as its own parents.
        own = names
        if names and has_submodules:
            wanted.append(names)
            own, submodules = _divided(names, path, target, tree)
            for submodule, name in submodules:
                edges.append(new(Edge, (submodule, kind, (name,), line)))
                if submodule.endswith(".py") and submodule + "i" in tree.files:
                    edges.append(Edge(submodule + "i", "type-only", (name,), line))
        if target is None:
            if own or (not names and path not in tree.modules):
                unresolved.append((specifier, line))
        elif own or not names:
            edges.append(new(Edge, (target, kind, own, line)))
            if stub is not None:
                edges.append(Edge(stub, "type-only", own, line))
    return Links(one_edge_a_target(edges, importer), tuple(unresolved), frozenset().union(*wanted))


def _divided(
    names: tuple[str, ...], path: str, target: str | None, tree: _Tree
) -> tuple[tuple[str, ...], list[tuple[str, str]]]:
    """The names that are a package's own, and the modules in it that the others are."""
    others: list[str] = []
    submodules: list[tuple[str, str]] = []
    for name in names:
        inner = f"{path}/{name}" if path else name
        submodule = tree.module(inner) if name != "*" else None
        if submodule is not None:
            submodules.append((submodule, name))
        elif target is not None or inner not in tree.modules:
            others.append(name)
    return tuple(others), submodules


def _package_file(folder: str, tree: _Tree) -> str | None:
    for suffix in _SUFFIXES:
        path = f"{folder}/__init__{suffix}" if folder else f"__init__{suffix}"
        if path in tree.files:
            return path
    return None
