"""How each fact of the policy's table is answered from what was gathered: a row a fact.

The author's facts are in `vibeguard.check.author`, an organisation's own in `vibeguard.check.given`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from vibeguard.check.trust import ENTRY
from vibeguard.model import BlastRadius, Content, Fact, FileChange, Finding, Provenance, Risk, Share
from vibeguard.ownership.lookup import is_ownership_file
from vibeguard.provenance.messages import strict_trailers

if TYPE_CHECKING:
    from vibeguard.check.gather import Files, Gathered

# Kinds whose lines nobody reviews one by one.
NOT_REVIEWED = frozenset({"generated", "vendored", "lock-file"})

Finder = Callable[["Gathered", "Files"], Fact]


def _evidence(provenance: Provenance) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(
            f"{item.tool}: {item.channel} " + (f"in {item.commit[:10]}" if item.commit else item.text)
            for item in provenance.evidence
        )
    )


def _ai(value: Callable[[Provenance], bool | str | float | tuple[str, ...] | None], absent: str = "") -> Finder:
    def find(gathered: Gathered, only: Files) -> Fact:
        if gathered.is_silent:
            return Fact(None, "a patch without its commit message says nothing about who wrote it")
        provenance = gathered.provenance_of(only)
        found = value(provenance)
        if found is None:
            return Fact(None, absent or "nothing says so, either way")
        return Fact(found, evidence=_evidence(provenance))

    return find


def _share(gathered: Gathered, only: Files) -> Fact:
    provenance = gathered.provenance_of(only)
    # No evidence compares as 0: an unmarked change is not held by a rule on the share of AI lines.
    found = provenance.share or (Share(0.0, 0.0) if not provenance.detected else Share(0.0, 1.0, "whole commits"))
    return Fact(found, evidence=((found.rests_on,) if found.rests_on else ()) + _evidence(provenance)[:3])


def _blast(value: Callable[[BlastRadius], bool | str | float | tuple[str, ...] | None]) -> Finder:
    def find(gathered: Gathered, only: Files) -> Fact:
        blast = gathered.blast(only)
        found = value(blast)
        heavy = sorted(blast.factors, key=lambda factor: -factor.points)
        words = tuple(f"{factor.name} +{factor.points:.0f}" for factor in heavy if factor.points >= 1)
        if found is None:
            return Fact(None, "; ".join(blast.unknowns) or "it could not be measured", words)
        return Fact(found, evidence=words)

    return find


def _risk(value: Callable[[Risk], str | float | None]) -> Finder:
    def find(gathered: Gathered, only: Files) -> Fact:
        risk = gathered.risk(only)
        missing = "; ".join(factor.unknown for factor in risk.factors if factor.unknown)
        if missing:
            return Fact(None, missing)
        heavy = sorted(risk.factors, key=lambda factor: -factor.points)
        words = tuple(f"{factor.name} +{factor.points:.0f}" for factor in heavy if factor.points >= 1)
        return Fact(value(risk), evidence=words)

    return find


def factor_points(gathered: Gathered, name: str, only: Files) -> Fact:
    """`blast.factor.NAME` and `risk.factor.NAME`: the points of one factor, with its reason."""
    score, _, wanted = name.partition(".factor.")
    factors = gathered.blast(only).factors if score == "blast" else gathered.risk(only).factors
    for factor in factors:
        if factor.name == wanted:
            # An unknown part of the blast radius is scored as if it reached far; companions and parts of the risk are
            # not.
            unknown = factor.unknown if score == "risk" or wanted == "co-change" else ""
            return Fact(None if unknown else factor.points, unknown, (factor.because,))
    return Fact(None, f"the factor {wanted} was not measured")


def _content(value: Callable[[Content], bool | tuple[str, ...] | None], *kinds: str) -> Finder:
    def find(gathered: Gathered, only: Files) -> Fact:
        content = gathered.content_of(only)
        found = value(content)
        if found is None:
            return Fact(None, "the changed lines were not examined")
        return Fact(found, evidence=tuple(_place(item) for item in content.findings if item.kind in kinds))

    return find


def _place(finding: Finding) -> str:
    place = finding.path or ""
    if finding.line is not None:
        place += f":{finding.line}"
    return f"{place} {finding.text}".strip()


def _lines(count: Callable[[FileChange], int | None], *, reviewable: bool = False) -> Finder:
    def find(gathered: Gathered, only: Files) -> Fact:
        total = 0
        for file in gathered.files(only):
            if reviewable and NOT_REVIEWED.intersection(gathered.kinds(file.path)):
                continue
            lines = count(file)
            if lines is not None:
                total += lines
            elif file.unread not in ("binary", "submodule"):
                return Fact(None, f"the lines of {file.path} were not counted ({file.unread or 'not read'})")
        return Fact(total)

    return find


def _both(file: FileChange) -> int | None:
    return None if file.added is None or file.deleted is None else file.added + file.deleted


def _touches_policy(gathered: Gathered, only: Files) -> Fact:
    ours = {ENTRY, *(file.path for file in gathered.policy.files)}
    dialect = gathered.ownership.dialect
    touched = tuple(
        path
        for path in gathered.in_view(only)
        if path in ours or path.startswith(".vibeguard/") or is_ownership_file(path, dialect)
    )
    return Fact(bool(touched), evidence=touched)


def _signed(gathered: Gathered, only: Files) -> Fact:  # noqa: ARG001 - every finder has this signature
    commits = gathered.change.commits
    if not commits:
        return Fact(None, "there are no commits yet")
    unsigned = tuple(commit.id[:10] for commit in commits if not commit.signed)
    if unsigned:
        return Fact(value=False, evidence=unsigned)
    return Fact(None, "signatures are there, but were not verified")


def _is_revert(gathered: Gathered, only: Files) -> Fact:  # noqa: ARG001
    messages = gathered.messages
    if not messages:
        return Fact(None, "there is no message yet")
    return Fact(all(b"This reverts commit " in message for message in messages))


def _is_merge(gathered: Gathered, only: Files) -> Fact:  # noqa: ARG001
    change = gathered.change
    merges = tuple(commit.id[:10] for commit in change.commits if len(commit.parents) > 1)
    return Fact(bool(merges or change.parents), evidence=merges)


def _trailers(gathered: Gathered, only: Files) -> Fact:  # noqa: ARG001
    if not gathered.messages:
        return Fact(None, "there is no message yet")
    names = dict.fromkeys(trailer.key for message in gathered.messages for trailer in strict_trailers(message))
    return Fact(tuple(names))


def _target(gathered: Gathered, only: Files) -> Fact:  # noqa: ARG001
    if gathered.target is None:
        return Fact(None, "it is not known where the change goes")
    return Fact(gathered.target)


FACTS: Mapping[str, Finder] = {
    "ai.detected": _ai(lambda found: found.detected),
    "ai.confidence": _ai(lambda found: found.confidence),
    "ai.tools": _ai(lambda found: found.tools),
    "ai.no_human_author": _ai(lambda found: bool(found.no_human_author)),
    "ai.declared": _ai(lambda found: found.declared),
    "ai.wrote_sign_off": _ai(lambda found: found.wrote_sign_off),
    "ai.share_of_added_lines": _share,
    "ai.lines": _ai(lambda found: found.lines, "no line records"),
    "blast.score": _blast(lambda found: found.score),
    "blast.level": _blast(lambda found: found.level),
    "blast.dependents": _blast(lambda found: found.all),
    "blast.direct_dependents": _blast(lambda found: found.direct),
    "blast.owners": _blast(lambda found: found.owners),
    "blast.unowned_files": _blast(lambda found: found.unowned_files),
    "blast.packages": _blast(lambda found: found.packages),
    "risk.score": _risk(lambda found: found.percentile),
    "risk.level": _risk(lambda found: found.level),
    "change.files": lambda gathered, only: Fact(gathered.in_view(only)),
    "change.file_count": lambda gathered, only: Fact(len(gathered.files(only))),
    "change.reviewable_lines": _lines(_both, reviewable=True),
    "change.added": _lines(lambda file: file.added),
    "change.deleted": _lines(lambda file: file.deleted),
    "change.kinds": _content(
        lambda found: tuple(sorted({kind for file in found.files.values() for kind in file.kinds}))
    ),
    "change.languages": _content(
        lambda found: tuple(sorted({file.language for file in found.files.values() if file.language}))
    ),
    "change.tests_touched": _content(lambda found: found.tests_touched),
    "change.tests_weakened": _content(lambda found: found.tests_weakened, "tests-weakened"),
    "change.guards_weakened": _content(lambda found: found.guards_weakened, "guards-weakened"),
    "change.new_dependencies": _content(lambda found: found.new_dependencies, "new-dependency"),
    "change.opaque_files": _content(
        lambda found: tuple(path for path, file in found.files.items() if file.opaque), "opaque"
    ),
    "change.touches_policy": _touches_policy,
    "change.every_commit_signed": _signed,
    "change.is_revert": _is_revert,
    "change.is_merge": _is_merge,
    "message.trailers": _trailers,
    "branch.target": _target,
    "checks.passed": lambda gathered, _: gathered.given.checks_passed(),
}
