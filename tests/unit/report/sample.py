"""Reports made by hand, with text that tries to break out of every format."""

from __future__ import annotations

from vibeguard.check.result import Report, failed
from vibeguard.errors import VibeguardError
from vibeguard.model import (
    BlastRadius,
    Change,
    Evidence,
    Factor,
    FileChange,
    Finding,
    NotCounted,
    Place,
    PolicyFile,
    Provenance,
    Reason,
    Requirement,
    RuleResult,
)

HEAD = "3f2c1ab" + "0" * 33
BASE = "91aa3c0" + "0" * 33
EVIL = "::error::x%0A`<b>@amy ##[warning]y"
EVIL_PATH = "src/a\nb,:%`|<é\udcff>.py"


def changed(path: str) -> FileChange:
    return FileChange(path, "M", "100644", "100644", "1" * 40, "2" * 40, added=3, deleted=1)


CHANGE = Change(
    "range", BASE, HEAD, (changed("src/ledger/post.py"), changed(EVIL_PATH)), ref="refs/heads/main", head_tree="4" * 40
)
REVIEW = Requirement(
    kind="review",
    wanted=2,
    have=1,
    who="a senior (amy, bob)",
    missing="1 of 2 reviews by a senior (amy, bob)",
    not_counted=(NotCounted("copilot", "not a person"), NotCounted(EVIL, "approved 91aa3c0, not this diff")),
    suggested=("bob",),
)
RULES = (
    RuleResult(
        "senior-signoff",
        Place(".vibeguard.yaml", 21, 5),
        "needs",
        "enforce",
        f"140 files depend on what changed; {EVIL}",
        (Reason("blast.level", "at least high", "high (60)", True, 25),),
        (REVIEW,),
        ("bob approves 3f2c1ab",),
        ask="acme/platform",
        docs="https://acme.example/rules",
    ),
    RuleResult("no-new-hooks", Place("policies/org.yaml", 3, 5), "blocked", "enforce", "", (), description="No hooks."),
    RuleResult("tests-go-along", Place(".vibeguard.yaml", 40, 5), "warn", "warn", "no test changed", ()),
    RuleResult("docs-only", Place(".vibeguard.yaml", 50, 5), "skipped", "enforce", "", ()),
    RuleResult("quiet", Place(".vibeguard.yaml", 60, 5), "pass", "enforce", "", ()),
)
BLOCKED = Report(
    "blocked",
    1,
    "ci",
    change=CHANGE,
    provenance=Provenance(
        "assisted", "certain", ("claude-code",), (Evidence("co-author", "claude-code", "certain", EVIL, HEAD, 3),)
    ),
    blast=BlastRadius(60, "high", 12, 40, 140, 0, ("@acme/pay",), 2, (Factor("fan-out", 32.0, "140 dependents"),)),
    rules=RULES,
    policy=(PolicyFile(".vibeguard.yaml", BASE, "a" * 64),),
    policy_words=".vibeguard.yaml of 91aa3c0",
    findings=(
        Finding("tests-weakened", "src/ledger/post.py", 7, "an assertion was removed"),
        Finding("unicode", EVIL_PATH, None, EVIL),
        Finding("encoding", None, None, "the message is UTF-16", HEAD),
    ),
    notices=(f"merge base is old {EVIL}",),
)
PASSED = Report("pass", 0, "ci", change=CHANGE, rules=RULES[4:])
UNDECIDED = failed(
    VibeguardError("REPO", f"history too shallow {EVIL}", hint="fetch-depth: 0", where="x\ny", details=("one\ntwo",)),
    "ci",
)
MANY = BLOCKED._replace(
    rules=tuple(RULES[1]._replace(id=f"rule-{number}") for number in range(30)),
    findings=tuple(Finding("unicode", f"f{number}.py", 1, "x") for number in range(30)),
)
