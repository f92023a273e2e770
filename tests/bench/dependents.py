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
from itertools import pairwise
from pathlib import Path

from tests.bench.measure import BIN, FLOOR, RUNS, Cost, cost, cpu_seconds, medians

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


def git(folder: str, *arguments: str) -> str:
    """What git prints."""
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


def hubs(folder: str, tree: str) -> list[str]:
    """The files that most others import."""
    command = [os.path.join(BIN, "vibeguard"), "graph", "stats", "--at", "HEAD"]
    done = subprocess.run([*command, "--format", "json"], cwd=folder, capture_output=True, check=True)
    document = json.loads(done.stdout)
    print(f"{document['files']} files, {document['edges']} edges, {document['unresolved']} loose, tree {tree[:10]}")
    return [hub["path"] for hub in document["hubs"][:5]]


def inside(found: Cost) -> float:
    """CPU seconds that the process itself counted, without its start. One that failed counted none: IndexError."""
    return float(found.printed.split()[-1])


def main(folder: str = ".", paths: list[str] | None = None) -> None:
    folder = os.path.abspath(folder)
    tree = git(folder, "rev-parse", "HEAD^{tree}")
    paths = paths or hubs(folder, tree)

    def asked(how: str) -> Cost:
        return cost([sys.executable, "-c", _ASK, folder, tree, how, *paths], Path(folder))

    def floor() -> float:
        return sum(cpu_seconds(part, Path(folder)) for part in FLOOR.values())

    warm, cold, lows = [], [], [floor()]
    for _ in range(max(RUNS, 2)):  # in turns: all are slower where the machine is
        warm.append(asked("warm"))
        cold.append(asked("cold"))
        lows.append(floor())
    low = statistics.median(lows)
    rows = [
        ("floor", low),
        ("warm question, whole process", statistics.median(found.cpu for found in warm)),
        ("of it git diff, loading, searching", statistics.median(inside(found) for found in warm)),
        ("cold build, without its start", statistics.median(inside(found) for found in cold)),
    ]
    with tempfile.TemporaryDirectory() as checkout:
        archive = subprocess.run(["git", "archive", "HEAD"], cwd=folder, capture_output=True, check=False)
        subprocess.run(["tar", "x", "-C", checkout], input=archive.stdout, check=False)
        for name, command in (
            ("ruff analyze graph (Python only)", ["ruff", "analyze", "graph", "."]),
            ("depcruise (JavaScript only)", ["depcruise", ".", "--no-config", "--output-type", "json"]),
        ):
            program = shutil.which(command[0], path=BIN + os.pathsep + os.environ["PATH"])
            if program is not None:
                rows.append((name, medians({name: [program, *command[1:]]}, Path(checkout), runs=3)[name]))
    for name, seconds in rows:
        print(f"{name:36} {seconds * 1000:9.1f} ms {seconds / low:8.1f} x floor")
    nearby = [(before + after) / 2 for before, after in pairwise(lows)]
    quartiles = statistics.quantiles(found.clock / beside for found, beside in zip(cold, nearby, strict=True))
    clock = statistics.median(found.clock for found in cold)
    print(f"a cold build's whole process takes {clock:.2f} s of the clock, ", end="")
    print("{1:.0f} x floor (quartiles {0:.0f} and {2:.0f}".format(*quartiles) + f" of {len(cold)} runs)")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
