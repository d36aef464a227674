"""CPU of the store per message and step, on SQLite and on a real PostgreSQL including the server.

    python -m tests.bench.bench_store [--messages 2000] [--size 21000] [--batch 1,10,30] [--only sqlite]

Each step runs with `batch` callers at once, so that about as many items share a transaction. Results vary on a shared
machine: compare figures of one run only.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from gateway.core.channels.capabilities import MAIL
from gateway.core.contact.log import ContactLogRow
from gateway.core.messages.conversation import conversation_id
from gateway.core.messages.delivery import Claim, NextHop, Sent, State
from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.messages.message import Envelope, Message, Recipient, new_id, sha256_of
from gateway.core.messages.parties import Direction, Pair, Relation
from gateway.core.messages.verdict import Finding, Span, Verdict
from gateway.core.policy.decision import Action, AuditEntry, Decision, PendingMessage, StateChange, Transition
from gateway.ports.store import Store
from gateway.store import open_store
from tests.peers.postgresql import PostgresqlServer, missing, running_postgresql

HOP = NextHop("mail", "127.0.0.1:2600", frozenset({"students.riverbend.example"}))
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Meter:
    """CPU seconds of this process and of the server, if there is one."""

    server: PostgresqlServer | None

    def read(self) -> tuple[float, float]:
        """CPU seconds of this process and of the server."""
        return time.process_time(), sum(map(_spent, self.server.processes())) if self.server else 0.0


def _spent(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


def make_message(number: int, size: int) -> tuple[Message, ContactLogRow]:
    """Mail from a staff member to a student, with its contact row."""
    staff, student = f"T{number % 40}", f"S{number % 700}"
    sender = f"{staff.lower()}@riverbend.example"
    recipient = f"{student.lower()}@students.riverbend.example"
    content = f"From: {sender}\r\nTo: {recipient}\r\nSubject: Class {number}\r\n\r\n".encode()
    content += os.urandom(size // 2).hex().encode()[: size - len(content)]
    now = time.time()
    pair = Pair(recipient, staff, student, Direction.STAFF_TO_STUDENT)
    return (
        Message(
            new_id(now, os.urandom(10)),
            MAIL,
            Envelope(sender, (Recipient(recipient),), ("BODY=8BITMIME",)),
            content,
            sha256_of(content),
            now,
            Relation((pair,)),
            b"Received: from client by gateway; Tue, 3 Sep 2030 10:00:00 -0500\r\nX-Chaperone-Id: x; y\r\n",
            f"Class {number}",
            f"<{number}@riverbend.example>",
            "Please bring your signed form to class tomorrow. " * 4,
        ),
        ContactLogRow(conversation_id(staff, student), staff, student, night=False, alone=True, outside=False),
    )


def release(pending: PendingMessage) -> Transition:
    """A rule that releases a message, with a verdict, a follow-up and an audit entry."""
    decision = Decision(Action.RELEASE, Direction.STAFF_TO_STUDENT, "0123456789abcdef")
    finding = Finding("6", 0.12, "linear", (Span("1", 0, 20),), "form")
    verdict = Verdict(pending.id, pending.sha256, "1.0", "en", (finding,), {"academic": 0.9, "other": 0.1}, took_ms=3.1)
    return Transition(
        tuple(StateChange(recipient.address, State.QUEUED, decision, "policy") for recipient in pending.recipients),
        (Followup(FollowupKind.DECISION, pending.id, {"v": 1, "id": pending.id, "action": "release"}),),
        (AuditEntry(pending.received_at, "policy", "decide", pending.id, {"action": "release"}),),
        verdict,
    )


def batches(items: Sequence[object], size: int) -> Iterator[Sequence[object]]:
    """The items in groups of a size."""
    return (items[at : at + size] for at in range(0, len(items), size))


async def measure(store: Store, meter: Meter, messages: int, size: int, batch: int) -> dict[str, tuple[float, ...]]:
    """By step: microseconds of CPU per message (this process, the server), and milliseconds per batch."""
    figures: dict[str, tuple[float, ...]] = {}
    sample = [make_message(number, size) for number in range(messages)]
    claims: list[Claim] = []

    async def step(name: str, work: Callable[[Sequence[object]], Awaitable[object]]) -> None:
        began, (ours, servers) = time.perf_counter(), meter.read()
        for group in batches(sample, batch):
            await work(group)
        spent, (ours_then, servers_then) = time.perf_counter() - began, meter.read()
        scale = 1e6 / messages
        figures[name] = ((ours_then - ours) * scale, (servers_then - servers) * scale, spent * 1e3 * batch / messages)

    async def publish(group: Sequence[object]) -> None:
        claimed = await store.outbox.claim_unpublished(len(group), 60)
        assert len(claimed) == len(group)
        await store.outbox.mark_published({outgoing.message.id: "messages-0-12345" for outgoing in claimed})

    async def claim_all(group: Sequence[object]) -> None:
        claimed = await store.delivery_queue.claim(HOP, len(group), 300)
        assert len(claimed) == len(group)
        claims.extend(claimed)

    async def renew(group: Sequence[object]) -> None:
        assert all(
            await asyncio.gather(*(store.delivery_queue.renew(claim.token, 300) for claim in claims[: len(group)]))
        )

    async def record_outcomes(group: Sequence[object]) -> None:
        concluded = [claims.pop() for _ in group]
        outcomes = [
            {claim.recipients[0].recipient.address: (Sent("250 2.0.0 Ok: queued as 4XyZ"), None)} for claim in concluded
        ]
        pairs = zip(concluded, outcomes, strict=True)
        assert all(
            await asyncio.gather(
                *(store.delivery_queue.record_outcomes(claim, outcome, ()) for claim, outcome in pairs)
            )
        )

    async def follow(group: Sequence[object]) -> None:
        due = await store.followups.claim_due(len(group), 60)
        assert len(due) == len(group)
        await store.followups.complete([followup.id for followup in due])

    await step(
        "accept",
        lambda group: asyncio.gather(*(store.intake.accept(message, (contact,)) for message, contact in group)),
    )
    await step("publish", publish)
    await step("decide", lambda group: store.dispositions.apply([(message.id, release) for message, _ in group]))
    await step("claim", claim_all)
    await step("renew", renew)
    await step("outcomes", record_outcomes)
    await step("follow up", follow)
    await step("audit link", lambda group: store.audit.link(len(group)))
    return figures


async def measure_window(store: Store, outcomes: int, size: int, callers: int = 200) -> list[float]:
    """Seconds that each outcome takes to be durable while `callers` accept messages all the time, in rising order.

    In that time the end of the process would send the message again.
    """
    messages = [make_message(number, size) for number in range(outcomes)]
    await asyncio.gather(*(store.intake.accept(message, (contact,)) for message, contact in messages))
    await store.dispositions.apply([(message.id, release) for message, _ in messages])
    claims = await store.delivery_queue.claim(HOP, outcomes, 300)
    stopped, took = asyncio.Event(), []

    async def accept_all_the_time(first: int) -> None:
        number = first
        while not stopped.is_set():
            message, contact = make_message(number, size)
            await store.intake.accept(message, (contact,))
            number += callers

    flood = [asyncio.create_task(accept_all_the_time(number)) for number in range(callers)]
    for claim in claims:
        await asyncio.sleep(0.01)
        began = time.perf_counter()
        assert await store.delivery_queue.record_outcomes(
            claim, {claimed.recipient.address: (Sent("250 ok"), None) for claimed in claim.recipients}, ()
        )
        took.append(time.perf_counter() - began)
    stopped.set()
    await asyncio.gather(*flood)
    return sorted(took)


def print_table(title: str, figures: dict[str, tuple[float, ...]]) -> None:
    """Print one table."""
    print(f"\n{title}\n{'step':<12}{'ours us':>9}{'server us':>11}{'sum us':>8}{'batch ms':>10}")
    for name, (ours, servers, took) in figures.items():
        print(f"{name:<12}{ours:9.0f}{servers:11.0f}{ours + servers:8.0f}{took:10.2f}")
    ours, servers = (sum(row[at] for row in figures.values()) for at in (0, 1))
    print(f"{'all':<12}{ours:9.0f}{servers:11.0f}{ours + servers:8.0f}")


async def main(given: argparse.Namespace) -> None:
    """Measure with the options of the command line."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        kinds: dict[str, PostgresqlServer | None] = {}
        if given.only != "postgresql":
            kinds["sqlite"] = None
        if given.only != "sqlite":
            if lacking := missing():
                print(f"postgresql: {lacking}")
            else:
                kinds["postgresql"] = stack.enter_context(running_postgresql(folder))
        for name, server in kinds.items():
            for batch in map(int, given.batch.split(",")):
                url = server.database() if server else f"sqlite:///{folder}/{batch}.db"
                async with open_store(url) as store:
                    figures = await measure(store, Meter(server), given.messages, given.size, batch)
                print_table(f"{name}, {given.size} bytes, {batch} at once", figures)
            url = server.database() if server else f"sqlite:///{folder}/window.db"
            async with open_store(url) as store:
                took = await measure_window(store, 200, given.size)
            middle, high = (took[int(len(took) * share)] * 1e3 for share in (0.5, 0.99))
            print(f"\n{name}: outcome durable while 200 callers accept: p50 {middle:.1f} ms, p99 {high:.1f} ms")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="CPU of the store, per message and step.")
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--size", type=int, default=21000)
    parser.add_argument("--batch", default="1,10,30")
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    asyncio.run(main(parser.parse_args()))
