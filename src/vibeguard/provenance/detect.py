"""Whether an AI was involved, and how we know: of a message, of a commit, of a whole change.

Evidence is unsigned and can be stripped: it may raise what is asked and never lowers it. No evidence is `unknown`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterable, Mapping, Sequence

from vibeguard.model import (
    CONFIDENCES,
    Change,
    Commit,
    Confidence,
    Evidence,
    Finding,
    Identity,
    Provenance,
    Role,
    Stage,
)
from vibeguard.provenance.catalogue import Catalogue, IdentityRule
from vibeguard.provenance.environment import of_branch, of_environment
from vibeguard.provenance.evidence import Reading, may_hold_evidence, read_message
from vibeguard.provenance.identities import AIDER_SUFFIX, find_rule, is_aider, is_person, shown
from vibeguard.provenance.messages import MAX_END
from vibeguard.repository.locate import Location
from vibeguard.repository.objects import Objects

# Of several things that are true of a commit, the first of these is its role.
_ROLES: tuple[Role, ...] = ("authored", "assisted", "reviewed", "tool-committed", "non-ai-bot", "declared-none")
_INVOLVED = ("authored", "assisted")
_AIDER = IdentityRule("aider")
_NOTHING = Reading()
_UNKNOWN = Provenance("unknown", "none", declared=False)

# Encodings whose bytes below 128 are ASCII, so that marks can be read; every other label is a finding.
_PLAIN_ENCODINGS = (
    "utf-8", "utf8", "us-ascii", "ascii", "iso-8859", "iso8859", "latin", "windows-", "cp12", "cp8", "koi8", "euc-",
    "gb", "big5", "shift_jis", "shift-jis", "sjis", "iso-2022", "mac",
)  # fmt: skip


def of_message(message: bytes, catalogue: Catalogue) -> Provenance:
    """What a message alone says, as at commit-msg or of a squash message. Who wrote it is not known."""
    reading = read_message(message, catalogue) if may_hold_evidence(message, catalogue) else _NOTHING
    return _judged(reading.evidence, reading, catalogue, findings=_odd_bytes(message, None, None))


def of_commit(commit: Commit, catalogue: Catalogue) -> Provenance:
    """What one commit says: its author, its committer and its message."""
    people = _identity_evidence(commit, catalogue)
    reading = _NOTHING
    # Behind an agent stands a person, whom the message of its commit may name.
    if any(item.role == "authored" for item in people) or may_hold_evidence(commit.message, catalogue):
        reading = read_message(commit.message, catalogue, encoding=commit.encoding, commit=commit.id)
    evidence = (*people, *reading.evidence)
    tool_committed = any(item.role == "tool-committed" for item in people)
    if tool_committed:
        # Aider prefixes the subjects of people's own changes too when it commits them.
        evidence = tuple(item for item in evidence if not (item.tool == "aider" and item.channel == "marker"))
    findings = _odd_bytes(commit.message, commit.encoding, commit.id)
    if not evidence and not reading.declared_none and not findings:
        return _UNKNOWN._replace(commit=commit.id, no_human_author=_looks_like_bot(commit.author))
    judged = _judged(evidence, reading, catalogue, findings=findings)
    no_human = any(item.channel == "author" and item.role in ("authored", "non-ai-bot") for item in people)
    no_human = no_human or _looks_like_bot(commit.author)
    if is_aider(commit.author):
        no_human = False
    return judged._replace(
        commit=commit.id,
        no_human_author=no_human,
        driver=_drivers(commit, reading, catalogue) if judged.role == "authored" else (),
    )


def of_change(
    change: Change,
    catalogue: Catalogue,
    *,
    stage: Stage,
    environ: Mapping[str, str] | None = None,
    branch: str | None = None,
    location: Location | None = None,
    objects: Objects | None = None,
    excluded: Callable[[], Container[str]] = tuple,
) -> Provenance:
    """What a change says: every commit in it, its message (at commit-msg, or the squash or merge message), what
    recorders left about it, and at the hook stages `commit` and `commit-msg` the environment and the branch.

    Args:
        environ: the environment of the hook; None in CI and for ranges, where it says nothing about the change.
        branch: the branch that is committed to; None where it is not known or does not count.
        location: the repository, for records of lines and the share; without it and `objects` neither is known.
        objects: its running reader.
        excluded: names the paths that do not count in the share: generated, vendored, lock files; asked when needed.
    """
    commits = tuple(of_commit(commit, catalogue) for commit in change.commits)
    message = of_message(change.message, catalogue) if change.message is not None else None
    around: list[Evidence] = []
    if stage in ("commit", "commit-msg"):
        around += of_environment(environ, catalogue) if environ is not None else ()
        around += _of_coming_author(environ, catalogue) if environ is not None else ()
        around += of_branch(branch, catalogue) if branch else ()
    if location is not None and objects is not None and change.source in ("staged", "range", "push"):
        marked = bool(around) or (message is not None and message.detected)
        if marked or _may_be_recorded(change, location):
            # Imported here: a staged change without a trace of AI needs none of it.
            from vibeguard.provenance.recorded import Marks, with_records  # noqa: PLC0415

            marks = Marks(commits, message, tuple(around))
            return with_records(change, marks, catalogue, location=location, objects=objects, excluded=excluded)
    return combine([*commits, *([message] if message is not None else [])], around, commits=commits)


def _of_coming_author(environ: Mapping[str, str], catalogue: Catalogue) -> tuple[Evidence, ...]:
    """Git tells its commit hooks who will be the author; an agent that commits under its own name shows here."""
    email = environ.get("GIT_AUTHOR_EMAIL", "")
    if not email:
        return ()
    author = Identity(environ.get("GIT_AUTHOR_NAME", ""), email)
    coming = Commit("", "", (), author, Identity("", ""), b"")
    return tuple(item._replace(commit=None) for item in _identity_evidence(coming, catalogue))


def _may_be_recorded(change: Change, location: Location) -> bool:
    """Whether a recorder may have been at work: of a range only its objects tell."""
    if change.source != "staged":
        return True
    folders = (location.git_dir, location.common_dir)
    return any(os.path.isdir(os.path.join(folder, "ai")) for folder in folders) or (
        location.top is not None and os.path.isdir(os.path.join(location.top, ".agent-trace"))
    )


def combine(
    parts: Sequence[Provenance], around: Sequence[Evidence] = (), *, commits: tuple[Provenance, ...] = ()
) -> Provenance:
    """One provenance for several: the strongest role and confidence, all tools and evidence.

    `declared` holds when every part with AI involvement declares it; `no_human_author` when any part has none.
    """
    evidence = (*(item for part in parts for item in part.evidence), *around)
    role, confidence = role_of(evidence, [part.role for part in parts])
    involved = [part for part in parts if part.detected]
    declared: bool | None = None
    if involved:
        declared = all(part.declared for part in involved)
    elif parts:
        declared = any(part.declared for part in parts)
    authors = [part.no_human_author for part in parts if part.no_human_author is not None]
    return Provenance(
        role=role,
        confidence=confidence,
        tools=tools_of(evidence),
        evidence=evidence,
        no_human_author=any(authors) if authors else None,
        declared=declared,
        wrote_sign_off=any(part.wrote_sign_off for part in parts),
        driver=tuple(dict.fromkeys(driver for part in parts for driver in part.driver)),
        commits=commits,
        findings=tuple(dict.fromkeys(finding for part in parts for finding in part.findings)),
        notices=tuple(dict.fromkeys(notice for part in parts for notice in part.notices)),
    )


def _looks_like_bot(who: Identity) -> bool:
    """GitHub gives `[bot]` to apps only; which of them are AI is another question."""
    return "[bot]" in who.email or "[bot]" in who.name


def _identity_evidence(commit: Commit, catalogue: Catalogue) -> tuple[Evidence, ...]:
    """What the author and the committer are known for."""
    found = []
    author = find_rule(commit.author, catalogue)
    if author is not None:
        role: Role = "non-ai-bot" if author.role == "non-ai-bot" else "authored"
        found.append(_identity(commit.author, "author", author, commit.id, role))
    elif is_aider(commit.author):
        found.append(_identity(commit.author, "author", _AIDER, commit.id, "authored"))
    committer = find_rule(commit.committer, catalogue)
    if committer is not None and committer.role != "non-ai-bot":
        found.append(_identity(commit.committer, "committer", committer, commit.id, "assisted"))
    elif is_aider(commit.committer) and not is_aider(commit.author):
        # Aider's own convention: a plain author is a person whose edit aider merely committed.
        found.append(_identity(commit.committer, "committer", _AIDER, commit.id, "tool-committed"))
    return tuple(found)


def _identity(who: Identity, channel: str, rule: IdentityRule, commit: str, role: Role) -> Evidence:
    strength = "none" if role == "non-ai-bot" else rule.strength
    return Evidence(channel, rule.tool, strength, shown(who), commit, None, role)


def _judged(
    evidence: tuple[Evidence, ...], reading: Reading, catalogue: Catalogue, *, findings: tuple[Finding, ...]
) -> Provenance:
    role, confidence = role_of(evidence, ["declared-none"] if reading.declared_none else [])
    notices: tuple[str, ...] = ()
    findings = (*findings, *reading.findings)
    if reading.declared_none and confidence in ("likely", "certain"):
        said = reading.declared_none[0]
        contradiction = f"the message says that no AI was used, and carries evidence of one: {said.text}"
        findings = (*findings, Finding("provenance", None, said.line, contradiction, said.commit))
        notices = (contradiction,)
    return Provenance(
        role=role,
        confidence=confidence,
        tools=tools_of(evidence),
        evidence=(*evidence, *reading.declared_none),
        declared=_is_declared(reading, catalogue),
        wrote_sign_off=reading.wrote_sign_off,
        findings=findings,
        notices=notices,
    )


def _is_declared(reading: Reading, catalogue: Catalogue) -> bool:
    if catalogue.declare_with:
        accepted = {spelling.partition(":")[0].strip().lower() for spelling in catalogue.declare_with}
        return any(key in accepted for key in reading.declarations)
    return bool(reading.declarations)


def role_of(evidence: Iterable[Evidence], roles: Iterable[Role] = ()) -> tuple[Role, Confidence]:
    """The role and the confidence that evidence amounts to. Review, tool commits and other bots are no involvement."""
    strongest: Confidence = "none"
    found = set(roles)
    for item in evidence:
        found.add(item.role)
        if item.role in _INVOLVED and CONFIDENCES.index(item.strength) > CONFIDENCES.index(strongest):
            strongest = item.strength
    if strongest == "none":
        found -= set(_INVOLVED)
    return next((role for role in _ROLES if role in found), "unknown"), strongest


def tools_of(evidence: Iterable[Evidence]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item.tool for item in evidence if item.tool and item.role != "non-ai-bot"))


def _drivers(commit: Commit, reading: Reading, catalogue: Catalogue) -> tuple[str, ...]:
    """The people behind a commit that an agent authored: co-authors, else who signed it off, else who committed it."""
    if is_aider(commit.author):
        name = commit.author.name.rstrip().removesuffix(AIDER_SUFFIX)
        return (shown(Identity(name, commit.author.email)),)
    drivers = [shown(person) for person in reading.people or reading.signers] + list(reading.sponsors)
    committer = commit.committer
    if not drivers and is_person(committer, catalogue) and committer.email.lower() != "noreply@github.com":
        drivers.append(shown(committer))
    return tuple(dict.fromkeys(drivers))


def _odd_bytes(message: bytes, encoding: str | None, commit: str | None) -> tuple[Finding, ...]:
    """What a message's bytes hide from git itself or from readers."""
    found = []
    if b"\0" in message:
        words = "the message holds a NUL: git shows only what stands before it"
        found.append(Finding("encoding", None, message.count(b"\n", 0, message.index(b"\0")) + 1, words, commit))
    if len(message) > 2 * MAX_END:
        words = f"the message has {len(message)} bytes: its middle was not searched for marks of AI"
        found.append(Finding("oversized", None, None, words, commit))
    if encoding and not encoding.lower().startswith(_PLAIN_ENCODINGS):
        found.append(Finding("encoding", None, None, f"the commit names an odd encoding: {encoding[:40]}", commit))
    return tuple(found)
