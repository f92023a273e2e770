"""`vibeguard provenance`: CPU for a commit over a long history, and answers on the labelled set, beside its peers.

Peers run when PEERS names the `bin` folder of a virtual environment with `aiir` and `no-ai-marks` in it:

    python -m venv /tmp/peers && /tmp/peers/bin/pip install aiir no-ai-marks
    PEERS=/tmp/peers/bin python -m tests.bench provenance
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import yaml

from tests.bench.measure import BIN, cpu_seconds, medians, table

COMMITS = int(os.environ.get("BENCH_COMMITS", "100000"))
OF_PEERS = 100  # commits that peers are given: they start several processes for each
LABELS = Path(__file__).parent.parent / "data" / "provenance" / "commits.yaml"
SOME = "Keep the order of rows when a page is sorted twice\n\nThe second sort compared the rows by their position.\n"
PERSON = "Ada Byron <ada@example.com>"


def main() -> None:
    with open(LABELS, encoding="utf-8") as file:
        labels: list[dict[str, Any]] = yaml.safe_load(file)
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        print(_answers(here / "labelled", [case for case in labels if case["is"] != "possible"]))
        print(_speed(here / "long", labels))


def _peer(name: str) -> str | None:
    path = os.path.join(os.environ.get("PEERS", ""), name)
    return path if os.environ.get("PEERS") and os.access(path, os.X_OK) else None


def _repository(folder: Path, cases: Iterable[dict[str, Any]]) -> list[str]:
    """A history with one commit for each case behind an empty first one; their ids, oldest first."""
    folder.mkdir()
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=folder, check=True)
    with subprocess.Popen(["git", "fast-import", "--quiet"], cwd=folder, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        for number, case in enumerate([{"message": "Begin\n"}, *cases]):
            message = case["message"].encode(case.get("bytes", "utf-8"))
            author, committer = (case.get(who, PERSON).encode() for who in ("author", "committer"))
            when = f" {1_700_000_000 + number} +0000\n".encode()
            content = b"%d\n" % number
            process.stdin.write(
                b"commit refs/heads/main\n"
                + (b"author " + author + when + b"committer " + committer + when)
                + (b"data %d\n" % len(message) + message + b"\n")
                + (b"M 644 inline file\ndata %d\n" % len(content) + content + b"\n")
            )
    subprocess.run(["git", "reset", "-q", "--hard"], cwd=folder, check=True)
    listed = subprocess.run(["git", "rev-list", "--reverse", "HEAD"], cwd=folder, capture_output=True, check=True)
    return listed.stdout.decode().split()[1:]


def _answers(folder: Path, labels: list[dict[str, Any]]) -> str:
    ids = _repository(folder, labels)
    wanted = {oid for oid, case in zip(ids, labels, strict=True) if case["is"] == "ai"}
    first = f"{ids[0]}^"
    rows = [["detector", "found", "of", "false alarms", "of"]]
    readers: dict[str, tuple[list[str], Callable[[Any], set[str]]]] = {
        "vibeguard": ([os.path.join(BIN, "vibeguard"), "provenance", f"{first}..HEAD", "--format", "json"], _ours)
    }
    if aiir := _peer("aiir"):
        readers["aiir"] = ([aiir, "--range", f"{first}..HEAD", "--json"], _aiir)
    if marks := _peer("no-ai-marks"):
        readers["no-ai-marks"] = ([marks, "range", first, "HEAD", "--format", "json"], _no_ai_marks)
    for name, (command, read) in readers.items():
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        try:
            found = read(json.loads(done.stdout))
        except ValueError:
            rows.append([name, done.stderr.decode("utf-8", "replace").strip().split("\n")[-1][:60], "", "", ""])
            continue
        whole = {oid for oid in ids if any(oid.startswith(prefix) for prefix in found)}
        rows.append(
            [name, str(len(whole & wanted)), str(len(wanted)), str(len(whole - wanted)), str(len(ids) - len(wanted))]
        )
    return table("Answers on the labelled set", rows)


def _ours(report: Any) -> set[str]:
    return {row["id"] for row in report["commits"] if row["confidence"] in ("likely", "certain")}


def _aiir(receipts: Any) -> set[str]:
    return {
        receipt["commit"]["sha"]
        for receipt in (receipts if isinstance(receipts, list) else [receipts])
        if receipt["ai_attestation"]["is_ai_authored"]
    }


def _no_ai_marks(found: Any) -> set[str]:
    return {
        item["source"].removeprefix("commit ")
        for item in found
        if item["source"].startswith("commit ") and item["severity"] == "error"
    }


def _speed(folder: Path, labels: list[dict[str, Any]]) -> str:
    # One commit in ten carries what a label says, as in histories with many agents.
    every = [labels[number // 10 % len(labels)] if number % 10 == 0 else {"message": SOME} for number in range(COMMITS)]
    _repository(folder, every)
    whole = {
        "git rev-list": ["git", "rev-list", "HEAD"],
        "git log (formatted)": ["git", "log", "--format=%H%n%an <%ae>%n%cn <%ce>%n%B"],
        "vibeguard provenance (text)": [os.path.join(BIN, "vibeguard"), "provenance"],
        "vibeguard provenance (json)": [os.path.join(BIN, "vibeguard"), "provenance", "--format", "json"],
        "vibeguard --version": [os.path.join(BIN, "vibeguard"), "--version"],
        "python": [sys.executable, "-c", "pass"],
    }
    rows = [["command", "commits", "CPU s", "ms a commit"]]
    for name, seconds in medians(whole, folder, runs=3).items():
        rows.append([name, str(COMMITS), f"{seconds:.2f}", f"{1000 * seconds / COMMITS:.4f}"])
    span = f"HEAD~{OF_PEERS}"
    few: dict[str, list[str]] = {
        "vibeguard provenance A..B": [os.path.join(BIN, "vibeguard"), "provenance", f"{span}..HEAD"]
    }
    if aiir := _peer("aiir"):
        few["aiir"] = [aiir, "--range", f"{span}..HEAD", "--json"]
    if marks := _peer("no-ai-marks"):
        few["no-ai-marks"] = [marks, "range", span, "HEAD"]
    for name, command in few.items():
        seconds = cpu_seconds(command, folder)
        rows.append([name, str(OF_PEERS), f"{seconds:.2f}", f"{1000 * seconds / OF_PEERS:.4f}"])
    return table("CPU of whole processes", rows)


if __name__ == "__main__":
    main()
