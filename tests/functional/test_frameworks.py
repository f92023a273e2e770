"""The hooks as people get them: the real pre-commit and the real prek, with this project as their hook source."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Ran, Repo

PROJECT = Path(__file__).parents[2]
BIN = os.path.dirname(sys.executable)

pytestmark = pytest.mark.slow

POLICY = """\
version: 1
name: test
rules:
  - id: no-secrets
    description: Key files never go in.
    when: {change.files: ["**/*.pem"]}
    then: block
  - id: ticket
    description: A change to the ledger names its ticket.
    only_looking_at: {paths: ["ledger/**"]}
    when: {change.file_count: at least 1}
    then: {require_trailer: {name: Ticket, matching: "[A-Z]+-[0-9]+"}}
"""
ALL_HOOKS = ["vibeguard", "vibeguard-merge", "vibeguard-message", "vibeguard-prepare", "vibeguard-push"]
HOOK_TYPES = ["pre-commit", "pre-merge-commit", "commit-msg", "prepare-commit-msg", "pre-push"]


@pytest.fixture(scope="session")
def hook_source(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A git repository with this project's files as they are now, and the commit to pin."""
    source = tmp_path_factory.mktemp("source") / "vibeguard"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        check=True,
    ).stdout.split(b"\0")
    for name in filter(None, listed):
        path = PROJECT / os.fsdecode(name)
        if path.is_file():
            target = source / os.fsdecode(name)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    commands: list[list[str]] = [
        ["git", "init", "-q", "-b", "main"],
        ["git", "add", "-A"],
        ["git", "-c", "user.name=T", "-c", "user.email=t@example.com", "commit", "-q", "-m", "source"],
    ]
    for command in commands:
        subprocess.run(command, cwd=source, check=True, capture_output=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=source, check=True, capture_output=True, text=True)
    return source, head.stdout.strip()


@pytest.fixture(params=["pre-commit", "prek"])
def guarded(
    request: pytest.FixtureRequest,
    make_repo: Callable[..., Repo],
    hook_source: tuple[Path, str],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Repo:
    """A repository whose commits and pushes run vibeguard through one of the frameworks."""
    framework: str = request.param
    caches = tmp_path_factory.getbasetemp() / f"cache-{framework}"
    monkeypatch.setenv("PRE_COMMIT_HOME", str(caches))
    monkeypatch.setenv("PREK_HOME", str(caches))
    monkeypatch.setenv("PATH", os.pathsep.join([BIN, os.environ["PATH"]]))
    monkeypatch.setenv("PRE_COMMIT_COLOR", "never")
    source, head = hook_source
    remote = tmp_path_factory.mktemp("remote") / "remote.git"  # pushes change it, so it is not guarded
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(remote)], check=True)
    repo = make_repo("work")
    hooks = "".join(f"      - id: {name}\n" for name in ALL_HOOKS)
    config = f"repos:\n  - repo: {source}\n    rev: {head}\n    hooks:\n{hooks}"
    repo.commit("start", {".vibeguard.yaml": POLICY, ".pre-commit-config.yaml": config, "a.py": "A = 1\n"})
    repo.git("remote", "add", "origin", str(remote))
    repo.git("push", "-q", "-u", "origin", "main")
    repo.git("remote", "set-head", "origin", "main")
    types = [part for name in HOOK_TYPES for part in ("--hook-type", name)]
    installed = subprocess.run(
        [os.path.join(BIN, framework), "install", "--install-hooks", *types],
        cwd=repo.path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert installed.returncode == 0, installed.stdout + installed.stderr
    repo.accept_changes()
    return repo


def _git(repo: Repo, *arguments: str) -> Ran:
    """git as a person runs it, hooks and all."""
    done = subprocess.run(["git", *arguments], cwd=repo.path, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stdout + done.stderr
    repo.accept_changes()
    return Ran(done.returncode, done.stdout, done.stderr)


def test_hooks_pass_stop_and_ask_under_the_real_frameworks(guarded: Repo, tmp_path: Path) -> None:
    repo = guarded

    repo.stage({"a.py": "A = 2\n"})
    passed = _git(repo, "commit", "-m", "an ordinary change")
    assert passed.code == 0, passed
    assert "✓ pass" in passed.out + passed.err

    repo.stage({"deploy/key.pem": "not really\n"})
    blocked = _git(repo, "commit", "-m", "a key")
    assert blocked.code == 1, blocked
    assert "blocked by no-secrets" in blocked.out + blocked.err
    repo.git("rm", "-q", "--cached", "deploy/key.pem")
    (repo.path / "deploy/key.pem").unlink()
    repo.accept_changes()

    repo.stage({"ledger/post.py": "POST = 1\n"})
    asked = _git(repo, "commit", "-m", "post to the ledger")
    assert asked.code == 1, asked
    assert "Ticket" in asked.out + asked.err
    given = _git(repo, "commit", "-m", "post to the ledger", "-m", "Ticket: PAY-12")
    assert given.code == 0, given

    pushed = _git(repo, "push", "origin", "main")
    assert pushed.code == 0, pushed
    assert "main" in pushed.out + pushed.err

    repo.commit("a key, past the hooks", {"other.pem": "not really\n"})
    stopped = _git(repo, "push", "origin", "main")
    assert stopped.code == 1, stopped
    assert "blocked by no-secrets" in stopped.out + stopped.err
