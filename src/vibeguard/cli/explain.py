"""`vibeguard explain`: a rule in full sentences with what it says of the staged change, or how a file is looked at."""

from __future__ import annotations

import os
import time
from typing import Annotated, Any

import typer

from vibeguard.check.explaining import Looked, in_force, look_at
from vibeguard.check.request import Request
from vibeguard.check.result import Report
from vibeguard.check.rulebook import Rulebook
from vibeguard.check.use_case import judge
from vibeguard.cli.output import put, put_json, show_reports
from vibeguard.errors import USAGE, VibeguardError
from vibeguard.model import RuleResult
from vibeguard.policy.problems import did_you_mean
from vibeguard.policy.reading import read_rule
from vibeguard.policy.rules import Rule
from vibeguard.report import Options
from vibeguard.report.escape import visible
from vibeguard.report.explained import explained
from vibeguard.report.json import as_object
from vibeguard.report.spans import plain

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)


@app.command(
    epilog="Without an argument: vibeguard check --explain. Exit 0 whatever the verdict, 2 when it cannot be told."
)
def explain(
    what: Annotated[str, typer.Argument(metavar="[RULE|FILE]", help="The id of a rule, or a file.")] = "",
    policy: Annotated[
        str, typer.Option("--policy", metavar="PATH", help="Explain by this policy instead of the one in force.")
    ] = "",
    format_: Annotated[str, typer.Option("--format", metavar="text|json", help="How to print it.")] = "text",
) -> int:
    """What a rule says, of what is staged now too; or which rules look at a file, and why."""
    if format_ not in ("text", "json", "json-v1"):
        raise VibeguardError(USAGE, f"no such format: {format_}", hint="text or json")
    machine = format_ != "text"
    request = Request(policy_path=policy or None, environ=os.environ, now=time.time(), full=True)
    if not what:
        reports = judge(request)
        if machine:
            put_json({"schema": "vibeguard/explain/v1", "rule": None, "file": None, "check": as_object(reports[0])})
        else:
            show_reports(reports, Options(explain=True))
        return 0
    book = in_force(request)
    rule = book.policy.find_rule(what)
    if rule is not None:
        return _rule(rule, book, request, machine=machine)
    if os.path.lexists(what) or "/" in what or "." in what:
        return _file(look_at(book.policy, what), book, machine=machine)
    ids = [rule.id for rule in book.policy.rules]
    raise VibeguardError(
        USAGE, f"{what} is neither a rule of {book.words} nor a file", hint=did_you_mean(what, ids, ", ".join(ids))
    )


def _rule(rule: Rule, book: Rulebook, request: Request, *, machine: bool) -> int:
    sentences = read_rule(rule, book.policy)
    report = judge(request)[0]
    result = next((item for item in report.rules if item.id == rule.id), None)
    if machine:
        put_json(
            {
                "schema": "vibeguard/explain/v1",
                "rule": {
                    "id": rule.id,
                    "source": rule.place._asdict(),
                    "policy": book.words,
                    "description": rule.description,
                    "sentences": list(sentences),
                    "says": _said(report, rule.id),
                },
                "file": None,
                "check": None,
            }
        )
        return 0
    lines = [f"{rule.id}  ({rule.place.path}:{rule.place.line}, {book.words})"]
    if rule.description:
        lines.append(f"  {rule.description}")
    lines += ["", *(f"  {sentence}" for sentence in sentences)]
    if rule.ask or rule.docs:
        lines += [
            "",
            "  " + " · ".join([*([f"ask {rule.ask}"] if rule.ask else []), *([rule.docs] if rule.docs else [])]),
        ]
    put("\n".join(map(visible, lines)) + "\n\n")
    put(_now(report, result))
    return 0


def _now(report: Report, result: RuleResult | None) -> str:
    if report.change is None or not report.change.files or result is None:
        return "nothing is staged that it could be tried on\n"
    return f"what is staged now ({len(report.change.files)} files):\n" + plain(explained(result))


def _said(report: Report, rule: str) -> dict[str, Any] | None:
    if report.change is None or not report.change.files:
        return None
    return next((item for item in as_object(report)["rules"] if item["id"] == rule), None)


def _file(looked: Looked, book: Rulebook, *, machine: bool) -> int:
    if machine:
        put_json(
            {
                "schema": "vibeguard/explain/v1",
                "rule": None,
                "file": {
                    "path": looked.path,
                    "policy": book.words,
                    "kinds": list(looked.kinds),
                    "language": looked.language,
                    "owners": list(looked.owners),
                    "tags": list(looked.tags),
                    "rules": [{"id": rule, "in_view": in_view} for rule, in_view in looked.rules],
                },
                "check": None,
            }
        )
        return 0
    lines = [
        f"{looked.path}  ({book.words})",
        f"  kinds     {', '.join(looked.kinds) or 'none known'}",
        f"  language  {looked.language or 'none known'}",
        f"  owners    {', '.join(looked.owners) or 'nobody'}",
        f"  tags      {', '.join(looked.tags) or 'none'}",
    ]
    everywhere = [rule.id for rule in book.policy.rules if rule.scope is None]
    lines.append(
        f"  rules     {', '.join(rule for rule, in_view in looked.rules if in_view) or 'none'} look at it in particular"
    )
    if any(not in_view for _, in_view in looked.rules):
        lines.append(
            f"            {', '.join(rule for rule, in_view in looked.rules if not in_view)} do not look at it"
        )
    lines.append(f"            {', '.join(everywhere) or 'none'} look at every file")
    put("\n".join(map(visible, lines)) + "\n")
    return 0
