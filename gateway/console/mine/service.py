"""One's own messages: where they are, why one was stopped, its text to correct, and a request for another look.

Only school staff see anything, and only what they sent themselves to students: never what was sent to them, never a
student's message, and never what was found in a message or by what.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.console.mine.submission import Submission
from gateway.console.policy.service import PolicyService
from gateway.console.web.errors import Problem, not_found
from gateway.core.accounts.account import User
from gateway.core.channels.registry import capabilities_of
from gateway.core.messages.delivery import State
from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.messages.message import derived_id
from gateway.core.messages.parties import Direction, Person, Role
from gateway.core.notices.sender_rules import NUDGE
from gateway.core.policy.authorization import ConsoleDirectory, person_id_of
from gateway.core.policy.decision import AuditEntry
from gateway.core.policy.escalation import Escalation
from gateway.core.policy.policy import Policy
from gateway.core.policy.review_rules import NEVER_TOLD
from gateway.core.review.views import MessageDetail, RecipientTrace, Trace
from gateway.core.serialization.json_fields import rfc3339
from gateway.ports.accounts import AccountStore
from gateway.ports.audit import AuditStore, AuditTrailStore
from gateway.ports.clock import StoreClock
from gateway.ports.content import ContentParser, read_detail
from gateway.ports.review import ListStore, LookupStore, RequestKind, SenderRequest, SenderStore

MAX_TEXT, MAX_WORDS, MAX_SUBJECT = 20_000, 1000, 200
"""Characters of a corrected text, of the words of a request, and of a subject."""
LOOKED_UP, READ, ASKED, SENT_AGAIN = (
    "own messages looked up", "own message read", "another look asked for", "own message sent again",
)  # fmt: skip
_MAX_ENTRIES = 50


@dataclass(frozen=True, slots=True)
class StoppedFor:
    """A clause that a message was not delivered for."""

    id: str
    title: str
    advice: str


@dataclass(frozen=True, slots=True)
class OwnMessage:
    """A message as its author sees it. `waits`: an administrator looks at it, and its author may know.

    `reasons` and `words` say why it was not delivered. `returned`: nobody has read it, and its author was asked.
    """

    trace: Trace
    waits: bool = False
    returned: bool = False
    reasons: Sequence[StoppedFor] = ()
    words: str = ""
    look: SenderRequest | None = None
    again: SenderRequest | None = None
    may_ask: bool = False
    may_send_again: bool = False

    @property
    def stopped(self) -> list[RecipientTrace]:
        """The copies that were not delivered."""
        return [copy for copy in self.trace.recipients if copy.state is State.REJECTED]

    def state(self, copy: RecipientTrace) -> str:
        """The word for the state of a copy. What is checked and what is held look alike, unless it may be told."""
        if copy.state in (State.RECEIVED, State.HELD):
            return "waiting" if self.waits and copy.state is State.HELD else "checked"
        return "asked" if self.returned and copy.state is State.REJECTED else copy.state.value


@dataclass(frozen=True, slots=True)
class OwnText:
    """The text of one's own message. `files`: it has parts that are not sent again with a corrected text."""

    message: OwnMessage
    subject: str
    text: str
    files: bool


class OwnMessageService:
    """The own messages of the person behind an account."""

    def __init__(
        self, directory: ConsoleDirectory, clock: StoreClock, lookups: LookupStore, lists: ListStore, audit: AuditStore,
        audit_trail: AuditTrailStore, senders: SenderStore, accounts: AccountStore, reader: ContentParser,
        policy: PolicyService, submission: Submission, notify: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self._directory, self._clock, self._lookups, self._lists = directory, clock, lookups, lists
        self._audit, self._audit_trail, self._senders, self._accounts = audit, audit_trail, senders, accounts
        self._reader, self._policy, self._submission, self._notify = reader, policy, submission, tuple(notify)

    async def all(self, user: User) -> tuple[Person | None, list[OwnMessage]]:
        """The account's person, and the messages that they wrote, the newest first. The audit log records it."""
        person = self._person(user)
        if person is None:
            return None, []
        traces = await self._lists.sent_by(self._directory.addresses_of(person.id))
        own = [trace for trace in traces if self._is_own(trace, person)]
        await self._record(user, LOOKED_UP, user.name)
        requests = await self._senders.of([trace.id for trace in own])
        return person, [await self._view(trace, requests.get(trace.id, ())) for trace in own]

    async def find(self, user: User, id_: str) -> OwnMessage:
        """One of them. Raises a Problem."""
        person = self._person(user)
        traces = await self._lookups.trace(id=id_) if person is not None else ()
        if person is None or not traces or not self._is_own(traces[0], person):
            raise not_found()
        requests = await self._senders.of([id_])
        return await self._view(traces[0], requests.get(id_, ()))

    async def read(self, user: User, id_: str) -> OwnText:
        """The text of a message that was not delivered, to correct it. The audit log records it. Raises a Problem."""
        message, detail = await self._stopped(user, id_)
        await self._record(user, READ, id_)
        return await self._text(message, detail)

    async def _text(self, message: OwnMessage, detail: MessageDetail) -> OwnText:
        parts = await self._reader.parts(detail.channel, detail.content)
        texts = [part for part in parts if not part.attached and part.text]
        plain = [part for part in texts if part.media_type == "text/plain"] or texts
        files = any(part.attached for part in parts)
        return OwnText(message, detail.header.subject, plain[0].text[:MAX_TEXT] if plain else "", files)

    async def ask(self, user: User, id_: str, words: str) -> OwnMessage:
        """Ask reviewers for another look, once for each message. Raises a Problem."""
        message = await self.find(user, id_)
        if message.look is not None:
            raise Problem(409, "You have asked for another look at this message already.")
        if not message.may_ask:
            raise Problem(409, "Nobody has stopped this message, so there is nothing to look at again.")
        now, trace = await self._clock.now(), message.trace
        person = person_id_of(user, self._directory)
        request = SenderRequest(id_, RequestKind.LOOK, person, now, words)
        chain = Escalation(await self._accounts.list_all(), self._notify, self._directory)
        envelope = [trace.sender, *(copy.address for copy in trace.recipients)]
        to = chain.recipients_for(1, trace.relation, envelope)
        body = {"to": list(to), "at": rfc3339(now), "message": id_}
        followups = [Followup(FollowupKind.LOOK, id_, body)] if to else []
        if not await self._senders.ask(request, followups, AuditEntry(now, user.name, ASKED, id_)):
            raise Problem(409, "You have asked for another look at this message already.")
        return await self.find(user, id_)

    async def send_again(self, user: User, id_: str, subject: str, text: str) -> str:
        """Send a corrected text to the recipients who did not get the message. Returns its id. Raises a Problem.

        It is a message of its own, which is read and decided like any other.
        """
        message, detail = await self._stopped(user, id_)
        if not text.strip():
            raise Problem(422, "Write the text that you want to send.")
        self._require_may_send(message)
        person = self._person(user)
        assert person is not None, "it is a message of this person"
        if text.strip() == (await self._text(message, detail)).text.strip() and not message.returned:
            raise Problem(422, "This is the text that was not delivered: change it before you send it again.")
        name = derived_id("sent again", id_)
        await self._submission.corrected(name, person, detail, _stopped(message), subject, text)
        return await self._sent(user, message, name)

    async def send_anyway(self, user: User, id_: str) -> str:
        """Send a message again, unchanged, that was returned with a question. Returns its id. Raises a Problem."""
        message, detail = await self._stopped(user, id_)
        self._require_may_send(message)
        if not message.returned:
            raise Problem(409, "An administrator has decided on this message: it cannot be sent unchanged.")
        name = derived_id("sent again", id_)
        await self._submission.unchanged(name, detail, message.trace.sender, _stopped(message))
        return await self._sent(user, message, name)

    async def _sent(self, user: User, message: OwnMessage, name: str) -> str:
        now, id_ = await self._clock.now(), message.trace.id
        person = person_id_of(user, self._directory)
        request = SenderRequest(id_, RequestKind.AGAIN, person, now, other=name)
        await self._senders.ask(request, (), AuditEntry(now, user.name, SENT_AGAIN, id_, {"as": name}))
        return name

    def _require_may_send(self, message: OwnMessage) -> None:
        if message.again is not None:
            raise Problem(409, "You have sent this message again already.")
        if not message.may_send_again:
            raise Problem(409, "This message cannot be sent again here. Speak with an administrator of your school.")

    async def _stopped(self, user: User, id_: str) -> tuple[OwnMessage, MessageDetail]:
        """A message that was not delivered, with its content. Raises a Problem."""
        message = await self.find(user, id_)
        detail = await self._lookups.detail(id_) if message.stopped else None
        if detail is None or not detail.content:
            raise not_found()
        return message, await read_detail(self._reader, detail, parts=False)

    def _person(self, user: User) -> Person | None:
        """The staff member behind an account; None for anybody else, and for a staff member who is a student too."""
        id_ = person_id_of(user, self._directory)
        person = self._directory.by_id(id_) if id_ else None
        if person is None or Role.STAFF not in person.roles or Role.STUDENT in person.roles:
            return None
        return person

    def _is_own(self, trace: Trace, person: Person) -> bool:
        """Whether a person sent a message, and not somebody who uses their name or their phone."""
        sender, pairs = self._directory.person(trace.sender), trace.relation.pairs
        return (
            sender is not None
            and sender.id == person.id
            and all(pair.direction is Direction.STAFF_TO_STUDENT for pair in pairs)
            and any(pair.staff == person.id and not pair.claimed for pair in pairs)
        )

    async def _view(self, trace: Trace, requests: Sequence[SenderRequest]) -> OwnMessage:
        policy = self._policy.current
        is_stopped = any(copy.state is State.REJECTED for copy in trace.recipients)
        is_grave = not NEVER_TOLD.isdisjoint(trace.clauses)
        waits = not is_grave and any(copy.state is State.HELD for copy in trace.recipients)
        returned = is_stopped and NUDGE in trace.reasons
        by_kind = {request.kind: request for request in requests}
        look, again = by_kind.get(RequestKind.LOOK), by_kind.get(RequestKind.AGAIN)
        capable = capabilities_of(trace.channel).has_header_section
        return OwnMessage(
            trace, waits, returned,
            tuple(_reasons(policy, trace.clauses)) if is_stopped and not returned else (),
            await self._words(trace) if is_stopped and not returned else "",
            look, again,
            may_ask=(waits or is_stopped) and not returned and look is None,
            may_send_again=is_stopped and not is_grave and capable and again is None,
        )  # fmt: skip

    async def _words(self, trace: Trace) -> str:
        """What the reviewer wrote to the sender; "" if they kept the usual text."""
        entries = await self._audit_trail.changes_about(trace.id, _MAX_ENTRIES)
        words = next((str(entry.detail["words"]) for entry in entries if "words" in entry.detail), "")
        return "" if words == self._policy.default_rejection_text(trace.clauses) else words

    async def _record(self, user: User, act: str, subject: str) -> None:
        await self._audit.record([AuditEntry(await self._clock.now(), user.name, act, subject)])


def _stopped(message: OwnMessage) -> list[str]:
    return [copy.address for copy in message.stopped]


def _reasons(policy: Policy, clauses: Sequence[str]) -> list[StoppedFor]:
    known = [policy.clauses[id_] for id_ in clauses if id_ in policy.clauses]
    return [StoppedFor(clause.id, clause.title, clause.review_rules.advice) for clause in known]
