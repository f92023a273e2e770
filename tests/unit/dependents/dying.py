"""Processes that build the graph of a small repository and are killed: `python -m tests.unit.dependents.dying …`.

Started once and warm, it forks a child for each round, so that a round costs milliseconds and no interpreter start.
Prints how many answers were wrong, and how many rounds were killed before they were done.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time

from vibeguard.dependents import opening
from vibeguard.dependents.opening import open_graph
from vibeguard.model import Change
from vibeguard.repository.locate import locate

LOCATION = locate(sys.argv[1])
TREES = [
    LOCATION.git.run("rev-parse", f"{commit}^{{tree}}").stdout.decode().strip()
    for commit in LOCATION.git.run("rev-list", "--reverse", "HEAD").stdout.decode().split()
]


def ask(tree: str, *, use_store: bool) -> object:
    change = Change("range", None, None, (), base_tree=tree, head_tree=tree)
    graph = open_graph(LOCATION.git, LOCATION.common_dir, change, use_store=use_store)
    return sorted(graph.edges()), sorted(graph.unresolved()), graph.dependents(["pkg/hub.py"]).details()


def clear() -> None:
    folder = os.path.join(LOCATION.common_dir, "vibeguard", "v1")
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        if not name.endswith(".tmp"):
            os.unlink(os.path.join(folder, name))


def work() -> None:
    """A cold build, then a patched graph for each later commit."""
    for tree in TREES:
        ask(tree, use_store=True)


def die(rounds: int, seed: int) -> None:
    chance = random.Random(seed)
    opening._PATCH_FROM = 1  # every later tree is written, so that there is always something to tear
    wanted = {tree: ask(tree, use_store=False) for tree in TREES}
    work()
    clear()
    begun = time.monotonic()
    work()
    whole = time.monotonic() - begun
    wrong = killed = 0
    for _ in range(rounds):
        if chance.random() < 0.5:
            clear()
        child = os.fork()
        if child == 0:
            try:
                work()
            finally:
                os._exit(0)
        time.sleep(chance.uniform(0, whole))
        os.kill(child, signal.SIGKILL)
        killed += os.WIFSIGNALED(os.waitpid(child, 0)[1])
        tree = chance.choice(TREES)
        wrong += ask(tree, use_store=True) != wanted[tree]
    sys.stdout.write(f"{wrong} {killed}\n")


def together(rounds: int, seed: int) -> None:
    chance = random.Random(seed)
    wanted = {tree: ask(tree, use_store=False) for tree in TREES}
    wrong = 0
    for round_ in range(rounds):
        if round_ % 2 == 0:
            clear()
        tree = chance.choice(TREES)
        children = []
        for _ in range(8):
            child = os.fork()
            if child == 0:
                status = 1
                try:
                    status = int(ask(tree, use_store=True) != wanted[tree])
                finally:
                    os._exit(status)
            children.append(child)
        wrong += sum(os.waitpid(child, 0)[1] != 0 for child in children)
    sys.stdout.write(f"{wrong} {8 * rounds}\n")


if __name__ == "__main__":
    {"die": die, "together": together}[sys.argv[2]](int(sys.argv[3]), int(sys.argv[4]))
