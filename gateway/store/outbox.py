"""What the publisher and the classifiers read: messages due for publication, and those that wait for a verdict."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Double, bindparam, exists, null, select, update

from gateway.core.message import Message, Outgoing, Said
from gateway.ports import Unanswered
from gateway.store import media, schema
from gateway.store.forms import read_envelope, read_message
from gateway.store.parts import Part
from gateway.store.statements import Each, Run, Statement
from gateway.store.writer import Write

CONTEXT = 3
"""Earlier messages of its conversations that go with a message."""

_m, _c, _p, _r = schema.messages.c, schema.contents.c, schema.publications.c, schema.recipients.c

_due = (
    select(_p.message_id)
    .where(_p.publish_at <= bindparam("now"))
    .order_by(_p.received_at, _p.message_id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
    .cte("due")
)
_CLAIM = Statement(
    lambda of: (
        update(schema.publications)
        .where(_p.message_id.in_(select(_due.c.message_id)))
        .values(publish_at=bindparam("until"))
        .returning(_p.message_id, _p.place)
    )
)
_PUBLISHED = Each(
    lambda of, given: (
        update(schema.publications).where(_p.message_id == given("id")).values(publish_at=null(), place=given("at"))
    ),
    id=schema.TEXT,
    at=schema.TEXT,
)
_AGAIN = Each(
    lambda of, given: update(schema.publications).where(_p.message_id == given("id")).values(publish_at=given("now")),
    id=schema.TEXT,
    now=Double(),
)
_LOAD = Statement(
    lambda of: select(
        _m.id, _m.channel, _m.received_at, _m.message_id, _m.sha256, _m.tls, _m.prefix, _m.envelope,
        _c.subject, _c.excerpt, _c.content,
    )
    .join_from(schema.messages, schema.contents, _c.message_id == _m.id)
    .where(of.among(_m.id))
    .order_by(_m.received_at, _m.id)
)  # fmt: skip
_PLACES = Statement(lambda of: select(_p.message_id, _p.place).where(of.among(_p.message_id)))

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
    lambda of: select(_here.c.message_id, *(_earlier(back).label(f"back{back}") for back in range(CONTEXT))).where(
        of.among(_here.c.message_id)
    )
)
_EXCERPTS = Statement(
    lambda of: (
        select(_m.id, _m.envelope, _m.received_at, _c.excerpt)
        .join_from(schema.messages, schema.contents, _c.message_id == _m.id)
        .where(of.among(_m.id))
        .order_by(_m.received_at, _m.id)
    )
)
_UNANSWERED = Statement(
    lambda of: (
        select(_m.id, _m.received_at, _p.place)
        .join_from(schema.messages, schema.publications, _p.message_id == _m.id, isouter=True)
        .where(
            _m.id.in_(select(_r.message_id).where(schema.WAITING, _r.state == schema.lit("received"))),
            ~exists().where(schema.verdicts.c.message_id == _m.id),
            _m.received_at < bindparam("before"),
        )
        .order_by(_m.received_at, _m.id)
        .limit(bindparam("limit"))
    )
)
_UNREAD = Statement(
    lambda of: (
        select(_p.message_id, _p.received_at, _p.place)
        .where(
            _p.received_at.between(bindparam("after"), bindparam("before")),
            exists().where(_c.message_id == _p.message_id),
        )
        .order_by(_p.received_at, _p.message_id)
        .limit(bindparam("limit"))
    )
)


def _claim(run: Run, items: Sequence[tuple[int, float]]) -> list[dict[str, str | None]]:
    return [dict(run.rows(_CLAIM, now=run.now, limit=limit, until=run.now + lease)) for limit, lease in items]


def _published(run: Run, items: Sequence[Mapping[str, str]]) -> list[None]:
    places = {id_: place for each in items for id_, place in each.items()}
    run.each(_PUBLISHED, [{"id": id_, "at": place} for id_, place in sorted(places.items())])
    return [None] * len(items)


def _publish_again(run: Run, items: Sequence[Collection[str]]) -> list[None]:
    run.each(_AGAIN, [{"id": id_, "now": run.now} for id_ in sorted({id_ for ids in items for id_ in ids})])
    return [None] * len(items)


_CLAIM_WRITE = Write(_claim, rank=3)
_PUBLISHED_WRITE = Write(_published, rank=2)
_AGAIN_WRITE = Write(_publish_again, rank=2)


def load(run: Run, ids: Sequence[str]) -> list[Message]:
    """Messages whose content is there, in order of acceptance."""
    return [read_message(row) for row in run.rows(_LOAD, ids=list(ids))]


def context(run: Run, messages: Sequence[Message]) -> dict[str, tuple[Said, ...]]:
    """What the conversations of each message said last before it, the oldest first."""
    before: dict[str, set[str]] = {}
    for id_, *earlier in run.rows(_EARLIER, ids=[message.id for message in messages if message.relation]):
        before.setdefault(id_, set()).update(filter(None, earlier))
    wanted = sorted({each for ids in before.values() for each in ids})
    if not wanted:
        return {}
    said = [
        Said(id_, read_envelope(envelope)[0].sender, at, excerpt)
        for id_, envelope, at, excerpt in run.rows(_EXCERPTS, ids=wanted)
    ]
    return {id_: tuple(each for each in said if each.id in ids)[-CONTEXT:] for id_, ids in before.items()}


def _outgoing(run: Run, places: Mapping[str, str | None]) -> list[Outgoing]:
    messages = load(run, sorted(places))
    contexts = context(run, messages)
    pictured = media.about(run, [message.id for message in messages if media.urls_of(message)])
    return [
        Outgoing(message, contexts.get(message.id, ()), places[message.id], pictured.get(message.id, ()))
        for message in messages
    ]


class SqlOutbox(Part):
    """The port Outbox."""

    async def unpublished(self, limit: int, lease: float) -> Sequence[Outgoing]:
        """See gateway.ports.Outbox."""
        places = await self._writer.do(_CLAIM_WRITE, (limit, lease))
        return await self._readers.read(lambda run: _outgoing(run, places)) if places else ()

    async def published(self, places: Mapping[str, str]) -> None:
        """See gateway.ports.Outbox."""
        await self._writer.do(_PUBLISHED_WRITE, places)

    async def publish_again(self, ids: Collection[str]) -> None:
        """See gateway.ports.Outbox."""
        await self._writer.do(_AGAIN_WRITE, ids)

    async def unanswered(self, before: float, limit: int) -> Sequence[Unanswered]:
        """See gateway.ports.Outbox."""
        rows = await self._readers.read(lambda run: run.rows(_UNANSWERED, before=before, limit=limit))
        return tuple(Unanswered(*row) for row in rows)

    async def unread(self, after: float, before: float, limit: int) -> Sequence[Unanswered]:
        """See gateway.ports.Outbox."""
        rows = await self._readers.read(lambda run: run.rows(_UNREAD, after=after, before=before, limit=limit))
        return tuple(Unanswered(*row) for row in rows)

    async def outgoing(self, message_id: str) -> Outgoing | None:
        """See gateway.ports.Outbox."""

        def look(run: Run) -> list[Outgoing]:
            places: dict[str, str | None] = dict(run.rows(_PLACES, ids=[message_id]))
            return _outgoing(run, {message_id: places.get(message_id)})

        return next(iter(await self._readers.read(look)), None)
