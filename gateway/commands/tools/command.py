"""`chaperone tools`: the register of classroom tools (clauses 2 and 3) at the terminal."""

from __future__ import annotations

import asyncio
import json
from argparse import Namespace
from collections.abc import Callable
from zoneinfo import ZoneInfo

from rich.table import Table
from rich.text import Text

from gateway.assembly.factories import load_policy, open_store
from gateway.commands.context import actor, load_settings, local_time
from gateway.commands.tables import print_table
from gateway.core.fault import Fault, Refusal
from gateway.core.policy.tool_changes import ToolDraft, register_tool, remove_tool
from gateway.core.tools.dates import end_of, start_of
from gateway.core.tools.domains import as_domain
from gateway.core.tools.register import RegisterOverTime, Tool, ToolState, ToolUse, still_unregistered
from gateway.core.tools.rows import tool_row, use_row
from gateway.ports.store import Store
from gateway.settings.model import Settings
from gateway.stages.tools.in_force import IMPORTED_BY


def run(options: Namespace) -> int:
    """List, register or remove tools."""
    settings = load_settings(options)
    act = {"list": _list, "add": _add, "remove": _remove}[options.action]
    asyncio.run(act(settings, options))
    return 0


async def _list(settings: Settings, options: Namespace) -> None:
    wanted = _domain(options) if options.domain else ""
    async with open_store(settings) as store:
        await _import(settings, store)
        now = await store.clock.now()
        tools = [
            tool
            for tool in await store.tools.all()
            if (options.all or tool.state is not ToolState.REMOVED) and wanted in ("", tool.domain)
        ]
        uses = await store.tools.uses() if options.used else ()
    zone = settings.district.time_zone
    if options.used:
        register = RegisterOverTime(tools, ()).at(now)
        _print_uses(still_unregistered(uses, register), zone, options.json)
    elif options.json:
        print(json.dumps([tool_row(tool, now, ZoneInfo(zone)) for tool in tools], ensure_ascii=False))
    else:
        _print_tools(tools, now, zone)


async def _add(settings: Settings, options: Namespace) -> None:
    zone = ZoneInfo(settings.district.time_zone)
    draft = ToolDraft(
        _domain(options), options.name, options.owner, options.building, options.administrator_access,
        _date(options.access_since, "--access-since", start_of, zone),
        _date(options.review, "--review", start_of, zone), _date(options.until, "--until", end_of, zone),
    )  # fmt: skip
    async with open_store(settings) as store:
        await _import(settings, store)
        now = await store.clock.now()
        await store.tools.change(draft.domain, register_tool(draft, actor(), now))
        tool = await store.tools.find(draft.domain)
    assert tool is not None, "a row is never deleted"
    if options.json:
        print(json.dumps(tool_row(tool, now, zone), ensure_ascii=False))
    elif tool.is_in_force(now):
        print(f"ok {tool.domain} is registered; every process knows it within seconds")
    elif tool.state is ToolState.REQUESTED:
        print(f"ok {tool.domain} is requested, and not registered yet: give --administrator-access")
    else:
        print(f"ok {tool.domain} is registered, but its registration has ended: give --until with a later date")


async def _remove(settings: Settings, options: Namespace) -> None:
    domain = _domain(options)
    async with open_store(settings) as store:
        await _import(settings, store)
        now = await store.clock.now()
        tool = await store.tools.change(domain, remove_tool(actor(), now))
    if tool is None:
        raise Refusal(f"tools remove: {domain} is not in the register; `chaperone tools list` shows the domains")
    if options.json:
        print(json.dumps(tool_row(tool, now, ZoneInfo(settings.district.time_zone)), ensure_ascii=False))
    else:
        print(f"ok {domain} is removed; every process knows it within seconds")


async def _import(settings: Settings, store: Store) -> None:
    """Import the tools of the policy file, as a start of the gateway does."""
    if tools := load_policy(settings).tools:
        await store.tools.import_new(tools, IMPORTED_BY)


def _domain(options: Namespace) -> str:
    domain = as_domain(options.domain)
    if domain is None:
        raise Fault(f"tools {options.action}: {options.domain!r} is not a domain; write it like quiz.example.com")
    return domain


def _date(text: str | None, option: str, read: Callable[[str, ZoneInfo], float], zone: ZoneInfo) -> float | None:
    if text is None:
        return None
    try:
        return read(text, zone)
    except (ValueError, OverflowError):
        raise Fault(f"tools add: {option} {text!r} is not a date; write one such as 2027-06-30") from None


def _print_tools(tools: list[Tool], now: float, zone: str) -> None:
    table = Table("domain", "name", "owner", "building", "administrator access", "until", "state", box=None,
                  header_style="bold")  # fmt: skip
    for tool in tools:
        row = tool_row(tool, now, ZoneInfo(zone))
        access = f"{tool.administrator_access}, since {row['access_since']}" if tool.administrator_access else "-"
        state = "ended" if tool.state is ToolState.REGISTERED and not tool.is_in_force(now) else tool.state.value
        table.add_row(
            tool.domain, Text(tool.name), Text(tool.owner or "-"), Text(tool.building or "-"), Text(access),
            str(row["until"] or "-"), state,
        )  # fmt: skip
    print_table(table, empty="The register is empty.")


def _print_uses(uses: list[ToolUse], zone: str, as_json: bool) -> None:
    if as_json:
        print(json.dumps([use_row(use) for use in uses], ensure_ascii=False))
        return
    table = Table("tool", "messages", "pairs", "last seen", box=None, header_style="bold")
    for use in uses:
        row = use_row(use)
        name = str(row["domain"] or row["name"])
        table.add_row(Text(name), str(use.messages), str(use.pairs), local_time(use.last_at, zone))
    print_table(table, empty="No tool was used that is not registered.")
