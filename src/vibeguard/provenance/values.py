"""What a value such as `Claude Code (opus 4.5)`, `pi gpt-5.5` or `Jeff` names: a tool, a model, or a person."""

from __future__ import annotations

from vibeguard.provenance.catalogue import UNNAMED, Catalogue, pattern
from vibeguard.provenance.lazy import Lazy

_LINK = Lazy(r"\[([^\]]*)\]\([^)]*\)")
_PIECES = Lazy(r"\s*(?:,|;|&|\+|\||\s/\s|\band\b|\bvia\b|\bwith\b|\busing\b|\bthrough\b)\s*")
_VERSION = r"v?\d\S*(?: (?:opus|sonnet|haiku|fable|pro|flash|mini|codex|max|preview|beta|thinking)\b.*| ?[(\[].*)?"
# What may follow a tool's name without making it somebody's surname.
_AFTER_NAME = Lazy(
    r"[:(\[@].*|"
    + _VERSION
    + r"|(?:cli|agent|ai|code|ide|assistant|bot|chat|app|web|desktop|extension|plugin|autocomplete"
    r"|completions?|pro|max|plus|mini|opus|sonnet|haiku|fable|tab|composer|model|sdk|action|github action)\b.*"
)
# The same after a name that people have: what stands in the brackets must say that it is software.
_AFTER_PERSON_NAME = Lazy(
    r":\s*\S.*|" + _VERSION + r"|(?:cli|agent|ai|code|assistant|bot|llm|opus|sonnet|haiku|fable|pro|flash)(?:\W.*)?"
    r"|[(\[].*(?:\d|\bai\b|agent|anthropic|google|openai|cognition|opus|sonnet|haiku|fable|code|cli\b|llm|model).*"
)
_VIA = Lazy(r"(?:.*\S )?(?:via|through|in) (.+)")
_BRACKETS = Lazy(r"\s*\([^()]*\)$")
_AUTHORS = Lazy(r"^(?:the |my |an? |our )")


def named_tools(value: str, catalogue: Catalogue, *, bare_models: bool = True) -> tuple[str, ...]:
    """The tools that a value without an address names, in their order; empty for people, scripts and prose.

    Args:
        value: text in plain letters.
        bare_models: a model's name that people have too (`Claude`) counts when it stands alone.
    """
    text = _LINK.sub(r"\1", value).strip(" \t\"'`*_.,;!").lower()
    text = _AUTHORS.sub("", " ".join(text.split()))
    if not text or len(text) > 300:
        return ()
    if text in catalogue.unnamed or _BRACKETS.sub("", text) in catalogue.unnamed:
        return (UNNAMED,)
    # `<model> via <agent>`, `<agent>:<model>`: the agent is the tool, whatever it runs.
    via = _VIA.fullmatch(text)
    if via is not None:
        agent = _tool(via[1], catalogue, bare_models=False)
        if agent:
            return (agent,)
    name = text.partition(":")[0].strip()
    if ":" in text and name in catalogue.names:
        return (catalogue.names[name][0],)
    found: list[str] = []
    for piece in dict.fromkeys([text, *_PIECES.split(text)]):
        tool = _tool(piece.strip(" \"'`"), catalogue, bare_models=bare_models)
        if tool and tool not in found:
            found.append(tool)
    return tuple(tool for tool in found if tool != UNNAMED) or tuple(found)


def _tool(piece: str, catalogue: Catalogue, *, bare_models: bool) -> str:
    known = catalogue.names.get(piece)
    if known is not None and (known[1] == "tool" or (known[1] == "model" and bare_models)):
        return known[0]
    if known is not None and known[1] == "person":
        return ""
    words = piece.split(" ")
    for count in range(min(len(words), 5), 0, -1):
        head = " ".join(words[:count])
        rest = " ".join(words[count:])
        name, mark, inside = _split_name(head)
        known = catalogue.names.get(name)
        if known is None:
            continue
        after = f"{mark}{inside} {rest}".strip()
        if not after:
            continue
        allowed = _AFTER_NAME if known[1] == "tool" else _AFTER_PERSON_NAME
        if allowed.fullmatch(after) or _model(after, catalogue):
            return known[0]
    return _model(piece, catalogue)


def _split_name(head: str) -> tuple[str, str, str]:
    """`claude:opus` as ("claude", ":", "opus"); a head without such a mark is all name."""
    for index, mark in enumerate(head):
        if mark in ":([@":
            return head[:index].strip(), mark, head[index + 1 :]
    return head, "", ""


def _model(piece: str, catalogue: Catalogue) -> str:
    """The tool that usually runs the model that the piece begins with, or names after a blank or a bracket."""
    for text, tool in catalogue.models:
        if pattern(rf"(?<![\w.@-])(?:{text})").search(piece):
            return tool
    return ""
