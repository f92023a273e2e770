"""`vibeguard stamp`: say in a commit message which agent took part."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from vibeguard.cli.output import put

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)


@app.command(epilog="For every commit: git config vibeguard.stamp true, and the prepare-commit-msg hook.")
def stamp(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The message file; - reads stdin and writes stdout.")],
    tool: Annotated[
        str, typer.Option("--tool", metavar="T", help="The agent (default: what the environment shows).")
    ] = "",
    model: Annotated[str, typer.Option("--model", metavar="M", help="The model it runs.")] = "",
    spelling: Annotated[
        str,
        typer.Option(
            "--with", metavar="SPELLING", help="The trailer, such as Generated-by or 'Assisted-by: AGENT:MODEL'."
        ),
    ] = "",
) -> int:
    """Add the trailer that declares an agent, unless the message has it. The rest of the message stays as it is."""
    from vibeguard.check.stamping import settings, stamp_file, stamp_message, tool_named  # noqa: PLC0415 - for `--help`
    from vibeguard.provenance.stamp import agents  # noqa: PLC0415
    from vibeguard.repository.locate import locate  # noqa: PLC0415

    how = settings(locate(os.getcwd()), wanted=spelling, always=True)
    agent = tool_named(tool, how.catalogue) if tool else ""
    if file == "-":
        after, _ = stamp_message(sys.stdin.buffer.read(), how, os.environ, tool=agent, model=model)
        sys.stdout.flush()
        sys.stdout.buffer.write(after)
        return 0
    added = stamp_file(file, how, os.environ, tool=agent, model=model)
    if added:
        put("".join(f"{line}\n" for line in added))
    elif sys.stderr is not None:
        shows = agent or agents(os.environ, how.catalogue)
        why = "the message says so already" if shows else "the environment shows no agent (--tool names one)"
        sys.stderr.write(f"nothing added: {why}\n")
    return 0
