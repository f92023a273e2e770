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
from vibeguard.repository.objects import Objects
from vibeguard.repository.refs import read_commit

SCISSORS = b"# ------------------------ >8 ------------------------\n"


def stored(repo: Repo, raw: bytes) -> bytes:
    return stored_message(raw, locate(str(repo.path)))


def test_comments_of_the_editor_s_template_are_not_part_of_the_message(repo: Repo) -> None:
    assert stored(repo, b"subject  \n\n\nbody\n# a comment\n\n") == b"subject\n\nbody\n"


def test_without_an_editor_a_hash_is_text(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_EDITOR", ":")
    assert stored(repo, b"subject\n\n#12 is fixed\n") == b"subject\n\n#12 is fixed\n"


def test_the_diff_below_the_scissors_is_cut_off(repo: Repo) -> None:
    raw = (
        b"subject\n"
        + SCISSORS
        + b"# Do not modify or remove the line above.\n# Everything below it will be ignored.\n"
        + b"diff --git a/x b/x\n+AI: yes\n"
    )
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


TYPED = (
    b"subject  \n\n\n#12 kept or not\n; semicolon\nbody \t\n\n\n" + SCISSORS + b"below\n\nSigned-off-by: A <a@b>\n\n\n",
    b"\n\n  subject\r\nbody\x0c\n" + SCISSORS + b"#\nbelow\n",
    b"# only\n# comments\n\n",
    b"subject\n\n; a\n# b\n\nTrailer: value\n ; folded\n",
    b"caf\xe9\n\nbody\n",
)
SETTINGS = (
    (),
    ("-c", "commit.cleanup=strip"),
    ("-c", "commit.cleanup=whitespace"),
    ("-c", "commit.cleanup=verbatim"),
    ("-c", "commit.cleanup=scissors"),
    ("-c", "core.commentChar=;"),
    ("-c", "core.commentChar=auto"),
    ("-c", "commit.verbose=true"),
    ("-c", "commit.verbose=true", "-c", "core.commentChar=;"),
    ("-c", "commit.cleanup=scissors", "-c", "core.commentChar=auto"),
)


@pytest.mark.parametrize("edited", [True, False])
@pytest.mark.parametrize("settings", SETTINGS)
def test_git_stores_what_is_said_that_it_stores(
    repo: Repo, settings: tuple[str, ...], edited: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """git commits for real; its commit-msg hook keeps the file and the environment for us."""
    monkeypatch.setenv("PATH", os.defpath)
    kept, typed = tmp_path / "kept", tmp_path / "typed"
    repo.write(".git/hooks/commit-msg", f'#!/bin/sh\ncp "$1" "{kept}"\nprintf "%s" "$GIT_EDITOR" > "{kept}.editor"\n')
    os.chmod(repo.path / ".git/hooks/commit-msg", 0o755)
    # An editor puts its text above what git has prepared.
    (tmp_path / "editor").write_text(f'#!/bin/sh\ncat "{typed}" "$1" > "$1.new" && mv "$1.new" "$1"\n')
    (tmp_path / "editor").chmod(0o755)
    repo.accept_changes()
    for number, raw in enumerate(TYPED):
        typed.write_bytes(raw)
        repo.stage({"a.txt": f"{number}\n"})
        how = ("-e",) if edited else ("-F", str(typed))
        before = repo.git("rev-parse", "-q", "--verify", "HEAD", ok=False)
        repo.git(*settings, "commit", "-q", *how, env={"GIT_EDITOR": str(tmp_path / "editor")}, ok=False)
        after = repo.git("rev-parse", "-q", "--verify", "HEAD", ok=False)
        for one in range(0, len(settings), 2):
            key, _, value = settings[one + 1].partition("=")
            repo.git("config", key, value)
        monkeypatch.setenv("GIT_EDITOR", Path(f"{kept}.editor").read_text(encoding="utf-8"))
        ours = stored(repo, kept.read_bytes())
        monkeypatch.delenv("GIT_EDITOR")
        if before == after:
            assert ours.strip() == b"", "git refused an empty message"
            continue
        with Objects(locate(str(repo.path)).git) as objects:
            commit = read_commit(objects, "HEAD")
        assert commit is not None
        assert ours.replace(b"\xe9", b"\xc3\xa9") == commit.message, (raw, kept.read_bytes())
