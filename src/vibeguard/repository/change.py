"""The change that may go in: what is staged, or what lies between two commits."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from itertools import islice
from subprocess import PIPE

from vibeguard.errors import GIT, REPO, USAGE, VibeguardError
from vibeguard.model import Change, Commit, FileChange
from vibeguard.repository.commits import parse_commit
from vibeguard.repository.difference import Difference, Limits, read_difference
from vibeguard.repository.hunks import hunks
from vibeguard.repository.index import require_sound_index
from vibeguard.repository.locate import Location
from vibeguard.repository.objects import Objects, read_objects
from vibeguard.repository.refs import Revision, current_branch, read_commit, resolve
from vibeguard.repository.underway import AMENDING, is_amending, lost_from, other_parents
from vibeguard.tuples import NamedTuple

__all__ = ["between", "commits_between", "hunks", "since_merge_base", "staged"]

# Up to this many commits are asked of the process that is running anyway, one by one.
_FEW_COMMITS = 64
# So many changed files of such a size have the content of their objects compared with their ids.
_FEW_FILES = 500
_SMALL_PATCH = 1 << 20  # bytes
MAX_COMMITS = 100_000

_SHALLOW_HINT = "git fetch --unshallow (in CI: fetch-depth: 0)"


def staged(
    location: Location,
    objects: Objects,
    *,
    limits: Limits | None = None,
    environ: Mapping[str, str] | None = None,
) -> Change:
    """What is staged, against HEAD, or against nothing on a branch without commits.

    While a merge is being made, files that drop what another parent changed are part of it, too.

    Raises:
        VibeguardError: REPO without a work tree, with conflicts, or with a damaged HEAD; GIT when git fails or
            contradicts itself.
    """
    if location.top is None:
        raise VibeguardError(
            REPO, "a bare repository has nothing staged: it needs a work tree or --range", hint="--range A..B"
        )
    require_sound_index(location)
    head = read_commit(objects, "HEAD")
    if head is None:
        _require_unborn(location)
    base_tree = location.empty_tree if head is None else head.tree
    command = ("diff-index", "--cached", "--ita-invisible-in-index")
    files, notices = read_difference(location.git, *command, base_tree, limits=limits)
    _verify(objects, files, location.zero)
    unmerged = sorted({file.path for file in files if file.status == "U"})
    if unmerged:
        raise VibeguardError(
            REPO,
            f"resolve conflicts first: {', '.join(unmerged[:5])}"
            + (f" and {len(unmerged) - 5} more" if len(unmerged) > 5 else ""),
            hint="git status lists them; stage each file once it is resolved",
        )
    if not files:
        _require_equal(location, *command, base_tree)
    parents: tuple[Commit, ...] = ()
    if head is not None:
        parents = other_parents(location, objects, head.id, os.environ if environ is None else environ)
        for parent in parents:
            lost = lost_from(location, objects, head, parent, frozenset(file.path for file in files), limits=limits)
            files, notices = files + lost.files, notices + lost.notices
        if not parents and (not files or is_amending()):
            notices += (AMENDING,)
    return Change(
        source="staged",
        base=None if head is None else head.id,
        head=None,
        files=files,
        base_tree=base_tree,
        parents=tuple(parent.id for parent in parents),
        notices=notices,
        ref=current_branch(location),
    )


def between(location: Location, objects: Objects, base: str, head: str, *, limits: Limits | None = None) -> Change:
    """What `base..head` changes: tree against tree, with the commits in between.

    Raises:
        VibeguardError: USAGE when a name is no commit or the range is reversed; REPO when the history is too
            shallow; GIT when git fails.
    """
    begin, end = resolve(location, objects, base), resolve(location, objects, head)
    change, forward = compare(location, objects, begin.commit, end.commit, limits=limits)
    if not change.commits and begin.id != end.id:
        raise VibeguardError(
            USAGE,
            f"empty range: {head} lies before {base}, so no commit is between them",
            hint=f"it may be reversed: {head}..{base}",
        )
    notices = begin.notices + end.notices + change.notices
    if not forward:
        notices += (
            f"{base} is not an ancestor of {head}: the difference also takes back what only {base} has "
            f"(since their merge base: {base}...{head})",
        )
    return change._replace(notices=notices, ref=end.full_name)


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
            USAGE,
            f"empty range: {target} already contains {head}",
            hint="name the commit that is to be merged",
        )
    first = read_known_commit(objects, bases[0])
    change, _ = compare(location, objects, first, end.commit, since=(onto.id,), limits=limits)
    notices = onto.notices + end.notices + change.notices
    for other in bases[1:]:
        tree = read_known_commit(objects, other).tree
        more = read_difference(location.git, "diff-tree", tree, end.commit.tree, limits=limits)
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
    since: Iterable[str] | None = None,
    limits: Limits | None = None,
) -> tuple[Change, bool]:
    """The difference of two commits' trees, and the commits that head has and `since` (base, if not given) has not.

    Also whether base is an ancestor of head (only where `since` is not given).
    """
    base_tree = location.empty_tree if base is None else base.tree
    difference = (
        Difference(())
        if base_tree == head.tree
        else read_difference(location.git, "diff-tree", base_tree, head.tree, limits=limits)
    )
    _verify(objects, difference.files, location.zero)
    if since is None:
        since = () if base is None else (base.id,)
    commits, edges, notices = commits_between(location, objects, since, head.id)
    change = Change(
        source="range",
        base=None if base is None else base.id,
        head=head.id,
        files=difference.files,
        commits=commits,
        base_tree=base_tree,
        head_tree=head.tree,
        notices=difference.notices + notices,
    )
    return change, base is None or base.id == head.id or base.id in edges


class Commits(NamedTuple):
    """The commits of a range, oldest first, and the ones it begins behind."""

    commits: tuple[Commit, ...]
    edges: frozenset[str]  # parents of the range's commits that are excluded themselves
    notices: tuple[str, ...] = ()


def commits_between(location: Location, objects: Objects, excluded: Iterable[str], head: str) -> Commits:
    """The commits that head has and the excluded ones (full ids) have not, oldest first.

    Raises:
        VibeguardError: REPO when a shallow clone ends inside the range.
    """
    without = frozenset(excluded)
    command = ("rev-list", "--topo-order", "--reverse", "--boundary", "--stdin")
    with location.git.started(*command, stdin=PIPE) as process:
        process.write_all("".join(f"{oid}\n" for oid in (head, *(f"^{oid}" for oid in without))).encode())
        listed = process.read_all().decode().split()
        location.git.finish(process, command)
    ids = [oid for oid in listed if not oid.startswith("-")]
    edges = frozenset(oid[1:] for oid in listed if oid.startswith("-"))
    notices: tuple[str, ...] = ()
    if len(ids) > MAX_COMMITS:
        notices = (f"{len(ids)} commits: only the last {MAX_COMMITS} were read",)
        ids = ids[-MAX_COMMITS:]
    if len(ids) <= _FEW_COMMITS:
        commits = tuple(read_known_commit(objects, oid) for oid in ids)
    else:
        commits = tuple(parse_commit(found.id, found.content) for found in read_objects(location.git, ids))
    _require_depth(location, commits, edges | without)
    return Commits(commits, edges, notices)


def _verify(objects: Objects, files: Iterable[FileChange], zero: str) -> None:
    """Read the objects of a small change once more: git prints lines of an object without comparing it with its id.

    Raises:
        VibeguardError: GIT, for an object that is missing or holds something else.
    """
    for file in islice(files, _FEW_FILES):
        if file.patch is not None and len(file.patch) <= _SMALL_PATCH and not file.is_submodule:
            for oid in (file.blob_before, file.blob_after):
                if oid != zero:
                    objects.require(oid)


def merge_bases(location: Location, one: str, other: str) -> tuple[str, ...]:
    """All best common ancestors of two commits (full ids); more than one after criss-cross merges."""
    return tuple(location.git.run("merge-base", "--all", one, other, ok=(0, 1)).stdout.decode().split())


def read_known_commit(objects: Objects, oid: str) -> Commit:
    """The commit with this full id, which something else that is there names."""
    return parse_commit(oid, objects.require(oid).content)


def _union(files: tuple[FileChange, ...], more: tuple[FileChange, ...]) -> tuple[FileChange, ...]:
    seen = {file.path for file in files}
    return files + tuple(file for file in more if file.path not in seen)


def _require_depth(location: Location, commits: tuple[Commit, ...], known: frozenset[str]) -> None:
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
    if ref is None or not ref.startswith("refs/") or os.path.isfile(os.path.join(location.common_dir, ref)):
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
