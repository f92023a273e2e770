"""Files that usually change together with these and did not: one pass over the newest commits.

Thresholds are code-maat's: at least 5 shared revisions, a degree of at least 30 % (shared revisions by the mean of both
files' revisions), commits of more than 30 files left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from vibeguard.errors import VibeguardError
from vibeguard.repository.history import list_commits, read_steps
from vibeguard.repository.locate import Location
from vibeguard.scoring.blast import Companions

MOST = 2000  # commits looked at
MOST_FILES = 30
SHARED = 5
DEGREE = 0.3


def companions_of(
    location: Location, tip: str | None, paths: Iterable[str], exists: Callable[[str], bool]
) -> Companions:
    """The missing companions of these files, strongest first.

    Args:
        tip: the commit before the change; None for a first commit.
        exists: whether a path is still there after the change.
    """
    changed = set(paths)
    if tip is None or not changed:
        return Companions(())
    revisions: Counter[str] = Counter()
    shared: dict[str, Counter[str]] = {path: Counter() for path in changed}
    try:
        for step in read_steps(location, list_commits(location, [tip], most=MOST)):
            files = {file.path for file in step.files}
            if len(files) > MOST_FILES or len(step.commit.parents) > 1:
                continue
            revisions.update(files)
            for path in changed & files:
                shared[path].update(files - {path})
    except VibeguardError as error:
        return Companions((), f"the history could not be read: {error.message}")
    best: dict[str, float] = {}
    for path, others in shared.items():
        for other, count in others.items():
            degree = count / ((revisions[path] + revisions[other]) / 2)
            if count >= SHARED and degree >= DEGREE and other not in changed:
                best[other] = max(best.get(other, 0.0), degree)
    missing = sorted((path for path in best if exists(path)), key=lambda path: (-best[path], path))
    return Companions(tuple(missing), "the history is shallow" if location.shallow else "")
