"""GitHub Actions: annotations as workflow commands, and the text report beneath them.

GitHub shows at most 10 errors and 10 warnings of a step; the rest is in the text and in the step summary. Escaping by
the toolkit's `command.ts`: `%`, CR and LF everywhere, `:` and `,` in properties too.
"""

from __future__ import annotations

from vibeguard.check.result import Report
from vibeguard.report import Options, text
from vibeguard.report.problems import Problem, problems

MOST = 10  # of each level in a step
_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def render(reports: tuple[Report, ...], options: Options) -> str:
    """The annotations, then the report in text with whatever the runner could take for a command made harmless."""
    lines: list[str] = []
    shown = dict.fromkeys(_COMMANDS, 0)
    for report in reports:
        for problem in problems(report):
            shown[problem.level] += 1
            if shown[problem.level] <= MOST:
                lines.append(annotation(problem))
    return "".join(f"{line}\n" for line in lines) + harmless(text.render(reports, options))


def annotation(problem: Problem) -> str:
    """One workflow command."""
    properties = [f"title={_property(f'vibeguard: {problem.id}')}"]
    if problem.path is not None:
        properties.insert(0, f"file={_property(problem.path)}")
        if problem.line is not None:
            properties.insert(1, f"line={problem.line}")
    return f"::{_COMMANDS[problem.level]} {','.join(properties)}::{data(problem.message)}"


def data(value: str) -> str:
    """Text of a command: what would end it is escaped."""
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def harmless(output: str) -> str:
    """Text that the runner reads as text: it obeys `::` at the start of a line and `##[` anywhere in one."""
    lines = output.replace("##[", "## [").split("\n")
    return "\n".join(f"· {line}" if line.lstrip().startswith("::") else line for line in lines)


def _property(value: str) -> str:
    # Bytes that are not UTF-8 cannot be sent; the file is then named as a reader sees it.
    sent = value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return data(sent).replace(":", "%3A").replace(",", "%2C")
