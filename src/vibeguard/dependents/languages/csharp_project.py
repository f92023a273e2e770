"""MSBuild's side of C#: which project a file belongs to, and what project files reference and open."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vibeguard.dependents.languages.text import text
from vibeguard.dependents.project import Project, join

_INCLUDE = rb"\b(?:Include|Project)[ \t]*=[ \t]*[\"']([^\"']++)[\"']"
_THIS_FOLDER = re.compile(r"^\$\((?:MSBuildThisFileDirectory|MSBuildProjectDirectory)\)/?")
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
        for tag, raw in re.findall(rb"<(ProjectReference|Using|Import)\b[^>]*?" + _INCLUDE, content):
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


def project_folder(path: str, project: Project) -> str:
    """The nearest folder above that holds a project file."""
    known: dict[str, str] = project.kept.setdefault("csharp.folders", {})
    folder = path.rpartition("/")[0]
    found = known.get(folder)
    if found is None:
        found = folder
        while found and not any(name.endswith(".csproj") for name in project.folders.get(found, ())):
            found = found.rpartition("/")[0]
        known[folder] = found
    return found
