"""A simulation of a policy in a process of its own, at the lowest priority: it reads the store and prints its progress.

Run as a module it reads one line of JSON from standard input, and writes lines of JSON to standard output. It only
reads. It ends when its parent ends it, or when standard output is closed.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress

from gateway.assembly.factories import directory_sources, open_store, policy_of_version, read_policy_text
from gateway.assembly.registered_tools import with_tools
from gateway.core.fault import Fault
from gateway.core.messages.message import OutgoingMessage
from gateway.core.messages.verdict import Verdict
from gateway.core.policy.decision import PendingMessage
from gateway.core.policy.legitimate_interest import no_relationships
from gateway.core.policy.policy import Policy
from gateway.core.policy.thresholds import no_buildings
from gateway.core.policy_versions.simulation import Simulation, SimulationCosts, simulation_row
from gateway.core.policy_versions.version import PolicySimulation, in_force_at
from gateway.directory.loading import load_sources
from gateway.directory.roster import Roster
from gateway.ports.messages import StoreDown
from gateway.ports.store import Store
from gateway.settings.model import Settings
from gateway.stages.policy_versions.simulations import Simulate, SimulationFailed, SimulationProgress

_PAGE = 200
_REPORTS_EVERY = 0.5
MOST_MESSAGES = 200_000
"""Messages that a simulation in the background looks at; the newest are left out beyond that."""
_LINE_LIMIT = 16 << 20
_NICE = 15
_MOST_CHANGED = 500  # changed messages that are kept with the result


ReadJob = Callable[[OutgoingMessage], Verdict | None]
"""Reads a stored message again, if it has a word that changed."""


async def run_simulation(
    store: Store, simulation: Simulation, seconds: float, most: int, report: Callable[[int, int], None],
    model: str = "", roster: Roster | None = None,
) -> None:  # fmt: skip
    """Decide the messages of the last seconds twice, and report how many are done, and how many there are.

    Where the policies differ in the district's own words, the model of the folder `model` reads messages with one of
    these again, and `roster` says who is named in them.
    """
    read_again = None
    if simulation.words_differ:
        read_again = await asyncio.to_thread(_reader_of_words, simulation, model, roster)
    at, behind = await store.clock.now() - seconds, ""
    total = min(await store.history.count_since(at), most)
    done, reported = 0, 0.0
    report(0, total)
    while done < most and (page := await store.history.past_messages(at, behind, min(_PAGE, most - done))):
        for message in page:
            simulation.add(message, await _read_again(store, message, read_again) if read_again else None)
        at, behind, done = page[-1].received_at, page[-1].id, done + len(page)
        if time.monotonic() - reported > _REPORTS_EVERY:
            reported = time.monotonic()
            report(done, max(total, done))
    report(done, max(total, done))


def _reader_of_words(simulation: Simulation, model: str, roster: Roster | None) -> ReadJob:
    """Reads stored messages with the words of the other policy. Loads the model."""
    from classifiers.pipeline.entity_resolution import resolve_people
    from classifiers.pipeline.job import job_from_stored
    from classifiers.pipeline.words_replay import words_replay

    replay = words_replay(model, simulation.current.district_words, simulation.other.district_words)

    def read(stored: OutgoingMessage) -> Verdict | None:
        job = job_from_stored(stored)
        verdict = replay.read(job)
        return None if verdict is None else resolve_people(verdict, job.pairs, roster)

    return read


async def _read_again(store: Store, message: PendingMessage, read: ReadJob) -> Verdict | None:
    """The verdict with the other policy's words; None where they change nothing or the content was deleted."""
    stored = await store.outbox.outgoing(message.id)
    return None if stored is None or not stored.message.content else await asyncio.to_thread(read, stored)


def simulation_of(current: Policy, other: Policy, roster: Roster | None) -> Simulation:
    """A simulation of a policy beside the one in force, with the district's roster if there is one."""
    if roster is None:
        return Simulation(current, other, no_relationships, no_buildings)
    return Simulation(current, other, roster.relationships_to, roster.buildings_of)


def simulate_in_child(settings: Callable[[], Settings]) -> Simulate:
    """Carries simulations out in child processes."""

    async def simulate(simulation: PolicySimulation) -> AsyncGenerator[SimulationProgress, None]:
        task = {
            "settings": settings().model_dump_json(by_alias=True), "source": simulation.source,
            "seconds": simulation.seconds, "minutes": simulation.minutes,
        }  # fmt: skip
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gateway.assembly.policy_simulation", stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE, limit=_LINE_LIMIT,
        )  # fmt: skip
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            with suppress(ConnectionError):
                child.stdin.write(json.dumps(task).encode() + b"\n")
                await child.stdin.drain()
            while line := await child.stdout.readline():
                row = json.loads(line)
                if "failed" in row:
                    raise SimulationFailed(row["failed"])
                result = json.dumps(row["result"]) if "result" in row else ""
                yield SimulationProgress(row.get("done", 0), row.get("total", 0), result)
            raise SimulationFailed("the process that carried it out ended early")
        finally:
            if child.returncode is None:
                with suppress(ProcessLookupError):
                    child.kill()
            await child.wait()

    return simulate


def _say(**row: object) -> None:
    print(json.dumps(row), flush=True)


def _say_progress(done: int, total: int) -> None:
    _say(done=done, total=total)


async def _run(task: dict[str, object]) -> None:
    settings = Settings.model_validate_json(str(task["settings"]))
    seconds, minutes = float(str(task["seconds"])), float(str(task["minutes"]))
    _say(done=0, total=0)
    roster = load_sources(directory_sources(settings), time.time()).roster
    async with open_store(settings) as store:
        version = in_force_at(await store.policy_versions.current(), await store.clock.now())
        if version is None:
            raise Fault("no policy is in force yet")
        tools = await store.tools.all()
        current, other = policy_of_version(settings, version), read_policy_text(settings, str(task["source"]), "policy")
        simulation = simulation_of(with_tools(current, tools), with_tools(other, tools), roster)
        await run_simulation(store, simulation, seconds, MOST_MESSAGES, _say_progress, settings.classify.model, roster)
    costs = SimulationCosts(minutes)
    _say(result=simulation_row(simulation, costs, _MOST_CHANGED))


def main() -> None:
    """Carry out one simulation."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_NICE)
    task = json.loads(sys.stdin.readline())
    try:
        asyncio.run(_run(task))
    except (Fault, StoreDown) as fault:
        _say(failed=str(fault) or "the store does not answer")
    except BrokenPipeError:
        os._exit(1)  # the parent is gone


if __name__ == "__main__":
    main()
