"""Projects that were made to be slow: resolving takes time in proportion to what there is to resolve.

Nothing here looks at a clock. Each project is large enough that comparing every file with every other, as each of these
once did, would take minutes.
"""

from __future__ import annotations

from collections.abc import Iterable

from vibeguard.dependents.columns import Columns
from vibeguard.dependents.facts import Edge, Facts, Import, Links
from vibeguard.dependents.graph import Graph, Overlay
from vibeguard.dependents.languages import language_of, load
from vibeguard.dependents.layers import Layer
from vibeguard.dependents.project import Project
from vibeguard.dependents.snapshot import assembled, empty

MANY = 20_000


def resolved(files: dict[str, Facts], others: Iterable[str] = ()) -> dict[str, list[str]]:
    """The targets of each file that has some."""
    project = Project({*files, *others}, facts=lambda path: files.get(path, Facts()))
    found = {
        path: [edge.target for edge in load(language_of(path) or "").resolve(facts, path, project).edges]
        for path, facts in files.items()
    }
    return {path: targets for path, targets in found.items() if targets}


def test_each_of_many_migrations_finds_the_one_before() -> None:
    found = resolved({f"db/{number}_x.sql": Facts() for number in range(MANY)})
    assert found == {f"db/{number}_x.sql": [f"db/{number - 1}_x.sql"] for number in range(1, MANY)}


def test_a_migration_of_thousands_of_digits_is_none() -> None:
    assert resolved({"1_a.sql": Facts(), f"{'9' * 5000}_b.sql": Facts()}) == {}


def test_each_of_many_images_copies_its_own_folder() -> None:
    many = 3 * MANY
    files = {f"{number}/Dockerfile": Facts((Import("data"),)) for number in range(many)}
    found = resolved(files, [f"{number}/data/deep/x" for number in range(many)])
    assert found == {f"{number}/Dockerfile": [f"{number}/data/deep/x"] for number in range(many)}


def test_many_images_copy_by_the_same_pattern() -> None:
    files = {f"Dockerfile.{number}": Facts((Import("*.json"),)) for number in range(MANY)}
    others = [*(f"{number}.json" for number in range(30)), *(f"{number}.txt" for number in range(MANY))]
    found = resolved(files, others)
    assert all(len(found[path]) == 30 for path in files)


def test_a_folder_that_only_begins_like_a_copied_one_is_not_copied() -> None:
    others = ["data", "data-old/x", "data.txt", "data0/x", "data/y", "data/b/x"]
    assert resolved({"a/Dockerfile": Facts((Import("data"),))}, others[1:]) == {"a/Dockerfile": ["data/b/x", "data/y"]}


def test_each_of_many_files_of_a_terraform_module_names_another() -> None:
    files = {f"m/{number}.tf": Facts((), (f"var.v{number}",), (f"var.v{number + 1}",)) for number in range(MANY)}
    assert resolved(files) == {f"m/{number}.tf": [f"m/{number + 1}.tf"] for number in range(MANY - 1)}


def test_many_packages_of_the_same_last_name_are_told_apart() -> None:
    many = 2 * MANY
    files = {
        f"m{number}/src/p{number}/impl/C.java": Facts((Import(f"p{number + 1}.impl.C"),), ("C",), (), f"p{number}.impl")
        for number in range(many)
    }
    found = resolved(files)
    assert len(found) == many - 1
    assert found["m7/src/p7/impl/C.java"] == ["m8/src/p8/impl/C.java"]


def test_many_modules_that_define_the_same_class_use_their_own() -> None:
    files = {f"m{number}/main/p/A.java": Facts((), ("A",), (), "p") for number in range(MANY)}
    files |= {f"m{number}/test/p/B.java": Facts((), ("B",), ("A",), "p") for number in range(MANY)}
    found = resolved(files)
    assert found == {f"m{number}/test/p/B.java": [f"m{number}/main/p/A.java"] for number in range(MANY)}


def test_of_equally_near_definitions_all_are_meant() -> None:
    files = {f"{folder}/p/A.java": Facts((), ("A",), (), "p") for folder in ("a/x", "a/y-z", "a/y", "b")}
    files["a/w/p/B.java"] = Facts((), ("B",), ("A",), "p")
    assert resolved(files) == {"a/w/p/B.java": ["a/x/p/A.java", "a/y-z/p/A.java", "a/y/p/A.java"]}


def test_many_files_of_a_large_package_open_another() -> None:
    files = {f"p/C{number}.java": Facts((Import("q.*"),), (f"C{number}",), ("D",), "p") for number in range(MANY)}
    files["q/D.java"] = Facts((), ("D",), (), "q")
    assert resolved(files) == {f"p/C{number}.java": ["q/D.java"] for number in range(MANY)}


def test_each_of_many_php_packages_finds_the_class_of_another() -> None:
    settings = {
        f"p{number}/composer.json": f'{{"autoload": {{"psr-4": {{"A{number}\\\\": "src"}}}}}}'.encode()
        for number in range(MANY)
    }
    files = {f"p{number}/src/C.php": Facts((), (), (f"\\A{number + 1}\\C",)) for number in range(MANY)}
    project = Project({*files, *settings}, settings.get, lambda path: files.get(path, Facts()))
    for number in range(MANY - 1):
        path = f"p{number}/src/C.php"
        links = load("php").resolve(files[path], path, project)
        assert [edge.target for edge in links.edges] == [f"p{number + 1}/src/C.php"]


def csharp_projects(references: dict[int, int]) -> dict[str, list[str]]:
    """What files lead to that all use one class of project 0, each in a project that references another."""
    settings = {
        f"p{number}/x.csproj": f'<ProjectReference Include="..\\p{other}\\x.csproj" />'.encode()
        for number, other in references.items()
    }
    files = {f"p{number}/A.cs": Facts((), (), ("B",)) for number in references}
    files["p0/B.cs"] = Facts((), ("B",))
    project = Project({*files, *settings}, settings.get, lambda path: files.get(path, Facts()))
    return {
        path: [edge.target for edge in load("csharp").resolve(facts, path, project).edges]
        for path, facts in files.items()
        if path.endswith("A.cs")
    }


def test_projects_in_a_long_chain_see_what_is_behind_them() -> None:
    many = 10_000
    found = csharp_projects({number: number - 1 for number in range(1, many)} | {0: 0, many: many})
    assert found.pop(f"p{many}/A.cs") == []
    assert found == {f"p{number}/A.cs": ["p0/B.cs"] for number in range(many)}


def test_projects_in_a_circle_see_each_other_and_none_that_only_references_them() -> None:
    circle = {number: (number + 1) % 5000 for number in range(5000)}
    found = csharp_projects({**circle, 5000: 4999, 5001: 5002, 5002: 5001})
    assert {path for path, targets in found.items() if not targets} == {"p5001/A.cs", "p5002/A.cs"}


def graph_of(links: dict[str, Links]) -> Graph:
    return Graph(None, Overlay(links, added=tuple(sorted(links))))


def test_a_ring_of_files_that_pass_on_everything_is_walked_once() -> None:
    ring = [f"{number}/__init__.py" for number in range(2000)]
    links = {path: Links((Edge(ring[place - 1], "import", ("*",)),)) for place, path in enumerate(ring)}
    names = frozenset(f"name{number}" for number in range(MANY))
    assert graph_of(links).named_by(
        {ring[0]: names, ring[1]: names - {"name1"}, ring[2]: frozenset(("other",))}
    ) == set(ring)


def test_a_ring_of_barrels_passes_on_only_what_each_names() -> None:
    links = {
        "b/index.ts": Links((Edge("a.ts", "import", ("x", "y")), Edge("c/index.ts", "import", ("x",)))),
        "c/index.ts": Links((Edge("b/index.ts", "import", ("x",)),)),
        "uses-x.ts": Links((Edge("c/index.ts", "import", ("x",)),)),
        "uses-y.ts": Links((Edge("c/index.ts", "import", ("y",)),)),
        "uses-z.ts": Links((Edge("b/index.ts", "import", ("z",)),)),
        "a.ts": Links(),
    }
    graph = graph_of(links)
    assert graph.named_by({"a.ts": frozenset(("x",))}) == {"b/index.ts", "c/index.ts", "uses-x.ts"}
    assert graph.named_by({"a.ts": frozenset(("y", "z"))}) == {"b/index.ts"}
    assert graph.named_by({}) == set()


class Kept:
    """Facts by blob, as a step reads them."""

    def __init__(self, facts: dict[str, Facts]) -> None:
        self._facts = facts

    def scan(self, blobs: Iterable[tuple[str, str]]) -> None:
        assert all(oid in self._facts for oid, _ in blobs)

    def facts(self, blob: tuple[str, str]) -> Facts:
        return self._facts[blob[0]]

    def read(self, oid: str) -> bytes | None:
        return None


def test_many_changed_files_that_define_other_names_concern_those_who_use_them() -> None:
    many = range(10_000)
    facts = {f"{number:040}": Facts((), (f"A{number}",), (f"B{number + 1}",), "p") for number in many}
    facts |= {f"{number:a>40}": Facts((), (f"B{number}",), (f"B{number + 1}",), "p") for number in many}
    contents = Kept(facts)
    oids = {f"p/C{number}.java": f"{number:040}" for number in many}
    first = Layer(empty()).step(oids, contents)
    assert not any(links.edges for links in first.links.values())
    columns = Columns({path: number for number, path in enumerate(sorted(oids))})
    for path, links in first.links.items():
        columns.add(path, "jvm", links)
    snapshot = assembled("tree", columns.sections(dict(sorted(oids.items())), ["jvm"], {}))
    assert snapshot is not None
    second = Layer(snapshot).step({f"p/C{number}.java": f"{number:a>40}" for number in many if number % 2}, contents)
    for number in many[:-1]:
        edges = [edge.target for edge in second.links[f"p/C{number}.java"].edges]
        assert edges == ([f"p/C{number + 1}.java"] if number % 2 == 0 else [])


def test_many_deleted_files_are_asked_for_their_importers() -> None:
    paths = [f"{number}.py" for number in range(MANY)]
    links = {path: Links((Edge(paths[place - 1], "import"),)) for place, path in enumerate(paths)}
    layer = Layer(empty(), dict.fromkeys(paths, "0" * 40), links)
    for place, path in enumerate(paths):
        assert [source for source, _ in layer.edges_into(path)] == [paths[(place + 1) % MANY]]


def test_go_types_with_methods_in_another_file_are_looked_up_once_each() -> None:
    types = "".join(f"type T{number} int\n" for number in range(MANY))
    calls = "".join(f"f{number}()\n" for number in range(60_000))
    methods = "".join(f"func (t T{number}) m() {{}}\n" for number in range(MANY))
    scan = load("go").scan
    facts = {
        "a.go": scan(f"package p\n{types}func g() {{\n{calls}}}\n".encode()),
        "b.go": scan(f"package p\n{methods}".encode()),
    }
    project = Project(facts, lambda _: None, facts.__getitem__)
    for importer, other in (("a.go", "b.go"), ("b.go", "a.go")):
        (edge,) = load("go").resolve(facts[importer], importer, project).edges
        assert (edge.target, len(edge.names)) == (other, MANY)
