"""A cold import graph against other tools', each on the files that it can read, in turns in one run.

    BENCH_PEERS=FOLDER[:FOLDER…] python -m tests.bench.dependents_peers REPOSITORY

The folders hold the peers' programs (a virtual environment's `bin`, `node_modules/.bin`); what is not there is left
out. For Python and for JavaScript the files of HEAD are laid out in a repository of their own, so that every tool sees
the same. Ours reads what git has and keeps no store, the others read the work tree, without caches where they can. CPU
seconds of whole processes with their children, wall seconds, and the largest resident set of one of the processes.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.bench.measure import ENVIRONMENT, table

RUNS = int(os.environ.get("BENCH_RUNS", "5"))
SLOW = 20.0  # CPU seconds from which once is enough
TIMEOUT = 300

_OURS = """
import sys
from vibeguard.dependents.opening import open_graph
from vibeguard.model import Change
from vibeguard.repository.locate import locate
location = locate(".")
tree = location.git.run("rev-parse", "HEAD^{tree}").stdout.decode().strip()
change = Change("range", None, None, (), base_tree=tree, head_tree=tree)
graph = open_graph(location.git, location.common_dir, change, top=location.top, use_store=False)
graph.dependents(sys.argv[1:])
"""
_GRIMP = "import sys; sys.path.insert(0, '.'); import grimp; grimp.build_graph(*sys.argv[1:], cache_dir=None)"


class _Sample(NamedTuple):
    cpu: float
    wall: float
    peak: float  # MiB


class _Race(NamedTuple):
    """The files of one language, and who can read them."""

    language: str
    endings: tuple[str, ...]
    peers: tuple[str, ...]


RACES = (
    _Race("Python", (".py", ".pyi"), ("grimp", "tach", "ruff", "oneport-impact", "diffimpactscout", "blastradius-cli")),
    _Race("JavaScript", (".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts"), ("depcruise", "madge")),
)


def _program(name: str) -> str | None:
    return shutil.which(name, path=os.environ.get("BENCH_PEERS", "") + os.pathsep + os.environ["PATH"])


def _command(peer: str, folder: Path, first: str) -> list[str] | None:
    """How a peer is asked for the whole graph of a folder, or for what depends on its first file."""
    arguments = {
        "tach": ["tach", "map", "-o", str(folder / ".git" / "tach.json")],
        "ruff": ["ruff", "analyze", "graph", "."],
        "oneport-impact": ["oneport-impact", "analyze", first, "--no-llm"],
        "diffimpactscout": ["diffimpactscout", "impact", "--staged", "--json"],
        "blastradius-cli": ["blastradius", "analyze", ".", "--output", str(folder / ".git" / "blastradius.json")],
        "depcruise": ["depcruise", ".", "--no-config", "--ts-pre-compilation-deps", "--output-type", "json"],
        "madge": ["madge", "--json", "--no-spinner", "--extensions", "js,jsx,mjs,cjs,ts,tsx", "."],
    }
    if peer == "grimp":
        # A library: run by the python that it is installed beside.
        python = _program("python")
        packages = sorted(path.parent.name for path in folder.glob("*/__init__.py"))
        if python is None or not packages:
            return None
        there = subprocess.run([python, "-c", "import grimp"], capture_output=True, check=False)
        return None if there.returncode else [python, "-c", _GRIMP, *packages]
    program = _program(arguments[peer][0])
    return None if program is None else [program, *arguments[peer][1:]]


def _measured(command: Sequence[str], folder: Path) -> _Sample | None:
    """One run; None when it failed or took too long. Measured in a child, so that its peak is its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        started = time.monotonic()
        try:
            done = subprocess.run(
                command,
                cwd=folder,
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=TIMEOUT,
                check=False,
            )
            failed = done.returncode not in (0, 1)
        except subprocess.TimeoutExpired:
            failed = True
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        figures = (used.ru_utime + used.ru_stime, time.monotonic() - started, used.ru_maxrss // 1024)
        line = f"{failed:d} {figures[0]} {figures[1]} {figures[2]}"
        os.write(writing, line.encode())
        os._exit(0)
    os.close(writing)
    with open(reading, encoding="ascii") as pipe:
        said, cpu, wall, peak = pipe.read().split()
    os.waitpid(child, 0)
    return None if said == "1" else _Sample(float(cpu), float(wall), int(peak))


def _laid_out(repository: Path, race: _Race, target: Path) -> list[str]:
    """A repository at `target` with the files of one language; their paths."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=repository, capture_output=True, check=True, text=True
    ).stdout
    wanted = [path for path in listed.split("\0") if path.endswith((*race.endings, "package.json", "tsconfig.json"))]
    kept = [path for path in wanted if path.endswith(race.endings)]
    if not kept:
        return []
    archive = subprocess.run(
        ["git", "archive", "HEAD", "--", *wanted], cwd=repository, capture_output=True, check=True
    ).stdout
    subprocess.run(["tar", "x", "-C", str(target)], input=archive, check=True)
    (target / "tach.toml").write_text('source_roots = ["."]\n', encoding="utf-8")
    commit = ["git", "-c", "user.name=bench", "-c", "user.email=bench@example.com", "commit", "-qm", "all"]
    for command in (["git", "init", "-q"], ["git", "add", "-A"], commit):
        subprocess.run(command, cwd=target, check=True)
    # For the tools that look at what is staged.
    first = kept[len(kept) // 2]
    with open(target / first, "a", encoding="utf-8") as file:
        file.write("\n")
    subprocess.run(["git", "add", "-A"], cwd=target, check=True)
    return [first, *kept]


def _race(repository: Path, race: _Race) -> str:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        paths = _laid_out(repository, race, folder)
        if not paths:
            return ""
        size = sum((folder / path).stat().st_size for path in paths[1:])
        commands = {"vibeguard": [sys.executable, "-c", _OURS, paths[0]]}
        for peer in race.peers:
            command = _command(peer, folder, paths[0])
            if command is not None:
                commands[peer] = command
        samples: dict[str, list[_Sample | None]] = {tool: [] for tool in commands}
        for _ in range(RUNS):
            for tool, command in commands.items():
                slow = any(sample is None or sample.cpu > SLOW for sample in samples[tool])
                if not slow:
                    samples[tool].append(_measured(command, folder))
        rows = [["", "CPU s", "× ours", "wall s", "MiB"]]
        ours = statistics.median(sample.cpu for sample in samples["vibeguard"] if sample is not None)
        for tool, found in samples.items():
            runs = [sample for sample in found if sample is not None]
            if not runs:
                rows.append([tool, f"failed, or more than {TIMEOUT} s", "", "", ""])
                continue
            middle = _Sample(*(statistics.median(column) for column in zip(*runs, strict=True)))
            rows.append(
                [tool, f"{middle.cpu:.2f}", f"{middle.cpu / ours:.2f}", f"{middle.wall:.2f}", f"{middle.peak:.0f}"]
            )
        return table(f"{race.language}: {len(paths) - 1} files, {size / 1e6:.0f} MB, cold", rows)


def main(folder: str = ".") -> None:
    repository = Path(folder).resolve()
    for race in RACES:
        print(_race(repository, race))


if __name__ == "__main__":
    main(sys.argv[1])
