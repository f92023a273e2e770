"""Edits of `.gitattributes` that hide changes from readers, and of `.gitmodules` that lead elsewhere.

Git applies the attributes that stand in the work tree or the tree at hand, so a change can hide its own diff from
everybody who reads it with plain git or in a forge. vibeguard reads with `--text` and is not fooled.
"""

from __future__ import annotations

import re

from vibeguard.content.lines import ChangedFile
from vibeguard.content.paths import BINARIES
from vibeguard.model import Finding

# Built-in diff drivers only choose what stands behind @@ (git's userdiff.c): harmless.
_DRIVERS = (
    "ada bash bibtex cpp csharp css default dts elixir fortran fountain golang html ini java kotlin markdown matlab "
    "objc pascal perl php python r ruby rust scheme tex"
)
_TELLING: dict[str, str] = {
    "-diff": "its changes are shown as binary",
    "binary": "its changes are shown as binary",
    "diff": "its changes are shown through another program",
    "filter": "a program rewrites its content",
    "merge": "another program, or nobody, merges it",
    "linguist-generated": "forges fold its changes away as generated",
    "linguist-vendored": "forges count it as somebody else's",
    "linguist-documentation": "forges count it as documentation",
    "gitlab-generated": "GitLab folds its changes away as generated",
    "working-tree-encoding": "it is written in another encoding than it is stored in",
    "export-ignore": "it is missing from exported archives",
    "export-subst": "exported archives have other text in it",
    "ident": "checked out files have other text in them",
}
_HARMLESS_VALUES = frozenset(("lfs", "union", "ours", "false"))
_ADDRESS = re.compile(r"(?<=//)[^/@\s]{0,200}@")


def scan(changed: ChangedFile) -> list[Finding]:
    """Findings of kind `attributes` and `submodule` in the added lines of these two files."""
    name = changed.path.rsplit("/", 1)[-1]
    if name == ".gitattributes":
        return _attributes(changed)
    return _modules(changed) if changed.path == ".gitmodules" else []


def _attributes(changed: ChangedFile) -> list[Finding]:
    known = {" ".join(line.split()) for line in changed.removed.lines()}
    found = []
    for number, line in zip(changed.added.numbers, changed.added.lines(), strict=True):
        words = line[:2000].split()
        if len(words) < 2 or words[0].startswith("#") or " ".join(line.split()) in known:
            continue
        pattern, settings = words[0], words[1:]
        if settings[0] in ("binary", "-diff", "-text") and _is_binary(pattern):
            continue
        for setting in settings:
            told = _tells(setting, pattern)
            if told:
                found.append(Finding("attributes", changed.path, number, f"{pattern} {setting}: {told}"))
    return found


def _tells(setting: str, pattern: str) -> str:
    name, _, value = setting.partition("=")
    if name == "diff" and (not value or value in _DRIVERS.split()):
        return ""
    if value == "lfs":  # said once, for the filter
        return "its content is kept outside of the repository" if name == "filter" and not _is_binary(pattern) else ""
    if name == "merge" and (not value or value in _HARMLESS_VALUES):
        return ""
    if name == "export-ignore" and pattern.lstrip("/").startswith("."):  # what packages leave out everywhere
        return ""
    if value == "false" or (name.startswith("-") and name != "-diff"):
        return ""
    return _TELLING.get(name, "")


def _is_binary(pattern: str) -> bool:
    return pattern.rpartition(".")[2].lower() in BINARIES


def _modules(changed: ChangedFile) -> list[Finding]:
    """Every new line of `.gitmodules` that says where a submodule comes from or whether its changes are shown."""
    known = {" ".join(line.split()) for line in changed.removed.lines()}
    found = []
    for number, line in zip(changed.added.numbers, changed.added.lines(), strict=True):
        name, equals, value = line[:2000].partition("=")
        name, value = name.strip().lower(), value.strip()
        if not equals or " ".join(line.split()) in known:
            continue
        words = ""
        if name == "url":
            # an address may carry a password
            words = f"a submodule is fetched from {_ADDRESS.sub('…@', value)}"
        elif name == "path":
            words = f"a submodule stands at {value}"
        elif name == "branch":
            words = f"a submodule follows the branch {value}"
        elif name == "ignore" and value.lower() in ("all", "dirty", "untracked"):
            words = f"changes of a submodule are hidden from git diff and git status (ignore = {value})"
        elif name == "update":
            words = f"a submodule is updated by {value}" + (", which runs a command" if value.startswith("!") else "")
        if words:
            found.append(Finding("submodule", changed.path, number, words))
    return found
