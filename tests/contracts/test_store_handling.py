"""Before a decision: who has taken a message, second opinions, saved views; who was told; policies once in force."""

from __future__ import annotations

import asyncio

from gateway.core.accounts.account import AccountRole, User
from gateway.core.cases.case import Assignment, CaseDraft, Proposal
from gateway.core.messages.delivery import State
from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.policy.decision import Action, AuditEntry, PendingMessage, StateChange, Transition
from gateway.ports.accounts import OrphanedWork
from gateway.ports.review import ReviewState
from gateway.ports.store import Store
from gateway.store.review.saved_views import MAX_VIEWS
from tests.contracts.messages import NOON, Clock, becomes, decision, mail, ours

HELD = becomes(State.HELD, decision(Action.HOLD, "7a", due_in=60.0))


async def held(store: Store) -> str:
    message = mail()
    await store.intake.accept(message)
    await store.dispositions.apply([(message.id, HELD)])
    return message.id


def act(what: str, subject: str) -> AuditEntry:
    return AuditEntry(NOON, "ann", what, subject)


async def test_a_message_is_taken_once(store: Store, clock: Clock) -> None:
    id_ = await held(store)
    before = await store.lists.queue_mark()
    clock.now += 1
    ann, bea = (Assignment(name, name, clock.now) for name in ("ann", "bea"))
    answers = await asyncio.gather(*(store.claims.assign(id_, each, "", act("taken", id_)) for each in (ann, bea)))
    assert sorted(answers, key=str) == sorted([None, "ann" if answers[0] is None else "bea"], key=str)
    assert await store.lists.queue_mark() != before
    holder = "ann" if answers[0] is None else "bea"
    assert (await store.claims.review_states()) == {id_: ReviewState(Assignment(holder, holder, clock.now))}
    assert await store.claims.assign(id_, Assignment("cid", "ann", clock.now), holder, act("assigned", id_)) is None
    assert await store.claims.assign(id_, Assignment("dan", "dan", clock.now), "ann", act("taken", id_)) == "cid"
    assert await store.claims.assign(id_, Assignment("", "cid", clock.now), None, act("given back", id_)) is None
    assert (await store.claims.review_state(id_)).assignment == Assignment("", "cid", clock.now)
    assert [each.act for each in await store.audit_trail.entries_about(id_, 9)] == ["given back", "assigned", "taken", "decide"]


async def test_what_is_decided_is_handled_no_more(store: Store) -> None:
    id_ = await held(store)
    await store.claims.assign(id_, Assignment("ann", "ann", NOON), "", act("taken", id_))
    await store.dispositions.apply([(id_, becomes(State.QUEUED))])
    assert await store.claims.review_states() == {}
    assert (await store.claims.review_state(id_)).assignment is not None
    assert await store.claims.review_state("nothing") == ReviewState()


async def test_what_was_left_behind_is_handed_back_once(store: Store) -> None:
    """By accounts that are disabled, unknown, or of another role; and not what somebody else has taken meanwhile."""
    roles = ("ann", AccountRole.BUILDING_ADMINISTRATOR), ("bea", AccountRole.TECHNOLOGY_DIRECTOR), (
        "cid", AccountRole.STAFF
    )  # fmt: skip
    for name, role in roles:
        await store.accounts.add(User(name, role), "", act("account added", name))
    ids = {name: await held(store) for name in ("ann", "bea", "cid", "nobody-known")}
    for name, id_ in ids.items():
        await store.claims.assign(id_, Assignment(name, name, NOON), "", act("taken", id_))
    decided = await held(store)
    await store.claims.assign(decided, Assignment("cid", "cid", NOON), "", act("taken", decided))
    await store.dispositions.apply([(decided, becomes(State.QUEUED))])
    case = await store.cases.open(CaseDraft("x", assignee="ann"), "bea", [], {})
    able = {AccountRole.BUILDING_ADMINISTRATOR.value, AccountRole.TECHNOLOGY_DIRECTOR.value}
    found = await store.reassignment.orphaned(able, 50)
    assert set(found.messages) == {(ids["cid"], "cid"), (ids["nobody-known"], "nobody-known")}
    assert found.cases == []
    assert await store.accounts.disable("ann", act("account disabled", "ann"))
    found = await store.reassignment.orphaned(able, 50)
    assert (ids["ann"], "ann") in found.messages
    assert found.cases == [(case, "ann")]
    assert len((await store.reassignment.orphaned(able, 1)).messages) == 1
    await store.claims.assign(ids["cid"], Assignment("bea", "bea", NOON), None, act("taken", ids["cid"]))
    before, asked = await store.lists.queue_mark(), []

    def left(free: OrphanedWork) -> tuple[list[Followup], list[AuditEntry]]:
        asked.append(free)
        return [Followup(FollowupKind.FREE, "", {"to": ["b@c.example"]})], [
            act("given back", id_) for id_, _ in free.messages
        ]

    done = await asyncio.gather(store.reassignment.unassign(found, left), store.reassignment.unassign(found, left))
    (free,) = (each for each in done if each)
    assert asked == [free]
    assert {id_ for id_, _ in free.messages} == {ids["ann"], ids["nobody-known"]}
    assert free.cases == [(case, "ann")]
    assert await store.lists.queue_mark() != before
    handled = await store.claims.review_states()
    assert {name: handled[id_].assignment for name, id_ in ids.items() if name != "bea"} == {
        "ann": Assignment("", "gateway", NOON), "cid": Assignment("bea", "bea", NOON),
        "nobody-known": Assignment("", "gateway", NOON),
    }  # fmt: skip
    file = await store.cases.find(case)
    assert file is not None
    assert file.assignee == ""
    assert [each.kind for each in await store.followups.claim_due(9, 60)].count(FollowupKind.FREE) == 1
    assert not await store.reassignment.orphaned(able, 50)


async def test_the_first_proposal_stands(store: Store) -> None:
    id_ = await held(store)
    mine, theirs = Proposal("release", "ann", 0.0, "fine", ""), Proposal("reject", "bea", 0.0, "not fine", "words")
    first = await store.claims.propose(id_, mine, act("proposed", id_))
    assert first == Proposal("release", "ann", NOON, "fine", "")
    assert await store.claims.propose(id_, theirs, act("proposed", id_)) == first
    assert (await store.claims.review_states())[id_].proposal == first
    assert await store.claims.withdraw(id_, act("proposal taken away", id_))
    assert not await store.claims.withdraw(id_, act("proposal taken away", id_))
    assert (await store.claims.propose(id_, theirs, act("proposed", id_))).words == "words"
    assert [each.act for each in await store.audit_trail.entries_about(id_, 9)].count("proposed") == 2


async def test_views_are_kept_by_name(store: Store) -> None:
    assert await store.saved_views.save("ann", "mine", "state=mine")
    assert await store.saved_views.save("ann", "mine", "state=mine&clause=7a")
    assert await store.saved_views.save("bea", "mine", "age=overdue")
    assert await store.saved_views.of_user("ann") == {"mine": "state=mine&clause=7a"}
    assert await store.saved_views.save("ann", "mine", None)
    assert await store.saved_views.of_user("ann") == {}
    kept = [await store.saved_views.save("ann", f"v{each}", "") for each in range(MAX_VIEWS + 1)]
    assert kept == [*[True] * MAX_VIEWS, False]


async def test_a_step_is_told_once(store: Store) -> None:
    """Two processes tell the same steps: letters go out once, and only for what is told now."""
    seen: list[list[tuple[str, str]]] = []

    def letters(steps):  # type: ignore[no-untyped-def]
        seen.append(list(steps))
        return [Followup(FollowupKind.DUE, "", {"to": ["a@b.example"]})], [act("reminded", id_) for id_, _ in steps]

    steps = [("m1", "due:1"), ("m2", "due:1")]
    both = await asyncio.gather(*(store.reminders.remind(each, letters) for each in (steps, [*steps, ("m3", "due:1")])))
    assert sorted(step for each in both for step in each) == [*steps, ("m3", "due:1")]
    assert await store.reminders.remind(steps, letters) == []
    assert await store.reminders.reminded(["m1", "m3", "m4"]) == {("m1", "due:1"), ("m3", "due:1")}
    assert sum(map(len, seen)) == 3
    assert [each.kind for each in await store.followups.claim_due(10, 60)] == [FollowupKind.DUE] * len(seen)


async def test_a_followup_is_done_with_its_acts(store: Store) -> None:
    await store.reminders.remind([("m1", "x")], lambda steps: ([Followup(FollowupKind.HELP_AGAIN, "m1", {})], []))
    (due,) = await store.followups.claim_due(10, 60)
    await store.followups.complete([due.id], ours(), [act("alerted", "m1")])
    await store.followups.complete([due.id], ours(), [act("alerted", "m1")])
    assert [each.act for each in await store.audit_trail.entries_about("m1", 9)] == ["alerted"]


async def test_what_is_due_comes_the_latest_first(store: Store, clock: Clock) -> None:
    ids = []
    for due_in in (300.0, 60.0, 900.0):
        message = mail(others=["s2@students.example"])
        await store.intake.accept(message)
        await store.dispositions.apply([(message.id, becomes(State.HELD, decision(Action.HOLD, "7a", due_in=due_in)))])
        ids.append(message.id)
    assert [each.id for each in await store.reminders.due_before(NOON + 301, 10)] == [ids[0], ids[1]]
    assert [each.id for each in await store.reminders.due_before(NOON + 1e6, 10)] == [ids[2], ids[0], ids[1]]
    assert [each.id for each in await store.reminders.due_before(NOON + 1e6, 1)] == [ids[2]]
    assert await store.reminders.due_before(NOON, 10) == []
    (found,) = await store.reminders.due_before(NOON + 61, 10)
    assert found == next(each for each in await store.lookups.held() if each.id == ids[1])


async def test_the_mark_of_calls_changes_with_them(store: Store, clock: Clock) -> None:
    message, marks = mail(), [await store.help_alerts.mark()]
    await store.intake.accept(message)
    await store.dispositions.apply([(message.id, becomes(State.QUEUED, decision(Action.ALERT)))])
    marks.append(await store.help_alerts.mark())
    clock.now += 1
    await store.help_alerts.acknowledge(message.id, "ann", act("call for help taken up", message.id))
    marks.append(await store.help_alerts.mark())
    assert await store.help_alerts.mark() == marks[-1]
    assert len({str(each) for each in marks}) == 3
    await store.help_alerts.give_back(message.id, "ann", act("call for help given back", message.id))
    assert await store.help_alerts.mark() != marks[-1]  # others must see it at once


async def test_a_call_is_taken_up_by_the_first_and_given_back(store: Store, clock: Clock) -> None:
    calls = []
    for _ in range(3):
        message = mail()
        await store.intake.accept(message)
        await store.dispositions.apply([(message.id, becomes(State.QUEUED, decision(Action.ALERT)))])
        calls.append(message.id)
        clock.now += 40 * 86400
    assert [each.trace.id for each in await store.help_alerts.waiting(10)] == calls
    assert [each.trace.id for each in await store.help_alerts.waiting(1)] == calls[:1]
    answers = await asyncio.gather(*(store.help_alerts.acknowledge(calls[0], by, act("taken", calls[0])) for by in ("ann", "bea")))
    first = "ann" if answers[0] is None else "bea"
    assert sorted(answers, key=str) == sorted([None, first], key=str)
    assert await store.help_alerts.acknowledged_by(calls[0]) == (first, clock.now)
    assert [each.trace.id for each in await store.help_alerts.waiting(10)] == calls[1:]
    assert not await store.help_alerts.give_back(calls[0], "cid", act("given back", calls[0]))
    assert await store.help_alerts.give_back(calls[0], first, act("given back", calls[0]))
    assert not await store.help_alerts.give_back(calls[0], None, act("given back", calls[0]))
    assert await store.help_alerts.acknowledged_by(calls[0]) is None
    assert await store.help_alerts.acknowledge(calls[1], "bea", act("taken", calls[1])) is None
    assert await store.help_alerts.give_back(calls[1], None, act("given back", calls[1]))  # whoever had it
    assert [each.trace.id for each in await store.help_alerts.waiting(10)] == calls
    assert [each.act for each in await store.audit_trail.changes_about(calls[0], 9)] == ["given back", "taken", "decide"]


async def test_a_late_call_for_help_leaves_who_decided(store: Store, clock: Clock) -> None:
    """The verdict came after a person had rejected it: it is a call from then on, and the decision stays theirs."""
    message = mail()
    await store.intake.accept(message)
    await store.dispositions.apply([(message.id, HELD)])
    clock.now += 60
    await store.dispositions.apply([(message.id, becomes(State.REJECTED, by="ann"))])
    decided_at = clock.now
    clock.now += 60

    def late(pending: PendingMessage) -> Transition:
        changes = tuple(StateChange(each.address, None, decision(Action.ALERT), "ann") for each in pending.recipients)
        return Transition(changes)

    await store.dispositions.apply([(message.id, late)])
    (call,) = await store.help_alerts.waiting(10)
    assert {(each.state, each.decided_by) for each in call.trace.recipients} == {(State.REJECTED, "ann")}
    assert call.trace.action == "alert"
    assert [each.trace.id for each in await store.lists.decided(decided_at - 1, (decided_at + 1, ""), 9)] == [message.id]


async def test_policies_are_remembered(store: Store, clock: Clock) -> None:
    await store.policy_versions.record("aa", 'title = "one"', "")
    clock.now += 5
    await store.policy_versions.record("aa", 'title = "one"', "# Adopted")
    assert await store.policy_versions.source("aa") == 'title = "one"'
    assert await store.policy_versions.source("bb") is None


async def test_decisions_of_people_are_listed(store: Store, clock: Clock) -> None:
    first, second, third = [await held(store) for _ in range(3)]
    clock.now += 1
    await store.dispositions.apply([(first, becomes(State.QUEUED, by="ann"))])
    clock.now += 1
    await store.dispositions.apply([(second, becomes(State.REJECTED, by="bea"))])
    found = await store.lists.decided(NOON, (NOON + 60, ""), 10)
    assert [each.trace.id for each in found] == [second, first]
    assert [each.trace.id for each in await store.lists.decided(NOON + 1.5, (NOON + 60, ""), 10)] == [second]
    assert third in [each.id for each in await store.lookups.held()]
