"""The import graph of Java, Kotlin and Rust beside what their compilers resolve: counts, then every difference.

    python -m tests.bench.oracles.compilers java REPOSITORY [PATHSPEC...]
    python -m tests.bench.oracles.compilers kotlin REPOSITORY COMPILER.jar STDLIB.jar [PATHSPEC...]
    python -m tests.bench.oracles.compilers rust REPOSITORY ROOT.rs [RUSTC-OPTION...]

JavaTypes.java, KotlinNames.kt and rust_paths.py say what each counts. An edge of ours is true when the compiler finds
the file named, or used through a member, an overload or a re-export; a named edge that we lack is missing. Libraries
that are not here, features that are off and macros that were not expanded lack in the compilers' answers too: look at
the differences. Needs a JDK (17 or later), the embeddable Kotlin compiler, or rustc.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.bench.oracles.compare import edges_of

Edge = tuple[str, str]
Truth = list[tuple[str, str, str]]

ORACLES = Path(__file__).parent
_KOTLIN = "org.jetbrains.kotlin.cli.jvm.K2JVMCompiler"


def run(command: list[str], folder: str, **variables: str) -> str:
    """What a program prints, whatever it thinks of the sources."""
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    return done.stdout


def sources(folder: str, pathspecs: list[str]) -> list[str]:
    """The tracked files of these pathspecs; several modules cannot be compiled as one, so none declares itself."""
    listed = run(["git", "ls-files", "-z", "--", *pathspecs], folder).split("\0")
    return [path for path in listed if path and not path.endswith("module-info.java")]


def java(folder: str, *pathspecs: str) -> tuple[Truth, set[str]]:
    """Every Java file of these pathspecs, all of them compiled together."""
    files = sources(folder, list(pathspecs) or ["*.java"])
    with tempfile.NamedTemporaryFile("w", suffix=".list") as listed:
        listed.write("\n".join(files))
        listed.flush()
        options = ["-Xmx8g", "--add-exports", "jdk.compiler/com.sun.tools.javac.api=ALL-UNNAMED"]
        printed = run(["java", *options, str(ORACLES / "JavaTypes.java"), ".", listed.name], folder)
    truth = _rows(printed)
    return truth, set(files) - {path for path, _, how in truth if how == "failed"}


def kotlin(folder: str, compiler: str, library: str, *pathspecs: str) -> tuple[Truth, set[str]]:
    """Every Kotlin file of these pathspecs, compiled together with the Java files among them."""
    files = sources(folder, list(pathspecs) or ["*.kt", "*.java"])
    compile_ = ["java", "-Xmx4g", "-cp", compiler, _KOTLIN, "-no-stdlib", "-no-reflect", "-Xcontext-parameters"]
    with tempfile.TemporaryDirectory() as place:
        plugin = f"{place}/plugin"
        libraries = f"{compiler}{os.pathsep}{library}"
        run([*compile_, "-cp", libraries, str(ORACLES / "KotlinNames.kt"), "-d", plugin], folder)
        services = Path(plugin, "META-INF", "services")
        services.mkdir(parents=True)
        (services / "org.jetbrains.kotlin.compiler.plugin.CompilerPluginRegistrar").write_text("oracle.KotlinNames\n")
        run(["jar", "cf", f"{place}/plugin.jar", "-C", plugin, "."], folder)
        options = [f"-Xplugin={place}/plugin.jar", "-Xuse-fir-lt=false", "-cp", library, "-d", f"{place}/classes"]
        run([*compile_, *options, *files], folder, ORACLE_OUTPUT=f"{place}/truth")
        truth = _rows(Path(f"{place}/truth").read_text().replace(f"{os.path.realpath(folder)}/", ""))
    return truth, set(files)


def rust(folder: str, root: str, *options: str) -> tuple[Truth, set[str]]:
    """Every file of one crate that these options (features, `--cfg test`) compile."""
    command = ["rustc", "--crate-type", "lib", "--cap-lints", "allow", *options, "-Zunpretty=hir-tree", root]
    with subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, "RUSTC_BOOTSTRAP": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as compiling:
        script = [sys.executable, str(ORACLES / "rust_paths.py")]
        done = subprocess.run(script, stdin=compiling.stdout, capture_output=True, text=True, check=True)
    truth = _rows(done.stdout)
    return truth, {path for path, _, how in truth if how == "compiled"}


def _rows(printed: str) -> Truth:
    rows = [line.split("\t") for line in printed.splitlines()]
    return [(row[0], row[1], row[2]) for row in rows]


def main(language: str, folder: str, *arguments: str) -> None:
    oracles: dict[str, Callable[..., tuple[Truth, set[str]]]] = {"java": java, "kotlin": kotlin, "rust": rust}
    truth, files = oracles[language](os.path.realpath(folder), *arguments)
    compiled = {path for path, _, how in truth if how == "compiled"} or files
    pairs = [(row[:2], row[2]) for row in truth if row[0] in compiled and row[1] in files]
    named = {pair for pair, how in pairs if how == "named"}
    member = {pair for pair, how in pairs if how == "member"} - named
    found = {edge for edge in edges_of(os.path.abspath(folder)) if edge[0] in compiled and edge[1] in files}
    false, missing = found - named - member, named - found
    print(f"{len(files)} files; {len(named)} edges named, {len(member)} more through members only; ours {len(found)}")
    print(
        f"named {len(found & named)}, through members {len(found & member)}, false {len(false)}, missing {len(missing)}"
    )
    print(f"precision {1 - len(false) / max(1, len(found)):.4f}, recall {1 - len(missing) / max(1, len(named)):.4f}")
    for title, edges in (("false", false), ("missing", missing)):
        for source, target in sorted(edges):
            print(f"{title}: {source} -> {target}")


if __name__ == "__main__":
    main(*sys.argv[1:])
