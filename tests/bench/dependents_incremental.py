"""Are graphs that are brought up to date equal to graphs that are built anew? On the commits of a real repository.

    python -m tests.bench.dependents_incremental REPOSITORY [COMMITS]

For each first-parent step: the graph of the parent's tree with the commit laid over it, the dependents of every changed
file, and the same from a graph built from nothing. Prints the counts, and every difference.
"""

from __future__ import annotations

import sys
import tempfile
from itertools import pairwise

from vibeguard.dependents import opening
from vibeguard.dependents.fact_store import FactStore
from vibeguard.dependents.graph import Graph
from vibeguard.dependents.opening import _Session
from vibeguard.dependents.store import Store
from vibeguard.model import Change
from vibeguard.repository.locate import locate
from vibeguard.repository.raw import parse_raw


def main(folder: str = ".", count: int = 20) -> int:
    git = locate(folder).git
    # Put differences into the kept graph much more often than a hook does, so that this is measured too.
    opening._PATCH_FROM = 6
    lines = git.run("log", "--first-parent", "--format=%T", f"-{count + 1}", "HEAD").stdout.decode().split()
    trees = lines[::-1]
    equal = structural = modified = 0
    with tempfile.TemporaryDirectory() as kept:
        for old, new in pairwise(trees):
            raw = git.run("diff-tree", "-r", "--raw", "-z", "--no-renames", "--no-abbrev", old, new).stdout
            change = Change("range", None, None, tuple(parse_raw(raw)), base_tree=old, head_tree=new)
            with _Session(git, kept, Store(kept), None, None, None) as session:
                quick = session.graph(change)
            with _Session(git, kept, None, None, None, None) as session:
                session.facts_store = FactStore(Store(kept))
                slow = session.graph(change._replace(files=(), base_tree=new))
                ghosts = session.graph(change)
            if any(file.status in "ADT" for file in change.files):
                structural += 1
            else:
                modified += 1
            same = edges(quick) == edges(slow) and unresolved(quick) == unresolved(slow)
            paths = change.paths
            same_answer = quick.dependents(paths) == ghosts.dependents(paths)
            equal += same and same_answer
            if not same or not same_answer:
                print(old[:10], new[:10], "DIFFER", same, same_answer)
                one, other = quick.dependents(paths), ghosts.dependents(paths)
                print("  ", set(one.details()) ^ set(other.details()), set(one.unresolved) ^ set(other.unresolved))
                for word, found in (
                    ("only laid over", edges(quick) - edges(slow)),
                    ("only anew", edges(slow) - edges(quick)),
                ):
                    for item in sorted(found)[:8]:
                        print("  ", word, item)
    print(f"{equal} of {structural + modified} equal; {modified} only modified files, {structural} did more")
    return 0 if equal == structural + modified else 1


def edges(graph: Graph) -> set[tuple[str, ...]]:
    return {(source, edge.target, edge.kind, ",".join(edge.names), str(edge.line)) for source, edge in graph.edges()}


def unresolved(graph: Graph) -> set[tuple[str, str, int]]:
    return set(graph.unresolved())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 200))
