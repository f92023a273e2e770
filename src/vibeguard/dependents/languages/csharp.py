"""C#: names used, looked up in the own namespace and those that `using` opens.

Folders say nothing about namespaces, so the files are found by what they define.

Cannot see: reflection, dependency injection by convention, generated sources, extension methods' receivers.
"""

from __future__ import annotations

import re
from functools import cache

from vibeguard.dependents.facts import Edge, Facts, Import, Links, one_edge_a_target
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
    unreadable,
)
from vibeguard.dependents.project import Project

# What another file of a namespace defines can change where this file's edges lead.
BY_NAME = True

_VERBATIM = rb"\$?@\$?\"(?:[^\"]++|\"\")*+(?:\"|\Z)"


@cache
def _pattern(name: str) -> re.Pattern[bytes]:
    return re.compile(
        {
            "namespace": rb"^[ \t\xef\xbb\xbf]*+namespace[ \t]++([\w.]++)",
            "using": rb"^[ \t\xef\xbb\xbf]*+(global[ \t]++)?using[ \t]++(static[ \t]++)?"
            rb"(?:(\w++)[ \t]*+=[ \t]*+)?([\w.]++)[ \t]*+;",
            "delegate": rb"delegate(?<![\w.]delegate)[ \t]++[\w<>\[\],.? \t]+?[ \t]++([A-Z]\w*+)[ \t]*+"
            rb"(?:<[^>\n]*+>)?\(",
            "word": rb"[A-Z](?<!\w.)(?:(?<!\..)\w*+|\w*+(?=[ \t]*+[(<]))",
        }[name],
        re.M,
    )


_TYPES = (b"class", b"interface", b"struct", b"enum", b"record")


@cache
def _type(keyword: bytes) -> re.Pattern[bytes]:
    """One pattern a keyword: the engine skips to a literal ten times as fast as to a choice of them."""
    of_record = rb"(?:[ \t]++(?:class|struct))?" if keyword == b"record" else b""
    return re.compile(keyword + rb"(?<![\w.]" + keyword + rb")" + of_record + rb"[ \t]++([A-Z_]\w*+)")


def scan(content: bytes) -> Facts:
    """Usings, the types it defines, the names it mentions, its first namespace."""
    refused = unreadable(content)
    if refused is not None:
        return refused
    code = mask(content, masker(LINE_COMMENT, BLOCK_COMMENT, LONG_STRING, _VERBATIM, STRING, CHARACTER))
    namespaces = [text(name) for name in _pattern("namespace").findall(code)]
    places = Places(content)
    imports = []
    for match in _pattern("using").finditer(code):
        prefix = "global " if match.group(1) else ""
        prefix += "type " if match.group(2) or match.group(3) else ""
        imports.append(Import(prefix + text(match.group(4)), "import", (), places.line(match.group(4))))
    patterns = [_type(keyword) for keyword in _TYPES if keyword in code]
    if b"delegate" in code:
        patterns.append(_pattern("delegate"))
    defines = {name.decode() for pattern in patterns for name in pattern.findall(code)}
    mentions = {word.decode() for word in set(_pattern("word").findall(code))} - defines
    return Facts(tuple(imports), tuple(sorted(defines)), tuple(sorted(mentions)), namespaces[0] if namespaces else "")


def offers(path: str, project: Project) -> set[str]:
    """The names a file defines, and a word for its namespace."""
    if not path.endswith(".cs"):
        return set()
    facts = project.facts(path)
    return {*facts.defines, f"namespace {facts.package}"}


def _types(project: Project) -> dict[str, dict[str, list[str]]]:
    """Files by namespace and defined name, of the whole repository."""
    kept: dict[str, dict[str, list[str]]] | None = project.kept.get("csharp.types")
    if kept is None:
        kept = {}
        for path in sorted(project.files):
            if path.endswith(".cs"):
                facts = project.facts(path)
                names = kept.setdefault(facts.package, {})
                for name in facts.defines:
                    names.setdefault(name, []).append(path)
        project.kept["csharp.types"] = kept
    return kept


def _project_folder(path: str, project: Project) -> str:
    """The nearest folder above that holds a project file."""
    folder = path.rpartition("/")[0]
    while folder:
        if any(name.endswith(".csproj") for name in project.folders.get(folder, ())):
            return folder
        folder = folder.rpartition("/")[0]
    return ""


def _global_usings(importer: str, project: Project) -> tuple[str, ...]:
    key = "csharp.global"
    kept: dict[str, list[str]] | None = project.kept.get(key)
    if kept is None:
        kept = {}
        for path in sorted(project.files):
            if path.endswith(".cs"):
                for item in project.facts(path).imports:
                    if item.specifier.startswith("global ") and not item.specifier.startswith("global type "):
                        kept.setdefault(_project_folder(path, project), []).append(item.specifier[7:])
        project.kept[key] = kept
    return tuple(kept.get(_project_folder(importer, project), ())) if kept else ()


def resolve(facts: Facts, importer: str, project: Project) -> Links:
    """The files that define the types this file names."""
    types = _types(project)
    edges: list[Edge] = []
    mentions = set(facts.mentions)
    wanted = set(mentions) | {f"namespace {facts.package}"}
    # Innermost first: the own namespace and those around it, then what `using` opens.
    spaces: list[tuple[str, int]] = []
    package = facts.package
    while package:
        spaces.append((package, 0))
        package = package.rpartition(".")[0]
    spaces.append(("", 0))
    for item in facts.imports:
        name = item.specifier.removeprefix("global ")
        if name.startswith("type "):
            space, _, last = name[5:].rpartition(".")
            wanted.add(last)
            edges += [Edge(path, "import", (last,), item.line) for path in types.get(space, {}).get(last, ())]
        else:
            spaces.append((name, item.line))
    spaces += [(name, 0) for name in _global_usings(importer, project)]
    found: set[str] = set()
    for space, line in dict(reversed([(space, line) for space, line in spaces])).items():
        names = types.get(space)
        if not names:
            continue
        for name in sorted(mentions & names.keys()):
            found.add(name)
            kind = "same-package" if space == facts.package else "import"
            edges += [
                Edge(path, "same-package" if kind == "same-package" else "import", (name,), line)
                for path in names[name]
            ]
    return Links(one_edge_a_target(edges, importer), (), frozenset(wanted))
