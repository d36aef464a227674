"""The messages around a message in its conversations."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    or_,
    select,
)

from gateway.core.messages.delivery import State
from gateway.core.review.views import ConversationMessage
from gateway.store.engine.columns import decode_envelope, storable
from gateway.store.engine.dialects import Database, Statement
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.review.lookups import group_by_message
from gateway.store.schema import messages as schema

_m, _r, _c, _x = schema.messages.c, schema.recipients.c, schema.contents.c, schema.contacts.c

_CONVERSATIONS = Statement(lambda sql: select(_x.conversation, _x.at).where(_x.message_id == bindparam("key")))
_BEFORE = Statement(
    lambda sql: (
        select(_x.message_id)
        .where(_x.conversation == bindparam("conversation"), _x.at <= bindparam("at"))
        .order_by(_x.at.desc(), _x.message_id.desc())
        .limit(bindparam("limit"))
    )
)
_AFTER = Statement(
    lambda sql: (
        select(_x.message_id)
        .where(_x.conversation == bindparam("conversation"), _x.at > bindparam("at"))
        .order_by(_x.at, _x.message_id)
        .limit(bindparam("limit"))
    )
)


def _beyond_statement(earlier: bool) -> Statement:
    """The nearest messages of a conversation on one side of a position in it."""
    position_columns: tuple[ColumnElement[object], ...] = (_x.at, _x.message_id)
    time: ColumnElement[float] = bindparam("at", type_=_x.at.type)
    other_time = _x.at < time if earlier else _x.at > time
    same_time = _x.message_id < bindparam("behind") if earlier else _x.message_id > bindparam("behind")
    order = [column.desc() for column in position_columns] if earlier else list(position_columns)
    return Statement(
        lambda sql: (
            select(_x.message_id)
            .where(_x.conversation == bindparam("conversation"), or_(other_time, and_(_x.at == time, same_time)))
            .order_by(*order)
            .limit(bindparam("limit"))
        )
    )


_EARLIER, _LATER = _beyond_statement(earlier=True), _beyond_statement(earlier=False)
_MESSAGES = Statement(
    lambda sql: (
        select(_m.id, _m.channel, _m.received_at, _m.envelope, _c.subject, _c.excerpt, _r.state)
        .join_from(schema.messages, schema.recipients, _r.message_id == _m.id)
        .join(schema.contents, _c.message_id == _m.id, isouter=True)
        .where(sql.among(_m.id))
        .order_by(_m.received_at, _m.id, _r.position)
    )
)


def _around(db: Database, id_: str, each_side: int) -> list[ConversationMessage]:
    ids = {id_}
    for conversation, at in db.rows(_CONVERSATIONS, key=id_):
        for statement in (_BEFORE, _AFTER):
            ids |= {row[0] for row in db.rows(statement, conversation=conversation, at=at, limit=each_side + 1)}
    messages = _read_messages(db, ids)
    here = next((number for number, message in enumerate(messages) if message.id == id_), 0)
    return messages[max(here - each_side, 0) : here + each_side + 1]


def _beyond_position(
    db: Database, id_: str, beyond: tuple[float, str], limit: int, earlier: bool
) -> list[ConversationMessage]:
    at, behind = beyond
    ids: set[str] = set()
    for conversation, _ in db.rows(_CONVERSATIONS, key=id_):
        rows = db.rows(
            _EARLIER if earlier else _LATER, conversation=conversation, at=at, behind=behind, limit=limit
        )  # fmt: skip
        ids |= {row[0] for row in rows}
    messages = _read_messages(db, ids)
    return messages[-limit:] if earlier else messages[:limit]


def _read_messages(db: Database, ids: set[str]) -> list[ConversationMessage]:
    messages = []
    for group in group_by_message(db.rows(_MESSAGES, ids=sorted(ids)) if ids else ()):
        other, channel, received_at, text, subject, excerpt, _ = group[0]
        envelope, relation = decode_envelope(text)
        recipients = tuple(recipient.address for recipient in envelope.recipients)
        states = tuple(dict.fromkeys(State(row[6]) for row in group))
        messages.append(
            ConversationMessage(
                other, channel, envelope.sender, recipients, received_at, subject or "", excerpt or "", states,
                relation,
            )
        )  # fmt: skip
    return messages


class SqlConversationStore(FeatureStore):
    """See gateway.ports.review.ConversationStore."""

    async def around(self, message_id: str, each_side: int) -> Sequence[ConversationMessage]:
        """See gateway.ports.review.ConversationStore."""
        return await self._readers.read(lambda db: _around(db, storable(message_id), each_side))

    async def beyond(
        self, message_id: str, beyond: tuple[float, str], limit: int, *, earlier: bool
    ) -> Sequence[ConversationMessage]:
        """See gateway.ports.review.ConversationStore."""
        at = (beyond[0], storable(beyond[1]))
        return await self._readers.read(lambda db: _beyond_position(db, storable(message_id), at, limit, earlier))
