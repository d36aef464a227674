"""`chaperone held`: the queue of held messages from a terminal."""

from __future__ import annotations

import asyncio
import json
from argparse import Namespace
from collections.abc import Mapping

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from gateway.assembly.factories import load_policy, open_store
from gateway.commands.context import actor, local_time, roster_of, settings_of
from gateway.core.fault import Refusal
from gateway.core.messages.message import Channel, header_section, subject
from gateway.core.messages.verdict import HELP
from gateway.core.notices.notice import usual_words
from gateway.core.policy.decision import AuditEntry
from gateway.core.policy.review_rules import needs
from gateway.core.review.json_rows import held_row
from gateway.core.review.views import MessageDetail
from gateway.settings.model import Settings
from gateway.stages.moderation import moderate


def run(given: Namespace) -> int:
    """List, show, release or reject."""
    settings = settings_of(given)
    match given.deed:
        case "list":
            return asyncio.run(_list(settings, given.json))
        case "show":
            return asyncio.run(_show(settings, given.id, given.json))
        case deed:
            return asyncio.run(_moderate(settings, deed, given.id, given.reason))


async def _list(settings: Settings, as_json: bool) -> int:
    async with open_store(settings) as store:
        entries = await store.held()
    if as_json:
        print(json.dumps([held_row(each) for each in entries], ensure_ascii=False))
        return 0
    zone = settings.district.time_zone
    id_ = Column("id", no_wrap=True, min_width=26)  # cut, it could not be given to `held release`
    table = Table(id_, "clauses", "from", "to", "subject", "received", "due", box=None, header_style="bold")
    for each in entries:
        why = ", ".join(each.clauses or each.reasons)
        table.add_row(
            each.id, Text(why, "red"), Text(each.sender), Text(", ".join(each.recipients)), Text(each.subject),
            local_time(each.received_at, zone), local_time(each.due_at, zone),
        )  # fmt: skip
    console = Console()
    console.print(table if entries else "Nothing is held.", soft_wrap=not console.is_terminal)
    return 0


async def _show(settings: Settings, message_id: str, as_json: bool) -> int:
    async with open_store(settings) as store:
        explained = await store.explained(message_id)
        entry = next((each for each in await store.held() if each.id == message_id), None)
        if explained is None:
            raise Refusal(f"held show: no message {message_id}; `chaperone held list` shows the ids")
        await store.record([AuditEntry(await store.now(), actor(), "viewed", message_id)])
    if as_json:
        found = [] if explained.verdict is None else explained.verdict.findings
        print(
            json.dumps(
                {
                    **({} if entry is None else held_row(entry)),
                    "id": message_id,
                    "findings": [
                        {"clause": each.clause, "score": each.score, "by": each.by, "cue": each.cue,
                         **({"about": each.about} if each.about else {}),
                         "spans": [{"part": s.part, "start": s.start, "end": s.end} for s in each.spans]}
                        for each in found
                    ],
                    "parts": [{"part": number, "text": text} for number, text in _texts(explained)],
                },
                ensure_ascii=False,
            )
        )  # fmt: skip
        return 0
    _print(explained, settings.district.time_zone, _called(settings, explained))
    return 0


def _called(settings: Settings, explained: MessageDetail) -> dict[str, str]:
    """The names of those whose information was found, by sourcedId; the roster is read for them only."""
    findings = explained.verdict.findings if explained.verdict else ()
    about = {each.about for each in findings if each.about}
    if not about:
        return {}
    roster = roster_of(settings)
    found = {each: roster.by_id(each) for each in about} if roster is not None else {}
    return {id_: person.name for id_, person in found.items() if person is not None}


def _texts(explained: MessageDetail) -> list[tuple[str, str]]:
    read = [(part.number, part.text) for part in explained.parts() if part.text]
    title = subject(header_section(explained.content)) if explained.channel is Channel.MAIL else ""
    return [("subject", title), *read] if title else read


def _print(explained: MessageDetail, zone: str, called: Mapping[str, str]) -> None:
    console, trace = Console(), explained.trace
    console.print(Text(f"{trace.id}  {trace.channel}  {trace.direction}", "bold"))
    console.print(Text(f"from {trace.sender or '<>'}"))
    for each in trace.recipients:
        console.print(Text(f"to   {each.address}: {each.state} since {local_time(each.at, zone)}"))
    findings = explained.verdict.findings if explained.verdict else ()
    for finding in sorted(findings, key=lambda each: -each.score):
        cue = f" ({finding.cue})" if finding.cue else ""
        about = f", about {called.get(finding.about, finding.about)}" if finding.about else ""
        of = "help" if finding.clause == HELP else f"clause {finding.clause}"
        console.print(Text(f"{of}  {finding.score:.2f}  by {finding.by}{cue}{about}", "red"))
    for number, text in _texts(explained):
        shown = Text(text)
        for finding in findings:
            for span in finding.spans:
                if span.part == number:
                    shown.stylize("bold red underline", span.start, span.end)
        console.rule("subject" if number == "subject" else f"part {number}", align="left")
        console.print(shown)


async def _moderate(settings: Settings, deed: str, message_id: str, reason: str) -> int:
    policy = load_policy(settings)
    async with open_store(settings) as store:
        entry = next((each for each in await store.held() if each.id == message_id), None)
        clauses = entry.clauses if entry else ()
        asked = needs(policy, clauses, deed)
        if asked.second:
            raise Refusal(
                f"held {deed}: the policy wants two people to agree on clause {', '.join(asked.clauses)}; "
                "decide it in the console, where a second person can agree"
            )
        if entry is not None and asked.reason and not reason:
            raise Refusal(f"held {deed}: the policy asks for a reason; give one with --reason")
        words = usual_words(settings.district.name, policy, clauses)
        done = await moderate(store, store, message_id, deed, by=actor(), reason=reason, words=words)  # type: ignore[arg-type]  # argparse allows these words only
    if done is None:
        raise Refusal(f"held {deed}: no message {message_id}; `chaperone held list` shows the ids")
    if not done.changed:
        if done.first is None:
            raise Refusal(f"held {deed}: nothing of {message_id} is held")
        at = local_time(done.first.decided_at, settings.district.time_zone)
        raise Refusal(
            f"held {deed}: {message_id} was decided first by {done.first.decided_by or 'nobody yet'} at {at}"
            f" and is {done.first.state}"
        )
    print(f"{'released' if deed == 'release' else 'rejected'} {message_id} for {', '.join(done.changed)}")
    return 0
