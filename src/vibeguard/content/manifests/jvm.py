"""What projects on the JVM and on .NET depend on."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.parsers import expat

from vibeguard.content.structured import Unreadable, decoded, mapping, toml

DEPTH = 100

_CONFIGURATIONS = (
    r"[Ii]mplementation|[Aa]pi|[Cc]ompileOnly|[Rr]untimeOnly|[Cc]ompile|[Rr]untime|[Pp]rocessor|[Cc]lasspath"
)
_GRADLE = re.compile(
    rf"""^[ \t]*(?:\w{{0,40}}(?:{_CONFIGURATIONS})|kapt\w{{0,20}}|ksp\w{{0,20}})[ \t(]{{1,9}}"""
    r"""(?:\w{1,30}[ \t]?\([ \t]?)?["']([\w.\-]+:[\w.\-]+)""",
    re.MULTILINE,
)
_GRADLE_NAMED = re.compile(r"""\bgroup[:=][ \t]*["']([\w.\-]+)["'][ \t]*,[ \t]*name[:=][ \t]*["']([\w.\-]+)["']""")
_GRADLE_PLUGIN = re.compile(
    r"""^[ \t]*(?:id[ \t(]{1,4}["']([\w.\-]+)["']|apply[ \t]+plugin:[ \t]*["']([\w.\-]+)["'])""", re.MULTILINE
)
_SBT = re.compile(r'"([\w.\-]+)"[ \t]*%{1,3}[ \t]*"([\w.\-]+)"[ \t]*%')


def _parsed(content: bytes, start: Callable[[str, dict[str, str]], None], text: Callable[[str, str], None]) -> None:
    """Feed an XML document to two functions: each start tag, and the text of each element that has no children.

    Raises:
        Unreadable: for what is no XML, and for any document type, since entities can be made to explode.
    """
    decoded(content)  # the limit of size; expat reads the bytes in the encoding that they name
    parser = expat.ParserCreate()
    open_tags: list[str] = []
    collected: list[str] = []

    def opened(tag: str, attributes: dict[str, str]) -> None:
        if len(open_tags) >= DEPTH:
            raise Unreadable(f"nested deeper than {DEPTH}")
        open_tags.append(tag.rsplit(":", 1)[-1])
        collected.clear()
        start("/".join(open_tags[-4:]), attributes)

    def closed(_tag: str) -> None:
        text("/".join(open_tags[-4:]), "".join(collected).strip())
        open_tags.pop()
        collected.clear()

    def refuse(*_: object) -> None:
        raise Unreadable("it has a document type")

    parser.StartElementHandler = opened
    parser.EndElementHandler = closed
    parser.CharacterDataHandler = collected.append
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(content, True)  # noqa: FBT003 - expat's own signature
    except expat.ExpatError as error:
        raise Unreadable(str(error)) from None


def maven(content: bytes) -> dict[str, str]:
    """Dependencies, managed ones too, plugins, extensions and the parent of a POM, as `group:artifact`."""
    found: dict[str, str] = {}
    current: dict[str, str] = {}
    wanted = ("dependency", "plugin", "extension", "parent")

    def start(path: str, _attributes: dict[str, str]) -> None:
        if path.rsplit("/", 1)[-1] in wanted:
            current.clear()

    def text(path: str, value: str) -> None:
        *_, above, tag = ("", *path.split("/"))
        if above in wanted and tag in ("groupId", "artifactId"):
            current[tag] = value
        elif tag in wanted and "artifactId" in current:
            group = current.get("groupId", "org.apache.maven.plugins" if tag == "plugin" else "")
            if not group.startswith("${project."):
                found[f"{group}:{current['artifactId']}"] = tag
            current.clear()

    _parsed(content, start, text)
    return found


def dotnet(content: bytes) -> dict[str, str]:
    """Package references of a project, central versions, and the older packages.config."""
    found: dict[str, str] = {}

    def start(path: str, attributes: dict[str, str]) -> None:
        tag = path.rsplit("/", 1)[-1]
        if tag in ("PackageReference", "PackageVersion", "GlobalPackageReference", "DotNetCliToolReference"):
            if name := attributes.get("Include"):
                found[name] = tag
        elif tag == "package" and (name := attributes.get("id")):
            found[name] = tag

    _parsed(content, start, lambda _path, _value: None)
    return found


def gradle(content: bytes) -> dict[str, str]:
    """Dependencies with a literal `group:name`, and plugins by id; what a catalog names stands in the catalog."""
    text = decoded(content)
    found = {match.group(1): "dependencies" for match in _GRADLE.finditer(text)}
    found |= {f"{match.group(1)}:{match.group(2)}": "dependencies" for match in _GRADLE_NAMED.finditer(text)}
    return found | {match.group(1) or match.group(2): "plugins" for match in _GRADLE_PLUGIN.finditer(text)}


def gradle_catalog(content: bytes) -> dict[str, str]:
    """`libs.versions.toml`: libraries by module, plugins by id."""
    document = toml(content)
    found = {}
    for entry in mapping(document.get("libraries")).values():
        if isinstance(entry, str):
            found[":".join(entry.split(":")[:2])] = "libraries"
        else:
            module = mapping(entry).get("module") or f"{mapping(entry).get('group')}:{mapping(entry).get('name')}"
            found[str(module)] = "libraries"
    for entry in mapping(document.get("plugins")).values():
        found[str(entry).split(":", 1)[0] if isinstance(entry, str) else str(mapping(entry).get("id"))] = "plugins"
    return found


def sbt(content: bytes) -> dict[str, str]:
    """`"group" %% "name" % "version"`."""
    return {f"{match.group(1)}:{match.group(2)}": "libraryDependencies" for match in _SBT.finditer(decoded(content))}
