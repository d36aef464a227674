"""The audit entries of a subject."""

from __future__ import annotations

from gateway.core.policy.decision import AuditEntry
from gateway.ports.store import Store
from tests.contracts.messages import NOON


async def test_entries_of_subjects_are_split_by_linked(store: Store) -> None:
    await store.audit.record([AuditEntry(NOON, "ann", "first", "one"), AuditEntry(NOON, "ann", "elsewhere", "two")])
    await store.audit.link(10)
    await store.audit.record([AuditEntry(NOON, "ann", "second", "one")])
    linked, waiting = await store.audit_trail.of_subjects(["one"])
    assert [(entry.number, entry.entry.act) for entry in linked] == [(1, "first")]
    assert [item.act for item in waiting] == ["second"]


async def test_history_continues_from_a_position(store: Store) -> None:
    """Linked or not, with views, and without other subjects."""
    acts = [AuditEntry(NOON, "ann", what, "m1") for what in ("decided", "viewed", "viewed", "released")]
    await store.audit.record([*acts[:2], AuditEntry(NOON, "ann", "viewed", "m2")])
    await store.audit.link(100)
    await store.audit.record(acts[2:])
    found, place = [], 0
    while rows := await store.audit_trail.history("m1", place, 2):
        found += [act.act for _, act in rows]
        place = rows[-1][0]
    assert found == [entry.act for entry in acts]
