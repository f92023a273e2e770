"""One index for many path patterns: which is the last one that matches a path?

Rules are numbered; the highest number wins. A pattern without wildcards costs one dictionary entry. The others share
a tree of path segments that is walked one folder at a time, and what a folder leads to is remembered: a look-up
costs what its file name costs, however many rules there are. Nothing backtracks over segments and no regular
expression is compiled, so that no pattern can make a look-up slow.

Which files a dialect's pattern stands for is the dialect's business; here a pattern is a sequence of segments and a
*reach*. Every figure about it is printed by `tests/bench/ownership.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import repeat
from operator import itemgetter
from typing import TypeVar

from vibeguard.ownership.globs import ANY_NAME, Glob

# Reaches of a pattern whose last segment names a file or a folder.
HERE = 0  # only what it names
HERE_AND_BELOW = 1  # what it names and, if that is a folder, everything under it
BELOW = 2  # everything under the folder it names, not the name itself

# Folders remembered by one index. A repository of a million files has about 100,000 folders.
_REMEMBERED_FOLDERS = 200_000


class _Deep:
    """The segment `**`: any number of folders, also none."""


DEEP = _Deep()
Segment = str | Glob | _Deep
Numbers = tuple[int, ...]
Key = TypeVar("Key", str, int)


class Globs:
    """Segments with wildcards, found by what a name ends and begins with."""

    __slots__ = ("_entries", "_index", "_suffix_lengths")

    def __init__(self) -> None:
        self._entries: dict[Glob, _Node] = {}
        self._index: dict[str, tuple[tuple[int, ...], dict[str, list[tuple[Glob, _Node]]]]] | None = None
        self._suffix_lengths: tuple[int, ...] = ()

    def node(self, glob: Glob) -> _Node:
        """The node that this glob leads to, made when it is new."""
        found = self._entries.get(glob)
        if found is None:
            found = self._entries[glob] = _Node()
            self._index = None
        return found

    def find(self, name: str) -> list[_Node]:
        """The nodes of all globs that match a name."""
        index = self._index
        if index is None:
            index = self._build()
        found = []
        for length in self._suffix_lengths:
            bucket = index.get(name[len(name) - length :] if length else "") if length <= len(name) else None
            if bucket is None:
                continue
            prefix_lengths, by_prefix = bucket
            for prefix_length in prefix_lengths:
                for glob, node in by_prefix.get(name[:prefix_length], ()):
                    if len(name) >= glob.least and (glob.rest is None or glob.rest(name)):
                        found.append(node)
        return found

    def _build(self) -> dict[str, tuple[tuple[int, ...], dict[str, list[tuple[Glob, _Node]]]]]:
        by_suffix: dict[str, dict[str, list[tuple[Glob, _Node]]]] = {}
        for glob, node in self._entries.items():
            by_suffix.setdefault(glob.suffix, {}).setdefault(glob.prefix, []).append((glob, node))
        self._suffix_lengths = tuple(sorted({len(suffix) for suffix in by_suffix}))
        self._index = {
            suffix: (tuple(sorted({len(prefix) for prefix in prefixes})), prefixes)
            for suffix, prefixes in by_suffix.items()
        }
        return self._index


class _Node:
    """A place in the tree of segments: where it leads, and the rules that end here, by reach."""

    __slots__ = ("deep", "ends", "globs", "literals", "loops")

    def __init__(self, *, loops: bool = False) -> None:
        self.literals: dict[str, _Node] | None = None
        self.globs: Globs | None = None
        self.deep: _Node | None = None
        self.loops = loops
        self.ends: dict[int, list[int]] = {}  # by reach

    def reached_by(self, name: str) -> list[_Node]:
        """The nodes that a name leads to."""
        found = [] if self.globs is None else self.globs.find(name)
        if self.literals is not None and name in self.literals:
            found.append(self.literals[name])
        return found

    def step(self, segment: Segment) -> _Node:
        """The node one segment further down, made when it is new."""
        if isinstance(segment, str):
            if self.literals is None:
                self.literals = {}
            node = self.literals.get(segment)
            if node is None:
                node = self.literals[segment] = _Node()
            return node
        if isinstance(segment, Glob):
            if self.globs is None:
                self.globs = Globs()
            return self.globs.node(segment)
        if self.loops:
            return self
        if self.deep is None:
            self.deep = _Node(loops=True)
        return self.deep


class Index:
    """Numbered patterns, and the highest number that matches a path, or the highest of each scope.

    Scopes are sets of rules that do not stand against each other (GitLab's sections): `scope_of` names each number's.
    Numbers are added in ascending order, all of them before the first look-up.
    """

    def __init__(self, scope_of: Sequence[int] | None = None) -> None:
        self._scope_of = scope_of
        self._everything: dict[int, list[int]] = {}  # by reach: every path, and every path that is in some folder
        # Literal patterns from the root.
        self._here: dict[str, list[int]] = {}
        self._here_and_below: dict[str, list[int]] = {}
        self._below: dict[str, list[int]] = {}
        self._children: dict[str, list[int]] = {}  # `folder/*`: what lies directly in it
        # Literal names at any depth.
        self._name: dict[str, list[int]] = {}
        self._name_and_below: dict[str, list[int]] = {}
        self._below_name: dict[str, list[int]] = {}
        # Names with wildcards at any depth, and everything else, by the folder where its wildcards begin.
        self._any_depth = _Node(loops=True)
        self._roots: dict[str, _Node] = {}
        self._folders: dict[str, tuple[Numbers, tuple[_Node, ...]]] = {}

    def add_path(self, number: int, path: str, reach: int) -> None:
        """Add a pattern without wildcards: a path from the root."""
        self._put(number, (self._here, self._here_and_below, self._below)[reach], path)

    def add_name(self, number: int, name: str, reach: int) -> None:
        """Add a pattern without wildcards: a name at any depth."""
        self._put(number, (self._name, self._name_and_below, self._below_name)[reach], name)

    def _put(self, number: int, where: dict[Key, list[int]], key: Key) -> None:
        """Keep a number under a key. Without scopes the last one is enough."""
        known = where.get(key)
        if known is None or self._scope_of is None:
            where[key] = [number]
        else:
            known.append(number)

    def _highest(self, numbers: list[int]) -> tuple[int, ...]:
        """The highest number of each scope."""
        if len(numbers) < 2:
            return tuple(numbers)
        if self._scope_of is None:
            return (max(numbers),)
        best: dict[int, int] = {}
        for number in numbers:
            scope = self._scope_of[number]
            if best.get(scope, -1) < number:
                best[scope] = number
        return tuple(best.values())

    def add(self, number: int, segments: Sequence[Segment], reach: int) -> None:
        """Add any pattern. Its last segment is not `DEEP`: `**` at an end is said by the reach of what is before it.

        No segments and `BELOW` are every path. An empty segment (`a//b`) matches no path.
        """
        if "" in segments:
            return
        count = len(segments)
        if not count:
            if reach == BELOW:
                self._put(number, self._everything, HERE)
            return
        if segments[0] is DEEP and count == 2:
            self._add_anywhere(number, segments[1], reach)
            return
        literal: list[str] = []
        for segment in segments:
            if not isinstance(segment, str):
                break
            literal.append(segment)
        path = "/".join(literal)
        rest = segments[len(literal) :]
        if not rest:
            self.add_path(number, path, reach)
        elif reach == HERE and len(rest) == 1 and rest[0] is ANY_NAME:
            self._put(number, self._children, path)
        elif reach == HERE and len(rest) == 2 and rest[0] is DEEP and rest[1] is ANY_NAME:
            self.add_path(number, path, BELOW)
        else:
            node = self._roots.get(path)
            if node is None:
                node = self._roots[path] = _Node()
            for segment in rest:
                node = node.step(segment)
            self._put(number, node.ends, reach)

    def _add_anywhere(self, number: int, segment: Segment, reach: int) -> None:
        if isinstance(segment, str):
            self.add_name(number, segment, reach)
        elif segment is not ANY_NAME:
            self._put(number, self._any_depth.step(segment).ends, reach)
        else:
            self._put(number, self._everything, BELOW if reach == BELOW else HERE)

    def best(self, path: str) -> int:
        """The highest number whose pattern matches a path (without a leading slash); -1 when none does."""
        found = self._found(path)
        return max(found) if found else -1

    def count(self, paths: Iterable[str]) -> Counter[int]:
        """How many of these paths, each counted once, every number decides as :meth:`best` does.

        Most are decided by their folder, and then one look at it does for all.
        """
        asked = set(paths)
        alone = asked & self._here.keys() | asked & self._here_and_below.keys()
        names = self._name.keys() | self._name_and_below.keys()
        if names:
            alone |= {path for path in asked if path.rpartition("/")[2] in names}
        counts: Counter[int] = Counter()
        open_folders = set()
        for folder, files in Counter(_folders_of(asked - alone)).items():
            sure, nodes = self._folders.get(folder) or self._enter(folder)
            if nodes:
                open_folders.add(folder)
            else:
                counts[max((*sure, *self._children.get(folder, ())), default=-1)] += files
        if open_folders:
            alone |= {path for path in asked if path.rpartition("/")[0] in open_folders}
        counts.update(map(self.best, alone))
        return counts

    def each(self, path: str) -> Numbers:
        """The highest number of each scope, lowest first."""
        return tuple(sorted(self._highest(self._found(path))))

    def _found(self, path: str) -> list[int]:
        """Matching numbers, with the highest of each scope among them."""
        folder, _, name = path.rpartition("/")
        sure, nodes = self._folders.get(folder) or self._enter(folder)
        found = [*sure]
        if path in self._here:
            found += self._here[path]
        if path in self._here_and_below:
            found += self._here_and_below[path]
        if name in self._name:
            found += self._name[name]
        if name in self._name_and_below:
            found += self._name_and_below[name]
        if folder in self._children:
            found += self._children[folder]
        for node in nodes:
            for target in node.reached_by(name):
                found += target.ends.get(HERE, ())
                found += target.ends.get(HERE_AND_BELOW, ())
        return found

    def _at_root(self) -> tuple[int, ...]:
        return self._highest(self._everything.get(HERE, []))

    def _root_nodes(self) -> tuple[_Node, ...]:
        nodes = [self._any_depth] if self._any_depth.globs is not None else []
        _close(self._roots.get(""), nodes)
        return tuple(nodes)

    def _remember(self, folder: str, numbers: Numbers, nodes: tuple[_Node, ...]) -> tuple[Numbers, tuple[_Node, ...]]:
        if len(self._folders) >= _REMEMBERED_FOLDERS:
            self._folders.clear()
        known = self._folders[folder] = (numbers, nodes)
        return known

    def _enter(self, folder: str) -> tuple[Numbers, tuple[_Node, ...]]:
        """What is known of every path in a folder: the best rules by its folders alone, and where the tree stands.

        Iterative, since a path may have thousands of folders.
        """
        missing = []
        here = folder
        while here and here not in self._folders:
            missing.append(here)
            here = here.rpartition("/")[0]
        known = self._folders.get(here)
        if known is None:
            known = self._remember("", self._at_root(), self._root_nodes())
        for here in reversed(missing):
            known = self._remember(here, *self._step(here, *known))
        return known

    def _step(self, folder: str, numbers: Numbers, nodes: tuple[_Node, ...]) -> tuple[Numbers, tuple[_Node, ...]]:
        name = folder.rpartition("/")[2]
        found = [*numbers, *self._everything.get(BELOW, ())]
        for where in (self._here_and_below, self._below):
            found += where.get(folder, ())
        for where in (self._name_and_below, self._below_name):
            found += where.get(name, ())
        reached: list[_Node] = []
        for node in nodes:
            if node.loops:
                reached.append(node)
            for target in node.reached_by(name):
                found += target.ends.get(HERE_AND_BELOW, ())
                found += target.ends.get(BELOW, ())
                _close(target, reached)
        _close(self._roots.get(folder), reached)
        # One node may be reached in several ways; kept in order, each once.
        return self._highest(found), tuple(dict.fromkeys(reached))


def _folders_of(paths: Iterable[str]) -> Iterable[str]:
    """The folder of each path; twenty thousand of them in C."""
    return map(itemgetter(0), map(str.rpartition, paths, repeat("/")))


def _close(node: _Node | None, into: list[_Node]) -> None:
    """Stand on a node, and on the `**` behind it, which may stand for no folder at all."""
    if node is None:
        return
    if node.literals is not None or node.globs is not None:
        into.append(node)
    if node.deep is not None:
        into.append(node.deep)
