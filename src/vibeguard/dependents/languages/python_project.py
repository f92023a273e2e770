"""Where a Python import leads: source roots, packages, namespace packages, stubs, the `__init__` files on the way."""

from __future__ import annotations

import sys

from vibeguard.dependents.facts import Edge, Facts, Import, Links, one_edge_a_target
from vibeguard.dependents.languages import PYTHON_ROOTS
from vibeguard.dependents.project import Project

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
        self.files = project.files
        self.modules = _modules(project)
        self.memo: dict[tuple[str, str], str | None] = {}
        self.roots: dict[str, tuple[str, ...]] = {}
        self.everywhere = _top_packages(project)

    def module(self, path: str) -> str | None:
        """The file of the module or package at this path without suffix."""
        files = self.files
        for suffix in _SUFFIXES:
            if path + "/__init__" + suffix in files:
                return path + "/__init__" + suffix
        for suffix in _SUFFIXES:
            if path + suffix in files:
                return path + suffix
        return None

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


def _own_roots(importer: str, tree: _Tree) -> tuple[str, ...]:
    """Where an absolute import of this file may start, nearest first: its package's root, then the folders above."""
    folder = importer.rpartition("/")[0]
    known = tree.roots.get(folder)
    if known is not None:
        return known
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
    tree.roots[folder] = tuple(dict.fromkeys(found))
    return tree.roots[folder]


def _find_root(module: str, importer: str, tree: _Tree) -> str | None:
    """The source root that holds the module's first component as this importer sees it, None when it is elsewhere."""
    top = module.partition(".")[0]
    folder = importer.rpartition("/")[0]
    key = (folder, module)
    if key in tree.memo:
        return tree.memo[key]
    tree.memo[key] = answer = _search_root(module, top, importer, tree)
    return answer


def _search_root(module: str, top: str, importer: str, tree: _Tree) -> str | None:
    namespaces = []
    for root in _own_roots(importer, tree):
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
    if len(elsewhere) == 1:
        return elsewhere[0]
    return namespaces[0] if namespaces else None


def _holds(root: str, whole: str, tree: _Tree) -> bool:
    path = f"{root}/{whole}" if root else whole
    return tree.module(path) is not None or path in tree.modules or tree.module(path.rpartition("/")[0]) is not None


def resolve(facts: Facts, importer: str, project: Project) -> Links:
    """The files that run when this module is imported, and those it names."""
    tree = _tree(project)
    edges: list[Edge] = []
    unresolved: list[tuple[str, int]] = []
    wanted: set[str] = set()
    folder = importer.rpartition("/")[0]
    package = folder
    while package and tree.is_package(package):
        wanted.add(package.rpartition("/")[2])
        parent = _package_file(package, tree)
        if parent is not None:
            edges.append(Edge(parent, "implicit-parent"))
        package = package.rpartition("/")[0]
    wanted.add(package.rpartition("/")[2])
    for item in facts.imports:
        if not item.specifier:
            unresolved.append(("import_module(…)", item.line))
            continue
        stripped = item.specifier.lstrip(".")
        level = len(item.specifier) - len(stripped)
        parts = stripped.split(".") if stripped else []
        if level:
            base: str | None = folder
            for _ in range(level - 1):
                base = None if not base else base.rpartition("/")[0]
            if base is None:
                unresolved.append((item.specifier, item.line))
                continue
            wanted.update(parts or [base.rpartition("/")[2]])
            root = base
        else:
            wanted.add(parts[0])
            found = _find_root(stripped, importer, tree)
            if found is None:
                continue  # outside the repository
            wanted.update(parts)
            root = found
        wanted.update(item.names)
        if not _import(item, root, parts, edges, tree):
            unresolved.append((item.specifier, item.line))
    return Links(one_edge_a_target(edges, importer), tuple(unresolved), frozenset(wanted))


def _import(item: Import, root: str, parts: list[str], edges: list[Edge], tree: _Tree) -> bool:
    """Add the edges of one import; False when it leads nowhere."""
    # The `__init__` files on the way are not edges of this importer: what it imports has them as its own parents.
    path = "/".join([root, *parts] if root else parts)
    target = tree.module(path) if parts else _package_file(path, tree)
    if not item.names:
        if target is None:
            return path in tree.modules
        _add(target, item, (), edges, tree)
        return True
    own: list[str] = []
    is_folder = target is None or target.rpartition("/")[2].startswith("__init__.")
    for name in item.names:
        submodule = tree.module(f"{path}/{name}" if path else name) if is_folder and name != "*" else None
        if submodule is not None:
            _add(submodule, item, (name,), edges, tree)
        elif (f"{path}/{name}" if path else name) not in tree.modules or target is not None:
            own.append(name)
    if target is None:
        return not own
    if own:
        _add(target, item, tuple(own), edges, tree)
    return True


def _package_file(folder: str, tree: _Tree) -> str | None:
    for suffix in _SUFFIXES:
        path = f"{folder}/__init__{suffix}" if folder else f"__init__{suffix}"
        if path in tree.files:
            return path
    return None


def _add(target: str, item: Import, names: tuple[str, ...], edges: list[Edge], tree: _Tree) -> None:
    edges.append(Edge(target, item.kind, names, item.line))
    if target.endswith(".py") and target + "i" in tree.files:
        edges.append(Edge(target + "i", "type-only", names, item.line))
