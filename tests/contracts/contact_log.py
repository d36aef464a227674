"""The log of contact of messages, for tests of the store."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from gateway.core.contact.calendar import NightHours
from gateway.core.contact.history import PairHistory
from gateway.core.contact.log import ContactLogRow, contact_log_rows
from gateway.core.messages.conversation import conversation_id
from gateway.core.messages.message import Message
from gateway.core.policy.decision import PendingMessage, Transition
from gateway.ports.store import Store

CHICAGO = ZoneInfo("America/Chicago")
DAY = 86400.0
PAIR = conversation_id("T1", "S1")


def log_rows(message: Message) -> tuple[ContactLogRow, ...]:
    """The rows of the log, as intake writes them."""
    recipients = [recipient.address for recipient in message.envelope.recipients]
    return contact_log_rows(
        message.relation, recipients, message.received_at, CHICAGO, NightHours(),
        sender=message.envelope.sender, channel=message.channel, text=message.excerpt,
    )  # fmt: skip


def ignore(_: PendingMessage) -> Transition:
    """A rule that changes nothing."""
    return Transition()


async def histories(store: Store, *messages: Message) -> list[dict[str, PairHistory]]:
    """The histories that a decision about each message sees."""
    applied = await store.dispositions.apply([(message.id, ignore) for message in messages])
    return [dict(item.pending.contact) for item in applied if item is not None]


def outside(message: Message, *, claimed: bool = False) -> Message:
    """The message over a personal account."""
    pairs = tuple(replace(pair, outside=True, claimed=claimed) for pair in message.relation.pairs)
    return replace(message, relation=replace(message.relation, pairs=pairs))
