from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import Repo
from vibeguard.errors import VibeguardError
from vibeguard.repository import exchange
from vibeguard.repository.locate import Location, locate
from vibeguard.repository.records import add_files, merge, read_files, replace_file, tip

REF = "refs/vibeguard/test"


@pytest.fixture
def location(repo: Repo) -> Location:
    repo.commit("first", {"a.txt": "a\n"})
    return locate(str(repo.path))


def test_files_are_added_and_read_back_and_nothing_else_changes(repo: Repo, location: Location) -> None:
    before = repo.git("for-each-ref")
    add_files(location, REF, {"one": b"1", "folder/two": b"\xff\n\0"}, "first")
    add_files(location, REF, {"folder/three": b"3"}, "second")
    repo.accept_changes()
    assert read_files(location, REF) == {"one": b"1", "folder/two": b"\xff\n\0", "folder/three": b"3"}
    assert read_files(location, REF, ("folder",)) == {"folder/two": b"\xff\n\0", "folder/three": b"3"}
    assert [line for line in repo.git("for-each-ref").splitlines() if REF not in line] == before.splitlines()
    assert repo.git("status", "--porcelain") == ""
    assert repo.git("rev-list", "--count", REF) == "2"


def test_a_ref_that_is_not_there_has_no_files(location: Location) -> None:
    assert read_files(location, REF) == {}
    assert tip(location, REF) is None


def test_a_file_is_never_replaced_by_another_content(repo: Repo, location: Location) -> None:
    add_files(location, REF, {"one": b"1"}, "first")
    repo.accept_changes()
    with pytest.raises(VibeguardError, match="another content"):
        add_files(location, REF, {"one": b"2"}, "second")
    repo.accept_changes()
    assert read_files(location, REF) == {"one": b"1"}


def test_a_log_grows_only_from_what_was_read(repo: Repo, location: Location) -> None:
    assert replace_file(location, REF, "log", old=None, new=b"1\n", subject="one")
    assert replace_file(location, REF, "log", old=b"1\n", new=b"1\n2\n", subject="two")
    assert not replace_file(location, REF, "log", old=b"1\n", new=b"1\n3\n", subject="late")
    repo.accept_changes()
    assert read_files(location, REF) == {"log": b"1\n2\n"}


def test_hooks_of_the_repository_do_not_run(repo: Repo, location: Location) -> None:
    repo.write(".git/hooks/reference-transaction", "#!/bin/sh\ntouch canary\nexit 1\n")
    (repo.path / ".git/hooks/reference-transaction").chmod(0o755)
    repo.accept_changes()
    add_files(location, REF, {"one": b"1"}, "first")
    repo.accept_changes()
    assert not (repo.path / "canary").exists()


def test_two_copies_exchange_what_they_have_and_keep_both(
    make_repo: Callable[..., Repo], repo: Repo, location: Location
) -> None:
    hub = make_repo("hub", bare=True)
    other = make_repo("other")
    there = locate(str(other.path))
    for one in (repo, other):
        one.git("remote", "add", "origin", str(hub.path))
    assert not exchange.fetch(location, "origin", REF)
    add_files(location, REF, {"a/one": b"1"}, "one")
    exchange.push(location, "origin", REF)
    add_files(there, REF, {"a/two": b"2"}, "two")
    with pytest.raises(VibeguardError, match="rejected") as caught:
        exchange.push(there, "origin", REF)
    assert "fetch first" in caught.value.hint
    assert exchange.fetch(there, "origin", REF)
    exchange.push(there, "origin", REF)
    assert exchange.fetch(location, "origin", REF)
    assert not merge(location, REF, REF)
    for one in (repo, other, hub):
        one.accept_changes()
    assert read_files(location, REF) == read_files(there, REF) == {"a/one": b"1", "a/two": b"2"}


def test_a_remote_that_is_an_option_or_unreachable_is_refused(repo: Repo, location: Location) -> None:
    with pytest.raises(VibeguardError, match="not a remote"):
        exchange.push(location, "--receive-pack=touch canary", REF)
    with pytest.raises(VibeguardError, match="ls-remote failed"):
        exchange.fetch(location, "/nowhere/at/all", REF)
