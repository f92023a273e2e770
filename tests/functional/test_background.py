"""A hook that cannot wait for the import graph, and the process that then builds it where the policy allows it."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import Ran, Repo

ALLOWED = "version: 1\nextends: [builtin:starter]\ndependents: {build_in_background: true}\n"
FILES = {"hub.py": "A = 1\n", **{f"m{number}.py": "import hub\n" for number in range(3)}}
NOT_KNOWN, KNOWN = "dependents unknown", "3 dependents"
BEING_BUILT = "the import graph is being built in the background; a run after that knows the dependents"
DID_NOT_FINISH = "not built in the background: the last build in the background did not finish"
# The door itself, with a limit that nothing can keep.
HOOK = (
    "import sys; sys.argv = ['vibeguard-hook', 'pre-commit']\n"
    "from vibeguard.check import radius\n"
    "radius.HOOK_PATIENCE = 0.0\n"
    "from vibeguard.hooks.entry import main\n"
    "main()"
)
COMMAND = [sys.executable, "-I", "-c", HOOK]
# A git that takes its time for the process in the background, which gets none of this hook's own variables.
SLOW_GIT = (
    '#!/bin/sh\n[ -n "$OF_THE_HOOK" ] || {{ echo $PPID >> {told}.by; env > {told}; sleep 2; }}\nexec {git} "$@"\n'
)


def hook(repo: Repo, env: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(
        COMMAND,
        cwd=repo.path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, **(env or {})},
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def staged(repo: Repo, policy: str = ALLOWED) -> Path:
    """A repository with a staged change and no graph; returns the folder of its stores."""
    repo.commit("first", {".vibeguard.yaml": policy, **FILES})
    repo.stage({"hub.py": "A = 2\n"})
    return repo.path / ".git" / "vibeguard" / "v1"


def wait_for(what: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not what():
        assert time.monotonic() < end, "nothing came of it"
        time.sleep(0.02)


def graphs(stores: Path) -> list[Path]:
    return [path for path in stores.glob("graph-*") if path.suffix != ".tmp"]


def is_free(stores: Path) -> bool:
    with open(stores / "building", "rb+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextmanager
def held(stores: Path) -> Iterator[None]:
    stores.mkdir(parents=True)
    with open(stores / "building", "wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class Slow:
    """Environment of a hook whose process in the background is slow; `told` is what that process's git was told."""

    def __init__(self, folder: Path) -> None:
        self.told = folder / "told"
        program = folder / "bin" / "git"
        program.parent.mkdir()
        program.write_text(SLOW_GIT.format(told=self.told, git=shutil.which("git")))
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
        self.env = {"PATH": path, "OF_THE_HOOK": "1", "SECRET_TOKEN": "hush", "GIT_AUTHOR_NAME": "Ada"}


@pytest.fixture
def slow(tmp_path: Path) -> Slow:
    return Slow(tmp_path)


def test_the_next_hook_knows_what_this_one_had_no_time_for(repo: Repo) -> None:
    stores = staged(repo)
    first = hook(repo)
    assert (NOT_KNOWN in first, BEING_BUILT in first, "graph stats" in first) == (True, True, False)
    wait_for(lambda: graphs(stores) and is_free(stores))
    assert (stores / "building").read_bytes() == b""
    second = hook(repo)
    assert (KNOWN in second, BEING_BUILT in second) == (True, False)


@pytest.mark.parametrize("policy", [ALLOWED.replace("true", "false"), ALLOWED.replace("dependents", "#")])
def test_nothing_is_started_where_the_policy_does_not_allow_it(repo: Repo, policy: str) -> None:
    stores = staged(repo, policy)
    said = hook(repo)
    assert (NOT_KNOWN in said, "background" in said, "graph stats" in said) == (True, False, True)
    assert not (stores / "building").exists()


def test_a_policy_that_is_not_in_force_allows_nothing(repo: Repo) -> None:
    stores = staged(repo, ALLOWED.replace("true", "false"))
    repo.stage({".vibeguard.yaml": ALLOWED})
    assert "background" not in hook(repo)
    assert not (stores / "building").exists()


def test_people_who_ask_themselves_start_nothing(repo: Repo, script: Callable[..., Ran]) -> None:
    stores = staged(repo)
    assert KNOWN in script("vibeguard", "check", cwd=repo.path).out
    assert not (stores / "building").exists()


def test_while_one_is_built_no_second_one_is_started(repo: Repo) -> None:
    stores = staged(repo)
    with held(stores):
        assert BEING_BUILT in hook(repo)
        assert (stores / "building").read_bytes() == b""  # whoever starts one says so here first
    assert not graphs(stores)


def test_of_many_hooks_at_once_one_starts_the_build(repo: Repo, slow: Slow) -> None:
    stores = staged(repo)
    env = {**os.environ, **slow.env}
    hooks = [
        subprocess.Popen(COMMAND, cwd=repo.path, env=env, stderr=subprocess.PIPE, start_new_session=True)
        for _ in range(4)
    ]
    said = [process.communicate(timeout=120)[1].decode() for process in hooks]
    assert [BEING_BUILT in one or KNOWN in one for one in said] == [True] * 4
    wait_for(lambda: graphs(stores) and is_free(stores))
    assert len(set(slow.told.with_suffix(".by").read_text().split())) == 1


@pytest.mark.parametrize(
    ("variable", "value", "why"),
    [
        ("CI", "true", "what a CI job leaves running ends with the job"),
        (
            "GIT_QUARANTINE_PATH",
            "/nowhere",
            "GIT_QUARANTINE_PATH is set, so the objects may be gone when the hook ends",
        ),
    ],
)
def test_where_a_process_would_be_of_no_use_none_is_started(repo: Repo, variable: str, value: str, why: str) -> None:
    stores = staged(repo)
    said = hook(repo, {variable: value})
    assert (NOT_KNOWN in said, f"not built in the background: {why}" in said) == (True, True)
    assert not (stores / "building").exists()


def test_while_one_is_built_a_hook_does_not_wait_for_as_long(repo: Repo, slow: Slow) -> None:
    stores = staged(repo)
    patient = HOOK.replace("HOOK_PATIENCE = 0.0", "HOOK_PATIENCE = 600.0; radius.PATIENCE_MEANWHILE = 0.0")

    def patient_hook() -> str:
        done = subprocess.run(
            [*COMMAND[:-1], patient], cwd=repo.path, capture_output=True, text=True, check=True, timeout=120
        )
        return done.stderr

    hook(repo, slow.env)
    assert BEING_BUILT in patient_hook()
    wait_for(lambda: graphs(stores) and is_free(stores))
    assert KNOWN in patient_hook()


def test_what_hangs_or_spins_is_ended_by_the_system() -> None:
    bounded = "import os, signal, time\nfrom vibeguard.hooks import background\nbackground._bounded(1)\n"
    hanging = "time.sleep(60)"
    # What it forks has no alarm, but no more of the processor's time either.
    spinning = "signal.alarm(0)\nif os.fork() == 0:\n    while True: pass\nprint(os.wait()[1] & 127)"
    done = [
        subprocess.run([sys.executable, "-I", "-c", bounded + what], capture_output=True, check=False, timeout=50)
        for what in (hanging, spinning)
    ]
    assert done[0].returncode == -signal.SIGALRM
    assert int(done[1].stdout) in (signal.SIGXCPU, signal.SIGKILL)


def test_who_reads_the_hook_to_its_end_does_not_wait_for_the_build(repo: Repo, slow: Slow) -> None:
    stores = staged(repo)
    assert BEING_BUILT in hook(repo, slow.env)
    assert not is_free(stores)  # it works on, and nobody waited for it
    wait_for(lambda: graphs(stores) and is_free(stores))


def test_the_end_of_the_hooks_process_group_does_not_end_the_build(repo: Repo, slow: Slow) -> None:
    stores = staged(repo)
    process = subprocess.Popen(
        [
            *COMMAND[:-1],
            HOOK.replace("main()", "import os; os._exit = lambda code: __import__('time').sleep(60)\nmain()"),
        ],
        cwd=repo.path,
        env={**os.environ, **slow.env},
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    wait_for(slow.told.exists)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not is_free(stores)
    wait_for(lambda: graphs(stores) and is_free(stores))


def test_the_process_gets_nothing_of_the_hooks_environment_that_git_does_not_need(repo: Repo, slow: Slow) -> None:
    stores = staged(repo)
    hook(repo, {**slow.env, "GIT_INDEX_FILE": str(repo.path / ".git" / "index")})
    wait_for(lambda: graphs(stores) and is_free(stores))
    told = slow.told.read_text()
    assert f"GIT_DIR={repo.path / '.git'}\n" in told
    for name in ("SECRET_TOKEN", "OF_THE_HOOK", "GIT_AUTHOR_NAME", "GIT_INDEX_FILE"):
        assert f"{name}=" not in told


def test_a_build_that_was_killed_is_not_tried_again_before_an_hour_has_passed(repo: Repo, slow: Slow) -> None:
    stores = staged(repo)
    hook(repo, slow.env)
    wait_for(slow.told.exists)
    tree, process, begun = (stores / "building").read_text().split()
    assert tree == repo.git("rev-parse", "HEAD^{tree}")
    os.kill(int(process), signal.SIGKILL)
    wait_for(lambda: is_free(stores))
    said = hook(repo)
    assert (NOT_KNOWN in said, DID_NOT_FINISH in said, BEING_BUILT in said) == (True, True, False)
    (stores / "building").write_text(f"{tree} {process} {int(begun) - 3600}\n")
    assert BEING_BUILT in hook(repo)
    wait_for(lambda: graphs(stores) and is_free(stores))


def test_a_repository_that_is_removed_meanwhile_stays_removed(tmp_path: Path, slow: Slow) -> None:
    repo = Repo(tmp_path / "gone")
    stores = staged(repo)
    hook(repo, slow.env)
    wait_for(slow.told.exists)
    process = int((stores / "building").read_text().split()[1])
    shutil.rmtree(repo.path)
    wait_for(lambda: not is_running(process))
    assert not repo.path.exists()


def is_running(process: int) -> bool:
    """Zombies, which nobody in a container may wait for, are done."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_linked_work_tree_and_a_path_that_is_not_utf8_will_do(tmp_path: Path) -> None:
    repo = Repo(tmp_path / os.fsdecode(b"caf\xe9"))
    stores = staged(repo)
    linked = tmp_path / "linked"
    repo.git("worktree", "add", "-q", "--detach", os.fspath(linked))
    (linked / "hub.py").write_text("A = 3\n")
    subprocess.run(["git", "add", "-A"], cwd=linked, check=True)
    done = subprocess.run(COMMAND, cwd=linked, capture_output=True, text=True, check=False, timeout=120)
    assert BEING_BUILT in done.stderr
    shutil.rmtree(linked)
    wait_for(lambda: graphs(stores) and is_free(stores))


@pytest.mark.parametrize("what", ["link", "pipe", "folder", "junk"])
def test_what_stands_in_the_place_of_the_lock_is_never_followed_or_waited_for(
    repo: Repo, tmp_path: Path, what: str
) -> None:
    stores = staged(repo)
    stores.mkdir(parents=True)
    place = stores / "building"
    if what == "link":
        (tmp_path / "victim").write_text("mine")
        place.symlink_to(tmp_path / "victim")
    elif what == "pipe":
        os.mkfifo(place)
    elif what == "folder":
        place.mkdir()
    else:
        place.write_bytes(b"\xff\0 nan nan\n" * 1000)
    said = hook(repo)
    assert NOT_KNOWN in said
    if what == "junk":
        wait_for(lambda: graphs(stores) and is_free(stores))
        return
    assert "the import graph is not built in the background: " in said
    if what == "link":
        assert (tmp_path / "victim").read_text() == "mine"
