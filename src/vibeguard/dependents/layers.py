"""A stored graph with the differences of one or two trees laid over it, worked out without building anew.

A modified file changes only the edges that start at it. A file that comes or goes can also change where the imports
of others lead: every file keeps the keys it looked for (`Links.wanted`), every path offers keys, and where they meet,
the importer is resolved again. A file that configures a language has all files of that language resolved again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from vibeguard.dependents.facts import KINDS, NO_LINKS, Edge, Facts, Links
from vibeguard.dependents.graph import Overlay
from vibeguard.dependents.languages import configures, language_of, load
from vibeguard.dependents.project import Project
from vibeguard.dependents.snapshot import Snapshot, key_hash


class Contents(Protocol):
    """What a step needs from the repository."""

    def scan(self, blobs: Iterable[tuple[str, str]]) -> None: ...
    def facts(self, blob: tuple[str, str]) -> Facts: ...
    def read(self, oid: str) -> bytes | None: ...


class Layer:
    """The graph of one tree: a snapshot, and what differs from it."""

    def __init__(
        self,
        snapshot: Snapshot,
        blobs: Mapping[str, str | None] | None = None,
        links: Mapping[str, Links] | None = None,
        unread: Mapping[str, str] | None = None,
    ) -> None:
        self.snapshot = snapshot
        self.blobs = blobs or {}  # object ids by path where they differ, None for what is gone
        self.links = links or {}
        self.unread = unread or {}
        self._files: set[str] | None = None

    # -- questions

    @property
    def files(self) -> set[str]:
        """Every path of the tree."""
        if self._files is None:
            files = set(self.snapshot.paths)
            for path, oid in self.blobs.items():
                if oid is None:
                    files.discard(path)
                else:
                    files.add(path)
            self._files = files
        return self._files

    def existing(self, paths: Iterable[str]) -> list[str]:
        """Those of the paths that this tree has."""
        found = []
        for path in paths:
            if path in self.blobs:
                if self.blobs[path] is not None:
                    found.append(path)
            elif self.snapshot.number(path) is not None:
                found.append(path)
        return found

    def blob(self, path: str) -> str | None:
        """The object id of a path, None where the tree has none."""
        if path in self.blobs:
            return self.blobs[path]
        number = self.snapshot.number(path)
        return None if number is None else self.snapshot.blob(number)

    def languages(self) -> Iterator[tuple[str, str]]:
        """(path, language) of every file whose links are laid over the snapshot and that exists."""
        for path in self.links:
            language = language_of(path)
            if language is not None:
                yield path, language

    def edges_into(self, path: str) -> list[tuple[str, Edge]]:
        """(source, edge) of every edge into a file."""
        found = []
        snapshot = self.snapshot
        number = snapshot.number(path)
        if number is not None:
            for at in range(snapshot.starts[number], snapshot.starts[number + 1]):
                source = snapshot.paths[snapshot.sources[at]]
                if source not in self.links and self.blobs.get(source, "") is not None:
                    edge = Edge(path, KINDS[snapshot.kinds[at]], snapshot.names(at), snapshot.line(at))
                    found.append((source, edge))
        for source, links in self.links.items():
            found += [(source, edge) for edge in links.edges if edge.target == path]
        return sorted(found)

    def project(self, contents: Contents) -> Project:
        """The tree as resolvers see it."""

        def read(path: str) -> bytes | None:
            oid = self.blob(path)
            return None if oid is None else contents.read(oid)

        def facts(path: str) -> Facts:
            oid, language = self.blob(path), language_of(path)
            return Facts() if oid is None or language is None else contents.facts((oid, language))

        return Project(self.files, read, facts)

    def overlay(self, ghosts: tuple[tuple[str, Edge], ...]) -> Overlay:
        """What the graph needs to know beyond the snapshot."""
        stored = self.snapshot.number
        # A deleted file that came after the snapshot needs a number too, for the edges that led to it.
        new = {path for path, oid in self.blobs.items() if oid is not None} | {edge.target for _, edge in ghosts}
        return Overlay(
            self.links,
            ghosts,
            tuple(sorted(path for path in new if stored(path) is None)),
            frozenset(path for path, oid in self.blobs.items() if oid is None),
            self.unread,
        )

    # -- the next tree

    def step(self, blobs: Mapping[str, str | None], contents: Contents) -> Layer:
        """The graph of the tree that differs from this one by these object ids (None: gone)."""
        after = Layer(self.snapshot, {**self.blobs, **blobs})
        stale = {path for path, oid in blobs.items() if oid is not None and language_of(path) is not None}
        came_or_went = [path for path, oid in blobs.items() if bool(self.existing((path,))) != (oid is not None)]
        if self.snapshot.paths or self.links:
            came_or_went += self._redefined(blobs, contents)
        settings = {language for path in blobs for language in configures(path)}
        if self.snapshot.paths or self.links:
            if came_or_went:
                stale |= self._wanting(after, came_or_went, contents)
            if settings:
                stale |= {path for path in after.files if language_of(path) in settings}
        gone = {path for path, oid in blobs.items() if oid is None}
        links = {path: found for path, found in self.links.items() if path not in gone}
        unread = {path: why for path, why in self.unread.items() if path not in gone and path not in stale}
        after.links, after.unread = links, unread
        if not stale:
            return after
        wanted: dict[str, tuple[str, str]] = {}
        for path in sorted(stale):
            language, oid = language_of(path), after.blob(path)
            if language is not None and oid is not None:
                wanted[path] = (oid, language)
        contents.scan(wanted.values())
        project = after.project(contents)
        resolvers = {language: load(language).resolve for language in {language for _, language in wanted.values()}}
        for path, blob in wanted.items():
            facts = contents.facts(blob)
            if facts.opaque:
                unread[path] = facts.opaque
                links[path] = NO_LINKS
            else:
                links[path] = resolvers[blob[1]](facts, path, project)
        return after

    def _redefined(self, blobs: Mapping[str, str | None], contents: Contents) -> list[str]:
        """Modified files whose definitions differ, in languages where others' edges depend on them."""
        found = []
        for path, oid in blobs.items():
            language = language_of(path)
            before = self.blob(path)
            if language is None or oid is None or before is None or before == oid or not load(language).BY_NAME:
                continue
            contents.scan([(before, language), (oid, language)])
            old, new = contents.facts((before, language)), contents.facts((oid, language))
            if (old.defines, old.package) != (new.defines, new.package):
                found.append(path)
        return found

    def _wanting(self, after: Layer, paths: list[str], contents: Contents) -> set[str]:
        """Files whose links may differ because these paths came or went."""
        languages = set(self.snapshot.languages) | {name for _, name in self.languages()}
        before_project, after_project = self.project(contents), after.project(contents)
        keys: dict[str, set[str]] = {}
        for language in sorted(languages):
            offers = load(language).offers
            keys[language] = set()
            for path in paths:
                keys[language] |= offers(path, after_project if path in after.files else before_project)
        hashes = {key_hash(language, key) for language, found in keys.items() for key in found}
        stale = {self.snapshot.paths[number] for number in self.snapshot.wanting(hashes)}
        stale = {path for path in stale if path not in self.links}
        for path, language in self.languages():
            if not keys[language].isdisjoint(self.links[path].wanted):
                stale.add(path)
        return {path for path in stale if path in after.files}
