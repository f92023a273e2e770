"""Who changed some files before: one bounded `git log` pass over them, kept by commit under the git directory.

Nothing here is ever read on a hook's path unless a rule asks for it. What is kept is a function of the commit and the
paths alone; a file that is damaged, foreign or of another version is read as none.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import stat
import time
from collections.abc import Iterable, Iterator, Sequence

from vibeguard.errors import REPO, VibeguardError
from vibeguard.repository.locate import Location
from vibeguard.repository.objects import Objects
from vibeguard.repository.process import Process, TimedOut
from vibeguard.repository.refs import read_commit
from vibeguard.repository.tree import Tree
from vibeguard.tuples import NamedTuple

MOST_SUBJECTS = 200  # paths in one pass
MOST_COMMITS = 2_000
YEARS = 3  # before the commit that is asked about
SECONDS = 10.0  # of reading; what was read until then counts, and that it is not all is said

_VERSION = 1
_KEPT = 32  # histories under the git directory
_MOST_BYTES = 8 << 20  # of one of them
_DAY = 86_400


class Touch(NamedTuple):
    """One commit that changed some of the subjects. `subjects` are positions in the history's own list."""

    name: str
    email: str
    time: int  # committer time, seconds since the epoch
    subjects: tuple[int, ...]


class History(NamedTuple):
    """What the log told, newest first.

    `subjects` are files, or folders (with a slash at the end) that stand for files which are new.
    """

    commit: str
    until: int  # committer time of that commit, or now if that is earlier: ages are counted back from it
    subjects: tuple[str, ...]
    touches: tuple[Touch, ...]
    limits: tuple[str, ...] = ()  # in words: why it may not be all


def subjects_of(tree: Tree, paths: Iterable[str]) -> tuple[str, ...]:
    """What stands for each path in a tree: the file itself, or the nearest folder of a file that is not there yet.

    A new file at the root has no folder that says anything and is left out.
    """
    found: dict[str, None] = {}
    for path in paths:
        entry = tree.entry(path)
        if entry is not None and entry.mode != "40000":
            found[path] = None
            continue
        folder = path.rpartition("/")[0]
        while folder:
            entry = tree.entry(folder)
            if entry is not None and entry.mode == "40000":
                found[f"{folder}/"] = None
                break
            folder = folder.rpartition("/")[0]
    return tuple(sorted(found))


def read_history(
    location: Location,
    objects: Objects,
    commit: str,
    paths: Iterable[str],
    *,
    keep: bool = True,
    seconds: float = SECONDS,
) -> History:
    """The history of some paths up to a commit (a full id), from what is kept or from one `git log`.

    Raises:
        VibeguardError: REPO when there is no such commit; GIT when git fails.
    """
    found = read_commit(objects, commit)
    if found is None:
        raise VibeguardError(REPO, f"no such commit: {commit}")
    every = subjects_of(Tree(objects, found.tree), paths)
    subjects = every[:MOST_SUBJECTS]
    # A commit from the future would make all others old.
    until = min(found.time, int(time.time()))
    limits = [f"{MOST_SUBJECTS} of {len(every)} files were looked up"] if len(every) > MOST_SUBJECTS else []
    if location.shallow:
        limits.append("the history is shallow")
    if not subjects:
        return History(commit, until, (), (), tuple(limits))
    kept = _Kept(location.common_dir, commit, subjects) if keep and not location.shallow else None
    touches = kept.read() if kept is not None else None
    if touches is None:
        touches, cut = _log(location, commit, until, subjects, seconds)
        if cut:
            limits.append(cut)
        elif kept is not None:
            kept.write(touches)
    return History(commit, until, subjects, touches, tuple(limits))


def _log(
    location: Location, commit: str, until: int, subjects: Sequence[str], seconds: float
) -> tuple[tuple[Touch, ...], str]:
    """The touches, and why reading ended early ("" when it did not)."""
    # A path could look like a header: it cannot know this word.
    mark = secrets.token_hex(8).encode()
    arguments = (
        "log",
        "-z",
        "--no-renames",
        "--no-merges",
        "--no-mailmap",
        "--no-ext-diff",
        "--no-textconv",
        "--ignore-submodules=none",
        "--name-only",
        f"--max-count={MOST_COMMITS}",
        f"--since={until - YEARS * 365 * _DAY} +0000",
        f"--format={mark.decode()}%ct%x09%ae%x09%an",
        commit,
        "--",
        *subjects,
    )
    numbers = {subject: number for number, subject in enumerate(subjects)}
    deadline = time.monotonic() + seconds
    touches: list[Touch] = []
    with location.git.started(*arguments) as process:
        header: tuple[int, str, str] | None = None
        touched: dict[int, None] = {}
        try:
            for record in _records(process, deadline):
                if not record.startswith(mark):
                    touched.update(dict.fromkeys(_numbers(record.removeprefix(b"\n"), numbers)))
                    continue
                if header is not None:
                    touches.append(Touch(header[1], header[2], header[0], tuple(touched)))
                touched = {}
                when, email, name = record[len(mark) :].decode("utf-8", "replace").split("\t", 2)
                header = (int(when), name, email)
        except TimedOut:
            back = f", {(until - touches[-1].time) // _DAY} days back" if touches else ""
            return tuple(touches), f"reading the history stopped after {seconds:g} s{back}"
        if header is not None:
            touches.append(Touch(header[1], header[2], header[0], tuple(touched)))
        location.git.finish(process, arguments, (0,))
    return tuple(touches), ""


def _records(process: Process, deadline: float) -> Iterator[bytes]:
    rest = b""
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimedOut
        block = process.read(silence=left)
        if not block:
            break
        *whole, rest = (rest + block).split(b"\0")
        yield from whole
    if rest:
        yield rest


def _numbers(raw: bytes, numbers: dict[str, int]) -> Iterator[int]:
    """The subjects that a path is, or lies in."""
    path = raw.decode("utf-8", "surrogateescape")
    if path in numbers:
        yield numbers[path]
    folder = path.rpartition("/")[0]
    while folder:
        if f"{folder}/" in numbers:
            yield numbers[f"{folder}/"]
        folder = folder.rpartition("/")[0]


class _Kept:
    """One history in its file. Writing never fails, reading never believes what it cannot check."""

    def __init__(self, common_dir: str, commit: str, subjects: Sequence[str]) -> None:
        self._base = os.path.join(common_dir, "vibeguard")
        self._folder = os.path.join(self._base, "v1")
        text = json.dumps([_VERSION, MOST_COMMITS, YEARS, commit, subjects])
        self._key = hashlib.sha256(text.encode()).hexdigest()
        self._path = os.path.join(self._folder, f"history-{self._key[:32]}")

    def read(self) -> tuple[Touch, ...] | None:
        if not self._is_ours(self._base) or not self._is_ours(self._folder):
            return None
        try:
            descriptor = os.open(self._path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
            with open(descriptor, "rb") as file:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    return None
                content = file.read(_MOST_BYTES + 1)
            head, _, body = content.partition(b"\n")
            if head != self._seal(body) or len(content) > _MOST_BYTES:
                return None
            return tuple(
                Touch(str(name), str(email), int(when), tuple(map(int, subjects)))
                for name, email, when, subjects in json.loads(body)
            )
        except (OSError, ValueError, TypeError, RecursionError):
            return None

    def write(self, touches: Sequence[Touch]) -> None:
        body = json.dumps(touches).encode()
        temporary = f"{self._path}.{os.getpid()}-{time.monotonic_ns()}.tmp"
        try:
            for folder in (self._base, self._folder):
                if not os.path.lexists(folder):
                    os.mkdir(folder, 0o755)
                if not self._is_ours(folder):
                    return
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
            try:
                with open(os.open(temporary, flags, 0o644), "wb") as file:
                    file.write(self._seal(body) + b"\n" + body)
                os.replace(temporary, self._path)
            except OSError:
                os.unlink(temporary)
                return
            self._sweep()
        except OSError:
            return

    def _seal(self, body: bytes) -> bytes:
        return hashlib.sha256(self._key.encode() + body).hexdigest().encode()

    def _sweep(self) -> None:
        with os.scandir(self._folder) as entries:
            mine = [
                (entry.stat(follow_symlinks=False).st_mtime, entry.path)
                for entry in entries
                if entry.name.startswith("history-")
            ]
        for _, path in sorted(mine, reverse=True)[_KEPT:]:
            os.unlink(path)

    @staticmethod
    def _is_ours(folder: str) -> bool:
        try:
            found = os.lstat(folder)
        except OSError:
            return False
        return stat.S_ISDIR(found.st_mode) and (os.name != "posix" or found.st_uid == os.geteuid())
