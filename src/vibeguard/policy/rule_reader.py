"""Rules and break-glass: from nodes to nouns, once the names of all layers are known."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from vibeguard.model import Demand, ReviewDemand
from vibeguard.policy.actions import read_pattern, read_review, read_then, read_who
from vibeguard.policy.conditions import Names, glob_fits, read_condition
from vibeguard.policy.facts import KINDS, fact_names, find_fact
from vibeguard.policy.nodes import Node
from vibeguard.policy.problems import did_you_mean
from vibeguard.policy.reader import Reader
from vibeguard.policy.rules import STAGES, BreakGlass, Mode, Rule, Scope
from vibeguard.policy.sections import IF_UNKNOWN

MOST_RULES = 20_000
RULE_KEYS = (
    "id",
    "description",
    "mode",
    "enforce_from",
    "stages",
    "only_looking_at",
    "when",
    "unless",
    "then",
    "if_unknown",
    "message",
    "ask",
    "docs",
)
SCOPE_KEYS = ("paths", "tags", "owners", "kinds", "languages")
MODE_WORDS: tuple[Mode, ...] = ("enforce", "warn", "record-only")
BREAK_GLASS_KEYS = ("who", "must_state", "waives", "covers", "waiver_lasts", "afterwards")
AFTERWARDS_KEYS = ("require_review", "due", "otherwise")

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}|[{}]")


def read_rules(reader: Reader, node: Node | None, names: Names, if_unknown: str) -> list[Rule]:
    """The rules of one file; `if_unknown` is what the file's `defaults` say."""
    if node is None:
        return []
    if node.kind != "list":
        found = "nothing" if node.empty else "a mapping" if node.kind == "mapping" else "a text"
        reader.error(node, "wrong-type", f"`rules`: expected a list, found {found}", "begin each rule with `- id: …`")
        return []
    if len(node.items) > MOST_RULES:
        reader.error(node, "limit", f"{len(node.items):,} rules; at most {MOST_RULES:,}")
        return []
    rules = [read_rule(reader, item, names, if_unknown) for item in node.items]
    return [rule for rule in rules if rule is not None]


def read_rule(reader: Reader, node: Node, names: Names, if_unknown: str) -> Rule | None:
    """One rule; None when it has no usable id."""
    pairs = reader.mapping(node, "a rule", RULE_KEYS, hint="begin each rule with `- id: …`")
    if node.kind != "mapping":
        return None
    found: dict[str, Any] = {"if_unknown": if_unknown or None}
    for key in ("id", "then"):
        if key not in pairs:
            reader.error(
                node,
                "missing-key",
                f"the rule has no `{key}`",
                "name it in kebab-case" if key == "id" else "say what it does, for example `then: warn`",
            )
    for key, (_, value) in pairs.items():
        if key == "id":
            found["id"] = reader.name(value, "the rule's id")
        elif key == "description":
            found["description"] = " ".join(reader.text(value, "`description`").split())
        elif key == "mode":
            found["mode"] = reader.choice(value, "`mode`", MODE_WORDS) or "enforce"
        elif key == "enforce_from":
            found["enforce_from"] = reader.day(value, "`enforce_from`")
        elif key == "stages":
            stages = {reader.choice(item, "`stages`", STAGES) for item in reader.items(value, "`stages`")}
            found["stages"] = tuple(stage for stage in STAGES if stage in stages)
        elif key == "only_looking_at":
            found["scope"] = read_scope(reader, value, names.tags)
        elif key in ("when", "unless"):
            found[key] = read_condition(reader, value, names, key)
        elif key == "then":
            then = read_then(reader, value, names.roles)
            found |= {"warn": then.warn, "block": then.block, "demands": then.demands}
        elif key == "if_unknown":
            found["if_unknown"] = reader.choice(value, "`if_unknown`", IF_UNKNOWN) or None
        elif key == "message":
            found["message"] = read_message(reader, value, names)
        else:
            found[key] = reader.text(value, f"`{key}`", longest=1000)  # ask, docs
    if not found.get("id"):
        return None
    found["demands"] = for_rule(found["id"], found.get("demands", ()))
    return Rule(place=reader.place(pairs["id"][1]), **found)


def for_rule(rule_id: str, demands: tuple[Demand, ...]) -> tuple[Demand, ...]:
    """The demands with the rule's id in those for reviews: an approval can be meant for some rules only."""
    return tuple(demand._replace(rule=rule_id) if isinstance(demand, ReviewDemand) else demand for demand in demands)


def read_scope(reader: Reader, node: Node, tags: Collection[str]) -> Scope:
    """`only_looking_at`: globs, tags, owners, kinds, languages."""
    scope: dict[str, tuple[str, ...]] = {}
    pairs = reader.mapping(
        node, "`only_looking_at`", SCOPE_KEYS, hint='for example `only_looking_at: {paths: ["src/**"]}`'
    )
    if node.kind == "mapping" and not node.items:
        reader.error(node, "empty", "`only_looking_at` names nothing", "leave it out to look at every file")
    for key, (_, value) in pairs.items():
        kept = []
        for word, item in reader.words(value, f"`{key}`"):
            if key == "paths":
                good = glob_fits(reader, item, word)
            elif key == "tags":
                good = reader.known(item, word, tags, "a tag", "unknown-tag", "define it under `tags`")
            elif key == "kinds":
                good = reader.known(
                    item, word, KINDS, "a kind of file", "unknown-value", "see `vibeguard policy facts`"
                )
            else:
                good = True
            if good:
                kept.append(word)
        scope[key] = tuple(dict.fromkeys(kept))
    return Scope(**scope, line=node.line)


def read_message(reader: Reader, node: Node, names: Names) -> str:
    """A text in which `{fact}` stands for the fact's value, and nothing else stands between braces."""
    text = reader.text(node, "`message`", longest=2000)
    for match in _PLACEHOLDER.finditer(text):
        column = node.column + match.start() + (1 if node.style in ("'", '"') else 0)
        if "\n" in text or node.style in ("|", ">"):
            column = node.column
        at = Node("text", "", [], node.line, column)
        if match[1] is None:
            reader.error(
                at, "message", f"a `{match[0]}` alone in a message", "braces hold the name of a fact: `{ai.tools}`"
            )
        elif find_fact(match[1], names.facts) is None:
            reader.error(
                at,
                "unknown-fact",
                f"`{match[1][:60]}` is not a fact",
                did_you_mean(match[1], fact_names(names.facts), "braces hold the name of a fact, and nothing else"),
            )
    return " ".join(text.split())


def read_break_glass(
    reader: Reader, key: Node, node: Node, names: Names, own_rules: Collection[str], *, partly: bool = False
) -> BreakGlass | None:
    """`break_glass` of one file, or what a lower layer changes of it (`partly`); None after a problem."""
    before = len(reader.problems.found)
    pairs = reader.mapping(node, "`break_glass`", BREAK_GLASS_KEYS)
    for needed in ("who", "must_state", "waives", "waiver_lasts"):
        if node.kind == "mapping" and needed not in pairs and not partly:
            reader.error(key, "missing-key", f"`break_glass` has no `{needed}`", _BREAK_GLASS_HELP[needed])
    glass = BreakGlass(ReviewDemand(), (), 0, None, 0, None, 0, "report", reader.place(key))
    for name, (_, value) in pairs.items():
        if name == "who":
            by, people = read_who(reader, value, names.roles, "`who`", owners=False)
            glass = glass._replace(who=ReviewDemand(by=by, names=people))  # type: ignore[arg-type]  # one of its words
        elif name == "must_state":
            glass = _must_state(reader, value, glass)
        elif name == "waives":
            waived = [
                word
                for word, item in reader.words(value, "`waives`")
                if reader.known(
                    item,
                    word,
                    own_rules,
                    "a rule of this file",
                    "unknown-rule",
                    "a waiver covers rules of its own file, named one by one",
                )
            ]
            glass = glass._replace(waives=tuple(dict.fromkeys(waived)))
        elif name == "covers":
            reader.choice(value, "`covers`", ("this-commit",))
        elif name == "waiver_lasts":
            glass = glass._replace(lasts=reader.duration(value, "`waiver_lasts`", 31) or 0)
        else:
            glass = _afterwards(reader, value, glass, names)
    return glass if len(reader.problems.found) == before else None


_BREAK_GLASS_HELP = {
    "who": "name who may: `who: {roles: [on-call]}`",
    "must_state": "at least a reason: `must_state: {reason: at least 20 characters}`",
    "waives": "name the rules, one by one: `waives: [senior-signoff]`",
    "waiver_lasts": "for example `waiver_lasts: 4 hours`",
}


def _must_state(reader: Reader, node: Node, glass: BreakGlass) -> BreakGlass:
    for key, (_, value) in reader.mapping(node, "`must_state`", ("reason", "ticket")).items():
        if key == "ticket":
            glass = glass._replace(ticket=read_pattern(reader, value, "`ticket`"))
            continue
        match = re.fullmatch(r"at least ([1-9][0-9]{0,3}) characters", value.text) if value.kind == "text" else None
        if match is None:
            reader.error(
                value, "wrong-type", "`reason`: expected how long it must be", "write `at least 20 characters`"
            )
        else:
            glass = glass._replace(reason_length=int(match[1]))
    return glass


def _afterwards(reader: Reader, node: Node, glass: BreakGlass, names: Names) -> BreakGlass:
    pairs = reader.mapping(node, "`afterwards`", AFTERWARDS_KEYS)
    for needed in ("require_review", "due"):
        if node.kind == "mapping" and needed not in pairs:
            reader.error(
                node,
                "missing-key",
                f"`afterwards` has no `{needed}`",
                "for example `{require_review: {count: 1}, due: 2 days}`",
            )
    for key, (_, value) in pairs.items():
        if key == "require_review":
            glass = glass._replace(afterwards=read_review(reader, value, names.roles))
        elif key == "due":
            glass = glass._replace(due=reader.duration(value, "`due`", 366) or 0)
        else:
            chosen = reader.choice(value, "`otherwise`", ("report", "block-merges-until-reviewed"))
            glass = glass._replace(otherwise=chosen)  # type: ignore[arg-type]  # one of its words
    return glass
