"""Contents of the object store: one `cat-file --batch` process for as many objects as are asked for."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import NamedTuple

from vibeguard.errors import GIT, REPO, VibeguardError
from vibeguard.repository.command import Git, failure


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
        self._started = git.started("cat-file", "--batch", stdin=subprocess.PIPE)
        self._process = self._started.__enter__()

    def __enter__(self) -> Objects:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._started.__exit__(kind, error, trace)

    def read(self, name: str) -> Object | None:
        """The object of that name, or None where there is none.

        Raises:
            VibeguardError: REPO for an object that is there but damaged or, in a partial clone, absent; GIT when git
                died.
        """
        asked = name.encode("utf-8", "surrogateescape")
        if b"\n" in asked or not asked:
            return None
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None
        try:
            stdin.write(asked + b"\n")
            stdin.flush()
        except BrokenPipeError:
            raise self._died() from None
        header = stdout.readline()
        if not header:
            raise self._died()
        # The name itself may hold blanks, so the answer is read from its end.
        if header.endswith((b" missing\n", b" ambiguous\n")):
            return None
        fields = header.rsplit(b" ", 2)
        if len(fields) != 3 or not fields[2].strip().isdigit():
            raise VibeguardError(GIT, f"git cat-file answered {header[:80]!r}")
        size = int(fields[2])
        content = stdout.read(size + 1)
        if len(content) != size + 1:
            raise self._died()
        return Object(fields[0].decode(), fields[1].decode(), content[:-1])

    def blob(self, name: str) -> bytes | None:
        """The content of a blob, or None where there is no such object or it is not a blob."""
        found = self.read(name)
        return found.content if found is not None and found.type == "blob" else None

    def _died(self) -> VibeguardError:
        self._process.wait()
        stderr = self._process.stderr.read() if self._process.stderr is not None else b""
        if b"lazy fetch" in stderr or b"promisor" in stderr:
            return VibeguardError(
                GIT, "an object is missing and lazy fetch is off", hint="fetch it first: git fetch --refetch"
            )
        return failure(("cat-file",), self._process.returncode, stderr, self._git.folder)


def read_objects(git: Git, ids: Iterable[str]) -> Iterator[Object]:
    """Many objects in the order asked, one process, streamed: memory is that of the largest object.

    Raises:
        VibeguardError: REPO for an id that is missing; GIT when git fails.
    """
    with tempfile.TemporaryFile() as requests:
        requests.writelines(f"{oid}\n".encode() for oid in ids)
        requests.seek(0)
        with git.started("cat-file", "--batch", "--buffer", stdin=requests) as process:
            stdout = process.stdout
            assert stdout is not None
            while header := stdout.readline():
                fields = header.split(b" ")
                if len(fields) != 3:
                    raise VibeguardError(
                        REPO, f"object {fields[0].decode()} is missing", hint="git fsck names what is damaged"
                    )
                size = int(fields[2])
                content = stdout.read(size + 1)
                if len(content) != size + 1:
                    break
                yield Object(fields[0].decode(), fields[1].decode(), content[:-1])
            process.wait()
            if process.returncode != 0:
                stderr = process.stderr.read() if process.stderr is not None else b""
                raise failure(("cat-file",), process.returncode, stderr, git.folder)


def read_blobs(git: Git, ids: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """The contents of many blobs; see :func:`read_objects`."""
    for found in read_objects(git, ids):
        yield found.id, found.content


def list_tree(git: Git, tree: str) -> list[TreeEntry]:
    """Every file of a tree (a full id), recursively: regular files, symlinks and submodules."""
    entries = []
    for record in git.run("ls-tree", "-r", "-z", "--full-tree", tree).stdout.split(b"\0"):
        if record:
            facts, _, path = record.partition(b"\t")
            mode, _type, oid = facts.split(b" ")
            entries.append(TreeEntry(path.decode("utf-8", "surrogateescape"), mode.decode(), oid.decode()))
    return entries


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
