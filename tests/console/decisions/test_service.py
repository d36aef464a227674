"""What can be done with a held message: words to the sender, reasons, two people, claims, more time, mailings."""

from __future__ import annotations

import html
import re
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
from pytest_asyncio import fixture as async_fixture

from gateway.console.decisions.service import DecisionService
from gateway.console.queue.cache import HeldQueue
from gateway.console.queue.index import QueueIndex
from gateway.console.web.errors import Problem
from gateway.core.accounts.account import AccountRole, User
from gateway.core.messages.delivery import State
from gateway.core.messages.followup import FollowupKind
from gateway.core.messages.parties import Direction, Pair
from gateway.core.policy.decision import AuditEntry
from gateway.core.policy.policy import Policy
from gateway.core.policy.review_rules import ClauseReviewRules
from gateway.core.policy.transitions import by_verdict, without_verdict
from gateway.core.serialization.json_fields import from_rfc3339
from tests.console.district import (
    DIRECTOR,
    HIGH,
    MIDDLE,
    OKAFOR,
    SAID,
    SECURITY,
    USERS,
    message_of,
    policy,
    student,
    verdict_of,
)
from tests.console.world import World, opened, send


async def states(world: World, name: str) -> set[State]:
    (trace,) = await world.store.lookups.trace(id=world.id(name))
    return {each.state for each in trace.recipients}


async def searched(browser: httpx.AsyncClient, **fields: str) -> str:
    """The queue as a form narrows it."""
    return (await browser.get((await send(browser, "/search", **fields)).headers["location"])).text


async def rejection(world: World) -> dict[str, object]:
    """What the sender is to be told."""
    world.clock.ahead += 30
    (found,) = [each for each in await world.store.followups.claim_due(100, 60) if each.kind is FollowupKind.REJECTION]
    return dict(found.body)


async def test_the_sender_is_told_the_usual_words(world: World) -> None:
    async with world.signed_in(HIGH) as browser:
        await send(browser, f"/messages/{world.id('high')}/reject", reason="private")
    told = str((await rejection(world))["words"])
    assert "clause 7a: Sexual, flirtatious or grooming" in told
    assert "Speak with an administrator" in told
    assert "private" not in told


async def test_the_administrator_writes_other_words(world: World) -> None:
    async with world.signed_in(HIGH) as browser:
        page = await browser.get(f"/messages/{world.id('high')}")
        usual = html.unescape(re.findall(r'name="usual" value="([^"]*)"', page.text)[0])
        assert "What you can do" in usual
        await send(
            browser, f"/messages/{world.id('high')}/reject", usual=usual, words="Please come to my office at three."
        )
    assert (await rejection(world))["words"] == "Please come to my office at three."


async def test_who_wrote_a_text_is_told_too_in_words_that_can_be_changed(world: World) -> None:
    """With the clause and what to do, at the district account; and nothing of it where it is taken back in time."""
    path = f"/messages/{world.id('text')}"
    async with world.signed_in(HIGH) as browser:
        page = await browser.get(path)
        usual = html.unescape(re.findall(r'name="usual" value="([^"]*)"', page.text)[0])
        assert "clause 7a: Sexual, flirtatious or grooming" in usual
        assert "district account of the person who wrote the text" in page.text
        await send(browser, f"{path}/reject", usual=usual, words=usual)
        await send(browser, f"{path}/undo")
        assert FollowupKind.REJECTED_TEXT not in {each.kind for each in await world.store.followups.claim_due(100, 60)}
        await send(browser, f"{path}/reject", usual=usual, words=usual)
    world.clock.ahead += 30
    (told,) = [
        each for each in await world.store.followups.claim_due(100, 60) if each.kind is FollowupKind.REJECTED_TEXT
    ]
    assert told.body["people"] == ["s-06"]
    assert "What you can do: Speak with an administrator" in str(told.body["words"])


async def test_a_discard_tells_nobody_and_needs_a_reason(world: World) -> None:
    path = f"/messages/{world.id('high')}/discard"
    async with world.signed_in(HIGH) as browser:
        without = await send(browser, path, place="?direction=staff_to_student")
        assert (without.status_code, "say why in a few words" in without.text) == (422, True)
        back = html.unescape(re.findall(r'href="(/messages/[^"]*)">Back to the message', without.text)[0])
        assert 'name="reason"' in (await browser.get(back)).text
        assert "direction=staff_to_student" in back  # and from there back to the list that was narrowed
        assert await states(world, "high") == {State.HELD}
        assert (await send(browser, path, reason="a bomb of mails")).status_code == 303
    assert await states(world, "high") == {State.DISCARDED}
    world.clock.ahead += 30
    assert FollowupKind.REJECTION not in {each.kind for each in await world.store.followups.claim_due(100, 60)}


async def test_of_a_discard_too_can_be_taken_back(world: World) -> None:
    async with world.signed_in(HIGH) as browser:
        answer = await send(browser, f"/messages/{world.id('high')}/discard", reason="x")
        after = (await browser.get(answer.headers["location"])).text
        assert "Message of <bdi>Peter Lindgren</bdi>: Discarded. It takes effect" in after
        assert (await send(browser, f"/messages/{world.id('high')}/undo")).status_code == 303
    assert await states(world, "high") == {State.HELD}


async def test_a_message_is_taken_given_on_and_given_back(world: World) -> None:
    path, id_ = f"/messages/{world.id('high')}/assign", world.id("high")
    async with world.signed_in(HIGH) as high, world.signed_in(DIRECTOR) as director:
        assert (await send(high, path, to="me")).status_code == 303
        assert "high has it" in (await director.get("/")).text
        assert "yours" in (await high.get("/?state=mine")).text
        assert (await send(director, path, to="me")).status_code == 409  # the page of before said that it was free
        assert (await send(director, path, to="me", instead_of=HIGH)).status_code == 303
        assert (await send(director, path, to=MIDDLE, instead_of=DIRECTOR)).status_code == 422  # not its building
        assert (await send(director, path, to=HIGH, instead_of=DIRECTOR)).status_code == 303
        assert (await send(high, path, to="", instead_of=HIGH)).status_code == 303
    acts = [
        (each.act, each.actor)
        for each in reversed(await world.store.audit_trail.entries_about(id_, 20))
        if each.act != "viewed"
    ]
    assert acts[1:] == [("taken", HIGH), ("taken", DIRECTOR), ("assigned", DIRECTOR), ("given back", HIGH)]


async def test_nobody_takes_what_they_have_a_part_in(world: World) -> None:
    async with world.signed_in(OKAFOR) as teacher, world.signed_in(DIRECTOR) as director:
        for name in ("own", "child"):
            for deed in ("assign", "hold", "comments", "legal-hold", "discard"):
                answer = await send(
                    teacher, f"/messages/{world.id(name)}/{deed}", to="me", text="x", reason="x", **{"for": "1d"}
                )
                assert answer.status_code == 403, (name, deed)
            assert (await send(director, f"/messages/{world.id(name)}/assign", to=OKAFOR)).status_code == 422
            assert 'name="text"' not in (await teacher.get(f"/messages/{world.id(name)}")).text


async def test_comments_stay_and_are_shown(world: World) -> None:
    path = f"/messages/{world.id('high')}"
    async with world.signed_in(HIGH) as high, world.signed_in(DIRECTOR) as director:
        assert (await send(high, f"{path}/comments", text="Asked <b>him</b> about it")).status_code == 303
        assert (await send(high, f"{path}/comments", text="  ")).status_code == 422
        assert "Asked &lt;b&gt;him&lt;/b&gt; about it" in (await director.get(path)).text
        history = (await director.get(path)).text
    assert "Comment by high" in re.sub(r"\s+", " ", history)


async def test_held_longer_it_is_due_later(world: World) -> None:
    (before,) = [each for each in await world.store.lookups.held() if each.id == world.id("high")]
    async with world.signed_in(HIGH) as browser:
        path = f"/messages/{world.id('high')}/hold"
        assert (await send(browser, path, **{"for": "1d"}, reason="a witness is away")).status_code == 303
        assert (await send(browser, path, **{"for": "1y"})).status_code == 422
        assert "due in 23 hours" in (await browser.get("/")).text
    (after,) = [each for each in await world.store.lookups.held() if each.id == world.id("high")]
    assert after.due_at is not None
    assert before.due_at is not None
    assert 86400 - 60 < after.due_at - world.clock() <= 86400
    assert after.clauses == before.clauses
    async with world.program(DIRECTOR) as director:
        await director.post(f"/api/v1/messages/{world.id('high')}/release", json={"reason": ""})
    async with world.signed_in(HIGH) as browser:
        assert (await send(browser, path, **{"for": "1d"})).status_code == 409


async def test_putting_off_has_an_end_and_the_due_time_stays_in_sight(world: World) -> None:
    """By the policy two weeks after it came, on the page and by the API; what was due before is on record."""
    id_ = world.id("high")
    path, call = f"/messages/{id_}/hold", f"/api/v1/messages/{id_}/hold"
    async with world.signed_in(HIGH) as browser, world.program(HIGH, lasts=None) as program:
        assert "due in" in (await browser.get(f"/messages/{id_}")).text
        assert (await send(browser, path, **{"for": "7d"})).status_code == 303
        page = re.sub(r"\s+", " ", (await browser.get(f"/messages/{id_}")).text)
        assert "due in 6 days" in page
        assert "held longer once, last by high" in page
        world.clock.ahead += 6.9 * 86400
        assert (await program.post(call, json={"for": "7d"})).status_code == 200
        world.clock.ahead += 86400
        refused = await program.post(call, json={"for": "7d"})
        assert (refused.status_code, "at most" in refused.json()["detail"]) == (422, True)
        assert (await program.post(call, json={"for": "3d"})).status_code == 200
    async with world.signed_in(HIGH) as browser:
        page = (await browser.get(f"/messages/{id_}")).text
        assert '<option value="3d"' in page
        assert '<option value="7d"' not in page
        world.clock.ahead += 6.5 * 86400
    async with world.signed_in(HIGH) as browser, world.signed_in(SECURITY) as other:
        assert "cannot be held longer" in (await browser.get(f"/messages/{id_}")).text
        assert (await send(browser, path, **{"for": "1h"})).status_code == 422
        assert ", due " in (await other.get(f"/messages/{id_}")).text
    acts = [each for each in await world.store.audit_trail.changes_about(id_, 50) if each.act == "held longer"]
    for later, earlier in pairwise(acts):
        was, until = (from_rfc3339(str(each)) for each in (later.detail["was_due"], earlier.detail["until"]))
        assert abs(was - until) < 1


async def test_the_list_is_narrowed_and_the_view_kept(world: World) -> None:
    async with world.signed_in(DIRECTOR) as browser:
        page = await searched(browser, text="practice maya", channel="mail")
        assert world.id("high") in page
        assert world.id("middle") not in page
        assert "(1 of 7)" in page
        assert "No message matches" in await searched(browser, text="no such words")
        assert world.id("text") in (await browser.get("/?channel=sms")).text
        kept = await send(browser, "/views", name="practice", query="text=practice&evil=1&page=7")
        where = kept.headers["location"]
        assert world.id("middle") not in (await browser.get(where)).text
        assert f'href="{where}"' in (await browser.get("/")).text
        await send(browser, "/views", name="practice", query="", drop="yes")
        assert f'href="{where}"' not in (await browser.get("/")).text
    async with world.program(DIRECTOR) as program:
        found = (await program.post("/api/v1/held/search", json={"clause": "7a", "text": "practice"})).json()["items"]
        assert [each["id"] for each in found] == [world.id("high")]
        assert (await program.get("/api/v1/held", params={"building": "no-such"})).json()["items"] == []


# --- two people ------------------------------------------------------------------------------------------------------


def two_people() -> Policy:
    shipped = policy()
    rules = ClauseReviewRules(two_people=frozenset({"release", "reject"}), reason=frozenset({"release"}))
    return replace(shipped, clauses={**shipped.clauses, "7a": replace(shipped.clauses["7a"], review_rules=rules)})


@async_fixture(loop_scope="session")
async def strict(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    """A console whose policy wants two people for clause 7a, and a reason to release."""
    import shutil

    file, messages = request.getfixturevalue("made_house")
    async with opened(f"sqlite:///{shutil.copy(file, tmp_path)}", messages, in_force=two_people) as running:
        yield running


async def test_two_people_agree(strict: World) -> None:
    path = f"/api/v1/messages/{strict.id('high')}/release"
    async with strict.program(HIGH) as high, strict.program(DIRECTOR) as director:
        assert (await high.post(path, json={"reason": ""})).status_code == 422
        first = await high.post(path, json={"reason": "known to the parents"})
        assert (first.status_code, first.json()["waits_for"]) == (202, "a second person")
        assert (await high.post(path, json={"reason": "again"})).status_code == 202  # one is not two
        assert await states(strict, "high") == {State.HELD}
        assert (await director.post(path.replace("release", "reject"), json={"reason": "x"})).status_code == 409
        queue = (await director.get("/api/v1/held", params={"state": "second"})).json()["items"]
        assert [each["id"] for each in queue] == [strict.id("high")]
        second = await director.post(path, json={"reason": "so it is"})
        assert (second.status_code, second.json()["recipients"]) == (200, [student("maya.lindqvist")])
    acts = await strict.store.audit_trail.entries_about(strict.id("high"), 3)
    assert [each.act for each in acts] == ["released", "proposed", "decided"]
    assert acts[0].detail["reason"] == "high: known to the parents; so it is"
    assert await strict.store.claims.review_state(strict.id("high")) == (
        await strict.store.claims.review_state("nothing")
    )


async def test_a_second_person_disagrees(strict: World) -> None:
    id_ = strict.id("high")
    async with strict.signed_in(HIGH) as high, strict.signed_in(DIRECTOR) as director:
        answer = await send(high, f"/messages/{id_}/release", reason="fine")
        assert "waits for a second person to agree" in (await high.get(answer.headers["location"])).text
        page = (await director.get(f"/messages/{id_}")).text
        assert "Agree: release" in page
        assert "high proposes to release" in (await director.get("/")).text
        assert (await send(director, f"/messages/{id_}/withdraw")).status_code == 303
        assert (await send(director, f"/messages/{id_}/withdraw")).status_code == 409
        assert (await send(director, f"/messages/{id_}/reject", reason="no")).status_code == 303
        assert await states(strict, "high") == {State.HELD}
        assert (await send(high, f"/messages/{id_}/reject")).status_code == 303
    assert await states(strict, "high") == {State.REJECTED}


async def test_two_accounts_of_one_person_are_not_two_people(strict: World) -> None:
    """A director has an account for the office beside the one of the district's service."""
    for name in ("ruth", "ruth@riverbend.example"):
        user = User(name, AccountRole.TECHNOLOGY_DIRECTOR, person="s-14")
        await strict.store.accounts.add(user, "", AuditEntry(time.time(), "tests", "account added", name))
    path = f"/api/v1/messages/{strict.id('high')}/release"
    async with strict.program("ruth") as one, strict.program("ruth@riverbend.example") as same:
        for program in (one, same, one):
            assert (await program.post(path, json={"reason": "fine"})).status_code == 202
        assert await states(strict, "high") == {State.HELD}
    async with strict.program(HIGH) as high:
        assert (await high.post(path, json={"reason": "so it is"})).status_code == 200


async def test_who_may_decide_no_more_is_no_second_person(strict: World) -> None:
    """Somebody proposed it and left: the next one proposes it anew."""
    path = f"/api/v1/messages/{strict.id('high')}/release"
    async with strict.program(HIGH) as high, strict.program(DIRECTOR) as director:
        assert (await high.post(path, json={"reason": "fine"})).status_code == 202
        await strict.store.accounts.disable(HIGH, AuditEntry(time.time(), "tests", "account disabled", HIGH))
        assert (await director.post(path, json={"reason": "fine"})).status_code == 202
        assert await states(strict, "high") == {State.HELD}
    async with strict.program(OKAFOR) as okafor:
        assert (await okafor.post(path, json={"reason": "so it is"})).status_code == 200
    assert (await strict.store.audit_trail.entries_about(strict.id("high"), 1))[0].detail[
        "reason"
    ] == "director: fine; so it is"


async def test_a_second_person_is_one_only_for_copies_that_the_first_may_decide(strict: World) -> None:
    """A copy for each building: who proposed sees one of them, who agrees sees both."""
    path = f"/api/v1/messages/{strict.id('both')}/release"
    async with strict.program(MIDDLE) as middle, strict.program(HIGH) as high:
        assert (await middle.post(path, json={"reason": "fine"})).status_code == 202
        second = await high.post(path, json={"reason": "so it is"})
        assert (second.status_code, second.json()["recipients"]) == (200, [student("nadia.petrakis")])
        assert (await high.post(path, json={"reason": "this one as well"})).status_code == 202
        (trace,) = await strict.store.lookups.trace(id=strict.id("both"))
        assert {each.address for each in trace.recipients if each.state == "held"} == {student("maya.lindqvist")}


async def test_two_people_without_a_copy_in_common_cannot_agree(strict: World) -> None:
    pairs = tuple(
        Pair(student(name), person, pupil, Direction.STAFF_TO_STUDENT)
        for name, person, pupil in (("maya.lindqvist", "s-06", "k-02"), ("nadia.petrakis", "s-11", "k-19"))
    )
    id_ = (await strict.put(replace(SAID["both"], pairs=pairs))).id
    path = f"/api/v1/messages/{id_}/release"
    async with strict.program(MIDDLE) as middle, strict.program(HIGH) as high, strict.program(DIRECTOR) as director:
        assert (await middle.post(path, json={"reason": "fine"})).status_code == 202
        refused = await high.post(path, json={"reason": "so it is"})
        assert (refused.status_code, "another building" in refused.text) == (409, True)
        done = await director.post(path, json={"reason": "so it is"})
        assert (done.status_code, done.json()["recipients"]) == (200, [student("nadia.petrakis")])
        assert (await high.post(path, json={"reason": "so it is"})).status_code == 202


class Lagging(HeldQueue):
    """A queue that sees no change from some moment on, as one does that is read just before the change."""

    stands = False

    async def index(self) -> QueueIndex:
        """What was seen last."""
        return self._index if self.stands else await super().index()


async def test_a_verdict_that_comes_while_somebody_decides_is_asked_about(strict: World) -> None:
    """It was held for want of a verdict when the console looked, and the verdict wants two people: it stays held."""
    said, now = SAID["high"], strict.clock()
    early, late = message_of(said, now, strict.people), message_of(said, now, strict.people)
    services, store = strict.services(two_people), strict.store
    queue = Lagging(store.lookups, store.lists, store.claims, strict.people)
    decisions = DecisionService(
        services.authorization, queue, services.policy, services.two_person, store.clock, store.dispositions,
        store.claims, store.undo, strict.event_log, lambda: None,
    )  # fmt: skip
    await strict.store.intake.accept(early)
    await strict.store.dispositions.apply([(early.id, lambda seen: without_verdict(seen, two_people(), now))])
    assert await queue.entry(early.id) is not None
    queue.stands = True
    await strict.store.intake.accept(late)
    for message in (early, late):
        verdict = verdict_of(said, message)
        rule = partial(by_verdict, verdict=verdict, policy=two_people(), now=now)
        await strict.store.dispositions.apply([(message.id, rule)])
        with pytest.raises(Problem, match="409"):
            await decisions.decide(USERS[DIRECTOR], message.id, "release", "")
        (trace,) = await strict.store.lookups.trace(id=message.id)
        assert {each.state for each in trace.recipients} == {State.HELD}


async def test_what_was_decided_is_listed(world: World) -> None:
    async with world.program(DIRECTOR) as director, world.signed_in(HIGH) as high, world.signed_in(MIDDLE) as middle:
        await director.post(f"/api/v1/messages/{world.id('high')}/reject", json={"reason": "7a"})
        assert [each["id"] for each in (await director.get("/api/v1/decided")).json()["items"]] == [world.id("high")]
        assert "After practice" in (await high.get("/decided")).text
        assert "After practice" not in (await middle.get("/decided")).text
        whole = (await director.get(f"/api/v1/messages/{world.id('high')}/history")).json()["items"]
        assert [each["act"] for each in whole] == ["decided", "rejected"]
        said = (await director.get(f"/api/v1/messages/{world.id('both')}/conversation")).json()["items"]
        assert {each["id"] for each in said} >= {world.id("high"), world.id("both")}


async def test_what_is_newer_elsewhere_leaves_a_building_s_lists_whole(world: World) -> None:
    """The two newest messages of a building are listed, however many of the others are newer."""
    theirs, others = SAID["middle"], SAID["high"]
    flag = (("4", 0.93, "secret"),)
    lists = world.services().lists
    own = [(await world.put(replace(theirs, text="Our little secret.", found=flag))).id for _ in range(3)]
    for _ in range(9):
        await world.put(replace(others, found=flag))
    found = (await lists.delivered(USERS[MIDDLE], "flag", days=30, limit=2)).items
    assert sorted(each.trace.id for each in found) == sorted(own[1:])
    assert len((await lists.delivered(USERS[DIRECTOR], "flag", days=30, limit=2)).items) == 2
