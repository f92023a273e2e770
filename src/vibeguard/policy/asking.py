"""Facts as the rules see them: each is asked for once for each set of files, and kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from vibeguard.model import Fact
from vibeguard.policy import globs
from vibeguard.policy.facts import DERIVED, FactSpec, find_fact
from vibeguard.policy.rules import Policy, Scope
from vibeguard.policy.truth import describe
from vibeguard.tuples import NamedTuple

View = frozenset[str] | None  # the files that a rule looks at; None: all of them
Truth = tuple[bool | None, str, tuple[str, ...]]  # whether a test holds, the value in words, the evidence


class FactSource(Protocol):
    """What the evaluator asks about a change. An exception from it is never caught: nothing was decided then."""

    def paths(self) -> Sequence[str]:
        """Every changed path; both of a rename."""
        ...

    def owners(self, path: str) -> tuple[str, ...]:
        """Owners of one changed path; none when nobody owns it."""
        ...

    def fact(self, name: str, only: frozenset[str] | None) -> Fact:
        """The value of a fact, about these files alone when `only` is given. `only` is never empty."""
        ...


class Answer(NamedTuple):
    """A fact as the rules see it."""

    value: Any
    unknown: str
    actual: str
    evidence: tuple[str, ...]
    spec: FactSpec


class Asked:
    """Asks each fact once for each set of files."""

    def __init__(self, policy: Policy, source: FactSource, now: float, given: frozenset[str]) -> None:
        self.policy = policy
        self.source = source
        self.now = now
        self.given = given
        self.paths = tuple(source.paths())
        self._everywhere: dict[str, Answer] = {}  # of all files
        self._answers: dict[tuple[str, View], Answer] = {}  # of some files
        self.truths: dict[tuple[object, ...], Truth] = {}  # by fact, operator, values, direction and view
        self._indexes: dict[tuple[str, View], globs.PathIndex] = {}
        self._views: dict[tuple[Any, ...], View] = {}
        self._specs: dict[str, FactSpec] = {}
        self._tagged: dict[str, frozenset[str]] | None = None
        self._all = globs.PathIndex(self.paths)

    def answer(self, name: str, view: View) -> Answer:
        if view is None:
            answer = self._everywhere.get(name)
            if answer is None:
                answer = self._everywhere[name] = self._found(name, None)
            return answer
        answer = self._answers.get((name, view))
        if answer is None:
            answer = self._found(name, view) if self._spec(name).scoped else self.answer(name, None)
            self._answers[name, view] = answer
        return answer

    def _spec(self, name: str) -> FactSpec:
        spec = self._specs.get(name)
        if spec is None:
            spec = find_fact(name, self.policy.facts)
            assert spec is not None, f"a checked policy asks for {name}"
            self._specs[name] = spec
        return spec

    def _found(self, name: str, view: View) -> Answer:
        spec = self._spec(name)
        fact = self._ask(name, view)
        unknown = fact.unknown
        if fact.value is None and not unknown and spec.type != "percent":
            unknown = "it has no value"
        actual = f"unknown: {unknown}" if unknown else describe(fact.value, spec)
        return Answer(fact.value, unknown, actual, fact.evidence, spec)

    def waiting(self) -> list[str]:
        """Facts that were asked for and that no room finds out yet."""
        answers = (*self._everywhere.values(), *self._answers.values())
        return sorted({answer.spec.name for answer in answers if answer.unknown and not answer.spec.available})

    def _ask(self, name: str, view: View) -> Fact:
        if name in DERIVED and name not in self.given:
            if name == "change.tags":
                tagged = self.tagged
                return Fact(tuple(tag for tag, paths in tagged.items() if paths and (view is None or paths & view)))
            from vibeguard.policy.windows import open_windows  # noqa: PLC0415  # policies with windows only

            return open_windows(self.policy.windows, self.now)
        return self.source.fact(name, view)

    @property
    def tagged(self) -> dict[str, frozenset[str]]:
        """Each tag's changed files."""
        if self._tagged is None:
            self._tagged = {tag: self._matching(patterns) for tag, patterns in self.policy.tags.items()}
        return self._tagged

    def index(self, name: str, view: View) -> globs.PathIndex:
        """The paths of a fact, arranged for globs."""
        key = (name, view)
        index = self._indexes.get(key)
        if index is None:
            value = self.answer(name, view).value
            index = globs.PathIndex((value,) if isinstance(value, str) else tuple(value or ()))
            self._indexes[key] = index
        return index

    def view(self, scope: Scope) -> View:
        """The files that a scope leaves in view; None when that is all of them, empty when it is none."""
        key = scope[:-1]
        if key not in self._views:
            kept = frozenset(self.paths)
            if scope.paths:
                kept &= self._matching(scope.paths)
            if scope.tags:
                kept &= frozenset().union(*(self.tagged.get(tag, frozenset()) for tag in scope.tags))
            if scope.owners:
                kept = frozenset(path for path in kept if self._owned(path, scope.owners))
            if scope.kinds:
                kept = frozenset(path for path in kept if self._is("change.kinds", path, scope.kinds))
            if scope.languages:
                kept = frozenset(path for path in kept if self._is("change.languages", path, scope.languages))
            self._views[key] = None if kept and len(kept) == len(self._all.paths) else kept
        return self._views[key]

    def _matching(self, patterns: Sequence[str]) -> frozenset[str]:
        found: set[str] = set()
        for pattern in patterns:
            found.update(self._all.select(globs.compiled(pattern)))
        return frozenset(found)

    def _owned(self, path: str, wanted: tuple[str, ...]) -> bool:
        owners = [owner.lstrip("@").lower() for owner in self.source.owners(path)]
        return any(globs.word_matches(name.lstrip("@").lower(), owner) for name in wanted for owner in owners)

    def _is(self, fact: str, path: str, wanted: tuple[str, ...]) -> bool:
        answer = self.answer(fact, frozenset((path,)))
        if answer.unknown:
            return True  # what is not known may be in view: looking at less would ask for less
        lowered = {word.lower() for word in wanted}
        return any(word.lower() in lowered for word in answer.value)
