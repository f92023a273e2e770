"""Regular expressions for `matching` and `ticket`: one subset of RE2, matched over the whole string in linear time.

The subset: literals, `.`, `[…]` and `[^…]`, `\\d \\w \\s` and their opposites, groups `(…)` and `(?:…)`, `|`, and
the repetitions `* + ? {n} {n,} {n,m}` up to 100. Refused, with or without google-re2: look-around, back-references,
anchors (a pattern is whole by itself), flags, lazy and possessive repetition, and one unbounded repetition inside
another. Character classes are ASCII, as in RE2. `.` is any character but a newline.

Matching simulates all branches at once over a program of at most :data:`LARGEST` steps (Thompson 1968), so no
text makes it slow; google-re2 is not needed and would not change an answer.
"""

from __future__ import annotations

from functools import lru_cache

from vibeguard.tuples import NamedTuple

LONGEST = 500  # characters of a pattern
LARGEST = 5_000  # steps of its program
MOST_REPEATED = 100
DEEPEST = 20  # nested groups

_DIGITS = ((48, 57),)
_WORD = ((48, 57), (65, 90), (95, 95), (97, 122))
_SPACE = ((9, 10), (12, 13), (32, 32))
_CLASSES = {"d": _DIGITS, "w": _WORD, "s": _SPACE}
_TOP = 0x10FFFF
_ESCAPES = {"n": 10, "t": 9, "r": 13, "f": 12, "v": 11}

Ranges = tuple[tuple[int, int], ...]
# A program is a tuple of steps: ("char", ranges) | ("split", to, to) | ("jump", to) | ("end",)


class PatternError(ValueError):
    """A pattern that is not in the subset. `hint` says what to write."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class _Part(NamedTuple):
    kind: str  # char, join, either, repeat
    ranges: Ranges = ()
    parts: tuple[_Part, ...] = ()
    least: int = 0
    most: int | None = None


@lru_cache(maxsize=1024)
def parse(pattern: str) -> tuple[tuple[object, ...], ...]:
    """The program of a pattern; raises :class:`PatternError`."""
    if len(pattern) > LONGEST:
        raise PatternError(f"a pattern of {len(pattern)} characters", f"the limit is {LONGEST}")
    tree = _Parser(pattern).whole()
    program: list[tuple[object, ...]] = []
    _emit(tree, program)
    program.append(("end",))
    return tuple(program)


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text fits; the pattern was checked before."""
    program = parse(pattern)
    current = _follow(program, [0])
    for char in text:
        code = ord(char)
        after = []
        for at in current:
            step = program[at]
            if step[0] == "char":
                for low, high in step[1]:  # type: ignore[attr-defined]  # ranges
                    if low <= code <= high:
                        after.append(at + 1)
                        break
        if not after:
            return False
        current = _follow(program, after)
    return any(program[at][0] == "end" for at in current)


def _follow(program: tuple[tuple[object, ...], ...], starts: list[int]) -> list[int]:
    """All steps that wait for a character, reached without reading one."""
    seen: set[int] = set()
    waiting: list[int] = []
    stack = list(reversed(starts))
    while stack:
        at = stack.pop()
        if at in seen:
            continue
        seen.add(at)
        step = program[at]
        if step[0] == "jump":
            stack.append(step[1])  # type: ignore[arg-type]
        elif step[0] == "split":
            stack += (step[2], step[1])  # type: ignore[arg-type]
        else:
            waiting.append(at)
    return waiting


def _emit(part: _Part, program: list[tuple[object, ...]]) -> None:
    if len(program) > LARGEST:
        raise PatternError("the pattern is too large", "use fewer or smaller repetitions")
    if part.kind == "char":
        program.append(("char", part.ranges))
    elif part.kind == "join":
        for inner in part.parts:
            _emit(inner, program)
    elif part.kind == "either":
        ends = []
        for inner in part.parts[:-1]:
            split = len(program)
            program.append(())
            _emit(inner, program)
            ends.append(len(program))
            program.append(())
            program[split] = ("split", split + 1, len(program))
        _emit(part.parts[-1], program)
        for end in ends:
            program[end] = ("jump", len(program))
    else:
        inner = part.parts[0]
        for _ in range(part.least):
            _emit(inner, program)
        if part.most is None:
            split = len(program)
            program.append(())
            _emit(inner, program)
            program.append(("jump", split))
            program[split] = ("split", split + 1, len(program))
        else:
            splits = []
            for _ in range(part.most - part.least):
                splits.append(len(program))
                program.append(())
                _emit(inner, program)
            for split in splits:
                program[split] = ("split", split + 1, len(program))


class _Parser:
    """Recursive descent over the subset; recursion is bounded by :data:`DEEPEST`."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.depth = 0

    def whole(self) -> _Part:
        tree = self._either()
        if self.at < len(self.pattern):
            raise PatternError("a `)` without its `(`", "write `\\)` for the character")
        return tree

    def _peek(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def _either(self) -> _Part:
        branches = [self._join()]
        while self._peek() == "|":
            self.at += 1
            branches.append(self._join())
        return branches[0] if len(branches) == 1 else _Part("either", parts=tuple(branches))

    def _join(self) -> _Part:
        parts = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._repeat(self._atom()))
        return _Part("join", parts=tuple(parts))

    def _repeat(self, part: _Part) -> _Part:
        char = self._peek()
        if char and char in "*+?":
            self.at += 1
            least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}[char]
        elif char == "{":
            least, most = self._braces()
        else:
            return part
        if self._peek() in ("?", "+", "*", "{") and self._peek():
            raise PatternError(
                f"`{char}{self._peek()}`: one repetition after another",
                "the whole text is matched, so lazy and possessive repetition mean nothing",
            )
        if most is None and _unbounded(part):
            raise PatternError(
                "an unbounded repetition inside another, such as `(a+)+`",
                "repeat once, or give the inner one a limit: `(a{1,9})+`",
            )
        return _Part("repeat", parts=(part,), least=least, most=most)

    def _braces(self) -> tuple[int, int | None]:
        end = self.pattern.find("}", self.at)
        inside = self.pattern[self.at + 1 : end] if end > 0 else ""
        low, comma, high = inside.partition(",")
        if not low.isascii() or not low.isdigit() or (high and not (high.isascii() and high.isdigit())):
            raise PatternError(
                "a `{` that is not a repetition such as `{2}` or `{1,5}`", "write `\\{` for the character"
            )
        least = int(low[:6])
        most = least if not comma else int(high[:6]) if high else None
        if max(least, most or 0) > MOST_REPEATED or (most is not None and most < least):
            raise PatternError(
                f"the repetition `{{{inside[:20]}}}`", f"at most {MOST_REPEATED}, the smaller number first"
            )
        self.at = end + 1
        return least, most

    def _atom(self) -> _Part:
        char = self._peek()
        self.at += 1
        if char == "(":
            return self._group()
        if char == "[":
            return _Part("char", self._class())
        if char == ".":
            return _Part("char", ((0, 9), (11, _TOP)))
        if char == "\\":
            return _Part("char", self._escape(in_class=False))
        if char in "*+?{":
            raise PatternError(f"`{char}` repeats nothing", f"write `\\{char}` for the character")
        if char in "^$":
            raise PatternError(f"`{char}` is not needed: a pattern matches the whole text", "leave it out")
        return _Part("char", ((ord(char), ord(char)),))

    def _group(self) -> _Part:
        if self._peek() == "?":
            if self.pattern.startswith("?:", self.at):
                self.at += 2
            else:
                shown = self.pattern[self.at - 1 : self.at + 2]
                what = {
                    "(?=": "look-ahead",
                    "(?!": "look-ahead",
                    "(?<": "look-behind or a named group",
                    "(?P": "a named group",
                    "(?>": "an atomic group",
                }.get(shown, "a flag")
                raise PatternError(f"`{shown}…`: {what} is not in the subset", "use plain groups `(…)`")
        self.depth += 1
        if self.depth > DEEPEST:
            raise PatternError(f"groups nest at most {DEEPEST} deep")
        inner = self._either()
        self.depth -= 1
        if self._peek() != ")":
            raise PatternError("a `(` without its `)`", "write `\\(` for the character")
        self.at += 1
        return inner

    def _escape(self, *, in_class: bool) -> Ranges:
        char = self._peek()
        self.at += 1
        if not char:
            raise PatternError("a pattern cannot end with a backslash", "write `\\\\` for the character")
        if char.lower() in _CLASSES:
            ranges = _CLASSES[char.lower()]
            return ranges if char.islower() else _opposite(ranges)
        if char in _ESCAPES:
            return ((_ESCAPES[char], _ESCAPES[char]),)
        if char.isdigit():
            raise PatternError(f"`\\{char}`: back-references are not in the subset", "repeat the group's pattern")
        if char.isalpha():
            what = "an anchor" if char in "bBAzZG" and not in_class else "an escape"
            raise PatternError(f"`\\{char}`: {what} that is not in the subset", "write the characters out")
        return ((ord(char), ord(char)),)

    def _class(self) -> Ranges:
        negative = self._peek() == "^"
        self.at += negative
        found: list[tuple[int, int]] = []
        first = True
        while first or self._peek() != "]":
            char = self._peek()
            if not char:
                raise PatternError("a `[` without its `]`", "write `\\[` for the character")
            if char == "[":
                raise PatternError("a `[` inside brackets", "write `\\[` for the character")
            self.at += 1
            first = False
            ranges = self._escape(in_class=True) if char == "\\" else ((ord(char), ord(char)),)
            if self._peek() == "-" and self.pattern[self.at + 1 : self.at + 2] not in ("]", ""):
                self.at += 1
                end_char = self._peek()
                self.at += 1
                end = self._escape(in_class=True) if end_char == "\\" else ((ord(end_char), ord(end_char)),)
                single = len(ranges) == len(end) == 1 and ranges[0][0] == ranges[0][1] and end[0][0] == end[0][1]
                if not single or end[0][0] < ranges[0][0]:
                    raise PatternError("a range in brackets that has no order", "write the smaller character first")
                ranges = ((ranges[0][0], end[0][0]),)
            found += ranges
        self.at += 1
        merged = _merge(found)
        return _opposite(merged) if negative else merged


def _unbounded(part: _Part) -> bool:
    if part.kind == "repeat" and part.most is None:
        return True
    return any(_unbounded(inner) for inner in part.parts)


def _merge(ranges: list[tuple[int, int]]) -> Ranges:
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


def _opposite(ranges: Ranges) -> Ranges:
    found = []
    start = 0
    for low, high in ranges:
        if low > start:
            found.append((start, low - 1))
        start = high + 1
    if start <= _TOP:
        found.append((start, _TOP))
    return tuple(found)
