"""Limits guessing: counts refused sign-ins by name and by client address."""

from __future__ import annotations

from starlette.requests import Request

from gateway.console.auth.credentials import hash_secret
from gateway.console.auth.stores import SignInStores
from gateway.console.web.errors import Problem
from gateway.core.policy.decision import AuditEntry
from gateway.observability.events import EventLog

_WINDOW = 15 * 60.0
MAX_BY_NAME_AND_CLIENT, MAX_BY_NAME, MAX_BY_CLIENT = 10, 50, 500
"""Refused sign-ins in 15 minutes: of one name from one address, of one name from any address, and from one address.

At a limit, further tries are refused. A school has one address, so a guesser there must not lock others out.
"""
MAX_CODES = 10
"""Refused codes of one account in 15 minutes. Whoever gets this far already knows the password."""


class SignInAttempts:
    """Refuses sign-ins after too many failures, and records each refusal."""

    def __init__(self, stores: SignInStores, event_log: EventLog) -> None:
        self._stores, self._event_log = stores, event_log

    async def check(
        self, request: Request, name: str, *, limit: int = MAX_BY_NAME, ignore_client: bool = False
    ) -> str:  # fmt: skip
        """The hash under which failures of a name are counted. Raises a Problem after too many.

        `ignore_client`: failures of other names from the same address do not count.
        """
        name_hash, now = hash_secret(name.strip().lower(), "name"), await self._stores.clock.now()
        by_both, by_name, by_client = await self._stores.sign_in_failures.count(
            name_hash, client_address(request), now - _WINDOW
        )
        too_many_of_client = by_client >= MAX_BY_CLIENT and not ignore_client
        if by_both >= MAX_BY_NAME_AND_CLIENT or by_name >= limit or too_many_of_client:
            self._event_log.sign_in_refused("throttled")
            raise Problem(429, "Too many tries. Wait 15 minutes, then try again.", headers={"Retry-After": "900"})
        return name_hash

    async def record_refusal(
        self, request: Request, name_hash: str, why: str, subject: str, text: str, status: int = 401
    ) -> Problem:
        """Record a refused sign-in. Returns the Problem to raise."""
        self._event_log.sign_in_refused(why)
        entry = AuditEntry(await self._stores.clock.now(), "nobody", "sign-in refused", subject, {"why": why})
        await self._stores.sign_in_failures.record(name_hash, client_address(request), entry)
        return Problem(status, text)


def client_address(request: Request) -> str:
    """The address of the client. The middleware has already evaluated what proxies say."""
    return request.client.host if request.client else ""
