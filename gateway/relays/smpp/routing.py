"""Which application a text or a receipt goes to, where several may be bound, perhaps at several processes.

A receipt goes to the application that sent. A text goes to the one that last sent from its number; where that one is
bound nowhere, to another. What another process has bound is for that one to deliver.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping

from gateway.core.channels.smpp_pdu import Pdu
from gateway.observability.events import EventLog
from gateway.ports.channels import SmppBindStore, SmppPeer
from gateway.ports.messages import StoreDown
from gateway.smpp.connection import absent
from gateway.stages.wakeup import Wakeup

_EVERY = 3.0
_ELSEWHERE = 12.0  # seconds that what another process said holds: it says so again well within
_KNOWN = 60.0  # seconds in which a number's application is not noted again
_MOST_KNOWN = 50_000


class SmppRouter:
    """`process` names this one among others; `accounts` are all applications that there may be."""

    def __init__(self, esmes: SmppPeer, board: SmppBindStore, accounts: Collection[str], process: str) -> None:
        self._esmes, self._board, self._accounts, self._process = esmes, board, tuple(accounts), process
        self._elsewhere: Mapping[str, float] = {}
        self._noted: dict[str, tuple[str, float]] = {}

    async def keep(self, wakeup: Wakeup, event_log: EventLog) -> None:
        """Tell the other processes what is bound here, and hear what is bound there, until the beat stops."""
        while not wakeup.stopped:
            await self._tell([each for each in self._accounts if self._esmes.bound(each)], event_log)
            await wakeup.rest(_EVERY)
        await self._tell((), event_log)

    async def _tell(self, accounts: Collection[str], event_log: EventLog) -> None:
        try:
            self._elsewhere = await self._board.bound_here(self._process, accounts)
        except StoreDown:
            event_log.store_lost("exchange")

    def serves(self, account: str) -> bool:
        """Whether what is for an application can be delivered here: to it, or to another where it is nowhere."""
        return self._esmes.bound(account) or (not self._is_elsewhere(account) and self._esmes.bound())

    def to(self, account: str) -> str:
        """The account to ask for a text to an application: "" is any."""
        return account if self._esmes.bound(account) else ""

    def _is_elsewhere(self, account: str) -> bool:
        return self._elsewhere.get(account, _ELSEWHERE) < _ELSEWHERE

    async def spoke(self, line: str, account: str, now: float) -> None:
        """An application sends from a number. The only one there is need not be noted."""
        if len(self._accounts) < 2:
            return
        known, at = self._noted.get(line, ("", 0.0))
        if known == account and now - at < _KNOWN:
            return
        with contextlib.suppress(StoreDown):  # a text is not refused for that
            await self._board.spoke(line, account)
            if len(self._noted) >= _MOST_KNOWN:
                self._noted.clear()
            self._noted[line] = account, now

    async def speaker(self, line: str) -> str:
        """The application that last sent from a number, "" where none is known. Raises StoreDown."""
        return self._accounts[0] if len(self._accounts) == 1 else await self._board.speaker(line)

    def sender(self, remembered: str) -> str:
        """The application that a receipt out of scope is for: the one that is remembered, or the only one."""
        return remembered or (self._accounts[0] if len(self._accounts) == 1 else "")

    async def ask(self, request: Pdu, account: str) -> Pdu:
        """The response of an application to a text out of scope. Raises HopDown, also where it is bound elsewhere."""
        if account and not self.serves(account):
            raise absent()
        return await self._esmes.ask(request, self.to(account) if account else "")
