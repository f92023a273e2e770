"""Files whose content a reviewer cannot judge line by line: the reason, and what can be said about them."""

from __future__ import annotations

import re
from functools import lru_cache

from vibeguard.model import GITLINK, NO_MODE, SYMLINK, Change, FileChange, FileFacts, Finding

REASONS: dict[str, str] = {
    "binary": "binary content cannot be read line by line",
    "archive": "an archive: what is packed in it is not shown",
    "executable": "machine code cannot be read line by line",
    "encrypted": "encrypted content cannot be read",
    "submodule": "a commit of another repository, whose content is not here",
    "lfs": "a Git LFS pointer: the content itself is stored elsewhere",
    "notebook": "a notebook with outputs: they are not source, and hide what is",
    "minified": "lines too long to be read",
    "oversized": "too large to be read",
    "slow": "its diff took longer than the time it is given",
    "many": "the change is too large to read every file",
    "utf-16": "text in UTF-16, which git and line-based tools cannot read",
}

OVERSIZED = 10 << 20  # bytes; GitHub stops showing a file at 1 MB, editors become slow at some ten
LONG_LINE = 5_000  # characters: a screen shows 200
POINTER = 1024  # bytes; git-lfs takes nothing longer for a pointer

_POINTERS = tuple(
    b"version " + address
    for address in (
        b"https://git-lfs.github.com/spec/",
        b"http://git-lfs.github.com/spec/",
        b"https://hawser.github.com/spec/",
        b"http://git-media.io/",
    )
)

# First bytes and what they mean: (offset, bytes, reason, name).
_MAGIC: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"\x7fELF", "executable", "an ELF executable"),
    (0, b"MZ", "executable", "a Windows executable"),
    (0, b"\xfe\xed\xfa\xce", "executable", "a Mach-O executable"),
    (0, b"\xfe\xed\xfa\xcf", "executable", "a Mach-O executable"),
    (0, b"\xcf\xfa\xed\xfe", "executable", "a Mach-O executable"),
    (0, b"\xca\xfe\xba\xbe", "executable", "a Java class or Mach-O executable"),
    (0, b"\0asm", "executable", "WebAssembly"),
    (0, b"dex\n", "executable", "a Dalvik executable"),
    (0, b"PK\x03\x04", "archive", "a ZIP archive"),
    (0, b"\x1f\x8b", "archive", "gzip-compressed data"),
    (0, b"BZh", "archive", "bzip2-compressed data"),
    (0, b"\xfd7zXZ\0", "archive", "xz-compressed data"),
    (0, b"\x28\xb5\x2f\xfd", "archive", "zstd-compressed data"),
    (0, b"7z\xbc\xaf\x27\x1c", "archive", "a 7-Zip archive"),
    (0, b"Rar!\x1a\x07", "archive", "a RAR archive"),
    (0, b"!<arch>\n", "archive", "an ar archive"),
    (257, b"ustar", "archive", "a tar archive"),
    (0, b"\0GITCRYPT\0", "encrypted", "encrypted by git-crypt"),
    (0, b"$ANSIBLE_VAULT;", "encrypted", "encrypted by Ansible Vault"),
    (0, b"age-encryption.org/v1", "encrypted", "encrypted by age"),
    (0, b"-----BEGIN AGE ENCRYPTED FILE", "encrypted", "encrypted by age"),
    (0, b"-----BEGIN PGP MESSAGE", "encrypted", "an OpenPGP message"),
    (0, b"%PDF-", "binary", "a PDF document"),
    (0, b"\x89PNG\r\n", "binary", "a PNG image"),
    (0, b"\xff\xd8\xff", "binary", "a JPEG image"),
    (0, b"GIF8", "binary", "a GIF image"),
    (0, b"SQLite format 3\0", "binary", "an SQLite database"),
)


_MAGIC_BEHIND = tuple(row for row in _MAGIC if row[0] > 0)


@lru_cache(maxsize=1)
def _magic_by_first_byte() -> dict[bytes, tuple[tuple[int, bytes, str, str], ...]]:
    """Most files are text and match nothing: they shall not be compared with every row."""
    firsts = {row[1][:1] for row in _MAGIC if row[0] == 0}
    return {
        first: tuple(row for row in _MAGIC if row[0] == 0 and row[1][:1] == first) + _MAGIC_BEHIND for first in firsts
    }


def by_path(facts: FileFacts, file: FileChange) -> list[Finding]:
    """The finding of a file that is opaque by its name, its mode or because git did not read it."""
    if not facts.opaque:
        return []
    words = REASONS.get(facts.opaque, facts.opaque)
    words += f"; {_step(file)}" if facts.opaque == "submodule" else _sizes(file)
    return [Finding("opaque", facts.path, None, words)]


def _sizes(file: FileChange) -> str:
    """What is known of a file whose lines were not read."""
    if file.size_after is None:
        return ""
    before = f"{file.size_before:,} to " if file.size_before is not None else ""
    return f"; {before}{file.size_after:,} bytes"


def unlisted_submodules(change: Change) -> list[Finding]:
    """Submodules that are added while `.gitmodules` stays as it is: nobody can say where they come from."""
    if any(file.path == ".gitmodules" for file in change.files):
        return []
    return [
        Finding("submodule", file.path, None, "a submodule is added without an entry in .gitmodules")
        for file in change.files
        if file.mode_after == GITLINK and file.mode_before != GITLINK
    ]


def _step(file: FileChange) -> str:
    old, new = file.blob_before[:12], file.blob_after[:12]
    if not file.exists_before:
        return f"added at {new}"
    return f"moved from {old} to {new}" if file.exists_after else f"removed at {old}"


def judge(facts: FileFacts, file: FileChange, content: bytes) -> tuple[FileFacts, list[Finding]]:
    """The facts of a file after a look into its content, and what there is to say. An extension proves nothing."""
    if file.mode_after == SYMLINK:
        return facts._replace(opaque=""), symlink(facts.path, file, content)
    reason, words = _reason(facts, content)
    if not reason and file.unread:  # git gave no lines, whatever the content looks like
        reason, words = file.unread, REASONS.get(file.unread, file.unread) + _sizes(file)
    if not reason:
        kinds = facts.kinds - {"binary"} if facts.opaque == "binary" else facts.kinds
        return facts._replace(kinds=kinds, opaque=""), []
    kinds = facts.kinds | {"binary"} if reason in ("binary", "archive", "executable") else facts.kinds
    return facts._replace(kinds=kinds, opaque=reason), [Finding("opaque", facts.path, None, words)]


def _reason(facts: FileFacts, content: bytes) -> tuple[str, str]:
    if content.startswith(_POINTERS):
        return "lfs", _pointer(content)
    for offset, magic, reason, name in _magic_by_first_byte().get(content[:1], _MAGIC_BEHIND):
        if content.startswith(magic, offset) and not (magic == b"MZ" and b"\0" not in content[:1024]):
            claims = f", by its name {facts.language}" if facts.language and "code" in facts.kinds else ""
            return reason, f"{name}{claims}: {REASONS[reason]}"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16", REASONS["utf-16"]
    if b"\0" in content:
        return "binary", REASONS["binary"]
    if len(content) > OVERSIZED:
        return "oversized", f"{len(content) >> 20} MiB: {REASONS['oversized']}"
    if facts.language == "jupyter notebook" and _has_outputs(content):
        return "notebook", REASONS["notebook"]
    if facts.path.endswith((".min.js", ".min.css", ".min.mjs")):
        return "minified", REASONS["minified"]
    # A long line in data is common, and in code nobody looks at its end.
    longest = max(map(len, content.split(b"\n"))) if len(content) > LONG_LINE else 0
    if longest > (LONG_LINE if "code" in facts.kinds or "ci" in facts.kinds else 50 * LONG_LINE):
        return "minified", f"a line of {longest} characters: {REASONS['minified']}"
    return "", ""


def _has_outputs(content: bytes) -> bool:
    pattern = rb'"outputs"[ \t\r\n]{0,20}:[ \t\r\n]{0,20}\[[ \t\r\n]{0,200}[^\] \t\r\n]'
    return re.search(pattern, content) is not None


def _pointer(content: bytes) -> str:
    oid = re.search(rb"^oid sha256:([0-9a-f]{64})$", content[:POINTER], re.MULTILINE)
    size = re.search(rb"^size ([0-9]{1,18})$", content[:POINTER], re.MULTILINE)
    if len(content) > POINTER or oid is None or size is None:
        return "a malformed Git LFS pointer"
    return f"a Git LFS pointer to {int(size.group(1))} bytes (sha256 {oid.group(1)[:12].decode()}): stored elsewhere"


def symlink(path: str, file: FileChange, content: bytes) -> list[Finding]:
    """What is odd about a symbolic link: it replaces a file, or its target lies outside of the repository."""
    target = content.decode("utf-8", "surrogateescape")
    words = []
    if file.mode_before not in (SYMLINK, NO_MODE):
        words.append("a file becomes a symbolic link")
    if target.startswith(("/", "\\")) or target[1:3] in (":/", ":\\"):
        words.append(f"points to an absolute path: {target}")
    elif _leaves(path, target):
        words.append(f"points out of the repository: {target}")
    elif len(target) > 4096 or any(character < " " or character == "\x7f" for character in target):
        words.append(f"has a target that is no path: {target}")
    elif ".git" in target.lower().split("/"):
        words.append(f"points into .git: {target}")
    return [Finding("symlink", path, None, "; ".join(words))] if words else []


def _leaves(path: str, target: str) -> bool:
    depth = path.count("/")
    for part in target.split("/"):
        if part == "..":
            depth -= 1
            if depth < 0:
                return True
        elif part not in ("", "."):
            depth += 1
    return False
