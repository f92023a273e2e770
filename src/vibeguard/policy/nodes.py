"""YAML text to nodes that know their place, from parser events alone.

No value is ever constructed, so YAML's guesses (`no`, `1.10`, `12:30`) and its bombs (aliases, merges, tags, deep
nesting) have nothing to act on. One pass over the events of libyaml's parser builds the nodes: 8 ms of CPU for 200
rules where `yaml.compose` takes 12. Nothing recurses, so depth cannot crash it (composing 100,000 brackets with the
C loader ends in a segmentation fault).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from vibeguard.policy.problems import Problems
from vibeguard.tuples import NamedTuple

if TYPE_CHECKING:
    from yaml import MarkedYAMLError

LARGEST = 1_000_000  # bytes of one policy file
DEEPEST = 50  # nested lists and mappings
MOST_NODES = 400_000  # a file of 1 MB that is nothing but commas and brackets stays below this
_MOST_REPAIRS = 20  # YAML errors reported of one file

NodeKind = Literal["text", "list", "mapping"]


class Node(NamedTuple):
    """A scalar, a list or a mapping, with its place (from 1)."""

    kind: NodeKind
    text: str
    items: list[Any]  # of Node for a list, of (Node, Node) for a mapping
    line: int
    column: int
    style: str = ""  # of a scalar: "" plain, ' and " quoted, | and > blocks; of the others: "{" when in flow style

    @property
    def plain(self) -> bool:
        return self.kind == "text" and not self.style

    @property
    def empty(self) -> bool:
        """Nothing was written, or YAML's null."""
        return self.plain and self.text in ("", "~", "null", "Null", "NULL")


# Characters that a reader cannot see, or that end a line for some programs and not for others.
_INVISIBLE = re.compile("[\u202a-\u202e\u2066-\u2069\u2028\u2029\u0085\ufeff]|\r(?!\n)")
_NOT_TEXT = re.compile(
    r"(?:~|null|Null|NULL|yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF|=|<<|)$"
    r"|[-+]?(?:\.?[0-9][0-9_]*(?:[.:][0-9_]*)*(?:[eE][-+]?[0-9]+)?|0x[0-9a-fA-F_]+|0b[01_]+|0o?[0-7_]+)$"
    r"|[-+]?\.(?:inf|Inf|INF|nan|NaN|NAN)$|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
)


def read_nodes(raw: bytes, path: str) -> tuple[Node | None, Problems]:
    """The root node, and what is wrong so far. The root is None when nothing can be made of the bytes."""
    if len(raw) > LARGEST:
        problems = Problems(path, ())
        problems.add(0, 0, "too-large", f"{len(raw):,} bytes; a policy file has at most {LARGEST:,}")
        return None, problems
    text, problems = _decode(raw, path)
    if text is None or problems.found:
        return None, problems
    lines = list(problems.lines)
    for _ in range(_MOST_REPAIRS):
        error, root = _build(text, problems)
        if error is None:
            break
        line = _complain(error, problems)
        # Blank the value that YAML cannot read, so that what else is wrong with the file can be said too.
        repaired = _blank(lines[line - 1]) if 0 < line <= len(lines) and line not in problems.muted else None
        if line:
            problems.muted.add(line)
        if repaired is None or any(problem.code == "limit" for problem in problems.found):
            return None, problems
        lines[line - 1] = repaired
        text = "\n".join(lines)
        problems.found = [problem for problem in problems.found if problem.code == "yaml"]
    else:
        return None, problems
    return root, problems


def _decode(raw: bytes, path: str) -> tuple[str | None, Problems]:
    if raw.startswith(b"\xef\xbb\xbf"):
        raw = raw[3:]
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        problems = Problems(path, raw.decode("utf-8", "replace").split("\n"))
        line = raw.count(b"\n", 0, error.start) + 1
        column = len(raw[raw.rfind(b"\n", 0, error.start) + 1 : error.start].decode("utf-8", "replace")) + 1
        problems.add(line, column, "encoding", "this byte is not UTF-8", "save the file as UTF-8")
        return None, problems
    text = text.replace("\r\n", "\n")
    problems = Problems(path, text.split("\n"))
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        problems.add(line, 1, "encoding", "the file holds NUL characters (UTF-16?)", "save the file as UTF-8")
        return None, problems
    for match in _INVISIBLE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        column = match.start() - text.rfind("\n", 0, match.start())
        problems.add(
            line,
            column,
            "invisible-character",
            f"the character U+{ord(match[0]):04X} cannot be seen, or ends a line for some programs only",
            "remove it",
        )
        if len(problems.found) >= _MOST_REPAIRS:
            break
    return text, problems


class _Refusal(Exception):  # noqa: N818  # it never leaves this module
    """The file is beyond a limit: nothing more is read."""


def _build(text: str, problems: Problems) -> tuple[MarkedYAMLError | None, Node | None]:
    """One pass over the events; returns the YAML error that ended it, if one did."""
    import yaml  # 9 ms, which a hook with a compiled policy does not pay  # noqa: PLC0415

    parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    try:
        return None, _assemble(parser, problems)
    except yaml.MarkedYAMLError as error:
        return error, None
    except yaml.YAMLError as error:  # a character that YAML does not allow
        position = getattr(error, "position", 0) or 0
        line = text.count("\n", 0, position) + 1 if position < len(text) else 1
        problems.add(line, 1, "yaml", "a character that YAML does not allow", "remove control characters")
        return None, None
    except _Refusal:
        return None, None
    except RecursionError:  # only without libyaml
        problems.add(1, 1, "limit", f"nested more than {DEEPEST} deep")
        return None, None
    finally:
        parser.dispose()


def _assemble(parser: Any, problems: Problems) -> Node | None:
    from yaml.events import (  # noqa: PLC0415
        AliasEvent,
        DocumentStartEvent,
        MappingEndEvent,
        MappingStartEvent,
        ScalarEvent,
        SequenceEndEvent,
        SequenceStartEvent,
    )

    top: list[Any] = []
    current = top
    stack: list[list[Any]] = []
    documents = nodes = 0
    while (event := parser.get_event()) is not None:
        kind = type(event)
        if kind is ScalarEvent:
            mark = event.start_mark
            current.append(Node("text", event.value, [], mark.line + 1, mark.column + 1, event.style or ""))
            if event.anchor is not None or (event.tag is not None):
                _refuse_extras(event, problems)
        elif kind is MappingStartEvent or kind is SequenceStartEvent:
            mark = event.start_mark
            items: list[Any] = []
            current.append(
                Node(
                    "mapping" if kind is MappingStartEvent else "list",
                    "",
                    items,
                    mark.line + 1,
                    mark.column + 1,
                    "{" if event.flow_style else "",
                )
            )
            if event.anchor is not None or event.tag is not None:
                _refuse_extras(event, problems)
            stack.append(current)
            current = items
            if len(stack) > DEEPEST:
                problems.add(mark.line + 1, mark.column + 1, "limit", f"nested more than {DEEPEST} deep")
                raise _Refusal
        elif kind is MappingEndEvent:
            current = stack.pop()
            _pair(current[-1], problems)
        elif kind is SequenceEndEvent:
            current = stack.pop()
        elif kind is AliasEvent:
            mark = event.start_mark
            problems.add(
                mark.line + 1,
                mark.column + 1,
                "alias",
                f"`*{event.anchor}` is a YAML alias, which a policy does not have",
                f'quote it: `"*{event.anchor}"`',
            )
            current.append(Node("text", "", [], mark.line + 1, mark.column + 1, "'"))
        elif kind is DocumentStartEvent:
            documents += 1
            if documents > 1:
                mark = event.start_mark
                problems.add(
                    mark.line + 1,
                    mark.column + 1,
                    "several-documents",
                    "expected a mapping and nothing after it, found a second document",
                    "put everything into one document",
                )
                raise _Refusal
        nodes += 1
        if nodes > MOST_NODES:
            problems.add(1, 1, "limit", f"more than {MOST_NODES:,} values")
            raise _Refusal
    return top[0] if top else None


def _refuse_extras(event: Any, problems: Problems) -> None:
    line, column = event.start_mark.line + 1, event.start_mark.column + 1
    if event.anchor is not None:
        problems.add(
            line,
            column,
            "anchor",
            f"`&{event.anchor}` is a YAML anchor, which a policy does not have",
            "write the value out, or quote it if it begins with `&`",
        )
    if event.tag is not None:
        tag = str(event.tag).replace("tag:yaml.org,2002:", "!!")
        problems.add(
            line,
            column,
            "tag",
            f"`{tag}` is a YAML tag, which a policy does not have",
            "remove it, or quote the value if it begins with `!`",
        )


def _pair(node: Node, problems: Problems) -> None:
    """Turn the flat list of a mapping into pairs, and hold its keys to be distinct strings."""
    flat = node.items
    pairs: list[tuple[Node, Node]] = []
    seen: dict[str, int] = {}
    for at in range(0, len(flat) - 1, 2):
        key, value = flat[at], flat[at + 1]
        if key.kind != "text":
            problems.add(key.line, key.column, "key", f"a key must be a string, not a {key.kind}")
            continue
        if key.plain and key.text != "on" and _NOT_TEXT.match(key.text):  # `on` is a key of require_trailer
            if key.text == "<<":
                problems.add(
                    key.line,
                    key.column,
                    "merge",
                    "`<<` is a YAML merge key, which a policy does not have",
                    "write the keys out",
                )
            else:
                problems.add(
                    key.line,
                    key.column,
                    "key",
                    f"a key must be a string; YAML reads `{key.text}` as something else",
                    f'quote it: `"{key.text}"`',
                )
            continue
        first = seen.setdefault(key.text, key.line)
        if len(seen) == len(pairs):
            problems.add(
                key.line,
                key.column,
                "duplicate-key",
                f"`{key.text}` is already on line {first}",
                "a mapping holds a key once: merge the two"
                + (", or list both conditions under `all:`" if "." in key.text else ""),
            )
            continue
        pairs.append((key, value))
    node.items[:] = pairs


def _complain(error: MarkedYAMLError, problems: Problems) -> int:
    """Add a YAML error in its own words, with help for the pitfalls; returns its line."""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    line = min(line, len(problems.lines))
    words = error.problem or "it cannot be read as YAML"
    if line in problems.muted:
        return line
    if "expected <document start>" in words:
        words = "expected a mapping and nothing after it, found more text"
        problems.add(line, column, "several-documents", words, "put everything into one document")
        return 0
    problems.add(line, column, "yaml", words, _pitfall(problems.lines, line, column, words))
    return line


_VALUE = re.compile(r"^(\s*(?:-\s+)*(?:[^\s:#'\"{\[]+\s*:\s+|-\s+)?)(\S.*)$")
_IN_WORDS = "write it in words: `at least 50%`, `more than 70`, `between 10 and 20`"


def _pitfall(lines: Any, line: int, column: int, words: str) -> str:
    """What to write instead, for what people usually write."""
    source = lines[line - 1] if 0 < line <= len(lines) else ""
    if "\t" in source[: len(source) - len(source.lstrip())] or source[column - 1 : column] == "\t":
        return "indent with spaces: YAML does not allow tabs"
    if "'-' indicator" in words or "expected <block end>" in words or "block mapping" in words:
        return "check the indentation of this line and the one above"
    match = _VALUE.match(source)
    value = match[2].strip() if match else source.strip()
    at = source[column - 1 :].lstrip()
    # libyaml points behind the sign that it could not read, or at it.
    for start in (source[column - 2 :] if source[column - 2 : column - 1] in ("*", "&") else "", value, at):
        if start.startswith((">", "<", "=")):
            return _IN_WORDS
        if start.startswith("@"):
            return f'quote it, or leave the @ out: `"{start.split()[0].rstrip(",]}")}"`'
        if start.startswith("*"):
            return f'quote it: `"{start.split()[0].rstrip(",]}")}"`'
        if start.startswith(("%", "`", "!", "&")):
            return f"quote a value that begins with `{start[0]}`"
    if "@" in source and "cannot start any token" in words:
        return 'quote names that begin with @, or leave the @ out: `"@acme/pay"`'
    if value.startswith("{"):
        return 'quote a text that begins with a brace: `"{ai.tools} …"`'
    if "mapping values are not allowed" in words:
        return 'quote a text that holds ": ", or check the indentation of this line and the one above'
    if "block collection" in words:
        return "check the indentation of this line and the one above"
    if value[:1] in ("'", '"'):
        return "a quote inside quotes ends the text: put the other kind of quotes around it"
    if "quoted scalar" in words or "end of stream" in words:
        return "a quote or bracket is not closed"
    if "','" in words or "']'" in words or "'}'" in words:
        return "close the bracket, and separate values with commas"
    return ""


def _blank(source: str) -> str | None:
    """The line with its value taken out; None when it is not a simple `key: value` or `- value` line."""
    match = re.match(r"^(\s*(?:-\s+)*[^\s:#'\"{\[]+\s*:)\s+\S.*$|^(\s*-)\s+\S.*$", source)
    return (match[1] or match[2]) if match else None
