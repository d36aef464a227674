"""The beginnings of many messages at once: the header section and what was found, without what follows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial

from sqlalchemy import Integer, cast, func, select

from gateway.core.mime.headers import HeaderSection
from gateway.core.review.views import MessageHead
from gateway.store.engine.columns import decode_verdict_text, storable
from gateway.store.engine.dialects import Database, Statement
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.schema import messages as schema

LONGEST = 64 << 10
"""Bytes of a message that are read: hardly any header section is longer."""
_AT_ONCE = 100

_m, _c, _v = schema.messages.c, schema.contents.c, schema.verdicts.c
_BEGINNINGS = Statement(
    lambda sql: (
        select(_m.id, func.substr(_c.content, cast(1, Integer), cast(LONGEST, Integer)), _v.verdict)
        .join_from(schema.messages, schema.contents, _c.message_id == _m.id, isouter=True)
        .join(schema.verdicts, _v.message_id == _m.id, isouter=True)
        .where(sql.among(_m.id))
    )
)


def _read(db: Database, ids: list[str]) -> dict[str, MessageHead]:
    found: dict[str, MessageHead] = {}
    for id_, content, verdict in db.rows(_BEGINNINGS, ids=ids):
        head = b"" if content is None else HeaderSection.of(bytes(content)).raw
        found[id_] = MessageHead(head, None if verdict is None else decode_verdict_text(verdict))
    return found


class SqlHeaderStore(FeatureStore):
    """See gateway.ports.review.HeaderStore."""

    async def heads(self, ids: Collection[str]) -> Mapping[str, MessageHead]:
        """See gateway.ports.review.HeaderStore."""
        asked = sorted({storable(each) for each in ids})
        found: dict[str, MessageHead] = {}
        for at in range(0, len(asked), _AT_ONCE):
            found |= await self._readers.read(partial(_read, ids=asked[at : at + _AT_ONCE]))
        return found
