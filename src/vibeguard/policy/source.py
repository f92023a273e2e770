"""Where the bytes of a policy come from: the caller reads them, this room never does."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vibeguard.policy import globs
from vibeguard.tuples import NamedTuple

Read = Callable[[str], bytes | None]
"""The bytes of a file of the tree that the entry came from; None when there is none. Symlinks are not followed."""

Listing = Callable[[str], Sequence[str]]
"""Paths of that tree that may match a glob; more than match is fine."""


class PolicySource(NamedTuple):
    """A policy file whose bytes the caller has read."""

    path: str
    text: bytes
    from_commit: str | None = None


def fitting(pattern: str, paths: Sequence[str]) -> tuple[str, ...]:
    """The listed paths that match, sorted."""
    glob = globs.compiled(pattern)
    return tuple(sorted(path for path in paths if globs.matches(glob, path)))
