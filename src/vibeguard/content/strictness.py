"""Settings of linters, type checkers and coverage that a change relaxes: both versions are read and compared.

A row of `RULES` names files, keys, and what a weaker value is. A file that comes in with the change relaxes nothing:
there was nothing before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from vibeguard.content import structured
from vibeguard.content.guards import KIND
from vibeguard.content.lines import ChangedFile, Side
from vibeguard.content.structured import Unreadable, Value
from vibeguard.model import Finding
from vibeguard.tuples import NamedTuple

Version = Callable[[], bytes | None]


class Rule(NamedTuple):
    """Which keys (a pattern) of which files (names, `*` for any characters), and how they may not change.

    `effect`: `grows`, a list gets more entries; `shrinks`, it loses some; `off`, a switch or a severity goes down;
    `on`, a switch goes on; `lowered` and `raised`, a number.
    """

    files: str
    keys: str
    effect: str


_RUFF = r"(?:tool\.ruff\.)?(?:lint\.)?"
_MYPY = r"(?:tool\.)?mypy(?:-[^.]{0,100})?\.(?:overrides\.[^ ]{0,200}\.)?"
RULES: tuple[Rule, ...] = (
    Rule(
        "pyproject.toml ruff.toml .ruff.toml",
        _RUFF + r"(?:extend-)?(?:ignore|per-file-ignores\..{1,200}|unfixable|exclude)",
        "grows",
    ),
    Rule("pyproject.toml ruff.toml .ruff.toml", _RUFF + r"(?:extend-)?select", "shrinks"),
    Rule("pyproject.toml ruff.toml .ruff.toml", _RUFF + r"mccabe\.max-complexity", "raised"),
    Rule("pyproject.toml mypy.ini .mypy.ini setup.cfg tox.ini", _MYPY + r"disable_error_code", "grows"),
    Rule(
        "pyproject.toml mypy.ini .mypy.ini setup.cfg tox.ini",
        _MYPY
        + r"(?:strict\w{0,40}|disallow_\w{1,60}|warn_\w{1,60}|check_untyped_defs|no_implicit_\w{1,40}|extra_checks)",
        "off",
    ),
    Rule(
        "pyproject.toml mypy.ini .mypy.ini setup.cfg tox.ini",
        _MYPY + r"(?:ignore_errors|ignore_missing_imports|allow_\w{1,60}|follow_untyped_imports)",
        "on",
    ),
    Rule(
        "pyproject.toml pyrightconfig.json",
        r"(?:tool\.pyright\.)?(?:report\w{1,60}|typeCheckingMode|strict\w{0,40})",
        "off",
    ),
    Rule("pyproject.toml pylintrc .pylintrc", r"(?:tool\.pylint\..{0,60}|messages control\.)disable", "grows"),
    Rule("pyproject.toml .bandit", r"(?:tool\.)?bandit\.(?:skips|exclude_dirs|exclude)", "grows"),
    Rule(
        "pyproject.toml .coveragerc setup.cfg tox.ini",
        r"(?:tool\.)?(?:coverage[.:])?(?:report\.)?fail_under",
        "lowered",
    ),
    Rule(
        "pyproject.toml .coveragerc setup.cfg tox.ini",
        r"(?:tool\.)?(?:coverage[.:])?(?:run|report)\.omit",
        "grows",
    ),
    Rule("pyproject.toml", r"tool\.pytest\.ini_options\.xfail_strict", "off"),
    Rule(".flake8 setup.cfg tox.ini", r"flake8\.(?:extend-)?(?:ignore|per-file-ignores|exclude)", "grows"),
    Rule(".flake8 setup.cfg tox.ini", r"flake8\.(?:extend-)?select", "shrinks"),
    Rule(".flake8 setup.cfg tox.ini", r"flake8\.max-complexity", "raised"),
    Rule("package.json jest.config.json", r"(?:jest\.)?coverageThreshold\..{1,80}", "lowered"),
    Rule(
        "package.json .eslintrc .eslintrc.json .eslintrc.yml .eslintrc.yaml",
        r"(?:eslintConfig\.)?(?:overrides\.[^ ]{0,200}\.)?rules\..{1,120}",
        "off",
    ),
    Rule(
        "tsconfig*.json jsconfig*.json",
        r"compilerOptions\.(?:strict\w{0,40}|no[A-Z]\w{1,60}|exact\w{1,40}|checkJs)",
        "off",
    ),
    Rule("biome.json biome.jsonc", r"(?:overrides\.[^ ]{0,60}\.)?linter\.(?:enabled|rules\..{1,120})", "off"),
    Rule(".oxlintrc.json", r"(?:rules|categories)\..{1,120}", "off"),
    Rule(".stylelintrc .stylelintrc.json .stylelintrc.yml .stylelintrc.yaml", r"rules\..{1,120}", "off"),
    Rule(".nycrc .nycrc.json .c8rc.json", r"branches|lines|functions|statements", "lowered"),
    Rule(".nycrc .nycrc.json .c8rc.json", r"check-coverage", "off"),
    Rule(
        ".golangci.yml .golangci.yaml",
        r"linters\.disable|issues\.exclude(?:-\w{1,20})?|(?:linters\.)?exclusions\.\w{1,20}",
        "grows",
    ),
    Rule(".golangci.yml .golangci.yaml", r"linters\.enable", "shrinks"),
    Rule(".rubocop.yml .rubocop_todo.yml .rubocop.yaml", r".{1,120}\.Enabled", "off"),
    Rule(".rubocop.yml .rubocop_todo.yml .rubocop.yaml", r".{1,120}\.Exclude", "grows"),
    Rule("codecov.yml codecov.yaml .codecov.yml .codecov.yaml", r"coverage\.status\..{0,80}target", "lowered"),
    Rule("codecov.yml codecov.yaml .codecov.yml .codecov.yaml", r"coverage\.status\..{0,80}informational", "on"),
    Rule("Cargo.toml", r"(?:workspace\.)?lints\..{1,120}", "off"),
    Rule(".swiftlint.yml .swiftlint.yaml", r"disabled_rules|excluded", "grows"),
    Rule(".swiftlint.yml .swiftlint.yaml", r"opt_in_rules|only_rules", "shrinks"),
    Rule("detekt*.yml detekt*.yaml", r".{1,120}\.active", "off"),
    Rule("phpstan*.neon phpstan*.neon.dist", r"parameters\.level", "lowered"),
    Rule("phpstan*.neon phpstan*.neon.dist", r"parameters\.ignoreErrors", "grows"),
    Rule("hadolint.yaml .hadolint.yaml .hadolint.yml", r"ignored", "grows"),
    Rule("analysis_options.yaml", r"analyzer\.errors\..{1,80}|linter\.rules\..{1,80}", "off"),
    Rule(".pre-commit-config.yaml .pre-commit-config.yml", r"ci\.skip", "grows"),
)
_RANK = {
    **dict.fromkeys(("off", "0", "allow", "none", "false", "ignore", "no", "disabled"), 0),
    **dict.fromkeys(("warn", "1", "warning", "information", "info", "basic"), 1),
    "standard": 2,
    **dict.fromkeys(("error", "2", "deny", "true", "on", "yes", "enabled"), 3),
    **dict.fromkeys(("forbid", "strict", "all"), 4),
}
_IGNORE_FILES = frozenset(
    (
        ".gitleaksignore",
        ".trivyignore",
        ".semgrepignore",
        ".eslintignore",
        ".snyk",
        ".nancy-ignore",
        ".secretlintignore",
    )
)
_FAIL_UNDER = re.compile(
    r"(?:cov-fail-under|fail[-_]under|--min-coverage|minimum_coverage)[\"']?[ \t]{0,4}[=: ][ \t]{0,4}[\"']?(\d{1,3})"
)
_SCRIPT_RULE = re.compile(r"""["']([\w@/.-]{1,80})["'][ \t]{0,4}:[ \t]{0,4}\[?[ \t]{0,4}(?:["']off["']|0\b)""")
_SCRIPT_THRESHOLD = re.compile(r"""\b(branches|lines|functions|statements)["']?[ \t]{0,4}:[ \t]{0,4}(\d{1,3})""")


def scan(changed: ChangedFile, before: Version, after: Version) -> list[Finding]:
    """What the change relaxes in one file of settings, with the line of the setting."""
    if not changed.file.exists_before:
        return []
    name = changed.path.rsplit("/", 1)[-1]
    found = _numbers(changed, _FAIL_UNDER)
    if name in _IGNORE_FILES:
        found += _ignore_file(changed)
    elif name.startswith(("eslint.config.", ".eslintrc.")) and name.endswith(("js", "ts")):
        found += _script_rules(changed)
    elif name.startswith(("jest.config.", "vitest.config.", "vite.config.")):
        found += _numbers(changed, _SCRIPT_THRESHOLD)
    elif changed.file.exists_after:
        rules = _rules_of(name)
        if rules:
            found += _compared(changed, rules, before(), after())
        if name.startswith(".pre-commit-config."):
            found += _hooks(changed, before(), after())
    elif name.startswith(".pre-commit-config."):
        found += _hooks(changed, before(), b"")
    return found


def _rules_of(name: str) -> list[Rule]:
    exact, open_ended = _rules_by_name()
    return exact.get(name, []) + [
        rule for head, tail, rule in open_ended if name.startswith(head) and name.endswith(tail)
    ]


@lru_cache(maxsize=1)
def _rules_by_name() -> tuple[dict[str, list[Rule]], list[tuple[str, str, Rule]]]:
    exact: dict[str, list[Rule]] = {}
    open_ended = []
    for rule in RULES:
        for pattern in rule.files.split():
            head, star, tail = pattern.partition("*")
            if star:
                open_ended.append((head, tail, rule))
            else:
                exact.setdefault(pattern, []).append(rule)
    return exact, open_ended


def _compared(changed: ChangedFile, rules: list[Rule], old: bytes | None, new: bytes | None) -> list[Finding]:
    if old is None or new is None:
        return []
    name = changed.path.rsplit("/", 1)[-1]
    try:
        was, now = _read(name, old), _read(name, new)
    except Unreadable:
        return []  # an unreadable manifest is told by `manifests`; a checker refuses settings that it cannot read
    found = []
    for key in was | now:
        for rule in rules:
            if re.fullmatch(rule.keys, key):
                words = _weaker(rule.effect, was.get(key), now.get(key))
                if words:
                    line = _line_of(key, changed.added if key in now else changed.removed)
                    found.append(Finding(KIND, changed.path, line, f"{key}: {words}"))
    return sorted(found, key=lambda finding: finding.line or 0)


def _read(name: str, content: bytes) -> dict[str, Value]:
    if name.endswith(".toml"):
        return structured.flat(structured.toml(content))
    if name.endswith((".yml", ".yaml", ".neon", ".dist")):
        return structured.flat({key: value for part in structured.yaml(content) for key, value in _top(part).items()})
    if name.endswith((".json", ".jsonc")) or name in (".nycrc", ".eslintrc", ".stylelintrc"):
        return structured.flat(structured.json(content, comments=True))
    sections = structured.ini(content)
    return {f"{section.lower()}.{key}": value for section, items in sections.items() for key, value in items.items()}


def _top(document: Value) -> dict[str, Value]:
    return structured.mapping(document)


def _weaker(effect: str, was: Value, now: Value) -> str:
    """Why the new value is weaker than the old one; "" when it is not."""
    if effect == "grows":
        more = [item for item in _items(now) if item not in set(_items(was))]
        return f"now holds {', '.join(more[:5])}" + (", …" if len(more) > 5 else "") if more else ""
    if effect == "shrinks":
        less = [item for item in _items(was) if item not in set(_items(now))]
        return f"no longer holds {', '.join(less[:5])}" + (", …" if len(less) > 5 else "") if less else ""
    if effect in ("lowered", "raised"):
        old, new = _number(was), _number(now)
        if old is not None and new is None and now is None:
            return f"removed (was {was})"
        weaker = old is not None and new is not None and (new < old if effect == "lowered" else new > old)
        return f"{effect} from {was} to {now}" if weaker else ""
    old_rank, new_rank = _rank(was), _rank(now)
    if effect == "on":
        return "switched on" if new_rank >= 3 and old_rank < 3 else ""
    if was is None:
        # a new switch that is off says nothing new, a severity that is off does
        return (
            f"set to {_severity(now)}"
            if new_rank == 0 and not isinstance(now, bool) and _severity(now) != "false"
            else ""
        )
    if now is None:
        return f"removed (was {_severity(was)})" if old_rank >= 3 else ""
    return f"from {_severity(was)} to {_severity(now)}" if 0 <= new_rank < old_rank else ""


def _items(value: Value) -> list[str]:
    if isinstance(value, str):
        return [item for line in value.split("\n") for item in re.split(r"[,\s]+", line.split("#", 1)[0]) if item]
    return [item if isinstance(item, str) else repr(item) for item in structured.sequence(value)]


def _number(value: Value) -> float | None:
    match = re.match(r"-?\d{1,9}(?:\.\d{1,9})?", str(value)) if not isinstance(value, (list, dict)) else None
    return float(match.group()) if match is not None else None


def _severity(value: Value) -> str:
    """The severity in a setting: alone, first of a list, or in a table."""
    if isinstance(value, list):
        return _severity(value[0]) if value else ""
    if isinstance(value, dict):
        return _severity(value.get("level", ""))
    return str(value).lower()


def _rank(value: Value) -> int:
    return _RANK.get(_severity(value), -1)


def _line_of(key: str, side: Side) -> int | None:
    for part in (key.rsplit(".", 1)[-1], key.split(".")[-2] if "." in key else ""):
        if part:
            for place, line in side.lines_with((part,)):
                if part in line:
                    return side.numbers[place]
    return side.numbers[0] if side.numbers else None


def _numbers(changed: ChangedFile, pattern: re.Pattern[str]) -> list[Finding]:
    """Thresholds on changed lines: the highest that was there against the highest that is."""
    was = [(int(match.groups()[-1]), place, match.group()) for place, _, match in changed.removed.matches(pattern)]
    now = [(int(match.groups()[-1]), place) for place, _, match in changed.added.matches(pattern)]
    if not was or ("test" in changed.facts.kinds and "config" not in changed.facts.kinds):
        return []
    highest, place, words = max(was)
    if not now:
        return [Finding(KIND, changed.path, changed.removed.numbers[place], f"threshold removed: {words}")]
    new, place = max(now)
    if new < highest:
        words = f"threshold lowered from {highest} to {new}"
        return [Finding(KIND, changed.path, changed.added.numbers[place], words)]
    return []


def _script_rules(changed: ChangedFile) -> list[Finding]:
    """Rules switched off in a configuration that is a program: what cannot be run is read line by line."""
    known = {match.group(1) for _, _, match in changed.removed.matches(_SCRIPT_RULE)}
    return [
        Finding(KIND, changed.path, changed.added.numbers[place], f"{match.group(1)}: switched off")
        for place, _, match in changed.added.matches(_SCRIPT_RULE)
        if match.group(1) not in known
    ]


def _ignore_file(changed: ChangedFile) -> list[Finding]:
    known = set(changed.removed.lines())
    return [
        Finding(KIND, changed.path, number, f"now ignored: {line.strip()}")
        for number, line in zip(changed.added.numbers, changed.added.lines(), strict=True)
        if line.strip() and not line.lstrip().startswith("#") and line not in known
    ]


def _hooks(changed: ChangedFile, old: bytes | None, new: bytes | None) -> list[Finding]:
    """Hooks of pre-commit that are gone, or now run only by hand."""
    if old is None or new is None:
        return []
    try:
        was, now = _hook_ids(old), _hook_ids(new)
    except Unreadable:
        return []
    found = []
    for hook, manual in was.items():
        side = changed.removed if hook not in now else changed.added
        if hook not in now:
            found.append(Finding(KIND, changed.path, _line_of(hook, side), f"hook removed: {hook}"))
        elif now[hook] and not manual:
            found.append(Finding(KIND, changed.path, _line_of("stages", side), f"hook runs only by hand now: {hook}"))
    return found


def _hook_ids(content: bytes) -> dict[str, bool]:
    found = {}
    for document in structured.yaml(content):
        for entry in structured.sequence(_top(document).get("repos")):
            for hook in structured.sequence(_top(entry).get("hooks")):
                name = _top(hook).get("id")
                if isinstance(name, str):
                    found[name] = structured.texts(_top(hook).get("stages")) == ["manual"]
    return found
