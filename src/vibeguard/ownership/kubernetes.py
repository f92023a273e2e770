"""OWNERS files as the Kubernetes projects keep them: one a folder, whose approvers add up towards the root.

An approver of any folder above a file may approve it, unless a folder below says `no_parent_owners` and has somebody
for the file. `filters` narrow approvers to files by Go regular expressions on the path below the folder.
OWNERS_ALIASES, at the root, names groups. Names are compared without case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from vibeguard.model import GITLINK, SYMLINK, Finding, OwnerEntry
from vibeguard.ownership import safeyaml
from vibeguard.ownership.regexps import Regexp, RegexpError
from vibeguard.ownership.rules import Rule
from vibeguard.tuples import NamedTuple

if TYPE_CHECKING:
    from vibeguard.ownership.lookup import Entry

FILE = "OWNERS"
ALIASES = "OWNERS_ALIASES"


class _Approvers(NamedTuple):
    """Approvers of one folder, for the paths below it that a filter finds (None: all of them)."""

    filter: Regexp | None
    pattern: str
    names: tuple[str, ...]
    line: int


class _Folder(NamedTuple):
    """What one OWNERS file says."""

    file: str
    approvers: tuple[_Approvers, ...]
    no_parent_owners: bool


class Owners:
    """The OWNERS files of a tree, read as look-ups need them; the reader must stay usable as long."""

    unusable = ""

    def __init__(self, read: Callable[[str], Entry | None]) -> None:
        self._read = read
        self._problems: list[Finding] = []
        self._rules: list[Rule] = []
        self._folders: dict[str, _Folder | None] = {}
        self.aliases = self._aliases()

    @property
    def rules(self) -> list[Rule]:
        """The rules of the files that were read so far."""
        return self._rules

    @property
    def problems(self) -> tuple[Finding, ...]:
        """What was wrong with the files that were read so far."""
        return tuple(self._problems)

    def decide(self, path: str) -> tuple[tuple[OwnerEntry, ...], str]:
        entries = []
        words = []
        for folder, approvers in self._for(path):
            entries.append(OwnerEntry(approvers.names, approvers.line, pattern=approvers.pattern, file=folder.file))
            words.append(f"{folder.file}:{approvers.line}")
        if not entries:
            return (), "no OWNERS file above it names an approver for it"
        return tuple(entries), f"approvers of {', '.join(words)}, from the nearest folder up"

    def leaf(self, path: str) -> tuple[str, ...]:
        """The approvers that stand nearest to a path, sorted."""
        nearest = ""
        names: set[str] = set()
        for folder, approvers in self._for(path):
            if nearest and folder.file != nearest:
                break
            nearest = folder.file
            names.update(approvers.names)
        return tuple(sorted(names))

    def group(self, path: str) -> tuple[str, ...]:
        return tuple(sorted({name for _, approvers in self._for(path) for name in approvers.names}))

    def expand(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Names with aliases replaced by their members: lower case, without `@`, each once, in order."""
        found: dict[str, None] = {}
        for name in names:
            normal = name.strip().removeprefix("@").lower()
            for member in self.aliases.get(normal, (normal,)):
                found[member] = None
        return tuple(found)

    def _for(self, path: str) -> Iterator[tuple[_Folder, _Approvers]]:
        folder = path.rpartition("/")[0]
        anybody = False
        while True:
            known = self._folder(folder)
            if known is not None:
                below = path[len(folder) + 1 :] if folder else path
                for approvers in known.approvers:
                    if approvers.names and (approvers.filter is None or approvers.filter.search(below)):
                        anybody = True
                        yield known, approvers
                if known.no_parent_owners and anybody:
                    return
            if not folder:
                return
            folder = folder.rpartition("/")[0]

    def _folder(self, folder: str) -> _Folder | None:
        if folder not in self._folders:
            file = f"{folder}/{FILE}" if folder else FILE
            self._folders[folder] = self._parsed(file)
        return self._folders[folder]

    def _document(self, file: str) -> safeyaml.Node | None:
        entry = self._read(file)
        if entry is None:
            return None
        if entry.mode in (SYMLINK, GITLINK):
            kind = "a symbolic link" if entry.mode == SYMLINK else "a submodule"
            self._report("unusable-file", file, None, f"it is {kind}, which is not followed")
            return None
        if not entry.mode.startswith("100"):
            return None  # a folder of that name
        try:
            return safeyaml.parse(entry.content)
        except safeyaml.YamlError as error:
            self._report("bad-yaml", file, error.line, f"the file is not in force: {error}")
            return None

    def _report(self, kind: str, file: str, line: int | None, text: str) -> None:
        self._problems.append(Finding(kind, file, line, text))

    def _aliases(self) -> dict[str, tuple[str, ...]]:
        document = self._document(ALIASES)
        found = document.get("aliases") if isinstance(document, safeyaml.YamlMapping) else None
        aliases: dict[str, tuple[str, ...]] = {}
        if isinstance(found, safeyaml.YamlMapping):
            for name, members in found.items:
                names = self._names(members, ALIASES, f"alias {name.value}")
                aliases[name.value.strip().lower()] = tuple(
                    dict.fromkeys(member.strip().removeprefix("@").lower() for member in names)
                )
        elif document is not None:
            self._report("bad-aliases", ALIASES, document.line, "no mapping `aliases:` in it")
        return aliases

    def _names(self, node: safeyaml.Node | None, file: str, what: str) -> tuple[str, ...]:
        if node is None or (isinstance(node, safeyaml.Text) and node.plain and node.value in ("", "~", "null")):
            return ()
        if not isinstance(node, safeyaml.YamlList):
            self._report("bad-list", file, node.line, f"{what} is no list of names; it counts as empty")
            return ()
        names = []
        for item in node.items:
            if isinstance(item, safeyaml.Text) and item.value.strip():
                names.append(item.value)
            else:
                self._report("bad-owner", file, item.line, f"{what} holds something that is no name; it is left out")
        return tuple(names)

    def _parsed(self, file: str) -> _Folder | None:
        document = self._document(file)
        if document is None:
            return None
        if not isinstance(document, safeyaml.YamlMapping):
            self._report("bad-yaml", file, document.line, "the file is not in force: no mapping")
            return None
        options = document.get("options")
        flag = options.get("no_parent_owners") if isinstance(options, safeyaml.YamlMapping) else None
        no_parents = isinstance(flag, safeyaml.Text) and flag.plain and flag.value.lower() == "true"
        return _Folder(file, tuple(self._approvers(document, file)), no_parents)

    def _approvers(self, document: safeyaml.YamlMapping, file: str) -> Iterator[_Approvers]:
        simple = any(
            _is_filled(document.get(key)) for key in ("approvers", "reviewers", "required_reviewers", "labels")
        )
        filters = document.get("filters")
        if not simple and isinstance(filters, safeyaml.YamlMapping):
            for key, section in filters.items:
                try:
                    regexp = None if key.value == ".*" else Regexp(key.value)
                except RegexpError as error:
                    self._report("bad-regexp", file, key.line, f"the filter is passed over: {error}: {key.value}")
                    continue
                if isinstance(section, safeyaml.YamlMapping):
                    yield from self._section(section, file, regexp, key.value)
                else:
                    self._report("bad-list", file, key.line, f"filter {key.value} is no mapping; it is passed over")
            return
        if isinstance(filters, safeyaml.YamlMapping):
            text = "filters do not count beside approvers or reviewers at the top"
            self._report("filters-not-in-force", file, filters.line, text)
        yield from self._section(document, file, None, "")

    def _section(
        self, section: safeyaml.YamlMapping, file: str, regexp: Regexp | None, pattern: str
    ) -> Iterator[_Approvers]:
        node = section.get("approvers")
        if node is None:
            return
        names = self.expand(self._names(node, file, "approvers"))
        line = next((key.line for key, value in section.items if value is node), node.line)
        self._rules.append(Rule(len(self._rules), line, 1, pattern or file.removesuffix(FILE), names))
        yield _Approvers(regexp, pattern or file.removesuffix(FILE), names, line)


def _is_filled(node: safeyaml.Node | None) -> bool:
    return node is not None and (not isinstance(node, safeyaml.YamlList) or bool(node.items))
