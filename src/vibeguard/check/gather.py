"""Facts about one change, each found out when it is first asked for and kept.

The policy asks for facts of all files, or of those in view of a rule (`only_looking_at`); both go through here.
What is not known comes back with the reason why, never as zero or false.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from vibeguard.check.fact_table import FACTS, NOT_REVIEWED, factor_points
from vibeguard.check.given import Given
from vibeguard.check.radius import Radius
from vibeguard.check.request import Request
from vibeguard.check.trust import Trusted
from vibeguard.content.examine import classify_change, examine
from vibeguard.content.opaque import OVERSIZED
from vibeguard.model import (
    BlastRadius,
    Change,
    Commit,
    Content,
    Dependents,
    Fact,
    FileChange,
    Finding,
    Identity,
    Owner,
    Provenance,
    Risk,
)
from vibeguard.ownership.lookup import Ownership
from vibeguard.ownership.lookup import load as load_ownership
from vibeguard.ownership.reading import entries_of, remote_host
from vibeguard.policy.rules import Policy
from vibeguard.provenance import catalogue
from vibeguard.provenance.catalogue import Catalogue, ToolSpec, extend
from vibeguard.provenance.detect import combine, of_change
from vibeguard.provenance.messages import strict_trailers
from vibeguard.repository.commits import parse_identity
from vibeguard.repository.hunks import hunks
from vibeguard.repository.locate import Location
from vibeguard.repository.objects import Objects
from vibeguard.repository.touched import paths_by_commit
from vibeguard.repository.tree import Tree
from vibeguard.tuples import NamedTuple

if TYPE_CHECKING:
    from vibeguard.check.author import Authorship
    from vibeguard.check.testimony import Testimony
    from vibeguard.ownership.history import History

Files = frozenset[str] | None

MOST_EXAMINED = 5_000  # files
EXAMINED = frozenset({"change.tests_weakened", "change.guards_weakened", "change.new_dependencies"})


class Case(NamedTuple):
    """One change with all that it is judged by."""

    request: Request
    location: Location
    objects: Objects
    change: Change
    policy: Policy
    trusted: Trusted
    tree: Tree | None  # of the trusted commit
    given: Given


def catalogue_of(policy: Policy) -> Catalogue:
    """The shipped tools, and those that a policy adds."""
    settings = policy.provenance
    tools = tuple(ToolSpec(tool, tool, identities) for tool, identities in settings.tools.items())
    spelling = (settings.declare_with,) if settings.declare_with else ()
    return extend(catalogue.load(), tools=tools, agents=policy.people.agents, declare_with=spelling)


class Gathered:
    """Everything that is known about one change. Rooms are asked at most once for the same thing."""

    given: Given

    def __init__(self, case: Case) -> None:
        self.request, self.location, self.objects, self.change, self.policy, self.trusted, self.tree, self.given = case
        self._risk: dict[Files, Risk] = {}

    # -- what the evaluator asks

    def paths(self) -> Sequence[str]:
        """Every changed path; a rename has two."""
        return self.change.paths

    def owners(self, path: str) -> tuple[str, ...]:
        return self.ownership.of(path).owners

    def kinds(self, path: str) -> tuple[str, ...]:
        facts = self.content.files.get(path)
        return tuple(sorted(facts.kinds)) if facts else ()

    def language(self, path: str) -> str | None:
        facts = self.content.files.get(path)
        return facts.language if facts else None

    def fact(self, name: str, only: Files) -> Fact:
        """One fact about these files, or about all."""
        if name in FACTS:
            return FACTS[name](self, only)
        if ".factor." in name:
            return factor_points(self, name, only)
        if name.startswith("author."):
            return self._author_fact(name, only)
        if name.startswith("x."):
            return self.given.own(name)
        return Fact(None, f"{name} is not measured yet")

    # -- what the rooms found

    @cached_property
    def content(self) -> Content:
        """What the changed files are, and what their lines say.

        Lines are read whether or not a rule asks for them: what is opaque counts in the blast radius, which must not
        depend on who asks. Only a huge change that no rule wants examined is judged by its paths.
        """
        wanted = EXAMINED & self.policy.wanted_facts(self.request.stage)
        if not wanted and len(self.change.files) > MOST_EXAMINED:
            return classify_change(self.change)
        tree = self.before
        return examine(self.change, hunks, self._blob, tree.folder if tree is not None else None)

    def _blob(self, oid: str) -> bytes | None:
        """A blob of the change. The ids in a patch from elsewhere are somebody's word: what they name is not read."""
        return None if self.change.source == "patch" else self.objects.blob(oid, limit=OVERSIZED)

    @cached_property
    def testimony(self) -> Testimony:
        """Approvals and waivers from every channel."""
        from vibeguard.check.testimony import testimony  # noqa: PLC0415 - most changes ask for no review

        return testimony(self)

    def trusted_blob(self, path: str) -> bytes | None:
        """A plain file of the commit that is believed."""
        return self.tree.blob(path) if self.tree is not None else None

    @cached_property
    def catalogue(self) -> Catalogue:
        """The shipped tools, and those that the policy adds."""
        return catalogue_of(self.policy)

    @cached_property
    def provenance(self) -> Provenance:
        """Of the whole change. In CI neither environment nor branch says anything about who wrote it."""
        local = self.request.stage != "ci"
        branch = (self.change.ref or "").removeprefix("refs/heads/") if self.change.source == "staged" else ""
        return of_change(
            self.change,
            self.catalogue,
            stage=self.request.stage,
            environ=self.request.environ if local else None,
            branch=branch or None if local else None,
            location=self.location,
            objects=self.objects,
            excluded=lambda: self._not_reviewed,
        )

    def provenance_of(self, only: Files) -> Provenance:
        """Of the commits that touch these files. What is said of no commit (message, environment) counts for all."""
        whole = self.provenance
        if only is None or not whole.evidence:
            return whole
        part = whole
        if whole.commits:
            touching = {commit.id for commit in self.commits_touching(only)}
            kept = tuple(item for item in whole.commits if item.commit in touching)
            around = tuple(item for item in whole.evidence if item.commit is None)
            part = combine(kept, around, commits=kept)
        if not whole.files:
            return part
        from vibeguard.provenance.share import share_of  # noqa: PLC0415 - only where lines were counted

        because = whole.share.rests_on if whole.share else ""
        counted = [file for file in whole.files if file.path in only]
        return part._replace(
            share=share_of(counted, rests_on=because), lines=sum(file.low for file in counted), files=tuple(counted)
        )

    @cached_property
    def _not_reviewed(self) -> frozenset[str]:
        """Files whose lines count nowhere: generated, vendored, lock files."""
        return frozenset(path for path in self.change.paths if NOT_REVIEWED.intersection(self.kinds(path)))

    def commits_touching(self, only: Files) -> tuple[Commit, ...]:
        """The commits of the change that touch one of these files."""
        if only is None or self.change.source == "patch":
            return self.change.commits
        paths = self._paths_by_commit
        return tuple(commit for commit in self.change.commits if paths[commit.id] & only)

    @cached_property
    def _paths_by_commit(self) -> Mapping[str, frozenset[str]]:
        return paths_by_commit(self.location.git, tuple(commit.id for commit in self.change.commits))

    @cached_property
    def ownership(self) -> Ownership:
        dialect = self.policy.dialect or None
        host = remote_host(self.location.common_dir) if dialect is None else None
        return load_ownership(entries_of(self.objects, self.tree), dialect=dialect, remote_host=host)

    @cached_property
    def _radius(self) -> Radius:
        return Radius(self)

    def dependents(self, only: Files = None) -> Dependents:
        """What depends on these changed files."""
        return self._radius.dependents(only)

    def blast(self, only: Files = None) -> BlastRadius:
        """The blast radius of these changed files."""
        return self._radius.blast(only)

    @cached_property
    def before(self) -> Tree | None:
        """The tree before the change."""
        tree = self.change.base_tree
        return Tree(self.objects, tree) if tree is not None else None

    def risk(self, only: Files = None) -> Risk:
        """How likely these changed files are to need a fix; worked out when it is asked for, for it reads history."""
        if only not in self._risk:
            # Imported here: few policies ask, and a hook that does not should not pay.
            from vibeguard.check.fixes import fixes_of  # noqa: PLC0415
            from vibeguard.scoring.risk import read_lines, score  # noqa: PLC0415

            files = self.files(only)
            fixes, unknown = fixes_of(self.location, self.change.base, (file.path for file in files))
            self._risk[only] = score(read_lines(files, self.content, hunks), fixes, unknown)
        return self._risk[only]

    @cached_property
    def target(self) -> str | None:
        """The branch the change goes to: told, pushed to, named by `--base`; on a laptop that whose policy judges."""
        if self.request.target is not None:
            return self.request.target
        if self.change.source == "push" and self.change.ref:
            return self.change.ref.removeprefix("refs/heads/")
        if self.trusted.ref is not None:
            name = self.trusted.ref
            if name.startswith("refs/remotes/"):
                return name.split("/", 3)[-1]
            return name.removeprefix("refs/heads/") if name.startswith("refs/heads/") else None
        if self.change.source == "staged" and self.change.ref:
            return self.change.ref.removeprefix("refs/heads/")
        return None

    @cached_property
    def notices(self) -> tuple[str, ...]:
        """What could not be seen while the facts were gathered."""
        owners = (self.ownership.notice,) if self.ownership.notice else ()
        return (*owners, *self.provenance.notices, *self.dependents().notices)

    def _author_fact(self, name: str, only: Files) -> Fact:
        from vibeguard.check.author import fact  # noqa: PLC0415 - most policies ask nothing about the author

        return fact(
            name,
            self.authorship.author,
            self.policy.people,
            self.given.teams,
            owners=lambda: self._owners_of(only),
            history=lambda: self._history_of(only),
        )

    @cached_property
    def authorship(self) -> Authorship:
        """Everybody who took part."""
        from vibeguard.check.author import authorship  # noqa: PLC0415 - see _author_fact

        co_authors = tuple(
            trailer.value
            for message in self.messages
            for trailer in strict_trailers(message)
            if trailer.key.casefold() == "co-authored-by"
        )
        local = None
        if not self.change.commits and self.request.stage != "ci":
            local = self._coming_author()
        return authorship(self.change, forge_author=self.request.author, local=local, co_authors=co_authors)

    def _coming_author(self) -> Identity | None:
        """Who will be the author: git tells its hooks; by hand the configuration says it."""
        told = self.request.environ
        if told.get("GIT_AUTHOR_EMAIL"):
            return Identity(told.get("GIT_AUTHOR_NAME", ""), told["GIT_AUTHOR_EMAIL"])
        raw = self.location.git.run("var", "GIT_AUTHOR_IDENT", ok=(0, 128))
        return parse_identity(raw.stdout.strip()) if raw.status == 0 else None

    @cached_property
    def messages(self) -> tuple[bytes, ...]:
        """Every message that goes in with the change."""
        own = (self.change.message,) if self.change.message is not None else ()
        return (*(commit.message for commit in self.change.commits), *own)

    @property
    def findings(self) -> tuple[Finding, ...]:
        return (*self.content.findings, *self.provenance.findings)

    # -- small questions

    def files(self, only: Files) -> tuple[FileChange, ...]:
        """The changed files in view."""
        return self.change.files if only is None else tuple(file for file in self.change.files if file.path in only)

    def in_view(self, only: Files) -> tuple[str, ...]:
        """The changed paths in view."""
        return tuple(file.path for file in self.files(only))

    @property
    def is_silent(self) -> bool:
        """A bare patch: no commits, no message, no environment that could say who wrote it."""
        change = self.change
        return change.source == "patch" and not change.commits and change.message is None

    def owned(self, only: Files) -> dict[str, tuple[str, ...]]:
        """What owners are asked for: every changed path in view, on GitLab for each section that has it."""
        from vibeguard.ownership.asked import asked  # noqa: PLC0415 - only reviews by owners need it

        return asked(self._owners_of(only))

    def _owners_of(self, only: Files) -> tuple[Owner, ...]:
        return tuple(self.ownership.of(path) for path in self.in_view(only))

    def _history_of(self, only: Files) -> History | None:
        """What was merged before to the paths in view; None while there is no commit."""
        commit = self.trusted.commit
        if commit is None:
            return None
        from vibeguard.ownership.history import read_history  # noqa: PLC0415 - few rules ask for history

        return read_history(self.location, self.objects, commit.id, self.in_view(only), keep=self.request.use_store)

    def content_of(self, only: Files) -> Content:
        """What is known of the files in view alone."""
        if only is None:
            return self.content
        files = {path: facts for path, facts in self.content.files.items() if path in only}
        findings = tuple(finding for finding in self.content.findings if finding.path in only)
        kinds = {finding.kind for finding in findings}
        whole = self.content
        return Content(
            files,
            findings,
            tests_touched=any("test" in facts.kinds for facts in files.values()),
            tests_weakened=None if whole.tests_weakened is None else "tests-weakened" in kinds,
            guards_weakened=None if whole.guards_weakened is None else "guards-weakened" in kinds,
            new_dependencies=None
            if whole.new_dependencies is None
            else tuple(finding.text for finding in findings if finding.kind == "new-dependency"),
        )
