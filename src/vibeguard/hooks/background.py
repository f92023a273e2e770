"""A graph that a hook could not wait for, built by a process that outlives it; only where the policy allows it.

The process is `python -I -m vibeguard.hooks.background COMMON_DIR TREE FILE`: this interpreter, none of the
repository's code, in a session of its own, so that neither Ctrl-C nor the end of the hook's process group ends it,
and with none of the hook's streams, so that nobody who reads them to their end waits for it.
"""

from __future__ import annotations

import os
import sys
import time

# What git needs to run. It is told outright which repository is meant; a hook's GIT_* speak of the commit being made.
_PASSED_ON = ("PATH", "HOME", "XDG_CONFIG_HOME", "TMPDIR", "LD_LIBRARY_PATH", "VIBEGUARD_GIT_TIMEOUT")
_OBJECTS_ELSEWHERE = ("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH")
_POLITE = 10  # how nice the process is: whoever works in the foreground comes first
_GRACE = 60  # seconds beyond the build's own limit, after which the system ends what hangs


def start(common_dir: str, tree: str) -> str:
    """Have the graph of a tree built and kept; "" when a process is at it, else why none is."""
    if os.name != "posix":
        return "this system has no processes that outlive a hook's"
    if os.environ.get("CI", "false").lower() not in ("", "0", "false"):
        return "what a CI job leaves running ends with the job"
    elsewhere = next((name for name in _OBJECTS_ELSEWHERE if os.environ.get(name)), None)
    if elsewhere is not None:
        return f"{elsewhere} is set, so the objects may be gone when the hook ends"
    import subprocess  # noqa: PLC0415 - a graph that is not ready is the exception

    from vibeguard.dependents.finishing import take_turn  # noqa: PLC0415 - see above

    turn = take_turn(common_dir, tree, time.time())
    if turn.state != "free":
        return turn.why
    try:
        subprocess.Popen(
            [sys.executable, "-I", "-m", "vibeguard.hooks.background", common_dir, tree, str(turn.file)],
            cwd="/",
            env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(turn.file,),  # the lock goes over to it: no moment in which nobody holds it
            start_new_session=True,
        )
    except OSError as error:
        return f"no process could be started: {error.strerror or error}"
    finally:
        os.close(turn.file)
    return ""


def _bounded(seconds: int) -> None:
    """Let the system end this process, and those it forks, if ever they hang or spin."""
    import resource  # noqa: PLC0415 - not on every system
    import signal  # noqa: PLC0415 - hooks that start us do not run this

    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(seconds)
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    except (OSError, ValueError):
        pass  # a stricter limit is in force already


def main() -> None:
    """Build one graph. There is nobody to talk to: what did not work out is told by the next hook."""
    from vibeguard.dependents.finishing import TIME_LIMIT, finish  # noqa: PLC0415 - hooks that start us need not load it

    common_dir, tree, file = sys.argv[1], sys.argv[2], int(sys.argv[3])
    _bounded(int(TIME_LIMIT) + _GRACE)
    os.nice(_POLITE)
    os.set_inheritable(file, False)  # noqa: FBT003 - git gets no part in the lock
    sys.exit(0 if finish(common_dir, tree, file, time.time()) else 1)


if __name__ == "__main__":
    main()
