"""`vibeguard`: the table of commands, each imported only when it is asked for.

A new command is a module beside this one and a row in :data:`COMMANDS`.
"""

from __future__ import annotations

import gc
import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command as built

from vibeguard import __version__
from vibeguard.errors import USAGE, VibeguardError
from vibeguard.hooks.door import guarded, leave

# name: (module, what `--help` says). The module has `app`, a typer.Typer; with one command in it that command is meant.
COMMANDS: dict[str, tuple[str, str]] = {
    "check": ("vibeguard.cli.check", "Judge a change: may it go in, and if not, what is missing and from whom?"),
    "provenance": ("vibeguard.cli.provenance", "Show which commits an AI took part in, and the evidence for it."),
    "init": ("vibeguard.cli.init", "Write a first policy, and say what it would have asked of the last changes."),
    "install": ("vibeguard.cli.install", "Put vibeguard into this repository's hooks."),
    "uninstall": ("vibeguard.cli.uninstall", "Take it out again, and put back what was there before."),
    "doctor": ("vibeguard.cli.doctor", "Is everything in place, and will the hooks run?"),
    "stamp": ("vibeguard.cli.stamp", "Say in a commit message which agent took part."),
    "demo": ("vibeguard.cli.demo", "Build a small repository with a risky AI-assisted change, and judge it."),
    "explain": ("vibeguard.cli.explain", "Explain a rule, or how the rules look at a file."),
    "policy": ("vibeguard.cli.policy", "Read, check, test and compare policies."),
    "ci": ("vibeguard.cli.ci", "Judge the change that this CI run is about, with its reviews."),
    "approve": ("vibeguard.cli.approve", "Sign that you approve a change."),
    "approvals": ("vibeguard.cli.approvals", "List, check, send and get signed approvals."),
    "graph": ("vibeguard.cli.graph", "Who depends on a file, why, and every edge of the import graph."),
    "verify": ("vibeguard.cli.verify", "Is a statement of a verdict what it claims to be?"),
    "audit": ("vibeguard.cli.audit", "The record of verdicts, overrides and follow-ups."),
    "owners": ("vibeguard.cli.owners", "Who owns a path, which line says so, and why; lint the file."),
}


class _Lazy(TyperGroup):
    """A group that lists its commands from the table and imports one module, that of the command which runs."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        return built(import_module(COMMANDS[cmd_name][0]).app)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_line) for name, (_, help_line) in COMMANDS.items()])


# rich would cost more than all the rest of `--help`; plain text reads as well.
app = typer.Typer(
    name="vibeguard",
    cls=_Lazy,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"vibeguard {__version__}")
        raise typer.Exit


@app.callback(epilog="Exit codes: 0 pass or warn, 1 blocked, 2 could not decide, 3 needs something, 130 interrupted.")
def _root(
    version: bool = typer.Option(False, "--version", callback=_print_version, is_eager=True, help="Print the version."),
) -> None:
    """May this change go in, and if not, what is missing and from whom?"""


def _run() -> int:
    usage_error: Any = typer.BadParameter.__mro__[2]  # ClickException, wherever this typer keeps its click
    try:
        code = built(app).main(args=sys.argv[1:], prog_name="vibeguard", standalone_mode=False)
    except typer.Abort:
        raise KeyboardInterrupt from None
    except usage_error as error:
        command = getattr(getattr(error, "ctx", None), "command_path", "vibeguard")
        message = error.format_message().strip()
        if type(error).__name__ == "NoArgsIsHelpError":
            typer.echo(message)
            return 2
        raise VibeguardError(USAGE, message.splitlines()[0], hint=f"{command} --help") from None
    return code if isinstance(code, int) else 0


def main() -> None:
    """The console script."""
    # Most commands end before a collection could free anything; whole histories still get theirs.
    gc.set_threshold(100_000, 50, 50)
    leave(guarded(_run))
