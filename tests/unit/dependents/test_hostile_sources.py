"""Sources that were made to be slow or confusing: a scan takes time in proportion to their length, and stays right.

Nothing here looks at a clock. Each flood is long enough that a scan which reads the rest of the file from every
opening would take minutes.
"""

from __future__ import annotations

import pytest

from tests.conftest import Repo
from tests.unit.dependents.test_graph import answer, shown
from vibeguard.dependents.languages import LANGUAGES, load
from vibeguard.dependents.scanning import scanned

LENGTH = 400_000

# (language, head, what is repeated, tail)
FLOODS: list[tuple[str, str, str, str]] = [
    ("python", "from", " ", "x import"),
    ("python", "", "import a;", ""),
    ("python", "", "import a\r\n", ""),
    ("python", "", "x = '''", ""),
    ("python", "", "from a import (\n", ""),
    ("python", "", "if x: import a\n", ""),
    ("python", "def f():\n", " if x: import a\n", ""),
    ("python", "", "\\\n", "import a"),
    ("python", "", "x \\\nimport \\\n", ""),
    ("python", "import ", "a,", "b"),
    ("python", "", "import_module('a')", ""),
    ("python", "", "import_module( ", ""),
    ("python", '"\n', ";import ", ""),
    ("python", "", "from .import_module('a')", ""),
    ("python", "", "x = '''\\\n'''\r\n", "\nimport a"),
    ("python", "", "x = '''\\'''\n", "\nimport a"),
    ("python", "class A:\n if x: import a", "; y: import a", ""),
    ("python", "", "from a import (b, # c\nfrom d import (e)\n", ""),
    ("python", " from a import (", "b, ", ""),
    ("python", "", "import a # import b\n", ""),
    ("javascript", "", "import/*", ""),
    ("javascript", "", "/*import{//*/\n", ""),
    ("javascript", "", "import//", ""),
    ("javascript", "", "//import\n", ""),
    ("javascript", "", "require('a');", ""),
    ("javascript", "", "/// <reference path='a'/>\n", ""),
    ("javascript", "", "`${", "import 'a'"),
    ("javascript", "", "=/[", "\nimport 'a'"),
    ("javascript", "import ", " ", "'a'"),
    ("javascript", "", "import<", ""),
    ("javascript", "", "=/[ import(a)\n", "'x'"),
    ("javascript", "", "`${import('a')}`", ""),
    ("javascript", "", "`import('a')${x}", ""),
    ("javascript", "export", " from", ""),
    ("javascript", "", "import(require(", "'a'"),
    ("javascript", "from'a'new URL(", "export//import.meta.url\\", ""),
    ("go", "package a\nimport (", " ", ")"),
    ("go", "package a\n", "import (\n", ""),
    ("go", "package a\n", "import ()\n", ""),
    ("go", "package a\n", "`", ""),
    ("go", "package a\nvar (", "a)b", ""),
    ("go", "package a\n", "func (a ", ""),
    ("go", "package a\n", "'\\", ""),
    ("go", "package a\n", "/*/", ""),
    ("go", "package a\n", "/*\n*/import ", ""),
    ("go", "package a\nimport (\n", '"a/b";', ")"),
    ("jvm", "", "fun <", ""),
    ("jvm", "val ", "a.", ""),
    ("jvm", " fun f() ", "fun x ", ""),
    ("jvm", "import a.", "b.", ""),
    ("jvm", "", '"""', ""),
    ("jvm", "", "'\\", ""),
    ("jvm", "", "/*/", ""),
    ("jvm", "fun f() {\n", "a( \t", ""),
    ("jvm", "", "import a.b", ""),
    ("jvm", "", "import a.b;", ""),
    ("jvm", "", "import a.b\n\n", "x; import c.d"),
    ("c", "", "#if x\n", ""),
    ("c", "", 'R"(', '\n#include "a"'),
    ("c", "", "/*", '\n#include "a"'),
    ("c", "", "#include <a>/*\n", ""),
    ("c", " ", "#include <a", ""),
    ("c", "", "#include <a> ", ""),
    ("rust", "use a::{", "b::{", ""),
    ("rust", "use a::{", "b,", "};"),
    ("rust", "", "mod a {", ""),
    ("rust", "", "mod a {use super::b;", ""),
    ("rust", "", "/*", ""),
    ("rust", "", 'r#"', ""),
    ("rust", "", 'r####"', ""),
    ("rust", 'r##"', '"#', ""),
    ("rust", "", '"\\', ""),
    ("rust", "", "use a/*x*/::b;\n", ""),
    ("rust", "", 'pub(#[path = "a"] ', ""),
    ("rust", "", "use ", ""),
    ("rust", "", "(in ", ""),
    ("rust", "mod a {", "super::b ", ""),
    ("rust", "", "//\n", ""),
    ("ruby", "", "<<~A\n", ""),
    ("ruby", "", "<<A\n", ""),
    ("ruby", "A\n", "<<-'A'x", ""),
    ("ruby", "", "load ", ""),
    ("ruby", "", "=begin\n", ""),
    ("ruby", "", "'\\", ""),
    ("ruby", "", "  autoload :A\n", ""),
    ("ruby", "", "#\n #{A", ""),
    ("csharp", "delegate", " ", ""),
    ("csharp", "", "delegate A ", ""),
    ("csharp", "", "delegate A<", ""),
    ("csharp", "", '@"', ""),
    ("csharp", "", '$"{', ""),
    ("csharp", "", "using a;", ""),
    ("csharp", "class A " + "{" * 200_000, "}", " class B {}"),
    ("php", "", "<<<A\n", ""),
    ("php", "", "use a\n", "("),
    ("php", "", "use a/*x*/;\n", ""),
    ("php", "use a{", "b,", "};"),
    ("php", "", "include 'a';", ""),
    ("php", "", '"\\', ""),
    ("php", "<?php ", "'a\\', ", ""),
    ("php", "<?php 'a'", ", ", ""),
    ("php", "", "?><", ""),
    ("components", "", "<script ", ""),
    ("components", "", '<script "', ""),
    ("components", "", "<!--", ""),
    ("components", "", "<script src='a'></script>", ""),
    ("components", "", " ", "---"),
    ("jvm", "{", "val a;", ""),
    ("docker", "COPY ", "--a ", ""),
    ("docker", "", "COPY a b\n", ""),
    ("docker", "COPY ", "[", ""),
    ("docker", "", "COPY \\\n", ""),
    ("csharp", "static ", "(this ", ""),
    ("csharp", "static this ", "F<", "(this int x)"),
    ("csharp", "static this\n", "namespace N {\nvoid F(this int x) {} }\n", ""),
    ("csharp", "", ".A(", ""),
    ("rust", "", "mod a {", "mod b;"),
    ("rust", "", "mod a { mod b; }\n", ""),
    ("jvm", "package a\n", "expect fun f() ", ""),
    ("jvm", "package a\n", "expect ", "fun f()"),
    ("ruby", "", "::A", ""),
    ("terraform", "", "locals {{}\n", ""),
    ("terraform", "locals {", "\nlocals {}", ""),
    ("terraform", "", "a_", ""),
    ("yaml_files", "", "- ", ""),
    ("yaml_files", "include: ", "a", ""),
    ("yaml_files", "", "uses: ./a ", ""),
    ("yaml_files", "-", "$ref: a,", ""),
    ("yaml_files", "", "  build:\n    dockerfile: a\n", ""),
    ("schemas", "# import ", "from ", ""),
    ("gradle", "", "id 'a'", ""),
    ("gradle", "", "id = 'a' ", ""),
    ("gradle", "", "implementationClass = 'a' ", ""),
    ("gradle", "", "include ", ""),
    ("gradle", "include ", "'a', ", ""),
    ("gradle", "include(", "\n", "'a')"),
    ("gradle", "", "include 'a'\n", ""),
    ("gradle", "", "apply ", ""),
    ("gradle", "", "project(':a').projectDir = ", ""),
    ("gradle", "projects", ".a", ""),
    ("gradle", "", "libs", ""),
    ("gradle", "", "a.libs.", ""),
    ("gradle", "", "alias(a.plugins.", ""),
    ("gradle", "", "'a.B' ", ""),
    ("gradle", "'", "a.", "B'"),
    ("gradle", "", "'\\", ""),
    ("gradle", "", "`", ""),
]


@pytest.mark.parametrize(
    ("language", "head", "unit", "tail"), FLOODS, ids=[f"{flood[0]} {flood[1]}{flood[2]}…" for flood in FLOODS]
)
def test_no_flood_is_read_again_and_again(language: str, head: str, unit: str, tail: str) -> None:
    facts = load(language).scan((head + unit * (LENGTH // len(unit)) + tail).encode())
    assert facts.opaque == ""


STATEMENTS = {
    "python": "\nimport wanted\n",
    "javascript": "\nimport 'wanted'\n",
    "go": 'package a\nimport "wanted"\n',
    "jvm": "\nimport a.wanted;\n",
    "c": '\n#include "wanted"\n',
    "rust": "\nmod wanted;\n",
    "ruby": "\nrequire 'wanted'\n",
    "csharp": "\nusing wanted;\n",
    "php": "<?php\nuse a\\wanted;\n",
    "components": "<script>\nimport 'wanted'\n</script>\n",
    "docker": "\nCOPY wanted /\n",
    "terraform": '\nmodule "a" {\n  source = "./wanted"\n}\n',
    "yaml_files": "\n  uses: ./wanted\n",
    "schemas": '\nimport "wanted";\n',
    "makefiles": "\ninclude wanted\n",
    "graphql": '\n#import "wanted"\n',
    "gradle": "\napply from: 'wanted'\n",
}
CODE = sorted(set(LANGUAGES) - {"migrations"})


def wanted(language: str, content: bytes) -> list[int]:
    """The lines of the imports that name what is wanted."""
    return [item.line for item in load(language).scan(content).imports if "wanted" in item.specifier]


@pytest.mark.parametrize("language", CODE)
@pytest.mark.parametrize("brackets", ["(" * 100_000, "[" * 100_000, "{" * 100_000, "([{" * 33_334 + "}])" * 33_334])
def test_a_hundred_thousand_nested_brackets_hide_nothing_before_them(language: str, brackets: str) -> None:
    # One statement, then the brackets, on a line of their own: no scanner may follow them down.
    assert len(wanted(language, f"{STATEMENTS[language]}\nx = {brackets}\n".encode())) == 1


@pytest.mark.parametrize("language", CODE)
def test_a_line_of_five_megabytes_hides_nothing(language: str) -> None:
    statement = STATEMENTS[language]
    long = "x = " + "abcdefgh1 + " * 420_000
    assert len(wanted(language, f"{statement}\n{long}\n".encode())) == 1


@pytest.mark.parametrize("language", CODE)
def test_windows_line_ends_change_nothing(language: str) -> None:
    plain = STATEMENTS[language].encode()
    assert wanted(language, plain.replace(b"\n", b"\r\n")) == wanted(language, plain) != []


def test_a_byte_order_mark_hides_nothing(repo: Repo) -> None:
    first_lines = {
        "a.py": "import target\n",
        "b.ts": "import './target'\n",
        "c.c": '#include "target.h"\n',
        "d.rb": "require_relative 'target'\n",
        "e.proto": 'import "target.proto";\n',
        "g.yml": "$ref: target.yml\n",
        "h.mk": "include target.mk\n",
        "i.graphql": '#import "target.graphql"\n',
        "j.schema.json": '{"$ref": "target.json"}\n',
    }
    targets = {f"target.{ending}": "" for ending in ("py", "ts", "h", "rb", "proto", "yml", "mk", "graphql", "json")}
    marked = {path: b"\xef\xbb\xbf" + text.encode() for path, text in first_lines.items()}
    repo.commit("first", {**marked, **targets})
    repo.stage(dict.fromkeys(targets, "changed\n"))
    assert set(shown(answer(repo))) == set(first_lines)


@pytest.mark.parametrize("language", CODE)
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_other_encodings_are_unreadable_and_not_empty(language: str, encoding: str) -> None:
    assert scanned(load(language).scan, STATEMENTS[language].encode(encoding)).opaque == "binary"


def test_fifty_thousand_imports_are_all_found() -> None:
    for language, one in (
        ("python", "from a{0}.b import c\n"),
        ("javascript", "import {{ c }} from './a{0}'\n"),
        ("rust", "use crate::a{0}::b;\n"),
        ("c", '#include "a{0}.h"\n'),
        ("ruby", "require 'a{0}'\n"),
        ("php", "use A{0}\\B;\n"),
        ("jvm", "import a{0}.B;\n"),
    ):
        content = "".join(one.format(number) for number in range(50_000)).encode()
        found = load(language).scan(content).imports
        assert len(found) == 50_000, language
        assert [item.line for item in found[:3]] == [1, 2, 3]
        assert found[-1].line == 50_000


def test_a_minified_bundle_keeps_its_requires() -> None:
    chunk = "!function(e,t){var n=/[/\"]+/g,r='a\\'b',o=`x${t?`y`:\"z\"}`;return e/t/2}(1,2);"
    content = (chunk * 30_000 + 'var w=require("./wanted");' + chunk * 10 + "import('./wanted-later')").encode()
    assert len(wanted("javascript", content)) == 2


def test_syntax_errors_and_syntax_of_tomorrow_keep_the_other_imports() -> None:
    source = (
        b"import first_wanted\n"
        b"def broken(:\n    )]}\n"
        b"type Alias[T = int] = list[T]\n"
        b"lazy import not_yet\n"
        b"match x:\n    case {'a': 1, **rest}: import wanted_in_case\n"
        b"t = t'{x!r:>{width}}'\n"
        b"x = f'{f'{1}'}' ; import wanted_behind\n"
        b"print 'two'\n"
        b"from last.wanted import a\n"
    )
    assert wanted("python", source) == [1, 7, 9, 11]


def test_a_binary_with_a_sources_name_is_unreadable() -> None:
    for language in CODE:
        assert scanned(load(language).scan, b"\x7fELF\2\1\1\0import wanted\n").opaque == "binary"
