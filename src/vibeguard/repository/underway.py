"""What git is in the middle of: a merge that is being made, a commit that is being amended."""

from __future__ import annotations

import os
from collections.abc import Mapping

from vibeguard.errors import GIT, REPO, VibeguardError
from vibeguard.model import Commit, FileChange
from vibeguard.repository.commits import parse_commit
from vibeguard.repository.difference import Difference, Limits, read_difference
from vibeguard.repository.locate import Location
from vibeguard.repository.objects import Objects
from vibeguard.repository.raw import read_names

_HEX = frozenset("0123456789abcdef")

AMENDING = (
    "while a commit is amended, only what differs from it is seen here; the whole commit is judged at push and in CI"
)


def other_parents(location: Location, objects: Objects, head: str, environ: Mapping[str, str]) -> tuple[Commit, ...]:
    """The commits that are being merged into HEAD, without HEAD itself.

    They are in MERGE_HEAD; while the pre-merge-commit hook runs, git has not written it yet, and names each of them
    in a variable GITHEAD_<id>.

    Raises:
        VibeguardError: REPO when MERGE_HEAD is damaged.
    """
    try:
        with open(os.path.join(location.git_dir, "MERGE_HEAD"), "rb") as file:
            ids = file.read(1 << 20).decode("ascii", "replace").split()
    except FileNotFoundError:
        ids = [name.removeprefix("GITHEAD_") for name in environ if name.startswith("GITHEAD_")]
    except OSError as error:
        raise VibeguardError(REPO, f"MERGE_HEAD cannot be read: {error.strerror}") from None
    width = len(location.zero)
    commits = []
    for oid in dict.fromkeys(ids):
        if len(oid) != width or not _HEX.issuperset(oid):
            raise VibeguardError(
                REPO, f"MERGE_HEAD is damaged: {oid[:80]!r}", hint="git merge --abort, and merge again"
            )
        if oid != head:
            found = objects.require(oid)
            if found.type != "commit":
                raise VibeguardError(GIT, f"MERGE_HEAD names a {found.type}, not a commit: {oid}")
            commits.append(parse_commit(oid, found.content))
    return tuple(commits)


def lost_from(
    location: Location,
    objects: Objects,
    head: Commit,
    parent: Commit,
    seen: frozenset[str],
    *,
    limits: Limits | None = None,
) -> Difference:
    """What the merge takes away from the other parent: files that it changed since the two parted, and that are not
    in the index as it has them, though the index has them as HEAD does. A diff against HEAD cannot show these.

    `seen` are the paths that differ from HEAD.
    """
    against = read_difference(
        location.git, "diff-index", "--cached", "--ita-invisible-in-index", parent.tree, limits=limits
    )
    bases = location.git.run("merge-base", "--all", head.id, parent.id, ok=(0, 1)).stdout.decode().split()
    theirs: set[str] = set()
    for base in bases:
        tree = parse_commit(base, objects.require(base).content).tree
        theirs.update(file.path for file in read_names(location.git, "diff-tree", tree, parent.tree))
    lost: tuple[FileChange, ...] = tuple(
        file for file in against.files if file.path not in seen and (not bases or file.path in theirs)
    )
    both = sum(file.path in seen for file in against.files)
    said = (
        f"a merge with {parent.id[:12]} is being made: files that differ from both sides: {both}; "
        f"files that leave out what that side changed: {len(lost)}",
    )
    return Difference(lost, against.notices + said)


def is_amending(pid: int | None = None, *, levels: int = 6) -> bool | None:
    """Whether a parent process is `git commit --amend`: git itself does not tell its hooks. None where that is unknown.

    Only Linux shows the command lines of other processes without starting a program.
    """
    pid = os.getppid() if pid is None else pid
    for _ in range(levels):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read(1 << 16).split(b"\0")
            with open(f"/proc/{pid}/stat", "rb") as file:
                pid = int(file.read(4096).rpartition(b")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            return None
        if os.path.basename(words[0]) in (b"git", b"git.exe") and b"commit" in words:
            return b"--amend" in words
    return False
