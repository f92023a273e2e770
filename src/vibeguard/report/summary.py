"""The short form of a verdict: what it is, what it rests on, and what each rule that speaks asks for."""

from __future__ import annotations

from vibeguard.check.result import NOTHING_CHANGES, NOTHING_STAGED, Report
from vibeguard.model import CONFIDENCES, BlastRadius, NotCounted, Provenance, Reason, Requirement, RuleResult
from vibeguard.policy.evaluate import NO_RULE_APPLIED
from vibeguard.report import Options
from vibeguard.report.escape import visible
from vibeguard.report.spans import Line, Span

SHORT = 10  # digits of an object id
MARKS = {"pass": "✓", "warn": "!", "needs": "…", "blocked": "✗", "overridden": "!", "error": "?"}


def headline(report: Report) -> Line:
    """The verdict in one line."""
    words = {"pass": "pass", "warn": "warn", "needs": "needs", "blocked": "blocked", "overridden": "OVERRIDDEN"}
    what = {
        "pass": " (no rule applied)" if NO_RULE_APPLIED in report.notices else "",
        "needs": f" {_missing(report)}",
        "blocked": f" by {_names(report, 'blocked')}",
        "warn": f" from {_names(report, 'warn')}",
    }.get(report.verdict, "")
    size = _size(report)
    tail = ""
    if report.verdict == "pass" and report.blast is not None and report.change is not None and report.change.files:
        blast = report.blast
        tail = f" · blast {blast.level} {blast.score}: {_short_reach(blast)} · {_ai_words(report.provenance)}"
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
    if not change.files:
        return NOTHING_STAGED if change.source == "staged" else NOTHING_CHANGES
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
    """AI, blast radius and owners, a line or two each."""
    made: list[Line] = []
    if report.provenance is not None:
        words = _ai_words(report.provenance) + _ai_evidence(report.provenance)
        made.append((Span("  AI      ", "dim"), Span(words)))
    if report.blast is not None:
        blast = report.blast
        made.append(
            (
                Span("  blast   ", "dim"),
                Span(f"{blast.level} {blast.score}/100", "bold"),
                Span(f": {_reach(blast)}"),
                Span(_points(blast), "dim"),
            )
        )
        made.append((Span("  owners  ", "dim"), Span(_owner_words(report, blast))))
    return made


def _points(blast: BlastRadius) -> str:
    """The factors that have points, the heaviest first."""
    heavy = sorted((factor for factor in blast.factors if factor.points >= 0.5), key=lambda factor: -factor.points)
    return "; " * bool(heavy) + ", ".join(f"{factor.name} +{factor.points:.0f}" for factor in heavy)


def _short_reach(blast: BlastRadius) -> str:
    if blast.all is None:
        return "dependents unknown"
    return f"{blast.all or 'no'} dependent{'s' * (blast.all != 1)}"


def _reach(blast: BlastRadius) -> str:
    if blast.all is None:
        return "what depends on it is not known"
    unsure = ", at least" if any(factor.unknown for factor in blast.factors if factor.name == "fan-out") else ""
    if blast.all == 0:
        return f"no file is known to depend on it{unsure and ' (not all can be seen)'}"
    files = f"{blast.all} file{'s' * (blast.all != 1)} depend{'s' * (blast.all == 1)} on it{unsure}"
    return f"{files} ({blast.direct} directly, {blast.within_2} within two hops)"


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
        share = f", {low}%" if low == high else f", {low}–{high}%"
        share += " of added lines"
    return f"{word} {tools} ({provenance.confidence}{share})"


def _ai_evidence(provenance: Provenance) -> str:
    if not provenance.evidence:
        return ""
    first = max(provenance.evidence, key=lambda item: CONFIDENCES.index(item.strength))
    place = f" in {first.commit[:SHORT]}" if first.commit else ""
    line = f", line {first.line}" if first.line else ""
    name = f" {visible(first.text, 40)}" if first.channel == "environment" else ""
    more = f", and {len(provenance.evidence) - 1} more" if len(provenance.evidence) > 1 else ""
    return f": {first.channel}{name}{place}{line}{more}"


def _owner_words(report: Report, blast: BlastRadius) -> str:
    ownership = report.owners or {}
    if not blast.owners and not any(owner.file for owner in ownership.values()):
        return "no ownership file"
    named = ", ".join(visible(owner, 40) for owner in blast.owners[:4]) or "nobody"
    more = f" and {len(blast.owners) - 4} more" if len(blast.owners) > 4 else ""
    gaps = len(blast.unowned_files)
    return named + more + (f"; {gaps} changed file{'s' * (gaps != 1)} unowned" if gaps else "")


def rule_lines(rule: RuleResult, *, alone: bool) -> list[Line]:
    """A rule that speaks: what it says, what it asks for; the ways to pass when it is the only one."""
    gist = rule.message or rule.description
    made: list[Line] = [
        (
            Span(f"  {rule.outcome:8}", rule.outcome),
            Span(visible(rule.id, 60), "bold"),
            Span(f": {visible(gist, 200)}" if gist else ""),
            Span(f" ({visible(rule.place.path)}:{rule.place.line})", "dim"),
        )
    ]
    unknown = tuple(dict.fromkeys(_unknown_facts(rule.reasons)))
    if unknown:
        made.append((Span(f"          not known: {', '.join(visible(item, 100) for item in unknown[:2])}", "dim"),))
    made.extend(
        (Span("          "), Span(lacking(requirement)), Span(_uncounted(requirement.not_counted), "dim"))
        for requirement in rule.requirements
        if not requirement.satisfied
    )
    places = _places(rule.reasons) if rule.outcome in ("warn", "blocked") else ()
    made.extend((Span(f"          {visible(place, 120)}", "dim"),) for place in places[:2])
    if alone:
        made.extend((Span(f"          {number}) {visible(way, 200)}"),) for number, way in enumerate(rule.ways[:3], 1))
    return made


def ways(rule: RuleResult) -> Line:
    """Ways to pass one rule of several, in one line."""
    listed = "  ".join(f"{number}) {visible(way, 100)}" for number, way in enumerate(rule.ways[:2], 1))
    return (Span(f"  to pass {visible(rule.id, 60)}: {listed}"),)


def _unknown_facts(reasons: tuple[Reason, ...]) -> list[str]:
    """Facts on which the rule could not be settled."""
    found: list[str] = []
    for reason in reasons:
        if reason.held is None:
            found += _unknown_facts(reason.children) if reason.children else [f"{reason.fact} ({reason.actual})"]
    return [item.replace("(unknown: ", "(") for item in found]


def _places(reasons: tuple[Reason, ...]) -> tuple[str, ...]:
    """Places in the change (`path:line text`) that made a condition hold."""
    found: list[str] = []
    for reason in reasons:
        if reason.fact == "unless" or reason.held is not True:
            continue
        if reason.children:
            found += _places(reason.children)
        elif reason.fact.startswith("change."):
            found += reason.evidence
    return tuple(dict.fromkeys(found))


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
    said = [notice for notice in report.notices if notice not in (NO_RULE_APPLIED, NOTHING_STAGED, NOTHING_CHANGES)]
    return [(Span(f"  note: {visible(notice, 300)}", "dim"),) for notice in said[:most]]


def hint(report: Report, options: Options) -> Line:
    """By which policy it was judged, and where to read more."""
    parts = [f"by {visible(report.policy_words)}"] if report.policy_words else []
    if options.local and report.stage != "ci":
        parts.append("a local result, CI decides")
    if not options.explain and report.rules:
        parts.append("every reason: --explain")
    return (Span(f"  {'; '.join(parts)}", "dim"),)


def overrides(report: Report) -> list[Line]:
    """Who broke the glass and what is owed for it; and whose waiver did not count."""
    made: list[Line] = []
    for item in report.overrides:
        ticket = f", {visible(item.ticket, 40)}" if item.ticket else ""
        made.append(
            (
                Span("  waived  ", "overridden"),
                Span(f"{visible(', '.join(item.rules), 80)} by {visible(item.who, 60)} until {item.ends}{ticket}: "),
                Span(visible(item.reason, 120)),
            )
        )
        if item.owed is not None:
            words = f"{item.owed.wanted} review{'s' * (item.owed.wanted != 1)}"
            if item.owed.names:
                words += f" by {visible(' or '.join(item.owed.names), 80)}"
            then = "; until then merges are blocked" if item.otherwise == "block-merges-until-reviewed" else ""
            made.append((Span(f"          owed: {words}, by {item.due}; after that it is overdue{then}"),))
    made += [
        (Span(f"  not waived: {visible(item.who, 60)}, {visible(item.why, 120)}"),)
        for item in report.waivers_not_counted[:3]
    ]
    return made


def shown(report: Report, most: int = 2) -> list[Line]:
    """What the reviews that count show, and what they cannot show."""
    words = dict.fromkeys(
        requirement.shows for rule in report.rules for requirement in rule.requirements if requirement.shows
    )
    return [(Span(f"  reviews {visible(text, 300)}"),) for text in list(words)[:most]]
