"""Both doors as a user meets them: what they load, what they say when something is wrong, and their exit codes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Ran, Repo

Script = Callable[..., Ran]
NOT_ON_THE_HOOKS_PATH = ("typer", "click", "rich", "git", "pydantic", "pathlib", "inspect", "dataclasses", "logging")


def test_the_hook_door_loads_neither_typer_nor_rich_nor_gitpython(repo: Repo) -> None:
    repo.commit("first", {"a.py": "import b\n", "b.py": "B = 1\n"})
    repo.stage({"b.py": "B = 2\n"})
    program = (
        "import sys; sys.argv = ['vibeguard-hook', 'pre-commit']\n"
        "from vibeguard.hooks import entry\n"
        "code = entry._work()\n"
        f"print(code, sorted(name for name in {NOT_ON_THE_HOOKS_PATH} if name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], cwd=repo.path, capture_output=True, text=True, check=False
    )
    assert done.stdout == "0 []\n", done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check", "--nope"], "No such option: --nope"),
        (["chekc"], "No such command 'chekc'"),
        (["check", "--format", "xml"], "no such format: xml"),
        (["check", "--at", "noon"], "no such stage: noon"),
        (["check", "--range", "main"], "not a range: main"),
        (["check", "--staged", "--base", "main"], "exclude each other"),
        (["check", "--base=--output=x.out"], "not a revision"),
        (["check", "--base", "nowhere"], "no such commit: nowhere"),
        (["check", "--message", "nowhere.txt"], "no such message file"),
        (["check", "--reviews", "nowhere.json"], "cannot read the reviews file"),
    ],
)
def test_a_wrong_call_is_one_clear_line_a_hint_and_exit_2(
    repo: Repo, script: Script, arguments: list[str], words: str
) -> None:
    repo.commit("first", {"a.py": "A = 1\n"})
    ran = script("vibeguard", *arguments, cwd=repo.path)
    assert ran.code == 2
    assert words in ran.err
    assert ran.out == ""
    assert not (repo.path / "x.out").exists()


def test_help_lists_every_command_and_the_exit_codes(script: Script, tmp_path: Path) -> None:
    ran = script("vibeguard", "--help", cwd=tmp_path)
    assert ran.code == 0
    assert "check" in ran.out
    assert "3 needs something" in " ".join(ran.out.split())


def test_outside_a_repository_is_said_and_exits_2(script: Script, tmp_path: Path) -> None:
    for command in (("vibeguard", "check"), ("vibeguard-hook", "pre-commit")):
        ran = script(*command, cwd=tmp_path)
        assert ran.code == 2
        assert "error[REPO]: not a git repository" in ran.err
        assert "hint:" in ran.err


def test_without_git_is_said_and_exits_2(repo: Repo, script: Script) -> None:
    ran = script("vibeguard", "check", cwd=repo.path, env={"PATH": "/nowhere"})
    assert ran.code == 2
    assert "git not found on PATH" in ran.err


def test_a_pipe_that_closes_early_keeps_the_verdict(repo: Repo) -> None:
    repo.commit("first", {"a.py": "A = 1\n"})
    repo.stage({"a.py": "A = 2\n"})
    vibeguard = os.path.join(os.path.dirname(sys.executable), "vibeguard")
    done = subprocess.run(
        ["bash", "-c", f"'{vibeguard}' check --explain | head -1; exit ${{PIPESTATUS[0]}}"],
        cwd=repo.path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert done.stderr == ""


@pytest.mark.parametrize("redirection", [">&-", "2>&-", ">/dev/full", "<&-"])
def test_closed_and_full_streams_bring_no_traceback(repo: Repo, redirection: str) -> None:
    repo.commit("first", {"a.py": "A = 1\n"})
    repo.stage({"a.py": "A = 2\n"})
    vibeguard = os.path.join(os.path.dirname(sys.executable), "vibeguard")
    done = subprocess.run(
        ["bash", "-c", f"'{vibeguard}' check {redirection}"], cwd=repo.path, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert done.returncode == (2 if "full" in redirection else 0)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_any_output_encoding_will_do(repo: Repo, script: Script, encoding: str) -> None:
    repo.commit("first", {"a.py": "A = 1\n"})
    repo.write(b"caf\xe9 \xe2\x80\xae.py", "x\n").stage()
    ran = script("vibeguard", "check", cwd=repo.path, env={"PYTHONIOENCODING": encoding, "LC_ALL": "C"})
    assert ran.code == 0, ran


def test_an_unforeseen_exception_is_exit_2_and_not_blocked(repo: Repo) -> None:
    repo.commit("first", {"a.py": "A = 1\n"})
    program = (
        "from vibeguard.hooks import door\n"
        "def fail() -> int: raise ZeroDivisionError('secret words of the change')\n"
        "door.leave(door.guarded(fail))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], cwd=repo.path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "error[INTERNAL]: a defect of vibeguard: ZeroDivisionError" in done.stderr
    assert "secret words" not in done.stderr
