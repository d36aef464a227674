"""The queue of held messages: each account sees the messages of its buildings that cause no conflict of interest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from gateway.console.auth.authorization import Authorization
from gateway.console.queue.cache import HeldQueue
from gateway.console.queue.index import NarrowedQueue, QueueEntry, QueueFilter, QueuePlace
from gateway.console.queue.query import QueueQuery
from gateway.console.queue.rows import MAX_ROWS, QueueRow, queue_rows
from gateway.console.web.errors import Problem
from gateway.core.accounts.account import Right, User
from gateway.core.policy.authorization import ConsoleDirectory
from gateway.core.review.views import Backlog, HeldMessage
from gateway.ports.clock import StoreClock
from gateway.ports.help import HelpAlertStore
from gateway.ports.review import LookupStore, SavedViewStore
from gateway.ports.urgency import UrgencyStore


@dataclass(frozen=True, slots=True)
class QueueStats:
    """Counts of an account's queue; `backlog` is of the whole gateway, None for accounts of single buildings."""

    queue: NarrowedQueue
    oldest_seconds: float
    backlog: Backlog | None


class QueueService:
    """Lists of held messages, counts, and saved views."""

    def __init__(
        self, authorization: Authorization, queue: HeldQueue, directory: ConsoleDirectory, clock: StoreClock,
        lookups: LookupStore, saved_views: SavedViewStore, help_alerts: HelpAlertStore, urgency: UrgencyStore,
    ) -> None:  # fmt: skip
        self._authorization, self._queue, self._directory = authorization, queue, directory
        self._clock, self._lookups = clock, lookups
        self._saved_views, self._help_alerts, self._urgency = saved_views, help_alerts, urgency

    async def warm_up(self) -> None:
        """Read the queue from the store before the first request needs it. Raises StoreDown."""
        await self._queue.index()

    async def change_mark(self) -> object:
        """A value that differs after every change of what the queue's page shows. Raises StoreDown."""
        return await self._queue.change_mark(), await self._help_alerts.mark(), await self._urgency.mark()

    async def require_access(self, user: User) -> None:
        """Raise a Problem if the account has no queue."""
        await self._authorization.require(user, Right.QUEUE)

    async def query(self, user: User, values: Mapping[str, str]) -> QueueQuery:
        """The filters of an account, from values by name."""
        hidden = self._authorization.hides_names(user)
        return QueueQuery(values, user, self._directory, await self._clock.now(), hide_names=hidden)

    async def held(self, user: User) -> list[HeldMessage]:
        """The whole queue of an account, each message with the recipients of its buildings. Raises a Problem."""
        await self.require_access(user)
        entries = (await self._queue.index()).entries(_buildings(user), excluded=await self._excluded(user))
        return [entry.message for entry in self._own_recipients(user, entries)]

    async def narrow(self, user: User, wanted: QueueFilter, limit: int = MAX_ROWS) -> NarrowedQueue:
        """The first items of a filtered list, with counts. Raises a Problem."""
        await self.require_access(user)
        narrowed = (await self._queue.index()).narrow(await self._visible_part(user, wanted), limit)
        own = [
            (own, similar)
            for entry, similar in narrowed.items
            for own in self._own_recipients(user, [entry])
        ]  # fmt: skip
        return replace(narrowed, items=own)

    async def matching(self, user: User, wanted: QueueFilter) -> list[HeldMessage]:
        """Every held message that passes a filter. Raises a Problem."""
        await self.require_access(user)
        entries = (await self._queue.index()).matching(await self._visible_part(user, wanted))
        return [entry.message for entry in self._own_recipients(user, entries)]

    async def page(
        self, user: User, wanted: QueueFilter, after: QueuePlace | None, limit: int
    ) -> tuple[list[QueueEntry], bool]:  # fmt: skip
        """The messages that pass a filter, `limit` at most from a place on, and whether there are more.

        Raises a Problem.
        """
        await self.require_access(user)
        found: list[QueueEntry] = []
        for entry in (await self._queue.index()).matching(await self._visible_part(user, wanted), after):
            found += self._own_recipients(user, [entry])
            if len(found) > limit:
                break
        return found[:limit], len(found) > limit

    async def total(self, user: User) -> int:
        """How many messages an account sees. Raises a Problem."""
        await self.require_access(user)
        return (await self._queue.index()).count(_buildings(user), await self._excluded(user))

    async def next_message(self, user: User, wanted: QueueFilter, after: QueuePlace) -> str:
        """The id of the first message after a place in a filtered list, or else of the last before it; "" for none."""
        if not user.may(Right.QUEUE):
            return ""
        return (await self._queue.index()).next_message(await self._visible_part(user, wanted), after)

    async def near_duplicates(self, user: User, id_: str) -> list[HeldMessage]:
        """A held message and its near-duplicates; none if it is not held or not visible. Raises a Problem."""
        await self.require_access(user)
        index = await self._queue.index()
        entry = index.get(id_)
        excluded = await self._excluded(user)
        entries = index.entries(_buildings(user), entry.duplicates, excluded) if entry is not None else []
        messages = [entry.message for entry in self._own_recipients(user, entries)]
        return messages if any(message.id == id_ for message in messages) else []

    async def count_similar(self, user: User, id_: str) -> int:
        """How many other near-duplicates of a held message an account sees."""
        return len(await self.near_duplicates(user, id_)) - 1 if user.may(Right.QUEUE) else 0

    def rows(self, user: User, narrowed: NarrowedQueue) -> list[QueueRow]:
        """A list as its page shows it."""
        return queue_rows(narrowed.items, self._directory, hide_names=self._authorization.hides_names(user))

    async def stats(self, user: User) -> QueueStats:
        """Counts for dashboards. Raises a Problem."""
        await self._authorization.require(user, Right.STATS)
        now = await self._clock.now()
        wanted = QueueFilter(now, None, lambda holder, second: frozenset(), {})
        narrowed = (await self._queue.index()).narrow(await self._visible_part(user, wanted), 0)
        oldest = 0.0 if narrowed.oldest is None else max(now - narrowed.oldest, 0.0)
        return QueueStats(narrowed, oldest, await self._lookups.backlog() if user.sees_every_building else None)

    async def saved_views(self, user: User) -> Mapping[str, str]:
        """The saved views of an account: query strings by name. Raises a Problem."""
        await self.require_access(user)
        return await self._saved_views.of_user(user.name)

    async def save_view(self, user: User, name: str, values: Mapping[str, str]) -> str:
        """Save filters under a name; their query string. Raises a Problem if there are too many views."""
        await self.require_access(user)
        query = (await self.query(user, values)).query
        if not await self._saved_views.save(user.name, name, query):
            raise Problem(409, "You have the maximum number of saved views: delete one first.")
        return query

    async def delete_view(self, user: User, name: str) -> None:
        """Delete a saved view. Raises a Problem if there is none of this name."""
        if name not in await self.saved_views(user):
            raise Problem(404, "There is no such view.")
        await self._saved_views.save(user.name, name, None)

    async def _visible_part(self, user: User, wanted: QueueFilter) -> QueueFilter:
        """A filter that lets through only what an account may see."""
        return replace(wanted, buildings=_buildings(user), excluded=await self._excluded(user))

    async def _excluded(self, user: User) -> frozenset[str]:
        """The people and groups whose messages cause a conflict of interest."""
        return await self._queue.with_groups(self._authorization.family(user))

    def _own_recipients(self, user: User, entries: Iterable[QueueEntry]) -> list[QueueEntry]:
        """Entries with the recipients that belong to an account's buildings; entries without one are left out."""
        if user.sees_every_building:
            return list(entries)
        found = []
        for entry in entries:
            message = entry.message
            own = tuple(
                address
                for address in message.recipients
                if self._authorization.sees_pairs(user, message.relation.pairs_of(address))
            )
            if own == message.recipients:
                found.append(entry)
            elif own:
                found.append(replace(entry, message=replace(message, recipients=own)))
        return found


def _buildings(user: User) -> frozenset[str] | None:
    return None if user.sees_every_building else frozenset(user.buildings)
