"""Every language's traps from one table, and what holds for all of them: any bytes, at once, without harm."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from vibeguard.dependents.facts import Facts, decode_facts, encode_facts
from vibeguard.dependents.languages import LANGUAGES, language_of, load
from vibeguard.dependents.project import Project
from vibeguard.dependents.scanning import scanned

CASES: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parents[2] / "data" / "dependents" / "traps.yaml").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_traps(case: dict[str, Any]) -> None:
    contents = {path: text.encode() for path, text in case["files"].items()}
    facts = {
        path: load(language).scan(content)
        for path, content in contents.items()
        if (language := language_of(path)) is not None
    }
    project = Project(contents, contents.get, lambda path: facts.get(path, Facts()))
    edges, unresolved = set(), set()
    for path, found in facts.items():
        links = load(language_of(path) or "").resolve(found, path, project)
        edges |= {f"{path} -> {edge.target} ({edge.kind}) {','.join(edge.names)}".strip() for edge in links.edges}
        unresolved |= {f"{path}: {specifier}" for specifier, _ in links.unresolved}
    assert edges == set(case["edges"])
    assert unresolved == set(case.get("unresolved", ()))


@pytest.mark.parametrize("language", LANGUAGES)
@given(content=st.binary(max_size=400))
@example(content=b"import import from from '")
@example(content=b"`${`${`")
def test_any_bytes_give_facts_that_survive_the_store(language: str, content: bytes) -> None:
    facts = load(language).scan(content)
    again = decode_facts(encode_facts(facts))
    assert [item.line for item in again.imports] == [item.line for item in facts.imports]
    assert again.opaque == facts.opaque
    load(language).resolve(again, "x/y.z", Project({"x/y.z", "x/__init__.py"}))


WORDS = [*"'\"`}{()\n;<>@=\\ a", "import ", "from ", "use ", "require ", "include ", "package ", "mod ", "class ", "${"]
WORDS += ["b.c", "#", "//", "/*", "*/", '"""', "<script>", "</script>", "::"]


@pytest.mark.parametrize("language", LANGUAGES)
@given(words=st.lists(st.sampled_from(WORDS), max_size=60))
def test_any_row_of_words_is_scanned_and_resolved(language: str, words: list[str]) -> None:
    facts = load(language).scan("".join(words).encode())
    load(language).resolve(facts, "x/y.z", Project({"x/y.z"}))


TOKENS = [
    *"'\"`/*\\\n({a.",
    "//",
    "/*",
    "*/",
    "**/",
    '"""',
    "\\'",
    "'\\",
    "'\"'",
    "class B",
    " fun c(",
    "D.E",
    "\nimport f.g",
]


@pytest.mark.parametrize("language", ["go", "jvm"])
@given(words=st.lists(st.sampled_from(TOKENS), max_size=40))
def test_a_scanner_that_cannot_mark_the_tokens_finds_the_same(language: str, words: list[str]) -> None:
    # Before each character that can start a comment or a string goes a mark, unless the content has one already.
    content = b"package a\n" + "".join(words).encode()
    assert load(language).scan(content) == load(language).scan(content + b"\n//\x01")


LINES = [
    ("jvm", "/* 1\n*/\npackage a;\n\nimport b.C;\n\nimport static d.E.f; // import no.A;\n", [5, 7]),
    ("jvm", "package a; import b.C;\nimport d.E;\n", [1, 2]),
    ("jvm", "import b.C;\n/* import\n*/ import d.E; import f.G;\nclass X {}\nimport h.I as J\n", [1, 3, 3, 5]),
    ("jvm", "import b.C\n\n\nimport d.E\n\nfun f() = 1\nimport g.H\n", [1, 4, 7]),
    ("jvm", "// b\nimport a\nimport b\n", [2, 3]),
    (
        "go",
        '// 1\n/* 2\n*/ package a\n\n/* 5\n*/\nimport (\n\t"x" // "no"\n\n. "y"; z `w`\n)\nimport "v"\n',
        [8, 10, 10, 12],
    ),
    ("go", 'package a\n/* */ import "no"\n/*\n*/ import "no"\nimport "a"\n', [5]),
    ("go", '\n// b\n\n  \tpackage a\nimport ("c"\n\n"d"\n)\n', [5, 7]),
]


@pytest.mark.parametrize(("language", "source", "lines"), LINES)
def test_imports_have_the_lines_on_which_they_stand(language: str, source: str, lines: list[int]) -> None:
    for newline in ("\n", "\r\n"):
        found = load(language).scan(source.replace("\n", newline).encode()).imports
        assert [item.line for item in found] == lines


HOSTILE = {
    "brackets": b"import (" + b"[" * 100_000,
    "braces": b"import {" * 50_000,
    "quotes": b"import '" * 50_000,
    "triple quotes": b'"""' * 50_001 + b"\nimport a",
    "slashes": b"/*" * 100_000 + b"import 'x'",
    "templates": b"`${" * 50_000 + b"import('x')",
    "one long line": b"x" * 2_000_000 + b" import a",
    "imports": b"import a\n" * 50_000,
    "from without end": b"from " * 100_000,
    "dots": b"from " + b"." * 100_000 + b" import x",
    "names": b"from x import " + b"a, " * 100_000,
    "backslashes": b"import a \\\n" * 50_000,
    "uses": b"use a::{" * 20_000,
    "regexes": b"a = /[" * 50_000 + b"\nimport 'x'",
    "blanks": b"import" + b" " * 200_000 + b"'x'",
    "newlines": b"import\n" * 100_000,
    "types": b"class A<" * 50_000,
    "heredocs": b"x = <<~A\n" * 3_000 + b"require 'a'",
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_text_is_scanned_in_bounded_time(language: str, name: str) -> None:
    started = time.process_time()
    load(language).scan(HOSTILE[name])
    assert time.process_time() - started < 10  # a limit against hanging, far above what any of them takes


@pytest.mark.parametrize("language", LANGUAGES)
def test_binaries_and_giants_are_opaque(language: str) -> None:
    assert scanned(load(language).scan, b"\x7fELF\0import a").opaque == "binary"
    assert scanned(load(language).scan, b"import a\n" * 1_000_000).opaque == "oversized"
