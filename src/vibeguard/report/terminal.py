"""The text report in colour, for a terminal. Imported only there: rich costs more than a whole verdict."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from vibeguard.check.result import Report
from vibeguard.report import Options
from vibeguard.report.text import lines

# Colour repeats what the words say; nothing is said by colour alone.
STYLES = {
    "pass": "green",
    "warn": "yellow",
    "needs": "bold yellow",
    "blocked": "bold red",
    "overridden": "bold red",
    "error": "bold red",
    "unknown": "yellow",
    "skipped": "dim",
    "dim": "dim",
    "bold": "bold",
    "": "",
}


def show(reports: tuple[Report, ...], options: Options, console: Console | None = None) -> None:
    """Print the report to the terminal, or to another console. Text is never read as markup."""
    if console is None:
        console = Console(highlight=False, emoji=False, markup=False)
    for line in lines(reports, options):
        styled = Text.assemble(*((span.text, STYLES.get(span.style, "")) for span in line))
        console.print(styled, soft_wrap=True)
