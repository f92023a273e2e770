"""The short form of a verdict: what it is, what it rests on, and what each rule that speaks asks for."""

from __future__ import annotations

from vibeguard.check.result import Report
from vibeguard.model import BlastRadius, NotCounted, Provenance, Requirement, RuleResult
from vibeguard.report import Options
from vibeguard.report.escape import visible
from vibeguard.report.spans import Line, Span

SHORT = 10  # digits of an object id
MARKS = {"pass": "✓", "warn": "!", "needs": "…", "blocked": "✗", "overridden": "!", "error": "?"}


def headline(report: Report) -> Line:
    """The verdict in one line."""
    words = {"pass": "pass", "warn": "warn", "needs": "needs", "blocked": "blocked", "overridden": "OVERRIDDEN"}
    what = {
        "needs": f" {_missing(report)}",
        "blocked": f" by {_names(report, 'blocked')}",
        "warn": f" from {_names(report, 'warn')}",
    }.get(report.verdict, "")
    size = _size(report)
    facts = f" · {_blast_words(report.blast, short=True)} · {_ai_words(report.provenance)}" if report.blast else ""
    tail = facts if report.verdict == "pass" else ""
    return (
        Span(f"{MARKS[report.verdict]} {words.get(report.verdict, report.verdict)}{what}", report.verdict),
        Span(f" · {size}{tail}"),
    )


def _names(report: Report, outcome: str) -> str:
    ids = [visible(rule.id) for rule in report.rules if rule.outcome == outcome]
    return ", ".join(ids[:2]) + (f" and {len(ids) - 2} more" if len(ids) > 2 else "")


def _missing(report: Report) -> str:
    kinds: dict[str, int] = {}
    for rule in report.rules:
        if rule.outcome == "needs":
            for requirement in rule.requirements:
                if not requirement.satisfied:
                    kinds[requirement.kind] = max(kinds.get(requirement.kind, 0), requirement.wanted - requirement.have)
    words = []
    if "review" in kinds:
        words.append("a review" if kinds["review"] <= 1 else f"{kinds['review']} reviews")
    words += [
        text
        for kind, text in (("trailer", "a trailer"), ("tests", "test changes"), ("checks", "checks"))
        if kind in kinds
    ]
    return " and ".join(words) or "something"


def _size(report: Report) -> str:
    change = report.change
    if change is None:
        return "no change"
    files = len(change.files)
    added = [file.added for file in change.files if file.added is not None]
    deleted = [file.deleted for file in change.files if file.deleted is not None]
    uncounted = files - len(added)
    text = f"{files} file{'s' * (files != 1)}"
    if added:
        text += f" +{sum(added)} −{sum(deleted)}"
    if uncounted:
        text += f" ({uncounted} not counted)"
    if change.commits:
        text += f", {len(change.commits)} commit{'s' * (len(change.commits) != 1)}"
    if change.ref:
        text += f" → {visible(change.ref.removeprefix('refs/heads/'), 60)}"
    return text


def facts(report: Report) -> list[Line]:
    """AI, blast radius and owners, a line each."""
    made: list[Line] = []
    if report.provenance is not None:
        made.append(
            (
                Span("  AI      ", "dim"),
                Span(_ai_words(report.provenance)),
                Span(_ai_evidence(report.provenance), "dim"),
            )
        )
    if report.blast is not None:
        made.append((Span("  blast   ", "dim"), Span(_blast_words(report.blast, short=False))))
        made.append((Span("  owners  ", "dim"), Span(_owner_words(report.blast))))
    return made


def _ai_words(provenance: Provenance | None) -> str:
    if provenance is None:
        return "AI: not looked at"
    tools = ", ".join(visible(tool, 40) for tool in provenance.tools[:3])
    if provenance.role == "declared-none":
        return "no AI, as declared"
    if provenance.confidence == "none" or provenance.role == "unknown":
        return "no AI declared"
    if provenance.role == "reviewed":
        return f"reviewed by {tools}; no AI author declared"
    if provenance.role in ("tool-committed", "non-ai-bot"):
        return f"{provenance.role.replace('-', ' ')}; no AI declared"
    word = {"authored": "authored by", "assisted": "assisted by"}.get(provenance.role, provenance.role)
    share = ""
    if provenance.share is not None:
        low, high = round(provenance.share.low * 100), round(provenance.share.high * 100)
        share = f", {low} %" if low == high else f", {low}–{high} %"
        share += " of added lines"
    return f"{word} {tools} ({provenance.confidence}{share})"


def _ai_evidence(provenance: Provenance) -> str:
    if not provenance.evidence:
        return ""
    first = provenance.evidence[0]
    place = f" in {first.commit[:SHORT]}" if first.commit else ""
    more = f" and {len(provenance.evidence) - 1} more" if len(provenance.evidence) > 1 else ""
    return f"  {first.channel}: {visible(first.text, 60)}{place}{more}"


def _blast_words(blast: BlastRadius, *, short: bool) -> str:
    if blast.all is None:
        reach = "dependents unknown"
    elif blast.all == 0:
        reach = "nothing known depends on it"
    else:
        reach = f"{blast.all} file{'s' * (blast.all != 1)} depend{'s' * (blast.all == 1)} on it"
        if not short:
            reach = f"{blast.direct} direct, {blast.within_2} within two hops, {blast.all} in all depend on it"
    if short:
        return f"blast {blast.level} {blast.score}: {reach}"
    top = sorted(blast.factors, key=lambda factor: -factor.points)[:2]
    why = "; ".join(
        f"{factor.name} +{factor.points:.0f} {visible(factor.because, 60)}" for factor in top if factor.points >= 1
    )
    return f"{blast.level} {blast.score}/100: {reach}" + (f" ({why})" if why else "")


def _owner_words(blast: BlastRadius) -> str:
    if not blast.owners and not blast.unowned_files:
        return "no ownership file"
    named = ", ".join(visible(owner, 40) for owner in blast.owners[:4]) or "nobody"
    more = f" and {len(blast.owners) - 4} more" if len(blast.owners) > 4 else ""
    gaps = len(blast.unowned_files)
    return named + more + (f"; {gaps} changed file{'s' * (gaps != 1)} unowned" if gaps else "")


def rule_lines(rule: RuleResult, *, alone: bool) -> list[Line]:
    """A rule that speaks: what it says, what it asks for; the ways to pass when it is the only one."""
    outcome = rule.outcome
    made: list[Line] = [
        (
            Span(f"  {outcome:8}", outcome),
            Span(visible(rule.id, 60), "bold"),
            Span(f"  {visible(_gist(rule), 160)}"),
            Span(f"  {visible(rule.place.path)}:{rule.place.line}", "dim"),
        )
    ]
    made.extend(
        (Span("          "), Span(lacking(requirement)), Span(_uncounted(requirement.not_counted), "dim"))
        for requirement in rule.requirements
        if not requirement.satisfied
    )
    if alone:
        made.extend((Span(f"          {number}) {visible(way, 200)}"),) for number, way in enumerate(rule.ways[:3], 1))
    return made


def _gist(rule: RuleResult) -> str:
    return rule.message or rule.description


def lacking(requirement: Requirement) -> str:
    """What is missing, in words, and whom to ask."""
    if requirement.unknown:
        return f"{visible(requirement.who)}: not known, {visible(requirement.unknown)}"
    suggested = f"; ask {', '.join(visible(who) for who in requirement.suggested[:3])}" if requirement.suggested else ""
    return visible(requirement.missing, 200) + suggested


def _uncounted(not_counted: tuple[NotCounted, ...]) -> str:
    if not not_counted:
        return ""
    return "  not counted: " + ", ".join(f"{visible(item.who)} ({visible(item.why)})" for item in not_counted[:3])


def notices(report: Report, most: int) -> list[Line]:
    """What could not be seen, a line each."""
    return [(Span(f"  note: {visible(notice, 300)}", "dim"),) for notice in report.notices[:most]]


def hint(report: Report, options: Options) -> Line:
    """By which policy it was judged, and where to read more."""
    parts = [f"judged by {visible(report.policy_words)}"] if report.policy_words else []
    if options.local and report.stage != "ci":
        parts.append("local result: CI decides")
    if not options.explain and report.rules:
        parts.append("vibeguard check --explain shows why")
    return (Span(f"  {' · '.join(parts)}", "dim"),)
