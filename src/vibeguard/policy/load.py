"""Reading a policy: bytes in, a checked and immutable :class:`Policy` out, or every error at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vibeguard.model import Place, ReviewDemand
from vibeguard.policy.layers import Layer, all_problems, gather, pool
from vibeguard.policy.problems import TooManyError, failure
from vibeguard.policy.rule_reader import read_break_glass, read_rules
from vibeguard.policy.rules import BreakGlass, Policy, Rule
from vibeguard.policy.source import Listing, PolicySource, Read
from vibeguard.policy.tighten import tighten

__all__ = ["PolicySource", "load"]


def _nothing(_: str) -> None:
    return None


def _no_files(_: str) -> Sequence[str]:
    return ()


def load(
    entry: PolicySource, read: Read = _nothing, listing: Listing = _no_files, *, extras: Iterable[PolicySource] = ()
) -> Policy:
    """Read a policy and all that it extends.

    `read` gives the bytes of another file of the tree that the entry came from (None: there is none; it must not
    follow symlinks), `listing` the paths of that tree that may match a glob such as `policies/*.yaml` (more than
    match is fine). `extras` are layers below the entry that can only tighten it.

    Raises `VibeguardError` (CONFIG) with every problem of every file, rendered, in its details.
    """
    try:
        return _loaded(entry, read, listing, extras)
    except TooManyError as error:
        raise failure(error.found) from None


def _loaded(entry: PolicySource, read: Read, listing: Listing, extras: Iterable[PolicySource]) -> Policy:
    layers, listed = gather(entry, read, listing, extras)
    pooled = pool(layers)
    rules: dict[str, Rule] = {}
    glasses: list[BreakGlass] = []
    tightened: dict[tuple[str, str], Place] = {}
    # From the top down, so that a layer meets the rules above it complete.
    for layer in sorted(layers, key=lambda layer: len(layer.above)):
        sections, reader = layer.sections, layer.reader
        own: dict[str, Rule] = {}
        for rule in read_rules(reader, sections.rules, pooled.names, sections.if_unknown):
            other = own.get(rule.id) or rules.get(rule.id)
            if other is not None:
                reader.problems.add(
                    rule.place.line,
                    rule.place.column,
                    "duplicate-id",
                    f"a rule `{rule.id}` stands at {other.place.path}:{other.place.line}:{other.place.column} already",
                    "ids are unique over all layers: rename this rule, or use `tighten` to change the other",
                )
                continue
            own[rule.id] = rule
        if sections.tighten is not None:
            rules, glasses = tighten(reader, sections.tighten, pooled.names, rules, glasses, layer.above, tightened)
        rules |= own
        if sections.break_glass is not None:
            key, node = sections.break_glass
            glass = read_break_glass(reader, key, node, pooled.names, own)
            if glass is not None:
                glasses.append(glass)
    problems = all_problems(layers)
    if problems:
        raise failure(problems)
    ordered = _in_file_order(layers, rules)
    used = {
        name
        for rule in ordered
        for demand in rule.demands
        if isinstance(demand, ReviewDemand) and demand.by == "roles"
        for name in demand.names
    }
    unnamed = tuple(role for role in pooled.unnamed_roles if role in used)
    return Policy(
        name=layers[0].sections.name or entry.path,
        files=tuple(layer.file for layer in layers),
        rules=ordered,
        people=pooled.people,
        tags=pooled.tags,
        windows=tuple(pooled.windows.values()),
        facts=pooled.names.facts,
        break_glass=tuple(glasses),
        protected_refs=pooled.protected_refs,
        on_error=pooled.on_error,
        provenance=pooled.provenance,
        dialect=pooled.dialect,
        build_in_background=pooled.build_in_background,
        unnamed_roles=pooled.unnamed_roles,
        listed=listed,
        places={
            f"{what} {name}": place
            for layer in layers
            for what, defined in (("tag", layer.sections.tags), ("role", layer.sections.roles))
            for name, (_, place) in defined.items()
        },
        notices=tuple(
            f"role `{role}` names nobody yet, so no approval can satisfy it: name people under `people.roles.{role}`"
            for role in unnamed
        ),
    )


def _in_file_order(layers: Sequence[Layer], rules: dict[str, Rule]) -> tuple[Rule, ...]:
    """Rules as a reader meets them: file by file from the entry, top to bottom."""
    order = {layer.file.path: at for at, layer in enumerate(layers)}

    def key(rule: Rule) -> tuple[int, Place]:
        return order[rule.place.path], rule.place

    return tuple(sorted(rules.values(), key=key))
