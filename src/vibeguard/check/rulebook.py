"""The policy in force for a change, and in words where it came from."""

from __future__ import annotations

import os
from collections.abc import Sequence

from vibeguard.check.request import Request
from vibeguard.check.trust import ENTRY, Trusted, near_misses
from vibeguard.dependents.store import DamagedError, Store
from vibeguard.errors import CONFIG, VibeguardError
from vibeguard.model import GITLINK, SYMLINK, Change, Place, RuleResult
from vibeguard.policy import compiled
from vibeguard.policy.builtin import PREFIX, read_builtin
from vibeguard.policy.globs import word_matches
from vibeguard.policy.rules import Policy
from vibeguard.policy.source import Listing, PolicySource, Read
from vibeguard.repository.locate import Location
from vibeguard.repository.objects import Objects, list_index, list_tree
from vibeguard.repository.tree import Tree
from vibeguard.tuples import NamedTuple

DEFAULT = "starter"
EXTRA = "vibeguard/extra.yaml"  # a layer of this machine alone, in the repository's common git directory
MAX_POLICY = 1 << 20  # bytes; the policy room refuses more, and nothing larger is read


class Rulebook(NamedTuple):
    """A loaded policy, which one it is in words, and what the reader should know about that."""

    policy: Policy
    words: str
    notices: tuple[str, ...] = ()


class Files(NamedTuple):
    """How a policy's other files are read: from the same tree as the entry, links never followed."""

    tree: Tree | None
    location: Location
    listed: str | None  # id of the tree to list for `extends: [policies/*.yaml]`; None where there is none

    def read(self, path: str) -> bytes | None:
        return self.tree.blob(path) if self.tree is not None else None

    def listing(self, _pattern: str) -> Sequence[str]:
        if self.listed is None:
            return ()
        return [entry.path for entry in list_tree(self.location.git, self.listed)]


def rulebook(request: Request, location: Location, believed: Trusted, tree: Tree | None, change: Change) -> Rulebook:
    """The policy that judges: the one tried out by `--policy`, the base's own, or the builtin starter.

    Raises:
        VibeguardError: CONFIG for a policy that does not load or is no plain file.
    """
    if request.policy_path is not None:
        return _tried(request.policy_path, location)
    commit = believed.commit
    files = Files(tree, location, commit.tree if commit is not None else None)
    entry = tree.entry(ENTRY) if tree is not None else None
    if entry is not None and commit is not None:
        _require_plain(entry.mode)
        text = files.read(ENTRY)
        source = PolicySource(ENTRY, text if text is not None else b"", commit.id)
        policy = _load(source, files, location, use_store=request.use_store)
        words = f"{ENTRY} of {believed.name} ({commit.id[:10]})"
        return _stricter_here(
            request, location, source, files, Rulebook(policy, words, _overlooked(location, change, in_force=True))
        )
    source = PolicySource(PREFIX + DEFAULT, read_builtin(DEFAULT) or b"", None)
    where = f"{believed.name} has no {ENTRY}" if commit is not None else "there is no commit yet"
    missed = near_misses(frozenset(tree.folder(""))) if tree is not None else ()
    notices = tuple(f"{name} is not a policy: its name must be exactly {ENTRY}" for name in missed)
    book = Rulebook(
        _load(source, files, location, use_store=request.use_store),
        f"{PREFIX}{DEFAULT}",
        (f"{PREFIX}{DEFAULT} judges, since {where}", *notices, *_overlooked(location, change, in_force=False)),
    )
    return _stricter_here(request, location, source, files, book)


def _stricter_here(
    request: Request, location: Location, source: PolicySource, files: Files, book: Rulebook
) -> Rulebook:
    """The policy with this machine's own layer, which can only tighten it. CI never reads one."""
    own = os.path.join(location.common_dir, EXTRA)
    if request.stage == "ci" or not os.path.isfile(own):
        return book
    from vibeguard.policy.load import load  # noqa: PLC0415 - pays for YAML, and few machines have a layer

    extra = PolicySource(f".git/{EXTRA}", _work_file(own)[1])
    policy = load(source, files.read, files.listing, extras=[extra])
    notice = f"{extra.path} of this machine adds to the policy; CI does not read it"
    return Rulebook(policy, f"{book.words} and {extra.path}", (*book.notices, notice))


def broken_head_policy(location: Location, objects: Objects, change: Change) -> RuleResult | None:
    """What the change makes of the policy must load, since merging it would break the branch; None when it does."""
    touched = next((file for file in change.files if file.path == ENTRY), None)
    if touched is None or not touched.exists_after:
        return None
    try:
        _require_plain(touched.mode_after)
        text = objects.blob(touched.blob_after)
        if text is None:
            return None  # a patch from elsewhere: its objects are not here
        from vibeguard.policy.load import load  # noqa: PLC0415 - pays for YAML, and only such changes need it

        load(PolicySource(ENTRY, text, change.head), *_after(location, objects, change))
    except VibeguardError as error:
        if error.kind != CONFIG:
            raise
        said = "; ".join([str(error), *(detail.split("\n")[0] for detail in error.details[:3])])
        return RuleResult(
            "policy-must-load",
            Place(ENTRY, 1, 1),
            "blocked",
            "enforce",
            f"the policy would not load after this change: {said}",
            (),
            description="A policy that does not load would leave the branch without one, so it may not go in.",
        )
    return None


def protected_ref(policy: Policy, change: Change) -> RuleResult | None:
    """Deleting a ref that the policy protects is no change to judge but one to stop; None for anything else."""
    if change.source != "push" or change.ref is None or change.head is not None:
        return None
    name = change.ref.removeprefix("refs/heads/")
    if not any(word_matches(pattern, text) for pattern in policy.protected_refs for text in (name, change.ref)):
        return None
    place = Place(policy.files[0].path if policy.files else ENTRY, 1, 1)
    message = f"{name} is deleted, and the policy protects it"
    return RuleResult("protected-refs", place, "blocked", "enforce", message, (), description="Protected refs stay.")


def _after(location: Location, objects: Objects, change: Change) -> tuple[Read, Listing]:
    """The files after the change (of its head's tree, or of the index), for what its policy extends."""
    tree = change.head_tree

    def listing(_pattern: str) -> Sequence[str]:
        entries = list_index(location.git) if tree is None else list_tree(location.git, tree)
        return [entry.path for entry in entries]

    if tree is not None:
        return Tree(objects, tree).blob, listing
    return (lambda path: objects.blob(f":{path}")), listing


def _tried(path: str, location: Location) -> Rulebook:
    if path.startswith(PREFIX):
        text = read_builtin(path.removeprefix(PREFIX))
        if text is None:
            raise VibeguardError(
                CONFIG, f"there is no policy {path}", hint="vibeguard policy read lists the builtin ones"
            )
        name = path
    else:
        name, text = _work_file(path)
    from vibeguard.policy.load import load  # noqa: PLC0415 - pays for YAML

    top = location.top

    def read(other: str) -> bytes | None:
        full = os.path.join(top, other) if top is not None else other
        return _work_file(full)[1] if os.path.isfile(full) and not os.path.islink(full) else None

    def listing(pattern: str) -> Sequence[str]:
        folder = pattern.rpartition("/")[0]
        try:
            return [f"{folder}/{item}" if folder else item for item in os.listdir(os.path.join(top or ".", folder))]
        except OSError:
            return ()

    policy = load(PolicySource(name, text, None), read, listing)
    return Rulebook(policy, f"{path}, tried out by --policy", (f"{path} was tried out; it is not the policy in force",))


def _work_file(path: str) -> tuple[str, bytes]:
    try:
        with open(path, "rb") as file:
            return path, file.read(MAX_POLICY + 1)
    except OSError as error:
        raise VibeguardError(CONFIG, f"cannot read the policy: {error.strerror}", where=path) from None


def _require_plain(mode: str) -> None:
    if not mode.startswith("100"):
        what = {SYMLINK: "a symbolic link", GITLINK: "a submodule", "40000": "a folder"}.get(mode, f"of mode {mode}")
        raise VibeguardError(CONFIG, f"the policy is {what}", where=ENTRY, hint="make it a plain file")


def _overlooked(location: Location, change: Change, *, in_force: bool) -> tuple[str, ...]:
    """A policy that is not in force yet must not be mistaken for the one that judges."""
    if any(file.path == ENTRY and file.exists_after for file in change.files):
        return (f"this change's own {ENTRY} judges nothing before it is merged; to try it: --policy {ENTRY}",)
    if in_force or change.source != "staged" or location.top is None:
        return ()
    if os.path.lexists(os.path.join(location.top, ENTRY)):
        return (f"the {ENTRY} in your work tree is not in force; to try it: --policy {ENTRY}",)
    return ()


def _load(source: PolicySource, files: Files, location: Location, *, use_store: bool) -> Policy:
    """From its compiled form if that is still true to the bytes, else from the YAML, keeping the compiled form."""
    if not use_store:
        return _read(source, files)
    store, key = Store(location.common_dir), compiled.key(source)
    sections = store.open("policy", key)
    if sections is not None:
        try:
            policy = compiled.load(sections.section("policy"), source, files.read, files.listing)
        except DamagedError:
            policy = None
        if policy is not None:
            return policy
    policy = _read(source, files)
    store.write("policy", key, {"policy": compiled.dump(policy)})
    return policy


def _read(source: PolicySource, files: Files) -> Policy:
    from vibeguard.policy.load import load  # noqa: PLC0415 - pays for YAML

    return load(source, files.read, files.listing)
