"""Conditions: from nodes to tests whose values already have the fact's own type."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from vibeguard.policy import globs
from vibeguard.policy.facts import FactSpec, fact_names, find_fact, has_paths
from vibeguard.policy.nodes import Node
from vibeguard.policy.problems import did_you_mean
from vibeguard.policy.reader import Reader
from vibeguard.policy.rules import Condition, Group, Operator, Test
from vibeguard.tuples import NamedTuple

DEEPEST = 12  # nested all, any and not
MOST_VALUES = 10_000  # of one list

_JOINS = ("all", "any", "not")
_SET_KEYS = ("any_of", "all_of", "none_of", "only")
_NUMBER = r"(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?(?: ?(%))?"
_COMPARISON = re.compile(rf"(at least|at most|more than|less than|exactly) {_NUMBER}$")
_BETWEEN = re.compile(rf"between {_NUMBER} and {_NUMBER}$")
_BARE = re.compile(_NUMBER + "$")
_SIGNS = {
    ">=": "at least",
    "=>": "at least",
    ">": "more than",
    "<=": "at most",
    "=<": "at most",
    "<": "less than",
    "==": "exactly",
    "=": "exactly",
}
_OTHER_WORDS = {
    "over": "more than",
    "above": "more than",
    "greater than": "more than",
    "under": "less than",
    "below": "less than",
    "fewer than": "less than",
    "minimum": "at least",
    "min": "at least",
    "maximum": "at most",
    "max": "at most",
    "up to": "at most",
    "atleast": "at least",
    "atmost": "at most",
    "equals": "exactly",
    "equal to": "exactly",
    "at-least": "at least",
    "at-most": "at most",
}
COUNTED = re.compile(r"^(?:(?:at least|at most|more than|less than|exactly|between)\s|[<>])")  # a set by its size
_ORDER_WORDS = ("at least", "at most", "exactly")


class Names(NamedTuple):
    """What conditions may refer to, over all layers."""

    roles: Collection[str]
    tags: Collection[str]
    windows: Collection[str]
    facts: Mapping[str, FactSpec]


def read_condition(reader: Reader, node: Node, names: Names, key: str) -> Condition | None:
    """The value of `when` or `unless` (`key`); None after a problem."""
    if node.kind != "mapping":
        found = "nothing" if node.empty else f"a {'list' if node.kind == 'list' else 'value'}"
        reader.error(
            node,
            "wrong-type",
            f"`{key}`: expected a mapping of facts, found {found}",
            "write `all:` before a list of conditions" if node.kind == "list" else "for example `ai.detected: true`",
        )
        return None
    if not node.items:
        reader.error(node, "empty", f"`{key}` has no condition", f"leave `{key}` out if none is meant")
        return None
    if key == "unless" and len(node.items) > 1:
        second = node.items[1][0]
        reader.error(
            second,
            "ambiguous-unless",
            "`unless` with more than one condition must say `all:` or `any:`",
            "put them in a list under `all:` if every one must hold, under `any:` if one is enough",
        )
    return _mapping(reader, node, names, 1)


def _mapping(reader: Reader, node: Node, names: Names, depth: int) -> Condition | None:
    """A mapping is AND."""
    if node.kind != "mapping" or not node.items:
        reader.error(node, "wrong-type", "expected a condition such as `ai.detected: true`")
        return None
    if depth > DEEPEST:
        reader.error(node, "limit", f"conditions nest at most {DEEPEST} deep")
        return None
    parts: list[Condition] = []
    for key, value in node.items:
        part = _join(reader, key, value, names, depth) if key.text in _JOINS else _fact(reader, key, value, names)
        if part is not None:
            parts.append(part)
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else Group("all", tuple(parts), node.line)


def _join(reader: Reader, key: Node, value: Node, names: Names, depth: int) -> Condition | None:
    kind = key.text
    if kind == "not" and value.kind == "list":
        reader.error(
            value,
            "wrong-type",
            "`not`: expected a mapping, found a list",
            "write `not: {any: […]}` or `not: {all: […]}`",
        )
        return None
    if value.kind not in ("list", "mapping") or not value.items:
        reader.error(
            value,
            "wrong-type",
            f"`{kind}`: expected conditions, found nothing"
            if value.kind != "text" or value.empty
            else f"`{kind}`: expected conditions, found a value",
        )
        return None
    if kind == "not":
        inner = _mapping(reader, value, names, depth + 1)
        return None if inner is None else Group("not", (inner,), key.line)
    if value.kind == "mapping":
        # The members of a mapping are the members of the join: `any: {a: …, b: …}`.
        singles = [Node("mapping", "", [pair], pair[0].line, pair[0].column) for pair in value.items]
    else:
        singles = value.items
    children = [_mapping(reader, single, names, depth + 1) for single in singles]
    kept = tuple(child for child in children if child is not None)
    if not kept:
        return None
    return Group("all" if kind == "all" else "any", kept, key.line)


def _fact(reader: Reader, key: Node, value: Node, names: Names) -> Condition | None:
    spec = find_fact(key.text, names.facts)
    if spec is None:
        _unknown_fact(reader, key, names)
        return None
    if spec.type == "yes-no":
        held = reader.yes_no(value, f"`{spec.name}`")
        return None if held is None else _test(spec, "is", (held,), str(held).lower(), value)
    if spec.type in ("number", "percent"):
        return _number(reader, value, spec)
    if spec.type == "level":
        return _level(reader, value, spec)
    return _set(reader, value, spec, names)


def _unknown_fact(reader: Reader, key: Node, names: Names) -> None:
    if key.text.startswith("x."):
        reader.error(
            key,
            "undeclared-fact",
            f"`{key.text}` is not declared",
            did_you_mean(
                key.text, names.facts, f"declare it: `facts: {{{key.text}: {{type: number, description: …}}}}`"
            ),
        )
        return
    reader.error(
        key,
        "unknown-fact",
        f"`{key.text}` is not a fact",
        did_you_mean(key.text, fact_names(names.facts) + _JOINS, "`vibeguard policy facts` lists them all"),
    )


def _test(spec: FactSpec, operator: Operator, values: tuple[str | float | bool, ...], wanted: str, node: Node) -> Test:
    return Test(spec.name, operator, values, wanted, node.line, node.column)


# -- numbers and percentages


def _number(reader: Reader, node: Node, spec: FactSpec) -> Test | None:
    example = "at least 50%" if spec.type == "percent" else "at least 50"
    if node.kind != "text":
        reader.error(
            node,
            "wrong-type",
            f"`{spec.name}` is compared with one number, not a {node.kind}",
            f"for example `{example}`, `between 10{example[11:]} and 20{example[11:]}`",
        )
        return None
    return number_test(reader, node, spec)


def number_test(reader: Reader, node: Node, spec: FactSpec, *, quiet: bool = False) -> Test | None:
    """`at least 3`, `between 10 and 20`; None when it is not one, with a problem unless `quiet`."""
    if node.style in ("|", ">"):
        if not quiet:
            reader.error(
                node,
                "wrong-number",
                f"`{spec.name}`: YAML read this as a block of text",
                "write it in words: `at least 50%`, `more than 70`, `between 10 and 20`",
            )
        return None
    text = " ".join(node.text.split())
    match = _COMPARISON.match(text)
    if match:
        if not _unit_fits(reader, node, spec, (match[4],), quiet=quiet):
            return None
        return _test(spec, match[1], (_value(match[2], match[3]),), text, node)  # type: ignore[arg-type]
    match = _BETWEEN.match(text)
    if match:
        if not _unit_fits(reader, node, spec, (match[3], match[6]), quiet=quiet):
            return None
        low, high = _value(match[1], match[2]), _value(match[4], match[5])
        if low > high:
            reader.error(
                node, "empty-range", f"`{text}` holds for no number", f"write `between {match[4]} and {match[1]}`"
            )
            return None
        return _test(spec, "between", (low, high), text, node)
    if not quiet:
        reader.error(node, "wrong-number", *_number_help(node, spec))
    return None


def _unit_fits(reader: Reader, node: Node, spec: FactSpec, units: tuple[str | None, ...], *, quiet: bool) -> bool:
    percent = spec.type == "percent"
    if percent and not units[-1]:
        if not quiet:
            reader.error(
                node, "wrong-unit", f"`{spec.name}` is a percentage, `{node.text}` has no %", f"write `{node.text}%`"
            )
        return False
    if not percent and any(units):
        if not quiet:
            reader.error(
                node,
                "wrong-unit",
                f"`{spec.name}` is a number, not a percentage",
                f"write `{node.text.replace(' %', '').replace('%', '')}`",
            )
        return False
    return True


def _value(whole: str, fraction: str | None) -> float:
    return float(whole + fraction) if fraction else int(whole)


def _number_help(node: Node, spec: FactSpec) -> tuple[str, str]:
    text = node.text.strip()
    unit = "%" if spec.type == "percent" else ""
    bare = _BARE.match(text)
    if bare:
        return (
            f"a bare number says neither at least nor at most: `{spec.name}: {text}`",
            f"write `at least {bare[1]}{bare[2] or ''}{unit}`, `at most …` or `exactly …`",
        )
    sign = re.match(r"(>=|=>|<=|=<|==|[<>=])\s*(.*)", text)
    if sign:
        rest = sign[2].rstrip("% ")
        return f"`{text}` is not in words", f"write `{_SIGNS[sign[1]]} {rest}{unit}`"
    for word, right in sorted(_OTHER_WORDS.items(), key=lambda pair: -len(pair[0])):
        if text.lower().startswith(word + " "):
            return f"`{text}` cannot be read", f"did you mean `{right}{text[len(word) :]}`?"
    if text.lower() != text and re.match("[a-z]+ [a-z]+ ", text.lower()):
        return f"`{text}` cannot be read", f"did you mean `{text.lower()}`?"
    shown = f"`{text[:60]}`" if text else "nothing"
    return (
        f"`{spec.name}` is compared with a number, found {shown}",
        f"write it in words: `at least 50{unit}`, `more than 70{unit}`, `between 10{unit} and 20{unit}`",
    )


# -- levels


def _level(reader: Reader, node: Node, spec: FactSpec) -> Test | None:
    order = " < ".join(spec.values)
    if node.kind != "text":
        reader.error(
            node,
            "wrong-type",
            f"`{spec.name}` is compared with one level, not a {node.kind}",
            f"for example `at least {spec.values[-2]}` ({order})",
        )
        return None
    text = " ".join(node.text.split())
    words = text.rpartition(" ")
    if words[0] in _ORDER_WORDS and words[2] in spec.values:
        return _test(spec, words[0], (spec.values.index(words[2]),), text, node)  # type: ignore[arg-type]
    between = re.match(r"between ([a-z]+) and ([a-z]+)$", text)
    if between and between[1] in spec.values and between[2] in spec.values:
        low, high = spec.values.index(between[1]), spec.values.index(between[2])
        if low <= high:
            return _test(spec, "between", (low, high), text, node)
    if text in spec.values:
        reader.error(
            node,
            "bare-level",
            f"a bare level says neither at least nor at most: `{spec.name}: {text}`",
            f"write `at least {text}`, `at most {text}` or `exactly {text}` ({order})",
        )
    elif words[0] in ("more than", "less than", "above", "over", "below", "under") and words[2] in spec.values:
        up = words[0] in ("more than", "above", "over")
        at = spec.values.index(words[2]) + (1 if up else -1)
        near = spec.values[min(max(at, 0), len(spec.values) - 1)]
        reader.error(
            node, "wrong-level", f"`{text}` cannot be read", f"did you mean `at {'least' if up else 'most'} {near}`?"
        )
    elif words[0] in _ORDER_WORDS:
        reader.error(
            node,
            "wrong-level",
            f"`{words[2]}` is not a level of `{spec.name}`",
            did_you_mean(words[2], spec.values, f"there are {order}"),
        )
    else:
        guesses = [f"{order_word} {level}" for order_word in _ORDER_WORDS for level in spec.values]
        reader.error(
            node,
            "wrong-level",
            f"`{spec.name}` is compared with a level, found `{text[:60]}`",
            did_you_mean(
                re.sub("^[<>=]+ *", "at least ", text), guesses, f"for example `at least {spec.values[-2]}` ({order})"
            ),
        )
    return None


# -- sets, texts and paths


def _set(reader: Reader, node: Node, spec: FactSpec, names: Names) -> Condition | None:
    if node.kind == "mapping":
        pairs = reader.mapping(node, f"`{spec.name}`", _SET_KEYS)
        if not node.items:
            reader.error(node, "empty", f"`{spec.name}` has no value")
        tests = [_words(reader, value, spec, names, key) for key, (_, value) in pairs.items()]
        kept = tuple(test for test in tests if test is not None)
        if not kept:
            return None
        return kept[0] if len(kept) == 1 else Group("all", kept, node.line)
    if spec.type != "text" and node.kind == "text":
        if node.plain and node.text in ("true", "false"):
            some = node.text == "true"
            return _test(spec, "some", (some,), "any" if some else "none", node)
        counted = number_test(reader, node, spec._replace(type="number"), quiet=True)
        if counted is not None:
            return counted
        if COUNTED.match(node.text):
            reader.error(node, "wrong-number", *_number_help(node, spec))
            return None
    return _words(reader, node, spec, names, "any_of")


def _words(reader: Reader, node: Node, spec: FactSpec, names: Names, operator: str) -> Test | None:
    found: list[str] = []
    good = True
    for word, item in reader.words(node, f"`{spec.name}`"):
        good = _word_fits(reader, item, word, spec, names) and good
        found.append(word)
    if not found or not good:
        return None
    if len(found) > MOST_VALUES:
        reader.error(node, "limit", f"`{spec.name}`: {len(found):,} values; at most {MOST_VALUES:,}")
        return None
    shown = found[0] if len(found) == 1 and operator == "any_of" else f"[{', '.join(found)}]"
    wanted = shown if operator == "any_of" else f"{operator.replace('_', ' ')} {shown}"
    return _test(spec, operator, tuple(dict.fromkeys(found)), wanted, node)  # type: ignore[arg-type]


def _word_fits(reader: Reader, node: Node, word: str, spec: FactSpec, names: Names) -> bool:
    if spec.values:
        return reader.known(
            node, word, spec.values, f"a value of `{spec.name}`", "unknown-value", "see `vibeguard policy facts`"
        )
    if spec.name == "author.roles":
        return reader.known(node, word, names.roles, "a role", "unknown-role", "name it under `people.roles`")
    if spec.name == "change.tags":
        return reader.known(node, word, names.tags, "a tag", "unknown-tag", "define it under `tags`")
    if spec.name == "time.window":
        return reader.known(node, word, names.windows, "a window", "unknown-window", "define it under `windows`")
    return glob_fits(reader, node, word) if has_paths(spec) else True


def glob_fits(reader: Reader, node: Node, pattern: str) -> bool:
    """Whether a pattern is a glob that can only be read in one way."""
    try:
        globs.compiled(pattern)
    except globs.GlobError as error:
        reader.error(node, "glob", f"`{pattern[:60]}`: {error}", error.hint)
        return False
    return True
