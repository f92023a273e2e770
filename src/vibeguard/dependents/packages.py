"""Which package a path belongs to: the nearest folder that declares one, else its top-level folder."""

from __future__ import annotations

from collections.abc import Callable

MANIFESTS = (
    "package.json",
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "go.mod",
    "Cargo.toml",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "composer.json",
    "Gemfile",
    "mix.exs",
    "pubspec.yaml",
    "Package.swift",
)


class Packages:
    """Answers by folder; each folder is looked at once."""

    def __init__(self, exists: Callable[[str], bool]) -> None:
        self._exists = exists
        self._known: dict[str, str] = {}

    def of(self, path: str) -> str:
        """The folder of the package, "" for the root's own."""
        folder = path.rpartition("/")[0]
        known = self._known.get(folder)
        if known is None:
            known = self._known[folder] = self._find(folder)
        return known

    def _find(self, folder: str) -> str:
        here = folder
        while here:
            if any(self._exists(f"{here}/{name}") for name in MANIFESTS):
                return here
            here = here.rpartition("/")[0]
        return folder.partition("/")[0]
