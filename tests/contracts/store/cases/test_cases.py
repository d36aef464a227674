"""Cases."""

from __future__ import annotations

from gateway.core.cases.case import CaseDraft
from gateway.core.policy.decision import AuditEntry
from gateway.ports.store import Store
from tests.contracts.messages import NOON, Clock, mail

DRAFT = CaseDraft("Secrecy", "high", "kim", NOON + 86400)


async def entries(store: Store, *subjects: str) -> list[tuple[str, str, str]]:
    linked, waiting = await store.audit_trail.of_subjects(subjects)
    return [(act.actor, act.act, act.subject) for act in (*(entry.entry for entry in linked), *waiting)]


async def test_case_is_opened_with_its_messages(store: Store, clock: Clock) -> None:
    first, second = mail(), mail(NOON + 1)
    for message in (first, second):
        await store.intake.accept(message)
    number = await store.cases.open(DRAFT, "ann", [first.id, second.id, first.id], {"title": "Secrecy"})
    other = await store.cases.open(CaseDraft("Other"), "ann", [], {})
    file = await store.cases.find(number)
    assert file is not None
    assert (file.title, file.severity, file.assignee, file.due_at) == ("Secrecy", "high", "kim", NOON + 86400)
    assert (file.opened_by, file.opened_at, file.outcome, file.closed_at) == ("ann", NOON, "", None)
    assert file.messages == (first.id, second.id)
    assert [case.id for case in await store.cases.page(closed=False, before=1 << 62, limit=10)] == [other, number]
    assert [case.id for case in await store.cases.page(closed=False, before=other, limit=10)] == [number]
    assert [case.id for case in await store.cases.of_message(second.id)] == [number]
    assert await store.cases.find(other + 1) is None
    assert await entries(store, file.subject, second.id) == [
        ("ann", "case opened", file.subject),
        ("ann", "put into a case", second.id),
    ]


async def test_closed_case_cannot_be_changed(store: Store, clock: Clock) -> None:
    message, late = mail(), mail(NOON + 1)
    for item in (message, late):
        await store.intake.accept(item)
    number = await store.cases.open(DRAFT, "ann", [message.id], {})
    act = AuditEntry(NOON, "ann", "case changed", f"case-{number}")
    assert await store.cases.change(number, CaseDraft("Renamed", "low"), act)
    clock.now += 60
    assert await store.cases.set_outcome(
        number, "unfounded", "bea", AuditEntry(clock.now, "bea", "case closed", f"case-{number}")
    )
    assert not await store.cases.set_outcome(number, "unfounded", "cid", act)
    assert not await store.cases.change(number, DRAFT, act)
    assert await store.cases.add_messages(number, [late.id], "ann", [act]) == ()
    assert not await store.cases.remove_message(number, message.id, [act])
    (file,) = await store.cases.page(closed=True, before=1 << 62, limit=10)
    assert (file.title, file.due_at, file.outcome) == ("Renamed", None, "unfounded")
    assert (file.closed_by, file.closed_at, file.messages) == ("bea", NOON + 60, (message.id,))
    assert [act for _, act, _ in await entries(store, file.subject)] == ["case opened", "case changed", "case closed"]
    assert await store.cases.set_outcome(
        number, "", "bea", AuditEntry(clock.now, "bea", "case opened again", file.subject)
    )
    assert (await store.cases.find(number)).closed_at is None  # type: ignore[union-attr]


async def test_due_open_cases_are_listed(store: Store) -> None:
    """The latest due first, without closed cases and cases without a due time."""
    numbers = [
        await store.cases.open(CaseDraft(str(due), due_at=due), "ann", [], {}) for due in (NOON, NOON + 60, NOON, None)
    ]
    await store.cases.set_outcome(
        numbers[2], "unfounded", "ann", AuditEntry(NOON, "ann", "case closed", f"case-{numbers[2]}")
    )
    assert [case.id for case in await store.cases.due_before(NOON + 61, 9)] == [numbers[1], numbers[0]]
    assert [case.id for case in await store.cases.due_before(NOON + 60, 9)] == [numbers[0]]
    assert [case.id for case in await store.cases.due_before(NOON + 61, 1)] == [numbers[1]]


async def test_messages_are_added_and_removed_once(store: Store) -> None:
    first, second = mail(), mail(NOON + 1)
    for message in (first, second):
        await store.intake.accept(message)
    number = await store.cases.open(CaseDraft("One"), "ann", [first.id], {})
    told = [AuditEntry(NOON, "ann", "put into a case", message.id) for message in (first, second)]
    assert await store.cases.add_messages(number, [first.id, second.id], "ann", told) == (second.id,)
    assert await entries(store, first.id) == [("ann", "put into a case", first.id)]  # from opening the case
    assert await store.cases.add_messages(number, [second.id], "ann", told) == ()
    assert await store.cases.remove_message(number, second.id, [])
    assert not await store.cases.remove_message(number, second.id, [])
    assert await store.cases.add_messages(number + 7, [second.id], "ann", told) == ()
    assert (await store.cases.find(number)).messages == (first.id,)  # type: ignore[union-attr]
