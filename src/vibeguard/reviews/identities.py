"""Who is who: one person has logins, addresses and key prints, and must not count twice or approve themselves.

Names are compared as keys. Logins and addresses compare without case; key prints (`SHA256:…`) compare exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from vibeguard.model import People

# Addresses that the forges give people who hide their own; the local part names the login.
# GitHub: `ID+login@` (since 2017) and `login@` before; GitLab: `ID-login@`.
_NOREPLY = {"users.noreply.github.com": "+", "users.noreply.gitlab.com": "-"}


def key(name: str) -> str:
    """The form under which a name is compared; "" for no name at all.

    `Amy Smith <amy@acme.com>` is its address, `@Amy` is `amy`, a forge's noreply address is the login in it.
    """
    name = name.strip()
    if name.endswith(">") and "<" in name:
        name = name[name.rindex("<") + 1 : -1].strip()
    if name.startswith("SHA256:"):
        return name
    name = name.removeprefix("@").casefold()
    local, at, domain = name.rpartition("@")
    if at and domain in _NOREPLY:
        number, separator, login = local.partition(_NOREPLY[domain])
        return login if separator and number.isdigit() and login else local
    return name


def is_team(name: str) -> bool:
    """Whether a name in a policy or an ownership file is a team (`acme/pay`), which has members."""
    if name.startswith("@@"):  # a role of GitLab's: @@maintainers
        return True
    return "/" in name and not name.startswith("SHA256:") and "@" not in name.removeprefix("@")


def matches(pattern: str, name: str) -> bool:
    """Whether a name matches a pattern in which only `*` has a meaning (`*[bot]` ends in "[bot]", literally)."""
    pieces = pattern.strip().removeprefix("@").casefold().split("*")
    rest = name
    if len(pieces) == 1:
        return rest == pieces[0]
    if not rest.startswith(pieces[0]):
        return False
    rest = rest[len(pieces[0]) :]
    for piece in pieces[1:-1]:
        at = rest.find(piece)
        if at < 0:
            return False
        rest = rest[at + len(piece) :]
    return rest.endswith(pieces[-1])


class Persons:
    """Joins names into persons: by the policy's `people.identities`, and by what a channel knows of one reviewer.

    A person is named by one key; `of` gives it for any of the names.
    """

    def __init__(self, people: People, known: Iterable[Sequence[str]] = ()) -> None:
        self._parent: dict[str, str] = {}
        for login, names in people.identities.items():
            self._join([login, *names])
        for of_one in known:
            self._join(of_one)

    def of(self, name: str) -> str:
        """The key of the person with that name; "" for no name."""
        found = key(name)
        while (parent := self._parent.get(found, found)) != found:
            found = parent
        return found

    def all_of(self, names: Iterable[str]) -> frozenset[str]:
        return frozenset(person for name in names if (person := self.of(name)))

    def _join(self, names: Sequence[str]) -> None:
        keys = [found for name in names if (found := key(name))]
        for other in keys[1:]:
            first, second = self.of(keys[0]), self.of(other)
            if first != second:
                self._parent[second] = first


def members_of(team: str, members: Mapping[str, Sequence[str]] | None) -> tuple[str, ...] | None:
    """The members of a team, or None where nobody said who they are."""
    if members is None:
        return None
    wanted = key(team)
    for name in (team, wanted):
        # Asked for by name, so that a mapping can look it up only now.
        try:
            return tuple(members[name])
        except KeyError:
            pass
    return next((tuple(found) for name, found in members.items() if key(name) == wanted), None)
