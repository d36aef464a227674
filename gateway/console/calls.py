"""Calls for help as people see them: who was told and when, who has taken it up. Names are never hidden here."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.console.desk import Desk
from gateway.console.names import Someone, someone
from gateway.core.account import User
from gateway.core.decision import Act
from gateway.core.moderation import Noticed


@dataclass(frozen=True, slots=True)
class Call:
    """One call for help with the alerts that went out for it, the first one first."""

    noticed: Noticed
    sender: Someone
    recipients: tuple[Someone, ...]
    alerts: tuple[Act, ...]

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
        )
        for each in noticed
    ]
    return sorted(found, key=lambda each: (bool(each.noticed.taken_by), -each.noticed.decided_at))
