"""The records of `--raw -z`: which files differ, and how. Nothing else decides that."""

from __future__ import annotations

import gc

from vibeguard.errors import GIT, VibeguardError
from vibeguard.model import FileChange, Status
from vibeguard.repository.command import Git
from vibeguard.repository.process import Process

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
_MANY = 20_000
_STATUSES: dict[str, Status] = {"A": "A", "M": "M", "D": "D", "T": "T", "U": "U"}


def read_names(git: Git, *command: str) -> list[FileChange]:
    """The files that differ by `diff-index` or `diff-tree`, without their patches.

    Raises:
        VibeguardError: GIT when git fails.
    """
    return parse_raw(git.run(command[0], *RAW, *command[1:], "--").stdout)


def parse_raw(raw: bytes, unread: str = "") -> list[FileChange]:
    """The records of `--raw -z` without renames: `:mode mode id id status NUL path NUL`.

    `unread` says of all of them why their patches will not be read.

    Raises:
        VibeguardError: GIT, when it is anything else.
    """
    fields = raw.decode("utf-8", "surrogateescape").split("\0")
    if fields.pop() or len(fields) % 2:
        raise VibeguardError(GIT, "git ended in the middle of its list of files", hint="git fsck names what is damaged")
    # Many thousands of new tuples make the garbage collector look through all of them again and again, a third of
    # the time; none of them can be garbage.
    collecting = gc.isenabled() and len(fields) > _MANY
    if collecting:
        gc.disable()
    try:
        return [_record(facts, path, unread) for facts, path in zip(fields[::2], fields[1::2], strict=True)]
    finally:
        if collecting:
            gc.enable()


def _record(facts: str, path: str, unread: str) -> FileChange:
    try:
        before, after, old, new, letter = facts.split(" ")
        status = _STATUSES[letter]
    except (ValueError, KeyError):
        raise _unexpected(facts) from None
    if before[:1] != ":" or not path:
        raise _unexpected(facts)
    return FileChange(path, status, before[1:], after, old, new, None, None, None, None, unread)


def _unexpected(facts: str) -> VibeguardError:
    return VibeguardError(GIT, f"git's list of files has an unexpected record: {facts[:80]!r}")


def read_raw(process: Process, silence: float) -> tuple[bytes, bytes]:
    """The raw records, and what was read of the patches behind them: an empty field parts the two.

    git keeps the last few kilobytes of the records back until it has computed the first patches.

    Raises:
        TimedOut: when nothing came for so many seconds.
    """
    blocks: list[bytes] = []
    tail = b""
    while block := process.read(silence=silence):
        blocks.append(block)
        # The mark may fall between two blocks.
        if b"\0\0" in tail + block:
            raw, _, begun = b"".join(blocks).partition(b"\0\0")
            return raw + b"\0", begun
        tail = block[-1:]
    return b"".join(blocks), b""
