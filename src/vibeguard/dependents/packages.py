"""Which package a path belongs to: the nearest folder that declares one, else its top-level folder."""

from __future__ import annotations

from collections.abc import Iterable

_MANIFESTS = frozenset(
    (
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
)
_GRADLE = (".gradle", ".gradle.kts")
_ENDINGS = (".csproj", ".fsproj", ".vbproj", ".gemspec")
_ALL = (*_MANIFESTS, *_ENDINGS, *_GRADLE)  # most names are told by their ending alone


def declared(paths: Iterable[str]) -> set[str]:
    """The folders of these paths' manifests; the root is no package of its own."""
    found = set()
    for path in [path for path in paths if path.endswith(_ALL)]:
        folder, _, name = path.rpartition("/")
        if folder and (name in _MANIFESTS or name.endswith(_ENDINGS) or _is_named_after(name, folder)):
            found.add(folder)
    return found


def _is_named_after(name: str, folder: str) -> bool:
    """Whether this is a Gradle module's build file under the module's own name: core/core.gradle."""
    return name.endswith(_GRADLE) and name.partition(".gradle")[0] == folder.rpartition("/")[2]


class Packages:
    """Answers by folder; each folder is looked at once."""

    def __init__(self, folders: set[str]) -> None:
        self._folders = folders
        self._known: dict[str, str] = {}

    def of(self, path: str) -> str:
        """The folder of the package, "" for the root's own."""
        folder = path.rpartition("/")[0]
        known = self._known.get(folder)
        if known is None:
            here = folder
            while here and here not in self._folders:
                here = here.rpartition("/")[0]
            known = self._known[folder] = here or folder.partition("/")[0]
        return known
