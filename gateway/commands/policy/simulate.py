"""`chaperone policy simulate`: what a changed policy would have held or released of past traffic. Prints no content."""

from __future__ import annotations

import asyncio
import json
import re
from argparse import Namespace
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.assembly.factories import load_policy, open_store
from gateway.assembly.registered_tools import stored_tools, with_tools
from gateway.commands.context import load_roster, load_settings, local_time
from gateway.core.fault import Fault
from gateway.core.policy.decision import STRICTNESS, Action
from gateway.core.policy.legitimate_interest import no_relationships
from gateway.core.policy.simulation import ChangedDecision, Simulation
from gateway.core.serialization.wire import rfc3339
from gateway.settings.model import Settings

_PERIOD = re.compile(r"([1-9]\d{0,4})([mhd])")
_UNITS = {"m": 60, "h": 3600, "d": 86400}
_PAGE = 200
_SHOWN = 40  # changed messages that a terminal shows


@dataclass(frozen=True, slots=True)
class _SimulationOptions:
    """The period in seconds and as written, and a reviewer's minutes for a held message."""

    seconds: float
    since: str
    minutes: float

    def costs(self) -> dict[Action, float]:
        """A reviewer's minutes by action; a flagged message needs no decision."""
        return {Action.HOLD: self.minutes, Action.ALERT: self.minutes, Action.FLAG: self.minutes / 4}


def simulate(options: Namespace) -> int:
    """Run the simulation and print it."""
    found = _PERIOD.fullmatch(options.since)
    if found is None:
        raise Fault(f"policy simulate: --since {options.since!r} is not a period; write one such as 12h or 7d")
    if not 0 <= options.minutes < 1000:
        raise Fault("policy simulate: --minutes is the number of minutes for one held message, such as 2")
    settings = load_settings(options)
    chosen = _SimulationOptions(int(found[1]) * _UNITS[found[2]], options.since, options.minutes)
    tools = stored_tools(settings)
    current, other = (with_tools(load_policy(settings, file), tools) for file in (None, options.policy))
    roster = load_roster(settings)
    simulation = Simulation(current, other, no_relationships if roster is None else roster.relationships_to)
    asyncio.run(_run(settings, simulation, chosen))
    if options.json:
        print(json.dumps(_row(simulation, chosen)))
    else:
        _print(simulation, chosen, settings.district.time_zone)
    return 0


async def _run(settings: Settings, simulation: Simulation, chosen: _SimulationOptions) -> None:
    async with open_store(settings) as store:
        at, behind = await store.clock.now() - chosen.seconds, ""
        while page := await store.history.past_messages(at, behind, _PAGE):
            for message in page:
                simulation.add(message)
            at, behind = page[-1].received_at, page[-1].id


def _row(simulation: Simulation, chosen: _SimulationOptions) -> dict[str, object]:
    sides = {
        name: {
            "policy": policy.hash,
            "actions": {action.value: tally.actions[action] for action in Action},
            "held_for": dict(sorted(tally.held_for.items())),
            "minutes": round(tally.minutes(chosen.costs()), 2),
        }
        for name, policy, tally in (
            ("now", simulation.current, simulation.before), ("then", simulation.other, simulation.after)
        )
    }  # fmt: skip
    return {
        "since": chosen.since,
        "messages": simulation.messages,
        "left_out": simulation.skipped,
        **sides,
        "changed": [
            {
                "id": change.id,
                "received_at": rfc3339(change.received_at),
                "direction": change.direction,
                "now": change.was,
                "then": change.would_be,
                "clauses": list(change.clauses),
            }
            for change in simulation.changed
        ],
    }


def _print(simulation: Simulation, chosen: _SimulationOptions, zone: str) -> None:
    console = Console(highlight=False)
    before, after = simulation.before, simulation.after
    console.print(Text(f"{simulation.messages} messages of the last {chosen.since}, decided by both policies", "bold"))
    if simulation.skipped:
        console.print(f"left out: {simulation.skipped} undecided, or without a stored verdict")
    table = Table("", "in force", "simulated", "", box=None, header_style="bold")
    for action in reversed(STRICTNESS):
        table.add_row(action.value, *_counts(before.actions[action], after.actions[action]))
    for clause in sorted({*before.held_for, *after.held_for}):
        title = simulation.other.clauses[clause].title
        table.add_row(Text(f"held for {clause} {title}"), *_counts(before.held_for[clause], after.held_for[clause]))
    costs = [round(tally.minutes(chosen.costs())) for tally in (before, after)]
    table.add_row("minutes of review", *_counts(*costs))
    console.print(table)
    more = sum(change.would_be is Action.HOLD for change in simulation.changed)
    fewer = sum(change.was is Action.HOLD for change in simulation.changed)
    console.print(f"{more} more would have been held, {fewer} would not have been held")
    for change in simulation.changed[:_SHOWN]:
        console.print(_line(change, zone), soft_wrap=True)
    if len(simulation.changed) > _SHOWN:
        console.print(f"and {len(simulation.changed) - _SHOWN} more; --json prints them all")


def _counts(before: int, after: int) -> tuple[str, str, str]:
    return str(before), str(after), f"{after - before:+d}" if after != before else ""


def _line(changed: ChangedDecision, zone: str) -> Text:
    color = "red" if changed.would_be is Action.HOLD else "green" if changed.was is Action.HOLD else "yellow"
    return Text.assemble(
        f"{changed.id}  {local_time(changed.received_at, zone)}  {changed.direction}  ",
        (f"{changed.was} → {changed.would_be}", color),
        f"  {', '.join(changed.clauses)}",
    )
