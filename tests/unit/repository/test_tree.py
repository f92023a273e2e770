from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Repo
from vibeguard.errors import VibeguardError
from vibeguard.repository.command import Git
from vibeguard.repository.objects import Objects
from vibeguard.repository.tree import Tree, parse_tree


def test_files_are_found_by_path_and_links_are_not_followed(repo: Repo) -> None:
    repo.write("deep/er/file.txt", "x\n").write(b"caf\xe9", "y")
    os.symlink("deep/er/file.txt", repo.path / "link")
    repo.accept_changes()
    repo.commit("first")
    with Objects(Git(str(repo.path))) as objects:
        tree = Tree(objects, "HEAD^{tree}")
        assert tree.blob("deep/er/file.txt") == b"x\n"
        assert tree.blob(os.fsdecode(b"caf\xe9")) == b"y"
        link = tree.entry("link")
        assert link is not None
        assert link.mode == "120000"
        assert tree.blob("link") is None
        assert tree.blob("deep") is None
        assert tree.entry("deep/nothing") is None
        assert tree.entry("link/below") is None
        assert set(tree.folder("")) == {"deep", "link", os.fsdecode(b"caf\xe9")}


@given(st.binary(max_size=200))
def test_any_bytes_are_a_tree_or_our_error(raw: bytes) -> None:
    try:
        parse_tree(raw, "0" * 40)
    except VibeguardError as error:
        assert error.kind == "REPO"
