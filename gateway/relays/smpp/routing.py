"""Which application gets a text message or a receipt when several are bound, possibly to several processes.

A receipt goes to the application that sent the message. A message goes to the application that last sent from its
number or, if that one is bound nowhere, to another. Each process delivers only to the applications bound to it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping

from gateway.core.channels.smpp_pdu import Pdu
from gateway.observability.events import EventLog
from gateway.ports.channels import SmppBindStore, SmppPeer
from gateway.ports.messages import StoreDown
from gateway.smpp.connection import not_bound
from gateway.stages.wakeup import Wakeup

_SHARE_EVERY = 3.0
_BIND_EXPIRY = 12.0  # seconds for which a bind shared by another process is valid
_NOTE_AGAIN = 60.0  # seconds in which a number's application is not stored again
_MAX_NOTED = 50_000


class SmppRouter:
    """Routes to applications. `process` identifies this process; `accounts` are all configured applications."""

    def __init__(self, esmes: SmppPeer, binds: SmppBindStore, accounts: Collection[str], process: str) -> None:
        self._esmes, self._binds, self._accounts, self._process = esmes, binds, tuple(accounts), process
        self._elsewhere: Mapping[str, float] = {}
        self._noted: dict[str, tuple[str, float]] = {}

    async def share_binds(self, wakeup: Wakeup, event_log: EventLog) -> None:
        """Share through the store which applications are bound to which process, until `wakeup` is stopped."""
        while not wakeup.stopped:
            await self._share([account for account in self._accounts if self._esmes.bound(account)], event_log)
            await wakeup.rest(_SHARE_EVERY)
        await self._share((), event_log)

    async def _share(self, accounts: Collection[str], event_log: EventLog) -> None:
        try:
            self._elsewhere = await self._binds.share_bound(self._process, accounts)
        except StoreDown:
            event_log.store_lost("exchange")

    def can_deliver_to(self, account: str) -> bool:
        """Whether this process can deliver to an application, or to another one if it is bound nowhere."""
        return self._esmes.bound(account) or (not self._is_elsewhere(account) and self._esmes.bound())

    def _is_elsewhere(self, account: str) -> bool:
        return self._elsewhere.get(account, _BIND_EXPIRY) < _BIND_EXPIRY

    async def note_sender(self, line: str, account: str, now: float) -> None:
        """Note that an application sends from a number. Does nothing if there is only one application."""
        if len(self._accounts) < 2:
            return
        known, at = self._noted.get(line, ("", 0.0))
        if known == account and now - at < _NOTE_AGAIN:
            return
        with contextlib.suppress(StoreDown):  # no reason to refuse a message
            await self._binds.record_sender(line, account)
            if len(self._noted) >= _MAX_NOTED:
                self._noted.clear()
            self._noted[line] = account, now

    async def last_sender(self, line: str) -> str:
        """The application that last sent from a number, "" if none is known. Raises StoreDown."""
        return self._accounts[0] if len(self._accounts) == 1 else await self._binds.last_sender(line)

    def receipt_account(self, remembered: str) -> str:
        """The application that a receipt out of scope is for: the remembered one, or the only one."""
        return remembered or (self._accounts[0] if len(self._accounts) == 1 else "")

    async def ask(self, request: Pdu, account: str) -> Pdu:
        """The response of an application to a message out of scope. Raises HopDown, also if it is bound elsewhere."""
        if account and not self.can_deliver_to(account):
            raise not_bound()
        return await self._esmes.ask(request, account if self._esmes.bound(account) else "")
