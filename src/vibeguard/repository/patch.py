"""A unified diff from elsewhere as a change: judged by what it tells; what it does not tell stays unknown.

Taken are what git prints (`git diff`, `git show`, `git format-patch`, mailboxes of several) and plain `diff -u`.
Hunk headers say how many lines follow, so content that looks like a header is content.
"""

from __future__ import annotations

import re

from vibeguard.errors import INPUT, LIMIT, VibeguardError
from vibeguard.model import NO_MODE, Change, FileChange, Status
from vibeguard.repository.mail import parse_mails
from vibeguard.repository.sections import count_lines
from vibeguard.tuples import NamedTuple

MAX_PATCH = 256 << 20  # bytes

_HUNK = re.compile(rb"@@ -(\d{1,10})(?:,(\d{1,10}))? \+(\d{1,10})(?:,(\d{1,10}))? @@")
_INDEX = re.compile(rb"index ([0-9a-f]{1,64})\.\.([0-9a-f]{1,64})(?: ([0-7]{6}))?$")
_MODE = re.compile(rb"(old mode|new mode|deleted file mode|new file mode) ([0-7]{6})$")
# What git puts before a path: its own, those of diff.mnemonicPrefix, and each turned round by -R.
_PREFIXES = frozenset((b"ab", b"ba", b"iw", b"wi", b"ci", b"ic", b"cw", b"wc", b"ow", b"wo", b"12", b"21"))
# What cannot be a line of a file's header: git has more of those than are read here.
_ENDS = (b"diff --", b"From ", b"-- ", b"@@ ", b"--- ")
_ESCAPES = {b"a": 7, b"b": 8, b"t": 9, b"n": 10, b"v": 11, b"f": 12, b"r": 13, b'"': 34, b"\\": 92}


class _File:
    """One file of the patch while it is read."""

    def __init__(self, header: bytes | None) -> None:
        self.header = header  # what follows `diff --git `; None for a plain diff
        self.before: bytes | None = None  # of the `---` line; b"/dev/null" where there is no file
        self.after: bytes | None = None
        self.modes: dict[bytes, str] = {}
        self.blobs: tuple[str, str] = ("", "")
        self.moved: dict[bytes, bytes] = {}  # rename from, rename to, copy from, copy to
        self.binary = False
        self.hunks: list[bytes] = []


class _Lines:
    """The lines of a patch with their numbers."""

    def __init__(self, raw: bytes) -> None:
        self.lines = raw.split(b"\n")
        if not self.lines[-1]:
            self.lines.pop()
        self.at = 0

    def peek(self, ahead: int = 0) -> bytes:
        at = self.at + ahead
        return self.lines[at] if at < len(self.lines) else b""

    def malformed(self, why: str) -> VibeguardError:
        return VibeguardError(
            INPUT, f"malformed patch line {self.at + 1}: {why}", hint="a unified diff is read, as `git diff` prints it"
        )


def parse_patch(raw: bytes) -> Change:
    """The change that a patch describes.

    Object ids, modes and numbers of lines are known only where it tells them: an id or a mode that it does not tell
    is an empty string. A rename is a deletion and an addition. Commits come from the mails of `git format-patch`.

    Raises:
        VibeguardError: INPUT with the line that is malformed, or when there is no diff at all; LIMIT for a patch of
            more than MAX_PATCH bytes.
    """
    if len(raw) > MAX_PATCH:
        raise VibeguardError(LIMIT, f"the patch is larger than {MAX_PATCH >> 20} MiB", hint="judge a range instead")
    lines = _Lines(raw)
    found: list[_File] = []
    while lines.at < len(lines.lines):
        line = lines.peek()
        if line.startswith((b"diff --cc ", b"diff --combined ")):
            raise VibeguardError(
                INPUT,
                f"patch line {lines.at + 1}: a combined diff does not say what changed",
                hint="compare with one parent: git diff A B",
            )
        if line.startswith(b"diff --git "):
            lines.at += 1
            found.append(_read_file(lines, _File(line.removeprefix(b"diff --git ").rstrip(b"\r"))))
        elif line.startswith(b"--- ") and lines.peek(1).startswith(b"+++ "):
            found.append(_read_file(lines, _File(None)))
        elif line.startswith(b"@@ -"):
            raise lines.malformed("a hunk without a file")
        else:
            lines.at += 1
    if not found and raw.strip():
        raise VibeguardError(INPUT, "no diff found", hint="a unified diff is read, as `git diff` prints it")
    files = [change for file in found for change in _changes(lines, file)]
    notices: tuple[str, ...] = ("a patch from elsewhere: what it does not tell is unknown",)
    if not found:
        notices = ("the patch is empty",)
    return Change("patch", None, None, tuple(files), parse_mails(raw), notices=notices)


def _read_file(lines: _Lines, file: _File) -> _File:
    """The header lines, then the hunks; ends at the first line that is neither."""
    while lines.at < len(lines.lines):
        line = lines.peek().rstrip(b"\r")
        if mode := _MODE.match(line):
            file.modes[mode[1]] = mode[2].decode()
        elif index := _INDEX.match(line):
            file.blobs = (index[1].decode(), index[2].decode())
            if index[3]:
                file.modes.setdefault(b"old mode", index[3].decode())
                file.modes.setdefault(b"new mode", index[3].decode())
        elif line.startswith((b"rename from ", b"rename to ", b"copy from ", b"copy to ")):
            kind, way, path = line.split(b" ", 2)
            file.moved[kind + b" " + way] = _unquoted(path)
        elif line.startswith((b"Binary files ", b"GIT binary patch")):
            file.binary = True
        elif line.startswith(b"--- ") and lines.peek(1).startswith(b"+++ "):
            file.before = _named(line[4:])
            file.after = _named(lines.peek(1).rstrip(b"\r")[4:])
            lines.at += 2
            while lines.peek().startswith(b"@@ ") or not file.hunks:
                file.hunks.append(_read_hunk(lines))
            return file
        elif not line or line.startswith(_ENDS):
            return file
        lines.at += 1
    return file


def _read_hunk(lines: _Lines) -> bytes:
    """One hunk, as many lines as its header says."""
    header = _HUNK.match(lines.peek())
    if header is None:
        raise lines.malformed("a hunk header is wanted: @@ -1,2 +1,2 @@")
    old = int(header[2]) if header[2] is not None else 1
    new = int(header[4]) if header[4] is not None else 1
    taken = [lines.peek()]
    lines.at += 1
    while old > 0 or new > 0:
        if lines.at >= len(lines.lines):
            raise lines.malformed("the patch ends inside a hunk")
        line = lines.peek() or b" "  # an empty line of context, whose blank was lost on the way
        mark = line[:1]
        if mark not in (b" ", b"+", b"-", b"\\", b"\r"):
            raise lines.malformed("a line of a hunk begins with a blank, + or -")
        old -= mark in (b" ", b"-", b"\r")
        new -= mark in (b" ", b"+", b"\r")
        if old < 0 or new < 0:
            raise lines.malformed("the hunk has other lines than its header says")
        taken.append(b" " + line if mark == b"\r" else line)
        lines.at += 1
    while lines.peek().startswith(b"\\ "):
        taken.append(lines.peek())
        lines.at += 1
    return b"\n".join(taken) + b"\n"


def _changes(lines: _Lines, file: _File) -> list[FileChange]:
    """The records of one file: two for a rename, one for anything else."""
    before, after = _paths(file)
    if not before and not after:
        raise lines.malformed(f"no path in: diff --git {(file.header or b'').decode('utf-8', 'backslashreplace')}")
    patch = b"diff --git a/file b/file\n" + b"".join(file.hunks)
    added, deleted = count_lines(patch)
    record = FileChange(
        path=_text(after or before),
        status=_status(file, before, after),
        mode_before=NO_MODE if not before else file.modes.get(b"deleted file mode", file.modes.get(b"old mode", "")),
        mode_after=NO_MODE if not after else file.modes.get(b"new file mode", file.modes.get(b"new mode", "")),
        blob_before=file.blobs[0] if len(file.blobs[0]) in (40, 64) else "",
        blob_after=file.blobs[1] if len(file.blobs[1]) in (40, 64) else "",
        added=None if file.binary else added,
        deleted=None if file.binary else deleted,
        patch=None if file.binary else patch,
        unread="binary" if file.binary or b"\0" in patch else "",
    )
    if b"rename to" not in file.moved and b"copy to" not in file.moved:
        return [record]
    arrived = record._replace(status="A", mode_before=NO_MODE, renamed_from=_text(before))
    if b"copy to" in file.moved:
        return [arrived]
    left = FileChange(_text(before), "D", record.mode_before, NO_MODE, record.blob_before, "")
    return [left, arrived]


class _Paths(NamedTuple):
    before: bytes  # b"" where the file does not exist
    after: bytes


def _paths(file: _File) -> _Paths:
    for kind in (b"rename", b"copy"):
        if kind + b" from" in file.moved and kind + b" to" in file.moved:
            return _Paths(file.moved[kind + b" from"], file.moved[kind + b" to"])
    both = _same_path(file.header or b"")
    if file.before is not None and file.after is not None:
        named = _without_prefixes(file.before, file.after)
        if both and b"" in named:
            # Only the first line shows whether there are prefixes, where one of the paths is /dev/null.
            return _Paths(both if named.before else b"", both if named.after else b"")
        return named
    return _Paths(b"" if b"new file mode" in file.modes else both, b"" if b"deleted file mode" in file.modes else both)


def _without_prefixes(before: bytes, after: bytes) -> _Paths:
    if b"/dev/null" in (before, after):
        one = after if before == b"/dev/null" else before
        one = one[2:] if one[1:2] == b"/" and one[:1] in b"abciow12" else one
        return _Paths(b"" if before == b"/dev/null" else one, b"" if after == b"/dev/null" else one)
    if before[1:2] == after[1:2] == b"/" and before[:1] + after[:1] in _PREFIXES:
        return _Paths(before[2:], after[2:])
    # Without prefixes, as `diff -u old new` and `git diff --no-prefix` print: the path after the change counts.
    return _Paths(after, after)


def _same_path(header: bytes) -> bytes:
    """The path of `a/path b/path`, where nothing else names it: then both are equal."""
    if header.startswith(b'"'):
        first = _unquoted(header)
        end = len(_quoted_part(header)) + 1
        second = _unquoted(header[end:])
        return _without_prefixes(first, second).after if first[2:] == second[2:] else b""
    half, odd = divmod(len(header) - 1, 2)
    first, second = header[:half], header[half + 1 :]
    if odd or header[half : half + 1] != b" ":
        return b""
    if first == second:
        return first
    return second[2:] if first[2:] == second[2:] and first[:1] + second[:1] in _PREFIXES else b""


def _status(file: _File, before: bytes, after: bytes) -> Status:
    if not before:
        return "A"
    if not after:
        return "D"
    old, new = file.modes.get(b"old mode", ""), file.modes.get(b"new mode", "")
    return "T" if old[:3] != new[:3] and old and new else "M"


def _named(text: bytes) -> bytes:
    """The path of a `---` or `+++` line: quoted, or up to a tab (behind it `diff -u` puts a time)."""
    return _unquoted(text) if text.startswith(b'"') else text.partition(b"\t")[0]


def _quoted_part(text: bytes) -> bytes:
    end = 1
    while end < len(text) and text[end : end + 1] != b'"':
        end += 2 if text[end : end + 1] == b"\\" else 1
    return text[: end + 1]


def _unquoted(text: bytes) -> bytes:
    """A path as git quotes it: in double quotes, with C's escapes and octal bytes."""
    if not text.startswith(b'"'):
        return text
    inner = _quoted_part(text)[1:-1]
    path = bytearray()
    at = 0
    while at < len(inner):
        if inner[at : at + 1] != b"\\":
            path += inner[at : at + 1]
            at += 1
        elif inner[at + 1 : at + 4].isdigit() and int(inner[at + 1 : at + 4], 10) <= 377:
            path.append(int(inner[at + 1 : at + 4], 8) if set(inner[at + 1 : at + 4]) <= set(b"01234567") else 63)
            at += 4
        else:
            path.append(_ESCAPES.get(inner[at + 1 : at + 2], 63))
            at += 2
    return bytes(path)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
