"""`.mailmap`: the names that a repository wants its people to be called by.

Whoever may change the file may rename anybody, so it serves suggestions only, never approvals.
Syntax: gitmailmap(5).
"""

from __future__ import annotations

import re

_LINE = re.compile(r"([^<#]*)<([^<>]*)>(?:([^<>#]*)<([^<>]*)>)?")
_MOST_BYTES = 4 << 20


class Mailmap:
    """Proper names and addresses for those that commits carry."""

    def __init__(self, content: bytes = b"") -> None:
        self._by_both: dict[tuple[str, str], tuple[str, str]] = {}
        self._by_address: dict[str, tuple[str, str]] = {}
        for line in content[:_MOST_BYTES].decode("utf-8", "replace").split("\n"):
            match = _LINE.match(line)
            if line.startswith("#") or match is None:
                continue
            name, address, old_name, old_address = (part.strip() if part is not None else "" for part in match.groups())
            if match.group(4) is None:
                self._by_address[address.lower()] = (name, "")
            elif old_name:
                self._by_both[old_name.lower(), old_address.lower()] = (name, address)
            else:
                self._by_address[old_address.lower()] = (name, address)

    def proper(self, name: str, address: str) -> tuple[str, str]:
        """The name and address to show for those of a commit."""
        known = self._by_both.get((name.lower(), address.lower())) or self._by_address.get(address.lower())
        return (known[0] or name, known[1] or address) if known is not None else (name, address)
