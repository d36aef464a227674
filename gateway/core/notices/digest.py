"""What people of the district are told of their queue: what is due, the day's digest, a call that nobody has taken up.

Counts, times and links to pages that ask to sign in: nothing of a message and nobody's name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from gateway.core.messages.followup import FollowupKind
from gateway.core.serialization.json_fields import from_rfc3339

MOST_LINKS = 20
_WHY = "This notice says nothing of the messages or of the people in them, on purpose: the pages ask you to sign in."

_SOON = {
    "hold": "Nothing is delivered before somebody decides.",
    "release": "The policy delivers at the due time what nobody has decided on by then.",
    "reject": "The policy rejects at the due time what nobody has decided on by then: it is not delivered, and its "
    "sender is told.",
}
_THEN = {
    "hold": "; it stays held until somebody decides",
    "release": "; then it is delivered, unless somebody decides before",
    "reject": "; then it is rejected, unless somebody decides before",
}
"""What happens at a due time: to all of a notice, and to one message of it."""


def desk_notice(kind: FollowupKind, body: Mapping[str, object], url: str, zone: ZoneInfo) -> tuple[str, Sequence[str]]:
    """Subject and paragraphs of a DUE, DIGEST, CASE, FREE or HELP_AGAIN followup."""
    return {
        FollowupKind.DUE: _due,
        FollowupKind.DIGEST: _digest,
        FollowupKind.CASE: _case,
        FollowupKind.FREE: _free,
        FollowupKind.HELP_AGAIN: _help_again,
    }[kind](body, url, zone)


def _due(body: Mapping[str, object], url: str, zone: ZoneInfo) -> tuple[str, Sequence[str]]:
    items = _items(body)
    late = [each for each in items if each[2] > 0]
    then = {deed for _, _, at, deed in items if at == 0}
    count = "One held message" if len(items) == 1 else f"{len(items)} held messages"
    if not late:
        subject = f"{count} to decide soon"
        first = _SOON[then.pop()] if len(then) == 1 else "What happens to each at its due time stands below."
        first += f" {'It is' if len(items) == 1 else 'They are'} due soon; please look now."
    else:
        subject = f"{count} waiting past the due time"
        first = "Nobody has decided in time. Nothing is delivered and nothing is lost: it waits until somebody decides."
        if then - {"hold"}:
            first = "Nobody has decided in time: what is past its due time waits until somebody decides."
            first += " What happens to the others at their due time stands below."
        if max(each[2] for each in late) > 1:
            first += " You are told because those who were told before have not decided."
    links = [
        f"  {url}/messages/{id_}\n  due {_clock(time, zone)}{_THEN[deed] if at == 0 else ''}"
        for id_, time, at, deed in items[:MOST_LINKS]
    ]
    more = [f"and {len(items) - MOST_LINKS} more, in the queue:"] if len(items) > MOST_LINKS else ["The whole queue:"]
    return subject, (first, *links, *more, f"  {url}/", _WHY)


def _digest(body: Mapping[str, object], url: str, zone: ZoneInfo) -> tuple[str, Sequence[str]]:
    held, late, calls = (int(str(body.get(name, 0))) for name in ("held", "overdue", "calls"))
    lines = [f"  Held and undecided      {held}", f"  Of them past their time {late}"]
    if calls:
        lines.append(f"  Calls for help that nobody has taken up {calls}")
    subject = f"{held} held {'message waits' if held == 1 else 'messages wait'} for a decision"
    if not held:
        subject = f"{calls} {'call' if calls == 1 else 'calls'} for help that nobody has taken up"
    return subject, (
        "What is undecided this morning:", "\n".join(lines), f"  {url}/", _WHY,
    )  # fmt: skip


def _case(body: Mapping[str, object], url: str, zone: ZoneInfo) -> tuple[str, Sequence[str]]:
    number, due = body.get("case"), body.get("due_at")
    subject, first = f"Case {number} was given to you", "you are the one who works on it now."
    when = f" It is due on {_clock(str(due), zone)}." if due else ""
    if (level := body.get("level")) is not None:
        subject = f"Case {number} is due soon" if not level else f"Case {number} is past its due time"
        first, when = "it is open.", when if not level else f" It was due on {_clock(str(due), zone)}."
    return subject, (f"{subject}: {first}{when}", f"  {url}/cases/{number}", _WHY)


def _free(body: Mapping[str, object], url: str, zone: ZoneInfo) -> tuple[str, Sequence[str]]:
    messages, cases = _listed(body.get("messages")), _listed(body.get("cases"))
    told = [
        ("one" if len(each) == 1 else str(len(each))) + f" {word}" + "s" * (len(each) != 1)
        for each, word in ((messages, "held message"), (cases, "case"))
        if each
    ]
    what = " and ".join(told)
    subject = f"{what[:1].upper()}{what[1:]} {'is' if len(messages) + len(cases) == 1 else 'are'} free again"
    links = [
        f"  {url}/messages/{id_}" + (f"\n  due {_clock(str(due), zone)}" if due else "")
        for id_, due in messages[:MOST_LINKS]
    ] + [f"  {url}/cases/{number}" for number in cases[:MOST_LINKS]]
    more = len(messages[MOST_LINKS:]) + len(cases[MOST_LINKS:])
    return subject, (
        "Whoever had this can decide no more: the account was disabled, or lost its role. Nobody has it now. Please "
        "take it, or give it to somebody." + " What is held stays held until somebody decides." * bool(messages),
        *links,
        *([f"and {more} more, in the queue and in the list of cases:", f"  {url}/"] if more else []),
        _WHY,
    )


def _listed(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _help_again(body: Mapping[str, object], url: str, zone: ZoneInfo) -> tuple[str, Sequence[str]]:
    ((id_, at, *_),) = _items(body)
    return "Nobody has taken up a call for help yet", (
        "A student has written to a member of staff, and the message reads like a call for help. It has been delivered "
        f"as it is, on {_clock(at, zone)}. Nobody has said yet that they take it up.",
        "Please look at it now, and see that somebody talks with the student. Where anybody may be in danger, follow "
        "the emergency procedure of your district first. These notices end when somebody takes it up on the page.",
        f"  {url}/messages/{id_}",
        _WHY,
    )


def _items(body: Mapping[str, object]) -> list[tuple[str, str, int, str]]:
    """Id, time and level of the messages that a notice is about, and what the policy does at the time: hold, if not."""
    items = body.get("items")
    known = items if isinstance(items, list | tuple) else []
    return [(str(id_), str(time), int(at), _deed(then)) for id_, time, at, *then in known]


def _deed(then: Sequence[object]) -> str:
    return str(then[0]) if then and then[0] in _THEN else "hold"


def _clock(time: str, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(from_rfc3339(time), UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M %Z")
