"""Makefiles that include others.

Cannot see: names made of variables, makefiles that are run in other folders, generated dependency files.
"""

from __future__ import annotations

import re
from functools import cache

from vibeguard.dependents.facts import Edge, Facts, Import, Links, one_edge_a_target
from vibeguard.dependents.languages.text import Lines, text
from vibeguard.dependents.project import Project, fits, join, parents
from vibeguard.patterns import compiled

# Paths lead to files by themselves.
BY_NAME = False


@cache
def _pattern() -> re.Pattern[bytes]:
    # A line that starts with a tab belongs to a recipe.
    return compiled(rb"^[ ]*+(-|s)?include[ \t]++((?:[^\n#\\]|\\\r?\n|\\)*+)", re.M)


def scan(content: bytes) -> Facts:
    """Included files; of those that may be missing it is said so."""
    lines = Lines(content)
    found = []
    for match in _pattern().finditer(content) if b"include" in content else ():
        line = lines.at(match.start())
        how = "may " if match.group(1) else "must "
        # $(CURDIR) is where make runs, as a name without a folder is.
        words = (
            re.sub(rb"\$[({]CURDIR[)}]/", b"", match.group(2)).replace(b"\\\r\n", b" ").replace(b"\\\n", b" ").split()
        )
        found += [
            Import(how + text(word), "import", (), line) for word in words if b"(" not in word and b"$" not in word
        ]
        if not match.group(1) and any(b"$" in word for word in words):
            found.append(Import("made", "import", (), line))
    return Facts(tuple(found))


def offers(path: str, _project: Project) -> set[str]:
    """A file is looked for under its name, and by patterns in its folder."""
    folder, _, name = path.rpartition("/")
    return {name, f"{folder.rpartition('/')[2]}/"}


def resolve(facts: Facts, importer: str, project: Project) -> Links:
    """The files that are included: from the makefile's folder, else from the nearest above where make may run."""
    edges: list[Edge] = []
    unresolved: list[tuple[str, int]] = []
    wanted: set[str] = set()
    folder = importer.rpartition("/")[0]
    for item in facts.imports:
        how, _, where = item.specifier.partition(" ")
        if how == "made":
            unresolved.append(("include $(…)", item.line))
            continue
        places = [path for home in (folder, *parents(folder)) if (path := join(home, where)) is not None]
        if "*" in where:
            head, _, name = places[0].rpartition("/") if places else ("", "", "")
            wanted.add(f"{head.rpartition('/')[2]}/")
            hits = [f"{head}/{one}" if head else one for one in project.folders.get(head, ()) if fits(one, name)]
        else:
            wanted.add(where.rpartition("/")[2])
            hits = [path for path in places if path in project.files][:1]
            if not hits and how == "must":
                unresolved.append((where, item.line))
        edges += [Edge(hit, "import", (), item.line) for hit in sorted(hits)]
    return Links(one_edge_a_target(edges, importer), tuple(unresolved), frozenset(wanted))
