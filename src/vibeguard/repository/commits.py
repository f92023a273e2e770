"""Commits, parsed from their raw objects: what `git log` prints can stop at a NUL and be re-encoded."""

from __future__ import annotations

from vibeguard.errors import GIT, VibeguardError
from vibeguard.model import Commit, Identity


def parse_commit(oid: str, raw: bytes) -> Commit:
    """The commit with this id from its object's content.

    Identities that do not follow git's form are kept as far as they can be read; nothing but a missing tree is an
    error.

    Raises:
        VibeguardError: GIT, when the object has no tree line, and so is no commit.
    """
    head, _, message = raw.partition(b"\n\n")
    tree = ""
    parents: list[str] = []
    author = committer = Identity("", "")
    encoding: str | None = None
    signed = False
    time = 0
    for line in head.split(b"\n"):
        key, _, value = line.partition(b" ")
        if key == b"tree" and not tree:
            tree = value.decode("ascii", "replace")
        elif key == b"parent":
            parents.append(value.decode("ascii", "replace"))
        elif key == b"author" and author == ("", ""):
            author = parse_identity(value)
        elif key == b"committer" and committer == ("", ""):
            committer = parse_identity(value)
            time = _seconds(value)
        elif key == b"encoding":
            encoding = value.decode("ascii", "backslashreplace")
        elif key in (b"gpgsig", b"gpgsig-sha256"):
            signed = True
    if not tree:
        raise VibeguardError(GIT, f"commit {oid} has no tree", hint="git fsck names what is damaged")
    return Commit(oid, tree, tuple(parents), author, committer, message, encoding, signed, time)


def parse_identity(value: bytes) -> Identity:
    """The name and address of `Name <address> seconds zone`, by git's rule: from the first `<` to the next `>`."""
    name, _, rest = value.partition(b"<")
    address, _, _ = rest.partition(b">")
    return Identity(name.strip().decode("utf-8", "surrogateescape"), address.strip().decode("utf-8", "surrogateescape"))


def _seconds(value: bytes) -> int:
    fields = value.rpartition(b">")[2].split()
    # More digits than any clock shows are damage (and slow to convert).
    return int(fields[0]) if fields and fields[0].isdigit() and len(fields[0]) <= 18 else 0
