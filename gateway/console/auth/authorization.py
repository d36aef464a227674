"""Who may do what: every service asks here, and nothing else in the console decides it.

A refusal raises a Problem and is recorded in the audit log. Three things count: the rights of a role, the buildings of
an account, and whether the account's person (or their child) sent or received the message.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gateway.console.web.errors import Problem, not_found
from gateway.core.accounts.account import AccountRole, Right, User
from gateway.core.cases.case import CaseFile, case_number
from gateway.core.messages.parties import Pair
from gateway.core.policy.authorization import (
    PARTY_REFUSAL,
    ConsoleDirectory,
    family_ids,
    in_own_buildings,
    is_party,
    person_id_of,
    sender_ids,
)
from gateway.core.policy.decision import AuditEntry
from gateway.core.policy.urgency import AttentionKind
from gateway.core.review.views import ConversationMessage, ListedMessage, Trace
from gateway.ports.accounts import GrantStore
from gateway.ports.audit import AuditStore
from gateway.ports.cases import CaseStore
from gateway.ports.clock import StoreClock
from gateway.ports.review import LookupStore
from gateway.ports.urgency import UrgencyStore

CONFLICT = "You, or your own child, sent or received this message: somebody else must decide."


class Authorization:
    """Answers whether an account may do something, and refuses what it may not."""

    def __init__(
        self, directory: ConsoleDirectory, clock: StoreClock, lookups: LookupStore, audit: AuditStore,
        grants: GrantStore, cases: CaseStore, urgency: UrgencyStore, *, hide_names: bool = False,
    ) -> None:  # fmt: skip
        self._directory, self._clock = directory, clock
        self._lookups, self._audit, self._grants, self._cases = lookups, audit, grants, cases
        self._hide_names, self._urgency = hide_names, urgency

    # roles

    async def require(self, user: User, right: Right, subject: str = "") -> None:
        """Raise a Problem if the role lacks a right. An auditor may have a grant to read content."""
        if not user.may(right) and not (right is Right.CONTENT and await self._has_grant(user, subject)):
            await self._record_refusal(user, right, subject)
            raise Problem(403, f"Your role ({user.role.replace('_', ' ')}) does not allow this.")

    async def require_director(self, user: User, action: str, refusal: str) -> None:
        """Raise a Problem, with the text of `refusal`, unless the account is a technology director's."""
        await self.require(user, Right.DECIDE)
        if user.role is not AccountRole.TECHNOLOGY_DIRECTOR:
            await self._record_refusal(user, action, "")
            raise Problem(403, refusal)

    async def may_read(self, user: User, subject: str) -> bool:
        """Whether an account may read the content of a message or case, by role or by grant."""
        return user.may(Right.CONTENT) or await self._has_grant(user, subject)

    def hides_names(self, user: User) -> bool:
        """Whether names are hidden from an account: from those who review, if the district wants it.

        Auditors review the decisions of others. The security role sees no content, so it sees names.
        """
        return self._hide_names and (user.may(Right.CONTENT) or user.may(Right.AUDIT))

    async def _has_grant(self, user: User, subject: str) -> bool:
        """Whether an auditor has a grant for this message, for a case that contains it, or for everything."""
        if user.role is not AccountRole.AUDITOR:
            return False
        subjects = {grant.subject for grant in await self._grants.active_for(user.name)}
        if subject in subjects or "" in subjects:
            return True
        numbers = [number for granted in subjects if (number := case_number(granted)) is not None]
        files = [await self._cases.find(number) for number in numbers]
        return any(subject in file.messages for file in files if file is not None)

    async def _record_refusal(self, user: User, what: str, subject: str) -> None:
        now = await self._clock.now()
        await self._audit.record([AuditEntry(now, user.name, "access refused", subject, {"to": what})])

    # messages

    async def visible_message(self, user: User, id_: str) -> Trace:
        """Where a message is. Raises a Problem if it is unknown or belongs to another building."""
        await self.require(user, Right.TRACE, id_)
        traces = await self._lookups.trace(id=id_)
        if not traces or not self.sees(user, traces[0]):
            raise not_found(id_)
        return traces[0]

    async def message_to_decide(self, user: User, id_: str, action: str) -> Trace:
        """Where a message is that the account may decide on. Raises a Problem; `action` is for the audit log."""
        await self.require(user, Right.DECIDE, id_)
        trace = await self.visible_message(user, id_)
        await self.require_no_conflict(user, trace, action)
        return trace

    async def require_no_conflict(self, user: User, trace: Trace, action: str) -> None:
        """Raise a Problem if the account has a conflict of interest; `action` is for the audit log."""
        if self.has_conflict(user, trace):
            await self._record_refusal(user, f"{action}: {PARTY_REFUSAL}", trace.id)
            raise Problem(403, CONFLICT)

    def has_conflict(self, user: User, trace: Trace) -> bool:
        """Whether the account's person, or their child, sent or received a message."""
        addresses = [trace.sender, *(recipient.address for recipient in trace.recipients)]
        return is_party(user, trace.relation.pairs, [address for address in addresses if address], self._directory)

    async def may_read_threat(self, user: User, trace: Trace) -> bool:
        """Whether a message threatens somebody who decides: its recipient may read it, but not decide.

        Whoever sent it, or whose child did, may not.
        """
        if not (user.may(Right.DECIDE) and self.has_conflict(user, trace)):
            return False
        senders = sender_ids(trace.relation.pairs, trace.sender, self._directory)
        if not senders.isdisjoint(self.family(user)):
            return False
        found = (await self._urgency.of([trace.id], AttentionKind.URGENT)).get(trace.id)
        return found is not None and found.threat

    def sees(self, user: User, trace: Trace) -> bool:
        """Whether a message belongs to the buildings of an account."""
        return self.sees_pairs(user, trace.relation.pairs)

    def sees_pairs(self, user: User, pairs: Iterable[Pair]) -> bool:
        """Whether some pairs of a message, such as those behind one recipient, belong to an account's buildings."""
        return in_own_buildings(user, pairs, self._directory)

    def may_decide(self, user: User, trace: Trace) -> bool:
        """Whether an account could decide on a message."""
        return (
            user.disabled_at is None
            and user.may(Right.DECIDE)
            and self.sees(user, trace)
            and not self.has_conflict(user, trace)
        )

    def recipients_to_decide(self, user: User, trace: Trace) -> tuple[str, ...]:
        """The held recipients of a message that an account may decide on."""
        if not user.may(Right.DECIDE):
            return ()
        return tuple(
            recipient.address
            for recipient in trace.recipients
            if recipient.state == "held" and self.sees_pairs(user, trace.relation.pairs_of(recipient.address))
        )

    def same_person(self, one: User, other: User) -> bool:
        """Whether two accounts belong to one person."""
        person = person_id_of(one, self._directory)
        return bool(person) and person == person_id_of(other, self._directory)

    def family(self, user: User) -> frozenset[str]:
        """The sourcedIds of the account's person and their children; empty if the account belongs to nobody."""
        return family_ids(person_id_of(user, self._directory), self._directory)

    # lists

    def visible_messages(self, user: User, messages: Sequence[ListedMessage]) -> list[ListedMessage]:
        """The messages of a list that belong to an account's buildings and cause no conflict of interest."""
        return [
            message
            for message in messages
            if self.sees(user, message.trace) and not self.has_conflict(user, message.trace)
        ]

    def visible_conversation(self, user: User, messages: Sequence[ConversationMessage]) -> list[ConversationMessage]:
        """The messages of a conversation that an account may read."""

        def may_read(message: ConversationMessage) -> bool:
            pairs, addresses = message.relation.pairs, [at for at in (message.sender, *message.recipients) if at]
            return self.sees_pairs(user, pairs) and not is_party(user, pairs, addresses, self._directory)

        return list(filter(may_read, messages))

    # cases

    async def visible_cases(self, user: User, files: Sequence[CaseFile]) -> list[CaseFile]:
        """The cases that an account may see: every message of them is visible and causes no conflict of interest.

        An empty case is visible to who opened it, to its assignee, and to accounts of the whole district.
        """
        files = [file for file in files if await self.may_read(user, file.subject)]
        traces = await self._cases.traces({id_ for file in files for id_ in file.messages})

        def sees_all(file: CaseFile) -> bool:
            if not file.messages:
                return user.sees_every_building or user.name in (file.opened_by, file.assignee)
            named = [traces.get(id_) for id_ in file.messages]
            return all(
                trace is not None and self.sees(user, trace) and not self.has_conflict(user, trace) for trace in named
            )

        return [file for file in files if sees_all(file)]

    async def sees_case(self, user: User, file: CaseFile) -> bool:
        """Whether an account may see a case."""
        return bool(await self.visible_cases(user, [file]))
