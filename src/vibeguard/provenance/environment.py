"""Evidence at a hook stage: variables that an agent sets for the commands it runs, and the name of the branch.

Names are recorded, values never. Absence proves nothing, and CI never looks here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from vibeguard.model import CONFIDENCES, Confidence, Evidence
from vibeguard.provenance.catalogue import UNNAMED, Catalogue, fits, pattern

# `AI_AGENT=<name>` is a convention across tools and comes first; `AGENT` is too common a name to count without one.
_NAMING = "AI_AGENT"
_OFF = ("", "0", "false", "no", "off")


def of_environment(environ: Mapping[str, str], catalogue: Catalogue) -> tuple[Evidence, ...]:
    """One piece of evidence for each tool whose variable is set, the strongest of them."""
    found: dict[str, Evidence] = {}

    def add(tool: str, name: str, strength: Confidence) -> None:
        known = found.get(tool)
        if known is None or CONFIDENCES.index(strength) > CONFIDENCES.index(known.strength):
            found[tool] = Evidence("environment", tool, strength, name)

    agent = environ.get(_NAMING, "")
    if agent.lower() not in _OFF:
        add(_tool_named(agent, catalogue), _NAMING, "likely")
    for rule in catalogue.environment:
        if rule.name.startswith("/"):
            if os.path.isdir(rule.name):
                add(rule.tool, rule.name, rule.strength)
            continue
        name = rule.name
        if name.endswith("*"):
            name = next((key for key in sorted(environ) if key.startswith(rule.name[:-1])), name)
        value = environ.get(name)
        if value is None or rule.name == _NAMING or (not rule.value and value.lower() in _OFF):
            continue
        if rule.value and not pattern(rule.value).fullmatch(value):
            continue
        if all(key in environ and pattern(wanted).fullmatch(environ[key]) for key, wanted in rule.companions):
            add(rule.tool, name, rule.strength)
    if "amp" in found and "claude-code" in found and found["claude-code"].text == "CLAUDECODE":
        del found["claude-code"]  # Amp sets CLAUDECODE too
    if len(found) > 1:
        found.pop(UNNAMED, None)
    return tuple(found.values())


def _tool_named(agent: str, catalogue: Catalogue) -> str:
    """The tool that `AI_AGENT` names: an id, a name, or one of them with something behind it."""
    text = agent.strip().lower().replace("_", "-")
    for candidate in (text, text.replace("-", " "), text.partition("/")[0], text.partition("@")[0]):
        if candidate in catalogue.tools:
            return candidate
        if candidate in catalogue.names:
            return catalogue.names[candidate][0]
    if text.startswith("github-copilot"):
        return "copilot"
    return next((tool for tool in catalogue.tools if text.startswith(f"{tool}-")), UNNAMED)


def of_branch(branch: str, catalogue: Catalogue) -> tuple[Evidence, ...]:
    """`<tool>/…` branches are possible evidence: people follow the same habit, and features share tools' names."""
    short = branch.removeprefix("refs/heads/")
    for tool, text in catalogue.branches:
        if fits(text, short):
            return (Evidence("branch", tool, "possible", short[:200]),)
    return ()
