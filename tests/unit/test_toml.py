"""TOML of strangers: whatever is in it, there is one kind of error, and soon."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Repo
from tests.unit.dependents.test_graph import answer, shown
from vibeguard.toml import parsed

THREE = '"' * 3
# Each was an internal error, or took a minute and more, where a manifest of Rust had it.
EVIL = {
    "a number of 6,000 digits": f"x = {'1' * 6000}\n",
    "a key of 60,000 parts": f"{'a.' * 60_000}b = 1\n",
    "the same of quoted parts with equals signs": '"=".' * 60_000 + "b = 1\n",
    "the same behind three quotes": f"x = {{a = {THREE}y{THREE}, {'a . ' * 60_000}b = 1}}\n",
    "50,000 brackets": f"x = {'[' * 50_000}",
    "more than a mebibyte": f"{'#' * (1 << 20)}\n",
    "no TOML": "{",
}


@pytest.mark.parametrize("text", EVIL.values(), ids=EVIL)
def test_what_cannot_be_read_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        parsed(text)


@pytest.mark.parametrize(
    "value",
    [
        f'"{"a.b " * 5000}"',
        f"'{'1.2.' * 5000}'",
        f"[{'1.5, ' * 5000}]",
        "[" + '{v = "1.2.3"}, ' * 5000 + "]",
        f'{THREE}\n"{"a." * 5000}b{THREE}',
        f"1 # {'a.' * 5000}",
    ],
    ids=["text", "dotted text", "numbers", "tables", "lines", "comment"],
)
def test_dots_that_are_no_key_do_not_matter(value: str) -> None:
    assert "x" in parsed(f"x = {value}\n")


@given(st.text())
def test_any_text_is_a_document_or_a_value_error(text: str) -> None:
    try:
        assert isinstance(parsed(text), dict)
    except ValueError:
        pass


@pytest.mark.parametrize("text", EVIL.values(), ids=EVIL)
@pytest.mark.parametrize(
    ("manifests", "source", "target"),
    [
        (("Cargo.toml",), ("src/lib.rs", "mod a;\n"), "src/a.rs"),
        # Read where two packages bring a module of the same name.
        (
            ("one/pyproject.toml", "two/pyproject.toml", "three/pyproject.toml"),
            ("three/src/c/__init__.py", "import m.a\nfrom c import d\n"),
            "three/src/c/d.py",
        ),
        (
            ("gradle/libs.versions.toml",),
            ("build.gradle", "apply from: 'a.gradle'\nalias(libs.plugins.b)\n"),
            "a.gradle",
        ),
    ],
)
def test_a_graph_survives_a_manifest_that_cannot_be_read(
    repo: Repo, manifests: tuple[str, ...], source: tuple[str, str], target: str, text: str
) -> None:
    twins = {"one/src/m/__init__.py": "", "two/src/m/__init__.py": "", "two/src/m/a.py": "", "one/src/m/a.py": ""}
    repo.commit("first", {**twins, **dict.fromkeys(manifests, text), source[0]: source[1], target: ""})
    repo.stage({target: "\n"})
    assert source[0] in shown(answer(repo))
