from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Repo
from vibeguard.errors import VibeguardError
from vibeguard.repository.locate import locate
from vibeguard.repository.objects import Objects
from vibeguard.repository.push import PushedChange, PushedRef, parse_push, pushed_changes, read_push

ZERO = "0" * 40


def changes(repo: Repo, *refs: PushedRef) -> tuple[PushedChange, ...]:
    location = locate(str(repo.path))
    with Objects(location.git) as objects:
        return pushed_changes(location, objects, refs)


@pytest.mark.parametrize(
    ("stdin", "line"),
    [
        (b"a b c\n", 1),
        (b"a b c d e\n", 1),
        (b"refs/heads/a %s refs/heads/a %s" % (b"1" * 40, b"0" * 40), 1),
        (b"refs/heads/a %s refs/heads/a %s\nx\n" % (b"1" * 40, b"0" * 40), 2),
        (b"refs/heads/a %s refs/heads/a %s\n" % (b"g" * 40, b"0" * 40), 1),
        (b"refs/heads/a %s refs/heads/a %s\n" % (b"1" * 40, b"0" * 64), 1),
        (b"refs/heads/a %s heads/a %s\n" % (b"1" * 40, b"0" * 40), 1),
        (b"refs/heads/\0 %s refs/heads/a %s\n" % (b"1" * 40, b"0" * 40), 1),
        (b"a" * (1 << 20) + b"\n", 1),
        (b"refs/heads/a b %s refs/heads/a %s\n" % (b"1" * 40, b"0" * 40), 1),
    ],
)
def test_a_malformed_line_is_named_by_its_number(stdin: bytes, line: int) -> None:
    with pytest.raises(VibeguardError, match=f"malformed pre-push input line {line}:") as caught:
        parse_push(stdin)
    assert caught.value.kind == "INPUT"


def test_lines_are_read_as_git_writes_them() -> None:
    one, two = b"1" * 64, b"0" * 64
    refs = parse_push(
        b"HEAD~1 %s refs/heads/main %s\n(delete) %s refs/tags/v1 %s\nHEAD^{/a b} %s refs/notes/x %s\n"
        % (one, two, two, one, one, one)
    )
    assert [(ref.kind, ref.is_new, ref.is_deletion) for ref in refs] == [
        ("branch", True, False),
        ("tag", False, True),
        ("notes", False, False),
    ]
    assert refs[2].local_ref == "HEAD^{/a b}"


@given(st.binary(max_size=300))
def test_any_bytes_are_refs_or_our_own_error(stdin: bytes) -> None:
    try:
        parse_push(stdin)
    except VibeguardError as error:
        assert error.kind == "INPUT"


def test_an_updated_branch_is_compared_with_what_the_remote_has(repo: Repo) -> None:
    first = repo.commit("first", {"a.txt": "1\n"})
    second = repo.commit("second", {"a.txt": "2\n"})
    (pushed,) = changes(repo, PushedRef("refs/heads/main", second, "refs/heads/main", first))
    assert (pushed.action, pushed.change.base, pushed.change.head) == ("update", first, second)
    assert (pushed.change.source, pushed.change.ref) == ("push", "refs/heads/main")
    assert [file.path for file in pushed.change.files] == ["a.txt"]


def test_a_forced_push_is_said(repo: Repo) -> None:
    repo.commit("first", {"a.txt": "1\n"})
    old = repo.commit("second", {"a.txt": "2\n"})
    repo.git("reset", "-q", "--hard", "HEAD~1")
    new = repo.commit("other", {"a.txt": "3\n"})
    (pushed,) = changes(repo, PushedRef("refs/heads/main", new, "refs/heads/main", old))
    assert pushed.action == "forced"
    assert any("overwritten" in notice for notice in pushed.change.notices)


def test_a_new_branch_brings_what_no_ref_of_the_remote_has(repo: Repo) -> None:
    base = repo.commit("first", {"a.txt": "1\n"})
    repo.git("update-ref", "refs/remotes/origin/main", base)
    known = repo.commit("known", {"b.txt": "1\n"})
    repo.git("update-ref", "refs/remotes/origin/topic", known)
    mine = repo.commit("mine", {"c.txt": "1\n"})
    (pushed,) = changes(repo, PushedRef("refs/heads/work", mine, "refs/heads/work", ZERO))
    assert (pushed.action, pushed.change.base) == ("new", base)
    assert [commit.id for commit in pushed.change.commits] == [mine]
    assert [file.path for file in pushed.change.files] == ["b.txt", "c.txt"]


def test_a_deletion_and_notes_carry_no_files_and_say_so(repo: Repo) -> None:
    head = repo.commit("first", {"a.txt": "1\n"})
    deleted, notes = changes(
        repo,
        PushedRef("(delete)", ZERO, "refs/heads/main", head),
        PushedRef("refs/notes/x", head, "refs/notes/x", ZERO),
    )
    assert (deleted.action, deleted.change.files) == ("delete", ())
    assert "deleted" in deleted.change.notices[0]
    assert "not judged" in notes.change.notices[0]


def test_a_framework_names_its_one_ref_in_the_environment(repo: Repo) -> None:
    first = repo.commit("first", {"a.txt": "1\n"})
    second = repo.commit("second", {"a.txt": "2\n"})
    location = locate(str(repo.path))
    with Objects(location.git) as objects:
        environ = {
            "PRE_COMMIT": "1",
            "PRE_COMMIT_FROM_REF": first,
            "PRE_COMMIT_TO_REF": second,
            "PRE_COMMIT_REMOTE_BRANCH": "refs/heads/main",
        }
        refs, notices = read_push(b"", environ, location, objects)
        assert refs == (PushedRef(second, second, "refs/heads/main", first),)
        assert "not seen" in notices[0]
        assert read_push(b"", {}, location, objects) == ((), ())
        with pytest.raises(VibeguardError, match="what is pushed is not known"):
            read_push(b"", {"PRE_COMMIT": "1"}, location, objects)


def test_thousands_of_tags_on_what_the_remote_has_bring_nothing_and_cost_no_process_each(repo: Repo) -> None:
    old = repo.commit("first", {"a.txt": "1\n"})
    tip = repo.commit("second", {"a.txt": "2\n"})
    repo.git("update-ref", "refs/remotes/origin/main", tip)
    new = repo.commit("third", {"a.txt": "3\n"})
    repo.git("tag", "-a", "-m", "annotated", "v9", new)
    tags = [PushedRef(f"refs/tags/v{number}", old, f"refs/tags/v{number}", ZERO) for number in range(2000)]
    annotated = repo.git("rev-parse", "refs/tags/v9")
    found = changes(repo, *tags, PushedRef("refs/tags/v9", annotated, "refs/tags/v9", ZERO))
    assert {pushed.change.files for pushed in found[:-1]} == {()}
    assert ([file.path for file in found[-1].change.files], found[-1].change.head) == (["a.txt"], new)


def test_a_tag_of_a_file_is_named_as_not_judged(repo: Repo) -> None:
    repo.commit("first", {"a.txt": "1\n"})
    blob = repo.git("rev-parse", "HEAD:a.txt")
    (pushed,) = changes(repo, PushedRef("refs/tags/blob", blob, "refs/tags/blob", ZERO))
    assert "is a blob, not a commit" in pushed.change.notices[0]


def test_what_was_never_fetched_is_compared_with_the_remote_tracking_ref(repo: Repo) -> None:
    base = repo.commit("first", {"a.txt": "1\n"})
    repo.git("update-ref", "refs/remotes/origin/main", base)
    head = repo.commit("second", {"a.txt": "2\n"})
    (pushed,) = changes(repo, PushedRef("refs/heads/main", head, "refs/heads/main", "1" * 40))
    assert (pushed.change.base, len(pushed.change.commits)) == (base, 1)
    assert "never fetched" in pushed.change.notices[0]
    (other,) = changes(repo, PushedRef("refs/heads/main", head, "refs/heads/unknown", "1" * 40))
    assert other.change.base == base
    assert "default branch instead" in other.change.notices[0]
