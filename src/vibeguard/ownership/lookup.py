"""Whom a path belongs to: finds the ownership file of a tree, chooses its dialect, and answers for paths.

Nothing here starts git or opens a file: the caller hands in how to read an entry of the tree that judges (the base
of a range, HEAD on a laptop). What is there but is no plain file is reported and never followed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple, get_args

from vibeguard.errors import CONFIG, VibeguardError
from vibeguard.model import GITLINK, SYMLINK, Finding, Owner
from vibeguard.ownership import github
from vibeguard.ownership.rules import Rule, Table

Dialect = Literal["github"]
DIALECTS: tuple[Dialect, ...] = get_args(Dialect)


class Entry(NamedTuple):
    """One file of a tree: its six octal digits of mode, and its bytes."""

    mode: str
    content: bytes


Read = Callable[[str], Entry | None]


class Ownership:
    """Answers whose a path is, by one dialect and one file.

    Attributes:
        dialect: whose rules are followed.
        file: path of the ownership file in the tree, or None where there is none.
        exists: whether there is an ownership file, be it usable or not.
        unusable: why its rules are not in force (a symlink, too large, binary); "" when they are.
        problems: what is wrong with it, each with its kind and line.
    """

    def __init__(
        self,
        dialect: Dialect,
        file: str | None,
        table: Table | None,
        *,
        unusable: str = "",
        problems: tuple[Finding, ...] = (),
    ) -> None:
        self.dialect = dialect
        self.file = file
        self.exists = file is not None
        self.unusable = unusable
        self.problems = problems
        self._table = table

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules in the order of the file."""
        return () if self._table is None else tuple(self._table.rules)

    def of(self, path: str) -> Owner:
        """Who owns a path, which line says so, and why."""
        if self._table is None:
            return Owner(path, (), file=self.file, why=self.unusable or "there is no ownership file")
        entries = self._table.entries(path)
        if len(entries) == 1:
            owners = entries[0].owners
        else:
            owners = tuple(dict.fromkeys(owner for entry in entries for owner in entry.owners))
        # With several entries no single line decides; the first stands for the file, all are in `entries`.
        line, section = (entries[0].line, entries[0].section) if entries else (None, None)
        return Owner(path, owners, entries, self.file, line, section, self._table.why(entries))

    def group_of(self, path: str) -> tuple[str, ...]:
        """The owner group of a path: its distinct owners, sorted. Equal groups are equal tuples; () is nobody."""
        return () if self._table is None else self._table.group(path)


def load(read: Read, *, dialect: str | None = None, remote_host: str | None = None) -> Ownership:  # noqa: ARG001
    """The ownership of a tree.

    Args:
        read: gives the entry at a path of the tree, or None where there is none.
        dialect: what the policy says (`ownership.dialect`); it decides.
        remote_host: host of the remote, which decides where the file's place does not.

    Raises:
        VibeguardError: CONFIG, for a dialect that does not exist.
    """
    if dialect is not None and dialect not in DIALECTS:
        raise VibeguardError(CONFIG, f"unknown ownership dialect {dialect}", hint=f"one of: {', '.join(DIALECTS)}")
    for path in github.LOCATIONS:
        entry = read(path)
        if entry is not None:
            return parse(entry, path, "github")
    return Ownership("github", None, None)


def parse(entry: Entry, file: str, dialect: Dialect) -> Ownership:
    """The ownership that one file states, in a known dialect."""
    unusable = _not_a_file(entry) or _too_large(entry)
    if not unusable:
        table = github.Codeowners(entry.content, file)
        if not table.unusable:
            return Ownership(dialect, file, table, problems=table.problems)
        unusable = table.unusable
    text = f"{file} is not in force: {unusable}"
    return Ownership(dialect, file, None, unusable=text, problems=(Finding("unusable-file", file, None, text),))


def _not_a_file(entry: Entry) -> str:
    if entry.mode == SYMLINK:
        return "it is a symbolic link, which is not followed"
    if entry.mode == GITLINK:
        return "it is a submodule"
    return "" if entry.mode.startswith("100") else f"it is no plain file (mode {entry.mode})"


def _too_large(entry: Entry) -> str:
    size = len(entry.content)
    return (
        f"it has {size:,} bytes, and GitHub loads less than {github.LIMIT_BYTES:,}"
        if size >= github.LIMIT_BYTES
        else ""
    )
