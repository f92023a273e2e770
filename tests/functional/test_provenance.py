"""`vibeguard provenance` from one end to the other, on real repositories."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

import vibeguard.report
from tests.conftest import Ran, Repo

Script = Callable[..., Ran]
SCHEMA = json.loads((Path(vibeguard.report.__file__).parent / "schemas" / "provenance.v1.json").read_text())
CLAUDE = "Co-Authored-By: Claude <noreply@anthropic.com>"
AGENT = ("copilot-swe-agent[bot]", "198982749+Copilot@users.noreply.github.com")


def shown(script: Script, repo: Repo, *arguments: str, env: dict[str, str] | None = None) -> dict[str, Any]:
    """The report as JSON, which must fit its schema."""
    ran = script("vibeguard", "provenance", *arguments, "--format", "json", cwd=repo.path, env=env)
    assert ran.code == 0, ran.err
    assert ran.out.isascii()
    report: dict[str, Any] = json.loads(ran.out)
    Draft202012Validator(SCHEMA).validate(report)
    return report


def history(repo: Repo) -> Repo:
    repo.commit("start", {"a.txt": "1\n"})
    repo.commit(f"Add a cache\n\n{CLAUDE}\n", {"a.txt": "1\n2\n"})
    repo.commit("Plan\n\nCo-authored-by: Mira Holt <mira@example.com>\n", {"b.txt": "1\n"}, author=AGENT)
    repo.commit("By hand", {"c.txt": "1\n2\n"})
    return repo


def test_a_whole_history_is_counted_and_listed_newest_first(repo: Repo, script: Script) -> None:
    report = shown(script, history(repo))
    assert report["range"] == "HEAD"
    assert [row["role"] for row in report["commits"]] == ["unknown", "authored", "assisted", "unknown"]
    assert report["commits"][1]["driver"] == ["Mira Holt <mira@example.com>"]
    assert report["commits"][1]["no_human_author"] is True
    assert report["commits"][1]["asks"] == ["AI not declared", "no human author"]
    assert report["commits"][2]["evidence"] == [
        {
            "channel": "co-author",
            "tool": "claude-code",
            "strength": "certain",
            "commit": report["commits"][2]["id"],
            "line": 3,
            "text": CLAUDE,
        }
    ]
    assert report["commits"][3]["confidence"] == "none"
    totals = report["totals"]
    assert (totals["commits"], totals["ai"], totals["undeclared"], totals["no_human_author"]) == (4, 2, 1, 1)
    assert totals["tools"] == {"claude-code": 1, "copilot": 1}
    assert totals["channels"] == {"author": 1, "co-author": 1}
    assert report["change"] is None


def test_a_range_has_a_share_at_its_end(repo: Repo, script: Script) -> None:
    report = shown(script, history(repo), "HEAD~3..HEAD")
    assert len(report["commits"]) == 3
    assert report["change"]["share"] == report["totals"]["share"]
    assert (report["totals"]["share"]["low"], report["totals"]["share"]["high"]) == (0.0, 0.5)
    assert report["change"]["role"] == "authored"
    assert shown(script, repo, "HEAD~3...HEAD")["totals"]["commits"] == 3


def test_filters_narrow_the_list_and_not_the_totals(repo: Repo, script: Script) -> None:
    history(repo)
    assert [row["tools"] for row in shown(script, repo, "--tool", "Claude Code")["commits"]] == [["claude-code"]]
    assert len(shown(script, repo, "--confidence", "likely")["commits"]) == 2
    report = shown(script, repo, "--asked")
    assert [row["role"] for row in report["commits"]] == ["authored"]
    assert (report["totals"]["commits"], report["totals"]["shown"]) == (4, 1)


def test_text_reads_like_something_to_act_on(repo: Repo, script: Script) -> None:
    ran = script("vibeguard", "provenance", cwd=history(repo).path)
    assert ran.code == 0
    assert ran.out.splitlines()[0] == (
        '4 commits: 2 (50%) with AI, 0 possible, 2 without a mark (none declared, which is not "human")'
    )
    assert "████████████████████░░░░░░░░░░░░░░░░░░░░ unknown" in ran.out
    assert f"co-author: {CLAUDE} (line 3)" in ran.out
    assert "to ask    1 not declared · 1 without a human author" in ran.out
    assert "ask: no human author" in ran.out
    assert "\x1b" not in ran.out


def test_hostile_text_is_shown_escaped(repo: Repo, script: Script) -> None:
    repo.commit("\x1b[31m::error::[/]\n\nCo-authored-by: \x1b]8;;http://e\x07 <noreply@anthropic.com>\n", {"a": "1"})
    ran = script("vibeguard", "provenance", cwd=repo.path)
    assert "\x1b" not in ran.out
    assert "\\x1b[31m::error::" in ran.out


def test_what_is_staged_shows_variables_by_name_only(repo: Repo, script: Script) -> None:
    repo.commit("start", {"a.txt": "1\n"})
    repo.stage({"a.txt": "1\n2\n"})
    assert shown(script, repo, "--staged")["commits"][0]["role"] == "unknown"
    ran = script("vibeguard", "provenance", "--staged", cwd=repo.path, env={"AI_AGENT": "cursor/secret-17"})
    assert ran.out.startswith("what is staged: assisted, likely\n")
    assert "environment: AI_AGENT" in ran.out
    assert "secret" not in ran.out
    report = shown(script, repo, "--staged", env={"CODEX_THREAD_ID": "abc"})
    assert report["range"] == "staged"
    assert report["commits"][0]["tools"] == ["codex"]
    assert report["commits"][0]["id"] is None
    assert report["commits"][0]["declared"] is None
    assert report["totals"]["share"]["high"] == 1.0


def test_a_message_is_read_as_git_would_store_it(repo: Repo, script: Script) -> None:
    repo.commit("start", {"a.txt": "1\n"})
    repo.write("message", f"Add a cache\n\n{CLAUDE}\n# ------------------------ >8 ------------------------\nx\n")
    report = shown(script, repo, "--message", "message")
    assert report["range"] is None
    assert report["commits"][0]["tools"] == ["claude-code"]
    assert report["commits"][0]["declared"] is True
    ran = script("vibeguard", "provenance", "--message", "message", cwd=repo.path)
    assert ran.out.startswith("the message: assisted, certain\n")


def test_a_contradiction_is_visible(repo: Repo, script: Script) -> None:
    repo.commit(f"Add a cache\n\nNo AI was used.\n\n{CLAUDE}\n", {"a.txt": "1\n"})
    report = shown(script, repo)
    assert report["commits"][0]["role"] == "assisted"
    assert report["totals"]["declared_none"] == 1
    assert "says that no AI was used" in report["findings"][0]["text"]
    assert "says that no AI was used" in script("vibeguard", "provenance", cwd=repo.path).out


def test_the_policy_names_further_agents_and_the_spelling_that_declares(repo: Repo, script: Script) -> None:
    policy = {
        "version": 1,
        "name": "t",
        "people": {"roles": {"agents": ["acme-agent"]}},
        "provenance": {"tools": {"robby": ["robby@acme.example"]}, "declare_with": "Assisted-by: AGENT:MODEL [TOOLS]"},
        "rules": [{"id": "a", "when": {"ai.detected": True}, "then": "warn"}],
    }
    repo.commit("start", {".vibeguard.yaml": yaml.safe_dump(policy)})
    repo.commit("one", {"a": "1"}, author=("acme-agent", "ci@acme.example"))
    repo.commit("two\n\nCo-authored-by: Robby <robby@acme.example>\n", {"a": "2"})
    repo.commit("three\n\nAssisted-by: Claude:claude-opus-4-6\n", {"a": "3"})
    rows = shown(script, repo, "HEAD~3..HEAD")["commits"]
    assert [row["tools"] for row in rows] == [["claude-code"], ["robby"], ["acme-agent"]]
    assert [row["declared"] for row in rows] == [True, False, False]
    assert rows[2]["no_human_author"] is True


def test_the_number_of_git_processes_does_not_grow_with_the_history(repo: Repo, script: Script, tmp_path: Path) -> None:
    def processes(*arguments: str) -> int:
        log = tmp_path / "log"
        log.unlink(missing_ok=True)
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        (folder / "git").write_text(f'#!/bin/sh\necho "$@" >> "{log}"\nexec {shutil.which("git")} "$@"\n')
        (folder / "git").chmod(0o755)
        ran = script("vibeguard", "provenance", *arguments, cwd=repo.path, env={"PATH": f"{folder}:/usr/bin:/bin"})
        assert ran.code == 0, ran.err
        return len(log.read_text().splitlines())

    history(repo)
    few, few_in_range = processes(), processes("HEAD~3..HEAD")
    for number in range(12):
        repo.commit(f"more\n\n{CLAUDE}\n", {"d.txt": str(number)})
    assert processes() == few
    assert processes("HEAD~14..HEAD") == few_in_range


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--tool", "claud code"), "did you mean claude code?"),
        (("--confidence", "sure"), "no such confidence: sure"),
        (("--format", "xml"), "no such format: xml"),
        (("nowhere",), "no such commit: nowhere"),
        (("--output=x",), "cannot write"),
        (("HEAD..HEAD", "--staged"), "a range excludes"),
        (("--message", "nowhere"), "no such message file: nowhere"),
        (("--", "--all"), "not a revision"),
    ],
)
def test_what_cannot_be_answered_is_one_line_and_exit_code_2(
    repo: Repo, script: Script, arguments: tuple[str, ...], words: str
) -> None:
    history(repo)
    if arguments == ("--output=x",):
        (repo.path / "x").mkdir()
    ran = script("vibeguard", "provenance", *arguments, cwd=repo.path)
    assert ran.code == 2
    assert words in ran.err
    if arguments == ("--output=x",):
        (repo.path / "x").rmdir()


def test_a_bare_repository_and_an_empty_one(make_repo: Callable[..., Repo], script: Script) -> None:
    empty = make_repo("empty")
    ran = script("vibeguard", "provenance", cwd=empty.path)
    assert ran.code == 2
    assert "HEAD cannot be resolved" in ran.err
    full = history(make_repo("full"))
    bare = make_repo("bare.git", bare=True)
    bare.git("fetch", "-q", str(full.path), "main:main")
    assert shown(script, bare)["totals"]["ai"] == 2


def test_a_clone_without_notes_is_told_how_to_get_them(
    make_repo: Callable[..., Repo], script: Script, tmp_path: Path
) -> None:
    origin = history(make_repo("origin"))
    clone = make_repo("clone")
    clone.git("remote", "add", "origin", str(origin.path))
    clone.git("fetch", "-q", "--depth=2", f"file://{origin.path}", "main:refs/heads/side")
    clone.git("checkout", "-q", "side")
    notices = shown(script, clone)["notices"]
    assert "git fetch origin refs/notes/ai:refs/notes/ai" in " ".join(notices)
    assert "git fetch --unshallow" in " ".join(notices)
    assert shown(script, origin)["notices"] == []
