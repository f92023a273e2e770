"""`vibeguard-hook`: the door for hooks. It loads the use case, and none of typer, rich or GitPython."""

from __future__ import annotations

import gc
import os
import sys
import time
from typing import TYPE_CHECKING

from vibeguard import __version__
from vibeguard.check.request import Request
from vibeguard.check.result import Report, overall_exit_code
from vibeguard.hooks.door import guarded, leave
from vibeguard.tuples import NamedTuple

if TYPE_CHECKING:
    import argparse


# Hooks and how many positional arguments git, pre-commit and prek call them with.
_CALLS = {
    "pre-commit": (0, 0),
    "pre-merge-commit": (0, 0),
    "commit-msg": (1, 1),
    "prepare-commit-msg": (1, 3),
    "pre-push": (0, 2),
}


class _Call(NamedTuple):
    hook: str
    arguments: tuple[str, ...]


def _called(words: list[str]) -> _Call:
    """The hook and its arguments. A plain call is read by hand: importing and building argparse costs 10 ms of CPU,
    a tenth of the whole hook. Everything else (help, mistakes) is argparse's.
    """
    if words and words[0] in _CALLS and not any(word.startswith("-") for word in words):
        fewest, most = _CALLS[words[0]]
        if fewest <= len(words) - 1 <= most:
            return _Call(words[0], tuple(words[1:]))
    parsed = _parser().parse_args(words)
    given = (getattr(parsed, name, None) for name in ("file", "source", "commit", "remote", "url"))
    return _Call(parsed.hook, tuple(value for value in given if value is not None))


def _parser() -> argparse.ArgumentParser:
    import argparse  # noqa: PLC0415 - see _called

    parser = argparse.ArgumentParser(prog="vibeguard-hook", description="The door for git hooks.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"vibeguard {__version__}")
    hooks = parser.add_subparsers(dest="hook", metavar="HOOK", required=True)
    hooks.add_parser("pre-commit", help="judge what is staged")
    hooks.add_parser("pre-merge-commit", help="judge the merge that is being made")
    message = hooks.add_parser("commit-msg", help="judge what is staged together with its message")
    message.add_argument("file", metavar="FILE", help="the file that holds the message")
    prepare = hooks.add_parser("prepare-commit-msg", help="declare the agent that runs this commit, if that is wanted")
    prepare.add_argument("file", metavar="FILE")
    prepare.add_argument("source", metavar="SOURCE", nargs="?")
    prepare.add_argument("commit", metavar="COMMIT", nargs="?")
    push = hooks.add_parser("pre-push", help="judge what is pushed")
    push.add_argument("remote", metavar="REMOTE", nargs="?")
    push.add_argument("url", metavar="URL", nargs="?")
    return parser


def _work() -> int:
    hook, arguments = _called(sys.argv[1:])
    if hook == "prepare-commit-msg":
        from vibeguard.hooks.prepare import prepare  # noqa: PLC0415 - only this hook stamps

        return prepare(arguments[0], arguments[1] if len(arguments) > 1 else None)
    request = Request(folder=os.getcwd(), environ=os.environ, now=time.time(), finish_graph=_finish_graph)
    if hook == "commit-msg":
        request = request._replace(stage="commit-msg", message_file=arguments[0])
    elif hook == "pre-push":
        given = b"" if sys.stdin is None else sys.stdin.buffer.read()
        remote = arguments[0] if arguments else None
        request = request._replace(stage="push", subject="push", pushed=given, remote=remote)
    return _judge(request)


def _finish_graph(common_dir: str, tree: str) -> str:
    from vibeguard.hooks.background import start  # noqa: PLC0415 - a graph that is not ready is the exception

    return start(common_dir, tree)


def _judge(request: Request) -> int:
    from vibeguard.check.use_case import judge  # noqa: PLC0415 - `--help` and a wrong option need not pay for it

    reports = judge(request)
    _show(reports)
    return overall_exit_code(reports)


def _show(reports: tuple[Report, ...]) -> None:
    """Hooks talk on stderr: git shows it, and stdout belongs to whoever called."""
    from vibeguard.report import Options, text  # noqa: PLC0415

    if reports and sys.stderr is not None:
        sys.stderr.write(text.render(reports, Options()))


def main() -> None:
    """The console script."""
    # The process lives for a tenth of a second and makes next to no cycles: the collector would take 4 % of its time.
    gc.disable()
    leave(guarded(_work))


if __name__ == "__main__":  # the hooks that `vibeguard install` writes run `python -I -m vibeguard.hooks.entry`
    main()
