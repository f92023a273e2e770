"""Which dependencies are new: each manifest before and after the change, and lock files by their added lines.

A version bump is no new dependency, and neither is one that moves from one manifest of the change to another of the
same ecosystem, or stops being an indirect one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from vibeguard.content.lines import ChangedFile
from vibeguard.content.manifests import delivery, javascript, jvm, native, python
from vibeguard.content.manifests.locks import new_in_lock
from vibeguard.content.structured import Unreadable
from vibeguard.model import Finding

LINES_LOOKED_FOR = 200  # new names whose line is searched for in one manifest

Version = Callable[[], bytes | None]


class Format(NamedTuple):
    """How a manifest is read, and what makes two of its names the same dependency."""

    ecosystem: str
    parse: Callable[[bytes], dict[str, str]]  # name to where it stands
    key: Callable[[str], str]


def _same(name: str) -> str:
    return name


def _lower(name: str) -> str:
    return name.lower()


_PYPI = python.normalized
_BY_NAME: dict[str, Format] = {
    "pyproject.toml": Format("pypi", python.pyproject, _PYPI),
    "setup.cfg": Format("pypi", python.setup_cfg, _PYPI),
    "setup.py": Format("pypi", python.setup_py, _PYPI),
    "Pipfile": Format("pypi", python.pipfile, _PYPI),
    "environment.yml": Format("conda", python.conda, _PYPI),
    "environment.yaml": Format("conda", python.conda, _PYPI),
    "package.json": Format("npm", javascript.package_json, _same),
    "bower.json": Format("npm", javascript.package_json, _same),
    "pnpm-workspace.yaml": Format("npm", javascript.pnpm_workspace, _same),
    "deno.json": Format("deno", javascript.deno, javascript.deno_key),
    "deno.jsonc": Format("deno", javascript.deno, javascript.deno_key),
    "go.mod": Format("go", native.go_mod, native.go_key),
    "Cargo.toml": Format("crates.io", native.cargo, lambda name: name.replace("_", "-")),
    "Gemfile": Format("rubygems", native.gemfile, _same),
    "gems.rb": Format("rubygems", native.gemfile, _same),
    "composer.json": Format("packagist", native.composer, _lower),
    "pom.xml": Format("maven", jvm.maven, _same),
    "build.gradle": Format("maven", jvm.gradle, _same),
    "build.gradle.kts": Format("maven", jvm.gradle, _same),
    "settings.gradle": Format("maven", jvm.gradle, _same),
    "settings.gradle.kts": Format("maven", jvm.gradle, _same),
    "libs.versions.toml": Format("maven", jvm.gradle_catalog, _same),
    "build.sbt": Format("maven", jvm.sbt, _same),
    "Directory.Packages.props": Format("nuget", jvm.dotnet, _lower),
    "Directory.Build.props": Format("nuget", jvm.dotnet, _lower),
    "packages.config": Format("nuget", jvm.dotnet, _lower),
    "pubspec.yaml": Format("pub", native.pubspec, _same),
    "mix.exs": Format("hex", native.mix, _same),
    "Package.swift": Format("swift", native.swift, native.swift_key),
    "Podfile": Format("cocoapods", native.podfile, _same),
    "Cartfile": Format("carthage", native.cartfile, _lower),
    "cpanfile": Format("cpan", native.cpanfile, _same),
    "conanfile.txt": Format("conan", native.conan, _same),
    "conanfile.py": Format("conan", native.conan, _same),
    "vcpkg.json": Format("vcpkg", native.vcpkg, _same),
    "CMakeLists.txt": Format("cmake", native.cmake, _lower),
    "MODULE.bazel": Format("bazel", native.bazel, _same),
    "WORKSPACE": Format("bazel", native.bazel, _same),
    "WORKSPACE.bazel": Format("bazel", native.bazel, _same),
    "Brewfile": Format("homebrew", native.brewfile, _same),
    "Project.toml": Format("julia", native.julia, _same),
    "elm.json": Format("elm", native.elm, _same),
    "DESCRIPTION": Format("cran", native.r_description, _same),
    ".pre-commit-config.yaml": Format("pre-commit", delivery.pre_commit, native.swift_key),
    ".pre-commit-config.yml": Format("pre-commit", delivery.pre_commit, native.swift_key),
    ".gitlab-ci.yml": Format("gitlab", delivery.gitlab_ci, delivery.image_key),
    "Chart.yaml": Format("helm", delivery.helm, _same),
}
_DOCKER = Format("docker", delivery.dockerfile, delivery.image_key)
_COMPOSE = Format("docker", delivery.compose, delivery.image_key)
_ACTIONS = Format("github-actions", delivery.github_actions, delivery.action_key)
_CIRCLE = Format("circleci", delivery.circleci, delivery.action_key)
_REQUIREMENTS = Format("pypi", python.requirements, _PYPI)
_TERRAFORM = Format("terraform", delivery.terraform, delivery.module_key)
_GEMSPEC = Format("rubygems", native.gemspec, _same)
_DOTNET = Format("nuget", jvm.dotnet, _lower)
_SBT = Format("maven", jvm.sbt, _same)


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
            known.update((manifest.format.ecosystem, manifest.format.key(name)) for name in manifest.before)
        found = []
        for manifest in self._manifests:
            looked_for = 0
            for name, where in manifest.after.items():
                key = manifest.format.key(name)
                if where == native.INDIRECT or (manifest.format.ecosystem, key) in known:
                    continue
                looked_for += 1
                line = _line_of(name, manifest.changed) if looked_for <= LINES_LOOKED_FOR else None
                words = f"{name} ({manifest.format.ecosystem}), in {where}"
                found.append((key, Finding("new-dependency", manifest.changed.path, line, words)))
        return found


def _line_of(name: str, changed: ChangedFile) -> int | None:
    """The added line that names it, else its last part (`artifact` of `group:artifact`)."""
    for part in (name, re.split(r"[:/]", name)[-1]):
        if part:
            pattern = re.compile(rf"(?<![\w.-]){re.escape(part)}(?![\w-])", re.IGNORECASE)
            for place, _, _ in changed.added.matches(pattern):
                return changed.added.numbers[place]
    return None
