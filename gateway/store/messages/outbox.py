"""Messages to publish, and messages that wait for a verdict."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from sqlalchemy import BigInteger, Double, bindparam, case, exists, func, null, select, update

from gateway.core.messages.media import MediaFile
from gateway.core.messages.message import EarlierMessage, Message, OutgoingMessage
from gateway.core.messages.work import Unreadable, WorkItem, WorkStage
from gateway.ports.messages import NO_LIMIT, POLL_SECONDS, UnclassifiedMessage, WakeupSignal
from gateway.store.engine.columns import UNDECODABLE, decode_envelope, read_message
from gateway.store.engine.dialects import PUBLICATIONS, BatchStatement, Database, Row, Statement
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.messages import contents, media
from gateway.store.schema import messages as schema
from gateway.store.schema.work import work_failures

CONTEXT = 3
"""Earlier messages of its conversations that are published with a message."""

_m, _c, _p, _r = schema.messages.c, schema.contents.c, schema.publications.c, schema.recipients.c
_w = work_failures.c

_due = (
    select(_p.message_id, _p.received_at)
    .where(_p.publish_at <= bindparam("now"))
    .order_by(_p.received_at, _p.message_id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
    .cte("due")
)
_inline, _room = (bindparam(name, type_=BigInteger()) for name in ("inline", "room"))
_weight = case((_m.size > _inline, schema.lit(0)), else_=_m.size)  # larger contents stay in the store
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
_MARK_PUBLISHED = BatchStatement(
    lambda sql, value: (
        update(schema.publications).where(_p.message_id == value("id")).values(publish_at=null(), place=value("at"))
    ),
    id=schema.TEXT,
    at=schema.TEXT,
)
_PUBLISH_AGAIN = BatchStatement(
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
    .where(sql.among(_m.id))  # not sorted here: a database sorts whole rows, contents included
)  # fmt: skip
_PLACES = Statement(lambda sql: select(_p.message_id, _p.place).where(sql.among(_p.message_id)))

_here, _then = schema.contacts.alias("here"), schema.contacts.alias("earlier")


def _earlier(back: int):  # type: ignore[no-untyped-def]
    """The id of the message `back` places before this one in its conversation."""
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
_EARLIER_MESSAGES = Statement(
    lambda sql: (
        select(_m.id, _m.envelope, _m.received_at, _c.excerpt)
        .join_from(schema.messages, schema.contents, _c.message_id == _m.id)
        .where(sql.among(_m.id))
        .order_by(_m.received_at, _m.id)
    )
)
_AWAITING_VERDICT = Statement(
    lambda sql: (
        select(_m.id, _m.received_at, _p.place)
        .join_from(schema.messages, schema.publications, _p.message_id == _m.id, isouter=True)
        .where(
            _m.id.in_(
                select(_r.message_id).where(
                    schema.WAITING,
                    _r.state == schema.lit("received"),
                    _r.changed_at < bindparam("before"),  # by the store's clock; received_at is the relay's
                )
            ),
            ~exists().where(schema.verdicts.c.message_id == _m.id),
            ~exists().where(  # failed before without a verdict, or stuck
                _w.stage == schema.lit("disposition"),
                _w.item == _m.id,
                (_w.stuck == schema.lit(1)) | (_w.body == schema.lit("")),
            ),
        )
        .order_by(_m.received_at, _m.id)
        .limit(bindparam("limit"))
    )
)
_UNCLASSIFIED = Statement(
    lambda sql: (
        select(_p.message_id, _p.received_at, _p.place)
        .where(
            (_p.received_at <= bindparam("before")) | (_p.received_at > bindparam("now")),
            exists().where(_c.message_id == _p.message_id),
            ~exists().where(  # failed publications and decisions are tried again by their own account
                _w.item == _p.message_id, _w.stage.in_([schema.lit("publication"), schema.lit("disposition")])
            ),
        )
        .order_by(_p.received_at, _p.message_id)
        .limit(bindparam("limit"))
    )
)
_UNANSWERED = Statement(lambda sql: select(_p.message_id).where(sql.among(_p.message_id)))
"""A publication is deleted with the verdict."""


@dataclass(frozen=True, slots=True)
class _PublicationClaim:
    limit: int
    lease: float
    inline: int
    room: int


@dataclass(frozen=True, slots=True)
class _ClaimedPublications:
    """Messages claimed for publication: the place of each, and the context of each."""

    places: Mapping[str, str | None]
    contexts: Mapping[str, tuple[EarlierMessage, ...]]

    def __bool__(self) -> bool:
        return bool(self.places)


def _claim(db: Database, items: Sequence[_PublicationClaim]) -> list[_ClaimedPublications]:
    return [_claim_one(db, request) for request in items]


def _claim_one(db: Database, request: _PublicationClaim) -> _ClaimedPublications:
    until = db.now + request.lease
    rows = db.rows(_CLAIM, now=db.now, limit=request.limit, until=until, inline=request.inline, room=request.room)
    places: dict[str, str | None] = dict(rows)
    return _ClaimedPublications(places, context(db, sorted(places)) if places else {})


def _mark_published(db: Database, items: Sequence[Mapping[str, str]]) -> list[None]:
    places = {id_: place for confirmed in items for id_, place in confirmed.items()}
    db.batch(_MARK_PUBLISHED, [{"id": id_, "at": place} for id_, place in sorted(places.items())])
    return [None] * len(items)


def _publish_again(db: Database, items: Sequence[Collection[str]]) -> list[None]:
    db.made_due.add(PUBLICATIONS)
    db.batch(_PUBLISH_AGAIN, [{"id": id_, "now": db.now} for id_ in sorted({id_ for ids in items for id_ in ids})])
    return [None] * len(items)


_CLAIM_WRITE = Write(_claim, rank=3)
_MARK_PUBLISHED_WRITE = Write(_mark_published, rank=2)
_PUBLISH_AGAIN_WRITE = Write(_publish_again, rank=2)


def load_rows(db: Database, ids: Sequence[str]) -> list[Row]:
    """The rows of messages that still have their content."""
    rows = []
    for row in db.rows(_LOAD, ids=list(ids), inline=contents.LARGE):
        if row[-1] is not None:
            rows.append(row)
        elif (content := contents.read(db, row[0])) is not None:
            rows.append((*row[:-1], content))
    return rows


def load(db: Database, ids: Sequence[str]) -> list[Message]:
    """Messages that still have their content."""
    return [read_message(row) for row in load_rows(db, ids)]


def context(db: Database, ids: Sequence[str]) -> dict[str, tuple[EarlierMessage, ...]]:
    """The last messages before each message in its conversations, the oldest first, by message id."""
    before: dict[str, set[str]] = {}
    for id_, *earlier in db.rows(_EARLIER, ids=list(ids)):
        before.setdefault(id_, set()).update(filter(None, earlier))
    wanted = sorted({earlier_id for ids in before.values() for earlier_id in ids})
    if not wanted:
        return {}
    earlier_messages = []
    for id_, envelope, at, excerpt in db.rows(_EARLIER_MESSAGES, ids=wanted):
        with suppress(*UNDECODABLE):  # a damaged message is left out of the context of others
            earlier_messages.append(EarlierMessage(id_, decode_envelope(envelope)[0].sender, at, excerpt))
    return {
        id_: tuple(message for message in earlier_messages if message.id in ids)[-CONTEXT:]
        for id_, ids in before.items()
    }


def _outgoing(db: Database, id_: str) -> OutgoingMessage | None:
    places: dict[str, str | None] = dict(db.rows(_PLACES, ids=[id_]))
    for message in load(db, [id_]):
        contexts, media_by_id = context(db, [id_]), _media_of(db, [message])
        return OutgoingMessage(message, contexts.get(id_, ()), places.get(id_), media_by_id.get(id_, ()))
    return None


def _media_of(db: Database, messages: Sequence[Message]) -> Mapping[str, tuple[MediaFile, ...]]:
    return media.without_contents(db, [message.id for message in messages if media.media_urls(message)])


def _cached(message: Message) -> tuple[Message, bool]:
    return message, False


def _read(row: Row) -> tuple[Message, bool]:
    return read_message(row), row[-1] is None


def _outgoing_messages(
    claimed: _ClaimedPublications, found: Mapping[str, Callable[[], tuple[Message, bool]]]
) -> tuple[list[OutgoingMessage], list[Unreadable]]:
    """Claimed messages in the order of acceptance, and those that cannot be read."""
    outgoing, unreadable = [], []
    for id_, read in found.items():
        try:
            message, left_in_store = read()
            context = claimed.contexts.get(id_, ())
            outgoing.append(OutgoingMessage(message, context, claimed.places[id_], (), left_in_store))
        except UNDECODABLE as error:
            unreadable.append(Unreadable((WorkItem(WorkStage.PUBLICATION, id_, id_),), error))
    return sorted(outgoing, key=lambda item: (item.message.received_at, item.message.id)), unreadable


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
    ) -> Sequence[OutgoingMessage | Unreadable]:
        """See gateway.ports.messages.OutboxStore."""
        request, claimed = _PublicationClaim(limit, lease, inline, room), None
        if wakeup is not None:
            claimed = await self._writer.claim_with(
                _CLAIM_WRITE, request, PUBLICATIONS, PUBLICATIONS, wakeup, POLL_SECONDS
            )
            if claimed is None and wakeup.stopped:
                return ()
        if claimed is None:  # what other processes left or lost
            claimed = await self._writer.claim_now(_CLAIM_WRITE, request, PUBLICATIONS)
        found: dict[str, Callable[[], tuple[Message, bool]]] = {}
        for id_ in claimed.places:
            if (cached := self._recent.get(id_)) is not None:
                found[id_] = partial(_cached, cached)
        if len(found) < len(claimed.places):
            others = sorted(claimed.places.keys() - found.keys())
            for row in await self._readers.read(lambda db: db.rows(_LOAD, ids=others, inline=inline)):
                found[row[0]] = partial(_read, row)
        outgoing, unreadable = _outgoing_messages(claimed, found)
        with_media = [item.message for item in outgoing if media.media_urls(item.message)]
        if with_media:
            media_by_id = await self._readers.read(lambda db: _media_of(db, with_media))
            outgoing = [replace(item, media=media_by_id.get(item.message.id, ())) for item in outgoing]
        return (*outgoing, *unreadable)

    async def mark_published(self, places: Mapping[str, str]) -> None:
        """See gateway.ports.messages.OutboxStore."""
        await self._writer.write_later(_MARK_PUBLISHED_WRITE, places)

    async def publish_again(self, ids: Collection[str]) -> None:
        """See gateway.ports.messages.OutboxStore."""
        await self._writer.write(_PUBLISH_AGAIN_WRITE, ids)

    async def awaiting_verdict(self, before: float, limit: int) -> Sequence[UnclassifiedMessage]:
        """See gateway.ports.messages.OutboxStore."""
        rows = await self._readers.read(lambda db: db.rows(_AWAITING_VERDICT, before=before, limit=limit))
        return tuple(UnclassifiedMessage(*row) for row in rows)

    async def unclassified(self, now: float, min_age: float, limit: int) -> Sequence[UnclassifiedMessage]:
        """See gateway.ports.messages.OutboxStore."""
        rows = await self._readers.read(lambda db: db.rows(_UNCLASSIFIED, now=now, before=now - min_age, limit=limit))
        return tuple(UnclassifiedMessage(*row) for row in rows)

    async def unanswered(self, ids: Collection[str]) -> Collection[str]:
        """See gateway.ports.messages.OutboxStore."""
        wanted = sorted(ids)
        rows = await self._readers.read(lambda db: db.rows(_UNANSWERED, ids=wanted))
        return frozenset(str(id_) for (id_,) in rows)

    async def outgoing(self, message_id: str) -> OutgoingMessage | None:
        """See gateway.ports.messages.OutboxStore."""
        return await self._readers.read(lambda db: _outgoing(db, message_id))
