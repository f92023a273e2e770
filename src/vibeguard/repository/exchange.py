"""Sending and getting refs of our own, when somebody asks for it: the one place that talks to a remote.

It runs the user's git with the user's transport, credentials and proxies, unlike everything that judges. No hook of
the repository runs, and nothing is sent but the one ref.
"""

from __future__ import annotations

import os
import subprocess

from vibeguard.errors import GIT, USAGE, VibeguardError
from vibeguard.repository.command import find_git
from vibeguard.repository.locate import Location
from vibeguard.repository.records import merge

TIMEOUT = 300.0  # seconds


def fetch(location: Location, remote: str, ref: str) -> bool:
    """Get a ref from a remote and take in what it has; whether anything was new. A remote without it has nothing new.

    Raises:
        VibeguardError: USAGE for a name that is no remote; GIT when it cannot be reached.
    """
    _require_name(remote)
    theirs = ref.replace("refs/vibeguard/", "refs/vibeguard/remote/", 1)
    listed = _git(location, "ls-remote", "--", remote, ref)
    if not listed.strip():
        return False
    _git(location, "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--", remote, f"+{ref}:{theirs}")
    return merge(location, ref, theirs)


def push(location: Location, remote: str, ref: str) -> None:
    """Send a ref to a remote, which takes it only if it adds to what is there.

    Raises:
        VibeguardError: as :func:`fetch`.
    """
    _require_name(remote)
    _git(location, "push", "--quiet", "--no-verify", "--", remote, f"{ref}:{ref}")


def _require_name(remote: str) -> None:
    if not remote or remote.startswith("-") or not remote.isprintable():
        raise VibeguardError(USAGE, f"not a remote: {remote!r}")


def _git(location: Location, *arguments: str) -> bytes:
    command = [find_git(), "-c", "core.hooksPath=/dev/null", f"--git-dir={location.common_dir}", *arguments]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd=location.top or location.common_dir,
            env={**os.environ, "LC_ALL": "C"},
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise VibeguardError(GIT, f"git {arguments[0]} did not end within {TIMEOUT:g} s") from None
    except OSError as error:
        raise VibeguardError(GIT, f"git could not be started: {error.strerror}") from None
    if done.returncode != 0:
        lines = [line for line in done.stderr.decode("utf-8", "backslashreplace").splitlines() if line.strip()]
        words = next((line for line in lines if "rejected" in line or line.startswith(("fatal:", "error:"))), "")
        hint = "fetch first: somebody else has added to it" if "rejected" in words else ""
        raise VibeguardError(GIT, f"git {arguments[0]} failed: {words.strip() or done.returncode}", hint=hint)
    return done.stdout
