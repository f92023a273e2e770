"""`vibeguard ci`: judge the change that this CI run is about, with the reviews it has got so far."""

from __future__ import annotations

import os
import time
from typing import Annotated

import typer

from vibeguard.check.request import Request
from vibeguard.check.result import RANK, Report, failed, overall_exit_code
from vibeguard.cli.ci_judging import judged
from vibeguard.cli.given_files import read_given
from vibeguard.cli.output import put, show_reports
from vibeguard.errors import USAGE, VibeguardError
from vibeguard.hooks.ci_environment import CiRun, read
from vibeguard.hooks.door import say, say_error
from vibeguard.report import FORMATS, Options, renderer

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)

_MOST_EVENT = 32 * 1024 * 1024  # bytes of an event file
_SUMMARY = 1024 * 1024  # bytes that GitHub takes of a step summary


@app.command(epilog="Exit codes: 0 pass or warn, 1 blocked, 2 could not decide, 3 needs something, 130 interrupted.")
def ci(
    base: Annotated[str, typer.Option("--base", metavar="REF", help="Where the change goes to.")] = "",
    head: Annotated[str, typer.Option("--head", metavar="REF", help="The change's last commit.")] = "",
    reviews: Annotated[str, typer.Option("--reviews", metavar="FILE", help="Approvals, as JSON.")] = "",
    facts: Annotated[str, typer.Option("--facts", metavar="FILE", help="Your own facts (x.…), as JSON.")] = "",
    forge: Annotated[bool, typer.Option("--forge/--no-forge", help="Ask the forge who approved.")] = True,
    format_: Annotated[
        str,
        typer.Option("--format", metavar="|".join(FORMATS), help="How to print it (default: as the service reads)."),
    ] = "",
    also: Annotated[
        list[str] | None, typer.Option("--also", metavar="FORMAT=FILE", help="Write it to a file too; repeatable.")
    ] = None,
    audit: Annotated[
        str, typer.Option("--audit", metavar="FILE|ref", help="Add the verdict to a record; ref: refs/vibeguard/audit.")
    ] = "",
    attest: Annotated[
        str, typer.Option("--attest", metavar="FILE", help="Write an in-toto statement of the verdict.")
    ] = "",
    attest_key: Annotated[
        str, typer.Option("--attest-key", metavar="FILE", help="SSH key to sign the statement with.")
    ] = "",
    explain: Annotated[bool, typer.Option("--explain", help="Show every rule, and why it said so.")] = False,
) -> int:
    """Judge the change that this run is about: its range, its base's policy and its reviews are found out here."""
    files = [_also(item) for item in also or ()]
    if format_ and format_ not in FORMATS:
        raise VibeguardError(USAGE, f"no such format: {format_}", hint=f"one of {', '.join(FORMATS)}")
    run = _run(base, head)
    format_ = format_ or ("github" if run.system in ("github", "gitea") else "text")
    options = Options(explain=explain, local=False)
    if run.nothing:
        put(f"nothing to judge: {run.nothing}\n")
        return 0
    try:
        given = Request(
            folder=os.getcwd(),
            stage="ci",
            reviews=read_given(reviews, "reviews file") if reviews else None,
            facts=read_given(facts, "facts file") if facts else None,
            environ=os.environ,
            now=time.time(),
            full=True,
            patient=True,
        )
        reports, request = judged(run, given, ask=forge and not reviews)
        if attest:
            from vibeguard.cli.attest import attest as attest_verdict  # noqa: PLC0415 - only where it is wanted

            attest_verdict(reports[:1], request, attest, attest_key)
    except VibeguardError as error:
        reports = (failed(error, "ci"),)
    _show(reports, format_, options)
    for name, file in files:
        put(renderer(name).render(reports, options), file)
    _tell_github(run, reports, options)
    if audit:
        _record(reports, "" if audit == "ref" else audit)
    return overall_exit_code(reports)


def _also(item: str) -> tuple[str, str]:
    name, equals, file = item.partition("=")
    if not equals or name not in FORMATS or not file:
        raise VibeguardError(
            USAGE, f"not FORMAT=FILE: {item}", hint=f"such as sarif=vibeguard.sarif; formats: {', '.join(FORMATS)}"
        )
    return name, file


def _run(base: str, head: str) -> CiRun:
    """The run by its environment; what the options say goes first."""
    plain = CiRun("plain", "--base", fix=f"fetch {base} and the whole history")
    try:
        run = read(os.environ, _event)
    except VibeguardError as error:
        if not base or error.kind != USAGE:
            raise
        run = plain
    if base:
        run = run._replace(bases=(base,), ends=None, nothing="", fix=run.fix or plain.fix)
    return run._replace(head=head) if head else run


def _event(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read(_MOST_EVENT)


def _show(reports: tuple[Report, ...], format_: str, options: Options) -> None:
    if format_ == "text":
        show_reports(reports, options)
        return
    put(renderer(format_).render(reports, options))
    for report in reports:
        if report.error is not None:
            say_error(report.error)


def _record(reports: tuple[Report, ...], file: str) -> None:
    from vibeguard.cli.audit import add  # noqa: PLC0415 - only where a record is kept
    from vibeguard.evidence.audit import of_verdict  # noqa: PLC0415 - likewise
    from vibeguard.report.json import as_object  # noqa: PLC0415 - likewise

    # The hash in the log of the run is the anchor: writers of the record cannot reach it.
    say(f"recorded; last hash {add([of_verdict(as_object(report)) for report in reports], file)}")


def _tell_github(run: CiRun, reports: tuple[Report, ...], options: Options) -> None:
    """The step summary and the step's outputs, by the files that the runner names."""
    if run.system not in ("github", "gitea"):
        return
    strictest = max(reports, key=lambda report: RANK[report.verdict])
    summary = renderer("markdown").render(reports, options).encode("utf-8", "backslashreplace")[:_SUMMARY]
    outputs = {
        "verdict": strictest.verdict,
        "exit-code": str(overall_exit_code(reports)),
        "blast-level": strictest.blast.level if strictest.blast is not None else "",
    }
    # Every value is a word of ours: nothing of the change can add a line.
    lines = "".join(f"{name}={value}\n" for name, value in outputs.items()).encode()
    for variable, content in (("GITHUB_STEP_SUMMARY", summary), ("GITHUB_OUTPUT", lines)):
        path = os.environ.get(variable)
        if path:
            with open(path, "ab") as file:
                file.write(content)
