"""The public definitions of a source file with their signatures, read with tree-sitter.

The parser and a language's grammar are imported when the first file of it is met. A definition's signature is its text
up to its body, without comments and layout.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from typing import Any

from vibeguard.dependents.grammars import GRAMMARS, LITERAL, RULES, Rules
from vibeguard.tuples import NamedTuple

MAX_DEPTH = 6  # of definitions inside definitions

_parsers: dict[str, Any] = {}  # by extension; a parser is costly to set up and safe to use again


def _parser(extension: str) -> Any:
    if extension not in _parsers:
        # 8 ms, and only where code lost lines.
        from tree_sitter import Language, Parser  # noqa: PLC0415

        module, function, _ = GRAMMARS[extension]
        _parsers[extension] = Parser(Language(getattr(_binding(module), function)()))
    return _parsers[extension]


def _binding(package: str) -> Any:
    """A grammar's compiled module, without its package's `__init__`: that one loads pathlib and more for its queries.

    Raises:
        ImportError: it is not installed.
    """
    home = PathFinder.find_spec(package)
    spec = PathFinder.find_spec(f"{package}._binding", home.submodule_search_locations if home is not None else None)
    if spec is None or spec.loader is None:
        raise ImportError(package)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def definitions(content: bytes, extension: str) -> dict[str, frozenset[str]]:
    """The signatures of each public definition of a file, by qualified name.

    Raises:
        ImportError: the parser or the grammar is not installed.
        ValueError: the grammar cannot read the file, and definitions would be missed.
    """
    rules = RULES[GRAMMARS[extension][2]]
    found: dict[str, set[str]] = {}
    exported = GRAMMARS[extension][2] != "javascript"
    root = _parser(extension).parse(content).root_node
    if rules.beside is not None:
        known = rules.beside | rules.definitions
        if root.has_error or any(child.type not in known for child in root.named_children):
            raise ValueError("syntax")
    for name, signature in _walk(root, rules, exported=exported):
        found.setdefault(name, set()).add(signature)
    return {name: frozenset(signatures) for name, signatures in found.items()}


class _Place(NamedTuple):
    """A node whose children are to be looked at."""

    node: Any
    prefix: str = ""
    exported: bool = True
    is_open: bool = False  # members say nothing and are public
    hidden: bool = False  # C++ members are private, until a label says otherwise
    depth: int = 0


def _walk(root: Any, rules: Rules, *, exported: bool) -> Iterator[tuple[str, str]]:
    # A stack, for hostile nesting must not end the process.
    stack = [_Place(root, exported=exported)]
    while stack:
        node, prefix, visible, is_open, hidden, depth = stack.pop()
        for child in node.named_children:
            kind = child.type
            if kind == "access_specifier":
                hidden = _text(child).strip(" :") == "private"
            elif kind in rules.definitions:
                name = _name_by_type(child) if rules.by_type else _name(child, hidden=hidden)
                head = _head(child)
                if name is None or not (visible or kind == "export_specifier"):
                    continue
                # Constants of an enumeration are as public as that and have no modifiers.
                if not (is_open or kind == "enum_constant" or rules.public(name, head)):
                    continue
                yield f"{prefix}{name}", head
                if kind in rules.containers and depth < MAX_DEPTH:
                    body = child.child_by_field_name("body") or _last(child, "class_body", "enum_class_body")
                    if body is not None:
                        opens = kind.startswith(("interface", "trait", "annotation"))
                        closed = kind == "class_specifier"
                        inner = f"{prefix}{name}."
                        stack.append(_Place(body, inner, is_open=opens, hidden=closed, depth=depth + 1))
            elif kind in rules.wrappers and depth < 4 * MAX_DEPTH:
                inner = prefix
                if kind == "impl_item":
                    of = child.child_by_field_name("type")
                    inner = f"{prefix}{_text(of).partition('<')[0]}." if of is not None else prefix
                if kind == "export_statement" and any(part.type == "default" for part in child.children):
                    declared = child.child_by_field_name("declaration") or child.child_by_field_name("value")
                    yield "default", _head(declared) if declared is not None else ""
                shown = visible or kind == "export_statement"
                stack.append(_Place(child, inner, shown, is_open, hidden, depth + 1))


def _name(node: Any, *, hidden: bool) -> str | None:
    declarator = node.child_by_field_name("declarator")
    if declarator is not None and node.type in _DECLARING:
        return None if hidden else _declared(declarator)
    for field in ("name", "left", "alias"):
        found = node.child_by_field_name(field)
        if found is not None:
            alias = node.child_by_field_name("alias")
            found = alias if alias is not None else found
            text = _text(found)
            if field == "left" and not text.isidentifier():
                return None
            receiver = node.child_by_field_name("receiver")
            if receiver is not None and node.type == "method_declaration":
                owner = _text(receiver).strip("()").split()[-1:] or [""]
                return f"{owner[0].lstrip('*').partition('[')[0]}.{text}"
            return text
    return None


_DECLARING = frozenset(
    ("function_definition", "declaration", "field_declaration", "type_definition", "constant_declaration")
)


def _declared(node: Any) -> str | None:
    """The name inside a C declarator: `*f(int)` declares f."""
    if node.type == "variable_declarator":  # Java's
        node = node.child_by_field_name("name")
    for _ in range(MAX_DEPTH * 4):
        inner = node.child_by_field_name("declarator")
        if inner is None and node.type in ("parenthesized_declarator", "reference_declarator", "attributed_declarator"):
            inner = next(iter(node.named_children), None)
        if inner is None:
            return _squeezed(_text(node)) or None
        node = inner
    return None


def _name_by_type(node: Any) -> str | None:
    """The name of a Kotlin definition, None where it is private."""
    modifiers = _last(node, "modifiers")
    if modifiers is not None and any(_text(child) == "private" for child in modifiers.named_children):
        return None
    if node.type == "secondary_constructor":
        return "constructor"
    inside = _last(node, "variable_declaration") or node
    found = node.child_by_field_name("name") or node.child_by_field_name("type") or _last(inside, "identifier")
    if found is None:
        return "Companion" if node.type == "companion_object" else None
    return _text(found).strip("`")


def _last(node: Any, *kinds: str) -> Any:
    """The last child of one of these types, None where there is none."""
    return next((child for child in reversed(node.named_children) if child.type in kinds), None)


def _text(node: Any) -> str:
    raw: bytes = node.text or b""
    return raw.decode("utf-8", "replace")


def _is_valued(node: Any) -> bool:
    """Whether this is a Rust constant or a Java field: what stands before its value tells who sees it."""
    declarator = node.child_by_field_name("declarator")
    return node.type in ("const_item", "static_item") or (
        declarator is not None and declarator.type == "variable_declarator"
    )


def _body(node: Any) -> Any:
    """What is no part of a definition's signature; None where all of it is."""
    if _is_valued(node):
        return (node.child_by_field_name("declarator") or node).child_by_field_name("value")
    body = node.child_by_field_name("body")
    if node.type in ("declaration", "preproc_function_def"):
        valued = next((child for child in node.children if child.type == "init_declarator"), node)
        body = valued.child_by_field_name("value")
    if body is None and node.type in ("method", "singleton_method", "class", "module"):
        body = node.child(node.child_count - 1)  # Ruby's empty ones have no body, but always an `end`
    if body is None:  # Kotlin's
        is_property = node.type == "property_declaration"
        kinds = {*_BODIES, "="} if is_property else _BODIES
        body = next((child for child in node.children if child.type in kinds), None)
    return body


_BODIES = frozenset(
    ("function_body", "class_body", "enum_class_body", "block", "getter", "setter", "property_delegate")
)


def _head(node: Any) -> str:
    """The text of a definition up to its body or value, without comments; layout and trailing commas do not count."""
    if node.type in LITERAL and _last(node, "variable_declaration") is None:
        typed = node.child_by_field_name("type")
        value = node.child_by_field_name("value")
        if value is not None and value.type in ("arrow_function", "function_expression"):
            node = value
        elif node.type == "property_declaration":
            return _squeezed(_text(node).partition("{")[0].partition("=")[0])
        else:
            return _squeezed(_text(typed)) if typed is not None else ""
    if node.type in ("type_spec", "type_alias"):
        # Fields that come are no break, and those that go are found where they are used, not here.
        return _squeezed(_text(node).partition("{")[0])
    if node.type in ("preproc_def", "enum_entry"):
        return ""
    body = _body(node)
    end = body.start_byte if body is not None else node.end_byte
    parts = []
    stack = [node]
    while stack:
        here = stack.pop()
        if here.start_byte >= end or here.type in ("comment", "line_comment", "block_comment"):
            continue
        if here.child_count == 0:
            parts.append(_text(here))
        else:
            stack.extend(reversed(here.children))
    head = _squeezed(" ".join(parts))
    return head.rstrip(" =;") if _is_valued(node) else head


def _squeezed(text: str) -> str:
    return " ".join(text.split()).replace(" , )", " )").replace(" , ]", " ]").rstrip(" :{")
