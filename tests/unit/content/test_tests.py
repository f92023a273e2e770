"""Tests weakened by a change, and the edits of tests that weaken nothing."""

from __future__ import annotations

import os
import random

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.content.changes import Made, told
from vibeguard.content import frameworks
from vibeguard.content.lines import ChangedFile
from vibeguard.content.tests import Weakened
from vibeguard.model import FileChange, FileFacts, Hunk

KIND = "tests-weakened"
BASE = """import app


def test_adds():
    assert app.add(1, 2) == 3
    assert app.add(0, 0) == 0


def test_subtracts():
    assert app.subtract(2, 1) == 1
"""


with open(os.path.join(os.path.dirname(__file__), "tests.yaml"), encoding="utf-8") as _file:
    CASES = yaml.safe_load(_file)


def _name(case: dict[str, str]) -> str:
    return case["path"]


def weakened(before: str | None, after: str | None, path: str = "tests/test_app.py") -> list[str]:
    return [text for _, _, text in told({path: before}, {path: after}, KIND)]


def test_a_deleted_test_is_named_with_its_line() -> None:
    after = BASE[: BASE.index("\n\ndef test_subtracts")] + "\n"
    assert told({"tests/test_app.py": BASE}, {"tests/test_app.py": after}, KIND) == [
        ("tests/test_app.py", 9, "test deleted: test_subtracts")
    ]


def test_a_deleted_test_file_is_one_finding_with_the_number_of_its_tests() -> None:
    assert weakened(BASE, None) == ["test file deleted with 2 tests: test_adds, test_subtracts"]


def test_a_moved_test_file_is_not_a_deleted_one() -> None:
    assert told({"tests/test_app.py": BASE}, {"tests/unit/test_app.py": BASE}, KIND) == []


def test_a_test_that_moves_to_another_file_is_not_deleted() -> None:
    head, tail = BASE[: BASE.index("def test_subtracts")], BASE[BASE.index("def test_subtracts") :]
    before = {"tests/test_app.py": BASE, "tests/test_b.py": "import app\n"}
    assert told(before, {"tests/test_app.py": head, "tests/test_b.py": "import app\n\n\n" + tail}, KIND) == []


def test_of_two_tests_with_one_name_the_one_that_stands_nowhere_is_missed() -> None:
    text = "def test_bytes():\n    assert f()\n"
    before = {"old/test_a.py": text, "old/test_json.py": text}
    assert told(before, {"new/test_json.py": "def test_bytes():\n    assert f()\n\n"}, KIND) == [
        ("old/test_a.py", 1, "test file deleted with 1 test: test_bytes")
    ]


def test_assertions_of_deleted_tests_are_not_counted_twice() -> None:
    tests = "".join(f"def test_{n}():\n    assert f() is None\n\n\n" for n in range(4))
    kept = tests[: tests.index("def test_2")]
    assert weakened(tests, kept) == ["test deleted: test_2", "test deleted: test_3"]


def test_a_renamed_test_is_not_deleted() -> None:
    assert weakened(BASE, BASE.replace("test_subtracts", "test_takes_away")) == []


def test_a_test_renamed_so_that_no_runner_finds_it_is_deleted() -> None:
    assert weakened(BASE, BASE.replace("def test_subtracts", "def xtest_subtracts")) == ["test deleted: test_subtracts"]


def test_single_tests_that_become_one_parametrized_test_are_not_deleted() -> None:
    before = "".join(f"def test_{n}():\n    assert f({n})\n\n\n" for n in range(3))
    after = "@pytest.mark.parametrize('n', [0, 1, 2])\ndef test_all(n):\n    assert f(n)\n"
    assert [text for text in weakened(before, after) if "deleted" in text] == []


def test_a_removed_assertion_is_quoted() -> None:
    assert weakened(BASE, BASE.replace("    assert app.add(0, 0) == 0\n", "")) == [
        "assertion removed: assert app.add(0, 0) == 0"
    ]


def test_an_edited_assertion_is_not_a_removed_one() -> None:
    assert weakened(BASE, BASE.replace("app.add(0, 0) == 0", "app.add(0, 0) == 1")) == []


def test_a_reindented_assertion_is_not_a_removed_one() -> None:
    after = BASE.replace("    assert app.add(0, 0) == 0\n", "    with app.mode():\n        assert app.add(0, 0) == 0\n")
    assert weakened(BASE, after) == []


def test_a_commented_out_assertion_is_a_removed_one() -> None:
    after = BASE.replace("    assert app.add(0, 0) == 0", "    # assert app.add(0, 0) == 0")
    assert weakened(BASE, after) == ["assertion removed: assert app.add(0, 0) == 0"]


def test_an_assertion_that_always_holds_does_not_replace_another() -> None:
    found = weakened(BASE, BASE.replace("    assert app.subtract(2, 1) == 1", "    assert True"))
    assert "assertion removed: assert app.subtract(2, 1) == 1" in found
    assert "an assertion that always holds: assert True" in found


def test_a_skip_on_an_old_test_is_found_and_on_a_new_one_is_not() -> None:
    skip = '@pytest.mark.skip(reason="later")\n'
    assert weakened(BASE, BASE.replace("def test_adds", skip + "def test_adds")) == [
        'test skipped: @pytest.mark.skip(reason="later")'
    ]
    assert weakened(BASE, BASE + "\n\n" + skip + "def test_new():\n    assert app.new()\n") == []


def test_a_skip_inside_an_old_test_is_found_and_inside_a_new_one_is_not() -> None:
    assert weakened(BASE, BASE.replace("def test_adds():\n", "def test_adds():\n    pytest.skip('later')\n")) == [
        "test skipped: pytest.skip('later')"
    ]
    assert weakened(BASE, BASE + "\n\ndef test_new():\n    pytest.skip('no network')\n") == []


def test_a_new_reason_for_an_old_skip_is_not_a_new_skip() -> None:
    before = '@pytest.mark.skip(reason="a")\n' + BASE
    assert weakened(before, before.replace('"a"', '"b"')) == []


def test_a_new_test_file_may_skip_what_it_likes() -> None:
    assert weakened(None, "pytestmark = pytest.mark.skipif(True)\n\n\ndef test_x():\n    assert f()\n") == []


def test_a_test_moved_into_a_new_file_and_skipped_there_is_found() -> None:
    after = BASE.replace("def test_adds", "@pytest.mark.skip\ndef test_adds")
    assert [t for *_, t in told({"tests/test_a.py": BASE}, {"tests/test_b.py": after}, KIND)] == [
        "test skipped: @pytest.mark.skip"
    ]


@pytest.mark.parametrize("case", CASES["weakened"], ids=_name)
def test_each_language_has_its_own_ways_to_weaken_a_test(case: dict[str, str]) -> None:
    found = weakened(case["before"], case["after"], case["path"])
    assert any(case["says"] in text for text in found), found


@pytest.mark.parametrize("case", CASES["harmless"], ids=_name)
def test_edits_that_weaken_no_test_are_not_reported(case: dict[str, str]) -> None:
    assert weakened(case["before"], case["after"], case["path"]) == []


def test_a_change_without_weakened_tests_says_so() -> None:
    assert Made({}, {"tests/test_a.py": BASE}).examined().tests_weakened is False
    assert Made({"tests/test_a.py": BASE}, {"tests/test_a.py": None}).examined().tests_weakened is True


def test_every_pattern_of_the_table_compiles() -> None:
    for language in frameworks.FRAMEWORKS:
        assert frameworks.patterns(language) is not None


_words = st.sampled_from(
    [
        "def test_a():",
        "    assert x",
        "@pytest.mark.skip",
        "it('a', () => {",
        "expect(x)",
        "#[test]",
        "fn a() {",
        "@Test",
        "void a() {",
        "",
        "# x",
        "func TestA(t",
        "it.only('b')",
        "class TestX:",
        "TEST(A, B)",
        "�",
        "`",
    ]
)
_lines = st.lists(st.one_of(_words, st.text(alphabet=st.characters(exclude_characters="\n"), max_size=30)), max_size=12)


@given(st.sampled_from(sorted(frameworks.FRAMEWORKS)), _lines, _lines, st.sampled_from("AMD"))
def test_any_lines_are_judged_and_each_finding_has_a_line_of_the_change(
    language: str, removed: list[str], added: list[str], status: str
) -> None:
    hunk = Hunk(1, len(removed), 1, len(added), tuple(enumerate(added, 1)), tuple(enumerate(removed, 1)))
    modes = {"A": ("000000", "100644"), "M": ("100644", "100644"), "D": ("100644", "000000")}[status]
    file = FileChange("t", "M" if status == "M" else "A" if status == "A" else "D", *modes, "0", "1")
    weakened = Weakened()
    weakened.add(ChangedFile(file, FileFacts("t", frozenset(("test", "code")), language), (hunk,)), (0, 0))
    for finding in weakened.findings():
        assert finding.line is None or 1 <= finding.line <= max(len(added), len(removed))


_LINES = [line for n in range(4) for line in (f"def test_{n}():", f"    assert f({n})")]


@given(st.lists(st.sampled_from(_LINES), max_size=15), st.randoms())
def test_tests_in_another_order_are_never_weakened(lines: list[str], chance: random.Random) -> None:
    shuffled = chance.sample(lines, len(lines))
    assert weakened("\n".join(lines) + "\n", "\n".join(shuffled) + "\n") == []
