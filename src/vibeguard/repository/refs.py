"""Names of commits, resolved in full: a branch, a remote branch and a tag of one name are never confused."""

from __future__ import annotations

import os

from vibeguard.errors import REPO, USAGE, VibeguardError
from vibeguard.model import Commit
from vibeguard.repository.commits import parse_commit
from vibeguard.repository.locate import Location
from vibeguard.repository.objects import Objects
from vibeguard.tuples import NamedTuple

_HEX = frozenset("0123456789abcdefABCDEF")
_FOLDERS = ("refs/heads/", "refs/remotes/", "refs/tags/")


class Revision(NamedTuple):
    """A name that was resolved once; from then on only ids are used."""

    name: str  # as it was asked for
    full_name: str | None  # refs/heads/main; None for ids, HEAD and what git calls a pseudo-ref
    commit: Commit
    notices: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return self.commit.id


def read_commit(objects: Objects, name: str) -> Commit | None:
    """The commit that a full name or id stands for (tags are peeled), or None."""
    found = objects.read(f"{name}^{{commit}}")
    return parse_commit(found.id, found.content) if found is not None else None


def resolve(location: Location, objects: Objects, name: str) -> Revision:
    """The commit that a user's words mean.

    Branches come before remote branches, and those before tags; what else has the name is a notice. Full ids, HEAD,
    and suffixes like `~1` and `^` are allowed, options never.

    Raises:
        VibeguardError: USAGE when it is no revision or there is no such commit; REPO when HEAD is damaged or the
            history is too shallow to know.
    """
    if not name or name.startswith("-") or any(ord(char) <= 32 or ord(char) == 127 for char in name):
        raise VibeguardError(USAGE, f"not a revision: {name!r}")
    stem_end = min((at for at in (name.find(mark) for mark in ("^", "~", "@{", ":")) if at >= 0), default=len(name))
    stem, suffix = name[:stem_end], name[stem_end:]
    if ":" in suffix or ".." in stem:
        raise VibeguardError(USAGE, f"not a revision: {name!r}", hint="name one commit, such as main or HEAD~1")
    if stem in ("HEAD", "@", "") and name:
        commit = read_commit(objects, ("HEAD" if stem == "@" else stem) + suffix)
        if commit is None:
            raise _no_such(location, name)
        return Revision(name, None, commit)
    if len(stem) in (40, 64) and _HEX.issuperset(stem):
        commit = read_commit(objects, name)
        if commit is None:
            raise _no_such(location, name)
        return Revision(name, None, commit)
    candidates = (stem,) if stem.startswith("refs/") else tuple(folder + stem for folder in _FOLDERS)
    found = [(full, commit) for full in candidates if (commit := read_commit(objects, full + suffix)) is not None]
    if not found and not stem.startswith("refs/"):
        found = _less_usual(objects, stem, suffix)
    if not found:
        raise _no_such(location, name)
    full_name, commit = found[0]
    others = [full for full, other in found[1:] if other.id != commit.id]
    notices = (f"{name} is also {' and '.join(others)}; {full_name} was used",) if others else ()
    return Revision(name, full_name if full_name.startswith("refs/") else None, commit, notices)


def _less_usual(objects: Objects, stem: str, suffix: str) -> list[tuple[str, Commit]]:
    """A remote's default branch (`origin`), a pseudo-ref (`MERGE_HEAD`), or an abbreviated id."""
    names = [f"refs/remotes/{stem}/HEAD"]
    if (stem.endswith("HEAD") and stem.isupper()) or (len(stem) >= 4 and _HEX.issuperset(stem)):
        names.append(stem)
    return [(full, commit) for full in names if (commit := read_commit(objects, full + suffix)) is not None][:1]


def _no_such(location: Location, name: str) -> VibeguardError:
    if name in ("HEAD", "@"):
        return VibeguardError(REPO, "HEAD cannot be resolved to a commit", hint="git fsck names what is damaged")
    if location.shallow:
        return VibeguardError(
            REPO,
            f"no such commit in this shallow history: {name}",
            hint="history too shallow: git fetch --unshallow (in CI: fetch-depth: 0)",
        )
    return VibeguardError(USAGE, f"no such commit: {name}", hint="git branch -a and git tag list what there is")


def default_branch(location: Location, objects: Objects, remote: str = "origin") -> Revision | None:
    """The remote's default branch as it was last fetched, or None where the remote is not known."""
    folder = f"refs/remotes/{remote}"
    commit = read_commit(objects, f"{folder}/HEAD")
    if commit is not None:
        branch = _symbolic(location, f"{folder}/HEAD")
        return Revision((branch or f"{folder}/HEAD").removeprefix("refs/remotes/"), branch, commit)
    for name in ("main", "master"):
        commit = read_commit(objects, f"{folder}/{name}")
        if commit is not None:
            return Revision(f"{remote}/{name}", f"{folder}/{name}", commit)
    return None


def current_branch(location: Location) -> str | None:
    """The full name of the branch that HEAD is on (it may be unborn), or None when HEAD is detached."""
    return _symbolic(location, "HEAD")


def _symbolic(location: Location, name: str) -> str | None:
    """Where a symbolic ref leads: read from its file, or asked of git where refs are not files (reftable)."""
    folder = location.git_dir if name == "HEAD" else location.common_dir
    try:
        with open(os.path.join(folder, name), "rb") as file:
            content = file.read(4096)
    except OSError:
        content = b""
    target = content.removeprefix(b"ref:").strip().decode("utf-8", "surrogateescape")
    if content.startswith(b"ref:") and target != "refs/heads/.invalid":
        return target
    if content and not content.startswith(b"ref:"):
        return None
    done = location.git.run("symbolic-ref", "-q", name, ok=(0, 1, 128))
    return done.stdout.decode("utf-8", "surrogateescape").strip() or None
