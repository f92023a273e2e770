"""The change that may go in: what is staged, or what lies between two commits."""

from __future__ import annotations

import os
from collections.abc import Iterable

from vibeguard.errors import GIT, REPO, USAGE, VibeguardError
from vibeguard.model import Change, Commit, FileChange
from vibeguard.repository.commits import parse_commit
from vibeguard.repository.difference import Difference, Limits, read_difference
from vibeguard.repository.hunks import hunks
from vibeguard.repository.locate import Location
from vibeguard.repository.objects import Objects, read_objects
from vibeguard.repository.refs import Revision, current_branch, read_commit, resolve

__all__ = ["between", "commits_between", "hunks", "since_merge_base", "staged"]

# Up to this many commits are asked of the process that is running anyway, one by one.
_FEW_COMMITS = 64
MAX_COMMITS = 100_000

_SHALLOW_HINT = "git fetch --unshallow (in CI: fetch-depth: 0)"


def staged(location: Location, objects: Objects, *, limits: Limits | None = None) -> Change:
    """What is staged, against HEAD, or against nothing on a branch without commits.

    Raises:
        VibeguardError: REPO without a work tree, with conflicts, or with a damaged HEAD; GIT when git fails or
            contradicts itself.
    """
    if location.top is None:
        raise VibeguardError(REPO, "a bare repository has nothing staged", hint="it needs a work tree, or --range A..B")
    head = read_commit(objects, "HEAD")
    if head is None:
        _require_unborn(location)
    base_tree = location.empty_tree if head is None else head.tree
    command = ("diff-index", "--cached", "--ita-invisible-in-index")
    difference = read_difference(location.git, *command, base_tree, limits=limits)
    unmerged = sorted({file.path for file in difference.files if file.status == "U"})
    if unmerged:
        raise VibeguardError(
            REPO,
            f"{len(unmerged)} files have conflicts: {', '.join(unmerged[:5])}" + (" …" if len(unmerged) > 5 else ""),
            hint="resolve them and stage the result first",
        )
    if not difference.files:
        _require_equal(location, *command, base_tree)
    return Change(
        source="staged",
        base=None if head is None else head.id,
        head=None,
        files=difference.files,
        base_tree=base_tree,
        notices=difference.notices,
        ref=current_branch(location),
    )


def between(location: Location, objects: Objects, base: str, head: str, *, limits: Limits | None = None) -> Change:
    """What `base..head` changes: tree against tree, with the commits in between.

    Raises:
        VibeguardError: USAGE when a name is no commit or the range is reversed; REPO when the history is too
            shallow; GIT when git fails.
    """
    begin, end = resolve(location, objects, base), resolve(location, objects, head)
    change = compare(location, objects, begin.commit, end.commit, limits=limits)
    if not change.commits and begin.id != end.id:
        raise VibeguardError(
            USAGE,
            f"empty range: {head} lies before {base}, so no commit is between them",
            hint=f"it may be reversed: {head}..{base}",
        )
    return change._replace(notices=begin.notices + end.notices + change.notices, ref=end.full_name)


def since_merge_base(
    location: Location, objects: Objects, target: str, head: str = "HEAD", *, limits: Limits | None = None
) -> Change:
    """What head changes since it left target (`target...head`).

    With several merge bases it is the union of what differs from each of them.

    Raises:
        VibeguardError: as for :func:`between`; REPO when there is no merge base.
    """
    onto, end = resolve(location, objects, target), resolve(location, objects, head)
    bases = merge_bases(location, onto.id, end.id)
    if not bases:
        raise _no_merge_base(location, onto, end)
    if end.id in bases and end.id != onto.id:
        raise VibeguardError(
            USAGE, f"nothing to merge: {target} already contains {head}", hint="name the commit that is to be merged"
        )
    first = _commit(objects, bases[0])
    change = compare(location, objects, first, end.commit, since=onto.id, limits=limits)
    notices = onto.notices + end.notices + change.notices
    for other in bases[1:]:
        more = read_difference(location.git, "diff-tree", _commit(objects, other).tree, end.commit.tree, limits=limits)
        change = change._replace(files=_union(change.files, more.files))
        notices += more.notices
    if len(bases) > 1:
        notices += (f"{len(bases)} merge bases: files that differ from any of them are judged",)
    return change._replace(notices=notices, ref=onto.full_name)


def compare(
    location: Location,
    objects: Objects,
    base: Commit | None,
    head: Commit,
    *,
    since: str | None = None,
    limits: Limits | None = None,
) -> Change:
    """The difference of two commits' trees, and the commits that head has and `since` (base, if not given) has not."""
    base_tree = location.empty_tree if base is None else base.tree
    difference = (
        Difference(())
        if base_tree == head.tree
        else read_difference(location.git, "diff-tree", base_tree, head.tree, limits=limits)
    )
    excluded = since or (base.id if base is not None else None)
    commits, notices = commits_between(location, objects, () if excluded is None else (excluded,), head.id)
    return Change(
        source="range",
        base=None if base is None else base.id,
        head=head.id,
        files=difference.files,
        commits=commits,
        base_tree=base_tree,
        head_tree=head.tree,
        notices=difference.notices + notices,
    )


def commits_between(
    location: Location, objects: Objects, excluded: Iterable[str], head: str
) -> tuple[tuple[Commit, ...], tuple[str, ...]]:
    """The commits that head has and the excluded ones (full ids) have not, oldest first; and what was left out.

    Raises:
        VibeguardError: REPO when a shallow clone ends inside the range.
    """
    without = [f"^{oid}" for oid in excluded]
    listed = location.git.run(
        "rev-list", "--topo-order", "--reverse", f"--max-count={MAX_COMMITS + 1}", head, *without, "--"
    ).stdout.split()
    notices: tuple[str, ...] = ()
    if len(listed) > MAX_COMMITS:
        listed = listed[-MAX_COMMITS:]
        notices = (f"more than {MAX_COMMITS} commits: the oldest were not read",)
    ids = [oid.decode() for oid in listed]
    if len(ids) <= _FEW_COMMITS:
        commits = tuple(_commit(objects, oid) for oid in ids)
    else:
        commits = tuple(parse_commit(found.id, found.content) for found in read_objects(location.git, ids))
    _require_depth(location, commits, {oid.removeprefix("^") for oid in without})
    return commits, notices


def merge_bases(location: Location, one: str, other: str) -> tuple[str, ...]:
    """All best common ancestors of two commits (full ids); more than one after criss-cross merges."""
    return tuple(location.git.run("merge-base", "--all", one, other, ok=(0, 1)).stdout.decode().split())


def _commit(objects: Objects, oid: str) -> Commit:
    commit = read_commit(objects, oid)
    if commit is None:
        raise VibeguardError(REPO, f"commit {oid} is missing", hint="git fsck names what is damaged")
    return commit


def _union(files: tuple[FileChange, ...], more: tuple[FileChange, ...]) -> tuple[FileChange, ...]:
    seen = {file.path for file in files}
    return files + tuple(file for file in more if file.path not in seen)


def _require_depth(location: Location, commits: tuple[Commit, ...], known: set[str]) -> None:
    """A commit whose parents a shallow clone cut off hides what else belongs to the range."""
    if not location.shallow:
        return
    try:
        with open(os.path.join(location.common_dir, "shallow"), "rb") as file:
            cut = set(file.read().decode("ascii", "replace").split())
    except OSError:
        cut = set()
    for commit in commits:
        if commit.id in cut and not known.issuperset(commit.parents):
            raise VibeguardError(REPO, f"history too shallow: it ends at {commit.id[:12]}", hint=_SHALLOW_HINT)


def _no_merge_base(location: Location, onto: Revision, end: Revision) -> VibeguardError:
    if location.shallow:
        return VibeguardError(
            REPO, f"history too shallow: no merge base of {onto.name} and {end.name}", hint=_SHALLOW_HINT
        )
    return VibeguardError(
        REPO,
        f"unrelated histories: {onto.name} and {end.name} have no merge base",
        hint=f"compare them outright: --range {onto.name}..{end.name}",
    )


def _require_unborn(location: Location) -> None:
    """HEAD has no commit: either its branch does not exist yet, or something is damaged."""
    ref = current_branch(location)
    damaged = VibeguardError(REPO, "HEAD cannot be resolved to a commit", hint="git fsck names what is damaged")
    if ref is None or not ref.startswith("refs/"):
        raise damaged
    listed = location.git.run("for-each-ref", "--format=%(refname)", ref, ok=(0, 128))
    # An existing ref is listed; a broken one is warned of.
    if listed.status != 0 or listed.stdout.strip() or listed.notices:
        raise damaged


def _require_equal(location: Location, *command: str) -> None:
    """An empty list is believed only when git also says that nothing differs."""
    name, *rest = command
    quiet = location.git.run(name, "--quiet", "--ignore-submodules=none", "--no-ext-diff", *rest, "--", ok=(0, 1))
    if quiet.status != 0:
        raise VibeguardError(GIT, "git lists no staged file, and yet says that something is staged")
