"""The policies that ship with the product, `builtin:NAME`."""

from __future__ import annotations

import os

PREFIX = "builtin:"
NAMES = ("starter", "strict", "senior-signoff", "declare", "no-ai", "regulated")


def folder() -> str:
    """Where they are: beside the package in a wheel, at the root in a source checkout."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    packed = os.path.join(package, "policies")
    return packed if os.path.isdir(packed) else os.path.join(os.path.dirname(os.path.dirname(package)), "policies")


def read_builtin(name: str) -> bytes | None:
    """The bytes of a shipped policy, by its bare name; None when there is none of that name."""
    if name not in NAMES:
        return None
    try:
        with open(os.path.join(folder(), f"{name}.yaml"), "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def list_builtins() -> tuple[str, ...]:
    """Names of the shipped policies, as `extends` has them."""
    return tuple(PREFIX + name for name in NAMES if os.path.exists(os.path.join(folder(), f"{name}.yaml")))
