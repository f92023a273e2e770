"""What `vibeguard doctor` looks at: is everything in place for a verdict, and will the hooks run?"""

from __future__ import annotations

import os
from typing import Literal

from vibeguard import __version__
from vibeguard.check.request import Request
from vibeguard.check.rulebook import rulebook
from vibeguard.check.trust import trusted
from vibeguard.dependents.store import Store
from vibeguard.errors import VibeguardError
from vibeguard.hooks.install import HOOKS, state
from vibeguard.model import Change
from vibeguard.ownership.lookup import load
from vibeguard.ownership.reading import entries_of
from vibeguard.repository.locate import Location
from vibeguard.repository.objects import Objects
from vibeguard.repository.refs import default_branch, read_commit
from vibeguard.repository.setup import Setup
from vibeguard.repository.tree import Tree
from vibeguard.tuples import NamedTuple

OLDEST_GIT = (2, 39)  # the oldest that the tests run with


class Check(NamedTuple):
    """One thing that was looked at."""

    name: str
    state: Literal["good", "note", "bad"]
    text: str
    hint: str = ""


def examine(location: Location, setup: Setup) -> tuple[Check, ...]:
    """Everything that was looked at, in the order in which a verdict needs it."""
    with Objects(location.git) as objects:
        return (
            Check("vibeguard", "good", f"{__version__}"),
            _git(setup),
            _repository(location),
            _default_branch(location, objects),
            *_policy_and_owners(location, objects),
            *_hooks(location, setup),
            _notes(objects),
            _cache(location),
        )


def _git(setup: Setup) -> Check:
    words = ".".join(map(str, setup.git_version))
    if setup.git_version < OLDEST_GIT:
        oldest = ".".join(map(str, OLDEST_GIT))
        return Check(
            "git", "note", f"{words} is older than {oldest}", f"vibeguard is tested with git {oldest} and later"
        )
    return Check("git", "good", words)


def _repository(location: Location) -> Check:
    words = [location.top or location.git_dir, location.object_format]
    if location.shallow:
        return Check(
            "repository", "note", ", ".join([*words, "shallow"]), "git fetch --unshallow (in CI: fetch-depth: 0)"
        )
    return Check("repository", "good", ", ".join(words))


def _default_branch(location: Location, objects: Objects) -> Check:
    found = default_branch(location, objects)
    if found is None:
        return Check(
            "target",
            "note",
            "no remote branch is known, so HEAD's own policy judges",
            "git remote set-head origin --auto",
        )
    return Check("target", "good", f"{(found.full_name or found.name).removeprefix('refs/remotes/')} ({found.id[:10]})")


def _policy_and_owners(location: Location, objects: Objects) -> tuple[Check, ...]:
    nothing = Change("staged", None, None, ())
    request = Request(use_store=False)
    believed = trusted(request, location, objects, nothing)
    tree = Tree(objects, believed.commit.tree) if believed.commit is not None else None
    dialect: str | None = None
    try:
        book = rulebook(request, location, believed, tree, nothing)
        policy = Check("policy", "good", f"{book.words}: {len(book.policy.rules)} rules")
        dialect = book.policy.dialect or None
        notes = [*book.policy.notices, *(notice for notice in book.notices if "judges, since" not in notice)]
        if notes:
            policy = policy._replace(state="note", hint="; ".join(notes))
    except VibeguardError as error:
        first = error.details[0].split("\n")[0] if error.details else str(error)
        policy = Check("policy", "bad", first, "vibeguard policy check shows every error")

    ownership = load(entries_of(objects, tree), dialect=dialect)
    if not ownership.exists:
        return policy, Check("owners", "note", "no ownership file", "without one, ownership counts in no score")
    words = f"{ownership.file} ({ownership.dialect}), {len(ownership.rules)} rules"
    if ownership.unusable:
        return policy, Check("owners", "bad", f"{ownership.file}: {ownership.unusable}")
    if ownership.problems:
        return policy, Check("owners", "note", f"{words}, {len(ownership.problems)} problems", "vibeguard owners lint")
    return policy, Check("owners", "good", words)


def _hooks(location: Location, setup: Setup) -> tuple[Check, ...]:
    found = [(hook, state(setup.hooks_folder, hook)) for hook in HOOKS]
    ours = [hook for hook, whose in found if whose == "vibeguard"]
    if location.bare:
        return ()
    where = f"in {setup.hooks_folder}" + (" (core.hooksPath)" if setup.hooks_path else "")
    if len(ours) == len(HOOKS):
        return (Check("hooks", "good", f"{', '.join(ours)} {where}"),)
    if ours:
        missing = ", ".join(hook for hook in HOOKS if hook not in ours)
        return (Check("hooks", "note", f"{missing} not installed {where}", "vibeguard install"),)
    shadow = os.path.join(location.common_dir, "hooks")
    if setup.hooks_path and any(state(shadow, hook) == "vibeguard" for hook in HOOKS):
        hint = f"git reads {setup.hooks_folder} instead of {shadow}"
        return (Check("hooks", "bad", "vibeguard's hooks never run: core.hooksPath shadows them", hint),)
    if any(_calls_vibeguard(os.path.join(setup.hooks_folder, hook)) for hook, whose in found if whose == "other"):
        return (Check("hooks", "good", f"another hook calls vibeguard {where}"),)
    others = [hook for hook, whose in found if whose == "other"]
    words = f"{', '.join(others)} {'is' if len(others) == 1 else 'are'} somebody else's {where}" if others else "none"
    return (Check("hooks", "note", words, "vibeguard install; CI decides in any case"),)


def _calls_vibeguard(path: str) -> bool:
    """A hook of pre-commit or prek names neither of its hooks, so only what is written in the script is seen."""
    try:
        with open(path, "rb") as file:
            return b"vibeguard" in file.read(65536)
    except OSError:
        return False


def _notes(objects: Objects) -> Check:
    if read_commit(objects, "refs/notes/ai") is not None:
        return Check("notes", "good", "refs/notes/ai is here: line records of git-ai are read")
    return Check(
        "notes",
        "note",
        "refs/notes/ai is not here: line records of git-ai, if there are any, are not seen",
        "git fetch origin refs/notes/ai:refs/notes/ai",
    )


def _cache(location: Location) -> Check:
    store = Store(location.common_dir)
    if not store.write("doctor", "doctor", {"probe": b""}):
        return Check("cache", "note", store.note, "verdicts are the same without it, only slower")
    return Check("cache", "good", store.folder)
