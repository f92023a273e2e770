"""What git says that differs: `--raw -z` decides which files and how, the patches that follow give the lines.

Both come from one process. git prints all raw records before it computes the first patch, so the names are complete
even where the patches are not.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import NamedTuple

from vibeguard.errors import GIT, VibeguardError
from vibeguard.model import GITLINK, FileChange, Status
from vibeguard.repository.command import Git, notices
from vibeguard.repository.process import Process, TimedOut
from vibeguard.repository.renames import mark_renames
from vibeguard.repository.sections import Section, sections

# Measured against configuration and attributes that hide, colour, reorder or rename what is printed.
RAW = (
    "--raw",
    "-z",
    "-r",
    "--no-abbrev",
    "--no-renames",
    "--ignore-submodules=none",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "-O/dev/null",
    "--no-relative",
)
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


class _Stopped(NamedTuple):
    """How far the patches were read, and why no further: "" at their end, or "slow" or "oversized"."""

    files: list[FileChange]
    why: str = ""


def read_difference(git: Git, *command: str, limits: Limits | None = None) -> Difference:
    """Run `diff-index` or `diff-tree` and read what differs.

    Args:
        git: the runner, in the work tree's root or in a bare repository.
        command: subcommand with the options of its own; the trees last, as full ids.
        limits: how much of the patches is read.

    Raises:
        VibeguardError: GIT when git fails, or when patches and records do not fit together.
    """
    limits = limits or Limits()
    ends_at = time.monotonic() + limits.seconds
    records: list[FileChange] | None = None
    files: list[FileChange] = []
    said: tuple[str, ...] = ()
    why = ""
    kept = 0
    while True:
        # After a file that took too long, the rest is asked for again.
        begin = () if records is None else (f"--skip-to={records[len(files)].path}",)
        with git.started(command[0], *RAW, *PATCH, *begin, *command[1:], "--") as process:
            raw, begun = _read_raw(process)
            many = raw.count(b"\0") > 2 * limits.files
            found = parse_raw(raw, "too-many-files" if many else "")
            if records is None:
                records = found
                if many:
                    why = "too-many-files"
                    break
            elif found != records[len(files) :]:
                raise VibeguardError(GIT, "git's list of files changed while it was read")
            left = limits._replace(total=limits.total - kept, seconds=ends_at - time.monotonic())
            stopped = _pair(found, process, begun, left)
            if not stopped.why:
                git.finish(process, command)
                said += notices(process.stderr)
        files += stopped.files
        kept += sum(len(file.patch) for file in stopped.files if file.patch is not None)
        why = stopped.why
        if why != "slow" or len(files) == len(records) or time.monotonic() >= ends_at:
            break
        files += _find_slow(git, command, records[len(files) :], limits)
        if len(files) == len(records):
            why = ""
            break
    unread = len(records) - len(files)
    rest = records[len(files) :]
    files += rest if why == "too-many-files" else [record._replace(unread=why) for record in rest]
    slow = [file.path for file in files[: len(files) - unread] if file.unread == "slow"]
    if slow:
        said += (f"git takes more than {limits.seconds_one:g} s for the lines of {', '.join(slow[:5])}: not read",)
    if unread:
        said += (f"{_WHY[why].format(limits)}: {unread} of {len(records)} files were read by name only",)
    return Difference(mark_renames(tuple(files)), said)


def read_names(git: Git, *command: str) -> list[FileChange]:
    """The files that differ, without their patches.

    Raises:
        VibeguardError: GIT when git fails.
    """
    return parse_raw(git.run(command[0], *RAW, *command[1:], "--").stdout)


_WHY = {
    "too-many-files": "more than {0.files} files differ",
    "slow": "the patches take more than {0.seconds:g} s",
    "oversized": "the patches pass {0.total} bytes",
}
_STATUSES: dict[str, Status] = {"A": "A", "M": "M", "D": "D", "T": "T", "U": "U"}


def parse_raw(raw: bytes, unread: str = "") -> list[FileChange]:
    """The records of `--raw -z` without renames: `:mode mode id id status NUL path NUL`.

    `unread` says of all of them why their patches will not be read.

    Raises:
        VibeguardError: GIT, when it is anything else.
    """
    fields = raw.decode("utf-8", "surrogateescape").split("\0")
    if fields.pop() or len(fields) % 2:
        raise VibeguardError(GIT, "git ended in the middle of its list of files")
    files = []
    for facts, path in zip(fields[::2], fields[1::2], strict=True):
        try:
            before, after, old, new, letter = facts.split(" ")
            status = _STATUSES[letter]
        except (ValueError, KeyError):
            raise _unexpected(facts) from None
        if before[:1] != ":" or not path:
            raise _unexpected(facts)
        files.append(FileChange(path, status, before[1:], after, old, new, unread=unread))
    return files


def _unexpected(facts: str) -> VibeguardError:
    return VibeguardError(GIT, f"git's list of files has an unexpected record: {facts[:80]!r}")


def _read_raw(process: Process) -> tuple[bytes, bytes]:
    """The raw records, and what was read of the patches behind them: an empty field parts the two."""
    blocks: list[bytes] = []
    tail = b""
    while block := process.read():
        blocks.append(block)
        # The mark may fall between two blocks.
        if b"\0\0" in tail + block:
            raw, _, begun = b"".join(blocks).partition(b"\0\0")
            return raw + b"\0", begun
        tail = block[-1:]
    return b"".join(blocks), b""


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


def _find_slow(git: Git, command: tuple[str, ...], records: list[FileChange], limits: Limits) -> Iterator[FileChange]:
    """The next files one by one, up to the one that took too long.

    git buffers what it prints, so a few files may have been finished before that one without being seen.
    """
    one = (command[0], *RAW, *PATCH, *command[1:], "--")
    for record in records:
        with git.started(*one, record.path) as process:
            raw, begun = _read_raw(process)
            # A path that is also a folder brings the files in it.
            stopped = _pair(parse_raw(raw), process, begun, limits)
            if not stopped.why:
                git.finish(process, one)
        file = next((file for file in stopped.files if file.path == record.path), None)
        if file is None:
            yield record._replace(unread="slow")
            return
        yield file


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
