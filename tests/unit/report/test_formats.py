"""Every format for machines: golden files for its shape, and what hostile text must not do to it."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.report.sample import BLOCKED, EVIL, MANY, PASSED, UNDECIDED
from vibeguard.check.result import Report
from vibeguard.model import Finding
from vibeguard.report import FORMATS, Options, renderer
from vibeguard.report.github import data, harmless
from vibeguard.report.markdown import MOST_CHARACTERS, code, plain

GOLDEN = Path(__file__).parents[2] / "golden" / "report"
MACHINE_FORMATS = ["github", "sarif", "gitlab", "junit", "rdjson", "markdown"]
SAMPLES = {"blocked": BLOCKED, "pass": PASSED, "undecided": UNDECIDED}


def rendered(name: str, *reports: Report) -> str:
    return renderer(name).render(reports, Options(local=False))


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("name", MACHINE_FORMATS)
def test_the_format_is_that_of_its_golden_file(name: str, sample: str) -> None:
    """Set VIBEGUARD_UPDATE_GOLDEN=1 to write them anew, then read the difference."""
    file = GOLDEN / f"{sample}.{name}.txt"
    found = rendered(name, SAMPLES[sample])
    if os.environ.get("VIBEGUARD_UPDATE_GOLDEN"):
        file.write_text(found, encoding="utf-8", newline="\n")
    assert found == file.read_text(encoding="utf-8")


def test_every_listed_format_can_be_rendered_and_ends_with_a_newline() -> None:
    for name in FORMATS:
        for sample in SAMPLES.values():
            assert rendered(name, sample).endswith("\n")


# ------------------------------------------------------------------------------------------------------- GitHub


def commands(output: str) -> list[str]:
    """What the runner obeys: its parser trims the start of a line, and looks for the old form anywhere."""
    return [line for line in output.split("\n") if line.lstrip().startswith("::") or "##[" in line]


def test_only_our_annotations_are_commands_and_none_can_be_injected() -> None:
    found = commands(rendered("github", BLOCKED))
    assert [line.split(" ")[0] for line in found] == ["::error"] * 2 + ["::warning"] * 4
    for line in found:
        properties, _, message = line.partition(" ")[2].partition("::")
        assert re.fullmatch(r"(file=[^,:\n]*,)?(line=\d+,)?title=[^,\n]*", properties), line
        assert "\r" not in message


def test_no_more_annotations_than_github_shows() -> None:
    found = commands(rendered("github", MANY))
    assert sum(line.startswith("::error") for line in found) == 10
    assert sum(line.startswith("::warning") for line in found) == 10


@given(st.text())
def test_data_of_a_command_is_one_line_and_can_be_read_back(text: str) -> None:
    sent = data(text)
    assert "\n" not in sent
    assert "\r" not in sent
    assert sent.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%") == text


@given(st.text(st.sampled_from(":#[ \ta\n")))
def test_text_beneath_the_annotations_is_never_a_command(text: str) -> None:
    assert commands(harmless(text)) == []


# -------------------------------------------------------------------------------------------------------- SARIF


def test_sarif_names_each_rule_once_and_places_every_result_in_a_file() -> None:
    log = json.loads(rendered("sarif", BLOCKED))
    (run,) = log["runs"]
    names = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(names) == len(set(names))
    for result in run["results"]:
        assert names[result["ruleIndex"]] == result["ruleId"]
        (location,) = result["locations"]
        uri = location["physicalLocation"]["artifactLocation"]["uri"]
        assert re.fullmatch(r"[A-Za-z0-9._~/%-]+", uri)
    assert run["invocations"] == [{"executionSuccessful": True, "exitCode": 1}]
    assert json.loads(rendered("sarif", UNDECIDED))["runs"][0]["invocations"][0]["executionSuccessful"] is False


# ------------------------------------------------------------------------------------------------------- GitLab


def test_code_quality_fingerprints_are_unique_and_survive_a_moved_line() -> None:
    issues = json.loads(rendered("gitlab", MANY, MANY))
    assert len({issue["fingerprint"] for issue in issues}) == len(issues) == 60
    moved = MANY._replace(findings=tuple(item._replace(line=99) for item in MANY.findings))
    assert [issue["fingerprint"] for issue in json.loads(rendered("gitlab", moved))] == [
        issue["fingerprint"] for issue in json.loads(rendered("gitlab", MANY))
    ]


def test_two_problems_that_would_share_a_fingerprint_get_two() -> None:
    report = BLOCKED._replace(findings=(Finding("unicode", "a", 1, "x"), Finding("unicode", "a", 2, "x")), rules=())
    assert len(json.loads(rendered("gitlab", report))) == 1  # the same words about the same file are one problem


# -------------------------------------------------------------------------------------------------------- JUnit


def test_junit_is_xml_with_a_case_for_each_rule() -> None:
    suite = ET.fromstring(rendered("junit", BLOCKED))[0]
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "5",
        "failures": "2",
        "errors": "0",
        "skipped": "1",
    }
    assert [case.get("name") for case in suite.findall("testcase")] == [rule.id for rule in BLOCKED.rules]
    assert ET.fromstring(rendered("junit", UNDECIDED))[0].get("errors") == "1"


@given(st.text())
def test_junit_stays_xml_whatever_a_message_holds(text: str) -> None:
    rule = BLOCKED.rules[0]._replace(message=text, id=text[:5])
    assert ET.fromstring(rendered("junit", BLOCKED._replace(rules=(rule,)))) is not None


# ------------------------------------------------------------------------------------------------------ rdjson


def test_rdjson_diagnostics_have_a_message_a_path_and_a_severity() -> None:
    document = json.loads(rendered("rdjson", BLOCKED))
    assert document["source"] == {"name": "vibeguard"}
    for diagnostic in document["diagnostics"]:
        assert diagnostic["message"]
        assert diagnostic["location"]["path"]
        assert diagnostic["severity"] in {"ERROR", "WARNING", "INFO"}


# ----------------------------------------------------------------------------------------------------- Markdown


@given(st.text(st.sampled_from("`a @\n")))
def test_a_code_span_cannot_be_left_from_within(text: str) -> None:
    span = code(text)
    fence = re.match("`+", span)
    assert fence is not None
    inner = span[len(fence[0]) : -len(fence[0])]
    assert span.endswith(fence[0])
    assert all(len(run) != len(fence[0]) for run in re.findall("`+", inner.strip(" ")))
    assert "\n" not in span


@given(st.text())
def test_words_notify_nobody_and_hold_no_html_and_no_links(text: str) -> None:
    shown = plain(text)
    assert not re.search(r"[<>@]|(?<!&)#|(?<!\\)`|://", shown.replace("\\\\", ""))


def test_markdown_of_any_length_stays_within_what_a_comment_may_hold() -> None:
    rules = tuple(BLOCKED.rules[0]._replace(message=EVIL * 100) for _ in range(200))
    found = rendered("markdown", BLOCKED._replace(rules=rules))
    assert len(found) <= MOST_CHARACTERS
    assert "cut here" in found
