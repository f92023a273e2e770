"""Native hooks: put in place, run by real git, and taken out again without a trace."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Ran, Repo, fingerprint

Script = Callable[..., Ran]

POLICY = """\
version: 1
name: test
rules:
  - id: no-keys
    when: {change.files: ["**/*.pem"]}
    then: block
"""


def git(repo: Repo, *arguments: str) -> Ran:
    done = subprocess.run(["git", *arguments], cwd=repo.path, capture_output=True, text=True, check=False)
    repo.accept_changes()
    return Ran(done.returncode, done.stdout, done.stderr)


def changed_by(repo: Repo, script: Script, *arguments: str) -> Ran:
    ran = script("vibeguard", *arguments, cwd=repo.path)
    repo.accept_changes()
    return ran


def test_installed_hooks_judge_real_commits_and_pushes(
    make_repo: Callable[..., Repo], script: Script, tmp_path: Path
) -> None:
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path / "remote.git")], check=True)
    repo = make_repo()
    repo.commit("start", {".vibeguard.yaml": POLICY, "a.py": "A = 1\n"})
    repo.git("remote", "add", "origin", str(tmp_path / "remote.git"))
    assert changed_by(repo, script, "install").code == 0
    repo.stage({"a.py": "A = 2\n"})
    passed = git(repo, "commit", "-m", "fine")
    assert passed.code == 0
    assert passed.err.count("✓ pass") == 2, "before the commit, and with its message"
    repo.stage({"key.pem": "x\n"})
    assert "blocked by no-keys" in git(repo, "commit", "-m", "key").err
    assert git(repo, "commit", "-q", "--no-verify", "-m", "key").code == 0
    pushed = git(repo, "push", "origin", "main")
    assert pushed.code == 1
    assert "blocked by no-keys" in pushed.err


def test_an_earlier_hook_runs_first_and_comes_back(repo: Repo, script: Script) -> None:
    repo.commit("start", {"a.py": "A = 1\n"})
    hooks = repo.path / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name, body in (("pre-commit", "echo earlier >&2\n"), ("pre-push", "cat >&2\n")):
        (hooks / name).write_text(f"#!/bin/sh\n{body}")
        (hooks / name).chmod(0o755)
    repo.accept_changes()
    before = fingerprint(repo.path)
    assert "the earlier hook runs first" in changed_by(repo, script, "install").out
    assert changed_by(repo, script, "install").code == 0, "installing again changes nothing that is not vibeguard's"
    repo.stage({"a.py": "A = 2\n"})
    ran = git(repo, "commit", "-m", "two")
    assert ran.err.index("earlier") < ran.err.index("✓ pass")
    line = f"refs/heads/main {repo.head} refs/heads/main {'0' * 40}\n"
    pushed = subprocess.run(
        [hooks / "pre-push", "origin", "url"], input=line, cwd=repo.path, capture_output=True, text=True, check=False
    )
    assert line in pushed.stderr, "the earlier hook reads the refs"
    assert "pass" in pushed.stderr, "and vibeguard reads them too"
    (hooks / "pre-commit.before-vibeguard").write_text("#!/bin/sh\nexit 7\n")
    repo.accept_changes()
    assert git(repo, "commit", "--allow-empty", "-m", "three").code == 1, (
        "an earlier hook that fails still stops the commit"
    )
    (hooks / "pre-commit.before-vibeguard").write_text("#!/bin/sh\necho earlier >&2\n")
    repo.accept_changes()
    assert changed_by(repo, script, "uninstall").code == 0
    after = fingerprint(repo.path)
    assert {name: value for name, value in after.items() if "hooks" in name} == {
        name: value for name, value in before.items() if "hooks" in name
    }


def test_a_hook_whose_interpreter_is_gone_stops_and_says_so(repo: Repo, script: Script) -> None:
    repo.commit("start", {"a.py": "A = 1\n"})
    changed_by(repo, script, "install")
    hook = repo.path / ".git" / "hooks" / "pre-commit"
    lines = ["python='/gone/python'" if line.startswith("python=") else line for line in hook.read_text().splitlines()]
    hook.write_text("\n".join(lines) + "\n")
    repo.accept_changes()
    repo.stage({"a.py": "A = 2\n"})
    ran = git(repo, "commit", "-m", "two")
    assert ran.code != 0
    assert "/gone/python is gone" in ran.err


def test_modules_of_the_repository_never_run(repo: Repo, script: Script) -> None:
    canary = "import pathlib; pathlib.Path('CANARY').write_text('ran')\n"
    names = ("yaml.py", "sitecustomize.py", "typing.py", "vibeguard/__init__.py", "git.py")
    repo.commit("start", dict.fromkeys(names, canary))
    changed_by(repo, script, "install")
    repo.stage({"a.py": "A = 2\n"})
    assert git(repo, "commit", "-m", "two").code == 0
    script("vibeguard", "check", cwd=repo.path)
    assert not (repo.path / "CANARY").exists()


def test_a_shared_hooks_folder_and_a_hook_manager_are_left_alone(repo: Repo, script: Script, tmp_path: Path) -> None:
    repo.commit("start", {"a.py": "A = 1\n"})
    repo.git("config", "core.hooksPath", str(tmp_path / "shared"))
    ran = script("vibeguard", "install", cwd=repo.path)
    assert ran.code == 2
    assert "outside this repository" in ran.err
    assert not (tmp_path / "shared").exists()
    repo.git("config", "--unset", "core.hooksPath")
    repo.write(".pre-commit-config.yaml", "repos: []\n")
    ran = script("vibeguard", "install", cwd=repo.path)
    assert ran.code == 0
    assert "- id: vibeguard-message" in ran.out


@pytest.mark.parametrize("installed", [False, True])
def test_doctor_says_what_is_in_place_and_what_to_do(repo: Repo, script: Script, installed: bool) -> None:
    repo.commit("start", {".vibeguard.yaml": POLICY, "CODEOWNERS": "* @a\n!x @b\n"})
    if installed:
        changed_by(repo, script, "install")
    ran = script("vibeguard", "doctor", "--format", "json", cwd=repo.path)
    assert ran.code == 0
    report = json.loads(ran.out)
    checks = {check["name"]: check for check in report["checks"]}
    assert report["works"] is True
    assert checks["hooks"]["state"] == ("good" if installed else "note")
    assert checks["owners"]["hint"] == "vibeguard owners lint"
    assert "1 rules" in checks["policy"]["text"]


def test_doctor_exits_1_when_the_policy_does_not_load(repo: Repo, script: Script) -> None:
    repo.commit("start", {".vibeguard.yaml": "version: 1\nname: x\nnonsense: 1\n"})
    ran = script("vibeguard", "doctor", cwd=repo.path)
    assert ran.code == 1
    assert "✗ policy     .vibeguard.yaml:3:1" in ran.out
