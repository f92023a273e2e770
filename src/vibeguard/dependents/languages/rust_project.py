"""Cargo's side of Rust: which crate a file belongs to, which crates its manifest names, where modules' files are.

Manifests are read as Cargo reads them: targets by convention and by `path`, dependencies of the repository by `path`,
directly, through the workspace or a patch, under the name that they are given. A name without such a path is a crate
from elsewhere, also where the repository happens to hold one of that name.
"""

from __future__ import annotations

from typing import Any

from vibeguard.dependents.project import Project, join, parents
from vibeguard.patterns import compiled
from vibeguard.tuples import NamedTuple

_TARGETS = ("bin", "test", "example", "bench")
_ROOTS = ("main.rs", "mod.rs", "lib.rs")  # in the folder of one test, example or program
_USUAL = ("src/lib.rs", "src/main.rs")  # below a manifest that says nothing else
_ROOT = "crate root"
_DEPENDENCIES = ("dependencies", "dev-dependencies", "build-dependencies", "dev_dependencies", "build_dependencies")


class Crate(NamedTuple):
    """A crate root: its file, and the folder of its manifest."""

    file: str
    home: str = ""

    @property
    def folder(self) -> str:
        """Where the root's modules are."""
        return self.file.rpartition("/")[0]


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _tables(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _manifest(home: str, project: Project) -> dict[str, Any]:
    """The tables of a folder's Cargo.toml; empty when there is none that can be read."""
    return project.toml(f"{home}/Cargo.toml" if home else "Cargo.toml")


def _home(path: str, project: Project) -> str | None:
    """The folder of the manifest that is nearest above a file."""
    known: dict[str, str | None] = project.kept.setdefault("rust.homes", {})
    own = path.rpartition("/")[0]
    if own not in known:
        manifests = (
            folder for folder in parents(path) if (f"{folder}/Cargo.toml" if folder else "Cargo.toml") in project.files
        )
        known[own] = next(manifests, None)
    return known[own]


def _library(home: str, project: Project) -> str | None:
    """The root file of the library of a manifest."""
    where = _table(_manifest(home, project).get("lib")).get("path")
    root = join(home, where if isinstance(where, str) else "src/lib.rs")
    return root if root in project.files else None


def _code_name(name: str) -> str:
    return name.replace("-", "_")


def libraries(home: str, project: Project) -> dict[str, str]:
    """Root files of the libraries that code below this manifest can name, by the name it uses."""
    key = f"rust.libraries {home}"
    kept: dict[str, str] | None = project.kept.get(key)
    if kept is not None:
        return kept
    manifest = _manifest(home, project)
    found: dict[str, str] = {}
    tables = [manifest, *(_table(table) for table in _table(manifest.get("target")).values())]
    workspace = _workspace(home, project)
    shared = _table(_table(_manifest(workspace, project).get("workspace")).get("dependencies"))
    patches = {
        name: spec
        for source in _table(_manifest(workspace, project).get("patch")).values()
        for name, spec in _table(source).items()
    }
    for table in tables:
        for section in _DEPENDENCIES:
            for name, spec in _table(table.get(section)).items():
                base, wanted = home, _table(spec)
                if wanted.get("workspace") is True:
                    base, wanted = workspace, _table(shared.get(name))
                where = wanted.get("path")
                if not isinstance(where, str):
                    base, where = workspace, _table(patches.get(wanted.get("package", name))).get("path")
                folder = join(base, where) if isinstance(where, str) else None
                root = _library(folder, project) if folder is not None else None
                if root is not None:
                    found[_code_name(name)] = root
    own = _library(home, project)
    if own is not None:
        for declared in (_table(manifest.get("package")).get("name"), _table(manifest.get("lib")).get("name")):
            if isinstance(declared, str):
                found[_code_name(declared)] = own
    project.kept[key] = found
    return found


def named_crates(home: str, project: Project) -> dict[str, tuple[str, Crate]]:
    """As :func:`libraries`, each with the crate of that file."""
    key = f"rust.named {home}"
    kept: dict[str, tuple[str, Crate]] | None = project.kept.get(key)
    if kept is None:
        found = libraries(home, project)
        kept = project.kept[key] = {name: (root, crate_of(root, project)) for name, root in found.items()}
    return kept


def _workspace(home: str, project: Project) -> str:
    """The folder of the workspace that a manifest is in; its own when there is none."""
    for folder in (home, *(parents(home) if home else ())):
        name = f"{folder}/Cargo.toml" if folder else "Cargo.toml"
        if name in project.files and "workspace" in _manifest(folder, project):
            return folder
    return home


def crate_of(path: str, project: Project) -> Crate:
    """The crate that a file belongs to: by its manifest's targets, then by Cargo's conventional ones."""
    key = f"rust.crate {path}"
    kept: Crate | None = project.kept.get(key)
    if kept is None:
        home = _home(path, project)
        root = _root(path, home, project) if home is not None else path
        kept = project.kept[key] = Crate(root, home or "")
    return kept


def _declared(home: str, project: Project) -> dict[str, str]:
    """The files that a manifest says are the roots of its targets, beside the library's, each with what starts the
    paths below its folder."""
    key = f"rust.declared {home}"
    kept: dict[str, str] | None = project.kept.get(key)
    if kept is None:
        manifest = _manifest(home, project)
        targets = [target for kind in _TARGETS for target in _tables(manifest.get(kind))]
        declared = [join(home, target["path"]) for target in targets if isinstance(target.get("path"), str)]
        kept = project.kept[key] = {
            root: f"{root.rpartition('/')[0]}/" for root in declared if root is not None and root in project.files
        }
    return kept


def _own_target(path: str, prefix: str) -> tuple[str, str]:
    """Of a test, an example or a program: which folder they are all in, and its own; "" where it has none.

    Args:
        prefix: the folder of the manifest, with a slash behind it.
    """
    inside = path[len(prefix) :]
    base = "src/bin" if inside.startswith("src/bin/") else inside.partition("/")[0]
    if base not in ("src/bin", "tests", "examples", "benches"):
        return "", ""
    name, slash, _ = inside[len(base) + 1 :].partition("/")
    return base, f"{prefix}{base}/{name}" if slash else ""


def root_keys(path: str, project: Project) -> set[str]:
    """What a file looks for since its crate's root could come or go; other crates' roots are named by it too."""
    home = _home(path, project)
    if home is None:
        return {_ROOT}
    _, own = _own_target(path, f"{home}/" if home else "")
    return {_ROOT, f"{_ROOT} {own}"} if own else {_ROOT}


def root_offers(path: str, project: Project) -> set[str]:
    """What of :func:`root_keys` a file may answer."""
    folder, _, name = path.rpartition("/")
    found = {f"{_ROOT} {folder}"} if name in _ROOTS else set()
    home = _home(path, project)
    if home is not None:
        usual = [f"{home}/{root}".lstrip("/") for root in _USUAL]
        if path in usual or path == _library(home, project) or path in _declared(home, project):
            found.add(_ROOT)
    return found


def _root(path: str, home: str, project: Project) -> str:
    files = project.files
    prefix = f"{home}/" if home else ""
    roots = _declared(home, project)
    if path in roots:
        return path
    above = [root for root, folder in roots.items() if path.startswith(folder)]
    deepest = max(above, key=lambda root: root.count("/"), default=None)
    base, own = _own_target(path, prefix)
    if base:
        if deepest is not None and deepest.startswith(f"{prefix}{base}/"):
            return deepest
        if not own:
            return path
        for root in _ROOTS:
            if f"{own}/{root}" in files:
                return f"{own}/{root}"
    library = _library(home, project)
    if library is not None and path.startswith(f"{library.rpartition('/')[0]}/".lstrip("/")):
        return library
    if deepest is not None:
        return deepest
    return next((prefix + root for root in _USUAL if prefix + root in files), path)


# ---------------------------------------------------------------------------------------------------------- modules


def child(file: str, name: str, crate: Crate, project: Project) -> str | None:
    """The file of the module that this one declares under a name."""
    # Many paths of a crate start with the same names.
    known: dict[tuple[str, str, str], str | None] = project.kept.setdefault("rust.children", {})
    key = (file, name, crate.file)
    if key not in known:
        known[key] = _child(file, name, crate, project)
    return known[key]


def _child(file: str, name: str, crate: Crate, project: Project) -> str | None:
    folder, _, own = file.rpartition("/")
    if file != crate.file and own not in ("mod.rs", "lib.rs", "main.rs"):
        folder = file.removesuffix(".rs")
    for candidate in (f"{folder}/{name}.rs", f"{folder}/{name}/mod.rs") if folder else (f"{name}.rs", f"{name}/mod.rs"):
        if candidate in project.files:
            return candidate
    return None


def parent(file: str, crate: Crate, project: Project) -> str | None:
    """The file of the module that a module is in; None for a crate root."""
    if file == crate.file:
        return None
    folder, _, name = file.rpartition("/")
    if name == "mod.rs":
        folder = folder.rpartition("/")[0]
    # A folder without a file is of a `mod name { … }` in the file above.
    for above in (folder, *parents(folder)):
        if above == crate.folder:
            break
        for candidate in (f"{above}/mod.rs", f"{above}.rs"):
            if candidate in project.files:
                return candidate
    return crate.file


def walk(file: str, names: list[str], crate: Crate, project: Project) -> tuple[str, tuple[str, ...]]:
    """The deepest module file that these names lead to, and the first name that is not a module."""
    for name in names:
        inner = child(file, name, crate, project)
        if inner is None:
            return file, (name,)
        file = inner
    return file, ()


PATH_IN_ATTRIBUTE = compiled(rb"path\s*+=\s*+\"([^\"\n]++)\"")
