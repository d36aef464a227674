"""The register of classroom tools. One transaction reads a row, changes it and writes the audit entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

from sqlalchemy import bindparam, func, select, update

from gateway.core.policy.decision import AuditEntry
from gateway.core.tools.register import Tool, ToolState, ToolUse
from gateway.ports.tools import ToolChange
from gateway.store.audit import audit
from gateway.store.engine.columns import storable
from gateway.store.engine.dialects import Database, Row, Statement, batch_insert
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema.tools import tool_uses, tools

_t, _u = tools.c, tool_uses.c
_NAMES = tuple(field.name for field in fields(Tool))
_CHANGED = tuple(name for name in _NAMES if name != "domain")
_COLUMNS = tuple(_t[name] for name in _NAMES)
_ALL = Statement(lambda sql: select(*_COLUMNS).order_by(_t.domain))
_FIND = Statement(lambda sql: select(*_COLUMNS).where(_t.domain == bindparam("key")))
_LOCK = Statement(lambda sql: select(*_COLUMNS).where(_t.domain == bindparam("key")).with_for_update())
_ADD = batch_insert(tools, ignore_existing=True)
_UPDATE = Statement(
    lambda sql: (
        update(tools)
        .where(_t.domain == bindparam("key"))
        .values({name: bindparam(f"to_{name}", type_=_t[name].type) for name in _CHANGED})
    )
)
_USES = Statement(
    lambda sql: (
        select(
            _u.tool,
            func.count(_u.message_id.distinct()),
            func.count(_u.conversation.distinct()),
            func.min(_u.at),
            func.max(_u.at),
        )
        .group_by(_u.tool)
        .order_by(func.count(_u.message_id.distinct()).desc(), _u.tool)
    )
)


def _read(row: Row) -> Tool:
    tool = Tool(*row)
    return replace(tool, state=ToolState(tool.state))


def _values(tool: Tool) -> dict[str, object]:
    values = {name: getattr(tool, name) for name in _NAMES}
    return {name: storable(value) if isinstance(value, str) else value for name, value in values.items()} | {
        "state": tool.state.value
    }


def _change(db: Database, items: Sequence[tuple[str, ToolChange]]) -> list[Tool | None]:
    return [_change_one(db, domain, change) for domain, change in items]


def _change_one(db: Database, domain: str, change: ToolChange) -> Tool | None:
    key = storable(domain)
    found = db.rows(_LOCK, key=key)
    changed = change(_read(found[0]) if found else None)
    if changed is None:
        return None
    tool, entry = changed
    values = _values(tool)
    if found:
        db.change(_UPDATE, key=key, **{f"to_{name}": values[name] for name in _CHANGED})
    elif db.batch(_ADD, [values]) != 1:  # another process added it in between, and has committed
        return _change_one(db, domain, change)
    audit.write(db, [entry])
    return tool


def _import(db: Database, items: Sequence[tuple[Sequence[Tool], str]]) -> list[int]:
    return [_import_new(db, new, by) for new, by in items]


def _import_new(db: Database, new: Sequence[Tool], by: str) -> int:
    added = []
    for tool in sorted(new, key=lambda tool: tool.domain):
        row = replace(tool, changed_by=by, changed_at=db.now, access_since=tool.access_since or db.now)
        if db.batch(_ADD, [_values(row)]) == 1:
            added.append(AuditEntry(db.now, by, "tool imported", tool.domain, {"name": tool.name}))
    audit.write(db, added)
    return len(added)


_CHANGE_WRITE, _IMPORT_WRITE = Write(_change), Write(_import)


class SqlToolStore(FeatureStore):
    """See gateway.ports.tools.ToolStore."""

    async def all(self) -> Sequence[Tool]:
        """See gateway.ports.tools.ToolStore."""
        return await self._readers.read(lambda db: [_read(row) for row in db.rows(_ALL)])

    async def find(self, domain: str) -> Tool | None:
        """See gateway.ports.tools.ToolStore."""
        rows = await self._readers.read(lambda db: db.rows(_FIND, key=storable(domain)))
        return _read(rows[0]) if rows else None

    async def change(self, domain: str, change: ToolChange) -> Tool | None:
        """See gateway.ports.tools.ToolStore."""
        return await self._writer.write(_CHANGE_WRITE, (domain, change))

    async def import_new(self, tools: Sequence[Tool], by: str) -> int:
        """See gateway.ports.tools.ToolStore."""
        return await self._writer.write(_IMPORT_WRITE, (tools, by))

    async def uses(self) -> Sequence[ToolUse]:
        """See gateway.ports.tools.ToolStore."""
        return await self._readers.read(lambda db: [ToolUse(*row) for row in db.rows(_USES)])
