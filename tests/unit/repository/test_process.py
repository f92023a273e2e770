from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import Repo
from vibeguard.errors import VibeguardError
from vibeguard.repository.command import Git
from vibeguard.repository.objects import Objects
from vibeguard.repository.process import KEPT_STDERR, Process, TimedOut


def python(code: str, tmp_path: Path, *, silence: float = 20, pipe: bool = False) -> Process:
    import subprocess  # noqa: PLC0415

    return Process(
        [sys.executable, "-c", code],
        folder=str(tmp_path),
        environment={},
        silence=silence,
        stdin=subprocess.PIPE if pipe else subprocess.DEVNULL,
    )


@pytest.fixture
def fake_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """Puts a program in git's place."""

    def fake(code: str) -> Git:
        folder = tmp_path / "fake"
        folder.mkdir()
        (folder / "git").write_text(f"#!{sys.executable}\n{code}\n", encoding="utf-8")
        (folder / "git").chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))
        return Git(str(tmp_path), timeout=2)

    return fake


def test_a_megabyte_in_both_directions_at_once_does_not_stand_still(tmp_path: Path) -> None:
    code = "import sys\nfor line in sys.stdin.buffer: sys.stdout.buffer.write(line * 3); sys.stdout.buffer.flush()"
    with python(code, tmp_path, pipe=True) as process:
        process.write_all(b"x" * 99 + b"\n" + b"y\n" * 500_000)
        assert len(process.read_all()) == 3 * (100 + 1_000_000)
        assert process.status() == 0


def test_a_child_that_writes_much_to_stderr_neither_stands_still_nor_fills_memory(tmp_path: Path) -> None:
    code = "import sys\nfor n in range(2000): sys.stderr.write('x' * 10000)\n"
    code += "sys.stderr.write('last words\\n')\nprint('out')"
    with python(code, tmp_path) as process:
        assert process.read_all() == b"out\n"
        assert process.status() == 0
        assert process.stderr.endswith(b"last words\n")
        assert len(process.stderr) <= KEPT_STDERR


def test_silence_ends_and_leaves_no_child(tmp_path: Path) -> None:
    code = "import os, sys, time\nprint(os.getpid(), flush=True)\nos.fork()\ntime.sleep(1000)"
    with python(code, tmp_path, silence=0.5) as process:
        pid = int(process.read_line())
        with pytest.raises(TimedOut):
            process.read()
    with pytest.raises(ProcessLookupError):
        # The child's group: its own child, too, is gone (or about to be, once it is reaped).
        for _ in range(100):
            os.killpg(pid, 0)
            time.sleep(0.05)


def test_a_child_that_closes_its_output_and_stays_is_not_waited_for_forever(tmp_path: Path) -> None:
    with python("import os, time\nos.close(1)\ntime.sleep(1000)", tmp_path, silence=0.5) as process:
        assert process.read_all() == b""
        with pytest.raises(TimedOut):
            process.status()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import time; time.sleep(1000)", "git timed out after 2 s: rev-parse"),
        ("import sys; sys.stderr.write('fatal: no\\n'); sys.exit(128)", r"git rev-parse failed \(128\): no"),
        ("import sys; sys.exit(129)", r"git rev-parse failed \(129\)"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "git rev-parse was killed by signal 11"),
    ],
)
def test_a_git_that_fails_hangs_or_dies_is_said(fake_git: object, code: str, words: str) -> None:
    assert callable(fake_git)
    with pytest.raises(VibeguardError, match=words) as caught:
        fake_git(code).run("rev-parse", "HEAD")
    assert caught.value.kind == "GIT"


@pytest.mark.parametrize(
    "code",
    [
        "print('garbage', flush=True); import time; time.sleep(1000)",
        "print('0' * 40 + ' blob 100\\nhalf', flush=True)",
        "print('x' * 100_000_000, flush=True)",
        "import time; time.sleep(1000)",
        "pass",
    ],
)
def test_a_cat_file_that_lies_half_answers_or_hangs_is_an_error(fake_git: object, code: str) -> None:
    assert callable(fake_git)
    with Objects(fake_git(code)) as objects, pytest.raises(VibeguardError) as caught:
        if objects.read("HEAD") is None:
            raise VibeguardError("GIT", "read as missing, which `garbage` may be")
    assert caught.value.kind == "GIT"


def test_the_time_limit_can_be_set_and_must_be_a_number(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIBEGUARD_GIT_TIMEOUT", "7.5")
    assert Git(str(repo.path)).timeout == 7.5
    for value in ("0", "-1", "x", "nan", "1e9"):
        monkeypatch.setenv("VIBEGUARD_GIT_TIMEOUT", value)
        with pytest.raises(VibeguardError, match="VIBEGUARD_GIT_TIMEOUT"):
            Git(str(repo.path))


def test_descriptors_beyond_those_that_select_takes_are_no_obstacle(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 1100:
        pytest.skip("no process may have so many")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 1100), hard))
    held: list[int] = []
    try:
        while not held or held[-1] < 1024:
            held.append(os.open(os.devnull, os.O_RDONLY))
        with python("import sys; print(1); print(2, file=sys.stderr)", tmp_path) as process:
            assert process.read_all() == b"1\n"
            assert process.status() == 0
            assert process.stderr == b"2\n"
    finally:
        for descriptor in held:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
