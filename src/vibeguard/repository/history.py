"""A stretch of history in three git processes, whatever its length: commits from raw objects, files beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from subprocess import PIPE

from vibeguard.errors import GIT, VibeguardError
from vibeguard.model import Commit, FileChange
from vibeguard.repository.commits import parse_commit
from vibeguard.repository.locate import Location
from vibeguard.repository.objects import read_objects
from vibeguard.repository.process import Process
from vibeguard.repository.raw import RAW, parse_raw
from vibeguard.tuples import NamedTuple


class Step(NamedTuple):
    """One commit and what it changed against its first parent (a merge: what it brought in).

    Files have counts and no patches; the counts of files that attributes call binary are None.
    """

    commit: Commit
    files: tuple[FileChange, ...]


def list_commits(
    location: Location,
    tips: Iterable[str],
    *,
    exclude: Iterable[str] = (),
    most: int | None = None,
    trunk: bool = False,
) -> list[str]:
    """Ids of the commits that the tips have and the excluded ones have not, newest first.

    Args:
        location: the repository.
        tips: full ids.
        exclude: full ids.
        most: how many at most; all by default.
        trunk: first parents only, as a branch that others are merged into has grown.

    Raises:
        VibeguardError: GIT when git fails.
    """
    command = ["rev-list", "--topo-order", "--stdin"]
    command += [f"--max-count={most}"] if most is not None else []
    command += ["--first-parent"] if trunk else []
    asked = [f"{tip}\n" for tip in tips] + [f"^{oid}\n" for oid in exclude]
    return location.git.run(*command, stdin="".join(asked).encode()).stdout.decode().split()


def read_commits(location: Location, ids: Iterable[str]) -> Iterator[Commit]:
    """The commits of these full ids in their order, one process, streamed.

    Raises:
        VibeguardError: GIT when one is missing or damaged.
    """
    for found in read_objects(location.git, ids):
        yield parse_commit(found.id, found.content)


def read_steps(location: Location, ids: Iterable[str]) -> Iterator[Step]:
    """The same with what each commit changed: two processes, streamed.

    Raises:
        VibeguardError: GIT when git fails or answers for other commits than it was asked for.
    """
    wanted = list(ids)
    command = (
        "diff-tree", "--stdin", "--always", "--root", "--diff-merges=first-parent", *RAW, "--numstat", "--no-renames"
    )  # fmt: skip
    with location.git.started(*command, stdin=PIPE) as process:
        process.write_all("".join(f"{oid}\n" for oid in wanted).encode())
        fields = _Fields(process)
        for commit in read_commits(location, wanted):
            if fields.next() != commit.id.encode():
                raise VibeguardError(GIT, f"git diff-tree did not answer for {commit.id}")
            yield Step(commit, tuple(_files(fields)))
        location.git.finish(process, command)


def _files(fields: _Fields) -> Iterator[FileChange]:
    """The records of one commit, then as many counts: `added TAB deleted TAB path`."""
    raw = []
    while fields.peek().startswith(b":"):
        raw += [fields.next(), fields.next()]
    for file in parse_raw(b"".join(field + b"\0" for field in raw)):
        added, _, rest = fields.next().partition(b"\t")
        deleted, _, path = rest.partition(b"\t")
        if path.decode("utf-8", "surrogateescape") != file.path:
            raise VibeguardError(GIT, f"git counted other files than it listed: {file.path}")
        yield file._replace(
            added=int(added) if added.isdigit() else None, deleted=int(deleted) if deleted.isdigit() else None
        )


class _Fields:
    """The fields of a stream, which NUL ends."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._fields: list[bytes] = []
        self._at = 0
        self._tail = b""

    def peek(self) -> bytes:
        """The next field; empty at the end."""
        while self._at >= len(self._fields):
            block = self._process.read()
            if not block:
                return b""
            self._fields = (self._tail + block).split(b"\0")
            self._tail = self._fields.pop()
            self._at = 0
        return self._fields[self._at]

    def next(self) -> bytes:
        """The next field, which is then behind; empty at the end."""
        field = self.peek()
        self._at += 1
        return field
