"""`vibeguard owners`: who owns a path, which line says so and why; and what is wrong with the ownership file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from vibeguard.cli.output import put, put_json
from vibeguard.errors import USAGE, VibeguardError
from vibeguard.hooks.door import say
from vibeguard.model import Finding, Owner, OwnerEntry, People
from vibeguard.ownership.asked import asked
from vibeguard.ownership.sources import Blob, Source, open_source
from vibeguard.report.escape import visible

if TYPE_CHECKING:
    from vibeguard.cli.knowing import Known
    from vibeguard.ownership.lint import Advice
    from vibeguard.policy.rules import Policy

# What only some calls need is imported where it is needed: each part costs every look-up 5 to 20 ms.

SCHEMA = "vibeguard/owners/v1"
LINT_SCHEMA = "vibeguard/owners-lint/v1"
_FOUND = 1  # exit code of `lint --strict` with findings
_MOST_COLUMN = 60  # characters that a column is padded to
_POLICY = ".vibeguard.yaml"
# Kinds of files that the blast radius counts as sensitive whoever changes them.
_SENSITIVE = ("secrets", "policy", "auth", "migration", "infrastructure", "schema", "ci", "container")


class _PathsFirst(TyperGroup):
    """`vibeguard owners PATH…` needs no name for what it does; `of` and `lint` alone are no paths."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in ("of", "lint", "-h", "--help"):
            args = ["of", *args]
        return list(super().parse_args(ctx, args))


app = typer.Typer(
    cls=_PathsFirst,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
    help="Who owns a path, which line says so, and why: vibeguard owners PATH… | --changed | --all",
    epilog="`of` may be left out; `vibeguard owners of --help` lists options. Files of these names: ./of, ./lint.",
)

_PATHS = typer.Argument(metavar="[PATH]...", help="Files, or folders with all tracked files in them.")
_CHANGED = typer.Option("--changed", help="The files that are staged.")
_ALL = typer.Option("--all", help="Every tracked file.")
_DIALECT = typer.Option("--dialect", metavar="NAME", help="github, gitlab, gitea (forgejo), kubernetes.")
_FILE = typer.Option("--file", metavar="FILE", help="Ask this ownership file; works outside a repository too.")
_AT = typer.Option("--at", metavar="REF", help="Ask the file of this commit; the remote's default branch, else HEAD.")
_HISTORY = typer.Option("--history", help="Also who knows these files: reviewers to ask, bus factor, and you.")
_FORMAT = typer.Option("--format", metavar="text|json", help="How to print it.")
_STRICT = typer.Option("--strict", help="Exit 1 when there are findings.")


@app.command("of")
def of(
    paths: Annotated[list[str] | None, _PATHS] = None,
    *,
    changed: Annotated[bool, _CHANGED] = False,
    all_: Annotated[bool, _ALL] = False,
    dialect: Annotated[str | None, _DIALECT] = None,
    file: Annotated[str | None, _FILE] = None,
    at: Annotated[str | None, _AT] = None,
    history: Annotated[bool, _HISTORY] = False,
    format_: Annotated[str, _FORMAT] = "text",
) -> int:
    """Who owns these files, which line says so, and why. `of` may be left out."""
    as_json = _is_json(format_)
    asked = bool(paths) + changed + all_
    if asked != 1:
        raise VibeguardError(
            USAGE,
            "nothing to look up" if not asked else "one of PATH…, --changed and --all",
            hint="vibeguard owners -h",
        )
    settings = _Settings()
    with open_source(file=file, at=at, dialect=dialect, policy_dialect=settings.dialect) as source:
        found = source.all_files() if all_ else source.changed_files() if changed else source.paths(paths or [])
        if changed and not found:
            say("nothing is staged")
        owners = [source.ownership.of(path) for path in found]
        # Kubernetes' files are read, and found wanting, while they are asked.
        problems = source.ownership.problems
        known = _known(source, found, settings, staged=changed) if history else None
    if as_json:
        document = _document(source, owners, problems) | {"cover": list(settings.cover(owners))}
        if known is not None:
            from vibeguard.cli.knowing import as_object  # noqa: PLC0415

            document["history"] = as_object(known)
        put_json(document)
        return 0
    for notice in (*settings.notices, *source.notices):
        say(f"note: {visible(notice)}")
    _say_problems(source, problems)
    put("".join(_lines(owners, source)))
    if changed and (cover := settings.cover(owners)):
        say(f"asked at least: {', '.join(map(visible, cover))}")
    if known is not None:
        from vibeguard.cli.knowing import as_text  # noqa: PLC0415

        put(as_text(known))
    return 0


@app.command("lint")
def lint(
    *,
    strict: Annotated[bool, _STRICT] = False,
    dialect: Annotated[str | None, _DIALECT] = None,
    file: Annotated[str | None, _FILE] = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="REF", help="Check this commit instead of the work tree.")
    ] = None,
    format_: Annotated[str, _FORMAT] = "text",
) -> int:
    """What is legal in the ownership file and wrong all the same. Exit 0 with findings too, 1 with --strict."""
    as_json = _is_json(format_)
    settings = _Settings()
    with open_source(file=file, at=at, dialect=dialect, worktree=True, policy_dialect=settings.dialect) as source:
        advice = source.lint(settings.sensitive)
    if as_json:
        put_json(
            {
                "schema": LINT_SCHEMA,
                "dialect": source.ownership.dialect,
                "file": source.ownership.file,
                "findings": [_advice(one) for one in advice],
            }
        )
    else:
        for notice in (*settings.notices, *source.notices):
            say(f"note: {visible(notice)}")
        put("".join(_advice_lines(one) for one in advice))
        if source.ownership.exists or advice:
            name = visible(source.ownership.file or "")
            say(f"{name}: {len(advice)} finding{'' if len(advice) == 1 else 's'}" if advice else f"{name}: no findings")
        else:
            say("there is no ownership file")
    return _FOUND if strict and advice else 0


def _known(source: Source, paths: list[str], settings: _Settings, *, staged: bool) -> Known:
    from vibeguard.cli.knowing import known_of  # noqa: PLC0415

    return known_of(source, paths, settings.policy, staged=staged)


class _Settings:
    """What the repository's policy says about ownership, as far as it can be read."""

    def __init__(self) -> None:
        self.policy: Policy | None = None
        self.notices: list[str] = []

    def dialect(self, read: Blob) -> str | None:
        """The policy's `ownership.dialect`; its tags are kept for :meth:`sensitive`."""
        text = read(_POLICY)
        if text is None:
            return None
        from vibeguard.policy.load import PolicySource, load  # noqa: PLC0415

        try:
            # Files that it extends may set neither dialect nor tags that matter here more than they matter to speed.
            self.policy = load(PolicySource(_POLICY, text), read)
        except VibeguardError as error:
            self.notices.append(f"{_POLICY} is not considered: {error.message}")
            return None
        return self.policy.dialect or None

    def cover(self, owners: list[Owner]) -> tuple[str, ...]:
        """A smallest set of people or teams of whom one owns each of these files, as far as anybody does.

        For files without owner whom the policy's `people.if_no_owner` names.
        """
        from vibeguard.reviews.cover import smallest_cover  # noqa: PLC0415

        people = self.policy.people if self.policy is not None else People({}, {})
        nobody = tuple(entry for name in people.if_no_owner for entry in people.roles.get(name, (name,)))
        return smallest_cover([frozenset(names or nobody) for names in asked(owners).values()])

    def sensitive(self, files: list[str]) -> dict[str, list[str]]:
        """The sensitive files by their kind, or by the policy's tag."""
        from vibeguard.content.kinds import classify  # noqa: PLC0415
        from vibeguard.policy import globs  # noqa: PLC0415

        found: dict[str, list[str]] = {}
        for path in files:
            for kind in classify(path).kinds.intersection(_SENSITIVE):
                found.setdefault(kind, []).append(path)
        if self.policy is not None:
            index = globs.PathIndex(files)
            for tag, patterns in self.policy.tags.items():
                paths = {path for pattern in patterns for path in index.select(globs.compiled(pattern))}
                if paths:
                    found[f"tag {tag}"] = sorted(paths)
        return found


def _is_json(name: str) -> bool:
    if name not in ("text", "json", "json-v1"):
        raise VibeguardError(USAGE, f"no such format: {name}", hint="text or json")
    return name != "text"


def _document(source: Source, owners: list[Owner], problems: tuple[Finding, ...]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "dialect": source.ownership.dialect,
        "file": source.ownership.file,
        "commit": source.commit,
        "paths": [
            {
                "path": owner.path,
                "owners": list(owner.owners),
                "line": owner.line,
                "section": owner.section,
                "entries": [_entry(entry, owner) for entry in owner.entries],
                "why": owner.why,
            }
            for owner in owners
        ],
        "problems": [{"kind": one.kind, "path": one.path, "line": one.line, "text": one.text} for one in problems],
        "notices": list(source.notices),
    }


def _entry(entry: OwnerEntry, owner: Owner) -> dict[str, Any]:
    return {
        "file": entry.file or owner.file,
        "line": entry.line,
        "section": entry.section,
        "pattern": entry.pattern,
        "owners": list(entry.owners),
        "optional": entry.optional,
        "approvals": entry.approvals,
    }


def _advice(one: Advice) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "path": one.path,
        "commit": None,
        "line": one.line,
        "column": one.column,
        "text": one.text,
        "mend": one.mend or None,
    }


def _lines(owners: list[Owner], source: Source) -> list[str]:
    """One line a path and entry: path, owners, place, and what the line says."""
    rows = [row for owner in owners for row in _rows(owner, source)]
    widths = [min(_MOST_COLUMN, max((len(row[column]) for row in rows), default=0)) for column in range(3)]
    return [
        "  ".join((*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3])).rstrip() + "\n"
        for row in rows
    ]


def _rows(owner: Owner, source: Source) -> list[tuple[str, str, str, str]]:
    path = visible(owner.path)
    if not owner.entries:
        return [(path, "nobody", "", visible(owner.why))]
    rows = []
    for at, entry in enumerate(owner.entries):
        names = visible(", ".join(entry.owners)) or "nobody"
        place = visible(entry.file or owner.file or "") + (f":{entry.line}" if entry.line else "")
        words = visible(entry.pattern)
        if entry.section is not None:
            words += f"  [{visible(entry.section)}]"
        if entry.optional:
            words += "  optional"
        if entry.approvals > 1:
            words += f"  {entry.approvals} approvals"
        if not entry.owners and source.ownership.dialect == "gitlab":
            words += "  approved by itself on GitLab"
        rows.append((path if at == 0 else "", names, place, words))
    return rows


def _say_problems(source: Source, problems: tuple[Finding, ...]) -> None:
    if source.ownership.unusable:
        say(f"warning: {visible(source.ownership.unusable)}")
        return
    for problem in problems[:_SHOWN_PROBLEMS]:
        place = f"{visible(problem.path or '')}:{problem.line}" if problem.line else visible(problem.path or "")
        say(f"warning: {place}: {visible(problem.text)} [{problem.kind}]")
    if len(problems) > _SHOWN_PROBLEMS:
        say(f"warning: {len(problems) - _SHOWN_PROBLEMS} more problems: vibeguard owners lint lists them")


_SHOWN_PROBLEMS = 5


def _advice_lines(one: Advice) -> str:
    place = ":".join(str(part) for part in (one.path and visible(one.path), one.line, one.column) if part)
    mend = f"    hint: {visible(one.mend)}\n" if one.mend else ""
    return f"{place}: {visible(one.text)} [{one.kind}]\n{mend}"
