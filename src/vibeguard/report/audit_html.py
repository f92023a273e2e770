"""The record as one self-contained page: bars of blast levels a week, a line of the AI share, and the table.

No script, no font, no address: it can be kept as evidence and opened in ten years.
"""

from __future__ import annotations

from html import escape

from vibeguard.evidence.audit import Summary, Week
from vibeguard.model import LEVELS
from vibeguard.report.audit_text import follow_up, share
from vibeguard.report.escape import visible

# From light to dark, so that it reads without colour; dark on white at every step of the scale.
_COLOURS = {"low": "#d5e3ea", "moderate": "#8fb8cc", "high": "#3f7f9f", "critical": "#123c52"}
_BAR, _GAP, _HEIGHT, _LEFT, _TOP = 28, 14, 220, 44, 16
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:70em;padding:0 1em;color:#1b1f23}"
    "table{border-collapse:collapse;width:100%}td,th{padding:.3em .6em;text-align:right;border-bottom:1px solid #ddd}"
    "td:first-child,th:first-child{text-align:left}.overdue{color:#a40000;font-weight:600}code{font-size:.9em}"
    "svg{max-width:100%;height:auto}"
)


def render(summary: Summary) -> str:
    """The page."""
    overdue = set(summary.overdue)
    owed = "".join(
        f'<li class="{"overdue" if item in overdue else "owed"}">'
        f"{'overdue: ' if item in overdue else ''}{escape(follow_up(item))}</li>"
        for item in summary.open
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>vibeguard audit</title>'
        f"<style>{_STYLE}</style></head><body>\n<h1>vibeguard audit</h1>\n"
        f"{_picture(summary.weeks)}\n{_table(summary.weeks)}\n"
        f"<h2>Reviews owed</h2>\n{f'<ul>{owed}</ul>' if owed else '<p>none</p>'}\n"
        f"<p>{summary.records} records; last hash <code>{escape(visible(summary.last_hash))}</code>. "
        "The record is tamper-evident once this hash is anchored where its writers cannot reach; it is not "
        "tamper-proof. Changes without AI evidence are “none declared”.</p>\n</body></html>\n"
    )


def _picture(weeks: tuple[Week, ...]) -> str:
    if not weeks:
        return "<p>nothing is recorded yet</p>"
    most = max(week.changes for week in weeks)
    width = _LEFT + len(weeks) * (_BAR + _GAP) + 60
    height = _TOP + _HEIGHT + 46
    parts = [
        f'<svg viewBox="0 0 {width} {height}" width="{width}" role="img" '
        'aria-label="Changes a week by blast level, and the share with AI evidence" font-size="11">',
        f'<text x="{_LEFT - 6}" y="{_TOP + 4}" text-anchor="end">{most}</text>',
        f'<text x="{_LEFT - 6}" y="{_TOP + _HEIGHT}" text-anchor="end">0</text>',
        f'<line x1="{_LEFT}" x2="{width - 50}" y1="{_TOP + _HEIGHT}" y2="{_TOP + _HEIGHT}" stroke="#999"/>',
    ]
    points = []
    for number, week in enumerate(weeks):
        x = _LEFT + number * (_BAR + _GAP) + _GAP // 2
        y = float(_TOP + _HEIGHT)
        for level in LEVELS:
            tall = _HEIGHT * week.blast[level] / most
            y -= tall
            if tall:
                parts.append(
                    f'<rect x="{x}" y="{y:.1f}" width="{_BAR}" height="{tall:.1f}" fill="{_COLOURS[level]}" '
                    f'stroke="#fff"><title>{escape(week.name)}: {week.blast[level]} {level}</title></rect>'
                )
        points.append(f"{x + _BAR / 2},{_TOP + _HEIGHT * (1 - week.with_ai / week.changes):.1f}")
        place = f'x="{x + _BAR / 2}" y="{_TOP + _HEIGHT + 14}"'
        parts.append(f'<text {place} text-anchor="middle">{escape(week.name.partition("-")[2])}</text>')
    parts.append(f'<polyline points="{" ".join(points)}" fill="none" stroke="#b4540a" stroke-width="2"/>')
    parts += [f'<circle cx="{x}" cy="{y}" r="3" fill="#b4540a"/>' for x, y in (point.split(",") for point in points)]
    at = _LEFT
    for level in LEVELS:
        parts.append(f'<rect x="{at}" y="{height - 16}" width="11" height="11" fill="{_COLOURS[level]}"/>')
        parts.append(f'<text x="{at + 15}" y="{height - 6}">{level}</text>')
        at += 74
    parts.append(f'<text x="{at}" y="{height - 6}" fill="#b4540a">— share with AI evidence (top = 100 %)</text></svg>')
    return "".join(parts)


def _table(weeks: tuple[Week, ...]) -> str:
    heads = (
        "week",
        "changes",
        "AI declared",
        "AI share of lines",
        *LEVELS,
        "reviews given of asked",
        "blocked",
        "waived",
    )
    rows = "".join(
        "<tr>"
        + "".join(
            f"<td>{escape(cell)}</td>"
            for cell in (
                week.name,
                str(week.changes),
                str(week.with_ai),
                share(week),
                *(str(week.blast[level]) for level in LEVELS),
                f"{week.given} of {week.asked}",
                str(week.verdicts["blocked"]),
                str(week.overrides),
            )
        )
        + "</tr>\n"
        for week in weeks
    )
    return f"<table><tr>{''.join(f'<th>{escape(head)}</th>' for head in heads)}</tr>\n{rows}</table>"
