"""Guards that a change weakens line by line: checkers told to look away, failures of CI ignored, hooks bypassed.

What is only moved or re-indented is no weakening: equal lines of the removed and the added side cancel out over the
whole change, equal markers within a file, and a marker that names fewer rules than the one it replaces.
Whole files are compared in `ci` and `settings`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from itertools import islice

from vibeguard.content import syntax
from vibeguard.content.lines import ChangedFile, Side, plain
from vibeguard.content.suppressions import ANYWHERE, suppressions, words
from vibeguard.model import Finding

KIND = "guards-weakened"
TRIES = 20  # markers looked at on one line

_NOT_LOOKED_AT = frozenset(("docs", "vendored", "generated", "lock-file", "submodule"))
_BEFORE_MARKER = frozenset("#/*-;%!:|{<,.")


class _Marker:
    """A suppression on one changed line."""

    __slots__ = ("hunk", "line", "number", "text", "what")

    def __init__(self, number: int, hunk: int, text: str, line: str, what: str) -> None:
        self.number = number
        self.hunk = hunk
        self.text = text  # the marker with its arguments, blanks collapsed
        self.line = line  # the whole line as `plain` gives it
        self.what = what  # in words: "suppression added", "failures ignored"


class Weakened:
    """Takes the files of a change one by one, and judges when it has seen all of them."""

    def __init__(self) -> None:
        self._files: list[tuple[str, list[_Marker], list[_Marker]]] = []

    def add(self, changed: ChangedFile, content: Callable[[], bytes | None]) -> None:
        """Remember the markers of one file; its content after the change is asked for only if it has new ones."""
        facts = changed.facts
        if facts.kinds & _NOT_LOOKED_AT or not (facts.kinds or facts.language):
            return
        added = _markers(changed, changed.added, added=True)
        removed = _markers(changed, changed.removed, added=False)
        if added and facts.language in ("python", "cython", "javascript", "typescript", "tsx", "go", "vue", "svelte"):
            whole = content()
            if whole is not None:
                quoted = syntax.lines_in_long_strings(whole.decode("utf-8", "surrogateescape"), facts.language)
                added = [marker for marker in added if marker.number not in quoted]
        if added or removed:
            self._files.append((changed.path, removed, added))

    def findings(self) -> list[Finding]:
        """The markers that the change as a whole adds."""
        gone = Counter(marker.line for _, removed, _ in self._files for marker in removed)
        come = Counter(marker.line for _, _, added in self._files for marker in added)
        moved_here, moved_away = gone & come, gone & come
        found: list[Finding] = []
        for path, removed, added in self._files:
            left = _less(removed, moved_away)
            new = _without_replaced(_less(added, moved_here), left)
            found += [Finding(KIND, path, marker.number, f"{marker.what}: {marker.text}") for marker in new]
        return found


def _less(markers: list[_Marker], moved: Counter[str]) -> list[_Marker]:
    kept = []
    for marker in markers:
        if moved[marker.line] > 0:
            moved[marker.line] -= 1
        else:
            kept.append(marker)
    return kept


def _without_replaced(added: list[_Marker], removed: list[_Marker]) -> list[_Marker]:
    """Less the markers that stood in this file before, on another line or with more rules to their name."""
    texts = Counter(marker.text for marker in removed)
    left = []
    for marker in added:
        if texts[marker.text] > 0:
            texts[marker.text] -= 1
        else:
            left.append(marker)
    wider = [marker for marker in removed if texts[marker.text] > 0]
    by_place: dict[tuple[int, str], list[frozenset[str]]] = {}
    for marker in wider:
        by_place.setdefault((marker.hunk, _word(marker.text)), []).append(_rules(marker.text))
    kept = []
    for marker in left:
        rules = _rules(marker.text)
        candidates = by_place.get((marker.hunk, _word(marker.text)), [])
        for before in candidates:
            if not before or (rules and rules <= before):
                candidates.remove(before)
                break
        else:
            kept.append(marker)
    return kept


def _word(marker: str) -> str:
    """The tool's word: `noqa` of `noqa: E501`."""
    return re.split(r"[\s:=(\[]", marker, maxsplit=1)[0]


def _rules(marker: str) -> frozenset[str]:
    """What a marker names: `noqa: E501, F401` names two rules, `noqa` none, which is all of them."""
    named = re.findall(r"[\w@/.\-]+", marker[len(_word(marker)) :])
    return frozenset(named) - {"ignore", "disable", "noqa", "disable-next-line"}


def _markers(changed: ChangedFile, side: Side, *, added: bool) -> list[_Marker]:
    if not side.numbers:
        return []
    kinds, language = changed.facts.kinds, changed.facts.language
    hunk_of = side.hunk_of(changed.hunks, added=added)
    found: dict[tuple[int, str], _Marker] = {}

    def keep(place: int, line: str, text: str, what: str = "suppression added") -> None:
        marker = plain(text).rstrip("*/-> ,;\"'")
        # a test of types states with @ts-expect-error that a line must not compile
        if not (marker.startswith("@ts-expect-error") and "test" in kinds):
            found[place, marker] = _Marker(side.numbers[place], hunk_of(place), marker, plain(line), what)

    for place, line in side.lines_with(words()):
        comment, code = suppressions(language)
        for match in islice(comment.finditer(line), TRIES):
            if _begins_comment(line, match.start(), language, match.group()):
                keep(place, line, match.group())
        for match in islice(code.finditer(line), TRIES):
            if _is_code(line, match.start(), language):
                keep(place, line, match.group())
    where = "ci" if "ci" in kinds else "build" if kinds & {"build", "manifest", "policy"} else ""
    for place, line in side.lines_with(_FAILURE_WORDS[where]):
        if not syntax.is_comment(line, language or "yaml"):
            for match in islice(_failures(where).finditer(line), TRIES):
                keep(place, line, match.group(), "hooks bypassed" if "verify" in match.group() else "failures ignored")
    return sorted(found.values(), key=lambda marker: (marker.number, marker.text))


def _begins_comment(line: str, column: int, language: str | None, marker: str) -> bool:
    start = syntax.comment_start(line, language)
    if start is None or start > column:
        return False
    return marker.startswith(ANYWHERE) or line[start:column].rstrip()[-1:] in _BEFORE_MARKER


def _is_code(line: str, column: int, language: str | None) -> bool:
    start = syntax.comment_start(line, language)
    return (start is None or start > column) and not syntax.in_string(line, column, language)


_CI = (
    r"(?<![\w-])(?:continue-on-error|continueOnError|allow_failure|soft_fail)[\"']?[ \t]*:[ \t]*[\"']?true\b"
    r"|(?<![\w-])fail_ci_if_error[\"']?[ \t]*:[ \t]*[\"']?false\b|^[ \t-]*if[ \t]*:[ \t]*[\"']?(?:\$\{\{[ \t]*)?false\b"
    r"|\bset[ \t]\+e\b|--soft-fail\b|\bcatchError\("
)
_BUILD = (
    r"\|\|[ \t]*(?:true|:|exit[ \t]0)(?![\w.-])|--exit-zero\b|--no-verify\b|-DskipTests\b|-Dmaven\.test\.skip\b"
    r"|\bHUSKY=0\b|--no-gpg-sign\b"
)
_SCRIPT = r"\bgit\b[^\n]{0,200}?[ \t\"']--no-verify\b"


# What lets a failing check pass: in CI, in build files and the scripts of packages, in any other program.
_FAILURE_WORDS: dict[str, tuple[str, ...]] = {
    "": ("--no-verify",),
    "build": ("||", "--exit-zero", "--no-verify", "-Dmaven.test", "-DskipTests", "HUSKY=0", "--no-gpg-sign"),
}
_FAILURE_WORDS["ci"] = (*_FAILURE_WORDS["build"], "rror", "fail", "false", "set +e")


@lru_cache(maxsize=3)
def _failures(where: str) -> re.Pattern[str]:
    return re.compile({"ci": f"{_CI}|{_BUILD}", "build": _BUILD, "": _SCRIPT}[where])
