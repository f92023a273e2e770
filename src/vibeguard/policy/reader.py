"""Reading nodes by the type that is wanted there; what does not fit becomes a problem with its place.

Every method returns None (or an empty value) after it reported a problem, so that reading goes on.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from vibeguard.model import Place
from vibeguard.policy.nodes import Node
from vibeguard.policy.problems import Problems, closest, did_you_mean

Pairs = Mapping[str, tuple[Node, Node]]

_ARTICLE = {"text": "a value", "list": "a list", "mapping": "a mapping"}


class Reader:
    """Reads the nodes of one file."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.path = problems.path

    def place(self, node: Node) -> Place:
        return Place(self.path, node.line, node.column)

    def error(self, node: Node, code: str, message: str, hint: str = "") -> None:
        self.problems.add(node.line, node.column, code, message, hint)

    # -- shapes

    def mapping(self, node: Node, what: str, keys: Collection[str] | None = None, *, hint: str = "") -> Pairs:
        """A mapping; with `keys`, any other key is an error that names the nearest."""
        if node.kind != "mapping":
            found = "nothing" if node.empty else _ARTICLE[node.kind]
            self.error(node, "wrong-type", f"{what}: expected a mapping, found {found}", hint)
            return {}
        pairs: dict[str, tuple[Node, Node]] = {}
        for key, value in node.items:
            if keys is not None and key.text not in keys:
                self.error(key, "unknown-key", f"`{key.text}` is not a key of {what}", _meant(key.text, keys))
                continue
            pairs[key.text] = (key, value)
        return pairs

    def items(self, node: Node, what: str) -> list[Node]:
        """A list; a single value counts as a list of one."""
        if node.kind == "list":
            if not node.items:
                self.error(node, "empty", f"{what}: the list is empty", "name at least one, or leave the key out")
            return node.items
        if node.kind == "mapping" or node.empty:
            found = "nothing" if node.empty else "a mapping"
            self.error(node, "wrong-type", f"{what}: expected a value or a list of values, found {found}")
            return []
        return [node]

    def text(self, node: Node, what: str, *, longest: int = 10_000) -> str:
        """A non-empty text, as it stands in the file."""
        if node.kind != "text" or node.empty or not node.text.strip():
            found = "nothing" if node.kind == "text" else _ARTICLE[node.kind]
            self.error(node, "wrong-type", f"{what}: expected a text, found {found}")
            return ""
        if len(node.text) > longest:
            self.error(node, "limit", f"{what}: {len(node.text):,} characters; at most {longest:,}")
            return ""
        return node.text

    def words(self, node: Node, what: str) -> list[tuple[str, Node]]:
        """One word or a list of words."""
        found = []
        for item in self.items(node, what):
            word = self.text(item, what, longest=1000)
            if word:
                found.append((word, item))
        return found

    # -- single values

    def choice(self, node: Node, what: str, choices: Collection[str]) -> str:
        """One of a few words; "" after a problem."""
        listed = "one of " + ", ".join(f"`{name}`" for name in choices)
        if len(choices) == 1:
            listed = f"write `{next(iter(choices))}`"
        if node.kind != "text":
            self.error(node, "wrong-type", f"{what}: expected a word, found {_ARTICLE[node.kind]}", listed)
            return ""
        if node.text not in choices:
            shown = f"`{node.text}` is not a value of {what}" if node.text else f"{what} has no value"
            self.error(node, "unknown-value", shown, did_you_mean(node.text, choices, listed))
            return ""
        return node.text

    def yes_no(self, node: Node, what: str) -> bool | None:
        """`true` or `false`, and none of YAML's other spellings."""
        if node.plain and node.text in ("true", "false"):
            return node.text == "true"
        if node.kind != "text":
            self.error(node, "wrong-type", f"{what}: expected true or false, found {_ARTICLE[node.kind]}")
            return None
        guess = {
            "yes": "true",
            "on": "true",
            "true": "true",
            "y": "true",
            "no": "false",
            "off": "false",
            "false": "false",
            "n": "false",
        }.get(node.text.lower())
        shown = f"`{node.text}`" if node.text else "nothing"
        self.error(
            node,
            "wrong-type",
            f"{what}: expected true or false, found {shown}",
            f"write `{guess}`" if guess else "write `true` or `false`",
        )
        return None

    def whole_number(self, node: Node, what: str, least: int, most: int) -> int | None:
        """A count, in decimal digits."""
        if node.kind == "text" and re.fullmatch(r"0|[1-9][0-9]{0,8}", node.text) and not node.style:
            value = int(node.text)
            if least <= value <= most:
                return value
        shown = f"`{_short(node.text)}`" if node.kind == "text" and node.text else "nothing"
        if node.kind != "text":
            shown = _ARTICLE[node.kind]
        self.error(node, "wrong-type", f"{what}: expected a whole number from {least} to {most}, found {shown}")
        return None

    def day(self, node: Node, what: str) -> str:
        """A day as YYYY-MM-DD; "" after a problem."""
        from datetime import date  # only policies with dates pay for it  # noqa: PLC0415

        if node.kind == "text" and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", node.text):
            try:
                date.fromisoformat(node.text)
            except ValueError:
                self.error(node, "wrong-date", f"{what}: `{node.text}` is not a day of the calendar")
                return ""
            return node.text
        shown = f"`{_short(node.text)}`" if node.kind == "text" else _ARTICLE[node.kind]
        self.error(node, "wrong-date", f"{what}: expected a day, found {shown}", 'write it as "2027-01-15"')
        return ""

    def duration(self, node: Node, what: str, most_days: int) -> int | None:
        """A time such as `4 hours`, in seconds."""
        match = re.fullmatch(r"([1-9][0-9]{0,4}) (minute|hour|day|week)s?", node.text) if node.kind == "text" else None
        if match is None:
            shown = f"`{_short(node.text)}`" if node.kind == "text" else _ARTICLE[node.kind]
            self.error(
                node,
                "wrong-duration",
                f"{what}: expected a time, found {shown}",
                "write it in words: `30 minutes`, `4 hours`, `2 days`",
            )
            return None
        seconds = int(match[1]) * {"minute": 60, "hour": 3600, "day": 86400, "week": 604800}[match[2]]
        if seconds > most_days * 86400:
            self.error(node, "limit", f"{what}: at most {most_days} days")
            return None
        return seconds

    def name(self, node: Node, what: str) -> str:
        """A kebab-case name; "" after a problem."""
        if not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", node.text) or len(node.text) > 100:
            kebab = re.sub(r"[^a-z0-9]+", "-", re.sub(r"([a-z])([A-Z])", r"\1-\2", node.text).lower()).strip("-")
            self.error(
                node,
                "wrong-name",
                f"{what}: `{_short(node.text)}` is not in kebab-case",
                f"write `{kebab[:100]}`" if kebab else "use a-z, 0-9 and -",
            )
            return ""
        return node.text

    def known(self, node: Node, word: str, choices: Iterable[str], what: str, code: str, otherwise: str) -> bool:
        """Whether a name is one of those that are defined elsewhere."""
        choices = tuple(choices)
        if word in choices:
            return True
        near = closest(word, choices)
        listed = f"; there are {', '.join(choices[:8])}" if choices and not near else ""
        self.error(node, code, f"`{word}` is not {what}", f"did you mean `{near}`?" if near else otherwise + listed)
        return False


def _meant(key: str, keys: Collection[str]) -> str:
    """What to write instead of a key that is not there."""
    before, colon, after = key.partition(":")
    if colon and after:
        return f"write a space after the colon: `{before}: {after}`"
    if "when" in keys and re.fullmatch(r"[a-z]+\.[a-z_.]+", key):
        return "facts stand under `when:` or `unless:`: indent this line"
    return did_you_mean(key, keys, "one of " + ", ".join(f"`{name}`" for name in keys))


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"
