from __future__ import annotations

from tests.conftest import Repo
from vibeguard.check.companions import companions_of
from vibeguard.check.fixes import fixes_of
from vibeguard.repository.locate import locate


def history(repo: Repo) -> str:
    repo.commit("start", {"a.py": "0", "a_test.py": "0", "rare.py": "0", "other.py": "0"})
    for number in range(1, 7):
        repo.commit(
            f"fix: step {number}" if number % 2 else f"step {number}", {"a.py": f"{number}", "a_test.py": f"{number}"}
        )
    for number in range(1, 4):
        repo.commit("more", {"a.py": f"again {number}", "rare.py": f"{number}"})
    return repo.commit("far", {"other.py": "1"})


def test_a_usual_companion_that_did_not_change_is_missing(repo: Repo) -> None:
    tip = history(repo)
    location = locate(str(repo.path))
    assert companions_of(location, tip, ["a.py"], lambda _: True).missing == ("a_test.py",)
    assert companions_of(location, tip, ["a.py", "a_test.py"], lambda _: True).missing == ()
    assert companions_of(location, tip, ["other.py"], lambda _: True).missing == ()
    assert companions_of(location, tip, ["a.py"], lambda path: path != "a_test.py").missing == ()
    assert companions_of(location, None, ["a.py"], lambda _: True).missing == ()


def test_commits_of_many_files_say_nothing_about_pairs(repo: Repo) -> None:
    for number in range(6):
        repo.commit(f"sweep {number}", {f"f{at}.py": f"{number}" for at in range(31)})
    location = locate(str(repo.path))
    assert companions_of(location, repo.head, ["f1.py"], lambda _: True).missing == ()


def test_fixes_of_the_most_mended_file_are_counted(repo: Repo) -> None:
    tip = history(repo)
    location = locate(str(repo.path))
    assert fixes_of(location, tip, ["a.py", "other.py"]) == (3, "")
    assert fixes_of(location, tip, ["other.py"]) == (0, "")
    assert fixes_of(location, None, ["a.py"]) == (0, "")
