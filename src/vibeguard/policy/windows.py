"""Which of the policy's time windows are open at a moment."""

from __future__ import annotations

import datetime
import zoneinfo
from collections.abc import Sequence

from vibeguard.model import Fact
from vibeguard.policy.rules import Window

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def open_windows(windows: Sequence[Window], now: float) -> Fact:
    """Names of the windows that are open; unknown when this machine does not know a window's time zone."""
    found = []
    for window in windows:
        try:
            zone = zoneinfo.ZoneInfo(window.timezone)
        except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
            return Fact(None, f"this machine does not know the time zone {window.timezone} (install tzdata)")
        if is_open(window, datetime.datetime.fromtimestamp(now, zone)):
            found.append(window.name)
    return Fact(tuple(found))


def is_open(window: Window, moment: datetime.datetime) -> bool:
    """Whether a moment in the window's own time zone lies in it."""
    if not window.start:
        return _on_day(window, moment.date())
    clock = moment.strftime("%H:%M")
    if window.start < window.end:
        return window.start <= clock < window.end and _on_day(window, moment.date())
    # Over midnight: the hours after it belong to the day on which the window began.
    if clock >= window.start:
        return _on_day(window, moment.date())
    return clock < window.end and _on_day(window, moment.date() - datetime.timedelta(days=1))


def _on_day(window: Window, day: datetime.date) -> bool:
    written = day.isoformat()
    if window.first_day and written < window.first_day:
        return False
    if window.last_day and written > window.last_day:
        return False
    return not window.weekdays or _DAYS[day.weekday()] in window.weekdays
