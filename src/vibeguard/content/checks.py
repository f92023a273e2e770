"""Checks that CI, a hook or a build stops running, by the tools that their commands name.

The text is searched, not the format of each CI service: a tool that stands in no file of the change any more, where
it stood before, was removed. Moving `pytest` from a workflow into the Makefile that it calls removes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from vibeguard.content.guards import KIND
from vibeguard.content.lines import ChangedFile
from vibeguard.model import Finding

Version = Callable[[], bytes | None]

LIMIT = 1 << 20  # bytes of a file that are searched

# What a command line names when it checks something. Versions and arguments do not count.
_TOOLS = (
    r"pytest|py\.test|tox|nox|unittest|ruff|flake8|pylint|mypy|pyright|basedpyright|bandit|pip-audit|safety"
    r"|vulture|codespell"
    r"|black|isort|eslint|tsc|vue-tsc|jest|vitest|mocha|karma|playwright|cypress|biome|oxlint|stylelint|prettier"
    r"|(?:npm|pnpm|yarn|bun|deno)[ ](?:run[ ])?(?:test|lint|typecheck|type-check|check|audit|coverage"
    r"|e2e)[\w:-]{0,30}"
    r"|go[ ](?:test|vet)|golangci-lint(?:-action)?|staticcheck|govulncheck|gosec|errcheck|gofmt|goimports"
    r"|cargo[ ](?:\+\w{1,20}[ ])?(?:test|nextest|clippy|fmt|audit|deny|miri|semver-checks|hack|machete|vet)"
    r"|(?:mvnw?|\./mvnw)[ ][\w: -]{0,60}?(?:test|verify|check)|(?:gradlew?|\./gradlew)[ ][\w: -]{0,60}?(?:test"
    r"|check)\w{0,30}"
    r"|checkstyle|spotbugs|pmd|detekt|ktlint|scalafmt|sbt[ ]\w{0,20}test"
    r"|rspec|rubocop|brakeman|bundle-audit|standardrb|(?:rake|rails)[ ]test|phpunit|phpstan|psalm|phpcs|pest"
    r"|dotnet[ ](?:test|format)|swift[ ]test|swiftlint|xcodebuild[ ][\w -]{0,60}?test|ctest|clang-tidy"
    r"|clang-format|cppcheck"
    r"|shellcheck|shfmt|bats|hadolint|yamllint|actionlint|zizmor|markdownlint(?:-cli2)?|semgrep|codeql|snyk"
    r"|trivy|grype"
    r"|gitleaks|trufflehog|detect-secrets|checkov|tfsec|tflint|terraform[ ](?:validate|plan|fmt)|kubeconform"
    r"|kube-linter"
    r"|sonar-scanner|sonarqube-scan-action|sonarcloud-github-action|codecov|coveralls|dependency-review-action"
    r"|osv-scanner"
    r"|scorecard-action|pre-commit|prek|lefthook|commitlint|danger|vibeguard|buf[ ](?:lint|breaking)|sqlfluff"
    r"|dialyzer"
    r"|mix[ ](?:test|credo|format|dialyzer)|flutter[ ](?:test|analyze)|dart[ ](?:test|analyze)|(?:make|just"
    r"|task)[ ][\w-]{0,30}"
    r"(?:test|lint|check|verify|vet|audit)[\w-]{0,30}"
    r"|(?:\.{0,2}/)?(?:bin|scripts?|ci|hack|tools)/[\w./-]{0,60}(?:test|lint|check|verify|audit|scan)[\w.-]{0,40}"
)
_NAMES = re.compile(r"^[ \t]*-?[ \t]*(?:name|id|key|path|title|description|group|needs|label)[ \t]*:|^[ \t]*(?:#|//)")


@lru_cache(maxsize=1)
def _tools() -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.\-])(?:{_TOOLS})(?![\w\-]|\.(?!$|[ \t])|:[ \t])")


class Removed:
    """Takes the files of a change one by one; says at the end which checks are gone from all of them."""

    def __init__(self) -> None:
        self._before: dict[str, tuple[str, int]] = {}  # tool: path and line of its first place
        self._after: set[str] = set()

    def add(self, changed: ChangedFile, before: Version, after: Version) -> None:
        """Look at one file of CI, of hooks, or of the build that they call."""
        kinds, path = changed.facts.kinds, changed.path
        if "ci" in kinds or path.startswith((".husky/", ".githooks/")) or "lefthook" in path:
            for line, tool in found_in(before()):
                self._before.setdefault(tool, (path, line))
        self._after.update(tool for _, tool in found_in(after()))

    def findings(self) -> list[Finding]:
        """One for each check that is gone, with its place before the change."""
        return [
            Finding(KIND, path, line, f"check removed: {tool}")
            for tool, (path, line) in self._before.items()
            if tool not in self._after
        ]


def found_in(content: bytes | None) -> list[tuple[int, str]]:
    """Line and name of each tool that the commands of a file name."""
    if content is None:
        return []
    found = []
    for number, line in enumerate(content[:LIMIT].decode("utf-8", "replace").split("\n"), 1):
        if len(line) < 1000 and not _NAMES.match(line):
            tools = (_named(match.group()) for match in _tools().finditer(line))
            found += [(number, tool) for tool in tools if "install" not in tool and "download" not in tool]
    return found


def _named(command: str) -> str:
    """The tool and what it is asked for, without options and wrappers: `mvn verify` of `./mvnw --batch-mode verify`."""
    words = command.split()
    tool = words[0].removeprefix("./")
    tool = tool[:-1] if tool in ("mvnw", "gradlew") else tool
    return tool if len(words) == 1 else f"{tool} {words[-1]}"
