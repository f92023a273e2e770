"""Rust: `mod` declarations, `use` trees, paths from `crate`, `self`, `super` and workspace crates.

Cannot see: macros that write paths, build scripts' output, trait dispatch, `include!` with computed names.
"""

from __future__ import annotations

import re
from functools import cache

from vibeguard.dependents.facts import Edge, Facts, Import, Links, one_edge_a_target
from vibeguard.dependents.languages.text import (
    LINE_COMMENT,
    Places,
    mask,
    mask_comments,
    masker,
    text,
    unreadable,
)
from vibeguard.dependents.project import Project, join, parents

# Paths lead to files by the module tree alone.
BY_NAME = False

_BLOCK = rb"/\*(?:[^*/]++|\*(?!/)|/(?!\*)|/\*(?:[^*]++|\*(?!/))*+\*/)*+(?:\*/|\Z)"  # one level of nesting
# Raw strings are known by what stands before the quote, so that every token starts with a literal to skip to.
_STRING = (
    rb"\"(?:(?<=\br\")[^\"]*+(?:\"|\Z)|(?<=\bbr\")[^\"]*+(?:\"|\Z)"
    rb"|(?<=r#\")(?s:.*?)(?:\"#|\Z)|(?<=r##\")(?s:.*?)(?:\"##|\Z)|(?<=r###\")(?s:.*?)(?:\"###|\Z)"
    rb"|(?<=[#r]####\")(?s:.*?)(?:\"####++|\Z)"
    rb"|(?:[^\"\\]++|\\(?s:.))*+(?:\"|\Z))"
)
_CHARACTER = rb"'(?:[^'\\\n]|\\(?:x[0-9a-fA-F]{2}|u\{[^}\n]{1,8}\}|.))'"
_MAX_USES = 4000  # of one `use` tree, however it is nested


@cache
def _pattern(name: str) -> re.Pattern[bytes]:
    return re.compile(
        {
            # Patterns start with a letter: the engine finds it many times as fast as a look-behind or an option.
            "mod": rb"mod[ \t]++(?:r#)?(\w++)[ \t]*+([;{])",
            "attribute": rb"#\[[ \t]*+path[ \t]*+=[ \t]*+\"([^\"\n]++)\"[ \t]*+\]\s*+(?:pub(?:\([^)\n]*+\))?[ \t]++)?"
            rb"mod[ \t]++(?:r#)?(\w++)",
            "use": rb"use\s++([^;]++);",
            "extern": rb"extern[ \t]++crate[ \t]++(\w++)",
            "path": rb"\b(?<!:)([a-z_]\w*+(?:::(?:r#)?\w++)++)",
        }[name],
    )


def scan(content: bytes) -> Facts:
    """Module declarations as "mod name", uses and inline paths as "a::b::c"."""
    refused = unreadable(content)
    if refused is not None:
        return refused
    tokens = masker(LINE_COMMENT, _BLOCK, _STRING, _CHARACTER)
    code = mask(content, tokens)
    found: list[Import] = []
    inline: list[tuple[int, int]] = []
    moved: dict[bytes, bytes] = {}
    if b"#[path" in content:
        # The attribute's value is a string, which masking takes away.
        found_attributes = _pattern("attribute").findall(mask_comments(content, tokens))
        moved = {name: where for where, name in found_attributes}
    places = Places(content)
    for match in _pattern("mod").finditer(code):
        if _in_word(code, match.start()):
            continue
        if match.group(2) == b"{":
            inline.append((match.end(), _closing(code, match.end())))
            continue
        where = moved.get(match.group(1))
        names = (text(where),) if where is not None else ()
        found.append(Import(f"mod {text(match.group(1))}", "import", names, places.line(match.group())))
    paths: dict[str, int] = {}
    places = Places(content)
    for match in _pattern("use").finditer(code):
        if _in_word(code, match.start()):
            continue
        line = places.line(match.group())
        for path in _expand(text(match.group(1))):
            paths.setdefault(_outside(path, match.start(), inline), line)
    places = Places(content)
    for match in _pattern("path").finditer(code):
        line = places.line(match.group())
        paths.setdefault(_outside(text(match.group(1)).replace("r#", ""), match.start(), inline), line)
    for match in _pattern("extern").finditer(code):
        paths.setdefault(text(match.group(1)), 1)
    found += [Import(path, "import", (), line) for path, line in paths.items() if path]
    return Facts(tuple(found))


def _in_word(code: bytes, position: int) -> bool:
    return position > 0 and (code[position - 1 : position].isalnum() or code[position - 1] == ord("_"))


def _closing(code: bytes, start: int) -> int:
    """Where the block that opens before `start` ends."""
    depth = 1
    for match in re.compile(rb"[{}]").finditer(code, start):
        depth += 1 if match.group() == b"{" else -1
        if depth == 0:
            return match.start()
    return len(code)


def _outside(path: str, position: int, inline: list[tuple[int, int]]) -> str:
    """A path written inside `mod name { … }` as this file would write it; "" when it stays within the file."""
    depth = sum(1 for start, end in inline if start <= position < end)
    while depth and path.startswith("super::"):
        path = path[len("super::") :]
        depth -= 1
        if depth == 0:
            return path if path.startswith("super::") else f"self::{path}"
    return "" if depth and path.startswith(("self::", "super")) else path


def _expand(tree: str) -> list[str]:
    """`a::{b, c::{d, self}}` as a::b, a::c::d, a::c; iterative, for nesting can be hostile."""
    found: list[str] = []
    prefixes = [""]
    word = ""
    for piece in re.split(r"([{},])", " ".join(tree.split())):
        if piece == "{":
            prefixes.append(_joined(prefixes[-1], word))
            word = ""
        elif piece in ("}", ","):
            if word:
                found.append(_joined(prefixes[-1], word))
            word = ""
            if piece == "}" and len(prefixes) > 1:
                prefixes.pop()
        else:
            word = piece.strip().partition(" as ")[0].strip()
        if len(found) > _MAX_USES:
            break
    if word:
        found.append(_joined(prefixes[-1], word))
    return [path for path in found if path]


def _joined(prefix: str, word: str) -> str:
    word = word.replace(" ", "").replace("r#", "")
    if word == "self" and prefix:
        return prefix
    return f"{prefix}{word}" if not prefix or prefix.endswith("::") else f"{prefix}::{word}"


# ------------------------------------------------------------------------------------------------------ resolution


def offers(path: str, _project: Project) -> set[str]:
    """A module is looked for under its own name or its folder's."""
    folder, _, name = path.rpartition("/")
    stem = name.removesuffix(".rs")
    return {folder.rpartition("/")[2] if stem == "mod" else stem, name}


class _Crate:
    """A crate root: its file, and the folder that its modules are in."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.folder = file.rpartition("/")[0]


def _crates(project: Project) -> dict[str, tuple[str, str]]:
    """(folder, root file of the library) of each crate of the repository, by the name that code uses."""
    kept: dict[str, tuple[str, str]] | None = project.kept.get("rust.crates")
    if kept is None:
        kept = {}
        for path in project.named("Cargo.toml"):
            raw = project.read(path) or b""
            home = path.rpartition("/")[0]
            package = re.search(rb"^\[package\][^\[]*?^\s*name\s*=\s*\"([\w-]+)\"", raw, re.M | re.S)
            if package is None:
                continue
            library = re.search(rb"^\[lib\][^\[]*", raw, re.M)
            block = library.group() if library is not None else b""
            name = re.search(rb"^\s*name\s*=\s*\"([\w-]+)\"", block, re.M) or package
            where = re.search(rb"^\s*path\s*=\s*\"([^\"\n]+)\"", block, re.M)
            root = join(home, text(where.group(1)) if where is not None else "src/lib.rs")
            if root in project.files:
                assert root is not None
                kept.setdefault(text(name.group(1)).replace("-", "_"), (home, root))
        project.kept["rust.crates"] = kept
    return kept


def _crate_of(path: str, project: Project) -> _Crate | None:
    """The crate that a file belongs to: by the nearest Cargo.toml, then by Cargo's conventional targets."""
    key = f"rust.crate {path}"
    if key in project.kept:
        kept: _Crate | None = project.kept[key]
        return kept
    project.kept[key] = found = _find_crate(path, project)
    return found


def _find_crate(path: str, project: Project) -> _Crate | None:
    files = project.files
    for home in parents(path):
        prefix = f"{home}/" if home else ""
        if f"{prefix}Cargo.toml" not in files:
            continue
        inside = path[len(prefix) :]
        first, _, rest = inside.partition("/")
        if first in ("tests", "examples", "benches") or inside.startswith("src/bin/"):
            base = "src/bin" if inside.startswith("src/bin/") else first
            rest = inside[len(base) + 1 :]
            name = rest.partition("/")[0]
            if "/" in rest and f"{prefix}{base}/{name}/main.rs" in files:
                return _Crate(f"{prefix}{base}/{name}/main.rs")
            if "/" not in rest:
                return _Crate(path)
            for root in ("mod.rs", "main.rs", "lib.rs"):
                if f"{prefix}{base}/{name}/{root}" in files:
                    return _Crate(f"{prefix}{base}/{name}/{root}")
        for _, root in _crates(project).values():
            if root.startswith(prefix) and root.rpartition("/")[0] == f"{prefix}src".rstrip("/"):
                return _Crate(root)
        for root in ("src/lib.rs", "src/main.rs"):
            if prefix + root in files:
                return _Crate(prefix + root)
        return _Crate(path) if inside == "build.rs" else None
    return None


def _children(file: str, crate: _Crate) -> str:
    """The folder in which the modules of this file are."""
    folder, _, name = file.rpartition("/")
    if file == crate.file or name in ("mod.rs", "lib.rs", "main.rs"):
        return folder
    return file.removesuffix(".rs")


def _child(file: str, name: str, crate: _Crate, project: Project) -> str | None:
    folder = _children(file, crate)
    for candidate in (f"{folder}/{name}.rs", f"{folder}/{name}/mod.rs") if folder else (f"{name}.rs", f"{name}/mod.rs"):
        if candidate in project.files:
            return candidate
    return None


def _parent(file: str, crate: _Crate, project: Project) -> str | None:
    if file == crate.file:
        return None
    folder, _, name = file.rpartition("/")
    if name == "mod.rs":
        folder = folder.rpartition("/")[0]
    if folder == crate.folder:
        return crate.file
    for candidate in (f"{folder}/mod.rs", f"{folder}.rs"):
        if candidate in project.files:
            return candidate
    return crate.file


def _walk(file: str, names: list[str], crate: _Crate, project: Project) -> tuple[str, tuple[str, ...]]:
    """The deepest module file that these names lead to, and the first name that is not a module."""
    for name in names:
        inner = _child(file, name, crate, project)
        if inner is None:
            return file, (name,)
        file = inner
    return file, ()


def resolve(facts: Facts, importer: str, project: Project) -> Links:
    """Declared modules and the files that paths lead to."""
    crate = _crate_of(importer, project) or _Crate(importer)
    edges: list[Edge] = []
    unresolved: list[tuple[str, int]] = []
    wanted: set[str] = {"mod", importer.rpartition("/")[2].removesuffix(".rs")}
    crates = _crates(project)
    local: set[str] = set()
    for item in facts.imports:
        if item.specifier.startswith("mod "):
            name = item.specifier[4:]
            wanted.add(name)
            if item.names:
                target = join(importer.rpartition("/")[0], item.names[0])
                wanted.add(item.names[0].rpartition("/")[2])
                target = target if target in project.files else None
            else:
                target = _child(importer, name, crate, project)
            if target is None:
                unresolved.append((item.specifier, item.line))
            else:
                local.add(name)
                edges.append(Edge(target, "import", (name,), item.line))
            continue
        names = [name for name in item.specifier.split("::") if name]
        if not names:
            continue
        wanted.update(names)
        start, rest = _start(names, importer, crate, crates, local, project)
        if start is None:
            continue  # the standard library, a crate from elsewhere, an item of this file
        file, home = start
        target, rest_names = _walk(file, rest, home, project)
        if target != importer:
            edges.append(Edge(target, "import", rest_names, item.line))
    return Links(one_edge_a_target(edges, importer), tuple(unresolved), frozenset(wanted))


def _start(  # noqa: PLR0917
    names: list[str],
    importer: str,
    crate: _Crate,
    crates: dict[str, tuple[str, str]],
    local: set[str],
    project: Project,
) -> tuple[tuple[str, _Crate] | None, list[str]]:
    """The file that a path starts from, with its crate; and the names that are left."""
    head, rest = names[0], names[1:]
    if head == "crate":
        return (crate.file, crate), rest
    if head == "self":
        return (importer, crate), rest
    if head == "super":
        file: str | None = _parent(importer, crate, project)
        while rest and rest[0] == "super" and file is not None:
            file, rest = _parent(file, crate, project), rest[1:]
        return ((file, crate) if file is not None else None), rest
    if head in local:
        return (importer, crate), names
    if head in crates:
        root = crates[head][1]
        return (root, _Crate(root)), rest
    return None, rest
