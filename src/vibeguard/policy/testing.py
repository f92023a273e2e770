"""Tests of a policy: what is given, and what the policy must then say.

A file is a list of cases, or `{policy: PATH, roles: {…}, given: {…}, tests: [cases]}`: `roles` names people for roles
that the policy leaves to be named, `given` holds for every case that does not say otherwise. A fact that nothing gives
is unknown; a review is `{by, kind: person | bot, state, commit: head | earlier, is: author | contributor | driver,
assurance}`, and a waiver (break-glass) `{by, reason, ticket, commit, hours_ago, rules}`.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from typing import Any

from vibeguard.model import Fact, Place, Share, Stage, Verdict
from vibeguard.policy.facts import DERIVED, FactSpec, fact_names, find_fact
from vibeguard.policy.nodes import Node, read_nodes
from vibeguard.policy.problems import TooManyError, did_you_mean, failure
from vibeguard.policy.reader import Reader
from vibeguard.policy.rules import STAGES, Policy
from vibeguard.policy.source import PolicySource
from vibeguard.tuples import NamedTuple

CASE_KEYS = ("name", "given", "stage", "at", "reviews", "waivers", "owners", "teams", "expect")
WAIVER_KEYS = ("by", "reason", "ticket", "commit", "hours_ago", "rules")
REVIEW_KEYS = ("by", "kind", "state", "commit", "is", "assurance")
FILE_KEYS = ("policy", "roles", "given", "tests")
EXPECT_KEYS = ("verdict", "rules", "not_counted")
STATES = ("approved", "changes-requested", "dismissed", "commented")
VERDICTS = ("pass", "warn", "needs", "blocked", "overridden")
OUTCOMES = ("skipped", "pass", "warn", "needs", "blocked", "unknown")


class GivenReview(NamedTuple):
    """One review of a case."""

    by: str
    is_bot: bool = False
    state: str = "approved"
    earlier: bool = False  # of an earlier commit, another diff
    is_: str = ""  # author, contributor, driver
    assurance: str = "authenticated"


class GivenWaiver(NamedTuple):
    """One statement of break-glass of a case."""

    by: str
    reason: str = ""
    ticket: str = ""
    earlier: bool = False
    hours_ago: int = 0
    rules: tuple[str, ...] = ()


class Case(NamedTuple):
    """One test of a policy."""

    name: str
    place: Place
    given: Mapping[str, Fact]
    trailers: tuple[tuple[str, str], ...]  # name and value, of `message.trailers`
    stage: Stage
    at: float | None  # seconds since the epoch; None: now
    reviews: tuple[GivenReview, ...]
    owners: Mapping[str, tuple[str, ...]]
    teams: Mapping[str, tuple[str, ...]]
    verdict: str  # "" when the case does not say
    rules: Mapping[str, str]
    not_counted: tuple[str, ...]
    waivers: tuple[GivenWaiver, ...] = ()


class CaseFacts:
    """A fact source that knows what a case gives, and nothing else."""

    def __init__(self, case: Case) -> None:
        self.case = case
        value = case.given["change.files"].value if "change.files" in case.given else ()
        self._paths = tuple(str(path) for path in value) if isinstance(value, tuple) else ()

    def paths(self) -> Sequence[str]:
        return self._paths

    def owners(self, path: str) -> tuple[str, ...]:
        return self.case.owners.get(path, ())

    def fact(self, name: str, only: frozenset[str] | None) -> Fact:
        fact = self.case.given.get(name)
        if fact is None:
            return Fact(None, "not given")
        if name == "change.files" and only is not None:
            return Fact(tuple(path for path in self._paths if path in only))
        return fact

    @property
    def derived(self) -> frozenset[str]:
        """Facts that the policy would work out itself, and that the case gives."""
        return DERIVED & self.case.given.keys()


def named_policy(source: PolicySource) -> str:
    """The policy that a test file names; "" when it names none."""
    try:
        root, _ = read_nodes(source.text, source.path)
    except TooManyError:
        return ""
    if root is not None and root.kind == "mapping":
        for key, value in root.items:
            if key.text == "policy" and value.kind == "text":
                return str(value.text)
    return ""


class CaseFile(NamedTuple):
    """The cases of a file, and the policy with the people that the file names."""

    policy: Policy
    cases: tuple[Case, ...]


def read_cases(source: PolicySource, policy: Policy) -> CaseFile:
    """The cases of a file. Raises `VibeguardError` (CONFIG) with every problem."""
    try:
        return _read_cases(source, policy)
    except TooManyError as error:
        raise failure(error.found, "the tests") from None


def _read_cases(source: PolicySource, policy: Policy) -> CaseFile:
    root, problems = read_nodes(source.text, source.path)
    reader = Reader(problems)
    cases: list[Case] = []
    common: dict[str, Fact] = {}
    if root is None or root.empty:
        if not problems.found:
            problems.add(1, 1, "no-tests", "the file has no tests", "begin each with `- name: …`")
    else:
        if root.kind == "mapping":
            pairs = reader.mapping(root, "a test file", FILE_KEYS)
            if "tests" not in pairs:
                reader.error(root, "missing-key", "the file has no `tests`", "list them under `tests:`")
            if "roles" in pairs:
                policy = _with_roles(reader, pairs["roles"][1], policy)
            if "given" in pairs:
                common, _ = _given(reader, pairs["given"][1], policy)
            root = pairs["tests"][1] if "tests" in pairs else Node("list", "", [], 1, 1)
        cases = [_case(reader, node, policy, common) for node in reader.items(root, "the tests")]
        names: dict[str, int] = {}
        for case in cases:
            if case.name in names:
                problems.add(
                    case.place.line,
                    case.place.column,
                    "duplicate-name",
                    f"a test of this name stands on line {names[case.name]} already",
                    "",
                )
            names.setdefault(case.name, case.place.line)
    if problems.found:
        raise failure(problems.found, "the tests")
    return CaseFile(policy, tuple(cases))


def compare(case: Case, verdict: Verdict) -> tuple[str, ...]:
    """What differs from what the case expects; nothing when it holds."""
    found = []
    if case.verdict and verdict.verdict != case.verdict:
        found.append(f"verdict: expected {case.verdict}, was {verdict.verdict}")
    outcomes = {result.id: result for result in verdict.rules}
    found += [
        f"rule {rule}: expected {expected}, was {outcomes[rule].outcome}"
        for rule, expected in case.rules.items()
        if outcomes[rule].outcome != expected
    ]
    asked = [requirement for result in verdict.rules for requirement in result.requirements]
    seen = {item.who.lower() for requirement in asked for item in requirement.not_counted}
    seen |= {item.who.lower() for item in verdict.waivers_not_counted}
    counted = {who.lower() for requirement in asked for who in requirement.counted}
    for who in case.not_counted:
        if who.lower() in counted:
            found.append(f"{who} was to be seen and not counted, and counted")
        elif who.lower() not in seen:
            found.append(f"{who} was to be seen and not counted, and was not seen")
    return tuple(found)


# -- reading


def _with_roles(reader: Reader, node: Node, policy: Policy) -> Policy:
    """People for roles that are to be named; those that are named cannot be changed."""
    roles = dict(policy.people.roles)
    for role, (key, members) in reader.mapping(node, "`roles`").items():
        if reader.known(key, role, policy.unnamed_roles, "a role that is to be named", "unknown-role", ""):
            roles[role] = tuple(word for word, _ in reader.words(members, f"role `{role}`"))
    return policy._replace(people=policy.people._replace(roles=roles))


def _case(reader: Reader, node: Node, policy: Policy, common: Mapping[str, Fact]) -> Case:
    pairs = reader.mapping(node, "a test", CASE_KEYS, hint="begin each with `- name: …`")
    found: dict[str, Any] = {
        "given": common,
        "trailers": (),
        "stage": "ci",
        "at": None,
        "reviews": (),
        "owners": {},
        "teams": {},
        "verdict": "",
        "rules": {},
        "not_counted": (),
        "name": "",
    }
    for needed in ("name", "expect"):
        if node.kind == "mapping" and needed not in pairs:
            reader.error(
                node,
                "missing-key",
                f"the test has no `{needed}`",
                "say what it shows" if needed == "name" else "for example `expect: {verdict: pass}`",
            )
    for key, (_, value) in pairs.items():
        if key == "name":
            found["name"] = reader.text(value, "`name`", longest=500)
        elif key == "given":
            given, found["trailers"] = _given(reader, value, policy)
            found["given"] = {**common, **given}
        elif key == "stage":
            found["stage"] = reader.choice(value, "`stage`", STAGES) or "ci"
        elif key == "at":
            found["at"] = _moment(reader, value)
        elif key == "reviews":
            items = reader.items(value, "`reviews`") if value.kind != "list" or value.items else []
            found["reviews"] = tuple(_review(reader, item) for item in items)
        elif key == "waivers":
            found["waivers"] = tuple(_waiver(reader, item) for item in reader.items(value, "`waivers`"))
        elif key in ("owners", "teams"):
            found[key] = {
                name: tuple(word for word, _ in reader.words(words, f"`{key}`"))
                for name, (_, words) in reader.mapping(value, f"`{key}`").items()
            }
        else:
            found |= _expect(reader, value, policy)
    return Case(place=reader.place(node), **found)


def _given(reader: Reader, node: Node, policy: Policy) -> tuple[dict[str, Fact], tuple[tuple[str, str], ...]]:
    given: dict[str, Fact] = {}
    trailers: list[tuple[str, str]] = []
    for name, (key, value) in reader.mapping(node, "`given`").items():
        spec = find_fact(name, policy.facts)
        if spec is None:
            reader.error(
                key,
                "unknown-fact",
                f"`{name}` is not a fact",
                did_you_mean(name, fact_names(policy.facts), "`vibeguard policy facts` lists them all"),
            )
            continue
        if value.kind == "text" and (value.empty or value.text == "unknown"):
            given[name] = Fact(None, "given as unknown")
            continue
        read = _value(reader, value, spec)
        if name == "message.trailers" and isinstance(read, tuple):
            trailers = [(word.partition(":")[0].strip(), word.partition(":")[2].strip()) for word in read]
            read = tuple(trailer for trailer, _ in trailers)
        given[name] = Fact(read)
    return given, tuple(trailers)


def _value(reader: Reader, node: Node, spec: FactSpec) -> Any:
    what = f"`{spec.name}`"
    if spec.type == "yes-no":
        return reader.yes_no(node, what)
    if spec.type in ("number", "percent"):
        text = node.text if node.kind == "text" else ""
        spread = re.fullmatch(r"([0-9.]+)% to ([0-9.]+)%", text) if spec.type == "percent" else None
        if spread and all(re.fullmatch(r"[0-9]{1,3}(\.[0-9]+)?", end) for end in spread.groups()):
            return Share(float(spread[1]) / 100, float(spread[2]) / 100)
        match = re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)(%?)", text)
        if match is None or (spec.type == "percent") != bool(match[2]):
            example = "`83%`, or `40% to 83%`" if spec.type == "percent" else "`7`"
            reader.error(node, "wrong-number", f"{what}: expected a value such as {example}")
            return None
        return float(match[1]) if "." in match[1] else int(match[1])
    if spec.type == "level" or spec.values:
        if spec.type == "set":
            words = reader.words(node, what)
            for word, item in words:
                reader.known(item, word, spec.values, f"a value of {what}", "unknown-value", "")
            return tuple(word for word, _ in words)
        return reader.choice(node, what, spec.values)
    if spec.type == "text":
        return reader.text(node, what, longest=1000)
    if node.kind == "list" and not node.items:
        return ()
    return tuple(word for word, _ in reader.words(node, what))


def _review(reader: Reader, node: Node) -> GivenReview:
    review = GivenReview("")
    pairs = reader.mapping(node, "a review", REVIEW_KEYS)
    if node.kind == "mapping" and "by" not in pairs:
        reader.error(node, "missing-key", "the review has no `by`", "name who gave it")
    for key, (_, value) in pairs.items():
        if key == "by":
            review = review._replace(by=reader.text(value, "`by`", longest=200))
        elif key == "kind":
            review = review._replace(is_bot=reader.choice(value, "`kind`", ("person", "bot")) == "bot")
        elif key == "state":
            review = review._replace(state=reader.choice(value, "`state`", STATES) or "approved")
        elif key == "commit":
            review = review._replace(earlier=reader.choice(value, "`commit`", ("head", "earlier")) == "earlier")
        elif key == "is":
            review = review._replace(is_=reader.choice(value, "`is`", ("author", "contributor", "driver")))
        else:
            known = ("claimed", "authenticated", "re-authenticated")
            review = review._replace(assurance=reader.choice(value, "`assurance`", known) or "authenticated")
    return review


def _waiver(reader: Reader, node: Node) -> GivenWaiver:
    waiver = GivenWaiver("")
    pairs = reader.mapping(node, "a waiver", WAIVER_KEYS)
    if node.kind == "mapping" and "by" not in pairs:
        reader.error(node, "missing-key", "the waiver has no `by`", "name who states it")
    for key, (_, value) in pairs.items():
        if key == "by":
            waiver = waiver._replace(by=reader.text(value, "`by`", longest=200))
        elif key == "reason":
            waiver = waiver._replace(reason=reader.text(value, "`reason`"))
        elif key == "ticket":
            waiver = waiver._replace(ticket=reader.text(value, "`ticket`", longest=200))
        elif key == "commit":
            waiver = waiver._replace(earlier=reader.choice(value, "`commit`", ("head", "earlier")) == "earlier")
        elif key == "hours_ago":
            waiver = waiver._replace(hours_ago=reader.whole_number(value, "`hours_ago`", 0, 10_000) or 0)
        else:
            waiver = waiver._replace(rules=tuple(word for word, _ in reader.words(value, "`rules`")))
    return waiver


def _expect(reader: Reader, node: Node, policy: Policy) -> dict[str, Any]:
    found: dict[str, Any] = {}
    pairs = reader.mapping(node, "`expect`", EXPECT_KEYS, hint="for example `expect: {verdict: pass}`")
    if node.kind == "mapping" and not node.items:
        reader.error(node, "empty", "`expect` expects nothing", "for example `expect: {verdict: pass}`")
    ids = [rule.id for rule in policy.rules]
    for key, (_, value) in pairs.items():
        if key == "verdict":
            found["verdict"] = reader.choice(value, "`verdict`", VERDICTS)
        elif key == "rules":
            found["rules"] = {
                rule: reader.choice(outcome, f"rule `{rule}`", OUTCOMES)
                for rule, (rule_node, outcome) in reader.mapping(value, "`rules`").items()
                if reader.known(rule_node, rule, ids, "a rule of the policy", "unknown-rule", "its rules")
            }
        else:
            found["not_counted"] = tuple(word for word, _ in reader.words(value, "`not_counted`"))
    return found


def _moment(reader: Reader, node: Node) -> float | None:
    text = reader.text(node, "`at`", longest=50)
    try:
        moment = datetime.datetime.fromisoformat(text)
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=datetime.UTC)).timestamp()
    except (ValueError, OverflowError):
        if text:
            reader.error(node, "wrong-date", f"`at`: `{text}` is not a moment", 'write it as "2026-11-24T09:00:00Z"')
        return None
