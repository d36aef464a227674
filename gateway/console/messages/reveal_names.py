"""Hidden names, and revealing them: for one message or case, to one reviewer, for an hour, with a reason in the log."""

from __future__ import annotations

from gateway.console.auth.authorization import Authorization
from gateway.console.messages.names import Names
from gateway.console.service import Desk
from gateway.console.web.errors import Problem
from gateway.core.accounts.account import Right, User
from gateway.core.policy.authorization import ConsoleDirectory
from gateway.core.policy.decision import AuditEntry
from gateway.core.review.views import HeldMessage, Trace
from gateway.ports.audit import AuditStore
from gateway.ports.review import ListStore, LookupStore

REVEALED_FOR = 3600.0
"""Seconds for which names stay visible to the reviewer who revealed them."""
_ENTRY = "names opened"  # as the audit log says it
_MAX_ENTRIES = 500
_SEARCH_REFUSED = (
    "Names are hidden in this district: search by the message's id or Message-ID. "
    "The security role can search by address."
)


class NameAccess:
    """Which names an account sees."""

    def __init__(
        self, authorization: Authorization, directory: ConsoleDirectory, lookups: LookupStore, lists: ListStore,
        audit: AuditStore,
    ) -> None:  # fmt: skip
        self._authorization, self._directory = authorization, directory
        self._lookups, self._lists, self._audit = lookups, lists, audit

    async def are_revealed(self, user: User, subject: str) -> bool:
        """Whether an account revealed the names of a message or case within the last hour."""
        since = await self._lookups.now() - REVEALED_FOR
        entries = await self._lists.done_about(subject, _MAX_ENTRIES)
        return any(entry.act == _ENTRY and entry.actor == user.name and entry.at > since for entry in entries)

    async def reveal(self, user: User, id_: str, reason: str) -> None:
        """Reveal the names of a message to an account that may read it. Raises a Problem."""
        trace = await self._authorization.visible_message(user, id_)
        await self._authorization.require_no_conflict(user, trace, "open names")
        await self._authorization.require(user, Right.CONTENT, id_)
        await self.record(user, id_, reason)

    async def record(self, user: User, subject: str, reason: str) -> None:
        """Record that names are revealed, and why. Raises a Problem if there is no reason."""
        if not reason:
            raise Problem(422, "Say in a few words why you need the names: the reason goes into the audit log.")
        now = await self._lookups.now()
        await self._audit.record([AuditEntry(now, user.name, _ENTRY, subject, {"reason": reason})])

    async def are_hidden(self, user: User, trace: Trace) -> bool:
        """Whether the names of a message are hidden from an account. Those of a call for help never are."""
        if not self._authorization.hides_names(user) or trace.action == "alert":
            return False
        return not await self.are_revealed(user, trace.id)

    async def names_of(self, user: User, trace: Trace) -> Names:
        """The people of a message, as the page of the message shows them to an account."""
        return Names(self._directory, hidden=await self.are_hidden(user, trace)).add_trace(trace)

    def names_in_list(self, user: User, message: Trace | HeldMessage) -> Names:
        """The people of a message, as a list shows them: revealing names changes nothing there."""
        hidden = self._authorization.hides_names(user)
        if isinstance(message, HeldMessage):
            return Names(self._directory, hidden=hidden).add_held(message)
        return Names(self._directory, hidden=hidden and message.action != "alert").add_trace(message)

    async def require_names(self, user: User, id_: str) -> None:
        """Raise a Problem if the names of a message are hidden: for what cannot be shown without them."""
        if await self.are_hidden(user, await self._authorization.visible_message(user, id_)):
            raise Problem(403, "This shows people's names: reveal the names on the page of the message first.")

    def refuse_search(self, user: User) -> None:
        """Raise a Problem if names are hidden: a search by address would tell whose message it is."""
        if self._authorization.hides_names(user):
            raise Problem(403, _SEARCH_REFUSED)


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
