"""Calls for help beside who took them up: which kinds of help they ask for, and whether they were any."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import bindparam, select, update

from gateway.core.decision import Act
from gateway.core.verdict import HELP
from gateway.store import audit, schema
from gateway.store.forms import fit, read_verdict
from gateway.store.parts import Part
from gateway.store.schema_calls import judged_calls
from gateway.store.statements import Run, Statement, insert_each
from gateway.store.writer import Write

_v, _j = schema.verdicts.c, judged_calls.c

_VERDICTS = Statement(lambda of: select(_v.message_id, _v.verdict).where(of.among(_v.message_id)))
_JUDGED = Statement(
    lambda of: (
        select(_j.message_id, _j.was_one)
        .where(_j.message_id > bindparam("after"))
        .order_by(_j.message_id)
        .limit(bindparam("limit"))
    )
)
_SAY = insert_each(judged_calls, again=True)
_SAY_OTHERWISE = Statement(
    lambda of: update(judged_calls).where(_j.message_id == bindparam("key")).values(was_one=bindparam("was"))
)


def _kinds_of(run: Run, ids: Sequence[str]) -> dict[str, Sequence[str]]:
    rows = run.rows(_VERDICTS, ids=ids) if ids else []
    return {str(id_): _kinds(str(text)) for id_, text in rows}


def _kinds(text: str) -> tuple[str, ...]:
    asking = (each for each in read_verdict(text).findings if each.clause == HELP and each.cue)
    return tuple(dict.fromkeys(each.cue for each in sorted(asking, key=lambda each: -each.score)))


def _judge(run: Run, items: Sequence[tuple[str, bool, Act]]) -> list[None]:
    for id_, right, act in items:
        if not run.each(_SAY, [{"message_id": id_, "was_one": int(right)}]):
            run.change(_SAY_OTHERWISE, key=id_, was=int(right))
        audit.write(run, [act])
    return [None] * len(items)


_JUDGE = Write(_judge)


class SqlAlerts(Part):
    """The port Alerts."""

    async def kinds_of(self, ids: Collection[str]) -> Mapping[str, Sequence[str]]:
        """See gateway.console_ports.Alerts."""
        return await self._readers.read(lambda run: _kinds_of(run, list(ids)))

    async def judge_call(self, message_id: str, right: bool, act: Act) -> None:
        """See gateway.console_ports.Alerts."""
        await self._writer.do(_JUDGE, (fit(message_id), right, act))

    async def judged_calls(self, after: str, limit: int) -> Sequence[tuple[str, bool]]:
        """See gateway.console_ports.Alerts."""
        rows = await self._readers.read(lambda run: run.rows(_JUDGED, after=fit(after), limit=limit))
        return [(str(id_), bool(was_one)) for id_, was_one in rows]
