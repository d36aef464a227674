"""What somebody can do at the console, the same from a page and from the API: look up, read, decide, take back.

Who may do what is settled here and nowhere else, and every view of content and every decision is in the audit log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Network
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

from gateway.account_ports import Passkeys, Sessions, Vouchings
from gateway.console.files import Files
from gateway.console.held_queue import HeldQueue
from gateway.console.oidc import Provider
from gateway.console.problems import Problem, decided_already, unknown
from gateway.console.queue_index import Asked, Entry, Narrowed
from gateway.console_ports import Accounts, Cases, Handled, Handling, Identities, Lists, Recall, Reports
from gateway.core.access import Register, has_part, is_theirs
from gateway.core.account import Right, User
from gateway.core.casework import CaseFile, LegalHold, Proposal
from gateway.core.decision import Act, Waiting
from gateway.core.moderation import Explained, Held, Neighbour, Noticed, Trace
from gateway.core.notice import rejection_words
from gateway.core.policy import Policy
from gateway.core.review import needs
from gateway.journal import Journal
from gateway.ports import Audit, Dispositions, Review
from gateway.stages.moderation import Deed, Moderated, moderate, undo

UNDO = 5.0
"""Seconds in which a decision made on a page can be taken back."""
NEIGHBOURS = 8
"""Messages of the conversation that are shown before a message and after it."""
DAY = 86400.0


class Store(
    Review, Dispositions, Audit, Recall, Lists, Accounts, Identities, Sessions, Passkeys, Vouchings, Handling, Cases,
    Reports, Protocol,
):  # fmt: skip
    """What the console asks of the store."""


@dataclass(frozen=True, slots=True)
class House:
    """Whose console this is."""

    district: str
    zone: ZoneInfo
    public_url: str
    adopted_policy: str = ""  # Markdown; "": the clauses in our own words
    provider: Provider | None = None  # the district's sign-in service
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()  # who may say for whom a request comes
    hide_names: bool = False  # reviewers see pseudonyms until they open the names of a message
    second_step: Literal["optional", "required"] = "optional"  # of those who sign in by a password

    @property
    def https(self) -> bool:
        """Whether browsers come over TLS."""
        return self.public_url.lower().startswith("https://")


@dataclass(frozen=True, slots=True)
class Reading:
    """A message with its content and what stands around it, for somebody who may read it."""

    explained: Explained
    conversation: Sequence[Neighbour]
    history: Sequence[Act]
    theirs: tuple[str, ...]  # the held recipients that this person may decide on
    conflict: bool
    handled: Handled
    cases: Sequence[CaseFile]
    legal_hold: LegalHold | None


class Desk:
    """The console's own part, over the store and the roster."""

    def __init__(
        self, store: Store, register: Register, policy: Callable[[], Policy], journal: Journal, house: House,
        decided: Callable[[], None], files: Files | None = None,
    ) -> None:  # fmt: skip
        self.files = files or Files()
        self.store, self.register, self.policy = store, register, policy
        self.journal, self.house = journal, house
        self.queue = HeldQueue(store, store, store, register, hide_names=house.hide_names)
        self.stopping = asyncio.Event()
        self._decided = decided

    # who may what

    async def need(self, user: User, right: Right, subject: str = "") -> None:
        """Raise a Problem, and note it, where an account's role lacks a right."""
        if not user.may(right):
            await self._refuse(user, right, subject)
            raise Problem(403, f"Your role ({user.role.replace('_', ' ')}) does not allow this.")

    async def _refuse(self, user: User, what: str, subject: str) -> None:
        await self.store.record([Act(await self.store.now(), user.name, "access refused", subject, {"to": what})])

    def hides(self, user: User) -> bool:
        """Whether names are hidden from somebody: from those who read messages, where the district wants it so."""
        return self.house.hide_names and user.may(Right.CONTENT)

    def in_part(self, user: User, trace: Trace) -> bool:
        """Whether this person, or their own child, sent or received a message."""
        addresses = [trace.sender, *(each.address for each in trace.recipients)]
        return has_part(user, trace.relation.pairs, [each for each in addresses if each], self.register)

    def _sees(self, user: User, trace: Trace) -> bool:
        return is_theirs(user, trace.relation.pairs, self.register)

    # look up

    async def held(self, user: User) -> list[Held]:
        """The queue of an account, the earliest due first; of each message the recipients that are theirs."""
        await self.need(user, Right.QUEUE)
        return await self.counted(user)

    async def counted(self, user: User) -> list[Held]:
        """The same for counts, which every role may see."""
        return [each.held for each in self._own(user, (await self.queue.index()).entries(_buildings(user)))]

    async def narrowed(self, user: User, asked: Asked, most: int) -> Narrowed:
        """The queue of an account as it asks for it. Raises a Problem."""
        await self.need(user, Right.QUEUE)
        found = (await self.queue.index()).narrow(replace(asked, own=_buildings(user)), most)
        return replace(found, listed=[(own, more) for each, more in found.listed for own in self._own(user, [each])])

    async def kept(self, user: User, asked: Asked) -> list[Held]:
        """Every message of the queue that is asked for. Raises a Problem."""
        await self.need(user, Right.QUEUE)
        found = (await self.queue.index()).kept(replace(asked, own=_buildings(user)))
        return [each.held for each in self._own(user, found)]

    async def counts(self, user: User, now: float) -> Narrowed:
        """How much is held, of what is theirs."""
        asked = Asked(now, _buildings(user), lambda holder, second: frozenset(), {})
        return (await self.queue.index()).narrow(asked, 0)

    async def of_mailing(self, user: User, id_: str) -> list[Entry]:
        """The messages of the mailing that a held message belongs to, none where it is not held or not theirs."""
        await self.need(user, Right.QUEUE)
        index = await self.queue.index()
        entry = index.get(id_)
        found = self._own(user, index.entries(_buildings(user), entry.mailing)) if entry is not None else []
        return found if any(each.held.id == id_ for each in found) else []

    def _own(self, user: User, entries: Iterable[Entry]) -> list[Entry]:
        """Entries of an account's buildings, with the recipients that are theirs."""
        if user.sees_every_building:
            return list(entries)
        found = []
        for entry in entries:
            held = entry.held
            theirs = tuple(to for to in held.recipients if is_theirs(user, held.relation.behind(to), self.register))
            if theirs == held.recipients:
                found.append(entry)
            elif theirs:
                found.append(replace(entry, held=replace(held, recipients=theirs)))
        return found

    async def mark(self) -> object:
        """Something that changes whenever what the queue's page shows does."""
        return await self.queue.mark(), await self.store.calls_mark()

    async def find(self, user: User, id_: str) -> Trace:
        """Where one message is. Raises a Problem: unknown, or another building's."""
        await self.need(user, Right.TRACE, id_)
        traces = await self.store.trace(id=id_)
        if not traces or not self._sees(user, traces[0]):
            raise unknown(id_)
        return traces[0]

    async def traces(self, user: User, *, id_: str = "", message_id: str = "", address: str = "") -> list[Trace]:
        """Where messages are, by one of the three."""
        await self.need(user, Right.TRACE)
        found = await self.store.trace(id=id_, message_id=message_id, address=address)
        return [each for each in found if self._sees(user, each)]

    async def noticed(self, user: User, action: str, *, days: float, limit: int = 200) -> list[Noticed]:
        """Delivered messages that ask to be looked at, the newest first: alert, flag, or hold that came too late."""
        await self.need(user, Right.QUEUE)
        now = await self.store.now()
        found = await self.store.noticed(action, now - days * DAY, now + DAY, limit)
        return [each for each in found if self._sees(user, each.trace)]

    async def decided(self, user: User, *, days: float, limit: int = 200) -> list[Noticed]:
        """What people decided lately, the newest first."""
        await self.need(user, Right.QUEUE)
        now = await self.store.now()
        found = await self.store.decided(now - days * DAY, now + DAY, limit)
        return [each for each in found if self._sees(user, each.trace)]

    # read

    async def explained(self, user: User, id_: str, what: str) -> Explained:
        """The content of a message; the view is in the audit log before anything is shown. `what`: which part of it."""
        await self.need(user, Right.CONTENT, id_)
        await self.find(user, id_)
        explained = await self.store.explained(id_)
        if explained is None:
            raise unknown(id_)
        await self.store.record([Act(await self.store.now(), user.name, "viewed", id_, {"what": what})])
        return explained

    async def reading(self, user: User, id_: str) -> Reading:
        """A message with everything that its page shows."""
        explained = await self.explained(user, id_, "message and conversation")
        around = await self.store.around(id_, NEIGHBOURS)
        return Reading(
            explained,
            [each for each in around if is_theirs(user, each.relation.pairs, self.register)],
            await self.store.acts_about(id_, 100),
            self._decidable(user, explained.trace),
            self.in_part(user, explained.trace),
            await self.store.handled_of(id_),
            await self.cases_seen(user, id_),
            (await self.store.holds([id_])).get(id_),
        )

    async def cases_seen(self, user: User, id_: str) -> list[CaseFile]:
        """The cases that name a message, of those that this person may see."""
        return await self.seen_of(user, await self.store.cases_of(id_))

    async def seen_of(self, user: User, files: Sequence[CaseFile]) -> list[CaseFile]:
        """Cases of which every message is theirs to see and none has them in it; of empty ones: their people's."""
        if not user.may(Right.CONTENT):
            return []
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
            if each.state == "held" and is_theirs(user, trace.relation.behind(each.address), self.register)
        )

    # decide

    async def deciding(self, user: User, id_: str, deed: str) -> Trace:
        """A message that this person may decide on. Raises a Problem."""
        await self.need(user, Right.DECIDE, id_)
        trace = await self.find(user, id_)
        if self.in_part(user, trace):
            await self._refuse(user, f"{deed}: has a part in it", id_)
            raise Problem(403, "You, or your own child, sent or received this message: somebody else must decide.")
        return trace

    async def decide(
        self, user: User, id_: str, deed: Deed, reason: str, *, after: float = 0.0, words: str = ""
    ) -> Moderated | Proposal:
        """Release, reject or discard what is held of a message and theirs. Raises a Problem where it cannot be.

        A proposal: the policy wants two people, and waits for the second. `words`: to the sender of what is rejected.
        """
        trace = await self.deciding(user, id_, deed)
        entry = await self.queue.entry(id_)
        asked = needs(self.policy(), entry.held.clauses if entry else trace.clauses, deed)
        if entry is not None and asked.reason and not reason:
            raise Problem(422, f"The policy asks for a reason to {deed} this message: say in a few words why.")
        if entry is not None and asked.second:
            proposal = await self._second(user, id_, Proposal(deed, user.name, 0.0, reason, words))
            if proposal.by == user.name:
                return proposal
            reason = "; ".join(filter(None, (f"{proposal.by}: {proposal.reason}" if proposal.reason else "", reason)))
            words = words or proposal.words
        words = words or self.usual_words(entry.held.clauses if entry else trace.clauses)

        def may(waiting: Waiting) -> bool:
            return is_theirs(user, waiting.pairs, self.register)

        done = await moderate(
            self.store, self.store, id_, deed, by=user.name, reason=reason, may=may, after=after, words=words
        )
        if done is None:
            raise unknown(id_)
        if not done.changed:
            raise decided_already(done.first, hides=self.hides(user))
        if (entry is not None and entry.handled.proposal is not None) or asked.second:
            await self.store.withdraw(id_, None)
        self.journal.decided(id_, done.channel, deed, len(done.changed), done.clauses, (), None, user.name)
        self._decided()
        return done

    async def _second(self, user: User, id_: str, proposal: Proposal) -> Proposal:
        """The proposal that stands: this one, or another person's that this one agrees with. Raises a Problem."""
        detail = {"deed": proposal.deed, "reason": proposal.reason}
        act = Act(await self.store.now(), user.name, "proposed", id_, detail)
        standing = await self.store.propose(id_, proposal, act)
        if standing.deed != proposal.deed:
            raise Problem(
                409,
                f"{standing.by} has proposed to {standing.deed} it, and the policy wants two people to agree. "
                "Agree with it, or take the proposal away first.",
            )
        return standing

    def usual_words(self, clauses: Sequence[str]) -> str:
        """What the sender of a rejected message is told unless somebody writes something else."""
        known = self.policy().clauses
        told = [(each, known[each].title, known[each].handling.advice) for each in clauses if each in known]
        return rejection_words(self.house.district, told)

    async def undo(self, user: User, id_: str) -> tuple[str, ...]:
        """Hold again what this person decided a moment ago. Raises a Problem where it has left."""
        await self.need(user, Right.DECIDE, id_)
        await self.find(user, id_)
        back = await undo(self.store, self.store, id_, by=user.name)
        if not back:
            raise Problem(409, "It is too late to undo this: it has left, or was decided by somebody else.")
        self.journal.undone(id_)
        return back

    async def acknowledge(self, user: User, id_: str) -> None:
        """Take a call for help up; the first one counts."""
        await self.need(user, Right.DECIDE, id_)
        trace = await self.find(user, id_)
        if trace.action != "alert":
            raise Problem(409, "This message is no call for help.")
        if self.in_part(user, trace):
            raise Problem(403, "You, or your own child, sent or received this message: somebody else must take it up.")
        act = Act(await self.store.now(), user.name, "call for help taken up", id_)
        await self.store.acknowledge(id_, user.name, act)


def _buildings(user: User) -> frozenset[str] | None:
    return None if user.sees_every_building else frozenset(user.buildings)
