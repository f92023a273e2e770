"""Files below `<git-common-dir>/vibeguard/v1/`: named sections, each with its digest.

A reader takes the sections it needs and checks those alone. A writer makes a temporary file beside the target and
renames it, so that readers see the old file or the new one. Nothing is ever unpickled, and any fault (a torn file,
a flipped bit, another version, a folder that is not ours) reads as "there is none".
"""

from __future__ import annotations

import hashlib
import os
import stat
import time

from vibeguard import __version__
from vibeguard.dependents.languages import VERSION

FACTS = "facts"  # the store of facts by blob; every other name is a graph's, or another room's
_GRAPH = "graph-"
_MAGIC = b"vibeguard-store 1\n"
_DIGEST = 32
_MAX_HEADER = 1 << 16
_STALE_SECONDS = 3600  # a temporary file this old belongs to a process that died
_GRAPHS_KEPT = 4
_MAX_BYTES = 512 << 20  # of all files together; beyond it the oldest go
# Links are not followed, and a pipe that stands in a store's place is not waited for.
_FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


class DamagedError(Exception):
    """A store cannot be read. Callers rebuild; users never see it."""


class Sections:
    """An open store: `section(name)` reads one part and checks it.

    Raises:
        DamagedError: by every method, when the file is not what was written.
    """

    _file = -1

    def __init__(self, path: str, key: str) -> None:
        self.path = path
        self._file = -1
        try:
            self._file = os.open(path, os.O_RDONLY | _FLAGS)
        except OSError:
            raise DamagedError(path) from None
        try:
            status = os.fstat(self._file)
            if not stat.S_ISREG(status.st_mode) or not _is_mine(status):
                raise DamagedError(path)
            start = len(_MAGIC) + _DIGEST + 4
            head = self._read(0, start)
            if not head.startswith(_MAGIC):
                raise DamagedError(path)
            length = int.from_bytes(head[-4:], "little")
            if length > _MAX_HEADER:
                raise DamagedError(path)
            header = self._read(start, length)
            if hashlib.sha256(header).digest() != head[len(_MAGIC) : len(_MAGIC) + _DIGEST]:
                raise DamagedError(path)
            first, *lines = header.decode("ascii").split("\n")
            if first != f"{_software()} {key}":
                raise DamagedError(path)
            self._table: dict[str, tuple[int, int, str]] = {}
            position = start + length
            for line in lines:
                name, size, digest = line.split(" ")
                self._table[name] = (position, int(size), digest)
                position += int(size)
        except (DamagedError, ValueError, OSError):
            self.close()
            raise DamagedError(path) from None

    def _read(self, offset: int, length: int) -> bytes:
        try:
            found = os.pread(self._file, length, offset)
        except OSError:
            raise DamagedError(self.path) from None
        if len(found) != length:
            raise DamagedError(self.path)
        return found

    def section(self, name: str) -> bytes:
        """One section, whole."""
        if name not in self._table or self._file < 0:
            raise DamagedError(self.path)
        offset, length, digest = self._table[name]
        found = self._read(offset, length)
        if hashlib.sha256(found).hexdigest() != digest:
            raise DamagedError(self.path)
        return found

    def piece(self, name: str, start: int, end: int, digest: bytes) -> bytes:
        """These bytes of a section, checked against a digest of their own, which another section has."""
        if name not in self._table or self._file < 0:
            raise DamagedError(self.path)
        offset, length, _ = self._table[name]
        if not 0 <= start <= end <= length:
            raise DamagedError(self.path)
        found = self._read(offset + start, end - start)
        if digest_of(found) != digest:
            raise DamagedError(self.path)
        return found

    def close(self) -> None:
        """Give the file back; sections can no longer be read."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __del__(self) -> None:
        self.close()


def digest_of(content: bytes) -> bytes:
    """What a section, or a piece of one, is checked with: 32 bytes."""
    return hashlib.sha256(content).digest()


def _is_mine(status: os.stat_result) -> bool:
    return not hasattr(os, "geteuid") or status.st_uid == os.geteuid()


def _software() -> str:
    return f"{__version__} {VERSION}"


class Store:
    """The folder of the stores. `note` says why it cannot be used, "" while it can."""

    def __init__(self, common_dir: str) -> None:
        self.note = ""
        self._base = os.path.join(common_dir, "vibeguard")
        self.folder = os.path.join(self._base, "v1")

    def open(self, name: str, key: str) -> Sections | None:
        """The store of that name, if it is there, whole and of this key."""
        if not self._is_ours(self._base) or not self._is_ours(self.folder):
            return None
        try:
            return Sections(os.path.join(self.folder, name), key)
        except DamagedError:
            return None

    def graphs(self) -> list[str]:
        """Trees for which a graph is kept, newest first."""
        if not self._is_ours(self._base) or not self._is_ours(self.folder):
            return []
        found = [(status.st_mtime_ns, name) for status, name in self._files() if _is_graph(name)]
        return [name.removeprefix(_GRAPH) for _, name in sorted(found, reverse=True)]

    def _files(self) -> list[tuple[os.stat_result, str]]:
        """What is in the folder; what another process takes away meanwhile is left out."""
        found = []
        try:
            with os.scandir(self.folder) as entries:
                for entry in entries:
                    try:
                        found.append((entry.stat(follow_symlinks=False), entry.name))
                    except FileNotFoundError:
                        continue
        except OSError:
            return []
        return found

    def write(self, name: str, key: str, sections: dict[str, bytes]) -> bool:
        """Write a store whole, or leave what is there. Never an error: a store is a convenience."""
        if sum(map(len, sections.values())) > _MAX_BYTES:
            self.note = f"the cache would be larger than {_MAX_BYTES >> 20} MB: not kept"
            return False
        lines = [f"{_software()} {key}"]
        lines += [f"{part} {len(raw)} {hashlib.sha256(raw).hexdigest()}" for part, raw in sections.items()]
        header = "\n".join(lines).encode("ascii")
        temporary = os.path.join(self.folder, f"{name}.{os.getpid()}-{time.monotonic_ns()}.tmp")
        try:
            if not self._make_folder():
                return False
            with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS, 0o644), "wb") as file:
                file.write(_MAGIC + hashlib.sha256(header).digest() + len(header).to_bytes(4, "little") + header)
                for raw in sections.values():
                    file.write(raw)
            os.replace(temporary, os.path.join(self.folder, name))
        except OSError as error:
            self.note = f"the cache could not be written: {error.strerror or error}"
            try:
                os.unlink(temporary)
            except OSError:
                pass
            return False
        self._sweep()
        return True

    def _make_folder(self) -> bool:
        """See to it that the folder is there, and ours. OSError where it cannot be made."""
        for folder in (self._base, self.folder):
            if not os.path.lexists(folder):
                try:
                    os.mkdir(folder, 0o755)
                except FileExistsError:
                    pass  # another process was faster
            if not self._is_ours(folder):
                self.note = "the cache folder is not a folder of yours: not used"
                return False
        return True

    def opened(self, name: str) -> int | None:
        """A descriptor of a small file in the folder, to read, write and lock; None where there is none: see `note`."""
        try:
            if not self._make_folder():
                return None
            file = os.open(os.path.join(self.folder, name), os.O_RDWR | os.O_CREAT | _FLAGS, 0o644)
        except OSError as error:
            self.note = f"the cache could not be written: {error.strerror or error}"
            return None
        status = os.fstat(file)
        if stat.S_ISREG(status.st_mode) and _is_mine(status):
            return file
        os.close(file)
        self.note = f"{name} in the cache folder is not a file of yours: not used"
        return None

    def touch(self, name: str) -> None:
        """Mark a store as used, so that it is the last to go."""
        try:
            os.utime(os.path.join(self.folder, name), follow_symlinks=False)
        except (OSError, NotImplementedError):
            pass

    def _is_ours(self, folder: str) -> bool:
        """A real folder (no link) of the user who runs this."""
        try:
            status = os.lstat(folder)
        except OSError:
            return False
        return stat.S_ISDIR(status.st_mode) and _is_mine(status)

    def discard(self) -> None:
        """Remove facts and graphs, one of which proved damaged: they would be found damaged again."""
        for _, name in self._files():
            if _is_graph(name) or name == FACTS:
                self._remove(name)

    def _remove(self, name: str) -> None:
        try:
            os.unlink(os.path.join(self.folder, name))
        except OSError:
            pass

    def _sweep(self) -> None:
        """Remove what dead writers left, and the oldest graphs beyond what is kept."""
        found = self._files()
        now = time.time()
        graphs = sorted((item for item in found if _is_graph(item[1])), key=lambda item: -item[0].st_mtime_ns)
        total = sum(status.st_size for status, name in found if not name.startswith(_GRAPH))
        for place, (status, name) in enumerate(graphs):
            total += status.st_size
            # The newest is in use, however large it is.
            if place > 0 and (place >= _GRAPHS_KEPT or total > _MAX_BYTES):
                self._remove(name)
        for status, name in found:
            if name.endswith(".tmp") and now - status.st_mtime > _STALE_SECONDS:
                self._remove(name)


def _is_graph(name: str) -> bool:
    return name.startswith(_GRAPH) and not name.endswith(".tmp")
