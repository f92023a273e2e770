"""Where the ownership that somebody asks about comes from: a commit, the work tree, or a file named outright."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from vibeguard.errors import IO, LIMIT, USAGE, VibeguardError
from vibeguard.model import SYMLINK
from vibeguard.ownership.lookup import LOCATIONS, Entry, Ownership, dialect_named, load, parse
from vibeguard.ownership.reading import of_tree, remote_host
from vibeguard.repository.locate import Location, locate
from vibeguard.repository.objects import Objects, list_index, list_tree
from vibeguard.repository.refs import Revision, default_branch, read_commit, resolve
from vibeguard.repository.tree import Tree

if TYPE_CHECKING:
    from vibeguard.ownership.history import History
    from vibeguard.ownership.lint import Advice
    from vibeguard.ownership.mailmap import Mailmap

_MOST_BYTES = 100_000_000  # of a file that is named outright


class Source:
    """An ownership with the repository around it, if there is one.

    Attributes:
        ownership: whom to ask.
        commit: full id of the commit it was read from; None for a file or the work tree.
        believed: full id of the commit in force, also where the ownership was read from elsewhere.
        tree: id of the tree whose files are the tracked ones; None for those of the index.
        notices: what the user should know about the choice.
    """

    def __init__(self, ownership: Ownership, location: Location | None, objects: Objects | None) -> None:
        self.ownership = ownership
        self.commit: str | None = None
        self.believed: str | None = None
        self.notices: list[str] = []
        self.content: bytes | None = None
        self.location = location
        self._objects = objects
        self.tree: str | None = None

    def all_files(self) -> list[str]:
        """Every tracked file.

        Raises:
            VibeguardError: USAGE outside a repository.
        """
        location = self._in_repository()
        if self.tree is not None or location.top is None:
            tree = self.tree
            return [] if tree is None else [entry.path for entry in list_tree(location.git, tree)]
        return list(dict.fromkeys(entry.path for entry in list_index(location.git)))

    def changed_files(self) -> list[str]:
        """The staged files."""
        from vibeguard.repository.change import staged  # noqa: PLC0415 - not for paths that are named

        location = self._in_repository()
        assert self._objects is not None
        return list(dict.fromkeys(staged(location, self._objects).paths))

    def paths(self, words: Sequence[str]) -> list[str]:
        """Paths as the ownership file knows them; a folder stands for the tracked files in it.

        Raises:
            VibeguardError: USAGE for a path outside the repository.
        """
        top = self.location.top if self.location is not None else None
        found: dict[str, None] = {}
        tracked: list[str] | None = None
        for word in words:
            path = _from_top(word, top)
            is_folder = word.endswith("/") or not path or (top is not None and _is_folder(os.path.join(top, path)))
            if is_folder and self.location is not None:
                if tracked is None:
                    tracked = self.all_files()
                inside = f"{path}/" if path else ""
                found.update(dict.fromkeys(file for file in tracked if file.startswith(inside)))
            elif path:
                found[path] = None
        return list(found)

    def lint(self, sensitive: Callable[[list[str]], Mapping[str, Sequence[str]]]) -> tuple[Advice, ...]:
        """All findings about the file; without a repository only those that need no tracked files.

        `sensitive` picks the sensitive ones of the tracked files, by what makes them so.
        """
        from vibeguard.ownership.lint import lint, other_files  # noqa: PLC0415 - not for look-ups

        if self.location is None:
            return lint(self.ownership, None, content=self.content)
        files = self.all_files()
        others = other_files(files, self.ownership)
        return lint(self.ownership, files, content=self.content, sensitive=sensitive(files), others=others)

    def history(self, paths: Sequence[str]) -> tuple[History, Mailmap] | None:
        """The history of some paths up to the commit in force, with its mailmap; None without a commit."""
        if self.location is None or self._objects is None or self.believed is None:
            return None
        from vibeguard.ownership.history import read_history  # noqa: PLC0415 - not for look-ups
        from vibeguard.ownership.mailmap import Mailmap  # noqa: PLC0415

        mailmap = Tree(self._objects, f"{self.believed}^{{tree}}").blob(".mailmap")
        history = read_history(self.location, self._objects, self.believed, paths)
        return history, Mailmap(mailmap or b"")

    def _in_repository(self) -> Location:
        if self.location is None:
            raise VibeguardError(
                USAGE, "not in a repository: name the paths", hint="vibeguard owners --file FILE PATH…"
            )
        return self.location


Blob = Callable[[str], bytes | None]
# Told how to read a file of the tree that is in force, gives the policy's `ownership.dialect`, or None.
DialectOf = Callable[[Blob], str | None]


def _undecided(_: Blob) -> None:
    return None


@contextmanager
def open_source(
    *,
    file: str | None,
    at: str | None,
    dialect: str | None,
    worktree: bool = False,
    policy_dialect: DialectOf = _undecided,
) -> Iterator[Source]:
    """The ownership of FILE, of the commit AT, of the work tree, or of what is in force here.

    In force is what the remote's default branch says, as far as it was fetched, or HEAD without a remote: never an
    edit that is not merged. A dialect that was asked for goes before the policy's.

    Raises:
        VibeguardError: USAGE, IO, CONFIG, and what `repository` raises.
    """
    if file is not None and at is not None:
        raise VibeguardError(USAGE, "--file and --at exclude each other")
    with ExitStack() as stack:
        location = _locate(needed=file is None)
        objects = stack.enter_context(Objects(location.git)) if location is not None else None
        if location is None or objects is None:
            assert file is not None
            yield _of_file(file, dialect, None, None)
            return
        in_force = _InForce(location, objects, at)
        if dialect is None:
            dialect = policy_dialect(in_force.tree.blob)
        if file is not None:
            source = _of_file(file, dialect, location, objects)
        elif worktree and at is None and location.top is not None:
            source = _of_worktree(location.top, location, objects, dialect)
        else:
            source = _of_commit(in_force, dialect)
        source.believed = in_force.revision.id if in_force.revision is not None else None
        yield source


class _InForce:
    """The commit whose files count: the one asked for, the remote's default branch, or HEAD."""

    def __init__(self, location: Location, objects: Objects, at: str | None) -> None:
        self.location = location
        self.objects = objects
        self.asked = at is not None
        self.revision: Revision | None = resolve(location, objects, at) if at is not None else None
        if at is None:
            self.revision = default_branch(location, objects)
        if self.revision is None and read_commit(objects, "HEAD") is not None:
            self.revision = resolve(location, objects, "HEAD")
        self.tree_id = self.revision.commit.tree if self.revision is not None else location.empty_tree
        self.tree = Tree(objects, self.tree_id)


def _locate(*, needed: bool) -> Location | None:
    try:
        return locate(".")
    except VibeguardError:
        if needed:
            raise
        return None


def _of_file(file: str, dialect: str | None, location: Location | None, objects: Objects | None) -> Source:
    entry = Entry("100644", _read_plain(file))
    source = Source(_parsed(entry, file, dialect, location), location, objects)
    source.content = entry.content
    return source


def _parsed(entry: Entry, file: str, dialect: str | None, location: Location | None) -> Ownership:
    if dialect is not None:
        chosen = dialect_named(dialect)
        if chosen == "kubernetes":
            return load(lambda path: entry if path == "OWNERS" else None, dialect=chosen)
        return parse(entry, file, chosen)
    # The file's place tells, as it would in a repository.
    name = os.path.abspath(file).replace(os.sep, "/")
    places = sorted({place for known in LOCATIONS.values() for place in known}, key=len, reverse=True)
    place = next((place for place in places if name.endswith(f"/{place}")), "CODEOWNERS")
    host = remote_host(location.common_dir) if location is not None else None
    found = load(lambda path: entry if path == place else None, remote_host=host)
    return found if found.dialect == "kubernetes" else parse(entry, file, found.dialect)


def _of_worktree(top: str, location: Location, objects: Objects, dialect: str | None) -> Source:
    ownership = load(
        lambda path: _worktree_entry(top, path), dialect=dialect, remote_host=remote_host(location.common_dir)
    )
    source = Source(ownership, location, objects)
    entry = _worktree_entry(top, ownership.file) if ownership.file is not None else None
    source.content = entry.content if entry is not None else None
    return source


def _of_commit(in_force: _InForce, dialect: str | None) -> Source:
    location, revision = in_force.location, in_force.revision
    ownership = of_tree(in_force.objects, in_force.tree_id, dialect=dialect, common_dir=location.common_dir)
    source = Source(ownership, location, in_force.objects)
    source.content = in_force.tree.blob(ownership.file) if ownership.file is not None else None
    if revision is None:
        source.notices.append("the branch has no commit yet, so no ownership file is in force")
    else:
        source.commit = revision.id
        source.notices += revision.notices
    if in_force.asked or location.top is None:
        source.tree = in_force.tree_id
    elif ownership.dialect != "kubernetes":
        file = ownership.file or _first_in_worktree(location.top)
        edited = _worktree_entry(location.top, file)
        if revision is not None and (edited.content if edited is not None else None) != source.content:
            source.notices.append(
                f"{file} of {revision.name} is in force, not the one in the work tree (--file asks that one)"
            )
    return source


def _first_in_worktree(top: str) -> str:
    places = (place for known in LOCATIONS.values() for place in known)
    return next((place for place in places if _worktree_entry(top, place) is not None), "CODEOWNERS")


def _worktree_entry(top: str, path: str) -> Entry | None:
    """A file of the work tree, without following a link anywhere on the way."""
    at = top
    for part in path.split("/"):
        at = os.path.join(at, part)
        try:
            mode = os.lstat(at).st_mode
        except OSError:
            return None
        if stat.S_ISLNK(mode):
            return Entry(SYMLINK, b"")
    return Entry("100644", _read_plain(at)) if stat.S_ISREG(mode) else None


def _read_plain(file: str) -> bytes:
    """The bytes of a regular file; a pipe or a device is not waited for."""
    try:
        descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with open(descriptor, "rb") as opened:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise VibeguardError(IO, "not a regular file", where=file)
            content = opened.read(_MOST_BYTES + 1)
    except OSError as error:
        raise VibeguardError(IO, f"cannot read: {error.strerror}", where=file) from None
    if len(content) > _MOST_BYTES:
        raise VibeguardError(LIMIT, f"more than {_MOST_BYTES:,} bytes", where=file)
    return content


def _is_folder(path: str) -> bool:
    return os.path.isdir(path) and not os.path.islink(path)


def _from_top(word: str, top: str | None) -> str:
    """A path as it was typed, from the top of the work tree; "" is the top itself."""
    if top is None:
        return (
            os.path.normpath(word).replace(os.sep, "/").removeprefix("./").strip("/") if word not in ("", ".") else ""
        )
    folder = os.path.realpath(os.getcwd())
    full = os.path.normpath(os.path.join(folder, word))
    # The folder may be reached through a link; the last part may be one and is what is asked about.
    if os.path.isabs(word):
        full = os.path.join(os.path.realpath(os.path.dirname(full)), os.path.basename(full))
    path = os.path.relpath(full, os.path.realpath(top))
    if path == os.pardir or path.startswith(os.pardir + os.sep):
        raise VibeguardError(USAGE, f"outside the repository: {word}")
    return "" if path == os.curdir else path.replace(os.sep, "/")
