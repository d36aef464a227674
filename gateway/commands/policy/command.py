"""`chaperone policy`: shows the policy in force, checks, compares and publishes policies, and replays a story."""

from __future__ import annotations

from argparse import Namespace

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.assembly.factories import load_policy
from gateway.assembly.stored_policy import PolicyToUse, policy_in_force
from gateway.commands.context import load_settings, local_time
from gateway.core.messages.parties import Direction
from gateway.core.policy.policy import Clause, Policy
from gateway.settings.model import Settings


def run(options: Namespace) -> int:
    """Show, check, compare, publish, simulate or replay a policy."""
    if options.action == "simulate":
        from gateway.commands.policy.simulate import simulate

        return simulate(options)
    if options.action == "replay":
        from gateway.commands.policy.replay import run_replay

        return run_replay(options)
    if options.action != "show":
        from gateway.commands.policy import versions

        return {
            "check": versions.check, "diff": versions.diff, "publish": versions.publish, "versions": versions.versions,
        }[options.action](options)  # fmt: skip
    settings = load_settings(options)
    if options.policy is not None:
        _show(load_policy(settings, options.policy), settings.policy.mode)
        return 0
    used = policy_in_force(settings)
    _show(used.policy, settings.policy.mode)
    print_origin(used, settings)
    return 0


def print_origin(used: PolicyToUse, settings: Settings) -> None:
    """Print which version is in force, since when, and who published it."""
    if used.version is None:
        print("from the policy file; no process that decides has started yet")
        return
    period = used.version.period
    since = local_time(period.since, settings.district.time_zone)
    print(f"version {period.number} by {period.author}, in force since {since}")
    if used.file_changed:
        print("the policy file has changed since: it comes into force at the next start or SIGHUP")


def _show(policy: Policy, mode: str) -> None:
    console = Console()
    console.print(Text(f"{policy.reference}  {policy.title}", "bold"))
    console.print(Text(f"mode {mode}, hash {policy.hash}"), soft_wrap=True)
    table = Table("clause", "title", "staff to student", "student to staff", "due", box=None, header_style="bold")
    for clause in policy.clauses.values():
        table.add_row(
            clause.id, Text(clause.title), _thresholds(clause, Direction.STAFF_TO_STUDENT),
            _thresholds(clause, Direction.STUDENT_TO_STAFF), f"{clause.due / 3600:g} h",
        )  # fmt: skip
    console.print(table)
    for number, override in enumerate(policy.overrides, 1):
        named = ", ".join([*sorted(override.buildings), *sorted(override.channels)])
        clauses = dict.fromkeys(id_ for id_, _ in override.thresholds)
        console.print(Text(f"override {number} for {named}: clauses {', '.join(clauses)}"))
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
