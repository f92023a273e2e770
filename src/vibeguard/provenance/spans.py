"""Which lines each commit of a range adds and removes, against each parent: one `git diff-tree` for them all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from vibeguard.errors import VibeguardError
from vibeguard.model import FileChange
from vibeguard.provenance.intervals import Runs, Span, runs
from vibeguard.repository.command import Git
from vibeguard.repository.hunks import scan
from vibeguard.tuples import NamedTuple

MAX_BYTES = 128 << 20  # of patches; what lies beyond is not attributed to anybody
Pair = tuple[str, str]
Spans = Mapping[str, tuple[Span, ...]]

_OPTIONS = (
    "--stdin", "--always", "--root", "-r", "-p", "--unified=0", "--inter-hunk-context=0", "--text", "--no-renames",
    "--full-index", "--ignore-submodules=none", "--submodule=short", "--no-ext-diff", "--no-textconv", "--no-color",
    "-O/dev/null", "--no-relative", "--src-prefix=a/", "--dst-prefix=b/", "--diff-algorithm=myers",
    "--no-indent-heuristic",
)  # fmt: skip
# Lines of content begin with ` `, `+`, `-` or `\`, so none of these can be one. The names of a file stand directly
# above its first hunk.
_MARKS = re.compile(
    rb"^(?:([0-9a-f]{40,64}(?: [0-9a-f]{40,64})?)"
    rb"|(?:--- (.*)\n\+\+\+ (.*)\n)?@@ -(\d{1,10})(?:,(\d{1,10}))? \+(\d{1,10})(?:,(\d{1,10}))? @@.*)$",
    re.MULTILINE,
)
_ESCAPES = {ord("n"): 10, ord("t"): 9, ord("r"): 13, ord("a"): 7, ord("b"): 8, ord("f"): 12, ord("v"): 11}


class Patches(NamedTuple):
    """The spans of the pairs that were asked for, by path; `complete` is false where some are missing.

    `problem` says why, unless the limit was passed.
    """

    of: Mapping[Pair, Spans]
    complete: bool = True
    problem: str = ""


def read_spans(git: Git, pairs: Sequence[Pair]) -> Patches:
    """What differs between the objects of each pair, (commit, parent), (commit, "") or (old tree, new tree).

    Never raises for what a repository lacks: lines then stay without an attribution, and that is said.
    """
    import tempfile  # noqa: PLC0415 - it costs 4 ms, and most changes ask for no lines

    # git answers while it still reads: a file as its input cannot block either side.
    with tempfile.TemporaryFile() as requests:
        requests.writelines(f"{one} {other}".rstrip().encode() + b"\n" for one, other in pairs)
        requests.seek(0)
        arguments = ("diff-tree", *_OPTIONS)
        with git.started(*arguments, stdin=requests) as process:
            blocks, size = [], 0
            while size <= MAX_BYTES and (block := process.read()):
                blocks.append(block)
                size += len(block)
            problem = ""
            if size <= MAX_BYTES:
                try:
                    git.finish(process, arguments)
                except VibeguardError as error:
                    problem = f"some lines could not be attributed: {error.message}"
    found = _parsed(b"".join(blocks), pairs)
    if problem and found:
        found.popitem()  # git ended in the middle of it
    return Patches(found, size <= MAX_BYTES and not problem, problem)


def _parsed(output: bytes, pairs: Iterable[Pair]) -> dict[Pair, Spans]:
    found: dict[Pair, dict[str, list[Span]]] = {}
    waiting = iter(pairs)
    spans: list[Span] = []
    files: dict[str, list[Span]] = {}
    for mark in _MARKS.finditer(output):
        header, old, new, at, before, to, after = mark.groups()
        if header is not None:
            pair = next(waiting, None)
            if pair is None:
                break
            files = found[pair] = {}
            continue
        if new is not None:
            spans = files.setdefault(_path(old if new == b"/dev/null" else new), [])
        spans.append(Span(int(at), 1 if before is None else int(before), int(to), 1 if after is None else int(after)))
    return {pair: {path: tuple(spans) for path, spans in files.items()} for pair, files in found.items()}


def _path(name: bytes) -> str:
    """The path of a `---` or `+++` line: without its prefix, the tab behind blanks, and git's quoting."""
    name = name.removesuffix(b"\t")
    if name.startswith(b'"'):
        name = _unquoted(name[1:].removesuffix(b'"'))
    return name[2:].decode("utf-8", "surrogateescape")


def _unquoted(name: bytes) -> bytes:
    plain = bytearray()
    at = 0
    while at < len(name):
        mark = name[at]
        at += 1
        if mark == ord("\\") and at < len(name):
            if name[at : at + 3].isdigit():
                plain.append(int(name[at : at + 3], 8) & 0xFF)
                at += 3
            else:
                plain.append(_ESCAPES.get(name[at], name[at]))
                at += 1
        else:
            plain.append(mark)
    return bytes(plain)


def added_lines(file: FileChange) -> Runs:
    """The lines that one file of a change adds, from its own patch; none where that was not read."""
    if not file.patch or file.unread:
        return ()
    found: list[int] = []
    for section in file.patch.split(b"\ndiff --git "):
        body = section.find(b"\n@@ -")
        if body >= 0:
            for hunk in scan(section[body + 1 :]):
                found.extend(number for number, _ in hunk.added)
    return runs((number, number) for number in found)
