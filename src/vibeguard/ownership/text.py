"""The bytes of an ownership file as lines, and what is odd about them.

Lines end at `\\n`, a `\\r` before it belongs to the line's end. Bytes that are not UTF-8 become lone surrogates, as in
paths, so that patterns match paths by their bytes.
"""

from __future__ import annotations

from vibeguard.model import Finding

_BOM = b"\xef\xbb\xbf"
# White space for str.split() that does not part words in any of the dialects.
_ODD_BLANKS = ("\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x1f", "\r")


class Lines:
    """The lines of a file, and `words`, which parts one of them at blanks and tabs only.

    Attributes:
        lines: without their ends.
        unusable: why the file cannot be read at all; "" when it can.
        problems: what a reader of the file should know about its bytes.
    """

    def __init__(self, content: bytes, file: str) -> None:
        self.unusable = ""
        problems = []
        if content.startswith(_BOM):
            content = content[len(_BOM) :]
            problems.append(Finding("byte-order-mark", file, 1, "the file begins with a byte order mark; passed over"))
        if b"\0" in content:
            self.unusable = "it holds NUL bytes: a binary file, or UTF-16"
            content = b""
        text = content.decode("utf-8", "surrogateescape")
        self.plain = content.isascii()
        self.lines = text.split("\n")
        if b"\r" in content:
            self.lines = [line.removesuffix("\r") for line in self.lines]
        if not self.plain:
            for number, line in enumerate(self.lines, 1):
                if not line.isascii() and any("\udc80" <= char <= "\udcff" for char in line):
                    problems.append(Finding("not-utf-8", file, number, "the line is not UTF-8; its bytes are matched"))
        elif any(blank in text for blank in _ODD_BLANKS):
            self.plain = False
        self.problems = tuple(problems)

    def words(self, line: str) -> list[str]:
        """The words of a line."""
        if self.plain:
            return line.split()
        return [word for word in line.replace("\t", " ").split(" ") if word]
