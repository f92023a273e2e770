"""The one table of facts: what a rule may ask about a change.

The checker, the evaluator, the JSON Schema, the documentation page and `vibeguard policy facts` all read it, so that
a fact is added here and nowhere else.

How a fact's value is given (`vibeguard.model.Fact.value`), by type:

    yes-no   bool
    number   int or float
    percent  a number from 0 to 100, or a `Share` (two ends from 0.0 to 1.0)
    level    one of `values`, which stand in ascending order
    text     str
    set      tuple of str
    paths    tuple of str, from the root of the repository
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from vibeguard.tuples import NamedTuple

FactType = Literal["yes-no", "number", "percent", "level", "text", "set", "paths"]
FACT_TYPES: tuple[FactType, ...] = ("yes-no", "number", "percent", "level", "text", "set", "paths")


class FactSpec(NamedTuple):
    """What a fact is called, what its values are, and where they come from."""

    name: str  # NAME stands for any of `members`
    type: FactType
    description: str
    room: str  # who finds it out; "policy": the evaluator itself; "given": the caller's --facts file
    unit: str = ""
    values: tuple[str, ...] = ()  # levels in ascending order, or all the words there are
    scoped: bool = False  # `only_looking_at` narrows it to the files in view
    without_case: bool = False  # logins and trailer names compare without case
    members: tuple[str, ...] = ()  # of a family `something.NAME`
    available: bool = True  # False: nothing finds it out yet, so it is always unknown
    phrase: str = ""  # how `policy read` says it in a sentence


CONFIDENCE = ("none", "possible", "likely", "certain")
LEVEL = ("low", "moderate", "high", "critical")
FAMILIARITY = ("none", "low", "moderate", "high")
KINDS = (
    "code", "test", "docs", "config", "generated", "vendored", "lock-file", "manifest", "migration", "ci",
    "infrastructure", "container", "build", "schema", "auth", "secrets", "policy", "binary", "submodule",
)  # fmt: skip
BLAST_FACTORS = ("fan-out", "api", "owners", "gaps", "sensitivity", "co-change", "opaque")
RISK_FACTORS = ("code-lines-added", "branching", "recent-fixes", "signatures")

_TABLE: tuple[FactSpec, ...] = (
    FactSpec("ai.detected", "yes-no", "An AI tool took part in writing the change, at least likely so; review by an AI"
             " is not meant", "provenance", scoped=True, phrase="an AI took part in the change"),
    FactSpec("ai.confidence", "level", "How sure that is", "provenance", values=CONFIDENCE, scoped=True,
             phrase="the confidence that an AI took part"),
    FactSpec("ai.tools", "set", "Ids of the tools that left a trace (claude-code, copilot, cursor, …)", "provenance",
             scoped=True, phrase="the AI tools that left a trace"),
    FactSpec("ai.no_human_author", "yes-no", "A commit of the change was authored by an agent with no human author",
             "provenance", scoped=True, phrase="a commit has no human author"),
    FactSpec("ai.declared", "yes-no", "The AI involvement is declared in the commits themselves", "provenance",
             scoped=True, phrase="AI involvement is declared"),
    FactSpec("ai.wrote_sign_off", "yes-no", "An AI identity added a Signed-off-by", "provenance", scoped=True,
             phrase="an AI identity signed off"),
    FactSpec("ai.share_of_added_lines", "percent", "Added lines attributed to AI tools ÷ added lines, without"
             " generated, vendored and lock files. A range when only whole commits are known: the end that asks for"
             " more is compared. No evidence compares as 0%", "provenance", unit="%", scoped=True,
             phrase="the AI's share of the added lines"),
    FactSpec("ai.lines", "number", "Added lines attributed to AI tools by line records", "provenance", unit="lines",
             scoped=True, phrase="the number of added lines attributed to an AI"),
    FactSpec("blast.score", "number", "How far the change reaches if it is wrong", "scoring", unit="points, 0 to 100",
             scoped=True, phrase="the blast radius score"),
    FactSpec("blast.level", "level", "The same in four steps", "scoring", values=LEVEL, scoped=True,
             phrase="the blast radius"),
    FactSpec("blast.dependents", "number", "Files that depend on the changed ones, directly or through others",
             "scoring", unit="files", scoped=True, phrase="the number of dependent files"),
    FactSpec("blast.direct_dependents", "number", "Files that depend on the changed ones directly", "scoring",
             unit="files", scoped=True, phrase="the number of directly dependent files"),
    FactSpec("blast.owners", "set", "Owners of the changed files and of their dependents", "scoring", scoped=True,
             without_case=True, phrase="the owners within the blast radius"),
    FactSpec("blast.unowned_files", "paths", "Changed files that nobody owns", "scoring", scoped=True,
             phrase="the changed files that nobody owns"),
    FactSpec("blast.packages", "number", "Packages that the change and its dependents cross", "scoring",
             unit="packages", scoped=True, phrase="the number of packages crossed"),
    FactSpec("blast.factor.NAME", "number", "Points of one factor of the blast radius", "scoring", unit="points",
             scoped=True, members=BLAST_FACTORS, phrase="the blast radius factor NAME"),
    FactSpec("risk.score", "number", "How likely the change is to need a fix or a revert, as a percentile of the"
             " repository's recent changes", "scoring", unit="percentile, 0 to 100", scoped=True,
             phrase="the risk score"),
    FactSpec("risk.level", "level", "The same in four steps", "scoring", values=LEVEL, scoped=True,
             phrase="the risk"),
    FactSpec("risk.factor.NAME", "number", "Points of one factor of the risk", "scoring", unit="points", scoped=True,
             members=RISK_FACTORS, phrase="the risk factor NAME"),
    FactSpec("change.files", "paths", "Changed paths; both of a rename", "repository", scoped=True,
             phrase="the changed files"),
    FactSpec("change.file_count", "number", "How many paths changed", "repository", unit="files", scoped=True,
             phrase="the number of changed files"),
    FactSpec("change.reviewable_lines", "number", "Lines added and deleted, without generated, vendored and lock"
             " files", "content", unit="lines", scoped=True, phrase="the number of lines to review"),
    FactSpec("change.added", "number", "Lines added", "repository", unit="lines", scoped=True,
             phrase="the number of added lines"),
    FactSpec("change.deleted", "number", "Lines deleted", "repository", unit="lines", scoped=True,
             phrase="the number of deleted lines"),
    FactSpec("change.kinds", "set", "What the changed files are", "content", values=KINDS, scoped=True,
             phrase="the kinds of the changed files"),
    FactSpec("change.languages", "set", "Languages of the changed files, as GitHub Linguist calls them, in lower case",
             "content", scoped=True, without_case=True, phrase="the languages of the changed files"),
    FactSpec("change.tags", "set", "Tags of the changed files, as the policy's `tags` name them", "policy",
             scoped=True, phrase="the tags of the changed files"),
    FactSpec("change.tests_touched", "yes-no", "A test file changed", "content", scoped=True,
             phrase="tests are changed"),
    FactSpec("change.tests_weakened", "yes-no", "Tests were deleted or skipped, or lost assertions", "content",
             scoped=True, phrase="tests are weakened"),
    FactSpec("change.guards_weakened", "yes-no", "Lint, type or security checks were suppressed or removed", "content",
             scoped=True, phrase="guards are weakened"),
    FactSpec("change.new_dependencies", "set", "Packages that the change newly depends on", "content", scoped=True,
             phrase="the new dependencies"),
    FactSpec("change.opaque_files", "paths", "Changed files whose content cannot be judged (binary, LFS, submodule,"
             " oversized)", "content", scoped=True, phrase="the changed files whose content cannot be judged"),
    FactSpec("change.touches_policy", "yes-no", "The policy, or what it rests on, is changed", "repository",
             scoped=True, phrase="the policy itself is changed"),
    FactSpec("change.every_commit_signed", "yes-no", "Every commit is signed by a key that the base names",
             "repository", phrase="every commit is signed by a known key"),
    FactSpec("change.is_revert", "yes-no", "Every commit says that it reverts another", "repository",
             phrase="the change is a revert"),
    FactSpec("change.is_merge", "yes-no", "A commit of the change has several parents", "repository",
             phrase="the change contains a merge"),
    FactSpec("author.user", "text", "Login (or address) of the change's author", "repository", without_case=True,
             phrase="the author"),
    FactSpec("author.teams", "set", "Teams of the author", "reviews", without_case=True,
             phrase="the author's teams"),
    FactSpec("author.roles", "set", "Roles of the author, as the policy's `people` name them", "policy",
             phrase="the author's roles"),
    FactSpec("author.is_bot", "yes-no", "The author is not a person", "provenance", phrase="the author is a bot"),
    FactSpec("author.owns", "text", "How much of the change the author owns", "ownership",
             values=("all", "some", "none"), scoped=True, phrase="how much of the change the author owns"),
    FactSpec("author.familiarity", "level", "How well the author knows the changed files, by history", "ownership",
             values=FAMILIARITY, scoped=True, phrase="the author's familiarity"),
    FactSpec("message.trailers", "set", "Names of the trailers of the message, or of all commits", "repository",
             without_case=True, phrase="the trailers of the message"),
    FactSpec("branch.target", "text", "Branch that the change goes to", "repository", phrase="the target branch"),
    FactSpec("time.window", "set", "The policy's `windows` that are open now", "policy",
             phrase="the windows that are open"),
    FactSpec("checks.passed", "set", "Checks that passed, from --facts", "given", phrase="the checks that passed"),
)  # fmt: skip

FACTS: Mapping[str, FactSpec] = {spec.name: spec for spec in _TABLE}

# Facts that the evaluator derives from the policy itself, unless its caller says that it gives them.
DERIVED = frozenset({"change.tags", "time.window"})


def has_paths(spec: FactSpec) -> bool:
    """Whether its words are globs over whole paths; other words are names, in which `*` is any characters."""
    return spec.type == "paths" or spec.name == "branch.target"


def find_fact(name: str, extra: Mapping[str, FactSpec] | None = None) -> FactSpec | None:
    """The fact of this name; a member of a family comes back under its own name."""
    spec = FACTS.get(name)
    if spec is not None:
        return None if spec.members else spec
    if extra and name in extra:
        return extra[name]
    family, _, member = name.rpartition(".")
    spec = FACTS.get(f"{family}.NAME")
    if spec is None or member not in spec.members:
        return None
    return spec._replace(name=name, members=(), phrase=spec.phrase.replace("NAME", f"`{member}`"))


def fact_names(extra: Mapping[str, FactSpec] | None = None) -> tuple[str, ...]:
    """Every name that a rule may use, families spelled out."""
    names: list[str] = []
    for spec in _TABLE:
        if spec.members:
            names += (spec.name.replace("NAME", member) for member in spec.members)
        else:
            names.append(spec.name)
    return (*names, *(extra or ()))
