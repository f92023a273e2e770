"""The blast radius as one HTML page: the picture, and the same as a table. Nothing is fetched and nothing runs."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from vibeguard.model import Dependents
from vibeguard.report import svg
from vibeguard.report.escape import visible
from vibeguard.report.radius import Picture

_STYLE = """
body { font: 14px/1.45 system-ui, sans-serif; color: #111; background: #fff; margin: 2rem auto; max-width: 75rem; padding: 0 1rem }
svg { max-width: 100%; height: auto; border: 1px solid #ddd }
table { border-collapse: collapse; width: 100%; margin-top: 1rem }
th, td { text-align: left; padding: .2rem .6rem; border-bottom: 1px solid #ddd; vertical-align: top; overflow-wrap: break-word }
th, td.word { white-space: nowrap }
td.path { overflow-wrap: anywhere; min-width: 10rem }
td.owners { min-width: 9rem }
td.number { text-align: right }
@media print { body { margin: 0; max-width: none; font-size: 11px } h1 { font-size: 18px } svg { max-height: 24cm; border: 0 } tr { break-inside: avoid } thead { display: table-header-group } }
""".strip()  # noqa: E501


def render(found: Dependents, drawn: Picture, owners_of: Callable[[str], tuple[str, ...]]) -> str:
    """The page as text."""
    rows = [_row("0", path, "changed", "", (), owners_of(path)) for path in found.changed]
    rows += [
        _row(str(item.distance), item.path, item.kind, item.via, item.names, owners_of(item.path))
        for item in found.details()
    ]
    heading = escape(visible(svg.title(found)))
    return "\n".join(
        (
            "<!doctype html>",
            '<html lang="en">',
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            f"<title>{heading}</title>",
            f"<style>{_STYLE}</style>",
            f"<h1>{heading}</h1>",
            svg.render(found, drawn, titled=False),
            "<table><thead><tr><th>Hops<th>File<th>How<th>Through<th>Names<th>Owners</thead><tbody>",
            *rows,
            "</tbody></table>",
            "</html>",
            "",
        )
    )


def _row(  # noqa: PLR0917
    distance: str, path: str, kind: str, via: str, names: tuple[str, ...], owners: tuple[str, ...]
) -> str:
    cells = (
        ("path", path),
        ("word", kind),
        ("path", via),
        ("path", ", ".join(names)),
        ("owners", " ".join(owners) or "nobody"),
    )
    return f'<tr><td class="number">{distance}' + "".join(
        f'<td class="{word}">{_broken(escape(visible(cell))) if word == "path" else escape(visible(cell))}'
        for word, cell in cells
    )


def _broken(path: str) -> str:
    """A path that a narrow column breaks behind a slash."""
    return path.replace("/", "/<wbr>")
