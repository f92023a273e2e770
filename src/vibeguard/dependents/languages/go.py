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

from vibeguard.dependents.facts import Facts, Import
from vibeguard.dependents.languages.go_project import offers as offers  # noqa: PLC0414
from vibeguard.dependents.languages.go_project import resolve as resolve  # noqa: PLC0414
from vibeguard.dependents.languages.text import (
    BLOCK_COMMENT,
    LINE_COMMENT,
    MARKED_BLOCK_COMMENT,
    MARKED_LINE_COMMENT,
    MARKED_STRING,
    STRING,
    Lines,
    dotted_names,
    mask_comments,
    mask_marked,
    masker,
    text,
)
from vibeguard.patterns import compiled

# What another file of the package defines can change where this file's edges lead.
BY_NAME = True

_RAW_STRING = rb"`[^`]*+(?:`|\Z)"  # the same in marked code
_CHARACTER = rb"'(?:[^'\\\n]|\\[^\n]{1,9}?)'"
_MARKED_CHARACTER = rb"'(?:\x01?+[^'\\\n\x01]|\\(?:\x01?+[^\n\x01]){1,9}?)\x01'"
_TOKENS = (LINE_COMMENT, BLOCK_COMMENT, STRING, _RAW_STRING, _CHARACTER)
_MARKED_TOKENS = (MARKED_LINE_COMMENT, MARKED_BLOCK_COMMENT, MARKED_STRING, _RAW_STRING, _MARKED_CHARACTER)


@cache
def _pattern(name: str) -> re.Pattern[bytes]:
    return compiled(
        {
            "package": rb"^\s*package\s+(\w+)",
            # Comments that nothing stands between.
            "above": rb"(?:\s++|//[^\n]*+|/\*[^*]*+(?:\*(?!/)[^*]*+)*+\*/)*+",
            # A bracket that nothing closes takes the rest, once and not from every `import (`.
            "import": rb"\nimport\b[ \t]*+(?:\(([^)]*+)(?:\)|\Z)|([^\n(;]*+))",
            "spec": rb"(?:(?:^|[;\n(])[ \t]*+|(?<![ \t])[ \t]++)(?:([\w.]++)[ \t]++)?(?:\"([^\"\n]++)\"|`([^`\n]++)`)",
            "defines": rb"\n(?:func[ \t]++(?:\([ \t]*+(?:\w++[ \t]++)?\*?[ \t]*+(\w++)[^)\n]*+\)[ \t]*+\w++|(\w++))"
            rb"|(?:type|var|const)[ \t]++(?:(\w++(?:[ \t]*+,[ \t]*+\w++)*+)|\(([^)]*(?:\)[^\n)]+[^)]*)*)))",
            "member": rb"^[ \t]*+([A-Za-z_]\w*+(?:[ \t]*+,[ \t]*+\w++)*+)",
        }[name],
        re.M,
    )


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
    bare = mask_marked(content, b"/\"'`", _MARKED_TOKENS, _TOKENS)
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
        return mask_comments(content, masker(*_TOKENS))
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
        elif b"{" not in group and b"(" not in group:
            for member in _pattern("member").findall(group):
                found.update([name.strip() for name in member.split(b",")] if b"," in member else (member,))
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
