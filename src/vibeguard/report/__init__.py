"""One module a format; nothing here computes a judgement, everything here escapes what came from the change."""

from __future__ import annotations

from importlib import import_module
from typing import Protocol

from vibeguard.check.result import Report
from vibeguard.tuples import NamedTuple

# name: module with `render(reports, options) -> str`. Imported on demand: a hook pays only for what it prints.
FORMATS = {
    "text": "vibeguard.report.text",
    "json": "vibeguard.report.json",
    "json-v1": "vibeguard.report.json",
    "github": "vibeguard.report.github",
    "sarif": "vibeguard.report.sarif",
    "gitlab": "vibeguard.report.gitlab",
    "junit": "vibeguard.report.junit",
    "rdjson": "vibeguard.report.rdjson",
    "markdown": "vibeguard.report.markdown",
}


class Options(NamedTuple):
    """How a report is wanted."""

    explain: bool = False
    width: int = 100
    local: bool = True  # a laptop's result is advice, and says so


class Format(Protocol):
    """A module of this room that turns judged changes into one text."""

    def render(self, reports: tuple[Report, ...], options: Options) -> str:
        """The whole output, ending with a newline. Several reports: one for each pushed ref."""
        ...


def renderer(name: str) -> Format:
    """The module for a format's name.

    Raises:
        KeyError: for a name that is not in :data:`FORMATS`.
    """
    module: Format = import_module(FORMATS[name])
    return module
