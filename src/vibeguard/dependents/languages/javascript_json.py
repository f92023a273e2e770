"""JSON as package.json and tsconfig files write it: with comments, trailing commas and byte order marks."""

from __future__ import annotations

import json
from typing import Any

from vibeguard.dependents.project import Project


def _without_comments(text: str) -> str:
    """JSON as tsconfig files write it (comments, trailing commas) as plain JSON."""
    out: list[str] = []
    position = 0
    length = len(text)
    while position < length:
        char = text[position]
        if char == '"':
            end = position + 1
            while end < length and text[end] != '"':
                end += 2 if text[end] == "\\" else 1
            out.append(text[position : end + 1])
            position = end + 1
        elif text.startswith("//", position):
            end = text.find("\n", position)
            position = length if end < 0 else end
        elif text.startswith("/*", position):
            end = text.find("*/", position + 2)
            position = length if end < 0 else end + 2
        elif char in "]}":
            while out and out[-1].isspace():
                out.pop()
            if out and out[-1] == ",":
                out.pop()
            out.append(char)
            position += 1
        else:
            out.append(char)
            position += 1
    return "".join(out)


def read_json(project: Project, path: str) -> dict[str, Any]:
    """A JSON object of the tree; {} where there is none or it cannot be read."""
    content = project.read(path) if path in project.files else None
    if content is None or len(content) > 2_000_000:
        return {}
    text = content.decode("utf-8-sig", "replace")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        try:
            found = json.loads(_without_comments(text))
        except (ValueError, RecursionError):
            return {}
    return found if isinstance(found, dict) else {}
