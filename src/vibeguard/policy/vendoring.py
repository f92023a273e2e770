"""Writing pins into a policy: only the entries of `extends` change, everything else stays as it was typed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from vibeguard.errors import CONFIG, VibeguardError
from vibeguard.policy.builtin import PREFIX
from vibeguard.policy.nodes import Node, read_nodes
from vibeguard.policy.problems import TooManyError, failure
from vibeguard.policy.source import PolicySource
from vibeguard.tuples import NamedTuple


class _Edit(NamedTuple):
    """Replace `length` characters at a place (line and column from 1) by a text."""

    line: int
    column: int
    length: int
    text: str


def pinned(entry: PolicySource, read: Callable[[str], bytes | None], added: Sequence[str] = ()) -> bytes:
    """The entry's bytes with every file that it extends pinned, and the added ones extended.

    Globs and builtin policies are left as they are: what a glob finds changes, and builtins come with the product.

    Raises:
        VibeguardError: CONFIG when the entry cannot be read, or a file that it names is not there.
    """
    try:
        root, problems = read_nodes(entry.text, entry.path)
    except TooManyError as error:
        raise failure(error.found) from None
    if problems.found:
        raise failure(problems.found)
    if root is None or root.kind != "mapping":
        raise VibeguardError(CONFIG, "expected a mapping", where=entry.path)
    extends = next((value for key, value in root.items if key.text == "extends"), None)
    edits: list[_Edit] = []
    present: set[str] = set()
    for node in _entries(extends):
        path = _path(node)
        if path is None or path.text.startswith(PREFIX) or set("*?") & set(path.text):
            continue
        present.add(path.text)
        raw = read(path.text)
        if raw is None:
            raise VibeguardError(
                CONFIG, f"there is no file {path.text}", where=f"{entry.path}:{path.line}:{path.column}"
            )
        edits += _pin(node, path, hashlib.sha256(raw).hexdigest())
    news = [_item(path, read) for path in added if path not in present]
    if news and extends is not None and extends.kind == "text":
        own = edits[0].text if edits else _typed(extends)
        edits = [_Edit(extends.line, extends.column, _length(extends), f"[{', '.join((*news, own))}]")]
    elif news:
        edits.append(_insertion(root, extends, news))
    lines = entry.text.decode("utf-8").split("\n")
    for edit in sorted(edits, key=lambda edit: (-edit.line, -edit.column)):
        line = lines[edit.line - 1]
        before, after = line[: edit.column - 1], line[edit.column - 1 + edit.length :]
        lines[edit.line - 1 : edit.line] = f"{before}{edit.text}{after}".split("\n")
    return "\n".join(lines).encode()


def _entries(extends: Node | None) -> list[Node]:
    if extends is None:
        return []
    return extends.items if extends.kind == "list" else [extends]


def _path(node: Node) -> Node | None:
    if node.kind == "text":
        return node
    found = [value for key, value in node.items if key.text == "path"] if node.kind == "mapping" else []
    return found[0] if found and found[0].kind == "text" else None


def _pin(node: Node, path: Node, digest: str) -> list[_Edit]:
    if node.kind == "text":
        return [_Edit(node.line, node.column, _length(node), f"{{path: {_typed(node)}, sha256: {digest}}}")]
    for key, value in node.items:
        if key.text == "sha256":
            return [_Edit(value.line, value.column, _length(value), digest)] if value.text != digest else []
    end = path.column + _length(path)
    return [
        _Edit(
            path.line,
            end,
            0,
            f", sha256: {digest}" if node.style == "{" else f"\n{' ' * (node.column - 1)}sha256: {digest}",
        )
    ]


def _length(node: Node) -> int:
    return len(_typed(node))


def _typed(node: Node) -> str:
    """A scalar as it stands in the file; paths need no escapes."""
    return f"{node.style}{node.text}{node.style}" if node.style in ("'", '"') else node.text


def _item(path: str, read: Callable[[str], bytes | None]) -> str:
    return f"{{path: {path}, sha256: {hashlib.sha256(read(path) or b'').hexdigest()}}}"


def _insertion(root: Node, extends: Node | None, news: Sequence[str]) -> _Edit:
    if extends is None:
        version = next((value for key, value in root.items if key.text == "version"), None)
        if version is None or root.style == "{":
            raise VibeguardError(CONFIG, "there is no `extends` to add to", hint="write `extends: []` first")
        return _Edit(version.line, version.column + _length(version), 0, f"\nextends: [{', '.join(news)}]")
    if extends.style == "{":
        rest = ", " if extends.items else ""
        return _Edit(extends.line, extends.column + 1, 0, ", ".join(news) + rest)
    indent = " " * (extends.column - 1)
    return _Edit(extends.line, extends.column, 0, "".join(f"- {new}\n{indent}" for new in news))
