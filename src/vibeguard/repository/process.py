"""One running child process: read with a time limit, its stderr drained and bounded, its whole group ended."""

from __future__ import annotations

import io
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from types import FrameType, TracebackType
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BLOCK = 1 << 16  # bytes: what a pipe holds on Linux
_BUFFER = 1 << 18  # bytes that are read at once
_WIDE = 1 << 20  # bytes: what any user may ask for on Linux
_ENDING = (signal.SIGINT, signal.SIGTERM)
KEPT_STDERR = 1 << 14  # bytes of stderr, its end: git's last words are what matters


class TimedOut(Exception):  # noqa: N818 - the sentence it stands for
    """The process neither wrote nor ended within the time that it was given."""


class _Held:
    """Puts off SIGINT and SIGTERM while a child is started: otherwise nobody would know of it and end it."""

    def __init__(self) -> None:
        self._arrived: list[int] = []
        self._before: list[tuple[int, Any]] = []

    def __enter__(self) -> _Held:
        try:
            self._before = [(number, signal.signal(number, self._arrive)) for number in _ENDING]
        except ValueError:
            pass  # only the main thread gets signals
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, before in self._before:
            # A handler that was not set from Python cannot be set back; nothing in this process sets such a one.
            signal.signal(number, before if before is not None else signal.SIG_DFL)
        if kind is not None:
            self.deliver()

    def _arrive(self, number: int, _frame: FrameType | None) -> None:
        self._arrived.append(number)

    def deliver(self) -> None:
        """Let what arrived meanwhile have its effect."""
        for number in self._arrived:
            signal.raise_signal(number)


class _Stdout(io.RawIOBase):
    """What a child writes, read when there is something: a buffer above it cuts lines and sizes in C."""

    def __init__(self, descriptor: int, wait: Callable[[], None]) -> None:
        super().__init__()
        self._file = io.FileIO(descriptor, closefd=False)
        self._wait = wait

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int | None:
        self._wait()
        return self._file.readinto(buffer)


def _widen(pipe: int) -> None:
    """Let a pipe hold more where the system can: who writes and who reads then stop for each other less often."""
    try:
        import fcntl  # noqa: PLC0415 - streams alone need it

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _WIDE)
    except (ImportError, AttributeError, OSError):
        pass


class Process:
    """A child with pipes, in a process group of its own. Use it in a `with` block: it is over when the block ends.

    While stdout is read, stderr is drained too, so that a child that writes much there cannot stand still.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        folder: str,
        environment: Mapping[str, str],
        stdin: IO[bytes] | int = subprocess.DEVNULL,
        silence: float,
    ) -> None:
        """Start it. `silence` is how many seconds it may take until its next output.

        Raises:
            OSError: when it cannot be started.
        """
        with _Held() as held:
            self._child = subprocess.Popen(
                command,
                bufsize=0,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=folder,
                env=environment,
                process_group=0 if os.name == "posix" else None,
            )
        assert self._child.stdout is not None and self._child.stderr is not None
        self._out = self._child.stdout.fileno()
        self._err = self._child.stderr.fileno()
        self._stderr = b""
        self._stdout = io.BufferedReader(_Stdout(self._out, self._wait), _BUFFER)
        self._unsent = memoryview(b"")
        self._silence = silence
        self._patience = silence  # of the present read
        self._ended = False
        # Windows has no poll for pipes: there a silent child is waited for.
        self._poll = select.poll() if hasattr(select, "poll") else None
        if self._poll is not None:
            self._poll.register(self._out, select.POLLIN)
            self._poll.register(self._err, select.POLLIN)
        try:
            held.deliver()
        except BaseException:
            self.end()
            raise

    def __enter__(self) -> Process:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    @property
    def stderr(self) -> bytes:
        """The end of what it wrote to stderr so far."""
        return self._stderr

    def write(self, content: bytes) -> None:
        """Send it something small, that it answers before it is sent more.

        Raises:
            BrokenPipeError: when it is gone.
        """
        assert self._child.stdin is not None
        rest = memoryview(content)
        while rest:
            rest = rest[self._child.stdin.write(rest) or 0 :]

    def write_all(self, content: bytes) -> None:
        """Give it all the input that it will get. It is sent while its output is read, so that neither side waits."""
        assert self._child.stdin is not None
        self._unsent = memoryview(content)
        _widen(self._out)
        if self._poll is None or not content:
            self._send(everything=True)
            return
        os.set_blocking(self._child.stdin.fileno(), False)
        self._poll.register(self._child.stdin.fileno(), select.POLLOUT)

    def _send(self, *, everything: bool = False) -> None:
        """Send what the pipe takes, and close it after the last byte. A child that is gone says why by its status."""
        stdin = self._child.stdin
        assert stdin is not None
        try:
            while self._unsent:
                try:
                    sent = os.write(stdin.fileno(), self._unsent[:BLOCK])
                except BlockingIOError:
                    return
                self._unsent = self._unsent[sent:]
                if not everything:
                    break
        except BrokenPipeError:
            self._unsent = memoryview(b"")
        if not self._unsent:
            if self._poll is not None and not everything:
                self._poll.unregister(stdin.fileno())
            stdin.close()

    def read(self, *, silence: float | None = None) -> bytes:
        """What it wrote next to stdout, as much as is there; nothing at the end.

        Raises:
            TimedOut: by every method that reads, when it wrote nothing for so many seconds.
        """
        self._patience = self._silence if silence is None else silence
        try:
            return self._stdout.read1(BLOCK)
        finally:
            self._patience = self._silence

    def _wait(self) -> None:
        """Until there is something on stdout, or its end. Meanwhile stdin is sent, and stderr is read.

        Raises:
            TimedOut: when it wrote nothing for too long.
        """
        if self._poll is None:
            return
        end = time.monotonic() + self._patience
        while True:
            ready = self._poll.poll(max(0.0, (end - time.monotonic()) * 1000))
            if not ready:
                raise TimedOut
            for descriptor, _ in ready:
                if descriptor == self._out:
                    return
                if descriptor != self._err:
                    self._send()
                elif block := os.read(descriptor, BLOCK):
                    self._stderr = (self._stderr + block)[-KEPT_STDERR:]
                else:
                    self._poll.unregister(self._err)

    def read_line(self, limit: int = BLOCK) -> bytes:
        """The next line with its newline; shorter when the output ends or the line is longer than the limit."""
        return self._stdout.readline(limit)

    def read_exactly(self, size: int) -> bytes:
        """So many bytes; fewer when the output ends."""
        return self._stdout.read(size)

    def skip(self, size: int) -> None:
        """Read so many bytes and forget them."""
        while size > 0 and (block := self._stdout.read1(min(size, BLOCK))):
            size -= len(block)

    def read_all(self) -> bytes:
        """Everything up to the end."""
        blocks = []
        while block := self.read():
            blocks.append(block)
        return b"".join(blocks)

    def status(self) -> int:
        """Wait for its end, when all of its output was read; its exit status, negative for a signal.

        Raises:
            TimedOut: when it does not end.
        """
        try:
            status = self._child.wait(self._silence)
        except subprocess.TimeoutExpired:
            raise TimedOut from None
        if not self._ended:
            self._drain()
        return status

    def end(self) -> None:
        """Leave no child behind, whatever happened: the whole group is killed if it still runs."""
        if self._child.poll() is None:
            try:
                if os.name == "posix":
                    os.killpg(self._child.pid, signal.SIGKILL)
                else:
                    self._child.kill()
            except ProcessLookupError:
                pass
            self._child.wait()
        if not self._ended:
            self._drain()
        self._ended = True
        for stream in (self._child.stdin, self._child.stdout, self._child.stderr):
            if stream is not None and not stream.closed:
                try:
                    stream.close()
                except BrokenPipeError:
                    pass

    def _drain(self) -> None:
        """What is left in the pipe of stderr; a grandchild that holds it open is not waited for."""
        here = None
        if self._poll is not None:
            here = select.poll()  # `select` itself refuses descriptors from 1024 on
            here.register(self._err, select.POLLIN)
        while here is None or here.poll(0):
            block = os.read(self._err, BLOCK)
            if not block:
                return
            self._stderr = (self._stderr + block)[-KEPT_STDERR:]
