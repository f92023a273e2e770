"""The ownership that a tree of the repository states: read from objects, never from the work tree."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from vibeguard.model import GITLINK, SYMLINK
from vibeguard.ownership.lookup import Entry, Ownership, load
from vibeguard.repository.objects import Objects
from vibeguard.repository.tree import Tree

if TYPE_CHECKING:
    from vibeguard.ownership.lookup import Read


_MOST_BYTES = 1_000_000  # of a configuration file


def entries_of(objects: Objects, tree: Tree | None) -> Read:
    """How the files of a tree are read for `load`: links and submodules by their mode alone, folders not at all."""

    def read(path: str) -> Entry | None:
        entry = tree.entry(path) if tree is not None else None
        if entry is None or entry.mode == "40000":
            return None
        if entry.mode in (SYMLINK, GITLINK):
            return Entry(entry.mode, b"")
        return Entry(entry.mode, objects.blob(entry.id) or b"")

    return read


def of_tree(objects: Objects, tree: str, *, dialect: str | None = None, common_dir: str | None = None) -> Ownership:
    """The ownership of a tree.

    Args:
        objects: must stay open as long as the answer is asked, for Kubernetes' OWNERS files.
        tree: a full id, or any name that ends in `^{tree}`.
        dialect: what the policy says.
        common_dir: where the remotes are configured, whose host decides what neither policy nor place does.

    Raises:
        VibeguardError: CONFIG for an unknown dialect; as `repository` for damaged objects.
    """
    read = entries_of(objects, Tree(objects, tree))
    return load(read, dialect=dialect, remote_host=remote_host(common_dir) if common_dir and dialect is None else None)


def remote_host(common_dir: str, remote: str = "origin") -> str | None:
    """The host of a remote, by the repository's own configuration file; None where it is not said there.

    Read directly, without git's includes and `insteadOf`: the answer only chooses between dialects that neither the
    policy nor the file's place tells apart, and a process more would cost each hook 2 ms.
    """
    try:
        path = os.path.join(common_dir, "config")
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return None
        with open(path, "rb") as file:
            text = file.read(_MOST_BYTES).decode("utf-8", "surrogateescape")
    except OSError:
        return None
    section = ""
    for line in text.split("\n"):
        line = line.strip()  # noqa: PLW2901
        if line.startswith("["):
            section = line
        elif section == f'[remote "{remote}"]':
            key, equals, value = line.partition("=")
            if equals and key.strip().lower() == "url":
                return host_of(value.strip().strip('"'))
    return None


def host_of(url: str) -> str | None:
    """The host in a remote's URL (`https://host/…`, `ssh://git@host:22/…`, `git@host:path`); None for a path."""
    scheme, mark, rest = url.partition("://")
    if mark:
        if scheme == "file":
            return None
        authority = rest.partition("/")[0].rpartition("@")[2]
        host = authority[1:].partition("]")[0] if authority.startswith("[") else authority.partition(":")[0]
        return host.lower() or None
    before, colon, _ = url.partition(":")
    if not colon or "/" in before or len(before) == 1:  # a path; `C:` is a drive
        return None
    return before.rpartition("@")[2].lower() or None
