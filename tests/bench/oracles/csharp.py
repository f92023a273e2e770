"""Edges between C# files by C#'s own rules of name lookup over tree-sitter's syntax; a reference for the scanner.

    python -m tests.bench.oracles.csharp CHECKOUT | python -m tests.bench.oracles.compare CHECKOUT .cs

Prints a line "source" for every file it read and "source<TAB>target<TAB>what" for every edge. A name is looked up,
from the inside out, among locals, members (also inherited ones), nested types, types and namespaces of each enclosing
namespace, aliases and `using`s, with the number of type arguments counting; what it finds must be compiled into the
same project or one it references (csproj, projitems, linked files, Directory.Build.props). Framework types' members are
not known, so a property that a class inherits from one can be taken for a type. A call by a method's name counts as one
of every extension method of that name that is in scope: what type it is called on only a compiler knows. Names that
methods of the framework's own types have are left out.
"""

from __future__ import annotations

import fnmatch
import os
import posixpath
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple
from xml.etree import ElementTree

import tree_sitter_c_sharp
from tree_sitter import Language, Parser

from vibeguard.dependents.languages.csharp import FRAMEWORK

Chain = tuple[tuple[str, int], ...]  # (identifier, number of type arguments) of a dotted name

_TYPES = {"class_declaration", "struct_declaration", "interface_declaration", "enum_declaration", "record_declaration"}
_TYPES |= {"record_struct_declaration", "delegate_declaration"}
_NAMESPACES = {"namespace_declaration", "file_scoped_namespace_declaration"}
_NAMES = {"identifier", "generic_name", "qualified_name", "alias_qualified_name"}
# Parents whose children that are names are types, whatever field they stand in.
# fmt: off
_TYPE_PARENTS = {
    "base_list", "type_argument_list", "array_type", "nullable_type", "pointer_type", "ref_type", "scoped_type",
    "tuple_element", "type_parameter_constraint", "explicit_interface_specifier", "primary_constructor_base_type",
    "typeof_expression", "attribute", "type_pattern", "declaration_pattern", "recursive_pattern", "catch_declaration",
    "sizeof_expression",
}
_LOCALS = {
    "parameter", "variable_declarator", "declaration_pattern", "foreach_statement", "implicit_parameter",
    "declaration_expression", "catch_declaration", "from_clause", "let_clause", "join_clause", "recursive_pattern",
    "var_pattern", "tuple_pattern", "parenthesized_variable_designation", "local_function_statement",
    "type_parameter", "list_pattern", "query_continuation",
}
# fmt: on


class Scope(NamedTuple):
    """Where a name stands."""

    namespaces: tuple[tuple[str, int], ...]  # (namespace, index of its usings), innermost first; "" is the last
    types: tuple[str, ...]  # enclosing types' full keys, innermost first
    locals: frozenset[str]


class Using(NamedTuple):
    chain: Chain
    alias: str
    is_static: bool


class File:
    """What one file declares and names."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.usings: list[list[Using]] = [[]]
        self.global_usings: list[Using] = []
        self.types: list[str] = []
        self.namespaces: set[str] = set()
        self.members: dict[str, set[str]] = defaultdict(set)
        self.bases: dict[str, list[tuple[Chain, Scope]]] = defaultdict(list)
        self.names: set[tuple[str, Chain, Scope]] = set()
        self.extensions: set[tuple[str, str]] = set()  # (name, namespace)
        self.calls: set[str] = set()


def text(node: Any) -> str:
    found: str = node.text.decode("utf-8", "replace")
    return found


def chain_of(node: Any) -> Chain | None:
    """The parts of a dotted name of types."""
    if node.type == "identifier":
        return ((text(node), 0),)
    if node.type == "generic_name":
        arguments = next(child for child in node.children if child.type == "type_argument_list")
        count = text(arguments).count(",") + 1 if not arguments.named_children else len(arguments.named_children)
        return ((text(node.children[0]), count),)
    if node.type == "qualified_name":
        left, right = chain_of(node.named_children[0]), chain_of(node.named_children[-1])
        return left + right if left and right else None
    if node.type == "alias_qualified_name":
        right = chain_of(node.named_children[-1])
        return (("global::", 0), *right) if right and text(node.named_children[0]) == "global" else None
    if node.type == "member_access_expression":
        left, right = chain_of(node.child_by_field_name("expression")), chain_of(node.child_by_field_name("name"))
        return left + right if left and right else None
    return None


def _inside(node: Any, file: File, scope: Scope) -> Scope:
    """The scope within a namespace declaration."""
    for name, _ in chain_of(node.child_by_field_name("name")) or ():
        inner = f"{scope.namespaces[0][0]}.{name}".lstrip(".")
        file.namespaces.add(inner)
        file.usings.append([])
        scope = scope._replace(namespaces=((inner, len(file.usings) - 1), *scope.namespaces))
    return scope


def read(path: str, content: bytes, parser: Parser) -> File:
    """Walks the syntax once."""
    file = File(path)
    stack: list[tuple[Any, Scope]] = [(parser.parse(content).root_node, Scope((("", 0),), (), frozenset()))]
    while stack:
        node, scope = stack.pop()
        kind = node.type
        if kind == "using_directive":
            _use(node, file, scope)
            continue
        if kind in _NAMESPACES:
            scope = _inside(node, file, scope)
            later = [child for child in node.named_children if child != node.child_by_field_name("name")]
            stack += [(child, scope) for child in reversed(later)]
            continue
        if kind == "compilation_unit":
            # What follows a file-scoped namespace stands beside it in the syntax, and in it by the language.
            for child in node.named_children:
                if child.type == "file_scoped_namespace_declaration":
                    scope = _inside(child, file, scope)
                    rest = [part for part in child.named_children if part != child.child_by_field_name("name")]
                    stack += [(part, scope) for part in rest]
                else:
                    stack.append((child, scope))
            continue
        if kind in _TYPES:
            parameters = node.child_by_field_name("type_parameters") or next(
                (child for child in node.children if child.type == "type_parameter_list"), None
            )
            count = len(parameters.named_children) if parameters is not None else 0
            own = f"{text(node.child_by_field_name('name'))}`{count}"
            outer = scope.types[0] if scope.types else scope.namespaces[0][0]
            full = f"{outer}.{own}".lstrip(".")
            file.types.append(full)
            names = (
                {text(child.child_by_field_name("name") or child) for child in parameters.named_children}
                if parameters
                else set()
            )
            scope = Scope(scope.namespaces, (full, *scope.types), scope.locals | names)
            bases = next((child for child in node.children if child.type == "base_list"), None)
            for base in bases.named_children if bases is not None else ():
                named = base.named_children[0] if base.type == "primary_constructor_base_type" else base
                chain = chain_of(named)
                if chain:
                    file.bases[full].append((chain, scope))
            if kind.startswith("record") or any(child.type == "parameter_list" for child in node.children):
                listed = next((child for child in node.children if child.type == "parameter_list"), None)
                for parameter in listed.named_children if listed is not None else ():
                    named = parameter.child_by_field_name("name")
                    if named is not None:
                        file.members[full].add(text(named))
        elif (scope.types and node.parent is not None and node.parent.type == "declaration_list") or kind in (
            "enum_member_declaration",
            "global_statement",
        ):
            _member(node, file, scope)
            scope = scope._replace(locals=scope.locals | _locals(node))
        if kind in _NAMES or kind == "member_access_expression":
            _name(node, file, scope)
            if kind == "qualified_name" or kind == "alias_qualified_name":
                stack += [(child, scope) for child in _arguments(node)]
                continue
            if kind == "identifier":
                continue
        if kind == "invocation_expression":
            function = node.child_by_field_name("function")
            if function is not None and function.type == "conditional_access_expression":
                function = function.named_children[-1]
            if function is not None and function.type in {"member_access_expression", "member_binding_expression"}:
                file.calls.add(text(function.child_by_field_name("name")).partition("<")[0])
        stack += [(child, scope) for child in reversed(node.named_children)]
    return file


def _arguments(node: Any) -> Iterator[Any]:
    for child in node.named_children:
        if child.type == "type_argument_list":
            yield child
        else:
            yield from _arguments(child)


def _use(node: Any, file: File, scope: Scope) -> None:
    words = {child.type for child in node.children}
    alias = node.child_by_field_name("name")
    target = next((child for child in reversed(node.named_children) if child != alias and child.type in _NAMES), None)
    chain = chain_of(target) if target is not None else None
    if chain is None:
        return
    using = Using(chain, text(alias) if alias is not None else "", "static" in words)
    if "global" in words:
        file.global_usings.append(using)
    else:
        file.usings[scope.namespaces[0][1]].append(using)
    if using.is_static or using.alias:
        file.names.add(("type", chain, scope))
    for arguments in _arguments(node):
        for argument in arguments.named_children:
            inner = chain_of(argument)
            if inner:
                file.names.add(("type", inner, scope))


def _member(node: Any, file: File, scope: Scope) -> None:
    """Names that the enclosing type has by this declaration."""
    if not scope.types:
        return
    names = []
    if node.type in ("field_declaration", "event_field_declaration"):
        for child in node.named_children:
            if child.type == "variable_declaration":
                names += [
                    part.child_by_field_name("name")
                    for part in child.named_children
                    if part.type == "variable_declarator"
                ]
    else:
        names.append(node.child_by_field_name("name"))
    file.members[scope.types[0]] |= {text(name) for name in names if name is not None}
    if node.type == "method_declaration":
        parameters = node.child_by_field_name("parameters")
        first = (
            next((part for part in parameters.named_children if part.type == "parameter"), None) if parameters else None
        )
        if first is not None and any(text(part) == "this" for part in first.children):
            file.extensions.add((text(node.child_by_field_name("name")), scope.namespaces[0][0]))


def _locals(node: Any) -> set[str]:
    """Every local, parameter and type parameter declared anywhere in a member."""
    found = set()
    stack = list(node.named_children)
    while stack:
        child = stack.pop()
        if child.type in _LOCALS:
            named = child.child_by_field_name("name") or child.child_by_field_name("left")
            if named is not None:
                found.add(text(named))
            elif child.type in ("type_parameter", "implicit_parameter"):
                found.add(text(child))
        stack += child.named_children
    return found


def _name(node: Any, file: File, scope: Scope) -> None:
    parent = node.parent
    if parent is None:
        return
    field = next((parent.field_name_for_child(at) for at, child in enumerate(parent.children) if child == node), None)
    if parent.type in (
        "member_access_expression",
        "qualified_name",
        "alias_qualified_name",
        "member_binding_expression",
    ):
        return  # the whole is looked at, not its parts
    if parent.type == "generic_name":
        return
    chain = chain_of(node) if node.type != "member_access_expression" else _leading(node)
    if not chain:
        return
    if parent.type == "attribute" and field == "name":
        file.names.add(("attribute", chain, scope))
        return
    if field == "name" and parent.type != "attribute":
        return  # a declaration, or the name of an argument
    if parent.type in _TYPE_PARENTS or field in ("type", "returns", "return_type"):
        file.names.add(("type", chain, scope))
        return
    if parent.type in ("as_expression", "is_expression") and field == "right":
        file.names.add(("type", chain, scope))
        return
    if parent.type == "type_parameter_constraints_clause":
        return
    if parent.type == "invocation_expression" and field == "function" and node.type != "member_access_expression":
        return  # a method
    if (
        parent.type == "assignment_expression"
        and field == "left"
        and parent.parent is not None
        and "initializer" in parent.parent.type
    ):
        return  # a member of what is made
    if parent.type in (
        "name_colon",
        "name_equals",
        "labeled_statement",
        "goto_statement",
        "subpattern",
        "anonymous_object_creation_expression",
        "implicit_parameter",
        "type_parameter",
    ):
        return
    file.names.add(("expression", chain, scope))


def _leading(node: Any) -> Chain | None:
    """The names with which a member access starts, as far as they are names."""
    parts: list[Any] = []
    here = node
    while here.type == "member_access_expression":
        parts.append(here.child_by_field_name("name"))
        here = here.child_by_field_name("expression")
    if here.type not in _NAMES:
        return None
    first = chain_of(here)
    rest = [chain_of(part) for part in reversed(parts)]
    if first is None or not all(rest):
        return None
    return first + tuple(part for one in rest if one for part in one)


# ------------------------------------------------------------------------------------------------------- projects


class Projects:
    """Which files are compiled together, and which projects see which."""

    def __init__(self, folder: str, files: list[str]) -> None:
        self.of: dict[str, set[str]] = defaultdict(set)
        self.references: dict[str, set[str]] = defaultdict(set)
        self.usings: dict[str, list[str]] = defaultdict(list)
        names = [path for path in files if path.endswith(".csproj")]
        homes = {posixpath.dirname(path) for path in names}
        sources = [path for path in files if path.endswith(".cs")]
        for path in sources:
            home = posixpath.dirname(path)
            while home not in homes and home:
                home = posixpath.dirname(home)
            for name in names:
                if posixpath.dirname(name) == home:
                    self.of[path].add(name)
        for name in names:
            self._read(folder, name, name, sources)
            above = posixpath.dirname(name)
            while True:
                for props in ("Directory.Build.props", "Directory.Build.targets"):
                    self._read(folder, name, posixpath.join(above, props), sources)
                if not above:
                    break
                above = posixpath.dirname(above)
        self.seen = {name: self._closure(name) for name in names}

    def _read(self, folder: str, project: str, path: str, sources: list[str]) -> None:
        try:
            root = ElementTree.parse(os.path.join(folder, path)).getroot()
        except (OSError, ElementTree.ParseError):
            return
        here = posixpath.dirname(path)
        for element in root.iter():
            tag = element.tag.rpartition("}")[2]
            include = (element.get("Include") or element.get("Project") or "").replace("\\", "/")
            if tag == "Using" and element.get("Include"):
                self.usings[project].append(include)
                continue
            include = re.sub(r"\$\((MSBuildThisFileDirectory|MSBuildProjectDirectory|ProjectDir)\)/?", "", include)
            include = re.sub(r"^\$\((RepoRoot|RepositoryRoot|RootDir)\)/?", "/", include)
            target = include[1:] if include.startswith("/") else posixpath.normpath(posixpath.join(here, include))
            if tag == "ProjectReference" and include:
                self.references[project].add(target)
            elif tag == "Import" and include.endswith((".projitems", ".props", ".targets")) and path != target:
                self._read(folder, project, target, sources)
            elif tag == "Compile" and element.get("Include"):
                pattern = target.replace("**/", "*")
                for source in sources if "*" in pattern else [target]:
                    if source == target or fnmatch.fnmatchcase(source, pattern):
                        self.of[source].add(project)

    def _closure(self, name: str) -> set[str]:
        found, queue = {name}, [name]
        while queue:
            for other in self.references.get(queue.pop(), ()):
                if other not in found:
                    found.add(other)
                    queue.append(other)
        return found

    def sees(self, source: str, target: str) -> bool:
        """Whether some project that compiles the source also sees the target; what no project names, all see."""
        owners = self.of.get(source)
        if not owners:
            return True
        homes = self.of.get(target)
        return not homes or any(not self.seen.get(owner, set()).isdisjoint(homes) for owner in owners)


# ----------------------------------------------------------------------------------------------------- resolution


class Resolver:
    """C#'s lookup over all files."""

    def __init__(self, files: list[File], projects: Projects) -> None:
        self.projects = projects
        self.declared: dict[str, list[str]] = defaultdict(list)
        self.namespaces: set[str] = set()
        self.members: dict[str, set[str]] = defaultdict(set)
        self.bases: dict[str, list[tuple[File, Chain, Scope]]] = defaultdict(list)
        self.global_usings: dict[str, list[Using]] = defaultdict(list)
        self._inherited: dict[str, tuple[str, ...]] = {}
        for file in files:
            self.namespaces |= file.namespaces
            for name in file.types:
                if file.path not in self.declared[name]:
                    self.declared[name].append(file.path)
            for name, members in file.members.items():
                self.members[name] |= members
            for name, bases in file.bases.items():
                self.bases[name] += [(file, chain, scope) for chain, scope in bases]
            for project in projects.of.get(file.path, ()):
                self.global_usings[project] += file.global_usings
        for project, words in projects.usings.items():
            for word in words:
                self.global_usings[project].append(
                    Using(tuple((part, 0) for part in word.split(".")), "", is_static=False)
                )

    def files(self, name: str, source: str) -> list[str]:
        return [path for path in self.declared.get(name, ()) if self.projects.sees(source, path)]

    def lineage(self, name: str) -> tuple[str, ...]:
        """A type and the types of this repository that it inherits from."""
        if name not in self._inherited:
            self._inherited[name] = (name,)  # for a cycle
            found = [name]
            for file, chain, scope in self.bases.get(name, ()):
                outer = scope._replace(types=scope.types[1:])
                for base in self.lookup("type", chain, outer, file)[:1]:
                    found += [item for item in self.lineage(base) if item not in found]
            self._inherited[name] = tuple(found)
        return self._inherited[name]

    def lookup(self, what: str, chain: Chain, scope: Scope, file: File) -> list[str]:
        """The types that a dotted name passes through, innermost last; none when it is no type of this repository."""
        head, rest = chain[0], chain[1:]
        key = f"{head[0]}`{head[1]}"
        if head[0] == "global::":
            return self._down("", rest, file)
        if what == "expression" and head[0] in scope.locals and head[1] == 0:
            return []
        for outer in scope.types:
            for one in self.lineage(outer):
                if what == "expression" and head[1] == 0 and head[0] in self.members.get(one, ()):
                    return []
                nested = f"{one}.{key}"
                if self.files(nested, file.path):
                    return [nested, *self._nested(nested, rest, file)]
            if outer.rpartition(".")[2] == key:
                return [outer, *self._nested(outer, rest, file)]
        for namespace, at in scope.namespaces:
            full = f"{namespace}.{key}".lstrip(".")
            if self.files(full, file.path):
                return [full, *self._nested(full, rest, file)]
            inner = f"{namespace}.{head[0]}".lstrip(".")
            if head[1] == 0 and rest and inner in self.namespaces:
                return self._down(inner, rest, file)
            usings = list(file.usings[at])
            if not namespace:
                for project in sorted(self.projects.of.get(file.path, ())):
                    usings += self.global_usings.get(project, ())
            for using in usings:
                if using.alias == head[0] and head[1] == 0:
                    return self._down("", using.chain + rest, file) or self._down(namespace, using.chain + rest, file)
            for using in usings:
                if using.alias:
                    continue
                for opened in self._opened(using, namespace, file):
                    full = f"{opened}.{key}"
                    if self.files(full, file.path):
                        return [full, *self._nested(full, rest, file)]
                if using.is_static and what == "expression":
                    for opened in self._opened(using, namespace, file):
                        if head[0] in self.members.get(opened, ()):
                            return []
        return []

    def _opened(self, using: Using, namespace: str, file: File) -> list[str]:
        """What a using opens: a namespace, or a type; it may be written relative to the namespace it stands in."""
        if using.is_static:
            return self._down("", using.chain, file)[-1:]
        name = ".".join(part for part, _ in using.chain).removeprefix("global::.")
        found = []
        while namespace:
            found.append(f"{namespace}.{name}")
            namespace = namespace.rpartition(".")[0]
        return [one for one in [*found, name] if one in self.namespaces][:1]

    def in_scope(self, file: File) -> set[str]:
        """The namespaces whose extension methods a file can call."""
        found = {""}
        usings = [using for block in file.usings for using in block]
        for project in self.projects.of.get(file.path, ()):
            usings += self.global_usings.get(project, ())
        for inner in file.namespaces or {""}:
            for using in usings:
                if not using.alias and not using.is_static:
                    found.update(self._opened(using, inner, file))
            parts = inner.split(".")
            found.update(".".join(parts[:count]) for count in range(1, len(parts) + 1))
        return found

    def _down(self, namespace: str, chain: Chain, file: File) -> list[str]:
        for at, (name, count) in enumerate(chain):
            full = f"{namespace}.{name}`{count}".lstrip(".")
            if self.files(full, file.path):
                return [full, *self._nested(full, chain[at + 1 :], file)]
            namespace = f"{namespace}.{name}".lstrip(".")
            if namespace not in self.namespaces:
                return []
        return []

    def _nested(self, outer: str, chain: Chain, file: File) -> list[str]:
        found = []
        for name, count in chain:
            outer = f"{outer}.{name}`{count}"
            if not self.files(outer, file.path):
                break
            found.append(outer)
        return found


def main(folder: str) -> None:
    parser = Parser(Language(tree_sitter_c_sharp.language()))
    done = subprocess.run(["git", "ls-files"], cwd=folder, capture_output=True, text=True, check=True)
    listed = done.stdout.splitlines()
    projects = Projects(folder, listed)
    files = []
    for path in listed:
        if path.endswith(".cs") and not os.path.islink(os.path.join(folder, path)):
            with open(os.path.join(folder, path), "rb") as stream:
                files.append(read(path, stream.read().removeprefix(b"\xef\xbb\xbf"), parser))
    resolver = Resolver(files, projects)
    extending: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for file in files:
        for name, namespace in file.extensions:
            extending[name].add((namespace, file.path))
    for file in files:
        edges: dict[str, str] = {}
        for what, chain, scope in sorted(file.names, key=str):
            found = resolver.lookup(what, chain, scope, file)
            if what == "attribute":
                last, count = chain[-1]
                found = found or resolver.lookup("type", (*chain[:-1], (last + "Attribute", count)), scope, file)
            for name in found:
                if name in file.types:
                    continue  # one of its own parts: to name it says nothing about the others
                for target in resolver.files(name, file.path):
                    edges.setdefault(target, f"{what} {name}")
        spaces = resolver.in_scope(file)
        for call in sorted(file.calls - FRAMEWORK):
            for namespace, target in sorted(extending.get(call, ())):
                if namespace in spaces and projects.sees(file.path, target):
                    edges.setdefault(target, f"extension {call}")
        edges.pop(file.path, None)
        print(file.path)
        for target, why in edges.items():
            print(f"{file.path}\t{target}\t{why}")


if __name__ == "__main__":
    main(*sys.argv[1:])
