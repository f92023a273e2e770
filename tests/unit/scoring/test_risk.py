from __future__ import annotations

import pytest

from vibeguard.model import Content, FileChange, FileFacts, Hunk
from vibeguard.scoring import weights
from vibeguard.scoring.risk import Lines, level_of, percentile_of, read_lines, score


def counted(added: list[str], removed: list[str], *kinds: str) -> Lines:
    change = FileChange("a.py", "M", "100644", "100644", "1" * 40, "2" * 40)
    hunk = Hunk(1, len(removed), 1, len(added), tuple(enumerate(added, 1)), tuple(enumerate(removed, 1)))
    content = Content({"a.py": FileFacts("a.py", frozenset(kinds or ("code",)))})
    return read_lines([change], content, lambda _: (hunk,))


def test_lines_that_only_changed_their_layout_do_not_count() -> None:
    assert counted(["    a = 1", "", "b = 2"], ["a=1"]) == Lines(1, 0, 0)


def test_tests_generated_and_vendored_files_and_text_do_not_count() -> None:
    for kinds in (("code", "test"), ("code", "generated"), ("code", "vendored"), ("docs",)):
        assert counted(["if x: pass"], ["def f():"], *kinds) == Lines(0, 0, 0)


@pytest.mark.parametrize(
    ("line", "branches"),
    [("if a and b:", 1), ("} else if (a && b || c) {", 3), ("x = a ? b : c;", 1), ("gift = notify(a)", 0)],
)
def test_branches_are_words_and_signs_of_many_languages(line: str, branches: int) -> None:
    assert counted([line], []).branching == branches


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("def f(a):", 1), ("    public int get(String a) {", 1), ("export async function f() {", 1),
        ("func (s *S) Run() {", 1), ("pub(crate) fn f() {", 1), ("return f(a)", 0), ("classify(a)", 0),
    ],
)  # fmt: skip
def test_removed_declarations_are_signatures(line: str, found: int) -> None:
    assert counted([], [line]).signatures == found
    assert counted([line], [line]).signatures == 0


def test_points_add_up_and_become_a_percentile_of_the_shipped_quantiles() -> None:
    nothing = score(Lines(0, 0, 0), 0)
    assert (nothing.score, nothing.percentile, nothing.level) == (0, 0, "low")
    most = score(Lines(9999, 9999, 9999), 9999)
    assert (most.score, most.percentile, most.level) == (1.0, 100, "critical")
    for percent, value in weights.RISK_QUANTILES.items():
        assert percentile_of(value) == percent
    assert [level_of(at) for at in (0, 49, 50, 79, 80, 94, 95)] == [
        "low", "low", "moderate", "moderate", "high", "high", "critical",
    ]  # fmt: skip


def test_unknown_fixes_are_said_and_not_taken_for_none() -> None:
    risk = score(Lines(10, 2, 0), None, "the history is shallow")
    assert (risk.percentile, risk.level) == (None, None)
    assert next(factor.unknown for factor in risk.factors if factor.name == "recent-fixes") == "the history is shallow"
