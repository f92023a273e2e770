"""Through the doors: what cannot be read is one line and exit 2; what can is the same whatever stands around it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.canary import Canary, armed, canary, canary_folder
from tests.conftest import Ran, Repo

__all__ = ["armed", "canary", "canary_folder"]
Script = Callable[..., Ran]
Arm = Callable[[Repo], None]
ZERO = "0" * 40
BIN = os.path.dirname(sys.executable)


def undecided(ran: Ran, kind: str, words: str) -> None:
    assert ran.code == 2, ran
    assert f"error[{kind}]" in ran.err
    assert words in ran.err
    assert ran.out == ""


def change_of(ran: Ran) -> dict[str, Any]:
    """What a JSON report says of the change, without what differs from run to run."""
    assert ran.code in (0, 1, 3), ran
    report: dict[str, Any] = json.loads(ran.out)
    for name in ("timings_ms", "tool"):
        report.pop(name)
    return report


# ------------------------------------------------------------------------------------------------ what cannot be read


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        (["--base=--output=x.out"], "USAGE", "not a revision"),
        (["--range=--output=x.out..HEAD"], "USAGE", "not a revision"),
        (["--range", "nowhere..HEAD"], "USAGE", "no such commit: nowhere"),
        (["--range", "HEAD..HEAD~1"], "USAGE", "empty range"),
        (["--base", "HEAD:a.py"], "USAGE", "not a revision"),
        (["--message", "nowhere"], "INPUT", "no such message file"),
        (["--message", "."], "INPUT", "not a file"),
        (["--patch", "a.py"], "INPUT", "no diff found"),
    ],
)
def test_a_wrong_end_of_a_range_is_said(
    repo: Repo, script: Script, arguments: list[str], kind: str, words: str
) -> None:
    repo.commit("first", {"a.py": "1\n"})
    repo.commit("second", {"a.py": "2\n"})
    undecided(script("vibeguard", "check", *arguments, cwd=repo.path), kind, words)
    assert not (repo.path / "x.out").exists()
    as_json = script("vibeguard", "check", *arguments, "--format", "json", cwd=repo.path)
    assert (as_json.code, json.loads(as_json.out)["error"]["kind"]) == (2, kind)


def test_where_there_is_no_repository_to_judge_is_said(repo: Repo, script: Script, tmp_path: Path) -> None:
    repo.commit("first", {"a.py": "1\n"})
    undecided(script("vibeguard", "check", cwd=tmp_path), "REPO", "not a git repository")
    undecided(script("vibeguard-hook", "pre-commit", cwd=repo.path / ".git"), "REPO", "inside a .git directory")
    undecided(script("vibeguard", "check", cwd=repo.path, env={"GIT_DIR": "/nowhere"}), "REPO", "/nowhere")
    for command in (["vibeguard", "check"], ["vibeguard-hook", "pre-commit"]):
        program = "import os, subprocess, sys; os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone')\n"
        program += f"sys.exit(subprocess.run({[os.path.join(BIN, command[0]), *command[1:]]!r}).returncode)"
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        undecided(Ran(done.returncode, done.stdout, done.stderr), "REPO", "current directory vanished")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("sleep 1000", "git timed out after 1 s: rev-parse"),
        ("echo 'fatal: \033[31mno' >&2; exit 128", "git rev-parse failed (128): \\x1b[31mno"),
        ("kill -9 $$", "killed by signal 9"),
        ("exit 129", "git rev-parse failed (129)"),
        ("echo garbage", "error[GIT]"),
        ("head -c 100000000 /dev/zero >&2; exit 128", "git rev-parse failed (128)"),
    ],
)
def test_a_git_that_hangs_fails_or_lies_could_not_decide(
    repo: Repo, script: Script, tmp_path: Path, body: str, words: str
) -> None:
    repo.commit("first", {"a.py": "1\n"})
    (tmp_path / "fake").mkdir()
    (tmp_path / "fake/git").write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    (tmp_path / "fake/git").chmod(0o755)
    environment = {"PATH": f"{tmp_path}/fake:/usr/bin:/bin", "VIBEGUARD_GIT_TIMEOUT": "1"}
    for command in (("vibeguard", "check"), ("vibeguard-hook", "pre-commit")):
        undecided(script(*command, cwd=repo.path, env=environment), "GIT", words.removeprefix("error[GIT]"))


@pytest.mark.parametrize(
    ("stdin", "words"),
    [
        (b"a b c\n", "malformed pre-push input line 1"),
        (b"a %s refs/heads/a %s\na b c d e\n" % (b"1" * 40, b"0" * 40), "malformed pre-push input line 2"),
        (b"a %s refs/heads/a %s" % (b"1" * 40, b"0" * 40), "malformed pre-push input line 1"),
        (b"x" * 1_000_000, "malformed pre-push input line 1"),
        (b"a %s refs/heads/a\0 %s\n" % (b"1" * 40, b"0" * 40), "malformed pre-push input line 1"),
    ],
)
def test_a_malformed_push_could_not_decide(repo: Repo, script: Script, stdin: bytes, words: str) -> None:
    repo.commit("first", {"a.py": "1\n"})
    undecided(script("vibeguard-hook", "pre-push", "origin", "url", cwd=repo.path, stdin=stdin), "INPUT", words)


def test_an_empty_push_passes_and_an_unknown_one_does_not(repo: Repo, script: Script) -> None:
    repo.commit("first", {"a.py": "1\n"})
    assert script("vibeguard-hook", "pre-push", "origin", "url", cwd=repo.path).code == 0
    ran = script("vibeguard-hook", "pre-push", "origin", "url", cwd=repo.path, env={"PRE_COMMIT": "1"})
    undecided(ran, "INPUT", "what is pushed is not known")


def test_a_fifo_in_place_of_a_message_is_not_waited_for(repo: Repo, script: Script, tmp_path: Path) -> None:
    repo.commit("first", {"a.py": "1\n"})
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "large").touch()
    os.truncate(tmp_path / "large", 100 << 20)
    for name, words in (("fifo", "not a file"), ("large", "larger than")):
        ran = script("vibeguard-hook", "commit-msg", str(tmp_path / name), cwd=repo.path, timeout=20)
        undecided(ran, "INPUT", words)


def test_damage_could_not_decide(repo: Repo, script: Script) -> None:
    repo.commit("first", {"a.py": "1\n"})
    repo.stage({"a.py": "2\n"})
    index, blob = (repo.path / ".git/index").read_bytes(), repo.git("rev-parse", ":a.py")
    repo.write(".git/index", index[:60])
    undecided(script("vibeguard-hook", "pre-commit", cwd=repo.path), "GIT", "index is damaged")
    repo.write(".git/index", index)
    os.unlink(repo.path / ".git/objects" / blob[:2] / blob[2:])
    repo.accept_changes()
    undecided(script("vibeguard-hook", "pre-commit", cwd=repo.path), "GIT", blob)
    repo.write(".git/refs/heads/main", "")
    undecided(script("vibeguard-hook", "pre-commit", cwd=repo.path), "REPO", "HEAD cannot be resolved")


# ------------------------------------------------------------------------------------------- what is read all the same


def test_no_trap_changes_the_verdict_or_runs_a_program(
    repo: Repo, script: Script, armed: Arm, canary: Canary, tmp_path: Path
) -> None:
    """The whole report, before and after every way of starting a program leads to the canary."""
    first = repo.commit("first", {"src/app.py": "import os\n", "notes.md": "a\n", "CODEOWNERS": "* @ada\n"})
    repo.stage({"src/app.py": "import os\nimport sys\n", "notes.md": "b\n", "caf\udce9.py": "x = 1\n"})
    second = repo.git("commit-tree", repo.git("write-tree"), "-p", first, stdin=b"second\n\nCo-authored-by: x <a@b>\n")
    (tmp_path / "message").write_text("second\n\nbody\n", encoding="utf-8")
    calls = (
        ("check", "--format", "json"),
        ("check", "--format", "json", "--message", str(tmp_path / "message")),
        ("check", "--format", "json", "--range", f"{first}..{second}"),
    )
    plain = [change_of(script("vibeguard", *call, cwd=repo.path)) for call in calls]
    hook = script("vibeguard-hook", "pre-commit", cwd=repo.path)
    armed(repo)
    config = (repo.path / ".git/config").read_text(encoding="utf-8")
    repo.write(".git/config", config + "[diff]\nnoprefix = true\nrenames = copies\n[color]\nui = always\n")
    assert [change_of(script("vibeguard", *call, cwd=repo.path)) for call in calls] == plain
    assert script("vibeguard-hook", "pre-commit", cwd=repo.path) == hook
    assert [file["path"] for file in plain[0]["change"]["files"]] == ["caf\udce9.py", "notes.md", "src/app.py"]


@pytest.mark.parametrize("how", [["commit", "-qam", "x"], ["commit", "-qm", "x", "b.py"], ["commit", "-qm", "x"]])
def test_a_real_commit_is_judged_by_the_index_that_git_made_for_it(repo: Repo, how: list[str], tmp_path: Path) -> None:
    """`commit -a` and `commit FILE` commit other things than what is staged."""
    repo.commit("first", {"a.py": "1\n", "b.py": "1\n"})
    repo.stage({"a.py": "2\n"})
    repo.write("b.py", "2\n")
    seen = tmp_path / "seen"
    hook = f'#!/bin/sh\ncp "$GIT_INDEX_FILE" before 2>/dev/null\n"{BIN}/vibeguard" check --format json > "{seen}"\n'
    repo.write(".git/hooks/pre-commit", hook)
    os.chmod(repo.path / ".git/hooks/pre-commit", 0o755)
    subprocess.run(["git", *how], cwd=repo.path, check=True, capture_output=True)
    repo.accept_changes()
    judged = {file["path"] for file in json.loads(seen.read_text(encoding="utf-8"))["change"]["files"]}
    committed = set(repo.git("diff", "--name-only", "HEAD~1", "HEAD").split())
    assert judged == committed
    assert len(judged) == (2 if "-qam" in how else 1)


def test_commits_in_linked_work_trees_and_submodules_are_judged_there(
    make_repo: Callable[..., Repo], tmp_path: Path
) -> None:
    """git runs their hooks with GIT_DIR and GIT_INDEX_FILE set, and the index somewhere else."""
    inner, outer = make_repo("inner"), make_repo("outer")
    inner.commit("first", {"a.py": "1\n"})
    outer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.path), "mod")
    outer.commit("first", {"b.py": "1\n"})
    outer.git("worktree", "add", "-q", str(tmp_path / "linked"), "-b", "work")
    hook = f'#!/bin/sh\n"{BIN}/vibeguard" check --format json > "{tmp_path}/seen"\n'
    for folder in (outer.path / ".git/hooks", outer.path / ".git/modules/mod/hooks"):
        folder.mkdir(exist_ok=True)
        (folder / "pre-commit").write_text(hook, encoding="utf-8")
        (folder / "pre-commit").chmod(0o755)
    who = ["-c", "user.name=A", "-c", "user.email=a@b"]
    for folder, name in ((tmp_path / "linked", "b.py"), (outer.path / "mod", "a.py")):
        (folder / name).write_text("2\n", encoding="utf-8")
        for how in (["commit", "-qam", "x"], ["commit", "--amend", "-qm", "y", name]):
            (folder / name).write_text(f"{how}\n", encoding="utf-8")
            subprocess.run(["git", *who, *how], cwd=folder, check=True, capture_output=True)
            seen = json.loads((tmp_path / "seen").read_text(encoding="utf-8"))
            assert [file["path"] for file in seen["change"]["files"]] == [name]
    outer.accept_changes()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_with_its_children(repo: Repo, tmp_path: Path, number: int, code: int) -> None:
    repo.commit("first", {"a.py": "1\n"})
    (tmp_path / "fake").mkdir()
    (tmp_path / "fake/git").write_text(f'#!/bin/sh\necho $$ > "{tmp_path}/pid"\nsleep 1000\n', encoding="utf-8")
    (tmp_path / "fake/git").chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}/fake:/usr/bin:/bin"}
    call = [os.path.join(BIN, "vibeguard-hook"), "pre-commit"]
    with subprocess.Popen(call, cwd=repo.path, env=environment, stderr=subprocess.PIPE) as running:
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text(encoding="utf-8").strip():
            time.sleep(0.02)
        running.send_signal(number)
        _, err = running.communicate(timeout=30)
    assert (running.returncode, b"Traceback" in err) == (code, False)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text(encoding="utf-8")), 0)


def test_an_amended_commit_says_that_only_the_difference_is_seen(repo: Repo) -> None:
    repo.commit("first", {"a.py": "1\n"})
    repo.commit("second", {"b.py": "1\n"})
    repo.stage({"a.py": "2\n"})
    repo.write(".git/hooks/pre-commit", f'#!/bin/sh\nexec "{BIN}/vibeguard-hook" pre-commit\n')
    os.chmod(repo.path / ".git/hooks/pre-commit", 0o755)
    done = subprocess.run(
        ["git", "commit", "--amend", "-qm", "again"], cwd=repo.path, check=True, capture_output=True, text=True
    )
    repo.accept_changes()
    assert "while a commit is amended" in done.stderr
    assert "in CI" in done.stderr


def test_a_merge_is_judged_before_and_while_it_is_committed(repo: Repo) -> None:
    repo.commit("base", {"a.py": "1\n", "b.py": "1\n"})
    repo.git("checkout", "-q", "-b", "side")
    repo.commit("side", {"b.py": "2\n"})
    repo.git("checkout", "-q", "main")
    repo.commit("main", {"a.py": "2\n"})
    repo.write(".git/hooks/pre-merge-commit", f'#!/bin/sh\nexec "{BIN}/vibeguard-hook" pre-merge-commit\n')
    os.chmod(repo.path / ".git/hooks/pre-merge-commit", 0o755)
    done = subprocess.run(
        ["git", "merge", "--no-edit", "side"], cwd=repo.path, check=True, capture_output=True, text=True
    )
    repo.accept_changes()
    assert "a merge with" in done.stderr


@pytest.mark.parametrize("bare", [False, True])
def test_a_range_needs_no_work_tree(repo: Repo, make_repo: Callable[..., Repo], script: Script, bare: bool) -> None:
    first = repo.commit("first", {"a.py": "1\n"})
    second = repo.commit("second", {"a.py": "2\n"})
    where = repo
    if bare:
        where = make_repo("bare.git", bare=True)
        where.git("fetch", "-q", str(repo.path), "main:main")
        undecided(script("vibeguard", "check", "--staged", cwd=where.path), "REPO", "--range")
    ran = script("vibeguard", "check", "--range", f"{first}..{second}", "--format", "json", cwd=where.path)
    assert [file["path"] for file in change_of(ran)["change"]["files"]] == ["a.py"]


def test_a_file_that_git_would_call_binary_is_opaque(repo: Repo, script: Script) -> None:
    repo.stage(
        {"x.png": b"\x89PNG\r\n\0\0\xff", "wide.txt": "a\n".encode("utf-16"), "hidden.py": b"x = 1\n\0\neval()\n"}
    )
    files = change_of(script("vibeguard", "check", "--format", "json", cwd=repo.path))["change"]["files"]
    assert {file["path"]: (file["opaque"], file["added"]) for file in files} == {
        "hidden.py": ("binary", 3),
        "wide.txt": ("utf-16", None),
        "x.png": ("binary", None),
    }
