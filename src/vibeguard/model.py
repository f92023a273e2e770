"""The nouns that leave the rooms of the house. All are immutable values without behaviour that costs anything.

They are named tuples because the hook pays for every class it defines: 25 records cost 4 ms of CPU as named
tuples, 13 ms as msgspec structs and 24 ms as frozen dataclasses (medians of 25 runs, python 3.11). For the same reason
modules with named tuples do not import `annotations` from `__future__`: as text, every field is compiled at import.

Text that came from a repository (paths, names, messages) is kept as it is: bytes that are not UTF-8 are lone
surrogates (`surrogateescape`), so that they round-trip. Nothing here is escaped; renderers escape.
`None` always means "not known", never zero or false.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain
from typing import Literal

from vibeguard.tuples import NamedTuple

# ---------------------------------------------------------------------------------------------------------- change

Status = Literal["A", "M", "D", "T", "R", "C", "U"]
Source = Literal["staged", "range", "push", "patch", "message"]
Stage = Literal["commit", "commit-msg", "push", "ci"]

GITLINK = "160000"
SYMLINK = "120000"
NO_MODE = "000000"


class Identity(NamedTuple):
    """A name and an e-mail address as a commit carries them; both may be empty."""

    name: str
    email: str


class Commit(NamedTuple):
    """One commit, read from its raw object (never from `git log`, which stops a message at NUL)."""

    id: str
    tree: str
    parents: tuple[str, ...]
    author: Identity
    committer: Identity
    message: bytes
    encoding: str | None = None  # the commit's `encoding` header
    signed: bool = False  # carries a signature; whether it is good is another question
    time: int = 0  # committer time, seconds since the epoch; never decides anything (it can be back-dated)

    @property
    def subject(self) -> str:
        """The first non-empty line of the message."""
        for line in self.message.split(b"\n"):
            if line.strip():
                return line.strip().decode("utf-8", "surrogateescape")
        return ""


class Hunk(NamedTuple):
    """A run of changed lines. `added` and `removed` hold (line number, text without its newline).

    Added lines are numbered in the file after the change, removed ones in the file before it; both from 1.
    Lines end at `\\n` only: CR, form feed and U+2028 are part of a line, as they are for git.
    """

    before_start: int
    before_count: int
    after_start: int
    after_count: int
    added: tuple[tuple[int, str], ...]
    removed: tuple[tuple[int, str], ...]


class FileChange(NamedTuple):
    """One record of `git diff-index --raw` or `diff-tree --raw`: what happened to one path.

    A rename is a deletion and an addition (both paths are judged); `renamed_from` is for display only.
    """

    path: str
    status: Status
    mode_before: str  # six octal digits, "000000" where the file does not exist
    mode_after: str
    blob_before: str  # full object id; all zeros where the file does not exist
    blob_after: str
    added: int | None = None  # lines; None where they were not or could not be counted
    deleted: int | None = None
    patch: bytes | None = None  # this file's own patch text; None where it was not read
    renamed_from: str | None = None
    unread: str = ""  # why its patch was not read ("binary", "slow", "oversized", "submodule", "too-many-files")
    size_before: int | None = None  # bytes; only of files whose patch was not read for its size or time
    size_after: int | None = None

    @property
    def exists_before(self) -> bool:
        return self.mode_before != NO_MODE

    @property
    def exists_after(self) -> bool:
        return self.mode_after != NO_MODE

    @property
    def is_submodule(self) -> bool:
        return GITLINK in (self.mode_before, self.mode_after)


class Change(NamedTuple):
    """What may go in: the files that differ, the commits that carry them, and the message that is judged."""

    source: Source
    base: str | None  # commit the change is compared with; None when there is none (unborn branch, patch)
    head: str | None  # commit at its end; None for a staged change
    files: tuple[FileChange, ...]
    commits: tuple[Commit, ...] = ()
    message: bytes | None = None  # as git would store it
    base_tree: str | None = None  # tree the files were compared with
    head_tree: str | None = None  # tree after the change; None for a staged change (the index)
    parents: tuple[str, ...] = ()  # other parents, while a merge is being made
    notices: tuple[str, ...] = ()  # what could not be seen, in words
    ref: str | None = None  # full name of the ref the change goes to (refs/heads/main), where it is known

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(file.path for file in self.files)


class Finding(NamedTuple):
    """Something in the change that a reviewer would want to see, with its place."""

    kind: str  # tests-weakened, guards-weakened, new-dependency, unicode, opaque, encoding, path-collision, …
    path: str | None
    line: int | None
    text: str
    commit: str | None = None


class FileFacts(NamedTuple):
    """What kind of file one path of the change is."""

    path: str
    kinds: frozenset[str]  # ids of `vibeguard.content.kinds`
    language: str | None = None  # GitHub Linguist's name in lower case
    opaque: str = ""  # why its content cannot be judged ("binary", "lfs", "submodule", "oversized"); "" when it can


class Content(NamedTuple):
    """What kind of change it is."""

    files: Mapping[str, FileFacts]
    findings: tuple[Finding, ...] = ()
    tests_touched: bool | None = None
    tests_weakened: bool | None = None
    guards_weakened: bool | None = None
    new_dependencies: tuple[str, ...] | None = None


# ------------------------------------------------------------------------------------------------------ provenance

Role = Literal["authored", "assisted", "reviewed", "tool-committed", "non-ai-bot", "declared-none", "unknown"]
Confidence = Literal["none", "possible", "likely", "certain"]
CONFIDENCES: tuple[Confidence, ...] = ("none", "possible", "likely", "certain")


class Evidence(NamedTuple):
    """One trace of an AI tool, that a person can look up."""

    channel: str  # trailer, co-author, marker, author, committer, environment, branch, note, trace, checkpoint, …
    tool: str  # the tool's id in the catalogue
    strength: Confidence
    text: str  # what was found, capped; for the environment the variable's name, never its value
    commit: str | None = None
    line: int | None = None  # line of the message, from 1
    role: Role = "assisted"


class Share(NamedTuple):
    """A range of a share, both ends 0.0 to 1.0, and what it rests on."""

    low: float
    high: float
    rests_on: str = ""


class FileLines(NamedTuple):
    """The lines that a change adds to one file, and how many of them an AI wrote: at least, at most."""

    path: str
    added: int
    low: int
    high: int


class Provenance(NamedTuple):
    """Whether an AI was involved, and how we know; of one commit, of a message, or of a whole change.

    Absence is `unknown`, never "human".
    """

    role: Role
    confidence: Confidence
    tools: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    no_human_author: bool | None = None
    declared: bool | None = None
    wrote_sign_off: bool = False
    driver: tuple[str, ...] = ()  # the people behind agent-authored commits, as "Name <address>"
    share: Share | None = None
    commit: str | None = None
    commits: tuple[Provenance, ...] = ()  # per commit, oldest first
    findings: tuple[Finding, ...] = ()
    lines: int | None = None  # added lines attributed by line records
    notices: tuple[str, ...] = ()
    files: tuple[FileLines, ...] = ()  # what the share is counted from, so that it can be asked of some files only

    @property
    def detected(self) -> bool:
        """True from `likely` upwards; review by an AI is not involvement in writing."""
        return self.confidence in ("likely", "certain") and self.role in ("authored", "assisted")


# ------------------------------------------------------------------------------------------------------- ownership


class OwnerEntry(NamedTuple):
    """One rule that decides a file: GitLab has one for each section, the others have one."""

    owners: tuple[str, ...]
    line: int | None
    section: str | None = None
    optional: bool = False
    approvals: int = 1
    pattern: str = ""
    file: str | None = None  # where it stands, if that is not the owner's own file (OWNERS of a folder above)


class Owner(NamedTuple):
    """Who owns one path, and which line says so."""

    path: str
    owners: tuple[str, ...]  # of all entries together, without repetition
    entries: tuple[OwnerEntry, ...] = ()
    file: str | None = None
    line: int | None = None
    section: str | None = None
    why: str = ""


# ------------------------------------------------------------------------------------------------------ dependents

EdgeKind = Literal["import", "type-only", "lazy", "implicit-parent", "same-package", "string"]


class Dependent(NamedTuple):
    """A file that depends on the change, directly (distance 1) or through others."""

    path: str
    distance: int
    via: str  # the file it depends on, one step nearer to the change
    kind: EdgeKind
    names: tuple[str, ...] = ()
    weight: float = 1.0  # largest product of the edges' kind weights along a shortest path


class Reach(NamedTuple):
    """The files that depend on the change at one distance and with one weight."""

    distance: int
    weight: float
    paths: tuple[str, ...]


class Dependents(NamedTuple):
    """What depends on the changed files. `unknown` says in words why it is not (fully) known."""

    changed: tuple[str, ...]
    reached: tuple[Reach, ...] = ()  # nearest first, then heaviest
    unresolved: tuple[tuple[str, str, int], ...] = ()  # (importing path, specifier, line), of the changed files
    unknown: str = ""  # "" when the graph is complete as far as its languages go
    tree: str | None = None
    notices: tuple[str, ...] = ()
    unread_languages: tuple[str, ...] = ()  # programming languages among the changed files whose graph is not the whole
    # How each file is reached, nearest first, then by path; worked out when asked for, since a verdict needs counts.
    details: Callable[[], tuple[Dependent, ...]] = tuple

    @property
    def all(self) -> int:
        return self.within(None)

    @property
    def direct(self) -> int:
        return self.within(1)

    @property
    def within_2(self) -> int:
        return self.within(2)

    def within(self, distance: int | None) -> int:
        """How many files depend on the change within so many hops."""
        return sum(len(reach.paths) for reach in self.reached if distance is None or reach.distance <= distance)

    @property
    def paths(self) -> tuple[str, ...]:
        """Every file that depends on the change."""
        return tuple(chain.from_iterable([reach.paths for reach in self.reached]))


# ---------------------------------------------------------------------------------------------------------- scores

Level = Literal["low", "moderate", "high", "critical"]
LEVELS: tuple[Level, ...] = ("low", "moderate", "high", "critical")


class Factor(NamedTuple):
    """One part of a score: its points, and why."""

    name: str
    points: float
    because: str
    unknown: str = ""  # why the factor could not be measured fully; "" when it was


class BlastRadius(NamedTuple):
    """How far the change reaches if it is wrong: three integers first, then the score (0 to 100) and its level."""

    score: int
    level: Level
    direct: int | None
    within_2: int | None
    all: int | None
    unresolved: int | None
    owners: tuple[str, ...]
    packages: int | None
    factors: tuple[Factor, ...]
    unowned_files: tuple[str, ...] = ()
    owner_groups: int | None = None
    unknowns: tuple[str, ...] = ()


class Risk(NamedTuple):
    """How likely the change is to need a fix or a revert; a percentile of the repository's recent changes."""

    score: float
    percentile: int | None
    level: Level | None
    factors: tuple[Factor, ...]


# --------------------------------------------------------------------------------------------------------- reviews


class Approval(NamedTuple):
    """One decision of one reviewer, from any channel."""

    who: str
    state: Literal["approved", "changes-requested", "dismissed", "commented"]
    channel: str
    commit: str | None = None
    diff_id: str | None = None
    at: str = ""  # RFC 3339
    is_bot: bool = False
    assurance: Literal["claimed", "authenticated", "re-authenticated"] = "authenticated"
    evidence: str = ""
    identities: tuple[str, ...] = ()  # other names of the same person, as the channel knows them
    can_push: bool | None = None
    rules: tuple[str, ...] = ()  # ids of the rules it is meant for; () is every rule
    invalid: str = ""  # why it is no decision at all (a bad signature); "" when it is one


class NotCounted(NamedTuple):
    """An approval that did not count, and why."""

    who: str
    why: str


# ---------------------------------------------------------------------------------------- what policy asks and is told


class Fact(NamedTuple):
    """The value of one fact, or why it is not known. Percentages are numbers from 0 to 100."""

    value: bool | float | str | tuple[str, ...] | Share | None
    unknown: str = ""  # why there is no value; "" when there is one
    evidence: tuple[str, ...] = ()  # words that a reader can check


class People(NamedTuple):
    """Who is who, as the policy at the base says. Names are logins, teams (`acme/team`), addresses or key prints."""

    roles: Mapping[str, tuple[str, ...]]
    identities: Mapping[str, tuple[str, ...]]  # login to the other names of the same person
    agents: tuple[str, ...] = ()  # globs of identities that are not persons
    if_no_owner: tuple[str, ...] = ()


class ReviewDemand(NamedTuple):
    """`require_review`: how many people, from whom, and how fresh and sure their approval must be."""

    wanted: int = 1
    by: Literal["anyone", "owners", "any-owner", "roles", "teams", "users"] = "anyone"
    names: tuple[str, ...] = ()  # of roles, teams or users
    valid_for: Literal["this-diff", "this-commit", "any-version"] = "this-diff"
    assurance: Literal["authenticated", "re-authenticated"] = "authenticated"
    distinct: bool = False
    may_include: tuple[Literal["contributors", "bots"], ...] = ()
    rule: str = ""  # id of the rule that demands it, for approvals that are meant for some rules only


class TrailerDemand(NamedTuple):
    """`require_trailer`: a trailer that git itself would list, on which commits, with which whole-string pattern."""

    name: str
    matching: str | None = None
    on: Literal["every-commit", "commits-with-ai", "any-commit"] = "every-commit"


class TestsDemand(NamedTuple):
    """`require_test_changes`: the change touches at least one test file."""


class ChecksDemand(NamedTuple):
    """`require_checks`: checks that must have passed, by name."""

    names: tuple[str, ...]


Demand = ReviewDemand | TrailerDemand | TestsDemand | ChecksDemand


class Waiver(NamedTuple):
    """Somebody states that rules are waived for this commit (break-glass); whether it counts, policy decides."""

    who: str
    reason: str
    ticket: str
    commit: str | None  # the commit it was stated on
    at: str  # RFC 3339; "" when it is not known, and then it does not count
    channel: str
    rules: tuple[str, ...] = ()  # ids of the rules; () is every rule that break-glass waives
    assurance: Literal["claimed", "authenticated", "re-authenticated"] = "authenticated"
    identities: tuple[str, ...] = ()  # other names of the same person, as the channel knows them
    invalid: str = ""  # why it is no statement at all (a bad signature); "" when it is one


# --------------------------------------------------------------------------------------------------------- verdict

Outcome = Literal["skipped", "pass", "warn", "needs", "blocked", "unknown"]
VerdictName = Literal["pass", "warn", "needs", "blocked", "overridden", "error"]


class Place(NamedTuple):
    """Where a rule or a condition stands; line and column from 1."""

    path: str
    line: int
    column: int


class Reason(NamedTuple):
    """One node of the tree that explains a rule: what was wanted, what was found, and whether it held.

    `held` is None where the fact is unknown. Inner nodes have `fact` "all", "any", "not", "when" or "unless".
    """

    fact: str
    wanted: str
    actual: str
    held: bool | None
    line: int | None
    evidence: tuple[str, ...] = ()
    children: tuple[Reason, ...] = ()


class Requirement(NamedTuple):
    """What a rule asks for, and how much of it is there."""

    kind: Literal["review", "trailer", "tests", "checks"]
    wanted: int  # `count` in the JSON; named apart from tuple.count
    have: int
    who: str  # from whom, or what: "a senior (amy, bob)", "trailer Risk-Ticket"
    missing: str  # in words; "" when it is satisfied
    not_counted: tuple[NotCounted, ...] = ()
    satisfied: bool = False
    unknown: str = ""  # why it could not be decided; "" when it could
    suggested: tuple[str, ...] = ()  # a smallest set of people or teams who could satisfy what is missing
    counted: tuple[str, ...] = ()  # who counted
    shows: str = ""  # what the reviews that counted show, and what they cannot show


class RuleResult(NamedTuple):
    """What one rule said, and the whole tree of why."""

    id: str
    place: Place
    outcome: Outcome
    mode: Literal["enforce", "warn", "record-only"]
    message: str
    reasons: tuple[Reason, ...]
    requirements: tuple[Requirement, ...] = ()
    ways: tuple[str, ...] = ()
    description: str = ""
    ask: str = ""
    docs: str = ""
    would_be: Outcome | None = None  # what the rule would have said if it were enforced, or had not been waived
    waived_by: str = ""  # who waived it by break-glass


class PolicyFile(NamedTuple):
    """A policy file that took part in the verdict."""

    path: str
    from_commit: str | None
    sha256: str


class Override(NamedTuple):
    """A waiver that counts: who broke the glass, for what, until when, and what is owed afterwards."""

    rules: tuple[str, ...]  # ids of the rules that it waived
    who: str
    reason: str
    ticket: str
    commit: str
    channel: str
    stated: str  # RFC 3339, as the other times
    ends: str
    owed: ReviewDemand | None  # the review that is owed afterwards
    due: str  # by when; "" when nothing is owed
    otherwise: Literal["report", "block-merges-until-reviewed"] = "report"


class Verdict(NamedTuple):
    """The answer: may it go in, and if not, what is missing and from whom."""

    verdict: VerdictName
    rules: tuple[RuleResult, ...]
    notices: tuple[str, ...] = ()
    overrides: tuple[Override, ...] = ()
    waivers_not_counted: tuple[NotCounted, ...] = ()
