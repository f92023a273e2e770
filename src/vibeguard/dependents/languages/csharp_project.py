"""MSBuild's side of C#: which project a file belongs to, and what project files reference and open."""

from __future__ import annotations

from collections.abc import Iterator

from vibeguard.dependents.languages.text import text
from vibeguard.dependents.project import Project, join
from vibeguard.patterns import compiled

_REFERENCE = compiled(
    rb"<(ProjectReference|Using|Import)\b[^>]*?\b(?:Include|Project)[ \t]*=[ \t]*[\"']([^\"']++)[\"']"
)
_THIS_FOLDER = compiled(r"^\$\((?:MSBuildThisFileDirectory|MSBuildProjectDirectory)\)/?")
MAX_IMPORTED = 100  # build files that one project file imports; real ones have a dozen


def read_project(path: str, project: Project) -> tuple[set[str], list[str]]:
    """Folders of the projects that a project file references, and the namespaces it opens in all its files.

    What it imports is read too, whatever the condition: what it opens too much holds no name that is looked for.
    """
    found: set[str] = set()
    usings: list[str] = []
    queue = [path]
    above = path.rpartition("/")[0]
    queue += [f"{folder}/{name}".lstrip("/") for folder in (*_folders(above), "") for name in _IMPLIED]
    read: set[str] = set()
    while queue and len(read) < MAX_IMPORTED:
        here = queue.pop()
        if here in read or here not in project.files:
            continue
        read.add(here)
        content = project.read(here) or b""
        folder = here.rpartition("/")[0]
        for tag, raw in _REFERENCE.findall(content):
            include = _THIS_FOLDER.sub("", text(raw).replace("\\", "/"))
            target = None if "$" in include else join(folder, include)
            if tag == b"Using":
                usings.append(include)
            elif target is not None and tag == b"Import":
                queue.append(target)
            elif target is not None:
                found.add(target.rpartition("/")[0])
    return found, usings


_IMPLIED = ("Directory.Build.props", "Directory.Build.targets")


def _folders(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]


def project_files(project: Project) -> tuple[str, ...]:
    """The project files, sorted."""
    kept: tuple[str, ...] | None = project.kept.get("csharp.projects")
    if kept is None:
        kept = tuple(sorted([path for path in project.files if path.endswith(".csproj")]))
        project.kept["csharp.projects"] = kept
    return kept


def project_folder(path: str, project: Project) -> str:
    """The nearest folder above that holds a project file."""
    known: dict[str, str] | None = project.kept.get("csharp.folders")
    if known is None:
        homes = [file.rpartition("/")[0] for file in project_files(project)]
        known = project.kept["csharp.folders"] = {"": "", **{home: home for home in homes}}
    folder = path.rpartition("/")[0]
    found = known.get(folder)
    if found is None:
        below = [folder]
        while (found := known.get(folder := folder.rpartition("/")[0])) is None:
            below.append(folder)
        known.update(dict.fromkeys(below, found))
    return found


def referenced(references: dict[str, set[str]]) -> tuple[dict[str, int], dict[str, int]]:
    """The bit of every folder; for every folder the bits of those it references, over others too, and its own.

    Bits, because in a chain of a thousand projects there are half a million such pairs.
    """
    places = {folder: at for at, folder in enumerate(references)}
    seen: dict[str, int] = {}
    for circle in _circles(references):
        bits = 0
        for folder in circle:
            bits |= 1 << places[folder]
            for other in references[folder]:
                bits |= seen.get(other, 0)
        seen.update(dict.fromkeys(circle, bits))
    return places, seen


def _circles(references: dict[str, set[str]]) -> Iterator[list[str]]:
    """Folders that reference each other in a circle, most of them alone, each after those it references: Kosaraju's."""
    ended: dict[str, None] = {}  # as a walk along the references leaves them
    entered: set[str] = set()
    users: dict[str, list[str]] = {folder: [] for folder in references}
    for start in references:
        stack = [start]
        while stack:
            folder = stack[-1]
            if folder in entered:
                ended.setdefault(stack.pop())
                continue
            entered.add(folder)
            for other in references[folder]:
                if other in users:
                    users[other].append(folder)
                    if other not in entered:
                        stack.append(other)
    found = []
    while ended:
        circle = [ended.popitem()[0]]
        for folder in circle:
            for user in users[folder]:
                if user in ended:
                    del ended[user]
                    circle.append(user)
        found.append(circle)
    return reversed(found)
