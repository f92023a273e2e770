"""The one place that starts git: with its own flags, environment, time limit and process group.

Every flag answers a trap that was reproduced: configuration, attributes, replace refs, grafts, hooks, pagers,
fsmonitor and lazy fetches can otherwise change what is read or run programs of the repository that is judged.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, NamedTuple

from vibeguard.errors import GIT, REPO, VibeguardError

DEFAULT_TIMEOUT = 120.0  # seconds for one git process

# Options before the subcommand. `diff.*`, `color.*` and `core.quotePath` also settle what older gits do with plumbing.
_PREFIX = (
    "--no-pager",
    "--no-replace-objects",
    "--literal-pathspecs",
    "--no-optional-locks",
    *(
        part
        for setting in (
            "core.fsmonitor=false",
            "core.hooksPath=/dev/null",
            "safe.bareRepository=explicit",
            "core.attributesFile=/dev/null",
            # Without these two a file with equal size and time is read from the work tree instead of the index.
            "core.checkStat=default",
            "core.trustctime=true",
            "core.quotePath=true",
            "core.pager=cat",
            "core.commitGraph=false",
            "diff.suppressBlankEmpty=false",
            "diff.renames=false",
            "color.ui=false",
            "submodule.recurse=false",
            "log.showSignature=false",
            "protocol.allow=never",
            "core.sshCommand=/bin/false",
        )
        for part in ("-c", setting)
    ),
)

# Variables of git's that say which repository, index and objects are meant. GIT_CONFIG_* may carry safe.directory;
# the flags above override whatever else they say.
_KEPT = frozenset(
    f"GIT_{name}"
    for name in (
        "DIR",
        "WORK_TREE",
        "INDEX_FILE",
        "COMMON_DIR",
        "OBJECT_DIRECTORY",
        "ALTERNATE_OBJECT_DIRECTORIES",
        "QUARANTINE_PATH",
        "PREFIX",
        "EXEC_PATH",
        "CEILING_DIRECTORIES",
        "CONFIG_NOSYSTEM",
        "CONFIG_GLOBAL",
        "CONFIG_SYSTEM",
        "CONFIG_COUNT",
        "CONFIG_PARAMETERS",
    )
)
_FIXED = {
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": "/dev/null",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_PROTOCOL_FROM_USER": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_PAGER": "cat",
    "GIT_ASKPASS": "/bin/false",
    "LC_ALL": "C",
}


class Completed(NamedTuple):
    """A finished git process. `notices` are lines it wrote to stderr although it succeeded."""

    stdout: bytes
    status: int
    notices: tuple[str, ...]


def git_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment git gets: the user's, without what could change a reading or start a program."""
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith("GIT_") or name in _KEPT or name.startswith(("GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_"))
    }
    kept.update(_FIXED)
    return kept


def find_git(path: str | None = None) -> str:
    """The absolute path of git. Empty and relative entries of PATH are passed over: they would run `./git`.

    Raises:
        VibeguardError: GIT, when there is none.
    """
    name = "git.exe" if os.name == "nt" else "git"
    for folder in (os.environ.get("PATH", "") if path is None else path).split(os.pathsep):
        if os.path.isabs(folder):
            candidate = os.path.join(folder, name)
            if os.access(candidate, os.X_OK) and not os.path.isdir(candidate):
                return candidate
    raise VibeguardError(GIT, "git not found on PATH", hint="install git, or add its folder to PATH")


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


class Git:
    """Runs git in one folder. It holds no other state, and never writes to the repository."""

    def __init__(self, folder: str, *, timeout: float = DEFAULT_TIMEOUT, git_dir: str | None = None) -> None:
        self.program = find_git()
        self.folder = folder
        self.timeout = timeout
        self._git_dir = git_dir
        self._environment = git_environment(os.environ)

    def command(self, arguments: Sequence[str]) -> list[str]:
        """The full command line of `git ARGUMENTS…`."""
        where = [f"--git-dir={self._git_dir}"] if self._git_dir is not None else []
        return [self.program, *_PREFIX, *where, *arguments]

    def at(self, folder: str) -> Git:
        """The same repository from another folder: relative GIT_* paths keep their meaning."""
        moved = Git(folder, timeout=self.timeout, git_dir=self._git_dir)
        for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY"):
            if value := self._environment.get(name):
                moved._environment[name] = os.path.join(self.folder, value)
        return moved

    def with_git_dir(self, git_dir: str) -> Git:
        """The same, told outright which repository it is: needed for bare ones, which are otherwise refused."""
        return Git(self.folder, timeout=self.timeout, git_dir=git_dir)

    def run(
        self,
        *arguments: str,
        stdin: bytes | None = None,
        ok: Sequence[int] = (0,),
        timeout: float | None = None,
    ) -> Completed:
        """Run git to its end and return what it printed.

        Args:
            arguments: subcommand and its arguments. Never a user's text where an option could stand.
            stdin: what it reads; nothing by default.
            ok: exit statuses that are answers; every other one is an error.
            timeout: seconds, instead of the runner's own.

        Raises:
            VibeguardError: GIT when it fails, is killed or takes too long; REPO when the folder is no repository.
        """
        limit = self.timeout if timeout is None else timeout
        with self._started(arguments, stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE) as process:
            try:
                stdout, stderr = process.communicate(stdin, timeout=limit)
            except subprocess.TimeoutExpired:
                raise _timed_out(arguments, limit) from None
        if process.returncode not in ok:
            raise failure(arguments, process.returncode, stderr, self.folder)
        return Completed(stdout, process.returncode, tuple(_text(line) for line in stderr.splitlines() if line.strip()))

    @contextmanager
    def started(
        self, *arguments: str, stdin: IO[bytes] | int = subprocess.DEVNULL
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Start git and hand out the process, for streams and for `cat-file --batch`; it is ended with the block.

        stdin is empty unless a file or `subprocess.PIPE` is given. The caller checks the exit status (see
        :func:`failure`).
        """
        with self._started(arguments, stdin=stdin) as process:
            yield process

    @contextmanager
    def _started(self, arguments: Sequence[str], stdin: int | IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
        try:
            process = subprocess.Popen(
                self.command(arguments),
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=self.folder,
                env=self._environment,
                process_group=0 if os.name == "posix" else None,
            )
        except FileNotFoundError:
            if not os.path.isdir(self.folder):
                raise VibeguardError(REPO, "current directory vanished", hint="change to an existing folder") from None
            raise VibeguardError(GIT, "git not found on PATH", hint="install git") from None
        except OSError as error:
            raise VibeguardError(GIT, f"git could not be started: {error.strerror}", where=self.program) from None
        try:
            yield process
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Leave no child behind, whatever happened: the whole group is killed if it still runs."""
    if process.poll() is None:
        try:
            if os.name == "posix":
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
        except ProcessLookupError:
            pass
        process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None and not stream.closed:
            try:
                stream.close()
            except BrokenPipeError:
                pass


def _timed_out(arguments: Sequence[str], limit: float) -> VibeguardError:
    return VibeguardError(
        GIT,
        f"git timed out after {limit:g} s: {arguments[0]}",
        hint="run the same git command by hand to see what it waits for",
    )


def failure(arguments: Sequence[str], status: int, stderr: bytes, folder: str) -> VibeguardError:
    """The error for a git process that did not succeed, with its own last words."""
    lines = [_text(line).strip() for line in stderr.splitlines() if line.strip()]
    last = next((line for line in lines if line.startswith(("fatal:", "error:"))), lines[-1] if lines else "")
    words = last.removeprefix("fatal: ").removeprefix("error: ")
    if "not a git repository" in words:
        if os.environ.get("GIT_DIR"):
            return VibeguardError(REPO, words, hint="GIT_DIR is set; unset it, or let it name a repository")
        return VibeguardError(REPO, f"not a git repository: {folder}", hint="run vibeguard inside a repository")
    if "dubious ownership" in words:
        return VibeguardError(
            REPO,
            f"git refuses: {words}",
            hint="the folder belongs to another user; see safe.directory in `git help config`",
        )
    if status < 0:
        return VibeguardError(
            GIT, f"git {arguments[0]} was killed by signal {-status}" + (f": {words}" if words else "")
        )
    return VibeguardError(GIT, f"git {arguments[0]} failed ({status})" + (f": {words}" if words else ""))
