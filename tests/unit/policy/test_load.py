"""Reading a policy: every error with its place, its line, a caret, a code and a hint."""

from __future__ import annotations

import hashlib
import json
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.policy.given import rule
from vibeguard import __version__
from vibeguard.errors import CONFIG, VibeguardError
from vibeguard.policy import compiled
from vibeguard.policy.builtin import list_builtins, read_builtin
from vibeguard.policy.load import PolicySource, load

BASE = "version: 1\nrules:\n  - id: one\n    when:\n"


def errors(text: str, **files: str) -> list[str]:
    """The rendered errors of a policy that cannot be used."""
    tree = {name.replace("__", "/") + ".yaml": body.encode() for name, body in files.items()}
    with pytest.raises(VibeguardError) as caught:
        load(PolicySource(".vibeguard.yaml", text.encode()), tree.get, lambda _: tuple(tree))
    assert caught.value.kind == CONFIG
    for block in caught.value.details:
        head = block.split("\n")[0]
        assert re.match(r"\S+?(:\d+:\d+)?: error\[[a-z-]+\]: .+", head), head
    return list(caught.value.details)


def heads(text: str, **files: str) -> list[str]:
    return [block.split("\n")[0] for block in errors(text, **files)]


def test_an_unknown_fact_is_shown_with_its_line_a_caret_and_what_was_meant() -> None:
    assert errors(BASE + "      ai.shares: at least 50%\n    then: warn\n") == [
        ".vibeguard.yaml:5:7: error[unknown-fact]: `ai.shares` is not a fact\n"
        "     5 |       ai.shares: at least 50%\n"
        "       |       ^\n"
        "       hint: did you mean `ai.share_of_added_lines`?"
    ]


def test_an_operator_is_a_yaml_error_with_the_words_to_write() -> None:
    block = errors(BASE + "      ai.share_of_added_lines: >= 50%\n    then: warn\n")
    assert block == [
        ".vibeguard.yaml:5:33: error[yaml]: did not find expected comment or line break\n"
        "     5 |       ai.share_of_added_lines: >= 50%\n"
        "       |                                 ^\n"
        "       hint: write it in words: `at least 50%`, `more than 70`, `between 10 and 20`"
    ]


def test_all_errors_are_collected_even_after_one_that_yaml_cannot_read() -> None:
    found = heads(
        BASE + "      ai.shares: true\n      ai.share_of_added_lines: >= 50%\n      blast.level: high\n"
        "      branch.target: [@acme, main]\n    then: blok\n"
    )
    assert [head.split(": ")[1] for head in found] == [
        "error[unknown-fact]", "error[yaml]", "error[bare-level]", "error[yaml]", "error[unknown-value]",
    ]  # fmt: skip


CASES = [
    ("", "empty-policy", "the policy is empty"),
    ("# only a comment\n", "empty-policy", "the policy is empty"),
    ("null\n", "empty-policy", "the policy is empty"),
    ("- version: 1\n", "wrong-type", "expected a mapping"),
    ("version\n", "wrong-type", "expected a mapping"),
    ("version: 1\nextends: builtin:starter\n---\nversion: 1\n", "several-documents", "expected a mapping"),
    ("version: 1\nextends: builtin:starter\n...\njunk\n", "several-documents", "expected a mapping"),
    ("version: 2\nextends: builtin:starter\n", "unknown-version", "`2` is not a version"),
    ("extends: builtin:starter\nversion: 1\nversion: 1\n", "duplicate-key", "`version` is already on line 2"),
    ("version: 1\n1: x\n", "key", "a key must be a string"),
    ("version: 1\nno: x\n", "key", "a key must be a string"),
    ("version: 1\ntrue: x\n", "key", "a key must be a string"),
    ("version: 1\n? [a]\n: x\n", "key", "a key must be a string"),
    ("version: 1\nrulez: []\n", "unknown-key", "`rulez` is not a key of a policy"),
    ("version: 1\nname: x\n", "no-rules", "the policy has no rules"),
    ("version: 1\nname: &a x\nextends: builtin:starter\n", "anchor", "`&a` is a YAML anchor"),
    ("version: 1\nname: *a\nextends: builtin:starter\n", "alias", "`*a` is a YAML alias"),
    ("version: 1\nname: !!python/object/apply:os.system [x]\n", "tag", "is a YAML tag"),
    ("version: 1\nname: !thing x\nextends: builtin:starter\n", "tag", "is a YAML tag"),
    ("version: 1\n<<: {name: x}\n", "merge", "`<<` is a YAML merge key"),
    ("version: 1\nrules: " + "[" * 60 + "]" * 60 + "\n", "limit", "nested more than 50 deep"),
    ("version: 1\nname: a\u2028b\n", "invisible-character", "U+2028"),
    ("version: 1\nname: a\u202eb\n", "invisible-character", "U+202E"),
    ("version: 1\rname: x\r", "invisible-character", "U+000D"),
    ("version: 1\nname: a\0b\n", "encoding", "NUL"),
    ("version: 1\nextends: builtin:starters\n", "unknown-builtin", "`builtin:starters`"),
    ("version: 1\nextends: policies/none.yaml\n", "missing-file", "there is no file"),
    ("version: 1\nextends: ../other/policy.yaml\n", "outside", "outside the repository"),
    ("version: 1\nextends: /etc/policy.yaml\n", "outside", "outside the repository"),
    ("version: 1\nextends: https://example.com/policy.yaml\n", "network", "never fetched"),
    ("version: 1\nextends: .vibeguard.yaml\n", "extends", "extends itself"),
]


@pytest.mark.parametrize(("text", "code", "words"), CASES)
def test_a_policy_that_cannot_be_used_says_why(text: str, code: str, words: str) -> None:
    found = heads(text)
    assert any(f"error[{code}]" in head and words in head for head in found), found


RULES = [
    ("when: {ai.detected: yes}", "wrong-type", "expected true or false, found `yes`", "write `true`"),
    ("when: {ai.detected: 1}", "wrong-type", "expected true or false", "write `true` or `false`"),
    ("when: {blast.level: high}", "bare-level", "a bare level", "write `at least high`"),
    ("when: {blast.level: at least hihg}", "wrong-level", "`hihg` is not a level", "did you mean `high`?"),
    ("when: {blast.level: more than moderate}", "wrong-level", "cannot be read", "did you mean `at least high`?"),
    ("when: {blast.score: 50}", "wrong-number", "a bare number", "write `at least 50`"),
    ("when: {blast.score: at least 50%}", "wrong-unit", "not a percentage", "write `at least 50`"),
    ("when: {ai.share_of_added_lines: at least 50}", "wrong-unit", "has no %", "write `at least 50%`"),
    ('when: {blast.score: ">= 50"}', "wrong-number", "not in words", "write `at least 50`"),
    ("when: {blast.score: over 50}", "wrong-number", "cannot be read", "did you mean `more than 50`?"),
    ("when: {blast.score: 0755}", "wrong-number", "is compared with a number, found `0755`", "write it in words"),
    ("when: {blast.score: at least 1e3}", "wrong-number", "found `at least 1e3`", "write it in words"),
    ("when: {blast.score: at least 1_000}", "wrong-number", "found `at least 1_000`", "write it in words"),
    ("when: {blast.score: " + "9" * 5000 + "}", "wrong-number", "is compared with a number", "write it in words"),
    ("when: {blast.score: between 20 and 10}", "empty-range", "holds for no number", "write `between 10 and 20`"),
    ("when: {change.kinds: tests}", "unknown-value", "`tests` is not a value", "did you mean `test`?"),
    ("when: {author.roles: senoir}", "unknown-role", "`senoir` is not a role", "did you mean `senior`?"),
    ("when: {change.tags: moeny}", "unknown-tag", "`moeny` is not a tag", "did you mean `money`?"),
    ("when: {time.window: freeze}", "unknown-window", "`freeze` is not a window", "define it under `windows`"),
    ("when: {x.coverage: at least 3}", "undeclared-fact", "`x.coverage` is not declared", "declare it"),
    ("when: {detected: true}", "unknown-fact", "`detected` is not a fact", "did you mean `ai.detected`?"),
    ("when: {change.files: [a[bc].py]}", "yaml", "", ""),
    ('when: {change.files: ["a[bc].py"]}', "glob", "brackets mean different things", "write `?`"),
    ('when: {change.files: "/src/**"}', "glob", "begins at the root", "write `src/**`"),
    ('when: {change.files: ["{a,b}"]}', "glob", "braces are not expanded", "write a list"),
    ("when: {}", "empty", "`when` has no condition", "leave `when` out"),
    ("when: [ai.detected]", "wrong-type", "expected a mapping", "write `all:`"),
    ("unless: {ai.detected: true, ai.lines: at least 3}", "ambiguous-unless", "must say `all:` or `any:`", "list"),
    ("only_looking_at: {path: [a]}", "unknown-key", "`path` is not a key", "did you mean `paths`?"),
    ("acton: block", "unknown-key", "`acton` is not a key of a rule", "did you mean `then`?"),
    ("scope: x", "unknown-key", "`scope` is not a key of a rule", "did you mean `only_looking_at`?"),
    ("colour: x", "unknown-key", "`colour` is not a key of a rule", "one of `id`"),
    ("then: deny", "unknown-value", "`deny` is not a value of `then`", "did you mean `block`?"),
    ("then: {require_review: {approvers: [amy]}}", "unknown-key", "`approvers`", "did you mean `by`?"),
    ("mode: enforced", "unknown-value", "`enforced`", "did you mean `enforce`?"),
    ("stages: [pre-push]", "unknown-value", "`pre-push`", "`push`"),
    ("enforce_from: 2026-13-45", "wrong-date", "not a day of the calendar", ""),
    ("enforce_from: tomorrow", "wrong-date", "expected a day", 'write it as "2027-01-15"'),
    ("message: it is {ai.tool}", "unknown-fact", "`ai.tool` is not a fact", "did you mean `ai.tools`?"),
    ("message: it is {ai.tools.__class__}", "unknown-fact", "is not a fact", ""),
    ("message: open { brace", "message", "alone in a message", "braces hold"),
    ("then: {require_review: 2}", "wrong-type", "found `2`", "write `require_review: {count: 2}`"),
    ("then: {require_review: {count: 0}}", "wrong-type", "expected a whole number from 1 to 100", ""),
    ("then: {require_review: {by: owner}}", "unknown-value", "`owner`", "did you mean `owners`?"),
    ("then: {require_review: {by: senior}}", "unknown-value", "`senior`", "did you mean `{roles: [senior]}`?"),
    ("then: {require_review: {by: {roles: [senoir]}}}", "unknown-role", "`senoir`", "did you mean `senior`?"),
    ("then: {require_review: {valid_for: this-comit}}", "unknown-value", "`this-comit`", "did you mean `this-commit`?"),
    ("then: {require_trailer: 'Risk Ticket'}", "trailer-name", "not the name of a trailer", "without the colon"),
    ("then: {require_trailer: {name: A, matching: '(a+)+$'}}", "pattern", "unbounded repetition inside", "repeat once"),
    ("then: {require_trailer: {name: A, matching: '(.*/)*'}}", "pattern", "unbounded repetition inside", ""),
    ("then: {require_trailer: {name: A, matching: '(?=a)b'}}", "pattern", "look-ahead", ""),
    ("then: {require_trailer: {name: A, matching: '(a)\\1'}}", "pattern", "back-references", ""),
    ("then: {require_trailer: {name: A, matching: '(a'}}", "pattern", "a `(` without its `)`", ""),
    ("then: allow", "unknown-value", "`allow` is not a value of `then`", "one of"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "code", "words", "hint"), RULES)
def test_what_a_rule_cannot_mean_is_an_error_with_help(body: str, code: str, words: str, hint: str) -> None:
    then = "" if body.startswith("then") else "\nthen: warn"
    with pytest.raises(VibeguardError) as caught:
        rule(body + then, more="people: {roles: {senior: [amy]}}\ntags: {money: ['src/ledger/**']}")
    blocks = [block for block in caught.value.details if f"error[{code}]" in block]
    assert blocks, caught.value.details
    assert words in blocks[0]
    assert hint in blocks[0].partition("hint:")[2]


PITFALLS = [
    ("when: {change.files: *.py}", 'quote it: `"*.py"`'),
    ("when: {change.files: [*.py]}", 'quote it: `"*.py"`'),
    ("when:\n  change.files:\n    - *.py", 'quote it: `"*.py"`'),
    ("when:\n  ai.lines: > 100", "write it in words: `at least 50%`"),
    ("when:\n  ai.lines: >100", "write it in words: `at least 50%`"),
    ("when:\n\t  ai.lines: at least 3", "indent with spaces"),
    ("message: {ai.tools} did", 'quote a text that begins with a brace: `"{ai.tools} …"`'),
    ("message: note: this", 'quote a text that holds ": "'),
    ("message: 'it's", "a quote inside quotes"),
    ("message: %x", "quote a value that begins with `%`"),
    ("message: `x`", "quote a value that begins with ``"),
    ("then: {require_review: {by: {teams: @acme/pay}}}", 'leave the @ out: `"@acme/pay"`'),
    ("then: {require_review: {by: {teams: [@acme/pay, x]}}}", 'leave the @ out: `"@acme/pay"`'),
    ("when:{ai.detected: true}", "write a space after the colon: `when: {ai.detected`"),
    ("when:\nai.detected: true", "facts stand under `when:`"),
    ("when: {ai.detected: true", "close the bracket"),
]


@pytest.mark.parametrize(("body", "hint"), PITFALLS, ids=[body[:30] for body, _ in PITFALLS])
def test_the_pitfalls_of_yaml_are_met_with_help(body: str, hint: str) -> None:
    then = "" if body.startswith("then") else "\nthen: warn"
    with pytest.raises(VibeguardError) as caught:
        rule(body + then)
    assert any(hint in block.partition("hint:")[2] for block in caught.value.details), caught.value.details


def test_a_windows_line_ending_and_a_byte_order_mark_change_nothing() -> None:
    text = b"version: 1\nrules:\n  - id: one\n    then: warn\n"
    plain = load(PolicySource("p.yaml", text))
    odd = load(PolicySource("p.yaml", b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n")))
    assert odd.rules == plain.rules


def test_utf_16_is_refused_in_words() -> None:
    with pytest.raises(VibeguardError) as caught:
        load(PolicySource("p.yaml", "version: 1\n".encode("utf-16")))
    assert "error[encoding]" in caught.value.details[0]


def test_100_000_nested_brackets_are_refused_without_a_crash() -> None:
    with pytest.raises(VibeguardError) as caught:
        load(PolicySource("p.yaml", b"version: 1\nrules: " + b"[" * 100_000))
    assert "nested more than 50 deep" in caught.value.details[0]


def test_a_file_beyond_1_mb_is_refused() -> None:
    with pytest.raises(VibeguardError) as caught:
        load(PolicySource("p.yaml", b"#" * 1_000_001))
    assert "error[too-large]" in caught.value.details[0]


@pytest.mark.parametrize("name", list_builtins())
def test_every_shipped_policy_can_be_used(name: str) -> None:
    text = read_builtin(name.removeprefix("builtin:"))
    assert text is not None
    assert load(PolicySource(".vibeguard.yaml", text)).rules
    assert text.startswith(b"# Always true, whatever stands below")


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_bytes_give_a_policy_or_our_error(raw: bytes) -> None:
    try:
        load(PolicySource("p.yaml", raw))
    except VibeguardError as error:
        assert error.kind == CONFIG and error.details


# fmt: off
PIECES = ["version: 1\n", "rules:\n", "  - id: a\n", "    when: ", "    then: ", "{", "}", "[", "]", ": ", "- ", "\n", "  ", "ai.detected",
          "true", "at least ", "50%", "blast.level", "high", "all:", "not:", "'", '"', "|", ">", "&a ", "*a", "!!x ", "<<", "block",
          "require_review", "people:", "tags:", "extends:", "builtin:starter", "tighten:", "break_glass:", "who:", "#", "\t", "\r", "~",
          "windows:", "facts:", "x.a", "message: '{ai.tools}'", "---\n", "...\n", "%YAML 1.1\n", "? ", ","]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
@example("version: 1\nrules:\n  - id: a\n    when: {}\n")
@settings(max_examples=600, deadline=None)
def test_any_pieces_of_a_policy_give_a_policy_or_our_error(text: str) -> None:
    try:
        load(PolicySource("p.yaml", text.encode()))
    except VibeguardError as error:
        assert error.kind == CONFIG and error.details


# -- the compiled form


def starter() -> PolicySource:
    return PolicySource(".vibeguard.yaml", b"version: 1\nextends: [builtin:senior-signoff, 'policies/*.yaml']\n", "f00")


TREE = {"policies/a.yaml": b"version: 1\nrules: [{id: mine, when: {change.files: 'src/**'}, then: warn}]\n"}


def test_a_compiled_policy_is_the_same_policy() -> None:
    plain = load(starter(), TREE.get, lambda _: tuple(TREE))
    raw = compiled.dump(plain)
    assert compiled.load(raw, starter(), TREE.get, lambda _: tuple(TREE)) == plain
    moved = compiled.load(raw, starter()._replace(from_commit="abc"), TREE.get, lambda _: tuple(TREE))
    assert moved is not None
    assert [file.from_commit for file in moved.files] == ["abc", None, "abc", None] or moved.files[
        0
    ].from_commit == "abc"


def test_a_compiled_policy_keeps_its_settings() -> None:
    text = (
        b"version: 1\ndependents: {build_in_background: true}\non_error: {commit: warn}\nrules: [{id: a, then: warn}]"
    )
    plain = load(PolicySource("p.yaml", text))
    assert plain.build_in_background
    assert compiled.load(compiled.dump(plain), PolicySource("p.yaml", text)) == plain


def test_a_compiled_policy_is_never_used_for_other_bytes() -> None:
    raw = compiled.dump(load(starter(), TREE.get, lambda _: tuple(TREE)))
    other = {**TREE, "policies/a.yaml": TREE["policies/a.yaml"] + b"#"}
    more = {**TREE, "policies/b.yaml": TREE["policies/a.yaml"]}
    entry = starter()._replace(text=starter().text + b"#")
    assert compiled.load(raw, starter(), other.get, lambda _: tuple(other)) is None
    assert compiled.load(raw, starter(), more.get, lambda _: tuple(more)) is None
    assert compiled.load(raw, entry, TREE.get, lambda _: tuple(TREE)) is None
    assert compiled.load(raw, starter(), lambda _: None, lambda _: ()) is None


def test_a_compiled_policy_that_is_cut_off_or_changed_is_read_again() -> None:
    raw = compiled.dump(load(starter(), TREE.get, lambda _: tuple(TREE)))
    for at in range(0, len(raw), 97):
        flipped = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        for broken in (raw[:at], flipped):
            assert compiled.load(broken, starter(), TREE.get, lambda _: tuple(TREE)) is None
    for payload in (b"[]", b'["Rule"]', b'{"a": 1}', b'["Policy", 1]', b"[" * 100_000, json.dumps("x").encode()):
        head = f"{compiled.FORMAT} {__version__} {hashlib.sha256(payload).hexdigest()}\n".encode()
        assert compiled.load(head + payload, starter(), TREE.get, lambda _: tuple(TREE)) is None
