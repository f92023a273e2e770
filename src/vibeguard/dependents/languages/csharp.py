"""C#: names used, looked up as the compiler does: own types, enclosing namespaces, then what `using` opens.

Folders say nothing about namespaces, so files are found by what they define; of equal names those count that the file's
project compiles or references.

Cannot see: extension methods' classes, reflection, dependency injection by convention, generated sources, names inside
interpolated strings, conditional compilation, what MSBuild computes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

from vibeguard.dependents.facts import Edge, Facts, Import, Links, one_edge_a_target
from vibeguard.dependents.languages.csharp_project import project_folder, read_project
from vibeguard.dependents.languages.text import (
    BLOCK_COMMENT,
    CHARACTER,
    LINE_COMMENT,
    LONG_STRING,
    STRING,
    Places,
    mask,
    masker,
    text,
)
from vibeguard.dependents.project import Project

# What another file of a namespace defines can change where this file's edges lead.
BY_NAME = True

_DIRECTIVE = rb"#[ \t]*+(?:end)?(?:region|pragma|error|warning|if|elif|define|undef|nullable|line)\b[^\n]*+"
_VERBATIM = rb"\$?@\$?\"(?:[^\"]++|\"\")*+(?:\"|\Z)"


# Names with and without type arguments that are looked at closely; a file has a handful of them.
MAX_DOUBTFUL = 40
MAX_HEAD = 4000  # bytes of a type's head, up to its body
MAX_NESTING = 20  # of namespaces and types


@cache
def _pattern(name: str) -> re.Pattern[bytes]:
    return re.compile(
        {
            "namespace": rb"namespace[ \t]++([\w.]++)",
            "using": rb"using[ \t]++(static[ \t]++)?(?:(\w++)[ \t]*+=[ \t]*+)?"
            rb"(?:global::)?([\w.]++)(?(2)(<[^;\n]*+)?)[ \t]*+;",
            "delegate": rb"delegate(?<![\w.]delegate)[ \t]++[\w<>\[\],.? \t]{1,300}?[ \t]++([A-Z]\w*+)[ \t]*+"
            rb"(<[^<>\n]{0,300}+>)?\(",
            "interpolated": rb"\$@?\"((?:[^\"\\\n]++|\\.)*+)\"",
            "hole": rb"\{([^{}\"]++)\}",
            "after": rb"(?![\w<])[ \t]*+(\()?",
            "brace": rb"[{}]",
            "body": rb"[{;]",
            # Over the distinct words of a file: names with what follows them, "<" where they have type arguments.
            "name": rb"[A-Z_](?<![\w.].)\w*+(?:\.[A-Z_]\w*+)*+<?",
        }[name],
        re.M,
    )


# Words after which a name is no name that is declared.
_BEFORE_TYPES = frozenset(
    b"new return public private protected internal static readonly sealed abstract virtual override async extern const "
    b"volatile unsafe partial is as in out ref params this await throw case when and or not else do yield event "
    b"implicit explicit operator where select let by equals on from join into using required scoped".split()
)
_TYPES = (b"class", b"interface", b"struct", b"enum", b"record")
_LETTERS = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
_IN_NAMES, _IN_TYPES = _LETTERS + b".", _LETTERS + b">]?"
# What can be part of a dotted name, and the bracket of its type arguments; everything else separates words.
_WORD = bytes(byte if chr(byte).isalnum() or byte in b"_.<" or byte >= 0x80 else 0x20 for byte in range(256))


@cache
def _type(keyword: bytes) -> re.Pattern[bytes]:
    """One pattern a keyword: the engine skips to a literal ten times as fast as to a choice of them."""
    of_record = rb"(?:[ \t]++(?:class|struct))?" if keyword == b"record" else b""
    return re.compile(keyword + rb"(?<![\w.]" + keyword + rb")" + of_record + rb"[ \t]++([A-Z_]\w*+)[ \t]*+(<)?")


def scan(content: bytes) -> Facts:
    """Usings, the types it defines, the names it mentions, its first namespace.

    `defines`: below the first namespace, "Outer.Inner"; elsewhere "::Namespace.Type"; types with arguments end in "<".
    A global using is there too, as "*Namespace", for others see by it. `mentions` have the same "<".
    """
    code = mask(content, masker(LINE_COMMENT, BLOCK_COMMENT, _DIRECTIVE, LONG_STRING, _VERBATIM, STRING, CHARACTER))
    namespaces = [match for match, _ in _lines_of("namespace", code)]
    package = text(namespaces[0].group(1)) if namespaces else ""
    defines = set(_defined(code, namespaces, package))
    places = Places(content)
    imports = []
    aliases = {}
    silent = list(namespaces)  # what they write names no type
    for match, before in _lines_of("using", code):
        target, alias = text(match.group(3)), match.group(2)
        prefix = "type " if match.group(1) or alias else ""
        if not prefix:
            silent.append(match)
        if before == b"global":
            defines.add(f"*{prefix}{target}")
        if alias is not None:
            aliases[text(alias)] = target
        target += "<" if match.group(4) else ""
        imports.append(Import(prefix + target, "import", (), places.line(match.group(3))))
    words = set(_without(code, silent).translate(_WORD).split())
    if b'$"' in content or b'$@"' in content or b'@$"' in content:
        words.update(_interpolated(content).translate(_WORD).split())
    names = set(text(b"\n".join(_pattern("name").findall(b"  ".join(words)))).split("\n")) - defines
    mentions = set()
    doubtful = [name for name in names if name[-1:] != "<" and (f"{name}<" in names or f"{name}<" in defines)]
    values = {name for name in doubtful[:MAX_DOUBTFUL] if not _is_type(name, code)}
    for name in names - values:
        first, dot, rest = name.partition(".")
        if first in aliases:
            if dot:
                mentions.add(f"{aliases[first]}.{rest}")
        else:
            mentions.add(name)
    mentions.discard("")
    return Facts(tuple(imports), tuple(sorted(defines)), tuple(sorted(mentions)), package)


def _lines_of(name: str, code: bytes) -> Iterator[tuple[re.Match[bytes], bytes]]:
    """Matches that start a line, and "global" where it precedes them."""
    for match in _pattern(name).finditer(code):
        before = code[code.rfind(b"\n", 0, match.start()) + 1 : match.start()].strip(b" \t\xef\xbb\xbf")
        if before in (b"", b"global"):
            yield match, before


def _without(code: bytes, matches: list[re.Match[bytes]]) -> bytes:
    pieces = []
    at = 0
    for match in sorted(matches, key=lambda match: match.start()):
        pieces.append(code[at : match.start()])
        at = match.end()
    return b" ".join([*pieces, code[at:]])


def _interpolated(content: bytes) -> bytes:
    """What interpolated strings compute, as far as no string stands in it."""
    return b" ".join(
        part for found in _pattern("interpolated").findall(content) for part in _pattern("hole").findall(found)
    )


def _is_type(name: str, code: bytes) -> bool:
    """Whether a name that also stands with type arguments is a type without them, or only a property or constructor."""
    raw = name.encode("utf-8", "surrogateescape")
    start = code.find(raw)
    while start >= 0:
        end = start + len(raw)
        after = _pattern("after").match(code, end)
        if after is not None and (start == 0 or code[start - 1 : start].strip(_IN_NAMES)):
            before = code[max(0, start - 40) : start]
            apart = before.rstrip(b" \t")
            # The word before it, where blanks alone stand between.
            word = b"" if apart == before else apart[len(apart.rstrip(_IN_TYPES)) :]
            if word == b"new" or (after.group(1) is None and (not word or word in _BEFORE_TYPES)):
                return True
        start = code.find(raw, end)
    return False


def _defined(code: bytes, namespaces: list[re.Match[bytes]], package: str) -> Iterator[str]:
    """The types of a file with what they are nested in."""
    found = [match for keyword in _TYPES if keyword in code for match in _type(keyword).finditer(code)]
    if b"delegate" in code:
        found += _pattern("delegate").finditer(code)
    if len(found) <= 1 and len(namespaces) <= 1:
        for match in found:
            yield text(match.group(1)) + ("<" if match.group(2) else "")
        return
    heads = sorted([*found, *namespaces], key=lambda match: match.start())
    braces = [(match.start(), match.group() == b"{") for match in _pattern("brace").finditer(code)]
    # (name, whether a namespace, depth of its body) of what is open.
    around: list[tuple[str, bool, int]] = []
    depth = at = 0
    for head in heads:
        while at < len(braces) and braces[at][0] < head.start():
            depth += 1 if braces[at][1] else -1
            at += 1
            while around and depth < around[-1][2]:
                around.pop()
        is_namespace = head.re.groups == 1
        body = _pattern("body").search(code, head.end(), head.end() + MAX_HEAD)
        opens = body is not None and body.group() == b"{"
        name = text(head.group(1))
        if is_namespace and len(around) < MAX_NESTING:
            # One that has no braces holds until the end of the file.
            around.append((name, True, depth + 1 if opens else -1_000_000))
        if is_namespace:
            continue
        name += "<" if head.group(2) else ""
        space = ".".join(part for part, named, _ in around if named)
        full = ".".join([*(part for part, named, _ in around if not named), name])
        yield full if space == package else f"::{space}.{full}" if space else f"::{full}"
        if opens and len(around) < MAX_NESTING:
            around.append((name, False, depth + 1))


# ------------------------------------------------------------------------------------------------------ resolution


def offers(path: str, project: Project) -> set[str]:
    """The names a file defines, and a word for the namespaces it opens for others."""
    if not path.endswith(".cs"):
        return set()
    return {"*" if name[0] == "*" else plain(name) for name in project.facts(path).defines}


def plain(name: str) -> str:
    """The last identifier of a name."""
    return name.rstrip("<").rpartition(".")[2].removeprefix("::")


class _Index(NamedTuple):
    """What the repository defines."""

    types: dict[str, dict[str, list[str]]]  # files by namespace or outer type, then by name
    spaces: frozenset[str]  # namespaces, with those around them
    opened: dict[str, tuple[str, ...]]  # global usings by the folder of the project
    seen: dict[str, frozenset[str]]  # folders of the projects that a project's folder references, itself included


def _index(project: Project) -> _Index:
    kept: _Index | None = project.kept.get("csharp.index")
    if kept is not None:
        return kept
    types: dict[str, dict[str, list[str]]] = {}
    spaces: set[str] = set()
    opened: dict[str, list[str]] = {}
    for path in sorted(project.files):
        if not path.endswith(".cs"):
            continue
        facts = project.facts(path)
        for name in facts.defines:
            if name[0] == "*":
                opened.setdefault(project_folder(path, project), []).append(name[1:])
                continue
            full = name[2:] if name.startswith("::") else f"{facts.package}.{name}" if facts.package else name
            space, _, last = full.rpartition(".")
            types.setdefault(space, {}).setdefault(last, []).append(path)
        space = facts.package
        while space and space not in spaces:
            spaces.add(space)
            space = space.rpartition(".")[0]
    spaces.update(types)
    seen = {}
    references: dict[str, set[str]] = {}
    for path in sorted(project.files):
        if path.endswith(".csproj"):
            folder = path.rpartition("/")[0]
            found, usings = read_project(path, project)
            references.setdefault(folder, set()).update(found)
            opened.setdefault(folder, []).extend(usings)
    for folder in references:
        queue, reached = [folder], {folder}
        while queue:
            for other in references.get(queue.pop(), ()):
                if other not in reached:
                    reached.add(other)
                    queue.append(other)
        seen[folder] = frozenset(reached)
    kept = _Index(types, frozenset(spaces), {folder: tuple(names) for folder, names in opened.items()}, seen)
    project.kept["csharp.index"] = kept
    return kept


def resolve(facts: Facts, importer: str, project: Project) -> Links:
    """The files that define the types this file names."""
    index = _index(project)
    home = project_folder(importer, project)
    edges: list[Edge] = []
    wanted = {"*"}
    around = list(_enclosing(facts.package))
    for name in facts.defines:
        if name.startswith("::"):
            around += [space for space in _enclosing(name[2:].rpartition(".")[0]) if space not in around]
    # Types that the file's own ones are parts of, or that are nested in their other parts.
    inner = [f"{facts.package}.{name}".lstrip(".") for name in facts.defines if name[0] not in "*:"]
    opened: dict[str, int] = {}
    for item in facts.imports:
        if item.specifier.startswith("type "):
            space, _, last = item.specifier[5:].rpartition(".")
            wanted.add(plain(last))
            found = _visible(index.types.get(space, {}).get(last, ()), home, index, project)
            edges += [Edge(path, "import", (plain(last),), item.line) for path in found]
    usings = [
        *((item.specifier, item.line) for item in facts.imports),
        *((name, 0) for name in index.opened.get(home, ())),
    ]
    for specifier, line in usings:
        if specifier.startswith("type "):
            opened.setdefault(specifier[5:], line)
        else:
            # It may be written as seen from the namespace it stands in.
            for outer in (*around, ""):
                space = f"{outer}.{specifier}" if outer else specifier
                if space in index.spaces:
                    opened.setdefault(space, line)
                    break

    def find(name: str) -> Iterator[tuple[str, str, int, list[str]]]:
        """(space, name, line of its using, files) of the types a simple name can mean: the innermost scope decides."""
        for space in (*inner, *around, ""):
            paths = index.types.get(space, {}).get(name)
            if paths:
                yield space, name, 0, paths
                return
        for space, line in opened.items():
            paths = index.types.get(space, {}).get(name)
            if paths:
                yield space, name, line, paths

    for mention in facts.mentions:
        first, _, rest = mention.partition(".")
        wanted.add(plain(mention))
        wanted.add(first.rstrip("<"))
        types = list(find(first)) or (list(_qualified(mention, around, index)) if rest else [])
        if not types and not rest:
            types = list(find(first + "Attribute"))
            wanted.add(first + "Attribute")
        for space, name, line, paths in types:
            kind = "same-package" if space == facts.package else "import"
            edges += [
                Edge(path, "same-package" if kind == "same-package" else "import", (plain(name),), line)
                for path in _visible(paths, home, index, project)
            ]
    return Links(one_edge_a_target(edges, importer), (), frozenset(wanted))


def _enclosing(space: str) -> Iterator[str]:
    while space:
        yield space
        space = space.rpartition(".")[0]


def _qualified(mention: str, around: list[str], index: _Index) -> Iterator[tuple[str, str, int, list[str]]]:
    """The type of a name that starts with a namespace, in full or as seen from one around."""
    parts = mention.split(".")
    for outer in (*around, ""):
        space = f"{outer}.{parts[0]}" if outer else parts[0]
        if space not in index.spaces:
            continue
        for part in parts[1:]:
            paths = index.types.get(space, {}).get(part)
            if paths:
                yield space, part, 0, paths
                return
            space = f"{space}.{part}"


def _visible(paths: Iterable[str], home: str, index: _Index, project: Project) -> Iterable[str]:
    """Those of the files that the project compiles or references; shared ones, outside of every project, are."""
    seen = index.seen.get(home)
    if seen is None:
        return paths
    return [path for path in paths if (folder := project_folder(path, project)) in seen or folder not in index.seen]
