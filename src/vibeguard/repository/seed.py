"""Building a small repository from a description: for the demonstration, with the same object ids everywhere."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from vibeguard.errors import IO, VibeguardError
from vibeguard.model import Identity
from vibeguard.repository.command import Git
from vibeguard.tuples import NamedTuple


class SeedCommit(NamedTuple):
    """A commit to make: its branch, its message, its author, and the files it writes (None removes one)."""

    branch: str
    message: str
    author: Identity
    files: Mapping[str, str | None]
    start_from: str | None = None  # another branch, for the first commit of a new one


def build(folder: str, commits: Sequence[SeedCommit], checkout: str) -> Git:
    """Make a repository in an empty folder and check out one branch.

    One `git fast-import` writes all commits, dated one minute apart, so that ids do not depend on when or where.

    Raises:
        VibeguardError: IO when the folder cannot be made or is not empty; GIT when git fails.
    """
    try:
        os.makedirs(folder, exist_ok=True)
        if os.listdir(folder):
            raise VibeguardError(IO, "the folder is not empty", where=folder, hint="name a new folder")
    except OSError as error:
        raise VibeguardError(IO, f"cannot use the folder: {error.strerror}", where=folder) from None
    git = Git(folder)
    git.run("init", "--quiet", f"--initial-branch={checkout}", "--template=")
    git.run("fast-import", "--quiet", stdin=_stream(commits))
    git.run("reset", "--quiet", "--hard", f"refs/heads/{checkout}")
    return git


def _stream(commits: Sequence[SeedCommit]) -> bytes:
    parts: list[bytes] = []
    for number, commit in enumerate(commits):
        who = f"{commit.author.name} <{commit.author.email}> {1_788_000_000 + 60 * number} +0000"
        parts.append(f"commit refs/heads/{commit.branch}\nauthor {who}\ncommitter {who}\n".encode())
        parts.append(_data(commit.message))
        if commit.start_from is not None:
            parts.append(f"from refs/heads/{commit.start_from}\n".encode())
        for path, content in commit.files.items():
            if content is None:
                parts.append(f"D {path}\n".encode())
            else:
                parts.append(f"M 100644 inline {path}\n".encode() + _data(content))
        parts.append(b"\n")
    return b"".join(parts)


def _data(text: str) -> bytes:
    raw = text.encode()
    return b"data %d\n%s\n" % (len(raw), raw)
