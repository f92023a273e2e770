"""The labelled set: every shape in which tools, people and bots were seen to leave a mark."""

from __future__ import annotations

import os
from typing import Any

import pytest
import yaml

from vibeguard.model import Commit, Identity
from vibeguard.provenance.catalogue import load
from vibeguard.provenance.detect import of_commit
from vibeguard.repository.commits import parse_identity

with open(os.path.join(os.path.dirname(__file__), "../../data/provenance/commits.yaml"), encoding="utf-8") as file:
    CASES: list[dict[str, Any]] = yaml.safe_load(file)


def commit_of(case: dict[str, Any]) -> Commit:
    def identity(key: str) -> Identity:
        return parse_identity(case.get(key, "Ada Byron <ada@example.com>").encode())

    message = case["message"].encode(case.get("bytes", "utf-8"))
    return Commit("1" * 40, "2" * 40, (), identity("author"), identity("committer"), message)


def test_the_set_is_large_and_holds_both_kinds() -> None:
    assert len(CASES) >= 150
    assert sum(case["is"] == "not" for case in CASES) >= 60
    assert sum(case["is"] == "ai" for case in CASES) >= 90


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['is']}-{case['message'][-40:]!r}")
def test_a_commit_is_judged_as_its_label_says(case: dict[str, Any]) -> None:
    found = of_commit(commit_of(case), load())
    assert found.detected == (case["is"] == "ai"), found.evidence
    if case["is"] == "possible":
        assert (found.role, found.confidence) == ("assisted", "possible")
    if case["is"] == "not":
        assert found.confidence == "none"
    if "role" in case:
        assert found.role == case["role"]
    elif case["is"] == "not":
        assert found.role == "unknown"
    if case["is"] != "not" or "tools" in case:
        assert set(found.tools) == set(case["tools"])
    if "driver" in case:
        assert list(found.driver) == case["driver"]
    if "no_human_author" in case:
        assert found.no_human_author == case["no_human_author"]
    assert found.wrote_sign_off == case.get("sign_off", False)
    assert bool(found.findings) == case.get("findings", False)
