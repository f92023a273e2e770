"""Blast radius: how far a change reaches if it is wrong. Pure, additive, every point with its reason.

Provenance is no input: who or what wrote a change does not alter how far it reaches.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from itertools import repeat
from math import log
from operator import itemgetter

from vibeguard.content.kinds import is_picture_or_document
from vibeguard.model import LEVELS, BlastRadius, Change, Content, Dependents, Factor, Level
from vibeguard.scoring import weights
from vibeguard.tuples import NamedTuple

_NAMED = 3  # examples in a reason; the rest is a number


class Api(NamedTuple):
    """Public symbols that were removed or changed in signature, and the files that name them."""

    symbols: tuple[str, ...]
    dependents: int
    unknown: str = ""


class Companion(NamedTuple):
    """A file that usually changes with a changed one: in so many commits, and in this share of both files' commits."""

    path: str
    shared: int
    degree: float


class Companions(NamedTuple):
    """Files that usually change with these and did not, closest first."""

    missing: tuple[Companion, ...]
    unknown: str = ""


def curve(x: float, cap: float) -> float:
    """0 at 0, 1 from `cap` on, logarithmic between: the tenth dependent says more than the thousandth."""
    return min(1.0, log(1 + max(0.0, x)) / log(1 + cap))


def level_of(score: float, levels: Mapping[str, float] = weights.LEVELS) -> Level:
    """The level of a score by the cut points where each begins."""
    reached: Level = LEVELS[0]
    for level in LEVELS[1:]:
        if score >= levels[level]:
            reached = level
    return reached


def top_folder(path: str) -> str:
    """The first folder of a path, "" for a file at the root."""
    folder, slash, _ = path.partition("/")
    return folder if slash else ""


def score(  # noqa: PLR0917
    change: Change,
    content: Content,
    group_of: Callable[[str], tuple[str, ...]],
    ownership_exists: bool,  # noqa: FBT001
    dependents: Dependents,
    tags: Mapping[str, tuple[str, float]] | None = None,
    only: frozenset[str] | None = None,
    *,
    package_of: Callable[[str], str] = top_folder,
    count_groups: Callable[[Iterable[str]], Mapping[tuple[str, ...], int]] | None = None,
    api: Api | None = None,
    companions: Companions | None = None,
    levels: Mapping[str, float] = weights.LEVELS,
) -> BlastRadius:
    """The blast radius of a change, or of some of its files.

    Args:
        group_of: the owners of a path, () where nobody owns it.
        ownership_exists: whether there is an ownership file at all; without one nothing is a gap.
        dependents: of the changed files, or of those in `only`.
        tags: by path, the policy's heaviest tag and its weight (0 to 1).
        only: paths to look at; all by default.
        package_of: the nearest workspace, module or top-level folder of a path, which is one for all of a folder.
        count_groups: how many of some paths each owner group has, where that is sooner said than by `group_of`.
        api, companions: absent factors have no points and are not listed.
        levels: the score at which a level begins.
    """
    paths = tuple(path for path in dict.fromkeys(change.paths) if only is None or path in only)
    reached = dependents.paths
    counts = count_groups(reached) if count_groups is not None else Counter(map(group_of, reached))
    groups, owners, unowned = _owners(paths, counts, group_of)
    others = [
        _owners_crossed(groups, ownership_exists),
        _gaps(unowned, counts.get((), 0), ownership_exists),
        _sensitivity(paths, content, tags or {}),
    ]
    if api is not None:
        others.append(_api(api))
    if companions is not None:
        others.append(_co_change(companions))
    fan_out = _fan_out(dependents, sum(factor.points for factor in others))
    factors = [fan_out, *others]
    factors.append(_opaque(paths, content, sum(factor.points for factor in factors)))
    # The factors carry fractions of points; the score is their rounded sum.
    total = min(100, int(sum(factor.points for factor in factors) + 0.5))
    known = not dependents.unknown
    count = dependents.all
    everything = (*paths, *reached)
    one_a_folder = dict(zip(map(itemgetter(0), map(str.rpartition, everything, repeat("/"))), everything, strict=True))
    packages = set(map(package_of, one_a_folder.values()))
    unknowns = [factor.unknown for factor in factors if factor.unknown]
    if dependents.unresolved:
        unknowns.append(f"{len(dependents.unresolved)} imports of the changed files lead nowhere that can be seen")
    return BlastRadius(
        total,
        level_of(total, levels),
        dependents.direct if known or count else None,
        dependents.within_2 if known or count else None,
        count if known or count else None,
        len(dependents.unresolved),
        tuple(sorted(owners)),
        len(packages),
        tuple(factors),
        tuple(unowned) if ownership_exists else (),
        len(groups),
        tuple(dict.fromkeys(unknowns)),
    )


def _fan_out(dependents: Dependents, others: float) -> Factor:
    decay = weights.FAN_OUT_DECAY
    reach = sum(len(item.paths) * item.weight * decay ** (item.distance - 1) for item in dependents.reached)
    points = weights.FAN_OUT_POINTS * curve(reach, weights.FAN_OUT_CAP)
    count = dependents.all
    because = (
        f"{_files(count)} depend on the change: {dependents.direct} directly, {dependents.within_2} within two hops"
        if count
        else "no file of the repository depends on the change"
    )
    if not dependents.unknown:
        return Factor("fan-out", points, because)
    floor = weights.LANGUAGE_UNKNOWN_FLOOR if dependents.unread_languages else weights.DEPENDENTS_UNKNOWN_FLOOR
    lifted = max(points, floor - others)
    because = f"{dependents.unknown}: " + (f"at least {_files(count)} depend on the change, " if count else "")
    return Factor("fan-out", lifted, f"{because}scored as if many files did (at least {floor})", dependents.unknown)


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


def _owners(
    paths: tuple[str, ...], counts: Mapping[tuple[str, ...], int], group_of: Callable[[str], tuple[str, ...]]
) -> tuple[set[frozenset[str]], set[str], list[str]]:
    """(owner groups, owners, changed files that nobody owns). `counts` are those of the dependents."""
    found: set[tuple[str, ...]] = set()
    unowned = []
    for path in paths:
        group = group_of(path)
        if group:
            found.add(group)
        else:
            unowned.append(path)
    found.update(counts)
    groups = {frozenset(group) for group in found if group}
    return groups, {owner for group in groups for owner in group}, unowned


def _owners_crossed(groups: set[frozenset[str]], ownership_exists: bool) -> Factor:  # noqa: FBT001
    beyond = max(0, len(groups) - 1)
    points = weights.OWNERS_POINTS * min(1.0, beyond / weights.OWNERS_GROUPS)
    if not ownership_exists:
        return Factor("owners", 0.0, "the repository has no ownership file")
    return Factor("owners", points, f"{len(groups)} owner group{'' if len(groups) == 1 else 's'} concerned")


def _gaps(unowned: list[str], loose: int, ownership_exists: bool) -> Factor:  # noqa: FBT001
    """Whether the author owns a file is no part of it: a laptop and CI know people by different names."""
    if not ownership_exists:
        return Factor("gaps", 0.0, "the repository has no ownership file")
    also = f"; of those that depend on it, {loose} have none" if loose else ""
    if not unowned:
        return Factor("gaps", 0.0, f"every changed file has an owner{also}")
    return Factor("gaps", float(weights.GAPS_POINTS), f"nobody owns {_some(unowned)}{also}")


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    return shown if len(names) <= _NAMED else f"{shown} and {len(names) - _NAMED} more"


def _sensitivity(paths: tuple[str, ...], content: Content, tags: Mapping[str, tuple[str, float]]) -> Factor:
    highest = 0.0
    reasons: dict[str, list[str]] = {}
    for path in paths:
        facts = content.files.get(path)
        found = [(kind, weights.KINDS[kind]) for kind in sorted(facts.kinds if facts else ()) if kind in weights.KINDS]
        if path in tags:
            tag, weight = tags[path]
            found.append((f"tag {tag}", min(1.0, max(0.0, weight))))
        for word, weight in found:
            if weight > highest:
                highest, reasons = weight, {}
            if weight == highest and weight > 0:
                reasons.setdefault(word, []).append(path)
    if content.new_dependencies and highest < weights.NEW_DEPENDENCY:
        highest, reasons = weights.NEW_DEPENDENCY, {"new dependency": list(content.new_dependencies)}
    if not reasons:
        return Factor("sensitivity", 0.0, "no sensitive file is touched")
    words = "; ".join(f"{word}: {_some(found)}" for word, found in reasons.items())
    return Factor("sensitivity", weights.SENSITIVITY_POINTS * highest, words)


def _api(api: Api) -> Factor:
    points = weights.API_POINTS * curve(api.dependents, weights.API_CAP)
    if not api.symbols:
        return Factor("api", 0.0, "no public symbol was removed or changed in signature", api.unknown)
    words = f"{_files(api.dependents)} name {_some(list(api.symbols))}" if api.dependents else (
        f"no file is known to name {_some(list(api.symbols))}"
    )  # fmt: skip
    return Factor("api", points, words, api.unknown)


def _co_change(companions: Companions) -> Factor:
    points = weights.CO_CHANGE_POINTS * curve(len(companions.missing), weights.CO_CHANGE_CAP)
    if companions.unknown:
        return Factor("co-change", 0.0, f"not known: {companions.unknown}", f"usual companions: {companions.unknown}")
    if not companions.missing:
        return Factor("co-change", 0.0, "no usual companion is missing")
    words = [f"{found.path} ({found.shared} commits, {found.degree:.0%})" for found in companions.missing]
    return Factor("co-change", points, f"usually changed with these: {_some(words)}")


def _opaque(paths: tuple[str, ...], content: Content, others: float) -> Factor:
    """The points that lift a change which cannot be judged to its floor."""
    found = [
        path
        for path in paths
        if (facts := content.files.get(path)) is not None and facts.opaque and not is_picture_or_document(path)
    ]
    if not found:
        return Factor("opaque", 0.0, "every changed file can be read")
    reasons = sorted({content.files[path].opaque for path in found})
    words = f"cannot be judged ({', '.join(reasons)}): {_some(found)}; scored at least {weights.OPAQUE_FLOOR}"
    return Factor("opaque", max(0.0, weights.OPAQUE_FLOOR - others), words, words)
