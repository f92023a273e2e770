"""Ruby: require, require_relative, load, autoload; in a Rails application also constants, by Zeitwerk's naming.

Cannot see: requires with computed names, constants built at run time, inflections that an application adds.
"""

from __future__ import annotations

import re
from functools import cache

from vibeguard.dependents.facts import Edge, Facts, Import, Links, one_edge_a_target
from vibeguard.dependents.languages.text import (
    HASH_COMMENT,
    STRING,
    Lines,
    lines_with,
    mask,
    text,
    unreadable,
)
from vibeguard.dependents.project import Project, join, parents
from vibeguard.model import EdgeKind

# A constant leads to the file that its name spells, whatever that file says.
BY_NAME = False

# Every token starts with a literal: the engine skips to the next one several times as fast as it tries each line.
_BLOCK = rb"=begin\b(?<=^=begin)(?s:.*?)(?:^=end[^\n]*+|\Z)"
_SINGLE = rb"'(?:[^'\\]++|\\(?s:.))*+(?:'|\Z)"
_DATA = rb"__END__(?<=^__END__)(?s:.*)\Z"
_HEREDOC = rb"<<[~-](['\"]?)([A-Z_]++)\1(?s:.*?)^[ \t]*+\2$"


@cache
def _masker() -> re.Pattern[bytes]:
    return re.compile(b"|".join((_HEREDOC, _BLOCK, _DATA, HASH_COMMENT, STRING, _SINGLE)), re.M)


@cache
def _pattern(name: str) -> re.Pattern[bytes]:
    return re.compile(
        {
            "require": rb"^([ \t]*+)(?:[^\n#\"']*?[ \t;(&|])?"
            rb"\b(require_relative|require_dependency|require|load|autoload)\b[ \t(]*+(?::(\w++)[ \t]*+(?:,[ \t]*+)?)?"
            rb"(?:([\"'])([^\"'\n#]*+)\4(?![ \t]*+[+%])"
            rb"|(File\.expand_path\([ \t]*+[\"']([^\"'\n#]++)[\"'],[ \t]*+__FILE__|[^\s\"']))?",
            "module": rb"\n[ \t]*+(?:module|class)[ \t]++([A-Z][\w:]*+)",
            "constant": rb"([A-Z](?:(?<![\w:.@$].)|(?<=::.)(?<![\w:.@$]::.))\w*+(?:::[A-Z]\w*+)*+)"
            rb"(?![\w?!:]|[ \t]*+=[^=>~])",
        }[name],
        re.M,
    )


def scan(content: bytes) -> Facts:
    """Requires by their kind of path, and the constants that the file names with the modules it is in."""
    refused = unreadable(content)
    if refused is not None:
        return refused
    code = mask(content, _masker())
    found: list[Import] = []
    modules = [text(name) for name in _pattern("module").findall(b"\n" + code)]
    candidates = [
        match
        for start in lines_with((b"require", b"load"), content)
        if (match := _pattern("require").match(content, start)) is not None
    ]
    tokens = _masker().finditer(content) if candidates else iter(())
    token = next(tokens, None)
    lines = Lines(content)
    for match in candidates:
        while token is not None and token.end() <= match.start(2):
            token = next(tokens, None)
        if token is not None and token.start() <= match.start(2):
            continue
        verb, symbol, literal = text(match.group(2)), match.group(3), match.group(5)
        line = lines.at(match.start(2))
        kind: EdgeKind = "lazy" if verb == "autoload" or match.group(1) else "import"
        names = (text(symbol),) if symbol else ()
        if match.group(7) is not None:
            path = text(match.group(7))
            found.append(Import("relative " + (path[3:] if path.startswith("../") else path), kind, names, line))
        elif literal is not None:
            how = "relative" if verb == "require_relative" else "path"
            found.append(Import(f"{how} {text(literal)}", kind, names, line))
        elif symbol is not None and verb == "autoload":
            found.append(Import("autoload", kind, names, line))
        elif match.group(6) is not None and match.group(6)[:1] not in b"=.,)}]:":
            found.append(Import("", "string", (), line))
    constants = {text(name) for name in _pattern("constant").findall(code)}
    return Facts(tuple(found), tuple(dict.fromkeys(modules)), tuple(sorted(constants)))


# ------------------------------------------------------------------------------------------------------ resolution


def offers(path: str, _project: Project) -> set[str]:
    """A file is looked for under its name without suffix."""
    return {path.rpartition("/")[2].partition(".")[0]}


def underscore(name: str) -> str:
    """A constant as Zeitwerk spells its file: `HTTPServer::XMLThing` is http_server/xml_thing."""
    name = name.replace("::", "/")
    name = re.sub(r"([A-Z\d]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z\d])([A-Z])", r"\1_\2", name).lower()


def _roots(project: Project) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Load path folders of the repository; and (application folder, autoload root) of Rails applications."""
    kept: tuple[tuple[str, ...], tuple[tuple[str, str], ...]] | None = project.kept.get("ruby.roots")
    if kept is None:
        folders = project.folders
        libraries = sorted(folder for folder in folders if folder == "lib" or folder.endswith("/lib"))
        autoload: list[tuple[str, str]] = []
        for marker in project.named("application.rb"):
            if marker == "config/application.rb" or marker.endswith("/config/application.rb"):
                home = marker.removesuffix("config/application.rb").rstrip("/")
                above = f"{home}/app" if home else "app"
                for folder in folders:
                    first, _, rest = folder[len(above) + 1 :].partition("/")
                    if folder.startswith(above + "/") and first and rest in ("", "concerns"):
                        autoload.append((home, folder))
                autoload.append((home, f"{home}/lib" if home else "lib"))
        kept = project.kept["ruby.roots"] = (tuple(libraries), tuple(sorted(autoload)))
    return kept


def resolve(facts: Facts, importer: str, project: Project) -> Links:
    """The files that are required, and in a Rails application those that constants load."""
    files = project.files
    edges: list[Edge] = []
    unresolved: list[tuple[str, int]] = []
    wanted: set[str] = set()
    libraries, autoload = _roots(project)
    folder = importer.rpartition("/")[0]
    for item in facts.imports:
        how, _, path = item.specifier.partition(" ")
        if not how:
            unresolved.append(("require(…)", item.line))
            continue
        if how == "autoload":
            # ActiveSupport's: the name below the file's own path.
            path = f"{importer.removesuffix('.rb').rpartition('/')[2]}/{underscore(item.names[0])}"
            how = "relative"
        wanted.add(path.rpartition("/")[2].partition(".")[0])
        if how == "relative" or path.startswith(("./", "../")):
            target = _ruby(join(folder, path), files)
            if target is None:
                unresolved.append((path, item.line))
        else:
            target = _required(path, importer, libraries, files)
        if target is not None:
            edges.append(Edge(target, item.kind, item.names, item.line))
    for roots in _applications(importer, autoload):
        nesting = _nestings(facts.defines)
        for constant in facts.mentions:
            for prefix in nesting:
                spelled = underscore(f"{prefix}::{constant}" if prefix else constant)
                wanted.add(spelled.rpartition("/")[2])
                hit = next((path for root in roots if (path := f"{root}/{spelled}.rb") in files), None)
                if hit is not None:
                    edges.append(Edge(hit, "lazy", (constant,)))
                    break
    return Links(one_edge_a_target(edges, importer), tuple(unresolved), frozenset(wanted))


def _ruby(path: str | None, files: set[str] | frozenset[str]) -> str | None:
    if path is None:
        return None
    return path + ".rb" if path + ".rb" in files else path if path in files else None


def _required(path: str, importer: str, libraries: tuple[str, ...], files: set[str] | frozenset[str]) -> str | None:
    """By load path: the `lib` of the nearest gem above, then the only `lib` that has it; tests see their own folder."""
    for above in parents(importer):
        for name in ("lib", "test", "spec", ""):
            root = "/".join(part for part in (above, name) if part)
            found = _ruby(f"{root}/{path}" if root else path, files)
            if found is not None:
                return found
    everywhere = [found for root in libraries if (found := _ruby(f"{root}/{path}", files)) is not None]
    return everywhere[0] if len(everywhere) == 1 else None


def _applications(importer: str, autoload: tuple[tuple[str, str], ...]) -> list[list[str]]:
    """The autoload roots of the application that a file belongs to; none outside of one."""
    homes = {home for home, _ in autoload if not home or importer.startswith(home + "/")}
    if not homes:
        return []
    home = max(homes, key=len)
    return [[root for owner, root in autoload if owner == home]]


def _nestings(defines: tuple[str, ...]) -> list[str]:
    """Namespaces in which a constant is looked up, innermost first."""
    found = []
    nested = "::".join(defines[:3])
    while nested:
        found.append(nested)
        nested = nested.rpartition("::")[0]
    return [*found, ""]
