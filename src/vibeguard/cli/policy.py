"""`vibeguard policy`: read a policy aloud, check, lint, test and compare it, and see what it can be made of."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from vibeguard.check.policy_files import OnDisk, open_policy
from vibeguard.cli.output import put, put_json
from vibeguard.errors import CONFIG, USAGE, VibeguardError
from vibeguard.policy.load import load
from vibeguard.policy.problems import Problem, render
from vibeguard.policy.rules import Policy
from vibeguard.report.escape import visible

app = typer.Typer(
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
    help="Read, check, test and compare policies.",
)

_POLICY = typer.Argument(
    metavar="[POLICY]", help="A file, or builtin:NAME (default: the repository's .vibeguard.yaml)."
)
_FORMAT = typer.Option("--format", metavar="text|json", help="How to print it.")


@app.command("read")
def read_(policy: Annotated[str, _POLICY] = "", format_: Annotated[str, _FORMAT] = "text") -> int:
    """Every rule as a plain sentence, with all defaults spelled out: what somebody signs."""
    from vibeguard.policy.reading import ALWAYS, read_break_glass, read_policy  # noqa: PLC0415 - this command's own

    _require_format(format_)
    loaded = _load(open_policy(policy))
    readings = read_policy(loaded)
    waivers = [read_break_glass(glass, loaded) for glass in loaded.break_glass]
    if format_ != "text":
        put_json(
            {
                "schema": "vibeguard/policy-read/v1",
                "policy": _described(loaded),
                "always": list(ALWAYS),
                "rules": [
                    {"id": item.id, "source": item.place._asdict(), "sentences": list(item.sentences)}
                    for item in readings
                ],
                "break_glass": waivers,
                "notices": list(loaded.notices),
            }
        )
        return 0
    lines = [f"{loaded.name} ({', '.join(file.path for file in loaded.files)})", "", "Always true:"]
    lines += [f"  {sentence}" for sentence in ALWAYS]
    for item in readings:
        lines += ["", f"{item.id}  ({item.place.path}:{item.place.line})"]
        lines += [f"  {sentence}" for sentence in item.sentences]
    if waivers:
        lines += ["", "break-glass", *(f"  {sentence}" for sentence in waivers)]
    lines += [f"note: {notice}" for notice in loaded.notices]
    put("\n".join(map(visible, lines)) + "\n")
    return 0


@app.command()
def check(
    policies: Annotated[list[str] | None, typer.Argument(metavar="[POLICY]...", help="Files, or builtin:NAME.")] = None,
    format_: Annotated[str, _FORMAT] = "text",
) -> int:
    """Whether policies can be used; every error with its place, and what to write instead. Exit 2 when one cannot."""
    _require_format(format_)
    documents = []
    failures = []
    for name in policies or [""]:
        opened = open_policy(name)
        try:
            loaded = _load(opened)
        except VibeguardError as error:
            if error.kind != CONFIG:
                raise
            failures.append(error)
            documents.append({"path": opened.source.path, "valid": False, "policy": None, "errors": _errors(error)})
            continue
        documents.append({"path": opened.source.path, "valid": True, "policy": _described(loaded), "errors": []})
        if format_ == "text":
            count = len(loaded.rules)
            files = len(loaded.files)
            put(
                f"{visible(opened.source.path)}: can be used, {count} rule{'' if count == 1 else 's'} "
                f"in {files} file{'' if files == 1 else 's'}\n"
            )
            for notice in loaded.notices:
                put(f"  note: {visible(notice)}\n")
    if format_ != "text":
        put_json({"schema": "vibeguard/policy-check/v1", "valid": not failures, "policies": documents})
        return 2 if failures else 0
    if failures:
        from vibeguard.hooks.door import say_error  # noqa: PLC0415 - beside its only use

        for failed in failures:
            say_error(failed)
    return 2 if failures else 0


@app.command()
def lint(policy: Annotated[str, _POLICY] = "", format_: Annotated[str, _FORMAT] = "text") -> int:
    """What is legal and probably wrong: rules that never apply, nobody to ask, globs that match nothing."""
    from vibeguard.policy.lint import lint as lint_policy  # noqa: PLC0415 - this command's own

    _require_format(format_)
    opened = open_policy(policy)
    loaded = _load(opened)
    tracked = None
    if opened.location is not None and opened.location.top is not None:
        from vibeguard.repository.objects import list_index  # noqa: PLC0415 - only where there is a repository

        tracked = [entry.path for entry in list_index(opened.location.git)]
    found = [_with_source(problem, opened) for problem in lint_policy(loaded, tracked=tracked, now=time.time())]
    if format_ != "text":
        put_json(
            {
                "schema": "vibeguard/policy-lint/v1",
                "policy": _described(loaded),
                "warnings": [_problem(problem) for problem in found],
            }
        )
        return 0
    for problem in found:
        put("\n".join(visible(line) for line in render(problem).split("\n")) + "\n")
    if not found:
        put(f"{visible(opened.source.path)}: nothing to remark\n")
    return 0


@app.command()
def facts(
    format_: Annotated[str, typer.Option("--format", metavar="text|json|markdown", help="How to print it.")] = "text",
) -> int:
    """Everything that a rule may ask about a change."""
    from vibeguard.policy.facts import FACTS  # noqa: PLC0415 - this command's own
    from vibeguard.policy.facts_page import as_markdown, as_text  # noqa: PLC0415

    if format_ == "markdown":
        put(as_markdown())
        return 0
    _require_format(format_)
    if format_ == "text":
        put(as_text())
        return 0
    put_json(
        {
            "schema": "vibeguard/policy-facts/v1",
            "facts": [
                {
                    "name": spec.name,
                    "type": spec.type,
                    "unit": spec.unit or None,
                    "values": list(spec.values),
                    "members": list(spec.members),
                    "description": spec.description,
                    "room": spec.room,
                    "scoped": spec.scoped,
                    "available": spec.available,
                }
                for spec in FACTS.values()
            ],
        }
    )
    return 0


@app.command()
def schema() -> int:
    """The JSON Schema of a policy file, for editors."""
    import json  # noqa: PLC0415 - beside its only use

    from vibeguard.policy.schema import policy_schema  # noqa: PLC0415 - this command's own

    put(json.dumps(policy_schema(), indent=2) + "\n")
    return 0


@app.command("test")
def test_(
    files: Annotated[list[str] | None, typer.Argument(metavar="[FILES]...", help="Test files.")] = None,
    policy: Annotated[str, typer.Option("--policy", metavar="POLICY", help="The policy that they test.")] = "",
    format_: Annotated[str, typer.Option("--format", metavar="text|json|junit", help="How to print it.")] = "text",
) -> int:
    """Run the tests of a policy. Exit 1 when one does not hold."""
    from vibeguard.cli import policy_test  # noqa: PLC0415 - this command's own

    if format_ != "junit":
        _require_format(format_)
    return policy_test.run(files or [], policy, format_)


@app.command()
def diff(
    policy: Annotated[str, _POLICY] = "",
    against: Annotated[str, typer.Option("--against", metavar="REF|POLICY", help="What to compare with.")] = "HEAD",
    count: Annotated[int, typer.Option("--replay", metavar="N", help="Judge the last N merged changes by both.")] = 0,
    format_: Annotated[str, _FORMAT] = "text",
) -> int:
    """What changes between two policies, and in the verdicts on past changes."""
    from vibeguard.cli import policy_diff  # noqa: PLC0415 - this command's own

    _require_format(format_)
    return policy_diff.run(policy, against, count, format_)


@app.command(epilog="Nothing is fetched: name files that you have, such as those of a checkout.")
def vendor(
    sources: Annotated[list[str] | None, typer.Argument(metavar="[FILE]...", help="Policy files to copy.")] = None,
    into: Annotated[str, typer.Option("--into", metavar="FOLDER", help="Where to, from the root.")] = "policies",
    format_: Annotated[str, _FORMAT] = "text",
) -> int:
    """Copy policy files into the repository, and pin every file that the policy extends by its sha256."""
    from vibeguard.cli import policy_vendor  # noqa: PLC0415 - this command's own

    _require_format(format_)
    return policy_vendor.run(sources or [], into, format_)


# -- what the commands share


def _require_format(format_: str) -> None:
    if format_ not in ("text", "json", "json-v1"):
        raise VibeguardError(USAGE, f"no such format: {format_}", hint="text or json")


def _load(opened: OnDisk) -> Policy:
    return load(opened.source, opened.read, opened.listing)


def _described(policy: Policy) -> dict[str, Any]:
    return {
        "name": policy.name,
        "files": [file._asdict() for file in policy.files],
        "rules": [rule.id for rule in policy.rules],
        "notices": list(policy.notices),
    }


def _errors(error: VibeguardError) -> list[dict[str, Any]]:
    problems: tuple[Problem, ...] = getattr(error, "problems", ())
    if not problems:
        return [{"path": error.where, "line": None, "column": None, "code": "error", "message": error.message,
                 "hint": error.hint or None, "source": None}]  # fmt: skip
    return [_problem(problem) for problem in problems]


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "path": problem.path,
        "line": problem.line or None,
        "column": problem.column or None,
        "code": problem.code,
        "message": problem.message,
        "hint": problem.hint or None,
        "source": problem.source or None,
    }


def _with_source(problem: Problem, opened: OnDisk) -> Problem:
    """The problem with the line that it is about."""
    text = opened.source.text if problem.path == opened.source.path else None
    if text is None and not problem.path.startswith("builtin:"):
        text = opened.read(problem.path)
    if text is None:
        from vibeguard.policy.builtin import PREFIX, read_builtin  # noqa: PLC0415

        text = read_builtin(problem.path.removeprefix(PREFIX))
    lines = (text or b"").decode("utf-8", "replace").split("\n")
    return problem._replace(source=lines[problem.line - 1].rstrip("\r") if 0 < problem.line <= len(lines) else "")
