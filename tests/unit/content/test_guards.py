"""Checkers told to look away, and texts that only speak about it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.content.changes import Made, told
from vibeguard.content import suppressions

KIND = "guards-weakened"


def added(path: str, line: str, before: str = "") -> list[str]:
    """The findings when this line comes into a file."""
    return [text for _, _, text in told({path: before or None}, {path: before + line + "\n"}, KIND)]


SUPPRESSIONS = [
    ("a.py", "import os  # noqa", "noqa"),
    ("a.py", "import os  # noqa: F401", "noqa: F401"),
    ("a.py", "x = f()  # type: ignore[arg-type]", "type: ignore[arg-type]"),
    ("a.py", "run(cmd)  # nosec B602", "nosec"),
    ("a.py", "# ruff: noqa", "ruff: noqa"),
    ("a.py", "# pylint: disable=broad-except", "pylint: disable=broad-except"),
    ("a.py", "    raise X  # pragma: no cover", "pragma: no cover"),
    ("a.py", "x = 1  # some words  # noqa: E501", "noqa: E501"),
    ("a.py", "# mypy: ignore-errors", "mypy: ignore-errors"),
    ("a.py", "key = 'x'  # gitleaks:allow", "gitleaks:allow"),
    ("a.py", "key = 'x'  # pragma: allowlist secret", "pragma: allowlist secret"),
    ("a.ts", "// @ts-ignore", "@ts-ignore"),
    ("a.ts", "// @ts-expect-error because", "@ts-expect-error"),
    ("a.ts", "// eslint-disable-next-line no-console", "eslint-disable-next-line"),
    ("a.js", "/* eslint-disable */", "eslint-disable"),
    ("a.tsx", "<p>Don't</p> {/* eslint-disable-line */}", "eslint-disable-line"),
    ("a.js", "/* istanbul ignore next */", "istanbul ignore"),
    ("a.js", "// biome-ignore lint/suspicious/noExplicitAny: x", "biome-ignore"),
    ("a.go", "x() //nolint:errcheck // why", "nolint:errcheck"),
    ("a.go", "x() // #nosec G204", "nosec"),
    ("A.java", '@SuppressWarnings("unchecked")', "@SuppressWarnings"),
    ("A.java", "int x; // some words NOSONAR", "NOSONAR"),
    ("a.kt", '@Suppress("UNUSED")', "@Suppress"),
    ("a.scala", '@nowarn("cat=deprecation")', "@nowarn"),
    ("a.rb", "x = 1 # rubocop:disable Style/X", "rubocop:disable"),
    ("a.rs", "#[allow(dead_code)]", "#[allow(dead_code)"),
    ("a.rs", "#![allow(clippy::all)]", "#![allow(clippy::all)"),
    ("a.cc", "int x; // NOLINT(google-x)", "NOLINT(google-x)"),
    ("a.c", '#pragma GCC diagnostic ignored "-Wall"', "#pragma GCC diagnostic ignored"),
    ("A.cs", "#pragma warning disable CS0618", "#pragma warning disable"),
    ("a.php", "/** @phpstan-ignore-next-line */", "@phpstan-ignore-next-line"),
    ("a.swift", "// swiftlint:disable force_cast", "swiftlint:disable"),
    ("a.dart", "// ignore: avoid_print", "ignore: avoid_print"),
    ("a.sh", "# shellcheck disable=SC2086", "shellcheck disable=SC2086"),
    ("Dockerfile", "# hadolint ignore=DL3008", "hadolint ignore=DL3008"),
    ("main.tf", "# checkov:skip=CKV_AWS_1: x", "checkov:skip"),
    ("a.sh", "git commit --no-verify -m x", "--no-verify"),
    ("Makefile", "\tgit push --no-verify", "--no-verify"),
    ("Makefile", "\truff check . || true", "|| true"),
    (".github/workflows/ci.yml", "        continue-on-error: true", "continue-on-error: true"),
    (".github/workflows/ci.yml", "      - run: pytest || true", "|| true"),
    (".github/workflows/ci.yml", "        if: false", "if: false"),
    (".gitlab-ci.yml", "  allow_failure: true", "allow_failure: true"),
    ("package.json", '    "lint": "eslint . || exit 0",', "|| exit 0"),
]


@pytest.mark.parametrize(("path", "line", "wanted"), SUPPRESSIONS)
def test_an_added_suppression_is_named(path: str, line: str, wanted: str) -> None:
    found = added(path, line)
    assert len(found) == 1
    assert wanted in found[0]


TALK = [
    ("a.py", "x = '# noqa'"),
    ("a.py", "# we do not need a noqa here"),
    ("a.py", "# the type: ignore of the line above is gone"),
    ("a.py", "def noqa(): pass"),
    ("a.py", 'assert lint("x  # type: ignore") == 1'),
    ("a.md", "use `# noqa` sparingly"),
    ("docs/lint.rst", "# noqa"),
    ("a.js", "const text = '// eslint-disable-next-line'"),
    ("a.js", "const text = `// @ts-ignore`"),
    ("tests/types.test-d.ts", "// @ts-expect-error must be a string"),
    ("vendor/a/b.go", "x() //nolint"),
    ("a.pb.go", "x() //nolint"),
    ("A.java", 'String s = "@SuppressWarnings";'),
    ("A.java", "// @SuppressWarnings is not needed"),
    ("a.sh", "grep x y || true"),
    ("a.py", "parser.add_argument('--no-verify')"),
    (".github/workflows/ci.yml", "        # continue-on-error: true"),
    (".github/workflows/ci.yml", "        continue-on-error: false"),
    ("a.rs", "// #[allow(dead_code)]"),
    ("a.py", "allow = 1"),
]


@pytest.mark.parametrize(("path", "line"), TALK)
def test_text_about_a_suppression_is_none(path: str, line: str) -> None:
    assert added(path, line) == []


def test_a_suppression_in_a_string_of_several_lines_is_none() -> None:
    assert added("a.py", 'x = """\nimport os  # noqa\n"""') == []
    assert added("a.ts", "const x = `\n// @ts-ignore\n`") == []


def test_a_moved_or_reindented_suppression_is_not_added() -> None:
    before = {"a.py": "import os  # noqa\n" * 1, "b.py": "x = 1\n"}
    assert told(before, {"a.py": "", "b.py": "x = 1\nimport os  # noqa\n"}, KIND) == []
    assert told({"a.py": "f()  # nosec\n"}, {"a.py": "if x:\n    f()  # nosec\n"}, KIND) == []


def test_a_suppression_on_an_edited_line_is_not_added_again() -> None:
    assert told({"a.py": "f(1)  # noqa: E501\n"}, {"a.py": "f(2)  # noqa: E501\n"}, KIND) == []


def test_a_narrower_suppression_is_not_a_weakening_and_a_wider_one_is() -> None:
    wide, narrow = {"a.py": "f()  # noqa\n"}, {"a.py": "f()  # noqa: E501\n"}
    assert told(wide, narrow, KIND) == []
    assert [text for *_, text in told(narrow, wide, KIND)] == ["suppression added: noqa"]
    assert told({"a.py": "f()  # noqa: E501, F401\n"}, narrow, KIND) == []


def test_a_second_suppression_beside_an_old_one_is_added() -> None:
    before = "f(1)  # noqa\n"
    assert told({"a.py": before}, {"a.py": before + "g(1)  # noqa\n"}, KIND) == [("a.py", 2, "suppression added: noqa")]


def test_every_marker_of_the_table_holds_one_of_the_words_that_are_looked_for_first() -> None:
    named = [*suppressions._COMMENT.values(), *suppressions._CODE.values(), suppressions._ANY, suppressions._COVERAGE]
    for pattern in named:
        for alternative in _alternatives(pattern):
            plain = re.sub(r"\[ \]\??|\[ \\t\](?:\{[\d,]+\})?", " ", alternative).replace("\\", "")
            assert any(word in plain for word in suppressions.words()), alternative


def _alternatives(pattern: str) -> list[str]:
    """The alternatives of a pattern; those within groups stay together."""
    found, depth, escaped = [""], 0, False
    for letter in pattern:
        depth += 0 if escaped else {"(": 1, ")": -1, "[": 1, "]": -1}.get(letter, 0)
        if letter == "|" and depth == 0 and not escaped:
            found.append("")
        else:
            found[-1] += letter
        escaped = letter == "\\" and not escaped
    return found


def test_a_change_without_suppressions_says_so() -> None:
    assert Made({}, {"a.py": "x = 1\n"}).examined().guards_weakened is False
    assert Made({}, {"a.py": "x = 1  # noqa\n"}).examined().guards_weakened is True


_parts = st.sampled_from(
    ["# noqa", "// @ts-ignore", '"', "'", "`", "#", "//", "/*", "\\", " ", "x", "NOLINT", "|| true", "\udcff"]
)


@given(
    st.sampled_from(["a.py", "a.ts", "a.go", "a.java", "a.sh", ".github/workflows/a.yml", "x"]),
    st.lists(_parts, max_size=20),
)
def test_any_line_is_judged_and_findings_are_short(path: str, parts: list[str]) -> None:
    for text in added(path, "".join(parts)):
        assert len(text) <= 200
