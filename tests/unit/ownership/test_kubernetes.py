"""OWNERS files of a tree: parents add up, filters narrow, aliases stand for people."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.ownership.facts import facts, tree
from vibeguard.ownership import Entry, load
from vibeguard.ownership.kubernetes import Owners

FACTS = facts("kubernetes")


def owners_tree(fact: dict[str, Any]) -> dict[str, Entry]:
    # JSON is YAML
    return tree(**{f"{folder}/OWNERS".lstrip("/"): json.dumps(text) for folder, text in fact["owners"].items()})


@pytest.mark.parametrize("fact", FACTS["trees"], ids=lambda fact: fact["id"])
def test_approvers_are_found_as_prow_finds_them(fact: dict[str, Any]) -> None:
    files = owners_tree(fact)
    owned = load(files.get, dialect="kubernetes")
    table = Owners(files.get)
    for lookup in fact["lookups"]:
        assert list(owned.group_of(lookup["path"])) == lookup["all"]
        assert sorted(owned.of(lookup["path"]).owners) == lookup["all"]
        assert list(table.leaf(lookup["path"])) == lookup["leaf"]
    assert owned.problems == ()


@pytest.mark.parametrize("case", FACTS["alias_cases"], ids=lambda case: " ".join(case["in"]))
def test_aliases_are_replaced_by_their_members(case: dict[str, Any]) -> None:
    files = tree(OWNERS_ALIASES=json.dumps({"aliases": FACTS["aliases"]}))
    assert sorted(Owners(files.get).expand(tuple(case["in"]))) == sorted(case["out"])


def test_an_entry_names_the_file_and_line_it_comes_from() -> None:
    files = tree(
        **{"OWNERS": "approvers:\n- Alice\n", "a/OWNERS": "options: {}\nreviewers: [x]\napprovers:\n  - '@bob'\n"}
    )
    owner = load(files.get, dialect="kubernetes").of("a/b/c.go")
    assert [(entry.file, entry.line, entry.owners) for entry in owner.entries] == [
        ("a/OWNERS", 3, ("bob",)),
        ("OWNERS", 1, ("alice",)),
    ]
    assert (owner.file, owner.line, owner.owners) == ("a/OWNERS", 3, ("bob", "alice"))
    assert owner.why == "approvers of a/OWNERS:3, OWNERS:1, from the nearest folder up"


def test_filters_do_not_count_beside_approvers_and_that_is_said() -> None:
    files = tree(OWNERS="approvers: [a]\nfilters:\n  '.*':\n    approvers: [b]\n")
    owned = load(files.get, dialect="kubernetes")
    assert owned.of("x").owners == ("a",)
    assert [(problem.kind, problem.line) for problem in owned.problems] == [("filters-not-in-force", 3)]


def test_a_filter_searches_the_path_below_its_folder() -> None:
    files = tree(**{"a/OWNERS": "filters:\n  '^b/':\n    approvers: [x]\n  '\\.go$':\n    approvers: [y]\n"})
    owned = load(files.get, dialect="kubernetes")
    assert owned.of("a/b/c.go").owners == ("x", "y")
    assert owned.of("a/c.go").owners == ("y",)
    assert owned.of("b/c.go").owners == ()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("approvers: alice\n", "bad-list"),
        ("- alice\n", "bad-yaml"),
        ("approvers: &a [x]\nreviewers: *a\n", "bad-yaml"),
        ("approvers: !!python/object:os.system [x]\n", "bad-yaml"),
        ("approvers: [x]\napprovers: [y]\n", "bad-yaml"),
        ("a: 1\n---\nb: 2\n", "bad-yaml"),
        ("<<: {approvers: [x]}\n", "bad-yaml"),
        ("[" * 100_000, "bad-yaml"),
        ("approvers: [\n", "bad-yaml"),
        ("approvers: [x]\n#" + "x" * 1_000_000, "bad-yaml"),
        ("filters:\n  '(':\n    approvers: [x]\n", "bad-regexp"),
        ("approvers: [{a: b}]\n", "bad-owner"),
    ],
)
def test_what_cannot_be_read_is_reported_and_counts_for_nobody(content: str, kind: str) -> None:
    owned = load(tree(OWNERS=content).get, dialect="kubernetes")
    assert owned.of("x").owners == ()
    assert [problem.kind for problem in owned.problems] == [kind]


def test_an_alias_that_is_text_is_reported_and_stands_for_nobody() -> None:
    files = tree(OWNERS_ALIASES="aliases:\n  team: alice\n", OWNERS="approvers: [team, bob]\n")
    owned = load(files.get, dialect="kubernetes")
    assert owned.of("x").owners == ("bob",)
    assert [(problem.kind, problem.path, problem.line) for problem in owned.problems] == [
        ("bad-list", "OWNERS_ALIASES", 2)
    ]


def test_a_link_called_owners_is_reported_and_never_followed() -> None:
    owned = load({"OWNERS": Entry("120000", b"approvers: [evil]")}.get, dialect="kubernetes")
    assert owned.of("x").owners == ()
    assert [problem.kind for problem in owned.problems] == ["unusable-file"]


@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_fail(content: bytes) -> None:
    owned = load(tree(OWNERS=content, OWNERS_ALIASES=content).get, dialect="kubernetes")
    assert set(owned.group_of("a/b")) == set(owned.of("a/b").owners)
