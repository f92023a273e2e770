"""Characters that make a text look other than it is: invisible ones, those that turn its direction, look-alikes.

Only added lines are looked at, and a line that only moved within its file is not new. What scripts need to be
written at all is no trap: joiners within emoji, Arabic and Indic words, marks beside right-to-left letters.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from functools import lru_cache

from vibeguard.content import syntax
from vibeguard.content.confusables import LIKE_LATIN, script, skeleton
from vibeguard.content.lines import ChangedFile
from vibeguard.model import Finding

TRIES = 50  # suspicious characters that are looked at on one line
# Visual Studio and PowerShell write one into every file, spreadsheets need one.
WITH_BYTE_ORDER_MARK = frozenset(("c#", "f#", "visual basic .net", "powershell", "csv", "xml", "html+razor"))
WORD = 64  # characters of a word that are looked at on each side of a foreign letter

NAMES = {
    0x08: "BACKSPACE",
    0x1B: "ESCAPE",
    0x7F: "DELETE",
    0x85: "NEXT LINE",
    0xAD: "SOFT HYPHEN",
    0x200B: "ZERO WIDTH SPACE",
    0x200C: "ZERO WIDTH NON-JOINER",
    0x200D: "ZERO WIDTH JOINER",
    0x200E: "LEFT-TO-RIGHT MARK",
    0x200F: "RIGHT-TO-LEFT MARK",
    0x2028: "LINE SEPARATOR",
    0x2029: "PARAGRAPH SEPARATOR",
    0x202A: "LEFT-TO-RIGHT EMBEDDING",
    0x202B: "RIGHT-TO-LEFT EMBEDDING",
    0x202C: "POP DIRECTIONAL FORMATTING",
    0x202D: "LEFT-TO-RIGHT OVERRIDE",
    0x202E: "RIGHT-TO-LEFT OVERRIDE",
    0x2060: "WORD JOINER",
    0x2066: "LEFT-TO-RIGHT ISOLATE",
    0x2067: "RIGHT-TO-LEFT ISOLATE",
    0x2068: "FIRST STRONG ISOLATE",
    0x2069: "POP DIRECTIONAL ISOLATE",
    0x3164: "HANGUL FILLER",
    0xFEFF: "ZERO WIDTH NO-BREAK SPACE",
}
BIDI = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))
OVERRIDES = frozenset("\u202d\u202e")
MARKS = frozenset("\u200e\u200f\u061c")

# All of them, beyond ASCII. The ASCII controls are looked for one by one, which is faster than a class.
_CLASS = (
    "\u0080-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff"
)
_CONTROLS = "\x08\x1b\x7f"


@lru_cache(maxsize=1)
def _suspect() -> re.Pattern[str]:
    return re.compile(f"[{_CONTROLS}{_CLASS}]")


@lru_cache(maxsize=1)
def _foreign() -> re.Pattern[str]:
    return re.compile("[\u0370-\u03ff\u0400-\u052f\u0531-\u058f\u13a0-\u13ff]")


@lru_cache(maxsize=1)
def _compatible() -> re.Pattern[str]:
    """Letters that Python's identifiers fold into ASCII: full-width, mathematical, letter-like."""
    return re.compile(
        "[\uff21-\uff3a\uff41-\uff5a\U0001d400-\U0001d7ff\u2102\u210a-\u2115\u2119-\u211d\u2124\u212a-\u2139\u017f]"
    )


def scan(changed: ChangedFile, content: Callable[[], bytes | None]) -> list[Finding]:
    """Traps in the added lines of one file; the whole content is asked for only to find a look-alike's original."""
    text = changed.added.text
    found = []
    if text.isascii():
        if any(control in text for control in _CONTROLS):
            found += _invisible(changed)
    else:
        found += _invisible(changed) + _undecodable(changed)
        if "code" in changed.facts.kinds or "config" in changed.facts.kinds or "ci" in changed.facts.kinds:
            found += _look_alikes(changed, content)
        if changed.facts.language == "python":
            found += _folded(changed)
    if "\r" in text:
        found += _carriage_returns(changed)
    return sorted(found, key=lambda finding: finding.line or 0)


def _invisible(changed: ChangedFile) -> list[Finding]:
    side, kinds = changed.added, changed.facts.kinds
    is_prose = "docs" in kinds and "code" not in kinds
    if "test" in kinds and "code" not in kinds:  # recorded terminal output is data
        is_prose = True
    old = _lines_with(changed.removed.text)
    lines: list[str] = []
    looked_at: Counter[int] = Counter()
    traps: dict[int, list[str]] = {}
    found = []
    for place, column, match in side.matches(_suspect()):
        lines = lines or side.lines()
        line, mark = lines[place], match.group()
        looked_at[place] += 1
        if looked_at[place] > TRIES or line in old or not _is_trap(line, column, mark, is_prose=is_prose):
            continue
        if mark == "\ufeff" and side.numbers[place] == 1 and column == 0:
            if changed.facts.language not in WITH_BYTE_ORDER_MARK:
                words = "the file begins with a byte order mark"
                found.append(Finding("byte-order-mark", changed.path, 1, words))
            continue
        traps.setdefault(place, []).append(mark)
    for place, marks in traps.items():
        more = f" and {len(marks) - 1} more such characters on this line" if len(marks) > 1 else ""
        found.append(Finding("unicode", changed.path, side.numbers[place], named(marks[0]) + more))
    return found


def _lines_with(text: str) -> frozenset[str]:
    """The removed lines that held such a character already."""
    if text.isascii() and not any(control in text for control in _CONTROLS):
        return frozenset()
    suspect = _suspect()
    return frozenset(line for line in text.split("\n") if suspect.search(line))


def named(character: str) -> str:
    """Code point and name: `U+202E RIGHT-TO-LEFT OVERRIDE`, with what it does where that is not in the name."""
    code = ord(character)
    name = NAMES.get(code)
    if name is None:
        # Imported here: only a rare character is not in the table above.
        import unicodedata  # noqa: PLC0415

        name = "TAG CHARACTER" if 0xE0000 <= code <= 0xE007F else unicodedata.name(character, "CONTROL")
    return f"U+{code:04X} {name}"


def _is_trap(line: str, column: int, mark: str, *, is_prose: bool) -> bool:
    before, behind = line[column - 1 : column] if column else "", line[column + 1 : column + 2]
    if mark in _CONTROLS:
        return not is_prose
    if mark in BIDI:
        return mark in OVERRIDES or not (is_prose and _has_right_to_left(line))
    if mark in MARKS:
        return not _has_right_to_left(line)
    code = ord(mark)
    if mark == "\u200d":
        return not ((_is_emoji(before) and _is_emoji(behind)) or _joins(before) or _joins(behind))
    if mark == "\u200c":
        return not (_joins(before) or _joins(behind))
    if mark == "\u200b":
        return not (_is_south_or_east_asian(before) or _is_south_or_east_asian(behind))
    if mark == "\u00ad":
        return not is_prose
    if 0xFE00 <= code <= 0xFE0F:
        return not before or before.isalpha() or "\ufe00" <= before <= "\ufe0f" or before.isspace()
    if 0xE0100 <= code <= 0xE01EF:
        return not ("\u3400" <= before <= "\u9fff" or "\U00020000" <= before <= "\U0003ffff")
    if 0xE0000 <= code <= 0xE007F:
        return not _is_flag(line, column)
    if mark in "\u115f\u1160\u3164\uffa0":
        return not ("\u1100" <= behind <= "\u11ff" or "\u3131" <= behind <= "\u318e")
    if 0x180B <= code <= 0x180F:
        return not ("\u1800" <= before <= "\u18af")
    return True


def _is_flag(line: str, column: int) -> bool:
    """A black flag, at most seven tag characters, the closing tag: the flags of England, Scotland and Wales."""
    start = column
    while start > 0 and column - start < 8 and "\U000e0020" <= line[start - 1] <= "\U000e007f":
        start -= 1
    end = column
    while end < len(line) and end - column < 8 and "\U000e0020" <= line[end] <= "\U000e007e":
        end += 1
    closed = line[end : end + 1] == "\U000e007f" or line[column] == "\U000e007f"
    return start > 0 and line[start - 1] == "\U0001f3f4" and closed and end - start <= 8


def _is_emoji(character: str) -> bool:
    return bool(character) and (
        character >= "\U0001f000" or "\u2190" <= character <= "\u2bff" or character in "\ufe0f\u200d\u3030\u303d"
    )


def _joins(character: str) -> bool:
    """Letters of scripts that are written with joiners: Hebrew and Arabic to Tibetan, Myanmar, Khmer, Mongolian."""
    return "\u0590" <= character <= "\u109f" or "\u1780" <= character <= "\u18af" or "\ufb1d" <= character <= "\ufefc"


def _is_south_or_east_asian(character: str) -> bool:
    """Scripts without spaces, where a zero width space marks the end of a word."""
    return (
        "\u0e00" <= character <= "\u0eff"
        or "\u1000" <= character <= "\u109f"
        or "\u1780" <= character <= "\u17ff"
        or "\u3000" <= character <= "\u9fff"
        or "\uac00" <= character <= "\ud7af"
    )


def _has_right_to_left(line: str) -> bool:
    return any("\u0590" <= character <= "\u08ff" or "\ufb1d" <= character <= "\ufefc" for character in line)


def _undecodable(changed: ChangedFile) -> list[Finding]:
    """Bytes that are not UTF-8, once for a file, unless it held such bytes before."""
    pattern = re.compile("[\udc80-\udcff]")
    if pattern.search(changed.removed.text) is not None:
        return []
    for place, column, _ in changed.added.matches(pattern):
        words = f"bytes that are not UTF-8, from column {column + 1}"
        return [Finding("encoding", changed.path, changed.added.numbers[place], words)]
    return []


def _carriage_returns(changed: ChangedFile) -> list[Finding]:
    """A carriage return inside a line: a terminal shows what follows over what stands before it."""
    for place, column, _ in changed.added.matches(re.compile(r"\r(?=[^\r\n])")):
        words = f"a carriage return inside the line, at column {column + 1}"
        return [Finding("encoding", changed.path, changed.added.numbers[place], words)]
    return []


def _look_alikes(changed: ChangedFile, content: Callable[[], bytes | None]) -> list[Finding]:
    side = changed.added
    lines = side.lines()
    seen: set[str] = set()
    whole: set[str] | None = None
    found = []
    behind = (-1, -1)
    for place, column, _ in side.matches(_foreign()):
        if (place, column) < behind:
            continue
        word, end = _word_around(lines[place], column)
        behind = (place, end)
        if word in seen:
            continue
        seen.add(word)
        foreign = [letter for letter in word if letter.isalpha() and not letter.isascii()]
        if not foreign or not all(letter in LIKE_LATIN for letter in foreign):
            continue
        twin = skeleton(word)
        name = script(foreign[0])
        if any(letter.isascii() and letter.isalpha() for letter in word):
            words = f"{word} mixes Latin and {name} letters; it reads as {twin}"
        else:
            if len(word) < 3:
                continue
            whole = whole if whole is not None else _ascii_words(changed, content)
            if twin not in whole:
                continue
            words = f"{word} is written in {name} letters and reads as {twin}, which this file uses as well"
        found.append(Finding("unicode-confusable", changed.path, side.numbers[place], words))
    return found


def _word_around(line: str, column: int) -> tuple[str, int]:
    start, end = column, column + 1
    while start > 0 and column - start < WORD and (line[start - 1].isalnum() or line[start - 1] == "_"):
        start -= 1
    while end < len(line) and end - column < WORD and (line[end].isalnum() or line[end] == "_"):
        end += 1
    return line[start:end], end


def _ascii_words(changed: ChangedFile, content: Callable[[], bytes | None]) -> set[str]:
    whole = content()
    text = changed.added.text if whole is None else whole.decode("utf-8", "replace")
    return set(re.findall(r"[A-Za-z_][A-Za-z0-9_]{2,63}", text))


def _folded(changed: ChangedFile) -> list[Finding]:
    """Python takes `𝘦𝘹𝘦𝘤` for `exec`: identifiers are folded before they are looked up."""
    # Imported here: only a file with such letters needs it.
    import unicodedata  # noqa: PLC0415

    side = changed.added
    lines = side.lines()
    found = []
    last = -1
    for place, column, _ in side.matches(_compatible()):
        if place == last:
            continue
        last = place
        line = lines[place]
        start = syntax.comment_start(line, "python")
        if (start is not None and start < column) or syntax.in_string(line, column, "python"):
            continue
        word, _ = _word_around(line, column)
        plain = unicodedata.normalize("NFKC", word)
        if plain.isascii() and plain != word:
            words = f"{word} is read as {plain} by Python"
            found.append(Finding("unicode-confusable", changed.path, side.numbers[place], words))
    return found
