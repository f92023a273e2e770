"""`vibeguard policy test`: which files, which policy each of them tests, and how the outcome is shown."""

from __future__ import annotations

import os
import time
from typing import Any

from vibeguard.check.policy_files import OnDisk, open_policy
from vibeguard.check.policy_tests import Outcome, run_cases
from vibeguard.check.trust import ENTRY
from vibeguard.cli.output import put, put_json
from vibeguard.errors import CONFIG, VibeguardError
from vibeguard.policy.load import load
from vibeguard.policy.testing import named_policy, read_cases
from vibeguard.report.escape import visible
from vibeguard.tuples import NamedTuple

FOLDER = ".vibeguard/tests"


class _Tested(NamedTuple):
    file: str
    policy: str
    outcomes: tuple[Outcome, ...]


def run(files: list[str], policy: str, format_: str) -> int:
    """Run them and print what became of them; 1 when one does not hold."""
    tested = [_test(file, policy) for file in files or _own_files()]
    if format_ == "junit":
        put(_junit(tested))
    elif format_ != "text":
        put_json(_document(tested))
    else:
        put(_text(tested))
    return 1 if any(outcome.differences for item in tested for outcome in item.outcomes) else 0


def _own_files() -> list[str]:
    top = open_policy("").top
    folder = os.path.join(top, FOLDER)
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith((".yaml", ".yml")))
    except OSError:
        names = []
    if not names:
        raise VibeguardError(CONFIG, f"there are no tests in {FOLDER}", where=top, hint="name test files, or write one")
    return [os.path.join(folder, name) for name in names]


def _test(file: str, policy: str) -> _Tested:
    opened = open_policy(file)
    tested = open_policy(policy) if policy else _policy_of(opened, file)
    loaded = load(tested.source, tested.read, tested.listing)
    read = read_cases(opened.source, loaded)
    return _Tested(opened.source.path, tested.source.path, run_cases(read.policy, read.cases, time.time()))


def _policy_of(opened: OnDisk, file: str) -> OnDisk:
    """The policy that the file names; else the one beside its folder that is called as it is; else the repository's."""
    named = named_policy(opened.source)
    if named.startswith("builtin:"):
        return open_policy(named)
    if named:
        return open_policy(os.path.join(opened.top, named))
    folder, name = os.path.split(os.path.abspath(file))
    beside = os.path.join(os.path.dirname(folder), name)
    if os.path.basename(folder) == "tests" and os.path.isfile(beside):
        return open_policy(beside)
    return open_policy(os.path.join(opened.top, ENTRY))


def _text(tested: list[_Tested]) -> str:
    lines = []
    failed = total = 0
    for item in tested:
        total += len(item.outcomes)
        bad = [outcome for outcome in item.outcomes if outcome.differences]
        failed += len(bad)
        held, count = len(item.outcomes) - len(bad), len(item.outcomes)
        lines.append(f"{visible(item.file)} ({visible(item.policy)}): {held} of {count} hold")
        for outcome in bad:
            lines.append(f"  ✗ {visible(outcome.case.name)}  ({visible(item.file)}:{outcome.case.place.line})")
            lines += [f"      {visible(difference)}" for difference in outcome.differences]
    lines.append(f"{total - failed} of {total} tests hold" if failed else f"all {total} tests hold")
    return "\n".join(lines) + "\n"


def _document(tested: list[_Tested]) -> dict[str, Any]:
    return {
        "schema": "vibeguard/policy-test/v1",
        "passed": not any(outcome.differences for item in tested for outcome in item.outcomes),
        "files": [
            {
                "path": item.file,
                "policy": item.policy,
                "tests": [
                    {
                        "name": outcome.case.name,
                        "line": outcome.case.place.line,
                        "passed": not outcome.differences,
                        "differences": list(outcome.differences),
                        "verdict": outcome.verdict.verdict,
                        "rules": {result.id: result.outcome for result in outcome.verdict.rules},
                    }
                    for outcome in item.outcomes
                ],
            }
            for item in tested
        ],
    }


def _junit(tested: list[_Tested]) -> str:
    import xml.etree.ElementTree as ET  # noqa: PLC0415 - written, never parsed

    root = ET.Element("testsuites", name="vibeguard policy test")
    for item in tested:
        bad = sum(1 for outcome in item.outcomes if outcome.differences)
        suite = ET.SubElement(
            root, "testsuite", name=visible(item.file), tests=str(len(item.outcomes)), failures=str(bad)
        )
        for outcome in item.outcomes:
            case = ET.SubElement(suite, "testcase", classname=visible(item.file), name=visible(outcome.case.name))
            if outcome.differences:
                failure = ET.SubElement(case, "failure", message=visible(outcome.differences[0]))
                failure.text = "\n".join(visible(difference) for difference in outcome.differences)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"
