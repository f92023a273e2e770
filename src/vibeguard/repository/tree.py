"""Files of one tree by path, with their modes: what `<commit>:<path>` does not tell is whether it is a link."""

from __future__ import annotations

from vibeguard.errors import REPO, VibeguardError
from vibeguard.repository.objects import Objects, TreeEntry


class Tree:
    """Looks paths up in a tree, one folder at a time through a running `cat-file --batch`; folders are kept."""

    def __init__(self, objects: Objects, tree: str) -> None:
        """`tree` is a full id, or any name that ends in `^{tree}`."""
        self._objects = objects
        self._root = tree
        self._folders: dict[str, dict[str, TreeEntry]] = {}

    def entry(self, path: str) -> TreeEntry | None:
        """The entry at a path: a file, a link, a submodule or a folder; None where there is nothing."""
        folder, _, name = path.rpartition("/")
        return self.folder(folder).get(name)

    def blob(self, path: str) -> bytes | None:
        """The content of a regular file; None for anything else. Links are never followed."""
        entry = self.entry(path)
        if entry is None or not entry.mode.startswith("100"):
            return None
        return self._objects.require(entry.id).content

    def folder(self, path: str) -> dict[str, TreeEntry]:
        """The entries of a folder ("" is the root) by name; empty where there is no such folder.

        Raises:
            VibeguardError: REPO for a tree that cannot be parsed.
        """
        known = self._folders.get(path)
        if known is not None:
            return known
        found = None
        if not path:
            found = self._objects.read(self._root)
        elif (entry := self.entry(path)) is not None and entry.mode == "40000":
            found = self._objects.require(entry.id)
        entries = parse_tree(found.content, found.id, path) if found is not None and found.type == "tree" else {}
        self._folders[path] = entries
        return entries


def parse_tree(raw: bytes, oid: str, folder: str = "") -> dict[str, TreeEntry]:
    """The entries of a raw tree object (`mode SP name NUL id`), by name. The id's length is that of the tree's own.

    Raises:
        VibeguardError: REPO when the bytes are not a tree.
    """
    size = len(oid) // 2
    prefix = f"{folder}/" if folder else ""
    entries: dict[str, TreeEntry] = {}
    at = 0
    while at < len(raw):
        space = raw.find(b" ", at)
        end = raw.find(b"\0", space)
        if space < 0 or end < 0 or end + 1 + size > len(raw):
            raise VibeguardError(REPO, f"tree {oid} is damaged", hint="git fsck names what is damaged")
        name = raw[space + 1 : end].decode("utf-8", "surrogateescape")
        entries[name] = TreeEntry(
            prefix + name, raw[at:space].decode("ascii", "replace"), raw[end + 1 : end + 1 + size].hex()
        )
        at = end + 1 + size
    return entries
