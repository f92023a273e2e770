"""How far a long reading is: on a terminal's stderr only, and only once the wait is long enough to be noticed."""

from __future__ import annotations

import sys
import time

PATIENCE = 0.5  # seconds before anything is shown


class Progress:
    """Call it with what is done and what there is; `end` wipes the line, and so does reaching the total."""

    def __init__(self, what: str) -> None:
        """`what` names what is counted: "files scanned", "commits read"."""
        self._what = what
        self._begun = time.monotonic()
        self._wanted = sys.stderr is not None and sys.stderr.isatty()
        self._shown = False

    def __call__(self, done: int, total: int) -> None:
        if self._wanted and time.monotonic() - self._begun > PATIENCE:
            self._shown = True
            sys.stderr.write(f"\r{done:,} of {total:,} {self._what}")
            sys.stderr.flush()
            if done >= total:
                self.end()

    def end(self) -> None:
        """Leave the terminal as it was."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._shown = False
