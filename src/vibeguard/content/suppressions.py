"""Comments and annotations that tell a checker to look away: the table behind `guards`.

Origins: the documentation of each tool. A marker in a comment counts only where a comment can stand; an annotation
counts only outside of strings. `_ANY` holds in every language, since scanners of secrets and security do.
"""

from __future__ import annotations

import re
from functools import lru_cache

_ARGUMENTS = r"(?:[:=\[(][^\n#*]{0,80})?"

_CODE_ARGUMENTS = r"(?:[ \t]?\([^()\n]{0,80}\)?|[ \t]{1,9}(?:CS|CA|IDE|SA|\"-W|C)[\w, \"-]{1,80})?"

_ANY = (
    r"nosemgrep|NOSONAR|gitleaks:allow|trufflehog:ignore|pragma:[ ]?allowlist[ ](?:nextline[ ])?secret|nosec\b"
    r"|codeql\["
    r"|lgtm\[|checkov:skip|tfsec:ignore|trivy:ignore|kics-scan[ ]ignore|snyk:ignore|zizmor:[ ]?ignore"
    r"|spectral:disable"
    r"|hadolint[ ](?:global[ ])?ignore|shellcheck[ ]disable|yamllint[ ]disable|actionlint:ignore|semgrep-ignore"
    r"|dlint:ignore"
)
_COVERAGE = r"pragma:[ ]?no[ -]?(?:cover|branch)|LCOV_EXCL_\w+|GCOVR_EXCL_\w+|tarpaulin::skip|grcov[ -]excl\w*"

_COMMENT: dict[str, str] = {
    "python": r"(?:ruff:[ ]?|flake8:[ ]?)?noqa\b|type:[ ]?ignore|pylint:[ ]?(?:disable|skip-file)[\w-]*"
    r"|pyright:[ ]?(?:ignore|basic)"
    r"|mypy:[ ]?(?:ignore-errors|disable-error-code|allow-\w+)|pyre-(?:ignore|fixme|unsafe)"
    r"|pytype:[ ]?(?:disable|skip-file)"
    r"|ty:[ ]?ignore|pyrefly:[ ]?ignore|bandit:[ ]?skip",
    "javascript": r"eslint-disable[\w-]*|@ts-(?:ignore|expect-error|nocheck)\b|tslint:disable[\w-]*"
    r"|istanbul[ ]ignore|c8[ ]ignore|v8[ ]ignore"
    r"|biome-ignore[\w-]*|oxlint-disable[\w-]*|stylelint-disable[\w-]*|deno-(?:lint|coverage)-ignore[\w-]*"
    r"|\$Flow(?:FixMe|Ignore|IgnoreFile|ExpectedError)\b|jshint[ ]ignore|standard:disable|xo-disable",
    "go": r"nolint\b|lint:(?:file-)?ignore\b|revive:disable[\w-]*|exhaustive:ignore|gosec:disable|govulncheck:ignore",
    "java": r"NOPMD|CHECKSTYLE[.: ]?(?:OFF|DISABLE)|CPD-OFF|detekt:suppress|scalastyle:off|scalafix:off"
    r"|ktlint-disable"
    r"|coverage:ignore|\$COVERAGE-OFF\$",
    "c": r"NOLINT(?:NEXTLINE|BEGIN)?\b|cppcheck-suppress[\w-]*|coverity\[|lint[ ](?:-e|!e)\d+",
    "rust": r"cargo-mutants:skip|coverage:ignore",
    "ruby": r"rubocop:(?:disable|todo)|:nocov:|standard:disable|steep:ignore|reek:|brakeman:ignore"
    r"|erb_lint:disable|typed:[ ]?(?:false|ignore)",
    "c#": r"ReSharper[ ]disable|StyleCop[ ]disable",
    "php": r"@phpstan-ignore[\w-]*|@psalm-suppress|phpcs:(?:ignore|disable)|@codeCoverageIgnore\w*"
    r"|@SuppressWarnings\b|@noRector",
    "swift": r"swiftlint:disable[\w:]*|swiftformat:disable",
    "dart": r"ignore:[ ]?\w+|ignore_for_file:|coverage:ignore-\w+",
    "elixir": r"credo:disable[\w-]*|coveralls-ignore[\w-]*|sobelow_skip",
    "haskell": r"HLINT[ ]ignore|stan:[ ]?disable",
    "lua": r"luacheck:[ ]?(?:ignore|no)\b|selene:[ ]?allow",
    "sql": r"noqa\b|sqlfluff:[ ]?(?:exclude|off)|squawk-ignore",
    "hcl": r"tflint-ignore[\w-]*",
    "solidity": r"slither-disable[\w-]*|solhint-disable[\w-]*|mythx-disable",
    "dockerfile": r"check=(?:skip|error=false)",
    "css": r"stylelint-disable[\w-]*",
    "yaml": r"ansible-lint:[ ]?skip|noqa\b|kube-linter:[ ]?ignore|ignore-check\.kube-linter|cfn-lint:[ ]?ignore",
}
_CODE: dict[str, str] = {
    "java": r"@(?:file:)?Suppress(?:Warnings|FBWarnings|Lint)?\b|@nowarn\b|@SuppressWarnings\b"
    r"|@ExcludeFromCoverage\w*",
    "c": r"#[ \t]{0,9}pragma[ \t]{1,9}(?:GCC|clang)[ \t]{1,9}diagnostic[ \t]{1,9}ignored\b"
    r"|#[ \t]{0,9}pragma[ \t]{1,9}warning[ \t]{0,9}\([ \t]{0,9}disable"
    r"|\[\[(?:gsl::suppress|clang::no_sanitize)|\bno_sanitize\b",
    "rust": r"#!?\[(?:cfg_attr\([^\]\n]{1,80},[ ]?)?(?:allow|expect)\([^\]\n]{1,120}|#\[coverage\(off\)",
    "c#": r"#pragma[ \t]{1,9}warning[ \t]{1,9}disable|\[(?:assembly: ?)?(?:[\w.]{1,80}\.)?SuppressMessage\b"
    r"|#nullable[ \t]{1,9}disable"
    r"|\[(?:[\w.]{1,80}\.)?ExcludeFromCodeCoverage\b",
    "elixir": r"@dialyzer[ \t(]{1,9}",
    "haskell": r"\{-#[ ]ANN[ ][^\n]{0,60}HLint|\{-#[ ]OPTIONS_GHC[ ][^\n]{0,40}-(?:w|fno-warn|Wno)",
    "python": r"@(?:typing\.)?no_type_check\b",
}
_FAMILY: dict[str, str] = {
    **dict.fromkeys(("cython", "starlark"), "python"),
    **dict.fromkeys(("typescript", "tsx", "vue", "svelte", "astro", "coffeescript", "html"), "javascript"),
    **dict.fromkeys(("kotlin", "scala", "groovy", "gradle", "gradle kotlin dsl"), "java"),
    **dict.fromkeys(("c++", "objective-c", "objective-c++", "cuda"), "c"),
    **dict.fromkeys(("scss", "less", "sass"), "css"),
    "crystal": "ruby",
    "f#": "c#",
}


# These count anywhere in a comment; all others only where the comment, or a part of it, begins.
_ANYWHERE = "NOLINT NOSONAR NOPMD LCOV GCOVR CHECKSTYLE gitleaks trufflehog pragma:allow nosemgrep coverity"
ANYWHERE = (*_ANYWHERE.split(), "pragma: allow")

# Every marker holds one of these words. Patterns are compiled, and run on a line, only where one stands: compiling
# them costs more than all else that this room does for a small change, and a search for a word runs at memory speed.
_WORDS = (
    "ignore IGNORE disable DISABLE noqa nosec nosem nolint NOLINT NOSONAR NOPMD nocov pragma _EXCL_ allow( :allow "
    ":skip skip-file grcov suppress Suppress CPD-OFF :off OFF @ts- $Flow codeql[ lgtm[ pyright: mypy: pyre- bandit: "
    "reek: coverity[ typed: @phpstan @psalm phpcs: codeCoverageIgnore @noRector coverage: coverage( sobelow_skip stan: "
    "luacheck: selene: sqlfluff: check= lint expect( @nowarn ExcludeFrom diagnostic warning no_sanitize nullable "
    "@dialyzer {-# no_type_check standard: xo-"
)


@lru_cache(maxsize=1)
def words() -> tuple[str, ...]:
    """Words of which at least one stands in every marker."""
    return tuple(_WORDS.split())


@lru_cache(maxsize=64)
def suppressions(language: str | None) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """The patterns of a language, with those that hold in all of them: within comments, and as code.

    Each matches the marker with its arguments.
    """
    family = _FAMILY.get(language or "", language or "")
    own = _COMMENT.get(family, "")
    comment = "|".join(part for part in (own, _ANY, _COVERAGE) if part)
    # The marker begins a word: `not_nosec` is another one.
    return (
        re.compile(rf"(?<![\w-])(?:{comment}){_ARGUMENTS}"),
        re.compile(rf"(?:{_CODE[family]}){_CODE_ARGUMENTS}" if family in _CODE else r"(?!)"),
    )
