"""What is known of AI tools: the product's own catalogue, and what a policy adds to it.

`catalogue.yaml` is the source. It is compiled into `catalogue_data.py` (see `compile.py`), because the hook must not
pay for YAML: loading takes about 1 ms. Patterns stay text until a message needs them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from vibeguard.errors import CONFIG, VibeguardError
from vibeguard.model import Confidence, Role
from vibeguard.tuples import NamedTuple

UNNAMED = "unnamed"  # tool id of evidence that says "an AI" without saying which
GITHUB_NOREPLY = "@users.noreply.github.com"


class IdentityRule(NamedTuple):
    """A service account. `name` is a pattern for the whole display name, "" where the address alone decides."""

    tool: str
    strength: Confidence = "certain"
    name: str = ""
    role: Role = "assisted"  # "non-ai-bot" for accounts that are no AI


class TrailerRule(NamedTuple):
    """A trailer that only one tool writes. `value` is a pattern for the whole value, "" accepts any."""

    tool: str
    value: str = ""
    strength: Confidence = "certain"
    role: Role = "assisted"
    companions: tuple[str, ...] = ()  # one of these keys must be in the message too
    unless: tuple[tuple[str, str], ...] = ()  # not where this key has this value
    names_tool: bool = False  # the value names the tool that is meant


class EnvironmentRule(NamedTuple):
    """A variable that an agent sets. `value` and the values of `companions` are patterns for whole values."""

    tool: str
    name: str
    value: str = ""
    strength: Confidence = "likely"
    companions: tuple[tuple[str, str], ...] = ()


class Catalogue(NamedTuple):
    """Everything the detector knows, ready for look-ups. Keys are in lower case."""

    tools: Mapping[str, tuple[str, str]]  # id to (name, kind)
    addresses: Mapping[str, tuple[IdentityRule, ...]]
    logins: Mapping[str, tuple[IdentityRule, ...]]  # of GitHub noreply addresses
    trailers: Mapping[str, tuple[TrailerRule, ...]]
    trailer_prefixes: Mapping[str, tuple[TrailerRule, ...]]
    names: Mapping[str, tuple[str, str]]  # to (tool, "tool" | "person" | "model": who else has this name)
    unnamed: frozenset[str]
    models: tuple[tuple[str, str], ...]  # (pattern, tool)
    markers: tuple[tuple[str, str], ...]  # (tool, pattern)
    urls: tuple[tuple[str, str], ...]  # (tool, pattern)
    branches: tuple[tuple[str, str], ...]  # (tool, pattern)
    environment: tuple[EnvironmentRule, ...]
    keys: Mapping[str, str]  # of trailers, to "review", "ignored", "attribution", "work", "disclosure" or "topic"
    needles: tuple[bytes, ...]  # a message that holds none of these (in lower case) holds no evidence
    co_authors: Mapping[str, str] = {}  # tool to "Name <address>", as it signs itself
    agents: tuple[str, ...] = ()  # globs of a policy's `people.roles.agents`
    declare_with: tuple[str, ...] = ()  # trailers that a team accepts as a declaration; empty: every known spelling

    def name(self, tool: str) -> str:
        """What people call the tool."""
        return self.tools[tool][0] if tool in self.tools else tool


@lru_cache(maxsize=1024)
def pattern(text: str) -> re.Pattern[str]:
    """The compiled pattern; letters match in either case."""
    return re.compile(text, re.IGNORECASE)


def fits(text: str, value: str) -> bool:
    """Whether a pattern matches the whole value. One that must begin otherwise is not even compiled: to compile those
    of branches took 3 ms of every hook."""
    start = _beginning(text)
    # Beyond ASCII there are letters whose other case is an ASCII one.
    if value.isascii() and value[: len(start)].lower() != start:
        return False
    return pattern(text).fullmatch(value) is not None


@lru_cache(maxsize=1024)
def _beginning(text: str) -> str:
    """What every match of a pattern begins with, in small letters, as far as that is plain to see."""
    plain = 0
    while plain < len(text) and (text[plain].isalnum() or text[plain] in "/_- "):
        plain += 1
    if "|" in text or not text.isascii():
        return ""
    return text[: plain - 1 if text[plain : plain + 1] in ("?", "*", "{") else plain].lower()


@lru_cache(maxsize=1)
def load() -> Catalogue:
    """The product's own catalogue."""
    from vibeguard.provenance import catalogue_data as data  # noqa: PLC0415 - 30 kB, only where it is asked for

    return Catalogue(
        tools=data.TOOLS,
        addresses={key: tuple(IdentityRule(*rule) for rule in rules) for key, rules in data.ADDRESSES.items()},
        logins={key: tuple(IdentityRule(*rule) for rule in rules) for key, rules in data.LOGINS.items()},
        trailers={key: tuple(TrailerRule(*rule) for rule in rules) for key, rules in data.TRAILERS.items()},
        trailer_prefixes={
            key: tuple(TrailerRule(*rule) for rule in rules) for key, rules in data.TRAILER_PREFIXES.items()
        },
        names=data.NAMES,
        unnamed=frozenset(data.UNNAMED_VALUES),
        models=data.MODELS,
        markers=data.MARKERS,
        urls=data.URLS,
        branches=data.BRANCHES,
        environment=tuple(EnvironmentRule(*rule) for rule in data.ENVIRONMENT),
        keys=data.KEYS,
        needles=data.NEEDLES,
        co_authors=data.CO_AUTHORS,
    )


class ToolSpec(NamedTuple):
    """A tool that a policy adds under `provenance.tools`: plain data, every field but the id may be empty.

    `identities` are exact addresses, GitHub logins (`acme-bot[bot]`) or globs of either; `trailers` are keys that only
    this tool writes; `markers` are texts of a whole line of the message; `environment` are names of variables.
    """

    id: str
    name: str = ""
    identities: tuple[str, ...] = ()
    trailers: tuple[str, ...] = ()
    markers: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    branches: tuple[str, ...] = ()  # globs


_SPEC_LISTS = ("identities", "trailers", "markers", "environment", "branches")


def read_tools(tools: Sequence[Mapping[str, object]] | Mapping[str, Mapping[str, object]]) -> tuple[ToolSpec, ...]:
    """The tools of a policy's `provenance.tools`: a list of mappings with `id`, or a mapping by id.

    Raises:
        VibeguardError: CONFIG, when a tool has no id, an unknown key, or a value that is no list of text.
    """
    if isinstance(tools, Mapping):
        tools = [{"id": key, **value} for key, value in tools.items()]
    specs = []
    for tool in tools:
        unknown = sorted(set(tool) - {"id", "name", *_SPEC_LISTS})
        if unknown:
            hint = f"a tool has: id, name, {', '.join(_SPEC_LISTS)}"
            raise VibeguardError(CONFIG, f"provenance.tools: unknown key `{unknown[0]}`", hint=hint)
        ident = tool.get("id")
        if not isinstance(ident, str) or not ident:
            raise VibeguardError(
                CONFIG, "provenance.tools: every tool needs an `id`", hint="for example `id: acme-bot`"
            )
        lists: dict[str, tuple[str, ...]] = {}
        for key in _SPEC_LISTS:
            value = tool.get(key, [])
            items = [value] if isinstance(value, str) else value
            if not isinstance(items, Sequence) or not all(isinstance(item, str) and item for item in items):
                raise VibeguardError(CONFIG, f"provenance.tools: `{key}` of {ident} must be a list of text")
            lists[key] = tuple(items)
        specs.append(ToolSpec(ident, str(tool.get("name") or ident), **lists))
    return tuple(specs)


def extend(
    catalogue: Catalogue,
    *,
    tools: Sequence[ToolSpec] = (),
    agents: Sequence[str] = (),
    declare_with: Sequence[str] = (),
) -> Catalogue:
    """The catalogue with what a policy adds. Nothing can be taken away: a policy can only make more visible."""
    if not (tools or agents or declare_with):
        return catalogue
    addresses, logins = dict(catalogue.addresses), dict(catalogue.logins)
    trailers, names, known = dict(catalogue.trailers), dict(catalogue.names), dict(catalogue.tools)
    markers, branches, environment = list(catalogue.markers), list(catalogue.branches), list(catalogue.environment)
    globs = list(agents)
    needles = set(catalogue.needles)
    for tool in tools:
        known[tool.id] = (tool.name or tool.id, "agent")
        rule = IdentityRule(tool.id)
        for identity in tool.identities:
            key = identity.lower()
            if any(mark in key.replace("[bot]", "") for mark in "*?["):
                globs.append(identity)
            elif "@" in key:
                addresses[key] = (rule, *addresses.get(key, ()))
            else:
                logins[key] = (rule, *logins.get(key, ()))
                globs.append(identity.replace("[", "[[]"))
            needles.add(key.split("*")[0].encode("utf-8", "surrogateescape"))
        for key in tool.trailers:
            trailers[key.lower()] = (TrailerRule(tool.id), *trailers.get(key.lower(), ()))
            needles.add(key.lower().encode("utf-8", "surrogateescape"))
        for marker in tool.markers:
            markers.append((tool.id, re.escape(marker.lower()) + "[.!]?"))
            needles.add(marker.lower().encode("utf-8", "surrogateescape"))
        branches.extend((tool.id, glob_pattern(glob)) for glob in tool.branches)
        environment.extend(EnvironmentRule(tool.id, name) for name in tool.environment)
        names.setdefault((tool.name or tool.id).lower(), (tool.id, "tool"))
    return catalogue._replace(
        tools=known,
        addresses=addresses,
        logins=logins,
        trailers=trailers,
        names=names,
        markers=tuple(markers),
        branches=tuple(branches),
        environment=tuple(environment),
        needles=tuple(sorted(needles - {b""})),
        agents=(*catalogue.agents, *globs),
        declare_with=(*catalogue.declare_with, *declare_with),
    )


def glob_pattern(glob: str) -> str:
    """A pattern for the whole text: `*` any run, `?` one character; `[bot]` and every other bracket is itself."""
    return "".join(".*" if mark == "*" else "." if mark == "?" else re.escape(mark) for mark in glob)
