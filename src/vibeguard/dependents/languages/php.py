"""PHP: `use`, names of the own namespace, qualified names, include and require with literal paths.

Classes are found by composer's autoload rules (psr-4, psr-0), as the program itself would find them.

Cannot see: containers that build classes from strings, facades, classmap and files autoloading, computed includes.
"""

from __future__ import annotations

import json
import re
from functools import cache

from vibeguard.dependents.facts import Edge, Facts, Import, Links, one_edge_a_target
from vibeguard.dependents.languages.text import (
    BLOCK_COMMENT,
    LINE_COMMENT,
    Lines,
    Places,
    mask,
    mask_comments,
    text,
    unreadable,
)
from vibeguard.dependents.project import Project, join

# A class leads to the file that its name spells, whatever that file says.
BY_NAME = False

_HASH = rb"#(?!\[)[^\n]*+"
_DOUBLE = rb"\"(?:[^\"\\]++|\\(?s:.))*+(?:\"|\Z)"
_SINGLE = rb"'(?:[^'\\]++|\\(?s:.))*+(?:'|\Z)"
_HEREDOC = rb"<<<[ \t]*+([\"']?)(\w++)\1\n(?s:.*?)\n[ \t]*+\2\b"


@cache
def _masker() -> re.Pattern[bytes]:
    return re.compile(b"|".join((_HEREDOC, LINE_COMMENT, BLOCK_COMMENT, _HASH, _DOUBLE, _SINGLE)))


@cache
def _pattern(name: str) -> re.Pattern[bytes]:
    return re.compile(
        {
            "namespace": rb"^[ \t]*+(?:<\?php[ \t]++)?namespace[ \t]++([\w\\]++)[ \t]*+[;{]",
            "use": rb"^use[ \t]++(?:(?:function|const)[ \t]++)?([^;()=]++);",
            # The name, whether `new` precedes it, what would make it a call. First comes what the engine can skip to.
            "qualified": rb"([A-Z\\](?<![\w\\$>:].)(?:(?<=[A-Z])|[A-Z])(?:(?<=new .)()|(?<=new \\.)()|)"
            rb"\w*+(?:\\\w++)*+)(\\|[ \t]*+\()?",
            "include": rb"\b(?:include|require)(?:_once)?\b[ \t(]*+"
            rb"(?:(__DIR__|dirname\(__FILE__\))[ \t]*+\.[ \t]*+)?([\"'])([^\"'\n$]++)\2",
        }[name],
        re.M,
    )


_WORDS = frozenset("TRUE FALSE NULL PHP_EOL E_ALL PHP_INT_MAX DIRECTORY_SEPARATOR".split())


def scan(content: bytes) -> Facts:
    """Uses with their aliases, class names that are mentioned, the namespace, literal includes."""
    refused = unreadable(content)
    if refused is not None:
        return refused
    code = mask(content, _masker())
    namespace = _pattern("namespace").search(code)
    found: list[Import] = []
    places = Places(content)
    end = 0
    for match in _pattern("use").finditer(code):
        line = places.line(match.group())
        end = match.end()
        for name, alias in _uses(text(match.group(1))):
            found.append(Import("use " + name, "import", (alias,), line))
    if b"include" in code or b"require" in code:
        kept = mask_comments(content, _masker())
        lines = Lines(kept)
        found += [
            Import("file " + text(match.group(3)), "import", (), lines.at(match.start()))
            for match in _pattern("include").finditer(kept)
        ]
    aliases = {alias for item in found for alias in item.names}
    mentions = {
        text(match.group(1))
        for match in _pattern("qualified").finditer(code, end)
        if match.group(4) is None or _is_type(match)
    }
    mentions = {name for name in mentions if name not in _WORDS and name.partition("\\")[0] not in aliases}
    return Facts(tuple(found), (), tuple(sorted(mentions)), text(namespace.group(1)) if namespace else "")


def _is_type(match: re.Match[bytes]) -> bool:
    """Whether a name that a bracket follows is one all the same: made with `new`, or written in full."""
    return match.group(2) is not None or match.group(3) is not None or match.group(1).rfind(b"\\") > 0


def _uses(clause: str) -> list[tuple[str, str]]:
    """(qualified name, name in this file) of one `use`, group uses opened."""
    clause = " ".join(clause.split())
    head, brace, rest = clause.partition("{")
    parts = rest.rstrip("}").split(",") if brace else clause.split(",")
    found = []
    for part in parts:
        name, _, alias = part.strip().partition(" as ")
        name = name.removeprefix("function ").removeprefix("const ").strip()
        if name:
            name = ((head.strip() if brace else "") + name).lstrip("\\")
            found.append((name, alias.strip() or name.rpartition("\\")[2]))
    return found


def offers(path: str, _project: Project) -> set[str]:
    """A file is looked for under its name."""
    return {path.rpartition("/")[2]}


def _autoload(project: Project) -> list[tuple[str, str, bool]]:
    """(namespace prefix, folder, psr-0?) of every composer.json, longest prefix first."""
    kept: list[tuple[str, str, bool]] | None = project.kept.get("php.autoload")
    if kept is None:
        kept = []
        for path in project.named("composer.json"):
            home = path.rpartition("/")[0]
            try:
                found = json.loads(project.read(path) or b"{}")
            except (ValueError, RecursionError):
                continue
            for section in ("autoload", "autoload-dev"):
                rules = found.get(section) if isinstance(found, dict) else None
                for standard in ("psr-4", "psr-0"):
                    mapping = rules.get(standard) if isinstance(rules, dict) else None
                    for prefix, folders in mapping.items() if isinstance(mapping, dict) else ():
                        for folder in folders if isinstance(folders, list) else [folders]:
                            where = join(home, folder) if isinstance(folder, str) else None
                            if where is not None:
                                kept.append((prefix.strip("\\"), where, standard == "psr-0"))
        kept = project.kept["php.autoload"] = sorted(set(kept), key=lambda rule: (-len(rule[0]), rule))
    return kept


def _class(name: str, project: Project) -> tuple[str | None, bool]:
    """The file of a class, and whether its namespace belongs to this repository."""
    inside = False
    for prefix, folder, whole in _autoload(project):
        if prefix and name != prefix and not name.startswith(prefix + "\\"):
            continue
        rest = name if whole or not prefix else name[len(prefix) + 1 :]
        path = "/".join(part for part in (folder, rest.replace("\\", "/") + ".php") if part)
        if path in project.files:
            return path, True
        inside = inside or bool(prefix)
    return None, inside


def resolve(facts: Facts, importer: str, project: Project) -> Links:
    """The files of the classes this file names, and of its includes."""
    edges: list[Edge] = []
    unresolved: list[tuple[str, int]] = []
    wanted: set[str] = set()
    folder = importer.rpartition("/")[0]
    for item in facts.imports:
        how, _, name = item.specifier.partition(" ")
        if how == "file":
            wanted.add(name.rpartition("/")[2])
            path = join(folder, name.lstrip("/"))
            if path in project.files:
                assert path is not None
                edges.append(Edge(path, "import", (), item.line))
            elif not name.startswith("/") or path is None or "vendor/" not in name:
                unresolved.append((name, item.line))
            continue
        wanted.add(name.rpartition("\\")[2] + ".php")
        found, inside = _class(name, project)
        if found is None and "\\" in name:
            # `use A\B` can open a namespace, and a function or constant lives in no file of its own name.
            continue
        if found is not None:
            edges.append(Edge(found, "import", item.names, item.line))
        elif inside:
            unresolved.append((name, item.line))
    for name in facts.mentions:
        wanted.add(name.rpartition("\\")[2] + ".php")
        qualified = (
            name.lstrip("\\") if name.startswith("\\") else f"{facts.package}\\{name}" if facts.package else name
        )
        found, _ = _class(qualified, project)
        if found is not None:
            kind = "same-package" if "\\" not in name else "import"
            edges.append(Edge(found, "same-package" if kind == "same-package" else "import", (name,)))
    return Links(one_edge_a_target(edges, importer), tuple(unresolved), frozenset(wanted))
