from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import Repo
from tests.unit.repository.reading import between, reading, staged, summary
from vibeguard.errors import VibeguardError
from vibeguard.repository import change
from vibeguard.repository.hunks import hunks


def test_a_staged_change_is_compared_with_head(repo: Repo) -> None:
    head = repo.commit("first", {"kept.txt": "1\n2\n3\n", "gone.txt": "x\n"})
    repo.git("rm", "-q", "gone.txt")
    repo.stage({"kept.txt": "1\nzwei\n3\n4\n", "new.txt": "n\n"})
    found = staged(repo)
    assert summary(found) == [("gone.txt", "D", 0, 1), ("kept.txt", "M", 2, 1), ("new.txt", "A", 1, 0)]
    assert (found.base, found.head, found.ref) == (head, None, "refs/heads/main")
    (hunk,) = hunks(found.files[1])
    assert hunk.added == ((2, "zwei"), (4, "4"))
    assert hunk.removed == ((2, "2"),)


def test_on_an_unborn_branch_everything_is_added(repo: Repo) -> None:
    repo.stage({"a.txt": "1\n"})
    assert summary(staged(repo)) == [("a.txt", "A", 1, 0)]


def test_an_unborn_sha256_repository_is_read_too(make_repo: Callable[..., Repo]) -> None:
    repo = make_repo(object_format="sha256")
    repo.stage({"a.txt": "1\n"})
    assert summary(staged(repo)) == [("a.txt", "A", 1, 0)]


def test_nothing_staged_is_an_empty_change(repo: Repo) -> None:
    repo.commit("first", {"a.txt": "1\n"})
    assert staged(repo).files == ()


def test_conflicts_are_refused_by_name(repo: Repo) -> None:
    repo.commit("first", {"a.txt": "1\n"})
    repo.git("checkout", "-q", "-b", "other")
    repo.commit("theirs", {"a.txt": "2\n"})
    repo.git("checkout", "-q", "main")
    repo.commit("ours", {"a.txt": "3\n"})
    repo.git("merge", "-q", "other", ok=False)
    with pytest.raises(VibeguardError, match=r"resolve conflicts first: a\.txt") as caught:
        staged(repo)
    assert caught.value.kind == "REPO"


def test_a_damaged_head_is_not_taken_for_an_unborn_branch(repo: Repo) -> None:
    repo.commit("first", {"a.txt": "1\n"})
    repo.write(".git/refs/heads/main", "0123456789")
    with pytest.raises(VibeguardError, match="HEAD cannot be resolved"):
        staged(repo)


def test_a_range_is_compared_tree_to_tree_with_its_commits_oldest_first(repo: Repo) -> None:
    first = repo.commit("first", {"a.txt": "1\n"})
    second = repo.commit("second", {"a.txt": "2\n"})
    third = repo.commit("third", {"b.txt": "1\n"})
    found = between(repo, first, "main")
    assert summary(found) == [("a.txt", "M", 1, 1), ("b.txt", "A", 1, 0)]
    assert [commit.id for commit in found.commits] == [second, third]
    assert (found.base, found.head, found.ref) == (first, third, "refs/heads/main")


def test_a_reversed_range_is_an_error_and_equal_ends_are_not(repo: Repo) -> None:
    repo.commit("first", {"a.txt": "1\n"})
    repo.commit("second", {"a.txt": "2\n"})
    with pytest.raises(VibeguardError, match="empty range"):
        between(repo, "HEAD", "HEAD~1")
    assert between(repo, "HEAD", "main").files == ()


def test_since_the_merge_base_only_the_branch_s_own_work_counts(repo: Repo) -> None:
    base = repo.commit("first", {"a.txt": "1\n"})
    repo.git("checkout", "-q", "-b", "work")
    mine = repo.commit("mine", {"mine.txt": "1\n"})
    repo.git("checkout", "-q", "main")
    repo.commit("theirs", {"theirs.txt": "1\n"})
    with reading(repo) as (location, objects):
        found = change.since_merge_base(location, objects, "main", "work")
    assert summary(found) == [("mine.txt", "A", 1, 0)]
    assert ([commit.id for commit in found.commits], found.base) == ([mine], base)


def test_histories_without_a_merge_base_are_unrelated(repo: Repo) -> None:
    repo.commit("first", {"a.txt": "1\n"})
    repo.git("checkout", "-q", "--orphan", "other")
    repo.commit("another first", {"b.txt": "1\n"})
    with reading(repo) as (location, objects), pytest.raises(VibeguardError, match="unrelated histories"):
        change.since_merge_base(location, objects, "main", "other")


def test_a_shallow_clone_without_the_base_is_too_shallow(repo: Repo, make_repo: Callable[..., Repo]) -> None:
    first = repo.commit("first", {"a.txt": "1\n"})
    repo.commit("second", {"a.txt": "2\n"})
    repo.commit("third", {"a.txt": "3\n"})
    clone = make_repo("clone")
    clone.git("fetch", "-q", "--depth=2", repo.path.as_uri(), "main:work")
    with reading(clone) as (location, objects):
        with pytest.raises(VibeguardError, match="shallow"):
            change.between(location, objects, first, "work")
        with pytest.raises(VibeguardError, match="no such commit"):
            change.between(location, objects, "nowhere", "work")
        assert len(change.between(location, objects, "work~1", "work").commits) == 1


@pytest.mark.parametrize("name", ["--output=x.out", "-p", "", "a b", "main:a.txt", "a..b"])
def test_what_is_no_revision_never_reaches_git(repo: Repo, name: str) -> None:
    repo.commit("first", {"a.txt": "1\n"})
    with pytest.raises(VibeguardError, match="not a revision") as caught:
        between(repo, name, "HEAD")
    assert caught.value.kind == "USAGE"


def test_a_branch_comes_before_a_tag_of_the_same_name_and_says_so(repo: Repo) -> None:
    first = repo.commit("first", {"a.txt": "1\n"})
    repo.commit("second", {"a.txt": "2\n"})
    repo.git("tag", "main", first)
    found = between(repo, first, "main")
    assert found.head == repo.git("rev-parse", "refs/heads/main")
    assert any("refs/tags/main" in notice for notice in found.notices)


def test_a_bare_repository_has_ranges_but_nothing_staged(repo: Repo, make_repo: Callable[..., Repo]) -> None:
    first = repo.commit("first", {"a.txt": "1\n"})
    repo.commit("second", {"a.txt": "2\n"})
    bare = make_repo("bare.git", bare=True)
    bare.git("fetch", "-q", str(repo.path), "main:main")
    assert summary(between(bare, first, "main")) == [("a.txt", "M", 1, 1)]
    with pytest.raises(VibeguardError, match="nothing staged"):
        staged(bare)
