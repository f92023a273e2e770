"""The room behind the real one before it: changes as git tells them, read from the index and from trees."""

from __future__ import annotations

import os
from collections.abc import Callable

from tests.conftest import Repo
from vibeguard.content.examine import classify_change, examine
from vibeguard.content.opaque import OVERSIZED
from vibeguard.model import Change, Content
from vibeguard.repository.change import hunks, staged
from vibeguard.repository.locate import locate
from vibeguard.repository.objects import Objects
from vibeguard.repository.tree import Tree


def judged(repo: Repo) -> tuple[Change, Content]:
    location = locate(os.fspath(repo.path))
    with Objects(location.git) as objects:
        change = staged(location, objects)
        tree = Tree(objects, change.base_tree or "")
        return change, examine(change, hunks, lambda oid: objects.blob(oid, limit=OVERSIZED), tree.folder)


def told(content: Content) -> set[tuple[str, str | None, int | None]]:
    return {(finding.kind, finding.path, finding.line) for finding in content.findings}


def test_a_staged_change_is_told_with_files_and_lines(repo: Repo) -> None:
    repo.commit(files={
        "app.py": "def f():\n    return 1\n",
        "tests/test_app.py": "def test_f():\n    assert f() == 1\n\n\ndef test_g():\n    assert g()\n",
        "requirements.txt": "requests==1\n",
    })  # fmt: skip
    repo.stage({
        "app.py": "def f():\n    return eval('1')  # noqa: S307\n",
        "tests/test_app.py": "def test_f():\n    assert f() == 1\n",
        "requirements.txt": "requests==2\nleft-pad\n",
        "x\u202egp.py": "is\u200bAdmin = 1\n",
        "tool.py": b"\x7fELF\0\0",
    })  # fmt: skip
    _, content = judged(repo)
    assert told(content) == {
        ("guards-weakened", "app.py", 2),
        ("tests-weakened", "tests/test_app.py", 5),
        ("new-dependency", "requirements.txt", 2),
        ("unicode", "x\u202egp.py", None),
        ("unicode", "x\u202egp.py", 1),
        ("opaque", "tool.py", None),
    }
    assert (content.tests_touched, content.tests_weakened, content.guards_weakened) == (True, True, True)
    assert content.new_dependencies == ("left-pad",)


def test_bytes_say_what_git_only_calls_binary(repo: Repo) -> None:
    repo.stage({"tool.py": b"\x7fELF\0\0", "logo.png": b"\x89PNG\r\n\x1a\n\0", "wide.txt": "text".encode("utf-16")})
    _, content = judged(repo)
    assert {path: facts.opaque for path, facts in content.files.items()} == {
        "tool.py": "executable",
        "logo.png": "binary",
        "wide.txt": "utf-16",
    }
    assert {finding.path: finding.text.split(":")[0] for finding in content.findings} == {
        "tool.py": "an ELF executable, by its name python",
        "logo.png": "a PNG image",
        "wide.txt": "text in UTF-16, which git and line-based tools cannot read",
    }


def test_a_file_that_attributes_hide_is_read_and_the_edit_of_the_attributes_is_told(repo: Repo) -> None:
    repo.commit(files={"app.py": "x = 1\n"})
    repo.stage({".gitattributes": "*.py -diff\n", "app.py": "x = 1  # nosec\n"})
    _, content = judged(repo)
    assert told(content) == {("attributes", ".gitattributes", 1), ("guards-weakened", "app.py", 1)}


def test_renaming_and_reindenting_a_file_of_tests_weakens_nothing(repo: Repo) -> None:
    text = "class TestF:\n    def test_f(self):\n        assert f() == 1  # noqa: X\n"
    repo.commit(files={"tests/test_a.py": text})
    repo.git("mv", "tests/test_a.py", "tests/test_b.py")
    repo.stage({"tests/test_b.py": text.replace("    ", "\t")})
    _, content = judged(repo)
    assert content.findings == ()
    assert (content.tests_weakened, content.guards_weakened) == (False, False)


def test_odd_content_keeps_its_line_numbers(repo: Repo) -> None:
    repo.commit(files={"a.py": "1\r2\x0c3\u20284\n", "b.py": "x\n"})
    repo.stage(
        {"a.py": "1\r2\x0c3\u20284\nimport os  # noqa\n", "b.py": "x\n--- a/c\n+++ b/c\n@@ -1 +1 @@\nimport os  # noqa"}
    )
    _, content = judged(repo)
    assert told(content) == {("guards-weakened", "a.py", 2), ("guards-weakened", "b.py", 5)}


def test_paths_that_are_not_utf8_or_hold_newlines_are_examined(repo: Repo) -> None:
    repo.stage({"caf\udce9.py": "x = 1  # noqa\n", "a\nb.py": "x = 1  # noqa\n"})
    _, content = judged(repo)
    assert {("guards-weakened", "caf\udce9.py", 1), ("guards-weakened", "a\nb.py", 1)} <= told(content)
    assert {("encoding", "caf\udce9.py", None), ("path", "a\nb.py", None)} <= told(content)


def test_an_added_twin_of_a_path_of_the_tree_collides(repo: Repo) -> None:
    repo.commit(files={"auth/x.py": "x\n"})
    repo.stage({"Auth/y.py": "y\n"})
    _, content = judged(repo)
    assert [finding.text for finding in content.findings] == ["Auth differs only in case from auth"]


def test_a_folder_whose_case_changes_as_a_whole_collides_with_nothing(repo: Repo) -> None:
    repo.commit(files={"src/Auth/deep/x.py": "x\n", "src/Auth/y.py": "y\n"})
    repo.git("mv", "src/Auth", "src/other")
    repo.git("mv", "src/other", "src/auth")
    _, content = judged(repo)
    assert content.findings == ()
    repo.stage({"src/Auth/y.py": "y\n"})
    assert [finding.kind for finding in judged(repo)[1].findings] == ["path-collision"]


def test_a_blob_beyond_the_limit_is_oversized_and_not_held(repo: Repo) -> None:
    repo.commit(files={"big.txt": "x" * 70 + "\n"})
    repo.stage({"big.txt": "x" * (OVERSIZED + 1), "a.py": "x = 1  # noqa\n"})
    _, content = judged(repo)
    assert content.files["big.txt"].opaque == "oversized"
    assert ("guards-weakened", "a.py", 1) in told(content)


def test_a_submodule_without_an_entry_and_a_symlink_to_the_outside_are_told(repo: Repo) -> None:
    commit = repo.commit(files={"a": "a\n"})
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{commit},lib")
    blob = repo.git("hash-object", "-w", "--stdin", stdin=b"/etc/passwd")
    repo.git("update-index", "--add", "--cacheinfo", f"120000,{blob},link.py")
    change, content = judged(repo)
    assert {file.path: content.files[file.path].opaque for file in change.files} == {"lib": "submodule", "link.py": ""}
    assert told(content) == {("opaque", "lib", None), ("symlink", "link.py", None), ("submodule", "lib", None)}


def test_paths_alone_are_enough_to_classify_an_emptied_repository(make_repo: Callable[..., Repo]) -> None:
    repo = make_repo("full")
    repo.commit(files={"a.py": "x\n", "tests/test_a.py": "def test_a():\n    assert 1\n", "logo.png": b"\x89PNG\r\n\0"})
    repo.git("rm", "-r", "-q", "--cached", ".")
    change, content = judged(repo)
    assert {finding.kind for finding in content.findings} == {"tests-weakened"}
    assert classify_change(change).tests_touched is False
