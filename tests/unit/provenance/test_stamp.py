from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibeguard.errors import VibeguardError
from vibeguard.provenance.catalogue import load
from vibeguard.provenance.detect import of_message
from vibeguard.provenance.messages import strict_trailers
from vibeguard.provenance.stamp import DEFAULT, declares, spelling, stamped, trailer

CUT = b"# ------------------------ >8 ------------------------\n"
LINE = "Assisted-by: Claude Code"


@pytest.mark.parametrize(
    ("text", "tool", "model", "line"),
    [
        (DEFAULT, "claude-code", "", "Assisted-by: Claude Code"),
        (DEFAULT, "claude-code", "claude-opus-4-6", "Assisted-by: Claude Code:claude-opus-4-6"),
        ("Assisted-by", "cursor", "gpt-5", "Assisted-by: Cursor:gpt-5"),
        ("Generated-by", "copilot", "", "Generated-by: GitHub Copilot"),
        ("Generated-by:", "copilot", "GPT-4.1", "Generated-by: GitHub Copilot (GPT-4.1)"),
        ("Co-authored-by-AI", "codex", "gpt-5.5", "Co-authored-by-AI: OpenAI Codex (gpt-5.5)"),
        ("Co-authored-by", "claude-code", "", "Co-authored-by: Claude <noreply@anthropic.com>"),
        ("Co-authored-by", "cursor", "x", "Co-authored-by: Cursor <cursoragent@cursor.com>"),
        ("AI-Tool: used AGENT", "unnamed", "", "AI-Tool: used AI"),
    ],
)  # fmt: skip
def test_the_line_is_spelt_as_the_team_wants_it(text: str, tool: str, model: str, line: str) -> None:
    assert trailer(spelling(text), tool, load(), model=model) == line


@pytest.mark.parametrize("text", ["Signed-off-by", "signed-off-by: AGENT", "Reviewed-by", "two words: x", "", "a\nb"])
def test_a_persons_word_is_never_written_for_an_agent(text: str) -> None:
    with pytest.raises(VibeguardError):
        spelling(text)


def test_a_tool_without_an_address_cannot_be_a_co_author() -> None:
    with pytest.raises(VibeguardError, match="has no address of its own"):
        trailer(spelling("Co-authored-by"), "unnamed", load())


@pytest.mark.parametrize(
    ("message", "after"),
    [
        (b"Subject\n", b"Subject\n\nAssisted-by: Claude Code\n"),
        (b"Subject", b"Subject\n\nAssisted-by: Claude Code\n"),
        (b"Subject\n\nBody\n", b"Subject\n\nBody\n\nAssisted-by: Claude Code\n"),
        (b"S\n\nSigned-off-by: A <a@x>\n", b"S\n\nSigned-off-by: A <a@x>\nAssisted-by: Claude Code\n"),
        (b"S\n\nA: 1\n\n# hint\n", b"S\n\nA: 1\nAssisted-by: Claude Code\n\n# hint\n"),
        (b"S\n" + CUT + b"diff\n", b"S\n\nAssisted-by: Claude Code\n" + CUT + b"diff\n"),
        (b"\n# Please enter\n", b"\n\nAssisted-by: Claude Code\n\n# Please enter\n"),
        (b"S\r\n\r\nA: 1\r\n", b"S\r\n\r\nA: 1\r\nAssisted-by: Claude Code\r\n"),
        (b"S\n\nhttp://x: is no\ntrailer here\n", b"S\n\nhttp://x: is no\ntrailer here\n\nAssisted-by: Claude Code\n"),
        ("S\n".encode("utf-16"), "S\n".encode("utf-16")),
    ],
)
def test_the_line_is_added_where_git_sees_a_trailer_and_nothing_else_is_touched(message: bytes, after: bytes) -> None:
    assert stamped(message, LINE) == after


@given(st.text(alphabet=st.sampled_from("aB :#\n\r-\té"), max_size=60))
def test_whatever_the_message_its_lines_stay_in_order_and_git_lists_the_new_one(text: str) -> None:
    message = text.encode()
    after = stamped(message, LINE)
    kept = after.replace(LINE.encode(), b"", 1)
    assert kept.replace(b"\n", b"").replace(b"\r", b"") == message.replace(b"\n", b"").replace(b"\r", b"")
    body = b"\n".join(line for line in after.replace(b"\r\n", b"\n").split(b"\n") if not line.startswith(b"#"))
    if body.strip() != LINE.encode() and not after.startswith((b"\n", b"\r")):
        assert (LINE.split(":", maxsplit=1)[0], "Claude Code") in [
            found[:2] for found in strict_trailers(body)
        ] or not message.strip()


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (b"S\n\nAssisted-by: Claude Code\n", True),
        (b"S\n\nAssisted-by: Claude:claude-opus-4-6\n", True),
        (b"S\n\nassisted-by: claude code (opus)\n\nmore text\n", True),
        (b"S\n\nAssisted-by: Cursor\n", False),
        (b"S\n\nCo-Authored-By: Claude <noreply@anthropic.com>\n", False),
        (b"S\n", False),
    ],
)
def test_a_declaration_counts_in_the_teams_spelling_and_for_its_tool(message: bytes, said: bool) -> None:
    assert declares(message, spelling(DEFAULT), "claude-code", load()) is said


def test_every_address_that_is_written_is_one_that_is_found() -> None:
    for tool in load().co_authors:
        line = trailer(spelling("Co-authored-by"), tool, load())
        assert of_message(f"S\n\n{line}\n".encode(), load()).tools == (tool,)
