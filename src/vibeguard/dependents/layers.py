"""A stored graph with the differences of one or two trees laid over it, worked out without building anew.

A modified file changes only the edges that start at it. A file that comes or goes can also change where the imports
of others lead: every file keeps the keys it looked for (`Links.wanted`), every path offers keys, and where they meet,
the importer is resolved again. A file that configures a language has all files of that language resolved again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Protocol

from vibeguard.dependents.columns import key_hash
from vibeguard.dependents.facts import KINDS, NO_LINKS, Edge, Facts, Links
from vibeguard.dependents.graph import Overlay
from vibeguard.dependents.languages import configures, language_of, load
from vibeguard.dependents.project import Project
from vibeguard.dependents.snapshot import Snapshot


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
        self.settings: dict[str, bytes] = {}
        # Files whose own links are those of another version, with what leads nowhere: see `Overlay.pending`.
        self.pending: dict[str, tuple[tuple[str, int], ...]] = {}
        self._settings: dict[str, bytes] | None = None
        self._files: set[str] | None = None
        self._into: tuple[Mapping[str, Links], dict[str, list[tuple[str, Edge]]]] | None = None

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
            for at in snapshot.into(number):
                source = snapshot.paths[snapshot.sources[at]]
                if source not in self.links and self.blobs.get(source, "") is not None:
                    edge = Edge(path, KINDS[snapshot.kinds[at]], snapshot.names(at), snapshot.line(at))
                    found.append((source, edge))
        found += self._laid_into().get(path, ())
        return sorted(found)

    def _laid_into(self) -> dict[str, list[tuple[str, Edge]]]:
        """(source, edge) of the edges that are laid over the snapshot, by target."""
        if self._into is None or self._into[0] is not self.links:
            found: dict[str, list[tuple[str, Edge]]] = {}
            for source, links in self.links.items():
                for edge in links.edges:
                    found.setdefault(edge.target, []).append((source, edge))
            self._into = (self.links, found)
        return self._into[1]

    def project(self, contents: Contents) -> Project:
        """The tree as resolvers see it. What they read of it is remembered in `settings`."""

        def read(path: str) -> bytes | None:
            if path in self.settings:
                return self.settings[path]
            if path not in self.blobs and self.snapshot.paths and path in self._stored_settings():
                found: bytes | None = self._stored_settings()[path]
            else:
                oid = self.blob(path)
                found = None if oid is None else contents.read(oid)
            if found is not None:
                self.settings[path] = found
            return found

        def facts(path: str) -> Facts:
            oid, language = self.blob(path), language_of(path)
            return Facts() if oid is None or language is None else contents.facts((oid, language))

        return Project(self.files, read, facts)

    def _stored_settings(self) -> dict[str, bytes]:
        if self._settings is None:
            self._settings = self.snapshot.settings()
        return self._settings

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
            self.pending,
        )

    # -- the next tree

    def step(self, blobs: Mapping[str, str | None], contents: Contents, *, lazily: bool = False) -> Layer:
        """The graph of the tree that differs from this one by these object ids (None: gone).

        Args:
            lazily: leave modified files pending where their imports are the same, for what else they mention
                alters their own links only.
        """
        after, stale = self.laid(blobs, contents, lazily=lazily)
        after.resolve(stale, contents)
        return after

    def laid(
        self, blobs: Mapping[str, str | None], contents: Contents, *, lazily: bool = False
    ) -> tuple[Layer, set[str]]:
        """As :meth:`step`, but with the files whose links have yet to be worked out beside it."""
        after = Layer(self.snapshot, {**self.blobs, **blobs})
        stale = {path for path, oid in blobs.items() if oid is not None and language_of(path) is not None}
        gone = {path for path, oid in blobs.items() if oid is None}
        after.links = {path: found for path, found in self.links.items() if path not in gone}
        after.unread = {path: why for path, why in self.unread.items() if path not in gone and path not in stale}
        if self.snapshot.paths or self.links:
            came_or_went = [path for path, oid in blobs.items() if bool(self.existing((path,))) != (oid is not None)]
            settings = {language for path in blobs for language in configures(path)}
            same, redefined = self._compared(sorted(stale.difference(came_or_went)), blobs, contents, lazily=lazily)
            stale -= {path for path in same if language_of(path) not in settings}
            after.pending = {path: loose for path, loose in same.items() if path not in stale and loose is not None}
            if came_or_went:
                stale |= self._wanting(after, came_or_went, contents)
            if redefined:
                concerned = self._wanting(after, sorted(redefined), contents)
                names = {name for found in redefined.values() for name in found}
                # What starts with "*" concerns all.
                if not any(name.startswith("*") for name in names):
                    plain = {_identifiers(name)[-1] for name in names}
                    concerned = {path for path in concerned if after._mentions(path, plain, contents)}
                stale |= concerned
            if settings:
                stale |= {path for path in after.files if language_of(path) in settings}
        after.pending = {path: loose for path, loose in after.pending.items() if path not in stale}
        return after, stale

    def lost(self, base: Layer, changed: Iterable[str]) -> tuple[tuple[str, Edge], ...]:
        """(source, edge) of the edges into changed files that unchanged files had and have no more.

        A name that a changed file no longer defines leads nowhere now; who used it still did, and will notice.
        """
        given = set(changed)
        links = {path: found for path, found in self.links.items() if path not in given}
        again = {
            path: {edge.target for edge in found.edges}
            for path, found in links.items()
            if base.links.get(path) is not found
        }
        if not again:
            return ()
        return tuple(
            (source, edge)
            for path in self.existing(given)
            for source, edge in base.edges_into(path)
            if source in again and path not in again[source]
        )

    def resolve(self, stale: set[str], contents: Contents) -> None:
        """Work out the links of these files anew."""
        if not stale:
            return
        links, unread = dict(self.links), dict(self.unread)
        wanted: dict[str, tuple[str, str]] = {}
        for path in sorted(stale):
            language, oid = language_of(path), self.blob(path)
            if language is not None and oid is not None:
                wanted[path] = (oid, language)
        contents.scan(wanted.values())
        project = self.project(contents)
        resolvers = {language: load(language).resolve for language in {language for _, language in wanted.values()}}
        for path, blob in wanted.items():
            facts = contents.facts(blob)
            if facts.opaque:
                unread[path] = facts.opaque
                links[path] = NO_LINKS
            else:
                links[path] = resolvers[blob[1]](facts, path, project)
        self.links, self.unread = links, unread

    def settled(self, contents: Contents) -> Layer:
        """The same with nothing pending."""
        after = Layer(self.snapshot, self.blobs, self.links, self.unread)
        after.resolve(set(self.pending), contents)
        return after

    def _compared(
        self, paths: list[str], blobs: Mapping[str, str | None], contents: Contents, *, lazily: bool
    ) -> tuple[dict[str, tuple[tuple[str, int], ...]], dict[str, set[str]]]:
        """Modified files whose links need no work now, with their loose imports; and names that were redefined."""
        same: dict[str, tuple[tuple[str, int], ...]] = {}
        redefined: dict[str, set[str]] = {}
        moved: dict[str, dict[int, int]] = {}  # lines now by lines before
        pairs: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {}
        for path in paths:
            language, before, oid = language_of(path), self.blob(path), blobs[path]
            if language is not None and before is not None and oid is not None:
                pairs[path] = ((before, language), (oid, language))
        contents.scan(blob for pair in pairs.values() for blob in pair)
        for path, (was, now) in pairs.items():
            old, new = contents.facts(was), contents.facts(now)
            if load(now[1]).BY_NAME and (old.defines, old.package) != (new.defines, new.package):
                redefined[path] = set(old.defines) ^ set(new.defines) if old.package == new.package else {"*"}
            if old.opaque or new.opaque or path in redefined:
                continue
            imports = [(item.specifier, item.kind) for item in old.imports]
            if imports != [(item.specifier, item.kind) for item in new.imports]:
                continue
            # Lines alone differ: the edges stay, and none of them is asked for its line but by who settles first.
            if lazily:
                moved[path] = {one.line: other.line for one, other in zip(old.imports, new.imports, strict=True)}
        loose = self._loose(moved.keys())
        for path, lines in moved.items():
            same[path] = tuple((word, lines.get(line, line)) for word, line in loose[path])
        return same, redefined

    def _loose(self, paths: Set[str]) -> dict[str, list[tuple[str, int]]]:
        """What of these files leads nowhere: (specifier, line)."""
        found = {path: list(self.links[path].unresolved) if path in self.links else [] for path in paths}
        stored = found.keys() - self.links.keys()
        for source, word, line in self.snapshot.unresolved() if stored else ():
            if source in stored:
                found[source].append((word, line))
        return found

    def _mentions(self, path: str, plain: set[str], contents: Contents) -> bool:
        """Whether a file writes one of these identifiers."""
        language, oid = language_of(path), self.blob(path)
        if language is None or oid is None:
            return True
        facts = contents.facts((oid, language))
        if any(not plain.isdisjoint(_identifiers(name)) for name in (*facts.mentions, *facts.defines)):
            return True
        return any(
            "*" in item.names or not plain.isdisjoint(item.names) or not plain.isdisjoint(_identifiers(item.specifier))
            for item in facts.imports
        )

    def _wanting(self, after: Layer, paths: list[str], contents: Contents) -> set[str]:
        """Files whose links may differ because these paths came or went."""
        languages = set(self.snapshot.languages) | {name for _, name in self.languages()}
        # What a file no longer offers counts like what it does.
        versions = ((self.project(contents), self.files), (after.project(contents), after.files))
        keys: dict[str, set[str]] = {}
        for language in sorted(languages):
            offers = load(language).offers
            keys[language] = set()
            for path in paths:
                for project, files in versions:
                    if path in files:
                        keys[language] |= offers(path, project)
        hashes = {key_hash(language, key) for language, found in keys.items() for key in found}
        stale = {self.snapshot.paths[number] for number in self.snapshot.wanting(hashes)}
        stale = {path for path in stale if path not in self.links}
        for path, language in self.languages():
            if not keys[language].isdisjoint(self.links[path].wanted):
                stale.add(path)
        return {path for path in stale if path in after.files}


def _identifiers(name: str) -> list[str]:
    """The parts of a name as any language writes it: `a.b.C`, `A\\b`, `::N.C<`."""
    return re.findall(r"\w+", name) or [name]
