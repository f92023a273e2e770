"""A checked policy as bytes, so that a hook need not read YAML again for a policy that it has read before.

The form is JSON of the nouns, with a digest of itself, the product's version, and the digest of every file that took
part. It is used only when all of them still agree with the bytes that would be read, so it can be lost, cut off or
old, but never wrong about which policy it is; whatever is odd about it means: read the YAML. Nothing in it is code.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from vibeguard import __version__, model
from vibeguard.policy import facts, rules
from vibeguard.policy.builtin import PREFIX, read_builtin
from vibeguard.policy.source import Listing, PolicySource, Read, fitting

FORMAT = "vibeguard-policy/1"

_NOUNS: dict[str, Any] = {
    noun.__name__: noun
    for noun in (
        model.ChecksDemand, model.People, model.Place, model.PolicyFile, model.ReviewDemand, model.TestsDemand,
        model.TrailerDemand, facts.FactSpec, rules.BreakGlass, rules.Group, rules.Policy, rules.ProvenanceSettings,
        rules.Rule, rules.Scope, rules.Test, rules.Window,
    )
}  # fmt: skip


def key(entry: PolicySource) -> str:
    """Under which name a compiled policy of this entry is kept: a digest over its path, its bytes and the version."""
    digest = hashlib.sha256(f"{FORMAT}\n{__version__}\n{entry.path}\n".encode("utf-8", "surrogateescape"))
    digest.update(entry.text)
    return digest.hexdigest()


def dump(policy: rules.Policy) -> bytes:
    """The compiled form of a policy."""
    payload = json.dumps(_encode(policy), separators=(",", ":")).encode("ascii")
    return f"{FORMAT} {__version__} {hashlib.sha256(payload).hexdigest()}\n".encode() + payload


def load(
    compiled: bytes, entry: PolicySource, read: Read = lambda _: None, listing: Listing = lambda _: ()
) -> rules.Policy | None:
    """The policy, if this is its compiled form and no file that took part has changed; else None."""
    head, _, payload = compiled.partition(b"\n")
    if head != f"{FORMAT} {__version__} {hashlib.sha256(payload).hexdigest()}".encode():
        return None
    try:
        policy = _decode(json.loads(payload))
    except (ValueError, TypeError, KeyError, IndexError, RecursionError):
        return None
    if not isinstance(policy, rules.Policy) or not policy.files or policy.files[0].path != entry.path:
        return None
    files = []
    for at, file in enumerate(policy.files):
        if at == 0:
            text: bytes | None = entry.text
        elif file.path.startswith(PREFIX):
            text = read_builtin(file.path[len(PREFIX) :])
        else:
            text = read(file.path)
        if text is None or hashlib.sha256(text).hexdigest() != file.sha256:
            return None
        files.append(file._replace(from_commit=None if file.path.startswith(PREFIX) else entry.from_commit))
    for pattern, found in policy.listed.items():
        if fitting(pattern, listing(pattern)) != found:
            return None
    return policy._replace(files=tuple(files))


def _encode(value: Any) -> Any:
    """A noun is a list that begins with its name, a tuple one that begins with ""."""
    if isinstance(value, tuple):
        name = type(value).__name__ if hasattr(value, "_fields") else ""
        return [name, *(_encode(item) for item in value)]
    if isinstance(value, dict):
        return {name: _encode(item) for name, item in value.items()}
    return value


def _decode(value: Any) -> Any:
    kind = type(value)
    if kind is list:
        items = [item if type(item) is str else _decode(item) for item in value[1:]]
        return _NOUNS[value[0]](*items) if value[0] else tuple(items)
    if kind is dict:
        return {name: _decode(item) for name, item in value.items()}
    return value
