"""Every rule as a plain sentence with all defaults spelled out: what the person who signs the policy reads."""

from __future__ import annotations

from collections.abc import Sequence

from vibeguard.model import (
    ChecksDemand,
    Demand,
    Place,
    ReviewDemand,
    TrailerDemand,
)
from vibeguard.policy.facts import FactSpec, find_fact
from vibeguard.policy.rules import STAGES, BreakGlass, Condition, Group, Policy, Rule, Scope, Test, Window
from vibeguard.tuples import NamedTuple

ALWAYS = (
    "A change is judged by the policy of the branch it goes to, never by its own edit of it.",
    "Every rule that matches counts; what they ask adds up; no rule lifts another; inherited ones only get tighter.",
    "The author, anyone who committed to the change, whoever drove an agent, and bots never count as reviewers.",
    'No sign of AI means "none declared", not "human".',
)

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_STAGE_WORDS = {"commit": "at commit", "commit-msg": "at the commit message", "push": "at push", "ci": "in CI"}


class Reading(NamedTuple):
    """One rule in words."""

    id: str
    place: Place
    sentences: tuple[str, ...]


def read_policy(policy: Policy) -> tuple[Reading, ...]:
    """Every rule, in the order of the policy."""
    return tuple(Reading(rule.id, rule.place, read_rule(rule, policy)) for rule in policy.rules)


def read_rule(rule: Rule, policy: Policy) -> tuple[str, ...]:
    """The sentences of one rule: what it asks, what unknown means, when it speaks."""
    opening = []
    if rule.scope is not None:
        opening.append(f"looking only at {_scope(rule.scope, policy)}")
    if rule.when is not None:
        opening.append(f"when {say(rule.when, policy)}")
    if rule.unless is not None:
        opening.append(f"unless {say(rule.unless, policy)}")
    actions = _actions(rule, policy)
    lead = ", ".join(opening)
    main = (
        f"{lead}, then {actions}" if rule.when is not None else f"{lead}, {actions}" if lead else f"always: {actions}"
    )
    sentences = [_sentence(main)]
    unknown = _unknown(rule, policy)
    if unknown:
        sentences.append(_sentence(unknown))
    sentences += [_sentence(words) for words in _force(rule)]
    if rule.tightened:
        places = _and([f"{place.path}:{place.line}" for place in rule.tightened])
        sentences.append(f"Tightened at {places}.")
    return tuple(sentences)


# -- conditions


def say(condition: Condition, policy: Policy, *, nested: bool = False) -> str:
    """A condition in words."""
    if isinstance(condition, Test):
        return _test(condition, policy)
    if condition.kind == "not":
        return f"it is not so that {say(condition.children[0], policy, nested=True)}"
    parts = [say(child, policy, nested=True) for child in condition.children]
    joined = (" and " if condition.kind == "all" else " or ").join(parts)
    return f"({joined})" if nested and len(parts) > 1 else joined


def _test(test: Test, policy: Policy) -> str:
    spec = find_fact(test.fact, policy.facts)
    assert spec is not None
    phrase = spec.phrase or f"`{test.fact}`"
    if test.operator == "is":
        return phrase if test.values[0] else f"it is not so that {phrase}"
    if test.operator == "some":
        return f"{phrase} are {'not empty' if test.values[0] else 'none'}"
    if test.operator in ("at least", "at most", "more than", "less than", "exactly", "between"):
        if spec.type in ("set", "paths"):
            return f"the number of {phrase.removeprefix('the ')} is {test.wanted}"
        return f"{phrase} is {test.wanted}"
    words = [_word(str(word), spec, policy) for word in test.values]
    if spec.type == "text":
        forms = {"any_of": f"is {_or(words)}", "all_of": f"is {_and(words)}",
                 "none_of": f"is neither {_or(words)}", "only": f"is {_or(words)}"}  # fmt: skip
    else:
        forms = {"any_of": f"include {_or(words)}", "all_of": f"include {_and(words)}",
                 "none_of": f"include none of {_or(words)}", "only": f"are all among {_or(words)}"}  # fmt: skip
    return f"{phrase} {forms[test.operator]}"


def _word(word: str, spec: FactSpec, policy: Policy) -> str:
    if spec.name == "author.roles":
        return _role(word, policy, article=False)
    if spec.name == "change.tags":
        return f"{word} ({', '.join(policy.tags.get(word, ()))})"
    if spec.name == "time.window":
        return next((_window(window) for window in policy.windows if window.name == word), word)
    return word


def _window(window: Window) -> str:
    parts = []
    if window.first_day or window.last_day:
        first = f"from {window.first_day} " if window.first_day else ""
        parts.append(f"{first}to {window.last_day} inclusive" if window.last_day else first.strip())
    if window.weekdays:
        parts.append(f"on {_and(list(window.weekdays))}")
    if window.start:
        parts.append(f"{window.start} to {window.end}{' on the next day' if window.end < window.start else ''}")
    return f"{window.name} ({', '.join(parts)}, {window.timezone} time)"


def _scope(scope: Scope, policy: Policy) -> str:
    parts = []
    if scope.paths:
        parts.append(f"match {_or(list(scope.paths))}")
    if scope.tags:
        parts.append("are tagged " + _or([f"{tag} ({', '.join(policy.tags.get(tag, ()))})" for tag in scope.tags]))
    if scope.owners:
        parts.append(f"are owned by {_or(list(scope.owners))}")
    if scope.kinds:
        parts.append(f"are {_or(list(scope.kinds))}")
    if scope.languages:
        parts.append(f"are written in {_or(list(scope.languages))}")
    return f"changed files that {' and '.join(parts)}"


# -- actions


def _actions(rule: Rule, policy: Policy) -> str:
    parts = ["the change is blocked"] if rule.block else []
    parts += [_demand(demand, policy, scoped=rule.scope is not None) for demand in rule.demands]
    if rule.warn:
        parts.append("a warning is given")
    return _and(parts) or "nothing is asked"


def _demand(demand: Demand, policy: Policy, *, scoped: bool) -> str:
    if isinstance(demand, ReviewDemand):
        return say_review(demand, policy, scoped=scoped)
    if isinstance(demand, TrailerDemand):
        on = {"every-commit": "every commit", "any-commit": "at least one commit",
              "commits-with-ai": "every commit with AI involvement"}[demand.on]  # fmt: skip
        matching = f" whose whole value matches {demand.matching}" if demand.matching is not None else ""
        return f"the trailer {demand.name}{matching} is needed on {on}"
    if isinstance(demand, ChecksDemand):
        return f"the check{'s' if len(demand.names) > 1 else ''} {_and(list(demand.names))} must have passed"
    return "a change to at least one test file is needed"


def say_review(demand: ReviewDemand, policy: Policy, *, scoped: bool = False, verb: str = "needed") -> str:
    """What a review demand asks, with every default."""
    count = _NUMBERS[demand.wanted] if demand.wanted < len(_NUMBERS) else str(demand.wanted)
    one = demand.wanted == 1
    files = "file in view" if scoped else "changed file"
    if demand.by == "anyone":
        who = "another person" if one else "different people"
    elif demand.by == "owners":
        fallback = (
            f"; where nobody owns it, of {_or(list(policy.people.if_no_owner))}" if policy.people.if_no_owner else ""
        )
        who = f"people among whom is an owner of every owned {files}{fallback}"
    elif demand.by == "any-owner":
        who = f"{'an owner' if one else 'different owners'} of any {files}"
    elif demand.by == "roles":
        who = _or([_role(name, policy) for name in demand.names])
    else:
        kind = "team" if demand.by == "teams" else "user"
        who = f"{'a member of ' if kind == 'team' else ''}{_or(list(demand.names))}"
    included = set(demand.may_include)
    excluded = ["author"]
    if "contributors" not in included:
        excluded.append("contributor")
    excluded.append("driver of an agent")
    if "bots" not in included:
        excluded.append("bot")
    pronoun = "who is" if one else "each of whom is"
    words = f"{count} approval{' is' if one else 's are'} {verb} from {who} {pronoun} {_neither(excluded)}"
    if included:
        words += f" ({_and(sorted(included))} may count)"
    words += {
        "this-diff": ", for exactly this diff",
        "this-commit": ", for exactly this commit",
        "any-version": ", of any version of the change",
    }[demand.valid_for]
    if demand.assurance == "re-authenticated":
        words += ", given with renewed authentication"
    if demand.distinct:
        words += ", by people who serve no other demand"
    return words


def _role(role: str, policy: Policy, *, article: bool = True) -> str:
    members = policy.people.roles.get(role, ())
    before = "" if not article else "an " if role[0] in "aeiou" else "a "
    return f"{before}{role} ({', '.join(members) if members else 'nobody is named yet'})"


# -- what unknown means, and how far a rule goes


def _unknown(rule: Rule, policy: Policy) -> str:
    names: list[str] = []
    for condition in (rule.when, rule.unless):
        if condition is not None:
            _facts(condition, names)
    phrases = []
    for name in dict.fromkeys(names):
        spec = find_fact(name, policy.facts)
        assert spec is not None
        if spec.type == "yes-no":
            phrases.append(f"whether {spec.phrase}")
        else:
            phrases.append(f"what {spec.phrase} {'are' if spec.type in ('set', 'paths') else 'is'}")
    if not phrases:
        return ""
    what = {
        "enforce": "the rule applies",
        "warn": "the rule only warns",
        "skip": "the rule is silent",
        None: "the rule applies in CI and only warns in hooks",
    }[rule.if_unknown]
    return f"if it cannot be known {_or(phrases)}, and that would decide, {what}"


def _force(rule: Rule) -> list[str]:
    words = []
    if rule.mode == "warn":
        words.append("the rule only warns, whatever it asks")
    elif rule.mode == "record-only":
        words.append("the rule is only recorded and changes nothing")
    elif rule.enforce_from:
        words.append(f"until {rule.enforce_from} (UTC) it only warns")
    if rule.stages == STAGES:
        when = "it speaks at every stage"
    else:
        when = f"it speaks only {_and([_STAGE_WORDS[stage] for stage in rule.stages])}"
    if any(isinstance(demand, ReviewDemand) for demand in rule.demands) and set(rule.stages) != {"ci"}:
        when += "; before CI a missing review is only a notice"
    return [*words, when]


def read_break_glass(glass: BreakGlass, policy: Policy) -> str:
    """Break-glass in one sentence."""
    if glass.who.by == "roles":
        who = _or([_role(name, policy) for name in glass.who.names])
    else:
        who = _or(list(glass.who.names))
    stated = [f"a reason of at least {max(glass.reason_length, 1)} characters"]
    if glass.ticket is not None:
        stated.append(f"a ticket that matches {glass.ticket}")
    words = (
        f"{who}, neither author nor contributor, may waive {_and(list(glass.waives))} for one commit by stating "
        f"{_and(stated)}; the waiver ends {_time(glass.lasts)} after it was stated"
    )
    if glass.afterwards is not None:
        words += f"; {say_review(glass.afterwards, policy, verb='owed')}, within {_time(glass.due)}"
        if glass.otherwise == "block-merges-until-reviewed":
            words += ", otherwise the next changes to that branch are held"
    return _sentence(words)


def _time(seconds: int) -> str:
    for unit, length in (("week", 604800), ("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds % length == 0:
            count = seconds // length
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{seconds} seconds"


def _facts(condition: Condition, into: list[str]) -> None:
    if isinstance(condition, Group):
        for child in condition.children:
            _facts(child, into)
    else:
        into.append(condition.fact)


# -- joining words


def _and(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def _or(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}" if words else ""


def _neither(words: Sequence[str]) -> str:
    return f"neither {', '.join(words[:-1])} nor {words[-1]}"


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:] + "."
