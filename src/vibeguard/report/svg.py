"""The blast radius as one SVG: nothing fetched, no script, dark on white, readable in print."""

from __future__ import annotations

from html import escape
from math import cos, degrees, sin, sqrt

from vibeguard.model import Dependents
from vibeguard.report.escape import visible
from vibeguard.report.radius import RINGS, Circle, Picture

_FONT = "font-family='DejaVu Sans, Helvetica, Arial, sans-serif'"
_LONGEST = 30  # characters of a label; the whole path is in the tooltip
_LEGEND_LINE = 18


def render(found: Dependents, drawn: Picture) -> str:
    """The picture as SVG text."""
    heading = title(found)
    legend_height = _LEGEND_LINE * (len(drawn.legend) + 1) + 50
    width, height = max(drawn.size, 560), drawn.size + legend_height
    middle_x, middle_y = width / 2, 50 + drawn.size / 2
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width:.0f} {height:.0f}' width='{width:.0f}' "
        f"height='{height:.0f}' role='img' {_FONT}>",
        f"<title>{_text(heading)}</title>",
        f"<rect width='{width:.0f}' height='{height:.0f}' fill='#ffffff'/>",
        f"<text x='16' y='28' font-size='16' font-weight='bold' fill='#111111'>{_text(heading)}</text>",
        f"<g transform='translate({middle_x:.1f} {middle_y:.1f})'>",
    ]
    for number, radius in zip(_rings(drawn), drawn.radii, strict=True):
        if radius:
            parts.append(f"<circle r='{radius:.1f}' fill='none' stroke='#dddddd' stroke-dasharray='3 4'/>")
        if number:
            words = f"{number} hop{'s' if number > 1 else ''}" if number < RINGS else f"{number} hops or more"
            # At the top, where the ring has no circle: the first one stands half a step to the right.
            parts.append(
                f"<text x='0' y='{-radius - 4:.1f}' font-size='11' fill='#777777' text-anchor='middle'>{words}</text>"
            )
    for near, far in drawn.lines:
        one, other = drawn.circles[near], drawn.circles[far]
        parts.append(
            f"<line x1='{one.x:.1f}' y1='{one.y:.1f}' x2='{other.x:.1f}' y2='{other.y:.1f}' "
            "stroke='#888888' stroke-opacity='.35'/>"
        )
    parts += [_circle(circle, len(drawn.circles)) for circle in drawn.circles]
    parts.append("</g>")
    parts += _legend(drawn, 60 + drawn.size)
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


def _circle(circle: Circle, count: int) -> str:
    radius = min(16.0, 4.5 + sqrt(len(circle.paths) - 1)) if circle.ring else 7.0
    stroke = "#111111" if circle.ring == 0 else "#444444"
    tooltip = "\n".join(circle.paths[:20]) + (f"\nand {len(circle.paths) - 20} more" if len(circle.paths) > 20 else "")
    name = circle.label if circle.label.endswith("files)") else circle.label.rpartition("/")[2]
    label = _text(name if len(name) <= _LONGEST else f"…{name[1 - _LONGEST :]}")
    alone = circle.x == 0 and circle.y == 0
    if alone:
        placed = f"<text x='0' y='{radius + 13:.1f}' font-size='11' text-anchor='middle' fill='#111111'>{label}</text>"
    else:
        # Along the radius, outwards; turned over on the left half, so that no label is upside down.
        turned = cos(circle.angle) < -1e-9
        angle = degrees(circle.angle) + (180 if turned else 0)
        x = circle.x + (radius + 3) * cos(circle.angle)
        y = circle.y + (radius + 3) * sin(circle.angle)
        size = 10 if count <= 200 else 9
        placed = (
            f"<text x='{x:.1f}' y='{y:.1f}' dy='.35em' font-size='{size}' fill='#111111' "
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
