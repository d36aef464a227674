"""Simulations in the background."""

from __future__ import annotations

from gateway.core.policy_versions.version import SimulationState
from gateway.ports.store import Store
from tests.contracts.messages import Clock
from tests.contracts.store.policy_versions.policy_rows import entry, simulation


async def test_simulation_is_claimed_by_one_process_at_a_time(store: Store, clock: Clock) -> None:
    simulations = store.policy_simulations
    assert await simulations.add(simulation("s1", clock.now), entry("simulated"), 1, 5)
    assert not await simulations.add(simulation("s2", clock.now), entry("simulated"), 1, 5)  # one is open already
    claimed = await simulations.claim("x", 10)
    assert claimed is not None
    assert claimed.state is SimulationState.RUNNING
    assert await simulations.claim("y", 10) is None
    assert await simulations.advance("s1", "x", 3, 9, 10)
    found = await simulations.find("s1")
    assert found is not None
    assert (found.done, found.total, found.percent) == (3, 9, 33)
    clock.now += 11
    assert await simulations.claim("y", 10) is not None  # the first process is gone
    assert not await simulations.advance("s1", "x", 4, 9, 10)
    assert not await simulations.finish("s1", "x", SimulationState.DONE, "{}")
    assert await simulations.finish("s1", "y", SimulationState.DONE, '{"messages": 9}')
    assert not await simulations.cancel("s1")
    (head,) = await simulations.recent(10)
    assert (head.state, head.source, head.result) == (SimulationState.DONE, "", "")


async def test_canceled_simulation_ends_and_old_ones_are_deleted(store: Store, clock: Clock) -> None:
    simulations = store.policy_simulations
    for number in range(4):
        assert await simulations.add(simulation(f"s{number}", clock.now), entry("simulated"), 1, 2)
        assert await simulations.claim("x", 10) is not None
        assert await simulations.cancel(f"s{number}")
        assert not await simulations.advance(f"s{number}", "x", 1, 2, 10)
        assert not await simulations.finish(f"s{number}", "x", SimulationState.DONE, "{}")
        clock.now += 1
    assert [found.id for found in await simulations.recent(10)] == ["s3", "s2", "s1"]
