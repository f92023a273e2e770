"""The identity of a diff: what an approval holds for, whatever commits carry it.

Not `git patch-id`: `--stable` ignores blanks, so that an indentation-only change keeps its id; `--verbatim` gives two
binaries, or the same hunk in another function, one id.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from vibeguard.model import FileChange

_FORMAT = b"vibeguard-diff-id@v1\0"


def diff_id(files: Sequence[FileChange]) -> str:
    """SHA-256 (64 hex digits) over the raw records: path, modes and blob ids before and after, sorted by path.

    A rebase over other files keeps it; any other byte, mode or path changes it. Counts, hunks and the guess that a
    deletion and an addition are a rename play no part.
    """
    digest = hashlib.sha256(_FORMAT)
    records = sorted(
        (
            file.path.encode("utf-8", "surrogateescape"),
            f"{file.mode_before} {file.mode_after} {file.blob_before} {file.blob_after}".encode(),
        )
        for file in files
    )
    for path, facts in records:
        # A path holds no NUL, so the record cannot be read in two ways.
        digest.update(facts + b"\t" + path + b"\0")
    return digest.hexdigest()
