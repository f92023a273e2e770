"""Two processes build what one builds, whatever becomes of the second."""

from __future__ import annotations

import itertools
import marshal
import os
import select
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Repo
from vibeguard.dependents import building
from vibeguard.dependents.building import Built, Task, build
from vibeguard.dependents.columns import Columns
from vibeguard.dependents.scanning import Blob, TooSlowError
from vibeguard.dependents.snapshot import assembled
from vibeguard.repository.locate import locate
from vibeguard.repository.objects import Objects, list_files

PACKAGES = 12


def sources() -> dict[str, str]:
    """A dozen small packages in languages that resolve by path, and in some that ask what other files define."""
    files = {"go.mod": "module example.org/m\n", "pyproject.toml": "[project]\nname = 'x'\n"}
    for number in range(PACKAGES):
        before = (number + 1) % PACKAGES
        files |= {
            f"py/p{number}/__init__.py": "",
            f"py/p{number}/a.py": f"from p{before}.a import f{before}\n\n\ndef f{number}():\n    import gone{number}\n",
            f"go/p{number}/a.go": f'package p{number}\n\nimport "example.org/m/go/p{before}"\n\n'
            f"func F{number}() {{ p{before}.F{before}(); other() }}\n",
            f"go/p{number}/b.go": f"package p{number}\n\nfunc other() {{}}\n",
            f"kt/p{number}/A.kt": f"package p{number}\n\nimport p{before}.A{before}\n\n"
            f"class A{number} {{ val b = B{number}() }}\n",
            f"kt/p{number}/B.kt": f"package p{number}\n\nclass B{number}\n",
            f"cs/P{number}.cs": f"using P{before};\nnamespace P{number};\nclass C{number} {{ C{before} it; }}\n",
            f"lib/r{number}.rb": f"require_relative 'r{before}'\n",
            f"web/w{number}.ts": f"import {{ x }} from './w{before}'\nimport './gone'\n",
            f"bad/b{number}.py": "\0" * 10,
        }
    return files


def meaning(found: Built) -> dict[str, object]:
    """What is in a graph; lists of names have the numbers under which they came in."""
    snapshot = assembled("tree", found.sections)
    assert snapshot is not None
    rest = {name: part for name, part in found.sections.items() if name not in {"names", "name-lists"}}
    return {**rest, "edges": list(snapshot.edges())}


@pytest.fixture
def built(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Built]:
    """Builds the sources' graph, by two processes or by one."""
    repo.commit("first", sources())
    location = locate(str(repo.path))
    tree = location.git.run("rev-parse", "HEAD^{tree}").stdout.decode().strip()
    blobs = list_files(location.git, tree)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)

    def run(
        *,
        two: bool,
        together: bool = False,
        known: Callable[[Blob], str | None] | None = None,
        deadline: float | None = None,
        top: str | None = None,
    ) -> Built:
        enough = 2 if two else 10**9
        monkeypatch.setattr(building, "_MOST_TOGETHER", 0.9 if together else 0.1)
        monkeypatch.setattr(building, "_FORK_FROM", enough)
        monkeypatch.setattr(building, "_FORK_TO_RESOLVE_FROM", enough)
        return build(Task(location.git, known, deadline=deadline, top=top), blobs)

    return run


def test_two_processes_find_what_one_finds(built: Callable[..., Built], monkeypatch: pytest.MonkeyPatch) -> None:
    one = built(two=False)
    wanted = meaning(one)
    assert len(wanted["edges"]) > 6 * PACKAGES  # type: ignore[arg-type]
    assert one.records.keys() == set()
    forks = itertools.count()
    fork = os.fork
    monkeypatch.setattr(os, "fork", lambda: (next(forks), fork())[1])
    assert meaning(built(two=True)) == wanted
    assert next(forks) == 2  # one for each pass
    assert meaning(built(two=True, together=True)) == wanted
    assert next(forks) == 4  # one: the child resolved what it had scanned

    def nothing(_blob: Blob) -> None:
        return None

    kept = built(two=False, known=nothing)
    assert meaning(kept) == wanted
    for together in (False, True):
        again = built(two=True, together=together, known=nothing)
        assert meaning(again) == wanted
        assert again.records == kept.records
    # From the records of a run before, nothing is scanned.
    monkeypatch.setattr(building, "scanned", lambda *_: os._exit(3))
    for two, together in ((False, False), (True, False), (True, True)):
        read = built(two=two, together=together, known=kept.records.get)
        assert meaning(read) == wanted
        assert read.records == kept.records


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize(
    "end", ["at once", "after half of its answer", "before its links", "in the second pass", "with nonsense"]
)
def test_what_a_child_that_failed_took_is_done_again(
    built: Callable[..., Built], monkeypatch: pytest.MonkeyPatch, end: str, together: bool
) -> None:
    wanted = meaning(built(two=False))
    work: Any = building._Building._child
    dumps = marshal.dumps

    def child(self: Any, passing: Any, pieces: Any, writing: int) -> None:
        if end == "with nonsense":
            os.write(writing, b"\x7bnonsense")
        elif end == "after half of its answer":
            setattr(marshal, "dumps", lambda value: dumps(value)[:-100])  # noqa: B010 - in this child alone
            work(self, passing, pieces, writing)
        elif end == "before its links":
            setattr(Columns, "packed", lambda _: os._exit(9))  # noqa: B010
            work(self, passing, pieces, writing)
        elif end == "in the second pass" and passing is building._Building.scan:
            work(self, passing, pieces, writing)
        os._exit(9)

    monkeypatch.setattr(building._Building, "_child", child)
    assert meaning(built(two=True, together=together)) == wanted


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("whole", [True, False])
def test_a_child_can_take_everything(
    built: Callable[..., Built],
    monkeypatch: pytest.MonkeyPatch,
    whole: bool,
    together: bool,
) -> None:
    wanted = meaning(built(two=False))
    claimed = building._claimed
    packed = Columns.packed
    parent = os.getpid()

    def late(size: int, claims: int, **how: bool) -> Any:
        poll = select.poll()
        poll.register(claims, select.POLLIN)
        while os.getpid() == parent and any(event & select.POLLIN for _, event in poll.poll()):
            time.sleep(0.01)
        return claimed(size, claims, **how)

    monkeypatch.setattr(building, "_claimed", late)
    monkeypatch.setattr(Columns, "packed", lambda columns: packed(columns) if whole else os._exit(9))
    assert meaning(built(two=True, together=together)) == wanted


@given(st.integers(0, 1000), st.lists(st.booleans(), max_size=120))
def test_claims_cover_everything_once(size: int, turns: list[bool]) -> None:
    claims, writing = os.pipe()
    os.write(writing, bytes(range(building._UNITS - building._LAST, 0, -1)))
    os.close(writing)
    ends = [building._claimed(size, claims, backwards=backwards) for backwards in (False, True)]
    taken = []
    for turn in turns:
        taken += [next(ends[turn], (0, 0))]
    taken += [*ends[0], *ends[1]]
    os.close(claims)
    assert sorted(at for start, end in taken for at in range(start, end)) == list(range(size))


def test_a_deadline_ends_both(built: Callable[..., Built]) -> None:
    with pytest.raises(TooSlowError):
        built(two=True, deadline=time.monotonic() - 1)


@pytest.mark.parametrize("two", [False, True])
@pytest.mark.parametrize("edited", [0, 3, 2, 1])
def test_the_work_tree_changes_nothing(repo: Repo, built: Callable[..., Built], edited: int, two: bool) -> None:
    """Nor does one of which every third, every second or every file is another, or no file, or somebody else's."""
    wanted = meaning(built(two=False))
    steps = itertools.cycle(["another", "gone", "a link", "a folder", "longer"])
    for number, name in enumerate(sorted(sources())):
        path = repo.path / name
        if edited == 0 or number % edited:
            continue
        step = next(steps)
        before = path.read_bytes()
        path.unlink()
        if step == "another":
            path.write_bytes(b"import os\n")
        elif step == "a link":
            path.symlink_to("/etc/passwd")
        elif step == "a folder":
            path.mkdir()
        elif step == "longer":
            path.write_bytes(before + b"\n")
    repo.accept_changes()
    assert meaning(built(two=two, top=str(repo.path))) == wanted
    assert meaning(built(two=two, top=str(repo.path / "nowhere"))) == wanted


def test_contents_come_from_the_work_tree_where_it_has_them(
    repo: Repo, built: Callable[..., Built], monkeypatch: pytest.MonkeyPatch
) -> None:
    """git is asked for what is left: for nothing in a fresh clone, for one file after one edit."""
    asked: list[str] = []
    ask = Objects.blob

    def blob(self: Objects, oid: str) -> bytes | None:
        asked.append(oid)
        return ask(self, oid)

    monkeypatch.setattr(Objects, "blob", blob)
    monkeypatch.setattr(building, "read_contents", lambda *_: pytest.fail("streamed"))
    wanted = meaning(built(two=False, top=str(repo.path)))
    assert asked == []
    repo.write("py/p3/a.py", "import os\n")
    assert meaning(built(two=False, top=str(repo.path))) == wanted
    assert len(asked) == 1
