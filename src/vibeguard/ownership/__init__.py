"""Whom it belongs to, by what the forge itself would say."""
