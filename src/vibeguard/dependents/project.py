"""Which files exist: what resolvers may ask of a tree. Nothing here touches the work tree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

from vibeguard.dependents.facts import NO_FACTS, Facts
from vibeguard.toml import parsed


class Project:
    """The files of one tree, with a place for each language to keep what it worked out about them.

    Args:
        files: every regular file's path, relative to the root, "/"-separated.
        read: content of a file of this tree, None where it cannot be read; for configuration only.
        facts: what the scanners found, where a language needs the definitions of other files.
    """

    def __init__(
        self,
        files: Iterable[str],
        read: Callable[[str], bytes | None] = lambda _path: None,
        facts: Callable[[str], Facts] = lambda _path: NO_FACTS,
    ) -> None:
        self.files = files if isinstance(files, set | frozenset) else frozenset(files)
        self.read = read
        self.facts = facts
        self.kept: dict[str, Any] = {}

    @cached_property
    def ordered(self) -> list[str]:
        """The files, sorted."""
        return sorted(self.files)

    @cached_property
    def folders(self) -> Mapping[str, tuple[str, ...]]:
        """Each folder that holds a file, with the names of the files directly in it; "" is the root."""
        found: dict[str, list[str]] = {"": []}
        for path in self.files:
            folder, _, name = path.rpartition("/")
            names = found.get(folder)
            if names is None:
                found[folder] = [name]
                parent = folder.rpartition("/")[0]
                while parent not in found:
                    found[parent] = []
                    parent = parent.rpartition("/")[0]
            else:
                names.append(name)
        return {folder: tuple(names) for folder, names in found.items()}

    def toml(self, path: str) -> dict[str, Any]:
        """The tables of a configuration file; none where it cannot be read."""
        key = f"toml {path}"
        kept: dict[str, Any] | None = self.kept.get(key)
        if kept is None:
            try:
                kept = parsed((self.read(path) or b"").decode("utf-8", "replace"))
            except ValueError:
                kept = {}
            self.kept[key] = kept
        return kept

    def named(self, name: str) -> tuple[str, ...]:
        """Paths whose last component is `name`, sorted."""
        index: dict[str, list[str]] | None = self.kept.get("named")
        if index is None:
            index = {}
            for path in self.files:
                index.setdefault(path.rpartition("/")[2], []).append(path)
            self.kept["named"] = index
        return tuple(sorted(index.get(name, ())))


def join(folder: str, relative: str) -> str | None:
    """`relative` seen from `folder`, normalised; None when it leaves the repository. "" is the root."""
    parts = folder.split("/") if folder else []
    for part in relative.split("/"):
        if part in ("", "."):
            continue
        if part == "..":
            if not parts:
                return None
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def fits(path: str, pattern: str) -> bool:
    """Whether a path fits a pattern: `*` is (part of) one name, `**` any number of folders. In linear time."""
    names = path.split("/") if path else []
    reached = {0}  # how many names the pattern so far can have taken
    for piece in pattern.split("/") if pattern else []:
        if piece == "**":
            reached = set(range(min(reached, default=len(names) + 1), len(names) + 1))
        else:
            reached = {at + 1 for at in reached if at < len(names) and fnmatchcase(names[at], piece)}
    return len(names) in reached


def parents(path: str) -> Iterable[str]:
    """The folders above a path, nearest first, the root ("") last."""
    while path:
        path = path.rpartition("/")[0]
        yield path
