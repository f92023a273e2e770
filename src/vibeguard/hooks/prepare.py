"""The prepare-commit-msg hook: declares the agent that makes this commit, where the user or the team asked for that."""

from __future__ import annotations

import os

from vibeguard.check.stamping import prepare as stamp
from vibeguard.errors import VibeguardError
from vibeguard.hooks.door import say_error


def prepare(file: str, source: str | None) -> int:
    """Add the declaration if an agent shows and the message lacks it.

    Always 0: git cannot skip this hook, and a commit must not fail for want of a declaration. What went wrong is said;
    the hooks that judge will say it again.
    """
    try:
        stamp(file, source, os.environ, os.getcwd())
    except VibeguardError as error:
        say_error(error)
    return 0
