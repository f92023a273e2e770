"""What Go, Rust, Ruby, PHP, Swift, Elixir, Dart, C++ and other projects depend on."""

from __future__ import annotations

import re

from vibeguard.content.structured import Value, decoded, json, mapping, sequence, toml, yaml

_GEM = re.compile(r"""^[ \t]*gem[ \t(]{1,4}["']([^"'\n]{1,200})["']""", re.MULTILINE)
_GEMSPEC = re.compile(r"""\badd_(?:runtime_|development_)?dependency[ \t(]{1,4}["']([^"'\n]{1,200})["']""")
_MIX = re.compile(r"""\{[ \t]*:(\w{1,100}),[ \t]*(?:["'][~><=\d]|github:|git:|hex:|"\w)""")
_SWIFT = re.compile(r"""\.package\([^)\n]{0,300}?(?:url|id):[ \t]*"([^"\n]{1,300})\"""")
_POD = re.compile(r"""^[ \t]*pod[ \t]{1,9}["']([^"'\n]{1,200})["']""", re.MULTILINE)
_CPAN = re.compile(r"""^[ \t]*(?:requires|recommends|test_requires)[ \t(]{1,4}["']([^"'\n]{1,200})["']""", re.MULTILINE)
_CONAN = re.compile(r"""["']([\w.+-]{2,100})/(?:\d|\[|cci\.)[^"'\n]{0,100}["']""")
_CMAKE = re.compile(
    r"""^[ \t]*(?:find_package|FetchContent_Declare|ExternalProject_Add|CPMAddPackage|CPMFindPackage)[ \t]?\([ \t]*"?"""
    r"""(?:NAME[ \t]{1,9})?(?:gh:|gl:)?([\w.+/-]{1,200})""",
    re.MULTILINE | re.IGNORECASE,
)
_BAZEL = re.compile(
    r"""\b(?:bazel_dep|http_archive|git_repository|go_repository)\([ \t\n]{0,40}name[ \t]*=[ \t]*"([^"\n]{1,200})\""""
)
_BREW = re.compile(r"""^[ \t]*(?:brew|cask|tap|mas)[ \t]{1,9}["']([^"'\n]{1,200})["']""", re.MULTILINE)


def _matches(pattern: re.Pattern[str], content: bytes, where: str) -> dict[str, str]:
    return {match.group(1): where for match in pattern.finditer(decoded(content))}


def go_mod(content: bytes) -> dict[str, str]:
    """Required modules, tools, and what replaces another module from elsewhere than the repository."""
    found: dict[str, str] = {}
    block = ""
    for line in decoded(content).split("\n"):
        code, _, comment = line.partition("//")
        words = code.split()[:6]
        if not words:
            continue
        if block and words[0] == ")":
            block = ""
            continue
        if len(words) == 2 and words[1] == "(":
            block = words[0]
            continue
        verb, rest = (block, words) if block else (words[0], words[1:])
        if verb == "require" and rest:
            found[rest[0].strip('"')] = "indirect" if comment.strip().startswith("indirect") else "require"
        elif verb == "replace" and "=>" in rest:
            target = rest[rest.index("=>") + 1 :]
            if target and not target[0].startswith((".", "/")):
                found.setdefault(target[0].strip('"'), "replace")
        elif verb == "tool" and rest:
            found.setdefault(rest[0].strip('"'), "tool")
    return found


def go_key(name: str) -> str:
    """A new major version (`/v2`, `.v2`) of a module is no new module."""
    return re.sub(r"(?:/v\d+|\.v\d+)$", "", name)


def cargo(content: bytes) -> dict[str, str]:
    """Crates of all dependency tables, per target too; not those on a path, nor those that the workspace names."""
    document = toml(content)
    tables = [("", document), ("workspace.", mapping(document.get("workspace")))]
    tables += [(f"target.{name}.", mapping(target)) for name, target in mapping(document.get("target")).items()]
    found = {}
    for prefix, table in tables:
        for kind in ("dependencies", "dev-dependencies", "build-dependencies"):
            for name, source in mapping(table.get(kind)).items():
                details = mapping(source)
                if details.get("workspace") or ("path" in details and "version" not in details):
                    continue
                found[str(details.get("package", name))] = prefix + kind
    return found


def cargo_key(name: str) -> str:
    """Crates.io takes `_` for `-`."""
    return name.replace("_", "-")


def gemfile(content: bytes) -> dict[str, str]:
    """`gem "name"`."""
    return _matches(_GEM, content, "Gemfile")


def gemspec(content: bytes) -> dict[str, str]:
    """`add_dependency "name"`."""
    return _matches(_GEMSPEC, content, "gemspec")


def composer(content: bytes) -> dict[str, str]:
    """`require` and `require-dev`, without PHP itself and its extensions."""
    document = mapping(json(content))
    return {
        name: table
        for table in ("require", "require-dev")
        for name in mapping(document.get(table))
        if "/" in name and not name.startswith("composer/installers")
    }


def mix(content: bytes) -> dict[str, str]:
    """`{:name, "~> 1.0"}`."""
    return _matches(_MIX, content, "deps")


def swift(content: bytes) -> dict[str, str]:
    """`.package(url: …)`."""
    return _matches(_SWIFT, content, "dependencies")


def swift_key(address: str) -> str:
    """An address without the ending that git does not need."""
    return address.removesuffix("/").removesuffix(".git").lower()


def podfile(content: bytes) -> dict[str, str]:
    """`pod 'Name'`."""
    return _matches(_POD, content, "Podfile")


def cartfile(content: bytes) -> dict[str, str]:
    """`github "owner/name"`."""
    return _matches(
        re.compile(r"""^(?:github|git|binary)[ \t]{1,9}"([^"\n]{1,300})\"""", re.MULTILINE), content, "Cartfile"
    )


def pubspec(content: bytes) -> dict[str, str]:
    """Dart and Flutter packages; not those of the SDK or on a path."""
    found = {}
    for document in yaml(content):
        for table in ("dependencies", "dev_dependencies", "dependency_overrides"):
            for name, source in mapping(mapping(document).get(table)).items():
                if not {"sdk", "path"} & mapping(source).keys():
                    found[name] = table
    return found


def cpanfile(content: bytes) -> dict[str, str]:
    """`requires 'Name'`."""
    return _matches(_CPAN, content, "cpanfile")


def conan(content: bytes) -> dict[str, str]:
    """`name/version` in the strings of conanfile.py, or in the sections of conanfile.txt."""
    text = decoded(content)
    if "[requires]" not in text and "[tool_requires]" not in text:
        return {match.group(1): "requires" for match in _CONAN.finditer(text)}
    found, section = {}, ""
    for line in text.split("\n"):
        stripped = line.strip()
        if stripped.startswith("["):
            section = stripped.strip("[]")
        elif section in ("requires", "tool_requires", "build_requires", "test_requires") and "/" in stripped:
            found[stripped.split("/", 1)[0]] = section
    return found


def vcpkg(content: bytes) -> dict[str, str]:
    """Names in `dependencies`, plain or with details."""
    found = {}
    for item in sequence(mapping(json(content)).get("dependencies")):
        name = item if isinstance(item, str) else mapping(item).get("name")
        if isinstance(name, str):
            found[name] = "dependencies"
    return found


def cmake(content: bytes) -> dict[str, str]:
    """What CMake finds or fetches by name."""
    return _matches(_CMAKE, content, "CMake")


def bazel(content: bytes) -> dict[str, str]:
    """Modules and archives that Bazel fetches."""
    return _matches(_BAZEL, content, "Bazel")


def brewfile(content: bytes) -> dict[str, str]:
    """What Homebrew installs."""
    return _matches(_BREW, content, "Brewfile")


def julia(content: bytes) -> dict[str, str]:
    """`[deps]`, `[weakdeps]` and `[extras]` of Project.toml."""
    document = toml(content)
    return {name: table for table in ("deps", "weakdeps", "extras") for name in mapping(document.get(table))}


def elm(content: bytes) -> dict[str, str]:
    """Direct and test dependencies."""
    document = mapping(json(content))
    found: dict[str, str] = {}
    for table in ("dependencies", "test-dependencies"):
        value: Value = mapping(document.get(table))
        for name in mapping(value.get("direct", value)):
            if "/" in name:
                found[name] = table
    return found


def r_description(content: bytes) -> dict[str, str]:
    """The package lists of an R DESCRIPTION file."""
    found, field = {}, ""
    for line in decoded(content).split("\n"):
        if line[:1] not in (" ", "\t"):
            field, _, line = line.partition(":")  # noqa: PLW2901 - the rest of the line is the value
        if field in ("Depends", "Imports", "Suggests", "LinkingTo", "Remotes"):
            for item in line.split(","):
                name = item.strip().split("(", 1)[0].strip()
                if name and name != "R":
                    found[name] = field
    return found
