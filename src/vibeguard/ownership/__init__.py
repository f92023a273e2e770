"""Whom it belongs to, by what the forge itself would say."""

from __future__ import annotations

from vibeguard.ownership.lookup import Entry, Ownership, load

__all__ = ["Entry", "Ownership", "load"]
