"""What git says that differs: raw records decide which files and how, the patches that follow give the lines.

Both come from one process. git prints all records before the first patch, so the names are complete even where the
patches are not.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from vibeguard.errors import GIT, VibeguardError
from vibeguard.model import GITLINK, FileChange
from vibeguard.repository.command import Git, notices
from vibeguard.repository.process import Process, TimedOut
from vibeguard.repository.raw import RAW, parse_raw, read_names, read_raw
from vibeguard.repository.renames import mark_renames
from vibeguard.repository.sections import Section, sections
from vibeguard.tuples import NamedTuple

PATCH = (
    "-p",
    "--text",  # an in-repository attribute must not hide lines
    "--full-index",
    "--submodule=short",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--unified=3",
    "--inter-hunk-context=0",
    "--diff-algorithm=myers",
    "--no-indent-heuristic",
)


class Limits(NamedTuple):
    """Beyond these, patches are not read; names always are."""

    files: int = 20_000  # changed files
    total: int = 256 << 20  # bytes of patches together
    one: int = 64 << 20  # bytes of one file's patch
    seconds_one: float = 20.0  # that git may take for one file
    seconds: float = 120.0  # for all patches together


class Difference(NamedTuple):
    """The files that differ between two trees, or a tree and the index, in git's order."""

    files: tuple[FileChange, ...]
    notices: tuple[str, ...] = ()


def read_difference(git: Git, *command: str, limits: Limits | None = None) -> Difference:
    """Run `diff-index` or `diff-tree` and read what differs.

    Args:
        git: the runner.
        command: subcommand with the options of its own; the trees last, as full ids.
        limits: how much of the patches is read.

    Raises:
        VibeguardError: GIT when git fails, or when patches and records do not fit together.
    """
    return _Reading(git, command, limits or Limits()).read()


class _Reading:
    """One difference while it is read, by one git process unless a file takes too long."""

    def __init__(self, git: Git, command: tuple[str, ...], limits: Limits) -> None:
        self._git = git
        self._command = command
        self._limits = limits
        self._ends_at = time.monotonic() + limits.seconds
        self._records: list[FileChange] | None = None
        self._files: list[FileChange] = []
        self._said: tuple[str, ...] = ()
        self._kept = 0  # bytes of patches

    def read(self) -> Difference:
        """The files with their patches, as far as the limits go."""
        why = self._read_on()
        while why == "slow" and self._rest() and time.monotonic() < self._ends_at:
            self._files += self._up_to_the_slow_one()
            # After it, the rest is asked for again.
            why = self._read_on() if self._rest() else ""
        read = len(self._files)
        slow = [file.path for file in self._files if file.unread == "slow"]
        rest = self._rest()
        if slow:
            seconds = f"{self._limits.seconds_one:g} s"
            self._said += (f"git takes more than {seconds} for the lines of {', '.join(slow[:5])}: not read",)
        if rest:
            self._said += (
                f"{_WHY[why].format(self._limits)}: {len(rest)} of {read + len(rest)} files were read by name"
                f"{' only' if why == 'too-many-files' else ' and size only'}",
            )
            self._files += rest if rest[0].unread else [record._replace(unread=why) for record in rest]
        files = tuple(self._files)
        if slow or (rest and why != "too-many-files"):
            files = sized(self._git, files)
        return Difference(mark_renames(files), self._said)

    def _rest(self) -> list[FileChange]:
        return (self._records or [])[len(self._files) :]

    def _read_on(self) -> str:
        """Read as far as it goes, and say why no further: "" at the end, or a key of `_WHY`."""
        begin = () if self._records is None else (f"--skip-to={self._rest()[0].path}",)
        with self._git.started(self._command[0], *RAW, *PATCH, *begin, *self._command[1:], "--") as process:
            try:
                raw, begun = read_raw(process, self._limits.seconds_one)
            except TimedOut:
                if self._records is None:
                    self._records = read_names(self._git, *self._command)
                return "slow"
            if not begun:
                # Nothing follows the records: git is done, or died among them.
                self._git.finish(process, self._command)
            many = raw.count(b"\0") > 2 * self._limits.files
            found = parse_raw(raw, "too-many-files" if many else "")
            if self._records is None:
                self._records = found
            elif found != self._rest():
                raise VibeguardError(GIT, "git's list of files changed while it was read")
            if many:
                return "too-many-files"
            left = self._limits._replace(
                total=self._limits.total - self._kept, seconds=self._ends_at - time.monotonic()
            )
            stopped = _pair(found, process, begun, left)
            if not stopped.why:
                self._git.finish(process, self._command)
                self._said += notices(process.stderr)
        self._files += stopped.files
        self._kept += sum(len(file.patch) for file in stopped.files if file.patch is not None)
        return stopped.why

    def _up_to_the_slow_one(self) -> Iterator[FileChange]:
        """The next files one by one, up to the one that took too long.

        git buffers what it prints, so a few files may have been finished before that one without being seen.
        """
        one = (self._command[0], *RAW, *PATCH, *self._command[1:], "--")
        for record in self._rest()[:_UNSEEN]:
            file = None
            with self._git.started(*one, record.path) as process:
                try:
                    raw, begun = read_raw(process, self._limits.seconds_one)
                except TimedOut:
                    pass
                else:
                    # A path that is also a folder brings the files in it.
                    stopped = _pair(parse_raw(raw), process, begun, self._limits)
                    if not stopped.why:
                        self._git.finish(process, one)
                    file = next((file for file in stopped.files if file.path == record.path), None)
            if file is None:
                yield record._replace(unread="slow")
                return
            yield file


def sized(git: Git, files: tuple[FileChange, ...]) -> tuple[FileChange, ...]:
    """The files, with sizes for those whose patch was not read: what can still be said of them. One git process."""
    unread = [file for file in files if file.unread in ("oversized", "slow")]
    asked = sorted(
        {
            oid
            for file in unread
            for oid, exists in ((file.blob_before, file.exists_before), (file.blob_after, file.exists_after))
            if exists and not file.is_submodule
        }
    )
    if not asked:
        return files
    stdin = "".join(f"{oid}\n" for oid in asked).encode()
    told = git.run("cat-file", "--batch-check=%(objectname) %(objectsize)", stdin=stdin).stdout.decode()
    sizes = {oid: int(size) for oid, _, size in (line.partition(" ") for line in told.splitlines()) if size.isdigit()}
    return tuple(
        file._replace(size_before=sizes.get(file.blob_before), size_after=sizes.get(file.blob_after))
        if file.unread in ("oversized", "slow")
        else file
        for file in files
    )


_WHY = {
    "too-many-files": "more than {0.files} files differ",
    "slow": "the patches take more than {0.seconds:g} s",
    "oversized": "the patches pass {0.total} bytes",
}


# Files whose patches fit into what git holds back, and more.
_UNSEEN = 64


class _Stopped(NamedTuple):
    """How far the patches were read, and why no further: "" at their end, or "slow" or "oversized"."""

    files: list[FileChange]
    why: str = ""


def _pair(records: list[FileChange], process: Process, begun: bytes, limits: Limits) -> _Stopped:
    """Each record with its patch, by order: one section for a file, two where its type changed.

    Raises:
        VibeguardError: GIT, when there are fewer or more patches than records.
    """
    ends_at = time.monotonic() + limits.seconds

    def read() -> bytes:
        return process.read(silence=min(limits.seconds_one, ends_at - time.monotonic()))

    stream = sections(read, begun, limits.one)
    files: list[FileChange] = []
    kept = 0
    try:
        for record in records:
            parts = [part for _, part in zip(range(2 if record.status == "T" else 1), stream, strict=False)]
            if len(parts) != (2 if record.status == "T" else 1):
                raise VibeguardError(GIT, f"git gave no patch for {record.path}")
            file = _with_patch(record, parts)
            kept += len(file.patch or b"")
            if kept > limits.total:
                return _Stopped(files, "oversized")
            files.append(file)
        if next(stream, None) is not None:
            raise VibeguardError(GIT, "git gave more patches than files")
    except TimedOut:
        return _Stopped(files, "slow")
    return _Stopped(files)


def _with_patch(record: FileChange, parts: list[Section]) -> FileChange:
    """The record with its lines. A file with NUL bytes is binary, but source code with a few of them is still read."""
    added, deleted = sum(part.added for part in parts), sum(part.deleted for part in parts)
    patch = b"".join(part.patch for part in parts if part.patch is not None)
    unread = ""
    if GITLINK in (record.mode_before, record.mode_after):
        unread = "submodule"
    elif any(part.patch is None for part in parts):
        return record._replace(added=added, deleted=deleted, unread="oversized")
    elif b"\0" in patch:
        if not _is_text_with_nul(patch):
            return record._replace(unread="binary")
        unread = "binary"
    return record._replace(added=added, deleted=deleted, patch=patch, unread=unread)


def _is_text_with_nul(patch: bytes) -> bool:
    """Source code that a NUL byte would hide (git then says "binary"), rather than an image or UTF-16."""
    if patch.count(b"\0") * 20 > len(patch):
        return False
    try:
        patch.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
