"""`chaperone contact`: what clause 5 counts of a pair, and counting again from the stored messages."""

from __future__ import annotations

import asyncio
import json
import re
from argparse import Namespace
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.text import Text

from gateway.assembly.factories import load_policy, open_store
from gateway.assembly.stored_policy import policy_in_force
from gateway.commands.context import load_roster, load_settings, local_time
from gateway.console.people.reading import read_pair
from gateway.core.contact.report import ContactReport, report_row, report_words
from gateway.core.fault import Fault, Refusal
from gateway.core.messages.parties import Role
from gateway.directory.roster import Roster
from gateway.ports.contact import LogRules
from gateway.settings.model import Settings

_PERIOD = re.compile(r"([1-9]\d{0,4})([mhd])")
_UNITS = {"m": 60, "h": 3600, "d": 86400}
_PAGE = 500


def run(options: Namespace) -> int:
    """Show a pair's contact, or count all contact again."""
    settings = load_settings(options)
    if options.action == "rebuild":
        return _rebuild(settings, _seconds(options.since) if options.since else None)
    seconds = _seconds(options.since)
    roster = load_roster(settings)
    staff = _person(options.staff, roster, Role.STAFF, "STAFF")
    student = _person(options.student, roster, Role.STUDENT, "STUDENT")

    rules = policy_in_force(settings).policy.contact_rules

    async def find() -> ContactReport:
        async with open_store(settings) as store:
            return await read_pair(store.contact, staff, student, await store.clock.now() - seconds, rules)

    report = asyncio.run(find())
    if options.json:
        print(json.dumps(report_row(report), ensure_ascii=False))
    else:
        title = f"{_name(staff, roster)} and {_name(student, roster)}, the last {options.since}"
        _print(report, title, settings.district.time_zone)
    return 0


def _name(id_: str, roster: Roster | None) -> str:
    person = roster.by_id(id_) if roster is not None else None
    return person.name if person is not None and person.name else id_


def _print(report: ContactReport, title: str, zone: str) -> None:
    console = Console(highlight=False)
    console.print(Text(title, "bold"))
    for line in report_words(report):
        console.print(Text(line), soft_wrap=True)
    for at, clause, text, flags, message_id in report.findings:
        told = (f"{local_time(at, zone)}  {clause}: {text}", "yellow" if flags else "")
        console.print(Text.assemble(told, f"  {message_id}"), soft_wrap=True)


def _seconds(period: str) -> int:
    found = _PERIOD.fullmatch(period)
    if found is None:
        raise Fault(f"contact: --since {period!r} is not a period; write one such as 12h or 60d")
    return int(found[1]) * _UNITS[found[2]]


def _person(written: str, roster: Roster | None, role: Role, name: str) -> str:
    """The sourcedId of a person, given as such or as an address. An unknown student's address stands for itself."""
    if roster is None:
        return written
    person = roster.by_id(written) or roster.person(written)
    if person is None:
        raise Refusal(
            f"contact show: {name}: the directory knows nobody by {written!r}; give a sourcedId or an address"
        )
    if role not in person.roles:
        raise Refusal(
            f"contact show: {name}: {written!r} is no {role.value} in the directory; give STAFF, then STUDENT"
        )
    return person.id


def _rebuild(settings: Settings, seconds: int | None) -> int:
    rules = LogRules(ZoneInfo(settings.district.time_zone), load_policy(settings).night)

    async def rebuild() -> tuple[int, int]:
        async with open_store(settings) as store:
            since = 0.0 if seconds is None else await store.clock.now() - seconds
            behind, messages, rows = "", 0, 0
            while True:
                behind, read, changed = await store.contact.rebuild(rules, behind, since, _PAGE)
                messages, rows = messages + read, rows + changed
                if not behind:
                    break
            await store.contact.forget_usual()
            return messages, rows

    messages, rows = asyncio.run(rebuild())
    print(f"ok {messages} messages counted again, {rows} rows changed; what is usual is computed again within minutes")
    return 0
