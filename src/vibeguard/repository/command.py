"""The one place that starts git: with its own flags, environment, time limit and process group.

Every flag answers a trap that was reproduced: configuration, attributes, replace refs, grafts, hooks, pagers,
fsmonitor and lazy fetches can otherwise change what is read or run programs of the repository that is judged.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO

from vibeguard.errors import CONFIG, GIT, REPO, VibeguardError
from vibeguard.repository.process import Process, TimedOut
from vibeguard.tuples import NamedTuple

DEFAULT_TIMEOUT = 120.0  # seconds that git may be silent

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
        "DISCOVERY_ACROSS_FILESYSTEM",
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
    # Tracing can be switched on by the user's own configuration, which -c does not override.
    "GIT_TRACE2": "0",
    "GIT_TRACE2_EVENT": "0",
    "GIT_TRACE2_PERF": "0",
    "LC_ALL": "C",
}
# Paths that git reads relative to the folder it is started in. (GIT_INDEX_FILE is relative to the work tree's root.)
_RELATIVE_TO_FOLDER = ("GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_QUARANTINE_PATH")


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
    for folder in (os.environ.get("PATH", os.defpath) if path is None else path).split(os.pathsep):
        if os.path.isabs(folder):
            candidate = os.path.join(folder, name)
            if os.access(candidate, os.X_OK) and not os.path.isdir(candidate):
                return candidate
    raise VibeguardError(GIT, "git not found on PATH", hint="install git, or add its folder to PATH")


def _timeout_of(environ: Mapping[str, str]) -> float:
    """The time limit that the user set for slow machines and file systems, or the usual one.

    Raises:
        VibeguardError: CONFIG, when it is no positive number.
    """
    text = environ.get("VIBEGUARD_GIT_TIMEOUT")
    if not text:
        return DEFAULT_TIMEOUT
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 1e6:
        raise VibeguardError(CONFIG, "VIBEGUARD_GIT_TIMEOUT is no number of seconds", hint="such as 300")
    return seconds


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


class Git:
    """Runs git in one folder. It holds no other state, and never writes to the repository."""

    def __init__(self, folder: str, *, timeout: float | None = None, git_dir: str | None = None) -> None:
        """`timeout` is how many seconds git may be silent; `git_dir` tells it outright which repository it is."""
        self.program = find_git()
        self.folder = folder
        self.timeout = _timeout_of(os.environ) if timeout is None else timeout
        self._git_dir = git_dir
        self._environment = git_environment(os.environ)

    @property
    def index_file(self) -> str | None:
        """The index that GIT_INDEX_FILE names, as `commit -a` and `commit FILE` do; None for the usual one."""
        return self._environment.get("GIT_INDEX_FILE") or None

    def command(self, arguments: Sequence[str]) -> list[str]:
        """The full command line of `git ARGUMENTS…`."""
        where = [f"--git-dir={self._git_dir}"] if self._git_dir is not None else []
        return [self.program, *_PREFIX, *where, *arguments]

    def detached(self, git_dir: str, top: str | None) -> Git:
        """The same repository without its work tree, whose files then cannot change what is read.

        git takes the bytes of a staged file from the work tree where it believes that they are the same, and obeys an
        untracked `.gitattributes`. Started inside the git directory, and told of a work tree that is not there, it
        has only objects and the index; a staged object that is missing or damaged is then an error.

        Args:
            git_dir: the repository's (or the linked work tree's) directory, absolute.
            top: the work tree's root, to which a relative GIT_INDEX_FILE refers.
        """
        moved = Git(git_dir, timeout=self.timeout)
        environment = moved._environment
        here = os.path.abspath(self.folder)
        for name in _RELATIVE_TO_FOLDER:
            if value := environment.get(name):
                environment[name] = os.path.join(here, value)
        if value := environment.get("GIT_ALTERNATE_OBJECT_DIRECTORIES"):
            folders = (os.path.join(here, folder) if folder else "" for folder in value.split(os.pathsep))
            environment["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = value if '"' in value else os.pathsep.join(folders)
        if value := environment.get("GIT_INDEX_FILE"):
            environment["GIT_INDEX_FILE"] = os.path.join(top or here, value)
        environment["GIT_DIR"] = git_dir
        environment["GIT_WORK_TREE"] = os.path.join(git_dir, "no-work-tree")
        return moved

    def with_git_dir(self, git_dir: str) -> Git:
        """The same, told outright which repository it is: needed for bare ones, which are otherwise refused."""
        return Git(self.folder, timeout=self.timeout, git_dir=git_dir)

    def run(self, *arguments: str, stdin: bytes | None = None, ok: Sequence[int] = (0,)) -> Completed:
        """Run git to its end and return what it printed.

        Args:
            arguments: subcommand and its arguments. Never a user's text where an option could stand.
            stdin: what it reads, before it answers; nothing by default.
            ok: exit statuses that are answers; every other one is an error.

        Raises:
            VibeguardError: GIT when it fails, is killed or is silent too long; REPO when the folder is no repository.
        """
        with self.started(*arguments, stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE) as process:
            if stdin is not None:
                process.write_all(stdin)
            stdout = process.read_all()
            status = self.finish(process, arguments, ok)
        return Completed(stdout, status, notices(process.stderr))

    @contextmanager
    def started(self, *arguments: str, stdin: IO[bytes] | int = subprocess.DEVNULL) -> Iterator[Process]:
        """Start git and hand out the process, for streams and for `cat-file --batch`; it is ended with the block.

        stdin is empty unless a file or `subprocess.PIPE` is given. The caller calls :meth:`finish` at the end of the
        output.

        Raises:
            VibeguardError: GIT when it cannot be started or is silent too long; REPO when its folder vanished.
        """
        try:
            process = Process(
                self.command(arguments),
                folder=self.folder,
                environment=self._environment,
                stdin=stdin,
                silence=self.timeout,
            )
        except OSError as error:
            raise self._not_started(error) from None
        with process:
            try:
                yield process
            except TimedOut:
                raise VibeguardError(
                    GIT,
                    f"git timed out after {self.timeout:g} s: {arguments[0]}",
                    hint="run the same git command by hand to see what it waits for",
                ) from None

    def finish(self, process: Process, arguments: Sequence[str], ok: Sequence[int] = (0,)) -> int:
        """The exit status of a process whose output was read to its end.

        Raises:
            VibeguardError: when it is not among the expected ones.
        """
        status = process.status()
        if status not in ok:
            raise failure(arguments, status, process.stderr, self.folder)
        return status

    def _not_started(self, error: OSError) -> VibeguardError:
        if not os.path.isdir(self.folder):
            if os.path.lexists(self.folder):
                return VibeguardError(REPO, f"not a folder: {self.folder}")
            return VibeguardError(REPO, "current directory vanished", hint="change to an existing folder")
        words = error.strerror or str(error)
        return VibeguardError(GIT, f"git could not be started: {words}", where=self.program)


def notices(stderr: bytes) -> tuple[str, ...]:
    """The lines that git wrote to stderr although it succeeded."""
    return tuple(_text(line) for line in stderr.split(b"\n") if line.strip())


def failure(arguments: Sequence[str], status: int, stderr: bytes, folder: str) -> VibeguardError:
    """The error for a git process that did not succeed, with its own last words."""
    lines = [_text(line).strip() for line in stderr.split(b"\n") if line.strip()]
    last = next((line for line in lines if line.startswith(("fatal:", "error:"))), lines[-1] if lines else "")
    words = last.removeprefix("fatal: ").removeprefix("error: ")
    if "not a git repository" in words:
        if os.environ.get("GIT_DIR"):
            return VibeguardError(REPO, words, hint="GIT_DIR is set; unset it, or let it name a repository")
        if "(or any" in words:
            return VibeguardError(REPO, f"not a git repository: {folder}", hint="run vibeguard inside a repository")
        return VibeguardError(REPO, words, hint="the file .git names a folder that is no repository")
    if "gitfile" in words:
        return VibeguardError(REPO, words, hint="the file .git is damaged; see `git help worktree`, section repair")
    if "current working directory" in words or "getcwd" in words:
        return VibeguardError(REPO, "current directory vanished", hint="change to an existing folder")
    if "dubious ownership" in words:
        return VibeguardError(
            REPO,
            f"git refuses: {words}",
            hint="the folder belongs to another user; see safe.directory in `git help config`",
        )
    if "promisor" in words or "lazy fetch" in words:
        return VibeguardError(
            GIT,
            f"an object is missing and lazy fetch is off: {words}",
            hint="this is a partial clone; fetch what is missing first: git fetch --refetch --filter=",
        )
    if "unable to read" in words or "corrupt" in words:
        return VibeguardError(
            GIT, f"git {arguments[0]} failed ({status}): {words}", hint="git fsck names what is damaged"
        )
    if status < 0:
        return VibeguardError(
            GIT, f"git {arguments[0]} was killed by signal {-status}" + (f": {words}" if words else "")
        )
    return VibeguardError(GIT, f"git {arguments[0]} failed ({status})" + (f": {words}" if words else ""))
