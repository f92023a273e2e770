"""The blast radius as one SVG: nothing fetched, no script, dark on white, readable in print."""

from __future__ import annotations

from collections import Counter
from html import escape
from math import cos, degrees, sin, sqrt

from vibeguard.model import Dependents
from vibeguard.report.escape import visible
from vibeguard.report.radius import RINGS, Circle, Picture

_FONT = "font-family='DejaVu Sans, Helvetica, Arial, sans-serif'"
_LONGEST = 30  # characters of a label; the whole path is in the tooltip
_LEGEND_LINE = 18
_LETTER = 6.2  # pixels that a letter of a label is wide, seldom more
_HALO = "stroke='#ffffff' stroke-width='4' stroke-linejoin='round' paint-order='stroke'"
_TITLE = "<text x='16' y='28' font-size='16' font-weight='bold' fill='#111111'>{}</text>"
_EVERYWHERE = ("__init__.", "__main__.", "index.", "mod.rs", "lib.rs", "main.", "conftest.", "package.json", "Makefile")


def render(found: Dependents, drawn: Picture, *, titled: bool = True) -> str:
    """The picture as SVG text; without its title inside a page that has one."""
    heading = title(found)
    named = Counter(_name(circle) for circle in drawn.circles)
    labels = [_label(circle, named[_name(circle)] > 1) for circle in drawn.circles]
    left, top, right, bottom = _extent(drawn, labels)
    legend_height = _LEGEND_LINE * (len(drawn.legend) + 1) + 50
    width, height = max(right - left, 560), bottom - top + legend_height
    middle_x, middle_y = (width - left - right) / 2, 50 - top
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width:.0f} {height:.0f}' width='{width:.0f}' "
        f"height='{height:.0f}' role='img' {_FONT}>",
        f"<title>{_text(heading)}</title>",
        f"<rect width='{width:.0f}' height='{height:.0f}' fill='#ffffff'/>",
        _TITLE.format(_text(heading) if titled else ""),
        f"<g transform='translate({middle_x:.1f} {middle_y:.1f})'>",
    ]
    hops: list[str] = []
    for number, radius in zip(_rings(drawn), drawn.radii, strict=True):
        if radius:
            parts.append(f"<circle r='{radius:.1f}' fill='none' stroke='#dddddd' stroke-dasharray='3 4'/>")
        if number:
            words = f"{number} hop{'s' if number > 1 else ''}" if number < RINGS else f"{number} hops or more"
            # At the top, where the ring has no circle: the first one stands half a step to the right.
            hops.append(
                f"<text x='0' y='{-radius - 4:.1f}' font-size='11' fill='#555555' text-anchor='middle' "
                f"{_HALO}>{words}</text>"
            )
    for near, far in drawn.lines:
        one, other = drawn.circles[near], drawn.circles[far]
        parts.append(
            f"<line x1='{one.x:.1f}' y1='{one.y:.1f}' x2='{other.x:.1f}' y2='{other.y:.1f}' "
            "stroke='#888888' stroke-opacity='.35'/>"
        )
    parts += [_circle(*pair, len(drawn.circles)) for pair in zip(drawn.circles, labels, strict=True)]
    parts += hops
    parts.append("</g>")
    parts += _legend(drawn, 60 + bottom - top)
    parts.append("</svg>\n")
    return "\n".join(parts)


def title(found: Dependents) -> str:
    """The three integers in one line."""
    count = len(found.changed)
    return (
        f"{count} changed file{'' if count == 1 else 's'}: {found.direct} depend directly, "
        f"{found.within_2} within two hops, {found.all} in all" + (f" ({found.unknown})" if found.unknown else "")
    )


def _rings(drawn: Picture) -> list[int]:
    return sorted({circle.ring for circle in drawn.circles})


def _text(text: str) -> str:
    """Safe inside SVG and HTML: controls spelt out, markup escaped."""
    return escape(visible(text), quote=True)


def _name(circle: Circle) -> str:
    return circle.label if len(circle.paths) > 1 else circle.label.rpartition("/")[2]


def _label(circle: Circle, ambiguous: bool) -> str:  # noqa: FBT001
    """The file's name, with its folder where the name alone says little."""
    name = _name(circle)
    if len(circle.paths) == 1 and (ambiguous or name.startswith(_EVERYWHERE)):
        name = "/".join(circle.label.split("/")[-2:])
    return name if len(name) <= _LONGEST else f"…{name[1 - _LONGEST :]}"


def _extent(drawn: Picture, labels: list[str]) -> tuple[float, float, float, float]:
    """(left, top, right, bottom) of everything around the middle, with room for every label."""
    outer = max(drawn.radii, default=0.0)
    low_x, low_y, high_x, high_y = -outer, -outer - 14, outer, outer
    for circle, label in zip(drawn.circles, labels, strict=True):
        reach = 22 + _LETTER * len(label)
        x, y = circle.x + reach * cos(circle.angle), circle.y + reach * sin(circle.angle)
        low_x, high_x = min(low_x, x), max(high_x, x)
        low_y, high_y = min(low_y, y), max(high_y, y)
    return low_x - 16, low_y - 16, high_x + 16, high_y + 16


def _circle(circle: Circle, name: str, count: int) -> str:
    radius = min(16.0, 4.5 + sqrt(len(circle.paths) - 1)) if circle.ring else 7.0
    stroke = "#111111" if circle.ring == 0 else "#444444"
    tooltip = "\n".join(circle.paths[:20]) + (f"\nand {len(circle.paths) - 20} more" if len(circle.paths) > 20 else "")
    label = _text(name)
    alone = circle.x == 0 and circle.y == 0
    if alone:
        placed = (
            f"<text x='0' y='{radius + 13:.1f}' font-size='11' text-anchor='middle' fill='#111111' {_HALO}>"
            f"{label}</text>"
        )
    else:
        # Along the radius, outwards; turned over on the left half, so that no label is upside down.
        turned = cos(circle.angle) < -1e-9
        angle = degrees(circle.angle) + (180 if turned else 0)
        x = circle.x + (radius + 3) * cos(circle.angle)
        y = circle.y + (radius + 3) * sin(circle.angle)
        size = 10 if count <= 200 else 9
        placed = (
            f"<text x='{x:.1f}' y='{y:.1f}' dy='.35em' font-size='{size}' fill='#111111' {_HALO} "
            f"text-anchor='{'end' if turned else 'start'}' transform='rotate({angle:.1f} {x:.1f} {y:.1f})'>"
            f"{label}</text>"
        )
    tooltip_lines = "&#10;".join(_text(line) for line in tooltip.split("\n"))
    return (
        f"<g><title>{tooltip_lines}</title><circle cx='{circle.x:.1f}' cy='{circle.y:.1f}' r='{radius:.1f}' "
        f"fill='{circle.colour}' stroke='{stroke}' stroke-width='{2 if circle.ring == 0 else 1}'/>{placed}</g>"
    )


def _legend(drawn: Picture, top: float) -> list[str]:
    parts = [
        f"<text x='16' y='{top:.0f}' font-size='12' font-weight='bold' fill='#111111'>"
        "Owners (files); changed files have a bold rim; a circle with a number is a folder</text>"
    ]
    for line, (colour, words) in enumerate(drawn.legend, 1):
        y = top + line * _LEGEND_LINE
        parts.append(f"<circle cx='24' cy='{y - 4:.0f}' r='6' fill='{colour}' stroke='#444444'/>")
        parts.append(f"<text x='38' y='{y:.0f}' font-size='12' fill='#111111'>{_text(words)}</text>")
    return parts
