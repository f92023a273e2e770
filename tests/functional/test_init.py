"""A first policy: it loads, it is tried on the past, and nothing that is there is overwritten."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import Ran, Repo
from vibeguard.policy.load import PolicySource, load

Script = Callable[..., Ran]


def test_init_writes_a_policy_that_loads_and_tells_what_it_would_have_asked(repo: Repo, script: Script) -> None:
    repo.commit("start", {f"pkg/m{number}.py": "import pkg.hub\n" for number in range(80)} | {"pkg/hub.py": "H = 1\n"})
    repo.commit("by hand", {"pkg/hub.py": "H = 2\n"})
    marked = repo.commit(
        "with help\n\nCo-Authored-By: Claude <noreply@anthropic.com>\n",
        {"db/migrations/1.sql": "x\n", "pkg/hub.py": "H = 3\n"},
    )
    ran = script("vibeguard", "init", cwd=repo.path)
    repo.accept_changes()
    assert ran.code == 0, ran
    written = (repo.path / ".vibeguard.yaml").read_bytes()
    policy = load(PolicySource(".vibeguard.yaml", written, None))
    assert "tests-with-code" in [rule.id for rule in policy.rules]
    assert "python (81)" in ran.out
    assert "Of the last 2 changes (approvals left out): 1 pass, 1 need something" in ran.out
    assert f"{marked[:10]} needs" in ran.out
    again = script("vibeguard", "init", cwd=repo.path)
    assert again.code == 2
    assert "there is a .vibeguard.yaml already" in again.err


@pytest.mark.parametrize("name", ["plain", "weird: [name] #x", "-", "日本"])
def test_any_folder_name_gives_a_policy_that_loads(make_repo: Callable[..., Repo], script: Script, name: str) -> None:
    repo = make_repo(name)
    ran = script("vibeguard", "init", "--dry-run", cwd=repo.path)
    assert ran.code == 0, ran
    load(PolicySource(".vibeguard.yaml", ran.out.encode(), None))
    assert not (repo.path / ".vibeguard.yaml").exists()
