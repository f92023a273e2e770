"""What a review is about: a diff with its id, the commit that carries it, and the base whose word counts."""

from __future__ import annotations

from vibeguard.errors import USAGE, VibeguardError
from vibeguard.model import Change, Commit
from vibeguard.repository import change as changes
from vibeguard.repository.locate import Location
from vibeguard.repository.objects import Objects
from vibeguard.repository.refs import current_branch, default_branch, read_commit, resolve
from vibeguard.repository.tree import Tree
from vibeguard.reviews.diffid import diff_id
from vibeguard.reviews.statements import ALLOWED_SIGNERS
from vibeguard.tuples import NamedTuple


class Reviewed(NamedTuple):
    """A change as reviewers see it."""

    change: Change
    diff: str
    believed: Commit  # whose allowed signers are in force
    target: str  # full name of the branch it goes to; "" when it is not known


def reviewed(location: Location, objects: Objects, words: str = "") -> Reviewed:
    """The change that `A..B`, `A...B`, a target branch, or nothing at all (the remote's default branch) means.

    Raises:
        VibeguardError: USAGE when there is nothing to review, or no target to compare with; as `repository.change`.
    """
    first, dots, last = _split(words)
    if dots == "..":
        believed = resolve(location, objects, first)
        change = changes.between(location, objects, first, last or "HEAD")
        target = ""
    else:
        if not first:
            first = _target(location, objects)
        believed = resolve(location, objects, first)
        change = changes.since_merge_base(location, objects, first, last or "HEAD")
        target = branch(believed.full_name)
    if not change.files:
        raise VibeguardError(USAGE, "nothing to approve: no file differs", hint="name the range: A..B")
    return Reviewed(change, diff_id(change.files), believed.commit, target)


def _target(location: Location, objects: Objects) -> str:
    """Where a change most likely goes to: the remote's default branch, else a local main or master that HEAD is not on.

    Raises:
        VibeguardError: USAGE when there is none.
    """
    default = default_branch(location, objects)
    if default is not None:
        return default.full_name or default.name
    here = current_branch(location)
    for name in ("refs/heads/main", "refs/heads/master"):
        if name != here and read_commit(objects, name) is not None:
            return name
    raise VibeguardError(USAGE, "no branch to compare with is known", hint="name it: `vibeguard approve main`, or A..B")


def branch(ref: str | None) -> str:
    """The branch that a remote-tracking ref stands for (`refs/remotes/origin/main` is `refs/heads/main`)."""
    if ref is None:
        return ""
    if ref.startswith("refs/heads/"):
        return ref
    rest = ref.removeprefix("refs/remotes/").partition("/")[2]
    return f"refs/heads/{rest}" if rest and rest != "HEAD" and ref.startswith("refs/remotes/") else ""


def allowed_signers(objects: Objects, believed: Commit | None) -> bytes | None:
    """The allowed signers of a commit; None where it has none. A link in their place is none."""
    return None if believed is None else Tree(objects, believed.tree).blob(ALLOWED_SIGNERS)


def _split(words: str) -> tuple[str, str, str]:
    for dots in ("...", ".."):
        first, found, last = words.partition(dots)
        if found:
            return first or "HEAD", dots, last
    return words, "", ""
