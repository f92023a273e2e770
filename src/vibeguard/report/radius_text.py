"""Dependents as text: a tree by distance, and a graph for Graphviz."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from vibeguard.model import Dependent, Dependents
from vibeguard.report.escape import visible

_NAMES = 4  # names shown of an edge


def tree(
    found: Dependents, owners_of: Callable[[str], tuple[str, ...]], most: int, width: int | None = None
) -> Iterator[str]:
    """One line a file, below the file it depends on. After `most` lines (0: all) the rest is a number.

    Args:
        width: of the terminal, where there is one: of what does not fit, imported names give way to their number.
    """
    below: dict[str, list[Dependent]] = {}
    for item in found.details():
        below.setdefault(item.via, []).append(item)
    shown = 0
    total = len(found.changed) + found.all
    for root in found.changed:
        if most and shown >= most:
            break
        yield f"{visible(root)}{_owned(owners_of(root))}\n"
        shown += 1
        # (indentation so far, the children that are left); a stack, for chains can be long.
        stack = [("", iter(below.get(root, ())), len(below.get(root, ())))]
        while stack and not (most and shown >= most):
            indent, children, left = stack.pop()
            child = next(children, None)
            if child is None:
                continue
            last = left == 1
            owned = _owned(owners_of(child.path))
            start = f"{indent}{'└─' if last else '├─'} {child.distance} "
            line = _line(child)
            for few in range(_NAMES - 1, -1, -1):
                if width is None or len(start + line + owned) <= width:
                    break
                line = _line(child, few)
            yield f"{start}{line}{owned}\n"
            shown += 1
            stack.append((indent, children, left - 1))
            inner = below.get(child.path, ())
            if inner:
                stack.append((indent + ("   " if last else "│  "), iter(inner), len(inner)))
    if shown < total:
        yield f"… and {total - shown} more (--limit 0 shows all)\n"


def _line(item: Dependent, most: int = _NAMES) -> str:
    rest = len(item.names) - most
    names = " ".join((*((", ".join(item.names[:most]),) if most else ()), *((f"+{rest}",) if rest > 0 else ())))
    kind = "" if item.kind == "import" else f" ({item.kind})"
    return f"{visible(item.path)}{kind}" + (f": {visible(names)}" if names else "")


def _owned(owners: tuple[str, ...]) -> str:
    return f"  [{visible(' '.join(owners))}]" if owners else ""


def dot(found: Dependents) -> Iterator[str]:
    """Graphviz source: an arrow leads from a file to what it depends on."""
    yield "digraph dependents {\n  rankdir=LR;\n  node [shape=box, fontname=Helvetica, fontsize=10];\n"
    for path in found.changed:
        yield f"  {_quoted(path)} [style=bold];\n"
    for item in found.details():
        style = "" if item.kind == "import" else " [style=dashed]"
        yield f"  {_quoted(item.path)} -> {_quoted(item.via)}{style};\n"
    yield "}\n"


def _quoted(text: str) -> str:
    return '"' + visible(text).replace("\\", "\\\\").replace('"', '\\"') + '"'
