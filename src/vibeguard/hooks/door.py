"""What every door does around its work: catch what can go wrong, say it in one line, and choose the exit code.

Exit codes: 0 pass, warn or overridden; 1 blocked; 2 could not decide; 3 needs something; 130 interrupted;
143 terminated. Python's own code for an uncaught exception is 1, which would read as "blocked": nothing escapes.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

from vibeguard.errors import INTERNAL, IO, LIMIT, REPO, VibeguardError
from vibeguard.report.escape import visible

COULD_NOT_DECIDE = 2
INTERRUPTED = 130
TERMINATED = 143


class Terminated(BaseException):
    """SIGTERM arrived; raised so that children and temporary files are cleaned up on the way out."""


def say(line: str) -> None:
    """One line of talk on stderr; a closed stderr is not a reason to fail."""
    try:
        if sys.stderr is not None:
            sys.stderr.write(line + "\n")
    except (OSError, ValueError):
        pass


def say_error(error: VibeguardError) -> None:
    """The error in one line, its details, and what to do next."""
    place = f"{visible(error.where)}: " if error.where else ""
    say(f"{place}error[{error.kind}]: {visible(error.message)}")
    for detail in error.details:
        say("\n".join(visible(line) for line in detail.split("\n")))
    if error.hint:
        say(f"  hint: {visible(error.hint)}")


def guarded(work: Callable[[], int]) -> int:
    """Do the work and return the process's exit code, whatever happens."""
    _prepare_streams()
    code = COULD_NOT_DECIDE
    try:
        if os.name == "posix":
            signal.signal(signal.SIGTERM, _terminate)
        code = work()
        if sys.stdout is not None:
            sys.stdout.flush()
    except VibeguardError as error:
        say_error(error)
        return COULD_NOT_DECIDE
    except KeyboardInterrupt:
        say("interrupted")
        return INTERRUPTED
    except Terminated:
        return TERMINATED
    except BrokenPipeError:
        # The reader went away (`| head -1`): the verdict stands if it was known.
        _mute_stdout()
        return code
    except MemoryError:
        say_error(VibeguardError(LIMIT, "out of memory", hint="give the process more memory, or judge a smaller range"))
        return COULD_NOT_DECIDE
    except OSError as error:
        _mute_stdout()
        say_error(_of_the_system(error))
        return COULD_NOT_DECIDE
    except Exception as error:  # noqa: BLE001 - the last line of defence: undecided must never look like a verdict
        return _defect(error)
    return code


def _of_the_system(error: OSError) -> VibeguardError:
    # Only the current directory, asked for when it is gone, has no name.
    if isinstance(error, FileNotFoundError) and error.filename is None:
        return VibeguardError(REPO, "current directory vanished", hint="change to an existing folder")
    return VibeguardError(IO, error.strerror or type(error).__name__, where=str(error.filename or ""))


def _defect(error: Exception) -> int:
    if os.environ.get("VIBEGUARD_DEBUG"):
        import traceback  # noqa: PLC0415 - only ever needed here

        traceback.print_exception(error)
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    where = f"{os.path.basename(frame.tb_frame.f_code.co_filename)}:{frame.tb_lineno}" if frame is not None else ""
    say_error(
        VibeguardError(
            INTERNAL,
            f"a defect of vibeguard: {type(error).__name__} at {where}",
            hint="please report it; VIBEGUARD_DEBUG=1 prints the traceback",
        )
    )
    return COULD_NOT_DECIDE


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise Terminated


def _prepare_streams() -> None:
    """An ASCII or legacy terminal gets escapes instead of an exception."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _mute_stdout() -> None:
    """Keep Python from complaining about unwritten output while it shuts down."""
    try:
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, sys.stdout.fileno())
        os.close(devnull)
    except (OSError, ValueError, AttributeError):
        pass


def leave(code: int) -> None:
    """End the process with this exit code, without Python's own tear-down: it costs as much as a git call."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            pass
    os._exit(code)
