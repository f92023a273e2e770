"""The nouns that the front ends of all dialects yield: rules of an ownership file, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from vibeguard.model import Finding, OwnerEntry


class Rule(NamedTuple):
    """One line of an ownership file that names whose a pattern is. `line` and `column` count from 1."""

    number: int  # position among the rules of the file, from 0
    line: int
    column: int  # of the pattern
    pattern: str  # as it is written
    owners: tuple[str, ...]
    section: str | None = None
    optional: bool = False
    approvals: int = 1
    exclusion: bool = False  # GitLab's `!pattern`: takes paths out of its section


class Table(Protocol):
    """What a front end makes of its file or files: answers for paths, and what it had to report."""

    @property
    def rules(self) -> Sequence[Rule]: ...

    @property
    def problems(self) -> tuple[Finding, ...]: ...

    def entries(self, path: str) -> tuple[OwnerEntry, ...]:
        """The rules that decide a path: at most one, except where a dialect adds several up."""
        ...

    def why(self, entries: tuple[OwnerEntry, ...]) -> str:
        """In words, for people: what these entries of a path rest on."""
        ...

    def group(self, path: str) -> tuple[str, ...]:
        """The distinct owners of a path, in a fixed order: equal groups are equal tuples."""
        ...
