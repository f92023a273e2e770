"""Ways to pass: what would have to be different, found by asking the same evaluator again.

Two kinds of single changes are tried for each rule that holds a change back: giving what it still asks for, and taking
a group of files (one file, a folder, a tag) to a change of its own. There is no second set of logic: each try is a
whole evaluation over scoped facts, and a way is only named when it was seen to work.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from vibeguard.model import Demand, Fact, Requirement, RuleResult, Stage, Verdict
from vibeguard.policy import globs
from vibeguard.policy.asking import FactSource, View
from vibeguard.policy.evaluate import Beside, Fulfil, evaluate
from vibeguard.policy.rules import Policy
from vibeguard.tuples import NamedTuple

MOST_TRIES = 60  # groups of files; each is a whole evaluation
MOST_FILES = 400  # of a change for which groups of files are tried at all
MOST_WAYS = 3  # groups of files that are named for one rule
_HOLDS = ("needs", "blocked")


class Question(NamedTuple):
    """Everything that an evaluation is given."""

    policy: Policy
    facts: FactSource
    stage: Stage
    fulfil: Fulfil
    now: float
    head: str | None = None
    given: frozenset[str] = frozenset()


class _Narrowed:
    """The same facts about fewer files."""

    def __init__(self, facts: FactSource, kept: frozenset[str]) -> None:
        self._facts = facts
        self._kept = kept

    def paths(self) -> Sequence[str]:
        return [path for path in self._facts.paths() if path in self._kept]

    def owners(self, path: str) -> tuple[str, ...]:
        return self._facts.owners(path)

    def fact(self, name: str, only: frozenset[str] | None) -> Fact:
        return self._facts.fact(name, self._kept if only is None else only & self._kept)


def with_ways(question: Question, verdict: Verdict) -> Verdict:
    """The verdict with ways to pass in every rule that holds the change back."""
    held = [result for result in verdict.rules if result.outcome in _HOLDS]
    if not held:
        return verdict
    moves = _moves(question, {result.id for result in held})
    rules = tuple(
        result._replace(ways=(*_given(result), *moves.get(result.id, ()))) if result.outcome in _HOLDS else result
        for result in verdict.rules
    )
    return verdict._replace(rules=rules)


def _given(result: RuleResult) -> Iterator[str]:
    """What the rule still asks for; nothing when it blocks whatever is given."""
    missing = [requirement for requirement in result.requirements if not requirement.satisfied]
    if result.outcome == "needs" and missing:
        yield " and ".join(_words(requirement) for requirement in missing)


def _words(requirement: Requirement) -> str:
    if requirement.kind == "trailer":
        return f"add the {requirement.who}"
    if requirement.kind == "tests":
        return f"add {requirement.who}"
    if requirement.kind == "checks":
        return f"{requirement.who} pass"
    people = requirement.suggested
    if len(people) > 1:
        return f"{', '.join(people[:-1])} and {people[-1]} approve"
    still = requirement.wanted - requirement.have
    if still == 1 or (people and still < 1):
        return f"{requirement.who} approves"
    return requirement.missing or requirement.who


def _moves(question: Question, held: set[str]) -> dict[str, tuple[str, ...]]:
    """For each rule the smallest groups of files without which it no longer holds the change back."""
    paths = tuple(dict.fromkeys(question.facts.paths()))
    found: dict[str, list[tuple[frozenset[str], str]]] = {rule: [] for rule in held}
    if not 1 < len(paths) <= MOST_FILES:
        return {}
    for name, group in _groups(question.policy, paths):
        wanted = [rule for rule, ways in found.items() if len(ways) < MOST_WAYS and not _contains(ways, group)]
        if not wanted:
            continue
        rest = _judged(question, frozenset(paths) - group)
        outcomes = {result.id: result for result in rest.rules}
        for rule in wanted:
            if outcomes[rule].outcome not in _HOLDS:
                found[rule].append((group, f"move {name} to its own change{_told(question, frozenset(paths) - group)}"))
    return {rule: tuple(words for _, words in ways) for rule, ways in found.items()}


def _contains(ways: Iterable[tuple[frozenset[str], str]], group: frozenset[str]) -> bool:
    return any(known <= group for known, _ in ways)


def _groups(policy: Policy, paths: Sequence[str]) -> list[tuple[str, frozenset[str]]]:
    """Groups of files to try, smallest first: single files, folders, tags; never all of them."""
    groups: dict[frozenset[str], str] = {}
    for path in paths:
        groups.setdefault(frozenset((path,)), path)
    folders: dict[str, set[str]] = {}
    for path in paths:
        parts = path.split("/")
        for depth in range(1, len(parts)):
            folders.setdefault("/".join(parts[:depth]) + "/", set()).add(path)
    for folder, members in sorted(folders.items(), key=lambda item: -len(item[0])):
        groups.setdefault(frozenset(members), folder)
    index = globs.PathIndex(paths)
    for tag, patterns in policy.tags.items():
        tagged = {path for pattern in patterns for path in index.select(globs.compiled(pattern))}
        groups.setdefault(frozenset(tagged), f"the files tagged {tag}")
    kept = [(name, group) for group, name in groups.items() if group and len(group) < len(paths)]
    return sorted(kept, key=lambda item: (len(item[1]), item[0]))[:MOST_TRIES]


def _judged(question: Question, kept: frozenset[str]) -> Verdict:
    def fulfil(demand: Demand, only: View, beside: Beside) -> Requirement:
        seen = tuple((item, kept if view is None else view) for item, view in beside)
        return question.fulfil(demand, kept if only is None else only, seen)

    return evaluate(
        question.policy,
        _Narrowed(question.facts, kept),
        stage=question.stage,
        fulfil=fulfil,
        now=question.now,
        given=question.given,
        head=question.head,
    )


def _told(question: Question, kept: frozenset[str]) -> str:
    """The blast radius of what stays, where a rule asks for it."""
    if not {"blast.level", "blast.score"} & question.policy.wanted_facts(question.stage):
        return ""
    level, score = (question.facts.fact(name, kept) for name in ("blast.level", "blast.score"))
    if level.unknown or score.unknown or not isinstance(level.value, str):
        return ""
    return f": the rest is {level.value} ({score.value})"
