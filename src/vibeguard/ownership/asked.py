"""What owners are asked for: whose approval each file needs, and how much of a change its author owns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from vibeguard.model import Fact, Owner

_SHOWN = 3  # paths in a piece of evidence


def asked(owners: Iterable[Owner]) -> dict[str, tuple[str, ...]]:
    """For `by: owners`: each thing that one of some owners must approve, with these owners; () where nobody owns it.

    It is the file itself, as a rule. GitLab asks once for each section that has a line for a file, and not at all for
    optional ones: those come as `path [Section]`. Alternatives of one line stay together.
    """
    needed: dict[str, tuple[str, ...]] = {}
    for owner in owners:
        if all(entry.section is None and not entry.optional for entry in owner.entries):
            needed[owner.path] = owner.owners
            continue
        required = [entry for entry in owner.entries if not entry.optional and entry.owners]
        if not required:
            # Nobody has to approve it on the forge. Where others are named for the optional part, they own it.
            needed[owner.path] = owner.owners
        for entry in required:
            needed[owner.path if entry.section is None else f"{owner.path} [{entry.section}]"] = entry.owners
    return needed


def owns(owners: Sequence[Owner], is_author: Callable[[str], bool | None]) -> Fact:
    """`author.owns`: whether the author is among the owners of all, some or none of these files.

    Args:
        owners: of the files in view.
        is_author: whether an owner is the author, None for a team whose members are not known. Joining the names of
            one person is the caller's business, who has the policy's `people`.

    Returns:
        "all", "some" or "none"; unknown where a team's members would make the difference, and for no files.
    """
    if not owners:
        return Fact(None, "no files in view")
    cache: dict[str, bool | None] = {}
    verdicts: list[bool | None] = []
    teams: dict[str, None] = {}
    for owner in owners:
        verdict: bool | None = False
        for name in owner.owners:
            if name not in cache:
                cache[name] = is_author(name)
            if cache[name]:
                verdict = True
                break
            if cache[name] is None:
                verdict = None
        if verdict is None:
            teams.update(dict.fromkeys(name for name in owner.owners if cache.get(name, False) is None))
        verdicts.append(verdict)
    owned = [owner.path for owner, verdict in zip(owners, verdicts, strict=True) if verdict]
    others = [owner.path for owner, verdict in zip(owners, verdicts, strict=True) if verdict is False]
    evidence = (f"owns {len(owned)} of {len(owners)} files", *_listed("owned by others or nobody", others))
    if owned and others:
        return Fact("some", evidence=evidence)
    if None not in verdicts:
        return Fact("all" if owned else "none", evidence=evidence)
    names = ", ".join(list(teams)[:_SHOWN]) + (" and others" if len(teams) > _SHOWN else "")
    return Fact(None, f"whether the author belongs to {names} is not known", evidence)


def _listed(what: str, paths: Sequence[str]) -> tuple[str, ...]:
    if not paths:
        return ()
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return (f"{what}: {', '.join(paths[:_SHOWN])}{more}",)
