"""The tracked files, asked in the ways that linting asks: what lies in a folder, what is called so elsewhere."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from functools import cached_property


class Tracked:
    """Paths of tracked files. What is derived from them is made once, when it is first needed."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.paths = sorted(paths)

    def below(self, folder: str) -> list[str]:
        """The files under a folder, at any depth."""
        start = bisect_left(self.paths, f"{folder}/")
        return self.paths[start : bisect_left(self.paths, f"{folder}0", start)]  # "0" comes after "/"

    @cached_property
    def _places(self) -> dict[str, set[str]]:
        """Every file and folder (these with a slash at the end) by its path and by its name, both without case."""
        found: dict[str, set[str]] = {}
        seen: set[str] = set()
        for path in self.paths:
            place = path
            while place and place not in seen:
                seen.add(place)
                bare = place.rstrip("/")
                folder, _, name = bare.rpartition("/")
                for key in (f"/{bare}", name):
                    found.setdefault(key.casefold(), set()).add(f"/{place}")
                place = f"{folder}/" if folder else ""
        return found

    def is_folder(self, path: str, *, anywhere: bool) -> bool:
        """Whether there is a folder of that path, or, `anywhere`, one whose path ends so."""
        if self.below(path):
            return True
        name = path.rpartition("/")[2].casefold()
        return anywhere and any(place.endswith(f"/{path}/") for place in self._places.get(name, ()))

    def meant_by(self, path: str) -> str:
        """The one place that a path which does not exist may stand for: in another case, or of the same name."""
        same = self._places.get(f"/{path}".casefold()) or self._places.get(path.rpartition("/")[2].casefold()) or set()
        return next(iter(same)) if len(same) == 1 else ""
