"""The two ways to look at a change: by its paths, and into its content."""

from __future__ import annotations

from vibeguard.content.examine import classify_change, examine
from vibeguard.model import Change, FileChange, Hunk

NONE = "0" * 40


def file(
    path: str,
    *,
    before: str = NONE,
    after: str = NONE,
    mode: str = "100644",
    unread: str = "",
) -> FileChange:
    """One changed path; which blobs it has says whether it was added, modified or deleted."""
    status = "M" if before != NONE and after != NONE else "D" if after == NONE else "A"
    return FileChange(
        path,
        "A" if status == "A" else "D" if status == "D" else "M",
        mode if before != NONE else "000000",
        mode if after != NONE else "000000",
        before,
        after,
        unread=unread,
    )


def change(*files: FileChange) -> Change:
    return Change("staged", None, None, files)


def no_hunks(_: FileChange) -> tuple[Hunk, ...]:
    return ()


def test_paths_alone_say_kinds_languages_and_opaque_files_and_leave_the_rest_unknown() -> None:
    content = classify_change(change(file("a.py", after="a" * 40), file("x.jar", after="b" * 40)))
    assert content.files["a.py"].language == "python"
    assert content.files["x.jar"].opaque == "binary"
    assert [(finding.kind, finding.path) for finding in content.findings] == [("opaque", "x.jar")]
    assert (content.tests_weakened, content.guards_weakened, content.new_dependencies) == (None, None, None)


def test_tests_are_touched_by_a_changed_test_and_not_by_a_deleted_one() -> None:
    assert classify_change(change(file("tests/test_a.py", after="a" * 40))).tests_touched is True
    assert classify_change(change(file("tests/test_a.py", before="a" * 40))).tests_touched is False
    assert classify_change(change(file("a.py", after="a" * 40))).tests_touched is False
    assert classify_change(change(file("vendor/x/a_test.go", after="a" * 40))).tests_touched is False


def test_a_file_that_git_did_not_read_is_opaque_for_that_reason() -> None:
    content = classify_change(
        change(file("a.py", after="a" * 40, unread="slow"), file("b", after="b" * 40, unread="binary"))
    )
    assert content.files["a.py"].opaque == "slow"
    assert content.files["b"].opaque == "binary"
    assert content.files["b"].kinds == {"binary"}


def test_a_deleted_binary_hides_nothing_but_a_removed_submodule_does() -> None:
    content = classify_change(change(file("x.jar", before="a" * 40), file("lib", before="b" * 40, mode="160000")))
    assert content.files["x.jar"].opaque == ""
    assert content.files["lib"].opaque == "submodule"
    assert content.files["lib"].kinds == {"submodule"}


def test_a_nul_byte_far_into_a_python_file_makes_it_opaque() -> None:
    blobs = {"a" * 40: b"x = 1\n" * 5000 + b"\0"}
    content = examine(change(file("a.py", after="a" * 40)), no_hunks, blobs.get)
    assert content.files["a.py"].opaque == "binary"
    assert content.files["a.py"].kinds == {"binary", "code"}


def test_a_change_without_objects_is_examined_by_what_there_is() -> None:
    content = examine(change(file("a.py", after="a" * 40)), no_hunks, lambda _: None)
    assert content.files["a.py"].opaque == ""
    nul = (Hunk(0, 0, 1, 1, ((1, "x\0"),), ()),)
    assert examine(change(file("a.py", after="a" * 40)), lambda _: nul, lambda _: None).files["a.py"].opaque == "binary"
