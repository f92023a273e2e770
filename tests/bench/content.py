"""What looking at a change costs: `python -m tests.bench.content`.

CPU seconds; the hook's share in fresh processes (median), the rest in this one. Ratios of doubled input say whether
the time is linear.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

from tests.bench.measure import ENVIRONMENT, table
from vibeguard.content.examine import classify_change, examine
from vibeguard.model import Change, FileChange, Hunk

HOOK = """
import re, argparse, subprocess  # what every hook has loaded
import vibeguard.model, vibeguard.errors, vibeguard.repository.hunks
import sys, time
from vibeguard.model import Change, FileChange, Hunk
file = FileChange(sys.argv[1], "M", "100644", "100644", "a" * 40, "b" * 40)
hunk = Hunk(1, 1, 1, 1, ((1, "x = 2"),), ((1, "x = 1"),))
started = time.process_time()
from vibeguard.content.examine import examine
examine(Change("staged", None, None, (file,)), lambda _: (hunk,), lambda _: b"x = 2\\n")
print(time.process_time() - started)
"""
LINE = "    value = compute(other, thing)  # a comment of usual length here"


def in_hook(path: str, runs: int = 11) -> float:
    """Seconds from importing the room to its answer about one changed line."""
    command = [sys.executable, "-c", HOOK, path]
    samples = [
        float(subprocess.run(command, capture_output=True, env=ENVIRONMENT, check=True).stdout) for _ in range(runs)
    ]
    return statistics.median(samples[1:])


def lines(path: str, count: int) -> float:
    """Seconds for one file with that many added lines."""
    file = FileChange(path, "M", "100644", "100644", "a" * 40, "b" * 40)
    hunk = Hunk(0, 0, 1, count, tuple((number, LINE) for number in range(1, count + 1)), ())
    content = "\n".join([LINE] * count).encode()
    started = time.process_time()
    examine(Change("staged", None, None, (file,)), lambda _: (hunk,), lambda _: content)
    return time.process_time() - started


def main() -> None:
    rows = [["one changed line, in the hook", "ms"]]
    paths = ("src/a.py", "tests/test_a.py", "pyproject.toml", ".github/workflows/ci.yml", "README.md")
    rows += [[path, f"{in_hook(path) * 1000:.1f}"] for path in paths]
    print(table("Content: a small change", rows))

    files = tuple(
        FileChange(f"src/p{n % 500}/module_{n}.py", "M", "100644", "100644", "a" * 40, "b" * 40) for n in range(100_000)
    )
    change = Change("staged", None, None, files)
    started = time.process_time()
    classify_change(change)
    by_path = time.process_time() - started
    started = time.process_time()
    examine(change, lambda _: (), lambda _: b"x = 1\n")
    examined = time.process_time() - started
    rows = [["100,000 files", "s"], ["by path", f"{by_path:.2f}"], ["examined", f"{examined:.2f}"]]
    rows.append(["added lines", "MB/s, and time for twice as much"])
    for path in ("src/a.py", "tests/test_a.py", "src/a.ts", "data/a.csv"):
        once, twice = lines(path, 50_000), lines(path, 100_000)
        rows.append([path, f"{50_000 * len(LINE) / 1e6 / once:.0f}, {twice / once:.1f} ×"])
    print(table(f"Content: large changes ({os.cpu_count()} CPUs)", rows))


if __name__ == "__main__":
    main()
