"""The facts of `tests/data/ownership/`, and ownership made of a few lines."""

from __future__ import annotations

import json
import os
from typing import Any

from vibeguard.ownership import Entry, Ownership, load

_FOLDER = os.path.join(os.path.dirname(__file__), "..", "..", "data", "ownership")


def facts(name: str) -> Any:
    """What one file of facts holds."""
    with open(os.path.join(_FOLDER, f"{name}.json"), encoding="utf-8") as file:
        return json.load(file)


def tree(**files: bytes | str) -> dict[str, Entry]:
    """A tree of plain files."""
    return {
        path: Entry("100644", content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content)
        for path, content in files.items()
    }


def codeowners(*lines: str, dialect: str = "github") -> Ownership:
    """The ownership that these lines of a CODEOWNERS file state."""
    return load(tree(CODEOWNERS="\n".join(lines)).get, dialect=dialect)
