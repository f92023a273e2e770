"""The sections of a policy file that are not rules: people, tags, windows, facts, defaults and settings."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from vibeguard.model import Place
from vibeguard.policy.conditions import glob_fits
from vibeguard.policy.facts import FACT_TYPES, FactSpec
from vibeguard.policy.nodes import Node
from vibeguard.policy.reader import Reader
from vibeguard.policy.rules import STAGES, ProvenanceSettings, Window
from vibeguard.tuples import NamedTuple

VERSION = "1"
TO_BE_NAMED = "to-be-named"
TOP_KEYS = (
    "version",
    "name",
    "description",
    "extends",
    "people",
    "tags",
    "windows",
    "facts",
    "defaults",
    "rules",
    "tighten",
    "break_glass",
    "protected_refs",
    "on_error",
    "provenance",
    "ownership",
    "dependents",
)
PEOPLE_KEYS = ("roles", "identities", "if_no_owner")
WINDOW_KEYS = ("first_day", "last_day", "weekdays", "hours", "timezone")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FACT_KEYS = ("type", "description", "levels", "unit")
IF_UNKNOWN = ("enforce", "warn", "skip")
DIALECTS = ("github", "gitlab", "gitea", "forgejo", "kubernetes")
AGENTS = "agents"


class Sections(NamedTuple):
    """What one file defines, each name with its place. Nodes that need names of other files are kept as nodes."""

    path: str
    name: str = ""
    roles: Mapping[str, tuple[tuple[str, ...] | None, Place]] = {}  # None: to be named
    identities: Mapping[str, tuple[tuple[str, ...], Place]] = {}
    if_no_owner: tuple[tuple[str, Node], ...] = ()
    tags: Mapping[str, tuple[tuple[str, ...], Place]] = {}
    windows: Mapping[str, Window] = {}
    facts: Mapping[str, tuple[FactSpec, Place]] = {}
    if_unknown: str = ""
    protected_refs: tuple[str, ...] = ()
    on_error: Mapping[str, tuple[str, Place]] = {}
    provenance: ProvenanceSettings = ProvenanceSettings({})
    dialect: str = ""
    dialect_place: Place | None = None
    build_in_background: tuple[bool, Place] | None = None
    extends: tuple[Node, ...] = ()
    rules: Node | None = None
    tighten: Node | None = None
    break_glass: tuple[Node, Node] | None = None


def read_sections(reader: Reader, root: Node | None) -> Sections:
    """Everything of a file that can be read without knowing the others."""
    found: dict[str, Any] = {}
    if root is None or root.empty:
        if not reader.problems.found:
            reader.problems.add(
                1,
                1,
                "empty-policy",
                "the policy is empty",
                "an empty file would let everything through: write rules, or remove the file",
            )
        return Sections(reader.path)
    if root.kind != "mapping":
        reader.error(
            root,
            "wrong-type",
            f"expected a mapping, found {'a list' if root.kind == 'list' else 'a text'}",
            "a policy begins with `version: 1`",
        )
        return Sections(reader.path)
    pairs = reader.mapping(root, "a policy", TOP_KEYS)
    if "version" not in pairs:
        reader.error(root, "missing-key", "the policy has no `version`", "begin with `version: 1`")
    for key, (key_node, value) in pairs.items():
        if key == "version":
            _version(reader, value)
        elif key == "name":
            found["name"] = reader.text(value, "`name`", longest=200)
        elif key == "description":
            reader.text(value, "`description`")
        elif key == "people":
            _people(reader, value, found)
        elif key in _READERS:
            found[key] = _READERS[key](reader, value)
        elif key == "defaults":
            defaults = reader.mapping(value, "`defaults`", ("if_unknown",))
            if "if_unknown" in defaults:
                found["if_unknown"] = reader.choice(defaults["if_unknown"][1], "`if_unknown`", IF_UNKNOWN)
        elif key == "protected_refs":
            found["protected_refs"] = _globs(reader, value, "`protected_refs`")
        elif key == "ownership":
            ownership = reader.mapping(value, "`ownership`", ("dialect",))
            if "dialect" in ownership:
                found["dialect"] = reader.choice(ownership["dialect"][1], "`dialect`", DIALECTS)
                found["dialect_place"] = reader.place(ownership["dialect"][1])
        elif key == "dependents":
            found["build_in_background"] = _build_in_background(reader, value)
        elif key == "extends":
            found["extends"] = tuple(reader.items(value, "`extends`"))
            if value.kind == "mapping":
                reader.problems.found.pop()
                found["extends"] = (value,)
        elif key == "break_glass":
            found["break_glass"] = (key_node, value)
        else:
            found[key] = value  # rules, tighten
    if not {"rules", "extends", "tighten"} & pairs.keys() and not reader.problems.found:
        reader.error(root, "no-rules", "the policy has no rules", "write `rules:`, or `extends: [builtin:starter]`")
    return Sections(reader.path, **found)


def _version(reader: Reader, node: Node) -> None:
    if node.kind == "text" and node.text == VERSION:
        return
    shown = f"`{node.text}`" if node.kind == "text" and node.text else "this"
    reader.error(node, "unknown-version", f"{shown} is not a version of the policy format", "write `version: 1`")


def _people(reader: Reader, node: Node, found: dict[str, Any]) -> None:
    for key, (_, value) in reader.mapping(node, "`people`", PEOPLE_KEYS).items():
        if key == "roles":
            roles: dict[str, tuple[tuple[str, ...] | None, Place]] = {}
            for role, (role_node, members) in reader.mapping(value, "`roles`").items():
                if not reader.name(role_node, "a role"):
                    continue
                if members.kind == "text" and members.text == TO_BE_NAMED:
                    roles[role] = (None, reader.place(role_node))
                    continue
                names = tuple(dict.fromkeys(word.lstrip("@") for word, _ in reader.words(members, f"role `{role}`")))
                roles[role] = (names, reader.place(role_node))
            found["roles"] = roles
        elif key == "identities":
            found["identities"] = {
                login: (
                    tuple(dict.fromkeys(word for word, _ in reader.words(names, f"identities of `{login}`"))),
                    reader.place(login_node),
                )
                for login, (login_node, names) in reader.mapping(value, "`identities`").items()
            }
        else:
            found["if_no_owner"] = tuple(reader.words(value, "`if_no_owner`"))


def _tags(reader: Reader, node: Node) -> dict[str, tuple[tuple[str, ...], Place]]:
    tags = {}
    for tag, (tag_node, value) in reader.mapping(node, "`tags`").items():
        if reader.name(tag_node, "a tag"):
            tags[tag] = (_globs(reader, value, f"tag `{tag}`"), reader.place(tag_node))
    return tags


def _globs(reader: Reader, node: Node, what: str) -> tuple[str, ...]:
    words = reader.words(node, what)
    return tuple(dict.fromkeys(word for word, item in words if glob_fits(reader, item, word)))


def _windows(reader: Reader, node: Node) -> dict[str, Window]:
    windows = {}
    for name, (name_node, value) in reader.mapping(node, "`windows`").items():
        if not reader.name(name_node, "a window"):
            continue
        window = Window(name, "", place=reader.place(name_node))
        pairs = reader.mapping(value, f"window `{name}`", WINDOW_KEYS)
        for key, (_, item) in pairs.items():
            if key == "timezone":
                window = window._replace(timezone=_timezone(reader, item))
            elif key == "first_day":
                window = window._replace(first_day=reader.day(item, "`first_day`"))
            elif key == "last_day":
                window = window._replace(last_day=reader.day(item, "`last_day`"))
            elif key == "weekdays":
                days = [reader.choice(day, "`weekdays`", WEEKDAYS) for day in reader.items(item, "`weekdays`")]
                window = window._replace(weekdays=tuple(dict.fromkeys(day for day in days if day)))
            else:
                start, end = _hours(reader, item)
                window = window._replace(start=start, end=end)
        if value.kind == "mapping" and "timezone" not in pairs:
            reader.error(
                name_node, "missing-key", f"window `{name}` has no `timezone`", "for example `timezone: Europe/Berlin`"
            )
        if value.kind == "mapping" and not pairs.keys() - {"timezone"}:
            reader.error(
                name_node,
                "missing-key",
                f"window `{name}` is always open",
                "give it `first_day`, `last_day`, `weekdays` or `hours`",
            )
        if window.first_day and window.last_day and window.first_day > window.last_day:
            reader.error(pairs["last_day"][1], "wrong-date", f"window `{name}` ends before it begins")
        windows[name] = window
    return windows


def _hours(reader: Reader, node: Node) -> tuple[str, str]:
    match = re.fullmatch(r"((?:[01][0-9]|2[0-3]):[0-5][0-9]) to ((?:[01][0-9]|2[0-3]):[0-5][0-9])", node.text)
    if node.kind == "text" and match and match[1] != match[2]:
        return match[1], match[2]
    shown = f"`{node.text[:40]}`" if node.kind == "text" else f"a {node.kind}"
    reader.error(node, "wrong-hours", f"`hours`: expected two times, found {shown}", 'write them as "18:00 to 08:00"')
    return "", ""


def _timezone(reader: Reader, node: Node) -> str:
    import zoneinfo  # only policies with windows pay for it  # noqa: PLC0415

    text = reader.text(node, "`timezone`", longest=100)
    if not text:
        return ""
    try:
        zoneinfo.ZoneInfo(text)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        from vibeguard.policy.problems import did_you_mean  # noqa: PLC0415

        known = zoneinfo.available_timezones()
        if known:
            reader.error(
                node,
                "unknown-timezone",
                f"`{text}` is not a time zone",
                did_you_mean(text, sorted(known), "write a name of the IANA database, such as `Europe/Berlin`"),
            )
            return ""
        # No database on this machine: the window is unknown when it is asked for, which is said then.
    return text


def _facts(reader: Reader, node: Node) -> dict[str, tuple[FactSpec, Place]]:
    facts = {}
    for name, (name_node, value) in reader.mapping(node, "`facts`").items():
        if not re.fullmatch(r"x\.[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*){0,4}", name) or len(name) > 100:
            reader.error(
                name_node,
                "wrong-name",
                f"`{name[:60]}` is not a name for a fact of your own",
                "write `x.` and a name in snake_case, such as `x.coverage_drop`",
            )
            continue
        pairs = reader.mapping(value, f"fact `{name}`", FACT_KEYS)
        if value.kind == "mapping" and "type" not in pairs:
            reader.error(name_node, "missing-key", f"fact `{name}` has no `type`", f"one of {', '.join(FACT_TYPES)}")
        kind = reader.choice(pairs["type"][1], "`type`", FACT_TYPES) if "type" in pairs else ""
        levels: tuple[str, ...] = ()
        if "levels" in pairs:
            words = reader.words(pairs["levels"][1], "`levels`")
            levels = tuple(dict.fromkeys(word for word, item in words if reader.name(item, "a level")))
        if kind == "level" and len(levels) < 2:
            reader.error(
                name_node,
                "missing-key",
                f"fact `{name}` has no `levels`",
                "list at least two, in ascending order: `levels: [low, high]`",
            )
            levels = (*levels, "low", "high")[:2]
        description = reader.text(pairs["description"][1], "`description`") if "description" in pairs else ""
        unit = reader.text(pairs["unit"][1], "`unit`", longest=50) if "unit" in pairs else ""
        spec = FactSpec(
            name,
            kind or "text",  # type: ignore[arg-type]
            description,
            "given",
            unit,
            levels if kind == "level" else (),
            phrase=f"`{name}`",
        )
        facts[name] = (spec, reader.place(name_node))
    return facts


def _on_error(reader: Reader, node: Node) -> dict[str, tuple[str, Place]]:
    stages = STAGES[:-1]
    found = {}
    for stage, (stage_node, value) in reader.mapping(node, "`on_error`").items():
        if stage == "ci":
            reader.error(stage_node, "unknown-key", "`on_error` is for hooks: CI never passes what it could not decide")
        elif reader.known(stage_node, stage, stages, "a hook stage", "unknown-key", "there are " + ", ".join(stages)):
            found[stage] = (reader.choice(value, "`on_error`", ("warn", "stop")), reader.place(stage_node))
    return found


def _build_in_background(reader: Reader, node: Node) -> tuple[bool, Place] | None:
    pairs = reader.mapping(node, "`dependents`", ("build_in_background",))
    if "build_in_background" not in pairs:
        return None
    _, value = pairs["build_in_background"]
    allowed = reader.yes_no(value, "`build_in_background`")
    return None if allowed is None else (allowed, reader.place(value))


def _provenance(reader: Reader, node: Node) -> ProvenanceSettings:
    tools: dict[str, tuple[str, ...]] = {}
    declare_with = ""
    for key, (_, value) in reader.mapping(node, "`provenance`", ("tools", "declare_with")).items():
        if key == "declare_with":
            declare_with = reader.text(value, "`declare_with`", longest=200)
            continue
        for tool, (tool_node, identities) in reader.mapping(
            value, "`tools`", hint="write `tools: {my-bot: [bot@example.com]}`"
        ).items():
            if reader.name(tool_node, "a tool"):
                tools[tool] = tuple(dict.fromkeys(word for word, _ in reader.words(identities, f"tool `{tool}`")))
    return ProvenanceSettings(tools, declare_with)


_READERS: Mapping[str, Callable[[Reader, Node], Any]] = {
    "tags": _tags,
    "windows": _windows,
    "facts": _facts,
    "on_error": _on_error,
    "provenance": _provenance,
}
