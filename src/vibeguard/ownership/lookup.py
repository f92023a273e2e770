"""Whom a path belongs to: finds the ownership file of a tree, chooses its dialect, and answers for paths.

Nothing here starts git or opens a file: the caller hands in how to read an entry of the tree that judges (the base
of a range, HEAD on a laptop). What is there but is no plain file is reported and never followed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from vibeguard.errors import CONFIG, VibeguardError
from vibeguard.model import GITLINK, SYMLINK, Finding, Owner

if TYPE_CHECKING:  # what only the type checker reads costs no hook anything
    from collections.abc import Callable
    from typing import Literal

    from vibeguard.ownership.rules import Rule, Table

    Dialect = Literal["github", "gitlab", "gitea", "kubernetes"]
    Read = Callable[[str], "Entry | None"]

DIALECTS: tuple[Dialect, ...] = ("github", "gitlab", "gitea", "kubernetes")
_SAME_AS = {"forgejo": "gitea", "prow": "kubernetes"}

# Places of each dialect, first found wins. They stand here so that no front end is imported to look for its file.
LOCATIONS: dict[Dialect, tuple[str, ...]] = {
    "github": (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"),
    "gitlab": ("CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"),
    "gitea": ("CODEOWNERS", "docs/CODEOWNERS", ".gitea/CODEOWNERS", ".forgejo/CODEOWNERS"),
    "kubernetes": ("OWNERS", "OWNERS_ALIASES"),
}
_FILES = frozenset(place for places in LOCATIONS.values() for place in places)
# Places that only one forge looks at.
_TELLING: dict[str, Dialect] = {
    ".github/CODEOWNERS": "github",
    ".gitlab/CODEOWNERS": "gitlab",
    ".gitea/CODEOWNERS": "gitea",
    ".forgejo/CODEOWNERS": "gitea",
}
_SHARED = ("CODEOWNERS", "docs/CODEOWNERS")
_UNSUPPORTED = {".bitbucket/CODEOWNERS": "Bitbucket"}
# What a host is called where it is not the vendor's own: gitlab.example.com, git.forgejo.example.
_HOSTS: tuple[tuple[str, Dialect], ...] = (
    ("github", "github"),
    ("gitlab", "gitlab"),
    ("gitea", "gitea"),
    ("forgejo", "gitea"),
    ("codeberg", "gitea"),
)

# "CODEOWNERS files must be under 3 MB": at the limit GitHub does not load the file. The others state no limit; theirs
# is ours, against files that are no ownership files.
LIMITS: dict[Dialect, int] = {"github": 3 * 1024 * 1024, "gitlab": 10_000_000, "gitea": 10_000_000}


class Entry:
    """One file of a tree: its six octal digits of mode, and its bytes. Not a named tuple, which would cost 0.2 ms."""

    __slots__ = ("content", "mode")

    def __init__(self, mode: str, content: bytes) -> None:
        self.mode = mode
        self.content = content


class Ownership:
    """Answers whose a path is, by one dialect.

    Attributes:
        dialect: whose rules are followed.
        file: path of the ownership file in the tree, or None where there is none. Kubernetes has one a folder; then
            it is the root's.
        exists: whether there is an ownership file, be it usable or not.
        unusable: why its rules are not in force (a symlink, too large, binary); "" when they are.
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
        self._problems = problems
        self._table = table

    @property
    def problems(self) -> tuple[Finding, ...]:
        """What is wrong with the file, each with its kind and line."""
        return self._problems if self._table is None else (*self._problems, *self._table.problems)

    @property
    def notice(self) -> str:
        """What is wrong with the file, in one line; "" when nothing is."""
        problems = self.problems
        if self.unusable or not problems:
            return self.unusable
        first = problems[0]
        place = f"{first.path}:{first.line}: " if first.line is not None else ""
        more = f" ({len(problems) - 1} more: vibeguard owners lint)" if len(problems) > 1 else ""
        return f"{place}{first.text}{more}"

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules in the order of the file."""
        return () if self._table is None else tuple(self._table.rules)

    def of(self, path: str) -> Owner:
        """Who owns a path, which line says so, and why."""
        if self._table is None:
            return Owner(path, (), file=self.file, why=self.unusable or "there is no ownership file")
        entries, why = self._table.decide(path)
        if len(entries) == 1:
            owners = entries[0].owners
        else:
            owners = tuple(dict.fromkeys(owner for entry in entries for owner in entry.owners))
        if not entries:
            return Owner(path, owners, (), self.file, why=why)
        # With several entries no single line decides; the first stands for the path, all are in `entries`.
        first = entries[0]
        return Owner(path, owners, entries, first.file or self.file, first.line, first.section, why)

    def group_of(self, path: str) -> tuple[str, ...]:
        """The owner group of a path: its distinct owners, sorted. Equal groups are equal tuples; () is nobody."""
        return () if self._table is None else self._table.group(path)

    def count_groups(self, paths: Iterable[str]) -> Counter[tuple[str, ...]]:
        """How many of these paths, each counted once, every owner group has."""
        # Of the dialects only GitHub's has a quicker way than one by one.
        count: Callable[[Iterable[str]], Counter[tuple[str, ...]]] | None = getattr(self._table, "count", None)
        return Counter(map(self.group_of, set(paths))) if count is None else count(paths)


def load(read: Read, *, dialect: str | None = None, remote_host: str | None = None) -> Ownership:
    """The ownership of a tree.

    The dialect is the policy's; else that of the file's place, if it tells one forge; else that of the remote's
    host; else GitHub's. OWNERS files are followed without being asked for only where no CODEOWNERS is.

    Args:
        read: gives the entry at a path of the tree, or None where there is none. For Kubernetes it must stay usable
            as long as the answer is: OWNERS files are read when a look-up needs them.
        dialect: what the policy says (`ownership.dialect`).
        remote_host: host of the remote.

    Raises:
        VibeguardError: CONFIG, for a dialect that does not exist.
    """
    if dialect is not None:
        chosen = dialect_named(dialect)
        if chosen == "kubernetes":
            return _kubernetes(read)
        found = _first(read, LOCATIONS[chosen])
        return Ownership(chosen, None, None) if found is None else parse(found[1], found[0], chosen)
    entries = {path: entry for path in (*_TELLING, *_SHARED) if (entry := read(path)) is not None}
    told = {_TELLING[path] for path in entries if path in _TELLING}
    by_host = _of_host(remote_host)
    # A file in a shared place is the host's, whatever another forge's folder holds beside it.
    hosted = by_host is not None and _first(entries.get, LOCATIONS[by_host]) is not None
    chosen = told.pop() if len(told) == 1 and not hosted else by_host or "github"
    found = _first(entries.get, LOCATIONS[chosen])
    if found is not None:
        return parse(found[1], found[0], chosen)
    if not entries and _looks_like_owners(read("OWNERS")):
        return _kubernetes(read)
    problems = tuple(_unread(path, _TELLING[path]) for path in entries)
    unsupported = _first(read, tuple(_UNSUPPORTED))
    if unsupported is not None:
        problems = (*problems, _unread(unsupported[0], _UNSUPPORTED[unsupported[0]]))
    return Ownership(chosen, None, None, problems=problems)


def is_ownership_file(path: str, dialect: Dialect) -> bool:
    """Whether some forge takes a path for an ownership file. Every folder may have one for Kubernetes."""
    return path in _FILES or path in _UNSUPPORTED or (dialect == "kubernetes" and path.endswith("/OWNERS"))


def dialect_named(name: str) -> Dialect:
    """The dialect of that name, also by its second name (forgejo, prow).

    Raises:
        VibeguardError: CONFIG, for any other.
    """
    known = _SAME_AS.get(name, name)
    if known not in DIALECTS:
        names = ", ".join((*DIALECTS, *_SAME_AS))
        raise VibeguardError(CONFIG, f"unknown ownership dialect {name}", hint=f"one of: {names}")
    return known


def parse(entry: Entry, file: str, dialect: Dialect) -> Ownership:
    """The ownership that one CODEOWNERS file states, in a known dialect."""
    unusable = _not_a_file(entry) or _too_large(entry, dialect)
    if not unusable:
        table = _table(entry.content, file, dialect)
        if not table.unusable:
            return Ownership(dialect, file, table)
        unusable = table.unusable
    text = f"{file} is not in force: {unusable}"
    return Ownership(dialect, file, None, unusable=text, problems=(Finding("unusable-file", file, None, text),))


def _table(content: bytes, file: str, dialect: Dialect) -> Table:
    # A hook pays for the one front end that it needs.
    if dialect == "gitlab":
        from vibeguard.ownership import gitlab  # noqa: PLC0415

        return gitlab.Codeowners(content, file)
    if dialect == "gitea":
        from vibeguard.ownership import gitea  # noqa: PLC0415

        return gitea.Codeowners(content, file)
    from vibeguard.ownership import github  # noqa: PLC0415

    return github.Codeowners(content, file)


def _kubernetes(read: Read) -> Ownership:
    from vibeguard.ownership import kubernetes  # noqa: PLC0415

    # Folders may have OWNERS where the root has none: whoever chose this dialect says that there are some.
    return Ownership("kubernetes", kubernetes.FILE, kubernetes.Owners(read))


def _first(read: Read, places: tuple[str, ...]) -> tuple[str, Entry] | None:
    for path in places:
        entry = read(path)
        if entry is not None:
            return path, entry
    return None


def _of_host(host: str | None) -> Dialect | None:
    labels = (host or "").lower().split(".")
    return next((dialect for word, dialect in _HOSTS if any(word in label for label in labels)), None)


def _looks_like_owners(entry: Entry | None) -> bool:
    """Chromium's and others' files of that name are no YAML with these keys."""
    return entry is not None and any(
        line.startswith((b"approvers:", b"reviewers:", b"filters:")) for line in entry.content.split(b"\n")
    )


def _unread(path: str, whose: str) -> Finding:
    return Finding("unread-file", path, None, f"{path} is not read: only {whose} looks there; set `ownership.dialect`")


def _not_a_file(entry: Entry) -> str:
    if entry.mode == SYMLINK:
        return "it is a symbolic link, which is not followed"
    if entry.mode == GITLINK:
        return "it is a submodule"
    return "" if entry.mode.startswith("100") else f"it is no plain file (mode {entry.mode})"


def _too_large(entry: Entry, dialect: Dialect) -> str:
    size, limit = len(entry.content), LIMITS[dialect]
    if size < limit:
        return ""
    who = "GitHub loads less than" if dialect == "github" else "read are less than"
    return f"it has {size:,} bytes, and {who} {limit:,}"
