"""The JSON Schema (draft 2020-12) of a policy file, generated from the fact table and the checker's own words.

Editors use it (`# yaml-language-server: $schema=…`); at run time the checker decides, which also sees what a schema
cannot: names that are defined nowhere, globs and patterns, dates of the calendar, directions of `tighten`. The codes
of those errors are :data:`BEYOND`; for every other error, and for every good policy, schema and checker agree.
"""

from __future__ import annotations

from typing import Any

from vibeguard.policy import actions, rule_reader, sections, tighten
from vibeguard.policy.conditions import COUNTED, MOST_VALUES
from vibeguard.policy.facts import FACT_TYPES, FACTS, KINDS, FactSpec, fact_names
from vibeguard.policy.rules import STAGES

ID = "https://vibeguard.dev/schema/policy-v1.json"

BEYOND = frozenset({
    # how it is written in YAML
    "alias", "anchor", "merge", "tag", "duplicate-key", "several-documents", "invisible-character", "encoding",
    "limit", "yaml", "too-large",
    # names that stand elsewhere
    "unknown-role", "unknown-tag", "unknown-window", "unknown-rule", "undeclared-fact", "unknown-builtin",
    "missing-file", "duplicate-id", "redefined", "extends", "network", "outside", "wrong-pin", "loosening",
    "tightened-twice",
    # what is inside a text, and the types of an organisation's own facts
    "glob", "pattern", "wrong-date", "unknown-timezone", "message", "empty-range",
})  # fmt: skip

_NUMBER = r"(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?"
_KEBAB = "^[a-z0-9]+(-[a-z0-9]+)*$"
_DURATION = r"^[1-9][0-9]{0,4} (minute|hour|day|week)s?$"
_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_TEXT: dict[str, Any] = {"type": ["string", "number", "boolean"], "minLength": 1, "pattern": r"\S"}


def policy_schema() -> dict[str, Any]:
    """The schema as a plain object."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ID,
        "title": "vibeguard policy, version 1",
        "type": "object",
        "required": ["version"],
        "additionalProperties": False,
        "anyOf": [{"required": ["rules"]}, {"required": ["extends"]}, {"required": ["tighten"]}],
        "properties": _top(),
        "$defs": _definitions(),
    }


def _top() -> dict[str, Any]:
    keys: dict[str, Any] = {
        "version": {"enum": [1, "1"], "description": "Version of the policy format."},
        "name": _TEXT,
        "description": _TEXT,
        "extends": _one_or_more(
            {
                "anyOf": [
                    _TEXT,
                    _object({"path": _TEXT, "sha256": {"type": "string"}}, required=["path"]),
                ]
            }
        ),
        "people": _object(
            {
                "roles": _map({"anyOf": [{"const": sections.TO_BE_NAMED}, _words()]}, _KEBAB),
                "identities": _map(_words()),
                "if_no_owner": _words(),
            }
        ),
        "tags": _map(_words(), _KEBAB),
        "windows": _map({"$ref": "#/$defs/window"}, _KEBAB),
        "facts": _map({"$ref": "#/$defs/ownFact"}, r"^x\.[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){0,4}$"),
        "defaults": _object({"if_unknown": {"enum": list(sections.IF_UNKNOWN)}}),
        "rules": {"type": "array", "items": {"$ref": "#/$defs/rule"}},
        "tighten": {
            "type": "object",
            "properties": {tighten.BREAK_GLASS: _object(_break_glass())},
            "additionalProperties": {"$ref": "#/$defs/tightening"},
        },
        "break_glass": _object(_break_glass(), required=["who", "must_state", "waives", "waiver_lasts"]),
        "protected_refs": _words(),
        "on_error": _object({stage: {"enum": ["warn", "stop"]} for stage in STAGES[:-1]}),
        "provenance": _object({"tools": _map(_words(), _KEBAB), "declare_with": _TEXT}),
        "ownership": _object({"dialect": {"enum": list(sections.DIALECTS)}}),
        "dependents": _object({"build_in_background": {"type": "boolean"}}),
    }
    assert keys.keys() == set(sections.TOP_KEYS)
    return keys


def _definitions() -> dict[str, Any]:
    rule: dict[str, Any] = {
        "id": {"type": ["string", "number"], "pattern": _KEBAB, "maxLength": 100},
        "description": _TEXT,
        "mode": {"enum": list(rule_reader.MODE_WORDS)},
        "enforce_from": {"type": "string", "pattern": _DAY},
        "stages": _one_or_more({"enum": list(STAGES)}),
        "only_looking_at": {
            **_object({key: _words(KINDS if key == "kinds" else ()) for key in rule_reader.SCOPE_KEYS}),
            "minProperties": 1,
        },
        "when": {"$ref": "#/$defs/condition"},
        "unless": {"$ref": "#/$defs/condition", "maxProperties": 1},
        "then": {"$ref": "#/$defs/then"},
        "if_unknown": {"enum": list(sections.IF_UNKNOWN)},
        "message": {**_TEXT, "pattern": _message()},
        "ask": _TEXT,
        "docs": _TEXT,
    }
    assert rule.keys() == set(rule_reader.RULE_KEYS)
    dropped = {"anyOf": [{"const": tighten.DROPPED}, {"type": "null"}]}
    reviews = _one_or_more({"$ref": "#/$defs/review"})
    return {
        "rule": _object(rule, required=["id", "then"]),
        "tightening": _object(
            {
                **{key: rule[key] for key in tighten.KEYS},
                "unless": {"anyOf": [dropped, rule["unless"]]},
                "enforce_from": {"anyOf": [dropped, rule["enforce_from"]]},
                "then": _object({"require_review": reviews}),
            }
        ),
        "words": _words_in_full(_TEXT),
        "number": _comparison_in_full(""),
        "percentage": _comparison_in_full(" ?%"),
        "condition": _condition(),
        "conditions": {
            "anyOf": [
                {"type": "array", "items": {"$ref": "#/$defs/condition"}, "minItems": 1},
                {"$ref": "#/$defs/condition"},
            ]
        },
        "then": _then(reviews),
        "review": _review(),
        "who": _who(),
        "window": {
            **_object(
                {
                    "first_day": {"type": "string", "pattern": _DAY},
                    "last_day": {"type": "string", "pattern": _DAY},
                    "weekdays": _one_or_more({"enum": list(sections.WEEKDAYS)}),
                    "hours": {
                        "type": "string",
                        "pattern": r"^([01][0-9]|2[0-3]):[0-5][0-9] to ([01][0-9]|2[0-3]):[0-5][0-9]$",
                    },
                    "timezone": _TEXT,
                },
                required=["timezone"],
            ),
            "minProperties": 2,
        },
        "ownFact": {
            **_object(
                {
                    "type": {"enum": list(FACT_TYPES)},
                    "description": _TEXT,
                    "levels": _words(pattern=_KEBAB),
                    "unit": _TEXT,
                },
                required=["type"],
            ),
            "if": {"properties": {"type": {"const": "level"}}},
            "then": {"required": ["levels"], "properties": {"levels": {"type": "array", "minItems": 2}}},
        },
    }


def _message() -> str:
    """Text in which braces hold the name of a fact, and nothing else stands between braces."""
    names = "|".join(name.replace(".", r"\.") for name in fact_names())
    return rf"^([^{{}}]|\{{({names}|x\.[a-z0-9_.]+)\}})*\S([^{{}}]|\{{({names}|x\.[a-z0-9_.]+)\}})*$"


# -- conditions


def _condition() -> dict[str, Any]:
    properties: dict[str, Any] = {
        "all": {"$ref": "#/$defs/conditions"},
        "any": {"$ref": "#/$defs/conditions"},
        "not": {"$ref": "#/$defs/condition"},
    }
    for spec in FACTS.values():
        for name in (spec.name.replace("NAME", member) for member in spec.members) if spec.members else (spec.name,):
            properties[name] = {"description": spec.description, **_fact(spec)}
    return {
        "type": "object",
        "minProperties": 1,
        "properties": properties,
        "patternProperties": {r"^x\.": {}},
        "additionalProperties": False,
    }


def _fact(spec: FactSpec) -> dict[str, Any]:
    if spec.type == "yes-no":
        return {"type": "boolean"}
    if spec.type in ("number", "percent"):
        return _comparison(" ?%" if spec.type == "percent" else "")
    if spec.type == "level":
        level = f"({'|'.join(spec.values)})"
        one = rf"(at\s+least|at\s+most|exactly)\s+{level}"
        return {"type": "string", "pattern": rf"^\s*({one}|between\s+{level}\s+and\s+{level})\s*$"}
    words = _words(() if spec.name in ("author.roles", "change.tags", "time.window") else spec.values)
    choices: list[dict[str, Any]] = [
        words,
        {**_object(dict.fromkeys(("any_of", "all_of", "none_of", "only"), words)), "minProperties": 1},
    ]
    if spec.type != "text":
        choices[0] = {**words, "not": {"type": "string", "pattern": COUNTED.pattern}}
        choices += [{"type": "boolean"}, _comparison("")]
    return {"anyOf": choices}


def _comparison(unit: str) -> dict[str, Any]:
    return {"$ref": "#/$defs/percentage" if unit else "#/$defs/number"}


def _comparison_in_full(unit: str) -> dict[str, Any]:
    one = rf"(at\s+least|at\s+most|more\s+than|less\s+than|exactly)\s+{_NUMBER}{unit}"
    first = f"({unit})?" if unit else ""
    return {"type": "string", "pattern": rf"^\s*({one}|between\s+{_NUMBER}{first}\s+and\s+{_NUMBER}{unit})\s*$"}


# -- actions


def _then(reviews: dict[str, Any]) -> dict[str, Any]:
    trailer = {
        "anyOf": [
            {"type": "string", "pattern": "^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$", "maxLength": 100},
            _object(
                {
                    "name": {"type": "string", "pattern": "^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$"},
                    "matching": _TEXT,
                    "on": {"enum": list(actions.ON)},
                },
                required=["name"],
            ),
        ]
    }
    mapping = {
        **_object(
            {
                "warn": {"const": True},
                "block": {"const": True},
                "require_test_changes": {"const": True},
                "require_review": reviews,
                "require_trailer": _one_or_more(trailer),
                "require_checks": _words(),
            }
        ),
        "minProperties": 1,
    }
    single = {"anyOf": [{"enum": ["warn", "block", "require_test_changes", "require_review"]}, mapping]}
    return {"anyOf": [single, {"type": "array", "items": single, "minItems": 1}]}


def _review() -> dict[str, Any]:
    keys: dict[str, Any] = {
        "count": {"type": "integer", "minimum": 1, "maximum": actions.MOST_REVIEWERS},
        "by": {"anyOf": [{"enum": ["owners", "any-owner"]}, {"$ref": "#/$defs/who"}]},
        "valid_for": {"enum": list(actions.VALID_FOR)},
        "assurance": {"enum": list(actions.ASSURANCE)},
        "distinct": {"type": "boolean"},
        "may_include": _one_or_more({"enum": list(actions.MAY_INCLUDE)}),
    }
    assert keys.keys() == set(actions.REVIEW_KEYS)
    return _object(keys)


def _who() -> dict[str, Any]:
    return {**_object({key: _words() for key in actions.WHO_KEYS}), "minProperties": 1, "maxProperties": 1}


def _break_glass() -> dict[str, Any]:
    keys: dict[str, Any] = {
        "who": {"$ref": "#/$defs/who"},
        "must_state": _object(
            {"reason": {"type": "string", "pattern": "^at least [1-9][0-9]{0,3} characters$"}, "ticket": _TEXT}
        ),
        "waives": _words(),
        "covers": {"const": "this-commit"},
        "waiver_lasts": {"type": "string", "pattern": _DURATION},
        "afterwards": _object(
            {
                "require_review": {"$ref": "#/$defs/review"},
                "due": {"type": "string", "pattern": _DURATION},
                "otherwise": {"enum": ["report", "block-merges-until-reviewed"]},
            },
            required=["require_review", "due"],
        ),
    }
    assert keys.keys() == set(rule_reader.BREAK_GLASS_KEYS)
    return keys


# -- shapes


def _object(properties: dict[str, Any], required: list[str] | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        found["required"] = required
    return found


def _map(values: dict[str, Any], names: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {"type": "object", "additionalProperties": values}
    if names:
        found["propertyNames"] = {"pattern": names, "maxLength": 100}
    return found


def _one_or_more(item: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [item, {"type": "array", "items": item, "minItems": 1}]}


def _words(choices: tuple[str, ...] = (), pattern: str = "") -> dict[str, Any]:
    if not choices and not pattern:
        return {"$ref": "#/$defs/words"}
    return _words_in_full({"enum": list(choices)} if choices else {**_TEXT, "pattern": pattern})


def _words_in_full(word: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [word, {"type": "array", "items": word, "minItems": 1, "maxItems": MOST_VALUES}]}
