"""Reviews on GitHub, by GraphQL: one query gives decisions, commits, accounts and who may push.

REST would take a request more for each reviewer, to learn who may push. Client: PyGithub (extra `github`); this is the
only module that imports it. `$GITHUB_EVENT_PATH` holds one review: it is a trigger, never the state.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from vibeguard.errors import USAGE, VibeguardError
from vibeguard.model import Approval, Waiver
from vibeguard.reviews.forge import (
    MOST_PAGES,
    PAGE,
    TIMEOUT,
    WHOLE,
    Failure,
    OpenRequest,
    Teams,
    Told,
    asked,
    field,
    malformed,
    within,
)
from vibeguard.reviews.waivers import from_text

if TYPE_CHECKING:
    from github.Requester import Requester

NAME = "GitHub"
_States = Literal["approved", "changes-requested", "dismissed", "commented"]
_STATES: dict[str, _States | None] = {
    "APPROVED": "approved",
    "CHANGES_REQUESTED": "changes-requested",
    "DISMISSED": "dismissed",
    "COMMENTED": "commented",
    "PENDING": None,
}

_PERSONS = ("User", "EnterpriseUserAccount")

_REVIEWS = """
query($owner: String!, $name: String!, $number: Int!, $head: GitObjectID!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      state headRefOid baseRefName author { __typename login }
      reviews(first: 100, after: $after) {
        totalCount pageInfo { hasNextPage endCursor }
        nodes {
          state submittedAt url body authorCanPushToRepository
          author { __typename login } commit { oid }
        }
      }
    }
    object(oid: $head) {
      ... on Commit {
        associatedPullRequests(first: 100) {
          totalCount nodes { number state headRefOid baseRefName baseRepository { nameWithOwner } }
        }
      }
    }
  }
}
"""
_COMMITS = """
query($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      commits(first: 100, after: $after) {
        totalCount pageInfo { hasNextPage endCursor }
        nodes {
          commit { authors(first: 20) { nodes { email user { login } } } committer { email user { login } } }
        }
      }
    }
  }
}
"""
_COMMENTS = """
query($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      comments(first: 100, after: $after) {
        totalCount pageInfo { hasNextPage endCursor }
        nodes { body createdAt lastEditedAt url author { __typename login } }
      }
    }
  }
}
"""


def read(
    project: str,
    number: int,
    head: str,
    *,
    token: str,
    api: str = "https://api.github.com",
    comments: bool = False,
    limit: float = WHOLE,
) -> tuple[Told, Teams]:
    """Everything GitHub says of a pull request, and the teams of its organisation.

    Args:
        project: `owner/name` of the repository that the request goes to.
        head: full id of the commit that is judged.
        token: with `pull-requests: read`; for teams a token that may read the organisation.
        api: root of the REST interface; GraphQL's is found from it.
        comments: read comments too, for break-glass.
        limit: seconds for everything.

    Raises:
        VibeguardError: USAGE without PyGithub; IO or LIMIT when the answer is not whole.
    """
    connection = _connection(token, api)
    deadline = time.monotonic() + limit
    told = within(NAME, limit, lambda: _read(connection, project, number, head, deadline, comments=comments))
    organisation = project.partition("/")[0].casefold()

    def members(team: str) -> tuple[str, ...] | None:
        owner, slash, slug = team.partition("/")
        if not slash or owner != organisation or not slug.replace("-", "").replace("_", "").isalnum():
            return None
        try:
            return within(NAME, limit, lambda: _members(connection, owner, slug, time.monotonic() + limit))
        except VibeguardError:
            # A token of the job may not read teams. Who is in one is then not known, and counts for nobody.
            return None

    return told, Teams(members)


def _connection(token: str, api: str) -> Requester:
    try:
        from github import Auth, Github  # noqa: PLC0415 - an extra, and 0.3 s to load
    except ImportError:
        raise VibeguardError(
            USAGE, "reviews on GitHub need PyGithub", hint="pip install 'vibeguard[github]', or give --reviews FILE"
        ) from None
    # Trying again is done here, within bounds; PyGithub would wait for a rate limit for up to an hour.
    return Github(
        auth=Auth.Token(token),
        base_url=api.rstrip("/"),
        timeout=int(TIMEOUT),
        per_page=PAGE,
        retry=None,
        user_agent="vibeguard",
        seconds_between_requests=None,
        seconds_between_writes=None,
    ).requester


def _read(connection: Requester, project: str, number: int, head: str, deadline: float, *, comments: bool) -> Told:
    owner, _, name = project.partition("/")
    about: dict[str, Any] = {"owner": owner, "name": name, "number": number}
    first, reviews = _pages(connection, _REVIEWS, {**about, "head": head}, "reviews", deadline)
    request = field(NAME, first, "repository", "pullRequest")
    written = _pages(connection, _COMMENTS, about, "comments", deadline)[1] if comments else []
    now = field(NAME, request, "headRefOid")
    # Who reviews under a login may have committed under an address: GitHub knows whose it is.
    accounts = _accounts(_pages(connection, _COMMITS, about, "commits", deadline)[1]) if reviews or written else {}
    approvals = tuple(
        approval._replace(identities=accounts.get(approval.who.casefold(), ()))
        for node in reviews
        if (approval := _approval(node)) is not None
    )
    author = field(NAME, request, "author")
    notices = () if now == head else (f"the pull request's head is {now[:10]} by now; {head[:10]} is judged",)
    return Told(
        approvals,
        waivers=tuple(
            waiver._replace(identities=accounts.get(waiver.who.casefold(), ()))
            for waiver in _waivers(reviews, written, head)
        ),
        author=field(NAME, author, "login") if author is not None else None,
        head=now,
        target=field(NAME, request, "baseRefName"),
        others=_others(first, project, number, head),
        notices=notices,
    )


def _pages(
    connection: Requester, query: str, variables: dict[str, Any], name: str, deadline: float
) -> tuple[Any, list[Any]]:
    """The first answer, and the nodes of all pages of one list; as many as GitHub says that there are."""
    first: Any = None
    nodes: list[Any] = []
    after = None
    for _ in range(MOST_PAGES):
        data = asked(NAME, partial(_query, connection, query, {**variables, "after": after}), deadline)
        first = data if first is None else first
        page = field(NAME, data, "repository", "pullRequest", name)
        found = field(NAME, page, "nodes")
        if not isinstance(found, list):
            raise malformed(NAME, f"without {name}")
        nodes += found
        if not field(NAME, page, "pageInfo", "hasNextPage"):
            # Of commits GitHub lists 250 at most; those of the change are read from git anyway.
            if len(nodes) != field(NAME, page, "totalCount") and name != "commits":
                raise malformed(NAME, f"{len(nodes)} of {page['totalCount']} {name}")
            return first, nodes
        after = field(NAME, page, "pageInfo", "endCursor")
    raise malformed(NAME, f"more than {MOST_PAGES * PAGE} {name}")


def _query(connection: Requester, query: str, variables: dict[str, Any]) -> Any:
    _, answer = _sent(lambda: connection.graphql_query(query, variables))
    data = field(NAME, answer, "data")
    if field(NAME, data, "repository") is None or field(NAME, data, "repository", "pullRequest") is None:
        raise Failure(404, "no such pull request")
    return data


def _sent(request: Callable[[], tuple[dict[str, Any], Any]]) -> tuple[dict[str, Any], Any]:
    """An answer, or a :class:`Failure` in place of everything that PyGithub and what it rests on can raise."""
    from github import GithubException  # noqa: PLC0415 - loaded by now

    try:
        return request()
    except GithubException as error:
        headers = {name.lower(): value for name, value in (error.headers or {}).items()}
        message = error.data.get("message") if isinstance(error.data, dict) else None
        if error.data and isinstance(error.data, dict) and isinstance(error.data.get("errors"), list):
            message = "; ".join(
                str(item.get("message", item)) for item in error.data["errors"] if isinstance(item, dict)
            )
        raise Failure(
            error.status, str(message or error.message or "no reason given"), headers.get("retry-after")
        ) from None
    except ValueError:
        raise Failure(None, "the answer is cut off or not JSON") from None
    except (OSError, RuntimeError, AssertionError) as error:
        # requests' errors are OSErrors; a redirect to another server is a RuntimeError, and is not followed.
        raise Failure(None, type(error).__name__ + (f": {error}" if isinstance(error, RuntimeError) else "")) from None


def _approval(node: Any) -> Approval | None:
    state = field(NAME, node, "state")
    if state not in _STATES:
        raise malformed(NAME, f"with the review state {state!r}")
    known = _STATES[state]
    if known is None:
        return None
    author, commit = field(NAME, node, "author"), field(NAME, node, "commit")
    return Approval(
        who=field(NAME, author, "login") if author is not None else "",
        state=known,
        channel="github",
        commit=field(NAME, commit, "oid") if commit is not None else None,
        at=field(NAME, node, "submittedAt") or "",
        is_bot=author is not None and field(NAME, author, "__typename") not in _PERSONS,
        evidence=field(NAME, node, "url"),
        can_push=bool(field(NAME, node, "authorCanPushToRepository")),
    )


def _waivers(reviews: list[Any], comments: list[Any], head: str) -> tuple[Waiver, ...]:
    found = []
    for node in reviews:
        commit = field(NAME, node, "commit")
        if node.get("state") in ("APPROVED", "COMMENTED"):
            found.append((node, field(NAME, commit, "oid") if commit else "", field(NAME, node, "submittedAt")))
    # An edited comment says what somebody wrote later, perhaps somebody else.
    found += [
        (node, None, field(NAME, node, "createdAt")) for node in comments if not field(NAME, node, "lastEditedAt")
    ]
    waivers = []
    for node, commit, at in found:
        author = field(NAME, node, "author")
        waiver = from_text(
            node.get("body") or "",
            who=field(NAME, author, "login") if author is not None else "",
            at=at or "",
            channel="github",
            commit=commit,
            head=head,
            is_bot=author is not None and field(NAME, author, "__typename") not in _PERSONS,
        )
        if waiver is not None:
            waivers.append(waiver)
    return tuple(waivers)


def _accounts(commits: list[Any]) -> dict[str, tuple[str, ...]]:
    """The addresses under which each login took part in the commits, by GitHub's word."""
    found: dict[str, dict[str, None]] = {}
    for node in commits:
        commit = field(NAME, node, "commit")
        for actor in (*field(NAME, commit, "authors", "nodes"), field(NAME, commit, "committer")):
            if actor is not None and actor.get("user") is not None and field(NAME, actor, "email"):
                found.setdefault(field(NAME, actor, "user", "login").casefold(), {})[actor["email"]] = None
    return {login: tuple(addresses) for login, addresses in found.items()}


def _others(data: Any, project: str, number: int, head: str) -> tuple[OpenRequest, ...]:
    commit = field(NAME, data, "repository", "object")
    if commit is None:
        return ()
    requests = field(NAME, commit, "associatedPullRequests")
    if field(NAME, requests, "totalCount") > len(field(NAME, requests, "nodes")):
        raise malformed(NAME, "more than 100 pull requests for one commit")
    return tuple(
        OpenRequest(node["number"], field(NAME, node, "baseRefName"))
        for node in requests["nodes"]
        if field(NAME, node, "state") == "OPEN"
        and field(NAME, node, "headRefOid") == head
        and field(NAME, node, "baseRepository", "nameWithOwner").casefold() == project.casefold()
        and field(NAME, node, "number") != number
    )


def _members(connection: Requester, organisation: str, team: str, deadline: float) -> tuple[str, ...]:
    logins: list[str] = []
    path = f"/orgs/{organisation}/teams/{team}/members"
    for page in range(1, MOST_PAGES + 1):
        found = asked(NAME, partial(_get, connection, path, {"per_page": PAGE, "page": page}), deadline)
        if not isinstance(found, list):
            raise malformed(NAME, "without a team's members")
        logins += [field(NAME, member, "login") for member in found]
        if len(found) < PAGE:
            return tuple(logins)
    raise malformed(NAME, "too many members of a team")


def _get(connection: Requester, path: str, parameters: dict[str, Any]) -> Any:
    return _sent(lambda: connection.requestJsonAndCheck("GET", path, parameters))[1]
