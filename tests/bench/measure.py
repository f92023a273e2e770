"""CPU seconds of whole processes, children included, as medians over interleaved runs.

Wall time on a shared machine says little; the ratio of two CPU medians taken in turns in one run says much.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

RUNS = int(os.environ.get("BENCH_RUNS", "15"))
BIN = os.path.dirname(sys.executable)
# What cannot be had for less: an empty python process and git listing the staged files.
FLOOR = {"python": [sys.executable, "-c", "pass"], "git": ["git", "diff", "--cached", "--name-status"]}

# Installed programs have their bytecode; so must what is measured, whatever this shell says.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


class Cost(NamedTuple):
    """Seconds that one command and its children took, and what it printed."""

    cpu: float  # user and system time
    clock: float
    printed: str


def cost(command: Sequence[str], cwd: Path, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Cost:
    """What one run takes; its exit status is not looked at."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(
        command, cwd=cwd, input=stdin, capture_output=True, check=False, env={**ENVIRONMENT, **(env or {})}
    )
    clock, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)
    return Cost(cpu, clock, done.stdout.decode("utf-8", "replace"))


def cpu_seconds(command: Sequence[str], cwd: Path, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> float:
    """User and system time that one command and its children took; its exit status is not looked at."""
    return cost(command, cwd, stdin, env).cpu


def medians(
    commands: Mapping[str, Sequence[str]], cwd: Path, *, stdin: bytes = b"", runs: int = RUNS
) -> dict[str, float]:
    """The median of each command's CPU seconds; one warm-up each, then in turns."""
    samples: dict[str, list[float]] = {name: [] for name in commands}
    for command in commands.values():
        cpu_seconds(command, cwd, stdin)
    for _ in range(runs):
        for name, command in commands.items():
            samples[name].append(cpu_seconds(command, cwd, stdin))
    return {name: statistics.median(values) for name, values in samples.items()}


def beside_floor(
    commands: Mapping[str, Sequence[str]], cwd: Path, *, runs: int = RUNS
) -> tuple[float, dict[str, float]]:
    """The floor, and these commands.

    All in turns: a machine that others use can be half as fast a minute later.
    """
    measured = medians({**FLOOR, **commands}, cwd, runs=runs)
    return sum(measured.pop(part) for part in FLOOR), measured


def table(title: str, rows: Sequence[Sequence[str]]) -> str:
    """A plain table with a title, columns as wide as they must be."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([title, "-" * len(title), *lines, ""])
