"""`vibeguard check`: judge a change by hand or in a script."""

from __future__ import annotations

import os
import time
from typing import Annotated, Literal, cast

import typer

from vibeguard.check.request import Request
from vibeguard.check.result import Report, failed, overall_exit_code
from vibeguard.cli.given_files import read_given
from vibeguard.cli.output import put, show_reports
from vibeguard.cli.progress import Progress
from vibeguard.errors import USAGE, VibeguardError
from vibeguard.hooks.door import say_error
from vibeguard.model import Stage
from vibeguard.report import FORMATS, Options, renderer

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)

Where = Literal["commit", "commit-msg", "push", "ci"]


@app.command(epilog="Exit codes: 0 pass or warn, 1 blocked, 2 could not decide, 3 needs something, 130 interrupted.")
def check(
    staged: Annotated[bool, typer.Option("--staged", help="Judge what is staged (the default).")] = False,
    range_: Annotated[str, typer.Option("--range", metavar="A..B", help="Judge the commits from A to B.")] = "",
    base: Annotated[
        str, typer.Option("--base", metavar="REF", help="Judge what HEAD adds to REF, from their merge base.")
    ] = "",
    patch: Annotated[
        str, typer.Option("--patch", metavar="FILE", help="Judge a unified diff from elsewhere; - for stdin.")
    ] = "",
    message: Annotated[str, typer.Option("--message", metavar="FILE", help="A commit message that goes with it.")] = "",
    policy: Annotated[
        str, typer.Option("--policy", metavar="PATH", help="Try this policy instead of the one in force.")
    ] = "",
    reviews: Annotated[str, typer.Option("--reviews", metavar="FILE", help="Approvals, as JSON.")] = "",
    facts: Annotated[str, typer.Option("--facts", metavar="FILE", help="Your own facts (x.…), as JSON.")] = "",
    at: Annotated[str, typer.Option("--at", metavar="commit|commit-msg|push|ci", help="Judge as at this stage.")] = "",
    format_: Annotated[
        str, typer.Option("--format", metavar="|".join(FORMATS), help="How to print the verdict.")
    ] = "text",
    output: Annotated[str, typer.Option("--output", metavar="FILE", help="Write the report to a file.")] = "",
    attest: Annotated[
        str, typer.Option("--attest", metavar="FILE", help="Write an in-toto statement of the verdict.")
    ] = "",
    attest_key: Annotated[
        str, typer.Option("--attest-key", metavar="FILE", help="SSH key to sign the statement with.")
    ] = "",
    explain: Annotated[bool, typer.Option("--explain", help="Show every rule, and why it said so.")] = False,
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Exit 0 unless vibeguard could not decide.")] = False,
) -> int:
    """Judge a change: may it go in, and if not, what is missing and from whom?"""
    if format_ not in FORMATS:
        raise VibeguardError(USAGE, f"no such format: {format_}", hint=f"one of {', '.join(FORMATS)}")
    chosen = [
        name
        for name, given in (("--staged", staged), ("--range", range_), ("--base", base), ("--patch", patch))
        if given
    ]
    if len(chosen) > 1:
        raise VibeguardError(USAGE, f"{' and '.join(chosen)} exclude each other", hint="name one change")
    stage = _stage(at, bool(range_ or base or patch), bool(message))
    machine = format_ != "text"
    head = "HEAD"
    ends: tuple[str, str] | None = None
    if range_:
        first, dots, head = _range(range_)
        if dots == "..":
            ends = (first, head)
        else:
            base = first
    try:
        request = Request(
            folder=_current_folder(),
            stage=stage,
            subject="range" if ends else "base" if base else "patch" if patch else "staged",
            ends=ends,
            base=base or None,
            head=head,
            message_file=message or None,
            patch=read_given(patch, "patch")[1] if patch else None,
            policy_path=policy or None,
            reviews=read_given(reviews, "reviews file") if reviews else None,
            facts=read_given(facts, "facts file") if facts else None,
            environ=os.environ,
            now=time.time(),
            full=True,
            patient=True,
            progress=Progress("files read for imports"),
        )
        from vibeguard.check.use_case import judge  # noqa: PLC0415 - a wrong option need not pay for it

        reports = judge(request)
        if attest:
            from vibeguard.cli.attest import attest as attest_verdict  # noqa: PLC0415 - likewise

            attest_verdict(reports, request, attest, attest_key)
    except VibeguardError as error:
        if not machine:
            raise
        reports = (failed(error, stage),)
    _show(reports, format_, output or None, Options(explain=explain))
    code = overall_exit_code(reports)
    return code if code == 2 or not exit_zero else 0


def _stage(at: str, is_range: bool, has_message: bool) -> Stage:
    if not at:
        return "ci" if is_range else "commit-msg" if has_message else "commit"
    if at not in ("commit", "commit-msg", "push", "ci"):
        raise VibeguardError(USAGE, f"no such stage: {at}", hint="one of commit, commit-msg, push, ci")
    return cast("Where", at)


def _range(text: str) -> tuple[str, str, str]:
    """First end, dots and last end of `A..B` or `A...B`; an empty end is HEAD, as for git."""
    for dots in ("...", ".."):
        first, found, last = text.partition(dots)
        if found:
            return first or "HEAD", dots, last or "HEAD"
    raise VibeguardError(
        USAGE, f"not a range: {text}", hint="write A..B, or A...B for what B adds since their merge base"
    )


def _current_folder() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:
        raise VibeguardError("REPO", "current directory vanished", hint="change to an existing folder") from None


def _show(reports: tuple[Report, ...], format_: str, output: str | None, options: Options) -> None:
    if format_ == "text":
        show_reports(reports, options, output)
        return
    put(renderer(format_).render(reports, options), output)
    for report in reports:
        if report.error is not None:
            say_error(report.error)
