"""Names of new files: odd ones, and those that collide with others."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibeguard.content.pathnames import scan
from vibeguard.model import Change, FileChange

NONE = "0" * 40


def added(path: str) -> FileChange:
    return FileChange(path, "A", "000000", "100644", NONE, "a" * 40)


def deleted(path: str) -> FileChange:
    return FileChange(path, "D", "100644", "000000", "a" * 40, NONE)


def edited(path: str) -> FileChange:
    return FileChange(path, "M", "100644", "100644", "a" * 40, "b" * 40)


def kinds(*files: FileChange, tree: tuple[str, ...] | None = None) -> list[tuple[str, str]]:
    change = Change("staged", None, None, files)
    return [(finding.kind, finding.text) for finding in scan(change, None if tree is None else _folder(tree))]


def _folder(tree: Iterable[str]) -> Callable[[str], set[str]]:
    """The names in each folder of a tree, from its paths."""
    folders: dict[str, set[str]] = {}
    for path in tree:
        parts = path.split("/")
        for depth, part in enumerate(parts):
            folders.setdefault("/".join(parts[:depth]), set()).add(part)
    return lambda folder: folders.get(folder, set())


ODD = [
    ("src/x\u202egp.py", "unicode", "RIGHT-TO-LEFT OVERRIDE"),
    ("src/ad\u200bmin.py", "unicode", "ZERO WIDTH SPACE"),
    ("a\nb.py", "path", "control character U+000A"),
    ("a\tb.py", "path", "control character U+0009"),
    ("a\x7f.py", "path", "control character U+007F DELETE"),
    ("a\u2028b.py", "path", "LINE SEPARATOR"),
    ("caf\udce9.py", "encoding", "not UTF-8"),
    ("src/\u0430dmin.py", "unicode-confusable", "reads as admin.py"),
    ("x/.GIT/config", "path", "taken for .git"),
    ("git~1/config", "path", "taken for .git"),
    (".g\u200cit/config", "path", "taken for .git"),
    (".git ./x", "path", "taken for .git"),
    (".gitmodules ", "path", "taken for .gitmodules"),
    ("a./b", "path", "ends with a dot or a blank"),
    ("src/aux.c", "path", "device name"),
    ("a\\b.py", "path", "Windows"),
]


@pytest.mark.parametrize(("path", "kind", "words"), ODD)
def test_an_odd_name_is_reported(path: str, kind: str, words: str) -> None:
    assert any(found_kind == kind and words in text for found_kind, text in kinds(added(path)))


PLAIN = (
    "a.py .github/x.yml .gitignore docs/отчёт.md docs/café.md src/日本.py auxiliary.c x/[id].tsx docs/Über.md "
    "Ελλάδα/x.py @types/x.d.ts ~/x git/x.py a-.py"
)


@pytest.mark.parametrize("path", [*PLAIN.split(), "a b.py"])
def test_plain_names_of_any_script_are_not_odd(path: str) -> None:
    assert kinds(added(path)) == []


def test_names_that_differ_only_in_case_collide() -> None:
    assert kinds(added("a/Readme.md"), added("a/README.md")) == [
        ("path-collision", "a/README.md differs only in case from a/Readme.md")
    ]
    assert kinds(added("Auth/x.py"), tree=("auth/y.py", "z.py")) == [
        ("path-collision", "Auth differs only in case from auth")
    ]


def test_names_that_differ_only_in_their_unicode_form_collide() -> None:
    assert kinds(added("caf\u00e9.py"), added("cafe\u0301.py"))[0] == (
        "path-collision",
        "cafe\u0301.py differs only in its Unicode form from caf\u00e9.py",
    )


def test_a_look_alike_of_an_existing_path_collides() -> None:
    assert ("path-collision", "\u0441\u043e\u0440\u0443.py looks like copy.py") in kinds(
        added("\u0441\u043e\u0440\u0443.py"), tree=("copy.py",)
    )


def test_a_rename_that_only_changes_the_case_is_no_collision() -> None:
    assert kinds(deleted("Readme.md"), added("README.md"), tree=("Readme.md", "a.py")) == []


def test_twins_that_stood_side_by_side_before_are_no_news() -> None:
    assert kinds(added("Auth/new.py"), tree=("Auth/x.py", "auth/y.py")) == []
    assert kinds(edited("Readme.md"), edited("README.md")) == []


def test_the_tree_is_not_listed_when_nothing_is_added() -> None:
    def fail(folder: str) -> tuple[str, ...]:
        raise AssertionError(folder)

    assert scan(Change("staged", None, None, (edited("a.py"),)), fail) == []


@given(
    st.lists(st.text(alphabet=st.characters(exclude_characters="\0"), min_size=1, max_size=20), max_size=6, unique=True)
)
def test_any_names_are_judged_and_findings_name_added_paths(names: list[str]) -> None:
    paths = {name.encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape") for name in names}
    change = Change("staged", None, None, tuple(added(path) for path in sorted(paths)))
    assert {finding.path for finding in scan(change, _folder(paths))} <= paths
