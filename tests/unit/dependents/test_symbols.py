from __future__ import annotations

from contextlib import suppress

import pytest

from tests.conftest import Repo
from tests.unit.dependents.test_graph import graph_of, staged_change
from vibeguard.dependents.definitions import definitions
from vibeguard.dependents.grammars import GRAMMARS
from vibeguard.dependents.symbols import Symbol, changed_symbols, naming
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
    "kt": (
        "package a.b\nconst val K = 1\nvar q by lazy { 3 }\nprivate val s = 1\n"
        "internal fun h() {}\n"
        "val String.ext: Int get() = 1\nfun <T> List<T>.each(f: (T) -> Unit): Int = 3\ntypealias Z = Int\n"
        "private class No {\n  fun m() {}\n}\nval `a_b` = 1\n"
        "data class D(val a: Int) : Base(a), I {\n  constructor(x: String) : this(1) {}\n"
        '  @An("private")\n  fun m() {}\n'
        "  protected open fun n() = 1\n  companion object {\n    const val C = 1\n    private val P = 2\n  }\n"
        "  inner class In {\n    fun deep() {}\n  }\n  private fun z() {}\n}\n"
        "class F {\n  companion object Named {\n    fun of() = F()\n  }\n}\n"
        "class G {\n  private companion object {\n    val x = 1\n  }\n}\n"
        "object O {\n  val v: Int\n    get() = 1\n}\nenum class E(val x: Int) {\n  A(1),\n  B(2)\n}\n"
        "interface I {\n  fun q()\n  val w: Int\n}\n",
        "K q h ext each Z a_b D D.constructor D.m D.n D.Companion D.Companion.C D.In D.In.deep "
        "F F.Named F.Named.of G O O.v E E.A E.B I I.q I.w",
    ),
    "rs": (
        "pub fn f() {} fn g() {} pub struct S; impl S { pub fn m(&self) {} fn n() {} } pub trait T { fn q(&self); }",
        "f S S.m T T.q",
    ),
    "rb": ("class A\n  def m(a)\n  end\n  def _p; end\nend\n", "A A.m"),
    "cs": ("namespace N; public class A { public int M() { return 1; } private void Q() {} }", "A A.M"),
    "c": (
        "#define N 3\n#define F(x) (x)\nextern int v; static int w = 1; int *f(int a, char *b) { return 0; }\n"
        "static void no(void) {}\nstruct S { int x; }; typedef struct { int y; } T; typedef int (*cb)(int);\n"
        "enum E { ONE };\n",
        "N F v f S S.x T cb E",
    ),
    "h": (
        '#ifndef A_H\n#define A_H\nstatic inline int g(void) { return 1; }\n#ifdef __cplusplus\nextern "C" {\n#endif\n'
        "void h(int);\n#ifdef __cplusplus\n}\n#endif\n#endif\n",
        "A_H g h",
    ),
    "cpp": (
        "namespace a::b { template <class T> class C : B { int p0; public: C(int); int m(int x = 3) const;\n"
        "template<class U> void t(U); private: int p(); protected: int z; };\nusing X = int; constexpr int K = 3; }\n"
        "int C::m(int x) const { return 0; }\n",
        "C C.C C.m C.t C.z X K C::m",
    ),
    "php": ("<?php class B { public function m() {} private function n() {} } function f() {}", "B B.m f"),
}


@pytest.mark.parametrize("extension", SOURCES)
def test_public_definitions_are_found(extension: str) -> None:
    source, names = SOURCES[extension]
    assert sorted(definitions(source.encode(), extension)) == sorted(names.split())


@pytest.mark.parametrize("extension", GRAMMARS)
def test_any_text_is_parsed_without_harm(extension: str) -> None:
    for source in (b"", b"\xff\xfe\0", b"(" * 20_000, b"class A { " * 3_000, b"def f(" * 3_000):
        with suppress(ValueError):
            definitions(source, extension)


def test_what_a_kotlin_file_defines_is_unknown_where_an_error_hides_it(repo: Repo) -> None:
    repo.commit("first", {"a.kt": "class A {\n  fun f() {}\n}\n", "b.kt": "fun g() {}\n", "c.kt": "const val C = 1\n"})
    repo.stage({"a.kt": "class A {\n  fun f( {}\n}\n", "b.kt": "\n", "c.kt": "@A(1) const val D = 1\n"})
    with Objects(locate(str(repo.path)).git) as objects:
        symbols, unknown = changed_symbols(staged_change(repo), objects.blob)
    assert symbols == (Symbol("b.kt", "g", "g", removed=True),)
    assert unknown == "symbols of 2 files could not be compared"


def test_members_of_a_large_class_are_each_private_by_the_label_before_them() -> None:
    members = "".join(f"int f{number}();\n" for number in range(20_000))
    found = definitions(f"class A {{\n{members}public:\nint shown();\n{members}}};\n".encode(), "cpp")
    assert len(found) == 2 + 20_000


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


@pytest.mark.parametrize(
    ("path", "before", "after", "found"),
    [
        (
            "a.rb",
            "module A\n  class B\n    def m(x); end\n  end\nend\n",
            "module A\n  class B\n    def m(x, y); end\n  end\nend\n",
            ("A.B.m", "B", False),
        ),
        ("a.rb", "class A::B\n  def self.m; end\nend\n", "class A::B\nend\n", ("A::B.m", "B", True)),
        (
            "a.php",
            "<?php class B { function m($a) {} }",
            "<?php class B { function m($b, $c) {} }",
            ("B.m", "B", False),
        ),
        ("a.php", "<?php function f() {}\n", "<?php\n", ("f", "f", True)),
        (
            "A.java",
            'public class A { @Map("/x") public int m(int a) { return a; } }',
            'public class A { @Map("/x") public int m(long a) { return a; } }',
            ("A.m", "A", False),
        ),
        ("A.java", "public class A { public static final int K = 1; }", "public class A { }", ("A.K", "A", True)),
        (
            "A.java",
            "public class A { protected int k = 1; }",
            "public class A { protected long k = 1; }",
            ("A.k", "A", False),
        ),
        ("A.java", "public class A { @V(x = 1) public int k; }", "public class A { }", ("A.k", "A", True)),
        ("A.java", "public enum A { B, C }", "public enum A { B }", ("A.C", "A", True)),
        ("A.java", "public @interface A { int v(); }", "public @interface A { }", ("A.v", "A", True)),
        ("A.java", "public record A(int x) {}", "public record A(long x) {}", ("A", "A", False)),
        ("A.java", "public interface A { int X = 1; }", "public interface A { }", ("A.X", "A", True)),
        ("a.kt", "fun f(a: Int) = 1\n", "fun f(a: Long) = 2\n", ("f", "f", False)),
        ("a.kt", "fun f(a: Int) = 1\nfun f(b: Long) {}\n", "fun f(a: Int): Int = 1\n", ("f", "f", False)),
        ("a.kt", "fun f(a: Int) {}\nfun f(b: Long) {}\n", "fun f(a: Int) {}\n", ("f", "f", False)),
        ("a.kt", "fun f() {}\n", "private fun f() {}\n", ("f", "f", True)),
        ("a.kt", "fun String.f() {}\n", "fun Int.f() {}\n", ("f", "f", False)),
        ("a.kt", "val v: Int = 1\nval w = 1\n", "val v: Long = 1\nval w = 2\n", ("v", "v", False)),
        ("a.kt", "var v: Int\n  get() = 1\n", "val v: Int\n  get() = 2\n", ("v", "v", False)),
        ("a.kt", "val v by lazy { 1 }\nval w = 1\n", "val v by lazy { 2 }\n", ("w", "w", True)),
        ("a.kt", "class A(val x: Int) {\n}\n", "class A(val x: Long) {\n}\n", ("A", "A", False)),
        (
            "a.kt",
            "class A {\n  // one\n  companion object {\n    val K = 1\n  }\n}\n",
            "class A {\n  companion object { // two\n  }\n}\n",
            ("A.Companion.K", "A", True),
        ),
        ("a.kt", "enum class E {\n  A, B\n}\n", "enum class E {\n  A\n}\n", ("E.B", "E", True)),
        ("a.kt", "typealias Z = Int\n", "typealias Z = Long\n", ("Z", "Z", False)),
        ("a.rs", "pub const A: u8 = 1;\n", "pub const A: u16 = 1;\n", ("A", "A", False)),
        ("a.rs", "pub mod m { pub fn f() {} }\n", "pub mod m { }\n", ("m.f", "m", True)),
        ("a.rs", "impl<T> S<T> { pub fn g(&self) {} }\n", "impl<T> S<T> { }\n", ("S.g", "S", True)),
        ("a.rs", "pub trait T { type X; }\n", "pub trait T { }\n", ("T.X", "T", True)),
        ("a.php", "<?php enum E { case A; }\ntrait T {}\n", "<?php enum E { case A; }\n", ("T", "T", True)),
        ("a.php", "<?php enum E { case A; }\n", "<?php\n", ("E", "E", True)),
        (
            "a.cs",
            "public class A { public int M() => 1; }",
            "public class A { public long M() => 1; }",
            ("A.M", "A", False),
        ),
        (
            "a.cs",
            "namespace N;\npublic record R(int X);\n",
            "namespace N;\npublic record R(long X);\n",
            ("R", "R", False),
        ),
        (
            "a.cs",
            "namespace N;\npublic interface I { void M(); }\n",
            "namespace N;\npublic interface I {}\n",
            ("I.M", "I", True),
        ),
        ("a.h", "int f(int a);\n#define N 1\n", "int f(long a);\n#define N 2\n", ("f", "f", False)),
        ("a.h", "struct S { int a; int b; };\n", "struct S { int a; };\n", ("S.b", "S", True)),
        ("a.c", "static int g(void) { return 1; }\n#define F(a) a\n", "#define F(a, b) a\n", ("F", "F", False)),
        ("a.hpp", "class C { public: int m() const; };\n", "class C { public: int m(); };\n", ("C.m", "C", False)),
    ],
)
def test_what_other_languages_remove_or_sign_anew_is_found(
    repo: Repo, path: str, before: str, after: str, found: tuple[str, str, bool]
) -> None:
    repo.commit("first", {path: before})
    repo.stage({path: after})
    location = locate(str(repo.path))
    with Objects(location.git) as objects:
        symbols, _ = changed_symbols(staged_change(repo), objects.blob)
    assert symbols == (Symbol(path, *found),)


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
