"""Making text from a change safe to show: what could trick a terminal, a log or an eye is spelt out."""

from __future__ import annotations

# Invisible or reordering characters (Trojan Source, CVE-2021-42574) that `str.isprintable` lets pass or that a reader
# should see: soft hyphen, zero-width, bidi controls, variation selectors stay as they are in emoji.
_HIDDEN = frozenset("\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u3164\uffa0\u2800")


def visible(text: str, limit: int = 0) -> str:
    """The text with control, format, surrogate and other unprintable characters written as escapes.

    Backslashes stay as they are: the result is for eyes, the JSON output is for machines. A text longer than
    `limit` characters (0: any length) ends with `…`.
    """
    if limit and len(text) > limit:
        text = text[: limit - 1] + "…"
    if text.isprintable() and (text.isascii() or not any(character in _HIDDEN for character in text)):
        return text
    return "".join(
        character if character.isprintable() and character not in _HIDDEN else _spelt(character) for character in text
    )


def _spelt(character: str) -> str:
    code = ord(character)
    if character in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[character]
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8, carried by surrogateescape
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
