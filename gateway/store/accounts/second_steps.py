"""TODO."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import BigInteger, Double, bindparam, delete, select, update

from gateway.core.policy.decision import AuditEntry
from gateway.ports.accounts import SETTING_UP, SecondStep
from gateway.store.audit import audit
from gateway.store.engine.columns import fit, json_text
from gateway.store.engine.dialects import Run, Statement, insert_each
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema.accounts import second_steps

_w = second_steps.c

NEVER_CONFIRMED = Statement(
    lambda of: delete(second_steps).where(
        second_steps.c.since.is_(None), second_steps.c.last < bindparam("begun", type_=BigInteger())
    )
)


def begun(run: Run) -> int:
    """When a second step that may be confirmed now was begun at the earliest, in whole seconds."""
    return int(run.now - SETTING_UP)


_STEP = Statement(lambda of: select(_w.secret, _w.since, _w.last, _w.recovery).where(_w.user_name == bindparam("key")))
_ADD_STEP = insert_each(second_steps, again=True)
_UNCONFIRMED = Statement(lambda of: delete(second_steps).where(_w.user_name == bindparam("key"), _w.since.is_(None)))
_NO_STEP = Statement(lambda of: delete(second_steps).where(_w.user_name == bindparam("key")))
_CONFIRM = Statement(
    lambda of: (
        update(second_steps)
        .where(
            _w.user_name == bindparam("key"), _w.since.is_(None), _w.last >= bindparam("begun", type_=BigInteger())
        )
        .values(
            since=bindparam("at", type_=Double()), last=bindparam("step", type_=BigInteger()),
            recovery=bindparam("codes"),
        )
    )
)  # fmt: skip
_USE = Statement(
    lambda of: (
        update(second_steps)
        .where(_w.user_name == bindparam("key"), _w.since.is_not(None), _w.last < bindparam("step", type_=BigInteger()))
        .values(last=bindparam("to_step", type_=BigInteger()))
    )
)
_SPEND = Statement(
    lambda of: (
        update(second_steps)
        .where(_w.user_name == bindparam("key"), _w.recovery == bindparam("were"))
        .values(recovery=bindparam("are"))
    )
)


def _begin(run: Run, items: Sequence[tuple[str, str]]) -> list[None]:
    run.change(NEVER_CONFIRMED, begun=begun(run))
    for name, secret in items:
        run.change(_UNCONFIRMED, key=name)
        row = {"user_name": name, "secret": secret, "since": None, "last": int(run.now), "recovery": "[]"}
        run.each(_ADD_STEP, [row])
    return [None] * len(items)


def _confirm(run: Run, items: Sequence[tuple[str, int, Sequence[str], AuditEntry]]) -> list[bool]:
    done = []
    for name, step, codes, act in items:
        given = {"key": name, "at": run.now, "begun": begun(run), "step": step, "codes": json_text(list(codes))}
        done.append(run.change(_CONFIRM, **given) == 1)
        audit.write(run, [act] * done[-1])
    return done


def _drop(run: Run, items: Sequence[tuple[str, AuditEntry]]) -> list[bool]:
    done = []
    for name, act in items:
        done.append(run.change(_NO_STEP, key=name) == 1)
        audit.write(run, [act] * done[-1])
    return done


def _use(run: Run, items: Sequence[tuple[str, int]]) -> list[bool]:
    return [run.change(_USE, key=name, step=step, to_step=step) == 1 for name, step in items]


def _spend(run: Run, items: Sequence[tuple[str, str, AuditEntry]]) -> list[bool]:
    done = []
    for name, code, act in items:
        rows = run.rows(_STEP, key=name)
        were = json.loads(rows[0][3]) if rows and rows[0][1] is not None else []
        are = [each for each in were if each != code]
        spent = len(are) < len(were) and run.change(_SPEND, key=name, were=rows[0][3], are=json_text(are)) == 1
        audit.write(run, [act] * spent)
        done.append(spent)
    return done


_BEGIN_WRITE, _CONFIRM_WRITE, _DROP_WRITE = Write(_begin), Write(_confirm), Write(_drop)
_USE_WRITE, _SPEND_WRITE = Write(_use), Write(_spend)


class SqlSecondStepStore(FeatureStore):
    """See gateway.ports.accounts.SecondStepStore."""

    async def find(self, name: str) -> SecondStep | None:
        """See gateway.ports.accounts.SecondStepStore."""

        def read(run: Run) -> SecondStep | None:
            for secret, since, last, recovery in run.rows(_STEP, key=fit(name)):
                if since is not None or last >= begun(run):
                    return SecondStep(secret, since, last, len(json.loads(recovery)))
            return None

        return await self._readers.read(read)

    async def begin(self, name: str, secret: str) -> None:
        """See gateway.ports.accounts.SecondStepStore."""
        await self._writer.do(_BEGIN_WRITE, (name, secret))

    async def confirm(self, name: str, step: int, recovery: Sequence[str], act: AuditEntry) -> bool:
        """See gateway.ports.accounts.SecondStepStore."""
        return await self._writer.do(_CONFIRM_WRITE, (name, step, recovery, act))

    async def remove(self, name: str, act: AuditEntry) -> bool:
        """See gateway.ports.accounts.SecondStepStore."""
        return await self._writer.do(_DROP_WRITE, (name, act))

    async def use_code(self, name: str, step: int) -> bool:
        """See gateway.ports.accounts.SecondStepStore."""
        return await self._writer.do(_USE_WRITE, (name, step))

    async def use_recovery_code(self, name: str, code: str, act: AuditEntry) -> bool:
        """See gateway.ports.accounts.SecondStepStore."""
        return await self._writer.do(_SPEND_WRITE, (name, code, act))
