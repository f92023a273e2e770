"""Characters that make a text look other than it is, and the texts that need them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.content.changes import Made, told
from vibeguard.content.confusables import LIKE_LATIN, skeleton


def found(line: str, path: str = "a.py", before: str = "x = 1\n") -> list[tuple[str, int | None, str]]:
    findings = Made({path: before}, {path: before + line + "\n"}).examined().findings
    return [(f.kind, f.line, f.text) for f in findings]


TRAPS = [
    ("access = 'user\u202e \u2066# admin\u2069 \u2066'", "unicode", "U+202E RIGHT-TO-LEFT OVERRIDE and 3 more"),
    ("\u2067x\u2069 = 1", "unicode", "U+2067 RIGHT-TO-LEFT ISOLATE"),
    ("is\u200bAdmin = True", "unicode", "U+200B ZERO WIDTH SPACE"),
    ("is\u200dAdmin = True", "unicode", "U+200D ZERO WIDTH JOINER"),
    ("is\u200cAdmin = True", "unicode", "U+200C ZERO WIDTH NON-JOINER"),
    ("x = 'a\u2060b'", "unicode", "U+2060 WORD JOINER"),
    ("x = 'a\ufeffb'", "unicode", "U+FEFF ZERO WIDTH NO-BREAK SPACE"),
    ("x = '\U000e0041\U000e0042'", "unicode", "U+E0041 TAG CHARACTER and 1 more"),
    ("const { timeout, \u3164 } = req.query", "unicode", "U+3164 HANGUL FILLER"),
    ("x = 'a\ufe0f\ufe01\ufe02'", "unicode", "VARIATION SELECTOR"),
    ("x = '\x1b[2K'", "unicode", "U+001B ESCAPE"),
    ("x = 'a\u2028b'", "unicode", "U+2028 LINE SEPARATOR"),
    ("x = 1\u0085y", "unicode", "U+0085 NEXT LINE"),
    ("\u0430dmin = 1", "unicode-confusable", "mixes Latin and Cyrillic letters; it reads as admin"),
    ("x.p\u0430yload()", "unicode-confusable", "it reads as payload"),
    ("G\u039f = 1", "unicode-confusable", "Latin and Greek"),
    ("\U0001d626\U0001d639\U0001d626\U0001d624('x')", "unicode-confusable", "is read as exec by Python"),
    ("x = 'visible'\rhidden()", "encoding", "carriage return inside the line, at column 14"),
    ("x = '\udcff'", "encoding", "bytes that are not UTF-8, from column 6"),
]


@pytest.mark.parametrize(("line", "kind", "words"), TRAPS)
def test_a_trap_in_an_added_line_is_named_with_its_line(line: str, kind: str, words: str) -> None:
    traps = [finding for finding in found(line) if finding[0] == kind]
    assert len(traps) == 1
    assert traps[0][1] == 2
    assert words in traps[0][2]


NEEDED = [
    ("x = '👨‍👩‍👧‍👦 ❤️ 👍🏽 1️⃣ 🏳️‍🌈'", "a.py"),
    ("x = '🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f'", "a.py"),
    ("x = 'می‌خواهم'", "a.py"),  # Persian with a zero width non-joiner
    ("x = 'क्‍ष'", "a.py"),  # Hindi with a zero width joiner
    ("x = 'שלום\u200f!'", "a.py"),  # Hebrew with a right-to-left mark
    ("'\u2067مرحبا\u2069 (x)'", "docs/ar.md"),
    ("ภาษา\u200bไทย", "docs/th.md"),
    ("x = 'Привет, мир'  # по-русски", "a.py"),
    ("ρ_air = μ_s * Δx + σ2", "a.py"),
    ("naïve = 'café'", "a.py"),
    ("x = 'ＡＢＣ'  # ｆｕｌｌ", "a.py"),
    ("日本語 = 1", "a.py"),
    ("soft\u00adhyphen", "docs/a.md"),
    ("x = 1\r", "a.py"),
    ("x = 'e\u0301'", "a.py"),
    ("“quotes” — dashes … and non\u00a0breaking", "a.py"),
]


@pytest.mark.parametrize(("line", "path"), NEEDED)
def test_what_a_script_needs_is_no_trap(line: str, path: str) -> None:
    assert found(line, path) == []


def test_a_word_wholly_in_another_script_is_a_trap_beside_its_latin_twin() -> None:
    assert [kind for kind, *_ in found("сору(1)", before="copy(1)\n")] == ["unicode-confusable"]
    assert found("сору(1)") == []


def test_a_byte_order_mark_at_the_beginning_is_a_kind_of_its_own() -> None:
    findings = Made({}, {"a.py": "\ufeffx = 1\n", "A.cs": "\ufeffclass A {}\n"}).examined().findings
    assert [(f.kind, f.path, f.line) for f in findings] == [("byte-order-mark", "a.py", 1)]


def test_a_line_that_held_the_character_before_is_not_new() -> None:
    line = "x = 'a\u200bb'\n"
    assert told({"a.py": line + "y\n"}, {"a.py": "y\nz\n" + line}, "unicode") == []


def test_recorded_terminal_output_may_hold_escapes() -> None:
    assert found("\x1b[31mred\x1b[0m", "tests/data/out.txt") == []
    assert [kind for kind, *_ in found("\x1b[31mred\x1b[0m", "a.sh")] == ["unicode"]


def test_removed_traps_are_not_reported() -> None:
    assert told({"a.py": "x = '\u202e'\ny = 1\n"}, {"a.py": "y = 1\n"}, "unicode") == []


def test_look_alikes_map_one_letter_to_one_ascii_letter() -> None:
    assert all(len(key) == 1 and not key.isascii() for key in LIKE_LATIN)
    assert all(len(value) == 1 and value.isascii() for value in LIKE_LATIN.values())
    assert skeleton("\u0440\u0430\u0443") == "pay"


@given(
    st.text(alphabet=st.characters(exclude_characters="\n"), max_size=80),
    st.sampled_from(["a.py", "a.md", "a.json", "x"]),
)
def test_any_line_is_judged_and_findings_are_short(line: str, path: str) -> None:
    findings = found(line.encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape"), path)
    for kind, number, text in findings:
        assert number == (None if kind == "opaque" else 2)
        assert len(text) <= 200
        assert kind in ("unicode", "unicode-confusable", "encoding", "opaque", "byte-order-mark", "guards-weakened")


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=80))
def test_printable_ascii_is_never_a_trap(line: str) -> None:
    assert not {kind for kind, *_ in found(line)} & {"unicode", "unicode-confusable", "encoding"}
