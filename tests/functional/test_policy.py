"""`vibeguard policy` as a user runs it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.conftest import Ran, Repo
from vibeguard import report
from vibeguard.policy.facts import fact_names, find_fact

Script = Callable[..., Ran]

GOOD = """version: 1
extends: [builtin:starter]
people: {roles: {senior: [amy, bob]}}
rules:
  - id: seniors
    when: {ai.detected: true, change.files: "src/**"}
    then: {require_review: {by: {roles: [senior]}}}
"""
BAD = """version: 1
rules:
  - id: one
    when:
      ai.shares: at least 50%
      ai.share_of_added_lines: >= 50%
    then: warn
"""
CASES = """- name: a junior's change waits for a senior
  given: {ai.detected: true, change.files: [src/a.py], author.user: zoe, blast.level: low, change.touches_policy: false}
  reviews: [{by: copilot, kind: bot}, {by: amy, commit: earlier}]
  expect: {verdict: needs, rules: {seniors: needs}, not_counted: [copilot, amy]}
- name: a senior's approval is enough
  given: {ai.detected: true, change.files: [src/a.py], author.user: zoe, blast.level: low, change.touches_policy: false}
  reviews: [{by: bob}]
  expect: {verdict: pass, rules: {seniors: pass}}
"""


def valid(document: dict[str, Any]) -> dict[str, Any]:
    """The document, held to its shipped schema."""
    name = document["schema"].split("/")[1]
    folder = os.path.join(os.path.dirname(report.__file__), "schemas")
    with open(os.path.join(folder, f"{name}.v1.json"), encoding="utf-8") as file:
        jsonschema.Draft202012Validator(json.load(file)).validate(document)
    return document


def test_a_good_policy_can_be_used(repo: Repo, script: Script) -> None:
    repo.write(".vibeguard.yaml", GOOD)
    ran = script("vibeguard", "policy", "check", cwd=repo.path)
    assert (ran.code, ran.out) == (0, ".vibeguard.yaml: can be used, 10 rules in 2 files\n")
    document = valid(json.loads(script("vibeguard", "policy", "check", "--format", "json", cwd=repo.path).out))
    assert document["valid"] and document["policies"][0]["policy"]["rules"][0] == "seniors"


def test_a_bad_policy_exits_2_with_every_error(repo: Repo, script: Script) -> None:
    repo.write(".vibeguard.yaml", BAD)
    ran = script("vibeguard", "policy", "check", cwd=repo.path)
    assert ran.code == 2
    assert (
        ".vibeguard.yaml:5:7: error[unknown-fact]: `ai.shares` is not a fact\n"
        "     5 |       ai.shares: at least 50%\n"
        "       |       ^\n"
        "       hint: did you mean `ai.share_of_added_lines`?\n"
    ) in ran.err
    assert ".vibeguard.yaml:6:33: error[yaml]: did not find expected comment or line break\n" in ran.err
    machine = script("vibeguard", "policy", "check", "--format", "json", cwd=repo.path)
    document = valid(json.loads(machine.out))
    assert machine.code == 2 and not document["valid"]
    assert [(item["line"], item["column"], item["code"]) for item in document["policies"][0]["errors"]] == [
        (5, 7, "unknown-fact"),
        (6, 33, "yaml"),
    ]


def test_a_bad_policy_at_the_base_exits_2_in_a_check(repo: Repo, script: Script) -> None:
    repo.commit("policy", {".vibeguard.yaml": BAD, "a.py": "x = 1\n"})
    repo.stage({"a.py": "x = 2\n"})
    ran = script("vibeguard", "check", cwd=repo.path)
    assert ran.code == 2
    assert ".vibeguard.yaml:5:7: error[unknown-fact]" in ran.err


def test_no_policy_and_a_near_miss_are_said(repo: Repo, script: Script) -> None:
    repo.write(".vibeguard.yml", GOOD)
    ran = script("vibeguard", "policy", "check", cwd=repo.path)
    assert ran.code == 2
    assert ".vibeguard.yml is not a policy: its name must be exactly .vibeguard.yaml" in ran.err


def test_a_symbolic_link_is_no_policy(repo: Repo, script: Script) -> None:
    repo.write("real.yaml", GOOD)
    os.symlink("real.yaml", repo.path / ".vibeguard.yaml")
    repo.accept_changes()
    ran = script("vibeguard", "policy", "check", cwd=repo.path)
    assert ran.code == 2 and "symbolic link" in ran.err


def test_a_file_of_the_repository_can_be_extended_from_any_folder(repo: Repo, script: Script) -> None:
    repo.write("policies/a.yaml", "version: 1\nrules: [{id: mine, then: warn}]\n")
    repo.write(".vibeguard.yaml", "version: 1\nextends: ['policies/*.yaml']\n").write("src/deep/x", "")
    ran = script("vibeguard", "policy", "check", cwd=repo.path / "src" / "deep")
    assert (ran.code, ran.out) == (0, ".vibeguard.yaml: can be used, 1 rule in 2 files\n")


def test_every_rule_is_read_as_a_sentence(repo: Repo, script: Script) -> None:
    repo.write(".vibeguard.yaml", GOOD)
    ran = script("vibeguard", "policy", "read", cwd=repo.path)
    assert ran.code == 0
    assert (
        "When an AI took part in the change and the changed files include src/**, then one approval is needed from a "
        "senior (amy, bob) who is neither author, contributor, driver of an agent nor bot, for exactly this diff."
    ) in ran.out
    valid(json.loads(script("vibeguard", "policy", "read", "builtin:starter", "--format", "json", cwd=repo.path).out))


def test_lint_names_what_is_probably_wrong(repo: Repo, script: Script) -> None:
    repo.stage({".vibeguard.yaml": GOOD, "lib/src/a.py": ""})
    ran = script("vibeguard", "policy", "lint", cwd=repo.path)
    assert ran.code == 0
    assert (
        ".vibeguard.yaml:6:45: warning[matches-nothing]: `src/**` of rule `seniors` matches no tracked file" in ran.out
    )
    valid(json.loads(script("vibeguard", "policy", "lint", "--format", "json", cwd=repo.path).out))


def test_tests_of_a_policy_hold_or_are_shown_with_what_differs(repo: Repo, script: Script) -> None:
    repo.write(".vibeguard.yaml", GOOD).write(".vibeguard/tests/seniors.yaml", CASES)
    ran = script("vibeguard", "policy", "test", cwd=repo.path)
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "all 2 tests hold")
    repo.write(".vibeguard/tests/seniors.yaml", CASES.replace("verdict: pass", "verdict: blocked"))
    ran = script("vibeguard", "policy", "test", cwd=repo.path)
    assert ran.code == 1
    assert "✗ a senior's approval is enough  (.vibeguard/tests/seniors.yaml:5)" in ran.out
    assert "verdict: expected blocked, was pass" in ran.out
    document = valid(json.loads(script("vibeguard", "policy", "test", "--format", "json", cwd=repo.path).out))
    assert [case["passed"] for case in document["files"][0]["tests"]] == [True, False]
    assert (
        '<failure message="verdict: expected blocked, was pass">'
        in script("vibeguard", "policy", "test", "--format", "junit", cwd=repo.path).out
    )


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("- name: x\n  given: {ai.detectd: true}\n  expect: {verdict: pass}\n", "error[unknown-fact]"),
        ("- name: x\n  expect: {rules: {senior: pass}}\n", "did you mean `seniors`?"),
        ("- name: x\n  expect: {verdict: fine}\n", "error[unknown-value]"),
        ("- name: x\n", "the test has no `expect`"),
        ("[]\n", "the list is empty"),
        ("", "the file has no tests"),
    ],
)
def test_a_test_file_that_cannot_be_read_exits_2(repo: Repo, script: Script, body: str, words: str) -> None:
    repo.write(".vibeguard.yaml", GOOD).write(".vibeguard/tests/a.yaml", body)
    ran = script("vibeguard", "policy", "test", cwd=repo.path)
    assert ran.code == 2 and words in ran.err


def test_facts_and_schema_need_no_repository(tmp_path: Path, script: Script) -> None:
    assert "ai.share_of_added_lines" in script("vibeguard", "policy", "facts", cwd=tmp_path).out
    valid(json.loads(script("vibeguard", "policy", "facts", "--format", "json", cwd=tmp_path).out))
    schema = json.loads(script("vibeguard", "policy", "schema", cwd=tmp_path).out)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert script("vibeguard", "policy", "check", "builtin:starter", cwd=tmp_path).code == 0


def test_every_fact_of_the_table_is_answered_in_a_check_or_marked_as_waiting(repo: Repo, script: Script) -> None:
    conditions = []
    for name in fact_names():
        spec = find_fact(name)
        assert spec is not None
        if name in ("author.roles", "change.tags", "time.window"):
            continue
        level = f"at least {spec.values[-1]}" if spec.type == "level" else ""
        word = spec.values[0] if spec.values else "nothing-is-called-this"
        written = {"yes-no": "true", "number": "exactly 7", "percent": "exactly 7%"}.get(spec.type, level or word)
        conditions.append(f"        - {name}: {written}\n")
    rule = "  - id: all\n    when:\n      any:\n" + "".join(conditions) + "    then: warn\n"
    repo.commit("policy", {".vibeguard.yaml": f"version: 1\nrules:\n{rule}", "a.py": "x = 1\n"})
    repo.commit("a change", {"a.py": "x = 2\n"})
    ran = script("vibeguard", "check", "--range", "HEAD~1..HEAD", "--format", "json", cwd=repo.path)
    (reason,) = json.loads(ran.out)["rules"][0]["reasons"]
    answered = {child["fact"]: child["actual"] for child in reason["children"][0]["children"]}
    for name, actual in answered.items():
        spec = find_fact(name)
        assert spec is not None
        if ".factor." not in name:  # a factor that could not be measured is absent from the score
            assert "not measured yet" not in actual or not spec.available, (name, actual)


def test_a_policy_is_compared_with_that_of_a_commit_in_sentences(repo: Repo, script: Script) -> None:
    repo.commit("policy", {".vibeguard.yaml": GOOD})
    repo.write(".vibeguard.yaml", "# moved down\n" + GOOD.replace("ai.detected: true, ", ""))
    ran = script("vibeguard", "policy", "diff", "--against", "main", cwd=repo.path)
    assert ran.code == 0
    assert ran.out.startswith(".vibeguard.yaml of main → .vibeguard.yaml\n~ rule seniors\n    - When an AI took part")
    assert "    + When the changed files include src/**, then one approval is needed" in ran.out
    assert "second-pair-of-eyes" not in ran.out
    same = script("vibeguard", "policy", "diff", "builtin:starter", "--against", "builtin:starter", cwd=repo.path)
    assert same.out.endswith("nothing differs\n")


def test_a_replay_lists_every_verdict_that_changes(repo: Repo, script: Script) -> None:
    repo.commit(
        "policy", {".vibeguard.yaml": "version: 1\nrules: [{id: a, when: {change.files: 'x/**'}, then: warn}]\n"}
    )
    repo.commit("one", {"src/a.py": "x = 1\n"})
    repo.commit("two", {"docs/a.md": "x\n"})
    repo.write(".vibeguard.yaml", "version: 1\nrules: [{id: a, when: {change.files: 'src/**'}, then: block}]\n")
    ran = script("vibeguard", "policy", "diff", "--replay", "5", cwd=repo.path)
    assert "1 of the last 2 changes would be judged differently" in ran.out
    assert " pass → blocked  one\n      a: pass → blocked" in ran.out
    document = valid(
        json.loads(script("vibeguard", "policy", "diff", "--replay", "5", "--format", "json", cwd=repo.path).out)
    )
    assert document["replayed"] == 2 and document["changed"][0]["rules"] == [
        {"id": "a", "before": "pass", "after": "blocked"}
    ]


def test_a_policy_file_is_copied_and_pinned(repo: Repo, script: Script, tmp_path: Path) -> None:
    (tmp_path / "org.yaml").write_text("version: 1\nrules: [{id: org, then: warn}]\n")
    repo.write(".vibeguard.yaml", "version: 1  # ours\nextends: [builtin:starter]\n")
    ran = script("vibeguard", "policy", "vendor", str(tmp_path / "org.yaml"), cwd=repo.path)
    assert ran.code == 0, ran.err
    repo.accept_changes()
    text = (repo.path / ".vibeguard.yaml").read_text()
    assert (
        text.startswith("version: 1  # ours\nextends: [{path: policies/org.yaml, sha256: ")
        and "builtin:starter]" in text
    )
    assert script("vibeguard", "policy", "check", cwd=repo.path).code == 0
    repo.write("policies/org.yaml", "version: 1\nrules: [{id: org, mode: record-only, then: warn}]\n")
    ran = script("vibeguard", "policy", "check", cwd=repo.path)
    assert ran.code == 2 and "error[wrong-pin]" in ran.err


def test_a_copy_that_would_not_load_is_not_made(repo: Repo, script: Script, tmp_path: Path) -> None:
    (tmp_path / "org.yaml").write_text("version: 1\nrules: [{id: org, then: wran}]\n")
    repo.write(".vibeguard.yaml", "version: 1\nextends: [builtin:starter]\n")
    assert script("vibeguard", "policy", "vendor", str(tmp_path / "org.yaml"), cwd=repo.path).code == 2
    assert script("vibeguard", "policy", "vendor", "https://example.com/org.yaml", cwd=repo.path).code == 2


BREAK_GLASS = """version: 1
people: {roles: {on-call: [cara], senior: [amy]}}
rules: [{id: seniors, then: {require_review: {by: {roles: [senior]}}}}]
break_glass:
  who: {roles: [on-call]}
  must_state: {reason: at least 20 characters}
  waives: [seniors]
  waiver_lasts: 4 hours
"""


def test_break_glass_is_tested_beside_the_policy(repo: Repo, script: Script) -> None:
    good = "waivers: [{by: cara, reason: the shop is down for everybody}]"
    cases = [
        ("zoe", good, "overridden, rules: {seniors: pass}"),
        ("cara", good, "needs, not_counted: [cara]"),
        ("zoe", good.replace("everybody", "everybody, hours_ago: 5"), "needs, not_counted: [cara]"),
        ("zoe", good.replace("cara", "amy"), "needs, not_counted: [amy]"),
    ]
    text = "".join(
        f"- name: case {number}\n  given: {{author.user: {author}}}\n  {waivers}\n  expect: {{verdict: {expected}}}\n"
        for number, (author, waivers, expected) in enumerate(cases)
    )
    repo.write(".vibeguard.yaml", BREAK_GLASS).write(".vibeguard/tests/a.yaml", text)
    ran = script("vibeguard", "policy", "test", cwd=repo.path)
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "all 4 tests hold"), ran.out + ran.err


def test_a_layer_of_this_machine_can_only_tighten_and_is_not_read_in_ci(repo: Repo, script: Script) -> None:
    repo.commit(
        "policy", {".vibeguard.yaml": "version: 1\nrules: [{id: a, mode: warn, then: block}]\n", "a.txt": "1\n"}
    )
    extra = repo.path / ".git" / "vibeguard" / "extra.yaml"
    extra.parent.mkdir(exist_ok=True)
    extra.write_text("version: 1\ntighten: {a: {mode: enforce}}\n")
    repo.stage({"a.txt": "2\n"})
    ran = script("vibeguard", "check", cwd=repo.path)
    assert ran.code == 1 and ".git/vibeguard/extra.yaml of this machine adds to the policy" in ran.out
    assert script("vibeguard", "check", "--at", "ci", cwd=repo.path).code == 0
    extra.write_text("version: 1\ntighten: {a: {mode: record-only}}\n")
    loose = script("vibeguard", "check", cwd=repo.path)
    assert loose.code == 2 and ".git/vibeguard/extra.yaml:2:21: error[loosening]" in loose.err
