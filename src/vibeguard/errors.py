"""The one exception that vibeguard raises on purpose.

Every problem a user can meet is a :class:`VibeguardError` with a kind, a message, a place and a hint.
Which exit code it leads to is decided at the door (`vibeguard.hooks.door`), not here.
"""

from __future__ import annotations

USAGE = "USAGE"  # the command line asks for something that does not exist
CONFIG = "CONFIG"  # a policy, an ownership file or calibration cannot be used
REPO = "REPO"  # the repository is in a state that cannot be judged
GIT = "GIT"  # git is missing, failed, or was too slow
INPUT = "INPUT"  # a message, a push list, a patch or a reviews file is malformed
IO = "IO"  # reading or writing failed
LIMIT = "LIMIT"  # a stated limit (size, time, memory) was reached
INTERNAL = "INTERNAL"  # a defect of vibeguard itself

KINDS = (USAGE, CONFIG, REPO, GIT, INPUT, IO, LIMIT, INTERNAL)


class VibeguardError(Exception):
    """vibeguard could not decide, and says why.

    Attributes:
        kind: one of :data:`KINDS`.
        message: one line, no trailing full stop; may hold text from the repository, unescaped (the door escapes it).
        hint: what the user can do next, or "" when nothing is known to help.
        where: `file:line:column`, a path or a ref; "" when the message says it all.
        details: further lines for the same failure (the policy checker reports all its errors at once).
    """

    def __init__(
        self, kind: str, message: str, *, hint: str = "", where: str = "", details: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.hint = hint
        self.where = where
        self.details = details

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.message}"
