"""Contents of the object store: one `cat-file --batch` process for as many objects as are asked for."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator
from types import TracebackType

from vibeguard.errors import GIT, LIMIT, VibeguardError
from vibeguard.repository.command import Git, failure
from vibeguard.repository.process import TimedOut
from vibeguard.tuples import NamedTuple

MAX_OBJECT = 256 << 20  # bytes of one object that are held in memory
_MAX_NAME = 32 << 10  # bytes; no file system has paths that long
_TYPES = {kind.encode(): kind for kind in ("commit", "tree", "blob", "tag")}
REGULAR = ("100644", "100755", "100664")  # modes of regular files; the last one is in old trees alone
_BATCH = ("cat-file", "--batch")


class Object(NamedTuple):
    """One object. `type` is commit, tree, blob or tag."""

    id: str
    type: str
    content: bytes


class TreeEntry(NamedTuple):
    """One file of a tree or of the index, without its content."""

    path: str
    mode: str
    id: str


class Objects:
    """A running `git cat-file --batch`, asked one name at a time. Use it in a `with` block.

    Names are whatever `git rev-parse` takes without options: full ids, `HEAD^{commit}`, `<commit>:path`. A name with
    a newline cannot be asked for and is treated as missing.
    """

    def __init__(self, git: Git) -> None:
        self._git = git
        self._started = git.started(*_BATCH, stdin=subprocess.PIPE)
        self._process = self._started.__enter__()

    def __enter__(self) -> Objects:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._started.__exit__(kind, error, trace)

    def read(self, name: str, *, limit: int = MAX_OBJECT) -> Object | None:
        """The object of that name, or None where there is none.

        Raises:
            VibeguardError: LIMIT for an object of more bytes than the limit; GIT when the object is damaged, or git
                died or was silent too long.
        """
        asked = name.encode("utf-8", "surrogateescape")
        if b"\n" in asked or not asked or len(asked) > _MAX_NAME:
            return None
        try:
            self._process.write(asked + b"\n")
            header = self._process.read_line()
            found = _header(header)
            if found is None:
                if header.endswith(b"\n"):
                    return None
                raise self._died()
            oid, kind, size = found
            if size > limit:
                self._process.skip(size + 1)
                raise VibeguardError(LIMIT, f"object {oid} has {size} bytes, more than the limit of {limit}")
            content = self._process.read_exactly(size)
            whole = self._process.read_exactly(1) == b"\n"
        except BrokenPipeError:
            raise self._died() from None
        except TimedOut:
            raise VibeguardError(GIT, f"git timed out after {self._git.timeout:g} s: cat-file") from None
        if not whole:
            raise self._died()
        found_object = Object(oid, kind, content)
        _verify(found_object)
        return found_object

    def require(self, oid: str, *, limit: int = MAX_OBJECT) -> Object:
        """The object with this full id, which something else that is there names.

        Raises:
            VibeguardError: as for :meth:`read`; GIT when it is missing (damage, or a partial clone).
        """
        found = self.read(oid, limit=limit)
        if found is None:
            raise missing(self._git, oid)
        return found

    def blob(self, name: str, *, limit: int = MAX_OBJECT) -> bytes | None:
        """The content of a blob, or None where there is no such object or it is not a blob.

        For `<commit>:<path>`, None also means that the object is missing from a damaged or partial repository: where
        that must not pass for "no such file", ask :class:`vibeguard.repository.tree.Tree`.
        """
        found = self.read(name, limit=limit)
        return found.content if found is not None and found.type == "blob" else None

    def _died(self) -> VibeguardError:
        self._process.end()
        return failure(("cat-file",), self._process.status(), self._process.stderr, self._git.folder)


def _verify(found: Object) -> None:
    """git does not compare what it reads with the id that it was asked for; `git fsck` does.

    Raises:
        VibeguardError: GIT, for an object that holds something else than its id says.
    """
    if object_id(found.type.encode(), found.content, len(found.id)) != found.id:
        raise VibeguardError(
            GIT, f"object {found.id} is damaged: its content has another id", hint="git fsck names what is damaged"
        )


def object_id(kind: bytes, content: bytes, digits: int) -> str:
    """git's id of an object, in so many hexadecimal digits: 40 of SHA-1, 64 of SHA-256."""
    import hashlib  # noqa: PLC0415 - only where objects are read; and names are not looked up in it for every one

    new = hashlib.sha256 if digits == 64 else hashlib.sha1
    digest = new(b"%b %d\0" % (kind, len(content)), usedforsecurity=False)
    digest.update(content)
    return digest.hexdigest()


def _header(line: bytes) -> tuple[str, str, int] | None:
    """`<id> <type> <size>`; None for `<name> missing`, in whatever words, and for half a line."""
    fields = line.split(b" ")
    if len(fields) != 3:
        return None
    oid, kind, size = fields
    if kind not in _TYPES or size[-1:] != b"\n" or not size[:-1].isdigit():
        return None
    return oid.decode("ascii", "replace"), _TYPES[kind], int(size)


def missing(git: Git, oid: str) -> VibeguardError:
    """The error for an object that should be there: in a partial clone it was not fetched yet, and is not now."""
    partial = git.run("config", "--get-regexp", r"^(extensions\.partialclone|remote\..*\.promisor)$", ok=(0, 1))
    if partial.stdout:
        return VibeguardError(
            GIT,
            f"object {oid} is missing and lazy fetch is off",
            hint="this is a partial clone; fetch what is missing first: git fetch --refetch --filter=",
        )
    return VibeguardError(GIT, f"object {oid} is missing", hint="git fsck names what is damaged")


ABSENT = "absent"  # stands for the type of an object that is not here


def local_ids(git: Git) -> frozenset[str]:
    """Ids of every object that is here. In a partial clone git dies of the first one that is asked for and is not."""
    listed = git.run("cat-file", "--batch-all-objects", "--unordered", "--buffer", "--batch-check=%(objectname)")
    return frozenset(listed.stdout.decode().split())


def is_partial(common_dir: str) -> bool:
    """Whether a repository is a partial clone, by its own configuration file: asking git would cost a process."""
    try:
        with open(os.path.join(common_dir, "config"), "rb") as file:
            return b"promisor" in file.read(1 << 20).lower()
    except OSError:
        return False


def read_objects(git: Git, ids: Iterable[str], *, absent_ok: bool = False) -> Iterator[Object]:
    """Many objects in the order asked, one process, streamed: memory is that of the largest object.

    With `absent_ok` an object that is not here (a partial clone) comes with the type :data:`ABSENT` and no content.

    Raises:
        VibeguardError: GIT for an id that is missing, or when git fails.
    """
    for name, kind, content in _streamed(git, list(ids), absent_ok=absent_ok):
        yield Object(name, kind, content)


def read_contents(git: Git, ids: Iterable[str]) -> Iterator[bytes | None]:
    """The contents of many objects in the order asked, None for one that is not here; see :func:`read_objects`."""
    for _, kind, content in _streamed(git, list(ids), absent_ok=True):
        yield content if kind is not ABSENT else None


def _streamed(git: Git, asked: list[str], *, absent_ok: bool) -> Iterator[tuple[str, str, bytes]]:
    """(id, type, content)."""
    if not asked:
        return
    command = (*_BATCH, "--buffer")
    with git.started(*command, stdin=subprocess.PIPE) as process:
        process.write_all("".join(f"{oid}\n" for oid in asked).encode())
        read_line, read_exactly = process.read_line, process.read_exactly
        for oid in asked:
            header = read_line()
            found = _header(header)
            if found is None:
                if not header.endswith(b"\n"):
                    break
                if not absent_ok:
                    raise missing(git, oid)
                yield oid, ABSENT, b""
                continue
            name, kind, size = found
            content = read_exactly(size)
            if read_exactly(1) != b"\n":
                break
            yield name, kind, content
        else:
            git.finish(process, command)
            return
        process.end()
        raise failure(command, process.status(), process.stderr, git.folder)


def read_blobs(git: Git, ids: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """The contents of many blobs; see :func:`read_objects`."""
    for found in read_objects(git, ids):
        yield found.id, found.content


def list_tree(git: Git, tree: str) -> list[TreeEntry]:
    """Every file of a tree (a full id), recursively: regular files, symlinks and submodules."""
    return [TreeEntry(path, facts[:6], facts.rpartition(" ")[2]) for facts, _, path in _listed(git, tree)]


def list_files(git: Git, tree: str) -> dict[str, str]:
    """Object id by path of every regular file of a tree (a full id)."""
    # `<mode> blob <id>`, cut at fixed places and without a tuple a file: a quarter less than of `list_tree`.
    return {path: facts[12:] for facts, _, path in _listed(git, tree) if facts[:6] in REGULAR}


def _listed(git: Git, tree: str) -> list[tuple[str, str, str]]:
    """(`<mode> <type> <id>`, tab, path) of every entry of a tree, recursively."""
    # Decoded as a whole, and one pair of words a file: 23,000 files in 20 ms instead of 50.
    listed = git.run("ls-tree", "-r", "-z", "--full-tree", tree).stdout.decode("utf-8", "surrogateescape")
    return [record.partition("\t") for record in listed.split("\0")[:-1]]


def list_index(git: Git) -> list[TreeEntry]:
    """Every file of the index (stage 0 only), with intent-to-add entries left out of nothing: they are listed."""
    entries = []
    for record in git.run("ls-files", "-s", "-z", "--full-name").stdout.split(b"\0"):
        if record:
            facts, _, path = record.partition(b"\t")
            mode, oid, stage = facts.split(b" ")
            if stage == b"0":
                entries.append(TreeEntry(path.decode("utf-8", "surrogateescape"), mode.decode(), oid.decode()))
    return entries
