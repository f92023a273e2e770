"""Two policies over the same history: what each would have said of the last merged changes.

The facts are those that were known before each change was merged (owners, policy and tree of its parent). Who approved
is not in a history: what a policy asks for is compared, not whether it was given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from vibeguard.check.demands import Answers
from vibeguard.check.gather import Case, Gathered
from vibeguard.check.given import Given
from vibeguard.check.request import Request
from vibeguard.check.trust import Trusted
from vibeguard.errors import REPO, VibeguardError
from vibeguard.model import RuleResult, VerdictName
from vibeguard.policy.evaluate import evaluate
from vibeguard.policy.rules import Policy
from vibeguard.repository.change import between
from vibeguard.repository.locate import Location
from vibeguard.repository.objects import Objects
from vibeguard.repository.refs import read_commit
from vibeguard.repository.tree import Tree
from vibeguard.tuples import NamedTuple


class Said(NamedTuple):
    """What one policy says of one change."""

    verdict: VerdictName
    rules: Mapping[str, str]  # outcome of every rule that asked for something or warned


class Replayed(NamedTuple):
    """One merged change with what each policy says of it."""

    commit: str
    subject: str
    said: tuple[Said, ...]  # in the order of the policies; () when the change could not be judged
    error: str = ""


def replay(
    location: Location, policies: Sequence[Policy], count: int, now: float, head: str = "HEAD"
) -> Iterator[Replayed]:
    """The last `count` first-parent steps up to `head`, newest first.

    Raises:
        VibeguardError: REPO when there is no history.
    """
    with Objects(location.git) as objects:
        for parent, commit in steps(location, head, count):
            found = read_commit(objects, commit)
            subject = found.subject if found is not None else ""
            try:
                yield Replayed(commit, subject, _said(location, objects, policies, (parent, commit), now))
            except VibeguardError as error:
                yield Replayed(commit, subject, (), str(error))


def steps(location: Location, head: str, count: int) -> list[tuple[str, str]]:
    """Parent and commit of the newest first-parent steps; the root has no parent and is left out."""
    done = location.git.run(
        "rev-list", "--first-parent", f"--max-count={count}", "--parents", "--end-of-options", head, ok=(0, 128)
    )
    if done.status != 0:
        raise VibeguardError(REPO, f"there is no history at {head}", hint="name a commit that exists")
    rows = [line.split() for line in done.stdout.decode().splitlines()]
    return [(row[1], row[0]) for row in rows if len(row) > 1]


def _said(
    location: Location, objects: Objects, policies: Sequence[Policy], ends: tuple[str, str], now: float
) -> tuple[Said, ...]:
    change = between(location, objects, *ends)
    parent = read_commit(objects, ends[0])
    tree = Tree(objects, parent.tree) if parent is not None else None
    request = Request(
        folder=location.top or location.git_dir,
        stage="ci",
        subject="range",
        ends=ends,
        now=now,
        full=True,
        patient=True,
    )
    shared: dict[object, Gathered] = {}
    said = []
    for policy in policies:
        # What of a policy reaches into the facts; policies that agree on it share them.
        key = repr((policy.tags, policy.people, policy.provenance, policy.dialect))
        gathered = shared.get(key)
        if gathered is None:
            case = Case(request, location, objects, change, policy, Trusted(parent, ends[0]), tree, Given())
            gathered = shared[key] = Gathered(case)
        verdict = evaluate(policy, gathered, stage="ci", fulfil=Answers(gathered), now=now, head=change.head)
        said.append(Said(verdict.verdict, _spoken(verdict.rules)))
    return tuple(said)


def _spoken(rules: Sequence[RuleResult]) -> dict[str, str]:
    return {rule.id: rule.outcome for rule in rules if rule.outcome in ("warn", "needs", "blocked")}
