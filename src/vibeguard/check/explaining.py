"""What `vibeguard explain` asks: the policy in force, and how it looks at one path."""

from __future__ import annotations

from vibeguard.check.request import Request
from vibeguard.check.rulebook import Rulebook, rulebook
from vibeguard.check.trust import trusted
from vibeguard.content.kinds import classify
from vibeguard.ownership.sources import open_source
from vibeguard.policy import globs
from vibeguard.policy.rules import Policy, Scope
from vibeguard.repository import change as changes
from vibeguard.repository.locate import locate
from vibeguard.repository.objects import Objects
from vibeguard.repository.tree import Tree
from vibeguard.tuples import NamedTuple


class Looked(NamedTuple):
    """How the policy in force looks at one path."""

    path: str
    kinds: tuple[str, ...]
    language: str | None
    owners: tuple[str, ...]
    tags: tuple[str, ...]
    rules: tuple[tuple[str, bool], ...]  # rules with `only_looking_at`, and whether the path is in their view


def in_force(request: Request) -> Rulebook:
    """The policy that would judge what is staged now."""
    location = locate(request.folder)
    with Objects(location.git) as objects:
        change = changes.staged(location, objects)
        believed = trusted(request, location, objects, change)
        tree = Tree(objects, believed.commit.tree) if believed.commit is not None else None
        return rulebook(request, location, believed, tree, change)


def look_at(policy: Policy, path: str) -> Looked:
    """What is known of a path by its name and by the owners at the base."""
    facts = classify(path)
    with open_source(file=None, at=None, dialect=policy.dialect or None) as source:
        (path,) = source.paths([path]) or (path,)
        owners = source.ownership.of(path).owners
    tags = tuple(tag for tag, patterns in policy.tags.items() if _any(patterns, path))
    kinds = tuple(sorted(facts.kinds))
    looked = Looked(path, kinds, facts.language, owners, tags, ())
    return looked._replace(
        rules=tuple((rule.id, _in_view(rule.scope, looked)) for rule in policy.rules if rule.scope is not None)
    )


def _in_view(scope: Scope, looked: Looked) -> bool:
    return (
        (not scope.paths or _any(scope.paths, looked.path))
        and (not scope.tags or bool(set(scope.tags) & set(looked.tags)))
        and (not scope.kinds or bool(set(scope.kinds) & set(looked.kinds)))
        and (not scope.languages or (looked.language or "").lower() in {word.lower() for word in scope.languages})
        and (
            not scope.owners
            or any(
                globs.word_matches(wanted.lstrip("@").lower(), owner.lstrip("@").lower())
                for wanted in scope.owners
                for owner in looked.owners
            )
        )
    )


def _any(patterns: tuple[str, ...], path: str) -> bool:
    return any(globs.matches(globs.compiled(pattern), path) for pattern in patterns)
