"""Public definitions that a change removes or gives another signature, read with tree-sitter.

Only the changed files are parsed, before and after.

Cannot see: what is public by convention elsewhere (`__all__` built at run time), members added at run time, macros.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from vibeguard.dependents.definitions import definitions
from vibeguard.dependents.grammars import GRAMMARS
from vibeguard.model import Change, FileChange
from vibeguard.tuples import NamedTuple

MAX_BYTES = 1_000_000  # larger files are data or generated
MAX_FILES = 200


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


def naming(symbols: Iterable[Symbol], named_by: Callable[[Mapping[str, frozenset[str]]], set[str]]) -> set[str]:
    """The files that name one of these symbols."""
    names: dict[str, set[str]] = {}
    for symbol in symbols:
        names.setdefault(symbol.path, set()).add(symbol.top)
    return named_by({path: frozenset(tops) for path, tops in names.items()})
