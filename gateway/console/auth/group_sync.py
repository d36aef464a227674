"""Roles of the sign-in service's groups, asked anew: who left a group loses the role within the hour.

Only what the service says takes a role away. Where it cannot be asked, who is signed in works on for as long as
`console.oidc.trusted` says, and the role stays where people are told of calls for help.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Protocol

from gateway.console.auth.authenticator import SERVICE
from gateway.console.auth.oidc import NotAsked, ServiceError, SignInRefused, SignInService
from gateway.console.auth.provisioning import Known, account_of, without_role
from gateway.core.accounts.account import AccountRole
from gateway.core.messages.parties import Directory
from gateway.core.policy.decision import AuditEntry
from gateway.observability.events import EventLog
from gateway.ports.accounts import GroupRole, GroupRoleStore, SessionStore
from gateway.ports.messages import StoreDown
from gateway.ports.review import LookupStore

EVERY = 30.0
"""Seconds from one look to the next."""
ASKED_AFTER = 55 * 60.0
"""Seconds after which the service is asked again whose role it is: with the look, within the hour."""
_LEASE = 120.0  # seconds in which one process asks about somebody: a token to ask with may work once only


class Store(Known, SessionStore, GroupRoleStore, LookupStore, Protocol):
    """What is asked of the store."""


class Groups:
    """Asks the service again and again."""

    def __init__(self, store: Store, register: Directory, service: SignInService, event_log: EventLog) -> None:
        self._store, self._register, self._service, self._event_log = store, register, service, event_log

    async def run(self, stopping: asyncio.Event) -> None:
        """Look again and again until the console stops."""
        while not stopping.is_set():
            try:
                await self.look()
            except StoreDown:
                self._event_log.store_lost("groups")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), EVERY)

    async def look(self) -> None:
        """Ask about everybody whose role is due to be asked for."""
        while due := await self._store.to_ask(await self._store.now() - ASKED_AFTER, _LEASE, 1):
            if not await self._ask(due[0]):
                return  # it does not answer: the next look tries another one

    async def _ask(self, asked: GroupRole) -> bool:
        """Ask about one; False where the service does not answer."""
        name, now = asked.user.name, await self._store.now()
        try:
            vouched = await self._service.ask_again(asked.again, asked.user.subject)
        except NotAsked as error:
            self._event_log.sign_in_service_failed(str(error))
            await self._store.cannot_be_asked(name)
            await self._end(name, now, "the sign-in service cannot be asked about it")
        except SignInRefused as error:
            if error.word != "invalid_grant":  # it does not know us, say: nothing is said of the person
                self._event_log.sign_in_service_failed(f"{error} {error.word[:40]}")
                return False
            act = AuditEntry(now, SERVICE, "role ended", name, {"why": "the sign-in service vouches for them no more"})
            await self._store.recognise(without_role(asked.user), act)
            await self._store.cannot_be_asked(name)
            await self._end(name, now, "role ended")
        except ServiceError as error:
            self._event_log.sign_in_service_failed(str(error))
            return False
        else:
            user = await account_of(self._store, self._register, vouched, now)
            await self._store.vouched(name, vouched.again)
            if user is None or (user.role is AccountRole.STAFF and asked.user.role is not AccountRole.STAFF):
                await self._end(name, now, "role ended")
        return True

    async def _end(self, name: str, now: float, why: str) -> None:
        await self._store.end_sessions(
            name, AuditEntry(now, SERVICE, "sessions ended", name, {"why": why}), way=SERVICE
        )
