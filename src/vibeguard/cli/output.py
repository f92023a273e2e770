"""Where commands print: data on stdout, talk on stderr, colour only where it is wanted, JSON in ASCII."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping
from typing import Any

from vibeguard.check.result import Report
from vibeguard.errors import IO, VibeguardError
from vibeguard.report import Options, renderer


def wants_colour() -> bool:
    """NO_COLOR before FORCE_COLOR before whether stdout is a terminal."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout is not None and sys.stdout.isatty() and os.environ.get("TERM") not in ("dumb", "")


def columns() -> int | None:
    """How wide the terminal is; None where stdout is none."""
    if sys.stdout is None or not sys.stdout.isatty():
        return None
    return shutil.get_terminal_size().columns


def put(text: str, output: str | None = None) -> None:
    """Write data to stdout, or to the file that `--output` names.

    Raises:
        VibeguardError: IO when the file cannot be written.
    """
    if output is None or output == "-":
        if sys.stdout is not None:
            sys.stdout.write(text)
        return
    try:
        with open(output, "w", encoding="utf-8", errors="surrogateescape", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise VibeguardError(IO, f"cannot write: {error.strerror}", where=output) from None


def put_json(document: Mapping[str, Any], output: str | None = None) -> None:
    """One JSON object, ASCII-escaped; bytes that are not UTF-8 are lone surrogate escapes."""
    put(json.dumps(document, ensure_ascii=True, allow_nan=False) + "\n", output)


def show_reports(reports: tuple[Report, ...], options: Options, output: str | None = None) -> None:
    """The text report: painted on a terminal, plain elsewhere."""
    if output is None and wants_colour():
        from vibeguard.report.terminal import show  # noqa: PLC0415 - rich costs more than a verdict; terminals only

        show(reports, options)
    else:
        put(renderer("text").render(reports, options), output)
