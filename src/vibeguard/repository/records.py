"""Files kept under a ref of their own (`refs/vibeguard/…`): added to, never edited, merged by taking both sides.

It is the one place that writes to the object store and to refs, for commands whose purpose that is. The work tree,
the index, branches and configuration stay as they are, and no hook runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vibeguard.errors import GIT, IO, REPO, VibeguardError
from vibeguard.repository.locate import Location
from vibeguard.repository.objects import list_tree, read_blobs

MOST_BYTES = 64 * 1024 * 1024  # of one ref's files together
_TRIES = 5  # somebody else may write at the same time
# Records are nobody's work: their own content says who signed what.
_IDENTITY = ("-c", "user.name=vibeguard", "-c", "user.email=vibeguard@localhost", "-c", "user.useConfigOnly=false")


def tip(location: Location, ref: str) -> str | None:
    """The commit of a ref by its full name, or None where there is none."""
    done = location.git.run("rev-parse", "-q", "--verify", f"{ref}^{{commit}}", ok=(0, 1, 128))
    return done.stdout.decode().strip() or None if done.status == 0 else None


def read_files(location: Location, ref: str, under: Sequence[str] = ()) -> dict[str, bytes]:
    """The files of a ref by path, or those in some of its folders. Nothing where the ref does not exist.

    Raises:
        VibeguardError: REPO beyond 64 MiB, or when objects are missing.
    """
    commit = tip(location, ref)
    if commit is None:
        return {}
    entries = [
        entry
        for entry in list_tree(location.git, commit)
        if entry.mode == "100644" and (not under or entry.path.partition("/")[0] in under)
    ]
    files: dict[str, bytes] = {}
    total = 0
    for entry, (_, content) in zip(entries, read_blobs(location.git, [entry.id for entry in entries]), strict=True):
        total += len(content)
        if total > MOST_BYTES:
            raise VibeguardError(REPO, f"{ref} holds more than {MOST_BYTES >> 20} MiB", hint="start it anew")
        files[entry.path] = content
    return files


def add_files(location: Location, ref: str, files: Mapping[str, bytes], subject: str) -> str:
    """Add files (`name` or `folder/name`) to a ref in one commit, and return that commit's id. Its history stays.

    Raises:
        VibeguardError: REPO when a file of that name is there with another content; GIT when git fails.
    """
    for _ in range(_TRIES):
        before = tip(location, ref)
        listed = {} if before is None else _listed(location, before)
        for path, content in files.items():
            blob = _write(location, content)
            if listed.get(path, blob) != blob:
                raise VibeguardError(REPO, f"{path} is there already, with another content", where=ref)
            listed[path] = blob
        commit = _commit(location, listed, [before] if before else [], subject)
        if _moved(location, ref, before, commit):
            return commit
    raise VibeguardError(IO, f"{ref} is being written to by somebody else", hint="try again")


def replace_file(location: Location, ref: str, path: str, *, old: bytes | None, new: bytes, subject: str) -> bool:
    """Let one file of a ref grow from `old` to `new`; False when it was not `old` any more."""
    before = tip(location, ref)
    listed = {} if before is None else _listed(location, before)
    known = None if old is None else _write(location, old)
    if listed.get(path) != known:
        return False
    listed[path] = _write(location, new)
    return _moved(location, ref, before, _commit(location, listed, [before] if before else [], subject))


def merge(location: Location, ref: str, other: str) -> bool:
    """Take in what another ref has: the files of both, in a commit with both as parents. Whether anything was new.

    Raises:
        VibeguardError: REPO when both have a file of one name with different contents.
    """
    theirs, ours = tip(location, other), tip(location, ref)
    if theirs is None or theirs == ours:
        return False
    if ours is None:
        return _moved(location, ref, None, theirs)
    if location.git.run("merge-base", "--is-ancestor", theirs, ours, ok=(0, 1)).status == 0:
        return False
    if location.git.run("merge-base", "--is-ancestor", ours, theirs, ok=(0, 1)).status == 0:
        return _moved(location, ref, ours, theirs)
    both = _listed(location, ours)
    for path, blob in _listed(location, theirs).items():
        if both.setdefault(path, blob) != blob:
            raise VibeguardError(REPO, f"{path} differs here and there", where=ref, hint=f"compare {ref} with {other}")
    return _moved(location, ref, ours, _commit(location, both, [ours, theirs], "merge"))


def _listed(location: Location, commit: str) -> dict[str, str]:
    return {entry.path: entry.id for entry in list_tree(location.git, commit)}


def _write(location: Location, content: bytes) -> str:
    done = location.git.run("hash-object", "-w", "-t", "blob", "--no-filters", "--stdin", stdin=content)
    return done.stdout.decode().strip()


def _commit(location: Location, files: Mapping[str, str], parents: Sequence[str], subject: str) -> str:
    folders: dict[str, list[tuple[str, str]]] = {}
    for path, blob in files.items():
        folder, _, name = path.rpartition("/")
        folders.setdefault(folder, []).append((name, blob))
    lines = [f"100644 blob {blob}\t{name}" for name, blob in folders.pop("", [])]
    for folder, found in folders.items():
        if "/" in folder:
            raise VibeguardError(GIT, f"records lie in one folder at most: {folder}")
        tree = _tree(location, [f"100644 blob {blob}\t{name}" for name, blob in found])
        lines.append(f"040000 tree {tree}\t{folder}")
    options = [part for parent in parents for part in ("-p", parent)]
    tree = _tree(location, lines)
    done = location.git.run(*_IDENTITY, "commit-tree", tree, *options, stdin=f"{subject}\n".encode())
    return done.stdout.decode().strip()


def _tree(location: Location, lines: Sequence[str]) -> str:
    content = "".join(f"{line}\0" for line in lines).encode("utf-8", "surrogateescape")
    return location.git.run("mktree", "-z", stdin=content).stdout.decode().strip()


def _moved(location: Location, ref: str, before: str | None, after: str) -> bool:
    """Move the ref if it still is where it was."""
    done = location.git.run("update-ref", ref, after, before or location.zero, ok=(0, 1, 128))
    return done.status == 0
