"""What git says that differs: `--raw -z` decides which files and how, the patches that follow give the lines.

Both come from one process. git prints all raw records before it computes the first patch, so the names are complete
even where the patches are not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, NamedTuple, cast

from vibeguard.errors import GIT, VibeguardError
from vibeguard.model import GITLINK, FileChange, Status
from vibeguard.repository.command import Git, failure

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
_BLOCK = 1 << 16


class Limits(NamedTuple):
    """Beyond these, patches are not read; names always are."""

    files: int = 20_000  # changed files
    total: int = 256 << 20  # bytes of patches together
    one: int = 64 << 20  # bytes of one file's patch


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
    limits = limits or Limits()
    name, *rest = command
    with git.started(name, *RAW, *PATCH, *rest, "--") as process:
        stdout = cast(IO[bytes], process.stdout)
        raw, begun = _read_raw(stdout)
        records = parse_raw(raw)
        if len(records) > limits.files:
            return Difference(
                tuple(file._replace(unread="many") for file in records),
                (f"{len(records)} files differ: only their names were read, not their lines (limit {limits.files})",),
            )
        files, notices = _pair(records, patches(stdout, begun), limits)
        if notices:
            return Difference(files, notices)
        status = process.wait()
        stderr = process.stderr.read() if process.stderr is not None else b""
        if status != 0:
            raise failure((name,), status, stderr, git.folder)
    warnings = tuple(line.decode("utf-8", "surrogateescape") for line in stderr.splitlines() if line.strip())
    return Difference(files, warnings)


def parse_raw(raw: bytes) -> list[FileChange]:
    """The records of `--raw -z` without renames: `:mode mode id id status NUL path NUL`.

    Raises:
        VibeguardError: GIT, when it is anything else.
    """
    fields = raw.split(b"\0")
    if fields.pop() or len(fields) % 2:
        raise VibeguardError(GIT, "git ended in the middle of its list of files")
    files = []
    for at in range(0, len(fields), 2):
        facts, path = fields[at].split(b" "), fields[at + 1]
        if len(facts) != 5 or not facts[0].startswith(b":") or facts[4] not in _STATUSES or not path:
            raise VibeguardError(GIT, f"git's list of files has an unexpected record: {fields[at][:80]!r}")
        files.append(
            FileChange(
                path=path.decode("utf-8", "surrogateescape"),
                status=_STATUSES[facts[4]],
                mode_before=facts[0][1:].decode("ascii", "replace"),
                mode_after=facts[1].decode("ascii", "replace"),
                blob_before=facts[2].decode("ascii", "replace"),
                blob_after=facts[3].decode("ascii", "replace"),
            )
        )
    return files


_STATUSES: dict[bytes, Status] = {b"A": "A", b"M": "M", b"D": "D", b"T": "T", b"U": "U"}


def patches(stream: IO[bytes], begun: bytes = b"") -> Iterator[bytes]:
    """The patches of a stream, one `diff --git` section at a time.

    Lines of content always begin with ` `, `+`, `-` or `\\`, and git quotes newlines in paths: so a line that begins
    with `diff --git ` begins a section.
    """
    mark = b"\ndiff --git "
    held = begun
    start = 0
    while True:
        end = held.find(mark, start)
        while end >= 0:
            yield held[start : end + 1]
            start = end + 1
            end = held.find(mark, start)
        blocks = [held[start:]]
        size = len(blocks[0])
        # A long section is gathered in pieces that double: its bytes are joined and searched again log(n) times only.
        wanted = max(_BLOCK, size)
        ended = False
        while wanted > 0:
            block = stream.read(min(wanted, 1 << 24))
            if not block:
                ended = True
                break
            blocks.append(block)
            wanted -= len(block)
        held = b"".join(blocks)
        start = 0
        if ended and held.find(mark) < 0:
            if held:
                yield held
            return


def _read_raw(stream: IO[bytes]) -> tuple[bytes, bytes]:
    """The raw records, and what was read of the patches behind them: an empty field parts the two."""
    blocks: list[bytes] = []
    tail = b""
    while block := stream.read(_BLOCK):
        blocks.append(block)
        # The mark may fall between two blocks.
        if b"\0\0" in tail + block:
            raw, _, begun = b"".join(blocks).partition(b"\0\0")
            return raw + b"\0", begun
        tail = block[-1:]
    return b"".join(blocks), b""


def _pair(
    records: list[FileChange], sections: Iterator[bytes], limits: Limits
) -> tuple[tuple[FileChange, ...], tuple[str, ...]]:
    """Each record with its patch, by order: one section for a file, two where its type changed."""
    files: list[FileChange] = []
    kept = 0
    for at, record in enumerate(records):
        patch = b""
        for _ in range(2 if record.status == "T" else 1):
            section = next(sections, None)
            if section is None:
                raise VibeguardError(GIT, f"git gave no patch for {record.path}")
            patch += section
        kept += len(patch)
        if kept > limits.total:
            files.extend(file._replace(unread="oversized") for file in records[at:])
            return tuple(files), (
                f"the patches pass {limits.total >> 20} MiB: {len(records) - at} of {len(records)} files "
                "were read by name only",
            )
        files.append(_with_patch(record, patch, limits))
    if next(sections, None) is not None:
        raise VibeguardError(GIT, "git gave more patches than files")
    return tuple(files), ()


def _with_patch(record: FileChange, patch: bytes, limits: Limits) -> FileChange:
    added, deleted = count_lines(patch)
    if GITLINK in (record.mode_before, record.mode_after):
        return record._replace(added=added, deleted=deleted, patch=patch, unread="submodule")
    if len(patch) > limits.one:
        return record._replace(added=added, deleted=deleted, unread="oversized")
    if b"\0" in patch:
        if _is_text_with_nul(patch):
            return record._replace(added=added, deleted=deleted, patch=patch, unread="binary")
        return record._replace(unread="binary")
    return record._replace(added=added, deleted=deleted, patch=patch)


def _is_text_with_nul(patch: bytes) -> bool:
    """Source code that a NUL byte would hide (git then says "binary"), rather than an image or UTF-16."""
    if patch.count(b"\0") * 20 > len(patch):
        return False
    try:
        patch.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def count_lines(patch: bytes) -> tuple[int, int]:
    """Added and deleted lines of one file's patch: every line behind a hunk header says itself what it is."""
    added = deleted = 0
    begin = patch.find(b"\n@@ -")
    while begin >= 0:
        # The second section of a changed type has a header of its own.
        end = patch.find(b"\ndiff --git ", begin)
        stop = len(patch) if end < 0 else end
        added += patch.count(b"\n+", begin, stop)
        deleted += patch.count(b"\n-", begin, stop)
        begin = patch.find(b"\n@@ -", stop) if end >= 0 else -1
    return added, deleted
