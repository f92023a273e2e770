"""What is legal in a policy and probably wrong: rules that never fire, nobody to ask, holes that are easy to miss."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from vibeguard.model import Place, ReviewDemand
from vibeguard.policy import globs
from vibeguard.policy.facts import find_fact
from vibeguard.policy.problems import Problem
from vibeguard.policy.rules import Condition, Group, Policy, Rule, Test
from vibeguard.policy.tighten import wider

MOST_PAIRS = 200_000  # of rules that are compared with each other; beyond it lint is silent about covered ones


def lint(policy: Policy, *, tracked: Sequence[str] | None = None, now: float | None = None) -> tuple[Problem, ...]:
    """Every warning. `tracked` are the repository's files, where they are known; `now` seconds since the epoch."""
    moment = time.time() if now is None else now
    found = [
        *_never(policy),
        *_covered(policy),
        *_globs(policy, tracked),
        *_people(policy),
        *_windows(policy, moment),
        *_holes(policy),
        *_unavailable(policy),
    ]
    return tuple(sorted(dict.fromkeys(found), key=lambda item: (item.path, item.line, item.column, item.code)))


def _warning(place: Place, code: str, message: str, hint: str = "") -> Problem:
    return Problem(place.path, place.line, place.column, code, message, hint, level="warning")


# -- rules that never fire, or add nothing


def _never(policy: Policy) -> Iterator[Problem]:
    for rule in policy.rules:
        if rule.when is not None and _impossible(rule.when):
            yield _warning(
                rule.place, "never-matches", f"rule `{rule.id}` can never apply: its conditions exclude each other"
            )
        elif rule.unless is not None and (
            (isinstance(rule.unless, Test) and _trivial(rule.unless))
            or (rule.when is not None and rule.when == rule.unless)
        ):
            yield _warning(rule.place, "never-matches", f"rule `{rule.id}` can never apply: its `unless` always holds")


def _impossible(condition: Condition) -> bool:
    """Whether the tests that must hold together contradict each other."""
    tests = list(_together(condition))
    if any(isinstance(test, Group) and test.kind == "any" and all(map(_impossible, test.children)) for test in tests):
        return True
    plain = [test for test in tests if isinstance(test, Test)]
    for at, one in enumerate(plain):
        if _empty(one):
            return True
        for other in plain[at + 1 :]:
            if one.fact == other.fact and _exclude(one, other):
                return True
    return False


def _together(condition: Condition) -> Iterator[Condition]:
    """Everything that must hold at once."""
    if isinstance(condition, Group) and condition.kind == "all":
        for child in condition.children:
            yield from _together(child)
    else:
        yield condition


def _bounds(test: Test) -> tuple[float, float] | None:
    """The range of values for which a comparison holds, as far as whole numbers go."""
    first = test.values[0]
    if not isinstance(first, int | float) or isinstance(first, bool):
        return None
    infinity = float("inf")
    last = test.values[-1]
    assert isinstance(last, int | float)
    return {
        "at least": (first, infinity), "more than": (first + 1e-9, infinity), "at most": (-infinity, first),
        "less than": (-infinity, first - 1e-9), "exactly": (first, first), "between": (first, last),
    }.get(test.operator)  # fmt: skip


def _empty(test: Test) -> bool:
    bounds = _bounds(test)
    return bounds is not None and (bounds[1] < 0 or bounds[0] > bounds[1])


def _trivial(test: Test) -> bool:
    bounds = _bounds(test)
    return bounds is not None and bounds[0] <= 0 and bounds[1] == float("inf")


def _exclude(one: Test, other: Test) -> bool:
    operators = {one.operator, other.operator}
    if operators == {"is"}:
        return one.values != other.values
    first, second = _bounds(one), _bounds(other)
    if first is not None and second is not None:
        return max(first[0], second[0]) > min(first[1], second[1])
    if operators == {"any_of", "none_of"}:
        wanted, refused = sorted((one, other), key=lambda test: test.operator)  # any_of before none_of
        return set(wanted.values) <= set(refused.values)
    spec = find_fact(one.fact)
    if operators == {"any_of"} and spec is not None and spec.type == "text":
        words = [str(word) for word in (*one.values, *other.values)]
        return not set(one.values) & set(other.values) and not any(set("*?") & set(word) for word in words)
    return False


def _covered(policy: Policy) -> Iterator[Problem]:
    """A rule that another one makes superfluous: it applies whenever this one does, and asks for as much."""
    wide: dict[object, list[Rule]] = {}
    for rule in policy.rules:
        for key in _wide_keys(rule):
            wide.setdefault(key, []).append(rule)
    budget = MOST_PAIRS
    for rule in policy.rules:
        candidates = dict.fromkeys(other for key in _narrow_keys(rule) for other in wide.get(key, ()))
        for other in candidates:
            if rule is other or (rule.place.path != other.place.path and rule.place.path != policy.files[0].path):
                continue  # that a layer below asks for more is what layers are for
            budget -= 1
            if budget < 0:
                return
            if _covers(other, rule) and not (_covers(rule, other) and rule.place < other.place):
                yield _warning(
                    rule.place,
                    "covered",
                    f"rule `{rule.id}` adds nothing: `{other.id}` ({other.place.path}:{other.place.line}) applies "
                    "whenever it does, and asks for as much",
                )
                break


def _wide_keys(rule: Rule) -> Iterator[object]:
    """What a rule must share with those that it may cover: one of its tests, by value where it lists values."""
    if rule.unless is not None:
        return
    tests = [test for test in _together(rule.when) if isinstance(test, Test)] if rule.when is not None else []
    if not tests:
        yield rule.scope[:-1] if rule.scope is not None else None
        return
    test = min(tests, key=lambda test: test.operator != "any_of")
    for value in test.values if test.operator == "any_of" else (None,):
        yield (test.fact, test.operator, value)


def _narrow_keys(rule: Rule) -> Iterator[object]:
    yield rule.scope[:-1] if rule.scope is not None else None
    for test in _together(rule.when) if rule.when is not None else ():
        if isinstance(test, Test):
            yield (test.fact, test.operator, test.values[0] if test.operator == "any_of" else None)


def _covers(wide: Rule, narrow: Rule) -> bool:
    if wide.scope != narrow.scope and not (wide.scope and narrow.scope and wide.scope[:-1] == narrow.scope[:-1]):
        return False
    if wide.unless is not None or not set(narrow.stages) <= set(wide.stages) or wide.mode != "enforce":
        return False
    if wide.enforce_from or wide.if_unknown not in {"enforce", narrow.if_unknown}:
        return False
    if wide.when is not None:
        if narrow.when is None:
            return False
        have = list(_together(narrow.when))
        for test in _together(wide.when):
            if not any(_implies(one, test) for one in have):
                return False
    if narrow.warn and not (wide.warn or wide.block or wide.demands):
        return False
    if narrow.block and not wide.block:
        return False
    return all(any(_satisfies(have, demand) for have in wide.demands) for demand in narrow.demands)


def _implies(one: Condition, other: Condition) -> bool:
    if isinstance(one, Test) and isinstance(other, Test):
        return one.fact == other.fact and wider(one, other)
    return isinstance(one, Group) and isinstance(other, Group) and _shape(one) == _shape(other)


def _shape(condition: Condition) -> object:
    if isinstance(condition, Test):
        return (condition.fact, condition.operator, condition.values)
    return (condition.kind, tuple(_shape(child) for child in condition.children))


def _satisfies(have: object, wanted: object) -> bool:
    if not isinstance(have, ReviewDemand) or not isinstance(wanted, ReviewDemand):
        return type(have) is type(wanted) and have == wanted
    return have._replace(rule="", wanted=0) == wanted._replace(rule="", wanted=0) and have.wanted >= wanted.wanted


# -- globs


def _globs(policy: Policy, tracked: Sequence[str] | None) -> Iterator[Problem]:
    index = globs.PathIndex(tracked) if tracked is not None else None
    entry = policy.files[0].path
    for tag, patterns in policy.tags.items():
        for pattern in patterns:
            yield from _glob(pattern, f"tag `{tag}`", policy.places.get(f"tag {tag}", Place(entry, 1, 1)), index)
    for rule in policy.rules:
        for pattern in rule.scope.paths if rule.scope is not None else ():
            yield from _glob(pattern, f"rule `{rule.id}`", rule.place, index)
        for condition in (rule.when, rule.unless):
            if condition is None:
                continue
            for test in _all_tests(condition):
                if test.fact == "change.files" and test.operator in ("any_of", "all_of", "none_of", "only"):
                    for word in test.values:
                        place = Place(test.file or rule.place.path, test.line, test.column)
                        yield from _glob(str(word), f"rule `{rule.id}`", place, index)


def _glob(pattern: str, whose: str, place: Place, index: globs.PathIndex | None) -> Iterator[Problem]:
    if index is None or index.select(globs.compiled(pattern)):
        return
    hint = "it may be meant for files to come"
    if "/" not in pattern and index.select(globs.compiled(f"**/{pattern}")):
        hint = f"a glob is a whole path from the root: did you mean `**/{pattern}`?"
    elif index.select(globs.compiled(f"{pattern}/**")):
        hint = f"it is a folder: did you mean `{pattern}/**`?"
    else:
        lowered = globs.PathIndex([path.lower() for path in index.paths])
        if lowered.select(globs.compiled(pattern.lower())):
            hint = "upper and lower case are distinguished"
    yield _warning(place, "matches-nothing", f"`{pattern}` of {whose} matches no tracked file", hint)


# -- people


def _people(policy: Policy) -> Iterator[Problem]:
    for rule in policy.rules:
        for demand in rule.demands:
            if not isinstance(demand, ReviewDemand):
                continue
            if demand.may_include:
                included = " and ".join(demand.may_include)
                yield _warning(rule.place, "own-approval", f"rule `{rule.id}` lets {included} count as reviewers")
            if demand.by == "roles" and not any(policy.people.roles.get(role) for role in demand.names):
                roles = ", ".join(demand.names)
                yield _warning(rule.place, "nobody", f"rule `{rule.id}` asks for {roles}, and nobody is named",
                               f"name people under `people.roles.{demand.names[0]}`")  # fmt: skip
                continue
            people = _countable(demand, policy)
            if people is not None and demand.wanted > len(people):
                yield _warning(
                    rule.place, "too-few-people",
                    f"rule `{rule.id}` asks for {demand.wanted} approvals, and only {len(people)} people can give one",
                )  # fmt: skip
            elif people is not None and demand.wanted == len(people):
                yield _warning(
                    rule.place, "own-change",
                    f"rule `{rule.id}` cannot be satisfied when {' or '.join(sorted(people))} wrote the change",
                    "name one person more than are asked for",
                )  # fmt: skip
    used = {name for rule in policy.rules for name in _roles_of(rule)}
    used |= {name for glass in policy.break_glass for name in glass.who.names} | set(policy.people.if_no_owner)
    for role in sorted(set(policy.people.roles) - used - {"agents"}):
        place = policy.places.get(f"role {role}", Place(policy.files[0].path, 1, 1))
        yield _warning(place, "unused-role", f"role `{role}` is used by no rule")


def _countable(demand: ReviewDemand, policy: Policy) -> frozenset[str] | None:
    """Who could approve at all; None when a team or an owner is among them, whose members are not known here."""
    if demand.by == "users":
        names = set(demand.names)
    elif demand.by == "roles":
        names = {name for role in demand.names for name in policy.people.roles.get(role, ())}
    else:
        return None
    return None if any(set("/*") & set(name) for name in names) else frozenset(name.lower() for name in names)


def _roles_of(rule: Rule) -> Iterator[str]:
    for demand in rule.demands:
        if isinstance(demand, ReviewDemand) and demand.by == "roles":
            yield from demand.names
    for condition in (rule.when, rule.unless):
        if condition is not None:
            for test in _all_tests(condition):
                if test.fact == "author.roles":
                    yield from (str(word) for word in test.values)


# -- time, holes, and what nothing finds out


def _windows(policy: Policy, now: float) -> Iterator[Problem]:
    today = time.strftime("%Y-%m-%d", time.gmtime(now - 86400))  # a day of grace for time zones
    for window in policy.windows:
        if window.last_day and window.last_day < today:
            yield _warning(
                window.place, "past", f"window `{window.name}` ended on {window.last_day}", "remove or move it"
            )
    used = {str(word) for rule in policy.rules for condition in (rule.when, rule.unless) if condition is not None
            for test in _all_tests(condition) if test.fact == "time.window" for word in test.values}  # fmt: skip
    for window in policy.windows:
        if window.name not in used:
            yield _warning(window.place, "unused-window", f"window `{window.name}` is used by no rule")


def _holes(policy: Policy) -> Iterator[Problem]:
    place = Place(policy.files[0].path, 1, 1)
    forcing = [rule for rule in policy.rules if rule.mode == "enforce" and (rule.block or rule.demands)]
    if forcing and all(_rests_on_ai(rule) for rule in forcing):
        yield _warning(
            place, "rests-on-ai",
            "every rule that holds a change rests on AI detection: an undeclared AI change passes everything",
            "add a rule on the blast radius alone, such as `blast.level: at least critical`",
        )  # fmt: skip
    if policy.rules and not any("change.touches_policy" in _names(rule) for rule in policy.rules):
        yield _warning(
            place, "policy-unguarded", "no rule asks for anything when this policy itself is changed",
            "add a rule on `change.touches_policy: true`",
        )  # fmt: skip


def _rests_on_ai(rule: Rule) -> bool:
    """Whether the rule cannot apply without a sign of AI."""
    if rule.when is None:
        return False
    return any(_needs_ai(part) for part in _together(rule.when))


def _needs_ai(condition: Condition) -> bool:
    if isinstance(condition, Group):
        return condition.kind == "any" and all(
            any(_needs_ai(part) for part in _together(child)) for child in condition.children
        )
    if condition.fact not in ("ai.detected", "ai.confidence", "ai.share_of_added_lines", "ai.lines", "ai.tools",
                              "ai.declared", "ai.no_human_author", "ai.wrote_sign_off"):  # fmt: skip
        return False
    if condition.operator in ("is", "some"):
        return condition.values[0] is True
    if condition.operator in ("at least", "more than", "exactly", "between"):
        return condition.values[0] != 0 or condition.operator == "more than"
    return condition.operator in ("any_of", "all_of")


def _unavailable(policy: Policy) -> Iterator[Problem]:
    for rule in policy.rules:
        for name in sorted(_names(rule)):
            spec = find_fact(name, policy.facts)
            if spec is not None and not spec.available:
                yield _warning(
                    rule.place, "always-unknown", f"rule `{rule.id}` uses `{name}`, which nothing finds out yet"
                )


def _names(rule: Rule) -> set[str]:
    return {
        test.fact for condition in (rule.when, rule.unless) if condition is not None for test in _all_tests(condition)
    }


def _all_tests(condition: Condition) -> Iterator[Test]:
    if isinstance(condition, Test):
        yield condition
        return
    for child in condition.children:
        yield from _all_tests(child)
