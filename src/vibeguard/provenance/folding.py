"""Letters that look like other letters: what a reader sees, for comparing with what a tool writes.

Only hints are read through this; strict trailers and paths never are.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from vibeguard.provenance.lazy import Lazy
from vibeguard.tuples import NamedTuple

# Cyrillic, Greek and Armenian letters that fonts draw like a Latin one (Unicode's confusables.txt, the letters that
# occur in the spellings we look for).
_LOOK_ALIKE = {
    "А": "A", "В": "B", "Е": "E", "К": "K", "М": "M", "Н": "H", "О": "O", "Р": "P", "С": "C", "Т": "T", "Х": "X",
    "У": "Y", "І": "I", "Ѕ": "S", "Ј": "J", "Ԁ": "D", "Ԛ": "Q", "Ԝ": "W", "а": "a", "с": "c", "е": "e", "о": "o",
    "р": "p", "х": "x", "у": "y", "і": "i", "ј": "j", "ѕ": "s", "ԁ": "d", "һ": "h", "ԛ": "q", "ԝ": "w", "ь": "b",
    "ӏ": "l", "Ӏ": "I", "ɡ": "g", "ı": "i", "ո": "n", "ս": "u", "օ": "o", "հ": "h", "գ": "q", "ց": "g", "ʏ": "Y",
    "Α": "A", "Β": "B", "Ε": "E", "Ζ": "Z", "Η": "H", "Ι": "I", "Κ": "K", "Μ": "M", "Ν": "N", "Ο": "O", "Ρ": "P",
    "Τ": "T", "Υ": "Y", "Χ": "X", "ο": "o", "ν": "v", "α": "a", "ρ": "p", "ι": "i", "υ": "u", "χ": "x", "ϲ": "c",
}  # fmt: skip
# Characters without a width: zero-width, joiners, direction marks, soft hyphen, tags, variation selectors.
_INVISIBLE = (
    0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F),
    *range(0x2060, 0x2070), 0xFEFF, *range(0xFE00, 0xFE10), *range(0xE0000, 0xE0080),
)  # fmt: skip
# Dashes and blanks that editors and mail programs put in place of the plain ones.
_PLAIN = {
    **dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2212, 0xFE63, 0xFF0D), "-"),
    **dict.fromkeys((0x00A0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000), " "),
    **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F) if code not in (0xFF0D, 0xFF1A)},
    0xFF1A: ":",
}


class _Tables(NamedTuple):
    """What replaces which character, in addresses and elsewhere; and those that trick a reader."""

    in_addresses: Mapping[int, str | None]
    elsewhere: Mapping[int, str | None]
    odd: frozenset[int]


@lru_cache(maxsize=1)
def _tables() -> _Tables:
    """Built when the first message that is not ASCII comes by."""
    in_addresses: dict[int, str | None] = {**_PLAIN, **dict.fromkeys(_INVISIBLE, None)}
    letters: dict[int, str | None] = {ord(odd): plain for odd, plain in _LOOK_ALIKE.items()}
    # Parts of emoji, and the soft hyphen of typesetters, trick nobody.
    innocent = {*range(0xFE00, 0xFE10), 0x200D, 0xAD}
    return _Tables(in_addresses, {**letters, **in_addresses}, (frozenset(letters) | frozenset(_INVISIBLE)) - innocent)


_ADDRESS = Lazy(r"([^\s<>:,;\"'()]+@[^\s<>:,;\"'()]+)")


def fold(text: str) -> tuple[str, bool]:
    """The text in plain letters, and whether a Latin word in it held a letter or a character that is none."""
    if text.isascii():
        return text, False
    in_addresses, elsewhere, odd = _tables()
    if "@" in text:
        # A look-alike letter in an address makes it another address.
        parts = _ADDRESS.split(text)
        plain = "".join(part.translate(in_addresses if at % 2 else elsewhere) for at, part in enumerate(parts))
    else:
        plain = text.translate(elsewhere)
    return plain, plain != text and _mixed(text, odd)


def _mixed(text: str, odd: frozenset[int]) -> bool:
    """True when one word mixes Latin letters with look-alikes or invisible characters."""
    for word in text.split():
        if not word.isascii():
            latin = any(mark.isascii() and mark.isalpha() for mark in word)
            if latin and not odd.isdisjoint(map(ord, word)):
                return True
    return False
