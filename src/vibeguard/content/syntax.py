"""Where comments and strings are, well enough to tell a marker from text about it; no parser of any language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from vibeguard.patterns import compiled

# Opening marks of comments that run to the end of the line, and whether `/* … */` exists, by language family.
_HASH = ("#",)
_SLASH = ("//", "/*", "<!--", "*")
_DASH = ("--", "/*")
LEADERS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("python", "cython", "ruby", "shell", "perl", "r", "yaml", "toml", "elixir", "julia"), _HASH),
    **dict.fromkeys(("dockerfile", "makefile", "cmake", "starlark", "nix", "powershell", "crystal", "just"), _HASH),
    **dict.fromkeys(("tcl", "awk", "meson", "pip requirements", "git attributes", "ignore list", "codeowners"), _HASH),
    **dict.fromkeys(("php", "hcl", "ini", "dotenv"), ("#", "//", "/*", ";", "*")),
    **dict.fromkeys(("sql", "lua", "haskell", "ada", "elm"), (*_DASH, "{-")),
    **dict.fromkeys(("erlang", "tex", "matlab", "prolog"), ("%",)),
    **dict.fromkeys(("clojure", "common lisp", "emacs lisp", "scheme", "racket"), (";",)),
    "vue": (*_SLASH, "#"),
    "html": ("<!--", "//", "/*"),
}  # everything else: C and its many children


def leaders(language: str | None) -> tuple[str, ...]:
    """What opens a comment in that language; of languages without comments or unknown, everything that may."""
    if language is None:
        return ("#", "//", "/*", "--", ";", "%", "<!--", "*")
    return LEADERS.get(language, _SLASH)


def is_comment(line: str, language: str | None) -> bool:
    """Whether a whole line is a comment."""
    return line.lstrip().startswith(leaders(language))


@lru_cache(maxsize=32)
def _opening(marks: tuple[str, ...]) -> re.Pattern[str]:
    words = "|".join(re.escape(mark) for mark in sorted(marks, key=len, reverse=True) if mark != "*")
    return compiled(rf"[\"'`]|{words}")


@lru_cache(maxsize=3)
def _closing(quote: str) -> re.Pattern[str]:
    return compiled(rf"(?:[^\\{quote}]|\\.)*+{quote}", re.DOTALL)


def _parts(line: str, language: str | None) -> Iterator[tuple[bool, int, int]]:
    """Strings that close on the line, then perhaps a comment: (is it a comment, start, end).

    A quote that never closes is an apostrophe or a lifetime, and none of its kind closes behind it either: so each
    kind is searched in vain at most once, and the whole is linear.
    """
    opening = _opening(leaders(language))
    open_for_ever: set[str] = set()
    at = 0
    while (match := opening.search(line, at)) is not None:
        at = match.end()
        mark = match.group()
        if mark not in "\"'`":
            yield True, match.start(), len(line)
            return
        if mark not in open_for_ever:
            closed = _closing(mark).match(line, at)
            if closed is None:
                open_for_ever.add(mark)
            else:
                yield False, match.start(), closed.end()
                at = closed.end()


def comment_start(line: str, language: str | None) -> int | None:
    """The column at which a comment begins on this line, None when there is none.

    A line that begins with `*` is taken for the middle of a block comment.
    """
    stripped = line.lstrip()
    if "*" in leaders(language) and stripped.startswith("*"):
        return len(line) - len(stripped)
    for is_comment_, start, _ in _parts(line, language):
        if is_comment_:
            return start
    return None


def in_string(line: str, column: int, language: str | None) -> bool:
    """Whether a column of the line lies inside a string that begins and ends on this line."""
    for is_comment_, start, end in _parts(line, language):
        if is_comment_ or start > column:
            return False
        if column < end:
            return True
    return False


_PYTHON = (
    r"#[^\n]*"
    r"|(?P<long>'''|\"\"\")"
    r"|'(?:[^'\\\n]|\\[^\n])*'?"
    r'|"(?:[^"\\\n]|\\[^\n])*"?'
)
_BACKTICK = r"//[^\n]*|/\*|(?P<long>`)|'(?:[^'\\\n]|\\[^\n])*'?|\"(?:[^\"\\\n]|\\[^\n])*\"?"


def lines_in_long_strings(text: str, language: str | None) -> set[int]:
    """Numbers (from 1) of the lines that begin inside a string of several lines: Python's triple quotes, backticks.

    Linear: each character is looked at once. Other languages: none.
    """
    if language in ("python", "cython"):
        pattern = _PYTHON
    elif language in ("javascript", "typescript", "tsx", "go", "vue", "svelte"):
        pattern = _BACKTICK
    else:
        return set()
    tokens = compiled(pattern)
    inside: set[int] = set()
    at = 0
    number = 1
    counted = 0
    while (match := tokens.search(text, at)) is not None:
        at = match.end()
        if match.lastgroup != "long":
            if match.group() == "/*":
                at = text.find("*/", at) + 2
                if at < 2:
                    break
            continue
        end = _end_of_long(text, at, match.group())
        number += text.count("\n", counted, match.start())
        lines = text.count("\n", match.start(), end)
        inside.update(range(number + 1, number + lines + 1))
        number += lines
        counted = at = end
    return inside


def _end_of_long(text: str, start: int, quote: str) -> int:
    """Just behind the closing quote that no backslash escapes, or the end of the text."""
    at = start
    while (end := text.find(quote, at)) >= 0:
        backslashes = end
        while backslashes > start and text[backslashes - 1] == "\\":
            backslashes -= 1
        if (end - backslashes) % 2 == 0:
            return end + len(quote)
        at = end + 1
    return len(text)
