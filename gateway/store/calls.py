"""Calls for help: which ones nobody has taken up, and who has taken up which."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, func, or_, select

from gateway.core.decision import Act
from gateway.core.moderation import Noticed
from gateway.store import audit, schema
from gateway.store.forms import fit
from gateway.store.lists import read_noticed
from gateway.store.parts import Part
from gateway.store.statements import Run, Statement, insert_each
from gateway.store.writer import Write

_r, _k = schema.recipients.c, schema.acknowledgements.c
_IS_CALL = (_r.marked == schema.lit(1), _r.action == schema.lit("alert"))

_MARK = Statement(
    lambda of: select(
        select(func.max(_r.decided_at)).where(*_IS_CALL).scalar_subquery(),
        select(func.count()).select_from(schema.recipients).where(*_IS_CALL).scalar_subquery(),
        select(func.max(_k.at)).scalar_subquery(),
        select(func.count()).select_from(schema.acknowledgements).scalar_subquery(),
    )
)
_WAITING = Statement(
    lambda of: (
        select(_r.message_id)
        .where(*_IS_CALL, ~select(_k.message_id).where(_k.message_id == _r.message_id).exists())
        .order_by(_r.decided_at)
        .limit(bindparam("limit"))
    )
)
_TAKE_UP = insert_each(schema.acknowledgements, again=True)
_TAKEN = Statement(lambda of: select(_k.user_name, _k.at).where(_k.message_id == bindparam("key")))
_GIVE_BACK = Statement(
    lambda of: delete(schema.acknowledgements).where(
        _k.message_id == bindparam("key"), or_(_k.user_name == bindparam("by"), bindparam("anybody") == schema.lit(1))
    )
)


def _acknowledge(run: Run, items: Sequence[tuple[str, str, Act]]) -> list[str | None]:
    first: list[str | None] = []
    for id_, name, act in items:
        if run.each(_TAKE_UP, [{"message_id": id_, "user_name": name, "at": run.now}]) == 1:
            audit.write(run, [act])
            first.append(None)
        else:
            first.append(str(run.rows(_TAKEN, key=id_)[0][0]))
    return first


def _give_back(run: Run, items: Sequence[tuple[str, str | None, Act]]) -> list[bool]:
    done = []
    for id_, name, act in items:
        done.append(run.change(_GIVE_BACK, key=id_, by=name or "", anybody=int(name is None)) == 1)
        audit.write(run, [act] * done[-1])
    return done


_ACKNOWLEDGE_WRITE, _GIVE_BACK_WRITE = Write(_acknowledge), Write(_give_back)


class SqlCalls(Part):
    """The port Calls."""

    async def calls_mark(self) -> object:
        """See gateway.console_ports.Calls."""
        return await self._readers.read(lambda run: tuple(run.rows(_MARK)[0]))

    async def waiting_calls(self, limit: int) -> Sequence[Noticed]:
        """See gateway.console_ports.Calls."""

        def read(run: Run) -> list[Noticed]:
            found = read_noticed(run, [row[0] for row in run.rows(_WAITING, limit=limit)])
            return sorted(found, key=lambda each: each.decided_at)

        return await self._readers.read(read)

    async def acknowledge(self, message_id: str, name: str, act: Act) -> str | None:
        """See gateway.console_ports.Calls."""
        return await self._writer.do(_ACKNOWLEDGE_WRITE, (fit(message_id), name, act))

    async def give_back(self, message_id: str, name: str | None, act: Act) -> bool:
        """See gateway.console_ports.Calls."""
        return await self._writer.do(_GIVE_BACK_WRITE, (fit(message_id), name, act))

    async def taken_up(self, message_id: str) -> tuple[str, float] | None:
        """See gateway.console_ports.Calls."""
        rows = await self._readers.read(lambda run: run.rows(_TAKEN, key=fit(message_id)))
        return (rows[0][0], rows[0][1]) if rows else None
