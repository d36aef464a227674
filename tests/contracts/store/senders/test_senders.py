"""Requests of senders, nudges, links to sign in by mail, and changes of accounts."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from gateway.core.accounts.account import AccountRole, User
from gateway.core.messages.delivery import State
from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.policy.decision import Action, AuditEntry, PendingMessage, Transition
from gateway.core.policy.transitions import release
from gateway.ports.accounts import LinkCounts
from gateway.ports.review import RequestKind, SenderRequest
from gateway.ports.store import Store
from tests.contracts.messages import NOON, Clock, becomes, decision, mail

ENTRY = AuditEntry(NOON, "ann", "another look asked for", "m1")
LOOK = SenderRequest("m1", RequestKind.LOOK, "s-06", NOON, "please")


async def test_a_look_is_asked_for_once_and_answered_once(store: Store) -> None:
    notice = Followup(FollowupKind.LOOK, "m1", {"to": ["a@b"]})
    asked = await asyncio.gather(*(store.senders.ask(LOOK, [notice], ENTRY) for _ in range(4)))
    assert sorted(asked) == [False, False, False, True]
    again = replace(LOOK, kind=RequestKind.AGAIN, other="m2")
    assert await store.senders.ask(again, (), ENTRY)
    (request,) = await store.senders.open_looks(10)
    assert (request.message, request.words, request.person) == ("m1", "please", "s-06")
    answered = [await store.senders.answer("m1", by, "yes", (), ENTRY) for by in ("ann", "bob")]
    assert answered == [True, False]
    assert not await store.senders.open_looks(10)
    found = {item.kind: item for item in (await store.senders.of(["m1", "other"]))["m1"]}
    assert (found[RequestKind.LOOK].answered_by, found[RequestKind.LOOK].answer) == ("ann", "yes")
    assert found[RequestKind.AGAIN].other == "m2"
    assert len(await store.audit_trail.entries_about("m1", 10)) == 3
    claimed = await store.followups.claim_due(10, 60)
    assert [item.kind for item in claimed if isinstance(item, Followup)] == [FollowupKind.LOOK]


async def test_a_nudge_is_written_with_its_decision(store: Store) -> None:
    message = mail()
    await store.intake.accept(message)
    rule = becomes(State.REJECTED, decision(Action.FLAG))

    def nudging(pending: PendingMessage) -> Transition:
        return replace(rule(pending), nudged=("c1", "c2"))

    now = await store.clock.now()
    await store.dispositions.apply([(message.id, nudging)])
    assert set(await store.senders.nudged_since(now - 10)) == {"c1", "c2"}
    assert not await store.senders.nudged_since(now + 3600)


@pytest.mark.parametrize("told", [True, False])
async def test_who_was_told_of_a_wait_is_told_of_the_release(store: Store, told: bool) -> None:
    """In the transaction of the decision; an undo takes the notice back."""
    message = mail()
    await store.intake.accept(message)
    waiting = Followup(FollowupKind.WAITING, message.id, {"people": ["s-06"]})
    (recipient,) = message.envelope.recipients
    released = Followup(FollowupKind.RELEASED, message.id, {"people": ["s-06"], "recipients": [recipient.address]})
    holds = becomes(State.HELD, decision(Action.HOLD))

    def hold(pending: PendingMessage) -> Transition:
        return replace(holds(pending), followups=(waiting,) if told else ())

    def let_go(pending: PendingMessage) -> Transition:
        return replace(release(pending, "ann", "fine", NOON), delay=5.0, if_told=(released,))

    await store.dispositions.apply([(message.id, hold)])
    await store.dispositions.apply([(message.id, let_go)])
    assert await store.undo.hold_again(message.id, "ann", ENTRY) == (recipient.address,)
    assert [item.kind for item in await _claimed(store)] == [FollowupKind.WAITING] * told
    await store.dispositions.apply([(message.id, lambda pending: replace(let_go(pending), delay=0.0))])
    kinds = {item.kind for item in await _claimed(store)}
    assert kinds == {FollowupKind.DECISION, FollowupKind.RELEASED} if told else {FollowupKind.DECISION}


async def _claimed(store: Store) -> list[Followup]:
    claimed = [item for item in await store.followups.claim_due(10, 60) if isinstance(item, Followup)]
    await store.followups.complete([item.id for item in claimed])
    return claimed


async def test_a_link_works_once_and_for_a_while(store: Store, clock: Clock) -> None:
    links, now = store.sign_in_links, await store.clock.now()
    await links.add("a" * 64, "s-06", "10.0.0.1", 900.0, (), ENTRY)
    await links.add("b" * 64, "s-06", "10.0.0.1", -1.0, (), None)
    await links.add("c" * 64, "", "10.0.0.1", 900.0, (), None)  # an address that is nobody's
    assert await links.count("s-06", "10.0.0.1", now - 60) == LinkCounts(2, 3)
    assert await links.count("", "10.0.0.2", now - 60) == LinkCounts(0, 0)
    used = await asyncio.gather(*(links.use("a" * 64) for _ in range(4)))
    assert sorted(used) == ["", "", "", "s-06"]
    assert [await links.use(key * 64) for key in "bcd"] == ["", "", ""]


async def test_an_account_is_changed_and_enabled(store: Store) -> None:
    ann = User("ann", AccountRole.AUDITOR)
    await store.accounts.add(ann, "hash", ENTRY)
    changed = replace(ann, role=AccountRole.BUILDING_ADMINISTRATOR, buildings=("o-1",), person="s-06")
    assert await store.accounts.change(changed, ENTRY)
    assert not await store.accounts.change(replace(changed, name="bob"), ENTRY)
    assert not await store.accounts.enable("ann", ENTRY)
    assert await store.accounts.disable("ann", ENTRY)
    assert await store.accounts.enable("ann", ENTRY)
    found = await store.accounts.find("ann")
    assert found is not None
    assert (found[0].role, found[0].buildings, found[0].person) == (changed.role, ("o-1",), "s-06")
    assert found[0].disabled_at is None
