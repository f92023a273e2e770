"""A forge on loopback: a real HTTP server that answers in the shapes of GitHub and GitLab, well or badly."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit


class Call(NamedTuple):
    """A request that arrived."""

    method: str
    path: str
    query: dict[str, list[str]]
    body: Any
    authorization: str


class Reply(NamedTuple):
    """An answer. `cut` sends only so many bytes of the body; `delay` is waited before each tenth of it."""

    status: int = 200
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()
    cut: int | None = None
    delay: float = 0.0
    raw: bytes | None = None


class Forge:
    """The server's state: how it answers, what it does first, and what was asked."""

    def __init__(self, answer: Callable[[Call], Reply]) -> None:
        self.answer = answer
        self.first: list[Reply] = []  # used up before `answer` is asked
        self.always: Reply | None = None
        self.calls: list[Call] = []
        self.url = ""

    def reply(self, call: Call) -> Reply:
        self.calls.append(call)
        if self.always is not None:
            return self.always
        return self.first.pop(0) if self.first else self.answer(call)


@contextmanager
def serving(forge: Forge) -> Iterator[Forge]:
    class Handler(BaseHTTPRequestHandler):
        def _handle(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(size)
            parts = urlsplit(self.path)
            token = self.headers.get("Authorization") or self.headers.get("PRIVATE-TOKEN") or ""
            call = Call(self.command, parts.path, parse_qs(parts.query), json.loads(body) if body else None, token)
            reply = forge.reply(call)
            raw = reply.raw if reply.raw is not None else json.dumps(reply.body).encode()
            try:
                self.send_response(reply.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                for name, value in reply.headers:
                    self.send_header(name, value)
                self.end_headers()
                sent = raw if reply.cut is None else raw[: reply.cut]
                if reply.delay:
                    step = max(1, len(sent) // 10)
                    for at in range(0, len(sent), step):
                        time.sleep(reply.delay)
                        self.wfile.write(sent[at : at + step])
                        self.wfile.flush()
                else:
                    self.wfile.write(sent)
                if reply.cut is not None:
                    self.close_connection = True
            except (BrokenPipeError, ConnectionResetError):
                pass

        do_GET = do_POST = _handle  # noqa: N815 - the names that http.server looks for

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    forge.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield forge
    finally:
        server.shutdown()
        server.server_close()


# ------------------------------------------------------------------------------------------------------- GitHub

HEAD = "3f2c1ab" + "0" * 33
EARLIER = "91aa3c0" + "0" * 33


def review(login: str | None = "amy", state: str = "APPROVED", **changes: Any) -> dict[str, Any]:
    """A review as GraphQL gives it."""
    author = None if login is None else {"__typename": "Bot" if login.endswith("bot") else "User", "login": login}
    found = {
        "state": state,
        "submittedAt": "2026-11-22T09:30:00Z",
        "url": "https://github.example/acme/pay/pull/7#pullrequestreview-1",
        "body": "",
        "authorCanPushToRepository": True,
        "author": author,
        "commit": {"oid": HEAD},
    }
    return found | changes


def comment(login: str, body: str, **changes: Any) -> dict[str, Any]:
    found = {
        "body": body,
        "createdAt": "2026-11-22T09:30:00Z",
        "lastEditedAt": None,
        "url": "https://github.example/1",
        "author": {"__typename": "User", "login": login},
    }
    return found | changes


def by(login: str | None, email: str) -> dict[str, Any]:
    return {"email": email, "user": None if login is None else {"login": login}}


def commit(author: dict[str, Any], committer: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"commit": {"authors": {"nodes": [author]}, "committer": committer or author}}


class GitHubState:
    """A pull request and the teams of its organisation."""

    def __init__(self) -> None:
        self.reviews: list[dict[str, Any]] = []
        self.comments: list[dict[str, Any]] = []
        self.commits: list[dict[str, Any]] = []
        self.head = HEAD
        self.author: str | None = "zoe"
        self.base = "main"
        self.others: list[dict[str, Any]] = []
        self.teams: dict[str, list[str]] = {}
        self.lie = 0  # reviews that the count promises and no page holds

    def __call__(self, call: Call) -> Reply:
        if call.path.endswith("/graphql"):
            return self._graphql(call.body)
        _, _, organisation, _, slug, _ = call.path.split("/")
        members = self.teams.get(f"{organisation}/{slug}")
        if members is None:
            return Reply(404, {"message": "Not Found"})
        page = int(call.query["page"][0])
        return Reply(200, [{"login": login} for login in members[(page - 1) * 100 : page * 100]])

    def _graphql(self, body: Any) -> Reply:
        asked = body["variables"]
        name = next(name for name in ("reviews", "commits", "comments") if f"{name}(" in body["query"])
        nodes = getattr(self, name)
        start = int(asked["after"] or 0)
        more = start + 100 < len(nodes)
        page = {
            "totalCount": len(nodes) + (self.lie if name == "reviews" else 0),
            "pageInfo": {"hasNextPage": more, "endCursor": str(start + 100) if more else None},
            "nodes": nodes[start : start + 100],
        }
        request = {
            "state": "OPEN",
            "headRefOid": self.head,
            "baseRefName": self.base,
            "author": None if self.author is None else {"__typename": "User", "login": self.author},
            name: page,
        }
        repository: dict[str, Any] = {"pullRequest": request}
        if name == "reviews":
            own = self.other(asked["number"], self.base)
            nodes = [own, *self.others]
            repository["object"] = {"associatedPullRequests": {"totalCount": len(nodes), "nodes": nodes}}
        return Reply(200, {"data": {"repository": repository}})

    def other(self, number: int, base: str, **changes: Any) -> dict[str, Any]:
        return {
            "number": number,
            "state": "OPEN",
            "headRefOid": HEAD,
            "baseRefName": base,
            "baseRepository": {"nameWithOwner": "acme/pay"},
        } | changes


# ------------------------------------------------------------------------------------------------------- GitLab


def account(number: int, username: str, **more: Any) -> dict[str, Any]:
    return {"id": number, "username": username, "name": username.title(), "state": "active"} | more


class GitLabState:
    """A merge request of project 42."""

    def __init__(self) -> None:
        self.approved: list[dict[str, Any] | None] = []
        self.reviewers: list[tuple[dict[str, Any], str]] = []
        self.levels: dict[int, int] = {}
        self.settings: dict[str, Any] | None = {"reset_approvals_on_push": True}
        self.notes: list[dict[str, Any]] = []
        self.others: list[dict[str, Any]] = []
        self.groups: dict[str, list[str]] = {}
        self.sha = HEAD

    def __call__(self, call: Call) -> Reply:
        path = call.path.removeprefix("/api/v4")
        root, place = "/projects/42", "/projects/42/merge_requests/7"
        page = int(call.query.get("page", ["1"])[0])
        per_page = int(call.query.get("per_page", ["20"])[0])

        def paged(items: list[Any]) -> Reply:
            return Reply(200, items[(page - 1) * per_page : page * per_page])

        if path == place:
            found = {"iid": 7, "sha": self.sha, "author": account(9, "zoe"), "source_branch": "topic"}
            return Reply(200, found | {"target_branch": "main"})
        if path == f"{place}/approvals":
            return Reply(200, {"approved_by": [{"user": user} for user in self.approved]})
        if path == f"{place}/reviewers":
            return paged([{"user": user, "state": state} for user, state in self.reviewers])
        if path == f"{place}/notes":
            return paged(self.notes)
        if path == f"{root}/members/all":
            wanted = set(map(int, call.query.get("user_ids[]", [])))
            return paged(
                [{"id": number, "access_level": level} for number, level in self.levels.items() if number in wanted]
            )
        if path == f"{root}/approvals":
            return Reply(404, {"message": "404 Not Found"}) if self.settings is None else Reply(200, self.settings)
        if path == f"{root}/merge_requests":
            return paged([{"iid": 7, "sha": self.sha, "target_branch": "main"}, *self.others])
        if path.startswith("/users/"):
            number = int(path.rpartition("/")[2])
            known = [user for user in [*self.approved, *(user for user, _ in self.reviewers)] if user is not None]
            user = next(user for user in known if user["id"] == number)
            return Reply(200, {"bot": False} | user)
        if path.startswith("/groups/"):
            group = path.split("/")[2].replace("%2F", "/").replace("%2f", "/")
            if group in self.groups:
                return paged([{"username": name} for name in self.groups[group]])
        return Reply(404, {"message": "404 Not Found"})
