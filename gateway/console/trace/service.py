"""Where messages are: by id, Message-ID, address or name. No content is shown."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.console.auth.authorization import Authorization
from gateway.console.messages.reveal_names import NameAccess
from gateway.console.messages.service import MessageService
from gateway.console.web.forms import MESSAGE_ID
from gateway.console.web.pagination import ListPage, ListPosition, newest_page, trace_position
from gateway.core.accounts.account import Right, User
from gateway.core.policy.authorization import ConsoleDirectory
from gateway.core.review.views import Trace
from gateway.ports.clock import StoreClock
from gateway.ports.contact import StoredFinding
from gateway.ports.review import LookupStore

_MAX_NAMESAKES, _MAX_FOUND = 8, 200
_MAX_NOTED = 50  # messages of one page with what counters said


class TraceService:
    """Finds messages of the buildings of an account."""

    def __init__(
        self, authorization: Authorization, names: NameAccess, messages: MessageService, directory: ConsoleDirectory,
        clock: StoreClock, lookups: LookupStore,
    ) -> None:  # fmt: skip
        self._authorization, self._names, self._messages = authorization, names, messages
        self._directory, self._clock = directory, clock
        self._lookups = lookups

    async def require_access(self, user: User) -> None:
        """Raise a Problem if the account may not trace messages."""
        await self._authorization.require(user, Right.TRACE)

    def hides_names(self, user: User) -> bool:
        """Whether an account cannot search by name or address, because names are hidden from it."""
        return self._authorization.hides_names(user)

    async def find(
        self, user: User, *, id_: str = "", message_id: str = "", address: str = "", limit: int = _MAX_FOUND,
        before: ListPosition | None = None,
    ) -> ListPage[Trace]:  # fmt: skip
        """Messages by one of the three, the newest first. Raises a Problem."""
        await self.require_access(user)
        if address:
            self._names.refuse_search(user)

        def visible(traces: Sequence[Trace]) -> list[Trace]:
            return [
                self._messages.visible_facts(user, trace) for trace in traces if self._authorization.sees(user, trace)
            ]

        if id_:
            return ListPage(visible(await self._lookups.trace(id=id_)), None)

        async def fetch(position: ListPosition, batch: int) -> Sequence[Trace]:
            return await self._lookups.trace_further(position, message_id=message_id, address=address)

        return await newest_page(fetch, visible, trace_position, before or (float("inf"), ""), limit)

    async def search(self, user: User, text: str) -> list[Trace]:
        """Messages by an address, a Message-ID, an id, or first and last name. Raises a Problem."""
        found: list[Trace] = []
        if "@" in text and not text.startswith("<"):
            found = (await self.find(user, address=text)).items
        if not found and text:
            found = (await self.find(user, message_id=text)).items
            if not found and not text.startswith("<"):
                found = (await self.find(user, message_id=f"<{text}>")).items
        if not found and MESSAGE_ID.fullmatch(text):
            found = (await self.find(user, id_=text)).items
        if not found and " " in text:
            found = await self._find_by_name(user, text)
        return [self.masked(user, trace) for trace in found]

    async def notes(self, user: User, found: Sequence[Trace]) -> dict[str, Sequence[StoredFinding]]:
        """What counters said at some messages, by message id."""
        return {trace.id: await self._messages.notes(user, trace) for trace in found[:_MAX_NOTED]}

    def masked(self, user: User, trace: Trace) -> Trace:
        """A trace as a list shows it to an account."""
        return self._names.names_in_list(user, trace).trace(trace)

    async def _find_by_name(self, user: User, name: str) -> list[Trace]:
        """Messages of everybody that a full name may mean, the newest first."""
        self._names.refuse_search(user)
        people = self._directory.namesakes(name)[:_MAX_NAMESAKES]
        addresses = {
            address
            for person in people
            for address in (person.address, *self._directory.addresses_of(person.id))
            if address
        }
        found = {
            trace.id: trace
            for address in sorted(addresses)
            for trace in (await self.find(user, address=address)).items
        }  # fmt: skip
        return sorted(found.values(), key=trace_position, reverse=True)[:_MAX_FOUND]
