"""`chaperone held`: the queue of held messages at the terminal."""

from __future__ import annotations

import asyncio
import json
from argparse import Namespace
from collections.abc import Mapping, Sequence
from typing import Literal

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from gateway.assembly.factories import open_store
from gateway.assembly.stored_policy import policy_in_force
from gateway.commands.context import actor, load_roster, load_settings, local_time
from gateway.commands.tables import print_table
from gateway.core.fault import Refusal
from gateway.core.messages.verdict import DISTRESS, HELP
from gateway.core.notices.notice import default_rejection_text
from gateway.core.policy.decision import AuditEntry
from gateway.core.policy.review_rules import requirements_for
from gateway.core.review.json_rows import held_row
from gateway.core.review.views import MessageDetail
from gateway.ports.contact import StoredFinding
from gateway.ports.content import ReadHere, read_detail
from gateway.settings.model import Settings
from gateway.stages.moderation import moderate


def run(options: Namespace) -> int:
    """List, show, release or reject held messages."""
    settings = load_settings(options)
    match options.action:
        case "list":
            return asyncio.run(_list(settings, options.json))
        case "show":
            return asyncio.run(_show(settings, options.id, options.json))
        case "release" | "reject" as action:
            return asyncio.run(_moderate(settings, action, options.id, options.reason))
        case action:
            raise AssertionError(action)


async def _list(settings: Settings, as_json: bool) -> int:
    async with open_store(settings) as store:
        entries = await store.lookups.held()
    if as_json:
        print(json.dumps([held_row(entry) for entry in entries], ensure_ascii=False))
        return 0
    zone = settings.district.time_zone
    id_ = Column("id", no_wrap=True, min_width=26)  # `held release` needs the whole id
    table = Table(id_, "clauses", "from", "to", "subject", "received", "due", box=None, header_style="bold")
    for entry in entries:
        why = ", ".join(entry.clauses or entry.reasons)
        table.add_row(
            entry.id, Text(why, "red"), Text(entry.sender), Text(", ".join(entry.recipients)), Text(entry.subject),
            local_time(entry.received_at, zone), local_time(entry.due_at, zone),
        )  # fmt: skip
    print_table(table, empty="Nothing is held.")
    return 0


async def _show(settings: Settings, message_id: str, as_json: bool) -> int:
    async with open_store(settings) as store:
        detail = await store.lookups.detail(message_id)
        entry = next((held for held in await store.lookups.held() if held.id == message_id), None)
        if detail is None:
            raise Refusal(f"held show: no message {message_id}; `chaperone held list` shows the ids")
        detail = await read_detail(ReadHere(), detail)
        notes = await store.contact.findings_of(message_id)
        await store.audit.record([AuditEntry(await store.clock.now(), actor(), "viewed", message_id)])
    if as_json:
        findings = [] if detail.verdict is None else detail.verdict.findings
        print(
            json.dumps(
                {
                    **({} if entry is None else held_row(entry)),
                    "id": message_id,
                    "findings": [
                        {"clause": finding.clause, "score": finding.score, "by": finding.by, "cue": finding.cue,
                         **({"about": finding.about} if finding.about else {}),
                        **({"people": finding.people} if finding.people else {}),
                         "spans": [{"part": s.part, "start": s.start, "end": s.end} for s in finding.spans]}
                        for finding in findings
                    ],
                    "notes": [{"clause": it.clause, "text": it.text, "flags": it.flags} for it in notes],
                    "parts": [{"part": number, "text": text} for number, text in _texts(detail)],
                },
                ensure_ascii=False,
            )
        )  # fmt: skip
        return 0
    _print(detail, settings.district.time_zone, _names_of_subjects(settings, detail), notes)
    return 0


def _names_of_subjects(settings: Settings, detail: MessageDetail) -> dict[str, str]:
    """Names, by sourcedId, of the people whose information was found. The roster is read only if there are any."""
    findings = detail.verdict.findings if detail.verdict else ()
    about = {finding.about for finding in findings if finding.about}
    if not about:
        return {}
    roster = load_roster(settings)
    people = {id_: roster.by_id(id_) for id_ in about} if roster is not None else {}
    return {id_: person.name for id_, person in people.items() if person is not None}


def _texts(detail: MessageDetail) -> list[tuple[str, str]]:
    read = [(part.number, part.text) for part in detail.parts() if part.text]
    title = detail.header.subject
    return [("subject", title), *read] if title else read


def _print(detail: MessageDetail, zone: str, names: Mapping[str, str], notes: Sequence[StoredFinding]) -> None:
    console, trace = Console(), detail.trace
    console.print(Text(f"{trace.id}  {trace.channel}  {trace.direction}", "bold"))
    console.print(Text(f"from {trace.sender or '<>'}"))
    for recipient in trace.recipients:
        since = local_time(recipient.at, zone)
        console.print(Text(f"to   {recipient.address}: {recipient.state} since {since}"))
    findings = detail.verdict.findings if detail.verdict else ()
    for finding in sorted(findings, key=lambda finding: -finding.score):
        cue = f" ({finding.cue})" if finding.cue else ""
        about = f", about {names.get(finding.about, finding.about)}" if finding.about else ""
        about += f", one of {finding.people} people" if finding.people else ""
        clause = finding.clause if finding.clause in (HELP, DISTRESS) else f"clause {finding.clause}"
        console.print(Text(f"{clause}  {finding.score:.2f}  by {finding.by}{cue}{about}", "red"))
    for note in notes:
        console.print(Text(f"clause {note.clause}  {note.text}", "red" if note.flags else ""))
    for number, text in _texts(detail):
        shown = Text(text)
        for finding in findings:
            for span in finding.spans:
                if span.part == number:
                    shown.stylize("bold red underline", span.start, span.end)
        console.rule("subject" if number == "subject" else f"part {number}", align="left")
        console.print(shown)


async def _moderate(settings: Settings, action: Literal["release", "reject"], message_id: str, reason: str) -> int:
    policy = (await asyncio.to_thread(policy_in_force, settings)).policy
    async with open_store(settings) as store:
        entry = next((held for held in await store.lookups.held() if held.id == message_id), None)
        clauses = entry.clauses if entry else ()
        required = requirements_for(policy, clauses, action)
        if required.second:
            raise Refusal(
                f"held {action}: the policy requires two people to agree on clause {', '.join(required.clauses)}; "
                "decide it in the console, where a second person can agree"
            )
        if entry is not None and required.reason and not reason:
            raise Refusal(f"held {action}: the policy requires a reason; give one with --reason")
        words = default_rejection_text(settings.district.name, policy, clauses)
        done = await moderate(
            store.dispositions, store.clock, message_id, action, by=actor(), reason=reason, words=words
        )
    if done is None:
        raise Refusal(f"held {action}: no message {message_id}; `chaperone held list` shows the ids")
    if not done.changed:
        if done.first is None:
            raise Refusal(f"held {action}: nothing of {message_id} is held")
        at = local_time(done.first.decided_at, settings.district.time_zone)
        raise Refusal(
            f"held {action}: {message_id} was decided first by {done.first.decided_by or 'nobody yet'} at {at}"
            f" and is {done.first.state}"
        )
    print(f"{'released' if action == 'release' else 'rejected'} {message_id} for {', '.join(done.changed)}")
    return 0
