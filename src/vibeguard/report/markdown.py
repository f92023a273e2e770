"""Markdown for a comment on the change or a step summary. Text of the change only ever stands in code spans.

A code span notifies nobody (`@amy`), links nothing (`#12`) and holds no HTML, whatever somebody wrote into a path.
"""

from __future__ import annotations

import re

from vibeguard.check.result import Report
from vibeguard.model import RuleResult
from vibeguard.report import Options
from vibeguard.report.escape import visible
from vibeguard.report.spans import Line
from vibeguard.report.summary import facts, headline, lacking, overrides, shown

# A comment may have 65,536 characters on GitHub and a summary 1 MiB; a report this long is not read in either.
MOST_CHARACTERS = 60_000
MARK = "<!-- vibeguard -->"  # by which a bot finds the comment that it wrote before
_SPECIAL = re.compile(r"[\\`*_{}\[\]|~!$]|[<>@&#]|:(?=//)|(?<=www)\.")
_LINES_PER_RULE = 12


def render(reports: tuple[Report, ...], options: Options) -> str:
    """The verdict, what it rests on, and a section for each rule that speaks."""
    blocks = [MARK]
    for report in reports:
        blocks += _report(report, options)
    text = "\n\n".join(blocks) + "\n"
    if len(text) <= MOST_CHARACTERS:
        return text
    kept = text[: MOST_CHARACTERS - 100].rsplit("\n\n", 1)[0]
    return f"{kept}\n\n… cut here; `vibeguard check --explain` shows all of it\n"


def code(text: str) -> str:
    """A code span that its content cannot leave: fenced by more backticks than it holds in a row."""
    shown = visible(text) or " "
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def plain(text: str) -> str:
    """Words of ours with names in them, every sign that Markdown, HTML or a forge could act on escaped."""
    return _SPECIAL.sub(
        lambda found: f"\\{found[0]}" if found[0] in "\\`*_{}[]|~!$" else f"&#{ord(found[0])};", visible(text)
    )


def _report(report: Report, options: Options) -> list[str]:
    if report.error is not None:
        hint = f"\n\nhint: {code(report.error.hint)}" if report.error.hint else ""
        place = f"{code(report.error.where)}: " if report.error.where else ""
        return [f"### ? could not decide\n\n{place}{code(report.error.message)}{hint}"]
    blocks = [f"### {_joined(headline(report))}"]
    rows = [_joined(line) for line in (*overrides(report), *facts(report), *shown(report))]
    if rows:
        blocks.append("\n".join(f"- {row.strip()}" for row in rows))
    asking = [rule for rule in report.rules if rule.outcome in ("blocked", "needs", "warn", "unknown")]
    blocks += [_rule(rule) for rule in asking]
    places = [
        f"- {plain(item.kind)}: {code(item.path + (f':{item.line}' if item.line else '') if item.path else item.text)}"
        + (f" {code(item.text)}" if item.path else "")
        for item in report.findings[:_LINES_PER_RULE]
    ]
    if places:
        more = len(report.findings) - len(places)
        blocks.append("**findings**\n\n" + "\n".join([*places, *([f"- and {more} more"] if more else [])]))
    blocks += [f"> {plain(notice)}" for notice in report.notices[:_LINES_PER_RULE]]
    if report.policy_words:
        blocks.append(f"judged by {plain(report.policy_words)}")
    if options.local and report.stage != "ci":
        blocks.append("Local result: advice. CI decides, from the policy of the branch the change goes to.")
    return blocks


def _rule(rule: RuleResult) -> str:
    lines = [f"**{rule.outcome}** {code(rule.id)} ({code(f'{rule.place.path}:{rule.place.line}')})"]
    said = rule.message or rule.description
    if said:
        lines.append(plain(said))
    items = []
    for requirement in rule.requirements:
        if requirement.satisfied:
            continue
        items.append(f"- {plain(lacking(requirement))}")
        items += [
            f"  - not counted: {code(refused.who)} ({plain(refused.why)})"
            for refused in requirement.not_counted[:_LINES_PER_RULE]
        ]
    if items:
        lines.append("\n".join(items))
    if rule.ways:
        ways = [f"{number}. {plain(way)}" for number, way in enumerate(rule.ways, 1)]
        lines.append("\n".join(["ways to pass:", "", *ways]))
    if rule.docs.startswith("https://") or rule.ask:
        lines.append(
            " · ".join(
                filter(None, (f"ask {code(rule.ask)}" if rule.ask else "", code(rule.docs) if rule.docs else ""))
            )
        )
    return "\n\n".join(lines)


def _joined(line: Line) -> str:
    return plain("".join(span.text for span in line))
