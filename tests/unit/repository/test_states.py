"""Repositories in every state that git knows, and a few that it does not: read right, or said that they cannot be."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.canary import Canary
from tests.conftest import Repo
from tests.unit.repository.reading import between, reading, since, staged, summary
from vibeguard.errors import VibeguardError
from vibeguard.repository.command import find_git
from vibeguard.repository.locate import locate
from vibeguard.repository.refs import default_branch
from vibeguard.repository.underway import AMENDING

Arm = Callable[[Repo], None]


def loose(repo: Repo, oid: str) -> Path:
    """The file of a loose object, made writable."""
    path = repo.path / ".git/objects" / oid[:2] / oid[2:]
    path.chmod(0o644)
    return path


# ------------------------------------------------------------------------------------------------- the canary itself


def test_the_canary_sings_when_git_is_asked_without_care(
    repo: Repo, armed: Arm, canary: Canary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise its silence elsewhere would prove nothing."""
    repo.commit("first", {"a.py": "1\n"})
    repo.stage({"a.py": "2\n"})
    armed(repo)
    git = find_git()
    subprocess.run([git, "diff", "--cached"], cwd=repo.path, capture_output=True, check=False)
    careless = [git, "-c", "filter.evil.process=", "-c", "filter.evil.required=false", "diff", "--cached"]
    subprocess.run(careless, cwd=repo.path, capture_output=True, check=False)
    ran = {line.split()[0] for line in canary.ran if line.strip()}
    canary.log.unlink()
    assert {"fsmonitor", "filter-process", "diff-command"} <= ran


# ------------------------------------------------------------------------------------------------------- submodules


@pytest.mark.parametrize(
    ("setting", "modules"),
    [
        ("", ""),
        ("[diff]\nignoreSubmodules = all\n", ""),
        ("[diff]\nsubmodule = log\n", ""),
        ("[diff]\nsubmodule = diff\n", ""),
        ("", '[submodule "mod"]\n\tpath = mod\n\turl = ../mod\n\tignore = all\n'),
        ('[submodule "mod"]\n\tignore = all\n', '[submodule "mod"]\n\tpath = mod\n\turl = ../mod\n'),
        ("", "[submodule broken syntax\n"),
    ],
)
def test_a_submodule_s_new_commit_is_always_seen(repo: Repo, setting: str, modules: str, armed: Arm) -> None:
    files: dict[str, str | bytes] = {".gitmodules": modules} if modules else {}
    repo.commit("first", {"a.py": "1\n", **files})
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},mod")
    tree = repo.git("write-tree")
    first = repo.git("commit-tree", tree, stdin=b"first\n")
    repo.git("update-ref", "HEAD", first)
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{'2' * 40},mod")
    second = repo.git("commit-tree", repo.git("write-tree"), "-p", first, stdin=b"second\n")
    armed(repo)
    repo.write(".git/config", (repo.path / ".git/config").read_text(encoding="utf-8") + setting)
    for found in (staged(repo), between(repo, first, second)):
        assert summary(found) == [("mod", "M", 1, 1)]
        assert (found.files[0].unread, found.files[0].is_submodule) == ("submodule", True)


# ------------------------------------------------------------------------------------------------------ file states


def test_a_file_that_becomes_a_link_is_one_record_with_both_halves(repo: Repo, armed: Arm) -> None:
    first = repo.commit("first", {"f": "".join(f"{number}\n" for number in range(40)), "g": "1\n"})
    os.unlink(repo.path / "f")
    os.symlink("/etc/passwd\n+fake\n@@ -1 +1 @@", repo.path / "f")
    os.chmod(repo.path / "g", 0o755)
    repo.accept_changes()
    repo.stage()
    second = repo.git("commit-tree", repo.git("write-tree"), "-p", first, stdin=b"second\n")
    armed(repo)
    for found in (staged(repo), between(repo, first, second)):
        assert summary(found) == [("f", "T", 3, 40), ("g", "M", 0, 0)]
        assert (found.files[0].mode_after, found.files[1].mode_after) == ("120000", "100755")


def test_renames_are_shown_and_both_paths_are_judged(repo: Repo, armed: Arm) -> None:
    text = "".join(f"{number}\n" for number in range(30))
    first = repo.commit("first", {"pay/a.py": text, "pay/b.py": text + "b\n", "c.py": text + "c\n", "d.py": "d\n"})
    for old, new in (
        ("pay/a.py", "lib/a.py"),
        ("pay/b.py", "lib/z.py"),
        ("c.py", "t"),
        ("d.py", "c.py"),
        ("t", "d.py"),
    ):
        os.makedirs(repo.path / "lib", exist_ok=True)
        os.rename(repo.path / old, repo.path / new)
    repo.accept_changes()
    repo.stage({"lib/z.py": text + "changed\n", "copy.py": "unlike\n"})
    second = repo.git("commit-tree", repo.git("write-tree"), "-p", first, stdin=b"second\n")
    armed(repo)
    for found in (staged(repo), between(repo, first, second)):
        assert {file.path: file.renamed_from for file in found.files if file.renamed_from} == {
            "lib/a.py": "pay/a.py",
            "lib/z.py": "pay/b.py",
        }
        assert {"pay/a.py", "pay/b.py", "lib/a.py", "lib/z.py", "c.py", "d.py", "copy.py"} == set(found.paths)


def test_two_thousand_renames_are_still_all_seen(repo: Repo) -> None:
    first = repo.commit("first", {f"old/{number}.txt": f"{number}\n" * 3 for number in range(1000)})
    os.rename(repo.path / "old", repo.path / "new")
    repo.accept_changes()
    repo.stage()
    found = staged(repo)
    assert len(found.files) == 2000
    assert sum(file.renamed_from == file.path.replace("new", "old") for file in found.files) == 1000
    assert found.base == first


def test_the_whole_repository_may_be_deleted(repo: Repo) -> None:
    repo.commit("first", {"a": "1\n", "d/b": "1\n"})
    repo.git("rm", "-rq", ".")
    assert summary(staged(repo)) == [("a", "D", 0, 1), ("d/b", "D", 0, 1)]


def test_a_folder_may_take_the_place_of_a_file(repo: Repo) -> None:
    repo.commit("first", {"a": "1\n"})
    os.unlink(repo.path / "a")
    repo.accept_changes()
    repo.stage({"a/b": "1\n"})
    assert summary(staged(repo)) == [("a", "D", 0, 1), ("a/b", "A", 1, 0)]


def test_what_is_only_intended_to_be_added_is_not_part_of_the_commit(repo: Repo) -> None:
    repo.commit("first", {"a": "1\n"})
    repo.write("b", "1\n")
    repo.git("add", "-N", "b")
    assert staged(repo).files == ()


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_flags_of_the_index_hide_nothing(repo: Repo, flag: str) -> None:
    repo.commit("first", {"a": "1\n", "b": "1\n"})
    repo.stage({"a": "2\n"})
    repo.git("update-index", flag, "a")
    assert summary(staged(repo)) == [("a", "M", 1, 1)]


# ----------------------------------------------------------------------------------- the index, and who says which one


def test_the_index_of_a_partial_commit_is_the_one_that_is_read(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """`git commit FILE` and `git commit -a` set GIT_INDEX_FILE, absolute or relative to the work tree's root."""
    repo.commit("first", {"a": "1\n", "d/b": "1\n"})
    repo.stage({"a": "2\n"})
    repo.git("read-tree", "HEAD", env={"GIT_INDEX_FILE": ".git/next-index-1.lock"})
    blob = repo.git("hash-object", "-w", "--stdin", stdin=b"3\n")
    repo.git("update-index", "--cacheinfo", f"100644,{blob},d/b", env={"GIT_INDEX_FILE": ".git/next-index-1.lock"})
    for value in (".git/next-index-1.lock", str(repo.path / ".git/next-index-1.lock")):
        monkeypatch.setenv("GIT_INDEX_FILE", value)
        for folder in ("", "d"):
            assert summary(staged(repo, folder)) == [("d/b", "M", 1, 1)]
    monkeypatch.delenv("GIT_INDEX_FILE")
    assert summary(staged(repo, "d")) == [("a", "M", 1, 1)]


def test_a_held_lock_is_no_hindrance(repo: Repo) -> None:
    repo.commit("first", {"a": "1\n"})
    repo.stage({"a": "2\n"})
    repo.write(".git/index.lock", "")
    assert summary(staged(repo)) == [("a", "M", 1, 1)]


@pytest.mark.parametrize("damage", ["truncated", "checksum", "version", "bit", "empty"])
def test_a_damaged_index_is_an_error_though_git_may_read_it(repo: Repo, damage: str) -> None:
    repo.commit("first", {"a": "1\n"})
    repo.stage({"a": "2\n"})
    raw = (repo.path / ".git/index").read_bytes()
    repo.write(
        ".git/index",
        {
            "truncated": raw[:60],
            "checksum": raw[:-1] + bytes([raw[-1] ^ 1]),
            "version": raw[:7] + b"\x09" + raw[8:],
            "bit": raw[:40] + bytes([raw[40] ^ 1]) + raw[41:],
            "empty": b"",
        }[damage],
    )
    with pytest.raises(VibeguardError, match="the index is damaged") as caught:
        staged(repo)
    assert caught.value.kind == "GIT"


@pytest.mark.parametrize(
    "setup",
    [
        [["-c", "index.skipHash=true", "update-index", "--force-write-index"]],
        [["update-index", "--split-index"]],
        [["update-index", "--index-version", "4"]],
        [["update-index", "--untracked-cache"]],
        [["sparse-checkout", "set", "--cone", "d"]],
        [["sparse-checkout", "set", "--cone", "--sparse-index", "d"]],
        [["pack-refs", "--all"], ["gc", "-q"], ["commit-graph", "write", "--reachable"]],
        [["checkout", "-q", "--detach"]],
    ],
)
def test_other_forms_of_index_and_store_say_the_same(repo: Repo, setup: list[list[str]], armed: Arm) -> None:
    first = repo.commit("first", {"a": "1\n", "d/b": "1\n", "e/c": "1\n"})
    for arguments in setup:
        repo.git(*arguments)
    repo.write("d/b", "2\n")
    repo.git("add", "--sparse", "d/b")
    second = repo.git("commit-tree", repo.git("write-tree"), "-p", first, stdin=b"second\n")
    armed(repo)
    assert summary(staged(repo)) == [("d/b", "M", 1, 1)]
    assert summary(between(repo, first, second)) == [("d/b", "M", 1, 1)]


# ---------------------------------------------------------------------------------------------- objects and their lies


@pytest.mark.parametrize("damage", ["missing", "truncated", "other content"])
@pytest.mark.parametrize("kind", ["new blob", "old blob", "tree", "commit"])
def test_a_damaged_object_is_an_error_even_where_the_work_tree_has_the_bytes(
    repo: Repo, damage: str, kind: str
) -> None:
    repo.commit("first", {"a": "1\n", "b": "1\n"})
    repo.stage({"a": "2\n"})
    oid = repo.git("rev-parse", {"new blob": ":a", "old blob": "HEAD:a", "tree": "HEAD^{tree}", "commit": "HEAD"}[kind])
    other = repo.git("hash-object", "-w", "--stdin", stdin=b"other\n")
    path = loose(repo, oid)
    if damage == "missing":
        path.unlink()
    elif damage == "truncated":
        path.write_bytes(path.read_bytes()[:5])
    else:
        path.write_bytes(loose(repo, other).read_bytes())
    repo.accept_changes()
    with pytest.raises(VibeguardError) as caught:
        staged(repo)
    assert caught.value.kind in ("GIT", "REPO")


def test_replaced_objects_and_grafts_are_not_believed(repo: Repo, armed: Arm) -> None:
    first = repo.commit("first", {"a": "1\n"})
    second = repo.commit("second", {"a": "2\n"})
    third = repo.commit("third", {"a": "3\n"})
    repo.stage({"a": "4\n"})
    fake = repo.git("commit-tree", repo.git("write-tree"), stdin=b"fake\n")
    repo.git("replace", third, fake)
    repo.git("replace", repo.git("--no-replace-objects", "rev-parse", f"{third}:a"), repo.git("rev-parse", ":a"))
    repo.git("replace", "--graft", second, env={"GIT_NO_REPLACE_OBJECTS": "1"}, ok=False)
    repo.write(".git/info/grafts", f"{third} {first}\n")
    armed(repo)
    assert summary(staged(repo)) == [("a", "M", 1, 1)]
    assert [commit.id for commit in between(repo, first, third).commits] == [second, third]


def test_a_forged_commit_graph_is_not_believed(repo: Repo) -> None:
    first = repo.commit("first", {"a": "1\n"})
    second = repo.commit("second", {"a": "2\n"})
    repo.git("commit-graph", "write", "--reachable")
    path = repo.path / ".git/objects/info/commit-graph"
    path.chmod(0o644)
    path.write_bytes(b"CGPH\x01\x01" + os.urandom(200))
    repo.accept_changes()
    assert [commit.id for commit in between(repo, first, second).commits] == [second]


def test_alternates_are_followed_and_missing_ones_are_an_error(repo: Repo, make_repo: Callable[..., Repo]) -> None:
    first = repo.commit("first", {"a": "1\n"})
    second = repo.commit("second", {"a": "2\n"})
    other = make_repo("other")
    other.write(".git/objects/info/alternates", f"{repo.path}/.git/objects\n")
    assert summary(between(other, first, second)) == [("a", "M", 1, 1)]
    other.write(".git/objects/info/alternates", "/nowhere/objects\n")
    with pytest.raises(VibeguardError, match="no such commit"):
        between(other, first, second)


def test_a_partial_clone_fetches_nothing_and_says_what_is_missing(
    repo: Repo, make_repo: Callable[..., Repo], armed: Arm
) -> None:
    first = repo.commit("first", {"a": "1\n"})
    second = repo.commit("second", {"a": "2\n"})
    repo.git("config", "uploadpack.allowFilter", "true")
    clone = make_repo("clone")
    clone.git("remote", "add", "origin", repo.path.as_uri())
    clone.git("fetch", "-q", "--filter=blob:none", "origin", "main")
    armed(clone)
    with pytest.raises(VibeguardError, match=r"lazy fetch|missing|unable to read|could not fetch") as caught:
        between(clone, first, second)
    assert caught.value.kind == "GIT"
    assert "lazy fetch is off" in str(caught.value)


def test_an_object_that_is_lost_is_named_with_what_names_others(repo: Repo) -> None:
    repo.commit("first", {"a": "1\n"})
    repo.stage({"a": "2\n"})
    oid = repo.git("rev-parse", ":a").strip()
    (repo.path / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    repo.accept_changes()
    with pytest.raises(VibeguardError, match=oid) as caught:
        staged(repo)
    assert (caught.value.kind, caught.value.hint) == ("GIT", "git fsck names what is damaged")


# ------------------------------------------------------------------------------------------------------ where we are


def test_work_trees_linked_to_one_repository_have_their_own_index(repo: Repo, tmp_path: Path) -> None:
    repo.commit("first", {"a": "1\n"})
    repo.git("worktree", "add", "-q", "../linked", "-b", "work")
    linked = tmp_path / "linked"
    (linked / "a").write_text("2\n", encoding="utf-8")
    subprocess.run(["git", "add", "a"], cwd=linked, check=True)
    repo.accept_changes()
    location = locate(str(linked))
    assert (location.top, location.common_dir) == (str(linked), str(repo.path / ".git"))
    with reading(repo, "../linked") as _:
        found = staged(repo, "../linked")
    assert (summary(found), found.ref) == ([("a", "M", 1, 1)], "refs/heads/work")
    assert staged(repo).files == ()


def test_a_work_tree_of_a_bare_repository_is_a_work_tree_and_a_deleted_one_is_none(
    repo: Repo, make_repo: Callable[..., Repo], tmp_path: Path
) -> None:
    repo.commit("first", {"a": "1\n"})
    bare = make_repo("bare.git", bare=True)
    bare.git("fetch", "-q", str(repo.path), "main:main")
    bare.git("worktree", "add", "-q", str(tmp_path / "linked"), "main")
    (tmp_path / "linked/a").write_text("2\n", encoding="utf-8")
    subprocess.run(["git", "add", "a"], cwd=tmp_path / "linked", check=True)
    bare.accept_changes()
    location = locate(str(tmp_path / "linked"))
    assert (location.bare, location.common_dir) == (False, str(bare.path))
    assert summary(staged(repo, "../linked")) == [("a", "M", 1, 1)]
    bare.git("worktree", "remove", "--force", str(tmp_path / "linked"))
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked/.git").write_text(f"gitdir: {bare.path}/worktrees/linked\n", encoding="utf-8")
    with pytest.raises(VibeguardError, match=r"worktrees/linked|gitfile") as caught:
        locate(str(tmp_path / "linked"))
    assert caught.value.kind == "REPO"


def test_folders_without_a_repository_are_told_apart(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit("first", {"a": "1\n"})
    for name, content, words in (
        ("plain", None, "not a git repository: .*plain"),
        ("missing", "gitdir: /nowhere\n", "not a git repository: /nowhere|gitfile"),
        ("loop", f"gitdir: {tmp_path}/loop/.git\n", "gitfile|not a git repository"),
        ("garbage", "what\n", "invalid gitfile"),
    ):
        folder = tmp_path / "outside" / name
        folder.mkdir(parents=True)
        if content is not None:
            (folder / ".git").write_text(content, encoding="utf-8")
        with pytest.raises(VibeguardError, match=words) as caught:
            locate(str(folder))
        assert caught.value.kind == "REPO"
    with pytest.raises(VibeguardError, match=r"run from the work tree: .* inside a \.git directory") as caught:
        locate(str(repo.path / ".git/objects"))
    assert caught.value.kind == "REPO"
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    with pytest.raises(VibeguardError, match="/nowhere") as caught:
        locate(str(repo.path))
    assert (caught.value.kind, "GIT_DIR" in caught.value.hint) == ("REPO", True)


def test_a_vanished_folder_is_named_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    for name in (".", str(folder)):
        with pytest.raises(VibeguardError, match="current directory vanished") as caught:
            locate(name)
        assert caught.value.kind == "REPO"


def test_a_repository_of_somebody_else_is_refused_by_git_and_stays_so(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit("first", {"a": "1\n"})
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    os.chown(repo.path, 12345, 12345)
    os.chown(repo.path / ".git", 12345, 12345)
    try:
        with pytest.raises(VibeguardError, match="dubious ownership") as caught:
            locate(str(repo.path))
    finally:
        os.chown(repo.path, 0, 0)
        os.chown(repo.path / ".git", 0, 0)
    assert (caught.value.kind, "safe.directory" in caught.value.hint) == ("REPO", True)
    assert not (Path(os.environ["HOME"]) / ".gitconfig").exists()


def test_a_bare_repository_inside_a_work_tree_is_not_walked_into(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit("first", {"a": "1\n"})
    repo.git("init", "-q", "--bare", "vendor/evil")
    with pytest.raises(VibeguardError, match="bare repository inside another repository") as caught:
        locate(str(repo.path / "vendor/evil"))
    assert (caught.value.kind, "GIT_DIR=" in caught.value.hint) == ("REPO", True)
    monkeypatch.setenv("GIT_DIR", str(repo.path / "vendor/evil"))
    assert locate(str(repo.path / "vendor/evil")).bare


@pytest.mark.parametrize(
    "name", ["with space", "qu'o\"te", "new\nline", "caf\udce9", "$(x)", "d" * 200 + "/" + "e" * 200]
)
def test_a_repository_may_lie_anywhere(make_repo: Callable[..., Repo], name: str, armed: Arm) -> None:
    repo = make_repo(name)
    repo.commit("first", {"a": "1\n"})
    repo.stage({"a": "2\n"})
    assert summary(staged(repo)) == [("a", "M", 1, 1)]
    assert locate(str(repo.path)).top == str(repo.path)


@pytest.mark.parametrize("bytes_", [b"", b"0123456789abcdef0123456789abcdef0123456", b"\0" * 41, b"ref: refs/heads/\n"])
def test_a_head_that_cannot_be_resolved_is_no_unborn_branch(repo: Repo, bytes_: bytes) -> None:
    repo.commit("first", {"a": "1\n"})
    repo.write(".git/refs/heads/main", bytes_)
    with pytest.raises(VibeguardError) as caught:
        staged(repo)
    assert caught.value.kind in ("REPO", "GIT")


def test_garbage_among_the_packed_refs_is_an_error(repo: Repo) -> None:
    first = repo.commit("first", {"a": "1\n"})
    second = repo.commit("second", {"a": "2\n"})
    repo.git("pack-refs", "--all")
    repo.write(".git/packed-refs", b"garbage\n")
    with pytest.raises(VibeguardError) as caught:
        between(repo, first, second)
    assert caught.value.kind in ("REPO", "GIT")


def test_refs_with_hostile_names_are_reached_by_their_full_names_only(repo: Repo) -> None:
    first = repo.commit("first", {"a": "1\n"})
    second = repo.commit("second", {"a": "2\n"})
    for name in ("refs/heads/--help", "refs/heads/HEAD", "refs/tags/main"):
        repo.git("update-ref", name, first)
    assert between(repo, first, "main").head == second
    assert between(repo, "refs/heads/--help", "HEAD").base == first
    with pytest.raises(VibeguardError, match="not a revision"):
        between(repo, "--help", "HEAD")


# ---------------------------------------------------------------------------------------------------------- merges


def diverged(repo: Repo) -> tuple[str, str, str]:
    """Two branches of one base: main changes a and shared, side changes b and shared."""
    base = repo.commit("base", {"a": "1\n", "b": "1\n", "shared": "1\n2\n3\n4\n5\n6\n7\n8\n"})
    repo.git("checkout", "-q", "-b", "side")
    side = repo.commit("side", {"b": "2\n", "shared": "one\n2\n3\n4\n5\n6\n7\n8\n"})
    repo.git("checkout", "-q", "main")
    main = repo.commit("main", {"a": "2\n", "shared": "1\n2\n3\n4\n5\n6\n7\neight\n"})
    return base, side, main


def test_a_merge_being_made_is_compared_with_each_parent(repo: Repo, armed: Arm) -> None:
    _, side, main = diverged(repo)
    repo.git("merge", "-q", "--no-commit", "side")
    armed(repo)
    found = staged(repo)
    assert (found.base, found.parents) == (main, (side,))
    assert found.paths == ("b", "shared")
    assert any("a merge with" in notice for notice in found.notices)


def test_what_a_merge_drops_from_the_other_side_is_seen(repo: Repo, armed: Arm) -> None:
    _, side, _ = diverged(repo)
    repo.git("merge", "-q", "--no-commit", "-s", "ours", "side")
    armed(repo)
    found = staged(repo)
    assert found.paths == ("b", "shared")
    assert summary(found)[0] == ("b", "M", 1, 1)
    assert found.parents == (side,)


def test_before_merge_head_exists_the_other_parent_is_in_the_environment(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, side, _ = diverged(repo)
    repo.git("merge", "-q", "--no-commit", "side")
    (repo.path / ".git/MERGE_HEAD").unlink()
    repo.accept_changes()
    assert staged(repo).parents == ()
    monkeypatch.setenv(f"GITHEAD_{side}", "side")
    assert staged(repo).parents == (side,)


def test_a_damaged_merge_head_is_an_error(repo: Repo) -> None:
    diverged(repo)
    repo.write(".git/MERGE_HEAD", "what\n")
    with pytest.raises(VibeguardError, match="MERGE_HEAD is damaged"):
        staged(repo)


def test_an_evil_merge_shows_in_the_range(repo: Repo) -> None:
    base, _, _ = diverged(repo)
    repo.git("merge", "-q", "--no-commit", "side")
    evil = repo.commit("merge", {"evil.py": "x\n"})
    assert "evil.py" in between(repo, base, evil).paths
    assert len(between(repo, base, evil).commits) == 3


def test_an_octopus_is_one_change(repo: Repo) -> None:
    base = repo.commit("base", {"a": "1\n"})
    for name in ("x", "y", "z"):
        repo.git("checkout", "-q", "-b", name, base)
        repo.commit(name, {name: "1\n"})
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "x", "y", "z")
    assert since(repo, base, "main").paths == ("x", "y", "z")


def test_several_merge_bases_give_the_union(repo: Repo) -> None:
    repo.commit("base", {"a": "1\n", "b": "1\n"})
    repo.git("checkout", "-q", "-b", "one")
    one = repo.commit("one", {"a": "2\n"})
    repo.git("checkout", "-q", "-b", "two", "main")
    two = repo.commit("two", {"b": "2\n"})
    repo.git("merge", "-q", "--no-edit", one)
    repo.git("checkout", "-q", "one")
    repo.git("merge", "-q", "--no-edit", two)
    repo.commit("more", {"c": "1\n"})
    found = since(repo, "two", "one")
    assert set(found.paths) == {"a", "b", "c"}
    assert any("2 merge bases" in notice for notice in found.notices)


def test_a_target_that_already_has_the_commit_is_an_empty_range_and_says_so(repo: Repo) -> None:
    first = repo.commit("first", {"a": "1\n"})
    repo.commit("second", {"a": "2\n"})
    with pytest.raises(VibeguardError, match="empty range: main already contains"):
        since(repo, "main", first)
    assert since(repo, "main", "HEAD").files == ()


def test_a_range_between_branches_says_what_it_takes_back(repo: Repo) -> None:
    _, _, _ = diverged(repo)
    assert any("is not an ancestor" in notice for notice in between(repo, "main", "side").notices)


# ------------------------------------------------------------------------------------------------------------ amend


def test_an_empty_difference_says_what_an_amended_commit_hides(repo: Repo) -> None:
    repo.commit("first", {"a": "1\n"})
    assert AMENDING in staged(repo).notices


def test_a_hook_of_an_amended_commit_knows_it(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """git does not tell: it is seen from its command line, where other processes' can be read."""
    if not os.path.isdir("/proc/self"):
        pytest.skip("no /proc")
    repo.commit("first", {"a": "1\n"})
    code = "from vibeguard.repository.underway import is_amending; print(is_amending())"
    repo.write(".git/hooks/pre-commit", f"#!/bin/sh\nexec {sys.executable} -c '{code}' >&2\n")
    os.chmod(repo.path / ".git/hooks/pre-commit", 0o755)
    repo.accept_changes()
    monkeypatch.setenv("PATH", os.environ["PATH"].partition("canary")[0] and os.defpath)
    said = []
    for arguments in (["commit", "--allow-empty", "-qm", "x"], ["commit", "--amend", "--allow-empty", "-qm", "y"]):
        done = subprocess.run(["git", *arguments], cwd=repo.path, capture_output=True, text=True, check=True)
        said.append(done.stderr.strip())
    repo.accept_changes()
    assert said == ["False", "True"]


# ------------------------------------------------------------------------------------------- other formats and places


def test_a_sha256_repository_is_read_like_any_other(make_repo: Callable[..., Repo], armed: Arm) -> None:
    repo = make_repo(object_format="sha256")
    first = repo.commit("first", {"a": "1\n", "gone": "x\n"})
    repo.git("mv", "gone", "come")
    repo.stage({"a": "2\n"})
    second = repo.git("commit-tree", repo.git("write-tree"), "-p", first, stdin=b"second\n")
    armed(repo)
    for found in (staged(repo), between(repo, first, second), since(repo, first, second)):
        assert summary(found) == [("a", "M", 1, 1), ("come", "A", 1, 0), ("gone", "D", 0, 1)]
        assert found.files[1].renamed_from == "gone"
        assert len(found.base or "") == 64


def test_a_reftable_repository_is_read_where_git_can(
    make_repo: Callable[..., Repo], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DEFAULT_REF_FORMAT", "reftable")
    repo = make_repo("reftable")
    if not (repo.path / ".git/reftable").exists():
        # An older git does not know the format, and says so when it meets it.
        repo.git("config", "core.repositoryFormatVersion", "1")
        repo.git("config", "extensions.refStorage", "reftable")
        with pytest.raises(VibeguardError, match="unknown repository extension") as caught:
            staged(repo)
        assert caught.value.kind == "GIT"
        return
    repo.stage({"a": "1\n"})
    found = staged(repo)
    assert (summary(found), found.ref, found.base) == ([("a", "A", 1, 0)], "refs/heads/main", None)
    first = repo.commit("first")
    repo.commit("second", {"a": "2\n"})
    repo.git("update-ref", "refs/remotes/origin/trunk", first)
    repo.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    with reading(repo) as (location, objects):
        onto = default_branch(location, objects)
        assert onto is not None
        assert (onto.id, onto.full_name) == (first, "refs/remotes/origin/trunk")
    assert summary(since(repo, "origin/trunk")) == [("a", "M", 1, 1)]
    repo.git("checkout", "-q", "--detach")
    assert staged(repo).ref is None


def test_a_push_is_read_by_the_receiving_side_out_of_its_quarantine(
    repo: Repo, make_repo: Callable[..., Repo], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pre-receive hook runs in a bare repository, and what is pushed is in a folder apart from it."""
    first = repo.commit("first", {"a": "1\n"})
    bare = make_repo("bare.git", bare=True)
    repo.git("push", "-q", str(bare.path), "main")
    bare.accept_changes()
    second = repo.commit("second", {"a": "2\n"})
    log = bare.path.parent / "seen"
    code = (
        "import os, sys\n"
        "from vibeguard.repository.locate import locate\n"
        "from vibeguard.repository.objects import Objects\n"
        "from vibeguard.repository.push import parse_push, pushed_changes, PushedRef\n"
        "old, new, ref = sys.stdin.read().split()\n"
        "location = locate(os.getcwd())\n"
        "with Objects(location.git) as objects:\n"
        "    (pushed,) = pushed_changes(location, objects, (PushedRef('x', new, ref, old),))\n"
        f"open({str(log)!r}, 'w').write(f'{{pushed.action}} {{pushed.change.paths}}')\n"
    )
    (bare.path / "hook.py").write_text(code, encoding="utf-8")
    hook = bare.path / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\nexec {sys.executable} hook.py\n", encoding="utf-8")
    hook.chmod(0o755)
    bare.accept_changes()
    monkeypatch.setenv("PATH", os.defpath)
    repo.git("push", "-q", str(bare.path), "main")
    bare.accept_changes()
    assert log.read_text(encoding="utf-8") == "update ('a',)"
    assert first != second


def test_git_is_found_where_no_path_says_where(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PATH")
    if not any(os.access(f"{folder}/git", os.X_OK) for folder in os.defpath.split(os.pathsep)):
        pytest.skip("git is not where programs usually are")
    repo.stage({"a": "1\n"})
    assert summary(staged(repo)) == [("a", "A", 1, 0)]
