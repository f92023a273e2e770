"""What JavaScript and Deno projects depend on."""

from __future__ import annotations

from vibeguard.content.structured import json, mapping, yaml

_OWN = ("workspace:", "file:", "link:", "portal:", "catalog:", ".", "/")
_TABLES = ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies", "jspm.dependencies")


def package_json(content: bytes) -> dict[str, str]:
    """npm, yarn, pnpm, bower: names in the four tables, without members of the own workspace."""
    document = mapping(json(content))
    return {
        name: table
        for table in _TABLES
        for name, version in mapping(document.get(table)).items()
        if not str(version).startswith(_OWN)
    }


def pnpm_workspace(content: bytes) -> dict[str, str]:
    """The catalogs from which the members of a pnpm workspace take their versions."""
    found = {}
    for document in yaml(content):
        catalogs = {"catalog": mapping(document).get("catalog"), **mapping(mapping(document).get("catalogs"))}
        for catalog, packages in catalogs.items():
            for name in mapping(packages):
                found[name] = str(catalog)
    return found


def deno(content: bytes) -> dict[str, str]:
    """The import map of deno.json: what comes from a registry or from the web."""
    document = mapping(json(content, comments=True))
    return {
        str(address): "imports"
        for address in mapping(document.get("imports")).values()
        if str(address).startswith(("npm:", "jsr:", "http://", "https://"))
    }


def deno_key(address: str) -> str:
    """The package of an import without its version."""
    head, at, _ = address.rpartition("@")
    return head if at and not head.endswith(("npm:", "jsr:", "/")) else address
