"""vibeguard: a Git pre-merge guardrail for changes with a high blast radius."""

# A literal: importlib.metadata costs 14 to 37 ms, which every commit would pay.
from __future__ import annotations

__version__ = "0.1.0"
