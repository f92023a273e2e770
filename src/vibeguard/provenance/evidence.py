"""The lenient reading of a message: which of its lines are evidence of an AI, of a declaration, of a person."""

from __future__ import annotations

import re

from vibeguard.model import Confidence, Evidence, Finding, Role
from vibeguard.provenance.catalogue import UNNAMED, Catalogue, TrailerRule, fits, pattern
from vibeguard.provenance.folding import fold
from vibeguard.provenance.identities import Named, find_rule, is_person, parse_identity
from vibeguard.provenance.lazy import Lazy
from vibeguard.provenance.messages import MAX_END, Line, decode, lenient_lines
from vibeguard.provenance.values import named_tools
from vibeguard.tuples import NamedTuple

MAX_TEXT = 200  # characters of evidence that are kept
MAX_EVIDENCE = 100  # pieces of evidence that are kept of one message

_NO = Lazy(r"(?:no|none|n/?a|false|not|never|nope|nil|without|0)\b.*|-+|", re.IGNORECASE | re.DOTALL)
_YES = Lazy(
    r"(?:yes|true|used|y)\b.*"
    r"|(?:(?:fully|partially|partly|mostly|heavily|largely|entirely) )?(?:ai[- ])?"
    r"(?:generated|assisted|written|authored|drafted|implemented|coded)\b(?: (?:by|with|using)\b(.*)| by ai\b.*)?",
    re.IGNORECASE | re.DOTALL,
)
_NONE_USED = Lazy(
    r"(?:^|[.!;:(] *)no (?:generative )?(?:ai|llms?|genai)\b(?: (?:tools?|assistance|assistants?|agents?|help))?"
    r" (?:(?:was|were|has been|have been) (?:used|involved|employed)|used)\b"
    r"|\b(?:written|made|done|created|authored|coded) (?:entirely )?without (?:any |(?:the )?(?:use|help) of )?"
    r"(?:ai|llms?)\b"
    r"|\bwithout (?:any )?(?:ai|llm) (?:assistance|help|tools?)\b"
    r"|\b(?:is|was|are|were) not (?:ai|llm)[- ](?:generated|assisted|written)\b",
    re.IGNORECASE,
)
_MADE = Lazy(
    r"(generated|created|made|written|built|implemented|developed|coded|authored|co-?authored|assisted|drafted|produced"
    r"|powered|refactored|fixed)(?: (?:entirely|fully|mostly|partly|partially|largely|in part))?"
    r" (with|by|using|via)(?: the)?(?: (?:help|assistance|aid) (?:of|from))? (.+?)[.!]?",
    re.IGNORECASE,
)
# Disclosures in a sentence, as people write them into the descriptions of their changes.
_SENTENCE = Lazy(
    r"(?:disclosure: )?(?:this|these|the|all|most|much|parts?)"
    r"(?: (?:of|the|this|these|majority|whole|entire|above|below|explanation|pr|pull request|commits?|changes?|code"
    r"|patch(?:es)?|fix|work|tests?|implementation|\+|in|and))*"
    r" (?:was|is|were|are|has been|have been)"
    r"(?: (?:largely|mostly|fully|entirely|partly|partially|completely|primarily|mainly|100%))?"
    r" (?:generated|created|made|written|built|implemented|developed|coded|authored|drafted|produced)"
    r" (?:with|by|using)(?: the)?(?: (?:help|assistance|aid|support) (?:of|from))? (.+)",
    re.IGNORECASE,
)
_SESSION_LABEL = Lazy(
    r"|.*:|[^.]*\b(?:created|opened|generated|started|made)\b.*\b(?:by|from|in|for)\b.*"
    r"|(?:link|session|thread|task|run|view|open|see)\b.{0,40}",
    re.IGNORECASE,
)
_SESSION_SPONSOR = Lazy(r"|(?:started|created|opened|requested) by \S+", re.IGNORECASE)
_AIDER_SUBJECT = Lazy(r"aider: (?!.*(?:\binit at\b|\d\s*->|\bbump\b|\bupgrade\b|\bupdate to\b|\d+\.\d+))\S", re.I)
_MERGED = Lazy(
    r"Merge (?:pull request #\d+ from [^/\s]+/|(?:remote-tracking )?branch '(?:origin/)?|branch \")([^\s'\"]+)"
)
# What must not be repeated, wherever it stands: tokens of services, and passwords in addresses of the web.
_SECRET = Lazy(
    r"\b(?:gh[pousr]_|github_pat_|glpat-|sk-|xox[abpr]-|AKIA|AIza|eyJ)[A-Za-z0-9_\-.]{16,}|(?<=://)[^\s/@:]+:[^\s/@]+(?=@)"
)
_FOR_WHOM = Lazy(r"\bon behalf of\s+@?(\S.{0,100})", re.IGNORECASE)


class Reading(NamedTuple):
    """What one message says. `people` are human co-authors, `signers` people who signed off, `sponsors` those on whose
    behalf an agent signed.
    """

    evidence: tuple[Evidence, ...] = ()
    findings: tuple[Finding, ...] = ()
    declarations: tuple[str, ...] = ()  # keys of the trailers that declare AI, "text" for other lines that do
    declared_none: tuple[Evidence, ...] = ()
    wrote_sign_off: bool = False
    people: tuple[Named, ...] = ()
    sponsors: tuple[str, ...] = ()
    signers: tuple[Named, ...] = ()


def may_hold_evidence(message: bytes, catalogue: Catalogue) -> bool:
    """A cheap test that is never wrong when it says no: 10 µs for the messages that make up most histories."""
    if message.isascii() and b"\0" not in message:
        lowered = message.lower()
        return any(needle in lowered for needle in catalogue.needles)
    folded = fold(decode(message))[0].lower().encode("utf-8", "surrogateescape")
    return b"\0" in message or any(needle in folded for needle in catalogue.needles)


def read_message(
    message: bytes, catalogue: Catalogue, *, encoding: str | None = None, commit: str | None = None
) -> Reading:
    """Everything that a message says about AI, leniently. Never raises; works on any bytes."""
    reader = _Reader(catalogue, commit)
    if len(message) <= 2 * MAX_END:
        lines = lenient_lines(decode(message, encoding))
    else:
        end = len(message) - MAX_END
        lines = lenient_lines(decode(message[:MAX_END], encoding))
        lines += lenient_lines(decode(message[end:], encoding), message.count(b"\n", 0, end) + 1)
    reader.values = {line.key: line.value for line in lines if line.key}
    for line in lines:
        reader.read(line)
        if len(reader.evidence) >= MAX_EVIDENCE:
            break
    return Reading(
        tuple(reader.evidence),
        tuple(reader.findings),
        tuple(dict.fromkeys(reader.declarations)),
        tuple(reader.declared_none),
        reader.wrote_sign_off,
        tuple(dict.fromkeys(reader.people)),
        tuple(dict.fromkeys(reader.sponsors)),
        tuple(dict.fromkeys(reader.signers)),
    )


class _Reader:
    """Collects what the lines of one message say."""

    def __init__(self, catalogue: Catalogue, commit: str | None) -> None:
        self.catalogue = catalogue
        self.commit = commit
        self.values: dict[str, str] = {}
        self.evidence: list[Evidence] = []
        self.findings: list[Finding] = []
        self.declarations: list[str] = []
        self.declared_none: list[Evidence] = []
        self.people: list[Named] = []
        self.sponsors: list[str] = []
        self.signers: list[Named] = []
        self.wrote_sign_off = False
        self._seen: set[tuple[str, str, str]] = set()

    def add(self, line: Line, channel: str, tool: str, strength: Confidence, role: Role = "assisted") -> None:
        text = _text(line)
        if (channel, tool, text) in self._seen:
            return
        self._seen.add((channel, tool, text))
        self.evidence.append(Evidence(channel, tool, strength, text, self.commit, line.number, role))
        if role != "reviewed" and channel != "branch":
            self.declarations.append(line.key if line.key else "text")
        if line.odd:
            self.findings.append(
                Finding("unicode", None, line.number, f"odd characters in a mark of AI: {text}", self.commit)
            )

    def add_none(self, line: Line) -> None:
        text = _text(line)
        self.declared_none.append(Evidence("declaration", "", "none", text, self.commit, line.number, "declared-none"))

    def read(self, line: Line) -> None:
        if line.subject and self._subject(line):
            return
        if line.example:  # only a link to a session is what a sentence with a colon announces
            if "://" in line.text:
                self._url(line)
            return
        if line.key and self._trailer(line):
            return
        text = line.text
        if _NONE_USED.search(text):
            self.add_none(line)
            return
        bare = line.raw.strip()
        for tool, marker in self.catalogue.markers:
            if pattern(marker).fullmatch(text) or (bare != text and pattern(marker).fullmatch(bare)):
                self.add(line, "marker", tool, "likely")
                return
        if "://" in text and not line.subject:
            self._url(line)
        if not line.subject:
            self._made(line)

    def _subject(self, line: Line) -> bool:
        merged = _MERGED.match(line.text)
        if merged is not None:
            for tool, branch in self.catalogue.branches:
                if fits(branch, merged[1]):
                    self.add(line, "branch", tool, "possible")
                    break
            return True
        if _AIDER_SUBJECT.match(line.text):
            self.add(line, "marker", "aider", "likely")
            return True
        return False

    def _trailer(self, line: Line) -> bool:
        """True when the line is a trailer that says something, or one that is known to say nothing."""
        key, value = line.key, line.value
        rules = self.catalogue.trailers.get(key) or next(
            (rules for prefix, rules in self.catalogue.trailer_prefixes.items() if key.startswith(prefix)), ()
        )
        for rule in rules:
            if self._meets(rule, value):
                named = named_tools(value, self.catalogue) if rule.names_tool else ()
                self.add(line, "trailer", named[0] if named else rule.tool, rule.strength, rule.role)
                self._sponsor(value)
                return True
        kind = self.catalogue.keys.get(key, "")
        if kind in ("disclosure", "topic"):
            return self._disclosure(line, about_ai=kind == "disclosure")
        if kind == "ignored":
            return True
        if kind or key.endswith(("-by", "-with")) or key in ("author", "from"):
            return self._attribution(line, kind)
        return False

    def _meets(self, rule: TrailerRule, value: str) -> bool:
        if rule.value and not pattern(rule.value).fullmatch(value):
            return False
        if rule.companions and not any(key in self.values for key in rule.companions):
            return False
        return not any(self.values.get(key, "").strip().lower() == wanted for key, wanted in rule.unless)

    def _sponsor(self, value: str) -> None:
        whom = _FOR_WHOM.search(value)
        if whom is not None:
            self.sponsors.append(whom[1].strip())

    def _disclosure(self, line: Line, *, about_ai: bool) -> bool:
        value = line.value.strip(" .\"'")
        if _NO.fullmatch(value):
            if value or about_ai:
                self.add_none(line)
            return True
        named = named_tools(value, self.catalogue)
        yes = _YES.fullmatch(value)
        if yes is not None and yes[1]:
            named = named or named_tools(re.split(r"[,.(;]", yes[1])[0], self.catalogue)
        if named or yes is not None or (about_ai and not line.subject):
            identity = parse_identity(value)
            rule = find_rule(identity, self.catalogue) if identity.address else None
            tools = (rule.tool,) if rule is not None and rule.tool else named or self._mentioned(value)
            for tool in tools:
                self.add(line, "trailer", tool, "certain" if rule is not None else "likely")
            return True
        return False

    def _mentioned(self, value: str) -> tuple[str, ...]:
        """The first word of a disclosure that is a tool's name, as in `od-claude-lead-3`."""
        for word in re.findall(r"[a-z0-9]+", value.lower()):
            known = self.catalogue.names.get(word)
            if known is not None and known[1] != "person":
                return (known[0],)
        return (UNNAMED,)

    def _attribution(self, line: Line, kind: str) -> bool:
        for value in re.split(r"\s+co-?authored-by:\s*", line.value, flags=re.IGNORECASE):
            for identity in _identities(value):
                self._identity(line, kind, identity, value)
        return True

    def _identity(self, line: Line, kind: str, identity: Named, value: str) -> None:
        key = line.key
        if identity.address:
            rule = find_rule(identity, self.catalogue)
            if rule is not None and rule.role != "non-ai-bot":
                if not _is_prose(identity.rest):
                    self._service(line, rule.tool, rule.strength)
            elif key in ("co-authored-by", "signed-off-by") and is_person(identity, self.catalogue):
                (self.people if key == "co-authored-by" else self.signers).append(identity._replace(rest=""))
            return
        if key == "co-authored-by" or kind in ("attribution", "work"):
            if key == "assisted-by" and _NO.fullmatch(value.strip()):
                if value.strip():
                    self.add_none(line)
                return
            for tool in named_tools(value, self.catalogue, bare_models=kind == "attribution"):
                self.add(line, "co-author" if key == "co-authored-by" else "trailer", tool, "likely")
        elif kind == "review":
            reviewer = self.catalogue.names.get(key.partition("-")[0])
            if reviewer is not None or key.startswith("ai-"):  # `Codex-Reviewed-By: …`
                self.add(line, "trailer", reviewer[0] if reviewer else UNNAMED, "likely", "reviewed")
                return
            for tool in named_tools(value, self.catalogue, bare_models=False):
                self.add(line, "trailer", tool, "likely", "reviewed")
        elif key == "signed-off-by" and named_tools(value, self.catalogue, bare_models=False):
            self._service(line, named_tools(value, self.catalogue, bare_models=False)[0], "likely")

    def _service(self, line: Line, tool: str, strength: Confidence) -> None:
        """An exact service identity in a trailer: what it means depends on the trailer."""
        if self.catalogue.keys.get(line.key) == "review":
            self.add(line, "trailer", tool, strength, "reviewed")
        elif line.key == "signed-off-by":
            self.wrote_sign_off = True
            self.add(line, "sign-off", tool, strength)
        elif line.key in ("author", "from"):
            self.add(line, "author", tool, strength, "authored")
        else:
            self.add(line, "co-author" if line.key == "co-authored-by" else "trailer", tool, strength)

    def _url(self, line: Line) -> None:
        for tool, url in self.catalogue.urls:
            found = pattern(url).search(line.text)
            if found is not None:
                before = line.text[: found.start()].rstrip("([<").strip()
                after = line.text[found.end() :].strip(" )]>.")
                if _SESSION_SPONSOR.fullmatch(after) and len(before) <= 200 and _SESSION_LABEL.fullmatch(before):
                    self.add(line, "marker", tool, "likely")
                return

    def _made(self, line: Line) -> None:
        said = _SENTENCE.match(line.text)
        if said is not None:
            named = re.split(r"[,;]|\.(?:\s|$)|\s(?:and|but|to|for|which|as|under|then|on)\s", said[1])[0]
            for tool in named_tools(named, self.catalogue, bare_models=False):
                self.add(line, "marker", tool, "likely")
            return
        made = _MADE.fullmatch(line.text)
        if made is None:
            return
        bare = made[1].lower() in ("generated", "created", "assisted", "powered") and made[2].lower() != "by"
        for tool in named_tools(made[3], self.catalogue, bare_models=bare):
            self.add(line, "marker", tool, "likely")


def _text(line: Line) -> str:
    """What is shown of a line."""
    return _SECRET.sub("…", line.raw.strip())[:MAX_TEXT]


def _identities(value: str) -> list[Named]:
    """One identity, or several that stand in one value: `A <a@x>, B <b@y>`."""
    if value.count("@") > 1 and value.count("<") > 1:
        parts = [part for part in re.split(r"(?<=>)\s*[,;&]?\s*(?=\S)", value) if "@" in part]
        if len(parts) > 1:
            return [parse_identity(part.strip(" ,;&")) for part in parts]
    return [parse_identity(value)]


def _is_prose(rest: str) -> bool:
    """True when words follow the address: the line speaks about a trailer and is none."""
    return re.match(r"[a-z]{2,}(?:['’][a-z]+)? [a-z]", rest) is not None
