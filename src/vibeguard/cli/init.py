"""`vibeguard init`: write a first policy, commented, and say what it would have asked of the last changes."""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from collections.abc import Sequence
from typing import Annotated

import typer

from vibeguard.check.policy_replay import Replayed, replay
from vibeguard.check.trust import ENTRY
from vibeguard.cli.output import put
from vibeguard.cli.progress import Progress
from vibeguard.content.kinds import classify
from vibeguard.errors import IO, REPO, USAGE, VibeguardError
from vibeguard.policy.builtin import read_builtin
from vibeguard.policy.load import load
from vibeguard.policy.source import PolicySource
from vibeguard.report.escape import visible
from vibeguard.repository.locate import locate
from vibeguard.repository.objects import list_index

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)

_REPLAYED = 20
_OWNERS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS", ".gitea/CODEOWNERS", "OWNERS")
_CI = {
    ".github/workflows/": "GitHub Actions",
    ".gitlab-ci.yml": "GitLab CI",
    "Jenkinsfile": "Jenkins",
    ".circleci/": "CircleCI",
    "azure-pipelines.yml": "Azure Pipelines",
}

_POLICY = """\
version: 1
name: {name}
extends: [builtin:starter]   # `vibeguard policy read builtin:starter` says what that asks

# Who is who. Uncomment and name people: logins, teams (org/team), addresses.
# people:
#   roles:
#     senior: [login, org/team]
#     agents: ["*[bot]"]                       # accounts that are no persons
#   identities: {{login: [name@example.com]}}    # other names of one person
#   if_no_owner: [senior]                      # who is asked where nobody owns a file

# What matters most here. Tagged files weigh in the blast radius, and rules can look at them alone.
# tags:
#   {tag}: ["{glob}"]

rules:
  - id: tests-with-code
    description: A larger change to code changes a test too. Recorded for now; set mode to warn or enforce when it fits.
    mode: record-only
    when:
      change.kinds: code
      change.reviewable_lines: more than 50
    unless: {{change.is_revert: true}}
    then: require_test_changes
    message: "{{change.reviewable_lines}} lines change and no test does."

# A rule to begin with, once people are named above:
#  - id: senior-signoff
#    description: A far-reaching AI-assisted change is approved by a senior.
#    when:
#      ai.detected: true
#      blast.level: at least high
#    then:
#      require_review: {{count: 1, by: {{roles: [senior]}}}}
"""


@app.command()
def init(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the policy instead of writing it.")] = False,
) -> int:
    """Write a first policy for this repository, and say what it would have asked of the last 20 changes."""
    location = locate(os.getcwd())
    if location.top is None:
        raise VibeguardError(REPO, "a bare repository has no work tree to write to", hint="run it in a clone")
    target = os.path.join(location.top, ENTRY)
    if os.path.lexists(target) and not dry_run:
        raise VibeguardError(USAGE, f"there is a {ENTRY} already", hint="vibeguard policy check looks whether it works")
    paths = [entry.path for entry in list_index(location.git)]
    text = _header() + _written(os.path.basename(location.top), paths)
    policy = load(PolicySource(ENTRY, text.encode(), None))  # what is written must load
    if dry_run:
        put(text)
        return 0
    try:
        with open(target, "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise VibeguardError(IO, f"cannot write: {error.strerror}", where=target) from None
    put(f"wrote {ENTRY}\n\n")
    for line in _found(paths):
        put(f"  {line}\n")
    put("\n")
    if location.git.run("rev-parse", "-q", "--verify", "HEAD^{commit}", ok=(0, 1)).status == 0:
        progress = Progress("past changes judged")
        past = []
        for item in replay(location, (policy,), _REPLAYED, time.time()):
            past.append(item)
            progress(len(past), _REPLAYED)
        progress.end()
        for line in _summary(past):
            put(f"{line}\n")
    put(f"\nIt judges nothing before it is merged. To try it: vibeguard check --policy {ENTRY}\n")
    put("Then: vibeguard install for the hooks, vibeguard ci where CI runs.\n")
    return 0


def _header() -> str:
    """The words that stand above every shipped policy."""
    starter = (read_builtin("starter") or b"").decode()
    return "".join(line for line in starter.splitlines(keepends=True) if line.startswith("#"))


def _written(folder: str, paths: Sequence[str]) -> str:
    name = re.sub(r"[^A-Za-z0-9 ._-]+", "-", folder).strip(" -.") or "our policy"
    folders = Counter(path.split("/", 2)[0] + "/" + path.split("/", 2)[1] for path in paths if path.count("/") >= 2)
    plain = [found for found, _ in folders.most_common() if re.fullmatch(r"[A-Za-z0-9._/-]+", found)]
    first = plain[0] if plain else "src/payments"
    tag = re.sub(r"[^a-z0-9]+", "-", first.rpartition("/")[2].lower()).strip("-") or "core"
    return _POLICY.format(name=f'"{name}"', tag=tag, glob=f"{first}/**")


def _found(paths: Sequence[str]) -> list[str]:
    languages: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    for path in paths:
        facts = classify(path)
        if facts.language and "code" in facts.kinds:
            languages[facts.language] += 1
        kinds.update(facts.kinds)
    named = ", ".join(f"{language} ({count})" for language, count in languages.most_common(5)) or "none known"
    owners = next((path for path in _OWNERS if path in paths), None)
    services = [name for start, name in _CI.items() if any(path.startswith(start) for path in paths)]
    sensitive = [kind for kind in ("migration", "auth", "infrastructure", "schema", "secrets") if kinds[kind]]
    return [
        f"languages   {named}",
        f"owners      {owners or 'no ownership file: ownership counts in no score'}",
        f"CI          {', '.join(services) or 'none found'}",
        f"sensitive   {', '.join(f'{kind} ({kinds[kind]} files)' for kind in sensitive) or 'nothing by its name'}",
    ]


def _summary(past: Sequence[Replayed]) -> list[str]:
    judged = [item for item in past if item.said]
    if not judged:
        return ["There are no past changes to try it on."]
    verdicts = Counter[str](item.said[0].verdict for item in judged)
    words = {"pass": "pass", "warn": "get a warning", "needs": "need something", "blocked": "are blocked"}
    counts = ", ".join(f"{verdicts[verdict]} {text}" for verdict, text in words.items() if verdicts[verdict])
    lines = [f"Of the last {len(judged)} changes (approvals left out): {counts}"]
    for item in judged:
        said = item.said[0]
        if said.verdict in ("needs", "blocked"):
            rules = ", ".join(said.rules)
            lines.append(f"  {item.commit[:10]} {said.verdict:8} {visible(item.subject, 60)}  ({rules})")
    if len(judged) < len(past):
        lines.append(f"  {len(past) - len(judged)} could not be judged")
    return lines
