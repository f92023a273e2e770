"""`tighten`: changes to rules of the layers above, only in the tighter direction. All else is `error[loosening]`."""

from __future__ import annotations

from collections.abc import Collection

from vibeguard.policy.conditions import Names
from vibeguard.policy.nodes import Node
from vibeguard.policy.reader import Reader
from vibeguard.policy.rules import BreakGlass, Rule


def tighten(
    reader: Reader,
    node: Node,
    names: Names,  # noqa: ARG001
    rules: dict[str, Rule],
    glasses: list[BreakGlass],
    above: Collection[str],  # noqa: ARG001
) -> tuple[dict[str, Rule], list[BreakGlass]]:
    """The rules and waivers after what `node` asks; each problem is reported at its place."""
    reader.error(node, "tighten", "this version cannot tighten inherited rules yet", "write a rule of your own")
    return rules, glasses
