"""What a push would carry: git's list of refs on stdin, or what pre-commit and prek say in the environment."""

from __future__ import annotations

from collections.abc import Mapping
from subprocess import PIPE
from typing import Literal

from vibeguard.errors import INPUT, VibeguardError
from vibeguard.model import Change, Commit
from vibeguard.repository.change import compare, merge_bases, read_known_commit
from vibeguard.repository.difference import Limits
from vibeguard.repository.locate import Location
from vibeguard.repository.objects import Objects
from vibeguard.repository.refs import Revision, default_branch, read_commit
from vibeguard.tuples import NamedTuple

MAX_LINE = 64 << 10  # bytes of one line; git's own refs are far shorter
_HEX = frozenset(b"0123456789abcdef")
# A remote's name; a URL has other characters.
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/")

Kind = Literal["branch", "tag", "notes", "other"]
Action = Literal["new", "update", "forced", "delete"]


class PushedRef(NamedTuple):
    """One line of pre-push's stdin."""

    local_ref: str  # a name for display only: it may be `HEAD~1`
    local_id: str  # all zeros for a deletion
    remote_ref: str  # full name on the remote; "" where it is not known
    remote_id: str  # all zeros for a new ref

    @property
    def is_deletion(self) -> bool:
        return not self.local_id.strip("0")

    @property
    def is_new(self) -> bool:
        return not self.remote_id.strip("0")

    @property
    def kind(self) -> Kind:
        for prefix, kind in _KINDS:
            if self.remote_ref.startswith(prefix):
                return kind
        return "other"


_KINDS: tuple[tuple[str, Kind], ...] = (
    ("refs/heads/", "branch"),
    ("refs/tags/", "tag"),
    ("refs/notes/", "notes"),
)


class PushedChange(NamedTuple):
    """What one pushed ref does, and the change it carries (without files for a deletion)."""

    ref: PushedRef
    action: Action
    change: Change


def parse_push(stdin: bytes) -> tuple[PushedRef, ...]:
    """The refs that `git push` tells its pre-push hook: `<local ref> <id> <remote ref> <id>` a line.

    Raises:
        VibeguardError: INPUT with the number of the first line that is anything else.
    """
    lines = stdin.split(b"\n")
    last = lines.pop()
    refs = []
    for number, line in enumerate(lines, 1):
        refs.append(_parse_line(line, number))
    if last:
        raise _malformed(len(lines) + 1, "it has no end")
    return tuple(refs)


def _parse_line(line: bytes, number: int) -> PushedRef:
    if len(line) > MAX_LINE:
        raise _malformed(number, "it is too long")
    if b"\0" in line:
        raise _malformed(number, "it holds a NUL")
    # The local ref is what the user typed; `HEAD^{/some words}` and `:/some words` hold blanks.
    fields = line.rsplit(b" ", 3)
    if len(fields) != 4 or not all(fields) or (b" " in fields[0] and not _may_hold_blanks(fields[0])):
        raise _malformed(number, "it has not four fields")
    local_ref, local_id, remote_ref, remote_id = fields
    for oid in (local_id, remote_id):
        if len(oid) not in (40, 64) or not _HEX.issuperset(oid):
            raise _malformed(number, "an object id is not 40 or 64 hexadecimal digits")
    if len(local_id) != len(remote_id):
        raise _malformed(number, "its object ids are of different lengths")
    if not remote_ref.startswith(b"refs/"):
        raise _malformed(number, "the remote ref is not a full name")
    return PushedRef(
        local_ref.decode("utf-8", "surrogateescape"),
        local_id.decode(),
        remote_ref.decode("utf-8", "surrogateescape"),
        remote_id.decode(),
    )


def _may_hold_blanks(local_ref: bytes) -> bool:
    return b"^{/" in local_ref or local_ref.startswith(b":/")


def _malformed(number: int, why: str) -> VibeguardError:
    return VibeguardError(
        INPUT,
        f"malformed pre-push input line {number}: {why}",
        hint="pre-push reads what git writes: <local ref> <id> <remote ref> <id>",
    )


def read_push(
    stdin: bytes, environ: Mapping[str, str], location: Location, objects: Objects
) -> tuple[tuple[PushedRef, ...], tuple[str, ...]]:
    """The pushed refs from stdin, or from the environment of pre-commit and prek; and what cannot be seen there.

    Raises:
        VibeguardError: INPUT for malformed lines, and when a framework says neither what is pushed.
    """
    if stdin.strip():
        return parse_push(stdin), ()
    begin, end = environ.get("PRE_COMMIT_FROM_REF"), environ.get("PRE_COMMIT_TO_REF")
    if not end and environ.get("PRE_COMMIT_REMOTE_BRANCH"):
        end = environ.get("PRE_COMMIT_LOCAL_BRANCH")  # all of a new repository is pushed: nothing to begin from
    if not end:
        if environ.get("PRE_COMMIT"):
            raise VibeguardError(
                INPUT,
                "what is pushed is not known: stdin is empty, and PRE_COMMIT_FROM_REF and PRE_COMMIT_TO_REF are unset",
                hint="run the hook by `git push`, or judge a range: vibeguard check --range A..B",
            )
        return (), ()
    head = _known_commit(objects, end, "PRE_COMMIT_TO_REF")
    base = _known_commit(objects, begin, "PRE_COMMIT_FROM_REF").id if begin and begin.strip("0") else location.zero
    ref = PushedRef(
        environ.get("PRE_COMMIT_LOCAL_BRANCH") or end, head.id, environ.get("PRE_COMMIT_REMOTE_BRANCH", ""), base
    )
    return (ref,), ("the hook framework shows one pushed ref; others that are pushed with it are not seen here",)


def _known_commit(objects: Objects, name: str, variable: str) -> Commit:
    commit = None if name.startswith("-") else read_commit(objects, name)
    if commit is None:
        raise VibeguardError(INPUT, f"{variable} names no commit: {name}")
    return commit


def pushed_changes(
    location: Location,
    objects: Objects,
    refs: tuple[PushedRef, ...],
    *,
    remote: str | None = None,
    limits: Limits | None = None,
) -> tuple[PushedChange, ...]:
    """Each pushed ref as the change that it brings to the remote.

    An existing ref is compared with what it holds on the remote, tree against tree. A new one is compared with the
    merge base with the remote's default branch, and brings the commits that no ref of the remote has. What the
    remote holds is known from its remote-tracking refs, as they were last fetched.

    Args:
        location: the repository.
        objects: its objects.
        refs: what is pushed.
        remote: the first argument of the pre-push hook, a remote's name or a URL.
        limits: how much of the patches is read.

    Raises:
        VibeguardError: REPO when history is too shallow; GIT when git fails or objects are missing.
    """
    push = _Push(location, objects, refs, remote, limits)
    return tuple(push.change(ref) for ref in refs)


class _Push:
    """What is asked once for all refs of a push: the remote's tips, its default branch, and ranges already read."""

    def __init__(
        self,
        location: Location,
        objects: Objects,
        refs: tuple[PushedRef, ...],
        remote: str | None,
        limits: Limits | None,
    ) -> None:
        self._location = location
        self._objects = objects
        self._refs = refs
        self._limits = limits
        self._remote = remote if remote and _PLAIN.issuperset(remote) else "origin"
        self._tips: frozenset[str] | None = None
        self._unseen: frozenset[str] | None = None
        self._onto: Revision | None = None
        self._new: dict[str, Change] = {}

    def change(self, ref: PushedRef) -> PushedChange:
        """What one ref brings."""
        if ref.is_deletion:
            return PushedChange(ref, "delete", _nothing(ref, f"{ref.remote_ref} is deleted on the remote"))
        action: Action = "new" if ref.is_new else "update"
        if ref.kind == "notes":
            return PushedChange(ref, action, _nothing(ref, f"{ref.remote_ref} carries notes, not code: not judged"))
        head = read_commit(self._objects, ref.local_id)
        if head is None:
            return PushedChange(ref, action, self._not_a_commit(ref))
        before = None if ref.is_new else read_commit(self._objects, ref.remote_id)
        if before is None:
            return self._compared_with_known(ref, action, head)
        change, forward = compare(self._location, self._objects, before, head, limits=self._limits)
        if forward:
            return PushedChange(ref, "update", _for(ref, change))
        return PushedChange(ref, "forced", _for(ref, change, f"{ref.remote_ref} is overwritten (forced push)"))

    def _not_a_commit(self, ref: PushedRef) -> Change:
        found = self._objects.require(ref.local_id)
        return _nothing(ref, f"{ref.remote_ref} is a {found.type}, not a commit: its content was not judged")

    def _compared_with_known(self, ref: PushedRef, action: Action, head: Commit) -> PushedChange:
        """A new ref; or one whose state on the remote was never fetched."""
        if ref.is_new:
            return PushedChange(ref, action, _for(ref, self._new_ref(head, ref.kind)))
        unseen = f"what {ref.remote_ref} holds on the remote ({ref.remote_id[:12]}) was never fetched"
        tracking = f"refs/remotes/{self._remote}/{ref.remote_ref.removeprefix('refs/heads/')}"
        known = read_commit(self._objects, tracking) if ref.kind == "branch" else None
        if known is None:
            said = f"{unseen}: compared with the remote's default branch instead"
            return PushedChange(ref, action, _for(ref, self._new_ref(head, "branch"), said))
        change, forward = compare(self._location, self._objects, known, head, limits=self._limits)
        said = f"{unseen}: compared with {tracking} instead"
        return PushedChange(ref, action if forward else "forced", _for(ref, change, said))

    def _new_ref(self, head: Commit, kind: Kind) -> Change:
        if head.id not in self._new:
            self._new[head.id] = self._read_new_ref(head, kind)
        return self._new[head.id]

    def _read_new_ref(self, head: Commit, kind: Kind) -> Change:
        if self._tips is None:
            self._tips, self._onto = self._known_of_remote()
        onto = self._onto
        if kind == "tag" and head.id not in self._tagged_and_unseen(self._tips):
            # The remote has the commit already, so a name for it brings nothing.
            return Change("push", head.id, head.id, (), base_tree=head.tree, head_tree=head.tree)
        bases = merge_bases(self._location, onto.id, head.id) if onto is not None else ()
        base = read_known_commit(self._objects, bases[0]) if bases else None
        change, _ = compare(self._location, self._objects, base, head, since=self._tips, limits=self._limits)
        notices = change.notices
        if onto is None:
            notices += (f"{self._remote}'s default branch is not known here: compared with an empty tree",)
        elif base is None:
            notices += (f"no merge base with {onto.name}: compared with an empty tree",)
        elif len(bases) > 1:
            notices += (f"{len(bases)} merge bases with {onto.name}: compared with {base.id[:12]}",)
        return change._replace(notices=notices)

    def _tagged_and_unseen(self, tips: frozenset[str]) -> frozenset[str]:
        """The commits that no ref of the remote has, of all new tags together: one process for thousands of them."""
        if self._unseen is None:
            tags = [f"{ref.local_id}\n" for ref in self._refs if ref.kind == "tag" and ref.is_new]
            command = ("rev-list", "--stdin")
            with self._location.git.started(*command, stdin=PIPE) as process:
                process.write_all("".join((*tags, *(f"^{tip}\n" for tip in tips))).encode())
                self._unseen = frozenset(process.read_all().decode().split())
                self._location.git.finish(process, command)
        return self._unseen

    def _known_of_remote(self) -> tuple[frozenset[str], Revision | None]:
        """The tips of the remote (of all remotes, where it is not one with a name), and its default branch."""
        for folder in (f"refs/remotes/{self._remote}/", "refs/remotes/"):
            listed = self._location.git.run("for-each-ref", "--format=%(objectname) %(objecttype)", folder).stdout
            tips = frozenset(line.split(" ")[0] for line in listed.decode().split("\n") if line.endswith(" commit"))
            if tips:
                break
        onto = default_branch(self._location, self._objects, self._remote)
        if onto is None and self._remote != "origin":
            onto = default_branch(self._location, self._objects)
        return tips, onto


def _for(ref: PushedRef, change: Change, notice: str = "") -> Change:
    notices = (notice, *change.notices) if notice else change.notices
    return change._replace(source="push", ref=ref.remote_ref or None, notices=notices)


def _nothing(ref: PushedRef, notice: str) -> Change:
    return Change(
        source="push",
        base=None if ref.is_new else ref.remote_id,
        head=None if ref.is_deletion else ref.local_id,
        files=(),
        notices=(notice,),
        ref=ref.remote_ref or None,
    )
