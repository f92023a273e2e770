"""Which file of a tree is asked, and what is said when it cannot be."""

from __future__ import annotations

import pytest

from tests.unit.ownership.facts import tree
from vibeguard.errors import CONFIG, VibeguardError
from vibeguard.ownership import Entry, load


def test_the_first_of_githubs_three_places_wins() -> None:
    files = tree(**{".github/CODEOWNERS": "* @a", "CODEOWNERS": "* @b", "docs/CODEOWNERS": "* @c"})
    for path, owner in ((".github/CODEOWNERS", "@a"), ("CODEOWNERS", "@b"), ("docs/CODEOWNERS", "@c")):
        owned = load(files.get)
        assert (owned.file, owned.of("x").owners, owned.of("x").file) == (path, (owner,), path)
        del files[path]
    owned = load(files.get)
    assert (owned.exists, owned.file) == (False, None)
    assert owned.of("x").owners == ()
    assert owned.of("x").why == "there is no ownership file"


@pytest.mark.parametrize(("mode", "word"), [("120000", "symbolic link"), ("160000", "submodule"), ("040000", "plain")])
def test_what_is_no_plain_file_is_reported_and_never_followed(mode: str, word: str) -> None:
    files = {".github/CODEOWNERS": Entry(mode, b"* @evil"), "CODEOWNERS": Entry("100644", b"* @b")}
    owned = load(files.get)
    assert owned.exists
    assert (owned.file, owned.of("x").owners) == (".github/CODEOWNERS", ())
    assert word in owned.unusable
    assert [problem.kind for problem in owned.problems] == ["unusable-file"]


def test_a_dialect_that_does_not_exist_is_an_error_that_names_those_that_do() -> None:
    with pytest.raises(VibeguardError) as caught:
        load(tree().get, dialect="sourcehut")
    assert caught.value.kind == CONFIG
    assert "github" in caught.value.hint
