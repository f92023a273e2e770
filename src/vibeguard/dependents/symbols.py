"""Public definitions that a change removes or gives another signature, read with tree-sitter.

Only the changed files are parsed, before and after; the parser and a language's grammar are imported when the first
file of it is met. A definition's signature is its text up to its body, without comments and layout.

Cannot see: what is public by convention elsewhere (`__all__` built at run time), members added at run time, macros.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from typing import Any, NamedTuple

from vibeguard.model import Change, FileChange

MAX_BYTES = 1_000_000  # larger files are data or generated
MAX_FILES = 200
MAX_DEPTH = 6  # of definitions inside definitions

# Extension: (module of the grammar, its function, key of _RULES).
GRAMMARS: dict[str, tuple[str, str, str]] = {
    "py": ("tree_sitter_python", "language", "python"),
    "pyi": ("tree_sitter_python", "language", "python"),
    "js": ("tree_sitter_javascript", "language", "javascript"),
    "jsx": ("tree_sitter_javascript", "language", "javascript"),
    "mjs": ("tree_sitter_javascript", "language", "javascript"),
    "cjs": ("tree_sitter_javascript", "language", "javascript"),
    "ts": ("tree_sitter_typescript", "language_typescript", "javascript"),
    "mts": ("tree_sitter_typescript", "language_typescript", "javascript"),
    "cts": ("tree_sitter_typescript", "language_typescript", "javascript"),
    "tsx": ("tree_sitter_typescript", "language_tsx", "javascript"),
    "go": ("tree_sitter_go", "language", "go"),
    "java": ("tree_sitter_java", "language", "java"),
    "rs": ("tree_sitter_rust", "language", "rust"),
    "rb": ("tree_sitter_ruby", "language", "ruby"),
    "cs": ("tree_sitter_c_sharp", "language", "csharp"),
    "php": ("tree_sitter_php", "language_php", "php"),
    "c": ("tree_sitter_c", "language", "c"),
    "h": ("tree_sitter_cpp", "language", "c"),  # of either language; C++ reads nearly all of C
    **dict.fromkeys(
        ("cc", "cpp", "cxx", "hh", "hpp", "hxx", "inl", "ipp", "tpp"), ("tree_sitter_cpp", "language", "c")
    ),
}


class _Rules(NamedTuple):
    """Node types of a grammar: definitions, and those that are looked into."""

    definitions: frozenset[str]
    containers: frozenset[str]  # definitions whose members are public names too
    wrappers: frozenset[str]  # nodes between the file and its definitions
    public: Callable[[str, str], bool]  # of a name and the text before its body


def _no_underscore(name: str, _head: str) -> bool:
    return not name.startswith("_") or (name.startswith("__") and name.endswith("__"))


def _capital(name: str, _head: str) -> bool:
    return name.rpartition(".")[2][:1].isupper()


def _says_public(_name: str, head: str) -> bool:
    return "public" in head.split("(", maxsplit=1)[0].split() or "protected" in head.split("(", maxsplit=1)[0].split()


def _java_public(name: str, head: str) -> bool:
    # Annotations with arguments stand before the modifiers.
    return not {"public", "protected"}.isdisjoint(head.partition(f" {name}")[0].split())


def _not_private(_name: str, head: str) -> bool:
    return "private" not in head.split("(", maxsplit=1)[0].split()


def _pub(_name: str, head: str) -> bool:
    return head.startswith("pub")


def _exported_member(name: str, head: str) -> bool:
    return not name.startswith("#") and "private" not in head.split("(", maxsplit=1)[0].split()


def _linked(_name: str, head: str) -> bool:
    """What C gives to other files; `static inline` stands in headers for all who include them."""
    words = head.split("(", maxsplit=1)[0].split()
    return "static" not in words or "inline" in words


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_RULES: dict[str, _Rules] = {
    "python": _Rules(
        _set("function_definition class_definition assignment"),
        _set("class_definition"),
        _set("module block decorated_definition expression_statement if_statement try_statement else_clause"),
        _no_underscore,
    ),
    "javascript": _Rules(
        _set("function_declaration generator_function_declaration class_declaration abstract_class_declaration ")
        | _set("interface_declaration type_alias_declaration enum_declaration variable_declarator export_specifier ")
        | _set("method_definition public_field_definition function_signature abstract_method_signature"),
        _set("class_declaration abstract_class_declaration"),
        _set("program export_statement lexical_declaration variable_declaration export_clause class_body"),
        _exported_member,
    ),
    "go": _Rules(
        _set("function_declaration method_declaration type_spec type_alias const_spec var_spec"),
        frozenset(),
        _set("source_file type_declaration const_declaration var_declaration var_spec_list"),
        _capital,
    ),
    "java": _Rules(
        _set("class_declaration interface_declaration enum_declaration record_declaration method_declaration ")
        | _set("constructor_declaration annotation_type_declaration annotation_type_element_declaration enum_constant ")
        | _set("field_declaration constant_declaration"),
        _set("class_declaration interface_declaration enum_declaration record_declaration annotation_type_declaration"),
        _set("program class_body interface_body enum_body enum_body_declarations annotation_type_body"),
        _java_public,
    ),
    "rust": _Rules(
        _set("function_item function_signature_item struct_item enum_item trait_item type_item const_item static_item ")
        | _set("union_item mod_item associated_type"),
        _set("trait_item mod_item"),
        _set("source_file declaration_list impl_item"),
        _pub,
    ),
    "ruby": _Rules(
        _set("method singleton_method class module"),
        _set("class module"),
        _set("program body_statement"),
        _no_underscore,
    ),
    "csharp": _Rules(
        _set("class_declaration interface_declaration struct_declaration enum_declaration record_declaration ")
        | _set("method_declaration constructor_declaration property_declaration delegate_declaration"),
        _set("class_declaration interface_declaration struct_declaration record_declaration"),
        _set("compilation_unit namespace_declaration file_scoped_namespace_declaration declaration_list"),
        _says_public,
    ),
    "php": _Rules(
        _set("function_definition class_declaration interface_declaration trait_declaration enum_declaration ")
        | _set("method_declaration"),
        _set("class_declaration interface_declaration trait_declaration enum_declaration"),
        _set("program namespace_definition compound_statement declaration_list enum_declaration_list"),
        _not_private,
    ),
}
_RULES["c"] = _Rules(
    _set("function_definition declaration field_declaration type_definition alias_declaration struct_specifier ")
    | _set("union_specifier class_specifier enum_specifier enumerator preproc_def preproc_function_def"),
    _set("struct_specifier union_specifier class_specifier"),
    _set("translation_unit preproc_ifdef preproc_if preproc_else preproc_elif linkage_specification declaration_list ")
    | _set("namespace_definition template_declaration"),
    _linked,
)
_LITERAL = _set("assignment variable_declarator const_spec var_spec property_declaration")


class Symbol(NamedTuple):
    """A public definition that is no longer what it was."""

    path: str
    name: str  # qualified by what it is in: "Client.get"
    top: str  # the name that importers write: "Client"
    removed: bool  # else it has another signature


def changed_symbols(
    change: Change, read: Callable[[str], bytes | None], only: frozenset[str] | None = None
) -> tuple[tuple[Symbol, ...], str]:
    """The public symbols that a change removes or re-signs, and why that is not fully known ("" when it is).

    Args:
        read: content of a blob by its object id.
        only: paths to look at; all by default.
    """
    files = [file for file in change.files if (only is None or file.path in only) and _may_break(file)]
    if len(files) > MAX_FILES:
        return (), f"{len(files)} changed files are too many to compare their symbols"
    found: list[Symbol] = []
    unknown: list[str] = []
    # A definition that moved to another file of the change under the same name is still a removal from its module.
    for file in files:
        extension = _extension(file.path)
        before = read(file.blob_before)
        after = read(file.blob_after) if file.exists_after else b""
        if before is None or after is None or max(len(before), len(after)) > MAX_BYTES:
            unknown.append(file.path)
            continue
        try:
            old, new = definitions(before, extension), definitions(after, extension)
        except ImportError:
            return (), "the parsers (tree-sitter) are not installed"
        except (ValueError, RuntimeError, TypeError):
            unknown.append(file.path)
            continue
        for name, signatures in old.items():
            if not signatures <= new.get(name, frozenset()):
                found.append(Symbol(file.path, name, _top(name, extension), name not in new))
    words = f"symbols of {len(unknown)} files could not be compared" if unknown else ""
    return tuple(sorted(found)), words


def _top(name: str, extension: str) -> str:
    """What importers write of a qualified name: the outermost part, in Ruby the innermost constant."""
    if extension == "rb":
        constants = [part for part in name.replace("::", ".").split(".") if part[:1].isupper()]
        return constants[-1] if constants else name
    return name.partition(".")[0]


def _may_break(file: FileChange) -> bool:
    """A file that only gains lines loses no symbol and changes no signature."""
    return (
        _extension(file.path) in GRAMMARS
        and file.exists_before
        and not file.is_submodule
        and file.deleted != 0
        and file.blob_before != file.blob_after
    )


def _extension(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[2].lower()


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
    """
    rules = _RULES[GRAMMARS[extension][2]]
    found: dict[str, set[str]] = {}
    exported = GRAMMARS[extension][2] != "javascript"
    for name, signature in _walk(_parser(extension).parse(content).root_node, rules, exported=exported):
        found.setdefault(name, set()).add(signature)
    return {name: frozenset(signatures) for name, signatures in found.items()}


def _walk(root: Any, rules: _Rules, *, exported: bool) -> Iterator[tuple[str, str]]:
    # (node, prefix, exported, members say nothing and are public, depth); a stack, for hostile nesting must not end
    # the process.
    stack: list[tuple[Any, str, bool, bool, int]] = [(root, "", exported, False, 0)]
    while stack:
        node, prefix, visible, is_open, depth = stack.pop()
        for child in reversed(node.named_children):
            kind = child.type
            if kind in rules.definitions:
                name = _name(child)
                head = _head(child)
                if name is None or not (visible or kind == "export_specifier"):
                    continue
                # Constants of an enumeration are as public as that and have no modifiers.
                if not (is_open or kind == "enum_constant" or rules.public(name, head)):
                    continue
                yield f"{prefix}{name}", head
                if kind in rules.containers and depth < MAX_DEPTH:
                    body = child.child_by_field_name("body")
                    if body is not None:
                        opens = kind.startswith(("interface", "trait", "annotation"))
                        stack.append((body, f"{prefix}{name}.", True, opens, depth + 1))
            elif kind in rules.wrappers and depth < 4 * MAX_DEPTH:
                inner = prefix
                if kind == "impl_item":
                    of = child.child_by_field_name("type")
                    inner = f"{prefix}{_text(of).partition('<')[0]}." if of is not None else prefix
                if kind == "export_statement" and any(part.type == "default" for part in child.children):
                    declared = child.child_by_field_name("declaration") or child.child_by_field_name("value")
                    yield "default", _head(declared) if declared is not None else ""
                stack.append((child, inner, visible or kind == "export_statement", is_open, depth + 1))


def _name(node: Any) -> str | None:
    declarator = node.child_by_field_name("declarator")
    if declarator is not None and node.type in _DECLARING:
        return None if _is_private(node) else _declared(declarator)
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


_DECLARING = _set("function_definition declaration field_declaration type_definition constant_declaration")


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


def _is_private(node: Any) -> bool:
    """Whether a member of a C++ class is for that class alone: by the label before it, else by the kind of class."""
    body = node.parent
    if body is not None and body.type == "template_declaration":
        node, body = body, body.parent
    if body is None or body.type != "field_declaration_list":
        return False
    here = node.prev_named_sibling
    while here is not None:
        if here.type == "access_specifier":
            return _text(here).strip(" :") == "private"
        here = here.prev_named_sibling
    return body.parent is not None and body.parent.type == "class_specifier"


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
    return body


def _head(node: Any) -> str:
    """The text of a definition up to its body or value, without comments; layout and trailing commas do not count."""
    if node.type in _LITERAL:
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
    if node.type == "preproc_def":
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


def naming(symbols: Iterable[Symbol], named_by: Callable[[Mapping[str, frozenset[str]]], set[str]]) -> set[str]:
    """The files that name one of these symbols."""
    names: dict[str, set[str]] = {}
    for symbol in symbols:
        names.setdefault(symbol.path, set()).add(symbol.top)
    return named_by({path: frozenset(tops) for path, tops in names.items()})
