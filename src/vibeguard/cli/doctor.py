"""`vibeguard doctor`: is everything in place for a verdict, and will the hooks run?"""

from __future__ import annotations

import os
from typing import Annotated

import typer

from vibeguard import __version__
from vibeguard.cli.output import put, put_json
from vibeguard.errors import USAGE, VibeguardError
from vibeguard.hooks.health import examine
from vibeguard.report.escape import visible
from vibeguard.repository.locate import locate
from vibeguard.repository.setup import read_setup

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)

_MARKS = {"good": "✓", "note": "!", "bad": "✗"}


@app.command(
    epilog="Exit codes: 0 all in place or with notes, 1 something keeps vibeguard from working, 2 no repository."
)
def doctor(
    format_: Annotated[str, typer.Option("--format", metavar="text|json", help="How to print it.")] = "text",
) -> int:
    """Look whether everything is in place: git, policy, owners, hooks, notes, cache."""
    if format_ not in ("text", "json", "json-v1"):
        raise VibeguardError(USAGE, f"no such format: {format_}", hint="one of text, json")
    location = locate(os.getcwd())
    checks = examine(location, read_setup(location))
    works = all(check.state != "bad" for check in checks)
    if format_ != "text":
        put_json(
            {
                "schema": "vibeguard/doctor/v1",
                "tool": {"name": "vibeguard", "version": __version__},
                "works": works,
                "checks": [check._asdict() for check in checks],
            }
        )
    else:
        for check in checks:
            put(f"{_MARKS[check.state]} {check.name:10} {visible(check.text)}\n")
            if check.hint and check.state != "good":
                put(f"  hint: {visible(check.hint)}\n")
    return 0 if works else 1
