"""The nouns that the front ends of all dialects yield: rules of an ownership file, and a table that answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vibeguard.tuples import NamedTuple

if TYPE_CHECKING:  # a protocol class costs every hook 0.2 ms and says something to the type checker only
    from collections.abc import Sequence
    from typing import Protocol

    from vibeguard.model import Finding, OwnerEntry

    class Table(Protocol):
        """What a front end makes of its file or files: answers for paths, and what it had to report."""

        @property
        def rules(self) -> Sequence[Rule]: ...

        @property
        def problems(self) -> tuple[Finding, ...]: ...

        @property
        def unusable(self) -> str: ...

        def decide(self, path: str) -> tuple[tuple[OwnerEntry, ...], str]:
            """The rules that decide a path (at most one, except where a dialect adds several up), and why."""
            ...

        def group(self, path: str) -> tuple[str, ...]:
            """The distinct owners of a path, sorted."""
            ...


class Rule(NamedTuple):
    """One line of an ownership file that says whose a pattern is. `line` and `column` count from 1."""

    number: int  # position among the rules of the file, from 0
    line: int
    column: int  # of the pattern
    pattern: str  # as it is written
    owners: tuple[str, ...]
    section: str | None = None
    optional: bool = False
    approvals: int = 1
    exclusion: bool = False  # GitLab's `!pattern`: takes paths out of its section
