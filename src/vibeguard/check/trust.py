"""Which commit is believed: policy, owners and signers come from where the change goes to, never from the change."""

from __future__ import annotations

from vibeguard.check.request import Request
from vibeguard.model import Change, Commit
from vibeguard.repository.locate import Location
from vibeguard.repository.objects import Objects
from vibeguard.repository.refs import default_branch, read_commit, resolve
from vibeguard.tuples import NamedTuple

ENTRY = ".vibeguard.yaml"
_NEAR_MISSES = frozenset({".vibeguard.yml", ".vibeguard.json", ".vibeguard", "vibeguard.yaml", "vibeguard.yml"})


class Trusted(NamedTuple):
    """The commit whose policy and owners are in force; `commit` is None while there is none."""

    commit: Commit | None
    name: str  # in words: "origin/main", "HEAD", "3f2c1ab8d0"
    ref: str | None = None  # its full name, where it was named by one


def trusted(request: Request, location: Location, objects: Objects, change: Change) -> Trusted:
    """The commit to believe for this question.

    `--base REF`: the tip of REF. `A..B`: A. Otherwise (a laptop) the remote's default branch if there is one, else
    HEAD; never the author's own upstream branch, which may hold the author's own policy.
    """
    if request.subject == "base" and request.base is not None:
        revision = resolve(location, objects, request.base)
        return Trusted(revision.commit, request.base, revision.full_name)
    if request.subject == "range" and request.ends is not None:
        revision = resolve(location, objects, request.ends[0])
        return Trusted(revision.commit, request.ends[0], revision.full_name)
    default = default_branch(location, objects)
    if default is not None:
        return Trusted(
            default.commit, (default.full_name or default.name).removeprefix("refs/remotes/"), default.full_name
        )
    # A push to a remote that was never fetched from: what the ref holds there, if it holds anything; else HEAD.
    if request.subject == "push" and change.base is not None:
        base = read_commit(objects, change.base)
        if base is not None:
            return Trusted(base, change.base[:10])
    return Trusted(read_commit(objects, "HEAD"), "HEAD")


def near_misses(names: frozenset[str]) -> tuple[str, ...]:
    """Names in the root folder that look like a policy and are none."""
    return tuple(sorted(name for name in names if name != ENTRY and (name in _NEAR_MISSES or name.lower() == ENTRY)))
