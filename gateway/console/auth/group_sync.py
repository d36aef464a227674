"""Refreshes roles that come from groups of the sign-in service: who leaves a group loses the role within the hour.

Only an answer of the service takes a role away. If the service cannot be asked, open sessions continue for as long as
`console.oidc.trusted` allows, and the account still gets help alerts.
"""

from __future__ import annotations

import asyncio
import contextlib

from gateway.console.auth.authenticator import SIGN_IN_SERVICE
from gateway.console.auth.oidc import RefreshUnavailable, SignInRefused, SignInService, SignInServiceError
from gateway.console.auth.provisioning import find_or_create_account, revoke_role
from gateway.console.auth.stores import SignInStores
from gateway.core.accounts.account import AccountRole
from gateway.core.messages.parties import Directory
from gateway.core.policy.decision import AuditEntry
from gateway.observability.events import EventLog
from gateway.ports.accounts import GroupRole
from gateway.ports.messages import StoreDown

INTERVAL = 30.0
"""Seconds between two rounds."""
REFRESH_AFTER = 55 * 60.0
"""Seconds after which a role is refreshed: with the interval, within the hour."""
_LEASE = 120.0  # seconds in which only one process refreshes an account: a refresh token may work only once


class GroupSync:
    """Asks the service at intervals."""

    def __init__(
        self, stores: SignInStores, directory: Directory, service: SignInService, event_log: EventLog
    ) -> None:  # fmt: skip
        self._stores, self._directory, self._service, self._event_log = stores, directory, service, event_log

    async def run(self, stopping: asyncio.Event) -> None:
        """Refresh roles until the console stops."""
        while not stopping.is_set():
            try:
                await self.refresh_due()
            except StoreDown:
                self._event_log.store_lost("groups")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), INTERVAL)

    async def refresh_due(self) -> None:
        """Refresh every account that is due, until the service does not answer."""
        while due := await self._stores.group_roles.claim_due(
            await self._stores.clock.now() - REFRESH_AFTER, _LEASE, 1
        ):
            if not await self._refresh(due[0]):
                return  # the next round tries another account

    async def _refresh(self, held: GroupRole) -> bool:
        """Refresh one account. Returns False if the service does not answer."""
        name, now = held.user.name, await self._stores.clock.now()
        try:
            identity = await self._service.refresh(held.again, held.user.subject)
        except RefreshUnavailable as error:
            self._event_log.sign_in_service_failed(str(error))
            await self._stores.group_roles.stop_checking(name)
            await self._end_sessions(name, now, "the sign-in service cannot be asked about it")
        except SignInRefused as error:
            if error.word != "invalid_grant":  # such as invalid_client: it says nothing about the person
                self._event_log.sign_in_service_failed(f"{error} {error.word[:40]}")
                return False
            entry = AuditEntry(
                now, SIGN_IN_SERVICE, "role ended", name, {"why": "the sign-in service no longer vouches for them"}
            )
            await self._stores.identities.recognize(revoke_role(held.user), entry)
            await self._stores.group_roles.stop_checking(name)
            await self._end_sessions(name, now, "role ended")
        except SignInServiceError as error:
            self._event_log.sign_in_service_failed(str(error))
            return False
        else:
            user = await find_or_create_account(self._stores, self._directory, identity, now)
            await self._stores.group_roles.record_check(name, identity.refresh_token)
            if user is None or (user.role is AccountRole.STAFF and held.user.role is not AccountRole.STAFF):
                await self._end_sessions(name, now, "role ended")
        return True

    async def _end_sessions(self, name: str, now: float, why: str) -> None:
        entry = AuditEntry(now, SIGN_IN_SERVICE, "sessions ended", name, {"why": why})
        await self._stores.sessions.end_all(name, entry, way=SIGN_IN_SERVICE)
