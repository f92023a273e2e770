"""GitHub and GitLab over real HTTP: what is read from whole answers, and that no other answer decides anything."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.reviews.forge_server import (
    EARLIER,
    HEAD,
    Forge,
    GitHubState,
    GitLabState,
    Reply,
    account,
    by,
    comment,
    commit,
    review,
    serving,
)
from vibeguard.errors import VibeguardError
from vibeguard.reviews import github, gitlab
from vibeguard.reviews.forge import OpenRequest, Teams, Told
from vibeguard.reviews.identities import members_of


@pytest.fixture
def hub() -> Iterator[tuple[Forge, GitHubState]]:
    state = GitHubState()
    with serving(Forge(state)) as forge:
        yield forge, state


@pytest.fixture
def lab() -> Iterator[tuple[Forge, GitLabState]]:
    state = GitLabState()
    with serving(Forge(state)) as forge:
        yield forge, state


def read_hub(forge: Forge, **more: Any) -> tuple[Told, Teams]:
    return github.read("acme/pay", 7, HEAD, token="secret", api=forge.url, **more)


def read_lab(forge: Forge, **more: Any) -> tuple[Told, Teams]:
    return gitlab.read("42", 7, HEAD, token="secret", api=forge.url, **more)


# ------------------------------------------------------------------------------------------------------- GitHub


def test_github_reviews_of_every_page_are_read_with_few_requests(hub: tuple[Forge, GitHubState]) -> None:
    forge, state = hub
    state.reviews = [review(f"person-{number}") for number in range(250)]
    told, _ = read_hub(forge)
    assert [approval.who for approval in told.approvals] == [f"person-{number}" for number in range(250)]
    assert len(forge.calls) == 4
    assert forge.calls[0].authorization == "token secret"
    assert (told.author, told.target, told.notices) == ("zoe", "main", ())


def test_github_says_under_which_addresses_a_reviewer_committed(hub: tuple[Forge, GitHubState]) -> None:
    forge, state = hub
    state.reviews = [review("Amy"), review("bob")]
    web = by(None, "noreply@github.com")
    state.commits = [commit(by("amy", f"amy+{number}@home.example"), web) for number in range(150)]
    found = {approval.who: approval.identities for approval in read_hub(forge)[0].approvals}
    assert len(found["Amy"]) == 150
    assert found["bob"] == ()
    assert len(forge.calls) == 3


def test_github_states_accounts_and_commits_are_kept(hub: tuple[Forge, GitHubState]) -> None:
    forge, state = hub
    state.reviews = [
        review("amy"),
        review("renovate-bot"),
        review(None),
        review("bob", "CHANGES_REQUESTED", commit=None),
        review("cara", "PENDING"),
        review("dan", "COMMENTED", commit={"oid": EARLIER}, authorCanPushToRepository=False),
        review("eve", "DISMISSED"),
    ]
    found = {approval.who: approval for approval in read_hub(forge)[0].approvals}
    assert set(found) == {"amy", "renovate-bot", "", "bob", "dan", "eve"}
    assert found["renovate-bot"].is_bot
    assert not found["amy"].is_bot
    assert (found["amy"].commit, found["amy"].at, found["amy"].can_push) == (HEAD, "2026-11-22T09:30:00Z", True)
    assert (found["bob"].state, found["bob"].commit) == ("changes-requested", None)
    assert (found["dan"].commit, found["dan"].can_push) == (EARLIER, False)
    assert found["eve"].state == "dismissed"


def test_github_other_open_requests_on_the_same_head_are_named(hub: tuple[Forge, GitHubState]) -> None:
    forge, state = hub
    state.others = [
        state.other(8, "release"),
        state.other(9, "main", state="CLOSED"),
        state.other(10, "main", headRefOid=EARLIER),
        state.other(11, "main", baseRepository={"nameWithOwner": "zoe/pay"}),
    ]
    assert read_hub(forge)[0].others == (OpenRequest(8, "release"),)


def test_github_a_head_that_moved_on_is_said(hub: tuple[Forge, GitHubState]) -> None:
    forge, state = hub
    state.head = EARLIER
    assert "head is 91aa3c0000 by now" in read_hub(forge)[0].notices[0]


def test_github_teams_are_asked_for_once_and_only_in_the_own_organisation(hub: tuple[Forge, GitHubState]) -> None:
    forge, state = hub
    state.teams["acme/pay"] = [f"member-{number}" for number in range(130)]
    _, teams = read_hub(forge)
    before = len(forge.calls)
    assert len(members_of("@Acme/Pay", teams) or ()) == 130
    assert len(members_of("acme/pay", teams) or ()) == 130
    assert members_of("acme/secret", teams) is None
    assert members_of("other/pay", teams) is None
    assert members_of("acme/../../user", teams) is None
    assert len(forge.calls) - before == 3


def test_github_break_glass_is_read_from_reviews_and_from_unedited_comments(hub: tuple[Forge, GitHubState]) -> None:
    forge, state = hub
    words = "/vibeguard override senior-signoff, money\r\nreason: the ledger is down\nticket: INC-1042\n"
    state.reviews = [review("amy", "COMMENTED", body=words), review("bob", "DISMISSED", body=words)]
    state.comments = [
        comment("cara", words + f"commit: {HEAD[:7]}"),
        comment("dan", words + f"commit: {EARLIER[:7]}"),
        comment("eve", words + f"commit: {HEAD}", lastEditedAt="2026-11-22T10:00:00Z"),
        comment("fay", "please /vibeguard override all"),
    ]
    found = {waiver.who: waiver for waiver in read_hub(forge, comments=True)[0].waivers}
    assert set(found) == {"amy", "cara", "dan"}
    assert found["amy"].rules == ("senior-signoff", "money")
    assert (found["amy"].reason, found["amy"].ticket, found["amy"].commit) == ("the ledger is down", "INC-1042", HEAD)
    assert (found["cara"].commit, found["dan"].commit) == (HEAD, None)
    assert read_hub(forge)[0].waivers[0].who == "amy"


# ------------------------------------------------------------------------------------------------------- GitLab


def test_gitlab_approvals_are_of_the_head_where_a_push_resets_them(lab: tuple[Forge, GitLabState]) -> None:
    forge, state = lab
    state.approved = [account(1, "amy"), account(2, "project_42_bot_1f"), account(3, "robo", bot=True), None]
    state.levels = {1: 40, 2: 30, 3: 30}
    told, _ = read_lab(forge)
    found = {approval.who: approval for approval in told.approvals}
    assert (found["amy"].commit, found["amy"].can_push, found["amy"].is_bot) == (HEAD, True, False)
    assert found["project_42_bot_1f"].is_bot
    assert found["robo"].is_bot
    assert found[""].who == ""
    assert told.notices[0] == "approvals rest on a setting: the project resets approvals on every push"
    assert (told.author, told.target, told.head) == ("zoe", "main", HEAD)
    assert forge.calls[0].authorization == "secret"


@pytest.mark.parametrize("settings", [None, {"reset_approvals_on_push": False}])
def test_gitlab_approvals_that_survive_a_push_are_of_a_version_that_is_not_known(
    lab: tuple[Forge, GitLabState], settings: dict[str, Any] | None
) -> None:
    forge, state = lab
    state.approved, state.settings = [account(1, "amy")], settings
    told, _ = read_lab(forge)
    assert told.approvals[0].commit is None
    assert "keeps approvals over pushes" in told.notices[0]


def test_gitlab_a_password_asked_for_re_authenticates(lab: tuple[Forge, GitLabState]) -> None:
    forge, state = lab
    state.approved = [account(1, "amy")]
    state.settings = {"reset_approvals_on_push": True, "require_password_to_approve": True}
    assert read_lab(forge)[0].approvals[0].assurance == "re-authenticated"


def test_gitlab_a_requested_change_holds_and_a_guest_cannot_push(lab: tuple[Forge, GitLabState]) -> None:
    forge, state = lab
    state.reviewers = [(account(1, "amy"), "requested_changes"), (account(2, "bob"), "unreviewed")]
    state.levels = {1: 10}
    (approval,) = read_lab(forge)[0].approvals
    assert (approval.who, approval.state, approval.can_push) == ("amy", "changes-requested", False)


def test_gitlab_other_requests_groups_and_break_glass(lab: tuple[Forge, GitLabState]) -> None:
    forge, state = lab
    state.others = [
        {"iid": 8, "sha": HEAD, "target_branch": "release"},
        {"iid": 9, "sha": EARLIER, "target_branch": "x"},
    ]
    state.groups["acme/pay"] = [f"member-{number}" for number in range(101)]
    words = f"/vibeguard override money\nreason: because\nticket: INC-1\ncommit: {HEAD[:8]}"
    note = {"author": account(1, "amy"), "body": words, "created_at": "2026-11-22T09:00:00Z", "system": False}
    state.notes = [note | {"updated_at": note["created_at"]}, note | {"updated_at": "2026-11-22T10:00:00Z"}]
    told, teams = read_lab(forge, comments=True)
    assert told.others == (OpenRequest(8, "release"),)
    assert [waiver.commit for waiver in told.waivers] == [HEAD]
    assert len(members_of("acme/pay", teams) or ()) == 101
    assert members_of("acme/other", teams) is None


# ---------------------------------------------------------------------------------------- answers that decide nothing

Read = Callable[..., tuple[Told, Teams]]
BOTH = [(GitHubState, read_hub, "GitHub"), (GitLabState, read_lab, "GitLab")]


@pytest.mark.parametrize(("state", "read", "name"), BOTH)
@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(401, {"message": "Bad credentials"}), "(401)"),
        (Reply(403, {"message": "Resource not accessible by integration"}), "(403)"),
        (Reply(404, {"message": "Not Found"}), "(404)"),
        (Reply(500, {"message": "oops"}), "(500)"),
        (Reply(429, {"message": "slow down"}, (("Retry-After", "3600"),)), "asks to wait 36"),
        (Reply(429, {"message": "slow down"}, (("Retry-After", "Wed, 21 Oct 2026 07:28:00 GMT"),)), "asks to wait"),
        (Reply(200, raw=b'{"data": {"repository": {"pullReq', cut=None), "cut off or not JSON"),
        (Reply(200, {"data": {"repository": None, "x": 1}}, cut=12), "did not say who approved"),
        (Reply(200, {}), "without"),
        (Reply(200, []), "without"),
        (Reply(200, raw=b"<html>proxy</html>"), ""),
        (Reply(302, {}, (("Location", "http://127.0.0.1:9/elsewhere"),)), ""),
        (Reply(301, {}, (("Location", "http://example.invalid/elsewhere"),)), ""),
    ],
)
def test_an_answer_that_is_not_whole_decides_nothing(
    state: Callable[[], Any], read: Read, name: str, reply: Reply, words: str
) -> None:
    with serving(Forge(state())) as forge:
        forge.always = reply
        with pytest.raises(VibeguardError) as caught:
            read(forge, limit=5)
    assert caught.value.kind in {"IO", "LIMIT"}
    assert name in caught.value.message
    assert words in caught.value.message
    assert caught.value.hint
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("state", "read", "name"), BOTH)
@pytest.mark.parametrize("reply", [Reply(502), Reply(503), Reply(429, {}, (("Retry-After", "0"),))])
def test_a_passing_failure_is_tried_again(state: Callable[[], Any], read: Read, name: str, reply: Reply) -> None:
    with serving(Forge(state())) as forge:
        forge.first = [reply]
        told, _ = read(forge)
    assert told.author == "zoe"


@pytest.mark.parametrize(("state", "read", "name"), BOTH)
@pytest.mark.parametrize("reply", [Reply(200, {"data": 1}, delay=30), Reply(200, {"data": "x" * 100}, delay=0.4)])
def test_a_server_that_hangs_or_trickles_is_not_waited_for(
    state: Callable[[], Any], read: Read, name: str, reply: Reply
) -> None:
    with serving(Forge(state())) as forge:
        forge.always = reply
        begun = time.monotonic()
        with pytest.raises(VibeguardError, match="did not answer within 1 s") as caught:
            read(forge, limit=1)
        assert time.monotonic() - begun < 3
    assert caught.value.kind == "LIMIT"


def test_a_server_that_is_not_there_is_named() -> None:
    for name, module in (("GitHub", github), ("GitLab", gitlab)):
        with pytest.raises(VibeguardError, match=f"{name} did not say who approved"):
            module.read("42/x", 7, HEAD, token="secret", api="http://127.0.0.1:9", limit=5)


def test_fewer_reviews_than_github_counts_decide_nothing(hub: tuple[Forge, GitHubState]) -> None:
    forge, state = hub
    state.reviews, state.lie = [review("amy")], 1
    with pytest.raises(VibeguardError, match="1 of 2 reviews"):
        read_hub(forge)


def test_graphql_errors_with_status_200_decide_nothing(hub: tuple[Forge, GitHubState]) -> None:
    forge, _ = hub
    forge.always = Reply(200, {"errors": [{"type": "FORBIDDEN", "message": "Resource not accessible"}], "data": None})
    with pytest.raises(VibeguardError, match="Resource not accessible"):
        read_hub(forge)


def test_an_unknown_review_state_decides_nothing(hub: tuple[Forge, GitHubState]) -> None:
    forge, state = hub
    state.reviews = [review("amy", "BLESSED")]
    with pytest.raises(VibeguardError, match="BLESSED"):
        read_hub(forge)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def _spoilt(data: Any, path: list[int], value: Any) -> Any:
    """The same answer with one part of it replaced."""
    if not path or not isinstance(data, (dict, list)) or not data:
        return value
    if isinstance(data, list):
        at = path[0] % len(data)
        return [_spoilt(item, path[1:], value) if number == at else item for number, item in enumerate(data)]
    name = sorted(data)[path[0] % len(data)]
    return {key: _spoilt(item, path[1:], value) if key == name else item for key, item in data.items()}


@pytest.mark.parametrize(("state", "read", "name"), BOTH)
def test_an_answer_of_any_other_shape_is_our_error_or_harmless(state: Callable[[], Any], read: Read, name: str) -> None:
    known = state()
    if isinstance(known, GitHubState):
        known.reviews = [review("amy", body="/vibeguard override x\nreason: y")]
        known.comments, known.commits = [comment("bob", "hello")], [commit(by("amy", "a@b.example"))]
    else:
        known.approved, known.reviewers = [account(1, "amy")], [(account(2, "bob"), "requested_changes")]
        known.levels = {1: 40}
    with serving(Forge(known)) as forge:

        @settings(max_examples=40, deadline=None)
        @given(st.lists(st.integers(0, 9), max_size=9), _JSON, st.integers(0, 5))
        def tried(path: list[int], value: Any, request: int) -> None:
            forge.calls.clear()
            forge.answer = lambda call: (
                Reply(200, _spoilt(known(call).body, path, value)) if len(forge.calls) == request + 1 else known(call)
            )
            try:
                told, _ = read(forge, comments=True, limit=5)
            except VibeguardError as error:
                assert error.kind in {"IO", "LIMIT"}
            else:
                assert all(approval.channel == name.lower() for approval in told.approvals)

        tried()
