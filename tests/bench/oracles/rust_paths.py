"""What rustc itself resolved each path to, as edges between files: reads `rustc -Zunpretty=hir-tree`.

    RUSTC_BOOTSTRAP=1 rustc … -Zunpretty=hir-tree SRC/lib.rs | python tests/bench/oracles/rust_paths.py

One `from TAB to TAB how` a line: "named" is the file of the deepest module that a path spells out or a `mod` declares,
"member" the file of the item it ends at, which a re-export can hide. Only what was compiled is in it: code behind a
feature or a target that is off is not; the files that were compiled are listed as `file TAB TAB compiled`. Errors of
resolution, as of crates that are not here, do not stop it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_OWNER = re.compile(r"^DefId\(\d+:\d+ ~ (.+)\) => OwnerNodes")
_DEFINITION = re.compile(r"DefId\(\d+:\d+ ~ (.+)\)")
_HIR_ID = re.compile(r"hir_id: HirId\(DefId\(\d+:\d+ ~ (.+)\)\.\d+\)")
_SPAN = re.compile(r"span: (.+?):\d+:\d+: \d+:\d+ \(#\d+\)")
_ITEM_INDENT = 16  # of the fields of an item
_SEGMENT_INDENT = 8  # at least, of what is in a path's segments, below the path


class _Path(NamedTuple):
    indent: int
    file: str
    place: list[str]  # the definition that it is written in
    names: list[str]
    modules: dict[int, str]  # what the compiler says of a segment that is a module, by its number
    whole: list[str]  # what the whole path is


def edges(lines: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Every (from, to, how) of a tree."""
    files: dict[str, str] = {}  # of definitions
    modules: dict[str, str] = {}  # the file in which a module's content is
    paths: list[_Path] = []
    open_: list[_Path] = []
    owner = kind = ""
    pending = 0  # indentation of a `Def(` whose content comes
    start = -1
    item_span = True
    for raw in lines:
        word = raw.strip()
        indent = len(raw) - len(raw.lstrip(" "))
        found = _OWNER.match(raw)
        if found is not None:
            owner, item_span, pending, start = found.group(1), True, 0, -1
            paths += open_
            open_ = []
            continue
        while open_ and indent <= open_[-1].indent and word.startswith(("}", ")")):
            paths.append(open_.pop())
        if word.startswith("inner_span: "):
            span = _SPAN.search(raw)
            if span is not None:
                modules[owner] = span.group(1)
        elif word.startswith("span: "):
            span = _SPAN.match(word)
            if start >= 0:
                open_.append(_Path(start, span.group(1) if span is not None else "", [], [], {}, []))
                start = -1
            elif indent == _ITEM_INDENT and item_span and span is not None:
                files[owner] = span.group(1)
                item_span = False
        elif word.endswith("Path {") and not word.endswith("QPath {"):
            start = indent
        elif not open_:
            continue
        elif word.startswith("ident: "):
            open_[-1].names.append(word[len("ident: ") :].partition("#")[0])
        elif word.startswith("hir_id: "):
            place = _HIR_ID.match(word)
            if place is not None and not open_[-1].place:
                open_[-1].place.append(place.group(1))
        elif word.endswith("Def("):
            pending, kind = indent, ""
        elif pending and not kind:
            kind = word.rstrip(",(")
        elif pending and word.startswith("DefId("):
            definition = _DEFINITION.match(word)
            if definition is not None:
                in_segment = pending - open_[-1].indent > _SEGMENT_INDENT and bool(open_[-1].names)
                if in_segment and kind == "Mod":
                    open_[-1].modules[len(open_[-1].names) - 1] = definition.group(1)
                if not in_segment:
                    open_[-1].whole.append(definition.group(1))
            pending = 0
    paths += open_
    for module, file in modules.items():
        yield file, "", "compiled"
        if files.get(module, file) != file:
            yield files[module], file, "named"
    for path in paths:
        named = _named(path, modules)
        if named is not None:
            yield path.file, modules[named], "named"
        for whole in path.whole:
            target = modules.get(whole) or files.get(whole)
            if target is not None:
                yield path.file, target, "member"


def _named(path: _Path, modules: dict[str, str]) -> str | None:
    """The deepest module that the segments spell out, following declarations and no re-export."""
    if not path.names or not path.place:
        return None
    here = path.place[0]
    while here not in modules and "::" in here:
        here = here.rpartition("::")[0]
    root = here.partition("::")[0]
    first, module = path.names[0], path.modules.get(0)
    head = ""
    if module is not None and module not in modules:
        return None  # of another crate
    if first in ("crate", "$crate"):
        at = root
    elif first == "self":
        at = here
    elif first == "super":
        at = here.rpartition("::")[0]
    elif f"{here}::{first}" in modules:
        at = f"{here}::{first}"
    elif module is not None:
        at = head = module  # by a `use`, which counts by itself
    else:
        return None
    for name in path.names[1:]:
        inner = at.rpartition("::")[0] if name == "super" else f"{at}::{name}"
        if inner not in modules:
            break
        at = inner
    return at if at in modules and at != head else None


if __name__ == "__main__":
    found = sorted({edge for edge in edges(sys.stdin) if edge[0] and edge[0] != edge[1]})
    sys.stdout.writelines("\t".join(edge) + "\n" for edge in found)
