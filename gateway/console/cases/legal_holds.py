"""Legal holds: messages under one are kept longer than any retention period."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.console.auth.authorization import Authorization
from gateway.console.web.errors import Problem
from gateway.core.accounts.account import User
from gateway.core.cases.case import LegalHold
from gateway.core.policy.decision import AuditEntry
from gateway.ports.cases import LegalHoldStore
from gateway.ports.clock import StoreClock


class LegalHoldService:
    """Places and lifts legal holds. Every change is in the audit log."""

    def __init__(self, authorization: Authorization, clock: StoreClock, legal_holds: LegalHoldStore) -> None:
        self._authorization, self._clock, self._legal_holds = authorization, clock, legal_holds

    async def place(self, user: User, messages: Sequence[str], reason: str) -> tuple[str, ...]:
        """Put messages under legal hold. Returns those that were under none. Raises a Problem."""
        if not reason:
            raise Problem(422, "A legal hold needs a reason, such as the matter it is for.")
        await self._require_messages(user, messages)
        now = await self._clock.now()
        holds = [LegalHold(id_, reason, user.name, now) for id_ in messages]
        entries = [AuditEntry(now, user.name, "legal hold placed", id_, {"reason": reason}) for id_ in messages]
        return await self._legal_holds.place(holds, entries)

    async def lift(self, user: User, messages: Sequence[str], reason: str) -> tuple[str, ...]:
        """Lift legal holds. Returns the messages that were under one. Raises a Problem.

        Directors only: content that expires afterwards cannot be restored.
        """
        if not user.sees_every_building:
            raise Problem(403, "Only a technology director lifts a legal hold.")
        if not reason:
            raise Problem(422, "Say why the legal hold is lifted.")
        await self._require_messages(user, messages)
        now = await self._clock.now()
        entries = [AuditEntry(now, user.name, "legal hold lifted", id_, {"reason": reason}) for id_ in messages]
        return await self._legal_holds.lift(messages, entries)

    async def _require_messages(self, user: User, messages: Sequence[str]) -> None:
        for id_ in messages:
            await self._authorization.message_to_decide(user, id_, "legal hold")
