"""Reviews that are owed after somebody broke the glass: counting them, and holding a branch while one is overdue."""

from __future__ import annotations

from typing import Literal, cast, get_args

from vibeguard.check.demands import Answers
from vibeguard.check.gather import Case, Gathered
from vibeguard.check.request import Request
from vibeguard.check.rulebook import rulebook
from vibeguard.check.trust import ENTRY, trusted
from vibeguard.check.use_case import given_by
from vibeguard.errors import REPO, VibeguardError
from vibeguard.model import Change, Place, Requirement, ReviewDemand, RuleResult
from vibeguard.policy.rules import Policy
from vibeguard.repository import change as changes
from vibeguard.repository.locate import Location, locate
from vibeguard.repository.objects import Objects
from vibeguard.repository.records import read_files
from vibeguard.repository.refs import read_commit
from vibeguard.repository.tree import Tree
from vibeguard.reviews.ledger import FILE, REF, FollowUp, open_follow_ups, read
from vibeguard.reviews.subject import branch

By = Literal["anyone", "owners", "any-owner", "roles", "teams", "users"]
RULE = "follow-up-overdue"


def counted(owed: FollowUp, *, folder: str, reviews: tuple[str, bytes] | None, now: float) -> Requirement:
    """How much of an owed review has been given since, by the policy of the change's own base.

    Raises:
        VibeguardError: REPO when the change is not here any more.
    """
    location = locate(folder)
    request = Request(folder=folder, stage="ci", subject="range", ends=(owed.base, owed.head), reviews=reviews, now=now)
    with Objects(location.git) as objects:
        for oid in (owed.base, owed.head):
            if read_commit(objects, oid) is None:
                raise VibeguardError(REPO, f"commit {oid[:12]} is not here", hint="fetch the branch it was merged to")
        change = changes.between(location, objects, owed.base, owed.head)
        believed = trusted(request, location, objects, change)
        tree = Tree(objects, believed.commit.tree) if believed.commit is not None else None
        policy = rulebook(request, location, believed, tree, change).policy
        gathered = Gathered(Case(request, location, objects, change, policy, believed, tree, given_by(request)))
        return Answers(gathered)(_demand(owed), None, ())


def _demand(owed: FollowUp) -> ReviewDemand:
    if owed.by not in get_args(By):
        raise VibeguardError(REPO, f"the record asks for a review by {owed.by!r}, which is not known")
    return ReviewDemand(wanted=owed.wanted, by=cast("By", owed.by), names=owed.names)


def overdue(location: Location, objects: Objects, policy: Policy, change: Change, now: float) -> RuleResult | None:
    """What holds a branch on which an owed review is overdue, where the policy wants that; None when nothing does.

    The record can be rewritten by whoever may push its ref, so it only ever adds a demand and never lifts one.
    """
    glass = next((item for item in policy.break_glass if item.otherwise == "block-merges-until-reviewed"), None)
    if glass is None or read_commit(objects, REF) is None:
        return None
    records, broken = read(read_files(location, REF).get(FILE, b""))
    target = branch(change.ref)
    late = [
        item
        for item in open_follow_ups(records)
        if item.otherwise == "block-merges-until-reviewed"
        and item.is_overdue(now)
        and item.head != change.head
        and (not target or not item.ref or branch(item.ref) in ("", target))
    ]
    if broken is not None:
        words = f"the record of overrides is broken at line {broken.line}, so what is owed is not known: {broken.why}"
    elif late:
        first = late[0]
        more = f" and {len(late) - 1} more" if len(late) > 1 else ""
        words = (
            f"a review of {first.head[:10]} was due {first.due}, since {first.who} waived "
            f"{', '.join(first.rules)}{more}; once it is given: vibeguard audit settle"
        )
    else:
        return None
    return RuleResult(
        RULE,
        Place(glass.place.path or ENTRY, glass.place.line, glass.place.column),
        "blocked",
        "enforce",
        words,
        (),
        description="A review that is owed after breaking the glass holds the branch once it is overdue.",
    )
