"""Changed lines of a patch, with their numbers: unidiff for what is small, a scanner in one pass for the rest."""

from __future__ import annotations

from collections.abc import Iterator

from vibeguard.errors import GIT, VibeguardError
from vibeguard.model import FileChange, Hunk

# unidiff takes 659 MiB of memory for a patch of 64 MiB.
UNIDIFF_LIMIT = 8 << 20


def hunks(file: FileChange) -> tuple[Hunk, ...]:
    """The changed lines of one file; none where its patch was not read.

    Raises:
        VibeguardError: GIT, when the patch is not one.
    """
    if file.patch is None:
        return ()
    found: list[Hunk] = []
    for section in _sections(file.patch):
        body = section.find(b"\n@@ -")
        if body >= 0:
            read = read_with_unidiff if len(section) <= UNIDIFF_LIMIT else scan
            found.extend(read(section[body + 1 :]))
    return tuple(found)


def _sections(patch: bytes) -> Iterator[bytes]:
    start = 0
    while (end := patch.find(b"\ndiff --git ", start)) >= 0:
        yield patch[start : end + 1]
        start = end + 1
    yield patch[start:]


def read_with_unidiff(body: bytes) -> list[Hunk]:
    """The hunks of one section, from its first `@@` line on."""
    # Imported here: it costs as much as everything else in this room, and only some facts need lines.
    from unidiff.patch import PatchSet  # noqa: PLC0415

    # Its own header is given, for it misreads some paths; text, for it cannot take bytes that are not UTF-8.
    text = "--- a/file\n+++ b/file\n" + body.decode("utf-8", "surrogateescape")
    try:
        (parsed,) = PatchSet(text)
    except Exception as error:  # noqa: BLE001 - it raises ValueError and others beside its own
        raise VibeguardError(GIT, f"a patch could not be read: {error}") from None
    return [
        Hunk(
            hunk.source_start,
            hunk.source_length,
            hunk.target_start,
            hunk.target_length,
            tuple((line.target_line_no or 0, line.value.removesuffix("\n")) for line in hunk if line.is_added),
            tuple((line.source_line_no or 0, line.value.removesuffix("\n")) for line in hunk if line.is_removed),
        )
        for hunk in parsed
    ]


def scan(body: bytes) -> list[Hunk]:
    """The same as :func:`read_with_unidiff`, in one pass and with no more memory than its result."""
    found: list[Hunk] = []
    at = 0
    while at < len(body):
        end = body.find(b"\n", at)
        end = len(body) if end < 0 else end
        before_start, before_count, after_start, after_count = _header(body[at:end])
        added: list[tuple[int, str]] = []
        removed: list[tuple[int, str]] = []
        old, new = before_start, after_start
        old_end, new_end = before_start + before_count, after_start + after_count
        at = end + 1
        while at < len(body) and (old < old_end or new < new_end):
            end = body.find(b"\n", at)
            end = len(body) if end < 0 else end
            mark = body[at : at + 1]
            if mark == b"+":
                added.append((new, body[at + 1 : end].decode("utf-8", "surrogateescape")))
                new += 1
            elif mark == b"-":
                removed.append((old, body[at + 1 : end].decode("utf-8", "surrogateescape")))
                old += 1
            elif mark == b" ":
                old += 1
                new += 1
            elif mark != b"\\":
                raise VibeguardError(GIT, f"a patch has an unexpected line: {body[at : min(end, at + 80)]!r}")
            at = end + 1
        if old != old_end or new != new_end:
            raise VibeguardError(GIT, "a patch ends inside a hunk")
        while body[at : at + 1] == b"\\":
            end = body.find(b"\n", at)
            at = len(body) if end < 0 else end + 1
        found.append(Hunk(before_start, before_count, after_start, after_count, tuple(added), tuple(removed)))
    return found


def _header(line: bytes) -> tuple[int, int, int, int]:
    """`@@ -1,2 +3,4 @@ …`; a count that is left out is 1."""
    fields = line.split(b" ", 4)
    if len(fields) >= 4 and fields[0] == b"@@" and fields[3] == b"@@":
        before, after = _range(fields[1], b"-"), _range(fields[2], b"+")
        if before is not None and after is not None:
            return *before, *after
    raise VibeguardError(GIT, f"a patch has an unexpected line: {line[:80]!r}")


def _range(field: bytes, sign: bytes) -> tuple[int, int] | None:
    start, comma, count = field.removeprefix(sign).partition(b",")
    if not field.startswith(sign) or not start.isdigit() or (comma and not count.isdigit()) or len(field) > 40:
        return None
    return int(start), int(count) if comma else 1
