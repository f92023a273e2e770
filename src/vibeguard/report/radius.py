"""Where the files of a blast radius stand in its picture: changed files in the core, dependents in rings by distance.

At most :data:`MOST` circles: beyond that, files of one folder at one distance become one circle with their number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import cos, pi, sin, tau

from vibeguard.model import Dependents
from vibeguard.tuples import NamedTuple

MOST = 300
RINGS = 4  # the last ring holds everything from that distance on
_SHARES = (40, 110, 80, 40, 30)  # circles in the core and in each ring
_LABEL = 170.0  # room for a label between rings
_SPACING = 13.0  # along a ring, for one line of text
_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#7f5aa2")  # Okabe and Ito's
OTHERS, NOBODY = "#9a9a9a", "#ffffff"


class Circle(NamedTuple):
    """One circle: a file, or several of one folder. Angle in radians, position from the middle."""

    label: str
    paths: tuple[str, ...]
    ring: int
    angle: float
    x: float
    y: float
    colour: str


class Picture(NamedTuple):
    """All that a renderer draws. `radii` are those of the rings that hold something."""

    circles: tuple[Circle, ...]
    lines: tuple[tuple[int, int], ...]  # (circle nearer to the core, circle farther out)
    radii: tuple[float, ...]
    legend: tuple[tuple[str, str], ...]  # (colour, words)


def fold(paths: Iterable[str], most: int) -> list[tuple[str, tuple[str, ...]]]:
    """(label, paths) of at most so many groups: files alone, else by the deepest folders that are few enough."""
    ordered = sorted(paths)
    if len(ordered) <= most:
        return [(path, (path,)) for path in ordered]
    depth = max(path.count("/") for path in ordered)
    while True:
        groups: dict[str, list[str]] = {}
        for path in ordered:
            groups.setdefault("/".join(path.split("/")[:-1][:depth]), []).append(path)
        if len(groups) <= most or depth == 0:
            break
        depth -= 1
    return [
        (found[0] if len(found) == 1 else f"{folder or '.'}/ ({len(found)} files)", tuple(found))
        for folder, found in groups.items()
    ]


def picture(dependents: Dependents, owners_of: Callable[[str], tuple[str, ...]]) -> Picture:
    """The picture of these dependents, coloured by owner."""
    rings: list[list[str]] = [[] for _ in range(RINGS + 1)]
    rings[0] = list(dependents.changed)
    via: dict[str, str] = {}
    for item in dependents.details():
        rings[min(item.distance, RINGS)].append(item.path)
        via[item.path] = item.via
    colours, legend = _owner_colours([path for ring in rings for path in ring], owners_of)
    circles: list[Circle] = []
    place: dict[str, int] = {}
    radii: list[float] = []
    radius = 0.0
    for number, ring in enumerate(rings):
        if not ring:
            continue
        groups = fold(ring, _SHARES[number])
        if number == 0:
            radius = 0.0 if len(groups) == 1 else max(40.0, len(groups) * _SPACING / tau)
        else:
            radius = max(radius + _LABEL, len(groups) * _SPACING / tau)
        radii.append(radius)
        # Beside what they depend on, so that lines are short and rarely cross.
        groups.sort(key=lambda group: (_angle(group[1], via, place, circles), group[0]))
        for at, (label, paths) in enumerate(groups):
            angle = tau * (at + 0.5) / len(groups) - pi / 2
            colour = colours(paths)
            for path in paths:
                place[path] = len(circles)
            circles.append(Circle(label, paths, number, angle, radius * cos(angle), radius * sin(angle), colour))
    lines = {(place[near], place[far]) for far, near in via.items() if near in place and place[near] != place[far]}
    return Picture(tuple(circles), tuple(sorted(lines)), tuple(radii), legend)


def _angle(paths: Sequence[str], via: dict[str, str], place: dict[str, int], circles: list[Circle]) -> float:
    near = [circles[place[via[path]]].angle for path in paths if via.get(path) in place]
    return sum(near) / len(near) if near else 0.0


def _owner_colours(
    paths: list[str], owners_of: Callable[[str], tuple[str, ...]]
) -> tuple[Callable[[tuple[str, ...]], str], tuple[tuple[str, str], ...]]:
    """The colour of a group of files, and what the colours mean: the most frequent owners have one each."""
    groups = {path: owners_of(path) for path in paths}
    counts: dict[tuple[str, ...], int] = {}
    for owners in groups.values():
        if owners:
            counts[owners] = counts.get(owners, 0) + 1
    frequent = sorted(counts, key=lambda owners: (-counts[owners], owners))
    chosen = dict(zip(frequent, _COLOURS, strict=False))

    def colour(found: tuple[str, ...]) -> str:
        of_group = {groups[path] for path in found}
        if len(of_group) > 1:
            return OTHERS
        owners = of_group.pop()
        return chosen.get(owners, OTHERS) if owners else NOBODY

    legend = [(shade, f"{' '.join(owners)} ({counts[owners]})") for owners, shade in chosen.items()]
    if len(frequent) > len(_COLOURS) or (len(counts) > 1 and len(paths) > sum(_SHARES)):
        legend.append((OTHERS, "other or several owners"))
    if any(not owners for owners in groups.values()):
        legend.append((NOBODY, "nobody"))
    return colour, tuple(legend)
