"""The use case behind `vibeguard stamp` and the prepare-commit-msg hook: declare the agent that makes this commit.

Opt-in: by git's configuration (`vibeguard.stamp`: true, or a spelling), or by the policy in force, when it names the
spelling that the team accepts (`provenance.declare_with`). `vibeguard.stamp = false` turns it off for one clone.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping

from vibeguard.errors import IO, USAGE, VibeguardError
from vibeguard.provenance.catalogue import UNNAMED, Catalogue, load
from vibeguard.provenance.stamp import DEFAULT, Spelling, agents, declares, spelling, stamped, trailer
from vibeguard.repository.locate import Location, locate
from vibeguard.repository.message import comment_mark, read_message
from vibeguard.repository.objects import Objects
from vibeguard.tuples import NamedTuple

_ON = ("true", "yes", "on", "1")
_OFF = ("false", "no", "off", "0", "")


class Settings(NamedTuple):
    """How to stamp here; `how` is None where nobody asked for it."""

    how: Spelling | None
    catalogue: Catalogue
    model: str = ""
    comment: str = "#"


def settings(location: Location, *, wanted: str = "", always: bool = False) -> Settings:
    """What the caller, git's configuration and the policy in force ask for, in this order.

    Args:
        location: the repository.
        wanted: a spelling that the caller names.
        always: stamp even where nobody opted in, with the policy's spelling or the default one.
    """
    found = _configured(location)
    stamp = found.get("vibeguard.stamp")
    model = found.get("vibeguard.model", "")
    comment = found.get("core.commentstring") or found.get("core.commentchar") or "#"
    catalogue, declared = load(), ""
    text = wanted or (stamp if stamp is not None and stamp.lower() not in (*_ON, *_OFF) else "")
    if not text and not (stamp is not None and stamp.lower() in _OFF and not always):
        catalogue, declared = _by_policy(location)
        asked = always or (stamp is not None and stamp.lower() in _ON)
        text = declared or (DEFAULT if asked else "")
    return Settings(spelling(text) if text else None, catalogue, model, comment)


def stamp_message(
    raw: bytes, how: Settings, environ: Mapping[str, str], *, tool: str = "", model: str = ""
) -> tuple[bytes, tuple[str, ...]]:
    """The message as it should be, and the lines that were added: none when it says so already, or no agent runs."""
    added: list[str] = []
    if how.how is None:
        return raw, ()
    comment = comment_mark(raw, how.comment)
    for agent in (tool,) if tool else agents(environ, how.catalogue):
        body = _without_comments(raw, comment)
        if not declares(body, how.how, agent, how.catalogue):
            line = trailer(how.how, agent, how.catalogue, model=model or how.model)
            after = stamped(raw, line, comment=comment)
            if after != raw:
                raw = after
                added.append(line)
    return raw, tuple(added)


def stamp_file(
    path: str, how: Settings, environ: Mapping[str, str], *, tool: str = "", model: str = ""
) -> tuple[str, ...]:
    """Stamp a message file in place; returns the lines that were added.

    Raises:
        VibeguardError: INPUT when it cannot be read as a message; IO when it cannot be written.
    """
    raw = read_message(path)
    after, added = stamp_message(raw, how, environ, tool=tool, model=model)
    if added:
        _replace(path, after)
    return added


def prepare(file: str, source: str | None, environ: Mapping[str, str], folder: str) -> tuple[str, ...]:
    """What the prepare-commit-msg hook does. Where no agent shows, not even git is asked; merges are left alone."""
    if source == "merge" or not agents(environ, load()):
        return ()
    return stamp_file(file, settings(locate(folder)), environ)


def tool_named(text: str, catalogue: Catalogue) -> str:
    """The id of a tool that a user names.

    Raises:
        VibeguardError: USAGE when there is no such tool.
    """
    wanted = text.strip().lower()
    known = catalogue.names.get(wanted)
    if wanted not in catalogue.tools and known is None:
        raise VibeguardError(
            USAGE,
            f"no such tool: {text}",
            hint=f"vibeguard provenance names the tools it finds; {UNNAMED} for any other",
        )
    return wanted if known is None or wanted in catalogue.tools else known[0]


def _configured(location: Location) -> dict[str, str]:
    done = location.git.run(
        "config", "-z", "--get-regexp", r"^(vibeguard\.(stamp|model)|core\.comment(char|string))$", ok=(0, 1)
    )
    found = {}
    for entry in done.stdout.decode("utf-8", "surrogateescape").split("\0"):
        name, newline, value = entry.partition("\n")
        if name:
            found[name.lower()] = value if newline else "true"
    return found


def _by_policy(location: Location) -> tuple[Catalogue, str]:
    """The catalogue and the spelling of the policy in force."""
    from vibeguard.check.gather import catalogue_of  # noqa: PLC0415 - only where an agent shows
    from vibeguard.check.request import Request  # noqa: PLC0415
    from vibeguard.check.rulebook import rulebook  # noqa: PLC0415
    from vibeguard.check.trust import trusted  # noqa: PLC0415
    from vibeguard.model import Change  # noqa: PLC0415
    from vibeguard.repository.tree import Tree  # noqa: PLC0415

    change, request = Change("message", None, None, ()), Request()
    with Objects(location.git) as objects:
        believed = trusted(request, location, objects, change)
        tree = Tree(objects, believed.commit.tree) if believed.commit is not None else None
        policy = rulebook(request, location, believed, tree, change).policy
    return catalogue_of(policy), policy.provenance.declare_with


def _without_comments(raw: bytes, comment: bytes) -> bytes:
    return b"\n".join(line for line in raw.split(b"\n") if not line.startswith(comment))


def _replace(path: str, content: bytes) -> None:
    """Write beside the file and put it in its place: an interrupted hook leaves the old message."""
    beside = f"{path}.vibeguard-{os.getpid()}"
    try:
        mode = stat.S_IMODE(os.stat(path).st_mode)
        with open(beside, "xb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
        os.replace(beside, os.path.realpath(path))
    except OSError as error:
        try:
            os.unlink(beside)
        except OSError:
            pass
        raise VibeguardError(IO, f"cannot write the message: {error.strerror}", where=path) from None
