from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibeguard.errors import VibeguardError
from vibeguard.model import Commit, Identity
from vibeguard.provenance import compile as compiler
from vibeguard.provenance.catalogue import ToolSpec, extend, fits, load, pattern, read_tools
from vibeguard.provenance.detect import of_commit, of_message
from vibeguard.provenance.environment import of_branch, of_environment
from vibeguard.provenance.identities import parse_identity

SOURCE = compiler.read()


def entries(kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for tool in SOURCE["tools"]:
        for entry in tool.get(kind, []):
            yield tool["id"], entry


PATTERNS = [text for _, text in load().branches] + [
    "a?b",
    "ab{0,2}c",
    "a*",
    "ab|cd",
    "x(a|b)",
    r"a\(|b",
    "",
    "é.",
    "K+-s",
]


@given(
    st.sampled_from(PATTERNS),
    st.sampled_from(
        ["", "claude/", "CLAUDE/a", "devin/", "devin1/", "jules-", "a", "abb", "c", "K", "KK-\u017f", "\u212a-"]
    ),
    st.text("aB1/-_\u017f\u212aé(", max_size=30)
    | st.sampled_from(["-AB12c", "fix-0000000000", "x-01234567890123456789"]),
)
def test_a_pattern_that_is_not_compiled_would_not_have_matched(text: str, begins: str, ends: str) -> None:
    value = begins + ends
    assert fits(text, value) == (pattern(text).fullmatch(value) is not None)


def test_the_compiled_catalogue_is_current() -> None:
    with open(compiler.TARGET, encoding="utf-8") as file:
        assert file.read() == compiler.rendered(compiler.compiled(SOURCE)), "run python -m vibeguard.provenance.compile"


def test_every_pattern_compiles_and_every_tool_has_one_entry() -> None:
    ids = [tool["id"] for tool in SOURCE["tools"]]
    assert len(ids) == len(set(ids))
    catalogue = load()
    for text in [rule.value for rules in catalogue.trailers.values() for rule in rules]:
        pattern(text)
    for _, text in (*catalogue.markers, *catalogue.urls, *catalogue.branches):
        pattern(text)


@pytest.mark.parametrize(
    ("tool", "entry"),
    [(tool, entry) for kind in ("identities", "trailers", "markers", "urls") for tool, entry in entries(kind)],
)
def test_every_example_is_found_and_every_counterexample_is_not(tool: str, entry: Mapping[str, Any]) -> None:
    if "example" not in entry:
        assert entry["role"] == "non-ai-bot"
        return
    found = of_message(f"Change a thing\n\n{entry['example']}\n".encode(), load())
    assert tool in found.tools
    strengths = {item.strength for item in found.evidence if item.tool == tool}
    assert entry.get("strength", "likely" if "pattern" in entry else "certain") in strengths
    nothing = of_message(f"Change a thing\n\n{entry['not']}\n".encode(), load())
    assert nothing.evidence == ()
    assert nothing.role == "unknown"


@pytest.mark.parametrize(("tool", "entry"), list(entries("identities")))
def test_every_identity_is_an_agent_as_author_and_a_look_alike_is_not(tool: str, entry: Mapping[str, Any]) -> None:
    if "example" not in entry:
        return

    def author(line: str) -> Commit:
        named = parse_identity(line.partition(":")[2])
        who = Identity(named.name, named.address)
        return Commit("1" * 40, "2" * 40, (), who, Identity("GitHub", "noreply@github.com"), b"Change a thing\n")

    if " via " not in entry["example"]:
        found = of_commit(author(entry["example"]), load())
        assert (found.role, found.tools, found.no_human_author) == ("authored", (tool,), True)
    nothing = of_commit(author(entry["not"]), load())
    assert nothing.role in ("unknown", "non-ai-bot")
    assert nothing.confidence == "none"


@pytest.mark.parametrize(("tool", "entry"), list(entries("branches")))
def test_every_branch_shape_is_found_and_features_that_share_a_name_are_not(
    tool: str, entry: Mapping[str, Any]
) -> None:
    assert tool in [item.tool for item in of_branch(f"refs/heads/{entry['example']}", load())]
    assert of_branch(entry["not"], load()) == ()


@pytest.mark.parametrize(("tool", "entry"), list(entries("environment")))
def test_every_variable_is_found_by_name_and_its_value_is_never_kept(tool: str, entry: Mapping[str, Any]) -> None:
    if entry["name"].startswith("/"):
        assert tool not in [item.tool for item in of_environment({}, load())] or os.path.isdir(entry["name"])
        return
    samples = {"true|1": "true", "1|true": "1", ".*": "x", r".*\.pi/agent.*": "/home/a/.pi/agent/bin"}
    samples |= {r"head -n 10000 \| cat": "head -n 10000 | cat", r".*/devin(?:/.*)?|.*\.devin/.*|devin": "devin"}
    value = samples.get(entry.get("value", ".*"), entry.get("value", "x"))
    environ = {entry["name"]: value}
    environ |= {name: samples.get(str(wanted), str(wanted)) for name, wanted in entry.get("with", {}).items()}
    found = {item.tool: item for item in of_environment(environ, load())}
    assert found[tool].strength == entry["strength"]
    assert found[tool].text in environ
    assert value not in found[tool].text or value == "x"
    if "value" in entry:
        assert tool not in [item.tool for item in of_environment({entry["name"]: "another"}, load())]


def test_agents_that_share_variables_are_told_apart() -> None:
    def found(**environ: str) -> dict[str, str]:
        return {item.tool: item.text for item in of_environment(environ, load())}

    assert found(CLAUDECODE="1", AMP_CURRENT_THREAD_ID="T-1") == {"amp": "AMP_CURRENT_THREAD_ID"}
    assert found(AI_AGENT="github_copilot_vscode_agent") == {"copilot": "AI_AGENT"}
    assert found(AI_AGENT="claude-code/2.1.0") == {"claude-code": "AI_AGENT"}
    assert found(AI_AGENT="wonder") == {"unnamed": "AI_AGENT"}
    assert found(CLOUD_AGENT_SESSION="1") == {"unnamed": "CLOUD_AGENT_SESSION"}
    assert found(AGENT="wonder", AI_AGENT="", CLAUDECODE="0", OPENCODE_CALLER="x") == {}


def test_a_model_is_known_by_its_name_and_people_are_not() -> None:
    for entry in SOURCE["models"]:
        found = of_message(f"x\n\nAssisted-by: {entry['example']}\n".encode(), load())
        assert found.tools == (entry["tool"],), entry
        assert of_message(f"x\n\nAssisted-by: {entry['not']}\n".encode(), load()).evidence == (), entry


def test_a_policy_adds_its_own_tools_and_agents() -> None:
    tools = read_tools(
        [
            {
                "id": "acme-bot",
                "identities": ["bot@acme.example", "acme-bot[bot]", "robot-*@acme.example"],
                "trailers": ["Acme-Run"],
                "markers": ["Made by our robot"],
                "environment": ["ACME_AGENT"],
                "branches": ["acme-bot/*"],
            }
        ]
    )
    catalogue = extend(load(), tools=tools, agents=["acme-ci", "*[bot]"])
    for message in (
        "Co-authored-by: Robot <bot@acme.example>",
        "Co-authored-by: Robot <17+acme-bot[bot]@users.noreply.github.com>",
        "Co-authored-by: Robot <robot-7@acme.example>",
        "Acme-Run: 17",
        "Made by our robot",
        "Co-authored-by: x <acme-ci@acme.example>",
        "Co-authored-by: other[bot] <1+other[bot]@users.noreply.github.com>",
    ):
        assert of_message(f"x\n\n{message}\n".encode(), load()).tools == (), message
        assert of_message(f"x\n\n{message}\n".encode(), catalogue).detected, message
    assert (
        of_message(
            b"x\n\nCo-authored-by: dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>", catalogue
        ).tools
        == ()
    )
    assert of_branch("acme-bot/fix", catalogue)[0].tool == "acme-bot"
    assert of_environment({"ACME_AGENT": "1"}, catalogue)[0].text == "ACME_AGENT"


@pytest.mark.parametrize(
    "tools",
    [
        [{"name": "x"}],
        [{"id": ""}],
        [{"id": "x", "identity": ["a@b"]}],
        [{"id": "x", "trailers": [1]}],
        {"x": {"markers": 3}},
    ],
)
def test_a_tool_that_cannot_be_used_is_an_error(tools: Any) -> None:
    with pytest.raises(VibeguardError, match=r"provenance\.tools"):
        read_tools(tools)


def test_tools_may_be_written_as_a_mapping_by_id() -> None:
    assert read_tools({"acme": {"trailers": "Acme-Run"}}) == (ToolSpec("acme", "acme", trailers=("Acme-Run",)),)
