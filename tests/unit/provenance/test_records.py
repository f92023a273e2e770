"""Records of lines, on real repositories: notes, working logs, traces, checkpoints; and the share they amount to."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import Repo
from vibeguard.model import Provenance, Share
from vibeguard.provenance.catalogue import load
from vibeguard.provenance.detect import of_change
from vibeguard.provenance.notes import parse_note, parse_working_log, safe_path
from vibeguard.provenance.share import share_of
from vibeguard.provenance.spans import read_spans
from vibeguard.provenance.traces import agent_percentage, parse_traces
from vibeguard.repository.change import between, staged
from vibeguard.repository.locate import locate
from vibeguard.repository.objects import Objects

MARK = "\n\nCo-Authored-By: Claude <noreply@anthropic.com>\n"
SESSION = "s_0123456789abcd"


def note(attestations: str, **metadata: Any) -> bytes:
    document = {"schema_version": "authorship/3.0.0", "prompts": {}, **metadata}
    return f"{attestations}---\n{json.dumps(document)}\n".encode()


def session(tool: str = "cursor") -> dict[str, Any]:
    return {SESSION: {"agent_id": {"tool": tool, "id": "x", "model": "m"}, "human_author": "Mira <mira@example.com>"}}


def attach(repo: Repo, commit: str, content: bytes, ref: str = "ai") -> None:
    blob = repo.git("hash-object", "-w", "--stdin", stdin=content)
    repo.git("notes", f"--ref={ref}", "add", "-f", "-C", blob, commit)


def lines(first: int, last: int) -> str:
    return "".join(f"line {number}\n" for number in range(first, last + 1))


def judged(repo: Repo, base: str, head: str = "HEAD", **how: Any) -> Provenance:
    location = locate(str(repo.path))
    with Objects(location.git) as objects:
        change = between(location, objects, base, head)
        return of_change(change, load(), stage="ci", location=location, objects=objects, **how)


def judged_staged(repo: Repo, environ: dict[str, str] | None = None) -> Provenance:
    location = locate(str(repo.path))
    with Objects(location.git) as objects:
        change = staged(location, objects)
        return of_change(change, load(), stage="commit", environ=environ or {}, location=location, objects=objects)


def test_recorded_lines_count_only_where_the_commit_adds_them(repo: Repo) -> None:
    base = repo.commit("first", {"a.txt": lines(1, 10)})
    head = repo.commit("more", {"a.txt": lines(1, 20)})
    attach(repo, head, note(f"a.txt\n  {SESSION}::t_0 1-14\n", sessions=session()))
    found = judged(repo, base)
    assert (found.role, found.confidence, found.tools) == ("assisted", "likely", ("cursor",))
    assert found.share == Share(0.4, 0.4, "records of lines in 1 commit")
    assert found.lines == 4
    assert found.commits[0].share == found.share
    assert found.evidence[0].channel == "note"


def test_a_line_that_no_record_names_is_unknown_and_a_mark_of_the_commit_makes_it_possible(repo: Repo) -> None:
    base = repo.commit("first", {"a.txt": lines(1, 10)})
    head = repo.commit(f"more{MARK}", {"a.txt": lines(1, 20)})
    attach(repo, head, note(f"a.txt\n  {SESSION}::t_0 11-15\n", sessions=session()))
    share = judged(repo, base).share
    assert share is not None
    assert (share.low, share.high) == (0.5, 1.0)
    assert "records of lines" in share.rests_on
    assert "as a whole" in share.rests_on


def test_a_record_that_says_human_relaxes_nothing(repo: Repo) -> None:
    base = repo.commit("first", {"a.txt": lines(1, 10)})
    head = repo.commit(f"more{MARK}", {"a.txt": lines(1, 20)})
    attach(repo, head, note("a.txt\n  h_0123456789abcd 11-20\n", humans={"h_0123456789abcd": {"author": "Mira"}}))
    share = judged(repo, base).share
    assert share is not None
    assert (share.low, share.high) == (0.0, 1.0)


def test_lines_are_carried_through_the_range_to_its_head(repo: Repo) -> None:
    base = repo.commit("first", {"a.txt": lines(1, 10)})
    marked = repo.commit("by an agent", {"a.txt": lines(1, 10) + "ai 1\nai 2\nai 3\nai 4\n"})
    attach(repo, marked, note(f"a.txt\n  {SESSION}::t_0 11-14\n", sessions=session()))
    repo.commit("on top", {"a.txt": "top\n" + lines(1, 10) + "ai 1\nmine\nai 4\nend\n"})
    found = judged(repo, base)
    # top, ai 1, mine, ai 4, end: two of the five added lines are the agent's.
    assert found.share == Share(0.4, 0.4, "records of lines in 1 commit")
    assert [(file.path, file.added, file.low, file.high) for file in found.files] == [("a.txt", 5, 2, 2)]


def test_a_mark_of_one_commit_reaches_only_its_own_lines(repo: Repo) -> None:
    base = repo.commit("first", {"a.txt": lines(1, 4)})
    repo.commit(f"by an agent{MARK}", {"b.txt": lines(1, 3)})
    repo.commit("by hand", {"c.txt": lines(1, 1)})
    found = judged(repo, base)
    assert found.share == Share(0.0, 0.75, "marks of 1 commit as a whole")
    assert share_of(file for file in found.files if file.path == "c.txt") == Share(0.0, 0.0)
    assert share_of(file for file in found.files if file.path == "b.txt") == Share(0.0, 1.0)
    assert share_of([]) is None
    assert judged(repo, base, excluded=lambda: {"c.txt"}).share == Share(0.0, 1.0, "marks of 1 commit as a whole")


def test_lines_that_come_in_by_a_merge_keep_their_origin(repo: Repo) -> None:
    base = repo.commit("first", {"a.txt": lines(1, 10)})
    repo.git("checkout", "-q", "-b", "side")
    repo.commit(f"by an agent{MARK}", {"a.txt": "ai\n" + lines(1, 10)})
    repo.git("checkout", "-q", "main")
    repo.commit("by hand", {"a.txt": lines(1, 10) + "mine\n"})
    repo.git("merge", "-q", "--no-edit", "side")
    share = judged(repo, base).share
    assert share is not None
    assert (share.low, share.high) == (0.0, 0.5)


def test_a_squash_message_speaks_for_every_line(repo: Repo) -> None:
    base = repo.commit("first", {"a.txt": lines(1, 4)})
    repo.commit("by hand", {"b.txt": lines(1, 4)})
    location = locate(str(repo.path))
    with Objects(location.git) as objects:
        change = between(location, objects, base, "HEAD")._replace(message=f"Squashed{MARK}".encode())
        found = of_change(change, load(), stage="ci", location=location, objects=objects)
    assert found.detected
    assert found.commits[0].detected is False
    assert found.share == Share(0.0, 1.0, "a mark of the change as a whole")


def test_without_a_mark_there_is_no_share(repo: Repo) -> None:
    base = repo.commit("first", {"a.txt": lines(1, 4)})
    repo.commit("by hand", {"b.txt": lines(1, 4)})
    found = judged(repo, base)
    assert (found.share, found.role, found.declared) == (None, "unknown", False)


def test_the_working_log_attributes_what_is_staged(repo: Repo) -> None:
    head = repo.commit("first", {"a.txt": lines(1, 4), "b.txt": ""})
    after = lines(1, 4) + "ai\nai\nmine\n"
    repo.stage({"a.txt": after, "b.txt": "moved on\n"})
    entries = [
        {
            "file": "a.txt",
            "blob_sha": hashlib.sha256(after.encode()).hexdigest(),
            "line_attributions": [
                {"start_line": 5, "end_line": 6, "author_id": f"{SESSION}::t_1"},
                {"start_line": 7, "end_line": 7, "author_id": "human"},
            ],
        },
        {"file": "b.txt", "blob_sha": "00", "line_attributions": [{"start_line": 1, "end_line": 1, "author_id": "x"}]},
        {"file": "../../etc/passwd", "blob_sha": "", "line_attributions": []},
    ]
    log = json.dumps({"kind": "AiAgent", "entries": entries, "agent_id": {"tool": "claude", "id": "1", "model": "m"}})
    repo.write(f".git/ai/working_logs/{head}/checkpoints.jsonl", f"{log}\nnot json\n")
    found = judged_staged(repo)
    assert (found.role, found.confidence, found.tools) == ("assisted", "likely", ("claude-code",))
    assert found.share == Share(0.5, 0.75, "records of lines")
    assert [finding.kind for finding in found.findings] == ["provenance-record"]


def test_a_strong_variable_makes_every_staged_line_possible(repo: Repo) -> None:
    repo.commit("first", {"a.txt": lines(1, 4)})
    repo.stage({"a.txt": lines(1, 8)})
    found = judged_staged(repo, {"CLAUDECODE": "1"})
    assert found.share == Share(0.0, 1.0, "a mark of the change as a whole")
    assert found.evidence[0].text == "CLAUDECODE"
    assert found.declared is None
    assert judged_staged(repo, {"GOOSE_PROVIDER": "x"}).share is None
    assert judged_staged(repo, {"GOOSE_PROVIDER": "x"}).confidence == "possible"


def trace(revision: str, path: str, first: int = 1, last: int = 4, kind: str = "ai") -> bytes:
    conversations = [{"contributor": {"type": kind}, "ranges": [{"start_line": first, "end_line": last}]}]
    record = {
        "version": "0.1.0",
        "vcs": {"type": "git", "revision": revision},
        "tool": {"name": "cursor"},
        "files": [{"path": path, "conversations": conversations}],
    }
    return json.dumps(record).encode()


def test_a_trace_names_the_parent_and_counts_when_its_path_is_touched(repo: Repo) -> None:
    base = repo.commit("first", {"a.txt": lines(1, 4)})
    raw = trace(base, "b.txt") + b"\n" + trace(base, "untouched.txt") + b"\n" + trace("0" * 40, "b.txt")
    repo.commit("more", {"b.txt": lines(1, 4), ".agent-trace/traces.jsonl": raw + b"\n"})
    found = judged(repo, base)
    assert (found.confidence, found.tools) == ("likely", ("cursor",))
    assert [item.channel for item in found.evidence] == ["trace"]
    assert found.share is not None
    assert found.share.low == 0
    assert found.share.high == pytest.approx(4 / 7)


def test_a_trace_note_on_the_commit_itself_counts_by_line(repo: Repo) -> None:
    base = repo.commit("first", {"a.txt": lines(1, 4)})
    head = repo.commit("more", {"b.txt": lines(1, 8)})
    attach(repo, head, trace(base, "b.txt", 1, 2), "agent-trace")
    share = judged(repo, base).share
    assert share is not None
    assert (share.low, share.high) == (0.25, 0.25)


def test_an_entire_checkpoint_gives_the_least_share_of_its_commit(repo: Repo) -> None:
    base = repo.commit("first", {"a.txt": lines(1, 4)})
    metadata = json.dumps({"initial_attribution": {"agent_percentage": 73.0}})
    repo.git("checkout", "-q", "--orphan", "entire/checkpoints/v1")
    repo.commit("checkpoint", {"0a/1b2c3d4e5f/metadata.json": metadata})
    repo.git("checkout", "-q", "main")
    repo.commit("more\n\nEntire-Checkpoint: 0a1b2c3d4e5f\n", {"b.txt": lines(1, 4)})
    share = judged(repo, base).commits[0].share
    assert share is not None
    assert (share.low, share.high) == (0.73, 1.0)


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"", "no line `---`"),
        (b"a.txt\n  x 1-3\n", "no line `---`"),
        (b"a.txt\n  x 1-3\n---\n{", "its metadata is no JSON object"),
        (b"a.txt\n  x 1-3\n---\n" + b"[" * 100_000, "its metadata is no JSON object"),
        (b"/etc/passwd\n  x 1-3\n---\n{}", "a path that leaves the repository"),
        (b"../x\n  x 1-3\n---\n{}", "a path that leaves the repository"),
        (b"a.txt\n  x 1-3,zwei,-4\n---\n{}", "ranges that are none"),
        (b"a.txt\n  x " + b"9" * 5_000 + b"\n---\n{}", "ranges that are none"),
        (b"a.txt\n  x " + b"1," * 300_000 + b"\n---\n{}", "more than 200000 ranges"),
        (b"a.txt\n  x 1-2000000000\n---\n{}", ""),
        (b"\xff\xfe\n  x 3-1\n---\n{\"sessions\": 3, \"prompts\": [1]}", ""),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_note_is_said_and_the_rest_is_read(raw: bytes, problem: str) -> None:
    assert parse_note(raw, load()).problem.startswith(problem[:20])
    assert bool(parse_note(raw, load()).problem) == bool(problem)


def test_notes_as_they_are_in_the_wild() -> None:
    raw = note(
        '"my file.py"\n  1e8c42007da14a80 9,1-3,2-5\n  ai_agent 20\n  human 30-40\nb.py\n  zzz 1-268860\n',
        prompts={"1e8c42007da14a80": {"agent_id": {"tool": "github-copilot"}, "messages": ["secret"]}},
        sessions=session("droid"),
    )
    found = parse_note(raw, load())
    assert found.lines == {"my file.py": ((1, 5), (9, 9), (20, 20)), "b.py": ((1, 268860),)}
    assert found.tools == ("copilot", "unnamed", "factory-droid")
    assert "secret" not in repr(found)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_may_stand_in_a_record(raw: bytes) -> None:
    parse_note(raw, load())
    parse_traces(raw, load())
    parse_working_log(raw, {}, load())
    agent_percentage(raw)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["files", "path", "conversations", "ranges", "start_line", "end_line", "contributor", "type", "vcs",
             "revision", "tool", "name", "entries", "file", "line_attributions", "author_id", "kind", "agent_id",
             "initial_attribution", "agent_percentage", "sessions", "prompts"]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=15,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(json_values)
def test_any_json_may_stand_in_a_record(value: Any) -> None:
    raw = json.dumps(value).encode()
    parse_note(b"a\n  x 1\n---\n" + raw, load())
    parse_traces(raw, load())
    parse_working_log(raw, {"a": "b"}, load())
    agent_percentage(raw)


def test_traces_that_are_wrong_are_a_finding_and_not_an_error(repo: Repo) -> None:
    base = repo.commit("first", {"a.txt": lines(1, 4)})
    raw = b"{\n" + b"[" * 100_000 + b"\n" + trace(base, "/etc/passwd") + b"\n" + trace(base, "a/../../b")
    repo.commit("more", {"b.txt": "x\n", ".agent-trace/traces.jsonl": raw})
    found = judged(repo, base)
    assert found.role == "unknown"
    assert [finding.kind for finding in found.findings] == ["provenance-record"]


def test_a_notes_ref_that_is_a_blob_is_a_finding(repo: Repo) -> None:
    base = repo.commit("first", {"a.txt": lines(1, 4)})
    repo.commit("more", {"b.txt": "x\n"})
    repo.git("update-ref", "refs/notes/ai", repo.git("hash-object", "-w", "--stdin", stdin=b"x"))
    found = judged(repo, base)
    assert "it is a blob, not notes" in found.findings[0].text
    assert found.role == "unknown"


def test_a_huge_note_is_not_read(repo: Repo) -> None:
    base = repo.commit("first", {"a.txt": lines(1, 4)})
    head = repo.commit("more", {"b.txt": "x\n"})
    attach(repo, head, b"b.txt\n  x 1\n---\n{}" + b" " * (17 << 20))
    found = judged(repo, base)
    assert "larger than 16 MiB" in found.findings[0].text


def test_missing_notes_are_said_where_the_recorder_is_in_use(repo: Repo) -> None:
    base = repo.commit("first", {"a.txt": lines(1, 4)})
    repo.commit("more", {"b.txt": "x\n"})
    assert judged(repo, base).notices == ()
    repo.write(".git/ai/working_logs/x", "")
    assert "git fetch origin refs/notes/ai:refs/notes/ai" in judged(repo, base).notices[0]


def test_many_commits_are_looked_up_in_the_list_of_notes(repo: Repo) -> None:
    who = "committer A <a@example.com>"
    commands = "".join(
        f"commit refs/heads/main\n{who} {number} +0000\ndata 1\nx\nM 644 inline f{number}\ndata 2\nx\n\n"
        for number in range(310)
    )
    repo.git("fast-import", "--quiet", "--force", stdin=commands.encode())
    repo.git("reset", "-q", "--hard")
    attach(repo, repo.head, note(f"f309\n  {SESSION}::t_0 1-9\n", sessions=session()))
    first = repo.git("rev-list", "--max-parents=0", "HEAD")
    found = judged(repo, first)
    assert found.share is not None
    assert found.share.low == pytest.approx(1 / 309)


def test_a_missing_object_relaxes_nothing(repo: Repo) -> None:
    base = repo.commit("first", {"a.txt": lines(1, 4)})
    head = repo.commit("more", {"b.txt": "some unique content\n"})
    attach(repo, head, note(f"b.txt\n  {SESSION}::t_0 9-9\n", sessions=session()))
    assert judged(repo, base).confidence == "possible"
    location = locate(str(repo.path))
    with Objects(location.git) as objects:
        change = between(location, objects, base, "HEAD")
        blob = repo.git("rev-parse", "HEAD:b.txt")
        (repo.path / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
        repo.accept_changes()
        found = of_change(change, load(), stage="ci", location=location, objects=objects)
    assert found.confidence == "likely"
    assert found.commits[0].share == Share(0.0, 1.0, "records of lines in 1 commit")
    assert found.share is None
    assert any("could not be attributed" in notice for notice in found.notices)


def test_records_count_in_a_range_too_large_to_carry_lines_through(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vibeguard.provenance.recorded.MAX_COMMITS", 1)
    base = repo.commit("first", {"a.txt": lines(1, 4)})
    head = repo.commit("more", {"b.txt": lines(1, 4)})
    attach(repo, head, note(f"b.txt\n  {SESSION}::t_0 1-2\n", sessions=session()))
    repo.commit("by hand", {"c.txt": lines(1, 4)})
    found = judged(repo, base)
    assert (found.confidence, found.share) == ("likely", None)
    assert "too large" in found.notices[0]


def test_odd_paths_keep_their_lines(repo: Repo) -> None:
    base = repo.commit("first", {"a.txt": "x\n"})
    for path in (b"with blank.txt", b"caf\xe9", "ä\n".encode(), b'quo"te', b"tab\tbed", b"--- a", b"b/x b"):
        repo.write(path, "+++ x\n@@ -1 +1 @@\n")
    repo.commit(f"odd{MARK}")
    location = locate(str(repo.path))
    spans = read_spans(location.git, [(repo.head, base)]).of[repo.head, base]
    assert {path.encode("utf-8", "surrogateescape") for path in spans} == {
        b"with blank.txt", b"caf\xe9", "ä\n".encode(), b'quo"te', b"tab\tbed", b"--- a", b"b/x b",
    }  # fmt: skip
    share = judged(repo, base).share
    assert share is not None
    assert (share.low, share.high) == (0.0, 1.0)


@pytest.mark.parametrize("path", ["", "/a", "../a", "a/../b", "a\0b", "C:\\a", "~/a", "\\a"])
def test_paths_outside_the_repository_are_nobodys(path: str) -> None:
    assert safe_path(path) is None
