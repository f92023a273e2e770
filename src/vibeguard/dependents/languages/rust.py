"""Rust: `mod` declarations, `use` trees, paths from `crate`, `self`, `super` and workspace crates.

Cannot see: macros that write paths, build scripts' output, trait dispatch, `include!` with computed names.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cache
from itertools import accumulate

from vibeguard.dependents.facts import Edge, Facts, Import, Links, one_edge_a_target
from vibeguard.dependents.languages.rust_project import (
    PATH_IN_ATTRIBUTE,
    Crate,
    child,
    crate_of,
    libraries,
    parent,
    walk,
)
from vibeguard.dependents.languages.text import (
    LINE_COMMENT,
    Places,
    mask,
    mask_comments,
    masker,
    text,
)
from vibeguard.dependents.project import Project, join

# Paths lead to files by the module tree alone.
BY_NAME = False

_BLOCK = rb"/\*(?:[^*/]++|\*(?!/)|/(?!\*)|/\*(?:[^*]++|\*(?!/))*+(?:\*/|\Z))*+(?:\*/|\Z)"  # one level of nesting
# Raw strings are known by what stands before the quote, so that every token starts with a literal to skip to.
_STRING = (
    rb"\"(?:(?<=\br\")[^\"]*+(?:\"|\Z)|(?<=\bbr\")[^\"]*+(?:\"|\Z)"
    rb"|(?<=r#\")(?s:.*?)(?:\"#|\Z)|(?<=r##\")(?s:.*?)(?:\"##|\Z)|(?<=r###\")(?s:.*?)(?:\"###|\Z)"
    rb"|(?<=[#r]####\")(?s:.*?)(?:\"####++|\Z)"
    rb"|(?:[^\"\\]++|\\(?s:.?))*+(?:\"|\Z))"
)
_CHARACTER = rb"'(?:[^'\\\n]|\\(?:x[0-9a-fA-F]{2}|u\{[^}\n]{1,8}\}|.))'"
_TREES = (b"::{", b"::*")  # follow the stem of a `use`, which is taken apart elsewhere
_MAX_USES = 4000  # of one `use` tree, however it is nested
_MAX_PATH = 4000  # characters of one path


@cache
def _pattern(name: str) -> re.Pattern[bytes]:
    return re.compile(
        {
            # Patterns start with a letter: the engine finds it many times as fast as a look-behind or an option.
            "mod": rb"mod[ \t]++(?:r#)?(\w++)[ \t]*+([;{])",
            "moved": rb"path[ \t]*+=[ \t]++[\]),]",  # an attribute whose value, a string, is masked
            # At most so many attributes in a row: none of them ends the search for the module behind them.
            "attributes": rb"((?:#\[[^\]]{0,400}+\]\s*+){1,9}+)(?:pub(?:\([^)\n]{0,100}+\))?[ \t]++)?"
            rb"mod[ \t]++(?:r#)?(\w++)[ \t]*+;",
            "use": rb"use\s++(?:([^;]++);|[^;]*+\Z)",
            "extern": rb"extern[ \t]++crate[ \t]++(\w++)",
            "path": rb"\b(?<!:)[a-z_]\w*+(?:::(?:r#)?\w++)++",
        }[name],
    )


def scan(content: bytes) -> Facts:
    """Module declarations as "mod name", uses and inline paths as "a::b::c"."""
    tokens = masker(LINE_COMMENT, _BLOCK, _STRING, _CHARACTER)
    code = mask(content, tokens)
    found: list[Import] = []
    opened: list[int] = []
    moved: dict[bytes, list[list[bytes]]] = {}
    if _pattern("moved").search(code) is not None:
        for block, name in _pattern("attributes").findall(mask_comments(content, tokens)):
            moved.setdefault(name, []).append(PATH_IN_ATTRIBUTE.findall(block))
    places = Places(content)
    for match in _pattern("mod").finditer(code):
        if _in_word(code, match.start()):
            continue
        if match.group(2) == b"{":
            opened.append(match.end())
            continue
        line = places.line(match.group())
        known = moved.get(match.group(1))
        for where in (known.pop(0) if known else ()) or (b"",):
            names = (text(where),) if where else ()
            found.append(Import(f"mod {text(match.group(1))}", "import", names, line))
    inline = _Inline(code, opened)
    paths: dict[tuple[str, str], int] = {}
    places = Places(content)
    for match in _pattern("use").finditer(code):
        if match.group(1) is None or _in_word(code, match.start()):
            continue
        line = places.line(match.group())
        for path, alias in _expand(text(match.group(1))):
            paths.setdefault((_outside(path, inline.depth(match.start())), alias), line)
    places = Places(content)
    seen: set[bytes] = set()
    for match in _pattern("path").finditer(code):
        written = match.group()
        if written in seen:
            continue
        start, end = match.span()
        if code[end : end + 3] in _TREES or code[start - 4 : start] == b"(in ":
            continue
        if not written.startswith((b"self", b"super")):  # what those mean depends on where they stand
            seen.add(written)
        paths.setdefault((_outside(text(written).replace("r#", ""), inline.depth(start)), ""), places.line(written))
    for match in _pattern("extern").finditer(code):
        paths.setdefault((text(match.group(1)), ""), 1)
    found += [Import(path, "import", (alias,) if alias else (), line) for (path, alias), line in paths.items() if path]
    return Facts(tuple(found))


def _in_word(code: bytes, position: int) -> bool:
    return position > 0 and (code[position - 1 : position].isalnum() or code[position - 1] == ord("_"))


class _Inline:
    """How many `mod name { … }` are around a position."""

    def __init__(self, code: bytes, opened: list[int]) -> None:
        """`opened` are the positions behind their brackets, rising."""
        changes: list[tuple[int, int]] = []
        if opened:
            waiting: list[bool] = []  # for each open bracket, whether it is a module's
            starts = set(opened)
            for match in re.compile(rb"[{}]").finditer(code, opened[0] - 1):
                if match.group() == b"{":
                    waiting.append(match.end() in starts)
                    if waiting[-1]:
                        changes.append((match.end(), 1))
                elif waiting and waiting.pop():
                    changes.append((match.start(), -1))
                if not waiting and match.start() > opened[-1]:
                    break
        self._places = [place for place, _ in changes]
        self._depths = [0, *accumulate(change for _, change in changes)]

    def depth(self, position: int) -> int:
        return self._depths[bisect_right(self._places, position)]


def _outside(path: str, depth: int) -> str:
    """A path written inside so many `mod name { … }` as this file would write it; "" when it stays within the file."""
    above = 0
    while above < depth and path.startswith("super::", above * len("super::")):
        above += 1
    path = path[above * len("super::") :]
    if above and above == depth:
        return path if path.startswith("super::") else f"self::{path}"
    return "" if depth and path.startswith(("self::", "super")) else path


def _expand(tree: str) -> list[tuple[str, str]]:
    """`a::{b, c::{d, self as e}}` as a::b, a::c::d, and a::c named e; iterative, for nesting can be hostile."""
    found: list[tuple[str, str]] = []
    prefixes = [""]
    word = alias = ""
    for piece in re.split(r"([{},])", " ".join(tree.split())):
        if piece == "{":
            prefixes.append(_joined(prefixes[-1], word))
            word = ""
        elif piece in ("}", ","):
            if word:
                found.append((_joined(prefixes[-1], word), alias))
            word = ""
            if piece == "}" and len(prefixes) > 1:
                prefixes.pop()
        else:
            word, _, alias = (part.strip() for part in piece.partition(" as "))
        if len(found) > _MAX_USES or len(prefixes[-1]) + len(word) > _MAX_PATH:
            break
    if word:
        found.append((_joined(prefixes[-1], word), alias))
    return [(path, alias) for path, alias in found if path]


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


def resolve(facts: Facts, importer: str, project: Project) -> Links:
    """Declared modules and the files that paths lead to."""
    crate = crate_of(importer, project)
    edges: list[Edge] = []
    unresolved: list[tuple[str, int]] = []
    wanted: set[str] = {"mod", importer.rpartition("/")[2].removesuffix(".rs")}
    # What the first name of a path can be beside the keywords: (file, its crate).
    heads = {name: (root, crate_of(root, project)) for name, root in libraries(crate.home, project).items()}
    for item in facts.imports:
        if not item.specifier.startswith("mod "):
            continue
        name = item.specifier[4:]
        wanted.add(name)
        if item.names:
            target = join(importer.rpartition("/")[0], item.names[0])
            wanted.add(item.names[0].rpartition("/")[2])
            target = target if target in project.files else None
        else:
            target = child(importer, name, crate, project)
        if target is None:
            unresolved.append((item.specifier, item.line))
        else:
            heads[name] = (target, crate)
            edges.append(Edge(target, "import", (name,), item.line))
    paths = [item for item in facts.imports if not item.specifier.startswith("mod ")]
    # A module that a `use` brings in can be the first name of another path.
    later: list[tuple[Import, list[str]]] = []
    foreign: set[str] = set()
    for item in paths:
        names = [name for name in item.specifier.split("::") if name]
        if not names:
            continue
        wanted.update(names)
        start = _start(names, importer, crate, heads, project)
        if start is None:
            later.append((item, names))
            foreign.add(item.names[0] if item.names else names[-1])
            continue
        file, home, rest = start
        target, rest_names = walk(file, rest, home, project)
        edges.append(Edge(target, "import", rest_names, item.line))
        if not rest_names and rest:
            heads.setdefault(item.names[0] if item.names else rest[-1], (target, home))
    for item, names in later:
        # The standard library, a crate from elsewhere, an item of this file; or a module by its last name.
        if names[0] in heads and names[0] not in foreign:
            file, home = heads[names[0]]
            target, rest_names = walk(file, names[1:], home, project)
            edges.append(Edge(target, "import", rest_names, item.line))
    return Links(one_edge_a_target(edges, importer), tuple(unresolved), frozenset(wanted))


def _start(
    names: list[str], importer: str, crate: Crate, heads: dict[str, tuple[str, Crate]], project: Project
) -> tuple[str, Crate, list[str]] | None:
    """The file that a path starts from, with its crate, and the names that are left; None when it is unknown."""
    head, rest = names[0], names[1:]
    if head == "crate":
        return crate.file, crate, rest
    if head == "self":
        return importer, crate, rest
    if head == "super":
        file = parent(importer, crate, project)
        while rest and rest[0] == "super" and file is not None:
            file, rest = parent(file, crate, project), rest[1:]
        return (file, crate, rest) if file is not None else None
    found = heads.get(head)
    return (*found, rest) if found is not None else None
