"""What the import graph costs on a real repository: whole processes, medians, as ratios.

    python -m tests.bench.dependents REPOSITORY [FILE...]

Cold builds the graph without a store; warm asks for the dependents of FILE (the five biggest hubs by default) from the
kept one, in a process of its own. The floor is an empty Python and one `git diff --cached`, in CPU seconds. Where they
are installed, `ruff analyze graph` and depcruise run on a checkout of the same commit, each on the files it can read.

A cold build takes two processes: what it takes of the clock is asked too, each time between two looks at the floor,
for a machine that others use is slower for both by the same factor.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from resource import RUSAGE_CHILDREN, getrusage
from typing import NamedTuple

_COLD = int(os.environ.get("BENCH_RUNS", "9"))  # builds

_ASK = """
import gc, sys
if sys.argv[3] == "warm":
    gc.disable()  # as the hook does
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from vibeguard.dependents.opening import open_graph
from vibeguard.model import Change
from vibeguard.repository.locate import locate
def spent():
    return sum(used.ru_utime + used.ru_stime for used in (getrusage(RUSAGE_SELF), getrusage(RUSAGE_CHILDREN)))
location = locate(sys.argv[1])
begun = spent()
location.git.run("diff", "--cached", "--raw", "-z", "--no-renames", "--no-abbrev")
change = Change("range", None, None, (), base_tree=sys.argv[2], head_tree=sys.argv[2])
graph = open_graph(location.git, location.common_dir, change, top=location.top, use_store=sys.argv[3] == "warm")
found = graph.dependents(sys.argv[4:])
print(found.all, found.unknown or "known", spent() - begun)
"""


class Cost(NamedTuple):
    """Seconds of a command and its children, and what it printed."""

    cpu: float
    clock: float
    printed: str


def cost(command: list[str], folder: str, *, may_fail: bool = False) -> Cost:
    """What one run takes.

    Raises:
        subprocess.CalledProcessError: it failed, and what it took says nothing.
    """
    before, started = getrusage(RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True, check=not may_fail)
    clock, after = time.monotonic() - started, getrusage(RUSAGE_CHILDREN)
    return Cost(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, clock, done.stdout)


def cpu(command: list[str], folder: str, rounds: int, *, may_fail: bool = False) -> float:
    """Median CPU seconds of a command and its children."""
    return statistics.median(cost(command, folder, may_fail=may_fail).cpu for _ in range(rounds))


def least(folder: str, rounds: int) -> float:
    """The floor, in CPU seconds."""
    commands = ([sys.executable, "-c", "pass"], ["git", "diff", "--cached", "--name-status"])
    return sum(cpu(command, folder, rounds) for command in commands)


def git(folder: str, *arguments: str) -> str:
    """What git prints."""
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


def hubs(folder: str, tree: str) -> list[str]:
    """The files that most others import."""
    command = [os.path.join(os.path.dirname(sys.executable), "vibeguard"), "graph", "stats", "--at", "HEAD"]
    done = subprocess.run([*command, "--format", "json"], cwd=folder, capture_output=True, check=True)
    document = json.loads(done.stdout)
    print(f"{document['files']} files, {document['edges']} edges, {document['unresolved']} loose, tree {tree[:10]}")
    return [hub["path"] for hub in document["hubs"][:5]]


def main(folder: str = ".", paths: list[str] | None = None) -> None:
    folder = os.path.abspath(folder)
    tree = git(folder, "rev-parse", "HEAD^{tree}")
    paths = paths or hubs(folder, tree)
    python = sys.executable
    lows, warm = [], []
    for _ in range(9):  # in turns: both are slower where the machine is
        lows.append(least(folder, 1))
        warm.append(cost([python, "-c", _ASK, folder, tree, "warm", *paths], folder))
    floor = statistics.median(lows)
    rows = [("floor", floor)]
    rows.append(("warm question, whole process", statistics.median(found.cpu for found in warm)))
    inside = statistics.median(float(found.printed.split()[-1]) for found in warm)
    rows.append(("of it git diff, loading, searching", inside))
    cold: list[tuple[Cost, float]] = []
    before = least(folder, 3)
    for _ in range(_COLD):
        found = cost([python, "-c", _ASK, folder, tree, "cold", *paths], folder)
        after = least(folder, 3)
        cold.append((found, (before + after) / 2))
        before = after
    rows.append(("cold build, whole process", statistics.median(found.cpu for found, _ in cold)))
    with tempfile.TemporaryDirectory() as checkout:
        archive = subprocess.run(["git", "archive", "HEAD"], cwd=folder, capture_output=True, check=False)
        subprocess.run(["tar", "x", "-C", checkout], input=archive.stdout, check=False)
        for name, command in (
            ("ruff analyze graph (Python only)", ["ruff", "analyze", "graph", "."]),
            ("depcruise (JavaScript only)", ["depcruise", ".", "--no-config", "--output-type", "json"]),
        ):
            program = shutil.which(command[0], path=os.path.dirname(python) + os.pathsep + os.environ["PATH"])
            if program is not None:
                rows.append((name, cpu([program, *command[1:]], checkout, 3, may_fail=True)))
    for name, seconds in rows:
        print(f"{name:36} {seconds * 1000:9.1f} ms {seconds / floor:8.1f} x floor")
    clock, nearby = (
        statistics.median(column) for column in zip(*((found.clock, low) for found, low in cold), strict=True)
    )
    ratios = statistics.quantiles(found.clock / low for found, low in cold)
    print(f"of the clock, a cold build takes {clock:.2f} s beside a floor of {nearby * 1000:.1f} ms: ", end="")
    print("{1:.0f} x floor (quartiles {0:.0f} and {2:.0f}".format(*ratios) + f" of {_COLD} runs)")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
