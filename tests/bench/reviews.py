"""A large pull request against a forge on loopback, and many signed statements: requests, CPU seconds, ratios."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.conftest import Repo
from tests.unit.reviews.forge_server import Forge, GitHubState, by, commit, review, serving
from tests.unit.reviews.keys import make_key
from vibeguard.repository.signatures import sign
from vibeguard.reviews.statements import NAMESPACE, Statement, encode, paths, verified

FILES, COMMITS, REVIEWS, STATEMENTS, RUNS = 300, 250, 120, 50, 5
POLICY = """\
version: 1
name: bench
people: {roles: {senior: [person-7, amy]}}
rules:
  - id: four-eyes
    when: {change.files: ["src/**"]}
    then: {require_review: {count: 2, by: {roles: [senior]}}}
"""


def _repository(folder: Path) -> tuple[Repo, str, str]:
    """main with a policy, and a branch of 250 commits over 300 files, written by fast-import."""
    repo = Repo(folder / "repo")
    base = repo.commit("first", {".vibeguard.yaml": POLICY})
    stream = []
    for number in range(COMMITS):
        stream.append(
            "commit refs/heads/topic\nmark :1\ncommitter Zoe <zoe@acme.com> 1700000000 +0000\ndata 6\nchange\n"
        )
        stream.append(f"from {base if number == 0 else ':1'}\n")
        for file in range(number, FILES, COMMITS):
            text = f"def f{file}():\n    return {number}\n"
            stream.append(f"M 100644 inline src/f{file}.py\ndata {len(text)}\n{text}\n")
    subprocess.run(["git", "fast-import", "--quiet"], cwd=repo.path, input="".join(stream).encode(), check=True)
    subprocess.run(["git", "checkout", "-q", "topic"], cwd=repo.path, check=True)
    return repo, base, repo.head


def _cpu(command: list[str], folder: Path, env: dict[str, str]) -> tuple[float, int]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    code = subprocess.run(command, cwd=folder, env=env, capture_output=True, check=False).returncode
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, code


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _pull_request(folder)
        _statements(folder)


def _pull_request(folder: Path) -> None:
    repo, base, head = _repository(folder)
    state = GitHubState()
    state.head = head
    state.reviews = [review(f"person-{number}", commit={"oid": head}) for number in range(REVIEWS)]
    state.commits = [commit(by("zoe", "zoe@acme.com")) for _ in range(COMMITS)]
    person = {"login": "zoe"}
    request = {
        "number": 7,
        "user": person,
        "head": {"sha": head, "repo": {"full_name": "acme/pay"}},
        "base": {"ref": "main", "sha": base, "repo": {"full_name": "acme/pay"}},
    }
    event = folder / "event.json"
    event.write_text(json.dumps({"pull_request": request}))
    program = os.path.join(os.path.dirname(sys.executable), "vibeguard")
    floor = statistics.median(_cpu([sys.executable, "-c", "pass"], repo.path, dict(os.environ))[0] for _ in range(RUNS))
    with serving(Forge(state)) as forge:
        env = {
            **os.environ,
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_REPOSITORY": "acme/pay",
            "GITHUB_API_URL": forge.url,
            "VIBEGUARD_TOKEN": "x",
        }
        seconds, codes, requests = [], set(), set()
        for _ in range(RUNS):
            forge.calls.clear()
            spent, code = _cpu([program, "ci", "--format", "json"], repo.path, env)
            seconds.append(spent)
            codes.add(code)
            requests.add(len(forge.calls))
    median = statistics.median(seconds)
    print(
        f"ci: {FILES} files, {COMMITS} commits, {REVIEWS} reviews: requests {sorted(requests)} (at most 12),", end=" "
    )
    print(f"{median:.2f} s CPU (at most 1.5), {median / floor:.0f} x python -c pass, exit codes {sorted(codes)}")


def _statements(folder: Path) -> None:
    files: dict[str, bytes] = {}
    allowed = []
    diff = "d" * 64
    for number in range(STATEMENTS):
        who = f"person-{number}@acme.com"
        key = make_key(folder, f"key{number}")
        allowed.append(f"{who} {key.public}\n")
        raw = encode(Statement(who, "approved", "1" * 40, "2" * 40, "3" * 40, diff, "2026-11-22T09:00:00Z"))
        path, place = paths(raw, diff)
        files |= {path: raw, place: sign(raw, key.file, NAMESPACE, folder="/")}
    begun = time.monotonic()
    found = verified(files, diff, "".join(allowed).encode(), None)
    spent = time.monotonic() - begun
    good = sum(not approval.invalid for approval in found)
    print(f"statements: {good} of {STATEMENTS} verified in {spent:.2f} s (at most 3)")
