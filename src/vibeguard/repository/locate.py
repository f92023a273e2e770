"""Finding the repository: its work tree, its directories and its object format, with one git process."""

from __future__ import annotations

import os

from vibeguard.errors import GIT, REPO, VibeguardError
from vibeguard.repository.command import Completed, Git, failure
from vibeguard.tuples import NamedTuple

# rev-parse repeats an option that it does not know: a mark between paths, which may hold newlines themselves.
_MARK = "--vibeguard-next-path"

_EMPTY_TREES = {
    "sha1": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "sha256": "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}


class Location(NamedTuple):
    """Where a repository is, and how to run git in it."""

    git: Git
    top: str | None  # root of the work tree; None for a bare repository
    git_dir: str  # this work tree's own directory (HEAD, MERGE_HEAD, index)
    common_dir: str  # the directory that linked work trees share (objects, refs, config)
    bare: bool
    shallow: bool
    object_format: str  # "sha1" or "sha256"

    @property
    def zero(self) -> str:
        """The object id that stands for "none"."""
        return "0" * (64 if self.object_format == "sha256" else 40)

    @property
    def empty_tree(self) -> str:
        """The id of the tree without entries; git knows it without having stored it."""
        return _EMPTY_TREES[self.object_format]


def locate(folder: str) -> Location:
    """The repository that a folder belongs to.

    A bare repository is taken when GIT_DIR names it, or when it does not lie inside another repository: one that is
    part of somebody's work tree may have been put there to be found (`safe.bareRepository`).

    Raises:
        VibeguardError: REPO when there is none, when it may not be used, or when the folder is inside `.git`; GIT
            when git fails otherwise.
    """
    git = Git(folder)
    done = _rev_parse(git)
    if done.status != 0 and not done.stdout:
        words = b"\n".join(line.encode("utf-8", "surrogateescape") for line in done.notices)
        bare = _refused_bare(done.notices)
        if bare is None:
            raise _refusal(words, done.status, folder)
        if ".git" in bare.split(os.sep):
            raise _inside(folder)
        if _rev_parse(Git(os.path.dirname(bare))).status == 0:
            raise VibeguardError(
                REPO,
                f"a bare repository inside another repository is not used: {bare}",
                hint=f"name it outright if it is meant: GIT_DIR={bare}",
            )
        git = git.with_git_dir(bare)
        done = _rev_parse(git)
        if not done.stdout:
            raise _refusal(words, done.status, folder)
    try:
        facts, git_dir, common_dir, *top = done.stdout.split(f"{_MARK}\n".encode())
        bare_flag, shallow, object_format = facts.decode("ascii", "replace").split("\n")[:3]
    except ValueError:
        raise VibeguardError(
            GIT, f"git rev-parse answered {done.stdout[:80]!r}", hint="git 2.31 or newer is needed"
        ) from None
    if object_format not in _EMPTY_TREES:
        raise VibeguardError(GIT, f"unknown object format: {object_format}")
    found = Location(
        git=git,
        top=_path(top[0]) if top and top[0] and done.status == 0 else None,
        git_dir=_path(git_dir),
        common_dir=_path(common_dir),
        bare=bare_flag == "true",
        shallow=shallow == "true",
        object_format=object_format,
    )
    if found.top is None and not found.bare and not os.environ.get("GIT_DIR"):
        raise _inside(folder)
    return found._replace(git=git.detached(found.git_dir, found.top))


def _rev_parse(git: Git) -> Completed:
    return git.run(
        "rev-parse",
        "--is-bare-repository",
        "--is-shallow-repository",
        "--show-object-format",
        _MARK,
        "--absolute-git-dir",
        _MARK,
        "--path-format=absolute",
        "--git-common-dir",
        _MARK,
        "--show-toplevel",  # last: it fails where there is no work tree
        ok=(0, 128),
    )


def _path(raw: bytes) -> str:
    return raw.removesuffix(b"\n").decode("utf-8", "surrogateescape")


def _refused_bare(notices: tuple[str, ...]) -> str | None:
    """The bare repository that `safe.bareRepository=explicit` kept git from using."""
    words = "\n".join(notices)
    _, found, rest = words.partition("cannot use bare repository '")
    path, quote, _ = rest.rpartition("' (safe.bareRepository")
    return path if found and quote else None


def _inside(folder: str) -> VibeguardError:
    return VibeguardError(
        REPO, f"run from the work tree: {folder} is inside a .git directory", hint="change to where the files are"
    )


def _refusal(words: bytes, status: int, folder: str) -> VibeguardError:
    if b"must be run in a work tree" in words:
        return _inside(folder)
    if b"current working directory" in words:
        return VibeguardError(REPO, "current directory vanished", hint="change to an existing folder")
    return failure(("rev-parse",), status, words, folder)
