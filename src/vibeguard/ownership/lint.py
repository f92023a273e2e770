"""What is legal in an ownership file and wrong all the same, with the line and how to mend it.

Everything is judged against the files that are tracked: a pattern is only as good as what it matches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from vibeguard.ownership import fnmatch, github
from vibeguard.ownership.lookup import LIMITS, LOCATIONS, Ownership
from vibeguard.ownership.matcher import Index, Segment
from vibeguard.ownership.rules import Rule
from vibeguard.ownership.tracked import Tracked
from vibeguard.tuples import NamedTuple

_SHOWN = 3
_NEAR_LIMIT = 0.9  # of the size at which GitHub stops to load the file
_MOST_LAYERS = 60  # of rules that hide each other


class Advice(NamedTuple):
    """One finding, for whoever keeps the file. `line` and `column` count from 1; None is the whole file."""

    kind: str
    path: str | None
    line: int | None
    text: str
    mend: str = ""
    column: int | None = None


class _Coverage(NamedTuple):
    """What the rules of one scope (a file, or a section of GitLab's) do to the tracked files."""

    decides: Mapping[int, list[str]]  # rule number to the files it decides
    hidden: Mapping[int, set[int]]  # rule that decides nothing to the rules that decide its files


MENDS = {
    "negation": "take the `!` line out; a later line without owners takes ownership away",
    "triple-star": "write `**` for any number of folders",
    "bad-owner": "write @user, @organisation/team or an e-mail address",
    "escaped-hash": "match it with `?` in its place",
    "trailing-backslash": "take the backslash out, or put a blank after it if the name has one",
    "not-a-header": "close the header with `]`",
    "missing-name": "give the section a name",
    "approvals-on-optional": "take the count or the `^` out",
    "bad-approvals": "write a count of 1 or more",
    "no-owners": "name an owner on the line, or a default owner in the section's header",
    "empty-pattern": "put a pattern after the `!`, or take the line out",
    "unclosed-bracket": "close the bracket, or write `\\[`",
    "bad-regexp": "write a Go regular expression; a backslash for it is written twice",
    "byte-order-mark": "save the file as UTF-8 without a byte order mark",
    "not-utf-8": "save the file as UTF-8",
    "unusable-file": "make it a plain text file below the size limit",
    "unread-file": "move it to a place that the forge reads, or set `ownership.dialect`",
    "bad-list": "write a list of names",
    "bad-aliases": "write a mapping `aliases:` from names to lists of people",
    "bad-yaml": "write plain YAML: a mapping with lists, without anchors and tags",
    "filters-not-in-force": "move approvers and reviewers into a filter `.*`",
}


def lint(
    ownership: Ownership,
    files: Sequence[str] | None,
    *,
    content: bytes | None = None,
    sensitive: Mapping[str, Sequence[str]] | None = None,
    others: Iterable[str] = (),
) -> tuple[Advice, ...]:
    """All findings about an ownership file, by line.

    Args:
        ownership: as it was loaded.
        files: the tracked files; None where there is no repository, and nothing is said about matches.
        content: of the ownership file, for what its rules do not keep (comments, size).
        sensitive: files by what makes them sensitive (a tag, a kind of file).
        others: further ownership files of the same tree.
    """
    if ownership.dialect == "kubernetes":
        for path in files or ():
            ownership.group_of(path)  # reads the OWNERS files above it, and finds what is wrong with them
    found = [
        Advice(problem.kind, problem.path, problem.line, problem.text, MENDS.get(problem.kind, ""))
        for problem in ownership.problems
    ]
    if ownership.rules:
        found += _comments(ownership, content)
    if ownership.rules and files is not None:
        tracked = Tracked(files)
        for scope in _scopes(ownership):
            found += _scope(ownership, scope, tracked)
    found += _sensitive(ownership, sensitive or {})
    found += [
        Advice(
            "unread-file",
            path,
            None,
            f"{path} is not read: {ownership.file} comes first",
            "keep one ownership file",
        )
        for path in others
        if path != ownership.file
    ]
    if content is not None and ownership.dialect == "github" and not ownership.unusable:
        found += _size(ownership, len(content))
    unique = dict.fromkeys(found)
    return tuple(sorted(unique, key=lambda one: (one.path != ownership.file, one.path or "", one.line or 0)))


def _scopes(ownership: Ownership) -> list[list[Rule]]:
    """Rules that stand against each other: all of GitHub's, those of one section on GitLab. Others add up."""
    if ownership.dialect == "github":
        return [list(ownership.rules)]
    if ownership.dialect == "gitlab":
        sections: dict[str, list[Rule]] = {}
        for rule in ownership.rules:
            if not rule.exclusion:
                sections.setdefault((rule.section or "").casefold(), []).append(rule)
        return list(sections.values())
    return []


def _adder(dialect: str) -> Callable[[Index, int, str], object]:
    known: dict[str, Segment] = {}
    if dialect == "gitlab":
        return lambda index, number, pattern: fnmatch.add_pattern(index, number, fnmatch.normalised(pattern), known)
    return lambda index, number, pattern: github.add_pattern(index, number, pattern, known)


def _scope(ownership: Ownership, rules: list[Rule], tracked: Tracked) -> list[Advice]:
    add = _adder(ownership.dialect)
    found, rules = _duplicates(ownership, rules)
    coverage = _coverage(rules, tracked.paths, add)
    by_number = {rule.number: rule for rule in rules}
    undone: dict[int, list[Rule]] = {}
    for rule in rules:
        decided = coverage.decides.get(rule.number, [])
        hidden = coverage.hidden.get(rule.number)
        if decided:
            found += _of_deciding(ownership, rule, decided, tracked, add)
        elif hidden:
            winner = by_number[next(iter(hidden))]
            if len(hidden) == 1 and _is_as_broad(winner, rule, add):
                undone.setdefault(winner.number, []).append(rule)
        else:
            found.append(_matches_nothing(ownership, rule, tracked, add))
            if any(other.pattern == f"{rule.pattern}/" for other in rules):
                found[-1] = found[-1]._replace(mend="take the line out: another one names the folder already")
    found += [_undoes(ownership, by_number[number], hidden_rules) for number, hidden_rules in undone.items()]
    return found


def _coverage(rules: list[Rule], files: Sequence[str], add: Callable[[Index, int, str], object]) -> _Coverage:
    """Which rule decides which file; what never decides is looked at again without the rules that do."""
    decides: dict[int, list[str]] = {}
    winner: dict[str, int] = {}
    hidden: dict[int, set[int]] = {}
    waiting = rules
    left: Sequence[str] = files
    for layer in range(_MOST_LAYERS):
        index = Index()
        for rule in waiting:
            add(index, rule.number, rule.pattern)
        reached: set[int] = set()
        matched = []
        for path in left:
            number = index.best(path)
            if number < 0:
                continue
            matched.append(path)
            reached.add(number)
            if layer == 0:
                winner[path] = number
                decides.setdefault(number, []).append(path)
            else:
                hidden.setdefault(number, set()).add(winner[path])
        waiting = [rule for rule in waiting if rule.number not in reached]
        if not reached or not waiting:
            break
        left = matched  # what no rule matched now, none will match without some of them
    return _Coverage(decides, hidden)


def _duplicates(ownership: Ownership, rules: list[Rule]) -> tuple[list[Advice], list[Rule]]:
    """The same pattern twice: the later line counts, on GitLab at the place of the first."""
    last: dict[str, Rule] = {}
    found = []
    for rule in rules:
        key = fnmatch.normalised(rule.pattern) if ownership.dialect == "gitlab" else rule.pattern
        earlier = last.get(key)
        if earlier is not None:
            same = "says the same" if earlier.owners == rule.owners else "decides instead"
            place = ", at the place of this one" if ownership.dialect == "gitlab" else ""
            found.append(
                Advice(
                    "duplicate-pattern",
                    ownership.file,
                    earlier.line,
                    f"{rule.pattern} stands again in line {rule.line}, which {same}{place}",
                    "keep one of them",
                    earlier.column,
                )
            )
        last[key] = rule
    if ownership.dialect == "gitlab":
        # The later line takes the earlier one's place in the order.
        first: dict[str, int] = {}
        for rule in rules:
            first.setdefault(fnmatch.normalised(rule.pattern), rule.number)
        rules = [rule._replace(number=first[key]) for key, rule in last.items()]
        return found, sorted(rules, key=lambda rule: rule.number)
    return found, [rule for rule in rules if last[rule.pattern] is rule]


def _of_deciding(
    ownership: Ownership,
    rule: Rule,
    decided: list[str],
    tracked: Tracked,
    add: Callable[[Index, int, str], object],
) -> list[Advice]:
    found = []
    if not rule.owners and ownership.dialect == "github":
        found.append(
            Advice(
                "no-owners",
                ownership.file,
                rule.line,
                f"{rule.pattern} takes ownership away from {_files(decided)}",
                "name an owner, or say in a comment that it is meant",
                rule.column,
            )
        )
    folder = _children_of(ownership.dialect, rule.pattern)
    if folder is not None:
        group = tuple(sorted(rule.owners))
        direct = set(decided)
        deeper = [
            path for path in _below(folder, tracked, add) if path not in direct and ownership.group_of(path) != group
        ]
        if deeper:
            found.append(
                Advice(
                    "direct-children-only",
                    ownership.file,
                    rule.line,
                    f"{rule.pattern} stops at the files directly in the folder: {_files(deeper)} below it "
                    "belong to others or to nobody",
                    f"write {folder} if everything below is meant",
                    rule.column,
                )
            )
    return found


def _below(pattern: str, tracked: Tracked, add: Callable[[Index, int, str], object]) -> list[str]:
    """The files that a pattern matches; quick for a folder."""
    if pattern[0] == "/" == pattern[-1] and not any(char in pattern for char in "*?[\\"):
        return tracked.below(pattern.strip("/"))
    index = Index()
    add(index, 0, pattern)
    return [path for path in tracked.paths if index.best(path) == 0]


def _children_of(dialect: str, pattern: str) -> str | None:
    """The pattern of the whole folder, for one that names its direct children only."""
    endings = ("/**", "/*") if dialect == "gitlab" else ("/*",)
    ending = next((ending for ending in endings if pattern.endswith(ending)), None)
    folder = pattern.removesuffix(ending) if ending is not None else ""
    if not folder.strip("/") or folder.endswith("**"):
        return None
    # An inner slash ties GitHub's patterns to the root; `docs/` alone would not.
    return f"{folder}/" if dialect == "gitlab" or folder[0] == "/" else f"/{folder}/"


def _matches_nothing(
    ownership: Ownership, rule: Rule, tracked: Tracked, add: Callable[[Index, int, str], object]
) -> Advice:
    pattern = rule.pattern
    literal = pattern.strip("/")
    is_literal = bool(literal) and not any(char in literal for char in "*?[{\\")
    mend = "take the line out, or mend its path"
    if "{" in pattern or ("[" in pattern and ownership.dialect == "github"):
        signs = "{ }" if "{" in pattern else "[ ]"
        mend = f"the forge takes {signs} as they stand: write one line for each name"
    elif is_literal:
        folder = ownership.dialect == "gitlab" and pattern[-1] != "/"
        if folder and tracked.is_folder(literal, anywhere=pattern[0] != "/"):
            mend = f"write {pattern}/ for everything in that folder"
        elif meant := tracked.meant_by(literal):
            mend = f"did you mean {meant}?"
    elif "*" in literal.rpartition("/")[2] and "/" in literal:
        start, _, last = pattern.rstrip("/").rpartition("/")
        deep = f"{start}/**/{last}" + ("/" if pattern.endswith("/") else "")
        if not start.endswith("**") and (matching := _below(deep, tracked, add)):
            mend = f"a `*` stays in its folder: {deep} would match {_files(matching)}"
    text = f"{pattern} matches no tracked file"
    return Advice("matches-nothing", ownership.file, rule.line, text, mend, rule.column)


def _is_as_broad(winner: Rule, rule: Rule, add: Callable[[Index, int, str], object]) -> bool:
    """Whether a rule matches what another one is for, also where no file is yet.

    A default that later lines cover between them, or a folder with one subfolder, is as it should be.
    """
    index = Index()
    add(index, 0, winner.pattern)
    return all(index.best(path) == 0 for path in _examples(rule.pattern))


def _examples(pattern: str) -> list[str]:
    """Paths that a pattern is for, with names that no file has."""
    name = "vibeguard-example"
    path = pattern.strip("/").replace("**", f"{name}/{name}").replace("*", name).replace("?", "x").replace("\\", "")
    paths = [path] if "/" in pattern.rstrip("/") else [path, f"{name}/{path}"]
    return [f"{path}/{name}" for path in paths] if pattern.endswith("/") else paths


def _undoes(ownership: Ownership, rule: Rule, hidden: list[Rule]) -> Advice:
    lines = sorted(one.line for one in hidden)
    shown = ", ".join(map(str, lines[:_SHOWN])) + (f" and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else "")
    what, outcome = ("line", "it never decides") if len(lines) == 1 else ("lines", "they never decide")
    return Advice(
        "undoes-earlier",
        ownership.file,
        rule.line,
        f"{rule.pattern} comes last for every file of {what} {shown}: {outcome}",
        "put the broad line first and the narrow ones after it, or take out what is not meant",
        rule.column,
    )


def _comments(ownership: Ownership, content: bytes | None) -> list[Advice]:
    """What `#` does to a rule's line: on GitLab it hides nothing, on GitHub it also ends a pattern."""
    if content is None or ownership.dialect not in ("github", "gitlab"):
        return []
    lines = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape").split("\n")
    found = []
    for rule in ownership.rules:
        line = lines[rule.line - 1]
        after = line[rule.column - 1 + len(rule.pattern) :]
        if ownership.dialect == "github":
            if after.startswith("#") and not rule.owners:
                text = f"the pattern ends at the `#`: {rule.pattern}"
                mend = "put a blank before the comment, or match the `#` with `?`"
                found.append(Advice("hash-in-pattern", ownership.file, rule.line, text, mend, rule.column))
            continue
        before, hash_, comment = after.partition(" #")
        if hash_ and "@" in comment and not rule.exclusion:
            text = f"owners in a comment count on GitLab: {', '.join(rule.owners)}"
            mend = "put the comment on a line of its own"
            column = rule.column + len(rule.pattern) + len(before) + 1
            found.append(Advice("owner-in-comment", ownership.file, rule.line, text, mend, column))
    return found


def _sensitive(ownership: Ownership, sensitive: Mapping[str, Sequence[str]]) -> list[Advice]:
    """Sensitive files that nobody owns."""
    if not ownership.exists:
        return []
    found = []
    for what, paths in sensitive.items():
        unowned = [path for path in paths if not ownership.group_of(path)]
        if unowned:
            line = ownership.of(unowned[0]).line
            text = f"nobody owns {_files(unowned)} ({what})"
            found.append(Advice("sensitive-unowned", ownership.file, line, text, "add a line with owners for them"))
    return found


def _size(ownership: Ownership, size: int) -> list[Advice]:
    limit = LIMITS["github"]
    if size < _NEAR_LIMIT * limit:
        return []
    text = f"the file has {size:,} bytes; from {limit:,} on GitHub does not load it"
    return [Advice("near-limit", ownership.file, None, text, "join lines by naming folders instead of files")]


def other_files(files: Iterable[str], ownership: Ownership) -> tuple[str, ...]:
    """Files in places of the same dialect that come after the one that is read."""
    places = LOCATIONS[ownership.dialect] if ownership.dialect != "kubernetes" else ()
    tracked = set(files)
    return tuple(path for path in places if path in tracked and path != ownership.file)


def _files(paths: Sequence[str]) -> str:
    shown = ", ".join(paths[:_SHOWN])
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return f"{shown}{more}"
