"""Programs that must never run: each writes its name into one file, and the test fails if that file is there.

They stand wherever git can be told to start something: first on PATH, in the user's and the repository's
configuration, as attributes' filters and drivers, as hooks, and in the environment.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import Repo

PROGRAMS = (
    "ssh",
    "ssh-keygen",
    "gpg",
    "gpgsm",
    "less",
    "more",
    "pager",
    "vi",
    "nano",
    "editor",
    "python",
    "python3",
    "perl",
    "sh",
    "bash",
    "env",
    "diff",
    "git-lfs",
    "git-remote-https",
    "git-upload-pack",
    "curl",
    "askpass",
)
HOOKS = (
    "applypatch-msg",
    "commit-msg",
    "fsmonitor-watchman",
    "post-checkout",
    "post-commit",
    "post-index-change",
    "post-merge",
    "post-rewrite",
    "pre-auto-gc",
    "pre-commit",
    "pre-merge-commit",
    "pre-push",
    "pre-rebase",
    "prepare-commit-msg",
    "reference-transaction",
    "update",
)
ATTRIBUTES = "* filter=evil diff=evil merge=evil ident eol=crlf\n*.md diff=evil -text\n"


class Canary:
    """A folder of such programs. `program("name")` is the path of one; `ran` names those that ran."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "RAN"
        for name in (*PROGRAMS, *HOOKS):
            self.program(name)

    def program(self, name: str) -> str:
        """A program that says that it ran, and otherwise does nothing."""
        path = self.folder / "bin" / name
        path.parent.mkdir(exist_ok=True)
        if not path.exists():
            path.write_text(f'#!/bin/sh\necho "{name} $*" >> "{self.log}"\n', encoding="utf-8")
            path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return str(path)

    @property
    def ran(self) -> list[str]:
        return self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []

    def settings(self) -> dict[str, str]:
        """Every setting of git's that names a program, naming one of these."""
        run = self.program
        return {
            "core.fsmonitor": run("fsmonitor"),
            "core.hooksPath": str(self.folder / "bin"),
            "core.pager": run("pager"),
            "core.editor": run("editor"),
            "core.sshCommand": run("ssh"),
            "core.askPass": run("askpass"),
            "core.gitProxy": run("proxy"),
            "core.alternateRefsCommand": run("alternate-refs"),
            "sequence.editor": run("editor"),
            "pager.diff": run("pager"),
            "pager.log": run("pager"),
            "interactive.diffFilter": run("diff-filter"),
            "diff.external": run("external-diff"),
            "diff.evil.command": run("diff-command"),
            "diff.evil.textconv": run("textconv"),
            "diff.evil.xfuncname": "^.*$",
            "filter.evil.clean": run("clean"),
            "filter.evil.smudge": run("smudge"),
            "filter.evil.process": run("filter-process"),
            "filter.evil.required": "true",
            "merge.evil.driver": run("merge-driver"),
            "gpg.program": run("gpg"),
            "gpg.ssh.program": run("ssh-keygen"),
            "gpg.x509.program": run("gpgsm"),
            "log.showSignature": "true",
            "credential.helper": run("credential-helper"),
            "trailer.evil.command": run("trailer"),
            "remote.origin.uploadpack": run("git-upload-pack"),
            "remote.origin.promisor": "true",
            "alias.diff-index": "!" + run("alias"),
            "alias.rev-parse": "!" + run("alias"),
        }

    def environment(self) -> dict[str, str]:
        """Every variable that names a program, naming one of these."""
        run = self.program
        return {
            "PATH": os.pathsep.join((".", "", str(self.folder / "bin"), os.environ["PATH"])),
            "GIT_EXTERNAL_DIFF": run("external-diff"),
            "GIT_PAGER": run("pager"),
            "PAGER": run("pager"),
            "EDITOR": run("editor"),
            "VISUAL": run("editor"),
            "GIT_SEQUENCE_EDITOR": run("editor"),
            "GIT_ASKPASS": run("askpass"),
            "SSH_ASKPASS": run("askpass"),
            "GIT_SSH": run("ssh"),
            "GIT_SSH_COMMAND": run("ssh"),
            "GIT_PROXY_COMMAND": run("proxy"),
            "GIT_TRACE": str(self.log),
            "GIT_TRACE2": str(self.log),
            "GIT_TRACE2_EVENT": str(self.log),
        }

    def plant(self, repo: Repo) -> None:
        """Put them into the repository's configuration, attributes and root."""
        config = "".join(
            f'[{section}{f" {chr(34)}{name}{chr(34)}" if name else ""}]\n\t{key} = "{value}"\n'
            for setting, value in self.settings().items()
            for section, name, key in [_parts(setting)]
        )
        repo.write(".git/config", (repo.path / ".git/config").read_text(encoding="utf-8") + config)
        repo.write(".git/info/attributes", ATTRIBUTES)
        for name in ("git", "yaml.py", "sitecustomize.py", "unidiff.py"):
            repo.write(name, f'#!/bin/sh\necho "./{name} $*" >> "{self.log}"\n')
            os.chmod(repo.path / name, 0o755)
            repo.accept_changes()


def _parts(setting: str) -> tuple[str, str, str]:
    section, _, rest = setting.partition(".")
    name, _, key = rest.rpartition(".")
    return section, name, key


@pytest.fixture(scope="session")
def canary_folder(tmp_path_factory: pytest.TempPathFactory) -> Canary:
    """The programs are written once: no test changes them."""
    return Canary(tmp_path_factory.mktemp("canary"))


@pytest.fixture
def canary(canary_folder: Canary) -> Iterator[Canary]:
    """Programs that nobody may start while the test runs."""
    canary_folder.log.unlink(missing_ok=True)
    yield canary_folder
    assert canary_folder.ran == []


@pytest.fixture
def armed(canary: Canary, monkeypatch: pytest.MonkeyPatch) -> Callable[[Repo], None]:
    """Call it when a repository is built: from then on every way to start a program leads to the canary."""

    def arm(repo: Repo) -> None:
        canary.plant(repo)
        for name, value in canary.environment().items():
            monkeypatch.setenv(name, value)
        home = Path(os.environ["HOME"])
        (home / ".gitconfig").write_bytes((repo.path / ".git/config").read_bytes())

    return arm
