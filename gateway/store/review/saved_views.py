"""Saved filters of the queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import bindparam, delete, func, select

from gateway.store.engine.columns import storable
from gateway.store.engine.dialects import Database, Statement, batch_insert
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema.review import views

_v = views.c

MAX_VIEWS = 30
"""Saved views of one account, at most."""
_VIEWS = Statement(lambda sql: select(_v.name, _v.query).where(_v.user_name == bindparam("key")).order_by(_v.name))
_COUNT_VIEWS = Statement(lambda sql: select(func.count()).where(_v.user_name == bindparam("key")))
_DELETE_VIEW = Statement(
    lambda sql: delete(views).where(_v.user_name == bindparam("key"), _v.name == bindparam("name_is"))
)
_ADD_VIEW = batch_insert(views)


def _save_view(db: Database, items: Sequence[tuple[str, str, str | None]]) -> list[bool]:
    done = []
    for user, name, query in items:
        db.change(_DELETE_VIEW, key=user, name_is=name)
        room = query is not None and db.rows(_COUNT_VIEWS, key=user)[0][0] < MAX_VIEWS
        if room:
            db.batch(_ADD_VIEW, [{"user_name": user, "name": name, "query": query}])
        done.append(room or query is None)
    return done


_SAVE_VIEW_WRITE = Write(_save_view)


class SqlSavedViewStore(FeatureStore):
    """See gateway.ports.review.SavedViewStore."""

    async def of_user(self, user: str) -> Mapping[str, str]:
        """See gateway.ports.review.SavedViewStore."""
        return dict(await self._readers.read(lambda db: db.rows(_VIEWS, key=user)))

    async def save(self, user: str, name: str, query: str | None) -> bool:
        """See gateway.ports.review.SavedViewStore."""
        return await self._writer.write(
            _SAVE_VIEW_WRITE, (user, storable(name), None if query is None else storable(query))
        )
