"""Adding the line that says which agent took part, in the spelling that a team accepts. Nothing else is touched."""

from __future__ import annotations

from collections.abc import Mapping

from vibeguard.errors import CONFIG, VibeguardError
from vibeguard.provenance.catalogue import UNNAMED, Catalogue
from vibeguard.provenance.environment import of_environment
from vibeguard.provenance.evidence import read_message
from vibeguard.provenance.messages import strict_trailers
from vibeguard.provenance.values import named_tools
from vibeguard.tuples import NamedTuple

DEFAULT = "Assisted-by: AGENT:MODEL [TOOLS]"  # the Linux kernel's

# What stands behind a key where the team gave only the key.
_VALUES = {
    "assisted-by": "AGENT:MODEL [TOOLS]",
    "generated-by": "AGENT (MODEL)",
    "co-authored-by": "IDENTITY",
    "co-authored-by-ai": "AGENT (MODEL)",
    "made-with": "AGENT",
    "ai-assisted": "AGENT",
}
_CUT = b" ------------------------ >8 ------------------------"


class Spelling(NamedTuple):
    """A trailer as a team writes it: its key, and a value with AGENT, MODEL, [TOOLS] or IDENTITY in it."""

    key: str
    value: str


def spelling(text: str) -> Spelling:
    """What `provenance.declare_with` or the setting `vibeguard.stamp` asks for.

    Raises:
        VibeguardError: CONFIG when it is no trailer, or one by which only a person may answer for a change.
    """
    key, _, value = text.strip().partition(":")
    key, value = key.strip(), value.strip()
    if not key or not all(mark.isascii() and (mark.isalnum() or mark == "-") for mark in key) or "\n" in value:
        raise VibeguardError(CONFIG, f"not a trailer to declare AI with: {text[:80]}", hint=f"such as {DEFAULT}")
    if key.lower() in ("signed-off-by", "reviewed-by", "acked-by", "approved-by"):
        raise VibeguardError(
            CONFIG,
            f"{key} is a person's word: it is never written for an agent",
            hint=f"declare with another trailer, such as {DEFAULT}",
        )
    return Spelling(key, value or _VALUES.get(key.lower(), "AGENT"))


def agents(environ: Mapping[str, str], catalogue: Catalogue) -> tuple[str, ...]:
    """The tools whose strong variables are set, as ids of the catalogue."""
    return tuple(item.tool for item in of_environment(environ, catalogue) if item.strength == "likely")


def trailer(how: Spelling, tool: str, catalogue: Catalogue, *, model: str = "") -> str:
    """The line for one tool.

    Raises:
        VibeguardError: CONFIG when an address is asked for and the tool is not known to have one.
    """
    name = "AI" if tool == UNNAMED else catalogue.name(tool)
    value = how.value
    if "IDENTITY" in value:
        identity = catalogue.co_authors.get(tool)
        if identity is None:
            raise VibeguardError(
                CONFIG,
                f"{name} has no address of its own for {how.key}",
                hint=f"declare with another trailer, such as {DEFAULT}",
            )
        value = value.replace("IDENTITY", identity)
    for whole in ("[TOOLS]", "[TOOL]"):
        value = value.replace(whole, "")
    if not model:
        for part in (":MODEL", "(MODEL)", "MODEL"):
            value = value.replace(part, "")
    value = value.replace("AGENT", name).replace("MODEL", " ".join(model.split()))
    return f"{how.key}: {' '.join(value.split())}"


def declares(message: bytes, how: Spelling, tool: str, catalogue: Catalogue) -> bool:
    """Whether the message already says in this spelling that this tool took part."""
    key = how.key.lower()
    if any(found.key.lower() == key and _names(found.value, tool, catalogue) for found in strict_trailers(message)):
        return True
    reading = read_message(message, catalogue)
    return key in reading.declarations and any(
        item.tool == tool and item.text.lower().lstrip().startswith(key) for item in reading.evidence
    )


def _names(value: str, tool: str, catalogue: Catalogue) -> bool:
    name = "ai" if tool == UNNAMED else catalogue.name(tool).lower()
    return value.lower().startswith(name) or tool in named_tools(value, catalogue)


def stamped(message: bytes, line: str, *, comment: bytes = b"#") -> bytes:
    """The message with one more trailer: in its last block if it ends with one, else in a new one.

    What follows the message (comments, scissors, the diff of `commit -v`) stays where it is. A message in UTF-16 or
    with a NUL is returned as it is.
    """
    if b"\0" in message or message.startswith((b"\xff\xfe", b"\xfe\xff")):
        return message
    added = line.encode("utf-8", "surrogateescape")
    lines = _split(message)
    cut = next((at for at, found in enumerate(lines) if found.rstrip(b"\r\n") == comment + _CUT), len(lines))
    end = cut
    while end and (not lines[end - 1].strip() or lines[end - 1].startswith(comment)):
        end -= 1
    body, rest = b"".join(lines[:end]), b"".join(lines[end:])
    newline = b"\r\n" if body.endswith(b"\r\n") else b"\n"
    if not body:
        # As `git commit -s` does: room for the subject stays above.
        return newline * 2 + added + newline + rest
    if not body.endswith(b"\n"):
        body += newline
    gap = b"" if strict_trailers(body.replace(b"\r\n", b"\n")) else newline
    return body + gap + added + newline + rest


def _split(message: bytes) -> list[bytes]:
    """Lines end at `\\n` only."""
    parts = message.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])
