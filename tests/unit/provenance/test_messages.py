"""The strict reader against git itself, and the lenient one against any bytes."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vibeguard.model import Commit, Identity
from vibeguard.provenance.catalogue import load
from vibeguard.provenance.detect import of_commit, of_message
from vibeguard.provenance.messages import Trailer, strict_trailers


def by_git(message: bytes) -> list[bytes]:
    done = subprocess.run(
        ["git", "-c", "trailer.separators=:", "interpret-trailers", "--parse", "--no-divider"],
        input=message,
        capture_output=True,
        check=True,
    )
    return done.stdout.split(b"\n")[:-1]


def listed(message: bytes) -> list[bytes]:
    return [
        trailer.key.encode("utf-8", "surrogateescape") + b": " + trailer.value.encode("utf-8", "surrogateescape")
        for trailer in strict_trailers(message)
    ]


CASES = [
    b"",
    b"subject",
    b"Signed-off-by: A <a@example.com>",
    b"subject\n\nSigned-off-by: A <a@example.com>\n",
    b"subject\n\nbody\n\nReviewed-by: A\n folded\n\tmore\nAcked-by: B\n\n\n",
    b"subject\n\nbody\nSigned-off-by: A\nmore text\nand more\nand more\n",
    b"subject\n\nbody\nSigned-off-by: A\nmore text\nand more\nand more\nand more\n",
    b"subject\n\nKey: v\n---\nOther: w\n",
    b"subject\n\nKey: v\n\n---\n\nOther: w\n",
    b"subject\n\nKey: v\n# a comment\n",
    b"subject\n\nKey: v\n# ------------------------ >8 ------------------------\nNot: this\n",
    b"subject\n\nKey: v\n\nConflicts:\n\ta.txt\n\tb.txt\n",
    b"subject\n\n(cherry picked from commit 1234)\n",
    b"subject\n\ntext\n(cherry picked from commit 1234)\nKey: v\n",
    b"subject\r\n\r\nKey: v\r\nKey2: w\r\n",
    b"subject\n\n indented: v\nKey: w\n",
    b"subject\n\nKey : spaced\nKey\t: tabbed\nTwo words: v\n",
    b"subject\n\nEmpty:\nKey: v\n",
    b"subject\n\nKey: v\0\nOther: w\n",
    b"subject\n\nK\xc3\xa9y: v\n",
    b"subject\n\nKey: caf\xe9\n",
    b"# comment first\nsubject\n\nKey: v\n",
    b"# only\n# comments\n",
    b"\n\nsubject\n\nKey: v",
    b"subject\n\nKey: a\n   \nOther: b\n",
    b"subject\n  \nKey: a\n   ",
]


@pytest.mark.parametrize("message", CASES)
def test_the_strict_reader_lists_what_git_lists(message: bytes) -> None:
    assert listed(message) == by_git(message)


lines = st.sampled_from(
    [
        b"", b"", b" ", b"\t", b"text here", b"Key: value", b"Key:", b" folded", b"\tmore", b"Signed-off-by: A <a@x>",
        b"(cherry picked from commit 12)", b"# comment", b"---", b"--- ", b"Two words: v", b": no key", b"Key : v",
        b"Conflicts:", b"\ta.txt", b"K-1: \xff", b"# ------------------------ >8 ------------------------", b"a\rb: c",
        b"Key: v\r", b"\r", b"Key: \x0bv\x0c", b"\x0c",
    ]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(lines, max_size=14), st.booleans())
@example([b"# comment", b"", b"Key: v"], True)
def test_the_strict_reader_agrees_with_git_on_any_order_of_lines(parts: list[bytes], newline: bool) -> None:
    message = b"\n".join(parts) + (b"\n" if newline else b"")
    assert listed(message) == by_git(message)


def test_a_trailer_knows_its_line() -> None:
    assert strict_trailers(b"s\n\nb\n\nA: 1\n 2\nB: 3\n") == (Trailer("A", "1 2", 5), Trailer("B", "3", 7))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_can_be_read(message: bytes) -> None:
    strict_trailers(message)
    assert of_message(message, load()).confidence in ("none", "possible", "likely", "certain")


def test_hostile_messages_take_bounded_time() -> None:
    many = b"s\n\n" + b"Key: v\n" * 10_000
    assert len(strict_trailers(many)) == 10_000
    assert of_message(many + b"Co-authored-by: Claude <noreply@anthropic.com>\n", load()).detected
    long = b"s\n\nCo-authored-by: " + b"<" * 1_000_000 + b"\n" + b"Assisted-by: " + b"Claude " * 150_000
    of_message(long, load())
    of_message(b"s\n\nCo-authored-by: " + b"a@" * 500_000, load())
    of_message(b"\\n" * 500_000 + b"Co-authored-by: x", load())
    folded = b"s\n\nKey: a\n" + b" more\n" * 100_000
    assert len(strict_trailers(folded)[0].value) > 400_000


@pytest.mark.parametrize(
    "line",
    [
        b"[" * 4_000,
        b"Co-authored-by: <" + b" " * 4_000 + b"x",
        b"Co-authored-by: <a@" + b" " * 4_000 + b"x",
        b"created " * 500 + b"https://claude.ai/code/session_1",
        b"this of the " * 300,
        b"-" * 4_000 + b"x",
        b"a-" * 2_000,
        b". " * 2_000 + b"no",
        b"Assisted-by: " + b"claude code and " * 250,
        "Со-".encode() * 1_000,
    ],
)
def test_no_line_is_slow_to_read(line: bytes) -> None:
    """3 MB of it: a reader that is not linear in a line would not come back."""
    of_message(b"s\n\n" + (line + b"\n") * (3_000_000 // len(line)), load())


def test_the_ends_of_a_huge_message_are_read_and_its_middle_is_a_finding() -> None:
    message = b"s\n\n" + b"text\n" * 1_000_000 + b"\nCo-authored-by: Claude <noreply@anthropic.com>\n"
    found = of_message(message, load())
    assert found.detected
    assert found.evidence[0].line == 1_000_004
    assert [finding.kind for finding in found.findings] == ["oversized"]


def test_names_of_any_length_are_capped() -> None:
    who = Identity("x" * 100_000 + " (aider)", "a@example.com")
    found = of_commit(Commit("1" * 40, "2" * 40, (), who, who, b"s\n"), load())
    assert found.tools == ("aider",)
    assert len(found.driver[0]) <= 200
    assert len(found.evidence[0].text) <= 200


@pytest.mark.parametrize("name", ["", "<>", "a\nb", "\x1b[31m", "\udcff"])
def test_identities_that_follow_no_form_are_nobodys(name: str) -> None:
    who = Identity(name, name)
    found = of_commit(Commit("1" * 40, "2" * 40, (), who, who, b"s\n"), load())
    assert (found.role, found.confidence) == ("unknown", "none")


@pytest.mark.parametrize(
    "secret", ["ghp_0123456789abcdefghij", "sk-ant-0123456789abcdefghij", "https://ada:hunter2@x.example/"]
)
def test_secrets_are_not_repeated(secret: str) -> None:
    found = of_message(f"s\n\nAI-assisted: Claude Code ({secret})\n".encode(), load())
    assert found.detected
    assert secret not in found.evidence[0].text
    assert "hunter2" not in found.evidence[0].text
