"""Letters of other scripts that look like Latin ones.

A part of Unicode's confusables.txt (UTS #39, version 16.0): single letters of Cyrillic, Greek, Armenian, Cherokee and
Latin extensions that most fonts draw like an ASCII letter. Greek letters that science writes beside Latin ones
(α, μ, ν, ρ, σ, τ, χ) are left out on purpose: `ρ_air` is no trap.
"""

from __future__ import annotations

_CYRILLIC = (
    "аa сc еe һh іi јj ԛq оo рp ѕs ԝw хx уy ԁd ɡg ԍg ьb АA ВB СC ЕE НH ІI ЈJ КK МM ОO РP ЅS ТT ХX УY ԌG ҮY ԚQ ԜW "
    "ӏl ӀI ѵv ѴV ԛq ғf ҽe"
)
_GREEK = "οo ΑA ΒB ΕE ΖZ ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX ϲc Ϲc ϳj ϜF"
_ARMENIAN = "օo ոn սu հh ցg զq ԼL ՍU ՕO ՏS"
_CHEROKEE = "ᎪA ᏴB ᏟC ᎠD ᎬE ᎻH ᎫJ ᏦK ᏞL ᎷM ᏢP ᏒR ᏚS ᎢT ᏙV ᎳW ᏃZ"

LIKE_LATIN: dict[str, str] = {
    pair[0]: pair[1]
    for pair in f"{_CYRILLIC} {_GREEK} {_ARMENIAN} {_CHEROKEE} ɑa ɩi ıi ⅼl ⅰi ⅽc ⅾd ⅿm ｏo".split()
    if len(pair) == 2
}


def skeleton(text: str) -> str:
    """The text as a reader takes it: letters that look Latin replaced by the Latin ones."""
    return text if text.isascii() else "".join([LIKE_LATIN.get(letter, letter) for letter in text])


def script(letter: str) -> str:
    """Latin, Greek, Cyrillic, Armenian or Cherokee; "" for all others."""
    code = ord(letter)
    for name, first, last in (
        ("Latin", 0x41, 0x24F),
        ("Greek", 0x370, 0x3FF),
        ("Cyrillic", 0x400, 0x52F),
        ("Armenian", 0x531, 0x58F),
        ("Cherokee", 0x13A0, 0x13FF),
    ):
        if first <= code <= last:
            return name
    return ""
