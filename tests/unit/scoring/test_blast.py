from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files

import yaml
from hypothesis import given
from hypothesis import strategies as st

from vibeguard.dependents.facts import KIND_WEIGHTS
from vibeguard.model import BlastRadius, Change, Content, Dependents, FileChange, FileFacts, Reach
from vibeguard.scoring import weights
from vibeguard.scoring.blast import Api, Companion, Companions, curve, level_of, score


def change_of(*paths: str) -> Change:
    one, two = "1" * 40, "2" * 40
    return Change("staged", None, None, tuple(FileChange(path, "M", "100644", "100644", one, two) for path in paths))


def content_of(**kinds: Iterable[str]) -> Content:
    return Content({path: FileFacts(path, frozenset(found)) for path, found in kinds.items()})


def dependents_of(count: int, *, unknown: str = "", distance: int = 1, languages: tuple[str, ...] = ()) -> Dependents:
    found = (Reach(distance, 1.0, tuple(f"d/{number}.py" for number in range(count))),)
    return Dependents(("a.py",), found if count else (), (), unknown, unread_languages=languages)


def nobody(path: str) -> tuple[str, ...]:
    return ()


def points(blast: BlastRadius) -> dict[str, float]:
    return {factor.name: round(factor.points, 2) for factor in blast.factors}


def test_the_figures_of_the_hook_are_those_of_the_data_file() -> None:
    data = yaml.safe_load(files("vibeguard.scoring").joinpath("weights.yaml").read_text(encoding="utf-8"))
    assert data["risk"] == {
        "factors": {name: list(figures) for name, figures in weights.RISK.items()},
        "quantiles": weights.RISK_QUANTILES,
        "levels": weights.RISK_LEVELS,
    }
    assert data["blast"] == {
        "fan_out": {"points": weights.FAN_OUT_POINTS, "cap": weights.FAN_OUT_CAP, "decay": weights.FAN_OUT_DECAY},
        "api": {"points": weights.API_POINTS, "cap": weights.API_CAP},
        "owners": {"points": weights.OWNERS_POINTS, "groups": weights.OWNERS_GROUPS},
        "gaps": {"points": weights.GAPS_POINTS},
        "sensitivity": {"points": weights.SENSITIVITY_POINTS},
        "co_change": {"points": weights.CO_CHANGE_POINTS, "cap": weights.CO_CHANGE_CAP},
        "floors": {
            "opaque": weights.OPAQUE_FLOOR,
            "dependents_unknown": weights.DEPENDENTS_UNKNOWN_FLOOR,
            "language_unknown": weights.LANGUAGE_UNKNOWN_FLOOR,
        },
        "levels": weights.LEVELS,
        "kinds": weights.KINDS,
        "tag": weights.TAG,
        "new_dependency": weights.NEW_DEPENDENCY,
    }


def test_the_curve_is_zero_at_zero_and_one_from_the_cap_on() -> None:
    assert [curve(0, 1000), curve(1000, 1000), curve(9999, 1000), curve(-3, 10)] == [0, 1, 1, 0]
    assert 0.34 < curve(10, 1000) < 0.35


def test_levels_begin_at_their_cut_points() -> None:
    assert [level_of(at) for at in (0, 19, 20, 39, 40, 64, 65, 100)] == [
        "low", "low", "moderate", "moderate", "high", "high", "critical", "critical",
    ]  # fmt: skip


def test_nothing_reached_and_nothing_sensitive_scores_zero() -> None:
    blast = score(change_of("a.py"), content_of(), nobody, False, dependents_of(0))
    assert (blast.score, blast.level, blast.direct, blast.all) == (0, "low", 0, 0)
    assert all(factor.because for factor in blast.factors)


def test_each_hop_carries_a_fifth_and_each_kind_its_weight() -> None:
    near = score(change_of("a.py"), content_of(), nobody, False, dependents_of(10))
    far = score(change_of("a.py"), content_of(), nobody, False, dependents_of(10, distance=2))
    assert points(near)["fan-out"] == round(45 * curve(10, 1000), 2)
    assert points(far)["fan-out"] == round(45 * curve(2, 1000), 2)
    assert (far.direct, far.within_2, far.all) == (0, 10, 10)


def test_owner_groups_of_changed_files_and_dependents_are_counted_once() -> None:
    owners = {"a.py": ("@a",), "d/0.py": ("@b", "@a"), "d/1.py": ("@a", "@b"), "d/2.py": ()}
    blast = score(change_of("a.py"), content_of(), lambda path: owners.get(path, ()), True, dependents_of(3))
    assert (blast.owner_groups, blast.owners, points(blast)["owners"]) == (2, ("@a", "@b"), 3.75)
    assert (points(blast)["gaps"], blast.unowned_files) == (0, ())
    because = {factor.name: factor.because for factor in blast.factors}
    assert because["gaps"] == "every changed file has an owner; of those that depend on it, 1 have none"


def test_a_changed_file_that_nobody_owns_is_a_gap_only_where_ownership_is_kept() -> None:
    with_file = score(change_of("a.py"), content_of(), nobody, True, dependents_of(0))
    without = score(change_of("a.py"), content_of(), nobody, False, dependents_of(0))
    assert (points(with_file)["gaps"], with_file.unowned_files) == (5, ("a.py",))
    assert (points(without)["gaps"], without.unowned_files) == (0, ())


def test_the_most_sensitive_kind_or_tag_counts_once() -> None:
    content = content_of(**{"ci.yml": ["ci"], "lock": ["lock-file"], "auth.py": ["auth", "code"]})
    change = change_of("ci.yml", "lock", "auth.py")
    assert points(score(change, content, nobody, False, dependents_of(0)))["sensitivity"] == 20
    tagged = score(change, content, nobody, False, dependents_of(0), {"ci.yml": ("money", 1.0)})
    factor = next(factor for factor in tagged.factors if factor.name == "sensitivity")
    assert (factor.points, factor.because) == (25, "tag money: ci.yml")


def test_only_some_files_can_be_looked_at() -> None:
    content = content_of(**{"ci.yml": ["ci"], "a.py": ["code"]})
    blast = score(change_of("ci.yml", "a.py"), content, nobody, False, dependents_of(0), only=frozenset(("a.py",)))
    assert points(blast)["sensitivity"] == 0


def test_what_cannot_be_judged_scores_at_least_forty_and_says_so() -> None:
    content = Content({"x.bin": FileFacts("x.bin", frozenset(("binary",)), None, "binary")})
    blast = score(change_of("x.bin"), content, nobody, False, dependents_of(0))
    assert (blast.score, blast.level) == (40, "high")
    picture = Content({"x.png": FileFacts("x.png", frozenset(("binary",)), None, "binary")})
    assert score(change_of("x.png"), picture, nobody, False, dependents_of(0)).score == 0


def test_unknown_dependents_are_never_zero() -> None:
    cold = score(
        change_of("a.py"), content_of(), nobody, False, dependents_of(0, unknown="dependents unknown, building")
    )
    assert (cold.score, cold.direct, cold.all) == (40, None, None)
    assert cold.unknowns == ("dependents unknown, building",)
    foreign = dependents_of(0, unknown="no import graph for Elixir", languages=("Elixir",))
    assert score(change_of("a.ex"), content_of(), nobody, False, foreign).score == 20


def test_the_sum_never_passes_a_hundred() -> None:
    owners = {f"d/{number}.py": (f"@{number}",) for number in range(2000)}
    content = content_of(**{"a.py": ["secrets"], "b.py": []})
    blast = score(change_of("a.py", "b.py"), content, lambda path: owners.get(path, ()), True, dependents_of(2000))
    assert (blast.score, blast.level) == (90, "critical")


def test_missing_companions_count_up_to_five_points_and_are_named() -> None:
    missing = tuple(Companion(f"c{number}.py", 5, 0.5) for number in range(10))
    blast = score(change_of("a.py"), content_of(), nobody, False, dependents_of(0), companions=Companions(missing))
    factor = next(factor for factor in blast.factors if factor.name == "co-change")
    assert (factor.points, blast.score) == (5, 5)
    assert factor.because == (
        "usually changed with these: c0.py (5 commits, 50%), c1.py (5 commits, 50%), c2.py (5 commits, 50%) and 7 more"
    )


def test_unknown_companions_have_no_points_and_are_listed_as_not_known() -> None:
    companions = Companions((), "the clone is shallow")
    blast = score(change_of("a.py"), content_of(), nobody, False, dependents_of(0), companions=companions)
    assert blast.score == 0
    assert blast.unknowns == ("usual companions: the clone is shallow",)


FOUND = st.tuples(st.integers(1, 6), st.sampled_from(list(KIND_WEIGHTS.values())))


@given(
    near=st.lists(FOUND, max_size=60),
    more=st.lists(FOUND, max_size=60),
    kinds=st.sets(st.sampled_from(["code", "ci", "auth", "secrets", "lock-file"])),
    opaque=st.booleans(),
    named=st.integers(0, 200),
    missing=st.integers(0, 20),
    owned=st.integers(0, 9),
    unknown=st.sampled_from(["", "building"]),
)
def test_the_score_is_the_sum_of_its_factors_and_more_dependents_never_lower_it(
    near: list[tuple[int, float]],
    more: list[tuple[int, float]],
    kinds: set[str],
    opaque: bool,
    named: int,
    missing: int,
    owned: int,
    unknown: str,
) -> None:
    def judged(found: list[tuple[int, float]]) -> BlastRadius:
        reached = tuple(Reach(distance, weight, (f"{number}.py",)) for number, (distance, weight) in enumerate(found))
        return score(
            change_of("a.py"),
            Content({"a.py": FileFacts("a.py", frozenset(kinds), None, "binary" if opaque else "")}),
            lambda path: (f"@{len(path) % owned}",) if owned else (),
            True,
            Dependents(("a.py",), reached, (), unknown),
            api=Api(("f",), named),
            companions=Companions(tuple(Companion(f"c{number}", 5, 0.5) for number in range(missing))),
        )

    few, many = judged(near), judged(near + more)
    assert few.score <= many.score <= 100
    assert judged(near) == few
    for blast in (few, many):
        assert blast.score == min(100, int(sum(factor.points for factor in blast.factors) + 0.5))
        assert [factor.name for factor in blast.factors] == [
            "fan-out", "owners", "gaps", "sensitivity", "api", "co-change", "opaque",
        ]  # fmt: skip
        assert all(factor.points >= 0 and factor.because for factor in blast.factors)
