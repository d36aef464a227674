"""Calls for help as people see them: who was told and when, who has taken it up. Names are never hidden here."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.console.desk import Desk
from gateway.console.names import Someone, someone
from gateway.console.problems import Problem
from gateway.core.account import Right, User
from gateway.core.decision import Act
from gateway.core.moderation import Noticed

CONFIRMED, NONE = "call for help confirmed", "no call for help"
"""What a person says of an alert, in the audit log."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call for help with the alerts that went out for it, the first one first."""

    noticed: Noticed
    sender: Someone
    recipients: tuple[Someone, ...]
    alerts: tuple[Act, ...]
    kinds: tuple[str, ...] = ()  # of help that its words ask for

    @property
    def told(self) -> tuple[str, ...]:
        """Everybody who was alerted, each once."""
        found = (each.detail.get("to") for each in self.alerts)
        return tuple(dict.fromkeys(str(to) for each in found if isinstance(each, list) for to in each))


async def calls(desk: Desk, user: User, *, days: float) -> list[Call]:
    """The calls for help of an account: those that nobody has taken up first, then the newest."""
    noticed = await desk.noticed(user, "alert", days=days)
    if not noticed:
        return []
    linked, waiting = await desk.store.acts_of([each.trace.id for each in noticed])
    kinds = await desk.store.kinds_of([each.trace.id for each in noticed])
    alerts: dict[str, list[Act]] = {}
    for act in (*(each.act for each in linked), *waiting):
        if act.act == "alerted":
            alerts.setdefault(act.subject, []).append(act)
    found = [
        Call(
            each,
            someone(each.trace.sender, desk.register),
            tuple(someone(to.address, desk.register) for to in each.trace.recipients[:5]),
            tuple(alerts.get(each.trace.id, ())),
            tuple(kinds.get(each.trace.id, ())),
        )
        for each in noticed
    ]
    return sorted(found, key=lambda each: (bool(each.noticed.taken_by), -each.noticed.decided_at))


async def judge(desk: Desk, user: User, id_: str, right: bool) -> None:
    """Say that a message was a call for help, or that it was none: classifiers learn from it. Raises a Problem."""
    await desk.need(user, Right.DECIDE, id_)
    trace = await desk.find(user, id_)
    if trace.action != "alert":
        raise Problem(409, "This message was not alerted as a call for help.")
    if desk.in_part(user, trace):
        raise Problem(403, "You, or your own child, sent or received this message: somebody else must say it.")
    act = Act(await desk.store.now(), user.name, CONFIRMED if right else NONE, id_)
    await desk.store.judge_call(id_, right, act)
