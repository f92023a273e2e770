"""Which paths each commit of a range touches, with one git process for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vibeguard.errors import GIT, VibeguardError
from vibeguard.repository.command import Git


def paths_by_commit(git: Git, commits: Sequence[str]) -> Mapping[str, frozenset[str]]:
    """Paths by commit (full ids). A merge touches what differs from any of its parents.

    Raises:
        VibeguardError: GIT when git fails or answers for a commit that it was not asked for.
    """
    if not commits:
        return {}
    asked = {commit.encode() for commit in commits}
    listed = git.run(
        "diff-tree",
        "--stdin",
        "-r",
        "-m",
        "--root",
        "-z",
        "--name-only",
        "--no-renames",
        "--ignore-submodules=none",
        "--no-ext-diff",
        stdin=b"".join(b"%s\n" % commit for commit in asked),
    ).stdout
    # Each commit's id, then its paths, all ended by NUL. A path that looks like an id of the range would be mistaken,
    # so a record is an id only where one may stand; such a path is read as both, which can only ask for more.
    found: dict[bytes, set[bytes]] = {commit: set() for commit in asked}
    current: set[bytes] | None = None
    for record in listed.split(b"\0"):
        if record in asked:
            if current is not None:
                current.add(record)
            current = found[record]
        elif record:
            if current is None:
                raise VibeguardError(GIT, "git diff-tree listed a path before any commit")
            current.add(record)
    return {
        commit.decode(): frozenset(path.decode("utf-8", "surrogateescape") for path in paths)
        for commit, paths in found.items()
    }
