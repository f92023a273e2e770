"""Settings that a change relaxes, and checks that it no longer runs."""

from __future__ import annotations

import os
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.content.changes import Made, told

KIND = "guards-weakened"
with open(os.path.join(os.path.dirname(__file__), "settings.yaml"), encoding="utf-8") as _file:
    CASES: list[dict[str, Any]] = yaml.safe_load(_file)


@pytest.mark.parametrize("case", CASES, ids=[f"{number}-{case['path']}" for number, case in enumerate(CASES)])
def test_a_relaxed_setting_is_named_with_both_values(case: dict[str, Any]) -> None:
    found = [text for *_, text in told({case["path"]: case["before"]}, {case["path"]: case["after"]}, KIND)]
    if case["says"]:
        assert any(case["says"] in text for text in found), found
    else:
        assert found == []


@pytest.mark.parametrize("case", CASES, ids=[f"{number}-{case['path']}" for number, case in enumerate(CASES)])
def test_settings_that_stay_are_not_relaxed(case: dict[str, Any]) -> None:
    for text in (case["before"], case["after"]):
        if text is not None:
            assert told({case["path"]: text}, {case["path"]: text + "\n"}, KIND) == []


WORKFLOW = """name: CI
on: [push, pull_request]
jobs:
  lint:
    steps:
      - uses: actions/checkout@v4
      - name: Lint with ruff
        run: ruff check .
  test:
    steps:
      - run: |
          pip install -e .
          pytest -q --cov
      - uses: codecov/codecov-action@v4
  types:
    steps:
      - run: mypy src
"""
CI = ".github/workflows/ci.yml"


def removed(after: str | None, **others: str) -> list[tuple[int | None, str]]:
    return [(line, text) for _, line, text in told({CI: WORKFLOW}, {CI: after, **others}, KIND)]


def test_a_removed_job_and_a_removed_step_are_checks_that_no_longer_run() -> None:
    assert removed(WORKFLOW[: WORKFLOW.index("  types:")]) == [(17, "check removed: mypy")]
    assert removed(WORKFLOW.replace("          pytest -q --cov\n", "")) == [(13, "check removed: pytest")]


def test_a_deleted_workflow_names_all_its_checks() -> None:
    assert [text for _, text in removed(None)] == [
        "check removed: ruff",
        "check removed: pytest",
        "check removed: codecov",
        "check removed: mypy",
    ]


def test_a_commented_out_check_is_removed() -> None:
    assert removed(WORKFLOW.replace("      - run: mypy src", "      # - run: mypy src")) == [
        (17, "check removed: mypy")
    ]


def test_a_check_with_other_arguments_or_in_another_file_is_not_removed() -> None:
    assert removed(WORKFLOW.replace("pytest -q --cov", "python -m pytest -x")) == []
    moved = WORKFLOW.replace("mypy src", "make types")
    assert removed(moved, Makefile="types:\n\tmypy src\n") == []
    assert told({CI: WORKFLOW}, {".github/workflows/all.yml": WORKFLOW}, KIND) == []


def test_options_of_a_check_do_not_count() -> None:
    before, after = (
        "jobs:\n  a:\n    steps:\n    - run: " + run + "\n" for run in ("mvn -B verify", "./mvnw -q --fae verify")
    )
    assert told({CI: before}, {CI: after}, KIND) == []


def test_a_removed_job_that_names_no_tool_is_told_by_its_id_and_a_renamed_one_is_not() -> None:
    before = "jobs:\n  build:\n    uses: ./a.yml\n  security-scan:\n    uses: ./scan.yml\n"
    after = "jobs:\n  build:\n    uses: ./a.yml\n"
    assert told({CI: before}, {CI: after}, KIND) == [(CI, 4, "CI job removed: security-scan")]
    assert told({CI: before}, {CI: before.replace("security-scan", "scan")}, KIND) == []
    gitlab = "scan:\n  script: [./run]\nbuild:\n  script: [./build]\n"
    assert told({".gitlab-ci.yml": gitlab}, {".gitlab-ci.yml": gitlab[gitlab.index("build") :]}, KIND) == [
        (".gitlab-ci.yml", 1, "CI job removed: scan")
    ]


def test_ci_that_no_longer_runs_on_pull_requests_is_told() -> None:
    assert removed(WORKFLOW.replace("on: [push, pull_request]", "on: [push]")) == [
        (2, "CI no longer runs on pull_request")
    ]
    assert removed(WORKFLOW.replace("on: [push, pull_request]", "on:\n  pull_request:\n  push:")) == []


def test_other_steps_are_no_checks() -> None:
    assert (
        removed(WORKFLOW.replace("      - uses: actions/checkout@v4\n", "").replace("pip install -e .", "true")) == []
    )


def test_an_unreadable_setting_is_no_relaxed_one_and_still_an_error_of_its_checker() -> None:
    assert told({"ruff.toml": "select = ['S']\n"}, {"ruff.toml": "select = [\n"}, KIND) == []


_paths = st.sampled_from(sorted({case["path"] for case in CASES} | {CI, ".husky/pre-commit", "lefthook.yml"}))


@given(_paths, st.binary(max_size=120), st.binary(max_size=120))
def test_any_bytes_are_compared(path: str, before: bytes, after: bytes) -> None:
    for finding in Made({path: before}, {path: after}).examined().findings:
        assert finding.line is None or finding.line >= 1


@given(st.data())
def test_mutilated_settings_are_compared(data: st.DataObject) -> None:
    case = data.draw(st.sampled_from([case for case in CASES if case["before"] and case["after"]]))
    text = case["after"]
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    Made(
        {case["path"]: case["before"]}, {case["path"]: text[:start] + data.draw(st.text(max_size=5)) + text[end:]}
    ).examined()
