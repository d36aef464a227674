"""Personal accounts, organizations and unknown addresses in the store."""

from __future__ import annotations

from dataclasses import replace

from gateway.core.messages.parties import AccountBasis, Direction, Pair, Relation
from gateway.core.policy.decision import AuditEntry
from gateway.core.relation.personal_account import AccountStatus, Organization, StoredAccount
from gateway.ports.directory_accounts import Sightings
from gateway.ports.store import Store
from tests.contracts.messages import NOON, mail

GUESSED, CONFIRMED, REFUSED = AccountStatus
HOME = "dw@home.example"


def account(person: str, status: AccountStatus = GUESSED, **more: object) -> StoredAccount:
    return StoredAccount(HOME, person, status, AccountBasis.NAME, 0.6, **more)  # type: ignore[arg-type]  # by keyword


def entry(act: str, at: float = NOON) -> AuditEntry:
    return AuditEntry(at, "director", act, HOME)


async def test_guesses_are_counted_and_keep_the_surest_reason(store: Store) -> None:
    accounts = store.directory_accounts
    await accounts.record(Sightings((account("t1", messages=2), account("t2", messages=1))))
    surer = StoredAccount(HOME, "t1", GUESSED, AccountBasis.LOCAL_PART, 0.8, messages=1)
    await accounts.record(Sightings((surer,), {"gone@riverbend.example": 3}))
    await accounts.record(
        Sightings((account("t1", messages=1),), {"gone@riverbend.example": 1, "x@riverbend.example": 1})
    )
    found = {row.person: row for row in await accounts.accounts(GUESSED, 10)}
    assert (found["t1"].messages, found["t1"].basis, found["t1"].confidence) == (4, AccountBasis.LOCAL_PART, 0.8)
    assert found["t2"].messages == 1
    unknown = await accounts.unknown(10)
    assert [(seen.address, seen.messages) for seen in unknown] == [
        ("gone@riverbend.example", 4),
        ("x@riverbend.example", 1),
    ]
    await accounts.forget_unknown(["gone@riverbend.example"])
    assert [seen.address for seen in await accounts.unknown(10)] == ["x@riverbend.example"]


async def test_a_decision_stays_and_changes_the_mark(store: Store) -> None:
    accounts = store.directory_accounts
    await accounts.record(Sightings((account("t1", messages=1), account("t2", messages=1))))
    marks = [await accounts.mark()]
    confirmed = await accounts.decide(
        account("t1", CONFIRMED, decided_by="director"), entry("personal account confirmed")
    )
    assert (confirmed.status, confirmed.messages, confirmed.decided_by) == (CONFIRMED, 1, "director")
    marks.append(await accounts.mark())
    assert {row.person: row.status for row in await accounts.decided()} == {"t1": CONFIRMED, "t2": REFUSED}
    await accounts.record(Sightings((account("t1", messages=1), account("t2", messages=1))))
    assert {row.person: row.status for row in await accounts.decided()} == {"t1": CONFIRMED, "t2": REFUSED}
    await accounts.decide(account("t1", REFUSED), entry("personal account refused", NOON + 1))
    marks.append(await accounts.mark())
    await accounts.decide(account("t3", CONFIRMED), entry("personal account confirmed", NOON + 2))
    assert {row.person: row.status for row in await accounts.decided()} == {
        "t1": REFUSED,
        "t2": REFUSED,
        "t3": CONFIRMED,
    }
    await accounts.register_organization(
        Organization("fund.example", "a fund", "director"), entry("organization registered")
    )
    marks.append(await accounts.mark())
    assert [organization.name for organization in await accounts.organizations()] == ["fund.example"]
    assert await accounts.remove_organization("fund.example", entry("organization removed", NOON + 3))
    assert not await accounts.remove_organization("fund.example", entry("organization removed", NOON + 4))
    marks.append(await accounts.mark())
    assert len(set(marks)) == len(marks)
    assert await accounts.organizations() == []


async def test_answered_messages_are_those_in_scope(store: Store) -> None:
    message = mail(NOON)
    pair = Pair(
        "s@x.example",
        "T1",
        "S1",
        Direction.STAFF_TO_STUDENT,
        outside=True,
        claimed=True,
        basis=AccountBasis.REPLY,
        confidence=0.6,
    )
    message = replace(message, message_id="<m1@x.example>", relation=Relation((pair,)))
    await store.intake.accept(message)
    (found,) = await store.directory_accounts.answered(["<other@x.example>", "<m1@x.example>"])
    assert found.sender == message.envelope.sender
    assert found.relation.pairs == (pair,)


async def test_students_of_an_outsider_are_counted_once(store: Store) -> None:
    accounts = store.directory_accounts
    assert list(await accounts.count_students("x@out.example", ["s1", "s2"], 1000, 60)) == ["s1", "s2"]
    assert list(await accounts.count_students("x@out.example", ["s2", "s3"], 1059, 60)) == ["s1", "s2", "s3"]
    assert list(await accounts.count_students("x@out.example", ["s3"], 1090, 60)) == ["s2", "s3"]
    assert list(await accounts.count_students("x@out.example", ["s2"], 1010, 60)) == ["s1", "s2", "s3"]
    assert list(await accounts.count_students("y@out.example", ["s9"], 1000, 60)) == ["s9"]
