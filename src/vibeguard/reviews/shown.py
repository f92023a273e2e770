"""What approvals show and what they cannot show, in one or two sentences that stand beside every count."""

from __future__ import annotations

from collections.abc import Sequence

from vibeguard.model import Approval

# channel: (how the reviewers were known, what that shows)
_CHANNELS = {
    "github": ("authenticated by GitHub as {who}", "their accounts approved {what}"),
    "gitlab": ("authenticated by GitLab as {who}", "their accounts approved {what}"),
    "statement": ("signed with the key of {who}", "their keys signed for {what}"),
    "file": ("given by the reviews file as {who}", "the file's issuer says so of {what}"),
}
_OTHER = ("given by {channel} as {who}", "{channel} says so of {what}")


def shows(counted: Sequence[Approval], head: str | None) -> str:
    """For the approvals that counted; "" when there are none."""
    sentences = []
    for channel in dict.fromkeys(approval.channel for approval in counted):
        given = [approval for approval in counted if approval.channel == channel]
        known, shown = _CHANNELS.get(channel, _OTHER)
        who = _and([approval.who for approval in given])
        on_head = head is not None and all((approval.commit or "").lower() == head.lower() for approval in given)
        where = f" on {head[:7]}" if on_head and head is not None else ""
        what = "this commit" if on_head else "this diff"
        count = f"{len(given)} approval{'s' if len(given) > 1 else ''}"
        words = known.format(who=who, channel=channel)
        if all(approval.assurance == "re-authenticated" for approval in given):
            words += ", proved anew"
        sentences.append(f"{count}, {words}{where}. This shows that {shown.format(what=what, channel=channel)}")
    if not sentences:
        return ""
    return "; ".join(sentences) + "; it cannot show that a person read it."


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
