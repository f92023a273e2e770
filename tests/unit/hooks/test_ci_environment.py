from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibeguard.errors import VibeguardError
from vibeguard.hooks.ci_environment import CiRun, read

EVENTS = Path(__file__).parents[2] / "data" / "ci"
HEAD, BASE = "3f2c1ab" + "0" * 33, "91aa3c0" + "0" * 33
ACTIONS = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_EVENT_PATH": "/event",
    "GITHUB_REPOSITORY": "acme/pay",
    "GITHUB_API_URL": "https://ghe.example/api/v3",
}


def recorded(name: str) -> bytes:
    raw = (EVENTS / f"{name}.json").read_text("utf-8")
    return raw.replace("@HEAD@", HEAD).replace("@BASE@", BASE).encode()


def on_github(file: str, event: str, **more: str) -> CiRun:
    return read({**ACTIONS, "GITHUB_EVENT_NAME": event, **more}, lambda _: recorded(file))


def nothing_to_read(path: str) -> bytes:
    raise AssertionError(f"{path} is not needed")


@pytest.mark.parametrize("event", ["pull_request", "pull_request_review"])
def test_a_pull_request_names_target_head_author_and_number(event: str) -> None:
    run = on_github("pull_request", event)
    assert (run.system, run.forge, run.api) == ("github", "github", "https://ghe.example/api/v3")
    assert run.bases == ("refs/remotes/origin/main", BASE)
    assert (run.head, run.target, run.author, run.number, run.project) == (HEAD, "main", "zoe", 7, "acme/pay")
    assert not run.fork
    assert "fetch-depth: 0" in run.fix


@pytest.mark.parametrize("file", ["pull_request_target", "pull_request_deleted_fork"])
def test_a_request_from_a_fork_is_judged_by_its_own_head(file: str) -> None:
    run = on_github(file, "pull_request_target")
    assert (run.fork, run.head) == (True, HEAD)
    assert "git fetch origin pull/7/head" in run.fix


def test_a_merge_group_is_a_range_of_the_request_whose_turn_it_is() -> None:
    run = on_github("merge_group", "merge_group")
    assert (run.ends, run.target, run.number, run.bases) == ((BASE, HEAD), "main", 7, ())


def test_a_push_is_a_range_and_a_new_branch_is_compared_with_the_default_one() -> None:
    assert on_github("push", "push").ends == (BASE, HEAD)
    run = on_github("push_new_branch", "push")
    assert (run.ends, run.bases, run.head) == (None, ("refs/remotes/origin/main",), HEAD)


@pytest.mark.parametrize(("file", "why"), [("push_deleted", "was deleted"), ("workflow_dispatch", "carries no change")])
def test_an_event_without_a_change_says_so(file: str, why: str) -> None:
    assert why in on_github(file, file.partition("_")[0]).nothing


def test_gitea_sets_githubs_variables_and_has_no_reviews_that_are_read() -> None:
    run = on_github("pull_request", "pull_request", GITEA_ACTIONS="true")
    assert (run.system, run.forge) == ("gitea", "")


GITLAB = {
    "GITLAB_CI": "true",
    "CI_PIPELINE_SOURCE": "merge_request_event",
    "CI_COMMIT_SHA": HEAD,
    "CI_PROJECT_ID": "42",
    "CI_SERVER_URL": "https://gitlab.example",
    "CI_MERGE_REQUEST_IID": "7",
    "CI_MERGE_REQUEST_PROJECT_ID": "42",
    "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "42",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
    "CI_MERGE_REQUEST_DIFF_BASE_SHA": BASE,
    "CI_MERGE_REQUEST_APPROVED": "true",
}


def test_a_gitlab_merge_request_is_judged_by_the_reviewed_head_also_in_a_merged_results_pipeline() -> None:
    run = read(GITLAB, nothing_to_read)
    assert run.bases == ("refs/remotes/origin/main", BASE)
    assert (run.head, run.target, run.number, run.project, run.fork) == (HEAD, "main", 7, "42", False)
    merged = read({**GITLAB, "CI_COMMIT_SHA": "5" * 40, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": HEAD}, nothing_to_read)
    assert merged.head == HEAD
    assert read({**GITLAB, "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "77"}, nothing_to_read).fork
    assert "GIT_DEPTH" in run.fix


def test_a_gitlab_push_and_a_tag() -> None:
    push = {
        "GITLAB_CI": "true",
        "CI_COMMIT_SHA": HEAD,
        "CI_COMMIT_BEFORE_SHA": BASE,
        "CI_COMMIT_BRANCH": "main",
        "CI_PIPELINE_SOURCE": "push",
    }
    assert read(push, nothing_to_read).ends == (BASE, HEAD)
    assert "tag" in read({**push, "CI_COMMIT_TAG": "v1"}, nothing_to_read).nothing
    new = {**push, "CI_COMMIT_BEFORE_SHA": "0" * 40, "CI_COMMIT_BRANCH": "topic", "CI_DEFAULT_BRANCH": "main"}
    assert read(new, nothing_to_read).bases == ("refs/remotes/origin/main",)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        (
            {"GERRIT_BRANCH": "main", "GERRIT_PATCHSET_REVISION": HEAD, "GERRIT_CHANGE_OWNER_EMAIL": "zoe@acme.com"},
            ("gerrit", "refs/remotes/origin/main", HEAD, "zoe@acme.com"),
        ),
        (
            {"CHANGE_TARGET": "main", "GIT_COMMIT": HEAD, "CHANGE_AUTHOR": "zoe"},
            ("jenkins", "refs/remotes/origin/main", HEAD, "zoe"),
        ),
        (
            {"BITBUCKET_PR_DESTINATION_BRANCH": "main", "BITBUCKET_COMMIT": HEAD},
            ("bitbucket", "refs/remotes/origin/main", HEAD, None),
        ),
        (
            {"SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main", "SYSTEM_PULLREQUEST_SOURCECOMMITID": HEAD},
            ("azure", "refs/remotes/origin/main", HEAD, None),
        ),
        (
            {"BUILDKITE_PULL_REQUEST_BASE_BRANCH": "main", "BUILDKITE_COMMIT": HEAD},
            ("buildkite", "refs/remotes/origin/main", HEAD, None),
        ),
        (
            {"VIBEGUARD_BASE": "origin/main", "VIBEGUARD_HEAD": HEAD, "VIBEGUARD_AUTHOR": "zoe", "GITLAB_CI": "true"},
            ("plain", "origin/main", HEAD, "zoe"),
        ),
        ({"VIBEGUARD_BASE": "origin/main"}, ("plain", "origin/main", "HEAD", None)),
    ],
)
def test_services_that_name_a_target_branch(environ: dict[str, str], expected: tuple[object, ...]) -> None:
    run = read(environ, nothing_to_read)
    assert (run.system, run.bases[0], run.head, run.author) == expected


def test_where_nothing_is_known_the_way_out_is_named() -> None:
    with pytest.raises(VibeguardError, match="no CI service is recognised") as caught:
        read({"CI": "true"}, nothing_to_read)
    assert "--base origin/main" in caught.value.hint


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"{", b"[" * 10_000, b'{"pull_request": {}}', b'{"pull_request": {"base": 1}}']
)
def test_an_event_that_cannot_be_understood_is_an_error(raw: bytes) -> None:
    with pytest.raises(VibeguardError) as caught:
        read({**ACTIONS, "GITHUB_EVENT_NAME": "push"}, lambda _: raw)
    assert caught.value.kind == "INPUT"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["base", "head", "ref", "sha", "repo", "user", "before", "after"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(["pull_request", "merge_group", "before", "after", "ref", "repository"]), _JSON),
    st.sampled_from(["push", "merge_group", "pull_request", "schedule", ""]),
)
def test_any_event_is_a_run_or_our_error(event: Mapping[str, Any], name: str) -> None:
    try:
        read({**ACTIONS, "GITHUB_EVENT_NAME": name}, lambda _: json.dumps(event).encode())
    except VibeguardError as error:
        assert error.kind == "INPUT"
