"""`vibeguard stamp` and the prepare-commit-msg hook, on real repositories."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest
import yaml

from tests.conftest import Ran, Repo

Script = Callable[..., Ran]
AGENT = {"CLAUDECODE": "1"}
HOOK = os.path.join(os.path.dirname(sys.executable), "vibeguard-hook")


def with_policy(repo: Repo, declare_with: str) -> None:
    policy = {
        "version": 1,
        "name": "t",
        "provenance": {"declare_with": declare_with},
        "rules": [{"id": "a", "when": {"ai.detected": True}, "then": "warn"}],
    }
    repo.commit("start", {".vibeguard.yaml": yaml.safe_dump(policy)})


def prepared(script: Script, repo: Repo, message: str, source: str = "", env: dict[str, str] | None = None) -> str:
    """What the hook makes of a message."""
    (repo.path / ".git" / "COMMIT_EDITMSG").write_text(message)
    repo.accept_changes()
    arguments = [source] if source else []
    ran = script("vibeguard-hook", "prepare-commit-msg", ".git/COMMIT_EDITMSG", *arguments, cwd=repo.path, env=env)
    assert ran.code == 0
    repo.accept_changes()
    return (repo.path / ".git" / "COMMIT_EDITMSG").read_text()


def test_nobody_asked_so_nothing_is_added(repo: Repo, script: Script) -> None:
    repo.commit("start", {"a": "1"})
    assert prepared(script, repo, "Add a cache\n", env=AGENT) == "Add a cache\n"


def test_the_setting_turns_it_on_and_no_agent_means_no_line(repo: Repo, script: Script) -> None:
    repo.commit("start", {"a": "1"})
    repo.git("config", "vibeguard.stamp", "true")
    assert prepared(script, repo, "Add a cache\n", env=AGENT) == "Add a cache\n\nAssisted-by: Claude Code\n"
    assert prepared(script, repo, "Add a cache\n") == "Add a cache\n"
    assert prepared(script, repo, "Merge x\n", "merge", env=AGENT) == "Merge x\n"
    once = prepared(script, repo, "Add a cache\n", env=AGENT)
    assert prepared(script, repo, once, "message", env=AGENT) == once


def test_the_setting_may_name_the_spelling_and_the_model(repo: Repo, script: Script) -> None:
    repo.commit("start", {"a": "1"})
    repo.git("config", "vibeguard.stamp", "Generated-by")
    repo.git("config", "vibeguard.model", "claude-opus-4-6")
    assert prepared(script, repo, "x\n", env=AGENT) == "x\n\nGenerated-by: Claude Code (claude-opus-4-6)\n"


def test_the_policy_asks_for_it_and_one_clone_may_decline(repo: Repo, script: Script) -> None:
    with_policy(repo, "Co-authored-by-AI")
    assert prepared(script, repo, "x\n", env=AGENT) == "x\n\nCo-authored-by-AI: Claude Code\n"
    repo.git("config", "vibeguard.stamp", "false")
    assert prepared(script, repo, "x\n", env=AGENT) == "x\n"


def test_a_spelling_that_is_a_persons_word_is_refused_and_the_message_left_alone(repo: Repo, script: Script) -> None:
    repo.commit("start", {"a": "1"})
    repo.git("config", "vibeguard.stamp", "Signed-off-by")
    assert prepared(script, repo, "x\n", env=AGENT) == "x\n"
    repo.write("message", "x\n")
    ran = script("vibeguard", "stamp", "message", "--tool", "claude", "--with", "Signed-off-by", cwd=repo.path)
    assert ran.code == 2
    assert "never written for an agent" in ran.err


def test_a_real_commit_is_stamped_even_without_verification(repo: Repo) -> None:
    repo.commit("start", {"a": "1"})
    repo.git("config", "vibeguard.stamp", "true")
    hook = repo.path / ".git" / "hooks" / "prepare-commit-msg"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f'#!/bin/sh\nexec "{HOOK}" prepare-commit-msg "$@"\n')
    hook.chmod(0o755)
    repo.accept_changes()
    repo.stage({"a": "2"})
    done = subprocess.run(
        ["git", "commit", "-q", "--no-verify", "-m", "Add a cache"],
        cwd=repo.path, env={**os.environ, **AGENT}, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    repo.accept_changes()
    assert repo.git("log", "-1", "--format=%(trailers)") == "Assisted-by: Claude Code"


def test_by_hand_a_file_or_stdin_is_stamped_and_the_line_is_shown(repo: Repo, script: Script) -> None:
    repo.commit("start", {"a": "1"})
    repo.write("message", "Add a cache\n\nA: 1\n")
    ran = script("vibeguard", "stamp", "message", "--tool", "Cursor", "--model", "gpt-5", cwd=repo.path)
    assert (ran.code, ran.out) == (0, "Assisted-by: Cursor:gpt-5\n")
    repo.accept_changes()
    assert (repo.path / "message").read_text() == "Add a cache\n\nA: 1\nAssisted-by: Cursor:gpt-5\n"
    ran = script("vibeguard", "stamp", "message", "--tool", "Cursor", "--model", "gpt-5", cwd=repo.path)
    assert (ran.code, ran.out) == (0, "")
    assert "says so already" in ran.err
    ran = script("vibeguard", "stamp", "-", "--with", "Generated-by", cwd=repo.path, stdin=b"x\n", env=AGENT)
    assert ran.out == "x\n\nGenerated-by: Claude Code\n"
    ran = script("vibeguard", "stamp", "message", cwd=repo.path)
    assert ran.code == 0
    assert "shows no agent" in ran.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(("message", "--tool", "nobody"), "no such tool"), (("nowhere", "--tool", "cursor"), "no such message file")],
)
def test_what_cannot_be_stamped_is_an_error(repo: Repo, script: Script, arguments: tuple[str, ...], words: str) -> None:
    repo.commit("start", {"a": "1"})
    repo.write("message", "x\n")
    ran = script("vibeguard", "stamp", *arguments, cwd=repo.path)
    assert ran.code == 2
    assert words in ran.err
