"""Simulations in the background: one at a time in a process, each in a child process, so that no message waits for it.

The simulation is an item in the store, claimed for a lease that is renewed while it runs. If the process ends, another
one starts it again. A simulation that is canceled or takes too long is ended.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass

from gateway.core.policy_versions.version import PolicySimulation, SimulationState
from gateway.observability.events import EventLog
from gateway.ports.messages import StoreDown
from gateway.ports.review import PolicySimulationStore
from gateway.stages.wakeup import Wakeup

EVERY = 1.0
"""Seconds between two looks for simulations that wait, and between two notes of progress."""
LEASE = 120.0
"""Seconds after which another process takes a simulation whose process has ended. Loading a model takes a while."""
LONGEST = 1800.0
"""Seconds that a simulation may take."""


class SimulationFailed(Exception):
    """A simulation could not be carried out. The text is shown to people, and has no content."""


@dataclass(frozen=True, slots=True)
class SimulationProgress:
    """How far a simulation is: messages. `result` is JSON at its end, and "" before."""

    done: int
    total: int
    result: str = ""


Simulate = Callable[[PolicySimulation], AsyncGenerator[SimulationProgress, None]]
"""Carries a simulation out somewhere else, and reports at least every few seconds. Raises SimulationFailed."""


class PolicySimulations:
    """Carries out the simulations that wait in the store."""

    def __init__(self, simulations: PolicySimulationStore, simulate: Simulate, event_log: EventLog) -> None:
        self._simulations, self._simulate, self._event_log = simulations, simulate, event_log
        self._token = secrets.token_hex(8)

    async def run(self, wakeup: Wakeup) -> None:
        """Carry out what waits until `wakeup` is stopped. A simulation is given up then, and starts again elsewhere."""
        while not wakeup.stopped:
            carried_out = False
            try:
                carried_out = await self.step(wakeup)
            except StoreDown:
                self._event_log.store_lost("policy_simulations")
            if not carried_out:
                await wakeup.rest(EVERY)

    async def step(self, wakeup: Wakeup) -> bool:
        """Carry out one simulation. Whether one waited. Raises StoreDown."""
        simulation = await self._simulations.claim(self._token, LEASE)
        if simulation is not None:
            await self._carry_out(simulation, wakeup)
        return simulation is not None

    async def _carry_out(self, simulation: PolicySimulation, wakeup: Wakeup) -> None:
        id_, finish = simulation.id, self._simulations.finish
        try:
            async with asyncio.timeout(LONGEST), aclosing(self._simulate(simulation)) as steps:
                async for step in steps:
                    if step.result:
                        await finish(id_, self._token, SimulationState.DONE, step.result)
                        return
                    if wakeup.stopped:
                        return
                    if not await self._simulations.advance(id_, self._token, step.done, step.total, LEASE):
                        return  # canceled
            failure = "it ended without a result"
        except SimulationFailed as failed:
            failure = str(failed)
        except TimeoutError:
            failure = f"it took longer than {LONGEST / 60:.0f} minutes: simulate fewer days"
        with suppress(StoreDown):
            await finish(id_, self._token, SimulationState.FAILED, failure)
