"""TODO."""

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
from gateway.store.engine.columns import fit, read_envelope
from gateway.store.engine.dialects import Run, Statement
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.review.lookups import by_message
from gateway.store.schema import messages as schema

_m, _r, _c, _x = schema.messages.c, schema.recipients.c, schema.contents.c, schema.contacts.c

_WITH = Statement(lambda of: select(_x.conversation, _x.at).where(_x.message_id == bindparam("key")))
_BEFORE = Statement(
    lambda of: (
        select(_x.message_id)
        .where(_x.conversation == bindparam("conversation"), _x.at <= bindparam("at"))
        .order_by(_x.at.desc(), _x.message_id.desc())
        .limit(bindparam("limit"))
    )
)
_AFTER = Statement(
    lambda of: (
        select(_x.message_id)
        .where(_x.conversation == bindparam("conversation"), _x.at > bindparam("at"))
        .order_by(_x.at, _x.message_id)
        .limit(bindparam("limit"))
    )
)


def _beyond(earlier: bool) -> Statement:
    """The nearest messages of a conversation on one side of a place in it."""
    place: tuple[ColumnElement[object], ...] = (_x.at, _x.message_id)
    way: ColumnElement[float] = bindparam("at", type_=_x.at.type)
    side = _x.at < way if earlier else _x.at > way
    beside = _x.message_id < bindparam("behind") if earlier else _x.message_id > bindparam("behind")
    order = [each.desc() for each in place] if earlier else list(place)
    return Statement(
        lambda of: (
            select(_x.message_id)
            .where(_x.conversation == bindparam("conversation"), or_(side, and_(_x.at == way, beside)))
            .order_by(*order)
            .limit(bindparam("limit"))
        )
    )


_EARLIER, _LATER = _beyond(earlier=True), _beyond(earlier=False)
_NEIGHBOURS = Statement(
    lambda of: (
        select(_m.id, _m.channel, _m.received_at, _m.envelope, _c.subject, _c.excerpt, _r.state)
        .join_from(schema.messages, schema.recipients, _r.message_id == _m.id)
        .join(schema.contents, _c.message_id == _m.id, isouter=True)
        .where(of.among(_m.id))
        .order_by(_m.received_at, _m.id, _r.position)
    )
)


def _around(run: Run, id_: str, each_side: int) -> list[ConversationMessage]:
    ids = {id_}
    for conversation, at in run.rows(_WITH, key=id_):
        for statement in (_BEFORE, _AFTER):
            ids |= {row[0] for row in run.rows(statement, conversation=conversation, at=at, limit=each_side + 1)}
    found = _neighbours(run, ids)
    here = next((number for number, each in enumerate(found) if each.id == id_), 0)
    return found[max(here - each_side, 0) : here + each_side + 1]


def _further(run: Run, id_: str, beyond: tuple[float, str], limit: int, earlier: bool) -> list[ConversationMessage]:
    at, behind = beyond
    ids: set[str] = set()
    for conversation, _ in run.rows(_WITH, key=id_):
        rows = run.rows(
            _EARLIER if earlier else _LATER, conversation=conversation, at=at, behind=behind, limit=limit
        )  # fmt: skip
        ids |= {row[0] for row in rows}
    found = _neighbours(run, ids)
    return found[-limit:] if earlier else found[:limit]


def _neighbours(run: Run, ids: set[str]) -> list[ConversationMessage]:
    found = []
    for group in by_message(run.rows(_NEIGHBOURS, ids=sorted(ids)) if ids else ()):
        other, channel, received_at, text, subject, excerpt, _ = group[0]
        envelope, relation = read_envelope(text)
        recipients = tuple(recipient.address for recipient in envelope.recipients)
        states = tuple(dict.fromkeys(State(row[6]) for row in group))
        found.append(
            ConversationMessage(
                other, channel, envelope.sender, recipients, received_at, subject or "", excerpt or "", states,
                relation,
            )
        )  # fmt: skip
    return found


class SqlConversationStore(FeatureStore):
    """See gateway.ports.review.ConversationStore."""

    async def around(self, message_id: str, each_side: int) -> Sequence[ConversationMessage]:
        """See gateway.ports.review.ConversationStore."""
        return await self._readers.read(lambda run: _around(run, fit(message_id), each_side))

    async def beyond(
        self, message_id: str, beyond: tuple[float, str], limit: int, *, earlier: bool
    ) -> Sequence[ConversationMessage]:
        """See gateway.ports.review.ConversationStore."""
        at = (beyond[0], fit(beyond[1]))
        return await self._readers.read(lambda run: _further(run, fit(message_id), at, limit, earlier))
