"""What Python and Conda projects depend on."""

from __future__ import annotations

import re

from vibeguard.content.structured import Unreadable, Value, decoded, ini, mapping, sequence, texts, toml, yaml

_NAME = re.compile(r"[ \t]*([A-Za-z0-9][A-Za-z0-9._-]*)")
_EGG = re.compile(r"[#&]egg=([A-Za-z0-9._-]+)")
_CREDENTIALS = re.compile(r"(?<=//)[^/@\s]{1,200}@")


def normalized(name: str) -> str:
    """PEP 503: case, and which of `-_.` stand between words, do not count."""
    return name if "://" in name else re.sub(r"[-_.]+", "-", name).lower()


def requirement(text: str) -> str:
    """The project's name at the beginning of a requirement (PEP 508), or "" when there is none."""
    match = _NAME.match(text)
    return match.group(1).rstrip("._-") if match is not None else ""


def _named(requirements: Value, where: str) -> dict[str, str]:
    return {name: where for item in texts(requirements) if (name := requirement(item))}


def pyproject(content: bytes) -> dict[str, str]:
    """PEP 621, PEP 735, PEP 518, and the tables of poetry, pdm, uv, hatch and flit."""
    document = toml(content)
    project, tool = mapping(document.get("project")), mapping(document.get("tool"))
    found = _named(mapping(document.get("build-system")).get("requires"), "build-system.requires")
    found |= _named(project.get("dependencies"), "project.dependencies")
    for name, items in mapping(project.get("optional-dependencies")).items():
        found |= _named(items, f"project.optional-dependencies.{name}")
    for name, items in mapping(document.get("dependency-groups")).items():
        found |= _named(items, f"dependency-groups.{name}")
    found |= _poetry(mapping(tool.get("poetry")))
    for name, items in mapping(mapping(tool.get("pdm")).get("dev-dependencies")).items():
        found |= _named(items, f"tool.pdm.dev-dependencies.{name}")
    uv = mapping(tool.get("uv"))
    found |= _named(uv.get("dev-dependencies"), "tool.uv.dev-dependencies")
    for name, environment in mapping(mapping(tool.get("hatch")).get("envs")).items():
        for key in ("dependencies", "extra-dependencies"):
            found |= _named(mapping(environment).get(key), f"tool.hatch.envs.{name}")
    own = {normalized(str(project.get("name", "")))} | {
        normalized(name)
        for name, source in mapping(uv.get("sources")).items()
        if mapping(source).get("workspace") or "path" in mapping(source)
    }
    return {name: where for name, where in found.items() if normalized(name) not in own}


def _poetry(poetry: dict[str, Value]) -> dict[str, str]:
    tables = {key: poetry.get(key) for key in ("dependencies", "dev-dependencies")}
    for name, group in mapping(poetry.get("group")).items():
        tables[f"group.{name}.dependencies"] = mapping(group).get("dependencies")
    return {
        name: f"tool.poetry.{table}"
        for table, items in tables.items()
        for name, source in mapping(items).items()
        if name.lower() != "python" and "path" not in mapping(source)
    }


def requirements(content: bytes) -> dict[str, str]:
    """A requirements or constraints file of pip; an index that is added is as good as a dependency."""
    found = {}
    for line in decoded(content).replace("\\\n", " ").split("\n"):
        text = line.split(" #", 1)[0].strip()[:2000]
        if not text or text.startswith("#"):
            continue
        if text.startswith(("--index-url", "--extra-index-url", "-i ", "--find-links", "-f ")):
            found[_CREDENTIALS.sub("", re.split(r"[ =]+", text, maxsplit=1)[-1])] = "package index"
        elif text.startswith(("-e ", "--editable")) or "://" in text.split(";", 1)[0].split(" @ ", 1)[0]:
            address = re.split(r"[ =]+", text, maxsplit=1)[-1] if text.startswith("-") else text
            egg = _EGG.search(address)
            if egg is not None or "://" in address:
                found[egg.group(1) if egg is not None else _CREDENTIALS.sub("", address)] = "requirements"
        elif not text.startswith("-") and (name := requirement(text)) and not text.startswith((".", "/")):
            found[name] = "requirements"
    return found


def setup_cfg(content: bytes) -> dict[str, str]:
    """`install_requires`, `setup_requires`, `tests_require` and the extras of setuptools."""
    sections = ini(content)
    options = sections.get("options", {})
    found: dict[str, str] = {}
    for key in ("install_requires", "setup_requires", "tests_require"):
        found |= _named(options.get(key, "").split("\n"), f"options.{key}")
    for name, items in sections.get("options.extras_require", {}).items():
        found |= _named(items.split("\n"), f"options.extras_require.{name}")
    return found


def setup_py(content: bytes) -> dict[str, str]:
    """The literal lists that a call of `setup` names; the file is parsed, never run, and what it computes is unseen."""
    # Imported here: only setup.py needs it.
    import ast  # noqa: PLC0415

    text = decoded(content)
    if len(text) > 200_000:
        raise Unreadable("larger than any setup.py")
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Unreadable(str(error).split("\n")[0] or type(error).__name__) from None
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            for keyword in node.keywords:
                if keyword.arg in ("install_requires", "setup_requires", "tests_require", "extras_require"):
                    strings = [
                        child.value
                        for child in ast.walk(keyword.value)
                        if isinstance(child, ast.Constant) and isinstance(child.value, str)
                    ]
                    extras = [
                        key.value
                        for child in ast.walk(keyword.value)
                        if isinstance(child, ast.Dict)
                        for key in child.keys
                        if isinstance(key, ast.Constant) and isinstance(key.value, str)
                    ]
                    found |= _named([item for item in strings if item not in extras], keyword.arg)
    return found


def pipfile(content: bytes) -> dict[str, str]:
    """Packages of pipenv; those on a path are the project's own."""
    document = toml(content)
    return {
        name: table
        for table in ("packages", "dev-packages")
        for name, source in mapping(document.get(table)).items()
        if "path" not in mapping(source)
    }


def conda(content: bytes) -> dict[str, str]:
    """`environment.yml`: Conda packages, and those it has pip install."""
    found = {}
    for document in yaml(content):
        for item in sequence(mapping(document).get("dependencies")):
            if isinstance(item, str):
                found[re.split(r"[ =<>!]", item.rsplit("::", 1)[-1], maxsplit=1)[0]] = "dependencies"
            for requirement_ in texts(mapping(item).get("pip")):
                if name := requirement(requirement_):
                    found[name] = "dependencies.pip"
    return {name: where for name, where in found.items() if name and name not in ("python", "pip")}
