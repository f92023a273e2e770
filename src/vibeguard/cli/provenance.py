"""`vibeguard provenance`: which commits an AI took part in, and how we know."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from vibeguard.cli.output import put, put_json, wants_colour
from vibeguard.cli.progress import Progress
from vibeguard.errors import USAGE, VibeguardError
from vibeguard.model import CONFIDENCES, Change, Confidence, Finding, Provenance, Share
from vibeguard.provenance.catalogue import Catalogue
from vibeguard.provenance.history import Entry, Totals, asks, totals
from vibeguard.report.escape import visible
from vibeguard.repository.locate import Location, locate
from vibeguard.repository.objects import Objects
from vibeguard.tuples import NamedTuple

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)

SCHEMA = "vibeguard/provenance/v1"
LISTED = 20  # commits that the text report lists; --all and the JSON have every one
_BAR = 40  # characters


class _Found(NamedTuple):
    """What was asked about, and the answer."""

    range: str | None
    entries: tuple[Entry, ...]  # newest first
    catalogue: Catalogue
    notices: tuple[str, ...] = ()
    share: Share | None = None
    findings: tuple[Finding, ...] = ()  # of no single commit
    whole: Provenance | None = None  # of the change together, where there is one


@app.command(epilog="Exit codes: 0 whatever was found, 2 could not look. No mark means none declared, not human.")
def provenance(
    range_: Annotated[
        str, typer.Argument(metavar="[RANGE]", help="A..B, or a revision and all before it (default: HEAD).")
    ] = "",
    staged: Annotated[bool, typer.Option("--staged", help="Look at what is staged, and at the environment.")] = False,
    message: Annotated[str, typer.Option("--message", metavar="FILE", help="Look at a commit message.")] = "",
    tool: Annotated[str, typer.Option("--tool", metavar="T", help="Only commits with this tool.")] = "",
    confidence: Annotated[
        str, typer.Option("--confidence", metavar="possible|likely|certain", help="Only commits at least this sure.")
    ] = "",
    asked: Annotated[bool, typer.Option("--asked", help="Only commits that a policy would ask about.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="List every commit that was found.")] = False,
    policy: Annotated[
        str, typer.Option("--policy", metavar="PATH", help="Try this policy instead of the one in force.")
    ] = "",
    format_: Annotated[str, typer.Option("--format", metavar="text|json", help="How to print it.")] = "text",
    output: Annotated[str, typer.Option("--output", metavar="FILE", help="Write to a file.")] = "",
) -> int:
    """Show which commits an AI took part in, and the evidence for it."""
    if format_ not in ("text", "json", "json-v1"):
        raise VibeguardError(USAGE, f"no such format: {format_}", hint="one of text, json")
    if confidence and confidence not in CONFIDENCES:
        raise VibeguardError(USAGE, f"no such confidence: {confidence}", hint=f"one of {', '.join(CONFIDENCES)}")
    if range_ and (staged or message):
        raise VibeguardError(USAGE, "a range excludes --staged and --message", hint="ask about one thing at a time")
    location = locate(os.getcwd())
    with Objects(location.git) as objects:
        if staged or message:
            found = _one(location, objects, message, policy, staged=staged)
        else:
            found = _commits(location, objects, range_ or "HEAD", policy)
            found = found._replace(notices=tuple(dict.fromkeys((*found.notices, *_unseen(location, objects)))))
    wanted = _tool(tool, found.catalogue) if tool else ""
    least = CONFIDENCES.index(_confidence(confidence)) if confidence else 0
    shown = [
        entry
        for entry in found.entries
        if (not wanted or wanted in entry.found.tools)
        and CONFIDENCES.index(entry.found.confidence) >= least
        and (not asked or asks(entry.found))
    ]
    counted = totals((entry.found for entry in found.entries), found.share)
    if format_ != "text":
        put_json(as_object(found, shown, counted), output or None)
    else:
        put("".join(f"{line}\n" for line in _text(found, shown, counted, everything=everything)), output or None)
    return 0


def as_object(found: _Found, shown: Sequence[Entry], counted: Totals) -> dict[str, Any]:
    """The report as plain dictionaries and lists; newest commits first."""
    from vibeguard.report.json import finding, share  # noqa: PLC0415 - only for this format
    from vibeguard.report.json import provenance as plain  # noqa: PLC0415

    def row(part: Provenance) -> dict[str, Any]:
        return {"id": part.commit, **plain(part), "lines": part.lines, "asks": list(asks(part))}

    return {
        "schema": SCHEMA,
        "range": found.range,
        "commits": [row(entry.found) for entry in shown],
        "change": plain(found.whole) if found.whole is not None else None,
        "totals": {**counted._asdict(), "share": share(counted.share), "shown": len(shown)},
        "findings": [
            finding(item) for item in (*found.findings, *(item for entry in shown for item in entry.found.findings))
        ],
        "notices": list(found.notices),
    }


def _one(location: Location, objects: Objects, message: str, policy: str, *, staged: bool) -> _Found:
    """What is staged, a message, or both together."""
    from vibeguard.provenance.detect import of_change  # noqa: PLC0415 - a wrong option need not pay for it
    from vibeguard.repository import change as changes  # noqa: PLC0415
    from vibeguard.repository.message import read_message, stored_message  # noqa: PLC0415

    change = changes.staged(location, objects) if staged else Change("message", None, None, ())
    if message:
        change = change._replace(message=stored_message(read_message(message), location))
    catalogue = _catalogue(location, objects, policy, change)
    branch = (change.ref or "").removeprefix("refs/heads/")
    found = of_change(
        change,
        catalogue,
        stage="commit" if staged else "ci",
        environ=os.environ if staged else None,
        branch=branch or None,
        location=location,
        objects=objects,
        excluded=lambda: _not_reviewed(change),
    )
    subject = (change.message or b"").split(b"\n")[0].decode("utf-8", "surrogateescape")
    name = "staged" if staged else None
    return _Found(name, (Entry(found, subject),), catalogue, found.notices, found.share)


def _commits(location: Location, objects: Objects, text: str, policy: str) -> _Found:
    """A range, with the share that its marked lines have at its end; or a revision and everything before it."""
    from vibeguard.provenance.detect import of_change  # noqa: PLC0415 - a wrong option need not pay for it
    from vibeguard.provenance.history import read_history  # noqa: PLC0415
    from vibeguard.provenance.share import MAX_COMMITS  # noqa: PLC0415
    from vibeguard.repository import change as changes  # noqa: PLC0415
    from vibeguard.repository.refs import resolve  # noqa: PLC0415

    dots = "..." if "..." in text else ".."
    first, is_range, last = text.partition(dots)
    head = resolve(location, objects, last or "HEAD" if is_range else text)
    without = [f"^{resolve(location, objects, first or 'HEAD').id}"] if is_range else []
    listed = location.git.run("rev-list", "--topo-order", head.id, *without, "--").stdout.split()
    if is_range and len(listed) <= MAX_COMMITS:
        between = changes.since_merge_base if dots == "..." else changes.between
        change = between(location, objects, first or "HEAD", last or "HEAD")
        catalogue = _catalogue(location, objects, policy, change, (first or "HEAD", last or "HEAD"))
        whole = of_change(
            change,
            catalogue,
            stage="ci",
            location=location,
            objects=objects,
            excluded=lambda: _not_reviewed(change),
        )
        subjects = {commit.id: (commit.subject, commit.time) for commit in change.commits}
        entries = tuple(Entry(part, *subjects[part.commit or ""]) for part in reversed(whole.commits))
        notices = (*change.notices, *whole.notices)
        general = tuple(item for item in whole.findings if item.commit is None)
        return _Found(text, entries, catalogue, notices, whole.share, general, whole)
    empty = Change("range", None, head.id, ())
    catalogue = _catalogue(location, objects, policy, empty)
    progress = Progress("commits read")
    ids = [oid.decode() for oid in listed]
    history = read_history(location, objects, ids, catalogue, head=head.id, progress=progress)
    progress.end()
    return _Found(text, history.entries, catalogue, (*head.notices, *history.notices))


def _unseen(location: Location, objects: Objects) -> tuple[str, ...]:
    """What a clone does not have, and what therefore says nothing."""
    from vibeguard.provenance.notes import REF  # noqa: PLC0415

    notices = []
    if location.shallow:
        notices.append("the history is shallow: older commits are not here (git fetch --unshallow)")
    remotes = location.git.run("config", "--get-regexp", r"^remote\..*\.url$", ok=(0, 1)).stdout
    if remotes and objects.read(f"{REF}^{{tree}}") is None:
        notices.append(f"no {REF} here; where lines are recorded with git-ai: git fetch origin {REF}:{REF}")
    return tuple(notices)


def _catalogue(
    location: Location, objects: Objects, policy: str, change: Change, ends: tuple[str, str] | None = None
) -> Catalogue:
    """The shipped tools and those of the policy in force: that of the range's first end, else of the default branch."""
    from vibeguard.check.gather import catalogue_of  # noqa: PLC0415 - `--help` need not pay for it
    from vibeguard.check.request import Request  # noqa: PLC0415
    from vibeguard.check.rulebook import rulebook  # noqa: PLC0415
    from vibeguard.check.trust import trusted  # noqa: PLC0415
    from vibeguard.repository.tree import Tree  # noqa: PLC0415

    request = Request(subject="range" if ends else "staged", ends=ends, policy_path=policy or None, now=time.time())
    believed = trusted(request, location, objects, change)
    tree = Tree(objects, believed.commit.tree) if believed.commit is not None else None
    return catalogue_of(rulebook(request, location, believed, tree, change).policy)


def _not_reviewed(change: Change) -> frozenset[str]:
    """Files whose lines do not count: generated, vendored, lock files."""
    from vibeguard.check.fact_table import NOT_REVIEWED  # noqa: PLC0415
    from vibeguard.content.examine import classify_change  # noqa: PLC0415

    return frozenset(path for path, facts in classify_change(change).files.items() if facts.kinds & NOT_REVIEWED)


def _confidence(text: str) -> Confidence:
    return next(level for level in CONFIDENCES if level == text)


def _tool(text: str, catalogue: Catalogue) -> str:
    """The tool that a user means: its id or one of its names."""
    wanted = text.strip().lower()
    if wanted in catalogue.tools:
        return wanted
    if wanted in catalogue.names:
        return catalogue.names[wanted][0]
    import difflib  # noqa: PLC0415 - only for the hint

    near = difflib.get_close_matches(wanted, [*catalogue.tools, *catalogue.names], 1)
    raise VibeguardError(USAGE, f"no such tool: {text}", hint=f"did you mean {near[0]}?" if near else "")


def _text(found: _Found, shown: Sequence[Entry], counted: Totals, *, everything: bool) -> list[str]:
    lines = _summary(found, counted)
    marked = [entry for entry in shown if entry.found.evidence or entry.found.findings]
    listed = marked if everything else marked[:LISTED]
    for entry in listed:
        lines += ["", *_entry(entry, found.catalogue)]
    if len(marked) > len(listed):
        lines += ["", f"… and {len(marked) - len(listed)} more: --all lists them, --format json has them all"]
    if not marked and len(shown) != len(found.entries):
        lines += ["", "no commit fits these filters"]
    return [*lines, *(f"note: {visible(notice)}" for notice in found.notices)]


def _summary(found: _Found, counted: Totals) -> list[str]:
    roles = counted.roles
    number = counted.commits
    one = found.range is None or found.range == "staged"
    what = {"staged": "what is staged"}.get(found.range or "", "the message") if one else _commits_word(number)
    possible = counted.confidence.get("possible", 0)
    lines = [
        f"{what}: {_part(counted.ai, number)} with AI, {possible} possible, "
        f'{number - counted.ai - possible} without a mark (none declared, which is not "human")'
    ]
    if one:
        part = found.entries[0].found
        sure = f", {part.confidence}" if part.confidence != "none" else ""
        lines = [f"{what}: {part.role}{sure}" + (" (none declared)" if part.role == "unknown" else "")]
    elif number:
        lines.append(_bar(counted.ai, possible, number))
        order = ("authored", "assisted", "reviewed", "tool-committed", "non-ai-bot", "declared-none")
        lines.append("roles     " + " · ".join(f"{role} {roles[role]}" for role in order if role in roles))
    if counted.tools:
        names = [f"{found.catalogue.name(tool)} {times}" for tool, times in counted.tools.items()]
        lines.append("tools     " + " · ".join(visible(name) for name in names[:10]))
    if counted.channels and not one:
        lines.append("channels  " + " · ".join(f"{channel} {times}" for channel, times in counted.channels.items()))
    if counted.share is not None:
        low, high = (f"{100 * end:.0f}%" for end in counted.share[:2])
        size = low if low == high else f"{low} to {high}"
        lines.append(f"lines     {size} of the added lines ({counted.share.rests_on})")
    asked = [
        f"{times} {words}"
        for times, words in (
            (counted.undeclared, "not declared"),
            (counted.no_human_author, "without a human author"),
            (counted.wrote_sign_off, "signed off by an AI"),
        )
        if times
    ]
    if asked and not one:
        lines.append("to ask    " + " · ".join(asked) + "   (--asked lists them)")
    return [line for line in lines if line.strip() and line != "roles     "]


def _bar(ai: int, possible: int, number: int) -> str:
    full = round(_BAR * ai / number) or (1 if ai else 0)
    half = round(_BAR * possible / number) or (1 if possible else 0)
    half = min(half, _BAR - full)
    marks = ("█" * full, "▒" * half, "░" * (_BAR - full - half))
    if wants_colour():
        marks = (f"\x1b[35m{marks[0]}\x1b[0m", f"\x1b[33m{marks[1]}\x1b[0m", f"\x1b[2m{marks[2]}\x1b[0m")
    return f"AI        {''.join(marks)} unknown"


def _entry(entry: Entry, catalogue: Catalogue) -> list[str]:
    part = entry.found
    tools = ", ".join(catalogue.name(tool) for tool in part.tools) or "no tool named"
    head = f"{(part.commit or '')[:10]}  " if part.commit else ""
    sure = f" · {part.confidence}" if part.confidence != "none" else ""
    lines = [f"{head}{part.role}{sure} · {visible(tools, 60)}  {visible(entry.subject, 70)}".rstrip()]
    for item in part.evidence[:6]:
        where = f" (line {item.line})" if item.line else ""
        lines.append(f"    {item.channel}: {visible(item.text, 100)}{where}")
    if len(part.evidence) > 6:
        lines.append(f"    … {len(part.evidence) - 6} more")
    if part.driver:
        lines.append(f"    driver: {visible(', '.join(part.driver), 100)}")
    lines += [f"    ask: {visible(words, 160)}" for words in asks(part)]
    return lines


def _commits_word(number: int) -> str:
    return "1 commit" if number == 1 else f"{number:,} commits"


def _part(some: int, number: int) -> str:
    return f"{some:,} ({100 * some / number:.0f}%)" if number else "0"
