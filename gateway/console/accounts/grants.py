"""Grants: a technology director lets an auditor read content, with a reason and for a limited time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gateway.console.auth.authorization import Authorization
from gateway.console.messages.mask_names import NameMasking
from gateway.console.web.errors import Problem
from gateway.core.accounts.account import AccountRole, Right, User
from gateway.core.accounts.grant import GRANT_DURATIONS, Grant
from gateway.core.cases.case import case_number
from gateway.core.policy.decision import AuditEntry
from gateway.core.serialization.json_fields import rfc3339
from gateway.ports.accounts import AccountStore, GrantStore
from gateway.ports.cases import CaseStore
from gateway.ports.clock import StoreClock
from gateway.ports.review import LookupStore

PAGE_SIZE = 200
"""Grants of one page of the list."""
MAX_ID = 1 << 62


class GrantService:
    """Grants of content to auditors. What auditors read is in the audit log."""

    def __init__(
        self, authorization: Authorization, masking: NameMasking, clock: StoreClock, grants: GrantStore,
        accounts: AccountStore, cases: CaseStore, lookups: LookupStore,
    ) -> None:  # fmt: skip
        self._authorization, self._masking, self._clock = authorization, masking, clock
        self._grants, self._accounts, self._cases, self._lookups = grants, accounts, cases, lookups

    async def auditors(self) -> list[User]:
        """The accounts that content can be granted to."""
        accounts = await self._accounts.list_all()
        return [user for user in accounts if user.role is AccountRole.AUDITOR and user.disabled_at is None]

    async def page(self, user: User, *, before: int = MAX_ID, limit: int = PAGE_SIZE) -> Sequence[Grant]:
        """Grants with an id below `before`, newest first, as the account may read them. Raises a Problem.

        An auditor sees the valid grants to the own account only.
        """
        await self._authorization.require(user, Right.AUDIT)
        if user.role is AccountRole.AUDITOR:
            own = await self._grants.active_for(user.name)
            grants: Sequence[Grant] = [grant for grant in own if grant.id < before][:limit]
        else:
            grants = await self._grants.page(before, limit)
        return await self._masking.mask_grants(user, grants)

    async def grant(self, user: User, to: str, about: str, lifetime: str, reason: str) -> Grant:
        """Let an auditor read a message, a case, or with an empty `about` everything. Raises a Problem."""
        await self._require_director(user, "grant content")
        seconds = GRANT_DURATIONS.get(lifetime)
        if seconds is None:
            raise Problem(422, f"Choose how long the grant is valid: {', '.join(GRANT_DURATIONS)}.")
        if to not in {auditor.name for auditor in await self.auditors()}:
            raise Problem(422, f"{to or 'Nobody'} is not an auditor: content is granted to accounts of that role.")
        if not reason:
            raise Problem(422, "Say what the auditor needs it for: it goes into the audit log.")
        if not await self._exists(about):
            raise Problem(422, f"There is no message and no case {about[:64]}: copy the id from its page.")
        now = await self._clock.now()
        grant = Grant(to, about, user.name, reason, now, now + seconds)
        detail = {"to": to, "what": about or "everything", "until": rfc3339(grant.until), "reason": reason}
        id_ = await self._grants.add(grant, AuditEntry(now, user.name, "content granted", about or to, detail))
        stored = await self._grants.find(id_)
        assert stored is not None, "a grant is never deleted"
        return await self._masked(user, stored)

    async def end(self, user: User, id_: int) -> Grant:
        """End a grant now. Raises a Problem if there is no valid grant with this id."""
        await self._require_director(user, "end a grant")
        grant = await self._grants.find(id_) if 0 < id_ < MAX_ID else None
        if grant is None:
            raise Problem(404, "There is no such grant.")
        now = await self._clock.now()
        entry = AuditEntry(now, user.name, "content grant ended", grant.subject or grant.user, {"to": grant.user})
        if not await self._grants.end(id_, user.name, entry):
            raise Problem(409, "This grant has ended already.")
        return await self._masked(user, replace(grant, ended_at=now, ended_by=user.name))

    async def _masked(self, user: User, grant: Grant) -> Grant:
        (masked,) = await self._masking.mask_grants(user, [grant])
        return masked

    async def _exists(self, about: str) -> bool:
        number = case_number(about)
        if number is not None:
            return await self._cases.find(number) is not None
        return not about or bool(await self._lookups.trace(id=about))

    async def _require_director(self, user: User, action: str) -> None:
        await self._authorization.require_director(
            user, action, "Only a technology director grants content to an auditor."
        )
