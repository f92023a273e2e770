"""Kinds and languages by path: whole names and folders, never parts of words."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibeguard.content import kinds, languages, paths
from vibeguard.content.kinds import KINDS, classify


def _rows() -> list[tuple[str, frozenset[str], str | None]]:
    rows = []
    with open(os.path.join(os.path.dirname(__file__), "kinds.tsv"), encoding="utf-8") as file:
        for line in file:
            if not line.startswith("#"):
                path, kinds_, language = line.rstrip("\n").split("\t")
                wanted = frozenset() if kinds_ == "-" else frozenset(kinds_.split())
                rows.append((path, wanted, None if language == "-" else language))
    return rows


@pytest.mark.parametrize(
    ("path", "wanted", "language"), _rows(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_path_says_what_kind_of_file_it_is(path: str, wanted: frozenset[str], language: str | None) -> None:
    facts = classify(path)
    assert (set(facts.kinds), facts.language) == (set(wanted), language)


@given(st.text(alphabet=st.characters(codec=None), max_size=60))
def test_any_path_is_classified_with_known_kinds(path: str) -> None:
    facts = classify(path)
    assert facts.kinds <= KINDS.keys()
    assert facts.path == path
    assert classify(path) == facts


@given(
    st.lists(
        st.sampled_from(["tests", "auth", "vendor", ".github", "workflows", "docs", "a", "migrations", "x.py"]),
        min_size=1,
    )
)
def test_rules_for_folders_combine_without_surprise(parts: list[str]) -> None:
    assert classify("/".join(parts)).kinds <= KINDS.keys()


def test_every_kind_that_a_table_names_is_described() -> None:
    named = {kind for table in (paths.NAMES, paths.ENDINGS) for kinds_ in table.values() for kind in kinds_}
    assert named <= KINDS.keys()
    assert all(text.endswith(".") for text in KINDS.values())


def test_every_word_about_auth_passes_the_cheap_test_before_it() -> None:
    assert [word for word in paths.AUTH_WORDS if not any(stem in word for stem in paths.AUTH_STEMS)] == []


def test_languages_named_in_the_tables_exist() -> None:
    known = {line.split("\t")[0] for line in languages._table().split("\n")}
    named = (
        paths.TEST_NAMES.keys()
        | paths.SPEC_LANGUAGES
        | paths.MIGRATION_LANGUAGES
        | paths.CONFIG_LANGUAGES
        | paths.NOT_CODE_LANGUAGES
        | paths.DATA_CODE_LANGUAGES
        | paths.DOCS_MARKUP
        | paths.STYLE_LANGUAGES
        | set(languages._whole_names().values())
    )
    assert sorted(named - known) == []


def test_a_submodule_is_nothing_but_a_submodule() -> None:
    facts = classify("vendor/lib.py", "160000")
    assert (facts.kinds, facts.language, facts.opaque) == (frozenset(("submodule",)), None, "submodule")


def test_a_symlink_has_the_kinds_of_its_path_and_no_language() -> None:
    facts = classify("CODEOWNERS", "120000")
    assert facts.kinds == {"policy"}
    assert facts.language is None


def test_a_binary_extension_is_opaque_by_path_alone() -> None:
    assert classify("lib/app.jar").opaque == "binary"
    assert classify("app.py").opaque == ""


@pytest.mark.parametrize(
    ("path", "wanted"),
    [("a/logo.PNG", True), ("a/plan.pdf", True), ("a/app.jar", False), ("png", False), ("a.py", False)],
)
def test_pictures_and_documents_are_told_from_what_can_run(path: str, wanted: bool) -> None:
    assert kinds.is_picture_or_document(path) is wanted


@pytest.mark.parametrize(
    ("line", "language"),
    [
        (b"#!/usr/bin/env python3", "python"),
        (b"#!/bin/sh -e", "shell"),
        (b"#!/usr/bin/env -S node --flag", "javascript"),
        (b"#!/usr/local/bin/python3.12", "python"),
        (b"#! /usr/bin/perl", "perl"),
        (b"#!", None),
        (b"#!/usr/bin/env", None),
        (b"import os", None),
        (b"#!\xff\xfe", None),
    ],
)
def test_a_script_without_extension_names_its_language_in_the_first_line(line: bytes, language: str | None) -> None:
    assert languages.of_first_line(line)[0] == language


def test_words_are_cut_where_case_and_marks_change() -> None:
    assert {"o", "auth", "client", "java", "src"} <= kinds.words("src/OAuthClient.java")
    assert "auth" not in kinds.words("author.py")
    assert kinds.words("HTTPServer") == {"http", "server", "httpserver"}
