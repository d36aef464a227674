"""Lists delivered messages that people look at, and acknowledges them."""

from __future__ import annotations

import asyncio
import json
from argparse import Namespace

from rich.table import Column, Table
from rich.text import Text

from gateway.assembly.factories import open_store
from gateway.commands.context import actor, load_settings, local_time
from gateway.commands.tables import print_table
from gateway.core.fault import Refusal
from gateway.core.policy.decision import AuditEntry
from gateway.core.policy.work_kinds import ReviewOutcome, WorkKind
from gateway.core.review.json_rows import held_row
from gateway.ports.flags import Acknowledgment
from gateway.settings.model import Settings


def run(options: Namespace) -> int:
    """List or acknowledge."""
    settings = load_settings(options)
    if options.action == "list":
        return asyncio.run(_list(settings, WorkKind(options.kind), options.json))
    return asyncio.run(_acknowledge(settings, options.id, ReviewOutcome(options.outcome), options.reason))


async def _list(settings: Settings, kind: WorkKind, as_json: bool) -> int:
    async with open_store(settings) as store:
        messages = sorted(
            await store.flags.open_messages(kind),
            key=lambda message: (float("inf") if message.due_at is None else message.due_at, message.id),
        )
    if as_json:
        rows = [{**held_row(message), "kind": kind.value, "state": "open"} for message in messages]
        print(json.dumps(rows, ensure_ascii=False))
        return 0
    zone = settings.district.time_zone
    id_ = Column("id", no_wrap=True, min_width=26)  # `flagged acknowledge` needs the whole id
    table = Table(id_, "clauses", "from", "to", "subject", "received", "due", box=None, header_style="bold")
    for message in messages:
        table.add_row(
            message.id, Text(", ".join(message.clauses or message.reasons), "red"), Text(message.sender),
            Text(", ".join(message.recipients)), Text(message.subject), local_time(message.received_at, zone),
            local_time(message.due_at, zone),
        )  # fmt: skip
    print_table(table, empty="Nothing waits.")
    return 0


async def _acknowledge(settings: Settings, message_id: str, outcome: ReviewOutcome, reason: str) -> int:
    async with open_store(settings) as store:
        detail = {"outcome": outcome.value, **({"reason": reason} if reason else {})}
        entry = AuditEntry(await store.clock.now(), actor(), "acknowledged", message_id, detail)
        result = await store.flags.acknowledge(message_id, Acknowledgment(outcome, actor(), reason), entry)
    if not result.done:
        if result.first is None or result.first.outcome is None:
            raise Refusal(
                f"flagged acknowledge: {message_id} is not flagged; `chaperone flagged list` shows the ids"
            )  # fmt: skip
        at = local_time(result.first.closed_at, settings.district.time_zone)
        raise Refusal(
            f"flagged acknowledge: {message_id} was acknowledged first by {result.first.by} at {at}, as "
            f"{result.first.outcome}"
        )
    print(f"acknowledged {message_id} as {outcome}")
    return 0
