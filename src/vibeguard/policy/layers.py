"""Layers: which files a policy is made of, and how their parts are pooled.

Builtin → organisation → repository → laptop extras. A file is a layer below the files that it extends. Rules are
pooled in no order, ids are unique, and what a layer above defined cannot be defined again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from vibeguard.model import People, Place, PolicyFile
from vibeguard.policy import globs
from vibeguard.policy.builtin import NAMES, PREFIX, read_builtin
from vibeguard.policy.conditions import Names
from vibeguard.policy.nodes import Node, read_nodes
from vibeguard.policy.problems import Problem, did_you_mean
from vibeguard.policy.reader import Reader
from vibeguard.policy.rules import ProvenanceSettings, Window
from vibeguard.policy.sections import AGENTS, Sections, read_sections
from vibeguard.policy.source import Listing, PolicySource, Read, fitting
from vibeguard.tuples import NamedTuple

MOST_FILES = 200
MOST_BYTES = 4_000_000  # of all files together
EXTENDS_KEYS = ("path", "sha256")


class Layer(NamedTuple):
    """One file of the policy, read as far as it goes alone; `above` holds the paths of the files that it extends."""

    file: PolicyFile
    sections: Sections
    reader: Reader
    above: frozenset[str]


class _Gatherer:
    """Follows `extends`; each file is read once."""

    def __init__(self, read: Read, listing: Listing, from_commit: str | None) -> None:
        self.read = read
        self.listing = listing
        self.from_commit = from_commit
        self.layers: dict[str, Layer] = {}
        self.listed: dict[str, tuple[str, ...]] = {}
        self.bytes = 0

    def add(self, path: str, text: bytes, from_commit: str | None, trail: tuple[str, ...]) -> None:
        self.bytes += len(text)
        root, problems = read_nodes(text, path)
        reader = Reader(problems)
        sections = read_sections(reader, root)
        file = PolicyFile(path, from_commit, hashlib.sha256(text).hexdigest())
        self.layers[path] = Layer(file, sections, reader, frozenset())
        above: set[str] = set()
        for node in sections.extends:
            for name in self._names(reader, node):
                if name in trail or name == path:
                    reader.error(node, "extends", f"`{name}` extends itself", " → ".join((*trail, path, name)))
                    continue
                if name not in self.layers and not self._follow(reader, node, name, (*trail, path)):
                    continue
                self._check_pin(reader, node, name)
                above |= {name} | self.layers[name].above
        self.layers[path] = Layer(file, sections, reader, frozenset(above))

    def _names(self, reader: Reader, node: Node) -> Sequence[str]:
        """The files that one entry of `extends` names."""
        if node.kind == "mapping":
            pairs = reader.mapping(node, "`extends`", EXTENDS_KEYS)
            if "path" not in pairs:
                reader.error(
                    node, "missing-key", "this entry of `extends` has no `path`", "write `{path: …, sha256: …}`"
                )
                return ()
            node = pairs["path"][1]
        name = reader.text(node, "`extends`", longest=1000)
        if not name or name.startswith(PREFIX):
            return (name,) if name else ()
        if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]+:", name):
            if "://" in name or "@" in name or not name.lower().startswith("builtin"):
                reader.error(
                    node,
                    "network",
                    f"`{name[:80]}`: a policy is never fetched when it is used",
                    "copy it into the repository with `vibeguard policy vendor`",
                )
            else:
                reader.error(
                    node, "extends", f"`{name}` is not a file", did_you_mean(name, [PREFIX + one for one in NAMES])
                )
            return ()
        if name.startswith(("/", "~")) or "\\" in name or ".." in name.split("/") or name.split("/")[0] == ".git":
            reader.error(
                node,
                "outside",
                f"`{name[:80]}` is outside the repository",
                "name a file of the repository by its path from the root",
            )
            return ()
        if not name.endswith((".yaml", ".yml")):
            reader.error(
                node,
                "extends",
                f"`{name[:80]}` is not a policy file",
                did_you_mean(PREFIX + name, [PREFIX + one for one in NAMES], "the name ends in .yaml"),
            )
            return ()
        if "*" not in name and "?" not in name:
            return (name,)
        try:
            self.listed[name] = fitting(name, self.listing(name))
        except globs.GlobError as error:
            reader.error(node, "glob", f"`{name[:80]}`: {error}", error.hint)
            return ()
        found = [path for path in self.listed[name] if path != reader.path]
        if not found:
            reader.error(node, "missing-file", f"`{name}` matches no file at this commit")
        return found

    def _follow(self, reader: Reader, node: Node, name: str, trail: tuple[str, ...]) -> bool:
        if len(self.layers) >= MOST_FILES or self.bytes > MOST_BYTES:
            reader.error(node, "limit", f"more than {MOST_FILES} files, or {MOST_BYTES:,} bytes, in one policy")
            return False
        if name.startswith(PREFIX):
            text = read_builtin(name[len(PREFIX) :])
            if text is None:
                reader.error(
                    node,
                    "unknown-builtin",
                    f"`{name}` does not ship with vibeguard",
                    did_you_mean(
                        name, [PREFIX + one for one in NAMES], "there are " + ", ".join(PREFIX + one for one in NAMES)
                    ),
                )
                return False
            self.add(name, text, None, trail)
            return True
        text = self.read(name)
        if text is None:
            reader.error(
                node,
                "missing-file",
                f"there is no file `{name}` at this commit",
                "a file counts once it is committed to the branch whose policy this is",
            )
            return False
        self.add(name, text, self.from_commit, trail)
        return True

    def _check_pin(self, reader: Reader, node: Node, name: str) -> None:
        if node.kind != "mapping":
            return
        for key, value in node.items:
            if key.text != "sha256":
                continue
            actual = self.layers[name].file.sha256
            if not re.fullmatch("[0-9a-f]{64}", value.text):
                reader.error(
                    value,
                    "wrong-pin",
                    "`sha256` is 64 hexadecimal digits in lower case",
                    f"that of `{name}` is {actual}",
                )
            elif value.text != actual:
                reader.error(
                    value,
                    "wrong-pin",
                    f"`{name}` is not the file that was pinned: its sha256 is {actual}",
                    "review what changed, then run `vibeguard policy vendor` again",
                )


def gather(
    entry: PolicySource, read: Read, listing: Listing, extras: Iterable[PolicySource] = ()
) -> tuple[list[Layer], dict[str, tuple[str, ...]]]:
    """All files of the policy, the entry first (extras are layers below it), and what each glob of `extends` found."""
    gatherer = _Gatherer(read, listing, entry.from_commit)
    gatherer.add(entry.path, entry.text, entry.from_commit, ())
    for extra in extras:
        shared = frozenset(gatherer.layers)
        gatherer.add(extra.path, extra.text, extra.from_commit, ())
        layer = gatherer.layers[extra.path]
        gatherer.layers[extra.path] = layer._replace(above=layer.above | shared)
    layers = list(gatherer.layers.values())
    layers.sort(key=lambda layer: layer.file.path != entry.path)  # stable: the entry first, then as they were read
    return layers, gatherer.listed


class Pool(NamedTuple):
    """What all layers define together."""

    people: People
    tags: dict[str, tuple[str, ...]]
    windows: dict[str, Window]
    names: Names
    protected_refs: tuple[str, ...]
    on_error: dict[str, str]
    provenance: ProvenanceSettings
    dialect: str
    build_in_background: bool
    unnamed_roles: tuple[str, ...]


def pool(layers: Sequence[Layer]) -> Pool:
    """Join the definitions of all layers; a second definition of a name is a problem at its own place."""
    # From the top down, so that the complaint stands where the later definition is.
    ordered = sorted(layers, key=lambda layer: len(layer.above))
    roles = _pool_roles(ordered)
    tags = _unique(ordered, "tag", lambda sections: sections.tags)
    windows = _unique(
        ordered, "window", lambda sections: {name: (window, window.place) for name, window in sections.windows.items()}
    )
    identities = _unique(ordered, "identity", lambda sections: sections.identities)
    facts = _unique(ordered, "fact", lambda sections: sections.facts)
    on_error: dict[str, str] = {}
    for layer in ordered:
        for stage, (value, place) in layer.sections.on_error.items():
            # The tighter word of all layers stands: a layer below may ask hooks to stop, never to go on.
            if value == "warn" and any(stage in _stop_of(other) for other in ordered if other.file.path in layer.above):
                _loosening(layer, place, f"`on_error: {stage}` cannot go back to warn", "a layer above says stop")
            on_error[stage] = "stop" if "stop" in (value, on_error.get(stage)) else value
    dialect = ""
    for layer in ordered:
        sections = layer.sections
        if sections.dialect and dialect and sections.dialect != dialect and sections.dialect_place is not None:
            _complain(
                layer,
                sections.dialect_place,
                "redefined",
                f"`ownership.dialect` is already `{dialect}` in a layer above",
            )
        dialect = dialect or sections.dialect
    build_in_background = None
    for layer in ordered:
        if layer.sections.build_in_background is None:
            continue
        allowed, place = layer.sections.build_in_background
        # As with `on_error`: a layer below may refuse what one above allows, never the other way round.
        if allowed and any(_refuses_background(other) for other in ordered if other.file.path in layer.above):
            words = "`dependents.build_in_background` cannot be allowed again"
            _loosening(layer, place, words, "a layer above says false")
        build_in_background = allowed and build_in_background is not False
    names = Names(frozenset(roles), frozenset(tags), frozenset(windows), facts)
    people = People(
        roles={role: members or () for role, members in roles.items()},
        identities=identities,
        agents=roles.get(AGENTS) or (),
        if_no_owner=_if_no_owner(ordered, roles),
    )
    tools: dict[str, tuple[str, ...]] = {}
    for layer in ordered:
        for tool, known in layer.sections.provenance.tools.items():
            tools[tool] = tuple(dict.fromkeys((*tools.get(tool, ()), *known)))
    declare_with = next(
        (layer.sections.provenance.declare_with for layer in ordered if layer.sections.provenance.declare_with), ""
    )
    return Pool(
        people,
        tags,
        windows,
        names,
        tuple(dict.fromkeys(ref for layer in ordered for ref in layer.sections.protected_refs)),
        on_error,
        ProvenanceSettings(tools, declare_with),
        dialect,
        bool(build_in_background),
        tuple(sorted(role for role, members in roles.items() if members is None)),
    )


def _stop_of(layer: Layer) -> set[str]:
    return {stage for stage, (value, _) in layer.sections.on_error.items() if value == "stop"}


def _refuses_background(layer: Layer) -> bool:
    said = layer.sections.build_in_background
    return said is not None and not said[0]


def _pool_roles(ordered: Sequence[Layer]) -> dict[str, tuple[str, ...] | None]:
    roles: dict[str, tuple[str, ...] | None] = {}
    places: dict[str, Place] = {}
    for layer in ordered:
        for role, (members, place) in layer.sections.roles.items():
            if roles.get(role) is not None and members is not None:
                if role == AGENTS:  # who is no person may be added to in every layer: it can only take away reviewers
                    roles[role] = tuple(dict.fromkeys((*(roles[role] or ()), *members)))
                    continue
                _complain(
                    layer,
                    place,
                    "redefined",
                    f"role `{role}` is already defined in {_where(places[role])}",
                    "a layer below cannot change who holds a role; name another role",
                )
                continue
            if role not in roles or members is not None:
                roles[role], places[role] = members, place
    return roles


def _unique(
    ordered: Sequence[Layer], what: str, of: Callable[[Sections], Mapping[str, tuple[Any, Place]]]
) -> dict[str, Any]:
    found: dict[str, tuple[Any, Place]] = {}
    for layer in ordered:
        for name, (value, place) in of(layer.sections).items():
            if name in found:
                _complain(
                    layer,
                    place,
                    "redefined",
                    f"{what} `{name}` is already defined in {_where(found[name][1])}",
                    f"give this {what} another name",
                )
                continue
            found[name] = (value, place)
    return {name: value for name, (value, _) in found.items()}


def _if_no_owner(ordered: Sequence[Layer], roles: Mapping[str, object]) -> tuple[str, ...]:
    chosen: tuple[str, ...] = ()
    for layer in ordered:
        words = layer.sections.if_no_owner
        for word, node in words:
            layer.reader.known(node, word, roles, "a role", "unknown-role", "name it under `people.roles`")
        if words and chosen:
            layer.reader.error(words[0][1], "redefined", "`if_no_owner` is already defined in a layer above")
        chosen = chosen or tuple(word for word, _ in words)
    return chosen


def _complain(layer: Layer, place: Place, code: str, message: str, hint: str = "") -> None:
    layer.reader.problems.add(place.line, place.column, code, message, hint)


def _loosening(layer: Layer, place: Place, message: str, hint: str) -> None:
    _complain(layer, place, "loosening", message, hint)


def _where(place: Place) -> str:
    return f"{place.path}:{place.line}:{place.column}"


def all_problems(layers: Sequence[Layer]) -> list[Problem]:
    """Everything that is wrong with any of them."""
    return [problem for layer in layers for problem in layer.reader.problems.found]
