"""Files that usually change together with these and did not.

Thresholds are code-maat's: at least 5 shared revisions, a degree of at least 30 % (shared revisions by the mean of both
files' revisions), commits of more than 30 files left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Set

from vibeguard.check.recent import Recent
from vibeguard.scoring.blast import Companion, Companions

SHARED = 5
DEGREE = 0.3


def companions_of(recent: Recent, paths: Iterable[str], changed: Set[str], exists: Callable[[str], bool]) -> Companions:
    """The missing companions of these files, closest first.

    Args:
        paths: the files to look at; a renamed one is there twice, and history knows it by its old path.
        changed: every path of the change: what changes with it is not missing.
        exists: whether a path is there before the change, which does not touch it.
    """
    if recent.unknown:
        return Companions((), recent.unknown)
    wanted = set(paths)
    shared: dict[str, Counter[str]] = {}
    for files in recent.steps:
        if not wanted.isdisjoint(files):
            for path in wanted.intersection(files):
                shared.setdefault(path, Counter()).update(files)
    pairs = [
        (path, other, count)
        for path, others in shared.items()
        for other, count in others.items()
        if count >= SHARED and other not in changed and other not in wanted
    ]
    if not pairs:
        return Companions(())
    asked = {path for path, _, _ in pairs} | {other for _, other, _ in pairs}
    revisions = Counter(path for files in recent.steps for path in files if path in asked)
    best: dict[str, Companion] = {}
    for path, other, count in pairs:
        found = Companion(other, count, count / ((revisions[path] + revisions[other]) / 2))
        if found.degree >= DEGREE and (other not in best or found[1:] > best[other][1:]):
            best[other] = found
    closest = sorted(best.values(), key=lambda found: (-found.degree, -found.shared, found.path))
    return Companions(tuple(found for found in closest if exists(found.path)))
