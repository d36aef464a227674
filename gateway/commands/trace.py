"""`chaperone trace`: where a message is. Prints states and times, no content."""

from __future__ import annotations

import asyncio
import json
from argparse import Namespace
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from gateway.assembly.factories import open_store
from gateway.commands.context import load_settings, local_time
from gateway.core.fault import Refusal
from gateway.core.review.json_rows import trace_row
from gateway.core.review.views import Trace
from gateway.ports.contact import StoredFinding


def run(options: Namespace) -> int:
    """Trace one message, or all with a Message-ID or an address."""
    settings = load_settings(options)

    async def find() -> tuple[Sequence[Trace], dict[str, Sequence[StoredFinding]]]:
        async with open_store(settings) as store:
            found = await store.lookups.trace(id=options.id, message_id=options.message_id, address=options.address)
            return found, {trace.id: await store.contact.findings_of(trace.id) for trace in found}

    traces, notes = asyncio.run(find())
    if options.json and (traces or not options.id):
        rows = [trace_row(trace) | _notes(notes[trace.id]) for trace in traces]
        print(json.dumps(rows[0] if options.id else rows, ensure_ascii=False))
        return 0
    if not traces:
        raise Refusal("trace: no such message in scope; messages out of scope pass through without a trace")
    console = Console()
    for trace in traces:
        clauses = f" ({', '.join(trace.clauses)})" if trace.clauses else ""
        console.print(
            Text(f"{trace.id}  {trace.channel}  {trace.direction}  {trace.action or 'undecided'}{clauses}", "bold")
        )
        for recipient in trace.recipients:
            at = local_time(recipient.at, settings.district.time_zone)
            console.print(Text(f"  {recipient.address}: {recipient.state} since {at}  {recipient.reply}"))
        for note in notes[trace.id]:
            console.print(Text(f"  {note.clause}: {note.text}"))
    return 0


def _notes(found: Sequence[StoredFinding]) -> dict[str, object]:
    """What counters said, in words; left out where they said nothing."""
    notes = [{"clause": note.clause, "text": note.text, "flags": note.flags} for note in found]
    return {"notes": notes} if notes else {}
