"""Vue, Svelte and Astro components: their script blocks are JavaScript or TypeScript, the rest is not read.

Cannot see: components that a framework registers by name, without an import.
"""

from __future__ import annotations

import re
from functools import cache

from vibeguard.dependents.facts import Facts, Import
from vibeguard.dependents.languages import javascript
from vibeguard.dependents.languages.javascript import offers as offers  # noqa: PLC0414
from vibeguard.dependents.languages.javascript import resolve as resolve  # noqa: PLC0414
from vibeguard.dependents.languages.text import Lines, text
from vibeguard.patterns import compiled

BY_NAME = False


@cache
def _blocks() -> re.Pattern[bytes]:
    return compiled(
        rb"<!--.*?(?:-->|\Z)"
        # Bounded: a tag that never ends must not be read to the end of the file from each of its kind.
        rb"|<script\b((?:[^<>\"']++|\"[^\"]{0,500}+\"|'[^']{0,500}+'){0,60}+)>(.*?)(?:</script\s*+>|\Z)"
        rb"|\A\s*---[ \t]*\r?\n(.*?)\n---",
        re.S | re.I,
    )


@cache
def _source() -> re.Pattern[bytes]:
    return compiled(rb"\ssrc\s*=\s*[\"']([^\"'\n]+)[\"']", re.I)


def scan(content: bytes) -> Facts:
    """The imports of all script blocks, with lines of the whole file."""
    pieces: list[bytes] = []
    found: list[Import] = []
    position = 0
    lines = Lines(content)
    for match in _blocks().finditer(content):
        which = 2 if match.group(2) is not None else 3
        if match.group(which) is None:
            continue
        start, end = match.span(which)
        source = _source().search(match.group(1) or b"")
        if source is not None:
            found.append(Import(text(source.group(1)), "import", (), lines.at(match.start())))
        pieces += [b"\n" * content.count(b"\n", position, start), content[start:end]]
        position = end
    facts = javascript.scan(b"".join(pieces))
    return Facts((*found, *facts.imports), opaque=facts.opaque)
