"""Hidden names and opening them: of one message or one case, for one reviewer, for an hour, with a reason on record."""

from __future__ import annotations

from gateway.console.messages.names import Names
from gateway.console.service import Desk
from gateway.console.web.errors import Problem
from gateway.core.accounts.account import Right, User
from gateway.core.policy.decision import AuditEntry
from gateway.core.review.views import HeldMessage, Trace

OPEN_FOR = 3600.0
"""Seconds for which names stay open to who opened them."""
_OPENED = "names opened"
_ACTS = 500
_BY_ADDRESS = (
    "Names are hidden in this district: look for the id or the Message-ID. The security role can look for an address."
)


async def opened(desk: Desk, user: User, subject: str) -> bool:
    """Whether the names of a message or case stand open to somebody."""
    since = await desk.store.now() - OPEN_FOR
    acts = await desk.store.done_about(subject, _ACTS)
    return any(each.act == _OPENED and each.actor == user.name and each.at > since for each in acts)


async def open_names(desk: Desk, user: User, trace: Trace, reason: str) -> None:
    """Open the names of a message to somebody who may read it."""
    await desk.need(user, Right.CONTENT, trace.id)
    await record(desk, user, trace.id, reason)


async def record(desk: Desk, user: User, subject: str, reason: str) -> None:
    """Note that names are opened, and why."""
    if not reason:
        raise Problem(422, "Say in a few words why you need the names: it goes into the audit log.")
    await desk.store.record([AuditEntry(await desk.store.now(), user.name, _OPENED, subject, {"reason": reason})])


async def hidden_of(desk: Desk, user: User, trace: Trace) -> bool:
    """Whether the names of a message are hidden from somebody. Never those of a call for help."""
    return desk.hides(user) and trace.action != "alert" and not await opened(desk, user, trace.id)


async def names_of(desk: Desk, user: User, trace: Trace) -> Names:
    """The people of a message, as somebody sees them."""
    return Names(desk.register, hidden=await hidden_of(desk, user, trace)).add_trace(trace)


def names_in_list(desk: Desk, user: User, listed: Trace | HeldMessage) -> Names:
    """The people of a message in a list, where only a call for help stands open."""
    if isinstance(listed, HeldMessage):
        return Names(desk.register, hidden=desk.hides(user)).add_held(listed)
    return Names(desk.register, hidden=desk.hides(user) and listed.action != "alert").add_trace(listed)


async def need_names(desk: Desk, user: User, trace: Trace) -> None:
    """Raise a Problem where something can only be shown with the names in it."""
    if await hidden_of(desk, user, trace):
        raise Problem(403, "This shows the names of people: open the names on the page of the message first.")


def refuse_search(desk: Desk, user: User) -> None:
    """Raise a Problem where names are hidden: who looks for an address would learn whose a message is."""
    if desk.hides(user):
        raise Problem(403, _BY_ADDRESS)
