"""Look-ups and parsing of ownership files: `python -m tests.bench.ownership [peer-python]`.

CPU seconds of this process, best of three (medians of whole processes for the hook's share). `peer-python` is an
interpreter with the PyPI package `codeowners`; without it that row is left out.

Files are made up in the shape of real ones: 2,300 rules like those of a repository with a thousand components, 2,000
rules that are nearly all wildcards, and 100,000 rules.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

from tests.bench.measure import ENVIRONMENT, table
from vibeguard.ownership import Entry, Ownership, load

HOOK = """
import re, argparse, subprocess  # what every hook has loaded
import vibeguard.model, vibeguard.errors
import sys, time
content = open(sys.argv[1], "rb").read()
started = time.process_time()
from vibeguard.ownership.lookup import Entry, load
owned = load({".github/CODEOWNERS": Entry("100644", content)}.get)
for number in range(3):
    owned.of(f"src/mod{number}/a.py")
print(time.process_time() - started)
"""
PEER = """
import sys, time
from codeowners import CodeOwners
text = open(sys.argv[1]).read()
paths = open(sys.argv[2]).read().split("\\n")
started = time.process_time()
owners = CodeOwners(text)
parsed = time.process_time()
for path in paths:
    owners.of(path)
print(parsed - started, (time.process_time() - parsed) / len(paths))
"""


def components(count: int) -> list[str]:
    """Two lines for each component, with some defaults before and some exceptions after, as such files are."""
    lines = ["* @org/all", "*.md @org/docs", "setup.cfg @org/core", "src/*.py @org/core", "Dockerfile @org/ops"]
    for number in range(count // 2):
        lines.append(f"/src/components/part_{number}/ @user{number % 700} @org/team{number % 40}")
        lines.append(f"/tests/components/part_{number}/ @user{number % 700} @org/team{number % 40}")
    return [*lines, "/src/**/manifest.json @org/meta", "*.lock"]


def huge(count: int) -> list[str]:
    """As many lines as fit below GitHub's limit of 3 MB."""
    return ["* @all", *(f"/src/area{number} @u{number % 999}" for number in range(count))]


def wildcards(count: int) -> list[str]:
    """Lines that are nearly all globs, in many shapes."""
    shapes = (
        "/src/area{0}/**/test_*.py @t{0}",
        "/src/*/gen_{0}_*.go @t{0}",
        "**/part_{0}/*.md @t{0}",
        "*_{0}.ts @t{0}",
        "/src/area?/sub{0}/* @t{0}",
        "*.ext{0} @t{0}",
        "/lib/*/area{0}/**/*.c @t{0}",
        "conf*{0}*.yaml @t{0}",
    )
    return ["* @all", *(shapes[number % len(shapes)].format(number) for number in range(count))]


def paths(count: int, seed: int = 1) -> list[str]:
    """Paths of a large repository: some 8,000 folders, a dozen files in each."""
    chance = random.Random(seed)
    heads = ("src/components", "tests/components", "src/area{}", "lib/x", "docs", "src/area{}/sub{}")
    folders = []
    for _ in range(max(1, count // 12)):
        head = chance.choice(heads).format(chance.randrange(2000), chance.randrange(2000))
        folders.append(f"{head}/part_{chance.randrange(1300)}" + chance.choice(("", "/deep", "/deep/er")))
    names = ("__init__.py", "manifest.json", "test_{}.py", "gen_{}_x.go", "a_{}.ts", "x.ext{}", "conf{}a.yaml", "b{}.c")
    return [f"{chance.choice(folders)}/{chance.choice(names).format(chance.randrange(2000))}" for _ in range(count)]


def owned(lines: list[str]) -> Ownership:
    content = "\n".join(lines).encode()
    return load({"CODEOWNERS": Entry("100644", content)}.get, dialect="github")


def cpu(work: Callable[[], object], runs: int = 3) -> float:
    """CPU seconds of the fastest of some runs."""
    taken = []
    for _ in range(runs):
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return min(taken)


def looked_up(lines: list[str], asked: list[str], runs: int = 3) -> tuple[float, float]:
    """CPU seconds of parsing, and of each look-up; the index is made anew for each run."""
    parse = cpu(lambda: owned(lines), runs)
    together = cpu(lambda: list(map(owned(lines).group_of, asked)), runs)
    return parse, max(together - parse, 1e-9) / len(asked)


def hook_share(folder: str) -> float:
    """Milliseconds of CPU that a hook pays for a file of 200 lines and three look-ups, imports included."""
    file = os.path.join(folder, "two-hundred")
    with open(file, "w", encoding="utf-8") as made:
        made.write("\n".join(components(194)[:200]))
    command = [sys.executable, "-c", HOOK, file]
    taken = [float(subprocess.run(command, env=ENVIRONMENT, capture_output=True, check=True).stdout) for _ in range(21)]
    return statistics.median(taken) * 1000


def peer(python: str, folder: str, lines: list[str], asked: list[str]) -> tuple[float, float]:
    """The same two figures for the PyPI package, on the same file and fewer paths."""
    names = []
    for name, content in (("peer-file", lines), ("peer-paths", asked)):
        names.append(os.path.join(folder, name))
        with open(names[-1], "w", encoding="utf-8") as made:
            made.write("\n".join(content))
    done = subprocess.run([python, "-c", PEER, *names], env=ENVIRONMENT, capture_output=True, check=True, text=True)
    parse, each = map(float, done.stdout.split())
    return parse, each


def main() -> None:
    many = paths(100_000)
    rows = [("file", "rules", "paths", "parse ms", "look-ups/s", "goal")]
    figures = {}
    for name, lines, asked, goal in (
        ("components", components(2300), many, "100,000/s, parse 50 ms"),
        ("wildcards", wildcards(2000), many, "30,000/s"),
        ("huge", huge(100_000), many[:10_000], "5 s together"),
    ):
        parse, each = figures[name] = looked_up(lines, asked)
        rows.append((name, f"{len(lines):,}", f"{len(asked):,}", f"{parse * 1000:.1f}", f"{1 / each:,.0f}", goal))
    print(table("Ownership: parsing and look-ups (CPU)", rows))
    with tempfile.TemporaryDirectory() as folder:
        print(f"hook: {hook_share(folder):.2f} ms for 200 lines and three look-ups, imports included (goal 2)")
        if len(sys.argv) > 2 or (len(sys.argv) == 2 and os.path.exists(sys.argv[1])):
            parse, each = peer(sys.argv[-1], folder, components(2300), many[:2000])
            ours = figures["components"]
            print(
                f"PyPI codeowners on the same file: parse {parse / ours[0]:.1f} times ours, "
                f"look-up {each / ours[1]:,.0f} times ours ({1 / each:,.0f}/s)"
            )


if __name__ == "__main__":
    main()
