"""A commit message as git would store it, from the file that the commit-msg hook is given."""

from __future__ import annotations

import os
import stat

from vibeguard.errors import INPUT, VibeguardError
from vibeguard.repository.locate import Location

MAX_MESSAGE = 16 << 20  # bytes

# git's own: what `core.commentChar = auto` chooses from, and the line below which it puts the diff of `commit -v`.
_COMMENT_CHARS = b"#;@!$%^&|:"
_CUT = b" ------------------------ >8 ------------------------"
_BLANK = b" \t\n\r"
_FALSE = ("false", "no", "off", "0")
# What no comment begins with: nothing, letters, digits, and marks that lists and trailers begin with.
_TEXT = frozenset(("", *"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -*([<\"'`"))


def read_message(path: str) -> bytes:
    """The bytes of a message file; nothing but a regular file is read, and a FIFO is not waited for.

    Raises:
        VibeguardError: INPUT when it is missing, no file, unreadable or too large.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except FileNotFoundError:
        raise VibeguardError(INPUT, f"no such message file: {path}") from None
    except (OSError, ValueError) as error:
        words = getattr(error, "strerror", None) or str(error)
        raise VibeguardError(INPUT, f"the message file cannot be read: {words}", where=path) from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise VibeguardError(INPUT, f"the message file is not a file: {path}")
        if status.st_size > MAX_MESSAGE:
            raise VibeguardError(INPUT, f"the message is larger than {MAX_MESSAGE >> 20} MiB", where=path)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(MAX_MESSAGE)
    except OSError as error:
        raise VibeguardError(INPUT, f"the message file cannot be read: {error.strerror}", where=path) from None
    finally:
        os.close(descriptor)


def stored_message(raw: bytes, location: Location) -> bytes:
    """What `git commit` makes of this message: cut at the scissors, comments and surplus blanks taken out.

    Follows commit.cleanup, commit.verbose, core.commentChar and core.commentString; git is asked for them only when
    the message is such that they matter. Whether an editor was used, git tells its hooks by GIT_EDITOR; `commit -v`
    it does not tell, so that is seen from what it puts below the scissors. Bytes that are not UTF-8 stay as they are
    (git would take them for Latin-1), for they are worth a finding.
    """
    if not raw.strip(_BLANK):
        return b""
    edited = os.environ.get("GIT_EDITOR") != ":"
    if (
        not edited
        and raw == strip_space(raw, None)
        and all(line[:1].decode("latin-1") in _TEXT for line in raw.split(b"\n"))
    ):
        return raw
    settings = _settings(location)
    comment = comment_mark(raw, settings.get("core.commentstring") or settings.get("core.commentchar") or "#")
    verbose = settings.get("commit.verbose", "false").lower() not in _FALSE
    return clean(raw, settings.get("commit.cleanup", "default"), comment, edited=edited, verbose=verbose)


def clean(raw: bytes, mode: str, comment: bytes, *, edited: bool, verbose: bool = False) -> bytes:
    """The message under one cleanup mode (strip, whitespace, verbatim, scissors or default)."""
    if mode not in ("strip", "whitespace", "verbatim", "scissors"):
        mode = "strip" if edited else "whitespace"
    if mode == "scissors" and not edited:
        mode = "whitespace"
    raw = _above_scissors(raw, comment, always=verbose or mode == "scissors", edited=edited)
    if mode == "verbatim":
        return raw
    return strip_space(raw, comment if mode == "strip" else None)


def strip_space(raw: bytes, comment: bytes | None) -> bytes:
    """`git stripspace`: no trailing blanks, no empty lines but single ones between others, one final newline."""
    lines: list[bytes] = []
    for line in raw.split(b"\n"):
        if comment is not None and line.startswith(comment):
            continue
        stripped = line.rstrip(_BLANK)
        if stripped or (lines and lines[-1]):
            lines.append(stripped)
    while lines and not lines[-1]:
        lines.pop()
    return b"\n".join(lines) + b"\n" if lines else b""


def comment_mark(raw: bytes, configured: str) -> bytes:
    """What a comment begins with; under `auto` git chose a character that no line of the message began with.

    The choice shows in the block that git put below the message: its last line is a comment.
    """
    if configured != "auto":
        return configured.encode("utf-8", "surrogateescape")
    for line in reversed(raw.split(b"\n")):
        if line.strip(_BLANK):
            return line[:1] if line[:1] in [_COMMENT_CHARS[at : at + 1] for at in range(10)] else b"#"
    return b"#"


def _above_scissors(raw: bytes, comment: bytes, *, always: bool, edited: bool) -> bytes:
    """The message above the cut line. `commit -v` puts comments below it and then a diff; a line that somebody typed
    has something else there, and is part of the message.
    """
    cut = comment + _CUT + b"\n"
    at = 0 if raw.startswith(cut) else raw.find(b"\n" + cut) + 1
    if at == 0 and not raw.startswith(cut):
        return raw
    if always:
        return raw[:at]
    below = raw[at + len(cut) :].split(b"\n")
    explained = 0
    while explained < len(below) and below[explained].startswith(comment + b" "):
        explained += 1
    rest = b"\n".join(below[explained:])
    by_git = edited and explained >= 2 and (not rest or rest.startswith(b"diff "))
    return raw[:at] if by_git else raw


def _settings(location: Location) -> dict[str, str]:
    """The settings that decide about messages; the last one wins, as in git."""
    done = location.git.run(
        "config", "-z", "--get-regexp", r"^(commit\.(cleanup|verbose)|core\.comment(char|string))$", ok=(0, 1)
    )
    settings = {}
    for record in done.stdout.split(b"\0"):
        key, _, value = record.partition(b"\n")
        if key:
            settings[key.decode("utf-8", "surrogateescape").lower()] = value.decode("utf-8", "surrogateescape")
    return settings
