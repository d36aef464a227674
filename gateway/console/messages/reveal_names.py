"""Hidden names, and revealing them: for one message or case, to one reviewer, for an hour, with a reason in the log."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.console.auth.authorization import Authorization
from gateway.console.messages.names import Names
from gateway.console.web.errors import Problem
from gateway.core.accounts.account import Right, User
from gateway.core.policy.authorization import ConsoleDirectory
from gateway.core.policy.decision import AuditEntry
from gateway.core.review.views import HeldMessage, Trace
from gateway.ports.audit import AuditStore, AuditTrailStore
from gateway.ports.clock import StoreClock

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
        self, authorization: Authorization, directory: ConsoleDirectory, clock: StoreClock, audit: AuditStore,
        audit_trail: AuditTrailStore,
    ) -> None:  # fmt: skip
        self._authorization, self._directory = authorization, directory
        self._clock, self._audit, self._audit_trail = clock, audit, audit_trail

    def hides_names(self, user: User) -> bool:
        """Whether names are hidden from an account unless it reveals them."""
        return self._authorization.hides_names(user)

    async def are_revealed(self, user: User, subject: str) -> bool:
        """Whether an account revealed the names of a message or case within the last hour."""
        since = await self._clock.now() - REVEALED_FOR
        entries = await self._audit_trail.changes_about(subject, _MAX_ENTRIES)
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
        now = await self._clock.now()
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

    async def visible_addresses(self, user: User, id_: str, addresses: Sequence[str]) -> list[str]:
        """Addresses of a message as an account sees them: pseudonyms if names are hidden. Raises a Problem."""
        if not self._authorization.hides_names(user):
            return list(addresses)
        names = await self.names_of(user, await self._authorization.visible_message(user, id_))
        return list(map(names.address, addresses))

    async def require_names(self, user: User, id_: str) -> None:
        """Raise a Problem if the names of a message are hidden: for what cannot be shown without them."""
        if await self.are_hidden(user, await self._authorization.visible_message(user, id_)):
            raise Problem(403, "This shows people's names: reveal the names on the page of the message first.")

    def refuse_search(self, user: User) -> None:
        """Raise a Problem if names are hidden: a search by address would tell whose message it is."""
        if self._authorization.hides_names(user):
            raise Problem(403, _SEARCH_REFUSED)
