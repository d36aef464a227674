"""`chaperone policy simulate`: what a changed policy would have held or released of past traffic. Prints no content."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from argparse import Namespace
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.assembly.factories import load_policy, open_store
from gateway.assembly.policy_simulation import run_simulation, simulation_of
from gateway.assembly.registered_tools import stored_tools, with_tools
from gateway.assembly.stored_policy import policy_in_force
from gateway.commands.context import load_roster, load_settings, local_time
from gateway.core.fault import Fault
from gateway.core.policy.decision import STRICTNESS, Action
from gateway.core.policy_versions.simulation import ChangedDecision, Simulation, SimulationCosts, simulation_row
from gateway.directory.roster import Roster
from gateway.settings.model import Settings

_PERIOD = re.compile(r"([1-9]\d{0,4})([mhd])")
_UNITS = {"m": 60, "h": 3600, "d": 86400}
_SHOWN = 40  # changed messages that a terminal shows
_ALL = 1 << 40


@dataclass(frozen=True, slots=True)
class _SimulationOptions:
    """The period in seconds and as written, and what a review costs."""

    seconds: float
    since: str
    costs: SimulationCosts


def simulate(options: Namespace) -> int:
    """Run the simulation and print it."""
    found = _PERIOD.fullmatch(options.since)
    if found is None:
        raise Fault(f"policy simulate: --since {options.since!r} is not a period; write one such as 12h or 7d")
    if not 0 <= options.minutes < 1000:
        raise Fault("policy simulate: --minutes is the number of minutes for one held message, such as 2")
    settings = load_settings(options)
    chosen = _SimulationOptions(
        int(found[1]) * _UNITS[found[2]], options.since, SimulationCosts(options.minutes)
    )  # fmt: skip
    tools = stored_tools(settings)
    current = policy_in_force(settings).policy
    other = current if options.policy is None else load_policy(settings, options.policy)
    roster = load_roster(settings)
    simulation = simulation_of(with_tools(current, tools), with_tools(other, tools), roster)
    asyncio.run(_run(settings, simulation, chosen, roster))
    if options.json:
        print(json.dumps({"since": chosen.since, **simulation_row(simulation, chosen.costs)}))
    else:
        _print(simulation, chosen, settings.district.time_zone)
    return 0


async def _run(settings: Settings, simulation: Simulation, chosen: _SimulationOptions, roster: Roster | None) -> None:
    shows = sys.stderr.isatty()

    def report(done: int, total: int) -> None:
        if shows:
            end = "\r" if done < total else "\n"
            print(f"{done} of {total} messages", end=end, file=sys.stderr, flush=True)

    async with open_store(settings) as store:
        await run_simulation(store, simulation, chosen.seconds, _ALL, report, settings.classify.model, roster)


def _print(simulation: Simulation, chosen: _SimulationOptions, zone: str) -> None:
    console = Console(highlight=False)
    before, after = simulation.before, simulation.after
    console.print(Text(f"{simulation.messages} messages of the last {chosen.since}, decided by both policies", "bold"))
    if simulation.skipped:
        console.print(f"left out: {simulation.skipped} undecided, or without a stored verdict")
    if simulation.words_differ:
        console.print(f"{simulation.read_again} have one of the district's own words that changed, and were read again")
    table = Table("", "in force", "simulated", "", box=None, header_style="bold")
    for action in reversed(STRICTNESS):
        table.add_row(action.value, *_counts(before.actions[action], after.actions[action]))
    for clause in sorted({*before.held_for, *after.held_for}):
        title = simulation.other.clauses[clause].title
        table.add_row(Text(f"held for {clause} {title}"), *_counts(before.held_for[clause], after.held_for[clause]))
    costs = [round(tally.minutes(chosen.costs.per_message())) for tally in (before, after)]
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
