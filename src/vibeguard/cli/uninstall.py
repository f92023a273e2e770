"""`vibeguard uninstall`: take vibeguard out of a repository's hooks and put back what was there."""

from __future__ import annotations

import os

import typer

from vibeguard.cli.output import put
from vibeguard.hooks.install import uninstall
from vibeguard.repository.locate import locate
from vibeguard.repository.setup import read_setup

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)

_WORDS = {"removed": "removed", "restored": "removed; the earlier hook is back", "left": "not vibeguard's, left alone"}


@app.command("uninstall")
def uninstall_hooks() -> int:
    """Take vibeguard out of this repository's hooks, and put back what was there before."""
    done = uninstall(read_setup(locate(os.getcwd())).hooks_folder)
    for item in done:
        put(f"{item.hook:18} {_WORDS[item.action]}\n")
    if not done:
        put("vibeguard is not in this repository's hooks\n")
    return 0
