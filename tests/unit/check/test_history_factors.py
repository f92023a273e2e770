from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.conftest import Repo
from vibeguard.check.companions import companions_of
from vibeguard.check.fixes import fixes_of
from vibeguard.check.recent import Recent, recent
from vibeguard.repository.locate import locate
from vibeguard.repository.objects import Objects
from vibeguard.scoring.blast import Companion


def history(repo: Repo) -> str:
    repo.commit("start", {"a.py": "0", "a_test.py": "0", "rare.py": "0", "other.py": "0"})
    for number in range(1, 7):
        repo.commit(
            f"fix: step {number}" if number % 2 else f"step {number}", {"a.py": f"{number}", "a_test.py": f"{number}"}
        )
    for number in range(1, 4):
        repo.commit("more", {"a.py": f"again {number}", "rare.py": f"{number}"})
    return repo.commit("far", {"other.py": "1"})


def read(repo: Repo, tip: str | None, *, keep: bool = False) -> Recent:
    location = locate(str(repo.path))
    with Objects(location.git) as objects:
        return recent(location, objects, tip, keep=keep)


def missing(found: Recent, *paths: str, exists: Callable[[str], bool] = lambda _: True) -> list[str]:
    return [companion.path for companion in companions_of(found, paths, frozenset(paths), exists).missing]


def test_a_usual_companion_that_did_not_change_is_missing(repo: Repo) -> None:
    found = read(repo, history(repo))
    assert missing(found, "a.py") == ["a_test.py"]
    assert missing(found, "a.py", "a_test.py") == []
    assert missing(found, "other.py") == []
    assert missing(found, "a.py", exists=lambda path: path != "a_test.py") == []
    assert missing(read(repo, None), "a.py") == []


def test_a_companion_says_how_often_and_how_closely(repo: Repo) -> None:
    found = read(repo, history(repo))
    # 6 commits share them; a.py has 9 and its test 6 beside the first commit, which is an import of everything.
    assert companions_of(found, ["a.py"], {"a.py"}, lambda _: True).missing == (Companion("a_test.py", 6, 6 / 7.5),)


def test_what_changes_elsewhere_in_the_change_is_not_missing(repo: Repo) -> None:
    found = read(repo, history(repo))
    assert companions_of(found, ["a.py"], {"a.py", "a_test.py"}, lambda _: True).missing == ()


def test_commits_of_many_files_say_nothing_about_pairs(repo: Repo) -> None:
    for number in range(7):
        repo.commit(f"sweep {number}", {f"f{at}.py": f"{number}" for at in range(31)})
    assert missing(read(repo, repo.head), "f1.py") == []
    for number in range(5):
        repo.commit(f"step {number}", {f"f{at}.py": f"again {number}" for at in range(30)})
    assert len(missing(read(repo, repo.head), "f1.py")) == 29


def test_what_is_kept_never_changes_the_answer(repo: Repo) -> None:
    tips = [history(repo)]
    read(repo, tips[0], keep=True)
    tips += [repo.commit("line", {"a.py": f"line {number}", "odd\nname.py": f"{number}"}) for number in range(3)]
    repo.git("checkout", "-q", "-b", "side", tips[0])
    repo.commit("side", {"side.py": "1"})
    repo.git("checkout", "-q", "-B", "trunk", tips[-1])
    repo.git("merge", "-q", "--no-ff", "-m", "merge", "side")
    tips.append(repo.head)
    tips.append(repo.commit("after", {"a.py": "after", "side.py": "2"}))
    for tip in (*tips, *reversed(tips), tips[0], tips[-1]):
        assert read(repo, tip, keep=True) == read(repo, tip)


def test_a_damaged_store_is_read_anew(repo: Repo) -> None:
    tip = history(repo)
    right = read(repo, tip, keep=True)
    path = repo.path / ".git" / "vibeguard" / "v1" / "recent"
    whole = path.read_bytes()
    for at in range(0, len(whole), 7):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert read(repo, tip, keep=True) == right


def test_a_shallow_clone_does_not_know_its_companions(repo: Repo, tmp_path: Path) -> None:
    history(repo)
    repo.git("clone", "-q", "--depth", "3", f"file://{repo.path}", str(tmp_path / "shallow"))
    location = locate(str(tmp_path / "shallow"))
    with Objects(location.git) as objects:
        tip = location.git.run("rev-parse", "HEAD").stdout.decode().strip()
        found = recent(location, objects, tip)
    assert found.steps == ()
    assert "shallow" in found.unknown
    assert companions_of(found, ["a.py"], {"a.py"}, lambda _: True).unknown == found.unknown


def test_fixes_of_the_most_mended_file_are_counted(repo: Repo) -> None:
    tip = history(repo)
    location = locate(str(repo.path))
    assert fixes_of(location, tip, ["a.py", "other.py"]) == (3, "")
    assert fixes_of(location, tip, ["other.py"]) == (0, "")
    assert fixes_of(location, None, ["a.py"]) == (0, "")
