"""Go's regular expressions, as Gitea and Kubernetes take them, matched in linear time.

Python's `re` can be made to run for hours by a short pattern and a long path, and both may come from the repository
that is judged. Here a pattern becomes a program, and a state machine that is built while it runs: time is the path's
length times the pattern's at worst, and one dictionary look-up a character usually.
"""

from __future__ import annotations

from vibeguard.ownership.gosyntax import Alt, Assert, Cat, Char, Node, Parser, RegexpError, Test, is_word

_MOST_STATES = 20_000  # of one pattern; Go refuses larger programs, too
_MOST_CACHED = 4_000  # machine states kept

Value = Test | str | int

__all__ = ["Regexp", "RegexpError"]


class _State:
    """One state of the machine: program points not yet closed, and what stood before."""

    __slots__ = ("accepts_end", "next", "points", "word")

    def __init__(self, points: frozenset[int], word: str) -> None:
        self.points = points
        self.word = word  # kind of the character before: "" text start, "\n", "w" a word character, "x" any other
        self.next: dict[str, _State | None] = {}  # None: matched
        self.accepts_end: bool | None = None


class Regexp:
    """A compiled pattern; `search` says whether it matches anywhere in a text.

    Raises:
        RegexpError: for a pattern that Go would not take, or that is not read here.
    """

    def __init__(self, pattern: str) -> None:
        self._program: list[tuple[str, Value, int]] = [("match", 0, 0)]
        self._emitted = 0
        self._start = self._emit(Parser(pattern).parse(), 0)
        self._states: dict[tuple[frozenset[int], str], _State] = {}

    def search(self, text: str) -> bool:
        """Whether any part of the text matches."""
        state = self._state(frozenset((self._start,)), "")
        for char in text:
            try:
                following = state.next[char]
            except KeyError:
                following = self._advance(state, char)
            if following is None:
                return True
            state = following
        if state.accepts_end is None:
            state.accepts_end = 0 in self._closure(state.points, state.word, "")
        return state.accepts_end

    def _add(self, kind: str, value: Value, following: int) -> int:
        if len(self._program) >= _MOST_STATES:
            raise RegexpError("expression too large")
        self._program.append((kind, value, following))
        return len(self._program) - 1

    def _emit(self, node: Node, following: int) -> int:
        """Add the program of a node that goes on at `following`; returns where it begins."""
        self._emitted += 1
        if self._emitted > 2 * _MOST_STATES:  # repeats of nothing add no state and still take their time
            raise RegexpError("expression too large")
        if isinstance(node, Char):
            return self._add("char", node.test, following)
        if isinstance(node, Assert):
            return self._add("assert", node.kind, following)
        if isinstance(node, Cat):
            for item in reversed(node.items):
                following = self._emit(item, following)
            return following
        if isinstance(node, Alt):
            starts = [self._emit(item, following) for item in node.items]
            start = starts.pop()
            while starts:
                start = self._add("split", starts.pop(), start)
            return start
        if node.most is None:
            loop = self._add("split", 0, following)
            self._program[loop] = ("split", self._emit(node.item, loop), following)
            following = loop
        else:
            end = following
            for _ in range(node.most - node.least):
                following = self._add("split", self._emit(node.item, following), end)
        for _ in range(node.least):
            following = self._emit(node.item, following)
        return following

    def _state(self, points: frozenset[int], word: str) -> _State:
        state = self._states.get((points, word))
        if state is None:
            if len(self._states) >= _MOST_CACHED:
                self._states.clear()
            state = self._states[points, word] = _State(points, word)
        return state

    def _advance(self, state: _State, char: str) -> _State | None:
        here = "\n" if char == "\n" else "w" if is_word(char) else "x"
        closed = self._closure(state.points, state.word, here)
        if 0 in closed:
            following = None
        else:
            points = {self._start}  # a match may begin at every character
            for point in closed:
                kind, value, then = self._program[point]
                if kind == "char" and value(char):  # type: ignore[operator]
                    points.add(then)
            following = self._state(frozenset(points), here)
        state.next[char] = following
        return following

    def _closure(self, points: frozenset[int], before: str, after: str) -> set[int]:
        """All points that can be reached without a character, given what stands on both sides."""
        seen: set[int] = set()
        waiting = list(points)
        while waiting:
            point = waiting.pop()
            if point in seen:
                continue
            seen.add(point)
            kind, value, then = self._program[point]
            if kind == "split":
                waiting += (value, then)  # type: ignore[arg-type]
            elif kind == "assert" and _holds(str(value), before, after):
                waiting.append(then)
        return seen


def _holds(kind: str, before: str, after: str) -> bool:
    if kind == "A":
        return before == ""
    if kind == "z":
        return after == ""
    if kind == "^":
        return before in ("", "\n")
    if kind == "$":
        return after in ("", "\n")
    return ((before == "w") != (after == "w")) == (kind == "b")
