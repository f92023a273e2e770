"""The record in figures, for a terminal: one line a week, then what is owed."""

from __future__ import annotations

from vibeguard.evidence.audit import Summary, Week
from vibeguard.report.escape import visible
from vibeguard.reviews.ledger import FollowUp

_HEAD = ("week", "changes", "AI declared", "AI lines", "low", "mod.", "high", "crit.", "reviews", "blocked", "waived")


def render(summary: Summary) -> str:
    """A table, right-aligned, and a line for each follow-up that is open."""
    rows = [_HEAD, *(_row(week) for week in summary.weeks)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    if not summary.weeks:
        lines = ["nothing is recorded yet"]
    overdue = set(summary.overdue)
    lines += [f"{'OVERDUE' if item in overdue else 'owed   '}  {follow_up(item)}" for item in summary.open]
    lines.append(f"{summary.records} records; last hash {summary.last_hash}")
    return "\n".join(lines) + "\n"


def follow_up(item: FollowUp) -> str:
    """What is owed, for what, since whom, and by when."""
    whom = f" by {' or '.join(map(visible, item.names))}" if item.names else ""
    held = "; merges are blocked until then" if item.otherwise == "block-merges-until-reviewed" else ""
    return (
        f"{item.wanted} review{'s' * (item.wanted != 1)}{whom} of {visible(item.head[:10])}, due {visible(item.due)}: "
        f"{visible(item.who)} waived {visible(', '.join(item.rules))}{held}"
    )


def share(week: Week) -> str:
    """The share of added lines that is attributed to AI tools; a range where only whole commits are known."""
    if not week.added:
        return "–"
    low, high = (round(100 * lines / week.added) for lines in (week.ai_low, week.ai_high))
    return f"{low} %" if low == high else f"{low}–{high} %"


def _row(week: Week) -> tuple[str, ...]:
    return (
        week.name,
        str(week.changes),
        f"{week.with_ai} ({round(100 * week.with_ai / week.changes)} %)",
        share(week),
        *(str(week.blast[level]) for level in ("low", "moderate", "high", "critical")),
        f"{week.given} of {week.asked}",
        str(week.verdicts["blocked"]),
        str(week.overrides),
    )
