"""What the publisher and the classifiers read: messages due for publication, and those that wait for a verdict."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, Double, bindparam, case, exists, func, null, select, update

from gateway.core.messages.media import MediaFile
from gateway.core.messages.message import EarlierMessage, Message, OutgoingMessage
from gateway.ports.messages import NO_LIMIT, POLL_SECONDS, UnclassifiedMessage, WakeupSignal
from gateway.store.engine.columns import decode_envelope, read_message
from gateway.store.engine.dialects import PUBLICATIONS, BatchStatement, Database, Statement
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.messages import media
from gateway.store.schema import messages as schema

CONTEXT = 3
"""Earlier messages of its conversations that go with a message."""

_m, _c, _p, _r = schema.messages.c, schema.contents.c, schema.publications.c, schema.recipients.c

_due = (
    select(_p.message_id, _p.received_at)
    .where(_p.publish_at <= bindparam("now"))
    .order_by(_p.received_at, _p.message_id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
    .cte("due")
)
_inline, _room = (bindparam(name, type_=BigInteger()) for name in ("inline", "room"))
_weight = case((_m.size > _inline, schema.lit(0)), else_=_m.size)  # what is larger stays in the store
_weighed = (
    select(
        _due.c.message_id,
        (func.sum(_weight).over(order_by=(_due.c.received_at, _due.c.message_id)) - _weight).label("before"),
    )
    .join_from(_due, schema.messages, _m.id == _due.c.message_id)
    .cte("weighed")
)
_CLAIM = Statement(
    lambda sql: (
        update(schema.publications)
        .where(_p.message_id.in_(select(_weighed.c.message_id).where(_weighed.c.before < _room)))
        .values(publish_at=bindparam("until"))
        .returning(_p.message_id, _p.place)
    )
)
_PUBLISHED = BatchStatement(
    lambda sql, value: (
        update(schema.publications).where(_p.message_id == value("id")).values(publish_at=null(), place=value("at"))
    ),
    id=schema.TEXT,
    at=schema.TEXT,
)
_AGAIN = BatchStatement(
    lambda sql, value: update(schema.publications).where(_p.message_id == value("id")).values(publish_at=value("now")),
    id=schema.TEXT,
    now=Double(),
)
_LOAD = Statement(
    lambda sql: select(
        _m.id, _m.channel, _m.received_at, _m.message_id, _m.sha256, _m.tls, _m.prefix, _m.envelope,
        _c.subject, _c.excerpt, case((_m.size <= _inline, _c.content)),
    )
    .join_from(schema.messages, schema.contents, _c.message_id == _m.id)
    .where(sql.among(_m.id))
    .order_by(_m.received_at, _m.id)
)  # fmt: skip
_PLACES = Statement(lambda sql: select(_p.message_id, _p.place).where(sql.among(_p.message_id)))

_here, _then = schema.contacts.alias("here"), schema.contacts.alias("earlier")


def _earlier(back: int):  # type: ignore[no-untyped-def]
    """The id of the message so many before this one in its conversation."""
    return (
        select(_then.c.message_id)
        .where(
            _then.c.conversation == _here.c.conversation,
            _then.c.at <= _here.c.at,
            (_then.c.at < _here.c.at) | (_then.c.message_id < _here.c.message_id),
        )
        .order_by(_then.c.at.desc(), _then.c.message_id.desc())
        .limit(schema.lit(1))
        .offset(schema.lit(back))
        .scalar_subquery()
    )


_EARLIER = Statement(
    lambda sql: select(_here.c.message_id, *(_earlier(back).label(f"back{back}") for back in range(CONTEXT))).where(
        sql.among(_here.c.message_id)
    )
)
_EXCERPTS = Statement(
    lambda sql: (
        select(_m.id, _m.envelope, _m.received_at, _c.excerpt)
        .join_from(schema.messages, schema.contents, _c.message_id == _m.id)
        .where(sql.among(_m.id))
        .order_by(_m.received_at, _m.id)
    )
)
_UNANSWERED = Statement(
    lambda sql: (
        select(_m.id, _m.received_at, _p.place)
        .join_from(schema.messages, schema.publications, _p.message_id == _m.id, isouter=True)
        .where(
            _m.id.in_(
                select(_r.message_id).where(
                    schema.WAITING,
                    _r.state == schema.lit("received"),
                    _r.changed_at < bindparam("before"),  # by the store's clock, where received_at is the relay's
                )
            ),
            ~exists().where(schema.verdicts.c.message_id == _m.id),
        )
        .order_by(_m.received_at, _m.id)
        .limit(bindparam("limit"))
    )
)
_UNREAD = Statement(
    lambda sql: (
        select(_p.message_id, _p.received_at, _p.place)
        .where(
            _p.received_at.between(bindparam("after"), bindparam("before")),
            exists().where(_c.message_id == _p.message_id),
        )
        .order_by(_p.received_at, _p.message_id)
        .limit(bindparam("limit"))
    )
)


@dataclass(frozen=True, slots=True)
class _Ask:
    limit: int
    lease: float
    inline: int
    room: int


@dataclass(frozen=True, slots=True)
class _Claimed:
    """Messages claimed for publication: the place of each, and what their conversations said before."""

    places: Mapping[str, str | None]
    contexts: Mapping[str, tuple[EarlierMessage, ...]]

    def __bool__(self) -> bool:
        return bool(self.places)


def _claim(db: Database, items: Sequence[_Ask]) -> list[_Claimed]:
    return [_claimed(db, ask) for ask in items]


def _claimed(db: Database, ask: _Ask) -> _Claimed:
    until = db.now + ask.lease
    rows = db.rows(_CLAIM, now=db.now, limit=ask.limit, until=until, inline=ask.inline, room=ask.room)
    places: dict[str, str | None] = dict(rows)
    return _Claimed(places, context(db, sorted(places)) if places else {})


def _published(db: Database, items: Sequence[Mapping[str, str]]) -> list[None]:
    places = {id_: place for each in items for id_, place in each.items()}
    db.batch(_PUBLISHED, [{"id": id_, "at": place} for id_, place in sorted(places.items())])
    return [None] * len(items)


def _publish_again(db: Database, items: Sequence[Collection[str]]) -> list[None]:
    db.made_due.add(PUBLICATIONS)
    db.batch(_AGAIN, [{"id": id_, "now": db.now} for id_ in sorted({id_ for ids in items for id_ in ids})])
    return [None] * len(items)


_CLAIM_WRITE = Write(_claim, rank=3)
_PUBLISHED_WRITE = Write(_published, rank=2)
_AGAIN_WRITE = Write(_publish_again, rank=2)


def load(db: Database, ids: Sequence[str]) -> list[Message]:
    """Messages whose content is there, in order of acceptance."""
    return [read_message(row) for row in db.rows(_LOAD, ids=list(ids), inline=NO_LIMIT)]


def context(db: Database, ids: Sequence[str]) -> dict[str, tuple[EarlierMessage, ...]]:
    """What the conversations of each message said last before it, the oldest first."""
    before: dict[str, set[str]] = {}
    for id_, *earlier in db.rows(_EARLIER, ids=list(ids)):
        before.setdefault(id_, set()).update(filter(None, earlier))
    wanted = sorted({each for ids in before.values() for each in ids})
    if not wanted:
        return {}
    said = [
        EarlierMessage(id_, decode_envelope(envelope)[0].sender, at, excerpt)
        for id_, envelope, at, excerpt in db.rows(_EXCERPTS, ids=wanted)
    ]
    return {id_: tuple(each for each in said if each.id in ids)[-CONTEXT:] for id_, ids in before.items()}


def _look(db: Database, id_: str) -> OutgoingMessage | None:
    places: dict[str, str | None] = dict(db.rows(_PLACES, ids=[id_]))
    for message in load(db, [id_]):
        said, pictured = context(db, [id_]), _pictured(db, [message])
        return OutgoingMessage(message, said.get(id_, ()), places.get(id_), pictured.get(id_, ()))
    return None


def _pictured(db: Database, messages: Sequence[Message]) -> Mapping[str, tuple[MediaFile, ...]]:
    return media.about(db, [message.id for message in messages if media.urls_of(message)])


class SqlOutboxStore(FeatureStore):
    """See gateway.ports.messages.OutboxStore."""

    async def claim_unpublished(
        self,
        limit: int,
        lease: float,
        wakeup: WakeupSignal | None = None,
        *,
        inline: int = NO_LIMIT,
        room: int = NO_LIMIT,
    ) -> Sequence[OutgoingMessage]:
        """See gateway.ports.messages.OutboxStore."""
        ask, claimed = _Ask(limit, lease, inline, room), None
        if wakeup is not None:
            claimed = await self._writer.claim_with(_CLAIM_WRITE, ask, PUBLICATIONS, PUBLICATIONS, wakeup, POLL_SECONDS)
            if claimed is None and wakeup.stopped:
                return ()
        if claimed is None:  # after a while it is looked what another process left, or lost
            claimed = await self._writer.claim_now(_CLAIM_WRITE, ask, PUBLICATIONS)
        places, contexts = claimed.places, claimed.contexts
        found = [(kept, False) for id_ in places if (kept := self._recent.get(id_)) is not None]
        if len(found) < len(places):
            others = sorted(places.keys() - {message.id for message, _ in found})
            rows = await self._readers.read(lambda db: db.rows(_LOAD, ids=others, inline=inline))
            found += [(read_message(row), row[-1] is None) for row in rows]
        found.sort(key=lambda each: (each[0].received_at, each[0].id))
        texts = [each for each, _ in found if media.urls_of(each)]
        pictured = await self._readers.read(lambda db: _pictured(db, texts)) if texts else {}
        return tuple(
            OutgoingMessage(each, contexts.get(each.id, ()), places[each.id], pictured.get(each.id, ()), left)
            for each, left in found
        )

    async def mark_published(self, places: Mapping[str, str]) -> None:
        """See gateway.ports.messages.OutboxStore."""
        await self._writer.write_later(_PUBLISHED_WRITE, places)

    async def publish_again(self, ids: Collection[str]) -> None:
        """See gateway.ports.messages.OutboxStore."""
        await self._writer.write(_AGAIN_WRITE, ids)

    async def awaiting_verdict(self, before: float, limit: int) -> Sequence[UnclassifiedMessage]:
        """See gateway.ports.messages.OutboxStore."""
        rows = await self._readers.read(lambda db: db.rows(_UNANSWERED, before=before, limit=limit))
        return tuple(UnclassifiedMessage(*row) for row in rows)

    async def unclassified(self, after: float, before: float, limit: int) -> Sequence[UnclassifiedMessage]:
        """See gateway.ports.messages.OutboxStore."""
        rows = await self._readers.read(lambda db: db.rows(_UNREAD, after=after, before=before, limit=limit))
        return tuple(UnclassifiedMessage(*row) for row in rows)

    async def outgoing(self, message_id: str) -> OutgoingMessage | None:
        """See gateway.ports.messages.OutboxStore."""
        return await self._readers.read(lambda db: _look(db, message_id))
