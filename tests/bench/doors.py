"""The two doors against the floor and against peers on the same staged change.

`python -m tests.bench doors`. The floor is `python -c pass` + `git diff --cached --name-status`. Peers are measured
where they are installed beside this interpreter (pre-commit and prek are; gitlint where its own environment is named
by BENCH_GITLINT, since it pins an old click).
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from tests.bench.measure import BIN, beside_floor, table

GOALS = {"hook, tiny change": 7.0, "hook, 5,000 files": 8.0, "hook, 20,000 files": 8.0, "check": 11.0, "--help": 6.0}
PEERS_CONFIG = """\
repos:
  - repo: local
    hooks: [{id: nothing, name: nothing, language: system, entry: "true", always_run: true, pass_filenames: false}]
"""


def make_repository(folder: Path, files: int) -> None:
    """A package of `files` Python files in a tree of imports, with owners, one staged edit of a hub."""

    def run(*command: str) -> None:
        subprocess.run(["git", *command], cwd=folder, check=True, capture_output=True)

    run("init", "-q", "-b", "main")
    run("config", "user.name", "Bench")
    run("config", "user.email", "bench@example.com")
    (folder / "pkg").mkdir()
    (folder / "pkg" / "__init__.py").write_text("")
    (folder / "pkg" / "hub.py").write_text("def hub():\n    return 1\n")
    for number in range(files - 2):
        package = folder / "pkg" / f"p{number // 100}"
        package.mkdir(exist_ok=True)
        if number % 100 == 0:
            (package / "__init__.py").write_text("")
        target = "pkg.hub" if number % 7 == 0 else f"pkg.p{number // 200}.m{number // 2}"
        (package / f"m{number}.py").write_text(f"import os\nimport {target}\n\n\ndef f{number}():\n    return os\n")
    (folder / "CODEOWNERS").write_text("".join(f"/pkg/p{number}/ @team{number % 9}\n" for number in range(200)))
    (folder / ".pre-commit-config.yaml").write_text(PEERS_CONFIG)
    run("add", "-A")
    run("commit", "-q", "-m", "first")
    (folder / "pkg" / "hub.py").write_text("def hub():\n    return 2\n")
    run("add", "-A")


def main() -> None:
    """Measure and print."""
    hook = [os.path.join(BIN, "vibeguard-hook"), "pre-commit"]
    vibeguard = os.path.join(BIN, "vibeguard")
    for files in (12, 5_000, 20_000):
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            folder = Path(name)
            make_repository(folder, files)
            commands = {f"hook, {'tiny change' if files == 12 else f'{files:,} files'}": hook}
            if files == 12:
                commands["check"] = [vibeguard, "check"]
                commands["--help"] = [vibeguard, "--help"]
                commands["peer: pre-commit"] = [os.path.join(BIN, "pre-commit"), "run"]
                commands["peer: prek"] = [os.path.join(BIN, "prek"), "run"]
                if gitlint := os.environ.get("BENCH_GITLINT"):
                    commands["peer: gitlint"] = [gitlint, "--staged", "--msg-filename", "CODEOWNERS"]
            least, measured = beside_floor(commands, folder)
            rows = [["", "CPU ms", "× floor", "goal"], ["floor", f"{least * 1000:.1f}", "1.0", ""]]
            rows += [
                [name, f"{seconds * 1000:.1f}", f"{seconds / least:.1f}", f"≤ {GOALS[name]:g}" if name in GOALS else ""]
                for name, seconds in measured.items()
            ]
            print(table(f"Doors, repository of {files:,} files (median of whole processes)", rows))
