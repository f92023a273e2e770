"""`tighten`: changes to rules of the layers above, only in the tighter direction. All else is `error[loosening]`.

What a direction is, field by field: a higher `count`, `by` narrowed to fewer people, a stricter `valid_for` and
`assurance`, `distinct`, fewer in `may_include`; `mode` towards enforce, `if_unknown` towards enforce, an earlier
`enforce_from`, more `stages`; in `when` a comparison that holds for more, or more values of a list; `unless` dropped,
or held to further conditions; break-glass for fewer people, fewer rules, a shorter time, more to be stated.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from vibeguard.model import Place, ReviewDemand
from vibeguard.policy.actions import ASSURANCE, VALID_FOR, read_review
from vibeguard.policy.conditions import Names, read_condition
from vibeguard.policy.nodes import Node
from vibeguard.policy.reader import Reader
from vibeguard.policy.rule_reader import MODE_WORDS, for_rule, read_break_glass
from vibeguard.policy.rules import MODES, STAGES, BreakGlass, Condition, Group, Rule, Test
from vibeguard.policy.sections import IF_UNKNOWN
from vibeguard.tuples import NamedTuple

KEYS = ("when", "unless", "then", "mode", "enforce_from", "stages", "if_unknown")
BREAK_GLASS = "break_glass"
DROPPED = "none"  # `unless: none`

_NEW_RULE = "inherited rules can only be tightened: write a rule of your own for what goes beyond"
_IF_UNKNOWN_RANK = {"skip": 0, "warn": 1, None: 1, "enforce": 2}


class _Task(NamedTuple):
    """One rule that is tightened by one file."""

    reader: Reader
    rule: Rule
    names: Names

    def loosening(self, node: Node, what: str) -> None:
        place = self.rule.place
        self.reader.error(
            node, "loosening",
            f"{what} would loosen rule `{self.rule.id}` of {place.path}:{place.line}:{place.column}", _NEW_RULE,
        )  # fmt: skip


def tighten(
    reader: Reader,
    node: Node,
    names: Names,
    rules: dict[str, Rule],
    glasses: list[BreakGlass],
    above: Collection[str],
    already: dict[tuple[str, str], Place],
) -> tuple[dict[str, Rule], list[BreakGlass]]:
    """The rules and waivers after what `node` asks; each problem is reported at its place.

    `already` holds what other files tightened, and takes what this one does: two files that do not extend each other
    cannot tighten the same field, since which of them came last would then matter.
    """
    changed = dict(rules)
    inherited = {rule_id: rule for rule_id, rule in rules.items() if rule.place.path in above}
    for rule_id, (key, value) in reader.mapping(node, "`tighten`", hint="name an inherited rule").items():
        if rule_id == BREAK_GLASS:
            glasses = _tighten_break_glass(reader, key, value, names, glasses, above, already)
            continue
        if not reader.known(
            key, rule_id, inherited, "a rule of the files that this one extends", "unknown-rule",
            "a rule of this file is edited where it stands",
        ):  # fmt: skip
            continue
        rule = changed[rule_id]
        for field, (field_key, item) in reader.mapping(value, f"the tightening of `{rule_id}`", KEYS).items():
            if _is_twice(reader, field_key, rule_id, above, already):
                continue
            rule = _FIELDS[field](_Task(reader, rule, names), item)
        changed[rule_id] = rule._replace(tightened=(*rule.tightened, reader.place(key)))
    return changed, glasses


def _is_twice(
    reader: Reader, key: Node, what: str, above: Collection[str], already: dict[tuple[str, str], Place]
) -> bool:
    """Whether a file beside this one tightens the same field."""
    other = already.setdefault((what, key.text), reader.place(key))
    if other.path == reader.path or other.path in above:
        return False
    reader.error(
        key,
        "tightened-twice",
        f"`{key.text}` of `{what}` is tightened at {other.path}:{other.line}:{other.column} as well",
        "neither file extends the other: tighten it in one of them",
    )
    return True


# -- single fields


def _mode(task: _Task, node: Node) -> Rule:
    mode = task.reader.choice(node, "`mode`", MODE_WORDS)
    if not mode:
        return task.rule
    if MODES.index(mode) < MODES.index(task.rule.mode):  # one of its words
        task.loosening(node, f"`mode: {mode}` after {task.rule.mode}")
    return task.rule._replace(mode=mode)  # type: ignore[arg-type]


def _if_unknown(task: _Task, node: Node) -> Rule:
    word = task.reader.choice(node, "`if_unknown`", IF_UNKNOWN)
    if not word:
        return task.rule
    old = task.rule.if_unknown
    # Unwritten means enforce in CI and warn in hooks: only enforce is tighter than that everywhere.
    if _IF_UNKNOWN_RANK[word] < _IF_UNKNOWN_RANK[old] or (old is None and word == "warn"):
        task.loosening(node, f"`if_unknown: {word}` after {old or 'enforce in CI'}")
    return task.rule._replace(if_unknown=word)  # type: ignore[arg-type]


def _enforce_from(task: _Task, node: Node) -> Rule:
    if node.kind == "text" and (node.empty or node.text == DROPPED):
        return task.rule._replace(enforce_from="")
    day = task.reader.day(node, "`enforce_from`")
    if not day:
        return task.rule
    if not task.rule.enforce_from or day > task.rule.enforce_from:
        task.loosening(node, f"`enforce_from: {day}` after {task.rule.enforce_from or 'enforcing now'}")
    return task.rule._replace(enforce_from=day)


def _stages(task: _Task, node: Node) -> Rule:
    wanted = {task.reader.choice(item, "`stages`", STAGES) for item in task.reader.items(node, "`stages`")}
    lost = [stage for stage in task.rule.stages if stage not in wanted]
    if lost and "" not in wanted:
        task.loosening(node, f"leaving out stage {', '.join(lost)}")
    return task.rule._replace(stages=tuple(stage for stage in STAGES if stage in wanted or stage in lost))


def _unless(task: _Task, node: Node) -> Rule:
    rule = task.rule
    if node.kind == "text" and (node.empty or node.text == DROPPED):
        return rule._replace(unless=None)
    added = read_condition(task.reader, node, task.names, "unless")
    if added is None:
        return rule
    if rule.unless is None:
        task.loosening(node, "adding an `unless`")
        return rule
    return rule._replace(unless=Group("all", (rule.unless, _in_file(added, task.reader.path)), rule.unless.line))


def _when(task: _Task, node: Node) -> Rule:
    rule = task.rule
    wanted = read_condition(task.reader, node, task.names, "when")
    if wanted is None:
        return rule
    if rule.when is None:
        task.loosening(node, "adding conditions")
        return rule
    condition = rule.when
    tests = wanted.children if isinstance(wanted, Group) and wanted.kind == "all" else (wanted,)
    for test in tests:
        if not isinstance(test, Test):
            task.loosening(node, f"`{test.kind}:`")
            continue
        at = Node("text", "", [], test.line, test.column)
        found = list(_tests(condition, positive=True))
        same = [old for old, positive in found if old.fact == test.fact and positive]
        if len(same) != 1 or any(old.fact == test.fact and not positive for old, positive in found):
            often = "is not in its `when`" if not same else "stands in its `when` several times, or under `not`"
            task.loosening(at, f"`{test.fact}`, which {often}:")
            continue
        if not wider(same[0], test):
            task.loosening(at, f"`{test.fact}: {test.wanted}` after `{same[0].wanted}`")
            continue
        condition = _replaced(condition, same[0], test._replace(file=task.reader.path))
    return rule._replace(when=condition)


def _then(task: _Task, node: Node) -> Rule:
    rule, reader = task.rule, task.reader
    pairs = reader.mapping(node, "`then`", hint="for example `then: {require_review: {count: 2}}`")
    for key, (key_node, value) in pairs.items():
        if key != "require_review":
            task.loosening(key_node, f"`{key}`: only `require_review` can be changed, which")
            continue
        old = [at for at, demand in enumerate(rule.demands) if isinstance(demand, ReviewDemand)]
        items = value.items if value.kind == "list" else [value]
        if len(items) != len(old):
            asks = f"asks for {len(old)} review{'' if len(old) == 1 else 's'}, not {len(items)}"
            task.loosening(value, f"`require_review`: the rule {asks}; this")
            continue
        demands = list(rule.demands)
        for at, item in zip(old, items, strict=True):
            demand = demands[at]
            assert isinstance(demand, ReviewDemand)
            demands[at] = _review(task, item, demand)
        rule = rule._replace(demands=for_rule(rule.id, tuple(demands)))
    return rule


_FIELDS = {
    "when": _when,
    "unless": _unless,
    "then": _then,
    "mode": _mode,
    "enforce_from": _enforce_from,
    "stages": _stages,
    "if_unknown": _if_unknown,
}


# -- reviews


def _review(task: _Task, node: Node, old: ReviewDemand) -> ReviewDemand:
    """The demand with the given fields changed; what is not written is kept."""
    new = read_review(task.reader, node, task.names.roles)
    if new is None:
        return old
    for key, value in node.items:
        why = _looser(key.text, old, new)
        if why:
            task.loosening(value, why)
            continue
        field = "wanted" if key.text == "count" else key.text
        old = old._replace(**{field: getattr(new, field)})
        if key.text == "by":
            old = old._replace(names=new.names)
    return old


def _looser(key: str, old: ReviewDemand, new: ReviewDemand) -> str:
    if key == "count" and new.wanted < old.wanted:
        return f"`count: {new.wanted}` after {old.wanted}"
    if key == "by" and not _narrower(old, new):
        return f"`by` {_who(new)} after {_who(old)}"
    if key == "valid_for" and VALID_FOR.index(new.valid_for) < VALID_FOR.index(old.valid_for):
        return f"`valid_for: {new.valid_for}` after {old.valid_for}"
    if key == "assurance" and ASSURANCE.index(new.assurance) < ASSURANCE.index(old.assurance):
        return f"`assurance: {new.assurance}` after {old.assurance}"
    if key == "distinct" and old.distinct and not new.distinct:
        return "`distinct: false`"
    if key == "may_include" and not set(new.may_include) <= set(old.may_include):
        return f"`may_include: {', '.join(new.may_include)}`"
    return ""


def _narrower(old: ReviewDemand, new: ReviewDemand) -> bool:
    """Whether whoever satisfies the new `by` satisfies the old one as well."""
    if old.by == "anyone" or (old.by == "any-owner" and new.by == "owners"):
        return True
    return old.by == new.by and (old.by in ("owners", "any-owner") or set(new.names) <= set(old.names))


def _who(demand: ReviewDemand) -> str:
    return f"{demand.by} [{', '.join(demand.names)}]" if demand.names else demand.by


# -- conditions


def wider(old: Test, new: Test) -> bool:
    """Whether the new test holds whenever the old one does, so that the rule applies at least as often."""
    if old.operator != new.operator:
        return False
    olds, news = old.values, new.values
    if old.operator in ("at least", "more than"):
        return news[0] <= olds[0]  # type: ignore[operator]  # numbers
    if old.operator in ("at most", "less than"):
        return news[0] >= olds[0]  # type: ignore[operator]
    if old.operator == "between":
        return news[0] <= olds[0] and news[1] >= olds[1]  # type: ignore[operator]
    if old.operator in ("any_of", "only"):
        return set(olds) <= set(news)
    if old.operator in ("all_of", "none_of"):
        return set(news) <= set(olds)
    return olds == news


def _tests(condition: Condition, *, positive: bool) -> Any:
    """Every test with whether its truth makes the condition true."""
    if isinstance(condition, Test):
        yield condition, positive
        return
    for child in condition.children:
        yield from _tests(child, positive=positive != (condition.kind == "not"))


def _replaced(condition: Condition, old: Test, new: Test) -> Condition:
    if isinstance(condition, Test):
        return new if condition is old else condition
    return condition._replace(children=tuple(_replaced(child, old, new) for child in condition.children))


def _in_file(condition: Condition, path: str) -> Condition:
    if isinstance(condition, Test):
        return condition._replace(file=path)
    return condition._replace(children=tuple(_in_file(child, path) for child in condition.children))


# -- break-glass


def _tighten_break_glass(
    reader: Reader,
    key: Node,
    node: Node,
    names: Names,
    glasses: list[BreakGlass],
    above: Collection[str],
    already: dict[tuple[str, str], Place],
) -> list[BreakGlass]:
    inherited = [glass for glass in glasses if glass.place.path in above]
    if len(inherited) != 1:
        reader.error(
            key, "unknown-rule",
            "no file that this one extends has `break_glass`" if not inherited
            else "several files that this one extends have `break_glass`",
        )  # fmt: skip
        return glasses
    old = inherited[0]
    pairs = reader.mapping(node, "`break_glass`")
    new = read_break_glass(reader, key, node, names, old.waives, partly=True)
    if new is None:
        return glasses
    merged = old
    for name, (name_key, value) in pairs.items():
        if _is_twice(reader, name_key, BREAK_GLASS, above, already):
            continue
        why, changes = _shrunk(name, old, new)
        if why:
            reader.error(
                value, "loosening",
                f"{why} would loosen `break_glass` of {old.place.path}:{old.place.line}:{old.place.column}",
                "break-glass of a layer above can only be shrunk",
            )  # fmt: skip
            continue
        merged = merged._replace(**changes)
    return [merged if glass is old else glass for glass in glasses]


def _shrunk(name: str, old: BreakGlass, new: BreakGlass) -> tuple[str, Mapping[str, Any]]:
    """Why one key loosens, or what it changes."""
    if name == "who":
        return ("" if _narrower(old.who, new.who) else f"`who` {_who(new.who)} after {_who(old.who)}"), {"who": new.who}
    if name == "waives":
        return "", {"waives": new.waives}  # names that are not in the old list were refused when they were read
    if name == "waiver_lasts":
        return ("" if new.lasts <= old.lasts else "a longer `waiver_lasts`"), {"lasts": new.lasts}
    if name == "must_state":
        if new.reason_length and new.reason_length < old.reason_length:
            return "a shorter `reason`", {}
        if new.ticket and old.ticket and new.ticket != old.ticket:
            return "another `ticket`", {}
        return "", {
            "reason_length": max(old.reason_length, new.reason_length), "ticket": new.ticket or old.ticket,
        }  # fmt: skip
    if name == "afterwards":
        before, after = old.afterwards, new.afterwards
        if before is not None and (
            after is None or any(_looser(key, before, after) for key in ("count", "by", "valid_for", "assurance"))
        ):
            return "a weaker review afterwards", {}
        if old.due and new.due > old.due:
            return "a later `due`", {}
        if old.otherwise != "report" and new.otherwise == "report":
            return "`otherwise: report`", {}
        return "", {"afterwards": after, "due": new.due, "otherwise": new.otherwise}
    return "", {}
