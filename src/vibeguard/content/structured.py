"""TOML, JSON, YAML and INI that a change brings along, read under limits: what cannot be read is said, never guessed.

The content comes from whoever wrote the change. Nothing here runs code of it, and neither size nor nesting nor
repeated references make it expensive.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vibeguard.patterns import compiled
from vibeguard.toml import parsed

LIMIT = 1 << 20  # bytes; the largest manifests seen in public repositories have some 100 kB
DEPTH = 50
ENTRIES = 100_000  # nodes of a YAML file, leaves of anything that is laid flat

Value = Any  # what the parsers of the standard library give: str, int, float, bool, None, list, dict, dates


class Unreadable(Exception):  # noqa: N818 - a word that reads as one
    """The content cannot be parsed; the text says why, in one line."""


def decoded(content: bytes) -> str:
    """UTF-8 text, without a byte order mark.

    Raises:
        Unreadable: when it is too large or not UTF-8.
    """
    if len(content) > LIMIT:
        raise Unreadable(f"larger than {LIMIT >> 20} MiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"not UTF-8 at byte {error.start}") from None


def toml(content: bytes) -> dict[str, Value]:
    """A TOML document."""
    try:
        return parsed(decoded(content))
    except ValueError as error:
        raise Unreadable(_words(error)) from None


_JSON_MARKS = compiled(r'"(?:[^"\\\n]|\\.)*+"?|//[^\n]*|/\*|,(?=\s{0,200}[}\]])')


def _without_comments(text: str) -> str:
    """JSON from JSON with comments and trailing commas; each character is looked at once."""
    kept, at = [], 0
    while (match := _JSON_MARKS.search(text, at)) is not None:
        kept.append(text[at : match.start()])
        at = match.end()
        if match.group().startswith('"'):
            kept.append(match.group())
        elif match.group() == "/*":
            end = text.find("*/", at)
            at = len(text) if end < 0 else end + 2
    kept.append(text[at:])
    return "".join(kept)


def json(content: bytes, *, comments: bool = False) -> Value:
    """A JSON document; with `comments`, JSON with comments and trailing commas, as tsconfig.json has them."""
    # Imported here: see toml().
    import json as standard  # noqa: PLC0415

    text = decoded(content)
    if comments:
        text = _without_comments(_without_comments(text))  # a comment may stand between a comma and its bracket
    try:
        return standard.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(_words(error)) from None


def mapping(value: Value) -> dict[str, Value]:
    """The value if it is a mapping, an empty one otherwise: for walking into documents of any shape."""
    return value if isinstance(value, dict) else {}


def sequence(value: Value) -> list[Value]:
    """The value if it is a list, an empty one otherwise."""
    return value if isinstance(value, list) else []


def texts(value: Value) -> list[str]:
    """The strings of a list, or the string alone."""
    return [value] if isinstance(value, str) else [item for item in sequence(value) if isinstance(item, str)]


def yaml(content: bytes) -> list[Value]:
    """The documents of a YAML stream; every scalar is a string, since nothing here depends on YAML's guesses.

    Built from events: no tag constructs anything, a merge key is a key like any other, an alias shares what its
    anchor holds, and an anchor within itself is None.
    """
    # Imported here: it costs more than all path rules together.
    import yaml as library  # noqa: PLC0415

    text = decoded(content)
    loader = getattr(library, "CSafeLoader", library.SafeLoader)
    try:
        return _documents(library, library.parse(text, Loader=loader))
    except (library.YAMLError, ValueError, RecursionError) as error:
        raise Unreadable(_words(error)) from None


def _documents(library: Any, events: Iterator[Any]) -> list[Value]:
    documents: list[Value] = []
    anchors: dict[str, Value] = {}
    open_nodes: list[
        tuple[Value, str | None, list[Value]]
    ] = []  # container, its anchor, the key that waits for a value

    def put(value: Value) -> None:
        if not open_nodes:
            documents.append(value)
            return
        container, _, waiting = open_nodes[-1]
        if isinstance(container, list):
            container.append(value)
        elif waiting:
            container[waiting.pop()] = value
        else:
            waiting.append(value if isinstance(value, str) else str(type(value)))

    for count, event in enumerate(events):
        if count > ENTRIES:
            raise ValueError(f"more than {ENTRIES} nodes")
        if isinstance(event, library.ScalarEvent):
            if event.anchor:
                anchors[event.anchor] = event.value
            put(event.value)
        elif isinstance(event, library.AliasEvent):
            put(anchors.get(event.anchor))
        elif isinstance(event, (library.MappingStartEvent, library.SequenceStartEvent)):
            if len(open_nodes) >= DEPTH:
                raise ValueError(f"nested deeper than {DEPTH}")
            container: Value = {} if isinstance(event, library.MappingStartEvent) else []
            open_nodes.append((container, event.anchor, []))
        elif isinstance(event, (library.MappingEndEvent, library.SequenceEndEvent)):
            container, anchor, _ = open_nodes.pop()
            if anchor:
                anchors[anchor] = container
            put(container)
        elif isinstance(event, library.DocumentStartEvent):
            anchors.clear()
    return documents


def ini(content: bytes) -> dict[str, dict[str, str]]:
    """Sections and their options (names in lower case) of an INI file; values may go over several lines."""
    # Imported here: see toml().
    import configparser  # noqa: PLC0415

    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string(decoded(content))
        return {name: {key: value or "" for key, value in parser.items(name)} for name in parser.sections()}
    except (configparser.Error, ValueError, AttributeError) as error:
        raise Unreadable(_words(error)) from None


def flat(value: Value) -> dict[str, Value]:
    """Every leaf by its path, `a.b.c`; a list of anything but mappings is one. Bounded, however references repeat."""
    leaves: dict[str, Value] = {}
    waiting: list[tuple[str, Value]] = [("", value)]
    steps = 0
    while waiting and steps < ENTRIES:
        steps += 1
        path, node = waiting.pop()
        if isinstance(node, dict) and len(path) < 1000 and len(waiting) < ENTRIES:
            waiting.extend((f"{path}.{key}" if path else str(key), child) for key, child in node.items())
        elif isinstance(node, list) and node and len(node) < 1000 and all(isinstance(child, dict) for child in node):
            waiting.extend((f"{path}.{_label(child, place)}", child) for place, child in enumerate(node))
        else:
            leaves[path] = node
    return leaves


def _label(entry: dict[str, Value], place: int) -> str:
    """What tells one entry of a list of mappings from another: what it is about, else its place."""
    about = next((entry[key] for key in ("module", "files", "name", "id", "path") if key in entry), place)
    return str(about)[:200]


def _words(error: BaseException) -> str:
    first = next((line for line in str(error).split("\n") if line.strip()), "")
    return "nested too deeply" if isinstance(error, RecursionError) else first.strip() or type(error).__name__
