"""Tests that a change weakens: deleted, skipped, focused, or robbed of their assertions.

Everything is compared over the whole change first: a test or an assertion that moves, is re-indented or goes to
another file is not removed. What then is left counts by file, so that an edited assertion (one removed, one added)
is no weakening, and a renamed test is no deletion.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable

from vibeguard.content import frameworks, syntax
from vibeguard.content.frameworks import Patterns
from vibeguard.content.lines import ChangedFile, Side, plain
from vibeguard.model import FileFacts, Finding
from vibeguard.tuples import NamedTuple

KIND = "tests-weakened"
NEVER = float("inf")
LONGEST_TEST = 500  # lines of one test that is taken apart by git's choice of lines
AFTER_MARK = 8  # lines between an annotation and the function that it makes a test

_FUNCTION = re.compile(r"\b(?:class|def|func|fn|fun|function|void|sub)\b|=>[ \t]*\{[ \t]*$|\)[ \t]*\{[ \t]*$")
_PARAMETERS = re.compile(r"\bparametri[sz]e\b|\.each\b|@ParameterizedTest|\[Theory|#\[(?:rs)?test_case|#\[case|DataRow")
_DEFINES = re.compile(
    r"[ \t]*(?:(?:async|private|protected|public|static|final|export|pub|suspend|internal|<[^>\n]{1,40}>)"
    r"[ \t]{1,4}){0,5}"
    r"(?:def|func|fn|function|fun|void|sub)\b"
)
_GROUP = re.compile(
    r"""\b(?:describe|context|suite|feature|group)(?:\.\w{1,20}){0,2}[ \t(]{1,4}["'`]([^"'`\n]{1,200})"""
)
_TITLE = re.compile(r"""["'`]([^"'`\n]{1,200})["'`]""")


HunkOf = Callable[[int], int]


class _Mark(NamedTuple):
    """Something found on one changed line."""

    place: int  # of the line in its side
    number: int
    run: int  # the same for all lines of one unbroken run
    hunk: int
    text: str  # a test's name; of other things the line as :func:`plain` gives it
    line: str


class _Half(NamedTuple):
    """What one side of a file holds."""

    tests: list[_Mark]
    assertions: list[_Mark]
    skips: list[_Mark]
    focused: list[_Mark]
    loose: list[_Mark]  # annotations without a function behind them on this side
    parametrized: frozenset[int]  # hunks that write parametrized tests
    functions: list[tuple[int, int]]  # place and run of lines that begin any function
    groups: frozenset[str]  # titles of groups of tests


class _FileTests(NamedTuple):
    path: str
    created: bool
    deleted: bool
    blob: str
    removed: _Half
    added: _Half


def begin(facts: FileFacts, content: Callable[[], bytes | None]) -> float:
    """The line from which on a file holds tests: 0 for a test file, `NEVER` for one without tests.

    Rust keeps tests beside the code, in a module at the end below `#[cfg(test)]`: the content is asked for only there.
    """
    if "test" in facts.kinds:
        return 0
    if facts.language != "rust" or (whole := content()) is None:
        return NEVER
    module = re.search(rb"#\[cfg\((?:all\()?test\b[^\]\n]{0,200}\]\s{0,80}(?:pub )?mod \w{1,80}\s{0,20}\{", whole)
    return NEVER if module is None else whole.count(b"\n", 0, module.start()) + 1


class Weakened:
    """Takes the files of a change one by one, and judges when it has seen all of them."""

    def __init__(self) -> None:
        self._files: list[_FileTests] = []
        self._added_names: Counter[str] = Counter()  # base names of added test files
        self._added_blobs: set[str] = set()
        self._unreadable: list[str] = []  # deleted tests whose lines were not read, or cannot be understood

    def add(self, changed: ChangedFile, tests_from: tuple[float, float]) -> None:
        """Remember what matters of one file.

        `tests_from` are the lines, before and after, from which on it holds tests, as :func:`begin` says.
        """
        file, facts = changed.file, changed.facts
        if facts.kinds & {"vendored", "generated"} or tests_from == (NEVER, NEVER):
            return
        if file.status == "A":
            self._added_names[_base(file.path)] += 1
            self._added_blobs.add(file.blob_after)
        deleted = not file.exists_after
        patterns = frameworks.patterns(facts.language) if facts.language is not None else None
        if patterns is None or (deleted and not changed.removed.numbers):
            if deleted and "code" in facts.kinds and (file.unread or patterns is None):
                self._unreadable.append(file.path)
            return
        removed = _half(
            changed.removed,
            patterns,
            facts.language,
            tests_from[0],
            changed.removed.hunk_of(changed.hunks, added=False),
        )
        added = _half(
            changed.added, patterns, facts.language, tests_from[1], changed.added.hunk_of(changed.hunks, added=True)
        )
        if any(removed) or any(added):
            self._files.append(_FileTests(file.path, file.status == "A", deleted, file.blob_before, removed, added))

    def findings(self) -> list[Finding]:
        """What the change as a whole took away."""
        found: list[Finding] = []
        tests, assertions = self._ledger(lambda half: half.tests), self._ledger(lambda half: half.assertions)
        skips, focused = self._ledger(lambda half: half.skips), self._ledger(lambda half: half.focused)
        for file in self._files:
            found += _judge(file, tests, assertions, moved=file.blob in self._added_blobs)
            found += _judge_skips(file, tests, skips, focused)
        for path in self._unreadable:
            if not self._added_names[_base(path)]:
                found.append(Finding(KIND, path, None, "test file deleted"))
        return found

    def _ledger(self, marks: Callable[[_Half], list[_Mark]]) -> _Ledger:
        removed = [(_base(file.path), mark) for file in self._files for mark in marks(file.removed)]
        return _Ledger(removed, [(_base(file.path), mark) for file in self._files for mark in marks(file.added)])


class _Ledger:
    """What is left of the removed and of the added marks, when equal ones have cancelled out over the change.

    Equal marks of files of the same base name cancel first, so that what is missing is missed where it stood.
    """

    def __init__(self, removed: list[tuple[str, _Mark]], added: list[tuple[str, _Mark]]) -> None:
        self.removed_texts = Counter(mark.text for _, mark in removed)
        old = Counter((base, mark.text) for base, mark in removed)
        new = Counter((base, mark.text) for base, mark in added)
        same_file = old & new
        rest_old, rest_new = Counter[str](), Counter[str]()
        for rest, counts in ((rest_old, old - same_file), (rest_new, new - same_file)):
            for (_, text), count in counts.items():
                rest[text] += count
        elsewhere = rest_old & rest_new
        self._gone = (same_file.copy(), elsewhere.copy())
        self._new = (same_file, elsewhere)

    def gone(self, base: str, marks: list[_Mark]) -> list[_Mark]:
        """The removed marks of a file that stand nowhere else; to be asked once for each file."""
        return _left(base, marks, *self._gone)

    def new(self, base: str, marks: list[_Mark]) -> list[_Mark]:
        """The added marks of a file that stood nowhere before; to be asked once for each file."""
        return _left(base, marks, *self._new)


def _left(base: str, marks: list[_Mark], here: Counter[tuple[str, str]], elsewhere: Counter[str]) -> list[_Mark]:
    left = []
    for mark in marks:
        if here[base, mark.text] > 0:
            here[base, mark.text] -= 1
        elif elsewhere[mark.text] > 0:
            elsewhere[mark.text] -= 1
        else:
            left.append(mark)
    return left


def _judge(file: _FileTests, tests: _Ledger, assertions: _Ledger, *, moved: bool) -> list[Finding]:
    base = _base(file.path)
    gone, new = tests.gone(base, file.removed.tests), tests.new(base, file.added.tests)
    asserted, asserts = assertions.gone(base, file.removed.assertions), assertions.new(base, file.added.assertions)
    trivial = [mark for mark in asserts if frameworks.is_trivial(mark.text)]
    asserts = [mark for mark in asserts if not frameworks.is_trivial(mark.text)]
    if file.deleted:
        if not gone or moved:
            return []
        count = len(gone)
        first = ", ".join(mark.text for mark in gone[:3])
        return [Finding(KIND, file.path, gone[0].number, f"test file deleted with {_tests(count)}: {first}")]

    gone = _without_renamed(gone, new, file.added.parametrized, balanced=len(asserts) >= len(asserted))
    found = [Finding(KIND, file.path, mark.number, f"test deleted: {mark.text}") for mark in gone]
    went_along = sum(_belongs_to(mark, gone) for mark in file.removed.assertions)
    own = [mark for mark in asserted if not _belongs_to(mark, gone)]
    lost = len(asserted) - len(asserts) - went_along
    if lost > len(gone):
        first_lost = _first_unpaired(own or asserted, asserts)
        words = f"{lost} assertions removed" if lost > 1 else "assertion removed"
        found.append(Finding(KIND, file.path, first_lost.number, f"{words}: {first_lost.text}"))
    losing = {mark.hunk for mark in asserted} | {mark.hunk for mark in gone}
    found += [
        Finding(KIND, file.path, mark.number, f"an assertion that always holds: {mark.text}")
        for mark in trivial
        if mark.hunk in losing
    ]
    kept_marks = Counter(mark.hunk for mark in file.added.loose) + Counter(mark.hunk for mark in file.added.tests)
    for mark in file.removed.loose:
        if kept_marks[mark.hunk] > 0:
            kept_marks[mark.hunk] -= 1
        else:
            found.append(Finding(KIND, file.path, mark.number, f"no longer marked as a test: {mark.text}"))
    return found


def _without_renamed(
    gone: list[_Mark], new: list[_Mark], parametrized: frozenset[int], *, balanced: bool
) -> list[_Mark]:
    """Removed tests that no new test replaces: of the same hunk, or of the same file while as much is asserted.

    A parametrized test may stand for any number of single ones of its hunk.
    """
    replaced = Counter(mark.hunk for mark in new)
    left = []
    for mark in gone:
        if mark.hunk in parametrized:
            replaced[mark.hunk] = max(0, replaced[mark.hunk] - 1)
        elif replaced[mark.hunk] > 0:
            replaced[mark.hunk] -= 1
        else:
            left.append(mark)
    return left[sum(replaced.values()) :] if balanced else left


def _belongs_to(mark: _Mark, tests: list[_Mark]) -> bool:
    """Whether an assertion stands in the same unbroken run as a removed test before it."""
    place = bisect_right(tests, mark.place, key=lambda test: test.place)
    return place > 0 and tests[place - 1].run == mark.run


def _first_unpaired(removed: list[_Mark], added: list[_Mark]) -> _Mark:
    here = Counter(mark.hunk for mark in added)
    for mark in removed:
        if here[mark.hunk] <= 0:
            return mark
        here[mark.hunk] -= 1
    return removed[0]


def _judge_skips(file: _FileTests, tests: _Ledger, skips: _Ledger, focused: _Ledger) -> list[Finding]:
    lifted = Counter(mark.hunk for mark in skips.gone(_base(file.path), file.removed.skips))
    if file.created and not any(tests.removed_texts[mark.text] for mark in file.added.tests):
        return [_only(file.path, mark) for mark in focused.new(_base(file.path), file.added.focused)]
    titles = file.removed.groups | {mark.text for mark in file.removed.tests}
    found = []
    for mark in skips.new(_base(file.path), file.added.skips):
        if lifted[mark.hunk] > 0:  # a reason or a condition was edited
            lifted[mark.hunk] -= 1
        elif not _of_new_test(mark, file, tests, titles):
            found.append(Finding(KIND, file.path, mark.number, f"test skipped: {mark.text}"))
    return found + [_only(file.path, mark) for mark in focused.new(_base(file.path), file.added.focused)]


def _only(path: str, mark: _Mark) -> Finding:
    return Finding(KIND, path, mark.number, f"only this test runs now: {mark.text}")


def _of_new_test(mark: _Mark, file: _FileTests, tests: _Ledger, titles: frozenset[str]) -> bool:
    """Whether what is skipped was added by this change, and so does not stop an old test from running."""
    here = [test for test in file.added.tests if test.place == mark.place]
    if here:
        return not tests.removed_texts[here[0].text]
    named = _TITLE.search(mark.line)
    if named is not None and named.group(1) in titles:
        return False
    place = bisect_right(file.added.tests, mark.place, key=lambda test: test.place)
    behind = file.added.tests[place] if place < len(file.added.tests) else None
    decorates = mark.line.lstrip().startswith(("@", "[", "#["))
    if decorates:
        near = behind is not None and behind.run == mark.run and behind.place - mark.place <= AFTER_MARK
        if near and behind is not None:
            return not tests.removed_texts[behind.text]
        # a new class or helper may be skipped as a whole, when its body is new, too
        at = bisect_right(file.added.functions, (mark.place, mark.run))
        return at < len(file.added.functions) and file.added.functions[at] <= (mark.place + AFTER_MARK, mark.run)
    before = bisect_right(file.added.functions, (mark.place, mark.run + 1))
    if before > 0 and file.added.functions[before - 1][1] == mark.run:
        around = file.added.tests[place - 1] if place > 0 else None
        return around is None or around.run != mark.run or not tests.removed_texts[around.text]
    return False


def _half(side: Side, patterns: Patterns, language: str | None, begin: float, hunk_of: HunkOf) -> _Half:
    lines = side.lines()

    def marks(pattern: re.Pattern[str], *, named: bool = False) -> list[_Mark]:
        found: list[_Mark] = []
        for place, _, match in side.matches(pattern):
            line = lines[place]
            if side.numbers[place] < begin or (found and found[-1].place == place) or syntax.is_comment(line, language):
                continue
            text = plain(line)
            if named:
                text = next((group for group in match.groups() if group), "") or _title_behind(
                    lines, side.numbers, place
                )
            if text:
                found.append(_mark(side, place, hunk_of, text, line))
        return found

    tests = marks(patterns.test, named=True)
    loose = []
    if patterns.mark.pattern != "(?!)":
        known = {mark.place for mark in tests}
        for mark in marks(patterns.mark):
            name = _function_behind(lines, side.numbers, mark.place, patterns, language)
            if name is None:
                # git may cut a test so that the mark of the next one goes with it, and its own stays
                name = _function_before(lines, side.numbers, mark, patterns)
            if name is None:
                loose.append(mark)
            elif name[0] not in known:
                known.add(name[0])
                tests.append(_mark(side, name[0], hunk_of, name[1], lines[name[0]]))
        tests.sort()
    skips = marks(patterns.skip)
    parametrized = frozenset(hunk_of(place) for place, _, _ in side.matches(_PARAMETERS)) if tests else frozenset()
    groups = frozenset(match.group(1) for _, _, match in side.matches(_GROUP))
    functions = [(place, side.numbers[place] - place) for place, _, _ in side.matches(_FUNCTION)] if skips else []
    # `def assert_equal_sets(` asserts nothing by itself
    assertions = [mark for mark in marks(patterns.assertion) if not _DEFINES.match(mark.line)]
    return _Half(tests, assertions, skips, marks(patterns.focus), loose, parametrized, functions, groups)


def _function_before(
    lines: list[str], numbers: tuple[int, ...], mark: _Mark, patterns: Patterns
) -> tuple[int, str] | None:
    """Place and name of the function that an unbroken run of lines begins with, when an annotation ends it."""
    start = mark.place
    while start > 0 and mark.place - start < LONGEST_TEST and numbers[start - 1] - (start - 1) == mark.run:
        start -= 1
    for place in range(start, min(start + 3, mark.place)):
        match = patterns.function.search(lines[place][:500])
        if match is not None:
            return place, next(group for group in match.groups() if group)
    return None


def _title_behind(lines: list[str], numbers: tuple[int, ...], place: int) -> str:
    """The title on the next line, when a call of a test function is broken after its bracket."""
    if place + 1 >= len(lines) or numbers[place + 1] != numbers[place] + 1:
        return ""
    match = _TITLE.match(lines[place + 1].strip())
    return match.group(1) if match is not None else ""


def _mark(side: Side, place: int, hunk_of: HunkOf, text: str, line: str) -> _Mark:
    number = side.numbers[place]
    return _Mark(place, number, number - place, hunk_of(place), text, line)


def _function_behind(
    lines: list[str], numbers: tuple[int, ...], place: int, patterns: Patterns, language: str | None
) -> tuple[int, str] | None:
    """Place and name of the function that an annotation at this place makes a test, if it is on this side as well."""
    for behind in range(place, min(place + AFTER_MARK, len(lines))):
        if numbers[behind] - behind != numbers[place] - place:
            return None
        text = lines[behind][:500]
        if behind == place or text.lstrip().startswith(("@", "[", "#[")):
            # the function may stand behind its annotation on one line: `@Test void works() {`
            cut = max(text.rfind("@Test ") + 5, text.rfind("] ") + 1)
            text = text[cut:] if cut > 4 else ""
        match = patterns.function.search(text)
        if match is not None and not syntax.is_comment(text, language):
            return behind, next(group for group in match.groups() if group)
    return None


def _base(path: str) -> str:
    return path.rsplit("/", 1)[-1]


def _tests(count: int) -> str:
    return "1 test" if count == 1 else f"{count} tests"
