"""How far a change reaches: the import graph after it, who depends on it, and the blast radius with its factors.

Asked for all files of the change, or for those in view of a rule (`only_looking_at`); each is worked out once.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from vibeguard.dependents.graph import Graph
from vibeguard.dependents.opening import HOW_TO_FINISH, IN_BACKGROUND, NEXT_TIME, open_graph
from vibeguard.model import BlastRadius, Dependents
from vibeguard.policy.globs import PathIndex, compiled
from vibeguard.scoring import blast as blast_room
from vibeguard.scoring.blast import Api, Companions
from vibeguard.scoring.weights import TAG

if TYPE_CHECKING:
    from vibeguard.check.gather import Files, Gathered
    from vibeguard.check.recent import Recent

HOOK_PATIENCE = 10.0  # seconds a hook waits for a graph that was never built; the next run goes on from there
# Seconds while a process in the background builds it: enough for a graph that is there, and no work that it does, too.
PATIENCE_MEANWHILE = 1.0


class Radius:
    """How far one change reaches."""

    def __init__(self, about: Gathered) -> None:
        self._about = about
        self._dependents: dict[Files, Dependents] = {}
        self._blast: dict[Files, BlastRadius] = {}

    @cached_property
    def graph(self) -> Graph:
        """The import graph after the change. A hook does not wait long for one that was never built."""
        request, location, change = self._about.request, self._about.location, self._about.change
        limit = None if request.stage == "ci" or request.patient else HOOK_PATIENCE
        later = self._about.policy.build_in_background and request.finish_graph is not None and request.use_store
        if later and limit is not None:
            from vibeguard.dependents.finishing import is_under_way  # noqa: PLC0415 - few policies allow it

            if is_under_way(location.common_dir):
                limit = min(limit, PATIENCE_MEANWHILE)
        if change.source == "patch":
            # What the patch adds cannot be resolved without its files; who depends on the files it touches can be told.
            commit = self._about.trusted.commit
            tree = commit.tree if commit is not None else location.empty_tree
            change = change._replace(files=(), base_tree=tree, head_tree=tree)
        graph = open_graph(
            location.git,
            location.common_dir,
            change,
            top=location.top,
            use_store=request.use_store,
            time_limit=limit,
            progress=request.progress,
            objects=self._about.objects,
        )
        if graph.unbuilt is not None and later:
            self._finish_later(graph, graph.unbuilt)
        return graph

    def _finish_later(self, graph: Graph, tree: str) -> None:
        """Have a graph that was not ready built after us, and say what comes of it."""
        finish = self._about.request.finish_graph
        assert finish is not None
        why_not = finish(self._about.location.common_dir, tree)
        if why_not:
            graph.notices = (*graph.notices, f"the import graph is not built in the background: {why_not}")
        else:
            graph.unknown = IN_BACKGROUND
            graph.notices = (*(notice for notice in graph.notices if notice != HOW_TO_FINISH), NEXT_TIME)

    def dependents(self, only: Files = None) -> Dependents:
        """What depends on these changed files."""
        if only not in self._dependents:
            paths = self._about.in_view(only)
            self._dependents[only] = self.graph.dependents(paths) if paths else Dependents((), ())
        return self._dependents[only]

    def blast(self, only: Files = None) -> BlastRadius:
        """The blast radius of these changed files."""
        if only not in self._blast:
            ownership = self._about.ownership
            self._blast[only] = blast_room.score(
                self._about.change,
                self._about.content,
                ownership.group_of,
                ownership.exists,
                self.dependents(only),
                self._tags,
                only,
                package_of=self.graph.package_of,
                count_groups=ownership.count_groups,
                api=self._api(only),
                companions=self._companions(only),
            )
        return self._blast[only]

    def _api(self, only: Files) -> Api | None:
        """Public symbols that are removed or re-signed, and who names them; None where no graph could be had."""
        change = self._about.change
        if self.graph.unknown or change.source == "patch":
            return None
        # Imported here, for it is needed only where code changes.
        from vibeguard.dependents.symbols import changed_symbols, naming  # noqa: PLC0415

        # Nobody imports a test's functions.
        code = frozenset(path for path in self._about.in_view(only) if "test" not in self._about.kinds(path))
        symbols, unknown = changed_symbols(change, self._about.objects.blob, code)
        names = tuple(f"{symbol.name} of {symbol.path}" for symbol in symbols)
        return Api(names, len(naming(symbols, self.graph.named_by) - set(change.paths)), unknown)

    def _companions(self, only: Files) -> Companions:
        """Usual companions of these files that did not change."""
        paths = self._about.in_view(only)
        if not paths:
            return Companions(())
        from vibeguard.check.companions import companions_of  # noqa: PLC0415 - an empty change needs none

        before = self._about.before or self._about.tree
        return companions_of(
            self._recent,
            paths,
            frozenset(self._about.change.paths),
            lambda path: before is None or before.entry(path) is not None,
        )

    @cached_property
    def _recent(self) -> Recent:
        """The commits before the change; of a patch, whose base is not told, those that the policy comes from."""
        from vibeguard.check.recent import recent  # noqa: PLC0415 - see _companions

        about = self._about
        tip = about.change.base
        if about.change.source == "patch":
            tip = about.trusted.commit.id if about.trusted.commit is not None else None
        return recent(about.location, about.objects, tip, keep=about.request.use_store)

    @cached_property
    def _tags(self) -> Mapping[str, tuple[str, float]]:
        """By path, one of the policy's tags and its weight; all tags of a policy weigh the same."""
        if not self._about.policy.tags:
            return {}
        index = PathIndex(self._about.change.paths)
        found: dict[str, tuple[str, float]] = {}
        for tag, patterns in sorted(self._about.policy.tags.items()):
            for pattern in patterns:
                for path in index.select(compiled(pattern)):
                    found.setdefault(path, (tag, TAG))
        return found
