"""What delivery depends on: base images, actions, orbs, hooks, providers, charts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vibeguard.content.structured import Value, decoded, mapping, sequence, texts, yaml

_FROM = re.compile(
    r"^[ \t]*FROM[ \t]{1,9}(?:--\w+=\S{1,200}[ \t]{1,9})?(\S{1,300})(?:[ \t]{1,9}AS[ \t]{1,9}(\S{1,100}))?", re.I | re.M
)
_COPY = re.compile(r"^[ \t]*COPY[ \t]{1,9}(?:--(?!from)\S{1,100}[ \t]{1,9}){0,5}--from=(\S{1,300})", re.I | re.M)
_ARG = re.compile(r"^[ \t]*ARG[ \t]{1,9}(\w{1,100})=[\"']?([^\s\"']{1,300})", re.I | re.M)
_SOURCE = re.compile(r"^[ \t]*(?:[\w\"-]{1,100}[ \t]*=[ \t]*\{[ \t]*)?source[ \t]*=[ \t]*\"([^\"\n]{1,300})\"", re.M)


def image_key(name: str) -> str:
    """An image without tag and digest; the port of a registry is no tag."""
    name = name.split("@", 1)[0]
    head, slash, tail = name.rpartition("/")
    return head + slash + tail.split(":", 1)[0]


def action_key(name: str) -> str:
    """An action, an orb or a module without its version."""
    return image_key(name) if name.startswith("docker://") else name.split("@", 1)[0].lower()


def module_key(name: str) -> str:
    """A Terraform source without the revision in its query."""
    return name.split("?", 1)[0]


def dockerfile(content: bytes) -> dict[str, str]:
    """Images that a stage begins with or copies from; stages of the file itself and `scratch` are none."""
    text = decoded(content).replace("\\\n", " ")
    defaults = {match.group(1): match.group(2) for match in _ARG.finditer(text)}
    stages: set[str] = {"scratch"}
    found = {}
    for match in _FROM.finditer(text):
        name = re.sub(
            r"\$\{?(\w+)(?::?-[^}]{0,100})?\}?", lambda use: defaults.get(use.group(1), use.group()), match.group(1)
        )
        name = name.strip("\"'")
        if name.lower() not in stages:
            found[name] = "FROM"
        if match.group(2):
            stages.add(match.group(2).lower())
    for match in _COPY.finditer(text):
        name = match.group(1)
        if name.lower() not in stages and not name.isdigit() and "$" not in name:
            found.setdefault(name, "COPY --from")
    return found


def compose(content: bytes) -> dict[str, str]:
    """Images of services."""
    found: dict[str, str] = {}
    for document in yaml(content):
        for service in mapping(mapping(document).get("services")).values():
            found |= dict.fromkeys(texts(mapping(service).get("image")), "image")
    return found


def github_actions(content: bytes) -> dict[str, str]:
    """Actions, reusable workflows and images of a workflow, or of a composite action; not the repository's own."""
    found: dict[str, str] = {}
    for document in yaml(content):
        top = mapping(document)
        jobs = [mapping(job) for job in mapping(top.get("jobs")).values()]
        runs = mapping(top.get("runs"))
        for job in jobs:
            found |= dict.fromkeys(texts(job.get("uses")), "uses")
            container = job.get("container")
            images = [*texts(container), *texts(mapping(container).get("image"))]
            images += [
                name
                for service in mapping(job.get("services")).values()
                for name in texts(mapping(service).get("image"))
            ]
            found |= {f"docker://{name}": "image" for name in images if "${{" not in name}
        for step in _steps(jobs, runs):
            found |= dict.fromkeys(texts(mapping(step).get("uses")), "uses")
        found |= dict.fromkeys((name for name in texts(runs.get("image")) if name.startswith("docker://")), "image")
    return {name: where for name, where in found.items() if not name.startswith(("./", ".\\", "$"))}


def _steps(jobs: list[dict[str, Value]], runs: dict[str, Value]) -> Iterator[Value]:
    for holder in (*jobs, runs):
        yield from sequence(holder.get("steps"))


def gitlab_ci(content: bytes) -> dict[str, str]:
    """Images and services of jobs, and what is included from elsewhere."""
    found: dict[str, str] = {}
    for document in yaml(content):
        top = mapping(document)
        for job in (top, *(mapping(value) for value in top.values())):
            for key in ("image", "services"):
                value = job.get(key)
                names = [*texts(value), *texts(mapping(value).get("name"))]
                names += [name for item in sequence(value) for name in texts(mapping(item).get("name"))]
                found |= {name: key for name in names if "$" not in name}
        for include in (*sequence(top.get("include")), mapping(top.get("include"))):
            for key in ("remote", "project", "component", "template"):
                found |= dict.fromkeys(texts(mapping(include).get(key)), f"include {key}")
    return found


def circleci(content: bytes) -> dict[str, str]:
    """Orbs and Docker images."""
    found: dict[str, str] = {}
    for document in yaml(content):
        top = mapping(document)
        found |= dict.fromkeys((orb for orb in mapping(top.get("orbs")).values() if isinstance(orb, str)), "orbs")
        for group in ("jobs", "executors"):
            for job in mapping(top.get(group)).values():
                for item in sequence(mapping(job).get("docker")):
                    images = [name for name in texts(mapping(item).get("image")) if "<<" not in name]
                    found |= {f"docker://{name}": "docker" for name in images}
    return found


def pre_commit(content: bytes) -> dict[str, str]:
    """Repositories of hooks, and the packages that hooks are installed with."""
    found: dict[str, str] = {}
    for document in yaml(content):
        for entry in sequence(mapping(document).get("repos")):
            address = mapping(entry).get("repo")
            if isinstance(address, str) and address not in ("local", "meta", "builtin"):
                found[address] = "repos"
            for hook in sequence(mapping(entry).get("hooks")):
                for name in texts(mapping(hook).get("additional_dependencies")):
                    plain = re.split(r"(?<=.)[@=<>~!;\[ ]", name, maxsplit=1)[0]
                    found[plain] = f"additional_dependencies of {mapping(hook).get('id')}"
    return found


def terraform(content: bytes) -> dict[str, str]:
    """Sources of providers and modules; those on a path are the repository's own."""
    return {
        match.group(1): "source"
        for match in _SOURCE.finditer(decoded(content))
        if not match.group(1).startswith((".", "/")) and "/" in match.group(1)
    }


def helm(content: bytes) -> dict[str, str]:
    """Charts that a chart depends on."""
    found = {}
    for document in yaml(content):
        for chart in sequence(mapping(document).get("dependencies")):
            name, repository = mapping(chart).get("name"), str(mapping(chart).get("repository", ""))
            if isinstance(name, str) and not repository.startswith("file:"):
                found[name] = "dependencies"
    return found
