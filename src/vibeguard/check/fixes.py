"""How often files were mended lately: one pass over the newest commits, for the risk of a change."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from vibeguard.errors import VibeguardError
from vibeguard.repository.history import list_commits, read_commits, read_steps
from vibeguard.repository.locate import Location

DAYS = 365
MOST = 3000  # commits looked at; a year of more than that is not read to its end
_FIX = re.compile(rb"\b(?:fix(?:es|ed|ing)?|bug ?fix(?:es)?|hotfix|regression|reverts?)\b", re.I)


def fixes_of(location: Location, tip: str | None, paths: Iterable[str]) -> tuple[int | None, str]:
    """Fixes of the most-mended of these files in the 365 days before the tip; or None, and why it is not known."""
    if tip is None:
        return 0, ""
    try:
        ids = list_commits(location, [tip], most=MOST)
        commits = list(read_commits(location, ids))
        newest = commits[0].time if commits else 0
        recent = [commit for commit in commits if newest - commit.time <= DAYS * 86_400]
        mending = [
            commit.id
            for commit in recent
            if len(commit.parents) == 1 and _FIX.search(commit.message.split(b"\n", 1)[0])
        ]
        counts: Counter[str] = Counter()
        wanted = set(paths)
        for step in read_steps(location, mending):
            counts.update(wanted.intersection(file.path for file in step.files))
    except VibeguardError as error:
        return None, f"the history could not be read: {error.message}"
    if location.shallow:
        return None, "the history is shallow"
    return max(counts.values(), default=0), ""
