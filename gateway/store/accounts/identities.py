"""Accounts of those whom the district's sign-in service vouches for, and the second step of those with a password."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import BigInteger, Double, bindparam, delete, select, update

from gateway.core.accounts.account import User
from gateway.core.policy.decision import AuditEntry
from gateway.ports.accounts import SecondStep
from gateway.store.accounts.accounts import NEVER_CONFIRMED, USER, begun, read_user
from gateway.store.audit import audit
from gateway.store.engine.base import StorePart
from gateway.store.engine.columns import fit, json_text
from gateway.store.engine.dialects import Run, Statement, insert_each
from gateway.store.engine.group_commit import Write
from gateway.store.schema import messages as schema
from gateway.store.schema.accounts import second_steps

_u, _w, _s = schema.users.c, second_steps.c, schema.sessions.c

_BY_SUBJECT = Statement(lambda of: select(*USER).where(_u.subject == bindparam("key"), _u.subject != schema.lit("")))
_PERSONS = Statement(lambda of: select(*USER).where(_u.person == bindparam("key")))
_ADD = insert_each(schema.users, again=True)
_KNOWN_BY = Statement(
    lambda of: (
        update(schema.users)
        .where(_u.name == bindparam("key"), _u.subject.in_([schema.lit(""), bindparam("subject_again")]))
        .values(
            subject=bindparam("to_subject"), role=bindparam("to_role"), buildings=bindparam("to_buildings"),
            by_groups=bindparam("to_by_groups"),
        )
    )
)  # fmt: skip
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
_END_WAITING = Statement(
    lambda of: delete(schema.sessions).where(_s.hash == bindparam("key"), _s.waits == schema.lit(1))
)


def _recognise(run: Run, items: Sequence[tuple[User, AuditEntry]]) -> list[bool]:
    """Accounts as the service knows them: made where there is none, never another subject's."""
    done = []
    for user, act in items:
        row = {
            "name": user.name, "password_hash": None, "role": user.role.value, "buildings": json_text(user.buildings),
            "person": fit(user.person), "created_at": run.now, "disabled_at": None, "subject": fit(user.subject),
            "by_groups": int(user.by_groups),
        }  # fmt: skip
        made = run.each(_ADD, [row]) == 1
        changed = made or run.change(
            _KNOWN_BY, key=user.name, subject_again=row["subject"], to_subject=row["subject"], to_role=row["role"],
            to_buildings=row["buildings"], to_by_groups=row["by_groups"],
        ) == 1  # fmt: skip
        audit.write(run, [act] * changed)
        done.append(changed)
    return done


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


def _end_waiting(run: Run, items: Sequence[str]) -> list[bool]:
    return [run.change(_END_WAITING, key=digest) == 1 for digest in items]


_RECOGNISE_WRITE, _BEGIN_WRITE, _CONFIRM_WRITE = Write(_recognise), Write(_begin), Write(_confirm)
_DROP_WRITE, _USE_WRITE, _SPEND_WRITE, _END_WRITE = Write(_drop), Write(_use), Write(_spend), Write(_end_waiting)


class SqlIdentities(StorePart):
    """The port Identities."""

    async def user_of(self, subject: str) -> User | None:
        """See gateway.console_ports.Identities."""
        rows = await self._readers.read(lambda run: run.rows(_BY_SUBJECT, key=fit(subject)))
        return read_user(rows[0]) if len(rows) == 1 else None

    async def users_of_person(self, person: str) -> Sequence[User]:
        """See gateway.console_ports.Identities."""
        return [read_user(row) for row in await self._readers.read(lambda run: run.rows(_PERSONS, key=fit(person)))]

    async def recognise(self, user: User, act: AuditEntry) -> bool:
        """See gateway.console_ports.Identities."""
        return await self._writer.do(_RECOGNISE_WRITE, (user, act))

    async def second_step(self, name: str) -> SecondStep | None:
        """See gateway.console_ports.Identities."""

        def read(run: Run) -> SecondStep | None:
            for secret, since, last, recovery in run.rows(_STEP, key=fit(name)):
                if since is not None or last >= begun(run):
                    return SecondStep(secret, since, last, len(json.loads(recovery)))
            return None

        return await self._readers.read(read)

    async def begin_second_step(self, name: str, secret: str) -> None:
        """See gateway.console_ports.Identities."""
        await self._writer.do(_BEGIN_WRITE, (name, secret))

    async def confirm_second_step(self, name: str, step: int, recovery: Sequence[str], act: AuditEntry) -> bool:
        """See gateway.console_ports.Identities."""
        return await self._writer.do(_CONFIRM_WRITE, (name, step, recovery, act))

    async def drop_second_step(self, name: str, act: AuditEntry) -> bool:
        """See gateway.console_ports.Identities."""
        return await self._writer.do(_DROP_WRITE, (name, act))

    async def use_code(self, name: str, step: int) -> bool:
        """See gateway.console_ports.Identities."""
        return await self._writer.do(_USE_WRITE, (name, step))

    async def spend_recovery(self, name: str, code: str, act: AuditEntry) -> bool:
        """See gateway.console_ports.Identities."""
        return await self._writer.do(_SPEND_WRITE, (name, code, act))

    async def end_waiting(self, digest: str) -> bool:
        """See gateway.console_ports.Identities."""
        return await self._writer.do(_END_WRITE, digest)
