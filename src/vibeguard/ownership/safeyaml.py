"""YAML of a repository that is judged, as texts, lists and mappings with their lines; nothing else is built.

Anchors, aliases, tags, merge keys, duplicate keys, deep nesting and large files are refused: a few lines of YAML can
otherwise keep a loader busy for minutes, and the C parser dies of 100,000 open brackets.
"""

from __future__ import annotations

from typing import Any

from vibeguard.tuples import NamedTuple

_MOST_BYTES = 1_000_000
_MOST_DEPTH = 50


class Text(NamedTuple):
    """A scalar, as it is written; what it means is for whoever asked."""

    value: str
    line: int
    plain: bool  # written without quotes


class YamlList(NamedTuple):
    """A list."""

    items: tuple[Node, ...]
    line: int


class YamlMapping(NamedTuple):
    """A mapping; its keys are texts, each once."""

    items: tuple[tuple[Text, Node], ...]
    line: int

    def get(self, key: str) -> Node | None:
        return next((value for name, value in self.items if name.value == key), None)


Node = Text | YamlList | YamlMapping


class YamlError(ValueError):
    """A document that is not read; the message says why, `line` where."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


class _Open(NamedTuple):
    is_mapping: bool
    items: list[Node]
    line: int


def parse(content: bytes) -> Node | None:
    """The one document of a file, or None where it is empty.

    Raises:
        YamlError: for anything else.
    """
    # Only Kubernetes' OWNERS files are YAML here: no hook of another repository pays for this import (10 ms).
    import yaml  # noqa: PLC0415

    if len(content) > _MOST_BYTES:
        raise YamlError(f"the file has {len(content):,} bytes; at most {_MOST_BYTES:,} are read", 1)
    builder = _Builder()
    try:
        for event in yaml.parse(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            builder.take(type(event).__name__, event)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "not YAML"
        raise YamlError(str(problem), mark.line + 1 if mark is not None else 1) from None
    except UnicodeDecodeError:
        raise YamlError("not YAML: bytes that are no text", 1) from None
    return builder.root


class _Builder:
    """Puts a document together from the parser's events, and refuses what is not wanted before anything is built."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self._documents = 0
        self._open: list[_Open] = []

    def take(self, kind: str, event: Any) -> None:
        line = event.start_mark.line + 1
        if kind == "DocumentStartEvent":
            self._documents += 1
            if self._documents > 1:
                raise YamlError("a second document begins", line)
        elif kind in ("SequenceEndEvent", "MappingEndEvent"):
            self._place(_closed(self._open.pop()))
        elif kind in ("AliasEvent", "ScalarEvent", "SequenceStartEvent", "MappingStartEvent"):
            if getattr(event, "anchor", None):
                raise YamlError("anchors and aliases are not read", line)
            if event.tag is not None:
                raise YamlError("tags are not read", line)
            if kind == "ScalarEvent":
                self._place(Text(event.value, line, plain=event.implicit[0]))
            elif len(self._open) >= _MOST_DEPTH:
                raise YamlError(f"it nests deeper than {_MOST_DEPTH}", line)
            else:
                self._open.append(_Open(kind == "MappingStartEvent", [], line))

    def _place(self, node: Node) -> None:
        if self._open:
            self._open[-1].items.append(node)
        else:
            self.root = node


def _closed(done: _Open) -> Node:
    if not done.is_mapping:
        return YamlList(tuple(done.items), done.line)
    pairs: dict[str, tuple[Text, Node]] = {}
    for key, value in zip(done.items[::2], done.items[1::2], strict=True):
        if not isinstance(key, Text):
            raise YamlError("a key is no text", key.line)
        if key.value == "<<":
            raise YamlError("merge keys are not read", key.line)
        if key.value in pairs:
            raise YamlError(f"the key {key.value} stands twice", key.line)
        pairs[key.value] = (key, value)
    return YamlMapping(tuple(pairs.values()), done.line)
