"""What a CI service says of its run: which change, onto which branch, by whom, and where the forge is.

Pure: variables and the event file go in, a description comes out. A base comes from the service's own words, never
from the change; where several names could mean it they are listed in the order in which they are to be tried.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Literal

from vibeguard.errors import INPUT, USAGE, VibeguardError
from vibeguard.tuples import NamedTuple

Environ = Mapping[str, str]

_DEPTH = "actions/checkout with `fetch-depth: 0`"


class CiRun(NamedTuple):
    """One run of a CI service."""

    system: str  # github, gitea, gitlab, gerrit, jenkins, bitbucket, azure, buildkite, plain
    event: str  # in the service's words
    bases: tuple[str, ...] = ()  # names of the target, to be tried in this order; () for a push
    head: str = "HEAD"
    ends: tuple[str, str] | None = None  # of a push or a merge group: (before, after)
    target: str = ""  # branch that the change goes to, without refs/heads/
    author: str | None = None  # login of who opened the request
    number: int | None = None  # of the request
    project: str = ""  # owner/name, or GitLab's id
    api: str = ""
    forge: Literal["github", "gitlab", ""] = ""  # whose reviews can be read
    tokens: tuple[str, ...] = ()  # variables that may hold a token, best first
    fork: bool = False
    fix: str = ""  # how this service gets the whole history
    nothing: str = ""  # why there is nothing to judge; "" when there is something


def read(environ: Environ, read_file: Callable[[str], bytes]) -> CiRun:
    """The run that these variables describe. Own ones (`VIBEGUARD_BASE`) go before every service's.

    Raises:
        VibeguardError: USAGE where no service and no base is named; INPUT for an event that cannot be understood.
    """
    if environ.get("VIBEGUARD_BASE"):
        return _plain(environ)
    for marks, reader in _SERVICES:
        if all(environ.get(mark) for mark in marks):
            return reader(environ, read_file)
    raise VibeguardError(
        USAGE,
        "no CI service is recognised here",
        hint="name the branch that the change goes to: `vibeguard ci --base origin/main`, or VIBEGUARD_BASE",
    )


def _plain(environ: Environ) -> CiRun:
    return CiRun(
        "plain",
        "VIBEGUARD_BASE",
        bases=(environ["VIBEGUARD_BASE"],),
        head=environ.get("VIBEGUARD_HEAD") or "HEAD",
        target=environ.get("VIBEGUARD_TARGET", ""),
        author=environ.get("VIBEGUARD_AUTHOR") or None,
        fix="fetch the whole history, and the branch that VIBEGUARD_BASE names",
    )


# ------------------------------------------------------------------------------------------------------- GitHub


def _github(environ: Environ, read_file: Callable[[str], bytes]) -> CiRun:
    gitea = environ.get("GITEA_ACTIONS") == "true"
    event = _event(environ, read_file)
    run = CiRun(
        "gitea" if gitea else "github",
        environ.get("GITHUB_EVENT_NAME", ""),
        project=environ.get("GITHUB_REPOSITORY", ""),
        api=environ.get("GITHUB_API_URL") or "https://api.github.com",
        forge="" if gitea else "github",
        tokens=("VIBEGUARD_TOKEN", "GITHUB_TOKEN", "GH_TOKEN"),
        fix=_DEPTH,
    )
    request = event.get("pull_request")
    if isinstance(request, dict):
        return _pull_request(run, request)
    if run.event == "merge_group":
        return _merge_group(run, _part(event, "merge_group", dict))
    if run.event == "push":
        return _push(
            run,
            before=_text(event, "before"),
            after=_text(event, "after"),
            ref=_text(event, "ref"),
            default=str(_part(event, "repository", dict).get("default_branch") or ""),
        )
    return run._replace(nothing=f"the event {run.event or 'without a name'} carries no change")


def _pull_request(run: CiRun, request: dict[str, Any]) -> CiRun:
    base, head = _part(request, "base", dict), _part(request, "head", dict)
    target = _text(base, "ref")
    user, source = request.get("user"), head.get("repo")
    home = _part(base, "repo", dict).get("full_name")
    number = _part(request, "number", int)
    return run._replace(
        bases=(f"refs/remotes/origin/{target}", _text(base, "sha")),
        head=_text(head, "sha"),
        target=target,
        author=_text(user, "login") if isinstance(user, dict) else None,
        number=number,
        fork=not isinstance(source, dict) or source.get("full_name") != home,
        fix=f"{_DEPTH}; with pull_request_target also `git fetch origin pull/{number}/head`",
    )


def _merge_group(run: CiRun, group: dict[str, Any]) -> CiRun:
    # refs/heads/gh-readonly-queue/main/pr-12-3f2c…: the request whose turn it is
    name = _text(group, "head_ref").rpartition("/")[2].split("-")
    return run._replace(
        ends=(_text(group, "base_sha"), _text(group, "head_sha")),
        target=_text(group, "base_ref").removeprefix("refs/heads/"),
        number=int(name[1]) if len(name) >= 2 and name[0] == "pr" and name[1].isdigit() else None,
    )


def _push(run: CiRun, *, before: str, after: str, ref: str, default: str) -> CiRun:
    if not after.strip("0"):
        return run._replace(nothing=f"{ref} was deleted")
    if not ref.startswith("refs/heads/"):
        return run._replace(nothing=f"{ref} is no branch")
    target = ref.removeprefix("refs/heads/")
    if before.strip("0"):
        return run._replace(ends=(before, after), target=target)
    if not default or default == target:
        raise VibeguardError(INPUT, f"{ref} is new, and there is no branch to compare it with", hint="--base REF")
    return run._replace(bases=(f"refs/remotes/origin/{default}",), head=after, target=target)


def _event(environ: Environ, read_file: Callable[[str], bytes]) -> dict[str, Any]:
    path = environ.get("GITHUB_EVENT_PATH", "")
    try:
        event = json.loads(read_file(path))
    except OSError as error:
        raise VibeguardError(INPUT, f"the event cannot be read: {error.strerror}", where=path) from None
    except (ValueError, RecursionError):
        raise VibeguardError(INPUT, "the event is not JSON", where=path) from None
    if not isinstance(event, dict):
        raise VibeguardError(INPUT, "the event is not an object", where=path)
    return event


def _part(data: Mapping[str, Any], name: str, kind: type) -> Any:
    value = data.get(name)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise VibeguardError(INPUT, f"the event has no `{name}`", hint="it may be of another service or version")
    return value


def _text(data: Mapping[str, Any], name: str) -> str:
    value: str = _part(data, name, str)
    return value


# ------------------------------------------------------------------------------------------------------- GitLab

_GITLAB_FIX = 'variables: {GIT_DEPTH: "0"}, and `git fetch origin TARGET` where the target branch is not fetched'


def _gitlab(environ: Environ, _read_file: Callable[[str], bytes]) -> CiRun:
    source = environ.get("CI_PIPELINE_SOURCE", "")
    run = CiRun(
        "gitlab",
        source,
        head=environ["CI_COMMIT_SHA"],
        project=environ.get("CI_PROJECT_ID", ""),
        api=environ.get("CI_SERVER_URL") or "https://gitlab.com",
        forge="gitlab",
        # The job's own token may not read approvals.
        tokens=("VIBEGUARD_TOKEN", "GITLAB_TOKEN"),
        fix=_GITLAB_FIX,
    )
    number = environ.get("CI_MERGE_REQUEST_IID", "")
    if number.isdigit():
        target = environ.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "")
        home, theirs = environ.get("CI_MERGE_REQUEST_PROJECT_ID"), environ.get("CI_MERGE_REQUEST_SOURCE_PROJECT_ID")
        bases = (f"refs/remotes/origin/{target}", environ.get("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", ""))
        return run._replace(
            bases=tuple(base for base in (*bases, environ.get("CI_MERGE_REQUEST_DIFF_BASE_SHA", "")) if base),
            # In a merged-results pipeline CI_COMMIT_SHA is a merge that nobody reviewed; this is the reviewed head.
            head=environ.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or run.head,
            target=target,
            number=int(number),
            project=home or run.project,
            fork=theirs is not None and theirs != home,
            fix=_GITLAB_FIX.replace("TARGET", target or "TARGET"),
        )
    if environ.get("CI_COMMIT_TAG"):
        return run._replace(nothing="a tag carries no change")
    return _push(
        run,
        before=environ.get("CI_COMMIT_BEFORE_SHA", "0"),
        after=run.head,
        ref=f"refs/heads/{environ.get('CI_COMMIT_BRANCH', '')}",
        default=environ.get("CI_DEFAULT_BRANCH", ""),
    )


# ---------------------------------------------------------------------------------- services that name only branches


def _gerrit(environ: Environ, _read_file: Callable[[str], bytes]) -> CiRun:
    target = environ["GERRIT_BRANCH"]
    return CiRun(
        "gerrit",
        environ.get("GERRIT_EVENT_TYPE", "patchset-created"),
        bases=(f"refs/remotes/origin/{target}",),
        head=environ["GERRIT_PATCHSET_REVISION"],
        target=target,
        author=environ.get("GERRIT_CHANGE_OWNER_EMAIL") or None,
        project=environ.get("GERRIT_PROJECT", ""),
        fix=f"fetch the whole history: `git fetch --unshallow origin {target}`, and the change: GERRIT_REFSPEC",
    )


def _branch(system: str, target: str, head: str, author: str = "") -> Callable[[Environ, object], CiRun]:
    """The reader of a service that names a target branch in one variable and the head in another."""

    def reader(environ: Environ, _read_file: object) -> CiRun:
        name = environ[target].removeprefix("refs/heads/")
        return CiRun(
            system,
            "pull request",
            bases=(f"refs/remotes/origin/{name}",),
            head=environ.get(head) or "HEAD",
            target=name,
            author=environ.get(author) or None if author else None,
            fix=f"fetch the whole history: `git fetch --unshallow origin {name}`",
        )

    return reader


_Reader = Callable[[Environ, Callable[[str], bytes]], CiRun]
# The first whose variables are all set. Gitea, Forgejo and others set GitHub's variables too.
_SERVICES: tuple[tuple[tuple[str, ...], _Reader], ...] = (
    (("GITHUB_ACTIONS", "GITHUB_EVENT_PATH"), _github),
    (("GITLAB_CI", "CI_COMMIT_SHA"), _gitlab),
    (("GERRIT_BRANCH", "GERRIT_PATCHSET_REVISION"), _gerrit),
    (("CHANGE_TARGET",), _branch("jenkins", "CHANGE_TARGET", "GIT_COMMIT", "CHANGE_AUTHOR")),
    (
        ("BITBUCKET_PR_DESTINATION_BRANCH",),
        _branch("bitbucket", "BITBUCKET_PR_DESTINATION_BRANCH", "BITBUCKET_COMMIT"),
    ),
    (
        ("SYSTEM_PULLREQUEST_TARGETBRANCH",),
        _branch("azure", "SYSTEM_PULLREQUEST_TARGETBRANCH", "SYSTEM_PULLREQUEST_SOURCECOMMITID"),
    ),
    (
        ("BUILDKITE_PULL_REQUEST_BASE_BRANCH",),
        _branch("buildkite", "BUILDKITE_PULL_REQUEST_BASE_BRANCH", "BUILDKITE_COMMIT"),
    ),
)
