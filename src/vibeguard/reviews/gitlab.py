"""Reviews on GitLab: approvals, change requests and who may push.

GitLab's approvals name no commit. They are about the head only where the project resets them on every push, so that
setting is read, and the evidence says that it was relied on; elsewhere an approval is of a version that is not known.
`CI_MERGE_REQUEST_APPROVED` is not used: it is true without any rule, unset in the free edition, and racy. Client:
python-gitlab (extra `gitlab`); this is the only module that imports it.
"""

from __future__ import annotations

import re
import time
from functools import partial
from typing import TYPE_CHECKING, Any

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
    from gitlab import Gitlab

NAME = "GitLab"
_DEVELOPER = 30  # access level from which somebody may push
# Accounts that GitLab makes for tokens; what else is a bot says so in its own record.
_TOKEN_ACCOUNT = re.compile(r"(project|group)_\d+_bot(_[0-9a-z]+)?|service_account_.*")
_MOST_REVIEWERS = 40  # each is asked about once


def read(
    project: str,
    number: int,
    head: str,
    *,
    token: str,
    api: str = "https://gitlab.com",
    comments: bool = False,
    limit: float = WHOLE,
) -> tuple[Told, Teams]:
    """Everything GitLab says of a merge request, and the members of groups.

    Args:
        project: id or full path of the project that the request goes to.
        number: the request's number in the project (iid).
        head: full id of the commit that is judged.
        token: of a project or a person, with `read_api`; the job's own token may not read approvals.
        api: the server.
        comments: read comments too, for break-glass.
        limit: seconds for everything.

    Raises:
        VibeguardError: USAGE without python-gitlab; IO or LIMIT when the answer is not whole.
    """
    connection = _connection(token, api)
    deadline = time.monotonic() + limit
    told = within(NAME, limit, lambda: _read(connection, project, number, head, deadline, comments=comments))

    def members(group: str) -> tuple[str, ...] | None:
        try:
            return within(NAME, limit, lambda: _members(connection, group, time.monotonic() + limit))
        except VibeguardError:
            return None

    return told, Teams(members)


def _connection(token: str, api: str) -> Gitlab:
    try:
        from gitlab import Gitlab  # noqa: PLC0415 - an extra, and 0.2 s to load
    except ImportError:
        raise VibeguardError(
            USAGE,
            "reviews on GitLab need python-gitlab",
            hint="pip install 'vibeguard[gitlab]', or give --reviews FILE",
        ) from None
    from requests import Session  # noqa: PLC0415 - python-gitlab's own

    class Remembering(Session):
        """Keeps when to come back, which python-gitlab does not hand on."""

        retry_after: str | None = None

        def send(self, *arguments: Any, **options: Any) -> Any:
            response = super().send(*arguments, **options)
            self.retry_after = response.headers.get("Retry-After")
            return response

    return Gitlab(
        api,
        private_token=token,
        timeout=TIMEOUT,
        retry_transient_errors=False,
        user_agent="vibeguard",
        session=Remembering(),
    )


def _read(connection: Gitlab, project: str, number: int, head: str, deadline: float, *, comments: bool) -> Told:
    root = f"/projects/{_quoted(project)}"
    place = f"{root}/merge_requests/{number}"

    def get(path: str, **parameters: Any) -> Any:
        return asked(NAME, partial(_get, connection, path, parameters), deadline)

    def pages(path: str, **parameters: Any) -> list[Any]:
        return _pages(connection, path, parameters, deadline)

    request = get(place)
    now = field(NAME, request, "sha")
    fresh, renewed = _settings(connection, root, deadline)
    given = field(NAME, get(f"{place}/approvals"), "approved_by")
    reviewers = pages(f"{place}/reviewers")
    accounts = {
        field(NAME, account, "id"): account
        for account in [
            *(field(NAME, entry, "user") for entry in given),
            *(field(NAME, entry, "user") for entry in reviewers),
        ]
        if account is not None
    }
    if len(accounts) > _MOST_REVIEWERS:
        raise malformed(NAME, f"{len(accounts)} reviewers, more than are looked at")
    levels = {
        field(NAME, member, "id"): field(NAME, member, "access_level")
        for member in (pages(f"{root}/members/all", **{"user_ids[]": sorted(accounts)}) if accounts else [])
    }
    bots = {number for number, account in accounts.items() if _is_bot(account, get)}

    def approval(account: Any, state: str, at: str, evidence: str) -> Approval:
        number = account["id"] if account is not None else None
        return Approval(
            who=field(NAME, account, "username") if account is not None else "",
            state="approved" if state == "approved" else "changes-requested",
            channel="gitlab",
            commit=now if fresh or state != "approved" else None,
            at=at,
            is_bot=number in bots,
            assurance="re-authenticated" if renewed and state == "approved" else "authenticated",
            evidence=evidence,
            can_push=levels.get(number, 0) >= _DEVELOPER,
        )

    relied = "the project resets approvals on every push" if fresh else "the project keeps approvals over pushes"
    # Times are left out: not every version gives them, and a change request is in force as long as it is listed.
    approvals = [approval(entry["user"], "approved", "", relied) for entry in given]
    approvals += [
        approval(entry["user"], "requested_changes", "", f"listed as reviewer of !{number}")
        for entry in reviewers
        if field(NAME, entry, "state") == "requested_changes"
    ]
    author = field(NAME, request, "author")
    others = pages(f"{root}/merge_requests", state="opened", source_branch=field(NAME, request, "source_branch"))
    notices = [f"approvals rest on a setting: {relied}"]
    if approvals:
        notices.append("GitLab does not say whose address a commit has: contributors are known by people.identities")
    if now != head:
        notices.append(f"the merge request's head is {str(now)[:10]} by now; {head[:10]} is judged")
    return Told(
        tuple(approvals),
        waivers=_waivers(pages(f"{place}/notes"), head) if comments else (),
        author=field(NAME, author, "username") if author is not None else None,
        head=now,
        target=field(NAME, request, "target_branch"),
        others=tuple(
            OpenRequest(other["iid"], field(NAME, other, "target_branch"))
            for other in others
            if field(NAME, other, "sha") == head and field(NAME, other, "iid") != number
        ),
        notices=tuple(notices),
    )


def _settings(connection: Gitlab, root: str, deadline: float) -> tuple[bool, bool]:
    """Whether approvals end with a push, and whether approving asks for a password. The free edition has neither."""
    try:
        found = asked(NAME, partial(_optional, connection, f"{root}/approvals"), deadline)
    except VibeguardError as error:
        raise VibeguardError(
            error.kind, f"{error.message} (the project's approval settings)", hint=error.hint
        ) from None
    if found is None:
        return False, False
    return bool(field(NAME, found, "reset_approvals_on_push")), bool(
        found.get("require_password_to_approve") or found.get("require_reauthentication_to_approve")
    )


def _optional(connection: Gitlab, path: str) -> Any:
    try:
        return _get(connection, path, {})
    except Failure as failure:
        if failure.status == 404:
            return None
        raise


def _is_bot(account: Any, get: Any) -> bool:
    username = field(NAME, account, "username")
    if _TOKEN_ACCOUNT.fullmatch(username):
        return True
    return bool(get(f"/users/{account['id']}").get("bot", False))


def _waivers(notes: list[Any], head: str) -> tuple[Waiver, ...]:
    found = []
    for note in notes:
        account = field(NAME, note, "author")
        # An edited comment says what somebody wrote later.
        if note.get("system") or field(NAME, note, "created_at") != field(NAME, note, "updated_at"):
            continue
        waiver = from_text(
            note.get("body") or "",
            who=field(NAME, account, "username") if account is not None else "",
            at=note["created_at"] or "",
            channel="gitlab",
            commit=None,
            head=head,
            is_bot=account is not None and bool(_TOKEN_ACCOUNT.fullmatch(account["username"])),
        )
        if waiver is not None:
            found.append(waiver)
    return tuple(found)


def _members(connection: Gitlab, group: str, deadline: float) -> tuple[str, ...]:
    found = _pages(connection, f"/groups/{_quoted(group)}/members/all", {}, deadline)
    return tuple(field(NAME, member, "username") for member in found)


def _pages(connection: Gitlab, path: str, parameters: dict[str, Any], deadline: float) -> list[Any]:
    """All pages of a list: one that is not full is the last."""
    found: list[Any] = []
    for page in range(1, MOST_PAGES + 1):
        more = asked(NAME, partial(_get, connection, path, {**parameters, "per_page": PAGE, "page": page}), deadline)
        if not isinstance(more, list):
            raise malformed(NAME, f"no list for {path.rpartition('/')[2]}")
        found += more
        if len(more) < PAGE:
            return found
    raise malformed(NAME, f"more than {MOST_PAGES * PAGE} {path.rpartition('/')[2]}")


def _get(connection: Gitlab, path: str, parameters: dict[str, Any]) -> Any:
    """One answer, or a :class:`Failure` in place of everything that python-gitlab and what it rests on can raise."""
    from gitlab.exceptions import GitlabError, RedirectError  # noqa: PLC0415 - loaded by now

    try:
        response = connection.http_request(
            "get", path, query_data=parameters, obey_rate_limit=False, retry_transient_errors=False, max_retries=0
        )
        return response.json()
    except RedirectError:
        raise Failure(None, "it redirects to another address; name the right one") from None
    except GitlabError as error:
        when = getattr(connection.session, "retry_after", None)
        raise Failure(error.response_code, str(error.error_message or "no reason given"), when) from None
    except ValueError:
        raise Failure(None, "the answer is cut off or not JSON") from None
    except OSError as error:  # requests' errors
        raise Failure(None, type(error).__name__) from None


def _quoted(path: str) -> str:
    from urllib.parse import quote  # noqa: PLC0415 - beside its only use

    return quote(str(path), safe="")
