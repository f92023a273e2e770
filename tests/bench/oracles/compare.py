"""The import graph of a repository against an oracle's: how many edges are right, false and missing.

    php tests/bench/oracles/php.php CHECKOUT | python -m tests.bench.oracles.compare CHECKOUT .php [SHOWN]

Reads the lines of an oracle: "source" for every file it read, "source<TAB>target[<TAB>what]" for every edge. Both
graphs are those of HEAD, from the files that the oracle read to files whose names end with the suffix (several with
commas). Prints counts, precision and recall, and SHOWN false and missing edges, drawn by a fixed seed.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterable

from vibeguard.dependents.facts import Edge
from vibeguard.dependents.opening import open_graph
from vibeguard.model import Change
from vibeguard.repository.locate import locate

_SEED = 20


def edges_of(folder: str) -> dict[tuple[str, str], Edge]:
    """Our edges of HEAD by source and target, from a graph built without the stores."""
    done = subprocess.run(["git", "rev-parse", "HEAD^{tree}"], cwd=folder, capture_output=True, text=True, check=True)
    tree = done.stdout.strip()
    location = locate(folder)
    change = Change("range", None, None, (), base_tree=tree, head_tree=tree)
    graph = open_graph(location.git, location.common_dir, change, use_store=False)
    return {(source, edge.target): edge for source, edge in graph.edges()}


def read(lines: Iterable[str]) -> tuple[set[str], dict[tuple[str, str], str]]:
    """The files an oracle read, and its edges, each with why."""
    sources, found = set(), {}
    for line in lines:
        source, *rest = line.rstrip("\n").split("\t")
        sources.add(source)
        if rest:
            found[source, rest[0]] = " ".join(rest[1:])
    return sources, found


def main(folder: str, suffixes: str, shown: str = "20") -> None:
    endings = tuple(suffixes.split(","))
    sources, true = read(sys.stdin)
    ours = {
        pair: edge
        for pair, edge in edges_of(os.path.abspath(folder)).items()
        if pair[0] in sources and pair[1].endswith(endings)
    }
    true = {pair: why for pair, why in true.items() if pair[1].endswith(endings)}
    both = ours.keys() & true.keys()
    false, missing = sorted(ours.keys() - true.keys()), sorted(true.keys() - ours.keys())
    precision, recall = len(both) / max(1, len(ours)), len(both) / max(1, len(true))
    print(
        f"{len(both)} true, {len(false)} false, {len(missing)} missing: precision {precision:.4f} recall {recall:.4f}"
    )
    draw = random.Random(_SEED)
    for pair in sorted(draw.sample(false, min(int(shown), len(false)))):
        edge = ours[pair]
        print(f"false    {pair[0]}:{edge.line} -> {pair[1]} ({edge.kind} {','.join(edge.names[:4])})")
    for pair in sorted(draw.sample(missing, min(int(shown), len(missing)))):
        print(f"missing  {pair[0]} -> {pair[1]} ({true[pair]})")


if __name__ == "__main__":
    main(*sys.argv[1:])
