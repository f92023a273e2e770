"""The figures of `weights.yaml` for the hook, which must not load YAML. Change both; a test compares them."""

from __future__ import annotations

FAN_OUT_POINTS, FAN_OUT_CAP, FAN_OUT_DECAY = 45, 1000, 0.2
API_POINTS, API_CAP = 15, 100
OWNERS_POINTS, OWNERS_GROUPS = 15, 4
GAPS_POINTS = 5
SENSITIVITY_POINTS = 25
CO_CHANGE_POINTS, CO_CHANGE_CAP = 5, 10
OPAQUE_FLOOR, DEPENDENTS_UNKNOWN_FLOOR, LANGUAGE_UNKNOWN_FLOOR = 40, 40, 20
LEVELS = {"moderate": 20, "high": 40, "critical": 65}
KINDS = {
    "secrets": 1.0,
    "policy": 1.0,
    "auth": 0.8,
    "migration": 0.8,
    "infrastructure": 0.8,
    "schema": 0.7,
    "ci": 0.6,
    "container": 0.6,
    "lock-file": 0.4,
    "manifest": 0.4,
    "build": 0.4,
}
TAG = 0.8
NEW_DEPENDENCY = 0.4
RISK = {"code-lines-added": (40, 500), "branching": (32, 100), "recent-fixes": (18, 12), "signatures": (10, 20)}
RISK_QUANTILES = {5: 0.066, 10: 0.108, 25: 0.187, 50: 0.314, 75: 0.483, 90: 0.635, 95: 0.732, 99: 0.880}
RISK_LEVELS = {"moderate": 50, "high": 80, "critical": 95}
