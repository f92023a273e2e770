"""Import extractors, one module a language, all with one signature.

* `scan(content: bytes) -> Facts`: what one blob says; pure, in time linear in its length, never raises. Contents that
  are too long or no text do not get here: see `scanning.scanned`.
* `resolve(facts, importer, project) -> Links`: where that leads in one tree; strict: what is not found is
  unresolved, never guessed.
* `BY_NAME`: whether an edge can depend on the names that another file defines, so that a modified file counts like one
  that comes and goes when its definitions change. Only such a language may ask for the facts of other files.
* `offers(path, project) -> set[str]`: the keys under which other files may look for this one.

A new language is a new module and rows in these tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Protocol, cast

from vibeguard.dependents.facts import Facts, Links
from vibeguard.dependents.project import Project

# Part of every store's key: a change of any scanner or resolver makes a new number, and old stores are not read.
VERSION = 29

BY_EXTENSION: dict[str, str] = {
    "py": "python",
    "pyi": "python",
    "js": "javascript",
    "jsx": "javascript",
    "mjs": "javascript",
    "cjs": "javascript",
    "ts": "javascript",
    "tsx": "javascript",
    "mts": "javascript",
    "cts": "javascript",
    "vue": "components",
    "svelte": "components",
    "astro": "components",
    "go": "go",
    "java": "jvm",
    "kt": "jvm",
    "gradle": "gradle",
    "c": "c",
    "h": "c",
    "cc": "c",
    "cpp": "c",
    "cxx": "c",
    "hh": "c",
    "hpp": "c",
    "hxx": "c",
    "inl": "c",
    "ipp": "c",
    "tpp": "c",
    "cu": "c",
    "cuh": "c",
    "m": "c",
    "mm": "c",
    "rs": "rust",
    "rb": "ruby",
    "rake": "ruby",
    "cs": "csharp",
    "php": "php",
    "dockerfile": "docker",
    "containerfile": "docker",
    "tf": "terraform",
    "tofu": "terraform",
    "yml": "yaml_files",
    "yaml": "yaml_files",
    "proto": "schemas",
    "graphql": "graphql",
    "gql": "graphql",
    "sql": "migrations",
    "mk": "makefiles",
    "mak": "makefiles",
}

# Their order is the code of a language in the stores: append only.
LANGUAGES: tuple[str, ...] = (
    "python",
    "javascript",
    "go",
    "jvm",
    "c",
    "rust",
    "ruby",
    "csharp",
    "php",
    "components",
    "docker",
    "terraform",
    "yaml_files",
    "schemas",
    "migrations",
    "makefiles",
    "graphql",
    "gradle",
)

_BY_NAME = dict.fromkeys(
    ("Makefile", "makefile", "GNUmakefile", "Makefile.am", "Makefile.in", "Makefile.inc", "Makefile.common"),
    "makefiles",
)
# Of JSON only what is likely to hold references is read.
_SCHEMA_FOLDERS = frozenset(("schema", "schemas", "json-schema", "jsonschema", "openapi", "swagger", "asyncapi"))
_SCHEMA_NAMES = ("openapi", "swagger", "asyncapi")

# Folders that hold a project's packages without being one.
PYTHON_ROOTS = ("src", "lib", "python")

_CONFIGURES: dict[str, tuple[str, ...]] = {
    "pyproject.toml": ("python",),
    "setup.py": ("python",),
    "setup.cfg": ("python",),
    "package.json": ("javascript", "components"),
    "pnpm-workspace.yaml": ("javascript", "components"),
    "lerna.json": ("javascript", "components"),
    "settings.gradle": ("gradle",),
    "settings.gradle.kts": ("gradle",),
    "go.mod": ("go",),
    "go.work": ("go",),
    "Cargo.toml": ("rust",),
    "composer.json": ("php",),
    "application.rb": ("ruby",),
    "engine.rb": ("ruby",),
    "Makefile": ("c",),
    "makefile": ("c",),
    "GNUmakefile": ("c",),
    "Makefile.am": ("c",),
    "CMakeLists.txt": ("c",),
    "meson.build": ("c",),
    "configure.ac": ("c",),
}

_CONFIGURES_BY_ENDING: dict[str, tuple[str, ...]] = {
    ".gemspec": ("ruby",),
    ".cmake": ("c",),
    ".mk": ("c",),
    ".versions.toml": ("gradle",),
    ".csproj": ("csharp",),
    ".props": ("csharp",),
    ".targets": ("csharp",),
}

# Programming languages that are known by name and have no extractor: their dependents are unknown, not none.
UNSUPPORTED: dict[str, str] = {
    "clj": "Clojure", "cljs": "Clojure", "cr": "Crystal", "d": "D", "dart": "Dart", "elm": "Elm", "erl": "Erlang",
    "ex": "Elixir", "exs": "Elixir", "f90": "Fortran", "fs": "F#", "groovy": "Groovy", "hs": "Haskell",
    "jl": "Julia", "lua": "Lua", "ml": "OCaml", "nim": "Nim",
    "pl": "Perl", "pm": "Perl", "ps1": "PowerShell", "r": "R", "scala": "Scala", "sh": "Shell", "sol": "Solidity",
    "swift": "Swift", "v": "Verilog", "vb": "Visual Basic", "zig": "Zig",
}  # fmt: skip


# Sources whose functions others call without naming the file: the linker finds it. A header leads to the one source of
# its own name alone.
_LINKED: dict[str, str] = {
    "c": "C", "cc": "C++", "cpp": "C++", "cxx": "C++", "m": "Objective-C", "mm": "Objective-C", "cu": "CUDA",
}  # fmt: skip


class Language(Protocol):
    """What each module of this package offers."""

    scan: Callable[[bytes], Facts]
    resolve: Callable[[Facts, str, Project], Links]
    offers: Callable[[str, Project], set[str]]
    BY_NAME: bool


def language_of(path: str) -> str | None:
    """The module that reads files of this name, None where there is none."""
    found = BY_EXTENSION.get(path.rpartition(".")[2])
    if found is not None:
        return found
    name = path.rpartition("/")[2]
    found = BY_EXTENSION.get(name.rpartition(".")[2].lower())
    if found is None:
        if name.startswith(("Dockerfile", "Containerfile")):
            return "docker"
        if name.endswith(".kts"):
            return "gradle" if name.endswith(".gradle.kts") else "jvm"
        if name.endswith(".json"):
            return "yaml_files" if _is_schema(path, name) else None
        return _BY_NAME.get(name)
    return found


def _is_schema(path: str, name: str) -> bool:
    return (
        name.endswith(".schema.json")
        or name.startswith(_SCHEMA_NAMES)
        or not _SCHEMA_FOLDERS.isdisjoint(path.split("/")[:-1])
    )


def unsupported_language(path: str) -> str | None:
    """The name of the programming language, where it is known and cannot be read."""
    return UNSUPPORTED.get(path.rpartition("/")[2].rpartition(".")[2].lower())


def linked_language(path: str) -> str | None:
    """The name of the language of a source that others call without naming its file, None for every other file."""
    return _LINKED.get(path.rpartition(".")[2].lower())


def configures(path: str) -> tuple[str, ...]:
    """Languages whose resolution this file decides: when it changes, all their files are resolved anew."""
    name = path.rpartition("/")[2]
    if name in _CONFIGURES:
        return _CONFIGURES[name]
    if name in ("__init__.py", "__init__.pyi") and path.rpartition("/")[0].rpartition("/")[2] in PYTHON_ROOTS:
        return ("python",)
    if name.startswith(("tsconfig", "jsconfig")) and name.endswith(".json"):
        return ("javascript", "components")
    return next((languages for ending, languages in _CONFIGURES_BY_ENDING.items() if name.endswith(ending)), ())


_ENDINGS = (*_CONFIGURES, *_CONFIGURES_BY_ENDING, "__init__.py", "__init__.pyi", ".json")


def configuring(paths: Iterable[str]) -> list[str]:
    """Those of the paths that :func:`configures` knows: most names are told by their ending alone."""
    return [path for path in paths if path.endswith(_ENDINGS) and configures(path)]


def load(name: str) -> Language:
    """The module of a language; imported only when a file of it is touched, for its patterns cost to compile."""
    return cast(Language, import_module(f"vibeguard.dependents.languages.{name}"))
