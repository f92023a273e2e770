"""Rust: `mod` declarations, `use` trees, paths from `crate`, `self`, `super` and workspace crates.

Cannot see: macros that write paths, build scripts' output, trait dispatch, `include!` with computed names.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import repeat

from vibeguard.dependents.facts import Edge, Facts, Import, Links, one_edge_a_target
from vibeguard.dependents.languages.rust_project import (
    PATH_IN_ATTRIBUTE,
    Crate,
    child,
    crate_of,
    named_crates,
    parent,
    root_keys,
    root_offers,
    walk,
)
from vibeguard.dependents.languages.text import (
    LINE_COMMENT,
    Places,
    mask_comments,
    mask_marked,
    masker,
    text,
)
from vibeguard.dependents.project import Project, join
from vibeguard.patterns import compiled

# Paths lead to files by the module tree alone.
BY_NAME = False

_BLOCK = rb"/\*(?:[^*/]++|\*(?!/)|/(?!\*)|/\*(?:[^*]++|\*(?!/))*+(?:\*/|\Z))*+(?:\*/|\Z)"  # one level of nesting
_LINES = rb"//[^\n]*+(?:\n *+//[^\n]*+)*+"  # in a row


def _string(mark: bytes = b"") -> bytes:
    """A string, in code with such a mark before every quote.

    Raw strings are known by what stands before the quote, so that every token starts with a literal to skip to; most
    strings are not raw and escape nothing, so that is tried first.
    """
    quote = mark + rb"\""
    escaping = rb"(?:[^\"\\]++|\\" + (mark + b"?+" if mark else b"") + rb"(?s:.?))*+(?:\"|\Z)"
    plain = rb"(?<![r#]" + quote + rb")[^\"\\]*+(?:\"|" + escaping + rb")"
    raw = [rb"(?<=\b" + start + quote + rb")[^\"]*+(?:\"|\Z)" for start in (b"r", b"br")]
    for start, hashes, end in (
        (b"r#", b"#", b""),
        (b"r##", b"##", b""),
        (b"r###", b"###", b""),
        (b"[#r]####", b"####", b"#*+"),
    ):
        ends = rb"\"" + hashes + end
        raw.append(rb"(?<=" + start + quote + rb")[^\"]*+(?:\"(?!" + hashes + rb")[^\"]*+)*+(?:" + ends + rb"|\Z)")
    return rb"\"(?:" + b"|".join((plain, *raw, escaping)) + rb")"


_CHARACTER = rb"'(?:[^'\\\n]|\\(?:x[0-9a-fA-F]{2}|u\{[^}\n]{1,8}\}|.))'"
_TOKENS = (_LINES, _BLOCK, _string(), _CHARACTER)
# The same in marked code, see `mask_marked`.
_MARKED_TOKENS = (
    rb"/\x01/[^\n]*+(?:\n *+\x01/\x01/[^\n]*+)*+",
    rb"/\*(?:[^*/]++|\*(?!\x01/)|/(?!\*)|/\*(?:[^*]++|\*(?!\x01/))*+(?:\*\x01/|\Z))*+(?:\*\x01/|\Z)",
    _string(rb"\x01"),
    rb"'(?:\x01?+[^'\\\n\x01]|\\(?:x[0-9a-fA-F]{2}|u\{(?:\x01?+[^}\n\x01]){1,8}\}|\x01?+.))\x01'",
)
_MAX_USES = 4000  # of one `use` tree, however it is nested
_MAX_PATH = 4000  # characters of one path
_RELATIVE = ("self::", "super")  # paths that mean something else inside of `mod name { … }`
_MAX_NESTED = 20  # modules in modules of one file
_MAX_KEPT = 500  # bytes of a tree that is kept for the next file


_PIECES = compiled(r"([{},])")


@cache
def _pattern(name: str) -> re.Pattern[bytes]:
    return compiled(
        {
            # Patterns start with a letter: the engine finds it many times as fast as a look-behind or an option.
            "mod": rb"mod(?<!\wmod)[ \t]++(?:r#)?(\w++)[ \t]*+([;{])",
            "moved": rb"path[ \t]*+=[ \t]++[\]),]",  # an attribute whose value, a string, is masked
            # At most so many attributes in a row: none of them ends the search for the module behind them.
            "attributes": rb"((?:#\[[^\]]{0,400}+\]\s*+){1,9}+)(?:pub(?:\([^)\n]{0,100}+\))?[ \t]++)?"
            rb"mod[ \t]++(?:r#)?(\w++)[ \t]*+;",
            # What a longer word than `use` starts is no use, and is read as one all the same.
            "use": rb"use(?:(?<=\wuse)\s++(?:[^;]++;|[^;]*+\Z)|\s++(?:([^;]++);|[^;]*+\Z))",
            # The rarest letter first.
            "extern": rb"xtern(?<=extern)[ \t]++crate[ \t]++(\w++)",
            # What is between two blanks and far from any "::" holds no path.
            "far": rb" [^:]{0,400} (?<!\(in )",
            # With what marks those that lead nowhere by themselves: the reach of `pub(in …)`, the stem of a `use`.
            "path": rb"\b(?<!:)(?:(?<=\()in )?+[a-z_]\w*+(?:::(?:r#)?\w++)++(?:::[{*])?+",
        }[name],
    )


def scan(content: bytes) -> Facts:
    """Module declarations as "mod name", within others "mod outer/name"; uses and inline paths as "a::b::c"."""
    code = mask_marked(content, b"/\"'", _MARKED_TOKENS, _TOKENS)
    modules = list(_pattern("mod").finditer(code))
    declared = [match for match in modules if match.group(2) == b";"]
    inline = _Inline(code, {match.end(): text(match.group(1)) for match in modules if match.group(2) == b"{"})
    found = _modules(content, code, declared, inline) if declared else []
    paths: dict[tuple[str, str], int] = {}
    places = Places(content)
    for match in _pattern("use").finditer(code):
        tree = match.group(1)
        if tree is None:
            continue
        line = places.line(match.group())
        for path, alias in _kept(tree) if len(tree) < _MAX_KEPT else _expand(text(tree)):
            outside = _outside(path, inline.depth(match.start())) if path.startswith(_RELATIVE) else path
            paths.setdefault((outside, alias), line)
    _inline_paths(content, code, inline, paths)
    for name in _pattern("extern").findall(code):
        paths.setdefault((text(name), ""), 1)
    found += [Import(path, "import", (alias,) if alias else (), line) for (path, alias), line in paths.items() if path]
    return Facts(tuple(found))


def _modules(content: bytes, code: bytes, declared: list[re.Match[bytes]], inline: _Inline) -> list[Import]:
    """What `mod name;` declares, in `mod outer { … }` as outer/name, with the files that attributes name."""
    found: list[Import] = []
    moved: dict[bytes, list[list[bytes]]] = {}
    if _pattern("moved").search(code) is not None:
        plain = mask_comments(content, masker(LINE_COMMENT, *_TOKENS[1:]))
        for block, name in _pattern("attributes").findall(plain):
            moved.setdefault(name, []).append(PATH_IN_ATTRIBUTE.findall(block))
    places = Places(content)
    for match in declared:
        line = places.line(match.group())
        known = moved.get(match.group(1))
        name = "/".join([*inline.around(match.start()), text(match.group(1))])
        for where in (known.pop(0) if known else ()) or (b"",):
            names = (text(where),) if where else ()
            found.append(Import(f"mod {name}", "import", names, line))
    return found


def _inline_paths(content: bytes, code: bytes, inline: _Inline, paths: dict[tuple[str, str], int]) -> None:
    """Add the paths that stand in the code, each with its first line."""
    places = Places(content)
    seen: set[bytes] = set()
    spots: Iterator[int] | None = None
    for written in _pattern("path").findall(_pattern("far").sub(b"\n", code)):
        if written in seen:
            continue
        if written[-1:] in b"{*" or written[:3] == b"in ":
            continue
        path = text(written).replace("r#", "")
        if path.startswith(("self", "super")):  # what those mean depends on where they stand
            if spots is None:
                spots = _spots(code) if inline.opened else repeat(0)
            path = _outside(path, inline.depth(next(spots, 0)))
        else:
            seen.add(written)
        paths.setdefault((path, ""), places.line(written))


def _spots(code: bytes) -> Iterator[int]:
    """Where the paths stand that start with `self` or `super`."""
    for match in _pattern("path").finditer(code):
        written = match.group()
        if written.startswith((b"self", b"super")) and written[-1:] not in b"{*":
            yield match.start()


class _Inline:
    """Which `mod name { … }` are around a position. Brackets are looked at up to the last position asked for."""

    def __init__(self, code: bytes, opened: dict[int, str]) -> None:
        """`opened` are their names by the positions behind their brackets, rising."""
        self.opened = opened
        self._brackets = compiled(rb"[{}]").finditer(code, next(iter(opened)) - 1) if opened else iter(())
        self._looked = -1
        self._waiting: list[bool] = []  # for each open bracket, whether it is a module's
        self._modules = [(0, "", 0)]  # (the one around it, name, depth); the first is the file
        self._places: list[int] = []
        self._inside = [0]  # the module that the code from each place on is in

    def around(self, position: int) -> list[str]:
        """Their names, the outermost first; of too many none."""
        module, name, depth = self._at(position)
        names: list[str] = []
        while 0 < depth <= _MAX_NESTED:
            names.insert(0, name)
            module, name, depth = self._modules[module]
        return names

    def depth(self, position: int) -> int:
        """How many they are."""
        return self._at(position)[2]

    def _at(self, position: int) -> tuple[int, str, int]:
        if self._looked < position:
            self._look(position)
        return self._modules[self._inside[bisect_right(self._places, position)]]

    def _look(self, position: int) -> None:
        waiting = self._waiting
        for match in self._brackets:
            self._looked = match.start()
            here = self._inside[-1]
            if match.group() == b"{":
                name = self.opened.get(match.end())
                waiting.append(name is not None)
                if name is not None:
                    self._places.append(match.end())
                    self._inside.append(len(self._modules))
                    self._modules.append((here, name, self._modules[here][2] + 1))
            elif waiting and waiting.pop():
                self._places.append(match.start())
                self._inside.append(self._modules[here][0])
            if self._looked >= position:
                break


def _outside(path: str, depth: int) -> str:
    """A path written inside so many `mod name { … }` as this file would write it; "" when it stays within the file."""
    above = 0
    while above < depth and path.startswith("super::", above * len("super::")):
        above += 1
    path = path[above * len("super::") :]
    if above and above == depth:
        return path if path.startswith("super::") else f"self::{path}"
    return "" if depth and path.startswith(("self::", "super")) else path


@lru_cache(maxsize=2048)
def _kept(tree: bytes) -> list[tuple[str, str]]:
    """As :func:`_expand`; the files of a crate bring in much the same."""
    return _expand(text(tree))


def _expand(tree: str) -> list[tuple[str, str]]:
    """`a::{b, c::{d, self as e}}` as a::b, a::c::d, and a::c named e; iterative, for nesting can be hostile."""
    found: list[tuple[str, str]] = []
    prefixes = [""]
    word = alias = ""
    for piece in _PIECES.split(" ".join(tree.split())):
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
            word, _, alias = piece.partition(" as ")
            word, alias = word.strip(), alias.strip()
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


def offers(path: str, project: Project) -> set[str]:
    """A module is looked for under its own name or its folder's, a crate's root by all of the crate."""
    folder, _, name = path.rpartition("/")
    stem = name.removesuffix(".rs")
    found = {folder.rpartition("/")[2] if stem == "mod" else stem, name}
    return found | root_offers(path, project) if name.endswith(".rs") else found


def resolve(facts: Facts, importer: str, project: Project) -> Links:
    """Declared modules and the files that paths lead to."""
    crate = crate_of(importer, project)
    edges: list[Edge] = []
    unresolved: list[tuple[str, int]] = []
    wanted: set[str] = {"mod", importer.rpartition("/")[2].removesuffix(".rs")} | root_keys(importer, project)
    # What the first name of a path can be beside the keywords: (file, its crate).
    heads = dict(named_crates(crate.home, project))
    inner: dict[str, tuple[str, Crate]] = {}  # the same of what is declared in a module of this file
    for item in facts.imports:
        if not item.specifier.startswith("mod "):
            continue
        name = item.specifier[4:]
        last = name.rpartition("/")[2]
        wanted.add(last)
        if item.names:
            target = join(importer.rpartition("/")[0], item.names[0])
            wanted.add(item.names[0].rpartition("/")[2])
            target = target if target in project.files else None
        else:
            target = child(importer, name, crate, project)
        if target is None:
            unresolved.append((item.specifier, item.line))
        else:
            (inner if "/" in name else heads)[name] = (target, crate)
            edges.append(Edge(target, "import", (last,), item.line))
    paths = [item for item in facts.imports if not item.specifier.startswith("mod ")]
    # A module that a `use` brings in can be the first name of another path.
    later: list[tuple[Import, list[str]]] = []
    foreign: set[str] = set()
    for item in paths:
        names = item.specifier.split("::")
        if "" in names:
            names = [name for name in names if name]
            if not names:
                continue
        wanted.update(names)
        if names[0] == "super":
            # The file of the module around has the name of a folder above.
            wanted.update(importer.split("/")[:-1])
        start = (_inner(names, inner) if inner else None) or _start(names, importer, crate, heads, project)
        if start is None:
            later.append((item, names))
            foreign.add(item.names[0] if item.names else names[-1])
            continue
        file, home, rest = start
        target, rest_names = walk(file, rest, home, project)
        edges.append(Edge(target, "import", rest_names, item.line))
        if not rest_names and rest:
            heads.setdefault(item.names[0] if item.names else rest[-1], (target, home))
    for name, found in inner.items():
        # As the code of the module around it calls it.
        heads.setdefault(name.rpartition("/")[2], found)
    for item, names in later:
        # The standard library, a crate from elsewhere, an item of this file; or a module by its last name.
        if names[0] in heads and names[0] not in foreign:
            file, home = heads[names[0]]
            target, rest_names = walk(file, names[1:], home, project)
            edges.append(Edge(target, "import", rest_names, item.line))
    return Links(one_edge_a_target(edges, importer), tuple(unresolved), frozenset(wanted))


def _inner(names: list[str], inner: dict[str, tuple[str, Crate]]) -> tuple[str, Crate, list[str]] | None:
    """As :func:`_start`, of a path through a module of this file to one that is declared in it."""
    key = names[0]
    for count, name in enumerate(names[1 : _MAX_NESTED + 1], 2):
        key = f"{key}/{name}"
        if key in inner:
            return (*inner[key], names[count:])
    return None


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
