"""The nouns of a policy that was read and checked. Immutable, and nothing in them needs checking again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from vibeguard.model import Demand, People, Place, PolicyFile, ReviewDemand, Stage
from vibeguard.policy.facts import FactSpec
from vibeguard.tuples import NamedTuple

Operator = Literal[
    "is", "any_of", "all_of", "none_of", "only", "some",
    "at least", "at most", "more than", "less than", "between", "exactly",
]  # fmt: skip
Mode = Literal["enforce", "warn", "record-only"]
IfUnknown = Literal["enforce", "warn", "skip"]

STAGES: tuple[Stage, ...] = ("commit", "commit-msg", "push", "ci")
MODES: tuple[Mode, ...] = ("record-only", "warn", "enforce")  # from loose to tight


class Test(NamedTuple):
    """One condition on one fact.

    `values` are numbers for comparisons (a level is its index in the fact's order), words or globs for sets, texts
    and paths, one bool for yes/no facts and for `some` (whether a set has any member).
    """

    fact: str
    operator: Operator
    values: tuple[str | float | bool, ...]
    wanted: str  # as a reader would write it
    line: int
    column: int = 1
    file: str = ""  # where it stands, when that is not the rule's own file (`tighten`)


class Group(NamedTuple):
    """Conditions joined by all, any or not (`not`: not all of them)."""

    kind: Literal["all", "any", "not"]
    children: tuple[Test | Group, ...]
    line: int


Condition = Test | Group


class Scope(NamedTuple):
    """`only_looking_at`: a file is in view when it fits one value of every key that is given."""

    paths: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    line: int = 0


class Rule(NamedTuple):
    """One rule; what is empty was not written."""

    id: str
    place: Place
    description: str = ""
    scope: Scope | None = None
    when: Condition | None = None  # None: every change
    unless: Condition | None = None
    warn: bool = False
    block: bool = False
    demands: tuple[Demand, ...] = ()
    message: str = ""
    mode: Mode = "enforce"
    enforce_from: str = ""  # a day, YYYY-MM-DD, from its first moment in UTC; before it the rule warns
    stages: tuple[Stage, ...] = STAGES
    if_unknown: IfUnknown | None = None  # None: enforce in CI, warn in hooks
    ask: str = ""
    docs: str = ""
    tightened: tuple[Place, ...] = ()  # where lower layers tightened it


class Window(NamedTuple):
    """A time in which `time.window` holds its name. Days and hours are those of its time zone."""

    name: str
    timezone: str
    first_day: str = ""  # YYYY-MM-DD, included
    last_day: str = ""  # YYYY-MM-DD, included
    weekdays: tuple[str, ...] = ()  # monday … sunday; none: every day
    start: str = ""  # HH:MM, included
    end: str = ""  # HH:MM, not included; before `start`: on the next day
    place: Place = Place("", 0, 0)


class BreakGlass(NamedTuple):
    """Who may waive which rules, what must be stated, for how long, and what is owed afterwards. Times in seconds."""

    who: ReviewDemand  # by roles, teams or users
    waives: tuple[str, ...]
    reason_length: int
    ticket: str | None  # a whole-string pattern
    lasts: int
    afterwards: ReviewDemand | None
    due: int
    otherwise: Literal["report", "block-merges-until-reviewed"]
    place: Place


class ProvenanceSettings(NamedTuple):
    """`provenance`: the team's own tools, and how it wants AI involvement declared."""

    tools: Mapping[str, tuple[str, ...]]  # tool id to the exact identities it commits with
    declare_with: str = ""


class Policy(NamedTuple):
    """A checked policy, all layers pooled."""

    name: str
    files: tuple[PolicyFile, ...]  # in the order they were read: the entry first
    rules: tuple[Rule, ...]
    people: People
    tags: Mapping[str, tuple[str, ...]]
    windows: tuple[Window, ...] = ()
    facts: Mapping[str, FactSpec] = {}  # the organisation's own, `x.*`
    break_glass: tuple[BreakGlass, ...] = ()
    protected_refs: tuple[str, ...] = ()
    on_error: Mapping[str, str] = {}  # hook stage to "warn"
    provenance: ProvenanceSettings = ProvenanceSettings({})
    dialect: str = ""  # `ownership.dialect`
    unnamed_roles: tuple[str, ...] = ()  # still `to-be-named`
    notices: tuple[str, ...] = ()
    listed: Mapping[str, tuple[str, ...]] = {}  # what each glob of `extends` found
    places: Mapping[str, Place] = {}  # where "tag money", "role senior" are defined
    build_in_background: bool = False  # `dependents`: may a process outlive a hook to finish its graph?

    def active_rules(self, stage: Stage) -> tuple[Rule, ...]:
        """The rules that speak at this stage."""
        return tuple(rule for rule in self.rules if stage in rule.stages)

    def wanted_facts(self, stage: Stage) -> frozenset[str]:
        """Names of every fact that the rules of this stage can ask for; what is not in it need not be found out.

        `owners` is in it (a name that no fact has) when a scope or a demand asks whose the files are.
        """
        wanted: set[str] = set()
        for rule in self.active_rules(stage):
            for condition in (rule.when, rule.unless):
                if condition is not None:
                    _collect(condition, wanted)
            wanted.update(placeholders(rule.message))
            if rule.scope is not None:
                if rule.scope.owners:
                    wanted.add("owners")
                if rule.scope.kinds:
                    wanted.add("change.kinds")
                if rule.scope.languages:
                    wanted.add("change.languages")
            for demand in rule.demands:
                if isinstance(demand, ReviewDemand) and demand.by in ("owners", "any-owner"):
                    wanted.add("owners")
        return frozenset(wanted)

    def find_rule(self, rule_id: str) -> Rule | None:
        return next((rule for rule in self.rules if rule.id == rule_id), None)


def placeholders(message: str) -> tuple[str, ...]:
    """Names between braces in a checked message."""
    return tuple(part.partition("}")[0] for part in message.split("{")[1:])


def _collect(condition: Condition, into: set[str]) -> None:
    if isinstance(condition, Test):
        into.add(condition.fact)
    else:
        for child in condition.children:
            _collect(child, into)
