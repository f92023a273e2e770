"""Short forms for the tests of this room: a reading of a repository, and its summary."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.conftest import Repo
from vibeguard.model import Change
from vibeguard.repository import change
from vibeguard.repository.locate import Location, locate
from vibeguard.repository.objects import Objects

Summary = list[tuple[str, str, int | None, int | None]]


@contextmanager
def reading(repo: Repo, folder: str = "") -> Iterator[tuple[Location, Objects]]:
    location = locate(str(repo.path / folder))
    with Objects(location.git) as objects:
        yield location, objects


def staged(repo: Repo, folder: str = "") -> Change:
    with reading(repo, folder) as (location, objects):
        return change.staged(location, objects)


def between(repo: Repo, base: str, head: str) -> Change:
    with reading(repo) as (location, objects):
        return change.between(location, objects, base, head)


def since(repo: Repo, target: str, head: str = "HEAD") -> Change:
    with reading(repo) as (location, objects):
        return change.since_merge_base(location, objects, target, head)


def summary(found: Change) -> Summary:
    return [(file.path, file.status, file.added, file.deleted) for file in found.files]
