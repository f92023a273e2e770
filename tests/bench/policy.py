"""Reading, compiling and evaluating policies, and the hostile set: `python -m tests.bench policy`.

CPU milliseconds (medians) inside one process, since every figure is a part of a door's work; the hostile files run in a
process each, which also gives their peak memory.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from tests.bench.measure import table
from vibeguard.errors import VibeguardError
from vibeguard.model import Fact, Requirement
from vibeguard.policy import compiled
from vibeguard.policy.builtin import read_builtin
from vibeguard.policy.evaluate import evaluate
from vibeguard.policy.load import load
from vibeguard.policy.source import PolicySource

RULE = """  - id: rule-{n}
    description: A far-reaching AI-assisted change is approved by a senior.
    when:
      ai.detected: true
      blast.score: at least {n}
    unless: {{author.roles: [senior]}}
    then:
      require_review: {{count: 1, by: {{roles: [senior]}}}}
    message: "{{ai.tools}} took part"
"""
HEAD = "version: 1\npeople: {roles: {senior: [amy, bob]}}\nrules:\n"
WIDE = (
    "  - {{id: r{n}, only_looking_at: {{paths: ['src/pkg{m}/**/mod{n}*.py', '**/x{n}/**']}}, "
    "when: {{change.files: 'src/**', ai.detected: true}}, then: warn}}\n"
)
HOSTILE: dict[str, bytes] = {
    "billion laughs": b"version: 1\na: &a [x]\n"
    + b"".join(b"b%d: &b%d [*a, *a, *a]\n" % (n, n) for n in range(20_000)),
    "merge-key bomb": b"version: 1\n" + b"".join(b"m%d: &m%d {<<: [*m0, *m1]}\n" % (n, n) for n in range(20_000)),
    "100,000 brackets": b"version: 1\nrules: " + b"[" * 100_000,
    "1 MB of brackets": b"[" * 999_990,
    "1 MB of commas": b"rules: [" + b"a," * 499_000 + b"]",
    "1 MB of one scalar": b"name: " + b"a" * 999_000,
    "1 MB of unknown facts": b"version: 1\nrules:\n  - id: a\n    when:\n"
    + b"".join(b"      ai.shares%d: true\n" % n for n in range(45_000)),
    "1 MB of equal keys": b"version: 1\n" * 90_000,
    "1 MB of YAML errors": b"version: 1\n" + b"a: >= 5\n" * 120_000,
    "1 MB of tags": b"- !!python/object/apply:os.system [x]\n" * 26_000,
    "1 MB of globs": b"version: 1\ntags: {t: [" + b",".join(b"'**/*a*/%d/**/*'" % n for n in range(50_000)) + b"]}\n",
    "1 MB of rules": HEAD.encode()
    + b"".join(b"  - {id: r%d, when: {ai.detected: true}, then: block}\n" % n for n in range(18_000)),
}


class _Source:
    """Facts that never change."""

    def __init__(self, values: dict[str, Any], paths: Sequence[str]) -> None:
        self.values = values
        self._paths = paths

    def paths(self) -> Sequence[str]:
        return self._paths

    def owners(self, path: str) -> tuple[str, ...]:
        return ()

    def fact(self, name: str, only: frozenset[str] | None) -> Fact:
        if name == "change.files":
            return Fact(tuple(self._paths if only is None else only))
        return Fact(self.values.get(name), "" if name in self.values else "not given")


def _median(work: Callable[[], object], runs: int = 15) -> float:
    times = []
    for _ in range(runs):
        started = time.process_time()
        work()
        times.append((time.process_time() - started) * 1000)
    return statistics.median(times)


def _unmet(*_: object) -> Requirement:
    return Requirement("review", 1, 0, "a senior", "one approval")


def _hostile(name: str) -> tuple[float, float]:
    """CPU seconds and peak MiB of a process that reads one hostile file."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.policy", name], capture_output=True, text=True, check=True
    )
    seconds, mebibytes = done.stdout.split()
    return float(seconds), float(mebibytes)


def _read_hostile(name: str) -> None:
    started = time.process_time()
    try:
        load(PolicySource("p.yaml", HOSTILE[name][:1_000_000]))
    except VibeguardError:
        pass
    # Not getrusage: its peak begins with that of the process that started this one.
    with open("/proc/self/status", encoding="ascii") as file:
        peak = next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024
    print(f"{time.process_time() - started:.3f} {peak:.1f}")


def main() -> None:
    """Measure and print."""
    many = PolicySource(
        "p.yaml",
        (
            HEAD
            + "".join(RULE.format(n=n % 100 + 1).replace(f"rule-{n % 100 + 1}", f"rule-{n}", 1) for n in range(200))
        ).encode(),
    )
    starter = PolicySource("starter.yaml", read_builtin("starter") or b"")
    policy, small = load(many), load(starter)
    raw, small_raw = compiled.dump(policy), compiled.dump(small)
    facts = {"ai.detected": True, "blast.score": 30, "author.roles": ("junior",), "ai.tools": ("claude-code",)}
    source = _Source(facts, ["src/app.py"])
    rows = [
        ("read and check 200 rules", _median(lambda: load(many)), "≤ 40"),
        ("read and check the starter", _median(lambda: load(starter)), "≤ 3"),
        ("load 200 compiled rules", _median(lambda: compiled.load(raw, many)), ""),
        ("load the compiled starter", _median(lambda: compiled.load(small_raw, starter)), "≤ 3"),
        (
            "evaluate 200 rules, full trace",
            _median(lambda: evaluate(policy, source, stage="ci", fulfil=_unmet, now=0)),
            "≤ 1",
        ),
    ]
    tree = {
        f"part{part}.yaml": (
            "version: 1\nrules:\n"
            + "".join(WIDE.format(n=n, m=n % 500) for n in range(part * 2500, part * 2500 + 2500))
        ).encode()
        for part in range(4)
    }
    entry = PolicySource("p.yaml", f"version: 1\nextends: [{', '.join(tree)}]\n".encode())
    wide = load(entry, tree.get)
    paths = [f"src/pkg{n % 500}/sub/mod{n * 3}_x.py" for n in range(1000)]
    rows.append(("read and check 10,000 rules", _median(lambda: load(entry, tree.get), 3), ""))
    big = _Source({"ai.detected": True}, paths)
    rows.append(
        (
            "evaluate 10,000 rules × 1,000 files",
            _median(lambda: evaluate(wide, big, stage="ci", fulfil=_unmet, now=0), 3),
            "≤ 3000",
        )
    )
    measured = [(name, f"{value:.2f}", goal) for name, value, goal in rows]
    print(table("Policies (CPU milliseconds, medians)", [("", "ms", "goal"), *measured]))
    hostile = [(name, *_hostile(name)) for name in HOSTILE]
    worst = [(name, f"{cpu:.2f}", f"{peak:.0f}") for name, cpu, peak in hostile]
    print(table("Hostile files, a process each (goals: 3 s, 200 MiB)", [("", "CPU s", "peak MiB"), *worst]))


if __name__ == "__main__":
    _read_hostile(sys.argv[1])
