"""Files whose content a reviewer cannot judge line by line."""

from __future__ import annotations

from vibeguard.model import SYMLINK, FileFacts, Finding

REASONS: dict[str, str] = {
    "binary": "binary content cannot be read line by line",
    "submodule": "a commit of another repository, whose content is not here",
    "lfs": "a Git LFS pointer: the content itself is stored elsewhere",
    "oversized": "too large to be read",
    "slow": "its diff took longer than the time it is given",
    "utf-16": "text in UTF-16, which git and line-based tools cannot read",
}

LFS_FIRST_LINE = b"version https://git-lfs.github.com/spec/"


def finding(facts: FileFacts) -> Finding:
    """The finding that says why a file is opaque."""
    return Finding("opaque", facts.path, None, REASONS.get(facts.opaque, facts.opaque))


def judge(facts: FileFacts, content: bytes, mode: str) -> FileFacts:
    """The facts of a file after a look into its content."""
    if mode == SYMLINK:
        return facts
    if content.startswith(LFS_FIRST_LINE):
        return facts._replace(opaque="lfs")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return facts._replace(opaque="utf-16")
    if b"\0" in content:
        return facts._replace(kinds=facts.kinds | {"binary"}, opaque="binary")
    return facts
