"""Which scanner looks at which file. Each is loaded when the first file needs it: a small change needs one or two.

Together they cost 15 ms to import and compile, which is more than Python takes to start.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from vibeguard.content.lines import ChangedFile
from vibeguard.model import Finding

if TYPE_CHECKING:
    from vibeguard.content.guards import Weakened as WeakenedGuards
    from vibeguard.content.manifests.compare import NewDependencies
    from vibeguard.content.tests import Weakened as WeakenedTests

Version = Callable[[], bytes | None]

_NAMES_DEPENDENCIES = frozenset(("manifest", "lock-file", "ci", "container", "infrastructure", "build", "policy"))
_CONFIGURES = frozenset(("config", "manifest", "build", "policy", "ci"))
_RUNS_CHECKS = frozenset(("ci", "policy", "build", "manifest"))


class Scanners:
    """Takes the files of a change one by one; what needs the whole change is said at the end."""

    def __init__(self) -> None:
        self._tests: WeakenedTests | None = None
        self._guards: WeakenedGuards | None = None
        self._dependencies: NewDependencies | None = None
        self._relaxed: list[Finding] = []
        self._running: list[tuple[ChangedFile, Version, Version]] = []  # small: CI, hooks, build

    def add(self, changed: ChangedFile, before: Version, after: Version) -> list[Finding]:
        """Look at one file; returns what its own lines say."""
        # Imported in here, each for its reason above.
        kinds, found = changed.facts.kinds, []
        if changed.path == ".gitmodules" or changed.path.endswith(".gitattributes"):
            from vibeguard.content import attributes  # noqa: PLC0415

            found += attributes.scan(changed)
        if _may_hold_traps(changed.added.text):
            from vibeguard.content import unicode  # noqa: PLC0415

            found += unicode.scan(changed, after)
        if "test" in kinds or changed.facts.language == "rust":
            from vibeguard.content import tests  # noqa: PLC0415

            self._tests = self._tests or tests.Weakened()
            self._tests.add(changed, (tests.begin(changed.facts, before), tests.begin(changed.facts, after)))
        from vibeguard.content import guards  # noqa: PLC0415

        self._guards = self._guards or guards.Weakened()
        self._guards.add(changed, after)
        if kinds & _CONFIGURES and not kinds & {"vendored", "docs"}:
            from vibeguard.content import strictness  # noqa: PLC0415

            self._relaxed += strictness.scan(changed, before, after)
        if kinds & _RUNS_CHECKS:
            self._running.append((changed, before, after))
        if kinds & _NAMES_DEPENDENCIES:
            from vibeguard.content.manifests.compare import NewDependencies  # noqa: PLC0415

            self._dependencies = self._dependencies or NewDependencies()
            self._dependencies.add(changed, before, after)
        return found

    def findings(self) -> tuple[list[Finding], list[Finding], list[Finding]]:
        """Weakened tests, weakened guards, new dependencies."""
        return (
            self._tests.findings() if self._tests is not None else [],
            self._guards_findings(),
            self._dependencies.findings() if self._dependencies is not None else [],
        )

    def _guards_findings(self) -> list[Finding]:
        found = (self._guards.findings() if self._guards is not None else []) + self._relaxed
        if any("ci" in changed.facts.kinds or "policy" in changed.facts.kinds for changed, _, _ in self._running):
            from vibeguard.content import checks  # noqa: PLC0415

            removed = checks.Removed()
            for changed, before, after in self._running:
                removed.add(changed, before, after)
            found += removed.findings()
        return found

    def new_dependencies(self) -> tuple[str, ...] | None:
        """Names of new dependencies; None when a manifest could not be read."""
        return self._dependencies.names() if self._dependencies is not None else ()


def _may_hold_traps(text: str) -> bool:
    return not text.isascii() or any(control in text for control in "\b\x1b\x7f\r")
