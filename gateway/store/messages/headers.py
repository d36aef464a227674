"""The header sections of many messages at once, with their verdicts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial

from sqlalchemy import Integer, cast, func, select

from gateway.core.mime.headers import HeaderSection
from gateway.core.mime.shown_header import MAX_HEADER_BYTES
from gateway.core.review.views import MessageHead
from gateway.store.engine.columns import decode_verdict_text, storable
from gateway.store.engine.dialects import Database, Statement
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.schema import messages as schema

_BATCH = 100

_m, _c, _v = schema.messages.c, schema.contents.c, schema.verdicts.c
_HEADS = Statement(
    lambda sql: (
        select(_m.id, func.substr(_c.content, cast(1, Integer), cast(MAX_HEADER_BYTES, Integer)), _v.verdict)
        .join_from(schema.messages, schema.contents, _c.message_id == _m.id, isouter=True)
        .join(schema.verdicts, _v.message_id == _m.id, isouter=True)
        .where(sql.among(_m.id))
    )
)


def _read(db: Database, ids: list[str]) -> dict[str, MessageHead]:
    heads: dict[str, MessageHead] = {}
    for id_, content, verdict in db.rows(_HEADS, ids=ids):
        head = b"" if content is None else HeaderSection.of(bytes(content)).raw
        heads[id_] = MessageHead(head, None if verdict is None else decode_verdict_text(verdict))
    return heads


class SqlHeaderStore(FeatureStore):
    """See gateway.ports.review.HeaderStore."""

    async def heads(self, ids: Collection[str]) -> Mapping[str, MessageHead]:
        """See gateway.ports.review.HeaderStore."""
        wanted = sorted({storable(id_) for id_ in ids})
        heads: dict[str, MessageHead] = {}
        for at in range(0, len(wanted), _BATCH):
            heads |= await self._readers.read(partial(_read, ids=wanted[at : at + _BATCH]))
        return heads
