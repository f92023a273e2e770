"""Pieces of a line with a style each: joined plain for a pipe, painted by `vibeguard.report.terminal` on a terminal."""

from __future__ import annotations

from vibeguard.tuples import NamedTuple


class Span(NamedTuple):
    """A piece of a line; style is a name of `vibeguard.report.terminal.STYLES` or ""."""

    text: str
    style: str = ""


Line = tuple[Span, ...]


def plain(lines: list[Line]) -> str:
    """The lines as text without colour, each ended by a newline."""
    return "".join("".join(span.text for span in line).rstrip() + "\n" for line in lines)
