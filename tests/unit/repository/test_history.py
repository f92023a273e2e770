from __future__ import annotations

from collections.abc import Callable

from tests.conftest import Repo
from tests.unit.repository.reading import reading
from vibeguard.repository.history import list_commits, read_commits, read_steps


def test_each_commit_comes_with_what_it_changed(repo: Repo, armed: Callable[[Repo], None]) -> None:
    first = repo.commit("first", {"a\tb": "1\n", ":x": "1\n2\n", "1\t2\tz": "1\n"})
    repo.git("checkout", "-q", "-b", "side")
    side = repo.commit("side", {"s": "1\n"})
    repo.git("checkout", "-q", "main")
    second = repo.commit("empty")
    repo.git("merge", "-q", "--no-edit", "side")
    merge = repo.commit("binary", {"bin": b"\0\1", ".gitattributes": "a* -diff\n"})
    last = repo.commit("last", {"a\tb": "2\n"})
    merged = repo.git("rev-parse", f"{merge}^")
    armed(repo)
    with reading(repo) as (location, _):
        ids = list_commits(location, [last])
        assert len(ids) == 6
        assert (ids[0], set(ids)) == (last, {first, side, second, merged, merge, last})
        steps = {
            step.commit.id: [(f.path, f.status, f.added, f.deleted) for f in step.files]
            for step in read_steps(location, ids)
        }
        assert list(steps) == ids
        assert steps[first] == [("1\t2\tz", "A", 1, 0), (":x", "A", 2, 0), ("a\tb", "A", 1, 0)]
        assert steps[second] == []
        assert steps[merged] == [("s", "A", 1, 0)]
        assert steps[merge][1] == ("bin", "A", None, None)
        assert [path for path, *_ in steps[last]] == ["a\tb"]
        assert [commit.id for commit in read_commits(location, ids)] == ids
        assert list_commits(location, [last], exclude=[merge]) == [last]
        assert list_commits(location, [last], most=2) == ids[:2]
        assert side not in list_commits(location, [last], trunk=True)


def test_a_thousand_commits_flow_through_two_pipes(repo: Repo) -> None:
    stream = b"".join(
        b"commit refs/heads/main\nmark :%d\ncommitter A <a@b> %d +0000\ndata 2\nx\nM 100644 inline f%d\ndata 2\ny\n\n"
        % (number + 1, number, number)
        for number in range(3000)
    )
    repo.git("fast-import", "--quiet", stdin=stream)
    with reading(repo) as (location, _):
        ids = list_commits(location, [repo.head])
        assert sum(len(step.files) for step in read_steps(location, ids)) == 3000
