"""`vibeguard install`: put vibeguard into a repository's hooks, or say how a hook manager is told of it."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from vibeguard.cli.output import put
from vibeguard.errors import USAGE, VibeguardError
from vibeguard.hooks.install import HOOKS, STAMPING, install
from vibeguard.repository.locate import Location, locate
from vibeguard.repository.setup import read_setup

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)

# File at the root that tells of a hook manager: its name, and what to add there.
_PRE_COMMIT = """\
repos:
  - repo: URL-OF-VIBEGUARD
    rev: v0.1.0
    hooks:
      - id: vibeguard
      - id: vibeguard-message
      - id: vibeguard-push
"""
_LEFTHOOK = """\
pre-commit: {jobs: [{name: vibeguard, run: vibeguard-hook pre-commit}]}
commit-msg: {jobs: [{name: vibeguard, run: vibeguard-hook commit-msg {1}}]}
pre-push: {jobs: [{name: vibeguard, run: vibeguard-hook pre-push {1} {2}, use_stdin: true}]}
"""
_HUSKY = """\
echo 'vibeguard-hook pre-commit' >> .husky/pre-commit
echo 'vibeguard-hook commit-msg "$1"' >> .husky/commit-msg
echo 'vibeguard-hook pre-push "$@"' >> .husky/pre-push
"""
MANAGERS = {
    ".pre-commit-config.yaml": (
        "pre-commit or prek",
        _PRE_COMMIT + "# then: pre-commit install -t pre-commit -t commit-msg -t pre-push\n",
    ),
    "lefthook.yml": ("lefthook", _LEFTHOOK),
    "lefthook.yaml": ("lefthook", _LEFTHOOK),
    ".husky": ("husky", _HUSKY),
}


@app.command("install")
def install_hooks(
    native: Annotated[
        bool, typer.Option("--native", help="Write git hooks even where a hook manager is in use.")
    ] = False,
    stamp: Annotated[
        bool, typer.Option("--stamp", help="Also the hook that declares an agent in the message (opt-in).")
    ] = False,
    pre_commit: Annotated[
        bool, typer.Option("--pre-commit", help="Only print what belongs into .pre-commit-config.yaml.")
    ] = False,
) -> int:
    """Put vibeguard into this repository's hooks; a hook that is there already is kept and run first."""
    if pre_commit:
        put(MANAGERS[".pre-commit-config.yaml"][1])
        return 0
    location = locate(os.getcwd())
    manager = _manager(location)
    if manager is not None and not native:
        name, snippet = MANAGERS[manager]
        put(f"{manager} says that {name} runs the hooks here. Add there:\n\n{snippet}\n")
        put("Or write git's own hooks: vibeguard install --native\n")
        return 0
    setup = read_setup(location)
    if setup.hooks_path is not None and not _is_own(setup.hooks_folder, location):
        raise VibeguardError(
            USAGE,
            f"core.hooksPath names a folder outside this repository: {setup.hooks_path}",
            hint='other repositories use it too; add `vibeguard-hook HOOK "$@"` to its hooks by hand',
        )
    for done in install(setup.hooks_folder, (*HOOKS, STAMPING) if stamp else HOOKS):
        words = {
            "installed": "installed",
            "chained": "installed; the earlier hook runs first",
            "kept": "was installed, renewed",
        }
        put(f"{done.hook:18} {words.get(done.action, done.action)}\n")
    put(f"in {setup.hooks_folder}\n")
    if stamp and setup.settings.get("stamp", "").lower() not in ("true", "yes", "on", "1"):
        put("Declaring is opt-in: git config vibeguard.stamp true, or the policy's `provenance.declare_with`.\n")
    put("A local hook is advice (`git commit --no-verify` skips it): let CI decide with `vibeguard ci`.\n")
    return 0


def _manager(location: Location) -> str | None:
    top = location.top
    return next((name for name in MANAGERS if top is not None and os.path.lexists(os.path.join(top, name))), None)


def _is_own(folder: str, location: Location) -> bool:
    roots = [os.path.realpath(root) for root in (location.top, location.common_dir) if root is not None]
    real = os.path.realpath(folder)
    return any(os.path.commonpath([real, root]) == root for root in roots)
