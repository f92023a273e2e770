"""`vibeguard graph` as a user runs it."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from tests.conftest import Ran, Repo

FILES = {
    ".github/CODEOWNERS": "/app/ @acme/app\n/tests/ @acme/qa\n",
    "app/__init__.py": "",
    "app/hub.py": "A = 1\nB = 2\n",
    "app/near.py": "import os\nfrom .hub import A, B\n",
    "tests/test_near.py": "from app.near import x\n",
    "other.py": "import missing_thing\nfrom . import nothing\n",
}


def json_of(ran: Ran, schema: str) -> Any:
    document = json.loads(ran.out)
    jsonschema.validate(
        document, json.loads(files("vibeguard.report").joinpath(f"schemas/{schema}.v1.json").read_text())
    )
    assert ran.out.isascii()
    return document


def test_dependents_as_json_carry_distance_kind_names_and_owners(repo: Repo, script: Callable[..., Ran]) -> None:
    repo.commit("first", FILES)
    ran = script("vibeguard", "graph", "dependents", "app/hub.py", "--format", "json", cwd=repo.path)
    found = json_of(ran, "dependents")
    assert (ran.code, found["changed"], found["direct"], found["within_2"], found["all"]) == (
        0,
        ["app/hub.py"],
        1,
        2,
        2,
    )
    assert found["dependents"][0] == {
        "path": "app/near.py",
        "distance": 1,
        "via": "app/hub.py",
        "kind": "import",
        "names": ["A", "B"],
        "owners": ["@acme/app"],
    }
    assert found["dependents"][1]["owners"] == ["@acme/qa"]
    assert found["tree"] == repo.git("rev-parse", "HEAD^{tree}")


def test_without_a_path_the_staged_files_are_meant(repo: Repo, script: Callable[..., Ran]) -> None:
    repo.commit("first", FILES)
    ran = script("vibeguard", "graph", "dependents", cwd=repo.path)
    assert (ran.code, "nothing is staged" in ran.err) == (0, True)
    repo.stage({"app/hub.py": "A = 3\n"})
    ran = script("vibeguard", "graph", "dependents", "--format", "json", cwd=repo.path)
    found = json_of(ran, "dependents")
    assert (found["changed"], found["tree"], found["all"]) == (["app/hub.py"], None, 2)


def test_text_is_a_tree_by_distance(repo: Repo, script: Callable[..., Ran]) -> None:
    repo.commit("first", FILES)
    ran = script("vibeguard", "graph", "dependents", "hub.py", cwd=repo.path / "app")
    assert ran.out.splitlines() == [
        "1 changed file: 1 depend directly, 2 within two hops, 2 in all",
        "app/hub.py  [@acme/app]",
        "└─ 1 app/near.py: A, B  [@acme/app]",
        "   └─ 2 tests/test_near.py: x  [@acme/qa]",
    ]
    ran = script("vibeguard", "graph", "dependents", "app/hub.py", "--limit", "1", cwd=repo.path)
    assert ran.out.splitlines()[-1] == "… and 2 more (--limit 0 shows all)"


def test_why_names_the_chain_of_imports_with_their_lines(repo: Repo, script: Callable[..., Ran]) -> None:
    repo.commit("first", FILES)
    ran = script("vibeguard", "graph", "why", "tests/test_near.py", "app/hub.py", cwd=repo.path)
    assert (ran.code, ran.out.splitlines()) == (
        0,
        ["tests/test_near.py", "  → app/near.py (import on line 1): x", "  → app/hub.py (import on line 2): A, B"],
    )
    ran = script("vibeguard", "graph", "why", "app/hub.py", "other.py", "--format", "json", cwd=repo.path)
    assert (ran.code, json_of(ran, "why")["path"]) == (1, None)


def test_edges_and_loose_imports_are_listed(repo: Repo, script: Callable[..., Ran]) -> None:
    repo.commit("first", FILES)
    found = json_of(script("vibeguard", "graph", "edges", "--format", "json", cwd=repo.path), "edges")
    assert {"from": "app/near.py", "to": "app/hub.py", "kind": "import", "names": ["A", "B"], "line": 2} in found[
        "edges"
    ]
    assert found["unresolved"] == [{"from": "other.py", "specifier": ".", "line": 2}]
    only = json_of(script("vibeguard", "graph", "edges", "tests", "--format", "json", cwd=repo.path), "edges")
    assert {edge["from"] for edge in only["edges"]} == {"tests/test_near.py"}


def test_stats_count_files_edges_and_hubs(repo: Repo, script: Callable[..., Ran]) -> None:
    repo.commit("first", FILES)
    found = json_of(script("vibeguard", "graph", "stats", "--format", "json", cwd=repo.path), "graph-stats")
    assert (found["files"], found["languages"], found["unresolved"]) == (6, {"python": 5}, 1)
    assert found["hubs"][0] == {"path": "app/__init__.py", "direct": 2}


@pytest.mark.parametrize("form", ["svg", "html", "dot"])
def test_pictures_fetch_nothing_and_escape_everything(repo: Repo, script: Callable[..., Ran], form: str) -> None:
    hostile = "app/<script>alert(1)<'\"&\x1b[31m.py"
    repo.commit("first", {**FILES, hostile: "from .hub import A\n"})
    ran = script("vibeguard", "graph", "dependents", "app/hub.py", "--format", form, cwd=repo.path)
    assert ran.code == 0
    assert "\x1b" not in ran.out
    if form != "dot":
        assert "<script>" not in ran.out
        assert "http" not in ran.out.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")
    if form == "svg":
        ET.fromstring(ran.out)


def test_many_dependents_become_at_most_300_circles(repo: Repo, script: Callable[..., Ran]) -> None:
    repo.commit("first", {"hub.py": "", **{f"d{n % 40}/m{n}.py": "import hub\n" for n in range(700)}})
    ran = script("vibeguard", "graph", "dependents", "hub.py", "--format", "svg", cwd=repo.path)
    circles = [
        item for item in ET.fromstring(ran.out).iter("{http://www.w3.org/2000/svg}circle") if item.get("fill") != "none"
    ]
    assert 40 < len(circles) <= 300
    assert "(17 files)" in ran.out


def test_a_commit_is_asked_with_at(repo: Repo, script: Callable[..., Ran]) -> None:
    first = repo.commit("first", FILES)
    repo.commit("second", {"app/near.py": ""})
    now = script("vibeguard", "graph", "dependents", "app/hub.py", "--format", "json", cwd=repo.path)
    then = script("vibeguard", "graph", "dependents", "app/hub.py", "--at", first, "--format", "json", cwd=repo.path)
    assert (json.loads(now.out)["all"], json.loads(then.out)["all"]) == (0, 2)


@pytest.mark.parametrize(
    "arguments",
    [
        ("dependents", "nowhere.py"),
        ("why", "app/hub.py", "nowhere.py"),
        ("dependents", "--format", "pdf"),
        ("dependents", "--at", "no-such-ref", "app/hub.py"),
        ("why", "app/hub.py", "app/hub.py"),
    ],
)
def test_what_does_not_exist_is_said_in_one_line(
    repo: Repo, script: Callable[..., Ran], arguments: tuple[str, ...]
) -> None:
    repo.commit("first", FILES)
    ran = script("vibeguard", "graph", *arguments, cwd=repo.path)
    assert (ran.code, ran.out) == (2, "")
    assert "error[" in ran.err.splitlines()[0]
