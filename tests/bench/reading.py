"""Reading a change, as ratios to git doing the same reading: `python -m tests.bench.reading [case …]`.

CPU seconds (user and system) of whole processes with their children, median of three; peak memory of the process
that reads. Cases: tiny, files (100,000 staged files in an index of 500,000), large (a diff of 100 MB), push (20,000
commits).
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable

# Without compiled files every import would be measured as a compilation.
GIT = {
    **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
}
IDENTITY = b"Ada Byron <ada@example.com> 1700000000 +0000"

READ_STAGED = """
from vibeguard.repository.locate import locate
from vibeguard.repository.objects import Objects
from vibeguard.repository.change import staged
location = locate(".")
with Objects(location.git) as objects:
    change = staged(location, objects)
print(len(change.files), sum(file.patch is not None for file in change.files))
"""
READ_PUSH = """
import sys
from vibeguard.repository.locate import locate
from vibeguard.repository.objects import Objects
from vibeguard.repository.push import parse_push, pushed_changes
location = locate(".")
with Objects(location.git) as objects:
    (pushed,) = pushed_changes(location, objects, parse_push(sys.argv[1].encode()))
print(len(pushed.change.commits))
"""
FLOOR = "pass"


def git(folder: str, *arguments: str, stdin: bytes | None = None) -> bytes:
    return subprocess.run(
        ["git", *arguments], cwd=folder, input=stdin, env=GIT, check=True, stdout=subprocess.PIPE
    ).stdout


def measure(command: list[str], folder: str) -> tuple[float, float]:
    """Median CPU seconds and peak MiB of a command with all of its children."""
    seconds, memory = [], 0.0
    for _ in range(3):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.chdir(folder)
            with open(os.devnull, "wb") as null:
                subprocess.run(command, env=GIT, check=True, stdout=null)
            used = resource.getrusage(resource.RUSAGE_CHILDREN)
            os.write(writer, f"{used.ru_utime + used.ru_stime} {used.ru_maxrss / 1024}".encode())
            os._exit(0)
        os.close(writer)
        os.waitpid(child, 0)
        cpu, peak = os.read(reader, 100).split()
        os.close(reader)
        seconds.append(float(cpu))
        memory = max(memory, float(peak))
    return sorted(seconds)[1], memory


def report(name: str, folder: str, script: list[str], floor: list[str]) -> None:
    ours, memory = measure([sys.executable, "-c", *script], folder)
    theirs, _ = measure(floor, folder)
    print(
        f"{name:12} {ours:8.3f} s  {ours / theirs:6.2f} x `{' '.join(floor[:4])} …` ({theirs:.3f} s)  {memory:6.0f} MiB"
    )


def tiny(folder: str) -> None:
    with open(os.path.join(folder, "a.txt"), "w", encoding="utf-8") as file:
        file.write("one\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first")
    with open(os.path.join(folder, "a.txt"), "w", encoding="utf-8") as file:
        file.write("two\n")
    git(folder, "add", "-A")
    report("tiny", folder, [READ_STAGED], [sys.executable, "-c", FLOOR])


def files(folder: str) -> None:
    """500,000 entries of 1,000 different blobs, of which 100,000 are staged with other content."""
    old, new = (
        [
            line.decode()
            for line in git(
                folder,
                "fast-import",
                "--quiet",
                stdin=b"".join(
                    b"blob\nmark :%d\ndata %d\n%s\n" % (number + 1, len(body), body)
                    for number in range(1000)
                    for body in [b"".join(b"line %d of %d\n" % (line, number) for line in range(20)) + extra]
                )
                + b"".join(b"get-mark :%d\n" % (number + 1) for number in range(1000)),
            ).split()
        ]
        for extra in (b"", b"more\n")
    )
    paths = [f"d{number // 1000:03}/f{number % 1000:03}.py" for number in range(500_000)]
    entries = "".join(f"100644 {old[at % 1000]}\t{path}\n" for at, path in enumerate(paths))
    git(folder, "update-index", "--index-info", stdin=entries.encode())
    git(folder, "commit", "-qm", "first")
    staged = "".join(f"100644 {new[at % 1000]}\t{path}\n" for at, path in enumerate(paths) if at % 5 == 0)
    git(folder, "update-index", "--index-info", stdin=staged.encode())
    report("files", folder, [READ_STAGED], ["git", "diff-index", "--cached", "--raw", "HEAD"])


def large(folder: str) -> None:
    """A file of 100 MB, all of whose lines are new."""
    with open(os.path.join(folder, "a.txt"), "w", encoding="utf-8") as file:
        file.write("one\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first")
    for name in ("a", "b"):
        with open(os.path.join(folder, f"{name}.txt"), "w", encoding="utf-8") as file:
            file.writelines(f"line {number} of a large file, with some more words in it\n" for number in range(900_000))
    git(folder, "add", "-A")
    report("large", folder, [READ_STAGED], ["git", "diff", "--cached", "-p"])


def push(folder: str) -> None:
    stream = [
        b"commit refs/heads/main\nmark :%d\nauthor %s\ncommitter %s\ndata 9\nchange %2d\n"
        b"M 100644 inline f%d.txt\ndata 2\nx\n\n" % (number + 1, IDENTITY, IDENTITY, number % 100, number % 50)
        for number in range(20_001)
    ]
    git(folder, "fast-import", "--quiet", stdin=b"".join(stream))
    first = git(folder, "rev-list", "--max-parents=0", "main").decode().strip()
    tip = git(folder, "rev-parse", "main").decode().strip()
    git(folder, "update-ref", "refs/remotes/origin/main", first)
    for name, before in (("push", first), ("push new", "0" * 40)):
        line = f"refs/heads/main {tip} refs/heads/main {before}\n"
        report(name, folder, [READ_PUSH, line], ["git", "rev-list", "--format=raw", f"{first}..main"])


CASES: dict[str, Callable[[str], None]] = {"tiny": tiny, "files": files, "large": large, "push": push}


def main(*names: str) -> None:
    for name in names or CASES:
        with tempfile.TemporaryDirectory() as folder:
            git(folder, "init", "-q", "-b", "main")
            git(folder, "config", "user.name", "Ada Byron")
            git(folder, "config", "user.email", "ada@example.com")
            git(folder, "config", "gc.auto", "0")
            CASES[name](folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
