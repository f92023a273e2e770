"""The documentation of kinds is the tables of the code."""

from __future__ import annotations

import os
from collections.abc import Mapping

from vibeguard.content.findings import FINDINGS
from vibeguard.content.kinds import KINDS
from vibeguard.content.opaque import REASONS

DOCUMENT = os.path.join(os.path.dirname(__file__), "..", "..", "..", "docs", "findings.md")


def rows(table: Mapping[str, str]) -> str:
    return "".join(f"| `{name}` | {text} |\n" for name, text in table.items())


def test_every_kind_stands_in_the_documentation_with_its_sentence() -> None:
    with open(DOCUMENT, encoding="utf-8") as file:
        text = file.read()
    assert f"| kind | what it is |\n|---|---|\n{rows(KINDS)}" in text
    assert f"| kind | what it says |\n|---|---|\n{rows(FINDINGS)}" in text
    assert f"| reason | what it says |\n|---|---|\n{rows(REASONS)}" in text
