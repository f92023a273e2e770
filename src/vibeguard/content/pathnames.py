"""Names of new files that look like other names, or that some file systems take for other names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from vibeguard.content.confusables import LIKE_LATIN, script, skeleton
from vibeguard.content.unicode import BIDI, MARKS, named
from vibeguard.model import Change, Finding

Folder = Callable[[str], Iterable[str]]

DEPTH = 100  # folders above a file that are compared

# Code points that HFS+ ignores in names (git's utf8.c).
_IGNORED = dict.fromkeys((*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF))
_RESERVED = frozenset(
    ("con", "prn", "aux", "nul", *(f"com{n}" for n in range(1, 10)), *(f"lpt{n}" for n in range(1, 10)))
)
_INVISIBLE = frozenset("\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e\u3164\u115f\u1160") | MARKS


def scan(change: Change, folder: Folder | None = None) -> list[Finding]:
    """What is odd about the names that the change adds, and which names they collide with.

    `folder` gives the names in a folder ("" is the root) of the tree that the change goes into: only those beside
    added files are asked for. Without it the added names are compared with each other and with the changed ones.
    """
    new = [file.path for file in change.files if file.exists_after and not file.exists_before]
    found = [finding for path in new for finding in _odd(path)]
    gone = frozenset(file.path for file in change.files if not file.exists_after)
    old = [file.path for file in change.files if file.exists_before and file.exists_after]
    return found + _collisions(new, _Beside(old, gone, folder))


def _odd(path: str) -> list[Finding]:
    if path.isascii() and path.isprintable() and not _needs_a_look(path):
        return []
    found = []
    for part in path.split("/"):
        words = _dangerous(part)
        if words:
            found.append(Finding("path", path, None, words))
        for character in part:
            if character in BIDI or character in _INVISIBLE or "\U000e0000" <= character <= "\U000e0fff":
                found.append(Finding("unicode", path, None, f"the name holds {named(character)}"))
                break
            if character < " " or "\x7f" <= character <= "\x9f" or character in "\u2028\u2029":
                found.append(Finding("path", path, None, f"the name holds the control character {named(character)}"))
                break
            if "\udc80" <= character <= "\udcff":
                found.append(Finding("encoding", path, None, "the name is not UTF-8"))
                break
        foreign = [letter for letter in part if letter in LIKE_LATIN]
        if foreign and any(letter.isascii() and letter.isalpha() for letter in part):
            own = [letter for letter in part if letter.isalpha() and not letter.isascii()]
            if len(own) == len(foreign) and not _is_only_the_extension_latin(part):
                words = f"{part} mixes Latin and {script(foreign[0])} letters; it reads as {skeleton(part)}"
                found.append(Finding("unicode-confusable", path, None, words))
    return found


def _needs_a_look(path: str) -> bool:
    """Cheap, for ASCII names: whether a part could be dangerous."""
    lower = path.lower()
    return (
        "git" in lower
        or ". " in f"{path} "
        or "./" in path
        or path.endswith((".", " "))
        or " /" in path
        or any(mark in path for mark in '\\:<>"|?*')
        or any(part.split(".", 1)[0] in _RESERVED for part in lower.split("/"))
    )


def _dangerous(part: str) -> str:
    plain = part.translate(_IGNORED).casefold()
    bare = plain.split(":", 1)[0].rstrip(" .")
    if bare in (".git", "git~1") and part != ".git":
        return f"{part} is taken for .git by NTFS or HFS+"
    if bare in (".gitmodules", ".gitattributes", ".gitignore") and part != bare:
        return f"{part} is taken for {bare} by NTFS or HFS+"
    if part.endswith((".", " ")) and part not in (".", ".."):
        return "a part of the name ends with a dot or a blank, which Windows drops"
    if plain.split(".", 1)[0] in _RESERVED:
        return f"{part} is a device name on Windows"
    if any(mark in part for mark in '\\:<>"|?*'):
        return "the name holds a character that Windows takes for something else"
    return ""


def _is_only_the_extension_latin(part: str) -> bool:
    """`отчёт.md` is a name in one script."""
    stem = part.rsplit(".", 1)[0]
    return not any(letter.isascii() and letter.isalpha() for letter in stem)


def _fold(path: str) -> str:
    if path.isascii():
        return path.lower()
    # Imported here: names beyond ASCII are rare.
    import unicodedata  # noqa: PLC0415

    return skeleton(unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())).lower()


class _Beside:
    """The names that stay beside an added one: those of the tree, without what the change takes away."""

    def __init__(self, old: list[str], gone: frozenset[str], folder: Folder | None) -> None:
        self._gone = gone
        self._folder = folder
        self._changed: dict[str, set[str]] = {}
        for path in old:
            for name in _upwards(path):
                parent, _, last = name.rpartition("/")
                self._changed.setdefault(parent, set()).add(last)
        self._known: dict[str, dict[str, list[str]]] = {}

    def twins(self, parent: str, name: str) -> list[str]:
        """The names in a folder that fold to the same as this one, itself included when it is there."""
        known = self._known.get(parent)
        if known is None:
            known = self._known[parent] = {}
            names = set(self._names(parent)) | self._changed.get(parent, set())
            for other in names:
                known.setdefault(_fold(other), []).append(other)
        found = known.get(_fold(name), [])
        return [
            other for other in found if other == name or not self._vanishes(f"{parent}/{other}" if parent else other)
        ]

    def _names(self, parent: str) -> Iterable[str]:
        return self._folder(parent) if self._folder is not None else ()

    def _vanishes(self, path: str, depth: int = 0) -> bool:
        """Whether the change deletes a file, or everything below a folder: then only its case was changed."""
        if path in self._gone:
            return True
        inside = list(self._names(path)) if depth < DEPTH else []
        return bool(inside) and all(self._vanishes(f"{path}/{name}", depth + 1) for name in inside)


def _collisions(new: list[str], beside: _Beside) -> list[Finding]:
    added: dict[str, str] = {}  # folded name of a file or folder, to the first such name that the change adds
    told: set[tuple[str, str]] = set()
    found = []
    for path in new:
        for name in _upwards(path):
            parent, _, last = name.rpartition("/")
            twins = beside.twins(parent, last)
            if last in twins:  # it was there before, and so were the folders above it
                break
            others = [f"{parent}/{twin}" if parent else twin for twin in twins]
            first = added.setdefault(_fold(name), name)
            if first != name:
                others.append(first)
            for other in others:
                # of two twins below twin folders, the folders are told
                pair = _where_they_differ(name, other)
                if pair not in told:
                    told.add(pair)
                    found.append(Finding("path-collision", path, None, _words(*pair)))
    return found


def _where_they_differ(mine: str, other: str) -> tuple[str, str]:
    """The shortest beginnings, in whole parts, that are not the same."""
    my_parts, other_parts = mine.split("/"), other.split("/")
    for place, (my_part, other_part) in enumerate(zip(my_parts, other_parts, strict=False), 1):
        if my_part != other_part:
            return "/".join(my_parts[:place]), "/".join(other_parts[:place])
    return mine, other


def _upwards(path: str) -> Iterator[str]:
    """The path, then each folder above it; of very deep ones the nearest."""
    yield path
    for _ in range(DEPTH):
        cut = path.rfind("/")
        if cut <= 0:
            return
        path = path[:cut]
        yield path


def _words(mine: str, other: str) -> str:
    if mine.isascii() and other.isascii():
        return f"{mine} differs only in case from {other}"
    # Imported here: names beyond ASCII are rare.
    import unicodedata  # noqa: PLC0415

    if unicodedata.normalize("NFC", mine) == unicodedata.normalize("NFC", other):
        return f"{mine} differs only in its Unicode form from {other}"
    if unicodedata.normalize("NFC", mine).casefold() == unicodedata.normalize("NFC", other).casefold():
        return f"{mine} differs only in case from {other}"
    return f"{mine} looks like {other}"
