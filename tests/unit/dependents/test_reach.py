"""The reach of random graphs against a plain breadth-first search, and details against reach."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vibeguard.dependents.columns import Columns
from vibeguard.dependents.facts import KIND_WEIGHTS, KINDS, Edge, Links
from vibeguard.dependents.graph import Graph, Overlay
from vibeguard.dependents.snapshot import assembled
from vibeguard.model import EdgeKind

_FILES = 12
_PATHS = [f"{number:02}.py" for number in range(_FILES)]
_EDGES = st.dictionaries(
    st.tuples(st.sampled_from(_PATHS), st.sampled_from(_PATHS)).filter(lambda pair: pair[0] != pair[1]),
    st.sampled_from(KINDS),
    max_size=30,
)
_Edges = dict[tuple[str, str], EdgeKind]  # (importer, imported)


def _links(edges: _Edges, path: str) -> Links:
    found = [Edge(target, kind, (f"of_{target}",), 1) for (source, target), kind in edges.items() if source == path]
    return Links(tuple(found))


def _graph(edges: _Edges, overlay: Overlay) -> Graph:
    columns = Columns({path: number for number, path in enumerate(_PATHS)})
    for path in _PATHS:
        columns.add(path, "python", _links(edges, path))
    snapshot = assembled("tree", columns.sections(dict.fromkeys(_PATHS, "ab" * 20), ["python"], {}))
    assert snapshot is not None
    return Graph(snapshot, overlay)


def _plainly(edges: _Edges, changed: set[str]) -> dict[str, tuple[int, float]]:
    """Distance and heaviest weight along a shortest path, one edge at a time."""
    found: dict[str, tuple[int, float]] = {}
    frontier = dict.fromkeys(changed, 1.0)
    distance = 0
    while frontier:
        distance += 1
        following: dict[str, float] = {}
        for (source, target), kind in edges.items():
            if target in frontier and source not in found and source not in changed:
                following[source] = max(following.get(source, 0.0), frontier[target] * KIND_WEIGHTS[kind])
        found.update({path: (distance, weight) for path, weight in following.items()})
        frontier = following
    return found


@given(_EDGES, _EDGES, st.sets(st.sampled_from(_PATHS)), st.sets(st.sampled_from(_PATHS), min_size=1, max_size=3))
def test_reach_is_that_of_a_plain_search_over_the_edges_in_force(
    stored: _Edges, laid: _Edges, replaced: set[str], changed: set[str]
) -> None:
    in_force = {pair: kind for pair, kind in stored.items() if pair[0] not in replaced}
    in_force |= {pair: kind for pair, kind in laid.items() if pair[0] in replaced}
    graph = _graph(stored, Overlay({path: _links(laid, path) for path in replaced}))
    found = graph.dependents(changed)
    expected = _plainly(in_force, changed)
    assert {path: (reach.distance, reach.weight) for reach in found.reached for path in reach.paths} == expected
    assert found.all == len(expected) == len(found.paths)
    details = found.details()
    assert {item.path: (item.distance, item.weight) for item in details} == expected
    assert [(item.distance, item.path) for item in details] == sorted((item.distance, item.path) for item in details)
    for item in details:
        assert item.kind == in_force[item.path, item.via]
        assert item.names == (f"of_{item.via}",)
        assert item.via in changed if item.distance == 1 else expected[item.via][0] == item.distance - 1
