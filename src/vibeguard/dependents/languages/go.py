"""Go imports, narrowed to the files of a package that define the names used, and uses within a package.

A package is compiled whole, but a change rarely concerns all of it: an edge leads to the files that define the
imported names (or methods of an imported type). An import without such a name leads to the whole package.

Cannot see: build constraints (every file counts), code generated at build time, `go:linkname`, reflection.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from vibeguard.dependents.facts import Edge, Facts, Import, Links, one_edge_a_target
from vibeguard.dependents.languages.text import (
    BLOCK_COMMENT,
    LINE_COMMENT,
    STRING,
    Lines,
    dotted_names,
    mask,
    mask_comments,
    masker,
    text,
)
from vibeguard.dependents.project import Project, join, parents

# What another file of the package defines can change where this file's edges lead.
BY_NAME = True

_RAW_STRING = rb"`[^`]*+(?:`|\Z)"
_CHARACTER = rb"'(?:[^'\\\n]|\\[^\n]{1,9}?)'"


@cache
def _pattern(name: str) -> re.Pattern[bytes]:
    return re.compile(
        {
            "package": rb"^\s*package\s+(\w+)",
            # A bracket that nothing closes takes the rest, once and not from every `import (`.
            "import": rb"\nimport\b[ \t]*+(?:\(([^)]*+)(?:\)|\Z)|([^\n(;]*+))",
            "spec": rb"(?:(?:^|[;\n(])[ \t]*+|(?<![ \t])[ \t]++)(?:([\w.]++)[ \t]++)?(?:\"([^\"\n]++)\"|`([^`\n]++)`)",
            # To a folder: `replace module [version] => ../folder`, alone or in a block.
            "replace": rb"^[ \t]*+(?:replace[ \t]++)?([^\s=>()/][^\s=>]*+)(?:[ \t]++v[^\s=]++)?"
            rb"[ \t]*+=>[ \t]*+(\.{1,2}(?:/\S*+)?)",
            "defines": rb"\n(?:func[ \t]++(?:\([ \t]*+(?:\w++[ \t]++)?\*?[ \t]*+(\w++)[^)\n]*+\)[ \t]*+\w++|(\w++))"
            rb"|(?:type|var|const)[ \t]++(?:(\w++(?:[ \t]*+,[ \t]*+\w++)*+)|\(([^)]*(?:\)[^\n)]+[^)]*)*)))",
            "member": rb"^[ \t]*+([A-Za-z_]\w*+(?:[ \t]*+,[ \t]*+\w++)*+)",
        }[name],
        re.M,
    )


@cache
def _names() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Selectors (`head.Name`) and plain names, in the text of :func:`dotted_names`."""
    return re.compile(r" ([A-Za-z_]\w*+)\.([A-Z]\w*+)", re.A), re.compile(r" ([A-Za-z_]\w*+)", re.A)


_WORDS = frozenset(
    "break case chan const continue default defer else fallthrough for func go goto if import interface map package "
    "range return select struct switch type var nil true false iota append cap len make new panic print println "
    "recover copy close delete bool byte rune string int int8 int16 int32 int64 uint uint8 uint16 uint32 uint64 "
    "uintptr float32 float64 complex64 complex128 error any err ctx i j k n ok".split()
)


def scan(content: bytes) -> Facts:
    """Imports with the names used of each, what the file defines, and what it mentions."""
    tokens = masker(LINE_COMMENT, BLOCK_COMMENT, STRING, _RAW_STRING, _CHARACTER)
    # Imports come before everything else, so that only the head needs its strings.
    head = 0
    content = b"\n" + content  # so that every declaration starts after one: the engine skips to it
    bracket = 0
    for last in _pattern("import").finditer(content):
        # A bracket in a comment does not end the block; one at the start of a line does.
        if last.group(1) is not None and 0 <= bracket < last.start():
            bracket = content.find(b"\n)", last.start())
        head = max(last.end(), bracket + 2 if last.group(1) is not None else 0)
    code = mask_comments(content[:head], tokens)
    bare = mask(content, tokens)
    package = _pattern("package").search(bare)
    if package is None:
        return Facts()
    imports: list[tuple[str, str, int]] = []
    lines = Lines(code[1:])
    for match in _pattern("import").finditer(code):
        # From the bracket, or the first blank.
        block = match.start(1) - 1 if match.group(1) is not None else match.start() + len(b"\nimport")
        for spec in _pattern("spec").finditer(code, block, match.end()):
            path = text(spec.group(2) or spec.group(3))
            imports.append((text(spec.group(1) or b""), path, lines.at(spec.end() - 1)))
    selected: dict[str, set[str]] = {}
    selectors, plain = _names()
    names_used = dotted_names(bare)
    for head_name, name in selectors.findall(names_used):
        selected.setdefault(head_name, set()).add(name)
    found = []
    for alias, path, line in imports:
        names: tuple[str, ...] = ()
        if alias not in (".", "_"):
            for guess in (alias,) if alias else _package_names(path):
                names = tuple(sorted(selected.get(guess, ())))
                if names:
                    break
        found.append(Import(path, "import", ("*",) if alias == "." else names, line))
    defines, extended = _defines(bare)
    words = set(plain.findall(names_used)) - _WORDS
    return Facts(
        tuple(found), tuple(sorted(defines | extended)), tuple(sorted(words - defines)), package.group(1).decode()
    )


def _package_names(path: str) -> Iterable[str]:
    """The names by which a package is probably used: its path's last element without version and customary prefixes."""
    parts = path.split("/")
    last = parts[-1]
    if re.fullmatch(r"v[0-9]+", last) and len(parts) > 1:
        last = parts[-2]
    last = re.sub(r"\.v[0-9]+$", "", last)
    yield last
    others = (last.removeprefix("go-"), last.removesuffix("-go"), last.removesuffix(".go"), last.replace("-", ""))
    for piece in (*others, last.replace("-", "_"), last.rpartition("-")[2]):
        if piece != last:
            yield piece


def _defines(bare: bytes) -> tuple[set[str], set[str]]:
    """Names that the file defines, and types that it gives methods to: who uses the type can run them."""
    found: set[str] = set()
    extended: set[str] = set()
    for receiver, function, names, group in _pattern("defines").findall(bare):
        if receiver:
            extended.add(receiver.decode())
        elif function:
            found.add(function.decode())
        elif names:
            found.update(name.strip() for name in names.decode().split(","))
        else:
            depth = 0
            for line in group.split(b"\n"):
                if depth == 0:
                    match = _pattern("member").match(line)
                    if match is not None:
                        found.update(name.strip() for name in match.group(1).decode().split(","))
                depth += line.count(b"{") + line.count(b"(") - line.count(b"}") - line.count(b")")
    return found - {"_", "init", "main"}, extended


# ------------------------------------------------------------------------------------------------------ resolution


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


def _replacements(project: Project) -> dict[str, dict[str, str]]:
    """By path of a go.mod or go.work: the folders that it says other modules are."""
    kept: dict[str, dict[str, str]] | None = project.kept.get("go.replacements")
    if kept is None:
        kept = {}
        for path in (*project.named("go.mod"), *project.named("go.work")):
            content = project.read(path) or b""
            for module, where in _pattern("replace").findall(content) if b"=>" in content else ():
                folder = join(path.rpartition("/")[0], text(where))
                if folder is not None:
                    kept.setdefault(path, {})[text(module)] = folder
        project.kept["go.replacements"] = kept
    return kept


def _replaced(importer: str, project: Project) -> dict[str, str]:
    """What the nearest go.mod and go.work above a file replace by folders; the go.work has the last word."""
    every = _replacements(project)
    if not every:
        return {}
    folder = importer.rpartition("/")[0]
    memo: dict[str, dict[str, str]] = project.kept.setdefault("go.replaced", {})
    if folder not in memo:
        found: dict[str, str] = {}
        for name in ("go.mod", "go.work"):
            above = (f"{home}/{name}" if home else name for home in (folder, *parents(folder)))
            nearest = next((path for path in above if path in project.files), "")
            found |= every.get(nearest, {})
        memo[folder] = found
    return memo[folder]


def _folder(path: str, importer: str, project: Project) -> str | None:
    """The folder that an import path means, None when it is not of this repository."""
    modules = _modules(project)
    replaced = _replaced(importer, project)
    prefix, rest = path, ""
    while prefix:
        if prefix in modules or prefix in replaced:
            home = replaced[prefix] if prefix in replaced else modules[prefix]
            return "/".join(part for part in (home, rest) if part)
        prefix, _, last = prefix.rpartition("/")
        rest = f"{last}/{rest}" if rest else last
    for home in parents(importer):
        vendored = f"{home}/vendor/{path}" if home else f"vendor/{path}"
        if vendored in project.folders:
            return vendored
    return None


def _package(folder: str, project: Project) -> list[str]:
    """The Go files of a folder that other packages can import."""
    key = f"go.package {folder}"
    kept: list[str] | None = project.kept.get(key)
    if kept is None:
        names = sorted(name for name in project.folders.get(folder, ()) if name.endswith(".go"))
        kept = project.kept[key] = [f"{folder}/{name}" if folder else name for name in names]
    return kept


def _defined(folder: str, project: Project) -> dict[str, list[tuple[str, str]]]:
    """(package, path) of the files of a folder that define each name."""
    key = f"go.defined {folder}"
    kept: dict[str, list[tuple[str, str]]] | None = project.kept.get(key)
    if kept is None:
        kept = {}
        for path in _package(folder, project):
            facts = project.facts(path)
            for name in facts.defines:
                kept.setdefault(name, []).append((facts.package, path))
        project.kept[key] = kept
    return kept


def resolve(facts: Facts, importer: str, project: Project) -> Links:
    """The files that define what this file uses, of its own package and of those it imports."""
    edges: list[Edge] = []
    unresolved: list[tuple[str, int]] = []
    own = importer.rpartition("/")[0]
    wanted = {own}
    for item in facts.imports:
        path = item.specifier
        target = join(own, path) if path.startswith(".") else _folder(path, importer, project)
        if target is None:
            continue  # outside the repository
        wanted.add(target)
        files = [file for file in _package(target, project) if not file.endswith("_test.go")]
        if not files:
            unresolved.append((path, item.line))
            continue
        hits: dict[str, list[str]] = {}
        if "*" not in item.names:
            defined = _defined(target, project)
            for name in item.names:
                for _, file in defined.get(name, ()):
                    if not file.endswith("_test.go"):
                        hits.setdefault(file, []).append(name)
        if hits:
            edges += [Edge(file, "import", tuple(names), item.line) for file, names in hits.items()]
        else:
            edges += [Edge(file, "import", item.names, item.line) for file in files]
    is_test = importer.endswith("_test.go")
    mentioned: dict[str, list[str]] = {}
    defined = _defined(own, project) if facts.mentions else {}
    for name in facts.mentions:
        for package, file in defined.get(name, ()):
            if package == facts.package and file != importer and (is_test or not file.endswith("_test.go")):
                mentioned.setdefault(file, []).append(name)
    edges += [Edge(file, "same-package", tuple(names)) for file, names in mentioned.items()]
    return Links(one_edge_a_target(edges, importer), tuple(unresolved), frozenset(wanted))
