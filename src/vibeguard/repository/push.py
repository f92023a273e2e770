"""What a push would carry: git's list of refs on stdin, or what pre-commit and prek say in the environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from vibeguard.errors import INPUT, VibeguardError
from vibeguard.model import Change, Commit
from vibeguard.repository.change import commits_between, compare, merge_bases
from vibeguard.repository.difference import Limits
from vibeguard.repository.locate import Location
from vibeguard.repository.objects import Objects
from vibeguard.repository.refs import default_branch, read_commit

MAX_LINE = 64 << 10  # bytes of one line; git's own refs are far shorter
_HEX = frozenset(b"0123456789abcdef")

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

    An existing ref is compared with what it holds on the remote. A new one is compared with the merge base with the
    remote's default branch, and brings the commits that no ref of the remote has.

    Raises:
        VibeguardError: REPO when history is too shallow or objects are missing; GIT when git fails.
    """
    return tuple(_pushed_change(location, objects, ref, remote or "origin", limits) for ref in refs)


def _pushed_change(
    location: Location, objects: Objects, ref: PushedRef, remote: str, limits: Limits | None
) -> PushedChange:
    if ref.is_deletion:
        return PushedChange(ref, "delete", _empty(ref, f"{ref.remote_ref} is deleted on the remote"))
    if ref.kind == "notes":
        return PushedChange(ref, _action(ref), _empty(ref, f"{ref.remote_ref} carries notes, not code: not judged"))
    head = read_commit(objects, ref.local_id)
    if head is None:
        return PushedChange(ref, _action(ref), _empty(ref, f"{ref.remote_ref} is no commit: not judged"))
    before = None if ref.is_new else read_commit(objects, ref.remote_id)
    if before is not None:
        change = compare(location, objects, before, head, limits=limits)
        forced = before.id not in merge_bases(location, before.id, head.id)
        if forced:
            change = change._replace(notices=(*change.notices, f"{ref.remote_ref} is overwritten (forced push)"))
        return PushedChange(ref, "forced" if forced else "update", _for(change, ref))
    notices: tuple[str, ...] = ()
    if not ref.is_new:
        notices = (
            f"what {ref.remote_ref} holds on the remote ({ref.remote_id[:12]}) was never fetched: "
            "compared with the remote's default branch instead",
        )
    change = _new_ref(location, objects, head, remote, limits)
    return PushedChange(ref, _action(ref), _for(change._replace(notices=notices + change.notices), ref))


def _new_ref(location: Location, objects: Objects, head: Commit, remote: str, limits: Limits | None) -> Change:
    """What no ref of the remote has yet, compared with where it left the remote's default branch."""
    onto = default_branch(location, objects, remote)
    bases = merge_bases(location, onto.id, head.id) if onto is not None else ()
    base = read_commit(objects, bases[0]) if bases else None
    change = compare(location, objects, base, head, since=onto.id if onto is not None else None, limits=limits)
    commits, notices = commits_between(location, objects, _remote_tips(location, remote), head.id)
    if onto is None:
        notices += (f"{remote}'s default branch is not known here: compared with an empty tree",)
    elif base is None:
        notices += (f"no merge base with {onto.name}: compared with an empty tree",)
    return change._replace(commits=commits, notices=change.notices + notices)


def _remote_tips(location: Location, remote: str) -> tuple[str, ...]:
    listed = location.git.run("for-each-ref", "--format=%(objectname)", f"refs/remotes/{remote}/").stdout
    return tuple(sorted(set(listed.decode().split())))


def _action(ref: PushedRef) -> Action:
    return "new" if ref.is_new else "update"


def _for(change: Change, ref: PushedRef) -> Change:
    return change._replace(source="push", ref=ref.remote_ref or None)


def _empty(ref: PushedRef, notice: str) -> Change:
    return Change(
        source="push",
        base=None if ref.is_new else ref.remote_id,
        head=None if ref.is_deletion else ref.local_id,
        files=(),
        notices=(notice,),
        ref=ref.remote_ref or None,
    )
