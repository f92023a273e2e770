"""Regular expressions that mean the same on every Python.

CPython 3.11.0 to 3.11.4, Debian 12's among them, go on from the wrong place behind a possessive group whose last try
failed half-way (python/cpython#100061): `(?:a(?!b))*+a` finds nothing in "aab". Of our scanners that made other facts
of 91 % of the Java and Kotlin, 93 % of the Rust and 72 % of the JavaScript files of fourteen projects; six took more
than 3 s each, and a build of them all was stopped after ten minutes.
"""

from __future__ import annotations

import re
import sys
from typing import AnyStr

# An escape, a set, or the end of a group that a possessive quantifier follows.
_TOKENS = r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\)(?=(?:[*+?]|\{[0-9,]+\})\+)"


def mended(pattern: str) -> str:
    """The same language, right in an engine with that defect: what fails last in a possessive group fails at once.

    The engine sets its place back before it tries an alternative, so one that fails at the start leaves it there.
    """
    return re.sub(_TOKENS, lambda token: "|(?!))" if token.group() == ")" else token.group(), pattern, flags=re.S)


def compiled(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """As `re.compile`, for patterns that may have a possessive group."""
    if sys.version_info < (3, 11, 5):
        if isinstance(pattern, bytes):
            return re.compile(mended(pattern.decode("latin-1")).encode("latin-1"), flags)
        return re.compile(mended(pattern), flags)
    return re.compile(pattern, flags)
