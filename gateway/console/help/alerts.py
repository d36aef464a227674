"""Calls for help as people see them: who was told and when, who has taken it up. Names are never hidden here."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.console.messages.names import PersonView, person_view
from gateway.console.service import Desk
from gateway.console.web.errors import Problem
from gateway.console.web.pagination import SCAN_LIMIT, ListPosition
from gateway.core.accounts.account import AccountRole, Right, User
from gateway.core.policy.decision import AuditEntry
from gateway.core.review.views import ListedMessage

_MOST = 500
CallPlace = tuple[bool, float, str]
"""Where a list of calls goes on: behind one that was taken up or not, its time, and the id of its message."""
TAKEN_UP, GIVEN_BACK = "call for help taken up", "call for help given back"
CONFIRMED, NONE = "call for help confirmed", "no call for help"
"""What a person says of an alert, in the audit log."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call for help with the alerts that went out for it, the first one first."""

    noticed: ListedMessage
    sender: PersonView
    recipients: tuple[PersonView, ...]
    alerts: tuple[AuditEntry, ...]
    kinds: tuple[str, ...] = ()  # of help that its words ask for

    @property
    def told(self) -> tuple[str, ...]:
        """Everybody who was alerted, each once."""
        return tuple(dict.fromkeys(to for each in self.alerts for to in told_in(each)))


def told_in(alert: AuditEntry) -> tuple[str, ...]:
    """Who was told by one alert."""
    to = alert.detail.get("to")
    return tuple(map(str, to)) if isinstance(to, list) else ()


async def calls(desk: Desk, user: User, *, days: float) -> list[Call]:
    """The calls for help of an account: those that nobody has taken up first, however old, then the newest."""
    lately = (await desk.noticed(user, "alert", days=days)).items
    return await _told(desk, await _with_waiting(desk, user, lately))


async def calls_behind(
    desk: Desk, user: User, *, days: float, limit: int, after: CallPlace | None
) -> tuple[list[Call], CallPlace | None]:
    """The same in pages, every one of them; and the place that the list goes on behind, None where it ends."""
    lately: list[ListedMessage] = []
    before: ListPosition | None = None
    while True:
        found = await desk.noticed(user, "alert", days=days, limit=_MOST, before=before)
        lately, before = lately + found.items, found.next
        if before is None:
            break
    left = await _with_waiting(desk, user, lately)
    if after is not None:
        left = left[bisect_right(left, _order(*after), key=lambda each: _order(*_place(each))) :]
    page = left[:limit]
    return await _told(desk, page), _place(page[-1]) if len(left) > limit else None


def _place(each: ListedMessage) -> CallPlace:
    return bool(each.taken_by), each.decided_at, each.trace.id


def _order(taken: bool, at: float, id_: str) -> tuple[bool, float, str]:
    return taken, -at, id_


async def _with_waiting(desk: Desk, user: User, lately: Sequence[ListedMessage]) -> list[ListedMessage]:
    waiting = desk.seen(user, await desk.store.waiting_calls(SCAN_LIMIT))
    noticed = {each.trace.id: each for each in (*lately, *waiting)}
    return sorted(noticed.values(), key=lambda each: _order(*_place(each)))


async def _told(desk: Desk, noticed: Sequence[ListedMessage]) -> list[Call]:
    """Calls for help with who was told of them."""
    ids = [each.trace.id for each in noticed]
    if not ids:
        return []
    linked, unlinked = await desk.store.acts_of(ids)
    kinds = await desk.store.kinds_of(ids)
    alerts: dict[str, list[AuditEntry]] = {}
    for act in (*(each.act for each in linked), *unlinked):
        if act.act == "alerted":
            alerts.setdefault(act.subject, []).append(act)
    return [
        Call(
            each,
            person_view(each.trace.sender, desk.register),
            tuple(person_view(to.address, desk.register) for to in each.trace.recipients[:5]),
            tuple(alerts.get(each.trace.id, ())),
            tuple(kinds.get(each.trace.id, ())),
        )
        for each in noticed
    ]


async def take_up(desk: Desk, user: User, id_: str) -> None:
    """Take a call for help up; whoever comes second is told who was first. Raises a Problem."""
    await _call(desk, user, id_, "take up")
    act = AuditEntry(await desk.store.now(), user.name, TAKEN_UP, id_)
    first = await desk.store.acknowledge(id_, user.name, act)
    if first not in (None, user.name):
        raise Problem(409, f"{first} took this call for help up first. Speak with them before you do something.")


async def give_back(desk: Desk, user: User, id_: str) -> None:
    """Nobody has taken a call for help up any more: by who had, or by a director. Raises a Problem."""
    await _call(desk, user, id_, "give back")
    director = user.role is AccountRole.TECHNOLOGY_DIRECTOR
    act = AuditEntry(await desk.store.now(), user.name, GIVEN_BACK, id_)
    if await desk.store.give_back(id_, None if director else user.name, act):
        return
    taken = await desk.store.taken_up(id_)
    if taken is None:
        raise Problem(409, "Nobody has taken this call for help up: people are told of it until somebody does.")
    raise Problem(403, f"{taken[0]} has taken it up: they give it back, or a technology director does.")


async def judge(desk: Desk, user: User, id_: str, right: bool) -> None:
    """Say that a message was a call for help, or that it was none: classifiers learn from it. Raises a Problem."""
    await _call(desk, user, id_, "judge")
    act = AuditEntry(await desk.store.now(), user.name, CONFIRMED if right else NONE, id_)
    await desk.store.judge_call(id_, right, act)


async def _call(desk: Desk, user: User, id_: str, deed: str) -> None:
    await desk.need(user, Right.DECIDE, id_)
    trace = await desk.find(user, id_)
    if trace.action != "alert":
        raise Problem(409, "This message was not alerted as a call for help.")
    await desk.apart(user, trace, deed)
