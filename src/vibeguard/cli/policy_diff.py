"""`vibeguard policy diff`: what changes between two policies, and in the verdicts on the last merged changes."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any

from vibeguard.check.policy_files import open_policy
from vibeguard.check.policy_replay import Replayed, replay
from vibeguard.check.trust import ENTRY
from vibeguard.cli.output import put, put_json
from vibeguard.errors import CONFIG, REPO, USAGE, VibeguardError
from vibeguard.policy.builtin import PREFIX
from vibeguard.policy.difference import Difference, differences
from vibeguard.policy.load import load
from vibeguard.policy.rules import Policy
from vibeguard.policy.source import PolicySource
from vibeguard.report.escape import visible
from vibeguard.repository.locate import locate
from vibeguard.repository.objects import Objects, list_tree
from vibeguard.repository.refs import resolve
from vibeguard.repository.tree import Tree

MOST_REPLAYED = 10_000
_MARKS = {"added": "+", "removed": "-", "changed": "~"}


def run(policy: str, against: str, count: int, format_: str) -> int:
    """Compare, replay when asked to, and print."""
    if not 0 <= count <= MOST_REPLAYED:
        raise VibeguardError(USAGE, f"--replay {count}", hint=f"a number from 0 to {MOST_REPLAYED}")
    opened = open_policy(policy)
    new = load(opened.source, opened.read, opened.listing)
    old, name = _old(against)
    found = differences(old, new)
    replayed: list[Replayed] = []
    if count:
        if opened.location is None:
            raise VibeguardError(REPO, "there is no history to replay: not a git repository", where=opened.top)
        replayed = list(replay(opened.location, (old, new), count, time.time()))
    changed = [item for item in replayed if item.said and item.said[0] != item.said[1]]
    failed = [item for item in replayed if not item.said]
    if format_ != "text":
        put_json(_document(name, opened.source.path, found, replayed, changed))
        return 0
    lines = [f"{visible(name)} → {visible(opened.source.path)}"]
    for item in found:
        lines.append(f"{_MARKS[item.kind]} {visible(item.what)}")
        lines += [f"    - {visible(sentence)}" for sentence in item.before if sentence not in item.after]
        lines += [f"    + {visible(sentence)}" for sentence in item.after if sentence not in item.before]
    if not found:
        lines.append("nothing differs")
    if count:
        lines += [
            "",
            f"{len(changed)} of the last {len(replayed)} changes would be judged differently (approvals left out)",
        ]
        for replay_ in changed:
            old_said, new_said = replay_.said
            lines.append(
                f"  {replay_.commit[:10]} {old_said.verdict} → {new_said.verdict}  {visible(replay_.subject, 60)}"
            )
            lines += [f"      {rule}: {before} → {after}" for rule, before, after in _moved(replay_)]
        lines += [f"  {item.commit[:10]} could not be judged: {visible(item.error)}" for item in failed]
    put("\n".join(lines) + "\n")
    return 0


def _old(against: str) -> tuple[Policy, str]:
    """The policy to compare with: builtin:NAME, a file, or the one at a commit."""
    if against.startswith(PREFIX) or os.path.isfile(against):
        opened = open_policy(against)
        return load(opened.source, opened.read, opened.listing), opened.source.path
    location = locate(".")
    with Objects(location.git) as objects:
        commit = resolve(location, objects, against).commit
        tree = Tree(objects, commit.tree)
        entry = tree.entry(ENTRY)
        if entry is not None and not entry.mode.startswith("100"):
            raise VibeguardError(CONFIG, "the policy is no plain file", where=f"{against}:{ENTRY}")
        text = tree.blob(ENTRY)
        if text is None:
            raise VibeguardError(
                CONFIG,
                f"{against} has no {ENTRY}",
                hint="compare with the one in force there: --against builtin:starter",
            )

        def listing(_pattern: str) -> Sequence[str]:
            return [item.path for item in list_tree(location.git, commit.tree)]

        return load(PolicySource(ENTRY, text, commit.id), tree.blob, listing), f"{ENTRY} of {against}"


def _moved(item: Replayed) -> list[tuple[str, str, str]]:
    """Rules whose outcome is not the same."""
    before, after = item.said[0].rules, item.said[1].rules
    return [
        (rule, before.get(rule, "pass"), after.get(rule, "pass"))
        for rule in dict.fromkeys((*before, *after))
        if before.get(rule) != after.get(rule)
    ]


def _document(
    old: str, new: str, found: tuple[Difference, ...], replayed: list[Replayed], changed: list[Replayed]
) -> dict[str, Any]:
    return {
        "schema": "vibeguard/policy-diff/v1",
        "before": old,
        "after": new,
        "differences": [
            {"kind": item.kind, "what": item.what, "before": list(item.before), "after": list(item.after)}
            for item in found
        ],
        "replayed": len(replayed),
        "not_judged": [{"commit": item.commit, "error": item.error} for item in replayed if not item.said],
        "changed": [
            {
                "commit": item.commit,
                "subject": item.subject,
                "before": item.said[0].verdict,
                "after": item.said[1].verdict,
                "rules": [{"id": rule, "before": before, "after": after} for rule, before, after in _moved(item)],
            }
            for item in changed
        ],
    }
