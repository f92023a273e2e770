"""What a forge says of a change request, and asking it within bounds: whole, in time, or not at all.

Incomplete data is "could not decide", never "no objection": every failure here is an error that says what to do.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from vibeguard.errors import IO, LIMIT, VibeguardError
from vibeguard.model import Approval, Waiver
from vibeguard.reviews.identities import key
from vibeguard.tuples import NamedTuple

PAGE = 100  # the most that GitHub and GitLab give at once
MOST_PAGES = 50  # 5,000 reviews or comments
TIMEOUT = 15.0  # seconds without a byte
WHOLE = 60.0  # seconds for everything that is asked
MOST_WAIT = 20.0  # seconds of Retry-After that are waited for
_TRIES = 3

T = TypeVar("T")


class OpenRequest(NamedTuple):
    """Another open request on the same head: a status belongs to the commit, so it is judged as well."""

    number: int
    target: str  # branch, without refs/heads/


class Told(NamedTuple):
    """Everything a forge says that matters for counting."""

    approvals: tuple[Approval, ...]
    waivers: tuple[Waiver, ...] = ()
    author: str | None = None  # login; None for a deleted account
    head: str | None = None  # the request's head now
    target: str = ""  # branch that it goes to
    others: tuple[OpenRequest, ...] = ()
    notices: tuple[str, ...] = ()


class Failure(Exception):  # noqa: N818 - what a client could not do, before it is known whether to try again
    """A request failed. `status` is the HTTP status, None when there was no answer."""

    def __init__(self, status: int | None, message: str, retry_after: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.retry_after = retry_after


def asked(forge: str, request: Callable[[], T], deadline: float) -> T:
    """One request, tried again where that can help: on 502, 503, 504, and on 403 or 429 that say when.

    Raises:
        VibeguardError: IO when it stays without an answer; LIMIT when the wait would be too long.
    """
    for attempt in range(1, _TRIES + 1):
        try:
            return request()
        except Failure as failure:
            wait = _wait(failure, attempt)
            if wait is None or attempt == _TRIES:
                raise _error(forge, failure) from None
            if wait > MOST_WAIT or time.monotonic() + wait > deadline:
                raise VibeguardError(
                    LIMIT, f"{forge} asks to wait {wait:.0f} s before it says more", hint="run the job again later"
                ) from None
            time.sleep(wait)
    raise AssertionError


def _wait(failure: Failure, attempt: int) -> float | None:
    """Seconds to wait before trying again; None where that cannot help."""
    if failure.status in (502, 503, 504):
        return 0.5 * attempt
    if failure.status in (403, 429) and failure.retry_after is not None:
        return float(failure.retry_after) if failure.retry_after.isdigit() else MOST_WAIT + 1
    return None


def _error(forge: str, failure: Failure) -> VibeguardError:
    hints = {
        401: "the token is wrong or has expired",
        403: "the token may not read this; give the job permission to read pull requests",
        404: "no such request, or the token may not see it",
        429: "the rate limit is used up; run the job again later",
    }
    status = f" ({failure.status})" if failure.status is not None else ""
    return VibeguardError(
        IO,
        f"{forge} did not say who approved{status}: {failure.message[:200]}",
        hint=hints.get(failure.status or 0, "run the job again; without the forge's answer nobody's approval is known"),
    )


def within(forge: str, seconds: float, work: Callable[[], T]) -> T:
    """Do the work in a thread that is left behind when it takes too long: a socket can trickle for ever.

    Raises:
        VibeguardError: LIMIT when it does not end in time; what the work raises.
    """
    done: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except (AttributeError, TypeError, KeyError, IndexError):
            # A number where the documents promise an object, and the like.
            failed.append(malformed(forge, "in a shape that it does not document"))
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not done:
        raise VibeguardError(
            LIMIT, f"{forge} did not answer within {seconds:g} s", hint="run the job again when it answers"
        )
    return done[0]


def malformed(forge: str, what: str) -> VibeguardError:
    """The error for an answer that is not what the forge documents, or not all of it."""
    return VibeguardError(
        IO, f"{forge} answered {what}", hint="run the job again; an incomplete answer decides nothing"
    )


def field(forge: str, data: Any, *path: str) -> Any:
    """A part of an answer that must be there.

    Raises:
        VibeguardError: IO when it is not.
    """
    for name in path:
        if not isinstance(data, Mapping) or name not in data:
            raise malformed(forge, f"without `{'.'.join(path)}`")
        data = data[name]
    return data


class Teams(Mapping[str, tuple[str, ...]]):
    """Members of teams, asked for one team at a time and only when a rule needs it. A team that may not be read is
    not known, which never counts in anybody's favour."""

    def __init__(self, ask: Callable[[str], tuple[str, ...] | None], most: int = 8) -> None:
        self._ask = ask
        self._most = most
        self._known: dict[str, tuple[str, ...] | None] = {}

    def __getitem__(self, team: str) -> tuple[str, ...]:
        name = key(team)
        if name not in self._known:
            self._known[name] = self._ask(name) if len(self._known) < self._most else None
        members = self._known[name]
        if members is None:
            raise KeyError(team)
        return members

    def __iter__(self) -> Iterator[str]:
        return (team for team, members in self._known.items() if members is not None)

    def __len__(self) -> int:
        return sum(members is not None for members in self._known.values())
