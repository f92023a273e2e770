"""Renames, for display only: a deletion and an addition stay two changes, and both paths are judged."""

from __future__ import annotations

from vibeguard.model import FileChange

# git's own threshold and, for pairs whose lines must be compared, how many are worth it.
SIMILAR = 0.5
MAX_CANDIDATES = 50
MAX_PATCH = 256 << 10  # bytes

_EMPTY_BLOBS = frozenset(
    (
        "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
        "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
    )
)


def mark_renames(files: tuple[FileChange, ...]) -> tuple[FileChange, ...]:
    """The same files; what was added with the content of a deleted file says where it came from.

    Equal content is told by the object's id; similar content by the lines of the two patches, which hold the whole
    files.
    """
    gone = [file for file in files if file.status == "D"]
    if not gone:
        return files
    come = [at for at, file in enumerate(files) if file.status == "A"]
    if not come:
        return files
    sources: dict[int, str] = {}
    taken: set[str] = set()
    # Of several files with the same content, those of the same name belong together.
    for key in (_content_and_name, _content):
        waiting: dict[str, list[str]] = {}
        for file in reversed(gone):
            if file.blob_before not in _EMPTY_BLOBS and file.path not in taken:
                waiting.setdefault(key(file.blob_before, file.path), []).append(file.path)
        for at in come:
            same = waiting.get(key(files[at].blob_after, files[at].path)) if at not in sources else None
            if same:
                sources[at] = same.pop()
                taken.add(sources[at])
    _add_similar(
        files,
        [file for file in gone if file.path not in taken and _comparable(file)],
        [at for at in come if at not in sources and _comparable(files[at])],
        sources,
    )
    if not sources:
        return files
    return tuple(file._replace(renamed_from=sources[at]) if at in sources else file for at, file in enumerate(files))


def _content_and_name(blob: str, path: str) -> str:
    return f"{blob} {_name(path)}"


def _content(blob: str, path: str) -> str:  # noqa: ARG001 - the same form as its sibling
    return blob


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _comparable(file: FileChange) -> bool:
    return file.patch is not None and not file.unread and len(file.patch) <= MAX_PATCH


def _add_similar(
    files: tuple[FileChange, ...], gone: list[FileChange], come: list[int], sources: dict[int, str]
) -> None:
    """The best pairs first, as git pairs them; each file is used once."""
    if not gone or not come or len(gone) > MAX_CANDIDATES or len(come) > MAX_CANDIDATES:
        return
    before = {file.path: _lines(file, b"-") for file in gone}
    pairs = []
    for at in come:
        after = _lines(files[at], b"+")
        for path, lines in before.items():
            share = _shared(lines, after)
            if share >= SIMILAR:
                pairs.append((share, _name(path) == _name(files[at].path), at, path))
    taken: set[str] = set()
    for _, _, at, path in sorted(pairs, key=lambda pair: (-pair[0], not pair[1], pair[2])):
        if at not in sources and path not in taken:
            sources[at] = path
            taken.add(path)


def _lines(file: FileChange, sign: bytes) -> dict[bytes, int]:
    """How many bytes of each line the whole file holds; an added or deleted file is one hunk."""
    counted: dict[bytes, int] = {}
    _, _, body = (file.patch or b"").partition(b"\n@@ -")
    for line in body.split(b"\n")[1:]:
        if line.startswith(sign):
            counted[line[1:]] = counted.get(line[1:], 0) + len(line)
    return counted


def _shared(before: dict[bytes, int], after: dict[bytes, int]) -> float:
    """The share of bytes, of the larger file, that both have."""
    larger = max(sum(before.values()), sum(after.values()))
    if not larger:
        return 0.0
    return sum(min(size, after[line]) for line, size in before.items() if line in after) / larger
