"""Turns catalogue.yaml into catalogue_data.py: `python -m vibeguard.provenance.compile`.

Run it after every edit of the YAML; a test fails when the two differ. Never loaded at run time.
"""

from __future__ import annotations

import os
import re
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.join(HERE, "catalogue.yaml")
TARGET = os.path.join(HERE, "catalogue_data.py")

# What every message with evidence must hold, beside the catalogue's own keys and addresses: the shared spellings of
# the lenient reader (see `evidence.py`), in lower case.
SHARED_NEEDLES = (
    "co-author", "co author", "coauthor", "co_author",
    "assisted", "generated", "synthesized", "made with", "made-with",
    "written by", "written with", "created with", "created using", "implemented with", "built with", "developed with",
    "powered by", "ai-", "ai:", "ai usage", "ai used", "ai assist", "ai tool", " ai ", "no ai", "of ai", "no llm",
    "[bot]", "noreply@", "not ai", "aider: ", "agent:", "by-agent", "co-developed", "helped-by", "suggested-by",
    "without", "claude", "coderabbit", "copilot", "chatgpt", "codex-reviewed",
)  # fmt: skip


def read() -> dict[str, Any]:
    """The catalogue as written."""
    import yaml  # noqa: PLC0415 - the tests import this module for its other functions

    with open(SOURCE, encoding="utf-8") as file:
        catalogue: dict[str, Any] = yaml.safe_load(file)
    return catalogue


def _identity(tool: str, entry: dict[str, Any]) -> tuple[str, ...]:
    return (tool, entry.get("strength", "certain"), entry.get("name", ""), entry.get("role", "assisted"))


def _environment(tool: str, entry: dict[str, Any]) -> tuple[Any, ...]:
    companions = tuple((key, str(value)) for key, value in entry.get("with", {}).items())
    return (tool, entry["name"], entry.get("value", ""), entry.get("strength", "likely"), companions)


def compiled(source: dict[str, Any]) -> dict[str, Any]:
    """The tables of catalogue_data.py by name."""
    addresses: dict[str, tuple[Any, ...]] = {}
    logins: dict[str, tuple[Any, ...]] = {}
    trailers: dict[str, tuple[Any, ...]] = {}
    prefixes: dict[str, tuple[Any, ...]] = {}
    names: dict[str, tuple[str, str]] = {}
    tables: dict[str, list[Any]] = {key: [] for key in ("markers", "urls", "branches", "environment")}

    def identity(tool: str, entry: dict[str, Any]) -> None:
        table, key = (addresses, "address") if "address" in entry else (logins, "login")
        name = entry[key].lower()
        rules = [*table.get(name, ()), _identity(tool, entry)]
        table[name] = tuple(sorted(rules, key=lambda rule: not rule[2]))  # those that ask for a name come first

    for entry in source["bots"]:
        identity("", {**entry, "role": "non-ai-bot"})
    for tool in source["tools"]:
        ident = tool["id"]
        for entry in tool.get("identities", []):
            identity(ident, entry)
        for entry in tool.get("trailers", []):
            key = entry["key"].lower()
            unless = tuple((name.lower(), value) for name, value in entry.get("unless", {}).items())
            companions = tuple(name.lower() for name in entry.get("with", []))
            strength, role = entry.get("strength", "certain"), entry.get("role", "assisted")
            rule = (ident, entry["value"], strength, role, companions, unless, entry.get("names_tool", False))
            table = prefixes if key.endswith("*") else trailers
            table[key.rstrip("*")] = (*table.get(key.rstrip("*"), ()), rule)
        for kind in ("markers", "urls", "branches"):
            tables[kind].extend((ident, entry["pattern"]) for entry in tool.get(kind, []))
        tables["environment"].extend(_environment(ident, entry) for entry in tool.get("environment", []))
        for kind, field in (("tool", "names"), ("person", "person_names"), ("model", "model_names")):
            names.update(dict.fromkeys(tool.get(field, []), (ident, kind)))
    tables["environment"].extend(_environment("unnamed", entry) for entry in source["generic_environment"])

    needles = set(SHARED_NEEDLES) | set(trailers) | set(prefixes)
    needles |= {address for address, rules in addresses.items() if any(rule[3] != "non-ai-bot" for rule in rules)}
    needles |= {login for login, rules in logins.items() if any(rule[3] != "non-ai-bot" for rule in rules)}
    needles |= {
        re.split(r"[\\(\[]", url.removeprefix("https://").replace("\\.", ".").lower())[0] for _, url in tables["urls"]
    }
    # Branches are found in the subjects of merges.
    needles |= {re.split(r"[\\(\[.]", branch)[0].lower() for _, branch in tables["branches"]} - {""}
    # A needle that holds another one is never needed.
    smallest = sorted(needle for needle in needles if not any(other != needle and other in needle for other in needles))
    return {
        "TOOLS": {tool["id"]: (tool["name"], tool["kind"]) for tool in source["tools"]} | {"unnamed": ("AI", "agent")},
        "CO_AUTHORS": {tool["id"]: tool["co_author"] for tool in source["tools"] if "co_author" in tool},
        "ADDRESSES": dict(sorted(addresses.items())),
        "LOGINS": dict(sorted(logins.items())),
        "TRAILERS": dict(sorted(trailers.items())),
        "TRAILER_PREFIXES": dict(sorted(prefixes.items())),
        "NAMES": dict(sorted(names.items())),
        "UNNAMED_VALUES": tuple(source["unnamed"]),
        "MODELS": tuple((entry["pattern"], entry["tool"]) for entry in source["models"]),
        "MARKERS": tuple(tables["markers"]),
        "URLS": tuple(tables["urls"]),
        "BRANCHES": tuple(tables["branches"]),
        "ENVIRONMENT": tuple(tables["environment"]),
        "KEYS": {key: kind for kind, keys in source["keys"].items() for key in keys},
        "NEEDLES": tuple(needle.encode() for needle in smallest),
    }


def rendered(tables: dict[str, Any]) -> str:
    """The text of catalogue_data.py."""
    lines = [
        '"""Generated from catalogue.yaml by `python -m vibeguard.provenance.compile`; do not edit."""',
        "# ruff: noqa: E501",
        "# fmt: off",
        "",
        "from __future__ import annotations",
        "",
        "from typing import Any",
        "",
    ]
    for name, table in tables.items():
        items = table.items() if isinstance(table, dict) else ((None, item) for item in table)
        lines.append(f"{name}: Any = {'{' if isinstance(table, dict) else '('}")
        lines += [f"    {item!r}," if key is None else f"    {key!r}: {item!r}," for key, item in items]
        lines.append("}" if isinstance(table, dict) else ")")
    return "\n".join(lines) + "\n"


def main() -> None:
    with open(TARGET, "w", encoding="utf-8") as file:
        file.write(rendered(compiled(read())))


if __name__ == "__main__":
    main()
