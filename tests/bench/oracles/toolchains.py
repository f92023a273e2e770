"""The import graph of a checkout against what a language's own tools say of it.

    python -m tests.bench.oracles.toolchains depcruise CHECKOUT FOLDER…     # dependency-cruiser and typescript on PATH
    python -m tests.bench.oracles.toolchains go CHECKOUT                    # `go list -deps`, as far as it resolves
    python -m tests.bench.oracles.toolchains gcc CHECKOUT FOLDER [FLAGS…]   # `gcc -MM` of every .c file of the folder

depcruise: edges between files, with dependencies that only exist before compilation. go: edges between packages, not
of tests; where modules cannot be fetched, GOPROXY=off GOFLAGS=-mod=mod GOWORK=off lets it resolve the module's own.
gcc: the headers that each source file reads, also through others; a file that does not preprocess is left out and
counted. The checkout's work tree is HEAD's. Prints counts and every difference.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from tests.bench.oracles.compare import edges_of

Pairs = set[tuple[str, str]]


def _run(command: list[str], folder: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def _say(ours: Pairs, true: Pairs, shown: int = 50) -> None:
    both = len(ours & true)
    print(f"{both} true, {len(ours - true)} false, {len(true - ours)} missing")
    for word, pairs in (("false", ours - true), ("missing", true - ours)):
        for target, count in Counter(target for _, target in pairs).most_common(shown):
            source = min(source for source, other in pairs if other == target)
            print(f"{word:8} {source} -> {target}" + (f" and {count - 1} more to it" if count > 1 else ""))


def depcruise(folder: str, *below: str) -> None:
    """Edges between files of these folders."""
    options = ["--no-config", "--ts-pre-compilation-deps", "--output-type", "json", "--exclude", "node_modules"]
    if os.path.exists(os.path.join(folder, "tsconfig.json")):
        options += ["--ts-config", "tsconfig.json"]
    modules = json.loads(_run(["depcruise", *below, *options], folder).stdout)["modules"]
    true = {
        (module["source"], found["resolved"])
        for module in modules
        for found in module["dependencies"]
        if not found.get("couldNotResolve") and not found.get("coreModule") and "node_modules" not in found["resolved"]
    }
    sources = {module["source"] for module in modules}
    _say({pair for pair in edges_of(folder) if pair[0] in sources}, true)


def _documents(text: str) -> Iterator[Any]:
    decoder, at = json.JSONDecoder(), 0
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        found, at = decoder.raw_decode(text, at)
        yield found


def go(folder: str) -> None:
    """Edges between packages of the module in the root."""
    listed = _run(["go", "list", "-e", "-deps", "-json=ImportPath,Imports,Dir", "./..."], folder)
    root = os.path.realpath(folder)
    packages = list(_documents(listed.stdout))
    if not packages:  # such as an older go, which cannot read the go.mod: no difference to nothing is no answer
        sys.exit(f"go list: {listed.stderr}")
    homes = {
        package["ImportPath"]: os.path.relpath(package["Dir"], root)
        for package in packages
        if package.get("Dir", "").startswith(root)
    }
    true = {
        (homes[package["ImportPath"]], homes[name])
        for package in packages
        if package["ImportPath"] in homes
        for name in package.get("Imports", ())
        if name in homes
    }
    inside = set(homes.values())
    ours = set()
    for source, target in edges_of(folder):
        pair = (os.path.dirname(source) or ".", os.path.dirname(target) or ".")
        if (
            source.endswith(".go")
            and not source.endswith("_test.go")
            and pair[0] != pair[1]
            and inside.issuperset(pair)
        ):
            ours.add(pair)
    _say(ours, true)


def gcc(folder: str, below: str, *flags: str) -> None:
    """Every header that a source file reads, by way of others too."""
    follow: dict[str, list[str]] = defaultdict(list)
    for (source, target), edge in edges_of(folder).items():
        if edge.kind == "import":
            follow[source].append(target)
    ours: Pairs = set()
    true: Pairs = set()
    failed = 0
    here = os.path.join(folder, below)
    for name in sorted(name for name in os.listdir(here) if name.endswith(".c")):
        done = _run(["gcc", "-MM", *flags, name], here)
        if done.returncode:
            failed += 1
            continue
        source = os.path.normpath(os.path.join(below, name))
        for word in done.stdout.replace("\\\n", " ").split(":", 1)[1].split():
            target = os.path.normpath(os.path.join(below, word))
            if not target.startswith("..") and target != source:
                true.add((source, target))
        seen, queue = {source}, [source]
        while queue:
            for target in follow[queue.pop()]:
                if target not in seen:
                    seen.add(target)
                    queue.append(target)
        ours |= {(source, target) for target in seen - {source}}
    print(f"{failed} files do not preprocess")
    _say(ours, true)


if __name__ == "__main__":
    tools: dict[str, Callable[..., None]] = {"depcruise": depcruise, "go": go, "gcc": gcc}
    tools[sys.argv[1]](*sys.argv[2:])
