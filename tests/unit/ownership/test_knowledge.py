"""Who knows the files, by real histories: familiarity, suggestions, bus factor, and what is kept."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Repo
from vibeguard.ownership.history import History, Touch, read_history
from vibeguard.ownership.knowledge import bus_factor, familiarity, reviewers
from vibeguard.ownership.mailmap import Mailmap
from vibeguard.repository.locate import locate
from vibeguard.repository.objects import Objects

DAY = 86_400
NOW = 1_700_000_000


def commit_as(repo: Repo, who: str, path: str, days_ago: int) -> None:
    repo.write(path, f"{who} {days_ago} {os.urandom(4).hex()}\n")
    repo.git("add", "-A")
    when = f"{NOW - days_ago * DAY} +0000"
    repo.git(
        *("commit", "-q", "-m", "work"),
        env={
            **{f"GIT_{role}_NAME": who.title() for role in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{role}_EMAIL": f"{who}@acme.com" for role in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{role}_DATE": when for role in ("AUTHOR", "COMMITTER")},
        },
    )


def history_of(repo: Repo, *paths: str, keep: bool = False, seconds: float = 10.0) -> History:
    location = locate(str(repo.path))
    with Objects(location.git) as objects:
        return read_history(location, objects, repo.head, paths, keep=keep, seconds=seconds)


@pytest.fixture
def worked(repo: Repo) -> Repo:
    """amy wrote most of a.py of late, bob some of it long ago, cara b.py once; zoe nothing here."""
    for days in (900, 800):
        commit_as(repo, "bob", "src/a.py", days)
    commit_as(repo, "cara", "src/b.py", 300)
    for days in (50, 40, 30, 20, 10):
        commit_as(repo, "amy", "src/a.py", days)
    commit_as(repo, "zoe", "other.txt", 0)
    return repo


def level(repo: Repo, who: str, *paths: str) -> str | None:
    fact = familiarity(history_of(repo, *paths), lambda email: email == f"{who}@acme.com")
    assert fact.value is None or isinstance(fact.value, str)
    return fact.value


def test_familiarity_is_a_matter_of_how_much_on_how_many_files_and_how_recently(worked: Repo) -> None:
    assert level(worked, "amy", "src/a.py") == "high"
    assert level(worked, "amy", "src/a.py", "src/b.py") == "high"
    assert level(worked, "amy", "src/b.py") == "none"
    assert level(worked, "bob", "src/a.py") == "low"
    assert level(worked, "cara", "src/b.py") == "low"
    assert level(worked, "zoe", "src/a.py") == "none"
    for days in (5, 6):
        commit_as(worked, "cara", "src/b.py", days)
    assert level(worked, "cara", "src/b.py") == "moderate"


def test_familiarity_says_its_figures_and_its_rule(worked: Repo) -> None:
    fact = familiarity(history_of(worked, "src/a.py", "src/b.py"), lambda email: email == "amy@acme.com")
    figures, rule = fact.evidence
    assert figures.startswith("5 commits to 1 of 2 files, ")
    assert "the last 10 days before the base" in figures
    assert rule.startswith("high: at least 5 commits, to 50% of the files, with 20% of the work on them")


def test_a_new_file_is_known_by_its_folder_and_one_at_the_root_by_nobody(worked: Repo) -> None:
    history = history_of(worked, "src/new.py", "src/deep/er/new.py")
    assert history.subjects == ("src/",)
    assert level(worked, "amy", "src/new.py") == "high"
    assert level(worked, "amy", "new.py") == "none"


def test_suggestions_are_ranked_by_recent_work_and_say_why(worked: Repo) -> None:
    history = history_of(worked, "src/a.py", "src/b.py")
    found = reviewers(history, Mailmap())
    assert [one.name for one in found] == ["Amy", "Cara", "Bob"]
    assert found[0].why.startswith("5 commits to src/a.py, ")
    assert "the last 10 days before" in found[0].why
    without = reviewers(history, Mailmap(), excluded=lambda _, email: email == "amy@acme.com")
    assert [one.name for one in without] == ["Cara", "Bob"]


def test_the_mailmap_joins_people_in_suggestions_and_never_for_familiarity(worked: Repo) -> None:
    mailmap = Mailmap(b"# people\nAmy Smith <amy@acme.com> <bob@acme.com>\nAmy Smith <amy@acme.com>\n")
    history = history_of(worked, "src/a.py")
    assert [(one.name, one.commits) for one in reviewers(history, mailmap)] == [("Amy Smith", 7)]
    assert level(worked, "bob", "src/a.py") == "low"


@pytest.mark.parametrize(
    ("line", "name", "address", "proper"),
    [
        (b"Proper <a@x>", "p", "A@X", ("Proper", "A@X")),
        (b"<new@x> <a@x>", "p", "a@x", ("p", "new@x")),
        (b"Proper <new@x> Old <a@x>", "old", "a@x", ("Proper", "new@x")),
        (b"Proper <new@x> Old <a@x>", "other", "a@x", ("other", "a@x")),
        (b"# Proper <a@x>", "p", "a@x", ("p", "a@x")),
        (b"nonsense\n<<>>\n\xff<a@x", "p", "a@x", ("p", "a@x")),
    ],
)
def test_the_mailmap_is_read_as_git_reads_it(line: bytes, name: str, address: str, proper: tuple[str, str]) -> None:
    assert Mailmap(line).proper(name, address) == proper


@given(st.binary(max_size=100))
def test_no_bytes_make_the_mailmap_fail(content: bytes) -> None:
    assert len(Mailmap(content).proper("a", "b@c")) == 2


def test_the_bus_factor_is_how_few_did_most_and_names_the_files_of_one(worked: Repo) -> None:
    found = bus_factor(history_of(worked, "src/a.py", "src/b.py", "other.txt"), Mailmap())
    assert found.people == 1
    assert found.alone == (("other.txt", "Zoe"), ("src/a.py", "Amy"), ("src/b.py", "Cara"))
    assert bus_factor(history_of(worked, "new.py"), Mailmap()).people is None


def test_a_clock_that_ran_ahead_makes_no_age_negative(worked: Repo) -> None:
    before = history_of(worked, "src/a.py")
    commit_as(worked, "zoe", "src/a.py", -100)
    commit_as(worked, "amy", "src/a.py", 0)
    after = history_of(worked, "src/a.py")
    assert len(after.touches) == len(before.touches) + 2
    assert [(one.name, one.days) for one in reviewers(after, Mailmap())][:2] == [("Amy", 0), ("Zoe", 0)]


def test_a_commit_from_the_future_counts_as_one_of_today(worked: Repo) -> None:
    commit_as(worked, "zoe", "src/a.py", -20_000)
    assert history_of(worked, "src/a.py").until < 3_000_000_000


def test_a_shallow_history_leaves_it_unknown_with_the_way_out(worked: Repo, make_repo: Callable[..., Repo]) -> None:
    clone = make_repo("clone")
    clone.git("fetch", "-q", "--depth=1", f"file://{worked.path}", "main")
    clone.git("checkout", "-q", "-B", "main", "FETCH_HEAD")
    fact = familiarity(history_of(clone, "src/a.py"), lambda email: email == "amy@acme.com")
    assert fact.value is None
    assert "fetch-depth: 0" in fact.unknown


def test_paths_that_look_like_options_patterns_or_headers_are_only_paths(repo: Repo) -> None:
    for path in ("*", ":(top)x", "-n1", "a\nb"):
        commit_as(repo, "amy", path, 1)
    history = history_of(repo, "*", ":(top)x", "-n1", "a\nb")
    assert [[history.subjects[number] for number in touch.subjects] for touch in history.touches] == [
        ["a\nb"],
        ["-n1"],
        [":(top)x"],
        ["*"],
    ]


def test_reading_stops_in_time_and_says_so(worked: Repo) -> None:
    history = history_of(worked, "src/a.py", seconds=-1.0, keep=True)
    assert any("stopped" in limit for limit in history.limits)
    assert history_of(worked, "src/a.py", keep=True).limits == ()


def kept(repo: Repo) -> list[str]:
    folder = repo.path / ".git" / "vibeguard" / "v1"
    return sorted(str(path) for path in folder.glob("history-*")) if folder.is_dir() else []


def test_a_history_is_kept_by_commit_and_paths_and_read_again_the_same(worked: Repo) -> None:
    first = history_of(worked, "src/a.py", keep=True)
    assert len(kept(worked)) == 1
    inode = os.stat(kept(worked)[0]).st_ino
    assert history_of(worked, "src/a.py", keep=True) == first
    assert os.stat(kept(worked)[0]).st_ino == inode
    history_of(worked, "src/b.py", keep=True)
    commit_as(worked, "amy", "src/a.py", 0)
    assert len(history_of(worked, "src/a.py", keep=True).touches) == len(first.touches) + 1
    assert len(kept(worked)) == 3


def damages(content: bytes) -> Iterator[bytes]:
    yield b""
    yield from (content[:size] for size in range(0, len(content), 37))
    yield content.replace(b"amy@acme.com", b"eve@acme.com")
    yield content + b" "
    yield b"[" * 100_000


def test_a_kept_history_that_was_tampered_with_is_read_again_from_git(worked: Repo) -> None:
    right = history_of(worked, "src/a.py", keep=True)
    (path,) = kept(worked)
    with open(path, "rb") as file:
        content = file.read()
    for damaged in damages(content):
        with open(path, "wb") as file:
            file.write(damaged)
        assert history_of(worked, "src/a.py", keep=True) == right


def test_a_cache_folder_that_is_a_link_a_file_or_read_only_is_not_used(
    worked: Repo, tmp_path: os.PathLike[str]
) -> None:
    right = history_of(worked, "src/a.py")
    elsewhere = os.path.join(tmp_path, "elsewhere")
    os.mkdir(elsewhere)
    ours = worked.path / ".git" / "vibeguard"
    os.symlink(elsewhere, ours)
    worked.accept_changes()
    assert history_of(worked, "src/a.py", keep=True) == right
    assert os.listdir(elsewhere) == []
    os.unlink(ours)
    ours.write_text("")
    worked.accept_changes()
    assert history_of(worked, "src/a.py", keep=True) == right
    os.unlink(ours)
    worked.accept_changes()
    ours.mkdir(mode=stat.S_IRUSR | stat.S_IXUSR)
    assert history_of(worked, "src/a.py", keep=True) == right


def test_no_more_than_a_few_histories_are_kept(worked: Repo) -> None:
    for number in range(40):
        history_of(worked, "src/a.py", f"src/none{number}/x", keep=True) if number else None
        history_of(worked, *(["src/a.py", "src/b.py"][: number % 2 + 1]), keep=True)
        commit_as(worked, "amy", "src/b.py", 0) if number < 36 else None
    assert len(kept(worked)) <= 32


def test_commits_without_history_weigh_nothing() -> None:
    history = History("c", NOW, ("a",), (Touch("Amy", "amy@acme.com", NOW + 999 * DAY, (0,)),))
    assert reviewers(history, Mailmap())[0].share == 1.0
