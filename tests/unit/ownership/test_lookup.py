"""Which file of a tree is asked, in which dialect, and what is said when it cannot be."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from tests.unit.ownership.facts import facts, tree
from vibeguard.errors import CONFIG, VibeguardError
from vibeguard.ownership import Entry, load
from vibeguard.ownership.lookup import DIALECTS, LIMITS

ANYBODY = {"gitea": ".* @"}


@pytest.mark.parametrize(
    "fact",
    [fact for fact in facts("locations")["locations"] if fact["dialect"] in DIALECTS],
    ids=lambda fact: fact["dialect"],
)
def test_the_first_of_a_forges_places_wins(fact: dict[str, Any]) -> None:
    line = ANYBODY.get(fact["dialect"], "* @")
    files = tree(**{path: f"{line}o{at}" for at, path in enumerate(fact["order"])})
    for at, path in enumerate(fact["order"]):
        owned = load(files.get, dialect=fact["dialect"])
        assert (owned.file, owned.of("x").owners, owned.of("x").file) == (path, (f"@o{at}",), path)
        del files[path]
    owned = load(files.get, dialect=fact["dialect"])
    assert (owned.exists, owned.file) == (False, None)
    assert owned.of("x").owners == ()
    assert owned.of("x").why == "there is no ownership file"
    assert LIMITS[owned.dialect] == fact.get("limit_bytes", LIMITS[owned.dialect])


@pytest.mark.parametrize(
    ("files", "host", "dialect", "file"),
    [
        (["CODEOWNERS"], None, "github", "CODEOWNERS"),
        (["CODEOWNERS"], "gitlab.com", "gitlab", "CODEOWNERS"),
        (["CODEOWNERS"], "gitlab.example.com", "gitlab", "CODEOWNERS"),
        (["CODEOWNERS"], "codeberg.org", "gitea", "CODEOWNERS"),
        (["CODEOWNERS"], "git.example.com", "github", "CODEOWNERS"),
        ([".gitlab/CODEOWNERS"], "github.com", "gitlab", ".gitlab/CODEOWNERS"),
        ([".github/CODEOWNERS"], "gitlab.com", "github", ".github/CODEOWNERS"),
        ([".forgejo/CODEOWNERS"], None, "gitea", ".forgejo/CODEOWNERS"),
        ([".gitea/CODEOWNERS", "docs/CODEOWNERS"], None, "gitea", "docs/CODEOWNERS"),
        ([".gitlab/CODEOWNERS", "CODEOWNERS"], "github.com", "github", "CODEOWNERS"),
        ([".gitlab/CODEOWNERS", ".github/CODEOWNERS"], None, "github", ".github/CODEOWNERS"),
        ([".gitlab/CODEOWNERS", ".github/CODEOWNERS"], "gitlab.com", "gitlab", ".gitlab/CODEOWNERS"),
        ([], "gitlab.com", "gitlab", None),
    ],
)
def test_the_dialect_is_told_by_the_place_then_by_the_host(
    files: list[str], host: str | None, dialect: str, file: str | None
) -> None:
    owned = load(tree(**dict.fromkeys(files, "* @a")).get, remote_host=host)
    assert (owned.dialect, owned.file) == (dialect, file)


def test_the_policy_says_the_dialect_before_anything_else() -> None:
    files = tree(**{".github/CODEOWNERS": "* @a", "CODEOWNERS": "docs @b"})
    owned = load(files.get, dialect="gitlab", remote_host="github.com")
    assert (owned.dialect, owned.file, owned.of("docs/x").owners) == ("gitlab", "CODEOWNERS", ())


def test_owners_files_are_followed_unasked_only_where_nothing_else_is() -> None:
    files = tree(OWNERS="approvers:\n- a\n")
    assert load(files.get).of("x").owners == ("a",)
    assert load(tree(OWNERS="set noparent\nada@example.com\n").get).exists is False
    assert load(tree(OWNERS="approvers:\n- a\n", CODEOWNERS="* @b").get).dialect == "github"


def test_a_file_that_only_another_forge_reads_is_reported() -> None:
    owned = load(tree(**{".bitbucket/CODEOWNERS": "* @a"}).get)
    assert owned.exists is False
    assert [(problem.kind, problem.path) for problem in owned.problems] == [("unread-file", ".bitbucket/CODEOWNERS")]


@pytest.mark.parametrize("dialect", [name for name in DIALECTS if name != "kubernetes"])
@pytest.mark.parametrize(("mode", "word"), [("120000", "symbolic link"), ("160000", "submodule"), ("040000", "plain")])
def test_what_is_no_plain_file_is_reported_and_never_followed(dialect: str, mode: str, word: str) -> None:
    files = {"CODEOWNERS": Entry(mode, b"* @evil"), "docs/CODEOWNERS": Entry("100644", b"* @b")}
    owned = load(files.get, dialect=dialect)
    assert owned.exists
    assert (owned.file, owned.of("x").owners) == ("CODEOWNERS", ())
    assert word in owned.unusable
    assert [problem.kind for problem in owned.problems] == ["unusable-file"]


@pytest.mark.parametrize("dialect", [name for name in DIALECTS if name != "kubernetes"])
def test_a_file_beyond_its_limit_or_with_nul_bytes_is_not_in_force(dialect: str) -> None:
    for content in (b"#" * LIMITS[dialect], b"* @a\0"):  # type: ignore[index]
        owned = load(tree(CODEOWNERS=content).get, dialect=dialect)
        assert owned.exists
        assert owned.unusable
        assert owned.of("x").owners == ()


def test_a_dialect_that_does_not_exist_is_an_error_that_names_those_that_do() -> None:
    with pytest.raises(VibeguardError) as caught:
        load(tree().get, dialect="sourcehut")
    assert caught.value.kind == CONFIG
    assert "github" in caught.value.hint


def test_a_hook_that_reads_githubs_file_loads_nothing_else_of_this_room() -> None:
    code = (
        "import sys\n"
        "from vibeguard.ownership.lookup import Entry, load\n"
        "load({'CODEOWNERS': Entry('100644', b'* @a')}.get).of('x')\n"
        "print(*(name for name in sys.modules if name.startswith('vibeguard.ownership.') or name == 'yaml'))\n"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    rooms = {name.removeprefix("vibeguard.ownership.") for name in done.stdout.split()}
    assert rooms == {"lookup", "github", "globs", "matcher", "text"}
