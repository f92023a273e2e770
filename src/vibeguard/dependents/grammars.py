"""The grammars of tree-sitter that read definitions: which nodes define something, and what of it others can use.

A new language is a row in each of these tables.
"""

from __future__ import annotations

from collections.abc import Callable

from vibeguard.tuples import NamedTuple

# Extension: (module of the grammar, its function, key of RULES).
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
    "kt": ("tree_sitter_kotlin", "language", "kotlin"),
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


class Rules(NamedTuple):
    """Node types of a grammar: definitions, and those that are looked into."""

    definitions: frozenset[str]
    containers: frozenset[str]  # definitions whose members are public names too
    wrappers: frozenset[str]  # nodes between the file and its definitions
    public: Callable[[str, str], bool]  # of a name and the text before its body
    # Whether names and modifiers are told by the types of nodes alone, not by fields.
    by_type: bool = False
    # All that a file holds beside definitions. Where something else stands, or an error, the grammar misread the file
    # and can have missed any of them. None where an error hides no more than what is around it.
    beside: frozenset[str] | None = None


def _no_underscore(name: str, _head: str) -> bool:
    return not name.startswith("_") or (name.startswith("__") and name.endswith("__"))


def _any(_name: str, _head: str) -> bool:
    """What is private has no name here: see `definitions`."""
    return True


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
    before = head.split("(", maxsplit=1)[0].split()
    return "static" not in before or "inline" in before


def _set(text: str) -> frozenset[str]:
    """Words between blanks."""
    return frozenset(text.split())


RULES: dict[str, Rules] = {
    "python": Rules(
        _set("function_definition class_definition assignment"),
        _set("class_definition"),
        _set("module block decorated_definition expression_statement if_statement try_statement else_clause"),
        _no_underscore,
    ),
    "javascript": Rules(
        _set("function_declaration generator_function_declaration class_declaration abstract_class_declaration ")
        | _set("interface_declaration type_alias_declaration enum_declaration variable_declarator export_specifier ")
        | _set("method_definition public_field_definition function_signature abstract_method_signature"),
        _set("class_declaration abstract_class_declaration"),
        _set("program export_statement lexical_declaration variable_declaration export_clause class_body"),
        _exported_member,
    ),
    "go": Rules(
        _set("function_declaration method_declaration type_spec type_alias const_spec var_spec"),
        frozenset(),
        _set("source_file type_declaration const_declaration var_declaration var_spec_list"),
        _capital,
    ),
    "java": Rules(
        _set("class_declaration interface_declaration enum_declaration record_declaration method_declaration ")
        | _set("constructor_declaration annotation_type_declaration annotation_type_element_declaration enum_constant ")
        | _set("field_declaration constant_declaration"),
        _set("class_declaration interface_declaration enum_declaration record_declaration annotation_type_declaration"),
        _set("program class_body interface_body enum_body enum_body_declarations annotation_type_body"),
        _java_public,
    ),
    "kotlin": Rules(
        _set("class_declaration object_declaration companion_object function_declaration property_declaration ")
        | _set("secondary_constructor type_alias enum_entry"),
        _set("class_declaration object_declaration companion_object"),
        _set("source_file class_body enum_class_body"),
        _any,
        by_type=True,
        beside=_set("package_header import file_annotation shebang line_comment block_comment"),
    ),
    "rust": Rules(
        _set("function_item function_signature_item struct_item enum_item trait_item type_item const_item static_item ")
        | _set("union_item mod_item associated_type"),
        _set("trait_item mod_item"),
        _set("source_file declaration_list impl_item"),
        _pub,
    ),
    "ruby": Rules(
        _set("method singleton_method class module"),
        _set("class module"),
        _set("program body_statement"),
        _no_underscore,
    ),
    "csharp": Rules(
        _set("class_declaration interface_declaration struct_declaration enum_declaration record_declaration ")
        | _set("method_declaration constructor_declaration property_declaration delegate_declaration"),
        _set("class_declaration interface_declaration struct_declaration record_declaration"),
        _set("compilation_unit namespace_declaration file_scoped_namespace_declaration declaration_list"),
        _says_public,
    ),
    "php": Rules(
        _set("function_definition class_declaration interface_declaration trait_declaration enum_declaration ")
        | _set("method_declaration"),
        _set("class_declaration interface_declaration trait_declaration enum_declaration"),
        _set("program namespace_definition compound_statement declaration_list enum_declaration_list"),
        _not_private,
    ),
}
RULES["c"] = Rules(
    _set("function_definition declaration field_declaration type_definition alias_declaration struct_specifier ")
    | _set("union_specifier class_specifier enum_specifier enumerator preproc_def preproc_function_def"),
    _set("struct_specifier union_specifier class_specifier"),
    _set("translation_unit preproc_ifdef preproc_if preproc_else preproc_elif linkage_specification declaration_list ")
    | _set("namespace_definition template_declaration"),
    _linked,
)
LITERAL = _set("assignment variable_declarator const_spec var_spec property_declaration")
