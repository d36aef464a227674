"""Cases, the messages that they name and legal holds: every change with its entries of the audit log, or none."""

from __future__ import annotations

from gateway.core.cases.case import CaseDraft, LegalHold
from gateway.core.messages.delivery import State
from gateway.core.policy.decision import Action, AuditEntry
from gateway.ports.store import Store
from tests.contracts.messages import NOON, Clock, becomes, decision, mail

DRAFT = CaseDraft("Secrecy", "high", "kim", NOON + 86400)


async def acts(store: Store, *subjects: str) -> list[tuple[str, str, str]]:
    linked, waiting = await store.audit_trail.of_subjects(subjects)
    return [(act.actor, act.act, act.subject) for act in (*(each.entry for each in linked), *waiting)]


async def test_a_case_is_opened_with_its_messages(store: Store, clock: Clock) -> None:
    first, second = mail(), mail(NOON + 1)
    for each in (first, second):
        await store.intake.accept(each)
    number = await store.cases.open(DRAFT, "ann", [first.id, second.id, first.id], {"title": "Secrecy"})
    other = await store.cases.open(CaseDraft("Other"), "ann", [], {})
    file = await store.cases.find(number)
    assert file is not None
    assert (file.title, file.severity, file.assignee, file.due_at) == ("Secrecy", "high", "kim", NOON + 86400)
    assert (file.opened_by, file.opened_at, file.outcome, file.closed_at) == ("ann", NOON, "", None)
    assert file.messages == (first.id, second.id)
    assert [each.id for each in await store.cases.page(closed=False, before=1 << 62, limit=10)] == [other, number]
    assert [each.id for each in await store.cases.page(closed=False, before=other, limit=10)] == [number]
    assert [each.id for each in await store.cases.of_message(second.id)] == [number]
    assert await store.cases.find(other + 1) is None
    assert await acts(store, file.subject, second.id) == [
        ("ann", "case opened", file.subject),
        ("ann", "put into a case", second.id),
    ]


async def test_a_closed_case_changes_no_more(store: Store, clock: Clock) -> None:
    message, late = mail(), mail(NOON + 1)
    for each in (message, late):
        await store.intake.accept(each)
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
    assert [act for _, act, _ in await acts(store, file.subject)] == ["case opened", "case changed", "case closed"]
    assert await store.cases.set_outcome(number, "", "bea", AuditEntry(clock.now, "bea", "case opened again", file.subject))
    assert (await store.cases.find(number)).closed_at is None  # type: ignore[union-attr]


async def test_open_cases_that_are_due_are_listed(store: Store) -> None:
    """The latest due first; neither closed ones nor those without a due time."""
    numbers = [
        await store.cases.open(CaseDraft(str(due), due_at=due), "ann", [], {}) for due in (NOON, NOON + 60, NOON, None)
    ]
    await store.cases.set_outcome(numbers[2], "unfounded", "ann", AuditEntry(NOON, "ann", "case closed", f"case-{numbers[2]}"))
    assert [each.id for each in await store.cases.due_before(NOON + 61, 9)] == [numbers[1], numbers[0]]
    assert [each.id for each in await store.cases.due_before(NOON + 60, 9)] == [numbers[0]]
    assert [each.id for each in await store.cases.due_before(NOON + 61, 1)] == [numbers[1]]


async def test_messages_come_and_go_once(store: Store) -> None:
    first, second = mail(), mail(NOON + 1)
    for each in (first, second):
        await store.intake.accept(each)
    number = await store.cases.open(CaseDraft("One"), "ann", [first.id], {})
    told = [AuditEntry(NOON, "ann", "put into a case", each.id) for each in (first, second)]
    assert await store.cases.add_messages(number, [first.id, second.id], "ann", told) == (second.id,)
    assert await acts(store, first.id) == [("ann", "put into a case", first.id)]  # from the opening
    assert await store.cases.add_messages(number, [second.id], "ann", told) == ()
    assert await store.cases.remove_message(number, second.id, [])
    assert not await store.cases.remove_message(number, second.id, [])
    assert await store.cases.add_messages(number + 7, [second.id], "ann", told) == ()
    assert (await store.cases.find(number)).messages == (first.id,)  # type: ignore[union-attr]


async def test_a_legal_hold_keeps_content_until_it_is_lifted(store: Store, clock: Clock) -> None:
    message, free = mail(), mail(NOON + 1)
    for each in (message, free):
        await store.intake.accept(each)
        await store.dispositions.apply([(each.id, becomes(State.DISCARDED, decision(Action.HOLD, "7a")))])
    holds = [LegalHold(each, "suit 12", "kim", NOON) for each in (message.id, "nothing")]
    placed = [AuditEntry(NOON, "kim", "legal hold placed", each.message) for each in holds]
    assert await store.legal_holds.place(holds, placed) == (message.id,)
    assert await store.legal_holds.place(holds, placed) == ()
    assert await store.legal_holds.of_messages([message.id, free.id]) == {message.id: LegalHold(message.id, "suit 12", "kim", NOON)}
    clock.now += 400 * 86400
    assert await store.retention.expire(0.0, 0.0, 10) == 1
    lifted = [AuditEntry(clock.now, "kim", "legal hold lifted", message.id)]
    assert await store.legal_holds.lift([message.id, free.id], lifted) == (message.id,)
    assert await store.legal_holds.lift([message.id], lifted) == ()
    assert await store.retention.expire(0.0, 0.0, 10) == 1
    assert [act for _, act, _ in await acts(store, message.id)] == ["decide", "legal hold placed", "legal hold lifted"]
    assert await acts(store, "nothing") == []


async def test_acts_of_subjects_say_which_are_linked(store: Store) -> None:
    await store.audit.record([AuditEntry(NOON, "ann", "first", "one"), AuditEntry(NOON, "ann", "elsewhere", "two")])
    await store.audit.link(10)
    await store.audit.record([AuditEntry(NOON, "ann", "second", "one")])
    linked, waiting = await store.audit_trail.of_subjects(["one"])
    assert [(each.number, each.entry.act) for each in linked] == [(1, "first")]
    assert [each.act for each in waiting] == ["second"]
