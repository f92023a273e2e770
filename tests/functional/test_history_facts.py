"""Facts that read history: asked by a rule, known in a full clone, unknown and said so in a shallow one."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.conftest import Ran, Repo
from tests.unit.check.test_history_factors import history

POLICY = """version: 1
rules:
  - id: companions
    when: {blast.factor.co-change: at least 1}
    then: {warn: true}
  - id: risky
    when: {risk.score: at least 5}
    then: {warn: true}
"""


def test_rules_can_ask_for_companions_and_risk(repo: Repo, script: Callable[..., Ran]) -> None:
    history(repo)
    repo.commit("policy", {".vibeguard.yaml": POLICY})
    repo.stage({"a.py": "def f(x):\n" + "    if x:\n        return 1\n" * 40})
    ran = script("vibeguard", "check", "--format", "json", cwd=repo.path)
    document = json.loads(ran.out)
    assert document["error"] is None, document["error"]
    assert {rule["id"]: rule["outcome"] for rule in document["rules"]} == {"companions": "warn", "risky": "warn"}
    assert document["risk"]["percentile"] >= 25
    assert [factor["name"] for factor in document["risk"]["factors"]] == [
        "code-lines-added", "branching", "recent-fixes", "signatures",
    ]  # fmt: skip
    assert "co-change" not in [factor["name"] for factor in document["blast"]["factors"]]
    hook = script("vibeguard-hook", "pre-commit", cwd=repo.path)
    assert "companions" in hook.out + hook.err
