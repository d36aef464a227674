"""Work on delivered messages: lists, and what people say about them. The first answer counts; no delivery changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.console.auth.authorization import Authorization
from gateway.console.decisions.bulk import BulkService, NearDuplicates
from gateway.console.decisions.flash import ACKNOWLEDGED, PRACTICED, REOPENED
from gateway.console.policy.service import PolicyService
from gateway.console.queue.index import QueueEntry
from gateway.console.queue.navigation import QueueNavigation
from gateway.console.queue.service import QueueService
from gateway.console.web.errors import Problem, not_found
from gateway.console.web.pagination import ListPage, ListPosition, newest_page
from gateway.core.accounts.account import AccountRole, Right, User
from gateway.core.policy.authorization import ConsoleDirectory, is_party
from gateway.core.policy.decision import AuditEntry
from gateway.core.policy.work_kinds import ReviewOutcome, WorkKind
from gateway.core.review.views import HeldMessage
from gateway.core.serialization.json_fields import rfc3339
from gateway.ports.clock import StoreClock
from gateway.ports.flags import Acknowledgment, FlagStore
from gateway.ports.flags import ReviewItem as ReviewItem

CHOSEN, LEFT_OUT = "chosen for the report", "left out of the report"
MAX_TOGETHER = 200
"""Near-duplicates that are acknowledged together, at most."""
_DAY = 86400.0
_SAID = {ReviewOutcome.FINE: "in order", ReviewOutcome.VIOLATION: "a violation"}


class OpenWork:
    """The messages with open work of one kind, as a queue reads them."""

    def __init__(self, flags: FlagStore, kind: WorkKind) -> None:
        self._flags, self._kind = flags, kind

    async def held(self, ids: Sequence[str] | None = None) -> Sequence[HeldMessage]:
        """Those among `ids`, or all. Raises StoreDown."""
        return await self._flags.open_messages(self._kind, ids)


@dataclass(frozen=True, slots=True)
class WorkQueue:
    """The queue of one kind of work, the links within its list, and its near-duplicates."""

    queue: QueueService
    navigation: QueueNavigation
    together: BulkService


@dataclass(frozen=True, slots=True)
class TogetherResult:
    """Which messages were acknowledged, and why the others were not, by id."""

    done: list[str]
    left: dict[str, str]


class FlagService:
    """What an account sees of the work on delivered messages, and says about it."""

    def __init__(
        self, authorization: Authorization, work: Mapping[WorkKind, WorkQueue], directory: ConsoleDirectory,
        clock: StoreClock, flags: FlagStore, policy: PolicyService,
    ) -> None:  # fmt: skip
        self._authorization, self._work, self._directory = authorization, work, directory
        self._clock, self._flags, self._policy = clock, flags, policy

    @property
    def queues(self) -> Sequence[QueueService]:
        """The queues of all kinds of work."""
        return [work.queue for work in self._work.values()]

    def queue(self, kind: WorkKind) -> QueueService:
        """The queue of one kind of work."""
        return self._work[kind].queue

    def navigation(self, kind: WorkKind) -> QueueNavigation:
        """The links within the list of one kind of work."""
        return self._work[kind].navigation

    async def work_on(self, user: User, id_: str) -> Sequence[ReviewItem]:
        """The work on a message, open or closed; none for accounts without a queue."""
        return await self._flags.of(id_) if user.may(Right.QUEUE) else ()

    async def needs_outcome(self, user: User, id_: str) -> bool:
        """Whether acknowledging a message means to say what it is, and not to take a call for help up.

        Raises a Problem if the account may not decide on it.
        """
        trace = await self._authorization.message_to_decide(user, id_, "acknowledge")
        return trace.action != "alert" and any(item.outcome is None for item in await self._flags.of(id_))

    async def acknowledge(
        self, user: User, id_: str, outcome: ReviewOutcome, reason: str = "", clauses: Sequence[str] = ()
    ) -> tuple[WorkKind, ...]:
        """Say that a message is in order, or a violation of the `clauses`; the kinds of work that this closes.

        Without clauses, a violation is of those that the policy found. The classifiers learn from it. Raises a Problem,
        also if somebody said something first.
        """
        await self._authorization.message_to_decide(user, id_, "acknowledge")
        unknown = [clause for clause in clauses if clause not in self._policy.current.clauses]
        if unknown or (clauses and outcome is ReviewOutcome.FINE):
            raise Problem(422, "Name clauses of the policy in force, and only for a violation.")
        kinds = {item.kind for item in await self._flags.of(id_) if item.outcome is None}
        act = PRACTICED if kinds == {WorkKind.SHADOW} else ACKNOWLEDGED
        detail = {"outcome": outcome.value, **({"reason": reason} if reason else {})}
        if clauses:
            detail["clauses"] = ", ".join(clauses)
        entry = AuditEntry(await self._clock.now(), user.name, act, id_, detail)
        said = Acknowledgment(outcome, user.name, reason, tuple(clauses))
        result = await self._flags.acknowledge(id_, said, entry)
        if result.done:
            return result.done
        first = result.first
        if first is None or first.outcome is None:
            raise Problem(409, "This message is not flagged: there is nothing to acknowledge.")
        raise Problem(
            409, f"{first.by} acknowledged this message first, as {_SAID[first.outcome]}.",
            first={
                "by": first.by, "at": None if first.closed_at is None else rfc3339(first.closed_at),
                "outcome": first.outcome.value,
            },
        )  # fmt: skip

    async def reopen(self, user: User, id_: str) -> None:
        """Take an answer back, so that the message is listed again: one's own, or as a director anybody's.

        Raises a Problem.
        """
        await self._authorization.message_to_decide(user, id_, "take back")
        is_director = user.role is AccountRole.TECHNOLOGY_DIRECTOR
        entry = AuditEntry(await self._clock.now(), user.name, REOPENED, id_)
        if not await self._flags.reopen(id_, None if is_director else user.name, entry):
            raise Problem(409, "You have not acknowledged this message: whoever has takes it back, or a director.")

    async def choose(self, user: User, id_: str, chosen: bool) -> None:
        """Say whether a message of the shadow week is an example in the board's report. Raises a Problem."""
        await self._authorization.message_to_decide(user, id_, "choose")
        entry = AuditEntry(await self._clock.now(), user.name, CHOSEN if chosen else LEFT_OUT, id_)
        if not await self._flags.choose(id_, chosen, entry):
            raise Problem(409, "Only a message that would have been held can be an example in the report.")

    async def acknowledge_together(
        self, user: User, ids: Sequence[str], outcome: ReviewOutcome, reason: str = ""
    ) -> TogetherResult:
        """Say the same about several messages, each as if alone. Raises a Problem if there are too many."""
        await self._authorization.require(user, Right.DECIDE)
        if not ids or len(ids) > MAX_TOGETHER:
            raise Problem(422, f"Choose from 1 to {MAX_TOGETHER} messages.")
        result = TogetherResult([], {})
        for id_ in ids:
            try:
                await self.acknowledge(user, id_, outcome, reason)
                result.done.append(id_)
            except Problem as problem:
                result.left[id_] = problem.detail
        return result

    async def near_duplicates(self, user: User, id_: str) -> tuple[WorkKind, NearDuplicates]:
        """A message and its near-duplicates in the list that it is on. The audit log says that they were viewed.

        Raises a Problem if it is on none that the account sees.
        """
        for kind, work in self._work.items():
            if await work.queue.near_duplicates(user, id_):
                return kind, await work.together.near_duplicates(user, id_)
        raise not_found(id_)

    async def open_page(
        self, user: User, kind: WorkKind, values: Mapping[str, str], after: tuple[float, str] | None, limit: int
    ) -> tuple[list[QueueEntry], bool]:
        """Open messages of a kind that pass filters, the earliest due first, and whether there are more."""
        queue = self.queue(kind)
        return await queue.page(user, (await queue.query(user, values)).filter, after, limit)

    async def closed(
        self, user: User, kind: WorkKind, *, days: float, limit: int, before: ListPosition | None = None
    ) -> ListPage[tuple[HeldMessage, ReviewItem]]:
        """What people said in the last days, the newest first. Raises a Problem."""
        await self._authorization.require(user, Right.QUEUE)
        now = await self._clock.now()

        async def fetch(position: ListPosition, batch: int) -> Sequence[tuple[HeldMessage, ReviewItem]]:
            return await self._flags.closed_messages(kind, now - days * _DAY, position, batch)

        def visible(found: Sequence[tuple[HeldMessage, ReviewItem]]) -> list[tuple[HeldMessage, ReviewItem]]:
            return [(own, item) for message, item in found if (own := self._own_part(user, message)) is not None]

        def place(found: tuple[HeldMessage, ReviewItem]) -> ListPosition:
            return (found[1].closed_at or 0.0, found[0].id)

        return await newest_page(fetch, visible, place, before or (now + _DAY, ""), limit)

    def _own_part(self, user: User, message: HeldMessage) -> HeldMessage | None:
        """A message with the recipients of an account's buildings; None if there are none, or in a conflict."""
        pairs = message.relation.pairs
        addresses = [address for address in (message.sender, *message.recipients, *message.others) if address]
        if is_party(user, pairs, addresses, self._directory):
            return None
        if user.sees_every_building:
            return message
        own = tuple(
            address
            for address in message.recipients
            if self._authorization.sees_pairs(user, message.relation.pairs_of(address))
        )
        return replace(message, recipients=own) if own else None

    async def counts(self, user: User) -> Mapping[WorkKind, int]:
        """How many messages of each kind are open for an account. Raises a Problem."""
        return {kind: await work.queue.total(user) for kind, work in self._work.items()}
