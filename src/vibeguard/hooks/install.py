"""Putting vibeguard into a repository's hooks and taking it out again, without touching anybody else's hook.

A hook that is there already is kept under another name and run first; uninstalling puts it back.
"""

from __future__ import annotations

import os
import sys
from typing import Literal

from vibeguard.errors import IO, USAGE, VibeguardError
from vibeguard.tuples import NamedTuple

HOOKS = ("pre-commit", "pre-merge-commit", "commit-msg", "pre-push")
STAMPING = "prepare-commit-msg"  # only where it was asked for: it adds a trailer to messages
MARK = "# vibeguard: installed by `vibeguard install`, removed by `vibeguard uninstall`"
CHAINED = ".before-vibeguard"

State = Literal["vibeguard", "other", "none"]


class Done(NamedTuple):
    """What was done for one hook."""

    hook: str
    action: Literal["installed", "chained", "kept", "removed", "restored", "left"]


def script(hook: str, program: str, chained: str | None) -> str:
    """The hook: the earlier one first, then vibeguard by the absolute path of its interpreter.

    `python -I` keeps the repository's own files and PYTHONPATH out of what is imported. Where the interpreter is gone
    the hook says so and stops the commit: a guard that is not there must not look like one that passed.
    """
    quoted = "'" + program.replace("'", "'\\''") + "'"
    lines = ["#!/bin/sh", MARK, f"python={quoted}"]
    if chained is not None:
        earlier = "'" + chained.replace("'", "'\\''") + "'"
        if hook == "pre-push":  # both hooks read the list of refs
            lines += ["refs=$(cat)", f'printf "%s\\n" "$refs" | {earlier} "$@" || exit $?']
        else:
            lines.append(f'{earlier} "$@" || exit $?')
    lines += [
        'if [ ! -x "$python" ]; then',
        '  echo "vibeguard: $python is gone: reinstall it and run \\`vibeguard install\\`, or remove this hook" >&2',
        "  exit 2",
        "fi",
    ]
    call = f'exec "$python" -I -m vibeguard.hooks.entry {hook} "$@"'
    if hook == "pre-push" and chained is not None:
        lines += ['if [ -z "$refs" ]; then', f"  {call} </dev/null", "fi"]
        lines.append(f'printf "%s\\n" "$refs" | {call.removeprefix("exec ")}')
    else:
        lines.append(call)
    return "\n".join(lines) + "\n"


def state(folder: str, hook: str) -> State:
    """Whose hook it is."""
    path = os.path.join(folder, hook)
    if not os.path.lexists(path):
        return "none"
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return "vibeguard" if MARK in file.read(4096) else "other"
    except OSError:
        return "other"


def install(folder: str, hooks: tuple[str, ...] = HOOKS, *, program: str = sys.executable) -> tuple[Done, ...]:
    """Put the hooks in place. An earlier hook is renamed to `HOOK.before-vibeguard` and run first.

    Raises:
        VibeguardError: USAGE when both an unknown hook and a renamed one are there; IO when it cannot be written.
    """
    done = []
    try:
        os.makedirs(folder, exist_ok=True)
        for hook in hooks:
            path, earlier = os.path.join(folder, hook), os.path.join(folder, hook + CHAINED)
            whose = state(folder, hook)
            if whose == "other":
                if os.path.lexists(earlier):
                    raise VibeguardError(
                        USAGE,
                        f"{hook} is somebody else's hook, and {hook}{CHAINED} exists as well",
                        where=folder,
                        hint="move one of them away first",
                    )
                os.rename(path, earlier)
            chained = earlier if os.path.lexists(earlier) else None
            _write(path, script(hook, program, chained))
            done.append(Done(hook, "chained" if whose == "other" else "kept" if whose == "vibeguard" else "installed"))
    except OSError as error:
        raise VibeguardError(
            IO, f"cannot write the hook: {error.strerror}", where=str(error.filename or folder)
        ) from None
    return tuple(done)


def uninstall(folder: str) -> tuple[Done, ...]:
    """Remove vibeguard's hooks, and put back what was there before them.

    Raises:
        VibeguardError: IO when a file cannot be removed or renamed.
    """
    done = []
    try:
        for hook in (*HOOKS, STAMPING):
            if state(folder, hook) != "vibeguard":
                if state(folder, hook) == "other":
                    done.append(Done(hook, "left"))
                continue
            path, earlier = os.path.join(folder, hook), os.path.join(folder, hook + CHAINED)
            if os.path.lexists(earlier):
                os.replace(earlier, path)
                done.append(Done(hook, "restored"))
            else:
                os.unlink(path)
                done.append(Done(hook, "removed"))
    except OSError as error:
        raise VibeguardError(
            IO, f"cannot remove the hook: {error.strerror}", where=str(error.filename or folder)
        ) from None
    return tuple(done)


def _write(path: str, text: str) -> None:
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(temporary, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        mode = os.stat(temporary).st_mode
        # Executable for whom it is readable, as git makes its own hooks.
        os.chmod(temporary, mode | (mode & 0o444) >> 2)
        os.replace(temporary, path)
    finally:
        if os.path.lexists(temporary):
            os.unlink(temporary)
