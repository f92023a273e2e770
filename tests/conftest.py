"""Real repositories for every test, and a guard that no test can forget.

`repo` builds one: `repo.write(...)`, `repo.stage(...)`, `repo.commit(...)`. Between two of its own steps nothing may
change but `.git/vibeguard/`: the guard hashes work tree, index, refs, config and objects after each step of the
builder and compares before the next one and at the end of the test.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import settings

# The first call of many functions imports or compiles what later ones share: it is slower, and no failure.
settings.register_profile("vibeguard", deadline=None)
settings.load_profile("vibeguard")

PERSON = ("Ada Byron", "ada@example.com")


class Ran(NamedTuple):
    """What a console script did."""

    code: int
    out: str
    err: str


def fingerprint(folder: Path) -> dict[str, str]:
    """A digest for each file below a folder, with its mode; `.git/vibeguard/` is the product's own and left out."""
    found: dict[str, str] = {}
    root = os.fsencode(folder)
    for here, folders, files in os.walk(root):
        if os.path.basename(here) == b"vibeguard" and os.path.basename(os.path.dirname(here)).endswith(b".git"):
            folders.clear()
            continue
        for name in files:
            path = os.path.join(here, name)
            key = os.fsdecode(os.path.relpath(path, root))
            status = os.lstat(path)
            if os.path.islink(path):
                found[key] = "-> " + os.fsdecode(os.readlink(path))
            elif os.path.isfile(path):
                with open(path, "rb") as file:
                    found[key] = f"{status.st_mode:o} {hashlib.sha256(file.read()).hexdigest()}"
            else:
                found[key] = f"{status.st_mode:o}"
    return found


class Repo:
    """A git repository under construction. Every step says what it does; there is no hidden state."""

    def __init__(self, path: Path, *, object_format: str = "sha1", bare: bool = False) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        self._known: dict[str, str] = {}
        flags = ["--bare"] if bare else []
        self._git(b"init", b"-q", b"-b", b"main", f"--object-format={object_format}".encode(), *map(str.encode, flags))
        if not bare:
            settings = {"user.name": PERSON[0], "user.email": PERSON[1], "commit.gpgsign": "false"}
            # Newer gits tidy up in the background, which the guard would take for the product's doing.
            settings |= {"gc.auto": "0", "maintenance.auto": "false"}
            for key, value in settings.items():
                self._git(b"config", key.encode(), value.encode())
        self._known = fingerprint(path)

    # -- steps that change the repository

    def git(
        self, *arguments: str | bytes, stdin: bytes | None = None, env: Mapping[str, str] | None = None, ok: bool = True
    ) -> str:
        """Run git as the user would, and remember what it changed."""
        self.check_untouched()
        out = self._git(
            *(item.encode("utf-8", "surrogateescape") if isinstance(item, str) else item for item in arguments),
            stdin=stdin,
            env=env,
            ok=ok,
        )
        self._known = fingerprint(self.path)
        return out.decode("utf-8", "surrogateescape").strip()

    def write(self, path: str | bytes, content: str | bytes = "") -> Repo:
        """Put a file into the work tree."""
        self.check_untouched()
        name = path.encode("utf-8", "surrogateescape") if isinstance(path, str) else path
        full = os.path.join(os.fsencode(self.path), name)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "wb") as file:
            file.write(content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content)
        self._known = fingerprint(self.path)
        return self

    def stage(self, files: Mapping[str, str | bytes] | None = None) -> Repo:
        """Write these files, if any, and stage everything that differs."""
        for path, content in (files or {}).items():
            self.write(path, content)
        self.git("add", "-A")
        return self

    def commit(
        self,
        message: str | bytes = "a change",
        files: Mapping[str, str | bytes] | None = None,
        *,
        author: tuple[str, str] = PERSON,
        committer: tuple[str, str] = PERSON,
    ) -> str:
        """Stage these files and commit all that is staged; returns the commit's full id."""
        self.stage(files)
        raw = message.encode("utf-8", "surrogateescape") if isinstance(message, str) else message
        self.git(
            "commit",
            "-q",
            "--allow-empty",
            "--allow-empty-message",
            "--no-verify",
            "--cleanup=verbatim",
            "-F",
            "-",
            stdin=raw,
            env={
                "GIT_AUTHOR_NAME": author[0],
                "GIT_AUTHOR_EMAIL": author[1],
                "GIT_COMMITTER_NAME": committer[0],
                "GIT_COMMITTER_EMAIL": committer[1],
            },
        )
        return self.head

    # -- questions

    @property
    def head(self) -> str:
        return self._git(b"rev-parse", b"HEAD").decode().strip()

    def check_untouched(self) -> None:
        """Fail when anything but `.git/vibeguard/` changed since the last step of this builder."""
        now = fingerprint(self.path)
        changed = sorted(name for name in now.keys() | self._known.keys() if now.get(name) != self._known.get(name))
        assert not changed, f"the repository was changed: {changed}"

    def accept_changes(self) -> None:
        """What changed since the last step was meant (a real `git commit` ran in between)."""
        self._known = fingerprint(self.path)

    def _git(
        self, *arguments: bytes, stdin: bytes | None = None, env: Mapping[str, str] | None = None, ok: bool = True
    ) -> bytes:
        done = subprocess.run(
            [b"git", *arguments],
            cwd=self.path,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            env={**os.environ, **(env or {})},
            check=False,
        )
        if ok and done.returncode != 0:
            raise AssertionError(f"git {arguments!r}: {done.stderr.decode(errors='replace')}")
        return done.stdout


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No user configuration and no agent's marks: tests must not depend on who runs them, or where."""
    home = tmp_path_factory.mktemp("home")
    for name in list(os.environ):
        if name.startswith(("GIT_", "CLAUDE", "CODEX", "CURSOR", "GEMINI", "COPILOT", "PRE_COMMIT", "GITHUB_", "CI_")):
            monkeypatch.delenv(name)
    for name in ("AI_AGENT", "AGENT", "CI", "NO_COLOR", "FORCE_COLOR", "TERM_PROGRAM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture
def make_repo(tmp_path: Path) -> Iterator[Callable[..., Repo]]:
    """Builds repositories by name; each is guarded until the test ends."""
    made: list[Repo] = []

    def make(name: str = "repo", *, object_format: str = "sha1", bare: bool = False) -> Repo:
        repo = Repo(tmp_path / name, object_format=object_format, bare=bare)
        made.append(repo)
        return repo

    yield make
    for repo in made:
        repo.check_untouched()


@pytest.fixture
def repo(make_repo: Callable[..., Repo]) -> Repo:
    """An empty repository on branch main, guarded."""
    return make_repo()


@pytest.fixture
def script() -> Callable[..., Ran]:
    """Runs an installed console script as a user does: `script("vibeguard", "check", cwd=repo.path)`."""

    def run(
        name: str,
        *arguments: str,
        cwd: Path,
        stdin: bytes | None = None,
        env: Mapping[str, str] | None = None,
        timeout: float = 120,
    ) -> Ran:
        done = subprocess.run(
            [os.path.join(os.path.dirname(sys.executable), name), *arguments],
            cwd=cwd,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            env={**os.environ, **(env or {})},
            timeout=timeout,
            check=False,
        )
        out, err = (raw.decode("utf-8", "surrogateescape") for raw in (done.stdout, done.stderr))
        assert "Traceback" not in err, err
        return Ran(done.returncode, out, err)

    return run
