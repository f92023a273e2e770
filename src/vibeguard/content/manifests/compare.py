"""Which dependencies are new: each manifest before and after the change, and lock files by their added lines.

A version bump is no new dependency, and neither is one that moves from one manifest of the change to another of the
same ecosystem, or stops being an indirect one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from typing import Any

from vibeguard.content.lines import ChangedFile
from vibeguard.content.structured import Unreadable
from vibeguard.model import Finding
from vibeguard.tuples import NamedTuple

INDIRECT = "indirect"  # where a name stands that is there for the sake of another: known, but never new
TRIES = 50  # places where a name stands within another one
LINES_LOOKED_FOR = 200  # new names whose line is searched for in one manifest

Version = Callable[[], bytes | None]


class Format(NamedTuple):
    """How a manifest is read, and what makes two of its names the same dependency.

    `reader` and `key` name functions of the modules beside this one, which are loaded when a manifest needs them.
    """

    ecosystem: str
    reader: str
    key: str = ""  # "" where names are compared as they are, "lower" where case does not count

    def parse(self, content: bytes) -> dict[str, str]:
        """Names, and where in the manifest each stands.

        Raises:
            Unreadable: when the content is no such manifest.
        """
        found: dict[str, str] = _function(self.reader)(content)
        return found

    def identity(self, name: str) -> str:
        """The same for all names of one dependency."""
        if not self.key:
            return name
        return name.lower() if self.key == "lower" else str(_function(self.key)(name))


def _function(name: str) -> Callable[..., Any]:
    module, _, function = name.partition(".")
    found: Callable[..., Any] = getattr(import_module(f"vibeguard.content.manifests.{module}"), function)
    return found


# File name: ecosystem, reader, key.
_BY_NAME: dict[str, Format] = {
    "pyproject.toml": Format("pypi", "python.pyproject", "python.normalized"),
    "setup.cfg": Format("pypi", "python.setup_cfg", "python.normalized"),
    "setup.py": Format("pypi", "python.setup_py", "python.normalized"),
    "Pipfile": Format("pypi", "python.pipfile", "python.normalized"),
    "environment.yml": Format("conda", "python.conda", "python.normalized"),
    "environment.yaml": Format("conda", "python.conda", "python.normalized"),
    "package.json": Format("npm", "javascript.package_json"),
    "bower.json": Format("npm", "javascript.package_json"),
    "pnpm-workspace.yaml": Format("npm", "javascript.pnpm_workspace"),
    "deno.json": Format("deno", "javascript.deno", "javascript.deno_key"),
    "deno.jsonc": Format("deno", "javascript.deno", "javascript.deno_key"),
    "go.mod": Format("go", "native.go_mod", "native.go_key"),
    "Cargo.toml": Format("crates.io", "native.cargo", "native.cargo_key"),
    "Gemfile": Format("rubygems", "native.gemfile"),
    "gems.rb": Format("rubygems", "native.gemfile"),
    "composer.json": Format("packagist", "native.composer", "lower"),
    "pom.xml": Format("maven", "jvm.maven"),
    "build.gradle": Format("maven", "jvm.gradle"),
    "build.gradle.kts": Format("maven", "jvm.gradle"),
    "settings.gradle": Format("maven", "jvm.gradle"),
    "settings.gradle.kts": Format("maven", "jvm.gradle"),
    "libs.versions.toml": Format("maven", "jvm.gradle_catalog"),
    "build.sbt": Format("maven", "jvm.sbt"),
    "Directory.Packages.props": Format("nuget", "jvm.dotnet", "lower"),
    "Directory.Build.props": Format("nuget", "jvm.dotnet", "lower"),
    "packages.config": Format("nuget", "jvm.dotnet", "lower"),
    "pubspec.yaml": Format("pub", "native.pubspec"),
    "mix.exs": Format("hex", "native.mix"),
    "Package.swift": Format("swift", "native.swift", "native.swift_key"),
    "Podfile": Format("cocoapods", "native.podfile"),
    "Cartfile": Format("carthage", "native.cartfile", "lower"),
    "cpanfile": Format("cpan", "native.cpanfile"),
    "conanfile.txt": Format("conan", "native.conan"),
    "conanfile.py": Format("conan", "native.conan"),
    "vcpkg.json": Format("vcpkg", "native.vcpkg"),
    "CMakeLists.txt": Format("cmake", "native.cmake", "lower"),
    "MODULE.bazel": Format("bazel", "native.bazel"),
    "WORKSPACE": Format("bazel", "native.bazel"),
    "WORKSPACE.bazel": Format("bazel", "native.bazel"),
    "Brewfile": Format("homebrew", "native.brewfile"),
    "Project.toml": Format("julia", "native.julia"),
    "elm.json": Format("elm", "native.elm"),
    "DESCRIPTION": Format("cran", "native.r_description"),
    ".pre-commit-config.yaml": Format("pre-commit", "delivery.pre_commit", "native.swift_key"),
    ".pre-commit-config.yml": Format("pre-commit", "delivery.pre_commit", "native.swift_key"),
    ".gitlab-ci.yml": Format("gitlab", "delivery.gitlab_ci", "delivery.image_key"),
    "Chart.yaml": Format("helm", "delivery.helm"),
}
_DOCKER = Format("docker", "delivery.dockerfile", "delivery.image_key")
_COMPOSE = Format("docker", "delivery.compose", "delivery.image_key")
_ACTIONS = Format("github-actions", "delivery.github_actions", "delivery.action_key")
_CIRCLE = Format("circleci", "delivery.circleci", "delivery.action_key")
_REQUIREMENTS = Format("pypi", "python.requirements", "python.normalized")
_TERRAFORM = Format("terraform", "delivery.terraform", "delivery.module_key")
_GEMSPEC = Format("rubygems", "native.gemspec")
_DOTNET = Format("nuget", "jvm.dotnet", "lower")
_SBT = Format("maven", "jvm.sbt")


def format_of(changed: ChangedFile) -> Format | None:
    """How the file is read, None when it is no manifest."""
    path, kinds = changed.path, changed.facts.kinds
    name = path.rsplit("/", 1)[-1]
    known = _BY_NAME.get(name)
    if known is not None:
        return known
    is_yaml = name.endswith((".yml", ".yaml"))
    if "container" in kinds and "config" not in kinds:
        if is_yaml:
            return _COMPOSE if "compose" in name else None
        return _DOCKER if "dockerfile" in name.lower() or "containerfile" in name.lower() else None
    if "ci" in kinds and is_yaml:
        if path.startswith(".github/") or name in ("action.yml", "action.yaml"):
            return _ACTIONS
        return _CIRCLE if path.startswith(".circleci/") else None
    if "manifest" in kinds:
        if name.endswith((".txt", ".in", ".pip")):
            return _REQUIREMENTS
        if name.endswith(".gemspec"):
            return _GEMSPEC
        if name.endswith(("proj", ".props")):
            return _DOTNET
    if name.endswith((".tf", ".tofu")):
        return _TERRAFORM
    return _SBT if name.endswith(".sbt") else None


class _Manifest(NamedTuple):
    changed: ChangedFile
    format: Format
    before: dict[str, str]
    after: dict[str, str]


class NewDependencies:
    """Takes the files of a change one by one, and compares when it has seen all of them."""

    def __init__(self) -> None:
        self._manifests: list[_Manifest] = []
        self._findings: list[Finding] = []
        self._unknown = False

    def add(self, changed: ChangedFile, before: Version, after: Version) -> None:
        """Read both versions of a manifest; of a lock file the added lines, and the old one if they name any."""
        if changed.facts.kinds & {"vendored", "submodule"} or not changed.file.exists_after:
            known = format_of(changed) if not changed.facts.kinds & {"vendored", "submodule"} else None
            if known is not None and changed.file.exists_before:  # what a deleted manifest named may stand in another
                self._keep(changed, known, before(), None)
            return
        if "lock-file" in changed.facts.kinds:
            from vibeguard.content.manifests.locks import new_in_lock  # noqa: PLC0415 - only lock files need it

            self._findings += new_in_lock(changed, before)
            return
        known = format_of(changed)
        if known is None:
            return
        new = after()
        if new is None:
            self._unknown = True
            return
        self._keep(changed, known, before() if changed.file.exists_before else None, new)

    def _keep(self, changed: ChangedFile, known: Format, old: bytes | None, new: bytes | None) -> None:
        try:
            after = known.parse(new) if new is not None else {}
        except Unreadable as error:
            self._unknown = True
            words = f"cannot be parsed, so its dependencies are not known: {error}"
            self._findings.append(Finding("unreadable", changed.path, None, words))
            return
        try:
            before = known.parse(old) if old is not None else {}
        except Unreadable:  # then all that the new version names is new
            before = {}
        self._manifests.append(_Manifest(changed, known, before, after))

    def findings(self) -> list[Finding]:
        """One finding for each new dependency, with its line; and those about lock files and unreadable manifests."""
        return self._findings + [finding for _, finding in self._new()]

    def names(self) -> tuple[str, ...] | None:
        """The names of new dependencies, sorted; None when a manifest could not be read."""
        return None if self._unknown else tuple(sorted({name for name, _ in self._new()}))

    def _new(self) -> list[tuple[str, Finding]]:
        known: set[tuple[str, str]] = set()
        for manifest in self._manifests:
            known.update((manifest.format.ecosystem, manifest.format.identity(name)) for name in manifest.before)
        found = []
        for manifest in self._manifests:
            looked_for = 0
            lowered = manifest.changed.added.text.lower()
            for name, where in manifest.after.items():
                key = manifest.format.identity(name)
                if where == INDIRECT or (manifest.format.ecosystem, key) in known:
                    continue
                looked_for += 1
                line = _line_of(name, manifest.changed, lowered) if looked_for <= LINES_LOOKED_FOR else None
                words = f"{name} ({manifest.format.ecosystem}), in {where}"
                found.append((key, Finding("new-dependency", manifest.changed.path, line, words)))
        return found


def _line_of(name: str, changed: ChangedFile, lowered: str) -> int | None:
    """The added line that names it, else its last part (`artifact` of `group:artifact`).

    `lowered` is the added text in lower case, so that a plain search finds what is written in another case.
    """
    for part in (name, re.split(r"[:/]", name)[-1]):
        wanted, at = part.lower(), -1
        for _ in range(TRIES if wanted else 0):
            at = lowered.find(wanted, at + 1)
            if at < 0:
                break
            around = lowered[at - 1 : at] + lowered[at + len(wanted) : at + len(wanted) + 1]
            if not any(letter.isalnum() or letter in "_-" for letter in around):
                return changed.added.numbers[lowered.count("\n", 0, at)]
    return None
