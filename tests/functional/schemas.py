"""The shipped JSON Schemas, held against what commands print."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator


def fits(command: str, document: dict[str, Any]) -> None:
    """Fail when a document does not fit the schema of its command, or when the schema is none."""
    schema = json.loads(files("vibeguard.report").joinpath("schemas", f"{command}.v1.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(document)
    assert document["schema"] == f"vibeguard/{command}/v1"
