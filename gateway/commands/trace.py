"""`chaperone trace`: where is my message. States and times, no content."""

from __future__ import annotations

import asyncio
import json
from argparse import Namespace
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from gateway.assembly.factories import open_store
from gateway.commands.context import local_time, settings_of
from gateway.core.fault import Refusal
from gateway.core.review.json_rows import trace_row
from gateway.core.review.views import Trace


def run(given: Namespace) -> int:
    """Trace one message, or those with a Message-ID or an address."""
    settings = settings_of(given)

    async def look() -> Sequence[Trace]:
        async with open_store(settings) as store:
            return await store.trace(id=given.id, message_id=given.message_id, address=given.address)

    found = asyncio.run(look())
    if given.json and (found or not given.id):
        rows = [trace_row(each) for each in found]
        print(json.dumps(rows[0] if given.id else rows, ensure_ascii=False))
        return 0
    if not found:
        raise Refusal("trace: no such message was in scope; what is out of scope passes through and leaves no trace")
    console = Console()
    for each in found:
        clauses = f" ({', '.join(each.clauses)})" if each.clauses else ""
        console.print(
            Text(f"{each.id}  {each.channel}  {each.direction}  {each.action or 'undecided'}{clauses}", "bold")
        )
        for recipient in each.recipients:
            at = local_time(recipient.at, settings.district.time_zone)
            console.print(Text(f"  {recipient.address}: {recipient.state} since {at}  {recipient.reply}"))
    return 0
