from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Repo
from vibeguard.errors import VibeguardError
from vibeguard.repository.locate import locate
from vibeguard.repository.message import clean, read_message, stored_message, strip_space

SCISSORS = b"# ------------------------ >8 ------------------------\n"


def stored(repo: Repo, raw: bytes) -> bytes:
    return stored_message(raw, locate(str(repo.path)))


def test_comments_of_the_editor_s_template_are_not_part_of_the_message(repo: Repo) -> None:
    assert stored(repo, b"subject  \n\n\nbody\n# a comment\n\n") == b"subject\n\nbody\n"


def test_without_an_editor_a_hash_is_text(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_EDITOR", ":")
    assert stored(repo, b"subject\n\n#12 is fixed\n") == b"subject\n\n#12 is fixed\n"


def test_the_diff_below_the_scissors_is_cut_off(repo: Repo) -> None:
    raw = b"subject\n" + SCISSORS + b"# Do not modify or remove the line above.\ndiff --git a/x b/x\n+AI: yes\n"
    assert stored(repo, raw) == b"subject\n"


def test_another_comment_character_and_other_modes_are_followed(repo: Repo) -> None:
    repo.git("config", "core.commentChar", ";")
    assert stored(repo, b"subject\n# kept\n; dropped\n") == b"subject\n# kept\n"
    repo.git("config", "core.commentChar", "auto")
    assert stored(repo, b"#1 subject\n; dropped\n") == b"#1 subject\n"
    repo.git("config", "commit.cleanup", "verbatim")
    assert stored(repo, b"subject  \n\n\n# kept") == b"subject  \n\n\n# kept"


def test_only_regular_files_of_bearable_size_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "large").touch()
    os.truncate(tmp_path / "large", 100 << 20)
    (tmp_path / "message").write_bytes(b"ok\n")
    for name, words in {
        "missing": "no such",
        "fifo": "not a file",
        ".": "not a file",
        "large": "larger than 16 MiB",
        "nul\0": "cannot be read",
    }.items():
        with pytest.raises(VibeguardError, match=words) as caught:
            read_message(str(tmp_path / name))
        assert caught.value.kind == "INPUT"
    assert read_message(str(tmp_path / "message")) == b"ok\n"


@given(st.binary(max_size=200))
def test_cleaning_twice_changes_nothing_more(raw: bytes) -> None:
    for mode in ("strip", "whitespace", "scissors", "default"):
        once = clean(raw, mode, b"#", edited=True)
        assert strip_space(once, None) == once
