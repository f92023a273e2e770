from __future__ import annotations

import pytest

from tests.conftest import Repo
from tests.unit.dependents.test_graph import answer, graph_of, staged_change
from vibeguard.dependents.packages import Packages, declared
from vibeguard.model import Content
from vibeguard.scoring.blast import score

MAVEN = {
    "pom.xml": "<project><modules><module>core</module><module>apps/web</module></modules></project>\n",
    "core/pom.xml": "<project/>\n",
    "core/src/main/java/p/Core.java": "package p;\npublic class Core {}\n",
    "core/src/test/java/p/CoreTest.java": "package p;\nclass CoreTest { Core core; }\n",
    "apps/web/pom.xml": "<project/>\n",
    "apps/web/src/main/java/w/Web.java": "package w;\nimport p.Core;\nclass Web { Core core; }\n",
    "apps/cli/pom.xml": "<project/>\n",
    "apps/cli/src/main/java/c/Cli.java": "package c;\nclass Cli { p.Core core; }\n",
}
GRADLE = {
    "settings.gradle.kts": 'include(":core", ":apps:web", ":apps:cli")\n',
    "build.gradle.kts": "",
    "core/core.gradle": "",
    "core/src/main/java/p/Core.java": "package p;\npublic class Core {}\n",
    "core/src/test/kotlin/p/CoreTest.kt": "package p\nclass CoreTest { val core = Core() }\n",
    "apps/web/build.gradle.kts": "",
    "apps/web/src/main/kotlin/w/Web.kt": "package w\nimport p.*\nclass Web(val core: Core)\n",
    "apps/cli/build.gradle": "",
    "apps/cli/src/main/java/c/Cli.java": "package c;\nimport p.Core;\nclass Cli { Core core; }\n",
    "gradle/checks.gradle": "",
}
CARGO = {
    "Cargo.toml": "[workspace]\nmembers = ['core', 'apps/*']\n[workspace.dependencies]\ncore-x = { path = 'core' }\n",
    "core/Cargo.toml": "[package]\nname = 'core-x'\n",
    "core/src/lib.rs": "pub struct Core;\n",
    "core/tests/all.rs": "use core_x::Core;\n",
    "apps/web/Cargo.toml": "[package]\nname = 'web'\n[dependencies]\ncore-x.workspace = true\n",
    "apps/web/src/main.rs": "use core_x::Core;\n",
    "apps/cli/Cargo.toml": "[package]\nname = 'cli'\n"
    "[dependencies]\ncore = { package = 'core-x', path = '../../core' }\n",
    "apps/cli/src/main.rs": "fn main() { core::Core; }\n",
}


@pytest.mark.parametrize(
    ("files", "changed"),
    [
        (MAVEN, "core/src/main/java/p/Core.java"),
        (GRADLE, "core/src/main/java/p/Core.java"),
        (CARGO, "core/src/lib.rs"),
    ],
    ids=["maven", "gradle", "cargo"],
)
def test_the_modules_of_a_build_are_the_packages_that_a_change_reaches(
    repo: Repo, files: dict[str, str], changed: str
) -> None:
    repo.commit("first", files)
    repo.stage({changed: files[changed] + "// changed\n"})
    found = answer(repo)
    graph = graph_of(repo, staged_change(repo))
    assert {graph.package_of(path) for path in (changed, *found.paths)} == {"core", "apps/web", "apps/cli"}
    assert len(found.paths) == 3
    radius = score(staged_change(repo), Content({}), lambda _path: (), False, found, package_of=graph.package_of)
    assert radius.packages == 3


def test_a_folder_of_build_scripts_is_no_module() -> None:
    assert declared(GRADLE) == {"core", "apps/web", "apps/cli"}
    packages = Packages(declared(GRADLE))
    assert packages.of("apps/web/src/main/kotlin/w/Web.kt") == "apps/web"
    assert packages.of("gradle/checks.gradle") == "gradle"
    assert packages.of("build.gradle.kts") == ""
