"""TOML that somebody else wrote: read in bounded time, with one error for whatever is wrong with it."""

from __future__ import annotations

from typing import Any

_LONGEST = 1 << 20  # characters; the largest manifests seen in public repositories have some 100,000
_DOTS = 1000  # between two equals signs of one line


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
    # The parser takes time with the square of a dotted key's length: 4 s for one of 120 kB, minutes for 1 MiB.
    if any(part.count(".") > _DOTS for line in text.split("\n") if line.count(".") > _DOTS for part in line.split("=")):
        raise ValueError(f"a key of more than {_DOTS} parts")
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ValueError(str(error)) from None
