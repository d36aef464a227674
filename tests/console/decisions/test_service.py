"""Decisions on held messages: the words to the sender, reasons, discard, undo, and verdicts that come late."""

from __future__ import annotations

import html
import re
from functools import partial

import pytest

from gateway.console.decisions.service import DecisionService
from gateway.console.queue.cache import HeldQueue
from gateway.console.queue.index import QueueIndex
from gateway.console.web.errors import Problem
from gateway.core.messages.delivery import State
from gateway.core.messages.followup import FollowupKind
from gateway.core.policy.transitions import by_verdict, without_verdict
from tests.console.decisions.conftest import recipient_states, two_person_policy
from tests.console.district import (
    DIRECTOR,
    HIGH,
    MESSAGES,
    USERS,
    build_message,
    build_verdict,
)
from tests.console.running_console import RunningConsole, submit_form


async def rejection(console: RunningConsole) -> dict[str, object]:
    """The notice of rejection that the sender gets."""
    console.clock.ahead += 30
    (found,) = [
        followup
        for followup in await console.store.followups.claim_due(100, 60)
        if followup.kind is FollowupKind.REJECTION
    ]
    return dict(found.body)


async def test_sender_reads_the_usual_words(console: RunningConsole) -> None:
    async with console.signed_in(HIGH) as browser:
        await submit_form(browser, f"/messages/{console.id('high')}/reject", reason="private")
    told = str((await rejection(console))["words"])
    assert "clause 7a: Sexual, flirtatious or grooming" in told
    assert "Speak with an administrator" in told
    assert "private" not in told


async def test_reviewer_can_write_other_words(console: RunningConsole) -> None:
    async with console.signed_in(HIGH) as browser:
        page = await browser.get(f"/messages/{console.id('high')}")
        usual = html.unescape(re.findall(r'name="usual" value="([^"]*)"', page.text)[0])
        assert "What you can do" in usual
        await submit_form(
            browser, f"/messages/{console.id('high')}/reject", usual=usual, words="Please come to my office at three."
        )
    assert (await rejection(console))["words"] == "Please come to my office at three."


async def test_rejection_of_a_text_is_mailed_to_its_writer(console: RunningConsole) -> None:
    """The notice names the clause and what to do. If the decision is undone in time, there is no notice."""
    path = f"/messages/{console.id('text')}"
    async with console.signed_in(HIGH) as browser:
        page = await browser.get(path)
        usual = html.unescape(re.findall(r'name="usual" value="([^"]*)"', page.text)[0])
        assert "clause 7a: Sexual, flirtatious or grooming" in usual
        assert "district account of the person who wrote the text" in page.text
        await submit_form(browser, f"{path}/reject", usual=usual, words=usual)
        await submit_form(browser, f"{path}/undo")
        assert FollowupKind.REJECTED_TEXT not in {
            followup.kind for followup in await console.store.followups.claim_due(100, 60)
        }
        await submit_form(browser, f"{path}/reject", usual=usual, words=usual)
    console.clock.ahead += 30
    (told,) = [
        followup
        for followup in await console.store.followups.claim_due(100, 60)
        if followup.kind is FollowupKind.REJECTED_TEXT
    ]
    assert told.body["people"] == ["s-06"]
    assert "What you can do: Speak with an administrator" in str(told.body["words"])


async def test_discard_notifies_nobody_and_needs_a_reason(console: RunningConsole) -> None:
    path = f"/messages/{console.id('high')}/discard"
    async with console.signed_in(HIGH) as browser:
        without = await submit_form(browser, path, place="?direction=staff_to_student")
        assert (without.status_code, "say why in a few words" in without.text) == (422, True)
        back = html.unescape(re.findall(r'href="(/messages/[^"]*)">Back to the message', without.text)[0])
        assert 'name="reason"' in (await browser.get(back)).text
        assert "direction=staff_to_student" in back  # and from there to the filtered list
        assert await recipient_states(console, "high") == {State.HELD}
        assert (await submit_form(browser, path, reason="a bomb of mails")).status_code == 303
    assert await recipient_states(console, "high") == {State.DISCARDED}
    console.clock.ahead += 30
    assert FollowupKind.REJECTION not in {
        followup.kind for followup in await console.store.followups.claim_due(100, 60)
    }


async def test_discard_can_be_undone(console: RunningConsole) -> None:
    async with console.signed_in(HIGH) as browser:
        answer = await submit_form(browser, f"/messages/{console.id('high')}/discard", reason="x")
        after = (await browser.get(answer.headers["location"])).text
        assert "Message of <bdi>Peter Lindgren</bdi>: Discarded. It takes effect" in after
        assert (await submit_form(browser, f"/messages/{console.id('high')}/undo")).status_code == 303
    assert await recipient_states(console, "high") == {State.HELD}


class StaleQueue(HeldQueue):
    """A queue that sees no more changes once `is_stale` is set, like one that is read just before a change."""

    is_stale = False

    async def index(self) -> QueueIndex:
        """The queue, or what was read last."""
        return self._index if self.is_stale else await super().index()


async def test_verdict_that_comes_during_a_decision_counts(strict_world: RunningConsole) -> None:
    """The queue showed a message without a verdict, and its verdict requires two people: it stays held."""
    said, now = MESSAGES["high"], strict_world.clock()
    early, late = build_message(said, now, strict_world.people), build_message(said, now, strict_world.people)
    services, store = strict_world.services(two_person_policy), strict_world.store
    queue = StaleQueue(store.lookups, store.lists, store.claims, strict_world.people)
    decisions = DecisionService(
        services.authorization, queue, services.policy, services.two_person, store.clock, store.dispositions,
        store.claims, store.undo, strict_world.event_log, lambda: None,
    )  # fmt: skip
    await store.intake.accept(early)
    await store.dispositions.apply([(early.id, lambda seen: without_verdict(seen, two_person_policy(), now))])
    assert await queue.entry(early.id) is not None
    queue.is_stale = True
    await store.intake.accept(late)
    for message in (early, late):
        verdict = build_verdict(said, message)
        rule = partial(by_verdict, verdict=verdict, policy=two_person_policy(), now=now)
        await store.dispositions.apply([(message.id, rule)])
        with pytest.raises(Problem, match="409"):
            await decisions.decide(USERS[DIRECTOR], message.id, "release", "")
        (trace,) = await strict_world.store.lookups.trace(id=message.id)
        assert {recipient.state for recipient in trace.recipients} == {State.HELD}
