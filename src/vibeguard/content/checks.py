"""Checks that CI, a hook or a build stops running, by the tools that their commands name.

The text is searched, not the format of each CI service: a tool that stands in no file of the change any more, where
it stood before, was removed. Moving `pytest` from a workflow into the Makefile that it calls removes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from vibeguard.content import structured
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
# Ids of jobs that check something, by their words.
_CHECKS = re.compile(
    r"test|lint|check|scan|audit|verif|valid|secur|coverage|analy[sz]|types|typing|format|sast|quality", re.I
)
_STARTS = frozenset(("pull_request", "push", "merge_group", "pull_request_target"))
_NAMES = re.compile(r"^[ \t]*-?[ \t]*(?:name|id|key|path|title|description|group|needs|label)[ \t]*:|^[ \t]*(?:#|//)")


@lru_cache(maxsize=1)
def _tools() -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.\-])(?:{_TOOLS})(?![\w\-]|\.(?!$|[ \t])|:[ \t])")


class Removed:
    """Takes the files of a change one by one; says at the end which checks are gone from all of them."""

    def __init__(self) -> None:
        self._before: dict[str, tuple[str, int]] = {}  # tool: path and line of its first place
        self._after: set[str] = set()
        self._jobs_before: dict[str, ChangedFile] = {}
        self._jobs_after: set[str] = set()
        self._triggers: list[Finding] = []

    def add(self, changed: ChangedFile, before: Version, after: Version) -> None:
        """Look at one file of CI, of hooks, or of the build that they call."""
        kinds, path = changed.facts.kinds, changed.path
        if "ci" in kinds or path.startswith((".husky/", ".githooks/")) or "lefthook" in path:
            for line, tool in found_in(before()):
                self._before.setdefault(tool, (path, line))
        if "ci" in kinds and path.endswith((".yml", ".yaml")):
            old, new = _jobs_and_triggers(before()), _jobs_and_triggers(after())
            self._jobs_before.update(dict.fromkeys(old[0], changed))
            self._jobs_after |= new[0]
            if changed.file.exists_after and new[1]:
                self._triggers += [
                    Finding(KIND, path, _line_of(trigger, changed), f"CI no longer runs on {trigger}")
                    for trigger in sorted(old[1] - new[1])
                ]
        self._after.update(tool for _, tool in found_in(after()))

    def findings(self) -> list[Finding]:
        """One for each check that is gone, with its place before the change; then jobs that name none of the tools."""
        found = [
            Finding(KIND, path, line, f"check removed: {tool}")
            for tool, (path, line) in self._before.items()
            if tool not in self._after
        ]
        told = {finding.path for finding in found}
        gone = [job for job in self._jobs_before if job not in self._jobs_after and _CHECKS.search(job)]
        new = [job for job in self._jobs_after if job not in self._jobs_before and _CHECKS.search(job)]
        for job in gone[: max(0, len(gone) - len(new))]:  # a renamed job is still there
            changed = self._jobs_before[job]
            if changed.path not in told:
                found.append(Finding(KIND, changed.path, _line_of(job, changed), f"CI job removed: {job}"))
        return found + self._triggers


def _jobs_and_triggers(content: bytes | None) -> tuple[set[str], set[str]]:
    """Ids of jobs (GitHub, CircleCI: below `jobs`; GitLab: whatever has a script), and what GitHub starts them on."""
    jobs: set[str] = set()
    triggers: set[str] = set()
    if content is None:
        return jobs, triggers
    try:
        documents = structured.yaml(content)
    except structured.Unreadable:
        return jobs, triggers
    for document in documents:
        top = structured.mapping(document)
        jobs.update(structured.mapping(top.get("jobs")))
        jobs.update(name for name, job in top.items() if {"script", "trigger"} & structured.mapping(job).keys())
        starts = top.get("on")
        triggers.update(_STARTS & {*structured.texts(starts), *structured.mapping(starts)})
    return jobs, triggers


def _line_of(word: str, changed: ChangedFile) -> int | None:
    """The removed line that names it."""
    return next((changed.removed.numbers[place] for place, _ in changed.removed.lines_with((word,))), None)


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
