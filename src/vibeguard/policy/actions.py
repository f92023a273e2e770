"""`then`: what a rule does, and what it asks for."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from vibeguard.model import ChecksDemand, Demand, ReviewDemand, TestsDemand, TrailerDemand
from vibeguard.policy.nodes import Node
from vibeguard.policy.reader import Reader
from vibeguard.tuples import NamedTuple

ACTIONS = ("warn", "block", "require_review", "require_trailer", "require_test_changes", "require_checks")
REVIEW_KEYS = ("count", "by", "valid_for", "assurance", "distinct", "may_include")
TRAILER_KEYS = ("name", "matching", "on")
WHO_KEYS = ("roles", "teams", "users")
VALID_FOR = ("any-version", "this-diff", "this-commit")  # from loose to tight
ASSURANCE = ("authenticated", "re-authenticated")  # from loose to tight
ON = ("any-commit", "commits-with-ai", "every-commit")
MAY_INCLUDE = ("contributors", "bots")
MOST_REVIEWERS = 100

_TRAILER_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")


class Then(NamedTuple):
    """What was read under `then`; `places` has the node of each demand, in the same order."""

    warn: bool = False
    block: bool = False
    demands: tuple[Demand, ...] = ()
    places: tuple[Node, ...] = ()


def read_then(reader: Reader, node: Node, roles: Collection[str]) -> Then:
    """One action by its name, a mapping of actions, or a list of both."""
    then = Then()
    items = node.items if node.kind == "list" else [node]
    if not items or node.empty:
        reader.error(node, "empty", "`then` does nothing", "for example `then: warn`")
    for item in items:
        if item.kind == "text":
            then = _bare(reader, item, then)
        elif item.kind == "list":
            reader.error(item, "wrong-type", "`then`: expected an action, found a list")
        else:
            if not item.items:
                reader.error(item, "empty", "`then` does nothing", "for example `then: warn`")
            for key, (key_node, value) in reader.mapping(item, "`then`", ACTIONS).items():
                then = _action(reader, key, key_node, value, then, roles)
    return then


def _bare(reader: Reader, node: Node, then: Then) -> Then:
    if node.text == "warn":
        return then._replace(warn=True)
    if node.text == "block":
        return then._replace(block=True)
    if node.text == "require_test_changes":
        return _add(then, [(TestsDemand(), node)])
    if node.text == "require_review":
        return _add(then, [(ReviewDemand(), node)])
    if node.text in ACTIONS:
        reader.error(node, "wrong-type", f"`{node.text}` needs a value", f"for example `{_EXAMPLES[node.text]}`")
    else:
        reader.choice(node, "`then`", ACTIONS)
    return then


_EXAMPLES = {"require_trailer": "require_trailer: Assisted-by", "require_checks": "require_checks: [contract-tests]"}


def _action(reader: Reader, key: str, key_node: Node, value: Node, then: Then, roles: Collection[str]) -> Then:
    if key in ("warn", "block", "require_test_changes"):
        wanted = reader.yes_no(value, f"`{key}`")
        if wanted is False:
            reader.error(value, "unknown-value", f"`{key}: false` does nothing", "leave it out")
        if not wanted:
            return then
        if key == "require_test_changes":
            return _add(then, [(TestsDemand(), key_node)])
        return then._replace(warn=then.warn or key == "warn", block=then.block or key == "block")
    if key == "require_review":
        items = value.items if value.kind == "list" else [value]
        if not items:
            reader.error(value, "empty", "`require_review`: the list is empty")
        return _add(then, [(demand, item) for item in items if (demand := read_review(reader, item, roles))])
    if key == "require_trailer":
        items = value.items if value.kind == "list" else [value]
        if not items:
            reader.error(value, "empty", "`require_trailer`: the list is empty")
        return _add(then, [(trailer, item) for item in items if (trailer := _trailer(reader, item))])
    checks = tuple(dict.fromkeys(word for word, _ in reader.words(value, "`require_checks`")))
    return _add(then, [(ChecksDemand(checks), value)]) if checks else then


def _add(then: Then, found: list[tuple[Any, Node]]) -> Then:
    return then._replace(
        demands=then.demands + tuple(demand for demand, _ in found),
        places=then.places + tuple(node for _, node in found),
    )


def read_review(reader: Reader, node: Node, roles: Collection[str]) -> ReviewDemand | None:
    """`{count, by, valid_for, assurance, distinct, may_include}`; None after a problem."""
    if node.kind != "mapping":
        reader.error(
            node,
            "wrong-type",
            "`require_review`: expected a mapping"
            f", found {'nothing' if node.empty else f'`{node.text}`' if node.kind == 'text' else 'a list'}",
            f"write `require_review: {{count: {node.text}}}`"
            if node.text.isdigit()
            else f"write `require_review: {{by: {node.text}}}`"
            if node.text in ("owners", "any-owner")
            else "for example `require_review: {count: 1, by: owners}`",
        )
        return None
    demand: ReviewDemand = ReviewDemand()
    before = len(reader.problems.found)
    for key, (_, value) in reader.mapping(node, "`require_review`", REVIEW_KEYS).items():
        if key == "count":
            demand = demand._replace(wanted=reader.whole_number(value, "`count`", 1, MOST_REVIEWERS) or 1)
        elif key == "by":
            by, names = read_who(reader, value, roles, "`by`")
            demand = demand._replace(by=by, names=names)  # type: ignore[arg-type]  # one of its words
        elif key == "valid_for":
            demand = demand._replace(valid_for=reader.choice(value, "`valid_for`", VALID_FOR))  # type: ignore[arg-type]
        elif key == "assurance":
            demand = demand._replace(assurance=reader.choice(value, "`assurance`", ASSURANCE))  # type: ignore[arg-type]
        elif key == "distinct":
            demand = demand._replace(distinct=bool(reader.yes_no(value, "`distinct`")))
        else:
            included = [
                reader.choice(item, "`may_include`", MAY_INCLUDE) for item in reader.items(value, "`may_include`")
            ]
            demand = demand._replace(may_include=tuple(dict.fromkeys(included)))  # type: ignore[arg-type]
    return demand if len(reader.problems.found) == before else None


def read_who(
    reader: Reader, node: Node, roles: Collection[str], what: str, *, owners: bool = True
) -> tuple[str, tuple[str, ...]]:
    """`owners`, `any-owner`, or one of `{roles | teams | users: […]}`; its kind and its names."""
    if node.kind == "text" and owners:
        if node.text in roles and node.text not in ("owners", "any-owner"):
            reader.error(
                node,
                "unknown-value",
                f"`{node.text}` is not a value of {what}",
                f"did you mean `{{roles: [{node.text}]}}`?",
            )
            return "anyone", ()
        return reader.choice(node, what, ("owners", "any-owner")) or "anyone", ()
    pairs = reader.mapping(node, what, WHO_KEYS, hint="write `{roles: […]}`, `{teams: […]}` or `{users: […]}`")
    if node.kind == "mapping" and len(node.items) != 1:
        reader.error(
            node,
            "ambiguous-who",
            f"{what} names one of roles, teams and users",
            "for people of several kinds, give them a role under `people.roles`",
        )
        return "anyone", ()
    for key, (_, value) in pairs.items():
        names = []
        for word, item in reader.words(value, f"{what} {key}"):
            if key != "roles" or reader.known(
                item, word, roles, "a role", "unknown-role", "name it under `people.roles`"
            ):
                names.append(word)
        return key, tuple(dict.fromkeys(names))
    return "anyone", ()


def _trailer(reader: Reader, node: Node) -> TrailerDemand | None:
    if node.kind == "text":
        return TrailerDemand(node.text) if _trailer_name(reader, node) else None
    before = len(reader.problems.found)
    pairs = reader.mapping(node, "`require_trailer`", TRAILER_KEYS, hint="for example `require_trailer: Assisted-by`")
    if node.kind == "mapping" and "name" not in pairs:
        reader.error(node, "missing-key", "`require_trailer` has no `name`", "for example `{name: Risk-Ticket}`")
    demand = TrailerDemand("")
    for key, (_, value) in pairs.items():
        if key == "name" and _trailer_name(reader, value):
            demand = demand._replace(name=value.text)
        elif key == "matching":
            demand = demand._replace(matching=read_pattern(reader, value, "`matching`"))
        elif key == "on":
            demand = demand._replace(on=reader.choice(value, "`on`", ON))  # type: ignore[arg-type]
    return demand if len(reader.problems.found) == before else None


def _trailer_name(reader: Reader, node: Node) -> bool:
    if not reader.text(node, "`require_trailer`", longest=100):
        return False
    if _TRAILER_NAME.fullmatch(node.text):
        return True
    reader.error(
        node,
        "trailer-name",
        f"`{node.text}` is not the name of a trailer",
        "letters, digits and -, without the colon: `Assisted-by`",
    )
    return False


def read_pattern(reader: Reader, node: Node, what: str) -> str | None:
    """A whole-string pattern in the RE2 subset; None after a problem."""
    from vibeguard.policy import patterns  # only policies with a pattern pay for it  # noqa: PLC0415

    text = reader.text(node, what, longest=patterns.LONGEST)
    if not text:
        return None
    try:
        patterns.parse(text)
    except patterns.PatternError as error:
        reader.error(node, "pattern", f"{what}: {error}", error.hint)
        return None
    return text
