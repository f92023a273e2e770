"""What one file says about others: imports and names, as scanners find them and resolvers use them.

A scanner sees the bytes of one blob and nothing else, so its facts can be kept by blob. A resolver sees the facts,
the importer's path and which files exist, so its links belong to a tree.
"""

from __future__ import annotations

from collections.abc import Iterable

from vibeguard.model import EdgeKind
from vibeguard.tuples import NamedTuple

# How much of a hop an edge of this kind carries. Hand-set; a dependent counts with the largest product along a
# shortest path. Their order is the code of a kind in the stores: append only.
KIND_WEIGHTS: dict[EdgeKind, float] = {
    "import": 1.0,
    "type-only": 0.5,
    "lazy": 0.5,
    "implicit-parent": 0.1,
    "same-package": 1.0,
    "string": 0.1,
}
KINDS: tuple[EdgeKind, ...] = tuple(KIND_WEIGHTS)
KIND_CODES: dict[EdgeKind, int] = {kind: code for code, kind in enumerate(KINDS)}
# The distinct weights, heaviest first; a kind's grade is the place of its weight.
WEIGHTS: tuple[float, ...] = tuple(sorted(set(KIND_WEIGHTS.values()), reverse=True))
GRADES = len(WEIGHTS)
KIND_GRADES: dict[EdgeKind, int] = {kind: WEIGHTS.index(weight) for kind, weight in KIND_WEIGHTS.items()}

# Largest file that is scanned. Longer ones are data or bundles: opaque, and said so.
MAX_BYTES = 8_000_000

_RECORD, _FIELD = "\x1e", "\x1f"
_SEPARATORS = str.maketrans({_RECORD: None, _FIELD: None, "\0": None})


class Import(NamedTuple):
    """One import as it is written. `names` are the imported names in their own file's spelling; "*" is all of them."""

    specifier: str
    kind: EdgeKind = "import"
    names: tuple[str, ...] = ()
    line: int = 0  # from 1


class Facts(NamedTuple):
    """What a scanner found in one blob."""

    imports: tuple[Import, ...] = ()
    defines: tuple[str, ...] = ()  # names other files of the same package, or importers, can use
    mentions: tuple[str, ...] = ()  # names used that may be defined elsewhere in the package
    package: str = ""  # the package or namespace it declares
    opaque: str = ""  # why it could not be read; "" when it could


class Edge(NamedTuple):
    """The importer depends on `target`."""

    target: str
    kind: EdgeKind
    names: tuple[str, ...] = ()
    line: int = 0


class Links(NamedTuple):
    """Where the imports of one file lead.

    `wanted` are the keys whose coming or going could change this answer (see `offers` of each language).
    """

    edges: tuple[Edge, ...] = ()
    unresolved: tuple[tuple[str, int], ...] = ()  # (specifier, line) that should be in the repository and is not
    wanted: frozenset[str] = frozenset()


NO_FACTS = Facts()
NO_LINKS = Links()


_CODES: dict[str, str] = {kind: str(code) for kind, code in KIND_CODES.items()}


def encode_facts(facts: Facts) -> str:
    """One record of text without `\\n`-structure; separators inside names are dropped (no language allows them)."""
    imports, defines, mentions, package, opaque = facts
    fields = [_FIELD.join((word, _CODES[kind], str(line), *names)) for word, kind, names, line in imports]
    record = _RECORD.join((opaque, package, _FIELD.join(defines), _FIELD.join(mentions), *fields))
    separators = 2 * len(imports) + sum([len(item[2]) for item in imports])
    separators += max(0, len(defines) - 1) + max(0, len(mentions) - 1)
    if record.count(_FIELD) == separators and record.count(_RECORD) == 3 + len(imports) and "\0" not in record:
        return record
    return encode_facts(_cleaned(facts))


def _cleaned(facts: Facts) -> Facts:
    """The same without separators in its words."""

    def clean(words: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(word.translate(_SEPARATORS) for word in words)

    imports = tuple(
        Import(item.specifier.translate(_SEPARATORS), item.kind, clean(item.names), item.line) for item in facts.imports
    )
    package, opaque = clean((facts.package, facts.opaque))
    return Facts(imports, clean(facts.defines), clean(facts.mentions), package, opaque)


def decode_facts(record: str) -> Facts:
    """The facts of a record.

    Raises:
        ValueError: the text is no record (a damaged store).
    """
    opaque, package, defines, mentions, *imports = record.split(_RECORD)
    found = []
    for item in imports:
        specifier, kind, line, *names = item.split(_FIELD)
        found.append(Import(specifier, KINDS[int(kind)], tuple(names), int(line)))
    return Facts(
        tuple(found),
        tuple(defines.split(_FIELD)) if defines else (),
        tuple(mentions.split(_FIELD)) if mentions else (),
        package,
        opaque,
    )


_WHOLE = ({"implicit-parent", "lazy"}, {"implicit-parent", "type-only"})


def one_edge_a_target(edges: Iterable[Edge], importer: str) -> tuple[Edge, ...]:
    """Edges to the same file become one: the heaviest kind, all the names, the first line. No file imports itself.

    A parent whose names are also used lazily, or as types, runs at import and is used: a whole import.
    """
    best: dict[str, Edge] = {}
    for edge in edges:
        if edge.target == importer:
            continue
        known = best.get(edge.target)
        if known is None:
            best[edge.target] = edge
            continue
        heavier = KIND_WEIGHTS[edge.kind] > KIND_WEIGHTS[known.kind]
        first, second = (edge, known) if heavier else (known, edge)
        names = first.names + tuple(name for name in second.names if name not in first.names)
        kind: EdgeKind = "import" if {first.kind, second.kind} in _WHOLE else first.kind
        best[edge.target] = Edge(first.target, kind, names, first.line or second.line)
    return tuple(best.values())
