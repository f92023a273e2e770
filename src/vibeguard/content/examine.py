"""What kind of change it is: from the paths alone, and from the lines.

`classify_change` costs microseconds a file and starts nothing; `examine` reads hunks and blobs. What was not examined
is None, never false.
"""

from __future__ import annotations

from collections.abc import Callable

from vibeguard.content import guards, headers, kinds, opaque, tests
from vibeguard.content.lines import ChangedFile, capped, changed_file
from vibeguard.model import SYMLINK, Change, Content, FileChange, FileFacts, Finding, Hunk

Hunks = Callable[[FileChange], tuple[Hunk, ...]]
Blob = Callable[[str], bytes | None]


# Above this many files only the path and git's own word say what cannot be judged: reading every blob would take longer
# than the commit itself, and a change of that size is judged as large anyway.
MOST_BLOBS = 5_000


def classify_change(change: Change, blob: Blob | None = None) -> Content:
    """Kinds, languages, opaque files and touched tests, from paths and modes, and from contents where `blob` is given.

    Opaque files count in the blast radius, so what is opaque must not depend on whether anybody asked for the lines.
    """
    if len(change.files) > MOST_BLOBS:
        blob = None
    files = {file.path: _readable(_by_path(file), file, blob) for file in change.files}
    findings = tuple(opaque.finding(facts) for facts in files.values() if facts.opaque)
    return Content(files, findings, tests_touched=_touches_tests(change, files))


def _readable(facts: FileFacts, file: FileChange, blob: Blob | None) -> FileFacts:
    if blob is None or not file.exists_after or file.unread or facts.opaque:
        return facts
    content = blob(file.blob_after)
    return facts if content is None else opaque.judge(facts, content, file.mode_after)


def examine(change: Change, hunks: Hunks, blob: Blob) -> Content:
    """All that `classify_change` says, and what needs the content.

    `hunks` gives the changed lines of one file of the change; `blob` the content of a full object id, None where it
    is not there (a patch from elsewhere has no objects).
    """
    files: dict[str, FileFacts] = {}
    findings: list[Finding] = []
    weakened_tests, weakened_guards = tests.Weakened(), guards.Weakened()
    for file in change.files:
        before, after = _Lazily(blob, file, before=True), _Lazily(blob, file, before=False)
        changed = changed_file(file, _by_path(file), () if file.is_submodule else hunks(file))
        facts = _by_content(changed, before, after)
        changed = changed._replace(facts=facts)
        files[file.path] = facts
        if facts.opaque:
            findings.append(opaque.finding(facts))
        weakened_tests.add(changed, (tests.begin(facts, before), tests.begin(facts, after)))
        weakened_guards.add(changed, after)
    about_tests, about_guards = weakened_tests.findings(), weakened_guards.findings()
    return Content(
        files,
        tuple(capped(findings + about_tests + about_guards)),
        tests_touched=_touches_tests(change, files),
        tests_weakened=bool(about_tests),
        guards_weakened=bool(about_guards),
    )


class _Lazily:
    """One version of a file, read when it is asked for, and once."""

    def __init__(self, blob: Blob, file: FileChange, *, before: bool) -> None:
        exists = file.exists_before if before else file.exists_after
        self._id = (file.blob_before if before else file.blob_after) if exists and not file.is_submodule else None
        self._blob = blob
        self._content: bytes | None = None
        self._read = False

    def __call__(self) -> bytes | None:
        if not self._read:
            self._read = True
            self._content = self._blob(self._id) if self._id is not None else None
        return self._content


def _by_content(changed: ChangedFile, before: _Lazily, after: _Lazily) -> FileFacts:
    file, facts = changed.file, changed.facts
    if not file.exists_after or file.unread or facts.opaque:
        return facts
    content = after()
    if content is not None:
        if file.mode_after != SYMLINK:
            facts = headers.judge(facts, before() if headers.says_generated(content) else None, content)
        return opaque.judge(facts, content, file.mode_after)
    if "\0" in changed.added.text:
        return facts._replace(kinds=facts.kinds | {"binary"}, opaque="binary")
    return facts


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
