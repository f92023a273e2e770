"""What is different between two policies, in the sentences that people read, whatever moved in the files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from vibeguard.policy.reading import read_break_glass, read_rule
from vibeguard.policy.rules import Policy, Rule
from vibeguard.tuples import NamedTuple


class Difference(NamedTuple):
    """One rule or setting that is not the same. `before` and `after` are empty where there was or is none."""

    kind: Literal["added", "removed", "changed"]
    what: str  # "rule seniors", "role senior", "tag money", …
    before: tuple[str, ...]
    after: tuple[str, ...]


def differences(old: Policy, new: Policy) -> tuple[Difference, ...]:
    """Rules first, in the order of the new policy, then everything else."""
    return (*_rules(old, new), *_settings(old, new))


def _rules(old: Policy, new: Policy) -> Iterator[Difference]:
    before = {rule.id: _said(rule, old) for rule in old.rules}
    after = {rule.id: _said(rule, new) for rule in new.rules}
    yield from _compared("rule", before, after)


def _said(rule: Rule, policy: Policy) -> tuple[str, ...]:
    sentences = read_rule(rule._replace(tightened=()), policy)
    return (*sentences, f"Says: {rule.message}") if rule.message else sentences


def _settings(old: Policy, new: Policy) -> Iterator[Difference]:
    for what, of in _SETTINGS.items():
        before, after = ({name: _words(value) for name, value in of(policy).items()} for policy in (old, new))
        yield from _compared(what, before, after)


def _words(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(str(item) for item in value) or ("to be named",)


_SETTINGS: Mapping[str, Any] = {
    "role": lambda policy: policy.people.roles,
    "identity": lambda policy: policy.people.identities,
    "reviewers of files that nobody owns": lambda policy: (
        {"": policy.people.if_no_owner} if policy.people.if_no_owner else {}
    ),
    "tag": lambda policy: policy.tags,
    "window": lambda policy: {window.name: str(window[1:-1]) for window in policy.windows},
    "fact": lambda policy: {
        name: f"{spec.type} {' < '.join(spec.values)}".strip() for name, spec in policy.facts.items()
    },
    "break-glass": lambda policy: {
        ", ".join(glass.waives): read_break_glass(glass, policy) for glass in policy.break_glass
    },
    "protected ref": lambda policy: dict.fromkeys(policy.protected_refs, "protected"),
    "on error": lambda policy: policy.on_error,
    "own AI tool": lambda policy: policy.provenance.tools,
    "declare with": lambda policy: {"": policy.provenance.declare_with} if policy.provenance.declare_with else {},
    "ownership dialect": lambda policy: {"": policy.dialect} if policy.dialect else {},
    "graphs built in the background": lambda policy: {"": "allowed"} if policy.build_in_background else {},
}


def _compared(
    what: str, before: Mapping[str, tuple[str, ...]], after: Mapping[str, tuple[str, ...]]
) -> Iterator[Difference]:
    for name in dict.fromkeys((*after, *before)):
        old, new = before.get(name, ()), after.get(name, ())
        if old != new:
            kind: Literal["added", "removed", "changed"] = (
                "added" if name not in before else "removed" if name not in after else "changed"
            )
            yield Difference(kind, f"{what} {name}".strip(), old, new)
