"""Who is a service account of an AI tool, who is another bot, and who is a person.

Only an exact address decides: people share their first names with tools, and vendors' staff commit as people.
"""

from __future__ import annotations

from vibeguard.model import Confidence, Identity
from vibeguard.provenance.catalogue import GITHUB_NOREPLY, Catalogue, IdentityRule, glob_pattern, pattern
from vibeguard.provenance.folding import fold
from vibeguard.provenance.lazy import Lazy
from vibeguard.tuples import NamedTuple

AIDER_SUFFIX = " (aider)"  # what aider appends to the name of whoever it commits for

_ADDRESS = Lazy(r"(?<![^\s<>(),;:\"'|=*`\[\]])[A-Za-z0-9._%+\[\]-]{1,128}@[A-Za-z0-9.-]{1,253}(?![\w@.-])")
_BRACKETED = Lazy(r"<([^<>]*@[^<>]*)(?:>|$)")

MAX_SHOWN = 200  # characters

# The rule for an identity that a policy names under `people.roles.agents`.
AGENT_STRENGTH: Confidence = "likely"


class Named(NamedTuple):
    """An identity written in a line of text, and what follows it."""

    name: str
    address: str
    rest: str = ""


def find_rule(identity: Identity | Named, catalogue: Catalogue) -> IdentityRule | None:
    """The rule that this identity meets, or None for people and everybody unknown."""
    address = (identity.email if isinstance(identity, Identity) else identity.address).strip().lower()
    if not address.isascii():
        address = fold(address)[0]
    rules = catalogue.addresses.get(address)
    if rules is None and address.endswith(GITHUB_NOREPLY):
        # `<number>+<login>@…`, in early accounts without the number. The number alone says nothing: it is sometimes
        # that of another account.
        login = address.removesuffix(GITHUB_NOREPLY)
        number, plus, rest = login.partition("+")
        rules = catalogue.logins.get(rest if plus and number.isdigit() else login)
    for rule in rules or ():
        if not rule.name or pattern(rule.name).fullmatch(fold(identity.name)[0].strip()):
            return rule
    if catalogue.agents:
        return _agent(identity.name, address, catalogue)
    return None


def _agent(name: str, address: str, catalogue: Catalogue) -> IdentityRule | None:
    login = address.partition("@")[0].rpartition("+")[2]
    for glob in catalogue.agents:
        whole = pattern(glob_pattern(glob))
        for text in (address, login, name.strip()):
            if text and whole.fullmatch(text):
                tool = glob if not any(mark in glob for mark in "*?") else (login or name.strip().lower())
                return IdentityRule(tool, AGENT_STRENGTH)
    return None


def is_aider(identity: Identity) -> bool:
    """True for "Ada Byron (aider)": aider made or committed the change on behalf of that person."""
    return identity.name.rstrip().endswith(AIDER_SUFFIX)


def is_person(identity: Identity | Named, catalogue: Catalogue) -> bool:
    """True for whoever is not known to be a service account and does not look like one."""
    address = identity.email if isinstance(identity, Identity) else identity.address
    if not (address or identity.name) or find_rule(identity, catalogue) is not None:
        return False
    return "[bot]" not in address.lower() and "[bot]" not in identity.name.lower()


def parse_identity(value: str) -> Named:
    """`Name <address>` as people and tools write it: brackets missing or unclosed, quotes, markup, a colon in the name.

    Without an address the whole value is the name.
    """
    bracketed = list(_BRACKETED.finditer(value))
    if bracketed:
        last = bracketed[-1]
        address = last[1].strip().removeprefix("mailto:").strip("\"'` ")
        found = _ADDRESS.findall(address)
        return Named(
            _clean(value[: last.start()]), found[0] if len(found) == 1 else address, value[last.end() :].strip()
        )
    bare = _ADDRESS.search(value)
    if bare is not None:
        address = bare[0]
        if address.startswith("[") and address.count("[") > address.count("]"):
            address = address[1:]
        return Named(_clean(value[: bare.start()]), address, value[bare.end() :].strip())
    return Named(_clean(value), "")


def _clean(name: str) -> str:
    return name.strip(" \t\"'`*_()[]<,")


def shown(identity: Identity | Named) -> str:
    """`Name <address>`, for drivers and evidence; capped, for a name may have any length."""
    address = identity.email if isinstance(identity, Identity) else identity.address
    text = f"{identity.name.strip()} <{address}>" if address else identity.name.strip()
    return text[:MAX_SHOWN]
