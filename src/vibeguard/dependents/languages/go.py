"""Go imports, narrowed to the files of a package that define the names used, and uses within a package.

A package is compiled whole, but a change rarely concerns all of it: an edge leads to the files that define the
imported names (or methods of an imported type). An import without such a name leads to the whole package.

Cannot see: build constraints (every file counts), code generated at build time, `go:linkname`, reflection.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from functools import cache, lru_cache

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
            # Comments that nothing stands between.
            "above": rb"(?:\s++|//[^\n]*+|/\*[^*]*+(?:\*(?!/)[^*]*+)*+\*/)*+",
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


_MARK = b"\x01"


@cache
def _marked_tokens() -> re.Pattern[bytes]:
    """The tokens of :func:`_tokens` in marked code: each of their slashes and quotes has its mark."""
    return re.compile(
        rb"\x01(?:/\x01/[^\n]*+"
        rb"|/\*[^*]*+(?:\*(?!\x01/)[^*]*+)*+(?:\*\x01/|\Z)"
        rb"|\"[^\"\\\n]*+(?:\\\x01?+(?s:.?)[^\"\\\n]*+)*+(?:\"|(?=\n)|\Z)"
        rb"|`[^`]*+(?:`|\Z)"
        rb"|'(?:\x01?+[^'\\\n\x01]|\\(?:\x01?+[^\n\x01]){1,9}?)\x01')"
    )


def _tokens() -> re.Pattern[bytes]:
    return masker(LINE_COMMENT, BLOCK_COMMENT, STRING, _RAW_STRING, _CHARACTER)


def _masked(content: bytes) -> bytes:
    """The content without comments, strings and characters, each of which is one blank.

    A mark goes before each character that can start one: the engine skips to one ten times as fast as to a choice.
    """
    if _MARK in content:
        return mask(content, _tokens())
    marked = content.replace(b"/", b"\x01/").replace(b'"', b'\x01"').replace(b"'", b"\x01'").replace(b"`", b"\x01`")
    return _marked_tokens().sub(b" ", marked).replace(_MARK, b"")


_WORDS = frozenset(
    b"break case chan const continue default defer else fallthrough for func go goto if import interface map package "
    b"range return select struct switch type var nil true false iota append cap len make new panic print println "
    b"recover copy close delete bool byte rune string int int8 int16 int32 int64 uint uint8 uint16 uint32 uint64 "
    b"uintptr float32 float64 complex64 complex128 error any err ctx i j k n ok".split()
)


def scan(content: bytes) -> Facts:
    """Imports with the names used of each, what the file defines, and what it mentions."""
    # Imports come before everything else, so that only the head needs its strings.
    head = 0
    content = b"\n" + content  # so that every declaration starts after one: the engine skips to it
    bracket = 0
    for last in _pattern("import").finditer(content):
        # A bracket in a comment does not end the block; one at the start of a line does.
        if last.group(1) is not None and 0 <= bracket < last.start():
            bracket = content.find(b"\n)", last.start())
        head = max(last.end(), bracket + 2 if last.group(1) is not None else 0)
    bare = _masked(content)
    package = _pattern("package").search(bare)
    if package is None:
        return Facts()
    imports = _imports(_head(content[:head]))
    # What is selected of each name that an import may be used by.
    selected: dict[bytes, set[str]] = {guess: set() for alias, path, _ in imports for guess in _guesses(alias, path)}
    heads = set()
    for word in dotted_names(bare):
        first, _, rest = word.partition(b".")
        heads.add(first)
        if rest and first in selected and b"@" < rest < b"[":
            selected[first].add(rest.partition(b".")[0].decode("ascii"))
    found = []
    for alias, path, line in imports:
        names: tuple[str, ...] = ("*",) if alias == "." else ()
        for guess in _guesses(alias, path):
            if selected[guess]:
                names = tuple(sorted(selected[guess]))
                break
        found.append(Import(path, "import", names, line))
    defines, extended = _defines(bare)
    mentions = _sorted(heads - _WORDS - defines)
    mentions = mentions[bisect_left(mentions, "A") :]  # behind the numbers
    return Facts(tuple(found), _sorted(defines | extended), mentions, package.group(1).decode())


def _head(content: bytes) -> bytes:
    """The part of a file that has its imports, without comments."""
    match = _pattern("above").match(content)
    above = match.end() if match is not None else 0
    if b"//" in content[above:] or b"/*" in content[above:]:
        return mask_comments(content, _tokens())
    # Only the lines count of what is above, and that an import starts one.
    return b"\n" * content.count(b"\n", 0, above) + content[above - 1 : above].replace(b"\n", b"") + content[above:]


def _imports(code: bytes) -> list[tuple[str, str, int]]:
    """(alias, path, line) of every import."""
    imports: list[tuple[str, str, int]] = []
    lines = Lines(code[1:])
    for match in _pattern("import").finditer(code):
        if match.group(1) is None:
            # From the first blank.
            found = _pattern("spec").finditer(code, match.start() + len(b"\nimport"), match.end())
            imports += [(*_named(spec), lines.at(spec.end() - 1)) for spec in found]
            continue
        start = match.start(1) - 1
        for number, line in enumerate(code[start : match.end()].split(b"\n"), lines.at(start)):
            specs = _specs(line) if len(line) < _SHORT else _specs.__wrapped__(line)
            imports += [(alias, path, number) for alias, path in specs]
    return imports


_SHORT = 200  # bytes of a line that is worth keeping


# The files of a project import the same again and again.
@lru_cache(maxsize=4096)
def _specs(line: bytes) -> tuple[tuple[str, str], ...]:
    """Alias and path of the imports on a line of a block."""
    return tuple([_named(spec) for spec in _pattern("spec").finditer(line)])


def _named(spec: re.Match[bytes]) -> tuple[str, str]:
    return text(spec.group(1) or b""), text(spec.group(2) or spec.group(3))


def _guesses(alias: str, path: str) -> tuple[bytes, ...]:
    """The names by which an imported package is probably used in code, most likely first."""
    return _kept_guesses(alias, path) if len(alias) + len(path) < _SHORT else _kept_guesses.__wrapped__(alias, path)


@lru_cache(maxsize=4096)
def _kept_guesses(alias: str, path: str) -> tuple[bytes, ...]:
    guesses = () if alias in (".", "_") else (alias,) if alias else tuple(_package_names(path))
    return tuple(guess.encode() for guess in guesses if guess.isidentifier() and guess.isascii())


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


def _defines(bare: bytes) -> tuple[set[bytes], set[bytes]]:
    """Names that the file defines, and types that it gives methods to: who uses the type can run them."""
    found: set[bytes] = set()
    extended: set[bytes] = set()
    for receiver, function, names, group in _pattern("defines").findall(bare):
        if receiver:
            extended.add(receiver)
        elif function:
            found.add(function)
        elif names:
            found.update([name.strip() for name in names.split(b",")])
        else:
            depth = 0
            for line in group.split(b"\n"):
                if depth == 0:
                    match = _pattern("member").match(line)
                    if match is not None:
                        found.update([name.strip() for name in match.group(1).split(b",")])
                depth += line.count(b"{") + line.count(b"(") - line.count(b"}") - line.count(b")")
    return found - {b"_", b"init", b"main"}, extended


def _sorted(names: set[bytes]) -> tuple[str, ...]:
    """The same as text, all of it decoded at once."""
    return tuple(sorted(b" ".join(names).decode("ascii").split(" "))) if names else ()


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


_Defined = tuple[dict[str, list[tuple[str, str]]], dict[str, list[str]]]


def _defined(folder: str, project: Project) -> _Defined:
    """(package, path) of the files of a folder that define each name, and which of these can be imported."""
    every: dict[str, _Defined] = project.kept.setdefault("go.defined", {})
    kept = every.get(folder)
    if kept is None:
        kept = every[folder] = ({}, {})
        for path in _package(folder, project)[0]:
            facts = project.facts(path)
            is_test = path.endswith("_test.go")
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
    defined = _defined(own, project)[0] if facts.mentions else {}
    for name in [name for name in facts.mentions if name in defined]:
        for package, file in defined[name]:
            if package == facts.package and file != importer and (is_test or not file.endswith("_test.go")):
                mentioned.setdefault(file, []).append(name)
    edges += [Edge(file, "same-package", tuple(names)) for file, names in mentioned.items()]
    return Links(one_edge_a_target(edges, importer), tuple(unresolved), frozenset(wanted))
