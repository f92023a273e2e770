"""Who approved the change, who waives rules for it, and who is only claimed to: from every channel together."""

from __future__ import annotations

from vibeguard.check.gather import Gathered
from vibeguard.errors import VibeguardError
from vibeguard.model import Approval, Commit, ReviewDemand, Waiver
from vibeguard.provenance.messages import strict_trailers
from vibeguard.repository.change import merge_bases
from vibeguard.repository.difference import Limits, read_difference
from vibeguard.repository.records import read_files
from vibeguard.repository.refs import read_commit
from vibeguard.reviews.diffid import diff_id
from vibeguard.reviews.statements import ALLOWED_SIGNERS, REF, verified, waivers
from vibeguard.reviews.subject import branch
from vibeguard.reviews.waivers import entitled
from vibeguard.tuples import NamedTuple

_CLAIMS = {name.casefold(): name for name in ("Reviewed-by", "Approved-by", "Acked-by")}
_MOST_CLAIMS = 20
_MOST_VERSIONS = 10  # earlier commits whose diff is compared; each costs two git processes
_NAMES_ONLY = Limits(files=0)  # a diff id needs no patches


class Testimony(NamedTuple):
    """Every approval and waiver, good or not; what does not count says why when it is counted."""

    approvals: tuple[Approval, ...]
    waivers: tuple[Waiver, ...]
    diff: str


def testimony(gathered: Gathered) -> Testimony:
    """From the forge or a reviews file, from signed statements, and as claims from trailers.

    Statements are read where a verdict can rest on them, on push and in CI; before that there is no commit.

    Raises:
        VibeguardError: when a channel that is there cannot be read whole.
    """
    diff = diff_id(gathered.change.files)
    given = gathered.given
    signed: tuple[Approval, ...] = ()
    waived: tuple[Waiver, ...] = ()
    if gathered.request.stage in ("push", "ci"):
        signed, waived = _statements(gathered, diff)
    return Testimony(
        (*_same_diff(gathered, given.approvals, diff), *signed, *_claims(gathered)), (*given.waivers, *waived), diff
    )


def why_not_entitled(gathered: Gathered, waiver: Waiver, who: ReviewDemand) -> str:
    """Why somebody may not break the glass for this change; "" when they may."""
    behind = gathered.authorship
    return entitled(
        waiver,
        who,
        gathered.policy.people,
        authors=behind.authors,
        contributors=behind.contributors,
        drivers=gathered.provenance.driver,
        members=gathered.given.teams,
    )


def _statements(gathered: Gathered, diff: str) -> tuple[tuple[Approval, ...], tuple[Waiver, ...]]:
    if read_commit(gathered.objects, REF) is None:
        return (), ()
    files = read_files(gathered.location, REF, (diff,))
    allowed = gathered.trusted_blob(ALLOWED_SIGNERS)
    trusted = gathered.trusted
    target = gathered.request.target or (branch(trusted.ref) if gathered.request.subject == "base" else "")
    if target and not target.startswith("refs/"):
        target = f"refs/heads/{target}"
    return verified(files, diff, allowed, target), waivers(files, diff, allowed, target)


def _claims(gathered: Gathered) -> tuple[Approval, ...]:
    """Trailers that anybody can write in one line: shown as claims, never counted."""
    found = []
    for commit in gathered.change.commits:
        for trailer in strict_trailers(commit.message):
            name = _CLAIMS.get(trailer.key.casefold())
            if name is not None and trailer.value.strip():
                evidence = f"the trailer {name} in {commit.id[:10]}"
                found.append(
                    Approval(trailer.value.strip(), "approved", "trailer", assurance="claimed", evidence=evidence)
                )
    return tuple(found[:_MOST_CLAIMS])


def _same_diff(gathered: Gathered, approvals: tuple[Approval, ...], diff: str) -> tuple[Approval, ...]:
    """Approvals of other commits with the diff id of those that are still here: a rebase may keep the diff."""
    head, request = gathered.change.head, gathered.request
    others = dict.fromkeys(
        approval.commit.lower()
        for approval in reversed(approvals)
        if approval.commit is not None and approval.diff_id is None and approval.commit.lower() != head
    )
    ids: dict[str, str | None] = {commit: _diff_of(gathered, commit) for commit in list(others)[:_MOST_VERSIONS]}
    if not any(ids.values()):
        return approvals
    judged: list[Approval] = []
    for approval in approvals:
        known = ids.get(approval.commit.lower()) if approval.commit is not None and approval.diff_id is None else None
        if known is None or approval.commit is None:
            judged.append(approval)
        elif known == diff and request.stands_for == approval.commit:
            # A merge queue judges a commit of its own, with the diff of the request's head.
            evidence = f"{approval.evidence}; given on {approval.commit[:10]}, which the merge queue merged unchanged"
            judged.append(approval._replace(commit=head, diff_id=known, evidence=evidence))
        else:
            judged.append(approval._replace(diff_id=known))
    return tuple(judged)


def _diff_of(gathered: Gathered, oid: str) -> str | None:
    """The diff id of another version of the change; None where it is not here, or not to be compared."""
    trusted: Commit | None = gathered.trusted.commit
    if trusted is None or len(oid) not in (40, 64) or oid.strip("0123456789abcdef"):
        return None
    try:
        commit = read_commit(gathered.objects, oid)
        if commit is None:
            return None
        bases = merge_bases(gathered.location, trusted.id, commit.id)
        base = read_commit(gathered.objects, bases[0]) if len(bases) == 1 else None
        if base is None:
            return None
        return diff_id(
            read_difference(gathered.location.git, "diff-tree", base.tree, commit.tree, limits=_NAMES_ONLY).files
        )
    except VibeguardError:
        # An old version that is only half here (a shallow clone) is one that cannot be compared: it stays stale.
        return None
