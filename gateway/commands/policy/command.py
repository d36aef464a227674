"""`chaperone policy`: shows the policy in force, validates a policy file, simulates a changed one, replays a story."""

from __future__ import annotations

from argparse import Namespace

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.assembly.factories import load_policy
from gateway.commands.context import load_settings
from gateway.core.messages.parties import Direction
from gateway.core.policy.policy import Clause, Policy


def run(options: Namespace) -> int:
    """Show, check, simulate or replay a policy."""
    if options.action == "simulate":
        from gateway.commands.policy.simulate import simulate

        return simulate(options)
    if options.action == "replay":
        from gateway.commands.policy.replay import run_replay

        return run_replay(options)
    settings = load_settings(options)
    policy = load_policy(settings, options.policy)
    if options.action == "check":
        print(f"ok policy {policy.reference}: {len(policy.clauses)} clauses, hash {policy.hash[:16]}")
        return 0
    _show(policy, settings.policy.mode)
    return 0


def _show(policy: Policy, mode: str) -> None:
    console = Console()
    console.print(Text(f"{policy.reference}  {policy.title}", "bold"))
    console.print(Text(f"mode {mode}, hash {policy.hash}"))
    table = Table("clause", "title", "staff to student", "student to staff", "due", box=None, header_style="bold")
    for clause in policy.clauses.values():
        table.add_row(
            clause.id, Text(clause.title), _thresholds(clause, Direction.STAFF_TO_STUDENT),
            _thresholds(clause, Direction.STUDENT_TO_STAFF), f"{clause.due / 3600:g} h",
        )  # fmt: skip
    console.print(table)
    console.print(Text(f"help: alert from {policy.help_alert:g}, never held"))
    for direction, action in policy.no_verdict.items():
        console.print(Text(f"no verdict in time, {direction}: {action}"))
    for word, actions in policy.failed.items():
        console.print(
            Text(f"failed {word}: " + ", ".join(f"{direction} {action}" for direction, action in actions.items()))
        )


def _thresholds(clause: Clause, direction: Direction) -> str:
    levels = clause.thresholds.get(direction)
    if levels is None:
        return "-"
    shown = [("flag", levels.flag), ("hold", levels.hold), ("hold evasive", levels.hold_evasive)]
    return ", ".join(f"{name} from {level:g}" for name, level in shown if level is not None) or "-"
