"""What a door asks the use case: which change, at which stage, by which policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from vibeguard.model import Approval, Stage, Waiver
from vibeguard.tuples import NamedTuple

Subject = Literal["staged", "range", "base", "patch", "push"]


class Request(NamedTuple):
    """A question to vibeguard. Everything the answer depends on besides the repository stands here."""

    folder: str = "."
    stage: Stage = "commit"
    subject: Subject = "staged"
    ends: tuple[str, str] | None = None  # of a range: A and B as the user wrote them
    base: str | None = None  # the target of `--base`
    head: str = "HEAD"  # of `--base`
    target: str | None = None  # name of the branch the change goes to, where the door knows it
    message_file: str | None = None
    pushed: bytes | None = None  # stdin of pre-push
    remote: str | None = None  # of pre-push: the remote's name, or its URL
    patch: bytes | None = None
    policy_path: str | None = None  # a policy to try out, from the work tree
    reviews: tuple[str, bytes] | None = None  # where they were read, and their bytes
    facts: tuple[str, bytes] | None = None  # an organisation's own facts: where they were read, and their bytes
    environ: Mapping[str, str] = {}
    now: float = 0.0  # seconds since the epoch; windows and dates are judged by it
    full: bool = False  # also try the ways to pass, and whatever else a hook has no time for
    use_store: bool = True
    patient: bool = False  # wait for a graph however long it takes
    progress: Callable[[int, int], None] | None = None  # told (files scanned, files to scan) while a graph is built
    author: str | None = None  # login of the change's author, where a forge says it
    approvals: tuple[Approval, ...] = ()  # that a forge told
    waivers: tuple[Waiver, ...] = ()  # likewise
    teams: Mapping[str, tuple[str, ...]] | None = None  # likewise
    stands_for: str | None = None  # head of the request that a merge queue's commit stands for
    # Asked, with common folder and tree, to have a graph built that was not ready in time; "" when it is, else why not.
    finish_graph: Callable[[str, str], str] | None = None
