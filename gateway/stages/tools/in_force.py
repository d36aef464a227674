"""The policy with the tools in force: a snapshot of the register, read again every few seconds.

Each decision uses one policy, which is not changed while it is used.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from gateway.core.policy.policy import Policy
from gateway.core.tools.register import RegisterOverTime, Tool, ToolRegister
from gateway.observability.events import EventLog
from gateway.ports.clock import StoreClock
from gateway.ports.messages import StoreDown
from gateway.ports.tools import ToolStore
from gateway.stages.guard import Stage
from gateway.stages.wakeup import Wakeup

EVERY = 2.0
"""Seconds after which a change of the register is seen by every process, at the latest."""
_FIRST = 0.2
IMPORTED_BY = "gateway"
"""Who imports the tools of the policy file, in the audit log."""


class ToolsInForce:
    """Gives the policy in force its register of tools. `policy` returns the policy as its file has it.

    `policy_at` returns the one in force at a time, where versions change while the process runs.
    """

    def __init__(
        self, tools: ToolStore, clock: StoreClock, event_log: EventLog, policy: Callable[[], Policy],
        policy_at: Callable[[float], Awaitable[Policy]] | None = None,
    ) -> None:  # fmt: skip
        self._tools, self._clock, self._event_log, self._file_policy = tools, clock, event_log, policy
        self._policy_at = policy_at
        self._stored: Sequence[Tool] | None = None
        self._in_file: tuple[Tool, ...] = ()
        self._over_time = RegisterOverTime((), ())
        self._read_at = 0.0
        self._current: tuple[Policy, ToolRegister, Policy] | None = None

    def policy(self) -> Policy:
        """The policy in force with the tools in force."""
        return self._with_tools(self._file_policy())

    async def at(self, now: float) -> Policy:
        """The policy in force at a time, with the tools in force. Raises StoreDown."""
        return self._with_tools(self._file_policy() if self._policy_at is None else await self._policy_at(now))

    def _with_tools(self, policy: Policy) -> Policy:
        if policy.tools != self._in_file or self._current is None:
            self._in_file = policy.tools
            self._over_time = RegisterOverTime(self._stored or (), policy.tools)
        register = self._over_time.at(self._read_at)
        if self._current is None or self._current[0] is not policy or self._current[1] is not register:
            self._current = policy, register, replace(policy, register=register)
        return self._current[2]

    async def refresh(self) -> None:
        """Read the register, and import the tools of the policy file that it does not know. Raises StoreDown."""
        in_file = self._file_policy().tools
        now, stored = await self._clock.now(), await self._tools.all()
        known = {tool.domain for tool in stored}
        if new := [tool for tool in in_file if tool.domain not in known]:
            await self._tools.import_new(new, IMPORTED_BY)
            stored = await self._tools.all()
        if stored != self._stored:
            self._stored, self._in_file = stored, in_file
            self._over_time = RegisterOverTime(stored, in_file)
        self._read_at = now

    async def run(self, wakeup: Wakeup) -> None:
        """Refresh until `wakeup` is stopped."""
        while not wakeup.stopped:
            try:
                await self.refresh()
            except StoreDown:
                self._event_log.store_lost("tools")
            await wakeup.rest(EVERY)

    async def run_after(self, stage: Stage, wakeup: Wakeup) -> None:
        """Run a stage that decides as soon as the register has been read."""
        while self._stored is None and not wakeup.stopped:
            await wakeup.rest(_FIRST)
        if not wakeup.stopped:
            await stage()
