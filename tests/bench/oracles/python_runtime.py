"""How the Python graph compares with what really runs: precision and recall of transitive import-time pairs.

    python -m tests.bench.oracles.python_runtime FOLDER PACKAGE [--setup CODE] [--step N] [--python PROGRAM] [--list N]

For each module of FOLDER/PACKAGE a process is forked, the module imported, and the files below the package read from
`sys.modules`: the truth. It is held against what can be reached over `import` and `implicit-parent` edges, and its
recall also over edges of every kind, for a function that is called while a module loads imports what is lazy. Modules
that cannot be imported are left out, and so is what CODE, run before the forks, has loaded; extension modules are not
copied, so that a source beside one speaks. **This runs the package's code**: only for packages you trust, in an
environment that has what they need.

Pairs as measured (Python 3.11):

    python -m venv v && v/bin/pip install django sympy sqlalchemy[asyncio] pydantic flask
    python -m tests.bench.oracles.python_runtime v/lib/python3*/site-packages sqlalchemy --python v/bin/python
    python -m tests.bench.oracles.python_runtime v/lib/python3*/site-packages django --python v/bin/python --setup "$(
    cat <<'X'
    from django.conf import settings
    apps = "contenttypes auth admin sites sessions messages flatpages redirects sitemaps"
    settings.configure(INSTALLED_APPS=["django.contrib." + app for app in apps.split()],
                       DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}})
    X
    )"
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict

from vibeguard.dependents.facts import KINDS
from vibeguard.dependents.opening import open_graph
from vibeguard.model import Change, EdgeKind
from vibeguard.repository.locate import locate

# Runs in the package's own interpreter, which need not have vibeguard.
_TRUTH = r"""
import json, os, sys
root, package, step, setup, answer = sys.argv[1:]
sys.path.insert(0, root)
sys.dont_write_bytecode = True
exec(setup, {})

def loaded():
    files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    return sorted(os.path.relpath(file, root) for file in files if file and file.startswith(root + "/"))

modules = []
for folder, names, files in os.walk(os.path.join(root, package)):
    for file in files:
        if file.endswith(".py") and file != "__main__.py":
            modules.append(os.path.relpath(os.path.join(folder, file), root))
modules.sort()
truth, failed = {}, 0
for path in modules[:: int(step)]:
    child = os.fork()
    if not child:
        silent = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(silent, number)
        status = 1
        try:
            __import__(path[:-3].removesuffix("/__init__").replace("/", "."))
            with open(answer + ".part", "w") as part:
                json.dump(loaded(), part)
            status = 0
        finally:
            os._exit(status)
    if os.waitpid(child, 0)[1] == 0:
        with open(answer + ".part") as part:
            truth[path] = json.load(part)
    else:
        failed += 1
with open(answer, "w") as file:
    json.dump({"before": loaded(), "truth": truth, "failed": failed}, file)
"""


AT_IMPORT: tuple[EdgeKind, ...] = ("import", "implicit-parent")


def reachable(folder: str, kinds: tuple[EdgeKind, ...] = AT_IMPORT) -> dict[str, set[str]]:
    """For each file what it depends on directly by edges of these kinds, as the graph of the folder's HEAD has it."""
    location = locate(folder)
    tree = location.git.run("rev-parse", "HEAD^{tree}").stdout.decode().strip()
    graph = open_graph(location.git, location.common_dir, Change("staged", None, None, (), base_tree=tree))
    found: dict[str, set[str]] = defaultdict(set)
    for source, edge in graph.edges():
        if edge.kind in kinds:
            found[source].add(edge.target)
    return found


def closure(path: str, edges: dict[str, set[str]]) -> set[str]:
    """Everything that importing this file runs, without itself."""
    seen, queue = {path}, [path]
    while queue:
        for target in edges.get(queue.pop(), ()):
            if target not in seen:
                seen.add(target)
                queue.append(target)
    return seen - {path}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.oracles.python_runtime")
    parser.add_argument("folder")
    parser.add_argument("package")
    parser.add_argument("--setup", default="")
    parser.add_argument("--step", type=int, default=1, help="every N-th module (default: all)")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--list", type=int, default=10, help="how many missed and extra files to name")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        root = os.path.join(os.path.realpath(temporary), "project")
        ignore = shutil.ignore_patterns("__pycache__", ".git", "*.so")
        source = os.path.join(options.folder, options.package)
        shutil.copytree(source, os.path.join(root, options.package), ignore=ignore)
        answer = os.path.join(temporary, "truth.json")
        command = [options.python, "-c", _TRUTH, root, options.package, str(options.step), options.setup, answer]
        subprocess.run(command, check=True)
        for words in (["init", "-q"], ["add", "-Af"], ["commit", "-qm", "x"]):
            subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x", *words], cwd=root, check=True)
        edges, every = reachable(root), reachable(root, KINDS)
        with open(answer, encoding="utf-8") as file:
            found = json.load(file)
    before = set(found["before"])
    right, missed, extra, never = 0, Counter[str](), Counter[str](), 0
    for path, files in found["truth"].items():
        want, have = set(files) - before - {path}, closure(path, edges) - before
        right += len(want & have)
        missed.update(want - have)
        extra.update(have - want)
        never += len(want - closure(path, every))
    print(f"{len(found['truth'])} modules imported, {found['failed']} could not be; {right} pairs right")
    for name, wrong in (("precision", extra), ("recall", missed)):
        print(f"{name} {right / (right + wrong.total()):.4f}, {wrong.total()} wrong: {wrong.most_common(options.list)}")
    print(f"recall over edges of every kind {1 - never / (right + missed.total()):.4f}, {never} missed")


if __name__ == "__main__":
    main()
