"""Changes made from two versions of each file, with hunks as git would cut them."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping

from vibeguard.content.examine import examine
from vibeguard.model import Change, Content, FileChange, Hunk

NONE = "0" * 40
Text = str | bytes | None


class Made:
    """A change, the hunks of its files and the blobs behind it: what `examine` asks for."""

    def __init__(
        self, before: Mapping[str, Text], after: Mapping[str, Text], modes: Mapping[str, str] | None = None
    ) -> None:
        self.blobs: dict[str, bytes] = {}
        self._hunks: dict[str, tuple[Hunk, ...]] = {}
        files = []
        for path in sorted({**before, **after}):
            old, new = _bytes(before.get(path)), _bytes(after.get(path))
            if old == new:
                continue
            mode = (modes or {}).get(path, "100644")
            files.append(
                FileChange(
                    path,
                    "A" if old is None else "D" if new is None else "M",
                    "000000" if old is None else mode,
                    "000000" if new is None else mode,
                    self._keep(old),
                    self._keep(new),
                )
            )
            self._hunks[path] = hunks_between(old or b"", new or b"")
        self.change = Change("staged", None, None, tuple(files))

    def _keep(self, content: bytes | None) -> str:
        if content is None:
            return NONE
        oid = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        self.blobs[oid] = content
        return oid

    def hunks(self, file: FileChange) -> tuple[Hunk, ...]:
        return self._hunks[file.path]

    def examined(self) -> Content:
        return examine(self.change, self.hunks, self.blobs.get)


def _bytes(text: Text) -> bytes | None:
    return text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text


def hunks_between(old: bytes, new: bytes) -> tuple[Hunk, ...]:
    """Hunks with three lines of context, as git's default."""
    a, b = (_lines(content) for content in (old, new))
    found = []
    for group in difflib.SequenceMatcher(None, a, b, autojunk=False).get_grouped_opcodes(3):
        added, removed = [], []
        for tag, i, j, k, m in group:
            if tag != "equal":
                removed += [(n + 1, a[n]) for n in range(i, j)]
                added += [(n + 1, b[n]) for n in range(k, m)]
        first, last = group[0], group[-1]
        found.append(
            Hunk(first[1] + 1, last[2] - first[1], first[3] + 1, last[4] - first[3], tuple(added), tuple(removed))
        )
    return tuple(found)


def _lines(content: bytes) -> list[str]:
    lines = content.decode("utf-8", "surrogateescape").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def told(before: Mapping[str, Text], after: Mapping[str, Text], kind: str) -> list[tuple[str | None, int | None, str]]:
    """Path, line and text of the findings of one kind."""
    return [(f.path, f.line, f.text) for f in Made(before, after).examined().findings if f.kind == kind]
