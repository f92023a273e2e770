from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Repo
from vibeguard.dependents import building, opening, scanning
from vibeguard.dependents.fact_store import FactStore
from vibeguard.dependents.graph import Graph
from vibeguard.dependents.opening import BUILDING, open_graph
from vibeguard.dependents.scanning import Blob, scan_blobs
from vibeguard.dependents.store import Store
from vibeguard.model import Change, Content, Dependents
from vibeguard.repository.change import between, staged
from vibeguard.repository.command import Git
from vibeguard.repository.locate import locate
from vibeguard.repository.objects import Objects, list_tree
from vibeguard.scoring.blast import score

FILES = {
    "pkg/__init__.py": "",
    "pkg/hub.py": "A = 1\n",
    "pkg/near.py": "from .hub import A\n",
    "pkg/far.py": "import pkg.near\n",
    "pkg/typed.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pkg.hub import A\n",
    "tests/test_far.py": "def test():\n    from pkg.far import x\n",
    "web/app.ts": "import { a } from './lib'\n",
    "web/lib/index.ts": "export const a = 1\n",
    "docs/readme.md": "import pkg.hub\n",
}


def staged_change(repo: Repo) -> Change:
    location = locate(str(repo.path))
    with Objects(location.git) as objects:
        return staged(location, objects)


def committed_change(repo: Repo, base: str, head: str) -> Change:
    location = locate(str(repo.path))
    with Objects(location.git) as objects:
        return between(location, objects, base, head)


def graph_of(repo: Repo, change: Change, *, use_store: bool = True, time_limit: float | None = None) -> Graph:
    location = locate(str(repo.path))
    return open_graph(location.git, location.common_dir, change, use_store=use_store, time_limit=time_limit)


def answer(repo: Repo, paths: Iterable[str] | None = None, *, use_store: bool = True) -> Dependents:
    change = staged_change(repo)
    return graph_of(repo, change, use_store=use_store).dependents(change.paths if paths is None else paths)


def shown(found: Dependents) -> dict[str, tuple[int, str, str]]:
    return {item.path: (item.distance, item.via, item.kind) for item in found.details()}


def test_dependents_carry_distance_the_file_between_and_the_kind_of_the_edge(repo: Repo) -> None:
    repo.commit("first", FILES)
    repo.stage({"pkg/hub.py": "A = 2\n", "web/lib/index.ts": "export const a = 2\n"})
    found = answer(repo)
    assert shown(found) == {
        "pkg/near.py": (1, "pkg/hub.py", "import"),
        "pkg/typed.py": (1, "pkg/hub.py", "type-only"),
        "web/app.ts": (1, "web/lib/index.ts", "import"),
        "pkg/far.py": (2, "pkg/near.py", "import"),
        "tests/test_far.py": (3, "pkg/far.py", "lazy"),
    }
    assert (found.direct, found.within_2, len(found.details())) == (3, 4, 5)
    near = next(item for item in found.details() if item.path == "pkg/near.py")
    assert (near.names, near.weight) == (("A",), 1.0)
    assert next(item for item in found.details() if item.path == "tests/test_far.py").weight == 0.5
    assert found.unknown == ""


def test_the_heaviest_of_the_shortest_paths_counts(repo: Repo) -> None:
    repo.commit(
        "first",
        {"a.py": "", "b.py": "def f():\n    import a\n", "c.py": "import a\n", "d.py": "import b, c\n"},
    )
    repo.stage({"a.py": "x = 1\n"})
    found = answer(repo)
    assert {item.path: (item.via, item.weight) for item in found.details()} == {
        "b.py": ("a.py", 0.5),
        "c.py": ("a.py", 1.0),
        "d.py": ("c.py", 1.0),
    }


def test_who_used_a_deleted_file_still_depends_on_it(repo: Repo) -> None:
    repo.commit("first", FILES)
    repo.git("rm", "-q", "pkg/hub.py")
    assert {"pkg/near.py", "pkg/far.py", "pkg/typed.py"} <= set(shown(answer(repo)))


def test_a_renamed_file_keeps_its_dependents_from_before_and_after(repo: Repo) -> None:
    repo.commit("first", FILES)
    repo.git("mv", "pkg/hub.py", "pkg/core.py")
    repo.stage({"pkg/near.py": "from .core import A\n"})
    found = shown(answer(repo, ["pkg/hub.py", "pkg/core.py"]))
    assert found["pkg/near.py"][:2] == (1, "pkg/core.py")
    assert found["pkg/typed.py"][:2] == (1, "pkg/hub.py")


@pytest.mark.parametrize(
    ("files", "after"),
    [
        (
            {"p/A.java": "package p;\nclass A {}\n", "p/B.java": "package p;\nclass B { A a; }\n"},
            "package p;\nclass C {}\n",
        ),
        (
            {
                "go.mod": "module m\n",
                "p/a.go": "package p\n\nfunc A() {}\n",
                "p/b.go": "package p\n\nfunc b() { A() }\n",
            },
            "package p\n\nfunc C() {}\n",
        ),
        (
            {"a.cs": "namespace N;\nclass A {}\n", "b.cs": "namespace N;\nclass B { A a; }\n"},
            "namespace N;\nclass C {}\n",
        ),
        ({"a.php": "<?php\nfunction a() {}\n", "b.php": "<?php\nfunction b() { a(); }\n"}, "<?php\nfunction c() {}\n"),
    ],
    ids=["java", "go", "csharp", "php"],
)
def test_who_used_a_name_that_is_gone_still_depends_on_its_file(repo: Repo, files: dict[str, str], after: str) -> None:
    first = repo.commit("first", files)
    *_, changed, user = files
    assert set(shown(answer(repo, (changed,)))) == {user}
    repo.stage({changed: after})
    renamed = answer(repo)
    assert set(shown(renamed)) == {user}
    second = repo.commit("second")
    for use_store in (True, False):
        graph = graph_of(repo, committed_change(repo, first, second), use_store=use_store)
        assert graph.dependents((changed,)).reached == renamed.reached


def test_an_added_file_finds_those_who_were_waiting_for_it(repo: Repo) -> None:
    repo.commit("first", {"a.py": "from pkg import late\n", "pkg/__init__.py": "", "w.ts": "import './late'\n"})
    repo.stage({"pkg/late.py": "", "late.ts": ""})
    assert set(shown(answer(repo))) == {"a.py", "w.ts"}


def test_an_unborn_branch_has_a_graph_of_what_is_staged(repo: Repo) -> None:
    repo.stage(FILES)
    found = answer(repo, ["pkg/hub.py"])
    assert set(shown(found)) == {"pkg/near.py", "pkg/typed.py", "pkg/far.py", "tests/test_far.py"}


def test_staged_and_committed_give_the_same_answer(repo: Repo) -> None:
    base = repo.commit("first", FILES)
    repo.stage({"pkg/hub.py": "import web\n", "pkg/new.py": "from . import near\n"})
    before = answer(repo)
    head = repo.commit("second")
    change = committed_change(repo, base, head)
    after = graph_of(repo, change).dependents(change.paths)
    assert before.details() == after.details()
    assert before.unresolved == after.unresolved


def test_the_second_question_is_answered_from_the_store(repo: Repo) -> None:
    repo.commit("first", FILES)
    repo.stage({"pkg/hub.py": "A = 2\n"})
    cold = answer(repo)
    folder = repo.path / ".git" / "vibeguard" / "v1"
    graph = next(folder.glob("graph-*"))
    before = graph.stat().st_mtime_ns
    assert answer(repo) == cold
    assert graph.stat().st_mtime_ns == before
    assert not list(folder.glob("*.tmp"))


def test_later_commits_are_laid_over_the_kept_graph(repo: Repo) -> None:
    repo.commit("first", FILES)
    repo.stage({"pkg/hub.py": "A = 2\n"})
    answer(repo)
    repo.commit("second", {"pkg/other.py": "from pkg.hub import A\n", "pkg/near.py": "x = 1\n"})
    repo.stage({"pkg/hub.py": "A = 3\n"})
    assert answer(repo) == answer(repo, use_store=False)
    assert set(shown(answer(repo))) == {"pkg/other.py", "pkg/typed.py"}


def test_a_graph_that_is_not_ready_in_time_is_unknown_and_goes_on_next_time(repo: Repo) -> None:
    repo.commit("first", FILES)
    repo.stage({"pkg/hub.py": "A = 2\n"})
    change = staged_change(repo)
    graph = graph_of(repo, change, time_limit=0)
    found = graph.dependents(change.paths)
    assert found.unknown == BUILDING
    assert graph_of(repo, change).dependents(change.paths).unknown == ""


class Clock:
    """A clock that a test moves by hand, in the place of the module `time`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        for module in (building, opening, scanning):
            monkeypatch.setattr(module, "time", self)

    def monotonic(self) -> float:
        return self.now


def test_a_build_that_ends_before_anybody_looks_at_the_clock_is_in_time(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit("first", FILES)
    clock = Clock(monkeypatch)
    git = locate(str(repo.path)).git
    blobs = {entry.path: entry.id for entry in list_tree(git, repo.git("rev-parse", "HEAD^{tree}"))}

    def late_at_the_end(done: int, total: int) -> None:
        if done >= total:
            clock.now = 100.0

    # A look for each blob: the one after the last would find the limit passed.
    monkeypatch.setattr(building, "_BATCH", 1)
    without_limit = building.build(building.Task(git, lambda _: None), blobs)
    limited = building.Task(git, lambda _: None, None, 10.0, late_at_the_end)
    assert building.build(limited, {"web/app.ts": blobs["web/app.ts"]}).records
    clock.now = 0.0
    known = without_limit.records.get
    assert building.build(limited._replace(known=known), blobs) == without_limit


def test_a_build_that_was_in_time_is_no_unknown_because_writing_it_took_long(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit("first", FILES)
    repo.stage({"pkg/hub.py": "A = 2\n", "pkg/new.py": "from pkg.hub import A\n"})
    clock, write = Clock(monkeypatch), Store.write

    def slow_write(store: Store, name: str, key: str, sections: dict[str, bytes]) -> bool:
        clock.now += 100
        return write(store, name, key, sections)

    monkeypatch.setattr(Store, "write", slow_write)
    change = staged_change(repo)
    found = graph_of(repo, change, time_limit=10).dependents(change.paths)
    assert (found.unknown, clock.now >= 200) == ("", True)
    assert "pkg/near.py" in shown(found)


def test_what_a_late_run_scanned_of_the_change_itself_is_kept(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit("first", FILES)
    repo.stage({"pkg/hub.py": "A = 2\n"})
    answer(repo)
    repo.stage({f"pkg/new{number}.py": f"import pkg.hub  # {number}\n" for number in range(40)})
    change = staged_change(repo)
    clock = Clock(monkeypatch)

    asked: list[Blob] = []

    def slow_scan(git: Git, blobs: Sequence[Blob], **options: Any) -> dict[Blob, str]:
        found = scan_blobs(git, blobs, **options)
        asked.extend(blobs)
        clock.now += 1
        return found

    monkeypatch.setattr(opening, "scan_blobs", slow_scan)
    assert graph_of(repo, change, time_limit=0.5).dependents(change.paths).unknown == BUILDING
    kept = FactStore(Store(locate(str(repo.path)).common_dir))
    assert asked
    assert [kept.get(blob) is not None for blob in asked] == [True] * len(asked)


def test_a_language_without_a_reader_is_unknown_and_not_zero(repo: Repo) -> None:
    repo.commit("first", {"lib/a.ex": "defmodule A do\nend\n"})
    repo.stage({"lib/a.ex": "defmodule A do\n  x\nend\n"})
    found = answer(repo)
    assert found.unknown == "no import graph for Elixir"
    assert found.unread_languages == ("Elixir",)


def test_a_source_that_others_are_linked_with_is_unknown_and_not_zero(repo: Repo) -> None:
    files = {"all.h": "int a(void);\n", "a.c": '#include "all.h"\n', "b.c": '#include "b.h"\n', "b.h": "int b(void);\n"}
    repo.commit("first", files)
    repo.stage({"a.c": '#include "all.h"\nint a(void) { return 1; }\n', "b.c": '#include "b.h"\nint x;\n'})
    found = answer(repo)
    assert found.unknown == "which files call what a.c defines is not known"
    assert found.unread_languages == ("C",)
    assert set(shown(found)) == {"b.h"}
    repo.stage({"c.c": "", "d.cc": ""})
    found = answer(repo)
    assert found.unknown == "which files call what 3 files define is not known"
    assert found.unread_languages == ("C", "C++")
    # An included source is imported, and a header calls nobody.
    repo.stage({"all.h": "int a(void);\nint c(void);\n", "d.cc": '#include "c.c"\n', "a.c": files["a.c"]})
    found = answer(repo)
    assert found.unknown == "which files call what d.cc defines is not known"


def test_a_file_that_is_not_what_its_name_says_is_no_zero(repo: Repo) -> None:
    repo.commit("first", {"a.py": "import b\n", "b.py": b"\x7fELF\0\0\0import a"})
    repo.stage({"b.py": b"\x7fELF\0\0\1import a"})
    change = staged_change(repo)
    graph = graph_of(repo, change)
    assert set(shown(graph.dependents(change.paths))) == {"a.py"}
    assert graph.unread() == {"b.py": "binary"}


def test_paths_that_are_not_utf8_have_dependents(repo: Repo) -> None:
    name = os.fsdecode(b"caf\xe9.py")
    repo.write(b"caf\xe9.py", "import b\n").write("b.py", "import c\n").write("c.py", "").stage()
    repo.commit("first")
    repo.stage({"c.py": "x = 1\n"})
    for use_store in (True, True, False):
        assert set(shown(answer(repo, use_store=use_store))) == {"b.py", name}


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_both_object_formats_are_read(tmp_path: Path, object_format: str) -> None:
    repo = Repo(tmp_path / object_format, object_format=object_format)
    repo.commit("first", FILES)
    repo.stage({"pkg/hub.py": "A = 2\n"})
    assert answer(repo) == answer(repo)


def test_a_cycle_and_a_self_import_end(repo: Repo) -> None:
    repo.commit("first", {"a.py": "import b, a\n", "b.py": "import c\n", "c.py": "import a\n"})
    repo.stage({"a.py": "import b, a\nx = 1\n"})
    assert {path: facts[0] for path, facts in shown(answer(repo)).items()} == {"c.py": 1, "b.py": 2}


def test_symlinks_and_submodules_are_no_sources_and_no_targets(repo: Repo) -> None:
    repo.write("b.py", "x = 1\n").write("c.py", "import a\n")
    os.symlink("b.py", repo.path / "a.py")
    repo.accept_changes()
    repo.commit("first")
    repo.stage({"b.py": "x = 2\n"})
    assert shown(answer(repo)) == {}


def test_a_package_is_the_nearest_folder_with_a_manifest_or_the_top_one(repo: Repo) -> None:
    repo.commit("first", {"libs/a/package.json": "{}", "libs/a/src/x.ts": "", "libs/b/y.ts": "", "z.ts": ""})
    repo.stage({"z.ts": "1\n"})
    graph = graph_of(repo, staged_change(repo))
    assert [graph.package_of(path) for path in ("libs/a/src/x.ts", "libs/b/y.ts", "z.ts")] == ["libs/a", "libs", ""]


def test_a_graph_that_was_patched_is_the_one_that_is_built(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "_PATCH_FROM", 1)
    files = {**FILES, "go.mod": "module m\n", "a/x.go": "package a\n\nfunc X() {}\n", "package.json": '{"name": "m"}'}
    repo.commit("first", files)
    repo.stage({"pkg/hub.py": "A = 2\n"})
    answer(repo)
    steps: list[dict[str, str]] = [
        {"pkg/near.py": "from .hub import A, B\nfrom . import gone\n", "pkg/new.py": "import pkg.near\n"},
        {"a/y.go": "package a\n\nvar y = X\n", "a/x.go": "package a\n\nfunc X() {}\nfunc Z() {}\n"},
        {"web/lib.ts": "export {}\n", "b.py": b"\0".decode(), "pkg/gone.py": ""},
        {"package.json": '{"name": "other"}', "web/app.ts": "import 'other/web/lib'\n"},
    ]
    for number, step in enumerate(steps):
        repo.commit(f"step {number}", step)
        if number == 2:
            repo.git("rm", "-q", "pkg/far.py")
            repo.commit("remove")
        repo.stage({"pkg/hub.py": f"A = {number + 3}\n"})
        change = staged_change(repo)
        kept, built = graph_of(repo, change), graph_of(repo, change, use_store=False)
        assert kept.dependents(change.paths) == built.dependents(change.paths)
        assert sorted(kept.edges()) == sorted(built.edges())
        assert sorted(kept.unresolved()) == sorted(built.unresolved())
        assert (kept.unread(), sorted(kept.paths())) == (built.unread(), sorted(built.paths()))
        for path in kept.paths():
            assert kept.package_of(path) == built.package_of(path)
    assert len(list((repo.path / ".git" / "vibeguard" / "v1").glob("graph-*"))) == 4


def test_what_c_sharp_and_php_files_define_for_others_is_followed_step_by_step(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "_PATCH_FROM", 1)
    repo.commit(
        "first",
        {
            "app/App.csproj": "<Project/>",
            "app/Main.cs": "class Main { Text t; Later l; }\n",
            "app/Globals.cs": "global using Lib;\n",
            "lib/Lib.csproj": "<Project/>",
            "lib/Text.cs": "namespace Lib; class Text {}\n",
            "lib/Text1.cs": "namespace Lib; class Text<T> {}\n",
            "composer.json": '{"autoload": {"files": ["web/helpers.php"], "classmap": ["old"]}}',
            "web/helpers.php": "<?php\nfunction one() {}\n",
            "web/page.php": "<?php\nnamespace Web;\none(two(), new \\Old\\Thing);\n",
            "old/all.php": "<?php\nnamespace Old;\nclass Other {}\n",
        },
    )
    answer(repo)
    reference = '<Project><ProjectReference Include="..\\lib\\Lib.csproj" /></Project>'
    web = {("web/page.php", "web/helpers.php")}
    steps: list[tuple[dict[str, str], set[tuple[str, str]]]] = [
        ({"app/App.csproj": reference}, {("app/Main.cs", "lib/Text.cs"), *web}),
        ({"app/Globals.cs": "// none\n"}, web),
        ({"app/Globals.cs": "global using Lib;\n"}, {("app/Main.cs", "lib/Text.cs"), *web}),
        ({"lib/Text.cs": "namespace Lib; class Later {}\n"}, {("app/Main.cs", "lib/Text.cs"), *web}),
        ({"lib/Text.cs": "namespace Lib; class Never {}\n"}, web),
        ({"web/helpers.php": "<?php\nfunction none() {}\n"}, set()),
        ({"web/helpers.php": "<?php\nfunction two() {}\n"}, web),
        ({"old/all.php": "<?php\nnamespace Old;\nclass Thing {}\n"}, {("web/page.php", "old/all.php"), *web}),
        ({"composer.json": '{"autoload": {"files": ["web/helpers.php"]}}'}, {("web/page.php", "old/all.php"), *web}),
        ({"composer.json": '{"autoload": {"psr-4": {"A": "b"}}}'}, set()),
    ]
    for step, expected in steps:
        repo.commit("step", step)
        repo.stage({"notes.md": f"{step}\n"})
        kept, built = graph_of(repo, staged_change(repo)), graph_of(repo, staged_change(repo), use_store=False)
        assert sorted(kept.edges()) == sorted(built.edges())
        assert {(source, edge.target) for source, edge in kept.edges()} == expected, step


def test_kotlin_files_are_found_by_the_package_they_name_step_by_step(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "_PATCH_FROM", 1)
    user, job = "core/src/Use.kt", "core/src/Job.kt"
    repo.commit(
        "first", {user: "package org.x\nimport org.x.later.Late\nval j: Job\n", job: "package org.x\nclass Job\n"}
    )
    answer(repo)
    steps: list[tuple[dict[str, str], set[tuple[str, str]]]] = [
        ({"kit/Late.kt": "package org.x.later\nclass Late\n"}, {(user, job), (user, "kit/Late.kt")}),
        ({job: "package org.y\nclass Job\n"}, {(user, "kit/Late.kt")}),
        ({job: "package org.x\nclass Job\n"}, {(user, job), (user, "kit/Late.kt")}),
        ({"kit/Late.kt": "package org.x.later\nclass Other\n"}, {(user, job)}),
    ]
    for step, expected in steps:
        repo.commit("step", step)
        repo.stage({"notes.md": f"{step}\n"})
        kept, built = graph_of(repo, staged_change(repo)), graph_of(repo, staged_change(repo), use_store=False)
        assert sorted(kept.edges()) == sorted(built.edges())
        assert {(source, edge.target) for source, edge in kept.edges()} == expected, step


@pytest.mark.parametrize(
    ("files", "changed", "packages"),
    [
        (
            {
                "composer.json": "{}",
                "packages/mail/composer.json": '{"autoload": {"psr-4": {"Mail\\\\": "src"}}}',
                "packages/mail/src/Sender.php": "<?php namespace Mail; class Sender {}\n",
                "packages/shop/composer.json": '{"autoload": {"psr-4": {"Shop\\\\": "src"}}}',
                "packages/shop/src/Order.php": "<?php namespace Shop; class Order extends \\Mail\\Sender {}\n",
                "packages/stock/composer.json": "{}",
                "packages/stock/src/Item.php": "<?php class Item {}\n",
            },
            "packages/mail/src/Sender.php",
            {"packages/mail", "packages/shop"},
        ),
        (
            {
                "gems/core/core.gemspec": "",
                "gems/core/lib/core.rb": "require 'core/base'\n",
                "gems/core/lib/core/base.rb": "",
                "gems/web/web.gemspec": "",
                "gems/web/lib/web.rb": "require 'core'\n",
                "tools/Gemfile": "",
                "tools/lib/tools.rb": "require 'web'\n",
                "gems/other/other.gemspec": "",
                "gems/other/lib/other.rb": "",
            },
            "gems/core/lib/core/base.rb",
            {"gems/core", "gems/web", "tools"},
        ),
        (
            {
                "src/Core/Core.csproj": "<Project/>",
                "src/Core/Text.cs": "namespace Core; public class Text {}\n",
                "src/Web/Web.csproj": '<Project><ProjectReference Include="..\\Core\\Core.csproj" /></Project>',
                "src/Web/Pages/Page.cs": "using Core; class Page { Text t; }\n",
                "src/Free/Free.csproj": "<Project/>",
                "src/Free/Page.cs": "using Core; class Page { Text t; }\n",
            },
            "src/Core/Text.cs",
            {"src/Core", "src/Web"},
        ),
    ],
    ids=["composer", "gems", "csproj"],
)
def test_the_packages_that_a_change_crosses_are_counted(
    repo: Repo, files: dict[str, str], changed: str, packages: set[str]
) -> None:
    repo.commit("first", files)
    repo.stage({changed: files[changed] + "\n"})
    change = staged_change(repo)
    graph = graph_of(repo, change)
    found = graph.dependents(change.paths)
    assert {graph.package_of(path) for path in (*change.paths, *shown(found))} == packages
    assert score(change, Content({}), lambda _path: (), False, found, package_of=graph.package_of).packages == len(
        packages
    )


@pytest.mark.parametrize(
    "configs",
    [
        {"tsconfig.json": "./tsconfig.json"},
        {"tsconfig.json": "./base.json", "base.json": "./tsconfig.json"},
        {"tsconfig.json": "./base", "base.json": ["./other.json", "./tsconfig.json"], "other.json": "./base.json"},
        {"tsconfig.json": ".", "web/tsconfig.json": "../web"},
    ],
)
def test_a_tsconfig_that_extends_itself_ends_and_keeps_its_own_paths(repo: Repo, configs: dict[str, object]) -> None:
    own = {"compilerOptions": {"baseUrl": ".", "paths": {"@/*": ["src/*"]}}}
    files = {
        name: json.dumps({"extends": extends, **(own if name == "tsconfig.json" else {})})
        for name, extends in configs.items()
    }
    repo.commit("first", {**files, "app.ts": "import { a } from '@/lib'\n", "src/lib.ts": "export const a = 1\n"})
    repo.stage({"src/lib.ts": "export const a = 2\n"})
    assert set(shown(answer(repo))) == {"app.ts"}
    assert answer(repo) == answer(repo, use_store=False)


def test_the_file_of_the_module_around_comes_under_another_name(repo: Repo) -> None:
    poll = "use super::A;\n"
    files = {"Cargo.toml": "[package]\nname = 'a'\n", "src/lib.rs": "mod io;\n", "src/io/poll.rs": poll}
    repo.commit("first", {**files, "src/io/mod.rs": "mod poll;\npub struct A;\n"})
    answer(repo)  # keeps the graph
    repo.git("rm", "-q", "src/io/mod.rs")
    repo.stage({"src/io.rs": "mod poll;\npub struct A;\n"})
    for use_store in (True, False):
        assert {"src/lib.rs", "src/io/poll.rs"} <= set(shown(answer(repo, use_store=use_store)))
    repo.git("rm", "-q", "-f", "src/io.rs")
    repo.commit("second", {"src/lib.rs": "mod io { mod poll; struct A; }\n"})
    answer(repo)
    repo.stage({"src/io.rs": "mod poll;\npub struct A;\n"})
    for use_store in (True, False):
        assert "src/io/poll.rs" in shown(answer(repo, use_store=use_store))
