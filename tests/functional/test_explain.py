"""`vibeguard explain` as a user runs it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import jsonschema

from tests.conftest import Ran, Repo
from vibeguard import report

Script = Callable[..., Ran]

POLICY = """version: 1
tags: {money: ["src/ledger/**"]}
rules:
  - id: money
    description: Money is reviewed.
    only_looking_at: {tags: [money]}
    then: {require_review: {by: owners}}
    ask: acme/platform
  - id: docs
    only_looking_at: {paths: ["docs/**"]}
    then: warn
"""


def valid(text: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(text)
    with open(os.path.join(os.path.dirname(report.__file__), "schemas", "explain.v1.json"), encoding="utf-8") as file:
        jsonschema.Draft202012Validator(json.load(file)).validate(document)
    return document


def ledger(repo: Repo) -> Repo:
    repo.commit(
        "first",
        {
            ".vibeguard.yaml": POLICY,
            "CODEOWNERS": "/src/ledger/ @olga\n",
            "src/ledger/a.py": "x = 1\n",
            "docs/a.md": "a\n",
        },
    )
    return repo


def test_a_rule_is_read_and_tried_on_what_is_staged(repo: Repo, script: Script) -> None:
    ledger(repo).stage({"src/ledger/a.py": "x = 2\n", "docs/a.md": "b\n"})
    ran = script("vibeguard", "explain", "money", cwd=repo.path)
    assert ran.code == 0
    assert "money  (.vibeguard.yaml:4, .vibeguard.yaml of HEAD (" in ran.out
    assert "Looking only at changed files that are tagged money (src/ledger/**), one approval is needed" in ran.out
    assert "what is staged now (2 files):" in ran.out
    assert "move src/ledger/a.py to its own change" in ran.out
    document = valid(script("vibeguard", "explain", "money", "--format", "json", cwd=repo.path).out)
    assert document["rule"]["says"]["outcome"] == "needs"


def test_a_file_is_told_who_owns_it_and_which_rules_look_at_it(repo: Repo, script: Script) -> None:
    ledger(repo)
    ran = script("vibeguard", "explain", "src/ledger/a.py", cwd=repo.path)
    assert ran.code == 0
    assert "owners    @olga" in ran.out and "tags      money" in ran.out
    assert "money look at it in particular" in ran.out and "docs do not look at it" in ran.out
    assert (
        valid(script("vibeguard", "explain", "docs/a.md", "--format", "json", cwd=repo.path).out)["file"]["tags"] == []
    )


def test_a_rule_that_is_not_there_is_met_with_the_nearest(repo: Repo, script: Script) -> None:
    ran = script("vibeguard", "explain", "mony", cwd=ledger(repo).path)
    assert ran.code == 2 and "did you mean `money`?" in ran.err


def test_without_an_argument_everything_staged_is_explained(repo: Repo, script: Script) -> None:
    ledger(repo).stage({"docs/a.md": "b\n"})
    ran = script("vibeguard", "explain", cwd=repo.path)
    assert ran.code == 0 and "warn" in ran.out
    valid(script("vibeguard", "explain", "--format", "json", cwd=repo.path).out)
