"""`vibeguard graph` and `check` under odd conditions: paths, terminals and pipes, a cache that nobody may write."""

from __future__ import annotations

import json
import os
import pty
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Ran, Repo

Script = Callable[..., Ran]
NOT_UTF8 = b"caf\xe9/na\xefve.py"
ODD = os.fsdecode(NOT_UTF8)
SHOWN = r"caf\xe9/na\xefve.py"


# -- paths that are not UTF-8


@pytest.fixture
def odd(repo: Repo) -> Repo:
    """One file whose path is not UTF-8 between two whose paths are."""
    repo.write(NOT_UTF8, "import hub\n").write(b"caf\xe9/user.py", "import na\udcefve\n").write("hub.py", "A = 1\n")
    repo.commit("first")
    repo.stage({"hub.py": "A = 2\n"})
    return repo


def test_paths_that_are_not_utf8_are_shown_escaped(odd: Repo, script: Script) -> None:
    for arguments, code in (
        (("graph", "dependents", "hub.py"), 0),
        (("graph", "dependents", ODD), 0),
        (("graph", "why", ODD, "hub.py"), 0),
        (("graph", "why", "hub.py", ODD), 1),
        (("graph", "edges"), 0),
        (("graph", "edges", os.fsdecode(b"caf\xe9")), 0),
        (("graph", "stats"), 0),
    ):
        ran = script("vibeguard", *arguments, cwd=odd.path)
        assert ran.code == code, (arguments, ran)
        if arguments[1] != "stats":
            assert SHOWN in ran.out + ran.err, (arguments, ran)
        assert "\udce9" not in ran.out + ran.err
    ran = script("vibeguard", "check", "--explain", cwd=odd.path)
    assert (ran.code, "1 dependent" in ran.out) == (0, True)


def test_paths_that_are_not_utf8_keep_every_byte_in_json(odd: Repo, script: Script) -> None:
    def asked(*arguments: str) -> dict[str, object]:
        ran = script("vibeguard", *arguments, "--format", "json", cwd=odd.path)
        assert ran.out.isascii()
        found: dict[str, object] = json.loads(ran.out)
        return found

    dependents = asked("graph", "dependents", "hub.py")["dependents"]
    assert [item["path"] for item in dependents] == [ODD]  # type: ignore[attr-defined]
    assert asked("graph", "dependents", ODD)["changed"] == [ODD]
    assert {"from": ODD, "to": "hub.py", "kind": "import", "names": [], "line": 1} in asked("graph", "edges")["edges"]  # type: ignore[operator]
    assert asked("graph", "stats")["files"] == 3
    assert [step["from"] for step in asked("graph", "why", ODD, "hub.py")["path"]] == [ODD]  # type: ignore[attr-defined]
    assert asked("check")["verdict"] == "pass"


# -- progress


SLOW_GIT = '#!/bin/sh\ncase "$*" in *cat-file*) sleep 0.8;; esac\nexec {git} "$@"\n'


@pytest.fixture
def slow_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Contents come after the 500 ms from which on a wait is noticed."""
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text(SLOW_GIT.format(git=shutil.which("git")))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")


def on_a_terminal(*arguments: str, cwd: Path) -> str:
    """What a terminal on stderr shows of a command."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [os.path.join(os.path.dirname(sys.executable), "vibeguard"), *arguments],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    ):
        os.close(theirs)
        shown = b""
        try:
            while found := os.read(ours, 4096):
                shown += found
        except OSError:
            pass  # what a terminal says at its end
    os.close(ours)
    return shown.decode()


@pytest.mark.usefixtures("slow_git")
@pytest.mark.parametrize("command", [("graph", "stats"), ("check",)])
def test_a_long_wait_shows_progress_on_a_terminal_and_wipes_it(repo: Repo, command: tuple[str, ...]) -> None:
    repo.commit("first", {"a.py": "import b\n", "b.py": "B = 1\n"})
    repo.stage({"b.py": "B = 2\n"})
    shown = on_a_terminal(*command, cwd=repo.path)
    assert "\r2 of 2 files read for imports\r\x1b[K" in shown
    assert "files read for imports" not in shown.rpartition("\x1b[K")[2]


@pytest.mark.usefixtures("slow_git")
@pytest.mark.parametrize("command", [("graph", "stats"), ("check",)])
def test_pipes_are_shown_no_progress(repo: Repo, script: Script, command: tuple[str, ...]) -> None:
    repo.commit("first", {"a.py": "import b\n", "b.py": "B = 1\n"})
    repo.stage({"b.py": "B = 2\n"})
    ran = script("vibeguard", *command, cwd=repo.path)
    assert "files read" not in ran.out + ran.err


# -- a cache that nobody may write


# Root may write everywhere, unless the right to do so is taken from a program before it starts.
WITHOUT_ROOTS_RIGHTS = ["setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner"] if os.geteuid() == 0 else []


@pytest.fixture
def unprivileged() -> Script:
    """Runs a console script that may write only where the permissions of a folder say so."""
    if WITHOUT_ROOTS_RIGHTS and subprocess.run([*WITHOUT_ROOTS_RIGHTS, "true"], check=False).returncode != 0:
        pytest.skip("root's rights cannot be taken away here")

    def run(program: str, *arguments: str, cwd: Path) -> Ran:
        path = os.path.join(os.path.dirname(sys.executable), program)
        done = subprocess.run(
            [*WITHOUT_ROOTS_RIGHTS, path, *arguments],
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert "Traceback" not in done.stderr
        return Ran(done.returncode, done.stdout, done.stderr)

    return run


@pytest.mark.parametrize("closed", [".git", ".git/vibeguard", ".git/vibeguard/v1"])
def test_a_cache_that_cannot_be_written_costs_time_and_nothing_else(
    repo: Repo, unprivileged: Script, closed: str
) -> None:
    repo.commit("first", {"hub.py": "A = 1\n", "a.py": "import hub\n", "b.py": "import a\n"})
    repo.stage({"hub.py": "A = 2\n"})
    folder = repo.path / closed
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o555)
    for _ in range(2):
        ran = unprivileged("vibeguard", "graph", "stats", cwd=repo.path)
        assert (ran.code, "the cache could not be written: Permission denied" in ran.err) == (0, True), ran
        ran = unprivileged("vibeguard", "graph", "dependents", cwd=repo.path)
        assert (ran.code, ran.out.splitlines()[0]) == (
            0,
            "1 changed file: 1 depend directly, 2 within two hops, 2 in all",
        ), ran
        ran = unprivileged("vibeguard-hook", "pre-commit", cwd=repo.path)
        assert (ran.code, "2 dependents" in ran.err) == (0, True), ran
    assert list(folder.glob("**/graph-*")) == []
    folder.chmod(0o755)
