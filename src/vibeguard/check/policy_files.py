"""Policies as they lie on disk, for whoever writes one. No judgement uses these: it reads them from commits."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence

from vibeguard.check.trust import ENTRY, near_misses
from vibeguard.errors import CONFIG, REPO, USAGE, VibeguardError
from vibeguard.policy.builtin import PREFIX, list_builtins, read_builtin
from vibeguard.policy.source import PolicySource
from vibeguard.repository.locate import Location, locate
from vibeguard.tuples import NamedTuple

MOST_BYTES = 1 << 20  # what is read of a file; the policy room refuses more
MOST_LISTED = 10_000  # files of a folder that a glob of `extends` looks at


class OnDisk(NamedTuple):
    """A policy file with the folder that its other files are looked up in."""

    source: PolicySource
    top: str
    location: Location | None

    def read(self, path: str) -> bytes | None:
        """Another file below the top; None when there is none."""
        return _plain(self.top, path)

    def listing(self, pattern: str) -> Sequence[str]:
        """Files that a glob may match: those below its literal folder."""
        folder = "/".join(_literal_folders(pattern))
        found = []
        for here, folders, files in os.walk(os.path.join(self.top, folder)):
            folders[:] = sorted(name for name in folders if name != ".git")
            below = os.path.relpath(here, self.top).replace(os.sep, "/")
            found += [name if below == "." else f"{below}/{name}" for name in sorted(files)]
            if len(found) > MOST_LISTED:
                break
        return found


def open_policy(name: str, folder: str = ".") -> OnDisk:
    """The policy that a command line names: "" is the repository's own, `builtin:NAME` a shipped one, else a file.

    Raises:
        VibeguardError: CONFIG when there is no such file or it is not a plain one; USAGE for an unknown builtin.
    """
    location = _location(folder)
    top = location.top if location is not None and location.top is not None else os.path.abspath(folder)
    if name.startswith(PREFIX):
        text = read_builtin(name.removeprefix(PREFIX))
        if text is None:
            raise VibeguardError(USAGE, f"{name} does not ship with vibeguard", hint=", ".join(list_builtins()))
        return OnDisk(PolicySource(name, text), top, location)
    if not name:
        text = _plain(top, ENTRY)
        if text is None:
            missed = near_misses(frozenset(os.listdir(top)))
            hint = f"{missed[0]} is not a policy: its name must be exactly {ENTRY}" if missed else "vibeguard init"
            raise VibeguardError(CONFIG, f"there is no {ENTRY} here", where=top, hint=hint)
        return OnDisk(PolicySource(ENTRY, text), top, location)
    full = os.path.abspath(os.path.join(folder, name))
    inside = os.path.relpath(full, top).replace(os.sep, "/")
    if inside.startswith("../"):
        top, inside = os.path.dirname(full), os.path.basename(full)
    text = _plain(top, inside)
    if text is None:
        raise VibeguardError(CONFIG, "there is no such file", where=name)
    return OnDisk(PolicySource(inside, text), top, location)


def _location(folder: str) -> Location | None:
    try:
        return locate(folder)
    except VibeguardError as error:
        if error.kind == REPO:
            return None
        raise


def _plain(top: str, path: str) -> bytes | None:
    """The bytes of a plain file; None when there is none. Links are refused, at every step of the path."""
    full = top
    for part in path.split("/"):
        full = os.path.join(full, part)
        try:
            mode = os.lstat(full).st_mode
        except (OSError, ValueError):
            return None
        if stat.S_ISLNK(mode):
            raise VibeguardError(CONFIG, "a symbolic link cannot be part of a policy", where=path, hint="copy the file")
    if not stat.S_ISREG(mode):
        raise VibeguardError(CONFIG, "a policy is a plain file", where=path)
    try:
        with open(full, "rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise VibeguardError(CONFIG, f"cannot read the policy: {error.strerror}", where=path) from None


def _literal_folders(pattern: str) -> list[str]:
    folders = []
    for part in pattern.split("/")[:-1]:
        if "*" in part or "?" in part:
            break
        folders.append(part)
    return folders
