"""The syntax of Go's regular expressions, as a tree: what Python's `re` reads differently is read as Go reads it.

Read: https://github.com/google/re2/wiki/Syntax. Not read: scripts (`\\p{Greek}`) and `\\C`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from vibeguard.tuples import NamedTuple

_MOST_REPEATS = 1_000  # Go's limit for {n,m}
_MOST_DEPTH = 100  # nested groups

Test = Callable[[str], bool]


class RegexpError(ValueError):
    """A pattern that Go would not take, or that is not read here; the message says why."""


class Char(NamedTuple):
    test: Test


class Assert(NamedTuple):
    kind: str  # "A" text start, "z" text end, "^" line start, "$" line end, "b", "B"


class Cat(NamedTuple):
    items: tuple[Node, ...]


class Alt(NamedTuple):
    items: tuple[Node, ...]


class Repeat(NamedTuple):
    item: Node
    least: int
    most: int | None


Node = Char | Assert | Cat | Alt | Repeat

_POSIX: dict[str, Test] = {
    "alnum": lambda c: c.isascii() and c.isalnum(),
    "alpha": lambda c: c.isascii() and c.isalpha(),
    "ascii": str.isascii,
    "blank": lambda c: c in " \t",
    "cntrl": lambda c: c < " " or c == "\x7f",
    "digit": lambda c: "0" <= c <= "9",
    "graph": lambda c: "!" <= c <= "~",
    "lower": lambda c: "a" <= c <= "z",
    "print": lambda c: " " <= c <= "~",
    "punct": lambda c: "!" <= c <= "~" and not c.isalnum(),
    "space": lambda c: c in " \t\n\r\f\v",
    "upper": lambda c: "A" <= c <= "Z",
    "word": lambda c: c == "_" or (c.isascii() and c.isalnum()),
    "xdigit": lambda c: c in "0123456789abcdefABCDEF",
}
_PERL = {"d": _POSIX["digit"], "s": lambda c: c in " \t\n\r\f", "w": _POSIX["word"]}
_ESCAPES = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_CATEGORIES = frozenset(
    [
        "C",
        "Cc",
        "Cf",
        "Co",
        "Cs",
        "L",
        "Ll",
        "Lm",
        "Lo",
        "Lt",
        "Lu",
        "M",
        "Mc",
        "Me",
        "Mn",
        "N",
        "Nd",
        "Nl",
        "No",
        "P",
        "Pc",
        "Pd",
        "Pe",
        "Pf",
        "Pi",
        "Po",
        "Ps",
        "S",
        "Sc",
        "Sk",
        "Sm",
        "So",
        "Z",
        "Zl",
        "Zp",
        "Zs",
    ]
)


def is_word(char: str) -> bool:
    """Whether `\\w` matches, which is what `\\b` goes by."""
    return _POSIX["word"](char)


def _not(test: Test) -> Test:
    return lambda char: not test(char)


def _any_of(tests: list[Test]) -> Test:
    return lambda char: any(test(char) for test in tests)


def _folded(test: Test) -> Test:
    return lambda char: test(char) or test(char.lower()) or test(char.upper())


class Parser:
    """Reads a pattern by recursive descent."""

    def __init__(self, pattern: str) -> None:
        self.text = pattern
        self.at = 0
        self.depth = 0
        self.flags = {"i": False, "m": False, "s": False, "U": False}

    def parse(self) -> Node:
        node = self._alternatives()
        if self.at < len(self.text):
            raise RegexpError("unexpected )")
        return node

    def _peek(self, text: str) -> bool:
        return self.text.startswith(text, self.at)

    def _take(self, text: str) -> bool:
        if self._peek(text):
            self.at += len(text)
            return True
        return False

    def _next(self, missing: str) -> str:
        if self.at >= len(self.text):
            raise RegexpError(missing)
        self.at += 1
        return self.text[self.at - 1]

    def _alternatives(self) -> Node:
        items = [self._sequence()]
        while self._take("|"):
            items.append(self._sequence())
        return items[0] if len(items) == 1 else Alt(tuple(items))

    def _sequence(self) -> Node:
        items: list[Node] = []
        while self.at < len(self.text) and not self._peek("|") and not self._peek(")"):
            if self._take("\\Q"):
                end = self.text.find("\\E", self.at)
                quoted = self.text[self.at :] if end < 0 else self.text[self.at : end]
                self.at = len(self.text) if end < 0 else end + 2
                items.extend(self._literal(char) for char in quoted)
                if not items:
                    continue
                atom: Node | None = items.pop()  # what follows repeats its last character
            else:
                atom = self._atom()
            if atom is not None:
                items.append(self._repeated(atom))
        return Cat(tuple(items))

    def _repeated(self, atom: Node) -> Node:
        repeated = False
        while True:
            start = self.at
            bounds = self._bounds()
            if bounds is None:
                return atom
            if repeated:
                raise RegexpError(f"invalid nested repetition operator {self.text[start : self.at]}")
            repeated = True
            self._take("?")  # lazy or not is the same for a yes or no
            atom = Repeat(atom, *bounds)

    def _bounds(self) -> tuple[int, int | None] | None:
        for sign, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._take(sign):
                return bounds
        if not self._peek("{"):
            return None
        end = self.text.find("}", self.at)
        low, comma, high = self.text[self.at + 1 : end].partition(",") if end > 0 else ("", "", "")
        if not low.isdecimal() or not low.isascii() or (high and not (high.isdecimal() and high.isascii())):
            return None  # a `{` that counts nothing is an ordinary character
        if len(low) > 4 or len(high) > 4 or int(low) > _MOST_REPEATS or (high and int(high) > _MOST_REPEATS):
            raise RegexpError("invalid repeat count")
        least = int(low)
        most = (int(high) if high else None) if comma else least
        if most is not None and most < least:
            raise RegexpError("invalid repeat count")
        self.at = end + 1
        return least, most

    def _atom(self) -> Node | None:
        char = self._next("")
        if char == "(":
            return self._group()
        if char == "[":
            return Char(self._class())
        if char == ".":
            return Char((lambda _: True) if self.flags["s"] else (lambda found: found != "\n"))
        if char == "^":
            return Assert("^" if self.flags["m"] else "A")
        if char == "$":
            return Assert("$" if self.flags["m"] else "z")
        if char == "\\":
            return self._escape()
        if char in "*+?":
            raise RegexpError(f"missing argument to repetition operator {char}")
        return self._literal(char)

    def _literal(self, char: str) -> Node:
        test: Test = char.__eq__
        return Char(_folded(test) if self.flags["i"] else test)

    def _group(self) -> Node | None:
        saved = dict(self.flags)
        if self._take("?"):
            if self._peek("P<") or self._peek("<"):
                self._take("P")
                if self._peek("<=") or self._peek("<!"):
                    raise RegexpError("lookbehind is not part of Go's regular expressions")
                end = self.text.find(">", self.at)
                if end < 0 or not self.text[self.at + 1 : end].replace("_", "a").isalnum():
                    raise RegexpError("invalid named capture")
                self.at = end + 1
            elif not self._flags():
                return None
        self.depth += 1
        if self.depth > _MOST_DEPTH:
            raise RegexpError("expression nests too deeply")
        node = self._alternatives()
        self.depth -= 1
        if not self._take(")"):
            raise RegexpError("missing closing )")
        self.flags = saved
        return node

    def _flags(self) -> bool:
        """Flags of `(?flags)` and `(?flags:…)`; True when a group follows."""
        value = True
        while True:
            char = self._next("missing closing )")
            if char == "-" and value:
                value = False
            elif char in self.flags:
                self.flags[char] = value
            elif char in ":)":
                return char == ":"
            else:
                raise RegexpError("invalid or unsupported Perl syntax")

    def _escape(self) -> Node | None:
        char = self._next("trailing backslash at end of expression")
        if char in "Az":
            return Assert(char)
        if char in "bB":
            return Assert(char)
        if char == "E":
            return None
        test = self._shorthand(char)
        return Char(test) if test is not None else self._literal(self._escaped(char))

    def _shorthand(self, char: str) -> Test | None:
        """`\\d`, `\\W`, `\\pL`, `\\P{Lu}`; None when the letter means none of them."""
        if char.lower() in _PERL and char.isascii():
            test = _PERL[char.lower()]
            return test if char.islower() else _not(test)
        if char not in "pP":
            return None
        name = self._next("invalid character class range")
        if name == "{":
            end = self.text.find("}", self.at)
            if end < 0:
                raise RegexpError("invalid character class range")
            name, self.at = self.text[self.at : end], end + 1
        negated = (char == "P") != name.startswith("^")
        name = name.removeprefix("^")
        if name not in _CATEGORIES:
            raise RegexpError(f"character class \\p{{{name}}} is not read here")
        found: Test = lambda one: unicodedata.category(one).startswith(name)  # noqa: E731
        return _not(found) if negated else found

    def _escaped(self, char: str) -> str:
        if char in _ESCAPES:
            return _ESCAPES[char]
        if char == "x":
            digits = ""
            if self._take("{"):
                end = self.text.find("}", self.at)
                digits, self.at = (self.text[self.at : end], end + 1) if end > 0 else ("", self.at)
            else:
                digits, self.at = self.text[self.at : self.at + 2], self.at + 2
            try:
                return chr(int(digits, 16))
            except (ValueError, OverflowError):
                raise RegexpError("invalid escape sequence \\x") from None
        octal = tuple("01234567")
        if char == "0" or (char in octal and self.text[self.at : self.at + 1] in octal):
            digits = char
            while len(digits) < 3 and self.text[self.at : self.at + 1] in octal:
                digits += self._next("")
            return chr(int(digits, 8))
        if char.isascii() and (char.isalnum() or char == "_"):
            raise RegexpError(f"invalid escape sequence \\{char}")
        return char

    def _class(self) -> Test:
        negated = self._take("^")
        tests: list[Test] = []
        first = True
        while first or not self._peek("]"):
            first = False
            if self.at >= len(self.text):
                raise RegexpError("missing closing ]")
            tests.append(self._class_item())
        self.at += 1
        test = _any_of(tests)
        if self.flags["i"]:
            test = _folded(test)
        return _not(test) if negated else test

    def _class_item(self) -> Test:
        if self._peek("[:"):
            end = self.text.find(":]", self.at)
            name = self.text[self.at + 2 : end] if end > 0 else ""
            if name.removeprefix("^") not in _POSIX:
                raise RegexpError("invalid character class range")
            self.at = end + 2
            test = _POSIX[name.removeprefix("^")]
            return _not(test) if name.startswith("^") else test
        char = self._next("missing closing ]")
        if char == "\\":
            char = self._next("missing closing ]")
            test_or_none = self._shorthand(char)
            if test_or_none is not None:
                return test_or_none
            char = self._escaped(char)
        if not self._peek("-") or self._peek("-]"):
            return char.__eq__
        self.at += 1
        high = self._next("missing closing ]")
        if high == "\\":
            high = self._escaped(self._next("missing closing ]"))
        if high < char:
            raise RegexpError("invalid character class range")
        return lambda found: char <= found <= high
