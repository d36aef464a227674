"""Where relays leave messages. One transaction makes a message durable, with every row that drives it later."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, func, select, update

from gateway.core.channels.registry import capabilities_of
from gateway.core.channels.smpp_message import SmsPart
from gateway.core.contact.log import ContactLogRow
from gateway.core.messages.conversation import conversation_id
from gateway.core.messages.delivery import State
from gateway.core.messages.media import MAX_WAIT
from gateway.core.messages.message import Message
from gateway.core.messages.parties import Direction
from gateway.store.contact import log as contact_log
from gateway.store.engine.cache import RecentMessages
from gateway.store.engine.columns import decode_envelope, encode_envelope, storable
from gateway.store.engine.connections import WriteRefused
from gateway.store.engine.dialects import PUBLICATIONS, BatchStatement, Database, Statement, batch_insert
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write, Writer
from gateway.store.engine.readers import Readers
from gateway.store.messages import contents, media
from gateway.store.schema import media as schema_media
from gateway.store.schema import messages as schema

_INSERT_MESSAGE = batch_insert(schema.messages, ignore_existing=True)
_INSERT_RECIPIENT = batch_insert(  # columns that are not named here start as null, or with their default
    schema.recipients, "message_id", "position", "channel", "domain", "state", "next_attempt_at", "token", "attempts",
    "queued_at", "changed_at", "due_at", "action", "marked", "decided_by", "decided_at", "decision", "reply", "size",
    "address",
)  # fmt: skip
_INSERT_TEXT = batch_insert(schema.text_turns)
_INSERT_PUBLICATION = batch_insert(schema.publications)
_INSERT_PART = batch_insert(schema.text_parts, ignore_existing=True)
_COMPLETE_PARTS = BatchStatement(
    lambda sql, value: (
        update(schema.text_parts).where(schema.text_parts.c.message_id == value("id")).values(waiting=schema.lit(0))
    ),
    id=schema.TEXT,
)
_COUNT_PARTS = Statement(lambda sql: select(func.count()).where(schema.text_parts.c.message_id == bindparam("id")))
_waiting_sizes = (
    select(func.max(schema.recipients.c.size).label("size"))
    .where(schema.WAITING)
    .group_by(schema.recipients.c.message_id)
    .subquery()
)
_f = schema_media.media.c
_media_sizes = select(func.sum(_f.size)).where(
    _f.size > schema.lit(0),
    _f.message_id.in_(select(schema.recipients.c.message_id).where(schema.WAITING)),
)
_WAITING_BYTES = Statement(
    lambda sql: select(
        func.coalesce(func.sum(_waiting_sizes.c.size), schema.lit(0))
        + func.coalesce(_media_sizes.scalar_subquery(), schema.lit(0))
    )
)
_STATES = Statement(
    lambda sql: (
        select(schema.messages.c.envelope, schema.recipients.c.position, schema.recipients.c.state)
        .join_from(schema.messages, schema.recipients, schema.recipients.c.message_id == schema.messages.c.id)
        .where(schema.messages.c.id == bindparam("id"))
    )
)


@dataclass(frozen=True, slots=True)
class AcceptedMessage:
    """A message to make durable. `due`: the recipients to queue at once, None for those without a pair.

    `recent`: the cache for those who read the message at once.
    """

    message: Message
    contacts: Sequence[ContactLogRow] = ()
    due: Collection[str] | None = None
    parts: Sequence[SmsPart] = ()
    recent: RecentMessages | None = None


def sms_order_key(staff: str, student: str, direction: Direction) -> str:
    """The name of a conversation in one direction. Texts keep their order within it."""
    return f"{conversation_id(staff, student)}:{direction}"


def insert(db: Database, items: Sequence[AcceptedMessage]) -> list[None]:
    """Insert messages that are not stored yet."""
    new = list({accepted.message.id: accepted for accepted in reversed(items)}.values())
    if db.batch(_INSERT_MESSAGE, [_message_row(accepted.message) for accepted in new]) != len(new):
        if len(new) > 1:
            raise WriteRefused("one of these messages is stored already")  # each is then tried alone
        return [None] * len(items)
    content_rows, recipients, texts, publications, contacts = [], [], [], [], []
    for accepted in new:
        message = accepted.message
        content_rows.append(
            {
                "message_id": message.id,
                "subject": storable(message.subject),
                "excerpt": storable(message.excerpt),
                "content": message.content,
            }
        )
        recipients += _recipient_rows(accepted, db.now)
        if accepted.recent is not None:
            accepted.recent.add(message)
        if capabilities_of(message.channel).keeps_order:
            texts += _text_rows(message)
        if message.relation:
            publications.append(
                {
                    "message_id": message.id,
                    "received_at": float(message.received_at),
                    "publish_at": db.now + (MAX_WAIT if media.media_urls(message) else 0.0),
                    "place": None,
                }
            )
        if accepted.contacts:
            contacts += contact_log.rows_of(message.id, message.received_at, message.relation, accepted.contacts)
    contents.write(db, content_rows)
    db.batch(_INSERT_RECIPIENT, recipients)
    db.batch(_INSERT_TEXT, texts)
    db.batch(_INSERT_PUBLICATION, publications)
    db.batch(contact_log.INSERT, contacts)
    media.insert_requests(db, [accepted.message for accepted in new])
    if publications:
        db.made_due.add(PUBLICATIONS)
    db.made_due.update(str(row["channel"]) for row in recipients if row["next_attempt_at"] is not None)
    parts = [(accepted.message.id, part) for accepted in new for part in accepted.parts]
    db.batch(_INSERT_PART, [part_row(db, part, id_, waiting=0) for id_, part in parts])
    long = [accepted for accepted in new if accepted.parts and accepted.parts[0].total > 1]
    db.batch(_COMPLETE_PARTS, [{"id": accepted.message.id} for accepted in long])
    for accepted in long:
        if db.rows(_COUNT_PARTS, id=accepted.message.id)[0][0] != len(accepted.parts):
            raise WriteRefused("another part came meanwhile: classified and delivered content must be the same")
    return [None] * len(items)


def _message_row(message: Message) -> dict[str, object]:
    return {
        "id": message.id,
        "channel": message.channel,
        "received_at": float(message.received_at),
        "sender": storable(message.envelope.sender),
        "message_id": storable(message.message_id),
        "sha256": message.sha256,
        "size": len(message.content),
        "tls": int(message.tls),
        "prefix": message.prefix,
        "envelope": encode_envelope(message),
    }


def _recipient_rows(accepted: AcceptedMessage, now: float) -> list[dict[str, object]]:
    message = accepted.message
    size = len(message.content)
    paired = {pair.recipient for pair in message.relation.pairs}
    next_hop_key = capabilities_of(message.channel).next_hop_key
    rows: list[dict[str, object]] = []
    for position, recipient in enumerate(message.envelope.recipients):
        address = recipient.address
        due = address not in paired if accepted.due is None else address in accepted.due
        rows.append(
            {
                "message_id": message.id,
                "position": position,
                "channel": message.channel,
                "domain": storable(next_hop_key(recipient)),
                "state": "queued" if due else "received",
                "next_attempt_at": now if due else None,
                "token": None,
                "attempts": 0,
                "queued_at": now if due else None,
                "changed_at": now,
                "due_at": None,
                "action": None,
                "marked": 0,
                "decided_by": "",
                "decided_at": None,
                "decision": None,
                "reply": "",
                "size": size,
                "address": storable(address),
            }
        )
    return rows


def part_row(db: Database, part: SmsPart, message_id: str, *, waiting: int, key: str = "") -> dict[str, object]:
    """The row of one part of a text."""
    return {
        "message_id": message_id,
        "number": part.number,
        "key": storable(key),
        "total": part.total,
        "account": storable(part.account),
        "at": db.now,
        "waiting": waiting,
        "command": part.command,
        "body": part.body,
    }


def _text_rows(message: Message) -> list[dict[str, object]]:
    places = {recipient.address: at for at, recipient in enumerate(message.envelope.recipients)}
    rows = {
        (places[pair.recipient], sms_order_key(pair.staff, pair.student, pair.direction))
        for pair in message.relation.pairs
        if pair.recipient in places
    }
    return [
        {"message_id": message.id, "position": position, "lane": name, "at": float(message.received_at), "waiting": 1}
        for position, name in sorted(rows)
    ]


ACCEPT = Write(insert)


class SqlIntakeStore(FeatureStore):
    """See gateway.ports.messages.IntakeStore."""

    def __init__(self, writer: Writer, readers: Readers, recent: RecentMessages) -> None:
        super().__init__(writer, readers, recent)
        self._measuring: asyncio.Future[int] | None = None
        self._measured_at = -math.inf
        self._measured = 0
        self._ticks = time.monotonic

    async def accept(
        self, message: Message, contacts: Sequence[ContactLogRow] = (), due: Collection[str] | None = None,
        parts: Sequence[SmsPart] = (),
    ) -> None:  # fmt: skip
        """See gateway.ports.messages.IntakeStore."""
        await self._writer.write(ACCEPT, AcceptedMessage(message, contacts, due, parts, self._recent))

    async def waiting_bytes(self) -> int:
        """See gateway.ports.messages.IntakeStore. Queried at most once a second, for all callers together."""
        if self._ticks() - self._measured_at < 1.0:
            return self._measured
        if self._measuring is None or self._measuring.done():
            self._measuring = asyncio.ensure_future(self._measure())
        return await asyncio.shield(self._measuring)

    async def _measure(self) -> int:
        at = self._ticks()
        self._measured = int(await self._readers.read(lambda db: db.rows(_WAITING_BYTES)[0][0]))
        self._measured_at = at
        return self._measured

    async def states(self, message_id: str) -> Mapping[str, State]:
        """See gateway.ports.messages.IntakeStore."""
        rows = await self._readers.read(lambda db: db.rows(_STATES, id=message_id))
        if not rows:
            return {}
        envelope, _ = decode_envelope(rows[0][0])
        return {envelope.recipients[position].address: State(state) for _, position, state in rows}
