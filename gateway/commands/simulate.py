"""`chaperone policy simulate`: what a changed policy would have held or released of past traffic. No content."""

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
from gateway.commands.context import local_time, roster_of, settings_of
from gateway.core.fault import Fault
from gateway.core.policy.decision import STRICTNESS, Action
from gateway.core.policy.legitimate_interest import nobody_known
from gateway.core.policy.simulation import Changed, Simulation
from gateway.core.serialization.wire import rfc3339
from gateway.settings.model import Settings

_PERIOD = re.compile(r"([1-9]\d{0,4})([mhd])")
_UNITS = {"m": 60, "h": 3600, "d": 86400}
_PAGE = 200
_SHOWN = 40  # changed messages that a terminal shows


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked of a simulation: the period in seconds and as it was written, minutes for a held message."""

    seconds: float
    since: str
    minutes: float

    def costs(self) -> dict[Action, float]:
        """Minutes of a reviewer: whoever looks a flagged message over has nothing to decide."""
        return {Action.HOLD: self.minutes, Action.ALERT: self.minutes, Action.FLAG: self.minutes / 4}


def simulate(given: Namespace) -> int:
    """Simulate."""
    found = _PERIOD.fullmatch(given.since)
    if found is None:
        raise Fault(f"policy simulate: --since {given.since!r} is no period; write one like 12h or 7d")
    if not 0 <= given.minutes < 1000:
        raise Fault("policy simulate: --minutes is what one held message costs a reviewer, such as 2")
    settings = settings_of(given)
    asked = _Asked(int(found[1]) * _UNITS[found[2]], given.since, given.minutes)
    policies = load_policy(settings), load_policy(settings, given.policy)
    roster = roster_of(settings)
    simulation = Simulation(*policies, nobody_known if roster is None else roster.standings)
    asyncio.run(_run(settings, simulation, asked))
    if given.json:
        print(json.dumps(_row(simulation, asked)))
    else:
        _print(simulation, asked, settings.district.time_zone)
    return 0


async def _run(settings: Settings, simulation: Simulation, asked: _Asked) -> None:
    async with open_store(settings) as store:
        at, behind = await store.now() - asked.seconds, ""
        while page := await store.past(at, behind, _PAGE):
            for each in page:
                simulation.add(each)
            at, behind = page[-1].received_at, page[-1].id


def _row(simulation: Simulation, asked: _Asked) -> dict[str, object]:
    sides = {
        name: {
            "policy": policy.hash,
            "actions": {action.value: tally.actions[action] for action in Action},
            "held_for": dict(sorted(tally.held_for.items())),
            "minutes": round(tally.minutes(asked.costs()), 2),
        }
        for name, policy, tally in (
            ("now", simulation.now, simulation.before), ("then", simulation.then, simulation.after)
        )
    }  # fmt: skip
    return {
        "since": asked.since,
        "messages": simulation.messages,
        "left_out": simulation.left_out,
        **sides,
        "changed": [
            {
                "id": each.id,
                "received_at": rfc3339(each.received_at),
                "direction": each.direction,
                "now": each.was,
                "then": each.would_be,
                "clauses": list(each.clauses),
            }
            for each in simulation.changed
        ],
    }


def _print(simulation: Simulation, asked: _Asked, zone: str) -> None:
    console = Console(highlight=False)
    before, after = simulation.before, simulation.after
    console.print(Text(f"{simulation.messages} messages of the last {asked.since}, decided by both policies", "bold"))
    if simulation.left_out:
        console.print(f"left out: {simulation.left_out} undecided yet, or whose verdict is no longer kept")
    table = Table("", "in force", "simulated", "", box=None, header_style="bold")
    for action in reversed(STRICTNESS):
        table.add_row(action.value, *_counts(before.actions[action], after.actions[action]))
    for clause in sorted({*before.held_for, *after.held_for}):
        title = simulation.then.clauses[clause].title
        table.add_row(Text(f"held for {clause} {title}"), *_counts(before.held_for[clause], after.held_for[clause]))
    costs = [round(tally.minutes(asked.costs())) for tally in (before, after)]
    table.add_row("minutes of review", *_counts(*costs))
    console.print(table)
    more = sum(each.would_be is Action.HOLD for each in simulation.changed)
    fewer = sum(each.was is Action.HOLD for each in simulation.changed)
    console.print(f"{more} more would have been held, {fewer} would not have been held")
    for each in simulation.changed[:_SHOWN]:
        console.print(_line(each, zone), soft_wrap=True)
    if len(simulation.changed) > _SHOWN:
        console.print(f"and {len(simulation.changed) - _SHOWN} more; --json has them all")


def _counts(before: int, after: int) -> tuple[str, str, str]:
    return str(before), str(after), f"{after - before:+d}" if after != before else ""


def _line(changed: Changed, zone: str) -> Text:
    colour = "red" if changed.would_be is Action.HOLD else "green" if changed.was is Action.HOLD else "yellow"
    return Text.assemble(
        f"{changed.id}  {local_time(changed.received_at, zone)}  {changed.direction}  ",
        (f"{changed.was} → {changed.would_be}", colour),
        f"  {', '.join(changed.clauses)}",
    )
