"""Packages that a lock file names for the first time, by its lines: no lock file is parsed as a whole."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from vibeguard.content.lines import ChangedFile
from vibeguard.model import Finding

SHOWN = 8  # names in the text of the finding

_PATTERNS: dict[str, str] = {
    "package-lock.json": r'^[ \t]+"(?:node_modules/(?:[^"\n]{1,400}/node_modules/)?)([^"\n]{1,200})": \{',
    "npm-shrinkwrap.json": r'^[ \t]+"(?:node_modules/(?:[^"\n]{1,400}/node_modules/)?)([^"\n]{1,200})": \{',
    "yarn.lock": r'^"?(@?[^@"\s,]{1,200})@',
    "pnpm-lock.yaml": r"^  '?/?((?:@[^@/'\s]{1,100}/)?[^@/'():\s]{1,200})[@/]\d",
    "bun.lock": r'^    "([^"\n]{1,200})": \[',
    "poetry.lock": r'^name = "([^"\n]{1,200})"',
    "uv.lock": r'^name = "([^"\n]{1,200})"',
    "pdm.lock": r'^name = "([^"\n]{1,200})"',
    "pylock.toml": r'^name = "([^"\n]{1,200})"',
    "Cargo.lock": r'^name = "([^"\n]{1,200})"',
    "Pipfile.lock": r'^ {8}"([^"\n]{1,200})": \{',
    "go.sum": r"^(\S{1,300}) v",
    "go.work.sum": r"^(\S{1,300}) v",
    "Gemfile.lock": r"^    ([\w.-]{1,200}) \(",
    "composer.lock": r'^ {12}"name": "([^"\n]{1,200})"',
    "mix.lock": r'^  "([^"\n]{1,200})": \{',
    "pubspec.lock": r"^  ([\w]{1,200}):$",
    "Podfile.lock": r'^  - "?([\w+-]{1,200})[ /(]',
    "Package.resolved": r'"(?:identity|package)" : "([^"\n]{1,200})"',
    "packages.lock.json": r'^ {6}"([^"\n]{1,200})": \{',
    ".terraform.lock.hcl": r'^provider "([^"\n]{1,200})"',
    "flake.lock": r'^    "([^"\n]{1,200})": \{',
    "gradle.lockfile": r"^([\w.\-]{1,150}:[\w.\-]{1,150}):",
}


@lru_cache(maxsize=32)
def _pattern(name: str) -> re.Pattern[str] | None:
    pattern = _PATTERNS.get(name)
    return None if pattern is None else re.compile(pattern, re.MULTILINE)


def new_in_lock(changed: ChangedFile, before: Callable[[], bytes | None]) -> list[Finding]:
    """One finding with all names that neither the removed lines nor the old version hold; none for a new file."""
    pattern = _pattern(changed.path.rsplit("/", 1)[-1])
    if pattern is None or not changed.file.exists_before:
        return []
    names: dict[str, int] = {}
    for place, _, match in changed.added.matches(pattern):
        names.setdefault(match.group(1), changed.added.numbers[place])
    for _, _, match in changed.removed.matches(pattern):
        names.pop(match.group(1), None)
    if names and (old := before()) is not None:
        for match in pattern.finditer(old.decode("utf-8", "surrogateescape")):
            names.pop(match.group(1), None)
    if not names:
        return []
    listed = ", ".join(list(names)[:SHOWN]) + (", …" if len(names) > SHOWN else "")
    words = (
        f"{len(names)} packages that were not locked before: {listed}" if len(names) > 1 else f"newly locked: {listed}"
    )
    return [Finding("locked-dependency", changed.path, min(names.values()), words)]
