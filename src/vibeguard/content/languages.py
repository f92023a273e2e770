"""The language of a file by its name, from `languages.tsv` and `language-names.tsv` (facts of GitHub Linguist).

Extensions are looked up by searching the table as text, some microseconds for each that is new: reading all of them
into a dictionary first costs 1 ms, which a hook on a tiny change would pay for nothing.
"""

from __future__ import annotations

import os
from functools import lru_cache

UNKNOWN = (None, "")
LONGEST = 3  # parts of the longest extension in the table


def _read(name: str) -> str:
    with open(os.path.join(os.path.dirname(__file__), name), encoding="utf-8", newline="\n") as file:
        return file.read()


@lru_cache(maxsize=1)
def _table() -> str:
    return _read("languages.tsv")


@lru_cache(maxsize=1)
def _whole_names() -> dict[str, str]:
    cells = _read("language-names.tsv").replace("\n", "\t").split("\t")
    return dict(zip(cells[::2], cells[1::2], strict=False))


@lru_cache(maxsize=1024)
def of_name(name: str) -> tuple[str | None, str]:
    """Language and type (code, markup, data or prose) of a base name; the longest extension decides.

    `(None, "")` where Linguist knows neither the whole name nor an extension of it.
    """
    whole = _whole_names().get(name)
    if whole is not None:
        return _find(f"\n{whole}\t")
    endings = name.lower().rsplit(".", LONGEST)[1:]
    for count in range(len(endings), 0, -1):
        found = of_extension(".".join(endings[-count:]))
        if found[0] is not None:
            return found
    return UNKNOWN


@lru_cache(maxsize=512)
def of_extension(extension: str) -> tuple[str | None, str]:
    """Language and type of an extension in lower case, without its dot."""
    return UNKNOWN if not extension or " " in extension else _find(f" *.{extension} ")


def of_first_line(line: bytes) -> tuple[str | None, str]:
    """Language and type that a `#!` line names, the program behind `env` included."""
    if not line.startswith(b"#!"):
        return UNKNOWN
    words = line[2:200].decode("ascii", "replace").split()
    if words and words[0].rsplit("/", 1)[-1] == "env":
        words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    if not words:
        return UNKNOWN
    program = words[0].rsplit("/", 1)[-1]
    found = _find(f" #!{program} ")
    # python3.12 and ruby2.7 are python and ruby
    return found if found[0] is not None else _find(f" #!{program.rstrip('0123456789.')} ")


def _find(mark: str) -> tuple[str | None, str]:
    table = _table()
    at = table.find(mark)
    if at < 0:
        return UNKNOWN
    start = table.rfind("\n", 0, at + 1) + 1
    language, kind, _ = table[start : start + 80].split("\t", 2)
    return language, kind
