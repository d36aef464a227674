"""Texts that a database would refuse: NUL and lone surrogates, wherever they come from."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import bindparam, select

from gateway.core.messages.delivery import State
from gateway.core.policy.decision import AuditEntry
from gateway.ports.store import Store
from gateway.store.engine.dialects import Database, Statement, batch_insert
from gateway.store.engine.group_commit import Write
from gateway.store.schema.engine import clock_marks
from tests.contracts.messages import NOON, becomes, mail

BAD = ["\x00", "a\x00b", "\ud800", "\udfff\ud800é", "\x00\ud83d"]


@pytest.mark.parametrize("bad", BAD)
async def test_every_statement_takes_every_text(store: Store, bad: str) -> None:
    """By construction: parameters, lists and batches all pass through one place."""
    insert, one = batch_insert(clock_marks), Statement(lambda sql: sql.insert(clock_marks))
    equal = Statement(lambda sql: select(clock_marks.c.name).where(clock_marks.c.name == bindparam("name")))
    among = Statement(lambda sql: select(clock_marks.c.name).where(sql.among(clock_marks.c.name)))

    def work(db: Database, items: object) -> list[list[object]]:
        db.batch(insert, [{"name": f"1{bad}", "at": 1.0}, {"name": "2", "at": 2.0}])
        db.one_by_one(one, [{"name": f"3{bad}", "at": 1.0}])
        db.change(one, name=f"4{bad}", at=1.0)
        named = [db.rows(equal, name=f"{number}{bad}")[0][0] for number in (1, 3, 4)]
        listed = [row[0] for row in db.rows(among, ids=[f"{number}{bad}" for number in (1, 3, 4)])]
        return [[sorted(named), sorted(listed)]]

    named, listed = await store.intake._writer.write(Write(work), None)
    assert named == listed
    assert len(named) == 3
    assert all("\ufffd" in name for name in named)


@pytest.mark.parametrize("bad", BAD)
async def test_verdict_with_such_an_id_is_one_of_an_unknown_message(store: Store, bad: str) -> None:
    """It is no outage, and no reason to decide nothing else."""
    message = mail()
    await store.intake.accept(message)
    rule = becomes(State.QUEUED)
    settled = await store.dispositions.apply(
        [(bad, rule), (message.id, lambda seen: replace(rule(seen), verdict=None))]
    )
    assert [applied is None for applied in settled] == [True, False]
    assert await store.intake.states(bad) == {}


@pytest.mark.parametrize("bad", BAD)
async def test_messages_audit_entries_and_followups_with_such_texts_are_stored(store: Store, bad: str) -> None:
    message = replace(mail(), subject=bad, message_id=bad, excerpt=bad)
    await store.intake.accept(message)
    assert await store.intake.states(message.id)
    await store.audit.record([AuditEntry(NOON, bad, bad, bad, {"x": bad})])
    assert await store.audit.link(10) == 1
    assert await store.lookups.detail(bad) is None
    assert await store.sessions.find(bad) is None
