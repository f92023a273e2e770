"""`vibeguard graph`: who depends on a file, why, and every edge; as text, JSON, Graphviz, SVG or a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from vibeguard.cli.output import columns, put, put_json
from vibeguard.cli.progress import Progress
from vibeguard.dependents.facts import Edge
from vibeguard.dependents.graph import Graph
from vibeguard.dependents.languages import language_of
from vibeguard.dependents.opening import open_graph
from vibeguard.errors import USAGE, VibeguardError
from vibeguard.hooks.door import say
from vibeguard.model import Change, Dependents
from vibeguard.ownership.sources import Source, open_source
from vibeguard.report.escape import visible
from vibeguard.repository.change import staged
from vibeguard.repository.locate import locate
from vibeguard.repository.objects import Objects
from vibeguard.repository.refs import resolve

DEPENDENTS_SCHEMA = "vibeguard/dependents/v1"
EDGES_SCHEMA = "vibeguard/edges/v1"
WHY_SCHEMA = "vibeguard/why/v1"
STATS_SCHEMA = "vibeguard/graph-stats/v1"
_NO_PATH = 1  # exit code of `why` when neither file depends on the other
_HUBS = 10
_LOOSE = 10  # imports that lead nowhere, shown in the text

app = typer.Typer(
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
    help="Who depends on a file, why, and every edge of the import graph of the index or of a commit.",
)

_PATHS = typer.Argument(
    metavar="[PATH]...", help="Files, or folders with all tracked files in them; else what is staged."
)
_AT = typer.Option("--at", metavar="REF", help="The graph of this commit instead of the index.")
_FORMAT = typer.Option("--format", metavar="text|json|dot|svg|html", help="How to print it.")
_TEXT_OR_JSON = typer.Option("--format", metavar="text|json", help="How to print it.")
_OUTPUT = typer.Option("--output", metavar="FILE", help="Write to this file instead of stdout.")
_NO_STORE = typer.Option("--no-store", help="Build the graph anew; neither read nor write the store below .git.")
_LIMIT = typer.Option("--limit", metavar="N", min=0, help="Lines of the text; 0 for all.")


class _Opened:
    """The graph with its owners, and the paths that were asked for."""

    def __init__(self, graph: Graph, tree: str | None, source: Source, paths: list[str]) -> None:
        self.graph = graph
        self.tree = tree
        self.source = source
        self.paths = paths

    def owners(self, path: str) -> tuple[str, ...]:
        return self.source.ownership.of(path).owners

    def require(self, *paths: str) -> None:
        """Every path is one of the tree.

        Raises:
            VibeguardError: USAGE for one that is not.
        """
        known = set(self.graph.paths())
        for path in paths:
            if path not in known:
                raise VibeguardError(USAGE, f"not in the tree: {path}", hint="git ls-files lists what is")


@contextmanager
def _opened(words: list[str], at: str | None, *, no_store: bool) -> Iterator[_Opened]:
    location = locate(".")
    with Objects(location.git) as objects, open_source(file=None, at=at, dialect=None) as source:
        if at is None and location.top is not None:
            change = staged(location, objects)
        else:
            tree = resolve(location, objects, at or "HEAD").commit.tree
            change = Change("range", None, None, (), base_tree=tree, head_tree=tree)
        graph = open_graph(
            location.git,
            location.common_dir,
            change,
            top=location.top,
            use_store=not no_store,
            progress=Progress("files read for imports"),
            objects=objects,
        )
        for notice in graph.notices:
            say(f"note: {visible(notice)}")
        paths = source.paths(words) if words else list(change.paths)
        tree_id = change.head_tree if change.head_tree is not None or change.files else change.base_tree
        yield _Opened(graph, tree_id, source, paths)


def _chosen(name: str, *known: str) -> str:
    if name == "json-v1":
        name = "json"
    if name not in known:
        raise VibeguardError(USAGE, f"no such format: {name}", hint=", ".join(known))
    return name


@app.command("dependents")
def dependents(
    paths: Annotated[list[str] | None, _PATHS] = None,
    *,
    at: Annotated[str | None, _AT] = None,
    format_: Annotated[str, _FORMAT] = "text",
    output: Annotated[str | None, _OUTPUT] = None,
    limit: Annotated[int, _LIMIT] = 100,
    no_store: Annotated[bool, _NO_STORE] = False,
) -> int:
    """Every file that depends on these, directly or through others; on what is staged when none is named."""
    chosen = _chosen(format_, "text", "json", "dot", "svg", "html")
    with _opened(paths or [], at, no_store=no_store) as opened:
        if paths:
            deleted = {path for path in opened.paths if opened.graph.dependents((path,)).reached}
            opened.require(*(path for path in opened.paths if path not in deleted))
        elif not opened.paths:
            say("nothing is staged")
        found = opened.graph.dependents(opened.paths)
        if chosen == "json":
            put_json(_document(found, opened), output)
            return 0
        put(_rendered(chosen, found, opened, limit, columns() if output is None else None), output)
    return 0


def _rendered(chosen: str, found: Dependents, opened: _Opened, limit: int, width: int | None) -> str:
    # Renderers are imported for the one format that is asked for.
    from vibeguard.report import radius_text, svg  # noqa: PLC0415

    if chosen == "dot":
        return "".join(radius_text.dot(found))
    if chosen == "text":
        tail = [
            f"note: {visible(path)}:{line}: {visible(word)} leads nowhere\n" for path, word, line in found.unresolved
        ]
        tree = radius_text.tree(found, opened.owners, limit, width)
        return "".join((f"{visible(svg.title(found))}\n", *tree, *tail[:10]))
    from vibeguard.report.radius import picture  # noqa: PLC0415

    drawn = picture(found, opened.owners)
    if chosen == "svg":
        return svg.render(found, drawn)
    from vibeguard.report import radius_html  # noqa: PLC0415

    return radius_html.render(found, drawn, opened.owners)


def _document(found: Dependents, opened: _Opened) -> dict[str, Any]:
    known = not found.unknown or bool(found.reached)
    unknown = [found.unknown] if found.unknown else []
    return {
        "schema": DEPENDENTS_SCHEMA,
        "tree": opened.tree,
        "changed": list(found.changed),
        "direct": found.direct if known else None,
        "within_2": found.within_2 if known else None,
        "all": found.all if known else None,
        "unknown": unknown + [f"{path}:{line}: {word} leads nowhere" for path, word, line in found.unresolved],
        "dependents": [
            {
                "path": item.path,
                "distance": item.distance,
                "via": item.via,
                "kind": item.kind,
                "names": list(item.names),
                "owners": list(opened.owners(item.path)),
            }
            for item in found.details()
        ],
    }


@app.command("why")
def why(
    dependent: Annotated[str, typer.Argument(metavar="A", help="The file that depends.")],
    on: Annotated[str, typer.Argument(metavar="B", help="The file it depends on.")],
    *,
    at: Annotated[str | None, _AT] = None,
    format_: Annotated[str, _TEXT_OR_JSON] = "text",
    no_store: Annotated[bool, _NO_STORE] = False,
) -> int:
    """The shortest chain of imports from A to B; exit 1 when there is none."""
    chosen = _chosen(format_, "text", "json")
    with _opened([dependent, on], at, no_store=no_store) as opened:
        if len(opened.paths) != 2:
            raise VibeguardError(USAGE, "why needs two different files", hint="vibeguard graph why A B")
        start, end = opened.paths
        opened.require(start, end)
        chain = _chain(opened.graph, start, end)
    if chosen == "json":
        steps = [_edge(source, edge) for source, edge in chain]
        put_json(
            {"schema": WHY_SCHEMA, "tree": opened.tree, "from": start, "to": end, "path": steps if chain else None}
        )
    elif chain:
        put(f"{visible(start)}\n" + "".join(f"  {_step(edge)}\n" for _, edge in chain))
    else:
        put(f"{visible(start)} does not depend on {visible(end)}, as far as imports can be read\n")
    return 0 if chain else _NO_PATH


def _chain(graph: Graph, start: str, end: str) -> list[tuple[str, Edge]]:
    """The edges of a shortest path; the line of each is looked up where its import stands."""
    found = {item.path: item for item in graph.dependents((end,)).details()}
    chain: list[tuple[str, Edge]] = []
    at = start
    while at != end and at in found:
        item = found[at]
        chain.append((at, Edge(item.via, item.kind, item.names)))
        at = item.via
    wanted = {(source, edge.target) for source, edge in chain}
    lines = {(source, edge.target): edge.line for source, edge in graph.edges() if (source, edge.target) in wanted}
    return [(source, edge._replace(line=lines.get((source, edge.target), 0))) for source, edge in chain]


def _step(edge: Edge) -> str:
    names = f": {visible(', '.join(edge.names))}" if edge.names else ""
    line = f" on line {edge.line}" if edge.line else ""
    return f"→ {visible(edge.target)} ({edge.kind}{line}){names}"


def _edge(source: str, edge: Edge) -> dict[str, Any]:
    line = edge.line or None
    return {"from": source, "to": edge.target, "kind": edge.kind, "names": list(edge.names), "line": line}


@app.command("edges")
def edges(
    paths: Annotated[list[str] | None, typer.Argument(metavar="[PATH]...", help="Only edges from these files.")] = None,
    *,
    at: Annotated[str | None, _AT] = None,
    format_: Annotated[str, _TEXT_OR_JSON] = "text",
    output: Annotated[str | None, _OUTPUT] = None,
    no_store: Annotated[bool, _NO_STORE] = False,
) -> int:
    """Every edge, with its kind, names and line, and every import that leads nowhere."""
    chosen = _chosen(format_, "text", "json")
    with _opened(paths or [], at, no_store=no_store) as opened:
        only = set(opened.paths) if paths else None
        found = sorted(item for item in opened.graph.edges() if only is None or item[0] in only)
        loose = sorted(item for item in opened.graph.unresolved() if only is None or item[0] in only)
    if chosen == "json":
        put_json(
            {
                "schema": EDGES_SCHEMA,
                "tree": opened.tree,
                "edges": [_edge(source, edge) for source, edge in found],
                "unresolved": [{"from": source, "specifier": word, "line": line} for source, word, line in loose],
            },
            output,
        )
        return 0
    lines = [f"{visible(source)}:{edge.line} {_step(edge)}\n" for source, edge in found]
    lines += [f"{visible(source)}:{line} ? {visible(word)}\n" for source, word, line in loose]
    put("".join(lines), output)
    return 0


@app.command("stats")
def stats(
    *,
    at: Annotated[str | None, _AT] = None,
    format_: Annotated[str, _TEXT_OR_JSON] = "text",
    no_store: Annotated[bool, _NO_STORE] = False,
) -> int:
    """How many files, edges and loose imports there are, and the files that most others import."""
    chosen = _chosen(format_, "text", "json")
    with _opened([], at, no_store=no_store) as opened:
        graph = opened.graph
        files = list(graph.paths())
        languages = Counter(language for path in files if (language := language_of(path)) is not None)
        kinds: Counter[str] = Counter()
        targets: Counter[str] = Counter()
        for _, edge in graph.edges():
            kinds[edge.kind] += 1
            targets[edge.target] += 1
        loose = sum(1 for _ in graph.unresolved())
        packages = {graph.package_of(path) for path in files}
        hubs = sorted(targets.items(), key=lambda item: (-item[1], item[0]))[:_HUBS]
        unread = graph.unread()
    document = {
        "schema": STATS_SCHEMA,
        "tree": opened.tree,
        "files": len(files),
        "packages": len(packages),
        "languages": dict(sorted(languages.items())),
        "edges": sum(kinds.values()),
        "kinds": dict(sorted(kinds.items())),
        "unresolved": loose,
        "unread": [{"path": path, "why": reason} for path, reason in sorted(unread.items())],
        "hubs": [{"path": path, "direct": count} for path, count in hubs],
        "unknown": graph.unknown or None,
    }
    if chosen == "json":
        put_json(document)
        return 0
    lines = [
        f"{len(files)} files in {len(packages)} packages, {sum(languages.values())} of them read: "
        + (", ".join(f"{name} {count}" for name, count in languages.most_common()) or "none"),
        f"{sum(kinds.values())} edges: "
        + (", ".join(f"{name} {count}" for name, count in kinds.most_common()) or "none"),
        f"{loose} imports lead nowhere; {len(unread)} files could not be read",
        *(f"{count:6}  {visible(path)}" for path, count in hubs),
    ]
    put("".join(f"{line}\n" for line in lines))
    return 0
