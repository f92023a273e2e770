"""TOML that somebody else wrote: read in bounded time, with one error for whatever is wrong with it."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from vibeguard.patterns import compiled

_LONGEST = 1 << 20  # characters; the largest manifests seen in public repositories have some 100,000
_PARTS = 100  # of a key; the parser takes time and memory with their square

_STRING = r"\"(?:[^\"\\\n]++|\\.)*+\"?+|'[^'\n]*+'?+"
_PART = rf"(?:[\w-]++|{_STRING})"


@cache
def _part() -> re.Pattern[str]:
    return compiled(_PART)


@cache
def _key() -> re.Pattern[str]:
    """What may be a key, its parts joined by dots; or a comment or a string of several lines, which are none."""
    return compiled(
        r"#[^\n]*+|\"\"\"(?:[^\"\\]++|\\(?s:.)|\"(?!\"\"))*+(?:\"{3,5}+|\Z)|'''(?:[^']++|'(?!''))*+(?:'{3,5}+|\Z)"
        rf"|({_PART}(?:[ \t]*+\.[ \t]*+{_PART})*+)"
    )


def parsed(text: str) -> dict[str, Any]:
    """A TOML document.

    Raises:
        ValueError: it is none, is longer than a mebibyte, has a number of thousands of digits, or is nested or dotted
            too deep.
    """
    # Imported here: few changes touch a TOML file, and it costs as much as ten classifications.
    import tomllib  # noqa: PLC0415

    if len(text) > _LONGEST:
        raise ValueError(f"more than {_LONGEST:,} characters")
    # A key is on one line, and few lines have so many dots.
    if any(line.count(".") >= _PARTS for line in text.split("\n")):
        for found in _key().finditer(text):
            key = found.group(1)
            # A string alone may have as many as it likes.
            if key is not None and key.count(".") >= _PARTS and len(_part().findall(key)) > _PARTS:
                raise ValueError(f"a key of more than {_PARTS} parts")
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ValueError(str(error)) from None
