"""What somebody can do at the console, the same from a page and from the API: look up, read, decide, take back.

Who may do what is settled here and nowhere else, and every view of content and every decision is in the audit log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from gateway.console.config import ConsoleConfig as ConsoleConfig
from gateway.console.config import Store as Store
from gateway.console.decisions.two_person import standing
from gateway.console.messages.attachments import Files
from gateway.console.queue.cache import HeldQueue
from gateway.console.queue.index import NarrowedQueue, QueueEntry, QueueFilter, QueuePlace
from gateway.console.web.encryption import Encryptor
from gateway.console.web.errors import Problem, already_decided, not_found, reason_missing
from gateway.console.web.pagination import ListPosition as Newer
from gateway.console.web.pagination import Page, listed_position, newest_page, trace_position
from gateway.core.accounts.account import AccountRole, Right, User
from gateway.core.cases.case import CaseFile, LegalHold, Proposal, case_number
from gateway.core.messages.delivery import State
from gateway.core.notices.notice import default_rejection_text
from gateway.core.policy.authorization import (
    PARTY_REFUSAL,
    ConsoleDirectory,
    family_ids,
    in_own_buildings,
    is_party,
    person_id_of,
)
from gateway.core.policy.decision import AuditEntry, RecipientStatus
from gateway.core.policy.policy import Policy
from gateway.core.policy.review_rules import requirements_for
from gateway.core.review.views import ConversationMessage, HeldMessage, ListedMessage, MessageDetail, Trace
from gateway.observability.events import EventLog
from gateway.ports.review import ReviewState
from gateway.stages.moderation import Deed, Moderated, moderate, undo

UNDO = 5.0
"""Seconds in which a decision made on a page can be taken back."""
NEIGHBOURS = 8
"""Messages of the conversation that are shown before a message and after it."""
DAY = 86400.0
HAS_PART = "You, or your own child, sent or received this message: somebody else must decide."
MOST_DONE, MOST_VIEWS = 2000, 100
"""Entries of the audit log about one message that are shown: of what was done, and of who read it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A message with its content and what stands around it, for somebody who may read it."""

    explained: MessageDetail
    conversation: Sequence[ConversationMessage]  # what this person may read of it
    around: Sequence[ConversationMessage]
    history: Sequence[AuditEntry]  # what was done about it, the newest first
    views: Sequence[AuditEntry]  # who read it, the newest first
    taken_up: tuple[str, float] | None  # who has taken a call for help up, and when
    theirs: tuple[str, ...]  # the held recipients that this person may decide on
    handled: ReviewState
    cases: Sequence[CaseFile]
    legal_hold: LegalHold | None


class Desk:
    """The console's own part, over the store and the roster."""

    def __init__(
        self, store: Store, register: ConsoleDirectory, policy: Callable[[], Policy], event_log: EventLog,
        house: ConsoleConfig, decided: Callable[[], None], files: Files | None = None,
    ) -> None:  # fmt: skip
        self.files = files or Files()
        self.store, self.register, self.policy = store, register, policy
        self.event_log, self.house = event_log, house
        self.queue = HeldQueue(store, store, store, register, hide_names=house.hide_names)
        self.stopping = asyncio.Event()
        self._decided = decided
        self._seals: Encryptor | None = None

    async def seals(self) -> Encryptor:
        """What seals the words that people look for."""
        if self._seals is None:
            self._seals = Encryptor(await self.store.secret("searches"), "searches")
        return self._seals

    # who may what

    async def need(self, user: User, right: Right, subject: str = "") -> None:
        """Raise a Problem, and note it, where an account's role lacks a right; content may be granted to an auditor."""
        if not user.may(right) and not (right is Right.CONTENT and await self.granted(user, subject)):
            await self._refuse(user, right, subject)
            raise Problem(403, f"Your role ({user.role.replace('_', ' ')}) does not allow this.")

    async def _refuse(self, user: User, what: str, subject: str) -> None:
        await self.store.record(
            [AuditEntry(await self.store.now(), user.name, "access refused", subject, {"to": what})]
        )

    async def granted(self, user: User, subject: str) -> bool:
        """Whether content was granted to an auditor: of this message, of a case that names it, or all of it."""
        if user.role is not AccountRole.AUDITOR:
            return False
        subjects = {each.subject for each in await self.store.granted_to(user.name)}
        if subject in subjects or "" in subjects:
            return True
        cases = [await self.store.case(number) for each in subjects if (number := case_number(each)) is not None]
        return any(subject in file.messages for file in cases if file is not None)

    async def reads(self, user: User, subject: str) -> bool:
        """Whether somebody may read a message or a case, by role or because it was granted."""
        return user.may(Right.CONTENT) or await self.granted(user, subject)

    def hides(self, user: User) -> bool:
        """Whether names are hidden from somebody: from those who review, where the district wants it so.

        Auditors review what others decided. Who only says where a message is (security) needs to know whose it is.
        """
        return self.house.hide_names and (user.may(Right.CONTENT) or user.may(Right.AUDIT))

    def in_part(self, user: User, trace: Trace) -> bool:
        """Whether this person, or their own child, sent or received a message."""
        addresses = [trace.sender, *(each.address for each in trace.recipients)]
        return is_party(user, trace.relation.pairs, [each for each in addresses if each], self.register)

    def _sees(self, user: User, trace: Trace) -> bool:
        return in_own_buildings(user, trace.relation.pairs, self.register)

    # look up

    async def held(self, user: User) -> list[HeldMessage]:
        """The queue of an account, the earliest due first; of each message the recipients that are theirs."""
        await self.need(user, Right.QUEUE)
        return await self.counted(user)

    async def counted(self, user: User) -> list[HeldMessage]:
        """The same for counts, which every role may see."""
        found = (await self.queue.index()).entries(_buildings(user), excluded=await self._apart(user))
        return [each.message for each in self._own(user, found)]

    async def narrowed(self, user: User, asked: QueueFilter, most: int) -> NarrowedQueue:
        """The queue of an account as it asks for it. Raises a Problem."""
        await self.need(user, Right.QUEUE)
        asked = replace(asked, buildings=_buildings(user), excluded=await self._apart(user))
        found = (await self.queue.index()).narrow(asked, most)
        return replace(found, items=[(own, more) for each, more in found.items for own in self._own(user, [each])])

    async def kept(self, user: User, asked: QueueFilter) -> list[HeldMessage]:
        """Every message of the queue that is asked for. Raises a Problem."""
        await self.need(user, Right.QUEUE)
        asked = replace(asked, buildings=_buildings(user), excluded=await self._apart(user))
        found = (await self.queue.index()).matching(asked)
        return [each.message for each in self._own(user, found)]

    async def following(self, user: User, asked: QueueFilter, place: QueuePlace) -> str:
        """The message that comes behind a place of the queue as it is asked for, else the last before it; "": none."""
        if not user.may(Right.QUEUE):
            return ""
        asked = replace(asked, buildings=_buildings(user), excluded=await self._apart(user))
        return (await self.queue.index()).next_message(asked, place)

    async def counts(self, user: User, now: float) -> NarrowedQueue:
        """How much is held, of what is theirs."""
        apart = await self._apart(user)
        asked = QueueFilter(now, _buildings(user), lambda holder, second: frozenset(), {}, excluded=apart)
        return (await self.queue.index()).narrow(asked, 0)

    async def of_mailing(self, user: User, id_: str) -> list[QueueEntry]:
        """The messages of the mailing that a held message belongs to, none where it is not held or not theirs."""
        await self.need(user, Right.QUEUE)
        index = await self.queue.index()
        entry = index.get(id_)
        apart = await self._apart(user)
        listed = index.entries(_buildings(user), entry.duplicates, apart) if entry is not None else []
        found = self._own(user, listed)
        return found if any(each.message.id == id_ for each in found) else []

    async def _apart(self, user: User) -> frozenset[str]:
        """Whose messages are not for this person to see in lists: their own and their children's."""
        return await self.queue.with_groups(family_ids(person_id_of(user, self.register), self.register))

    def _own(self, user: User, entries: Iterable[QueueEntry]) -> list[QueueEntry]:
        """Entries of an account's buildings, with the recipients that are theirs."""
        if user.sees_every_building:
            return list(entries)
        found = []
        for entry in entries:
            held = entry.message
            theirs = tuple(
                to for to in held.recipients if in_own_buildings(user, held.relation.behind(to), self.register)
            )
            if theirs == held.recipients:
                found.append(entry)
            elif theirs:
                found.append(replace(entry, message=replace(held, recipients=theirs)))
        return found

    async def mark(self) -> object:
        """Something that changes whenever what the queue's page shows does."""
        return await self.queue.change_mark(), await self.store.calls_mark()

    async def find(self, user: User, id_: str) -> Trace:
        """Where one message is. Raises a Problem: unknown, or another building's."""
        await self.need(user, Right.TRACE, id_)
        traces = await self.store.trace(id=id_)
        if not traces or not self._sees(user, traces[0]):
            raise not_found(id_)
        return traces[0]

    async def traces(
        self, user: User, *, id_: str = "", message_id: str = "", address: str = "", limit: int = 200,
        before: Newer | None = None,
    ) -> Page[Trace]:  # fmt: skip
        """Where messages are, by one of the three, the newest first."""
        await self.need(user, Right.TRACE)

        def seen(found: Sequence[Trace]) -> list[Trace]:
            return [self.told(user, each) for each in found if self._sees(user, each)]

        if id_:
            return Page(seen(await self.store.trace(id=id_)), None)
        return await newest_page(
            lambda at, most: self.store.traced(at, message_id=message_id, address=address),
            seen, trace_position, before or (float("inf"), ""), limit,
        )  # fmt: skip

    def told(self, user: User, trace: Trace) -> Trace:
        """A trace as somebody may see it: who has a part in the message is told how far it has come, and not why."""
        if not self.in_part(user, trace):
            return trace
        recipients = tuple(replace(each, decided_by="", decided_at=None, due_at=None) for each in trace.recipients)
        return replace(trace, recipients=recipients, action="", clauses=(), reasons=())

    async def noticed(
        self, user: User, action: str, *, days: float, limit: int = 200, before: Newer | None = None
    ) -> Page[ListedMessage]:
        """Delivered messages that ask to be looked at, the newest first: alert, flag, or hold that came too late."""
        await self.need(user, Right.QUEUE)
        now = await self.store.now()
        since, start, seen = now - days * DAY, before or (now + DAY, ""), partial(self.seen, user)
        return await newest_page(
            lambda at, most: self.store.noticed(action, since, at, most), seen, listed_position, start, limit
        )  # fmt: skip

    async def decided(
        self, user: User, *, days: float, limit: int = 200, before: Newer | None = None
    ) -> Page[ListedMessage]:  # fmt: skip
        """What people decided lately, the newest first; without subjects for roles that see no content."""
        await self.need(user, Right.AUDIT if user.role is AccountRole.AUDITOR else Right.QUEUE)
        now = await self.store.now()
        since, start, seen = now - days * DAY, before or (now + DAY, ""), partial(self.seen, user)
        found = await newest_page(
            lambda at, most: self.store.decided(since, at, most), seen, listed_position, start, limit
        )
        if user.may(Right.CONTENT):
            return found
        return replace(found, items=[replace(each, subject="") for each in found.items])

    def seen(self, user: User, found: Sequence[ListedMessage]) -> list[ListedMessage]:
        """Those of a list that somebody sees: of their buildings, and none that they have a part in."""
        return [each for each in found if self._sees(user, each.trace) and not self.in_part(user, each.trace)]

    # read

    async def explained(self, user: User, id_: str, what: str) -> MessageDetail:
        """The content of a message; the view is in the audit log before anything is shown. `what`: which part of it."""
        await self.need(user, Right.CONTENT, id_)
        await self.apart(user, await self.find(user, id_), f"read {what}")
        explained = await self.store.explained(id_)
        if explained is None:
            raise not_found(id_)
        await self.store.record([AuditEntry(await self.store.now(), user.name, "viewed", id_, {"what": what})])
        return explained

    async def apart(self, user: User, trace: Trace, deed: str) -> None:
        """Raise a Problem, and note it, where somebody has a part in a message: others read it and decide."""
        if self.in_part(user, trace):
            await self._refuse(user, f"{deed}: {PARTY_REFUSAL}", trace.id)
            raise Problem(403, HAS_PART)

    async def reading(self, user: User, id_: str) -> Reading:
        """A message with everything that its page shows."""
        explained = await self.explained(user, id_, "message and conversation")
        around = await self.store.around(id_, NEIGHBOURS)
        return Reading(
            explained,
            self.near(user, around),
            around,
            await self.store.done_about(id_, MOST_DONE),
            await self.store.views_of(id_, MOST_VIEWS),
            await self.store.taken_up(id_),
            self._decidable(user, explained.trace),
            await self.store.handled_of(id_),
            await self.cases_seen(user, id_),
            (await self.store.holds([id_])).get(id_),
        )

    def near(self, user: User, around: Sequence[ConversationMessage]) -> list[ConversationMessage]:
        """Those of a conversation that somebody may read."""

        def fits(each: ConversationMessage) -> bool:
            pairs, addresses = each.relation.pairs, [at for at in (each.sender, *each.recipients) if at]
            return in_own_buildings(user, pairs, self.register) and not is_party(user, pairs, addresses, self.register)

        return list(filter(fits, around))

    async def cases_seen(self, user: User, id_: str) -> list[CaseFile]:
        """The cases that name a message, of those that this person may see."""
        return await self.seen_of(user, await self.store.cases_of(id_))

    async def seen_of(self, user: User, files: Sequence[CaseFile]) -> list[CaseFile]:
        """Cases of which every message is theirs to see and none has them in it; of empty ones: their people's."""
        files = [file for file in files if await self.reads(user, file.subject)]
        traces = await self.store.named({id_ for file in files for id_ in file.messages})

        def fits(file: CaseFile) -> bool:
            if not file.messages:
                return user.sees_every_building or user.name in (file.opened_by, file.assignee)
            named = [traces.get(id_) for id_ in file.messages]
            return all(each is not None and self._sees(user, each) and not self.in_part(user, each) for each in named)

        return [file for file in files if fits(file)]

    async def sees_case(self, user: User, file: CaseFile) -> bool:
        """Whether a case is one of these."""
        return bool(await self.seen_of(user, [file]))

    def _decidable(self, user: User, trace: Trace) -> tuple[str, ...]:
        if not user.may(Right.DECIDE):
            return ()
        return tuple(
            each.address
            for each in trace.recipients
            if each.state == "held" and in_own_buildings(user, trace.relation.behind(each.address), self.register)
        )

    # decide

    async def deciding(self, user: User, id_: str, deed: str) -> Trace:
        """A message that this person may decide on. Raises a Problem."""
        await self.need(user, Right.DECIDE, id_)
        trace = await self.find(user, id_)
        await self.apart(user, trace, deed)
        return trace

    async def decide(
        self, user: User, id_: str, deed: Deed, reason: str, *, after: float = 0.0, words: str = ""
    ) -> Moderated | Proposal:
        """Release, reject or discard what is held of a message and theirs. Raises a Problem where it cannot be.

        A proposal: the policy wants two people, and waits for the second. `words`: to the sender of what is rejected.
        """
        trace = await self.deciding(user, id_, deed)
        entry = await self.queue.entry(id_)
        asked = requirements_for(self.policy(), entry.message.clauses if entry else trace.clauses, deed)
        both = [user]
        if entry is not None and asked.reason and not reason:
            raise reason_missing(deed)
        if entry is not None and asked.second:
            mine = Proposal(deed, user.name, 0.0, reason, words)
            proposal, first = await standing(self.store, self.register, user, trace, mine)
            if proposal.by == user.name:
                return proposal
            both.append(first)
            reason = "; ".join(filter(None, (f"{proposal.by}: {proposal.reason}" if proposal.reason else "", reason)))
            words = words or proposal.words
        words = words or self.default_rejection_text(entry.message.clauses if entry else trace.clauses)

        known = set(entry.message.clauses) if entry else set()

        def may(waiting: RecipientStatus) -> bool:
            """Of what is held, that for which it was asked what the policy wants: a verdict may just have come."""
            why = waiting.decision.clauses if waiting.decision else ()
            asked_about = waiting.state is not State.HELD or (entry is not None and known.issuperset(why))
            return asked_about and all(in_own_buildings(each, waiting.pairs, self.register) for each in both)

        done = await moderate(
            self.store, self.store, id_, deed, by=user.name, reason=reason, may=may, after=after, words=words
        )
        if done is None:
            raise not_found(id_)
        if not done.changed:
            raise already_decided(done.first, hides_names=self.hides(user))
        if (entry is not None and entry.review.proposal is not None) or asked.second:
            await self.store.withdraw(id_, None)
        self.event_log.decided(id_, done.channel, deed, len(done.changed), done.clauses, (), None, user.name)
        self._decided()
        return done

    def default_rejection_text(self, clauses: Sequence[str]) -> str:
        """What the sender of a rejected message is told unless somebody writes something else."""
        return default_rejection_text(self.house.district, self.policy(), clauses)

    async def undo(self, user: User, id_: str) -> tuple[str, ...]:
        """Hold again what this person decided a moment ago. Raises a Problem where it has left."""
        await self.need(user, Right.DECIDE, id_)
        await self.find(user, id_)
        back = await undo(self.store, self.store, id_, by=user.name)
        if not back:
            raise Problem(409, "It is too late to undo this: it has left, or was decided by somebody else.")
        self.event_log.decision_undone(id_)
        return back


def _buildings(user: User) -> frozenset[str] | None:
    return None if user.sees_every_building else frozenset(user.buildings)
