from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibeguard.model import Approval, People, Requirement, ReviewDemand
from vibeguard.reviews.count import count, count_together
from vibeguard.reviews.identities import key, matches

HEAD = "3f2c1ab" + "0" * 33
EARLIER = "91aa3c0" + "0" * 33
DIFF = "d" * 64
PEOPLE = People(
    roles={"senior": ("amy", "bob", "acme/principal"), "lead": ("amy",), "two": ("amy", "bob")},
    identities={"amy": ("amy@acme.com", "SHA256:6EHLabc"), "zoe": ("zoe@acme.com", "zoe-private")},
    agents=("*[bot]", "acme-ci"),
    if_no_owner=("two",),
)
SENIOR = ReviewDemand(by="roles", names=("two",))


def approval(who: str = "amy", **changes: Any) -> Approval:
    return Approval(**{"who": who, "state": "approved", "channel": "file", "commit": HEAD, **changes})


def ask(
    demand: ReviewDemand = SENIOR,
    *approvals: Approval,
    people: People = PEOPLE,
    head: str | None = HEAD,
    diff: str = DIFF,
    authors: tuple[str, ...] = ("Zoe <zoe@acme.com>",),
    contributors: tuple[str, ...] = (),
    drivers: tuple[str, ...] = (),
    owned: Mapping[str, tuple[str, ...]] | None = None,
    members: Mapping[str, tuple[str, ...]] | None = None,
) -> Requirement:
    return count(
        demand,
        approvals,
        people,
        head=head,
        diff=diff,
        authors=authors,
        contributors=contributors,
        drivers=drivers,
        owned=owned,
        members=members,
    )


def reasons(requirement: Requirement) -> dict[str, str]:
    return {refused.who: refused.why for refused in requirement.not_counted}


# ------------------------------------------------------------------------------------------------ what counts


def test_an_approval_of_the_head_by_somebody_asked_satisfies() -> None:
    found = ask(SENIOR, approval("Amy"))
    assert found.satisfied
    assert (found.wanted, found.have, found.missing, found.suggested) == (1, 1, "", ())


def test_without_approvals_it_says_how_many_from_whom_and_suggests_a_smallest_set() -> None:
    found = ask(ReviewDemand(wanted=2, by="roles", names=("two",)), approval("amy"))
    assert not found.satisfied
    assert found.missing == "1 of 2 reviews by a two (amy, bob)"
    assert found.suggested == ("bob",)


def test_nobody_counts_twice_under_two_names() -> None:
    found = ask(ReviewDemand(wanted=2), approval("amy"), approval("AMY@acme.com"), approval("SHA256:6EHLabc"))
    assert (found.have, found.satisfied) == (1, False)


def test_a_channels_own_knowledge_joins_names_too() -> None:
    found = ask(ReviewDemand(wanted=2), approval("cara"), approval("cara2", identities=("cara",)))
    assert found.have == 1


# ---------------------------------------------------------------------------------------- latest decision first


def test_a_dismissed_review_does_not_bring_an_older_approval_back() -> None:
    older, newer = "2026-11-20T10:00:00Z", "2026-11-21T10:00:00Z"
    found = ask(SENIOR, approval(state="dismissed", at=newer), approval(at=older))
    assert not found.satisfied
    assert reasons(found)["amy"] == "the approval was dismissed"


def test_times_are_compared_as_moments_and_not_as_text() -> None:
    found = ask(
        SENIOR, approval(at="2026-11-21T23:30:00-02:00"), approval(state="dismissed", at="2026-11-22T00:30:00Z")
    )
    assert found.satisfied


def test_without_times_the_last_one_listed_decides() -> None:
    assert not ask(SENIOR, approval(), approval(state="changes-requested")).satisfied
    assert ask(SENIOR, approval(state="changes-requested"), approval()).satisfied


def test_a_comment_after_an_approval_changes_nothing_and_alone_approves_nothing() -> None:
    assert ask(SENIOR, approval(), approval(state="commented")).satisfied
    assert reasons(ask(SENIOR, approval(state="commented")))["amy"] == "commented, which approves nothing"


# --------------------------------------------------------------------------------------------------- freshness


def test_an_approval_of_an_older_commit_is_stale() -> None:
    assert reasons(ask(SENIOR, approval(commit=EARLIER))) == {"amy": "approved 91aa3c0, not this diff"}


def test_a_rebase_that_keeps_the_diff_keeps_the_approval_unless_the_commit_is_asked_for() -> None:
    rebased = approval(commit=EARLIER, diff_id=DIFF)
    assert ask(SENIOR, rebased).satisfied
    strict = ask(SENIOR._replace(valid_for="this-commit"), rebased)
    assert reasons(strict) == {"amy": "approved 91aa3c0, not 3f2c1ab"}
    assert strict.missing == "0 of 1 review by a two (amy, bob), on this commit"


def test_any_version_takes_every_commit() -> None:
    assert ask(SENIOR._replace(valid_for="any-version"), approval(commit=None)).satisfied


def test_a_review_whose_commit_is_gone_after_a_force_push_is_not_on_this_diff() -> None:
    assert reasons(ask(SENIOR, approval(commit=None))) == {"amy": "approved a version that is not known"}


def test_a_staged_change_has_no_commit_to_approve_but_a_diff() -> None:
    assert not ask(SENIOR, approval(), head=None).satisfied
    assert ask(SENIOR, approval(commit=None, diff_id=DIFF), head=None).satisfied


# --------------------------------------------------------------------------------------------- who never counts


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"authors": ("amy",)}, "author of the change"),
        ({"authors": ("Somebody <AMY@acme.com>",)}, "author of the change"),
        ({"authors": ("Amy <1234+Amy@users.noreply.github.com>",)}, "author of the change"),
        ({"authors": ("amy@users.noreply.github.com",)}, "author of the change"),
        ({"drivers": ("Amy <amy@acme.com>",)}, "drove the agent that wrote the change"),
        ({"contributors": ("amy@acme.com",)}, "committed to the change, or is named as its co-author"),
    ],
)
def test_nobody_approves_their_own_work(given: dict[str, Any], why: str) -> None:
    found = ask(SENIOR, approval(), **given)
    assert reasons(found) == {"amy": why}
    assert (found.satisfied, found.suggested) == (False, ("bob",))
    assert "amy" not in found.who


def test_may_include_contributors_lets_them_count_but_never_the_author_and_says_so() -> None:
    lenient = SENIOR._replace(may_include=("contributors",))
    assert ask(lenient, approval(), contributors=("amy",)).satisfied
    assert not ask(lenient, approval(), authors=("amy",)).satisfied
    assert "contributors may count" in ask(lenient, approval()).who


def test_the_authors_second_login_never_counts() -> None:
    assert reasons(ask(ReviewDemand(), approval("zoe-private"))) == {"zoe-private": "author of the change"}


@pytest.mark.parametrize("changes", [{"is_bot": True}, {"identities": ("acme-ci",)}, {"who": "renovate[bot]"}])
def test_bots_never_count_unless_the_policy_includes_them(changes: dict[str, Any]) -> None:
    bot = approval(**{"who": "helper", **changes})
    assert reasons(ask(ReviewDemand(), bot)) == {bot.who: "not a person"}
    assert ask(ReviewDemand(may_include=("bots",)), bot).satisfied


def test_somebody_who_cannot_push_does_not_count_nor_hold() -> None:
    assert reasons(ask(ReviewDemand(), approval("cara", can_push=False))) == {"cara": "cannot push to the repository"}
    objection = approval("cara", state="changes-requested", can_push=False)
    assert ask(ReviewDemand(), approval(), objection).satisfied


def test_a_deleted_account_never_counts() -> None:
    found = ask(ReviewDemand(), approval(""))
    assert not found.satisfied
    assert "deleted account" in reasons(found)


def test_a_trailer_is_a_claim_and_neither_approves_nor_lifts_an_objection() -> None:
    claim = approval(assurance="claimed", evidence="Reviewed-by in 3f2c1ab", commit=None)
    found = ask(SENIOR, approval(state="changes-requested"), claim)
    assert not found.satisfied
    assert NotCountedPairs(found) >= {
        ("amy", "asks for changes"),
        ("amy", "claimed by Reviewed-by in 3f2c1ab, not counted"),
    }


def NotCountedPairs(found: Requirement) -> set[tuple[str, str]]:
    return {(refused.who, refused.why) for refused in found.not_counted}


def test_a_claim_with_somebody_elses_address_does_not_join_two_people() -> None:
    claim = approval("bob", identities=("amy",), assurance="claimed")
    assert ask(ReviewDemand(wanted=2), approval("amy"), approval("bob"), claim).satisfied


def test_re_authentication_is_asked_for_in_words() -> None:
    demand = SENIOR._replace(assurance="re-authenticated")
    found = ask(demand, approval())
    assert reasons(found) == {"amy": "authenticated, where re-authenticated is asked for"}
    assert found.missing.endswith(", re-authenticated")
    assert ask(demand, approval(assurance="re-authenticated")).satisfied


# --------------------------------------------------------------------------------------------------- objections


def test_an_objection_by_somebody_asked_holds_whatever_others_approve() -> None:
    found = ask(SENIOR, approval("amy"), approval("bob", state="changes-requested", commit=EARLIER))
    assert not found.satisfied
    assert (found.wanted, found.have) == (1, 1)
    assert found.missing == "bob asks for changes"
    assert found.suggested == ("bob",)


def test_an_objection_beside_a_missing_review_asks_for_both() -> None:
    found = ask(SENIOR, approval("bob", state="changes-requested"))
    assert (found.wanted, found.have) == (1, 0)
    assert found.missing == "0 of 1 review by a two (amy, bob); bob asks for changes"
    assert found.suggested == ("bob",)


def test_an_objection_by_somebody_not_asked_is_shown_and_does_not_hold() -> None:
    found = ask(SENIOR, approval("amy"), approval("cara", state="changes-requested"))
    assert found.satisfied
    assert reasons(found) == {"cara": "asks for changes, but is not a two"}


# -------------------------------------------------------------------------------------------------------- teams


def test_a_team_whose_members_are_not_known_leaves_it_undecided() -> None:
    demand = ReviewDemand(by="roles", names=("senior",))
    found = ask(demand, approval("cara"))
    assert not found.satisfied
    assert found.unknown == "the members of acme/principal are not known"
    assert reasons(found) == {"cara": "whether they belong to acme/principal is not known"}
    assert ask(demand, approval("cara"), members={"Acme/Principal": ("cara",)}).satisfied
    assert not ask(demand, approval("cara"), members={"acme/principal": ("dan",)}).unknown


def test_a_team_without_approvals_is_simply_missing() -> None:
    found = ask(ReviewDemand(by="teams", names=("acme/pay",)))
    assert (found.unknown, found.suggested) == ("", ("acme/pay",))
    assert found.missing == "0 of 1 review by a member of acme/pay (acme/pay)"


def test_an_objection_by_a_possible_member_leaves_it_undecided() -> None:
    demand = ReviewDemand(by="roles", names=("senior",))
    found = ask(demand, approval("amy"), approval("cara", state="changes-requested"))
    assert (found.satisfied, found.unknown) == (False, "the members of acme/principal are not known")


# ------------------------------------------------------------------------------------------------------- owners

OWNED = {"a.py": ("@amy",), "b.py": ("@bob", "@cara"), "c.py": ("@cara", "@dan")}
OWNERS = ReviewDemand(by="owners")


def test_owners_are_a_set_cover_with_a_smallest_suggestion() -> None:
    found = ask(OWNERS, owned=OWNED)
    assert set(found.suggested) == {"amy", "cara"}
    assert (found.wanted, found.have) == (2, 0)
    assert "no owner yet for a.py, b.py, c.py" in found.missing
    assert ask(OWNERS, approval("amy"), approval("cara"), owned=OWNED).satisfied


def test_every_owned_file_needs_one_of_its_owners() -> None:
    found = ask(OWNERS, approval("bob"), approval("dan"), owned=OWNED)
    assert not found.satisfied
    assert found.suggested == ("amy",)
    assert "no owner yet for a.py" in found.missing


def test_any_owner_needs_one_owner_of_one_file() -> None:
    assert ask(ReviewDemand(by="any-owner"), approval("dan"), owned=OWNED).satisfied
    assert not ask(ReviewDemand(by="any-owner"), approval("eve"), owned=OWNED).satisfied


@pytest.mark.parametrize("demand", [OWNERS, ReviewDemand(by="any-owner")])
@pytest.mark.parametrize("owned", [{"x.py": ()}, {}])
def test_files_that_nobody_owns_fall_to_if_no_owner_and_never_to_nobody(
    demand: ReviewDemand, owned: dict[str, tuple[str, ...]]
) -> None:
    assert not ask(demand, owned=owned).satisfied
    assert not ask(demand, approval("eve"), owned=owned).satisfied
    assert ask(demand, approval("bob"), owned=owned).satisfied
    nobody = PEOPLE._replace(if_no_owner=())
    assert not ask(demand, owned=owned, people=nobody).satisfied
    assert ask(demand, approval("eve"), owned=owned, people=nobody).satisfied


def test_a_file_owned_by_its_author_alone_says_that_nobody_may() -> None:
    found = ask(OWNERS, owned={"a.py": ("@zoe",)})
    assert found.suggested == ()
    assert found.missing == "0 of 1 review by an owner of each file (nobody who may)"


# ----------------------------------------------------------------------------------------------- several demands


def together(*demands: ReviewDemand, approvals: tuple[Approval, ...]) -> list[bool]:
    found = count_together(
        [(demand, {}) for demand in demands], approvals, PEOPLE, head=HEAD, diff=DIFF, authors=("zoe",)
    )
    return [requirement.satisfied for requirement in found]


def test_one_person_may_serve_several_demands() -> None:
    lead = ReviewDemand(by="roles", names=("lead",))
    assert together(SENIOR, lead, approvals=(approval("amy"),)) == [True, True]


def test_distinct_asks_for_people_of_its_own_and_finds_the_assignment_that_closes_both() -> None:
    lead = ReviewDemand(by="roles", names=("lead",))
    alone = SENIOR._replace(distinct=True)
    assert together(alone, lead, approvals=(approval("amy"),)) in ([True, False], [False, True])
    assert together(alone, lead, approvals=(approval("amy"), approval("bob"))) == [True, True]
    assert together(lead, alone, approvals=(approval("bob"), approval("amy"))) == [True, True]


def test_an_approval_that_serves_another_rule_is_named() -> None:
    alone = ReviewDemand(by="roles", names=("lead",), distinct=True)
    found = count_together(
        [(alone, {}), (alone, {})], [approval("amy")], PEOPLE, head=HEAD, diff=DIFF, authors=("zoe",)
    )
    assert sorted(requirement.satisfied for requirement in found) == [False, True]
    left = next(requirement for requirement in found if not requirement.satisfied)
    assert "serves another rule" in reasons(left)["amy"]


# ---------------------------------------------------------------------------------------------------- properties

_NAMES = st.sampled_from(["amy", "bob", "cara", "zoe", "Zoe-Private", "helper[bot]", "", "amy@acme.com"])
_APPROVALS = st.builds(
    Approval,
    who=_NAMES,
    state=st.sampled_from(["approved", "changes-requested", "dismissed", "commented"]),
    channel=st.just("file"),
    commit=st.sampled_from([HEAD, EARLIER, None]),
    diff_id=st.sampled_from([DIFF, "e" * 64, None]),
    at=st.sampled_from(["", "2026-11-20T10:00:00Z", "2026-11-21T10:00:00Z"]),
    is_bot=st.booleans(),
    assurance=st.sampled_from(["claimed", "authenticated", "re-authenticated"]),
    can_push=st.sampled_from([True, False, None]),
)
_DEMANDS = st.builds(
    ReviewDemand,
    wanted=st.integers(1, 3),
    by=st.sampled_from(["anyone", "owners", "any-owner", "roles", "users"]),
    names=st.sampled_from([("two",), ("senior", "lead")]),
    valid_for=st.sampled_from(["this-diff", "this-commit", "any-version"]),
    assurance=st.sampled_from(["authenticated", "re-authenticated"]),
    distinct=st.booleans(),
)


@given(_DEMANDS, st.lists(_APPROVALS, max_size=6))
def test_a_claim_or_a_bot_or_the_author_never_satisfies_anything(demand: ReviewDemand, found: list[Approval]) -> None:
    worthless = [
        entry
        for entry in found
        if entry.assurance == "claimed" or entry.is_bot or key(entry.who) in {"zoe", "zoe-private", "helper[bot]", ""}
    ]
    assert not ask(demand, *worthless, owned=OWNED).satisfied


@given(_DEMANDS, st.lists(_APPROVALS, max_size=6))
def test_satisfied_means_enough_people_and_nothing_missing(demand: ReviewDemand, found: list[Approval]) -> None:
    requirement = ask(demand, *found, owned=OWNED)
    assert requirement.satisfied == (requirement.missing == "")
    if requirement.satisfied:
        assert requirement.have >= demand.wanted
        assert not requirement.unknown
    stricter = ask(demand._replace(wanted=demand.wanted + 1), *found, owned=OWNED)
    assert requirement.satisfied or not stricter.satisfied


@given(st.lists(_DEMANDS, min_size=1, max_size=4), st.lists(_APPROVALS, max_size=6))
def test_judging_demands_together_never_satisfies_more_than_each_alone(
    demands: list[ReviewDemand], found: list[Approval]
) -> None:
    both = count_together(
        [(demand, OWNED) for demand in demands], found, PEOPLE, head=HEAD, diff=DIFF, authors=("zoe",)
    )
    for demand, requirement in zip(demands, both, strict=True):
        assert not requirement.satisfied or ask(demand, *found, owned=OWNED).satisfied


def test_a_star_is_the_only_sign_in_a_pattern_of_agents() -> None:
    assert matches("*[bot]", "renovate[bot]")
    assert not matches("*[bot]", "robot")
    assert matches("acme-*-ci", "acme-pay-ci")
    assert not matches("a*a", "a")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("@Amy", "amy"),
        ("Amy Smith <AMY@Acme.com>", "amy@acme.com"),
        ("12+amy@users.noreply.github.com", "amy"),
        ("x+amy@users.noreply.github.com", "x+amy"),
        ("12-amy-b@users.noreply.gitlab.com", "amy-b"),
        ("12+amy@users.noreply.github.com.evil.example", "12+amy@users.noreply.github.com.evil.example"),
        ("SHA256:AbC", "SHA256:AbC"),
        ("", ""),
        (" <> ", ""),
    ],
)
def test_names_are_compared_by_login_address_or_key_print(name: str, expected: str) -> None:
    assert key(name) == expected
