"""Notices to reviewers: due messages, the daily digest, cases, lost assignments, unclaimed help alerts.

They contain counts, times and links to pages that ask to sign in, but no content and no names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from gateway.core.messages.followup import FollowupKind
from gateway.core.serialization.json_fields import from_rfc3339

MAX_LINKS = 20
_FOOTER = "This notice intentionally contains no content and no names: the pages ask you to sign in."

_ALL_AT_DUE = {
    "hold": "Nothing is delivered until somebody decides.",
    "release": "At the due time the policy delivers what nobody has decided.",
    "reject": "At the due time the policy rejects what nobody has decided: it is not delivered, and the sender gets a "
    "notice.",
}
_ONE_AT_DUE = {
    "hold": "; it stays held until somebody decides",
    "release": "; then it is delivered, unless somebody decides before",
    "reject": "; then it is rejected, unless somebody decides before",
}
"""What happens at a due time: for all messages of a notice, and for one of them."""


def reviewer_notice(
    kind: FollowupKind, body: Mapping[str, object], url: str, zone: ZoneInfo
) -> tuple[str, Sequence[str]]:
    """Subject and paragraphs for a DUE, DIGEST, CASE, FREE, TOOL, HELP_AGAIN or LOOK follow-up."""
    return {
        FollowupKind.DUE: _due,
        FollowupKind.DIGEST: _digest,
        FollowupKind.CASE: _case,
        FollowupKind.FREE: _unassigned,
        FollowupKind.TOOL: _tool,
        FollowupKind.HELP_AGAIN: _help_again,
        FollowupKind.LOOK: _look,
    }[kind](body, url, zone)


def _look(body: Mapping[str, object], url: str, zone: ZoneInfo) -> tuple[str, Sequence[str]]:
    return "A sender asks for another look", (
        "The sender of a message asks you to look at it once more. The page of the message shows what they wrote, and "
        "takes your answer.",
        f"  {url}/messages/{body['message']}",
        _FOOTER,
    )


def _due(body: Mapping[str, object], url: str, zone: ZoneInfo) -> tuple[str, Sequence[str]]:
    items = _items(body)
    overdue = [item for item in items if item.level > 0]
    actions = {item.action for item in items if item.level == 0}
    count = "One held message" if len(items) == 1 else f"{len(items)} held messages"
    if not overdue:
        subject = f"{count} to decide soon"
        first = _ALL_AT_DUE[actions.pop()] if len(actions) == 1 else "What happens at each due time is listed below."
        first += f" {'It is' if len(items) == 1 else 'They are'} due soon. Please decide now."
    else:
        subject = f"{count} waiting past the due time"
        first = "Nobody has decided in time. Nothing is delivered and nothing is lost: it waits until somebody decides."
        if actions - {"hold"}:
            first = "Nobody has decided in time. What is past its due time waits until somebody decides."
            first += " What happens to the others at their due time is listed below."
        if max(item.level for item in overdue) > 1:
            first += " You get this notice because the people notified before have not decided."
    links = [
        f"  {url}/messages/{item.id}\n  due {_clock(item.time, zone)}"
        + (_ONE_AT_DUE[item.action] if item.level == 0 else "")
        for item in items[:MAX_LINKS]
    ]
    more = [f"and {len(items) - MAX_LINKS} more, in the queue:"] if len(items) > MAX_LINKS else ["The whole queue:"]
    return subject, (first, *links, *more, f"  {url}/", _FOOTER)


def _digest(body: Mapping[str, object], url: str, zone: ZoneInfo) -> tuple[str, Sequence[str]]:
    held, overdue, alerts = (int(str(body.get(name, 0))) for name in ("held", "overdue", "calls"))
    lines = [f"  Held and undecided      {held}", f"  Of these, overdue       {overdue}"]
    if alerts:
        lines.append(f"  Help alerts that nobody has claimed {alerts}")
    flagged, late = (int(str(body.get(name, 0))) for name in ("flagged", "flags_overdue"))
    if flagged:
        lines += [f"  Flagged, not acknowledged {flagged}", f"  Of these, overdue       {late}"]
    subject = f"{held} held {'message waits' if held == 1 else 'messages wait'} for a decision"
    if not held:
        subject = f"{alerts} help {'alert' if alerts == 1 else 'alerts'} that nobody has claimed"
    if not held and not alerts:
        subject = f"{flagged} flagged {'message waits' if flagged == 1 else 'messages wait'} for a look"
    return subject, (
        "What is undecided this morning:", "\n".join(lines), f"  {url}/", _FOOTER,
    )  # fmt: skip


def _case(body: Mapping[str, object], url: str, zone: ZoneInfo) -> tuple[str, Sequence[str]]:
    number, due = body.get("case"), body.get("due_at")
    subject, first = f"Case {number} was assigned to you", "you work on it now."
    when = f" It is due on {_clock(str(due), zone)}." if due else ""
    if (level := body.get("level")) is not None:
        subject = f"Case {number} is due soon" if not level else f"Case {number} is past its due time"
        first, when = "it is open.", when if not level else f" It was due on {_clock(str(due), zone)}."
    return subject, (f"{subject}: {first}{when}", f"  {url}/cases/{number}", _FOOTER)


def _unassigned(body: Mapping[str, object], url: str, zone: ZoneInfo) -> tuple[str, Sequence[str]]:
    messages, cases = _list(body.get("messages")), _list(body.get("cases"))
    counts = [
        ("one" if len(items) == 1 else str(len(items))) + f" {word}" + "s" * (len(items) != 1)
        for items, word in ((messages, "held message"), (cases, "case"))
        if items
    ]
    what = " and ".join(counts)
    subject = f"{what[:1].upper()}{what[1:]} no longer assigned"
    links = [
        f"  {url}/messages/{id_}" + (f"\n  due {_clock(str(due), zone)}" if due else "")
        for id_, due in messages[:MAX_LINKS]
    ] + [f"  {url}/cases/{number}" for number in cases[:MAX_LINKS]]
    more = len(messages[MAX_LINKS:]) + len(cases[MAX_LINKS:])
    return subject, (
        "The assignee can no longer decide: the account was disabled, or lost its role. Nobody is assigned now. Please "
        "claim it, or assign it to somebody." + " What is held stays held until somebody decides." * bool(messages),
        *links,
        *([f"and {more} more, in the queue and in the list of cases:", f"  {url}/"] if more else []),
        _FOOTER,
    )


def _tool(body: Mapping[str, object], url: str, zone: ZoneInfo) -> tuple[str, Sequence[str]]:
    domain, about, on = str(body.get("domain")), body.get("about"), _clock(str(body.get("on")), zone)
    if about == "requested":
        subject, first = f"{domain}: please register this tool", (
            f"Somebody asked for the tool {domain} to be registered. Until it is registered with administrator access, "
            "links to it are listed for review. Please register it, or decline the request."
        )  # fmt: skip
    elif about == "review":
        subject = f"{domain}: this tool is to be reviewed"
        first = f"The date of its review is {on}. Please check its owner and who has administrator access."
    elif body.get("past"):
        subject = f"{domain}: the registration of this tool has ended"
        first = f"It ended on {on}. Links to it are listed for review from then on. Please renew it, or remove it."
    else:
        subject = f"{domain}: the registration of this tool ends soon"
        first = f"It ends on {on}. After that, links to it are listed for review. Please renew it in time."
    return subject, (first, f"  {url}/tools", _FOOTER)


def _list(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _help_again(body: Mapping[str, object], url: str, zone: ZoneInfo) -> tuple[str, Sequence[str]]:
    (alert,) = _items(body)
    return "Nobody has claimed a help alert yet", (
        "A student wrote to a staff member, and the message reads like a call for help. It was delivered unchanged on "
        f"{_clock(alert.time, zone)}. Nobody has claimed the alert yet.",
        "Please read it now, and make sure that somebody talks with the student. If anybody may be in danger, follow "
        "your district's emergency procedure first. These notices end when somebody claims the alert on the page.",
        f"  {url}/messages/{alert.id}",
        _FOOTER,
    )


@dataclass(frozen=True, slots=True)
class _Item:
    """A message of a notice. `level`: 0 due soon, from 1 overdue. `action`: what follows at `time` (RFC 3339)."""

    id: str
    time: str
    level: int
    action: str


def _items(body: Mapping[str, object]) -> list[_Item]:
    return [
        _Item(str(id_), str(time), int(level), str(rest[0]) if rest and rest[0] in _ONE_AT_DUE else "hold")
        for id_, time, level, *rest in _list(body.get("items"))
    ]


def _clock(time: str, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(from_rfc3339(time), UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M %Z")
