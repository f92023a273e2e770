from __future__ import annotations

import pytest

from tests.conftest import Repo
from tests.unit.dependents.test_graph import graph_of, staged_change
from vibeguard.dependents.symbols import GRAMMARS, Symbol, changed_symbols, definitions, naming
from vibeguard.repository.locate import locate
from vibeguard.repository.objects import Objects

# Extension: (source, the public names in it).
SOURCES = {
    "py": (
        "X = 1\n_y = 2\ndef f(a): pass\nclass C:\n    z: int = 1\n    def m(self): pass\n    def _p(self): pass\n",
        "X f C C.z C.m",
    ),
    "ts": (
        "export function a() {}\nexport const b = 1\nfunction no() {}\nexport type T = string\n"
        "export class K { m() {} private n() {} #o() {} }\nexport { x as shown }\nexport default 3\n",
        "a b K K.m T shown default",
    ),
    "js": ("export async function a() {}\nconst no = 1\nexport default function d() {}\n", "a d default"),
    "go": (
        "package x\nfunc F() {}\nfunc (s *S) M() {}\nfunc (s *S) n() {}\ntype T struct{}\nconst (\n A = 1\n b = 2\n)\n",
        "F S.M T A",
    ),
    "java": (
        "package a; public class C { public int m() { return 1; } void n() {} } class D {}\n"
        "public interface I { void q(); }",
        "C C.m I I.q",
    ),
    "rs": (
        "pub fn f() {} fn g() {} pub struct S; impl S { pub fn m(&self) {} fn n() {} } pub trait T { fn q(&self); }",
        "f S S.m T T.q",
    ),
    "rb": ("class A\n  def m(a)\n  end\n  def _p; end\nend\n", "A A.m"),
    "cs": ("namespace N; public class A { public int M() { return 1; } private void Q() {} }", "A A.M"),
    "php": ("<?php class B { public function m() {} private function n() {} } function f() {}", "B B.m f"),
}


@pytest.mark.parametrize("extension", SOURCES)
def test_public_definitions_are_found(extension: str) -> None:
    source, names = SOURCES[extension]
    assert sorted(definitions(source.encode(), extension)) == sorted(names.split())


@pytest.mark.parametrize("extension", GRAMMARS)
def test_any_text_is_parsed_without_harm(extension: str) -> None:
    for source in (b"", b"\xff\xfe\0", b"(" * 20_000, b"class A { " * 3_000, b"def f(" * 3_000):
        definitions(source, extension)


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("def f(a): return 1\n", "def f(a): return 2\n", []),
        ("def f(a): return 1\n", "def f(a): # why\n    return 1\n", []),
        ("def f(a, b): pass\n", "def f(\n    a,\n    b,\n): pass\n", []),
        ("def f(a): pass\n", "def f(a, b): pass\n", [("f", False)]),
        ("def f(a): pass\n", "def g(a): pass\n", [("f", True)]),
        ("def _f(a): pass\n", "", []),
        ("A: int = 1\n", "A: int = 2\n", []),
        ("A: int = 1\n", "A: str = 2\n", [("A", False)]),
        ("class C:\n  def m(self): pass\n", "class C:\n  pass\n", [("C.m", True)]),
    ],
)
def test_only_what_breaks_users_is_a_changed_symbol(
    repo: Repo, before: str, after: str, found: list[tuple[str, bool]]
) -> None:
    repo.commit("first", {"a.py": before})
    repo.stage({"a.py": after})
    location = locate(str(repo.path))
    with Objects(location.git) as objects:
        symbols, unknown = changed_symbols(staged_change(repo), objects.blob)
    assert [(symbol.name, symbol.removed) for symbol in symbols] == found
    assert unknown == ""


def test_a_deleted_file_removes_all_its_symbols(repo: Repo) -> None:
    repo.commit("first", {"a.py": "def f(): pass\n"})
    repo.git("rm", "-q", "a.py")
    location = locate(str(repo.path))
    with Objects(location.git) as objects:
        symbols, _ = changed_symbols(staged_change(repo), objects.blob)
    assert symbols == (Symbol("a.py", "f", "f", True),)


def test_those_who_name_a_symbol_are_found_through_files_that_pass_it_on(repo: Repo) -> None:
    repo.commit(
        "first",
        {
            "pkg/__init__.py": "from .impl import f, g\n",
            "pkg/impl.py": "def f(): pass\ndef g(): pass\n",
            "one.py": "from pkg import f\n",
            "two.py": "from pkg import g\n",
            "three.py": "from pkg.impl import *\n",
        },
    )
    repo.stage({"pkg/impl.py": "def f(x): pass\ndef g(): pass\n"})
    graph = graph_of(repo, staged_change(repo))
    found = naming([Symbol("pkg/impl.py", "f", "f", removed=False)], graph.named_by)
    assert found == {"pkg/__init__.py", "one.py", "three.py"}
