"""What kind of change it is: from the paths alone, and from the lines.

`classify_change` costs microseconds a file and starts nothing; `examine` reads hunks and blobs. What was not examined
is None, never false.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from vibeguard.content import headers, kinds, opaque
from vibeguard.content.lines import ChangedFile, capped
from vibeguard.content.scanners import Scanners
from vibeguard.errors import LIMIT, VibeguardError
from vibeguard.model import SYMLINK, Change, Content, FileChange, FileFacts, Finding, Hunk

Hunks = Callable[[FileChange], tuple[Hunk, ...]]
Blob = Callable[[str], bytes | None]
Folder = Callable[[str], Iterable[str]]

UNREADABLE = frozenset(("submodule", "binary", "archive", "executable", "utf-16"))  # no lines to speak of


def classify_change(change: Change) -> Content:
    """Kinds, languages, opaque files and touched tests, from paths, modes and what git could not show."""
    files = {file.path: _by_path(file) for file in change.files}
    findings = [finding for file in change.files for finding in opaque.by_path(files[file.path], file)]
    return Content(files, tuple(findings), tests_touched=_touches_tests(change, files))


def examine(change: Change, hunks: Hunks, blob: Blob, folder: Folder | None = None) -> Content:
    """All that `classify_change` says, and what needs the content.

    `hunks` gives the changed lines of one file of the change; `blob` the content of a full object id, None where it
    is not there (a patch from elsewhere has no objects). `folder` gives the names in a folder of the tree that the
    change goes into, and is asked for those of added files: without it, names are compared within the change alone.
    """
    files: dict[str, FileFacts] = {}
    findings: list[Finding] = []
    scanners = Scanners()
    if any(file.exists_after and not file.exists_before for file in change.files):
        from vibeguard.content import pathnames  # noqa: PLC0415 - most changes add no file

        findings += pathnames.scan(change, folder)
    findings += opaque.unlisted_submodules(change)
    for file in change.files:
        before, after = _Version(blob, file, after=False), _Version(blob, file, after=True)
        facts, about = _by_content(file, before, after)
        changed = ChangedFile(file, facts, () if file.is_submodule else hunks(file))
        if not facts.opaque and "\0" in changed.added.text:  # of a patch from elsewhere there is no content
            facts = facts._replace(kinds=facts.kinds | {"binary"}, opaque="binary")
            about = opaque.by_path(facts, file)
        files[file.path] = facts
        findings += about
        if file.mode_after != SYMLINK and facts.opaque not in UNREADABLE:
            findings += scanners.add(changed, before, after)
    about_tests, about_guards, about_dependencies = scanners.findings()
    return Content(
        files,
        tuple(capped(findings + about_tests + about_guards + about_dependencies)),
        tests_touched=_touches_tests(change, files),
        tests_weakened=bool(about_tests),
        guards_weakened=bool(about_guards),
        new_dependencies=scanners.new_dependencies(),
    )


class _Version:
    """The content of a file before or after the change: read when it is asked for, and once."""

    def __init__(self, blob: Blob, file: FileChange, *, after: bool) -> None:
        exists = file.exists_after if after else file.exists_before
        readable = exists and not file.is_submodule and file.unread in ("", "binary")
        self._id = (file.blob_after if after else file.blob_before) if readable else None
        self._blob = blob
        self._content: bytes | None = None
        self.too_large = False

    def __call__(self) -> bytes | None:
        if self._id is not None:
            oid, self._id = self._id, None
            try:
                self._content = self._blob(oid)
            except VibeguardError as error:
                if error.kind != LIMIT:
                    raise
                self.too_large = True
        return self._content


def _by_content(file: FileChange, before: _Version, after: _Version) -> tuple[FileFacts, list[Finding]]:
    facts = _by_path(file)
    content = after()
    if content is None:
        if after.too_large:
            facts = facts._replace(opaque="oversized")
        return facts, opaque.by_path(facts, file)
    if file.mode_after != SYMLINK:
        facts = headers.judge(facts, before() if headers.says_generated(content) else None, content)
    return opaque.judge(facts, file, content)


def _by_path(file: FileChange) -> FileFacts:
    facts = kinds.classify(file.path, file.mode_after if file.exists_after else file.mode_before)
    if file.is_submodule:
        return facts._replace(kinds=facts.kinds | {"submodule"}, opaque="submodule")
    if not file.exists_after:  # nothing goes in that could not be read
        return facts._replace(opaque="")
    if file.unread and not facts.opaque:
        kinds_ = facts.kinds | {"binary"} if file.unread == "binary" else facts.kinds
        return facts._replace(kinds=kinds_, opaque=file.unread)
    return facts


def _touches_tests(change: Change, files: dict[str, FileFacts]) -> bool:
    """Whether a test file is added or changed; deleting tests is not testing, and vendored tests are not ours."""
    return any(
        file.exists_after and "test" in files[file.path].kinds and "vendored" not in files[file.path].kinds
        for file in change.files
    )
