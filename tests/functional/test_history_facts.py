"""Facts that read history: asked by a rule, known in a full clone, unknown and said so in a shallow one."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

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
    factors = {factor["name"]: factor for factor in document["blast"]["factors"]}
    assert 1 < factors["co-change"]["points"] < 2
    assert factors["co-change"]["because"] == "usually changed with these: a_test.py (6 commits, 80%)"
    hook = script("vibeguard-hook", "pre-commit", cwd=repo.path)
    assert "companions" in hook.out + hook.err


def test_companions_count_the_same_at_every_stage_staged_and_committed(repo: Repo, script: Callable[..., Ran]) -> None:
    history(repo)
    repo.git("branch", "-M", "main")
    repo.stage({"a.py": "new"})

    def blast(*options: str) -> dict[str, object]:
        found: dict[str, object] = json.loads(
            script("vibeguard", "check", "--format", "json", *options, cwd=repo.path).out
        )["blast"]
        return found

    first = blast()
    assert "a_test.py (6 commits, 80%)" in json.dumps(first)
    assert [blast("--at", stage) for stage in ("commit", "push", "ci")] == [first] * 3
    repo.git("checkout", "-q", "-b", "feature")
    repo.commit("the same")
    assert blast("--base", "main") == first
    assert blast("--range", "HEAD~1..HEAD") == first


def test_a_shallow_clone_says_that_companions_are_not_known(
    repo: Repo, script: Callable[..., Ran], tmp_path: Path
) -> None:
    history(repo)
    repo.commit("policy", {".vibeguard.yaml": POLICY})
    clone = tmp_path / "shallow"
    repo.git("clone", "-q", "--depth", "2", f"file://{repo.path}", str(clone))
    (clone / "a.py").write_text("new", encoding="utf-8")
    subprocess.run(["git", "add", "-A"], cwd=clone, check=True)
    document = json.loads(script("vibeguard", "check", "--format", "json", cwd=clone).out)
    factor = next(factor for factor in document["blast"]["factors"] if factor["name"] == "co-change")
    assert (factor["points"], "shallow" in factor["unknown"]) == (0, True)
    asked = next(rule for rule in document["rules"] if rule["id"] == "companions")
    assert "shallow" in json.dumps(asked["reasons"])
