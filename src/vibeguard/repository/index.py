"""The index as a file: whether it is what git wrote. git reads a damaged one without a word, and so would guess."""

from __future__ import annotations

import os

from vibeguard.errors import GIT, VibeguardError
from vibeguard.repository.locate import Location

# A larger one (about 100,000 files) is not read a second time for this: hashing costs a fifth of git's own reading.
MAX_INDEX = 8 << 20  # bytes


def require_sound_index(location: Location) -> None:
    """Compare the index with the checksum at its end. A missing index is an empty one.

    Raises:
        VibeguardError: GIT, when they differ or the file cannot be read.
    """
    from hashlib import sha1, sha256  # noqa: PLC0415 - one of them

    path = location.git.index_file or os.path.join(location.git_dir, "index")
    try:
        with open(path, "rb") as file:
            if os.fstat(file.fileno()).st_size > MAX_INDEX:
                return
            raw = file.read()
    except FileNotFoundError:
        return
    except OSError as error:
        raise VibeguardError(GIT, f"the index cannot be read: {error.strerror}", where=path) from None
    size = 32 if location.object_format == "sha256" else 20
    found = raw[-size:]
    if not found.strip(b"\0") and len(raw) > size:
        return  # index.skipHash
    if (sha256 if size == 32 else sha1)(raw[:-size]).digest() != found:
        raise VibeguardError(
            GIT,
            "the index is damaged: its checksum does not match",
            hint="git fsck names what is damaged; `git read-tree HEAD` makes a new one, as if nothing were staged",
            where=path,
        )
