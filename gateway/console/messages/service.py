"""One message: where it is, what it says, and the conversation around it. Every view of content is in the audit log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite

from gateway.console.auth.authorization import Authorization
from gateway.console.messages.attachments import AttachmentReader, FileText
from gateway.console.web.errors import not_found
from gateway.core.accounts.account import Right, User
from gateway.core.cases.case import CaseFile, LegalHold
from gateway.core.mime.parts import Part
from gateway.core.policy.decision import AuditEntry
from gateway.core.policy.urgency import Attention, AttentionKind
from gateway.core.review.views import ConversationMessage, MessageDetail, Trace
from gateway.ports.audit import AuditStore, AuditTrailStore
from gateway.ports.cases import CaseStore, LegalHoldStore
from gateway.ports.clock import StoreClock
from gateway.ports.contact import ContactStore, StoredFinding
from gateway.ports.content import ContentParser, read_detail
from gateway.ports.help import HelpAlertStore
from gateway.ports.review import ClaimStore, ConversationStore, LookupStore, ReviewState
from gateway.ports.urgency import UrgencyStore

NEIGHBORS = 8
"""Messages of the conversation that are shown before a message and after it."""
CONVERSATION_PAGE = 30
"""Messages of one further page of a conversation."""
_MAX_HISTORY, _MAX_VIEWS = 2000, 100
"""Entries of the audit log about one message that its page shows: what was done, and who read it."""

ConversationPlace = tuple[float, str]
"""Where a conversation continues: the time and the id of the last message that was shown."""
Ends = tuple[ConversationPlace | None, ConversationPlace | None]
"""Where a conversation continues before and after a part of it, None where it does not."""


@dataclass(frozen=True, slots=True)
class MessageReading:
    """A message with what its page shows around it, for an account that may read it."""

    detail: MessageDetail
    conversation: Sequence[ConversationMessage]  # what the account may read of it
    ends: Ends
    history: Sequence[AuditEntry]  # what was done, the newest first
    views: Sequence[AuditEntry]  # who read it, the newest first
    taken_up: tuple[str, float] | None  # who takes care of a call for help, and since when
    recipients_to_decide: tuple[str, ...]
    review: ReviewState
    cases: Sequence[CaseFile]
    legal_hold: LegalHold | None
    contact: Sequence[StoredFinding]  # what counters of contact said at this message
    urgent: Attention | None = None  # if people are told of it at once
    conflict: bool = False  # the reader is a party to it: they may read, but not decide


@dataclass(frozen=True, slots=True)
class ConversationPart:
    """A part of the conversation around a message; `ends` are where it continues."""

    detail: MessageDetail
    messages: Sequence[ConversationMessage]
    ends: Ends


class MessageService:
    """Messages for accounts that may see them."""

    def __init__(
        self, authorization: Authorization, clock: StoreClock, lookups: LookupStore, conversations: ConversationStore,
        audit: AuditStore, audit_trail: AuditTrailStore, help_alerts: HelpAlertStore, claims: ClaimStore,
        cases: CaseStore, legal_holds: LegalHoldStore, contact: ContactStore, files: AttachmentReader,
        reader: ContentParser, urgency: UrgencyStore,
    ) -> None:  # fmt: skip
        self._authorization, self._clock, self._lookups = authorization, clock, lookups
        self._conversations, self._audit, self._audit_trail = conversations, audit, audit_trail
        self._help_alerts, self._claims, self._files = help_alerts, claims, files
        self._cases, self._legal_holds, self._contact, self._reader = cases, legal_holds, contact, reader
        self._urgency = urgency

    async def trace(self, user: User, id_: str) -> Trace:
        """Where a message is. Raises a Problem if it is unknown or belongs to another building."""
        return await self._authorization.visible_message(user, id_)

    def has_conflict(self, user: User, trace: Trace) -> bool:
        """Whether the account's person, or their child, sent or received a message."""
        return self._authorization.has_conflict(user, trace)

    def visible_facts(self, user: User, trace: Trace) -> Trace:
        """What an account may know about where a message is. With a conflict of interest: not why, nor who decided."""
        if not self.has_conflict(user, trace):
            return trace
        recipients = tuple(
            replace(recipient, decided_by="", decided_at=None, due_at=None) for recipient in trace.recipients
        )
        return replace(trace, recipients=recipients, action="", clauses=(), reasons=())

    async def notes(self, user: User, trace: Trace) -> Sequence[StoredFinding]:
        """What counters said at a message, in words with numbers. With a conflict of interest: nothing."""
        return () if self.has_conflict(user, trace) else await self._contact.findings_of(trace.id)

    async def may_read(self, user: User, trace: Trace) -> bool:
        """Whether an account may read the content of a message."""
        if self.has_conflict(user, trace):
            return await self._authorization.may_read_threat(user, trace)
        return await self._authorization.may_read(user, trace.id)

    async def read(self, user: User, id_: str, part: str) -> MessageDetail:
        """The content of a message. The audit log says who viewed which part before anything is shown.

        Raises a Problem if the account may not read it.
        """
        await self._authorization.require(user, Right.CONTENT, id_)
        trace = await self._authorization.visible_message(user, id_)
        if not await self._authorization.may_read_threat(user, trace):
            await self._authorization.require_no_conflict(user, trace, f"read {part}")
        detail = await self._lookups.detail(id_)
        if detail is None:
            raise not_found(id_)
        now = await self._clock.now()
        await self._audit.record([AuditEntry(now, user.name, "viewed", id_, {"what": part})])
        return await read_detail(self._reader, detail, parts=False)

    async def read_subject(self, user: User, trace: Trace) -> MessageDetail | None:
        """A message for its subject alone, which is no view of its content; None if the account may not read it."""
        detail = await self._lookups.detail(trace.id) if await self.may_read(user, trace) else None
        return None if detail is None else await read_detail(self._reader, detail, parts=False)

    async def reading(self, user: User, id_: str) -> MessageReading:
        """A message with everything that its page shows. Raises a Problem."""
        detail = await self.with_parts(await self.read(user, id_, "message and conversation"), account=True)
        around = await self._conversations.around(id_, NEIGHBORS)
        urgent = await self._urgency.of([id_], AttentionKind.URGENT)
        if self.has_conflict(user, detail.trace):  # a threat to its reader: what it says, and nothing of its review
            trace = self.visible_facts(user, detail.trace)
            return MessageReading(
                replace(detail, trace=trace), (), (None, None), (), (), None, (), ReviewState(), (), None, (),
                urgent.get(id_), conflict=True,
            )  # fmt: skip
        return MessageReading(
            detail,
            self._authorization.visible_conversation(user, around),
            await self._ends(id_, around),
            await self._audit_trail.changes_about(id_, _MAX_HISTORY),
            await self._audit_trail.views_about(id_, _MAX_VIEWS),
            await self._help_alerts.acknowledged_by(id_),
            self._authorization.recipients_to_decide(user, detail.trace),
            await self._claims.review_state(id_),
            await self._authorization.visible_cases(user, await self._cases.of_message(id_)),
            (await self._legal_holds.of_messages([id_])).get(id_),
            await self._contact.findings_of(id_),
            urgent.get(id_),
        )

    async def history(self, user: User, trace: Trace) -> Sequence[AuditEntry]:
        """What was done about a message, the newest first, for accounts that see the audit log but no content."""
        if not user.may(Right.AUDIT) or self.has_conflict(user, trace):
            return ()
        return await self._audit_trail.changes_about(trace.id, _MAX_HISTORY)

    async def conversation(
        self, user: User, id_: str, beyond: ConversationPlace | None = None, *, earlier: bool = True
    ) -> ConversationPart:
        """The conversation around a message, or its next part on one side. The view is in the audit log.

        Raises a Problem if the account may not read the message.
        """
        detail = await self.read(user, id_, "conversation")
        if beyond is None:
            messages = await self._conversations.around(id_, NEIGHBORS)
        else:
            messages = await self._conversations.beyond(id_, beyond, CONVERSATION_PAGE, earlier=earlier)
        ends = await self._ends(id_, messages)
        return ConversationPart(detail, self._authorization.visible_conversation(user, messages), ends)

    async def with_parts(self, detail: MessageDetail, *, account: bool = False) -> MessageDetail:
        """The message with its parts, which another process reads; with the account of its bytes if wanted."""
        return await read_detail(self._reader, detail, account=account)

    async def parts(self, detail: MessageDetail) -> tuple[Sequence[Part], Mapping[str, FileText]]:
        """The parts of a message, and the text of its files by the number of their part."""
        parts = (await self.with_parts(detail)).parts()
        return parts, await self._files.texts(parts)

    async def html(self, source: bytes) -> Sequence[tuple[str, str]]:
        """The sanitized pieces of an HTML part: markup, and the text that follows it."""
        return await self._reader.html(source)

    async def _ends(self, id_: str, messages: Sequence[ConversationMessage]) -> Ends:
        if not messages:
            return None, None
        first, last = (messages[0].at, messages[0].id), (messages[-1].at, messages[-1].id)
        before = await self._conversations.beyond(id_, first, 1, earlier=True)
        after = await self._conversations.beyond(id_, last, 1, earlier=False)
        return first if before else None, last if after else None


def place_text(place: ConversationPlace) -> str:
    """A place in a conversation, as a URL has it."""
    return f"{place[0]!r}~{place[1]}"


def parse_place(text: str) -> ConversationPlace | None:
    """The place in a conversation that a URL has; None if it has none."""
    at, _, id_ = text.partition("~")
    try:
        time = float(at)
    except ValueError:
        return None
    return (time, id_) if isfinite(time) and id_ else None
