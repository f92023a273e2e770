"""Files that a user hands in on the command line: reviews, facts, patches; `-` is stdin."""

from __future__ import annotations

import sys

from vibeguard.errors import INPUT, IO, VibeguardError

MOST_INPUT = 64 * 1024 * 1024  # bytes


def read_given(path: str, what: str) -> tuple[str, bytes]:
    """The name for messages, and the bytes.

    Raises:
        VibeguardError: IO when it cannot be read; INPUT beyond 64 MiB.
    """
    try:
        if path == "-":
            raw = sys.stdin.buffer.read(MOST_INPUT + 1)
        else:
            with open(path, "rb") as file:
                raw = file.read(MOST_INPUT + 1)
    except OSError as error:
        raise VibeguardError(IO, f"cannot read the {what}: {error.strerror}", where=path) from None
    if len(raw) > MOST_INPUT:
        raise VibeguardError(INPUT, f"the {what} is larger than {MOST_INPUT >> 20} MiB", where=path)
    return path, raw
